import { withDeadline, type Clock } from '../../base/clock';
import { Deferred } from '../../base/deferred';
import { DisposableStore, type Disposable } from '../../base/disposable';
import { Emitter } from '../../base/emitter';
import type { JsonObject } from '../../base/json';
import type { Logger } from '../../base/logger';
import { errorMessage, PatchbayError } from '../../base/patchbayError';
import type { Tool } from '../contract';
import type {
  ConfiguredServer,
  McpHub,
  McpReply,
  ServerList,
  StartedServer,
  StartRequest,
} from './contract';
import { acceptTools, standingsOf, type ToolStanding } from './pins';
import type { PluginMemory } from './pluginMemory';
import { createPluginTool, tokenPrice } from './pluginTool';
import { PluginTools, type WantedTool } from './pluginTools';
import { waitingTools, type ServerState, type ServerView, type ServerViews } from './serverView';

/** A definition made ready to be started, or why it is not. */
export type PreparedStart =
  | { readonly kind: 'ready'; readonly request: StartRequest }
  | { readonly kind: 'missing'; readonly missing: readonly string[] }
  | { readonly kind: 'refused'; readonly message: string };

export interface PluginServersDeps {
  readonly hub: McpHub;
  readonly memory: PluginMemory;
  readonly registry: { register(tool: Tool): Disposable };
  /** Asked before every start and every call. */
  readonly isTrusted: () => boolean;
  /** Puts values in, finds the program; asks nobody. */
  readonly prepare: (server: ConfiguredServer) => Promise<PreparedStart>;
  readonly estimateTokens: (text: string) => number;
  readonly clock: Clock;
  readonly log: Logger;
}

type Run =
  | { readonly kind: 'idle' }
  /** By the user, until they start it again. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting'; readonly done: Promise<void>; readonly abort: AbortController }
  | { readonly kind: 'running'; readonly started: StartedServer }
  | { readonly kind: 'missing'; readonly missing: readonly string[] }
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly retryAtMs: number;
    };

interface Entry {
  server: ConfiguredServer;
  run: Run;
  /** How often it failed in a row. */
  failures: number;
  /** What the user was told last; the same is not told again. */
  toldText: string | undefined;
}

const firstWaitMs = 10_000;
const startTimeoutMs = 60_000;
const firstRetryMs = 5_000;
const maxRetryMs = 300_000;

/**
 * The MCP servers of the configuration: starts those that may run, keeps what the user accepted of them, and puts their
 * accepted tools among the tools of the host. A server is started before a turn and at a call, never by itself; nothing
 * starts without trust, and nothing that a workspace defines without the user's yes to exactly that definition.
 */
export class PluginServers implements Disposable {
  private readonly store = new DisposableStore();
  private readonly didChange = this.store.add(new Emitter<void>());
  readonly onDidChange = this.didChange.event;
  private readonly tools: PluginTools;
  private readonly entries = new Map<string, Entry>();
  private broken: ServerList['broken'] = [];

  constructor(private readonly deps: PluginServersDeps) {
    this.tools = this.store.add(new PluginTools(deps.registry, deps.log));
    this.store.add(
      deps.hub.onDidChangeTools(({ key, tools, notes }) => {
        const entry = this.entries.get(key);
        if (entry?.run.kind === 'running') {
          entry.run = { kind: 'running', started: { tools, notes } };
          this.didChange.fire();
        }
      }),
    );
    this.store.add(
      deps.hub.onDidEnd(({ key, message }) => {
        const entry = this.entries.get(key);
        if (entry?.run.kind === 'running') {
          this.fail(entry, message);
        }
      }),
    );
  }

  /** The configuration as it is now. What changed or went is stopped; nothing is started. */
  update({ servers, broken }: ServerList): void {
    const next = new Map(servers.map((server) => [server.key, server]));
    for (const [key, entry] of this.entries) {
      const server = next.get(key);
      if (server?.definitionHash !== entry.server.definitionHash) {
        this.entries.delete(key);
        void this.halt(entry);
      }
    }
    for (const server of servers) {
      const entry: Entry = this.entries.get(server.key) ?? {
        server,
        run: { kind: 'idle' },
        failures: 0,
        toldText: undefined,
      };
      entry.server = server;
      this.entries.delete(server.key); // the order is that of the configuration
      this.entries.set(server.key, entry);
    }
    this.broken = broken;
    for (const entry of this.entries.values()) {
      if (!this.isEnabled(entry)) {
        void this.halt(entry);
      }
    }
    this.didChange.fire();
  }

  /**
   * Before a turn: starts what may run, waits a while for it, and settles which tools are offered. Gives sentences for
   * the user about what is left out; each is given once. Never rejects.
   */
  async prepareTurn(signal: AbortSignal): Promise<readonly string[]> {
    const starting = [...this.entries.values()].flatMap((entry) =>
      this.mayStart(entry) && this.isDue(entry) ? [this.start(entry)] : [],
    );
    if (starting.length > 0) {
      await withDeadline(this.deps.clock, Promise.all(starting), firstWaitMs, signal);
    }
    this.tools.set([...this.entries.values()].flatMap((entry) => this.wantedTools(entry)));
    return [...this.entries.values()].flatMap((entry) => this.news(entry));
  }

  views(): ServerViews {
    return {
      servers: [...this.entries.values()].map((entry) => this.viewOf(entry)),
      broken: this.broken,
    };
  }

  view(key: string): ServerView | undefined {
    const entry = this.entries.get(key);
    return entry && this.viewOf(entry);
  }

  /** Servers of workspace files that wait for a yes, and were not told of before. */
  async waitingForApproval(): Promise<readonly ConfiguredServer[]> {
    const waiting: ConfiguredServer[] = [];
    for (const entry of [...this.entries.values()]) {
      const { key, definitionHash } = entry.server;
      if (
        this.stateOf(entry).kind === 'needsApproval' &&
        (await this.deps.memory.isFirstTime(key, definitionHash))
      ) {
        waiting.push(entry.server);
      }
    }
    return waiting;
  }

  /** The user said yes to exactly this definition. */
  async approve(key: string, definitionHash: string): Promise<void> {
    await this.deps.memory.approve(key, definitionHash);
    this.didChange.fire();
  }

  async withdraw(key: string): Promise<void> {
    await this.deps.memory.withdraw(key);
    await this.reset(key, { kind: 'idle' });
  }

  /** Starts it now, whatever happened before. Its state says how that went. */
  async restart(key: string): Promise<void> {
    await this.reset(key, { kind: 'idle' });
    const entry = this.entries.get(key);
    if (entry !== undefined && this.mayStart(entry)) {
      await this.start(entry);
    }
  }

  /** It stays stopped until it is started again, by the user or in another window. */
  async stop(key: string): Promise<void> {
    await this.reset(key, { kind: 'stopped' });
  }

  async setEnabled(key: string, isEnabled: boolean): Promise<void> {
    await this.deps.memory.setEnabled(key, isEnabled);
    await this.reset(key, { kind: 'idle' });
  }

  async setToolOn(key: string, tool: string, isOn: boolean): Promise<void> {
    await this.deps.memory.setToolOn(key, tool, isOn);
    this.didChange.fire();
  }

  /** The user looked at these definitions and accepted them. They are offered from the next turn on. */
  async accept(key: string, hashes: ReadonlySet<string>): Promise<void> {
    const entry = this.entries.get(key);
    if (entry !== undefined) {
      const { memory } = this.deps;
      const pins = acceptTools(memory.pins(key) ?? new Map(), this.standings(entry), hashes);
      await memory.setPins(key, pins);
      this.didChange.fire();
    }
  }

  log(key: string): Promise<string> {
    return this.deps.hub.log(key);
  }

  dispose(): void {
    for (const entry of this.entries.values()) {
      this.abortStart(entry);
    }
    this.store.dispose();
  }

  /** One call of one tool, as it stands at this moment. Rejects with a sentence for the model. */
  private async call(
    { key, name }: ConfiguredServer,
    tool: string,
    hash: string,
    input: JsonObject,
    signal: AbortSignal,
  ): Promise<McpReply> {
    const entry = this.entries.get(key);
    if (entry === undefined) {
      throw refused(`The MCP server '${name}' is not in the configuration any more.`);
    }
    const state = this.stateOf(entry);
    switch (state.kind) {
      case 'untrusted':
        throw refused('This folder is not trusted; MCP tools run only after the user trusts it.');
      case 'disabled':
        throw refused(`The MCP server '${name}' is switched off.`);
      case 'needsApproval':
        throw refused(`The user has not approved the MCP server '${name}' as it is defined now.`);
      case 'stopped':
        throw refused(`The user stopped the MCP server '${name}'.`);
      case 'needsValues':
      case 'idle':
      case 'starting':
      case 'failed':
        await this.reconnect(entry, signal);
        break;
      case 'running':
        break;
    }
    this.assertCallable(entry, tool, hash);
    const { timeoutMs } = entry.server;
    return this.deps.hub.call({ key, tool, input, timeoutMs }, signal);
  }

  private async reconnect(entry: Entry, signal: AbortSignal): Promise<void> {
    if (entry.run.kind === 'starting' || this.isDue(entry)) {
      await withDeadline(this.deps.clock, this.start(entry), startTimeoutMs, signal);
    }
    const state = this.stateOf(entry);
    if (state.kind !== 'running') {
      const why =
        state.kind === 'failed'
          ? state.message
          : state.kind === 'needsValues'
            ? needsText(state.missing)
            : 'It did not start.';
      throw refused(`The MCP server '${entry.server.name}' does not run. ${why}`);
    }
  }

  private assertCallable(entry: Entry, tool: string, hash: string): void {
    const { name } = entry.server;
    const standing = this.standings(entry).find((known) => known.tool.name === tool);
    if (standing === undefined) {
      throw refused(`The MCP server '${name}' has no tool '${tool}' any more.`);
    }
    if (!this.isToolOn(entry, tool)) {
      throw refused(`The tool '${tool}' of the MCP server '${name}' is switched off.`);
    }
    if (standing.kind === 'accepted' && standing.hash !== hash) {
      throw refused(
        `The tool '${tool}' of the MCP server '${name}' changed during this turn. It can be called in its new form from the next message on.`,
      );
    }
    if (standing.kind !== 'accepted') {
      throw refused(
        `The tool '${tool}' of the MCP server '${name}' is not what the user accepted: its definition changed. It was not called. The user can look at the change with "Patchbay: Manage MCP Servers"; do without it until then.`,
      );
    }
  }

  /** One start at a time per server; resolves when it is over, however it ended. */
  private start(entry: Entry): Promise<void> {
    if (entry.run.kind === 'starting') {
      return entry.run.done;
    }
    if (entry.run.kind === 'running') {
      return Promise.resolve();
    }
    const abort = new AbortController();
    const done = new Deferred<void>();
    const run = { kind: 'starting', done: done.promise, abort } as const;
    entry.run = run;
    this.didChange.fire();
    void this.runStart(entry, abort.signal).finally(() => {
      if (entry.run === run) {
        entry.run = { kind: 'idle' };
      }
      done.resolve();
      this.didChange.fire();
    });
    return done.promise;
  }

  private async runStart(entry: Entry, signal: AbortSignal): Promise<void> {
    const { hub, prepare, clock } = this.deps;
    const { server } = entry;
    try {
      const prepared = await prepare(server);
      if (!this.isStillWanted(entry, signal)) {
        return;
      }
      if (prepared.kind === 'missing') {
        entry.run = { kind: 'missing', missing: prepared.missing };
        return;
      }
      if (prepared.kind === 'refused') {
        throw new PatchbayError('mcp_start', prepared.message);
      }
      const outcome = await withDeadline(
        clock,
        hub.start(prepared.request, signal),
        startTimeoutMs,
        signal,
      );
      if (!this.isStillWanted(entry, signal)) {
        return; // whoever ended it has told the hub
      }
      if (outcome.kind !== 'value') {
        await hub.stop(server.key);
        const seconds = startTimeoutMs / 1000;
        throw new PatchbayError('mcp_start', `It did not answer within ${seconds} s.`);
      }
      entry.failures = 0;
      entry.run = { kind: 'running', started: outcome.value };
      await this.pinFirstTools(server, outcome.value);
    } catch (error) {
      if (!signal.aborted) {
        this.fail(entry, errorMessage(error));
      }
    }
  }

  /** The user wrote this server down: what it has when it is met first is taken as meant. Later changes are not. */
  private async pinFirstTools(server: ConfiguredServer, started: StartedServer): Promise<void> {
    const { memory } = this.deps;
    if (server.source.kind === 'user' && memory.pins(server.key) === undefined) {
      const standings = standingsOf(server.id, started.tools, new Map());
      const hashes = standings.flatMap((known) => (known.kind === 'unusable' ? [] : [known.hash]));
      await memory.setPins(server.key, acceptTools(new Map(), standings, new Set(hashes)));
    }
  }

  private fail(entry: Entry, message: string): void {
    entry.failures += 1;
    const waitMs = Math.min(maxRetryMs, firstRetryMs * 2 ** (entry.failures - 1));
    entry.run = {
      kind: 'failed',
      message,
      retryAtMs: this.deps.clock.nowMs() + waitMs,
    };
    this.deps.log.warn(`MCP server ${entry.server.name}: ${message}`);
    this.didChange.fire();
  }

  private async reset(
    key: string,
    run: Run & { readonly kind: 'idle' | 'stopped' },
  ): Promise<void> {
    const entry = this.entries.get(key);
    if (entry !== undefined) {
      entry.failures = 0;
      entry.toldText = undefined;
      await this.halt(entry, run);
      this.didChange.fire();
    }
  }

  private async halt(entry: Entry, run: Run = { kind: 'idle' }): Promise<void> {
    const wasKnown = entry.run.kind === 'starting' || entry.run.kind === 'running';
    this.abortStart(entry);
    entry.run = run;
    if (wasKnown) {
      await this.deps.hub.stop(entry.server.key).catch((error: unknown) => {
        this.deps.log.warn(`MCP server ${entry.server.name}: ${errorMessage(error)}`);
      });
    }
  }

  private abortStart(entry: Entry): void {
    if (entry.run.kind === 'starting') {
      entry.run.abort.abort();
    }
  }

  private isStillWanted(entry: Entry, signal: AbortSignal): boolean {
    return !signal.aborted && this.entries.get(entry.server.key) === entry && this.mayStart(entry);
  }

  private mayStart(entry: Entry): boolean {
    return this.deps.isTrusted() && this.isEnabled(entry) && this.isApproved(entry.server);
  }

  private isDue({ run }: Entry): boolean {
    switch (run.kind) {
      case 'idle':
      case 'missing':
        return true;
      case 'failed':
        return this.deps.clock.nowMs() >= run.retryAtMs;
      case 'starting':
      case 'running':
      case 'stopped':
        return false;
    }
  }

  private isApproved({ source, key, definitionHash }: ConfiguredServer): boolean {
    return source.kind === 'user' || this.deps.memory.isApproved(key, definitionHash);
  }

  private isEnabled({ server }: Entry): boolean {
    return this.deps.memory.switches(server.key).isEnabled ?? server.isEnabled;
  }

  private isToolOn({ server }: Entry, tool: string): boolean {
    const { tools } = this.deps.memory.switches(server.key);
    const own = Object.hasOwn(tools, tool) ? tools[tool] : undefined;
    const written = Object.hasOwn(server.toolSwitches, tool)
      ? server.toolSwitches[tool]
      : undefined;
    return own ?? written ?? true;
  }

  private standings({ server, run }: Entry): readonly ToolStanding[] {
    return run.kind === 'running'
      ? standingsOf(server.id, run.started.tools, this.deps.memory.pins(server.key) ?? new Map())
      : [];
  }

  private wantedTools(entry: Entry): readonly WantedTool[] {
    if (this.stateOf(entry).kind !== 'running') {
      return [];
    }
    const { server } = entry;
    return this.standings(entry).flatMap((standing) =>
      standing.kind === 'accepted' && this.isToolOn(entry, standing.tool.name)
        ? [
            {
              key: `${standing.hash}|${server.key}|${server.definitionHash}|${server.timeoutMs}`,
              create: () =>
                createPluginTool(
                  server,
                  standing.tool,
                  standing.hash,
                  (from, tool, hash, input, { signal }) =>
                    this.call(from, tool, hash, input, signal),
                ),
            },
          ]
        : [],
    );
  }

  private stateOf(entry: Entry): ServerState {
    if (!this.deps.isTrusted()) {
      return { kind: 'untrusted' };
    }
    if (!this.isEnabled(entry)) {
      return { kind: 'disabled' };
    }
    if (!this.isApproved(entry.server)) {
      return { kind: 'needsApproval' };
    }
    switch (entry.run.kind) {
      case 'idle':
      case 'stopped':
      case 'starting':
      case 'running':
        return { kind: entry.run.kind };
      case 'missing':
        return { kind: 'needsValues', missing: entry.run.missing };
      case 'failed':
        return { kind: 'failed', message: entry.run.message };
    }
  }

  private viewOf(entry: Entry): ServerView {
    const { server } = entry;
    const tools = this.standings(entry).map((standing) => ({
      standing,
      isOn: this.isToolOn(entry, standing.tool.name),
      tokens: tokenPrice(server.id, standing.tool, this.deps.estimateTokens),
    }));
    const offered = tools.filter(({ standing, isOn }) => isOn && standing.kind === 'accepted');
    return {
      server,
      state: this.stateOf(entry),
      isEnabled: this.isEnabled(entry),
      tools,
      notes: entry.run.kind === 'running' ? entry.run.started.notes : [],
      offeredTokens: offered.reduce((sum, { tokens }) => sum + tokens, 0),
    };
  }

  private news(entry: Entry): readonly string[] {
    const text = this.newsText(entry);
    if (text === entry.toldText) {
      return [];
    }
    entry.toldText = text;
    return text === undefined ? [] : [text];
  }

  private newsText(entry: Entry): string | undefined {
    const { name } = entry.server;
    const view = this.viewOf(entry);
    switch (view.state.kind) {
      case 'failed':
        return `The MCP server "${name}" is left out: ${view.state.message}`;
      case 'starting':
        return `The MCP server "${name}" is still starting; its tools come with a later message.`;
      case 'needsValues':
        return `The MCP server "${name}" is left out. ${needsText(view.state.missing)}`;
      case 'running': {
        const waiting = waitingTools(view).map(({ standing }) => standing.tool.name);
        return waiting.length === 0
          ? undefined
          : `Tools of the MCP server "${name}" are new or changed and are not offered until you look at them (Patchbay: Manage MCP Servers): ${waiting.slice(0, 5).join(', ')}${waiting.length > 5 ? ', …' : ''}`;
      }
      case 'untrusted':
      case 'disabled':
      case 'needsApproval':
      case 'idle':
      case 'stopped':
        return undefined;
    }
  }
}

function needsText(missing: readonly string[]): string {
  return `It needs a value for ${missing.join(', ')}; give it with "Patchbay: Manage MCP Servers".`;
}

function refused(message: string): PatchbayError {
  return new PatchbayError('mcp_refused', message);
}
