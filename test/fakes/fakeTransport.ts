import { toDisposable, type Disposable } from '../../src/base/disposable';
import { PatchbayError } from '../../src/base/patchbayError';
import type { ChildExit, ChildTransport } from '../../src/runtime/contract';
import type { FakeToolRelay } from './fakeToolRelay';

/**
 * A child's line without a child: keeps what was sent, says what the test lets it say. Like the real one it keeps
 * messages for the first listener, delivers nothing after `close`, and refuses to send then.
 */
export class FakeTransport implements ChildTransport {
  readonly sent: unknown[] = [];
  /** Calls of `close` that had an effect. */
  closeCount = 0;
  /** Set: the next sends reject with it. */
  sendError: Error | undefined;
  private readonly kept: unknown[] = [];
  private readonly messageListeners = new Set<(message: unknown) => void>();
  private readonly noticeListeners = new Set<(text: string) => void>();
  private readonly exitListeners = new Set<(exit: ChildExit) => void>();
  private hadListener = false;
  private isClosed = false;
  private exitValue: ChildExit | undefined;

  /** `answer` plays the child: it sees each message that is sent. */
  constructor(
    private readonly answer: (message: unknown, transport: FakeTransport) => void = () => undefined,
    readonly toolRelay?: FakeToolRelay,
  ) {}

  get isOpen(): boolean {
    return !this.isClosed && this.exitValue === undefined;
  }

  get listenerCount(): number {
    return this.messageListeners.size;
  }

  send(message: unknown): Promise<void> {
    if (this.isClosed) {
      return Promise.reject(new PatchbayError('transport_closed', 'The line is closed.'));
    }
    if (this.sendError !== undefined) {
      return Promise.reject(this.sendError);
    }
    this.sent.push(message);
    this.answer(message, this);
    return Promise.resolve();
  }

  onMessage(listener: (message: unknown) => void): Disposable {
    const own = (message: unknown): void => listener(message);
    this.messageListeners.add(own);
    if (!this.hadListener) {
      this.hadListener = true;
      for (const message of this.kept.splice(0)) {
        own(message);
      }
    }
    return toDisposable(() => this.messageListeners.delete(own));
  }

  onNotice(listener: (text: string) => void): Disposable {
    this.noticeListeners.add(listener);
    return toDisposable(() => this.noticeListeners.delete(listener));
  }

  onExit(listener: (exit: ChildExit) => void): Disposable {
    this.exitListeners.add(listener);
    if (this.exitValue !== undefined) {
      listener(this.exitValue);
    }
    return toDisposable(() => this.exitListeners.delete(listener));
  }

  close(): Promise<void> {
    if (!this.isClosed) {
      this.isClosed = true;
      this.closeCount += 1;
    }
    return Promise.resolve();
  }

  /** The child says something. */
  emit(...messages: readonly unknown[]): void {
    for (const message of messages) {
      if (this.isClosed) {
        return;
      }
      if (!this.hadListener) {
        this.kept.push(message);
      }
      for (const listener of [...this.messageListeners]) {
        listener(message);
      }
    }
  }

  notice(text: string): void {
    for (const listener of [...this.noticeListeners]) {
      listener(text);
    }
  }

  /** The child ends. */
  exit(exit: Partial<ChildExit> = {}): void {
    this.exitValue = { code: 0, signal: null, stderrTail: '', ...exit };
    for (const listener of [...this.exitListeners]) {
      listener(this.exitValue);
    }
  }
}
