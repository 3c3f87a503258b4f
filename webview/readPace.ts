/** What a pace needs of the page. */
export interface PaceClock {
  nowMs(): number;
  after(delayMs: number, run: () => void): { cancel(): void };
}

/** Below this a reading is not felt. */
const freeMs = 4;
/** So many times its own duration passes before the next reading. */
const restFactor = 8;

/**
 * Reads a growing text no more often than the page can bear: the longer a reading took, the longer until the next one.
 * What came meanwhile is read with it, and none is left out: the last request is kept until then.
 */
export class ReadPace {
  private notBeforeMs = 0;
  private waiting: { cancel(): void } | undefined;

  constructor(private readonly clock: PaceClock) {}

  /** Reads now or later; a later one takes the place of one that still waits. */
  request(read: () => void): void {
    this.cancel();
    const delayMs = this.notBeforeMs - this.clock.nowMs();
    if (delayMs > 0) {
      this.waiting = this.clock.after(delayMs, () => this.run(read));
    } else {
      this.run(read);
    }
  }

  /** What waits is not read any more. */
  cancel(): void {
    this.waiting?.cancel();
    this.waiting = undefined;
  }

  private run(read: () => void): void {
    this.waiting = undefined;
    const startedMs = this.clock.nowMs();
    try {
      read();
    } finally {
      const endedMs = this.clock.nowMs();
      const tookMs = endedMs - startedMs;
      this.notBeforeMs = tookMs > freeMs ? endedMs + tookMs * restFactor : endedMs;
    }
  }
}
