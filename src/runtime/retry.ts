import type { Failure } from '../events/failure';
import type { RetryWait } from '../events/observation';

/** How often and how long a transient network fault is waited out. */
export interface RetryPolicy {
  /** Requests after the first one. */
  readonly maxRetries: number;
  readonly baseDelayMs: number;
  /** A server that asks for a longer wait than this is not waited for: the user decides. */
  readonly retryAfterCapMs: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  maxRetries: 2,
  baseDelayMs: 250,
  retryAfterCapMs: 60_000,
};

/** True for faults that pass by themselves. Deadlines of ours (no status) are the user's choice and are not among them. */
export function isTransient(failure: Failure): boolean {
  if (failure.aborted === true) {
    return false;
  }
  switch (failure.code) {
    case 'rate_limited':
    case 'overloaded':
    case 'stream_cut':
      return true;
    case 'timeout':
      return failure.status !== undefined;
    default:
      return false;
  }
}

/**
 * How long to wait before the next attempt; undefined when there is to be none. Waits double from `baseDelayMs`; the
 * server's own wish counts where it is longer.
 */
export function nextRetryDelayMs(
  policy: RetryPolicy,
  failure: Failure,
  retriesSoFar: number,
): number | undefined {
  if (!isTransient(failure) || retriesSoFar >= policy.maxRetries) {
    return undefined;
  }
  const wishedMs = failure.retryAfterMs ?? 0;
  if (wishedMs > policy.retryAfterCapMs) {
    return undefined;
  }
  return Math.max(policy.baseDelayMs * 2 ** retriesSoFar, wishedMs);
}

/** The same for a view that counts down. */
export function retryWait(
  policy: RetryPolicy,
  failure: Failure,
  retriesSoFar: number,
  delayMs: number,
): RetryWait {
  return {
    attempt: retriesSoFar + 1,
    of: policy.maxRetries,
    delayMs,
    reason: reasonOf(failure),
  };
}

/** What the user reads while it waits: `Rate limited, trying again in 3 s.` */
export function retryNotice(failure: Failure, delayMs: number): string {
  const when = delayMs < 1000 ? 'trying again' : `trying again in ${Math.ceil(delayMs / 1000)} s`;
  return `${reasonOf(failure)}, ${when}.`;
}

function reasonOf(failure: Failure): string {
  switch (failure.code) {
    case 'rate_limited':
      return 'Rate limited';
    case 'overloaded':
      return 'The server is overloaded';
    case 'timeout':
      return 'The server took too long';
    default:
      return 'The connection broke';
  }
}
