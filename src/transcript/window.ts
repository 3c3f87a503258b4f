import type { Message } from '../events/message';
import { defaultSummaryTemplate } from './compression';
import { turnFromMessage } from './serialize';
import { defaultBudgetTokens, TranscriptStore } from './transcriptStore';
import type { Turn } from './turn';

/** What the answer and the provider's own framing need of a model's window, and the share of the rest that is used. */
const reserveTokens = 2048;
const usedShare = 0.75;

/** The budget for a model's window; the default where nobody reported one. */
export function budgetForWindow(contextWindowTokens: number | undefined): number {
  return contextWindowTokens === undefined
    ? defaultBudgetTokens
    : Math.max(0, Math.floor((contextWindowTokens - reserveTokens) * usedShare));
}

export interface WindowOfMessages {
  readonly messages: readonly Message[];
  readonly tokens: number;
  readonly droppedCount: number;
  /** Tokens above the budget that cannot go: the newest question is never cut. */
  readonly overflowTokens: number;
}

/**
 * Makes the function that picks what of a conversation is sent: long tool results are shortened first, then the oldest
 * exchanges go. Estimates are remembered per message, so that a long conversation is not counted anew each round.
 */
export function createWindow(): (
  messages: readonly Message[],
  budgetTokens?: number,
) => WindowOfMessages {
  const turns = new WeakMap<Message, Turn>();
  const toTurn = (message: Message): Turn => {
    const known = turns.get(message) ?? turnFromMessage(message);
    turns.set(message, known);
    return known;
  };
  return (messages, budgetTokens = defaultBudgetTokens) => {
    const { store } = TranscriptStore.fromMessages(messages, { budgetTokens, toTurn });
    store.replaceOldestToolResults(defaultSummaryTemplate);
    const droppedCount = store.maybeEvict();
    return {
      messages: store.messages(),
      tokens: store.tokenCount,
      droppedCount,
      overflowTokens: store.overflowTokens,
    };
  };
}
