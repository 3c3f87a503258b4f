import { assertNever } from '../base/assertNever';
import type { Message } from '../events/message';
import type { ModelRef } from '../runtime/contract';
import { turnText } from '../runtime/preamble';
import { estimateTextTokens } from '../transcript/tokenEstimate';

/** What goes to a model with the next prompt because it did not take part in the conversation so far. */
export type HandoverPrice =
  /** It made the last answer, or there is none yet. */
  | { readonly kind: 'nothing' }
  /** An agent that goes on in its own session and is told what was said elsewhere since. */
  | { readonly kind: 'caughtUp'; readonly tokens: number }
  /** An agent that is told the conversation, bounded. `isShortened`: not all of it. */
  | { readonly kind: 'told'; readonly tokens: number; readonly isShortened: boolean }
  /** A model behind an API, which reads the whole of what fits its window. */
  | { readonly kind: 'read'; readonly tokens: number; readonly isShortened: boolean };

export interface HandoverQuestion {
  readonly messages: readonly Message[];
  readonly model: ModelRef;
  /** The agent's session of this branch, folder and runtime can be resumed. */
  readonly isResumable: boolean;
  /** What fits the window of a model, and its tokens. */
  readonly window: (messages: readonly Message[]) => {
    readonly tokens: number;
    readonly droppedCount: number;
  };
}

/** Pure; an estimate of ours, before anything is sent. */
export function handoverPrice(question: HandoverQuestion): HandoverPrice {
  const { messages, model, isResumable, window } = question;
  const last = messages.findLast((message) => message.role === 'assistant');
  if (last?.role !== 'assistant' || isFrom(last, model)) {
    return { kind: 'nothing' };
  }
  if (model.runtime === undefined) {
    const { tokens, droppedCount } = window(messages);
    return { kind: 'read', tokens, isShortened: droppedCount > 0 };
  }
  const next: Message = { role: 'user', text: '', createdAtMs: 0 };
  const context = { systemPrompt: '', tools: [], messages: [...messages, next] };
  const text = turnText(context, model, isResumable);
  const tokens = estimateTextTokens(text);
  if (isResumable) {
    return text === '' ? { kind: 'nothing' } : { kind: 'caughtUp', tokens };
  }
  return {
    kind: 'told',
    tokens,
    isShortened: /earlier messages left out|… \(shortened\) …/.test(text),
  };
}

/** One line for the composer; undefined where nothing is worth a word. */
export function handoverText(price: HandoverPrice, runtimeName: string): string | undefined {
  switch (price.kind) {
    case 'nothing':
      return undefined;
    case 'caughtUp':
      return `${runtimeName} goes on in its own session. What was said elsewhere since goes along: ${about(price.tokens)}.`;
    case 'told':
      return `${runtimeName} was not in this conversation. With your next message it is told what was said${price.isShortened ? ', shortened' : ''}: ${about(price.tokens)}.`;
    case 'read':
      return `${runtimeName} reads this conversation with your next message${price.isShortened ? ', without its oldest part' : ''}: ${about(price.tokens)}.`;
    default:
      return assertNever(price);
  }
}

function isFrom(message: Extract<Message, { role: 'assistant' }>, model: ModelRef): boolean {
  return (
    message.api === model.api &&
    message.provider === model.provider &&
    message.model === model.model &&
    message.toolSource === model.toolSource
  );
}

/** `about 3,400 tokens`: two digits are as much as an estimate is worth. */
function about(tokens: number): string {
  const digits = Math.max(0, String(tokens).length - 2);
  const rounded = Math.round(tokens / 10 ** digits) * 10 ** digits;
  return `about ${String(rounded).replace(/\B(?=(\d{3})+$)/g, ',')} tokens`;
}
