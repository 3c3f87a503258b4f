import { describe, expect, it } from 'vitest';
import { buildAgentDirectory } from '../../../src/runtime/agentDirectory';
import type { ExternalRuntimeSpec, ModelRef } from '../../../src/runtime/contract';
import {
  annotateRuntime,
  buildModelCatalog,
  endpointKeyProvider,
  modelKindOf,
  playgroundModelId,
} from '../../../src/runtime/modelCatalog';
import { createRuntimeSpec } from '../../../src/runtime/specs';

function agents(
  byAdapter: Readonly<Record<string, ExternalRuntimeSpec>> = {},
): readonly ModelRef[] {
  return buildAgentDirectory({
    custom: [],
    bridges: [],
    specs: { byModelId: {}, byAdapter },
    learned: new Map(),
  }).models;
}

const endpoint = {
  name: 'box',
  url: 'http://192.168.1.5:8000/v1',
  keyId: 'box',
  models: [{ model: 'qwen3' }],
};

describe('the model catalog', () => {
  it('offers agents, APIs and the playground without any setting, under unique ids', () => {
    const { models } = buildModelCatalog({ agentModels: agents() });
    const ids = models.map((model) => model.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(
      expect.arrayContaining([
        'claude-cli/default',
        'claude-cli/sonnet',
        'claude-cli/opus',
        'claude-cli/haiku',
        'anthropic/claude-opus-5-5',
        'openai/gpt-6.1-sol',
        playgroundModelId,
      ]),
    );
    expect(models.every((model) => Object.isFrozen(model))).toBe(true);
  });

  it('binds the agent’s models to its runtime, with the user’s own binary and arguments', () => {
    const own = createRuntimeSpec({
      adapter: 'claude-cli',
      authMode: 'external-cli',
      binaryPath: '/opt/claude',
      args: ['-x'],
    });
    const catalog = buildModelCatalog({ agentModels: agents({ 'claude-cli': own }) });
    expect(catalog.find('claude-cli/default')).toEqual({
      id: 'claude-cli/default',
      api: 'external',
      provider: 'claude-cli',
      model: 'default',
      name: 'Claude Code',
      address: 'bridge:claude-cli',
      runtime: own,
    });
    expect(
      buildModelCatalog({ agentModels: agents() }).find('claude-cli/default')?.runtime,
    ).toEqual({
      adapter: 'claude-cli',
      authMode: 'external-cli',
    });
  });

  it('makes models of an endpoint’s names; numbers that nobody gave stay unknown', () => {
    const catalog = buildModelCatalog({ endpoints: [endpoint] });
    expect(catalog.find('endpoint:box/qwen3')).toEqual({
      id: 'endpoint:box/qwen3',
      api: 'openai-chat',
      provider: 'endpoint:box',
      model: 'qwen3',
      name: 'qwen3',
      address: 'http://192.168.1.5:8000/v1',
    });
  });

  it('says whose key a model takes: an endpoint never gets the key of a shipped provider', () => {
    const impostor = { ...endpoint, name: 'openai' };
    const { keyId: _keyId, ...keyless } = { ...endpoint, name: 'free' };
    const catalog = buildModelCatalog({ endpoints: [impostor, keyless] });
    expect(catalog.keyProviderOf('openai/gpt-5.5')).toBe('openai');
    expect(catalog.keyProviderOf('endpoint:openai/qwen3')).toBe(endpointKeyProvider('box'));
    expect(catalog.keyProviderOf('endpoint:free/qwen3')).toBeUndefined();
    expect(catalog.keyProviderOf('claude-cli/default')).toBeUndefined();
    expect(catalog.keyProviderOf(playgroundModelId)).toBeUndefined();
  });

  it('takes models that the user names, and never lets one replace a shipped entry', () => {
    const catalog = buildModelCatalog({
      extraModels: [
        { provider: 'openai', model: 'gpt-9', contextWindowTokens: 5 },
        { provider: 'anthropic', model: 'claude-opus-5-5', maxOutputTokens: 1 },
      ],
    });
    expect(catalog.find('openai/gpt-9')).toMatchObject({
      api: 'openai-responses',
      contextWindowTokens: 5,
    });
    expect(catalog.find('anthropic/claude-opus-5-5')?.maxOutputTokens).toBe(128_000);
  });

  it('sends shipped providers to another address when the user set one', () => {
    const catalog = buildModelCatalog({ addresses: { anthropic: 'http://localhost:9' } });
    expect(catalog.find('anthropic/claude-opus-5-5')?.address).toBe('http://localhost:9');
    expect(catalog.find('openai/gpt-5.5')).not.toHaveProperty('address');
    expect(buildModelCatalog().find('anthropic/claude-opus-5-5')).not.toHaveProperty('address');
  });

  it('lists the editor’s models with the window that the editor tells', () => {
    const info = {
      id: 'gpt-4o',
      vendor: 'copilot',
      family: 'gpt-4o',
      name: 'GPT-4o',
      maxInputTokens: 64_000,
    };
    expect(buildModelCatalog({ editorModels: [info] }).find('editor/copilot/gpt-4o')).toMatchObject(
      {
        api: 'editor',
        model: 'gpt-4o',
        contextWindowTokens: 64_000,
      },
    );
  });

  it('gives undefined for an id that it does not have', () => {
    expect(buildModelCatalog().find('nobody/nothing')).toBeUndefined();
  });

  it('groups by where a model lives', () => {
    const at = (address: string): ModelRef => ({
      id: 'x',
      api: 'openai-chat',
      provider: 'x',
      model: 'x',
      name: 'x',
      address,
    });
    const kinds = [
      'http://localhost:1/v1',
      'http://10.0.0.2',
      'http://172.20.0.1',
      'https://openrouter.ai/api/v1',
      'http://172.99.0.1',
    ];
    expect(kinds.map((address) => modelKindOf(at(address)))).toEqual([
      'local',
      'local',
      'local',
      'api',
      'api',
    ]);
    const catalog = buildModelCatalog({ agentModels: agents() });
    expect(
      ['claude-cli/opus', 'anthropic/claude-opus-5-5', playgroundModelId].map((id) =>
        modelKindOf(catalog.find(id)!),
      ),
    ).toEqual(['agent', 'api', 'playground']);
  });
});

describe('annotating a model with a runtime', () => {
  const spec = {
    adapter: 'my-cli',
    authMode: 'external-cli',
    args: ['--fast'],
    env: { A: '1' },
  } as const;

  it('[R1] gives a new object and leaves the catalog’s entry as it was', () => {
    const catalog = buildModelCatalog();
    const entry = catalog.find('anthropic/claude-opus-5-5')!;
    const before = structuredClone(entry);
    const annotated = annotateRuntime(entry, spec);
    expect(annotated).not.toBe(entry);
    expect(annotated).toEqual({ ...before, runtime: spec, address: 'bridge:my-cli' });
    expect(entry).toEqual(before);
    expect(catalog.find('anthropic/claude-opus-5-5')).toBe(entry);
  });

  it('[R2] freezes the object and its spec down to the lists', () => {
    const annotated = annotateRuntime(buildModelCatalog().models[0]!, spec);
    const targets: readonly unknown[] = [
      annotated,
      annotated.runtime,
      annotated.runtime?.args,
      annotated.runtime?.env,
    ];
    expect(targets.map((target) => Object.isFrozen(target))).toEqual([true, true, true, true]);
    expect(() => Object.assign(annotated.runtime!, { adapter: 'other' })).toThrow(TypeError);
  });
});
