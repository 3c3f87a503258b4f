import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import type { AppendedLines } from './contract';
import type { LinePlace } from './storedLines';

interface WaitingLine {
  readonly text: string;
  readonly onWritten: ((place: LinePlace) => void) | undefined;
}

/** A crash loses at most the lines of this time. */
export const groupCommitMs = 20;
/** After a write that failed, the next try by itself. */
export const retryMs = 5000;

/**
 * Appends lines in groups: what comes within 20 ms is one write, writes never overlap. Lines of a failed write are kept
 * and tried again with the next or after 5 s; the failure is announced once until a write succeeds.
 */
export class LineWriter {
  private lines: WaitingLine[] = [];
  private timer: Disposable | undefined;
  private retry: Disposable | undefined;
  private writing: Promise<void> | undefined;
  private isFailing = false;
  private readonly didFail = new Emitter<unknown>();
  readonly onDidFail = this.didFail.event;

  constructor(
    private readonly append: (lines: string) => Promise<AppendedLines>,
    private readonly clock: Clock,
    /** The file ends in the middle of a line: the first write begins with a line break. */
    private isTorn = false,
    /** The last chance to add lines to a group. */
    private readonly onBeforeWrite: () => void = () => undefined,
  ) {}

  /** The last write failed; its lines wait for the next. */
  get hasFailed(): boolean {
    return this.isFailing;
  }

  /** Lines end with a line break. `onWritten` is told where the line came to stand. */
  add(text: string, onWritten?: (place: LinePlace) => void): void {
    this.lines.push({ text, onWritten });
    this.scheduleWrite();
  }

  /** For a group whose lines come in `onBeforeWrite`. */
  scheduleWrite(): void {
    this.timer ??= this.clock.schedule(groupCommitMs, () => void this.flush());
  }

  /** Nothing is tried again by itself any more: the file is given up, or is not ours. */
  stopRetrying(): void {
    this.retry?.dispose();
    this.retry = undefined;
  }

  /** Resolves when all lines are written or a write has failed. Never rejects. */
  async flush(): Promise<void> {
    this.timer?.dispose();
    this.timer = undefined;
    this.stopRetrying();
    while (this.writing !== undefined) {
      await this.writing;
    }
    // Not before the wait: what came meanwhile goes with this group.
    this.onBeforeWrite();
    if (this.lines.length > 0) {
      this.writing = this.write().finally(() => {
        this.writing = undefined;
      });
      await this.writing;
    }
  }

  private async write(): Promise<void> {
    const lines = this.lines;
    this.lines = [];
    try {
      const text = lines.map((line) => line.text).join('');
      const { starts, end } = await this.append((this.isTorn ? '\n' : '') + text);
      this.isTorn = false;
      this.isFailing = false;
      lines.forEach(({ onWritten }, index) => {
        const start = starts[index];
        if (start !== undefined) {
          onWritten?.({ start, bytes: (starts[index + 1] ?? end) - start });
        }
      });
    } catch (error) {
      this.lines = [...lines, ...this.lines];
      // A part may have arrived; a blank line is skipped when reading, an entry that is there twice counts once.
      this.isTorn = true;
      this.retry ??= this.clock.schedule(retryMs, () => void this.flush());
      if (!this.isFailing) {
        this.isFailing = true;
        this.didFail.fire(error);
      }
    }
  }
}
