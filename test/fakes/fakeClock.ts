import type { Clock } from '../../src/base/clock';
import { toDisposable, type Disposable } from '../../src/base/disposable';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  private now: number;
  private order = 0;
  private readonly timers = new Set<Timer>();

  constructor(startMs = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.now = startMs;
  }

  get pendingCount(): number {
    return this.timers.size;
  }

  nowMs(): number {
    return this.now;
  }

  schedule(delayMs: number, run: () => void): Disposable {
    const timer: Timer = { atMs: this.now + delayMs, order: this.order++, run };
    this.timers.add(timer);
    return toDisposable(() => this.timers.delete(timer));
  }

  /** Runs every timer that falls due, in order, letting promises settle after each. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.now + byMs;
    await settle();
    for (let next = this.nextDue(untilMs); next !== undefined; next = this.nextDue(untilMs)) {
      this.timers.delete(next);
      this.now = Math.max(this.now, next.atMs);
      next.run();
      await settle();
    }
    this.now = untilMs;
    await settle();
  }

  private nextDue(untilMs: number): Timer | undefined {
    return [...this.timers]
      .filter((timer) => timer.atMs <= untilMs)
      .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
  }
}

/** Lets every promise that can settle without outside help do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
