import { toDisposable, type Disposable } from './disposable';

/** Time as a parameter. `nowMs` is wall-clock milliseconds since 1970. */
export interface Clock {
  nowMs(): number;
  /** Runs once after `delayMs`; disposing cancels it. */
  schedule(delayMs: number, run: () => void): Disposable;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  schedule: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return toDisposable(() => clearTimeout(timer));
  },
};

/** Waits; resolves early (without error) when the signal aborts. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const finish = (): void => {
      timer.dispose();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = clock.schedule(delayMs, finish);
    signal?.addEventListener('abort', finish, { once: true });
  });
}

export type DeadlineOutcome<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'aborted' };

/** Races work against a deadline and a signal. Rejections of the work pass through; the work itself is not stopped. */
export async function withDeadline<T>(
  clock: Clock,
  work: Promise<T>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<DeadlineOutcome<T>> {
  const waiting = new AbortController();
  const onAbort = (): void => waiting.abort();
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) {
    waiting.abort();
  }
  try {
    return await Promise.race([
      work.then((value) => ({ kind: 'value', value }) as const),
      delay(clock, timeoutMs, waiting.signal).then(() =>
        signal?.aborted === true ? ({ kind: 'aborted' } as const) : ({ kind: 'timeout' } as const),
      ),
    ]);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    waiting.abort();
  }
}
