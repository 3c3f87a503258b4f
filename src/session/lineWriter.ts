import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';

/** A crash loses at most the lines of this time. */
export const groupCommitMs = 20;

/**
 * Appends lines in groups: what comes within 20 ms is one write, writes never overlap. Lines of a failed write are kept
 * and tried again with the next; the failure is announced once until a write succeeds.
 */
export class LineWriter {
  private lines: string[] = [];
  private timer: Disposable | undefined;
  private writing: Promise<void> | undefined;
  private isFailing = false;
  private readonly didFail = new Emitter<unknown>();
  readonly onDidFail = this.didFail.event;

  constructor(
    private readonly append: (lines: string) => Promise<void>,
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

  /** Lines end with a line break. */
  add(line: string): void {
    this.lines.push(line);
    this.scheduleWrite();
  }

  /** For a group whose lines come in `onBeforeWrite`. */
  scheduleWrite(): void {
    this.timer ??= this.clock.schedule(groupCommitMs, () => void this.flush());
  }

  /** Resolves when all lines are written or a write has failed. Never rejects. */
  async flush(): Promise<void> {
    this.onBeforeWrite();
    this.timer?.dispose();
    this.timer = undefined;
    while (this.writing !== undefined) {
      await this.writing;
    }
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
      await this.append((this.isTorn ? '\n' : '') + lines.join(''));
      this.isTorn = false;
      this.isFailing = false;
    } catch (error) {
      this.lines = [...lines, ...this.lines];
      // A part may have arrived; a blank line is skipped when reading, an entry that is there twice counts once.
      this.isTorn = true;
      if (!this.isFailing) {
        this.isFailing = true;
        this.didFail.fire(error);
      }
    }
  }
}
