import type { Failure } from '../events/failure';
import type { AssistantMessage } from '../events/message';
import type { NormalizedEvent } from '../events/normalizedEvent';
import type { Observation } from '../events/observation';
import type { AuditRecord, Effect } from '../gate/contract';

/** One line of the headless output. `terminal` comes last and exactly once per turn. */
export type HeadlessLine =
  | { readonly event: NormalizedEvent }
  | { readonly observation: Observation }
  | {
      readonly permission: {
        readonly effects: readonly Effect[];
        readonly decision: 'allow' | 'deny';
        readonly reason: string;
      };
    }
  | { readonly audit: AuditRecord }
  | { readonly terminal: Terminal };

export interface Terminal {
  readonly kind: 'finish' | 'failed' | 'cancelled';
  readonly reason?: string;
  readonly message?: string;
  /** All answer text, after retractions; a sub-agent's text is not part of the answer. */
  readonly text: string;
  readonly toolCallIds: readonly string[];
  readonly notices: readonly string[];
}

/** Collects what the terminal line sums up, from the events and observations in their order. */
export class TurnReport {
  private readonly blocks: { readonly blockId: string | undefined; text: string }[] = [];
  private readonly toolCallIds = new Set<string>();
  private readonly notices: string[] = [];

  event(event: NormalizedEvent): void {
    if (event.kind === 'text' && event.parentCallId === undefined) {
      const last = this.blocks.at(-1);
      if (last !== undefined && last.blockId === event.blockId) {
        last.text += event.delta;
      } else {
        this.blocks.push({ blockId: event.blockId, text: event.delta });
      }
    } else if (event.kind === 'tool_call') {
      this.toolCallIds.add(event.call.id);
    }
  }

  observation(observation: Observation): void {
    if (observation.kind === 'notice') {
      this.notices.push(observation.text);
    } else if (observation.kind === 'retract') {
      for (const block of this.blocks) {
        if (block.blockId === observation.blockId) {
          block.text = '';
        }
      }
    }
  }

  terminal(message: AssistantMessage): Terminal {
    const sum = {
      text: this.blocks.map((block) => block.text).join(''),
      toolCallIds: [...this.toolCallIds],
      notices: this.notices,
    };
    switch (message.stopReason) {
      case 'error':
        return { kind: 'failed', ...reasonOf(message.failure, message.errorMessage), ...sum };
      case 'aborted':
        return { kind: 'cancelled', ...reasonOf(message.failure, message.errorMessage), ...sum };
      default:
        return { kind: 'finish', reason: message.stopReason, ...sum };
    }
  }

  failed(text: string): Terminal {
    return {
      kind: 'failed',
      reason: 'unknown',
      message: text,
      text: this.blocks.map((block) => block.text).join(''),
      toolCallIds: [...this.toolCallIds],
      notices: this.notices,
    };
  }
}

/** 0 finish, 1 failed, 2 cancelled. */
export function exitCodeOf(terminal: Terminal): number {
  switch (terminal.kind) {
    case 'finish':
      return 0;
    case 'failed':
      return 1;
    case 'cancelled':
      return 2;
  }
}

function reasonOf(
  failure: Failure | undefined,
  message: string | undefined,
): { readonly reason: string; readonly message: string } {
  return {
    reason: failure?.code ?? 'unknown',
    message: failure?.message ?? message ?? 'The turn failed.',
  };
}
