import { isAscii } from 'node:buffer';
import type { Writable } from 'node:stream';
import { systemClock, withDeadline } from '../base/clock';
import { Deferred } from '../base/deferred';
import type { Disposable } from '../base/disposable';
import { encodeJsonLine, JsonLinesDecoder } from '../base/jsonLines';
import { errorMessage, PatchbayError } from '../base/patchbayError';
import type { Redactor } from '../base/redact';
import type { Failure } from '../events/failure';
import type { ChildExit, ChildTransport, ToolRelay } from '../runtime/contract';
import { InvalidLineNotices } from './invalidLineNotices';
import { Listeners } from './listeners';
import { OutputTail } from './outputTail';
import { unreadableOutput } from './spawnFailure';
import type { SupervisedProcess } from './supervisedProcess';

export interface StartedChild {
  readonly process: SupervisedProcess;
  /** What a failed start means; `code` is the system's. */
  explainStart(code: string, message: string): Failure;
  /** Called once when the child is gone. */
  remove(): void;
}

export interface ChildLinesOptions {
  /** Finds and starts the child. `isWanted` turns false when the transport was closed in the meantime. */
  start(isWanted: () => boolean): Promise<StartedChild | Failure>;
  readonly redact: Redactor;
  /** All of `close`: two fifths each for the end of stdin and for terminate, the rest for kill. */
  readonly closeTimeoutMs: number;
  /** After an abort the polite step of `close` is short. */
  readonly isAborted: () => boolean;
  readonly maxLineBytes?: number;
  /** All that the child is given to read: written raw at its start, then its stdin ends. */
  readonly inputText?: string;
  /** Closed when the child is gone, or when this is closed. */
  readonly toolSocket?: ToolRelay & { close(): void };
}

/** JSON lines to and from one child. See `ChildTransport` for the promises. */
export class ChildLines implements ChildTransport {
  private readonly messageListeners = new Listeners<unknown>();
  private readonly noticeListeners = new Listeners<string>();
  private readonly exitListeners = new Listeners<ChildExit>();
  private readonly decoder: JsonLinesDecoder;
  private readonly stderr: OutputTail;
  private readonly invalidLines: InvalidLineNotices;
  /** Undefined when the start failed. */
  private readonly started = new Deferred<StartedChild | undefined>();
  /** Settles with the end that listeners hear of, or with `close`. */
  private readonly ended = new Deferred<void>();
  private kept: unknown[] = [];
  private keptBytes = 0;
  private keptNotices: string[] = [];
  private isWaitingForListener = false;
  /** Time that chunks took in this turn of the event loop; undefined when none came yet. */
  private spentMs: number | undefined;
  /** What is left of a chunk that took too long: it comes first in the next turn. */
  private rest: Uint8Array | undefined;
  private readonly idle: NodeJS.Timeout;
  private readonly onListenerError = (error: unknown): void => this.notice(listenerFailed(error));
  private pendingFinish: (() => void) | undefined;
  private exit: ChildExit | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly options: ChildLinesOptions) {
    this.stderr = new OutputTail(stderrTailBytes, options.redact);
    this.invalidLines = new InvalidLineNotices((text) => this.notice(text), options.redact);
    this.decoder = new JsonLinesDecoder(
      {
        onMessage: (message) => this.deliver(message),
        onInvalidLine: (excerpt) => this.invalidLines.add(excerpt),
      },
      {
        ...(options.maxLineBytes === undefined ? {} : { maxLineBytes: options.maxLineBytes }),
        decode: decodeUtf8,
        decodeSingleBytes: (bytes) => asBuffer(bytes).toString('latin1'),
        allocate: (size) => Buffer.allocUnsafeSlow(size),
      },
    );
    this.idle = setTimeout(() => this.decoder.relax(), idleMs).unref();
    void this.run();
  }

  get toolRelay(): ToolRelay | undefined {
    return this.options.toolSocket;
  }

  async send(message: unknown): Promise<void> {
    this.assertOpen();
    if (this.options.inputText !== undefined) {
      throw new PatchbayError(
        'input_ended',
        'This agent takes its whole input at its start: nothing can be sent to it afterwards.',
      );
    }
    const line = encodeJsonLine(message);
    const child = await Promise.race([this.started.promise, this.ended.promise]);
    this.assertOpen();
    const stdin = child?.process.stdin;
    if (stdin === undefined || this.exit !== undefined) {
      throw new PatchbayError('transport_closed', 'The agent has ended.');
    }
    try {
      await writeLine(stdin, line);
    } catch (error) {
      // Its end says better why it does not read: whoever waits for both hears that first.
      if (!this.isClosed) {
        await withDeadline(systemClock, this.ended.promise, endAfterBrokenPipeMs);
      }
      throw new PatchbayError('transport_closed', 'The agent does not read any more.', {
        cause: error,
      });
    }
  }

  onMessage(listener: (message: unknown) => void): Disposable {
    const subscription = this.messageListeners.add(listener);
    if (this.kept.length > 0) {
      queueMicrotask(() => this.deliverKept());
    }
    return subscription;
  }

  onNotice(listener: (text: string) => void): Disposable {
    const subscription = this.noticeListeners.add(listener);
    if (this.keptNotices.length > 0) {
      queueMicrotask(() => {
        if (this.noticeListeners.size > 0) {
          this.keptNotices.splice(0).forEach((text) => this.notice(text));
        }
      });
    }
    return subscription;
  }

  onExit(listener: (exit: ChildExit) => void): Disposable {
    const { exit } = this;
    if (exit === undefined) {
      return this.exitListeners.add(listener);
    }
    const late = new Listeners<ChildExit>();
    const subscription = late.add(listener);
    queueMicrotask(() => {
      if (this.closing === undefined) {
        late.fire(exit, (error) => this.notice(listenerFailed(error)));
      }
    });
    return subscription;
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private get isClosed(): boolean {
    return this.closing !== undefined;
  }

  private async run(): Promise<void> {
    let result: StartedChild | Failure;
    try {
      result = await this.options.start(() => !this.isClosed);
    } catch (error) {
      result = {
        code: 'unknown',
        message: `The agent could not be started: ${errorMessage(error)}`,
      };
    }
    if (!('process' in result)) {
      this.finish({ code: null, signal: null, stderrTail: '', spawnError: result });
      this.started.resolve(undefined);
      return;
    }
    const child = result;
    const { stdin, stdout, stderr, ended } = child.process;
    if (this.options.inputText !== undefined) {
      stdin?.end(this.options.inputText); // one that does not read it says why by its end
    }
    stdout.on('data', (chunk: Uint8Array) => this.accept(chunk, child));
    stderr.on('data', (chunk: Uint8Array) => this.stderr.push(chunk));
    void ended.then((end) => {
      const finish = (): void => {
        this.drainRest(child);
        this.endOfOutput();
        const spawnError =
          end.kind === 'failed' ? explain(child, end.code, end.message) : undefined;
        this.finish({
          code: end.kind === 'exited' ? end.code : null,
          signal: end.kind === 'exited' ? end.signal : null,
          stderrTail: this.stderr.text(),
          ...(spawnError === undefined ? {} : { spawnError }),
        });
        child.remove();
      };
      if (this.isWaitingForListener) {
        this.pendingFinish = finish; // the rest of its output comes first
      } else {
        finish();
      }
    });
    this.started.resolve(child);
  }

  /**
   * One chunk from the pipe. Many can come in one turn of the event loop: when their work has taken its share, or nobody
   * listens yet, the pipe is left alone, and the child waits. Code that is not warm yet needs as long for one chunk as
   * for ten later, so a chunk too can end in the middle.
   */
  private accept(chunk: Uint8Array, child: StartedChild): void {
    if (this.isClosed || this.exit !== undefined) {
      return;
    }
    this.drainRest(child); // the stream was resumed by somebody else: by Node itself when the child ends
    const startedAt = performance.now() - (this.spentMs ?? 0);
    let spentMs = 0;
    let start = 0;
    while (start < chunk.length && spentMs <= turnMs) {
      const end = this.endOfSlice(chunk, start);
      spentMs = performance.now() - startedAt;
      if (end.isHeavy && spentMs > lightMs) {
        break;
      }
      if (!this.decode(chunk.subarray(start, end.at), child)) {
        return;
      }
      start = end.at;
      spentMs = performance.now() - startedAt;
    }
    this.rest = start < chunk.length ? chunk.subarray(start) : undefined;
    if (this.messageListeners.size === 0) {
      this.keptBytes += start;
      if (this.keptBytes > maxKeptBytes) {
        this.isWaitingForListener = true;
      }
    }
    this.noteWork(spentMs, child);
  }

  /**
   * Where a slice of the chunk ends; a line is not cut for it. The end of a line of megabytes is heavy: all of its text is
   * put together there and goes through the whole arm, so it has a turn of its own.
   */
  private endOfSlice(chunk: Uint8Array, start: number): SliceEnd {
    const isHeavy = this.decoder.openLineBytes > heavyBytes;
    const lineEnd = isHeavy ? chunk.indexOf(lineFeed, start) : -1;
    return lineEnd === -1
      ? { at: endOfSlice(chunk, start), isHeavy: false }
      : { at: lineEnd + 1, isHeavy };
  }

  private hasRest(): boolean {
    return this.rest !== undefined;
  }

  /** All that is left of a chunk, however long it takes. */
  private drainRest(child: StartedChild): void {
    const { rest } = this;
    this.rest = undefined;
    if (rest !== undefined && !this.isClosed && this.exit === undefined) {
      this.decode(rest, child);
    }
  }

  private decode(bytes: Uint8Array, child: StartedChild): boolean {
    try {
      this.decoder.push(bytes);
      return true;
    } catch (error) {
      this.giveUp(error, child);
      return false;
    }
  }

  private noteWork(spentMs: number, child: StartedChild): void {
    if (this.spentMs === undefined) {
      setImmediate(() => this.nextTurn(child));
    }
    this.spentMs = spentMs;
    if (spentMs > turnMs || this.hasRest() || this.isWaitingForListener) {
      child.process.stdout.pause();
    }
  }

  private nextTurn(child: StartedChild): void {
    const { rest } = this;
    this.idle.refresh();
    this.spentMs = undefined;
    this.rest = undefined;
    if (rest !== undefined) {
      this.accept(rest, child);
    }
    if (!this.hasRest() && !this.isWaitingForListener) {
      child.process.stdout.resume();
    }
  }

  /** The child talks nonsense: it is ended, and its end says why. */
  private giveUp(error: unknown, child: StartedChild): void {
    child.process.signal('SIGTERM');
    this.finish({
      code: null,
      signal: null,
      stderrTail: this.stderr.text(),
      spawnError: unreadableOutput(error),
    });
    void withDeadline(systemClock, child.process.ended, 1000).then((outcome) => {
      if (outcome.kind !== 'value') {
        child.process.signal('SIGKILL');
      }
    });
  }

  private endOfOutput(): void {
    if (this.isClosed || this.exit !== undefined) {
      return;
    }
    this.decoder.end();
    this.invalidLines.end();
  }

  private deliver(message: unknown): void {
    if (this.isClosed) {
      return;
    }
    if (this.messageListeners.size === 0 || this.kept.length > 0) {
      this.kept.push(message);
      return;
    }
    this.messageListeners.fire(message, this.onListenerError);
  }

  private deliverKept(): void {
    if (this.messageListeners.size === 0 || this.isClosed) {
      return;
    }
    const kept = this.kept;
    this.kept = [];
    this.keptBytes = 0;
    for (const message of kept) {
      this.deliver(message);
    }
    if (this.isWaitingForListener) {
      this.isWaitingForListener = false;
      void this.started.promise.then((child) => this.resumeOutput(child));
    }
  }

  private resumeOutput(child: StartedChild | undefined): void {
    const { pendingFinish } = this;
    if (child !== undefined && pendingFinish !== undefined) {
      const timer = setTimeout(pendingFinish, lateDrainMs);
      child.process.stdout.once('close', () => {
        clearTimeout(timer);
        pendingFinish();
      });
    }
    child?.process.stdout.resume();
  }

  private notice(text: string): void {
    if (this.isClosed) {
      return;
    }
    if (this.noticeListeners.size === 0) {
      if (this.keptNotices.length < maxKeptNotices) {
        this.keptNotices.push(text);
      }
      return;
    }
    this.noticeListeners.fire(text, () => undefined); // a failing reader of notices has nobody to tell
  }

  /** The one end that listeners hear of; a second is ignored. */
  private finish(exit: ChildExit): void {
    if (this.exit !== undefined) {
      return;
    }
    this.exit = exit;
    clearTimeout(this.idle);
    this.options.toolSocket?.close();
    if (this.isClosed) {
      return;
    }
    const fire = (): void => {
      if (!this.isClosed) {
        this.exitListeners.fire(exit, (error) => this.notice(listenerFailed(error)));
      }
      this.ended.resolve();
    };
    if (this.kept.length > 0 && this.messageListeners.size > 0) {
      queueMicrotask(fire); // behind the kept messages, whose turn has come already
    } else {
      fire();
    }
  }

  private async end(): Promise<void> {
    const { options } = this;
    clearTimeout(this.idle);
    options.toolSocket?.close();
    this.ended.resolve();
    const total = options.closeTimeoutMs;
    const politeMs =
      options.isAborted() || this.exit !== undefined ? Math.min(500, total / 5) : (total * 2) / 5;
    this.messageListeners.clear();
    this.noticeListeners.clear();
    this.exitListeners.clear();
    this.kept = [];
    this.keptNotices = [];
    const start = await withDeadline(systemClock, this.started.promise, total);
    if (start.kind !== 'value' || start.value === undefined) {
      void this.started.promise.then((child) => child?.process.release());
      return;
    }
    const { process } = start.value;
    process.stdout.resume(); // what still comes is dropped, so that nobody waits for a full pipe
    process.stdin?.end();
    for (const [waitMs, next] of [
      [politeMs, 'SIGTERM'],
      [(total * 2) / 5, 'SIGKILL'],
      [Math.max(total / 5, 200), undefined],
    ] as const) {
      const outcome = await withDeadline(systemClock, process.ended, waitMs);
      if (outcome.kind === 'value') {
        break;
      }
      if (next !== undefined) {
        process.signal(next);
      }
    }
    process.release();
  }

  private assertOpen(): void {
    if (this.isClosed) {
      throw new PatchbayError('transport_closed', 'The connection to the agent is closed.');
    }
  }
}

const stderrTailBytes = 8 * 1024;
const maxKeptBytes = 8 * 1024 * 1024;
const maxKeptNotices = 50;
/** What the output of a child may take of one turn of the event loop; a last chunk may pass it. */
const turnMs = 2;
/** After so much of a chunk, at the end of a line, it is seen how long that took. */
const sliceBytes = 24 * 1024;
/** The end of a longer line waits for the next turn when this one has done more than `lightMs` of work. */
const heavyBytes = 1024 * 1024;
const lightMs = 0.5;
const lineFeed = 0x0a;
const longBytes = 8 * 1024;
/** After so long without output nothing is kept ready for more of it. */
const idleMs = 2000;
const lateDrainMs = 1000;
const endAfterBrokenPipeMs = 3000;

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

interface SliceEnd {
  readonly at: number;
  readonly isHeavy: boolean;
}

/** The end of the lines that make a slice. */
function endOfSlice(chunk: Uint8Array, start: number): number {
  if (chunk.length - start <= sliceBytes) {
    return chunk.length;
  }
  const last = chunk.lastIndexOf(lineFeed, start + sliceBytes);
  const end = last >= start ? last : chunk.indexOf(lineFeed, start + sliceBytes);
  return end === -1 ? chunk.length : end + 1;
}

function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  const isWhole = start === 0 && end === bytes.length;
  // Long ASCII, which most big outputs are, comes several times as fast by the decoder that knows nothing else.
  const encoding =
    end - start > longBytes && isAscii(isWhole ? bytes : bytes.subarray(start, end))
      ? 'latin1'
      : 'utf8';
  return asBuffer(bytes).toString(encoding, start, end);
}

function explain(child: StartedChild, code: string, message: string): Failure {
  return code === 'SUPERVISOR' ? { code: 'unknown', message } : child.explainStart(code, message);
}

function listenerFailed(error: unknown): string {
  return `A message of the agent could not be handled: ${errorMessage(error)}`;
}

function writeLine(stdin: Writable, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stdin.write(line, (error) => {
      if (error === null || error === undefined) {
        resolve();
      } else {
        reject(error);
      }
    });
  });
}
