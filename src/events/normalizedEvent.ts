import type { Failure } from './failure';
import type { ToolCall } from './toolCall';

export type FinishReason = 'stop' | 'length' | 'toolUse';

/**
 * The closed union that every provider and every bridge parses its dialect into. Six kinds, no more: what else an
 * agent says travels beside it as an `Observation`.
 */
export type NormalizedEvent =
  | {
      readonly kind: 'text';
      readonly delta: string;
      /** The dialect's own name of the block, so that a later `retract` can take it back. */
      readonly blockId?: string;
      readonly parentCallId?: string;
    }
  | {
      readonly kind: 'thinking';
      readonly delta: string;
      readonly blockId?: string;
      /** Opaque proof that the same provider wants back with the block; belongs to the open thinking block. */
      readonly signature?: string;
      /** The delta is not readable text: only the signature counts. */
      readonly isRedacted?: boolean;
      readonly parentCallId?: string;
    }
  | { readonly kind: 'tool_call'; readonly call: ToolCall; readonly parentCallId?: string }
  /** `agentVersion` is the agent's own version where it says it together with the token. */
  | {
      readonly kind: 'resume';
      readonly token: string;
      readonly agentVersion?: string;
      readonly parentCallId?: string;
    }
  | { readonly kind: 'finish'; readonly reason: FinishReason; readonly parentCallId?: string }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly parentCallId?: string };

export type NormalizedEventKind = NormalizedEvent['kind'];

export const NORMALIZED_EVENT_KINDS = [
  'text',
  'thinking',
  'tool_call',
  'resume',
  'finish',
  'failed',
] as const satisfies readonly NormalizedEventKind[];
