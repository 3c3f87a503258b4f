import { createId } from '../base/ids';
import type { ContentBlock, Message } from '../events/message';
import type { ToolCall } from '../events/toolCall';
import { estimateTextTokens, imageTokens, messageFramingTokens } from './tokenEstimate';

export type TurnRole = 'system' | 'user' | 'assistant' | 'tool';

export type TurnBlock =
  ContentBlock | { readonly kind: 'image'; readonly mediaType: string; readonly sizeBytes: number };

/**
 * One turn of the window: what a model sees, and what the store needs to decide what it sees. Frozen. `content` is the
 * text; `tokens` the estimate of the whole turn, calls and framing included.
 */
export interface Turn {
  readonly id: string;
  readonly role: TurnRole;
  readonly content: string;
  readonly tokens: number;
  readonly toolName?: string;
  readonly toolCallId?: string;
  readonly toolCalls?: readonly ToolCall[];
  /** Kept word for word, through eviction and compression, while the reason holds. */
  readonly nonDroppable?: boolean;
  readonly nonDroppableReason?: string;
  readonly createdAtMs: number;
  readonly provider?: string;
  readonly model?: string;
  readonly blocks?: readonly TurnBlock[];
  readonly executedBy?: 'host' | 'child';
  /** The message this turn was made from, while the turn still says the same. */
  readonly source?: Message;
}

export type TurnFields = Omit<Turn, 'id' | 'tokens' | 'createdAtMs'> &
  Partial<Pick<Turn, 'id' | 'tokens' | 'createdAtMs'>>;

/** Makes a frozen turn; the id is fresh and the tokens are estimated unless given. */
export function createTurn(fields: TurnFields): Turn {
  return Object.freeze({
    ...fields,
    id: fields.id ?? createId('turn'),
    createdAtMs: fields.createdAtMs ?? 0,
    tokens: fields.tokens ?? estimateTurnTokens(fields),
  });
}

/** An assistant turn that only calls tools. */
export function assistantWithToolCalls(
  calls: readonly ToolCall[],
  fields: Partial<TurnFields> = {},
): Turn {
  return createTurn({ ...fields, role: 'assistant', content: '', toolCalls: calls });
}

export function estimateTurnTokens(fields: TurnFields): number {
  const calls = (fields.toolCalls ?? []).reduce(
    (sum, call) =>
      sum +
      estimateTextTokens(call.name) +
      estimateTextTokens(JSON.stringify(call.arguments)) +
      messageFramingTokens,
    0,
  );
  const blocks = (fields.blocks ?? []).reduce(
    (sum, block) =>
      sum +
      (block.kind === 'image'
        ? imageTokens
        : block.kind === 'thinking'
          ? estimateTextTokens(block.text)
          : 0),
    0,
  );
  return messageFramingTokens + estimateTextTokens(fields.content) + calls + blocks;
}
