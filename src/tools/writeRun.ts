import type { Clock } from '../base/clock';
import { Deferred } from '../base/deferred';
import { errorMessage, PatchbayError } from '../base/patchbayError';
import { toolOk } from '../events/toolCall';
import { failedEnd, type CallEnd } from './callRecords';
import type { WriteOutcome } from './contract';
import { runWithDeadline } from './toolRun';

export type WriteStep =
  | { readonly kind: 'written'; readonly outcome: WriteOutcome }
  | { readonly kind: 'stale' }
  | { readonly kind: 'failed'; readonly end: CallEnd };

export interface WriteRun {
  readonly tool: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** True where nobody waits for the answer: then a write that has begun is waited for as long as it takes. */
  readonly isPatient: boolean;
  /** Calls `begin` right before the file is touched. */
  readonly write: (begin: () => void) => Promise<WriteOutcome>;
  readonly isStale: (error: unknown) => boolean;
  /** It was left behind, told as timed out, and is done after all. */
  readonly onLate: () => void;
}

/**
 * Runs a write with a signal and a deadline. Both keep it from beginning; once it has begun nothing takes it back, so a
 * stop waits for its end and the deadline says that nobody knows it. Never rejects.
 */
export async function runWrite(run: WriteRun): Promise<WriteStep> {
  const { signal, clock, tool, timeoutMs } = run;
  const stop = new AbortController();
  const state: { hasBegun: boolean; step?: WriteStep } = { hasBegun: false };
  const ended = new Deferred<WriteStep>();
  const onAbort = (): void => {
    if (!state.hasBegun) {
      stop.abort();
    }
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) {
    onAbort();
  }
  const reached = (step: WriteStep): void => {
    state.step = step;
    ended.resolve(step);
  };
  const end = await runWithDeadline(tool, timeoutMs, stop.signal, clock, async (own) => {
    try {
      const outcome = await run.write(() => {
        refuseWhenStopped(own);
        state.hasBegun = true;
      });
      reached({ kind: 'written', outcome });
      return toolOk('');
    } catch (error) {
      reached(
        run.isStale(error)
          ? { kind: 'stale' }
          : { kind: 'failed', end: failedEnd(errorMessage(error)) },
      );
      throw error;
    }
  });
  signal.removeEventListener('abort', onAbort);
  const { step, hasBegun } = state;
  if (step !== undefined || !hasBegun) {
    return step === undefined || step.kind === 'failed' ? { kind: 'failed', end } : step;
  }
  if (run.isPatient) {
    return await ended.promise;
  }
  void ended.promise.then(({ kind }) => (kind === 'written' ? run.onLate() : undefined));
  return { kind: 'failed', end: { ...end, result: { ...end.result, output: underWay } } };
}

/** Asked right before a file is touched: a stop that came while something else was waited for counts. */
export function refuseWhenStopped(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new PatchbayError('aborted', 'stopped before the write; nothing was written');
  }
}

const underWay =
  'The write had begun and cannot be stopped: whether the file is changed is not known yet. Read it before you go on.';
