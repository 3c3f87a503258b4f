import { assertNever } from '../base/assertNever';
import type { Failure } from '../events/failure';
import type { UsageTotal } from '../events/usageTotal';

/** Why a session is not as it should be. Only `persistence` leaves a turn running. */
export type SessionFault =
  | { readonly kind: 'model'; readonly failure: Failure }
  /** A tool of ours broke the turn, not only its own call. */
  | { readonly kind: 'tool'; readonly message: string }
  | { readonly kind: 'persistence'; readonly message: string }
  | { readonly kind: 'aborted' }
  /** The conversation does not fit the model's window. */
  | { readonly kind: 'overflow'; readonly failure: Failure };

export function faultOf(failure: Failure): SessionFault {
  if (failure.aborted === true) {
    return { kind: 'aborted' };
  }
  return failure.code === 'context_overflow'
    ? { kind: 'overflow', failure }
    : { kind: 'model', failure };
}

/** One line about a fault; undefined where there is nothing to tell. */
export function faultText(fault: SessionFault): string | undefined {
  switch (fault.kind) {
    case 'model':
    case 'overflow':
      return fault.failure.message;
    case 'tool':
    case 'persistence':
      return fault.message;
    case 'aborted':
      return undefined;
    default:
      return assertNever(fault);
  }
}

/** How a turn ended. */
export type TurnOutcome = 'done' | 'aborted' | 'failed';

/**
 * What a session tells while it works, in order: our own union, whatever a runtime's events are called. The items and
 * their deltas say how it looks; this says what happened.
 */
export type SessionSignal =
  | { readonly kind: 'prompt'; readonly turnId: string; readonly text: string }
  | { readonly kind: 'text'; readonly delta: string }
  | { readonly kind: 'thinking'; readonly delta: string }
  | { readonly kind: 'tool_start'; readonly callId: string; readonly toolName: string }
  | { readonly kind: 'tool_end'; readonly callId: string; readonly ok: boolean }
  | {
      readonly kind: 'turn_end';
      readonly turnId: string;
      readonly outcome: TurnOutcome;
      /** What the turn used, as far as it was told. */
      readonly usage: UsageTotal;
    }
  /** Everything up to the end of this turn is on disk. */
  | { readonly kind: 'persisted'; readonly turnId: string }
  | { readonly kind: 'compacted'; readonly by: 'patchbay' | 'agent' }
  | { readonly kind: 'fault'; readonly fault: SessionFault }
  /** `count` prompts wait now; `isHeld`: they wait for the user, nothing sends them by itself. */
  | { readonly kind: 'queue'; readonly count: number; readonly isHeld: boolean }
  | { readonly kind: 'idle' };
