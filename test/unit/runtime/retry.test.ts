import { describe, expect, it } from 'vitest';
import {
  defaultRetryPolicy,
  isTransient,
  nextRetryDelayMs,
  retryNotice,
} from '../../../src/runtime/retry';

describe('the retry policy', () => {
  it('[R216] takes 429, overloaded, timeouts of the server and broken connections as passing', () => {
    const verdicts = (
      [
        ['rate_limited', 429],
        ['overloaded', 529],
        ['overloaded', 500],
        ['timeout', 504],
        ['timeout', undefined],
        ['stream_cut', undefined],
        ['auth_required', 401],
        ['network', undefined],
      ] as const
    ).map(([code, status]) =>
      isTransient({ code, message: 'x', ...(status === undefined ? {} : { status }) }),
    );
    expect(verdicts).toEqual([true, true, true, true, false, true, false, false]);
  });

  it('[R216] doubles its waits and takes the server’s wish where it is longer', () => {
    const failure = { code: 'overloaded', message: 'x' } as const;
    const delays = [0, 1, 2].map((retries) =>
      nextRetryDelayMs(defaultRetryPolicy, failure, retries),
    );
    expect(delays).toEqual([250, 500, undefined]);
    const wished = (retryAfterMs: number) =>
      nextRetryDelayMs(defaultRetryPolicy, { ...failure, retryAfterMs }, 0);
    expect([wished(100), wished(3000), wished(60_000), wished(60_001)]).toEqual([
      250,
      3000,
      60_000,
      undefined,
    ]);
  });

  it('never retries what the user stopped', () => {
    const failure = { code: 'overloaded', message: 'x', aborted: true } as const;
    expect(nextRetryDelayMs(defaultRetryPolicy, failure, 0)).toBeUndefined();
  });

  it('says what happened and how long it waits', () => {
    const limited = { code: 'rate_limited', message: 'x' } as const;
    expect(retryNotice(limited, 2001)).toBe('Rate limited, trying again in 3 s.');
    expect(retryNotice(limited, 250)).toBe('Rate limited, trying again.');
    expect(retryNotice({ code: 'stream_cut', message: 'x' }, 1000)).toBe(
      'The connection broke, trying again in 1 s.',
    );
  });
});
