import type { Message } from '../events/message';
import { isSummary } from './compactionView';
import { callsOf } from './pairs';
import { defaultBudgetTokens } from './transcriptStore';
import { answerReserveTokens, usedWindowShare } from './limits';

/** What automatic compaction leaves as it is, about. */
export const keptTailTokens = 6000;

/**
 * Up to this many tokens a request may have before the conversation is summarised: three quarters of the window without
 * what the answer needs. Never negative; the default budget where nobody knows the window.
 */
export function compactionLimit(contextWindowTokens: number | undefined): number {
  return contextWindowTokens === undefined
    ? defaultBudgetTokens
    : Math.max(0, (contextWindowTokens - answerReserveTokens) * usedWindowShare);
}

/** Strictly above the limit. */
export function needsCompaction(
  requestTokens: number,
  contextWindowTokens: number | undefined,
): boolean {
  return requestTokens > compactionLimit(contextWindowTokens);
}

/** What goes into the summary and what stays; together they are the conversation as it is sent. */
export interface CompactionPlan {
  readonly summarized: readonly Message[];
  readonly kept: readonly Message[];
}

export type Tail =
  /** About so many tokens at the end, and at least the newest question. */
  | { readonly kind: 'tokens'; readonly tokens: number }
  /** The last message of the user and what came of it. */
  | { readonly kind: 'lastUserTurn' };

/**
 * Where to cut a conversation (as `messagesInUse` gives it). What stays never begins with the result of a tool, and no
 * call is parted from its result, whatever stands between them. Undefined when there is nothing to summarise.
 */
export function planCompaction(
  messages: readonly Message[],
  tail: Tail,
  tokensOf: (message: Message) => number,
): CompactionPlan | undefined {
  const lastUser = messages.findLastIndex(
    (message) => message.role === 'user' && !isSummary(message),
  );
  if (lastUser < 0) {
    return undefined;
  }
  const cut = cutFor(messages, lastUser, tail, tokensOf);
  const summarized = messages.slice(0, cut);
  // An earlier summary alone is short already.
  return summarized.every(isSummary) ? undefined : { summarized, kept: messages.slice(cut) };
}

function cutFor(
  messages: readonly Message[],
  lastUser: number,
  tail: Tail,
  tokensOf: (message: Message) => number,
): number {
  const lowest = lowestPartner(messages);
  const isWhole = (at: number): boolean =>
    messages[at]?.role !== 'tool' && (lowest[at] ?? at) >= at;
  if (tail.kind === 'lastUserTurn') {
    return safeAtOrBefore(lastUser, isWhole);
  }
  let tokens = 0;
  let cut = safeAtOrBefore(lastUser, isWhole);
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = messages[at];
    tokens += message === undefined || isSummary(message) ? 0 : tokensOf(message);
    if (tokens > tail.tokens) {
      break;
    }
    if (at < cut && isWhole(at)) {
      cut = at;
    }
  }
  return cut;
}

function safeAtOrBefore(from: number, isWhole: (at: number) => boolean): number {
  let at = from;
  while (at > 0 && !isWhole(at)) {
    at -= 1;
  }
  return at;
}

/** For each place the first message that something at or behind it belongs to: a cut must not part them. */
function lowestPartner(messages: readonly Message[]): readonly number[] {
  const callers = new Map<string, number>();
  const lowest = messages.map((message, at) => {
    if (message.role === 'assistant') {
      callsOf(message).forEach((call) => callers.set(call.id, at));
    }
    return message.role === 'tool' ? (callers.get(message.callId) ?? at) : at;
  });
  for (let at = lowest.length - 2; at >= 0; at--) {
    lowest[at] = Math.min(lowest[at] ?? at, lowest[at + 1] ?? at);
  }
  return lowest;
}
