import type { Clock } from '../../base/clock';
import type { Disposable } from '../../base/disposable';

export interface WatchOptions {
  readonly clock: Clock;
  /** The user's stop. */
  readonly signal: AbortSignal;
  /** Until the first value. Absent: no limit. */
  readonly startTimeoutMs?: number;
  /** Between two values. Absent: silence ends nothing. */
  readonly idleTimeoutMs?: number;
}

/** What came next, or why nothing will. After anything but `value` the watch is over. */
export type Watched<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'end' }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'timeout'; readonly phase: 'start' | 'idle'; readonly limitMs: number }
  | { readonly kind: 'thrown'; readonly error: unknown };

/**
 * Reads a source under two deadlines and a stop signal. The source gets a signal of its own, which is aborted when the
 * watch ends for any other reason than its end; a source that does not listen is left behind, never waited for.
 */
export async function* watch<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  options: WatchOptions,
): AsyncGenerator<Watched<T>> {
  const own = new AbortController();
  let settle: ((next: Watched<T>) => void) | undefined;
  const onAbort = (): void => {
    own.abort();
    settle?.({ kind: 'aborted' });
  };
  options.signal.addEventListener('abort', onAbort, { once: true });
  let timer: Disposable | undefined;
  let iterator: AsyncIterator<T> | undefined;
  let phase: 'start' | 'idle' = 'start';
  try {
    for (;;) {
      const next = await new Promise<Watched<T>>((resolve) => {
        settle = resolve;
        if (options.signal.aborted) {
          resolve({ kind: 'aborted' });
          return;
        }
        const limitMs = phase === 'start' ? options.startTimeoutMs : options.idleTimeoutMs;
        const current = phase;
        if (limitMs !== undefined) {
          timer = options.clock.schedule(limitMs, () =>
            resolve({ kind: 'timeout', phase: current, limitMs }),
          );
        }
        const thrown = (error: unknown): void => resolve({ kind: 'thrown', error });
        try {
          iterator ??= open(own.signal)[Symbol.asyncIterator]();
          iterator
            .next()
            .then(
              (result) =>
                resolve(
                  result.done === true ? { kind: 'end' } : { kind: 'value', value: result.value },
                ),
              thrown,
            );
        } catch (error) {
          thrown(error);
        }
      });
      timer?.dispose();
      phase = 'idle';
      yield next;
      if (next.kind !== 'value') {
        return;
      }
    }
  } finally {
    timer?.dispose();
    options.signal.removeEventListener('abort', onAbort);
    own.abort();
    // The source is closed behind our back: what it still throws concerns nobody any more.
    void Promise.resolve(iterator?.return?.()).catch(() => undefined);
  }
}
