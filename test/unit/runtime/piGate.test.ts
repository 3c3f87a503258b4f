import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { removeFolder } from '../../fakes/removeFolder';

interface Tool {
  readonly name: string;
  readonly execute: (callId: string, input: unknown) => Promise<unknown>;
}

/** The parts of pi that its extensions are given, as far as ours uses them; pi's own tools throw. */
vi.mock('@mariozechner/pi-coding-agent', () => {
  const own = (name: string) => () => ({
    name,
    execute: () => Promise.reject(new Error('pi wrote it itself')),
  });
  return {
    createBashToolDefinition: own('bash'),
    createEditToolDefinition: own('edit'),
    createWriteToolDefinition: own('write'),
    createLocalBashOperations: () => ({}),
    getAgentDir: () => '/nowhere',
    withFileMutationQueue: (_path: string, run: () => Promise<void>) => run(),
  };
});

const made: string[] = [];
afterEach(() => made.splice(0).forEach((path) => removeFolder(path)));

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

async function loadGate(): Promise<{
  readonly tools: Map<string, Tool>;
  readonly handlers: Map<string, Handler>;
}> {
  const tools = new Map<string, Tool>();
  const handlers = new Map<string, Handler>();
  const file = join(import.meta.dirname, '../../../media/pi-gate.mjs');
  const gate = (await import(/* @vite-ignore */ file)) as { default: (pi: unknown) => void };
  gate.default({
    on: (name: string, handler: Handler) => handlers.set(name, handler),
    registerTool: (tool: Tool) => tools.set(tool.name, tool),
  });
  return { tools, handlers };
}

describe('our extension for pi', () => {
  it('writes an approved new file into a folder that is not there yet', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'patchbay-pi-'));
    made.push(folder);
    const { tools, handlers } = await loadGate();
    const input = { path: 'new/deep/a.txt', content: 'asked\n' };
    const decision = await handlers.get('tool_call')?.(
      { toolCallId: 'c1', toolName: 'write', input },
      {
        hasUI: true,
        cwd: folder,
        ui: {
          input: () =>
            Promise.resolve(JSON.stringify({ kind: 'allow', baseText: '', text: 'approved\n' })),
        },
      },
    );
    expect(decision).toBeUndefined();
    await tools.get('write')?.execute('c1', input);
    expect(readFileSync(join(folder, 'new/deep/a.txt'), 'utf8')).toBe('approved\n');
  });
});
