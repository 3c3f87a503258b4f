import type { Message } from '../events/message';
import { defaultSummaryTemplate } from './compression';
import { answerReserveTokens, usedWindowShare } from './limits';
import { condenseExchange } from './runningExchange';
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
 * first, then the oldest exchanges go, then what no model has read yet is shortened, and last, of the running exchange
 * alone, its oldest steps go. Estimates are remembered per message, so that a long conversation is not counted anew each
 * round.
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
    if (store.overflowTokens === 0) {
      const { tokenCount: tokens } = store;
      return { messages: store.messages(), tokens, droppedCount, overflowTokens: 0 };
    }
    store.replaceOldestToolResults(defaultSummaryTemplate);
    const condensed = condenseExchange(
      store.messages(),
      messages,
      budgetTokens,
      (message) => toTurn(message).tokens,
    );
    const tokens = condensed.messages.reduce((sum, message) => sum + toTurn(message).tokens, 0);
    return {
      messages: condensed.messages,
      tokens,
      droppedCount: droppedCount + condensed.droppedCount,
      overflowTokens: Math.max(0, tokens - budgetTokens),
    };
  };
}
