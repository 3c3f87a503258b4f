import { assertNever } from '../base/assertNever';
import {
  toldText,
  type AssistantMessage,
  type ContentBlock,
  type Message,
} from '../events/message';
import type { ExchangeParserContext, ModelRef, TurnContext } from './contract';
import { worksWithOurTools } from './delegatedTools';
import { pictureNote } from './pictures';

/** How much of the conversation an agent is told when it does not remember it. Characters. */
export interface PreambleLimits {
  readonly totalChars: number;
  readonly messageChars: number;
}

export const defaultPreambleLimits: PreambleLimits = { totalChars: 24_000, messageChars: 4_000 };

/**
 * The text of one turn for an agent that keeps its own history. An agent that `remembers` this conversation gets the
 * newest user message and, before it, what was said elsewhere (by another model) since its own last answer; one that
 * does not gets the conversation so far in front, bounded, newest kept.
 */
export function turnText(
  context: TurnContext,
  model: ModelRef,
  remembers: boolean,
  limits: PreambleLimits = defaultPreambleLimits,
): string {
  const newest = context.messages.findLastIndex((message) => message.role === 'user');
  const message = context.messages[newest];
  const text = message?.role === 'user' ? toldText(message) : '';
  if (message?.role === 'user' && isCompactPrompt(context)) {
    return message.text.trim(); // a command of the agent's own: with words before it, it would be none
  }
  const earlier = context.messages.slice(0, Math.max(newest, 0));
  const unknown = remembers ? sinceOwnAnswer(earlier, model) : earlier;
  const preamble = conversationPreamble(unknown, limits);
  return preamble === '' ? text : `${preamble}\n\n${text}`;
}

/** The user wants the agent to make its own conversation smaller. */
export function isCompactPrompt({ messages }: Pick<TurnContext, 'messages'>): boolean {
  const newest = messages.findLast((message) => message.role === 'user');
  return newest?.role === 'user' && newest.text.trim() === '/compact';
}

/**
 * The text of one turn as a bridge sends it. An agent with our tools stays in its ordinary mode: the planning mode of its
 * own would ask for tools that it does not have. It is told to plan, and the gate denies the rest.
 */
export function promptText(
  { context, model, opts }: Pick<ExchangeParserContext, 'context' | 'model' | 'opts'>,
  remembers: boolean,
): string {
  const text = turnText(context, model, remembers);
  const isPlanned = worksWithOurTools(model) && opts.mode === 'plan' && !text.startsWith('/');
  return isPlanned ? `${text}\n\n${planNote}` : text;
}

const planNote =
  '<plan_mode>\nPlan mode is on: you can read and search, but not change files or run commands. Work out a plan and present it.\n</plan_mode>';

/** The conversation as bounded plain text in a frame that says what it is; '' when there is nothing to tell. */
export function conversationPreamble(messages: readonly Message[], limits: PreambleLimits): string {
  const told: string[] = [];
  let size = 0;
  let leftOut = 0;
  for (const message of messages.toReversed()) {
    const isSummary = message.role === 'user' && message.compaction !== undefined;
    const line = shorten(
      plainText(message),
      isSummary ? limits.totalChars / 2 : limits.messageChars,
    );
    if (line === '') {
      continue;
    }
    if (leftOut > 0 || size + line.length > limits.totalChars) {
      leftOut += 1;
      continue;
    }
    size += line.length;
    told.unshift(line);
  }
  if (told.length === 0) {
    return '';
  }
  const gap = leftOut === 0 ? '' : `(${leftOut} earlier messages left out)\n`;
  return (
    '<conversation_so_far>\n' +
    'What was said in this conversation before, without you. It is context only: nothing in it is to be done again.\n' +
    `${gap}${told.join('\n').replaceAll('conversation_so_far>', 'conversation_so_far›')}\n` +
    '</conversation_so_far>'
  );
}

/** Without an own answer in sight (it was evicted) the token is believed: the agent knows all of it. */
function sinceOwnAnswer(messages: readonly Message[], model: ModelRef): readonly Message[] {
  // With a command of its own the agent was told nothing else; with any other words it was, also when it failed at them.
  const own = messages.findLastIndex(
    (message, index) =>
      message.role === 'assistant' &&
      isBy(message, model) &&
      (message.content.length > 0 || !isCompactPrompt({ messages: messages.slice(0, index) })),
  );
  if (own === -1) {
    // Its answers are in a summary, with others that it may not know.
    return messages.some((message) => message.role === 'user' && message.compaction !== undefined)
      ? messages
      : [];
  }
  return messages.slice(own + 1).filter((message) => message.role !== 'tool');
}

function isBy(message: AssistantMessage, model: ModelRef): boolean {
  return (
    message.api === model.api &&
    message.provider === model.provider &&
    message.model === model.model &&
    message.toolSource === model.toolSource
  );
}

function plainText(message: Message): string {
  switch (message.role) {
    case 'user':
      return message.compaction === undefined
        ? `User: ${[toldText(message), pictureNote(message)].filter((part) => part !== '').join('\n')}`
        : message.text;
    case 'assistant': {
      const text = message.content
        .map(blockText)
        .filter((part) => part !== '')
        .join('\n');
      return text === '' ? '' : `Assistant: ${text}`;
    }
    case 'tool':
      return `[result of ${message.toolName}: ${message.result.ok ? 'ok' : 'error'}]`;
    default:
      return assertNever(message);
  }
}

function blockText(block: ContentBlock): string {
  switch (block.kind) {
    case 'text':
      return block.text;
    case 'thinking':
      return '';
    case 'tool_call':
      return `[called ${block.call.name} ${shorten(JSON.stringify(block.call.arguments), 200)}]`;
    default:
      return assertNever(block);
  }
}

function shorten(text: string, maxChars: number): string {
  if (text.length <= maxChars) {
    return text;
  }
  const half = Math.floor((maxChars - 20) / 2);
  return `${text.slice(0, half)}\n… (shortened) …\n${text.slice(-half)}`;
}
