import type { SessionStorage } from '../../src/session/contract';
import type { Clock } from '../../src/base/clock';

/** Session files in memory, with a disk that can be full and a process that can die in the middle of a write. */
export class MemorySessionStorage implements SessionStorage {
  readonly files = new Map<string, { text: string; updatedAtMs: number }>();
  readonly appends: { readonly sessionId: string; readonly lines: string }[] = [];
  readonly reads: string[] = [];
  failure: Error | undefined;
  /** The next append writes only this many characters and then fails. */
  tearAfterChars: number | undefined;

  constructor(private readonly clock: Pick<Clock, 'nowMs'>) {}

  async append(sessionId: string, lines: string): Promise<void> {
    if (this.failure !== undefined) {
      throw this.failure;
    }
    const written = this.tearAfterChars === undefined ? lines : lines.slice(0, this.tearAfterChars);
    const before = this.files.get(sessionId)?.text ?? '';
    this.files.set(sessionId, { text: before + written, updatedAtMs: this.clock.nowMs() });
    this.appends.push({ sessionId, lines: written });
    if (this.tearAfterChars !== undefined) {
      this.tearAfterChars = undefined;
      throw new Error('no space left on device');
    }
  }

  async read(sessionId: string): Promise<string | undefined> {
    this.reads.push(sessionId);
    return this.files.get(sessionId)?.text;
  }

  async list(): ReturnType<SessionStorage['list']> {
    return [...this.files].map(([sessionId, file]) => ({
      sessionId,
      updatedAtMs: file.updatedAtMs,
      sizeBytes: new TextEncoder().encode(file.text).length,
    }));
  }

  async readHead(sessionId: string, maxBytes: number): Promise<string | undefined> {
    return this.files.get(sessionId)?.text.slice(0, maxBytes);
  }

  async readTail(sessionId: string, maxBytes: number): Promise<string | undefined> {
    return this.files.get(sessionId)?.text.slice(-maxBytes);
  }

  async remove(sessionId: string): Promise<void> {
    this.files.delete(sessionId);
  }
}
