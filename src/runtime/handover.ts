import type { JsonObject } from '../base/json';
import {
  toldText,
  type AssistantMessage,
  type ContentBlock,
  type ImageContent,
  type Message,
  type ToolResultMessage,
  type UserMessage,
} from '../events/message';
import type { ToolCall, ToolResult } from '../events/toolCall';

/** The model that a conversation is handed to, as assistant messages are stamped. */
export interface HandoverTarget {
  readonly api: string;
  readonly provider: string;
  readonly model: string;
  /** Longest tool-call id that it takes; letters, digits, `_` and `-` only. */
  readonly maxCallIdLength: number;
  /** Takes the ids that it made as they were: some models read a meaning into their form. */
  readonly keepsOwnCallIds?: boolean;
  /** Leaves signed and redacted thinking out altogether: an API refused what it had signed before. */
  readonly withoutSignatures?: boolean;
}

export type HandoverBlock =
  | { readonly kind: 'text'; readonly text: string }
  /** Only for the model that made it; `signature` is what it wants back. */
  | {
      readonly kind: 'thinking';
      readonly text: string;
      readonly signature: string;
      readonly isRedacted: boolean;
    }
  | {
      readonly kind: 'call';
      readonly id: string;
      readonly name: string;
      readonly arguments: JsonObject;
    };

interface HandoverResult {
  readonly callId: string;
  readonly toolName: string;
  readonly text: string;
  readonly isError: boolean;
}

/**
 * A conversation as any model API takes it: begins with `user`, never two messages of one role in a row (a `tool`
 * message belongs to the `assistant` message before it and holds a result for each of its calls, in their order).
 */
export type HandoverMessage =
  | {
      readonly role: 'user';
      readonly texts: readonly string[];
      /** Pictures that came with the texts; they stand before them. */
      readonly images?: readonly ImageContent[];
    }
  | { readonly role: 'assistant'; readonly blocks: readonly HandoverBlock[] }
  | { readonly role: 'tool'; readonly results: readonly HandoverResult[] };

/**
 * Converts a conversation for a target. Pure.
 * - Errored and aborted assistant messages are left out, with the results of their calls: a half answer is not
 *   something the model said. What an agent had run by itself until then is told.
 * - Signed and redacted thinking goes back only to the model that made it; other thinking becomes text.
 * - Call ids are mapped to what the target takes, each id always to the same one; results follow their calls
 *   directly; a call without result gets an error result; a result without call is left out.
 * - Calls that an agent ran by itself become a note in the next user message: the target was never offered those
 *   tools, and a model that sees calls of foreign tools begins to make them.
 */
export function handOver(
  messages: readonly Message[],
  target: HandoverTarget,
): readonly HandoverMessage[] {
  const results = new Results(messages);
  const out: HandoverMessage[] = [];
  for (const message of messages) {
    switch (message.role) {
      case 'user':
        pushUserMessage(out, message);
        break;
      case 'assistant':
        if (message.stopReason !== 'error' && message.stopReason !== 'aborted') {
          pushAssistant(out, message, target, results);
        } else {
          pushUnfinished(out, message, results);
        }
        break;
      case 'tool':
        break;
    }
  }
  return out;
}

/** The results of calls, each for one call: ids may repeat in a conversation, and then the order tells which is whose. */
class Results {
  private readonly byCall = new Map<string, ToolResultMessage[]>();

  constructor(messages: readonly Message[]) {
    for (const message of messages) {
      if (message.role === 'tool') {
        this.byCall.set(message.callId, [...(this.byCall.get(message.callId) ?? []), message]);
      }
    }
  }

  take(callId: string): ToolResultMessage | undefined {
    return this.byCall.get(callId)?.shift();
  }
}

/** The id that a target takes for a call; equal ids give equal ids, different ids (almost surely) different ones. */
export function mapCallId(id: string, maxLength: number): string {
  if (/^[A-Za-z0-9_-]+$/.test(id) && id.length <= maxLength) {
    return id;
  }
  const digest = hash(id);
  const kept = id.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, maxLength - digest.length - 1);
  return `${kept}_${digest}`;
}

function wireCallId(
  id: string,
  isSameModel: boolean,
  { maxCallIdLength, keepsOwnCallIds }: HandoverTarget,
): string {
  return isSameModel && keepsOwnCallIds === true && id.length <= maxCallIdLength
    ? id
    : mapCallId(id, maxCallIdLength);
}

/** What a model is told of a result: the error first, then what there was of output. */
function resultText(result: ToolResult): string {
  if (result.ok) {
    return result.output === '' ? '(no output)' : result.output;
  }
  return result.output === '' ? result.error : `${result.error}\n\n${result.output}`;
}

const missingResult = 'No result: the call was not carried out.';

/** Where nothing was said beside a picture, words stand for it: not every reader takes pictures, and none empty texts. */
function pushUserMessage(out: HandoverMessage[], message: UserMessage): void {
  const { images = [] } = message;
  const text = toldText(message);
  if (images.length === 0) {
    pushUser(out, text);
  } else {
    addUser(out, [text.trim() === '' ? '(a picture)' : text], images);
  }
}

function pushUser(out: HandoverMessage[], text: string): void {
  addUser(out, [text.trim() === '' ? '(empty message)' : text], []);
}

function addUser(
  out: HandoverMessage[],
  texts: readonly string[],
  images: readonly ImageContent[],
): void {
  const last = out.at(-1);
  const isSame = last?.role === 'user';
  const all = [...(isSame ? (last.images ?? []) : []), ...images];
  const message: HandoverMessage = {
    role: 'user',
    texts: [...(isSame ? last.texts : []), ...texts],
    ...(all.length === 0 ? {} : { images: all }),
  };
  if (isSame) {
    out[out.length - 1] = message;
  } else {
    out.push(message);
  }
}

function pushAssistant(
  out: HandoverMessage[],
  message: AssistantMessage,
  target: HandoverTarget,
  results: Results,
): void {
  const isSameModel =
    message.api === target.api &&
    message.provider === target.provider &&
    message.model === target.model;
  const blocks = withoutTrailingThinking(
    message.content.flatMap((block) => toBlocks(block, isSameModel, target)),
  );
  if (blocks.length > 0) {
    pushBlocks(out, blocks);
  }
  const ours = message.content.flatMap((block) => callOf(block, 'host'));
  if (ours.length > 0) {
    out.push({
      role: 'tool',
      results: ours.map((call) =>
        toResult(call, wireCallId(call.id, isSameModel, target), results.take(call.id)),
      ),
    });
  }
  const theirs = message.content.flatMap((block) => callOf(block, 'child'));
  if (theirs.length > 0) {
    pushUser(out, agentNote(message, theirs, results));
  }
}

/** A half answer is nothing that the model said; but what an agent did before it ended is done. */
function pushUnfinished(out: HandoverMessage[], message: AssistantMessage, results: Results): void {
  const theirs = message.content.flatMap((block) => callOf(block, 'child'));
  for (const call of message.content.flatMap((block) => callOf(block, 'host'))) {
    results.take(call.id);
  }
  if (theirs.length > 0) {
    pushUser(out, `${agentNote(message, theirs, results)}\nThe turn ended before its end.`);
  }
}

function pushBlocks(out: HandoverMessage[], blocks: readonly HandoverBlock[]): void {
  const last = out.at(-1);
  if (last?.role === 'assistant') {
    out[out.length - 1] = { role: 'assistant', blocks: [...last.blocks, ...blocks] };
    return;
  }
  if (last === undefined) {
    pushUser(out, '(Earlier messages were left out.)');
  }
  out.push({ role: 'assistant', blocks });
}

function callOf(block: ContentBlock, executedBy: ToolCall['executedBy']): readonly ToolCall[] {
  const isWanted =
    block.kind === 'tool_call' &&
    block.call.executedBy === executedBy &&
    block.call.parentCallId === undefined;
  return isWanted ? [block.call] : [];
}

function toBlocks(
  block: ContentBlock,
  isSameModel: boolean,
  target: HandoverTarget,
): readonly HandoverBlock[] {
  switch (block.kind) {
    case 'text':
      // What a sub-agent said was for its own caller.
      return block.parentCallId !== undefined ? [] : asText(block.text);
    case 'thinking': {
      if (block.parentCallId !== undefined) {
        return [];
      }
      const isRedacted = block.isRedacted === true;
      if (isSameModel && block.signature !== undefined) {
        const { text, signature } = block;
        return target.withoutSignatures === true
          ? []
          : [{ kind: 'thinking', text, signature, isRedacted }];
      }
      return isRedacted ? [] : asText(block.text);
    }
    case 'tool_call': {
      const [call] = callOf(block, 'host');
      return call === undefined
        ? []
        : [
            {
              kind: 'call',
              id: wireCallId(call.id, isSameModel, target),
              name: call.name,
              arguments: call.arguments,
            },
          ];
    }
  }
}

function asText(text: string): readonly HandoverBlock[] {
  return text.trim() === '' ? [] : [{ kind: 'text', text }];
}

/** APIs refuse thinking that nothing follows: it belongs to the text or call after it. */
function withoutTrailingThinking(blocks: readonly HandoverBlock[]): readonly HandoverBlock[] {
  const lastKept = blocks.findLastIndex((block) => block.kind !== 'thinking');
  return blocks.slice(0, lastKept + 1);
}

function toResult(
  call: ToolCall,
  callId: string,
  message: ToolResultMessage | undefined,
): HandoverResult {
  const base = { callId, toolName: call.name };
  return message === undefined
    ? { ...base, text: missingResult, isError: true }
    : { ...base, text: resultText(message.result), isError: !message.result.ok };
}

const noteResultChars = 1500;
const noteInputChars = 400;

function agentNote(
  message: AssistantMessage,
  calls: readonly ToolCall[],
  results: Results,
): string {
  const lines = calls.map((call) => {
    const result = results.take(call.id)?.result;
    const outcome =
      result === undefined
        ? 'no result'
        : `${result.ok ? 'ok' : 'error'}: ${cut(resultText(result), noteResultChars)}`;
    return `- ${call.name} ${cut(JSON.stringify(call.arguments), noteInputChars)}\n  ${outcome}`;
  });
  return `[Note from the editor: in the turn above, the agent ${message.provider} ran these calls itself, with tools of its own.]\n${lines.join('\n')}`;
}

function cut(text: string, maxChars: number): string {
  return text.length <= maxChars
    ? text
    : `${text.slice(0, maxChars)}… (${text.length - maxChars} more characters)`;
}

/** FNV-1a, 32 bits, as eight hexadecimal digits: stable over sessions, so that prompt caches keep hitting. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return (value >>> 0).toString(16).padStart(8, '0');
}
