import type { Message, UserMessage } from '../events/message';
import { digestOf, type SummaryHeading } from './summary';

/** Steps go many at a time, so that what is sent begins the same for several rounds: a provider's cache knows it then. */
const stepsAtOnce = 8;
/** The share of the budget that the words about what was left out may take. */
const noteShare = 1 / 8;
const charsPerToken = 3;
const headings: readonly SummaryHeading[] = ['Status', 'Rationale', 'Plan', 'Carry-over'];

export interface CondensedExchange {
  readonly messages: readonly Message[];
  /** Messages that were left out. */
  readonly droppedCount: number;
}

/**
 * The last exchange of a conversation, the running one, without its oldest steps: a question is never cut, but what was
 * done for it may be more than a window holds. A step is what the model said with all results of its calls; the newest
 * stays whatever it is, with its results as they are in `whole`, unless they alone take half of the budget. What was left out is told as a note with the question. The same array when nothing can go.
 */
export function condenseExchange(
  shortened: readonly Message[],
  whole: readonly Message[],
  budgetTokens: number,
  tokensOf: (message: Message) => number,
): CondensedExchange {
  const messages = withWholeNewest(shortened, whole, budgetTokens / 2, tokensOf);
  const questionAt = messages.findLastIndex(({ role }) => role === 'user');
  const question = messages[questionAt];
  const steps = stepsOf(messages.slice(questionAt + 1));
  const sum = (all: readonly Message[]): number =>
    all.reduce((tokens, message) => tokens + tokensOf(message), 0);
  const total = sum(messages);
  if (question?.role !== 'user' || steps.length < 2 || total <= budgetTokens) {
    return { messages: shortened, droppedCount: 0 };
  }
  const noteTokens = Math.ceil(budgetTokens * noteShare);
  let excess = total + noteTokens - budgetTokens;
  let count = 0;
  while (count < steps.length - 1 && excess > 0) {
    excess -= sum(steps[count] ?? []);
    count += 1;
  }
  count = Math.min(steps.length - 1, Math.ceil(count / stepsAtOnce) * stepsAtOnce);
  const dropped = steps.slice(0, count).flat();
  const told = withNote(question, dropped, Math.floor(noteTokens * charsPerToken));
  const kept = [...messages.slice(0, questionAt), told, ...steps.slice(count).flat()];
  return sum(kept) < total
    ? { messages: kept, droppedCount: dropped.length }
    : { messages: shortened, droppedCount: 0 };
}

/** The model has not seen the newest results yet: older ones were shortened to no avail, these need not be. */
function withWholeNewest(
  shortened: readonly Message[],
  whole: readonly Message[],
  maxTokens: number,
  tokensOf: (message: Message) => number,
): readonly Message[] {
  const newest = shortened.findLastIndex(({ role }) => role === 'assistant');
  const results = new Map(
    whole
      .slice(whole.findLastIndex(({ role }) => role === 'assistant') + 1)
      .flatMap((message) => (message.role === 'tool' ? [[message.callId, message] as const] : [])),
  );
  const restored = shortened.map((message, at) =>
    at > newest && message.role === 'tool' ? (results.get(message.callId) ?? message) : message,
  );
  const tokens = restored.slice(newest).reduce((sum, message) => sum + tokensOf(message), 0);
  return newest < 0 || tokens > maxTokens ? shortened : restored;
}

/** The results of a message stand right behind it. */
function stepsOf(messages: readonly Message[]): readonly (readonly Message[])[] {
  const steps: Message[][] = [];
  for (const message of messages) {
    const step = steps.at(-1);
    if (message.role === 'tool' && step !== undefined) {
      step.push(message);
    } else {
      steps.push([message]);
    }
  }
  return steps;
}

function withNote(
  question: UserMessage,
  dropped: readonly Message[],
  maxChars: number,
): UserMessage {
  const digest = digestOf(dropped);
  const parts = headings.flatMap((heading) =>
    digest[heading] === '' ? [] : [`${heading}:\n${digest[heading]}`],
  );
  const opening =
    'What you did for this message so far is more than the context holds. The oldest steps are left out; nothing of them is to be done again.';
  const text = [opening, ...parts].join('\n\n');
  const note = text.length > maxChars ? `${text.slice(0, Math.max(0, maxChars - 1))}…` : text;
  return { ...question, notes: [...(question.notes ?? []), note] };
}
