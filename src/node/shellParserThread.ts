import { Worker } from 'node:worker_threads';
import { Deferred } from '../base/deferred';
import { toDisposable, type Disposable } from '../base/disposable';
import type { ParsedCommand, ShellKind, ShellParser } from '../gate/shell/contract';
import { isShellParserAnswer, type ShellParserAnswer } from './shellParserProtocol';

export interface ShellParserThreadOptions {
  /** The bundled worker program; the grammars lie beside it. */
  readonly workerPath: string;
  /** What is said of a command that was not parsed. */
  readonly unparsed: (command: string, shell: ShellKind, obstacle: string) => ParsedCommand;
  /** For one command, once the thread is there. Default 300. */
  readonly timeoutMs?: number;
  /** For the start of the thread, and for a first command whose grammar is loaded for it. Default 5000. */
  readonly startTimeoutMs?: number;
}

/** The parser of command lines in a thread of its own, so that no command can hold up the host. */
export interface ShellParserThread extends Disposable {
  readonly parse: ShellParser;
  /** Starts the thread where it is not there; settles when it can parse, or when it will not. Never rejects. */
  readonly ready: () => Promise<void>;
}

/**
 * Starts the thread at the first command. A command that takes too long costs the thread, which is ended and started
 * again for the next one. The thread never keeps the process alive.
 */
export function createShellParserThread(options: ShellParserThreadOptions): ShellParserThread {
  let running: RunningThread | undefined;
  let isDisposed = false;

  const start = (): RunningThread => {
    if (running?.isOver !== false) {
      running = new RunningThread(options);
    }
    return running;
  };

  return {
    ready: async () => {
      if (!isDisposed) {
        await start().ready;
      }
    },
    parse: async (command, shell) => {
      if (isDisposed) {
        return options.unparsed(command, shell, 'could not be parsed');
      }
      const thread = start();
      await thread.ready;
      return await thread.parse(command, shell);
    },
    ...toDisposable(() => {
      isDisposed = true;
      running?.end('could not be parsed');
    }),
  };
}

class RunningThread {
  private readonly worker: Worker | undefined;
  private readonly started = new Deferred<void>();
  private readonly pending = new Map<number, (answer: ParsedCommand | undefined) => void>();
  /** Their grammars are there. */
  private readonly known = new Set<ShellKind>();
  private count = 0;
  private why = 'could not be parsed';
  isOver = false;

  constructor(private readonly options: ShellParserThreadOptions) {
    const timer = setTimeout(
      () => this.end('could not be parsed: its parser did not start'),
      this.startTimeoutMs,
    );
    void this.started.promise.then(() => clearTimeout(timer));
    try {
      this.worker = new Worker(options.workerPath, { env: {}, execArgv: [] });
    } catch {
      this.end('could not be parsed: its parser did not start');
      return;
    }
    this.worker.unref();
    this.worker.on('message', (message: unknown) => this.onMessage(message));
    this.worker.on('error', () => this.end('could not be parsed'));
    this.worker.on('exit', () => this.end('could not be parsed'));
  }

  private get startTimeoutMs(): number {
    return this.options.startTimeoutMs ?? 5000;
  }

  /** Settles also when it ended before it was ready. */
  get ready(): Promise<void> {
    return this.started.promise;
  }

  parse(command: string, shell: ShellKind): Promise<ParsedCommand> {
    return new Promise((resolve) => {
      const unparsed = (): ParsedCommand => this.options.unparsed(command, shell, this.why);
      if (this.isOver || this.worker === undefined) {
        resolve(unparsed());
        return;
      }
      const id = ++this.count;
      const timer = setTimeout(
        () => this.end('could not be parsed in time'),
        this.known.has(shell) ? (this.options.timeoutMs ?? 300) : this.startTimeoutMs,
      );
      this.pending.set(id, (answer) => {
        clearTimeout(timer);
        this.known.add(shell);
        this.pending.delete(id);
        resolve(answer ?? unparsed());
      });
      this.worker.postMessage({ id, command, shell });
    });
  }

  /** Everything that waits is answered as not parsed. */
  end(why: string): void {
    if (this.isOver) {
      return;
    }
    this.isOver = true;
    this.why = why;
    void this.worker?.terminate();
    this.started.resolve();
    for (const settle of [...this.pending.values()]) {
      settle(undefined);
    }
  }

  private onMessage(message: unknown): void {
    if (!isShellParserAnswer(message)) {
      return;
    }
    this.accept(message);
  }

  private accept(message: ShellParserAnswer): void {
    if (message.kind === 'ready') {
      message.shells.forEach((shell) => this.known.add(shell));
      this.started.resolve();
    } else {
      this.pending.get(message.id)?.(message.parsed);
    }
  }
}
