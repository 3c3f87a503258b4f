import type { Clock } from '../base/clock';
import { toDisposable, type Disposable } from '../base/disposable';

/** Time of a replay: it stands still while anything is played, and leaps when nothing but a deadline can go on. */
export class ReplayClock implements Clock {
  private now = 0;
  private readonly timers = new Set<{ readonly atMs: number; readonly run: () => void }>();

  nowMs(): number {
    return this.now;
  }

  schedule(delayMs: number, run: () => void): Disposable {
    const timer = { atMs: this.now + delayMs, run };
    this.timers.add(timer);
    return toDisposable(() => this.timers.delete(timer));
  }

  /** Runs the timer that falls due first; false when there is none. */
  leap(): boolean {
    let first: { readonly atMs: number; readonly run: () => void } | undefined;
    for (const timer of this.timers) {
      if (first === undefined || timer.atMs < first.atMs) {
        first = timer;
      }
    }
    if (first === undefined) {
      return false;
    }
    this.timers.delete(first);
    this.now = Math.max(this.now, first.atMs);
    first.run();
    return true;
  }
}

/** Lets everything happen that can happen without outside help. */
export function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
