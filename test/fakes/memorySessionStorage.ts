import { PatchbayError } from '../../src/base/patchbayError';
import type { AppendedLines, SessionStorage } from '../../src/session/contract';
import type { Clock } from '../../src/base/clock';

/** Session files in memory, with a disk that can be full and a process that can die in the middle of a write. */
export class MemorySessionStorage implements SessionStorage {
  readonly files = new Map<string, { text: string; updatedAtMs: number }>();
  readonly appends: { readonly sessionId: string; readonly lines: string }[] = [];
  readonly reads: string[] = [];
  readonly ranges: {
    readonly sessionId: string;
    readonly start: number;
    readonly length: number;
  }[] = [];
  failure: Error | undefined;
  /** Reading one of these sessions takes until its promise is settled. */
  readonly slowReads = new Map<string, Promise<void>>();
  /** The next append writes only this many characters and then fails. */
  tearAfterChars: number | undefined;

  constructor(private readonly clock: Pick<Clock, 'nowMs'>) {}

  async append(sessionId: string, lines: string): Promise<AppendedLines> {
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
    const encoder = new TextEncoder();
    let end = encoder.encode(before).length;
    const starts = written.split('\n').flatMap((line) => {
      const start = end;
      end += encoder.encode(line).length + 1;
      return line === '' ? [] : [start];
    });
    return { starts, end: end - 1 };
  }

  async read(sessionId: string): Promise<Uint8Array | undefined> {
    this.reads.push(sessionId);
    await this.slowReads.get(sessionId);
    const text = this.files.get(sessionId)?.text;
    return text === undefined ? undefined : new TextEncoder().encode(text);
  }

  async readRange(
    sessionId: string,
    start: number,
    length: number,
  ): ReturnType<SessionStorage['readRange']> {
    this.ranges.push({ sessionId, start, length });
    await this.slowReads.get(sessionId);
    const text = this.files.get(sessionId)?.text;
    const bytes = text === undefined ? undefined : new TextEncoder().encode(text);
    return (
      bytes && {
        bytes: bytes.subarray(Math.max(0, start), start + length),
        sizeBytes: bytes.length,
      }
    );
  }

  async list(): ReturnType<SessionStorage['list']> {
    return [...this.files].map(([sessionId, file]) => ({
      sessionId,
      updatedAtMs: file.updatedAtMs,
      sizeBytes: new TextEncoder().encode(file.text).length,
    }));
  }

  async *ends(endBytes: number): ReturnType<SessionStorage['ends']> {
    for (const [sessionId, { text, updatedAtMs }] of this.files) {
      const bytes = new TextEncoder().encode(text);
      const first = bytes.subarray(0, endBytes);
      const last = bytes.subarray(Math.max(first.length, bytes.length - endBytes));
      yield [{ sessionId, updatedAtMs, sizeBytes: bytes.length, first, last }];
    }
  }

  async rename(sessionId: string, newId: string): Promise<void> {
    const file = this.files.get(sessionId);
    if (this.files.has(newId) || file === undefined) {
      throw new PatchbayError('session_exists', 'taken');
    }
    this.files.set(newId, file);
    this.files.delete(sessionId);
  }

  async remove(sessionId: string): Promise<void> {
    this.files.delete(sessionId);
  }
}
