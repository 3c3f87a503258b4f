import { createId } from '../base/ids';
import type { JsonObject } from '../base/json';
import { errorMessage, PatchbayError } from '../base/patchbayError';
import { PendingMap } from '../base/pendingMap';
import type { Redactor } from '../base/redact';
import { systemClock, withDeadline } from '../base/clock';
import { tmpdir } from 'node:os';
import type { ChildExit } from '../runtime/contract';
import type { McpHub, McpReply, StartedServer, StartRequest } from '../tools/plugins/contract';
import { childEnvironment } from './childEnvironment';
import { ChildLines } from './childLines';
import { Listeners } from './listeners';
import {
  isFromHub,
  maxHubLineBytes,
  stderrTailBytes,
  type FromHub,
  type HubFailure,
  type ToHub,
} from './mcpHubProtocol';
import { startSupervised, type SupervisorOptions } from './supervisedProcess';

export interface McpHubOptions extends SupervisorOptions {
  /** The bundled program, absolute. */
  readonly hubPath: string;
  readonly inheritedEnv: Readonly<Record<string, string | undefined>>;
  readonly redact: Redactor;
  /** The hub itself had trouble; for the log. */
  readonly onNotice: (text: string) => void;
}

/** How long an answer may be late before the hub itself counts as stuck. */
const stuckMs = 15_000;
const startMs = 90_000;
const stopMs = 5_000;
const closeMs = 3_000;
const shownTailChars = 1_500;
const maxHeapMb = 512;

/** The host's end of the hub: started with the first server, started anew after it died. */
export class McpHubProcess implements McpHub {
  private running: HubRun | undefined;
  private isClosed = false;
  private readonly toolListeners = new Listeners<{ readonly key: string } & StartedServer>();
  private readonly endListeners = new Listeners<{
    readonly key: string;
    readonly message: string;
  }>();
  /** Servers that run, by key: all of them end with the hub. */
  private readonly keys = new Set<string>();

  constructor(private readonly options: McpHubOptions) {}

  async start(request: StartRequest, signal: AbortSignal): Promise<StartedServer> {
    const { key } = request;
    const answer = await this.ask((id) => ({ kind: 'start', id, request }), startMs, signal);
    if (answer.kind !== 'started') {
      throw unexpected(answer);
    }
    this.keys.add(key);
    return answer.started;
  }

  async call(
    request: {
      readonly key: string;
      readonly tool: string;
      readonly input: JsonObject;
      readonly timeoutMs: number;
    },
    signal: AbortSignal,
  ): Promise<McpReply> {
    const answer = await this.ask(
      (id) => ({ kind: 'call', id, ...request }),
      request.timeoutMs + stuckMs,
      signal,
    );
    if (answer.kind !== 'replied') {
      throw unexpected(answer);
    }
    return answer.reply;
  }

  async stop(key: string): Promise<void> {
    this.keys.delete(key);
    if (this.running !== undefined) {
      await this.ask((id) => ({ kind: 'stop', id, key }), stopMs);
    }
  }

  async log(key: string): Promise<string> {
    if (this.running === undefined) {
      return '';
    }
    const answer = await this.ask((id) => ({ kind: 'log', id, key }), stopMs);
    return answer.kind === 'logged' ? this.options.redact(answer.text) : '';
  }

  onDidChangeTools(listener: (change: { readonly key: string } & StartedServer) => void): {
    dispose(): void;
  } {
    return this.toolListeners.add(listener);
  }

  onDidEnd(listener: (end: { readonly key: string; readonly message: string }) => void): {
    dispose(): void;
  } {
    return this.endListeners.add(listener);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.keys.clear();
    await this.running?.close();
  }

  private async ask(
    toMessage: (id: string) => ToHub,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Extract<FromHub, { readonly id: string }>> {
    if (this.isClosed || signal?.aborted === true) {
      throw new PatchbayError('aborted', 'It was stopped.');
    }
    const run = this.run();
    const id = createId('mcp');
    const cancel = (): void => run.send({ kind: 'cancel', id });
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      const answer = run.answers.wait(id);
      run.send(toMessage(id));
      const outcome = await withDeadline(systemClock, answer, timeoutMs, signal);
      if (outcome.kind === 'value') {
        return outcome.value;
      }
      run.answers.resolve(id, { kind: 'stopped', id }); // nobody waits for it any more
      if (outcome.kind === 'aborted') {
        throw new PatchbayError('aborted', 'It was stopped.');
      }
      cancel();
      throw new PatchbayError('mcp_call', 'The server did not answer in time.');
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  private run(): HubRun {
    this.running ??= new HubRun(this.options, {
      onEvent: (event) => this.onEvent(event),
      onExit: (message) => {
        this.running = undefined;
        const keys = [...this.keys];
        this.keys.clear();
        for (const key of keys) {
          this.endListeners.fire({ key, message }, this.onListenerError);
        }
      },
    });
    return this.running;
  }

  /** Later than what waits for the answer before it: a server's first list comes before its change. */
  private onEvent(event: Extract<FromHub, { readonly key: string }>): void {
    setImmediate(() => {
      if (!this.keys.has(event.key)) {
        return;
      }
      if (event.kind === 'tools') {
        this.toolListeners.fire({ key: event.key, ...event.started }, this.onListenerError);
      } else {
        this.keys.delete(event.key);
        const message = failureText(event.failure, this.options.redact);
        this.endListeners.fire({ key: event.key, message }, this.onListenerError);
      }
    });
  }

  private readonly onListenerError = (error: unknown): void => {
    this.options.onNotice(`a listener of MCP servers failed: ${errorMessage(error)}`);
  };
}

/** One life of the process. */
class HubRun {
  readonly answers = new PendingMap<string, Extract<FromHub, { readonly id: string }>>();
  private readonly lines: ChildLines;

  constructor(
    private readonly options: McpHubOptions,
    private readonly events: {
      readonly onEvent: (event: Extract<FromHub, { readonly key: string }>) => void;
      readonly onExit: (message: string) => void;
    },
  ) {
    this.lines = new ChildLines({
      start: () =>
        Promise.resolve({ process: this.spawn(), explainStart, remove: () => undefined }),
      redact: options.redact,
      closeTimeoutMs: closeMs,
      isAborted: () => false,
      maxLineBytes: maxHubLineBytes,
    });
    this.lines.onMessage((message) => this.accept(message));
    this.lines.onNotice((text) => options.onNotice(text));
    this.lines.onExit((exit) => this.exited(exit));
  }

  /** A failing send is heard of as the exit. */
  send(message: ToHub): void {
    this.lines.send(message).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.answers.rejectAll(new PatchbayError('mcp_gone', 'Patchbay is shutting down.'));
    await this.lines.close();
  }

  private spawn(): ReturnType<typeof startSupervised> {
    const { inheritedEnv, hubPath, execPath = process.execPath } = this.options;
    const env = childEnvironment({
      inherited: inheritedEnv,
      isWindows: process.platform === 'win32',
    });
    return startSupervised(
      {
        file: execPath,
        args: [`--max-old-space-size=${maxHeapMb}`, hubPath],
        cwd: tmpdir(),
        // The editor's own program is a plain Node only with this; servers never see it.
        env: { ...env, ELECTRON_RUN_AS_NODE: '1' },
        stdin: 'pipe',
        leavesNothing: true,
      },
      this.options,
    );
  }

  private accept(message: unknown): void {
    if (!isFromHub(message)) {
      return;
    }
    if (message.kind === 'tools' || message.kind === 'ended') {
      this.events.onEvent(message);
    } else if (message.kind === 'failed') {
      const { code } = message.failure;
      const text = failureText(message.failure, this.options.redact);
      this.answers.reject(message.id, new PatchbayError(code, text));
    } else {
      this.answers.resolve(message.id, message);
    }
  }

  private exited({ code, signal, stderrTail, spawnError }: ChildExit): void {
    const why =
      spawnError?.message ??
      `The process that talks to MCP servers ended (${signal ?? `exit code ${code ?? 0}`}).`;
    this.options.onNotice(stderrTail === '' ? why : `${why} ${stderrTail}`);
    this.answers.rejectAll(new PatchbayError('mcp_gone', why));
    this.events.onExit(why);
    void this.lines.close();
  }
}

function explainStart(code: string, message: string) {
  return {
    code: 'runtime_missing',
    message: `The process that talks to MCP servers could not be started: ${message} (${code})`,
  } as const;
}

/** With the last words of the server, redacted before they are cut. */
function failureText({ message, stderrTail }: HubFailure, redact: Redactor): string {
  const isCut = stderrTail.length >= stderrTailBytes;
  const whole = isCut ? stderrTail.replace(/^\S*/, '') : stderrTail;
  const tail = redact(whole).trim();
  const shown = tail.length > shownTailChars ? `…${tail.slice(-shownTailChars)}` : tail;
  return shown === '' ? redact(message) : `${redact(message)} Its last words: ${shown}`;
}

function unexpected(answer: FromHub): PatchbayError {
  return new PatchbayError('mcp_call', `An unexpected answer came: ${answer.kind}.`);
}
