import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runtimeEndpoint, type ModelRef } from '../../../src/runtime/contract';
import {
  adapterOfAddress,
  attachRuntime,
  builtinRuntimeSpec,
  BUILTIN_RUNTIME_SPECS,
  createRuntimeSpec,
  emptySpecTable,
  resolveRuntimeSpec,
} from '../../../src/runtime/specs';

const model: ModelRef = { id: 'm/one', api: 'external', provider: 'm', model: 'one', name: 'One' };

function sources(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? sources(path) : path.endsWith('.ts') ? [path] : [];
  });
}

describe('runtime specs', () => {
  it('[R1] annotates a model with a new object and leaves the catalog’s entry as it was', () => {
    const before = structuredClone(model);
    const bound = attachRuntime(model, { adapter: 'x', authMode: 'external-cli' });
    expect(bound).not.toBe(model);
    expect(bound.runtime).toEqual({ adapter: 'x', authMode: 'external-cli' });
    expect(model).toEqual(before);
  });

  it('[R2] freezes a spec with its lists, so that a write to it fails', () => {
    const args = ['--fast'];
    const spec = createRuntimeSpec({
      adapter: 'x',
      authMode: 'api-key',
      binaryPath: '/bin/x',
      args,
      env: { A: '1', B: null },
      delegate: 'y',
    });
    args.push('--late');
    expect(spec.args).toEqual(['--fast']);
    expect(Reflect.set(spec, 'adapter', 'z')).toBe(false);
    expect(Reflect.set(spec.args ?? [], 0, 'z')).toBe(false);
    expect(Reflect.set(spec.env ?? {}, 'A', '2')).toBe(false);
    expect(() => Object.assign(spec, { adapter: 'z' })).toThrow(TypeError);
  });

  it('[R3] builds the address of an adapter in one place only', () => {
    expect(runtimeEndpoint('claude-cli')).toBe('bridge:claude-cli');
    expect(adapterOfAddress(runtimeEndpoint('my-cli'))).toBe('my-cli');
    expect(adapterOfAddress('https://api.example.com')).toBeUndefined();
    expect(adapterOfAddress(undefined)).toBeUndefined();
    const builders = sources('src').filter((path) =>
      /['"`]bridge:/.test(readFileSync(path, 'utf8')),
    );
    expect(builders).toEqual([join('src', 'runtime', 'contract.ts')]);
  });

  it('[R10] asks the user’s table by model id first, then by the adapter in the address, and keeps every field', () => {
    const byModel = {
      adapter: 'mine',
      authMode: 'external-cli',
      binaryPath: '/opt/mine',
      args: ['-x'],
      env: { K: 'v' },
    } as const;
    const byAdapter = {
      adapter: 'claude-cli',
      authMode: 'external-cli',
      binaryPath: '/opt/claude',
    } as const;
    const table = { byModelId: { 'm/one': byModel }, byAdapter: { 'claude-cli': byAdapter } };
    const claude: ModelRef = {
      ...model,
      id: 'claude-cli/default',
      address: runtimeEndpoint('claude-cli'),
    };
    expect(resolveRuntimeSpec(model, table)).toEqual(byModel);
    expect(resolveRuntimeSpec(claude, table)).toEqual(byAdapter);
    expect(resolveRuntimeSpec(claude, emptySpecTable)).toEqual({
      adapter: 'claude-cli',
      authMode: 'external-cli',
    });
    expect(
      resolveRuntimeSpec({ ...model, address: runtimeEndpoint('never-heard-of') }, emptySpecTable),
    ).toEqual({
      adapter: 'never-heard-of',
      authMode: 'external-cli',
    });
    expect(resolveRuntimeSpec({ ...model, id: 'toString' }, emptySpecTable)).toBeUndefined();
  });

  it('[R17] ships three runtimes as data and knows no others', () => {
    expect(Object.keys(BUILTIN_RUNTIME_SPECS)).toEqual(['claude-cli', 'codex-cli', 'indusagi-cli']);
    expect(Object.values(BUILTIN_RUNTIME_SPECS).map((spec) => spec.authMode)).toEqual([
      'external-cli',
      'external-cli',
      'external-cli',
    ]);
    expect(builtinRuntimeSpec('codex-cli')?.adapter).toBe('codex-cli');
    expect(builtinRuntimeSpec('nope')).toBeUndefined();
    expect(builtinRuntimeSpec('constructor')).toBeUndefined();
  });
});
