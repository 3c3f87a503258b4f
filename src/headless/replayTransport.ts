import type { Disposable } from '../base/disposable';
import { encodeJsonLine, JsonLinesDecoder } from '../base/jsonLines';
import { errorMessage, PatchbayError } from '../base/patchbayError';
import { createRedactor } from '../base/redact';
import { InvalidLineNotices } from '../node/invalidLineNotices';
import { Listeners } from '../node/listeners';
import { OutputTail } from '../node/outputTail';
import { unreadableOutput } from '../node/spawnFailure';
import type { ChildExit, ChildTransport } from '../runtime/contract';

export interface ReplayTransportOptions {
  /** The child takes its whole input at its start: nothing can be sent to it. */
  readonly takesNoMessages: boolean;
  /** A message of the bridge, as it would come out of the pipe. */
  readonly onSend: (message: unknown) => void;
}

/** The child of a recording: bytes of its stdout and stderr come in by the player, through the real decoder. */
export class ReplayTransport implements ChildTransport {
  private readonly messages = new Listeners<unknown>();
  private readonly notices = new Listeners<string>();
  private readonly exits = new Listeners<ChildExit>();
  private readonly stderrTail = new OutputTail(8 * 1024, createRedactor());
  private readonly invalidLines = new InvalidLineNotices(
    (text) => this.notice(text),
    createRedactor(),
  );
  private readonly decoder = new JsonLinesDecoder({
    onMessage: (message) => this.message(message),
    onInvalidLine: (excerpt) => this.invalidLines.add(excerpt),
  });
  private exit: ChildExit | undefined;
  private closed = false;

  constructor(private readonly options: ReplayTransportOptions) {}

  /** Nothing that the child says is heard any more. */
  get isOver(): boolean {
    return this.closed || this.exit !== undefined;
  }

  get takesMessages(): boolean {
    return !this.isOver && !this.options.takesNoMessages;
  }

  push(chunk: Uint8Array): void {
    if (this.isOver) {
      return;
    }
    try {
      this.decoder.push(chunk);
    } catch (error) {
      this.finish({ code: null, signal: null, spawnError: unreadableOutput(error) });
    }
  }

  pushStderr(text: string): void {
    this.stderrTail.push(new TextEncoder().encode(`${text}\n`));
  }

  /** The process is gone. */
  end(code: number | null, signal: string | null): void {
    if (!this.isOver) {
      this.decoder.end();
      this.invalidLines.end();
      this.finish({ code, signal });
    }
  }

  send(message: unknown): Promise<void> {
    if (this.isOver) {
      return Promise.reject(
        new PatchbayError('transport_closed', 'The recorded agent has ended here.'),
      );
    }
    if (this.options.takesNoMessages) {
      return Promise.reject(
        new PatchbayError('input_ended', 'This agent takes its whole input at its start.'),
      );
    }
    try {
      const copy: unknown = JSON.parse(encodeJsonLine(message));
      this.options.onSend(copy);
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(errorMessage(error)));
    }
  }

  onMessage(listener: (message: unknown) => void): Disposable {
    return this.messages.add(listener);
  }

  onNotice(listener: (text: string) => void): Disposable {
    return this.notices.add(listener);
  }

  onExit(listener: (exit: ChildExit) => void): Disposable {
    const { exit } = this;
    const subscription = this.exits.add(listener);
    if (exit !== undefined) {
      queueMicrotask(() => {
        if (!this.closed) {
          listener(exit);
        }
      });
    }
    return subscription;
  }

  close(): Promise<void> {
    this.closed = true;
    this.messages.clear();
    this.notices.clear();
    this.exits.clear();
    return Promise.resolve();
  }

  private message(message: unknown): void {
    if (!this.isOver) {
      this.messages.fire(message, (error) =>
        this.notice(`A message of the agent could not be handled: ${errorMessage(error)}`),
      );
    }
  }

  private notice(text: string): void {
    if (!this.closed) {
      this.notices.fire(text, () => undefined); // a failing reader of notices has nobody to tell
    }
  }

  private finish(exit: Omit<ChildExit, 'stderrTail'>): void {
    this.exit = { ...exit, stderrTail: this.stderrTail.text() };
    this.exits.fire(this.exit, () => undefined); // the end is the end, whoever fails to hear it
  }
}

/** Cuts bytes anew, `nextSize` of them at a time; a size stays in force over the end of a line. */
export class Rechunker {
  private readonly pieces: Uint8Array[] = [];
  private pendingBytes = 0;
  private size: number;

  constructor(
    private readonly nextSize: () => number,
    private readonly give: (chunk: Uint8Array) => void,
  ) {
    this.size = Math.max(1, nextSize());
  }

  write(bytes: Uint8Array): void {
    let at = 0;
    while (bytes.length - at >= this.size - this.pendingBytes) {
      const end = at + this.size - this.pendingBytes;
      this.pieces.push(bytes.subarray(at, end));
      at = end;
      this.flush();
      this.size = Math.max(1, this.nextSize());
    }
    if (at < bytes.length) {
      this.pieces.push(bytes.subarray(at));
      this.pendingBytes += bytes.length - at;
    }
  }

  /** What is held goes out at once: the agent waits here. */
  flush(): void {
    const pieces = this.pieces.splice(0);
    this.pendingBytes = 0;
    const [only] = pieces;
    if (pieces.length === 1 && only !== undefined) {
      this.give(only);
    } else if (pieces.length > 1) {
      this.give(Buffer.concat(pieces));
    }
  }
}
