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

interface Block {
  readonly blockId: string | undefined;
  text: string;
}

/** More are only counted. */
const maxNotices = 200;

/** Collects what the terminal line sums up, from the events and observations in their order. */
export class TurnReport {
  private blocks: Block[] = [];
  private readonly named = new Map<string, Block>();
  private readonly toolCallIds = new Set<string>();
  private readonly notices: string[] = [];
  private noticeCount = 0;

  event(event: NormalizedEvent): void {
    if (event.kind === 'text' && event.parentCallId === undefined) {
      this.block(event.blockId).text += event.delta;
    } else if (event.kind === 'tool_call') {
      this.toolCallIds.add(event.call.id);
    }
  }

  observation(observation: Observation): void {
    if (observation.kind === 'notice') {
      this.noticeCount += 1;
      if (this.noticeCount <= maxNotices) {
        this.notices.push(observation.text);
      }
    } else if (observation.kind === 'retract') {
      const taken = this.named.get(observation.blockId);
      this.named.delete(observation.blockId);
      this.blocks = this.blocks.filter((block) => block !== taken);
    }
  }

  terminal(message: AssistantMessage): Terminal {
    const sum = this.sum();
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
      ...this.sum(),
    };
  }

  private sum(): Pick<Terminal, 'text' | 'toolCallIds' | 'notices'> {
    const hidden = this.noticeCount - this.notices.length;
    return {
      text: this.blocks.map((block) => block.text).join(''),
      toolCallIds: [...this.toolCallIds],
      notices:
        hidden === 0 ? this.notices : [...this.notices, `${hidden} more notices were left out.`],
    };
  }

  /** Pieces of several blocks can alternate; those without a name belong to the one before them. */
  private block(blockId: string | undefined): Block {
    const last = this.blocks.at(-1);
    const known =
      blockId !== undefined
        ? this.named.get(blockId)
        : last?.blockId === undefined
          ? last
          : undefined;
    if (known !== undefined) {
      return known;
    }
    const fresh: Block = { blockId, text: '' };
    this.blocks.push(fresh);
    if (blockId !== undefined) {
      this.named.set(blockId, fresh);
    }
    return fresh;
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
