import type { Guard } from '../../src/base/guard';
import type { JsonValue } from '../../src/base/json';
import { silentLogger } from '../../src/base/logger';
import type { McpHub, ServerSource, ServerTool } from '../../src/tools/plugins/contract';
import { PluginMemory, type KeptState } from '../../src/tools/plugins/pluginMemory';
import { PluginServers, type PreparedStart } from '../../src/tools/plugins/pluginServers';
import { readServers, type ServerEntries } from '../../src/tools/plugins/serverConfig';
import { FakeMcpHub } from './fakeMcpHub';
import { createBench, type BenchOptions } from './orchestratorBench';

/** The user's storage, in memory; what is put in comes out as JSON. */
export class MemoryState implements KeptState {
  private readonly values = new Map<string, string>();

  get<T>(key: string, guard: Guard<T>): T | undefined {
    const text = this.values.get(key);
    const value: unknown = text === undefined ? undefined : JSON.parse(text);
    return guard(value) ? value : undefined;
  }

  async set(key: string, value: JsonValue | undefined): Promise<void> {
    if (value === undefined) {
      this.values.delete(key);
    } else {
      this.values.set(key, JSON.stringify(value));
    }
  }
}

export const workspaceSource = {
  kind: 'workspace',
  folder: '/work',
  folderName: 'work',
  file: '/work/.vscode/mcp.json',
  label: '.vscode/mcp.json',
} as const satisfies ServerSource;

export function serverTool(name: string, more: Partial<ServerTool> = {}): ServerTool {
  return { name, description: `Does ${name}.`, inputSchema: { type: 'object' }, ...more };
}

const never = new AbortController().signal;

/** The servers over a fake hub, with the real orchestrator and what a new window would find again. */
export function createPluginStage(
  options: BenchOptions & {
    readonly state?: MemoryState;
    readonly hub?: McpHub;
    readonly prepared?: (key: string) => PreparedStart;
  } = {},
) {
  const bench = createBench(options);
  const fakeHub = new FakeMcpHub();
  const state = options.state ?? new MemoryState();
  const trust = { isTrusted: true };
  const servers = new PluginServers({
    hub: options.hub ?? fakeHub,
    memory: new PluginMemory(state),
    registry: bench.registry,
    isTrusted: () => trust.isTrusted,
    prepare: async ({ key, timeoutMs }) =>
      options.prepared?.(key) ?? {
        kind: 'ready',
        request: { kind: 'http', key, timeoutMs, url: 'http://localhost', headers: {}, roots: [] },
      },
    estimateTokens: (text) => text.length,
    clock: bench.clock,
    log: silentLogger,
  });
  const configure = (
    user: Readonly<Record<string, unknown>>,
    workspace: Readonly<Record<string, unknown>> = {},
  ): void => {
    const places: readonly ServerEntries[] = [
      { source: { kind: 'user' }, entries: user, inputs: [] },
      { source: workspaceSource, entries: workspace, inputs: [] },
    ];
    servers.update(readServers(places));
  };
  return {
    ...bench,
    hub: fakeHub,
    state,
    trust,
    servers,
    configure,
    /** What a turn begins with: the sentences for the user. */
    turn: () => servers.prepareTurn(never),
    offered: () =>
      bench.orchestrator
        .permittedTools('ask')
        .map(({ name }) => name)
        .filter((name) => name.startsWith('plugin.')),
    standings: (key: string) =>
      servers.view(key)?.tools.map(({ standing }) => `${standing.tool.name}: ${standing.kind}`),
    /** The user looks at everything that waits and accepts it. */
    acceptAll: async (key: string) => {
      const tools = servers.view(key)?.tools ?? [];
      const hashes = tools.flatMap(({ standing }) =>
        standing.kind === 'unusable' ? [] : [standing.hash],
      );
      await servers.accept(key, new Set(hashes));
    },
  };
}
