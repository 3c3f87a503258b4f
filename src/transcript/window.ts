import type { Message } from '../events/message';
import { defaultSummaryTemplate } from './compression';
import { answerReserveTokens, usedWindowShare } from './limits';
import { turnFromMessage } from './serialize';
import { defaultBudgetTokens, TranscriptStore } from './transcriptStore';
import type { Turn } from './turn';

/** What else is known of a request, for its budget. */
export interface BudgetFacts {
  /** System prompt and tools, in the provider's tokens: where they need more than the unused share, less is left. */
  readonly overheadTokens?: number;
  /** How many of the provider's tokens one of ours is; see `TokenFactors`. */
  readonly factor?: number;
}

/**
 * The budget for the messages in a model's window, in estimated tokens; the default where nobody reported a window.
 */
export function budgetForWindow(
  contextWindowTokens: number | undefined,
  { overheadTokens = 0, factor = 1 }: BudgetFacts = {},
): number {
  if (contextWindowTokens === undefined) {
    return defaultBudgetTokens;
  }
  const free = contextWindowTokens - answerReserveTokens;
  const budget = Math.min(free * usedWindowShare, free - overheadTokens);
  return Math.max(0, Math.floor(budget / factor));
}

export interface WindowOfMessages {
  readonly messages: readonly Message[];
  readonly tokens: number;
  readonly droppedCount: number;
  /** Tokens above the budget that cannot go: the newest question is never cut. */
  readonly overflowTokens: number;
}

/**
 * Makes the function that picks what of a conversation is sent: long tool results that were answered are shortened
 * first, then the oldest exchanges go, and what no model has read yet is shortened last. Estimates are remembered per message, so that a long conversation is not counted anew each round.
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
    store.replaceOldestToolResults(defaultSummaryTemplate, budgetTokens, { keepsUnread: true });
    const droppedCount = store.maybeEvict();
    store.replaceOldestToolResults(defaultSummaryTemplate);
    return {
      messages: store.messages(),
      tokens: store.tokenCount,
      droppedCount,
      overflowTokens: store.overflowTokens,
    };
  };
}
