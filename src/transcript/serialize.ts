import { isJsonObject } from '../base/guard';
import type { JsonObject } from '../base/json';
import { toldText, type ContentBlock, type Message } from '../events/message';
import { toolError, toolOk, type ToolCall } from '../events/toolCall';
import { createTurn, type Turn } from './turn';

/** A message in the common chat form: what may be sent to an API, and nothing else. */
export interface ApiMessage {
  readonly role: Turn['role'];
  /** null: an assistant that only calls tools, where the API wants it so. */
  readonly content: string | null;
  readonly name?: string;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly ApiToolCall[];
  /** Keeps what is meant for compression from being sent: the types do not fit. */
  readonly nonDroppable?: never;
}

export interface ApiToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

/** A message with what a summariser must know; never sent as it is. */
export type CompressibleMessage = Omit<ApiMessage, 'nonDroppable'> & {
  readonly nonDroppable: boolean;
  readonly nonDroppableReason?: string;
};

/** The turn as a message, without any field of ours. `nullContent`: the API wants null where a calling assistant says nothing. */
export function toApiMessage(
  turn: Turn,
  options: { readonly nullContent?: boolean } = {},
): ApiMessage {
  const isSilentCall = turn.content === '' && (turn.toolCalls?.length ?? 0) > 0;
  return {
    role: turn.role,
    content: isSilentCall && options.nullContent === true ? null : turn.content,
    ...(turn.toolName === undefined ? {} : { name: turn.toolName }),
    ...(turn.toolCallId === undefined ? {} : { tool_call_id: turn.toolCallId }),
    ...(turn.toolCalls === undefined ? {} : { tool_calls: turn.toolCalls.map(toApiToolCall) }),
  };
}

/** The message with the mark that compression must respect. */
export function toCompressibleMessage(turn: Turn): CompressibleMessage {
  return {
    ...toApiMessage(turn),
    nonDroppable: turn.nonDroppable === true,
    ...(turn.nonDroppableReason === undefined
      ? {}
      : { nonDroppableReason: turn.nonDroppableReason }),
  };
}

/** A turn from a message of an API; missing or null content is '', call ids stay. */
export function fromApiMessage(
  message: Pick<ApiMessage, 'role'> & { readonly content?: string | null } & Omit<
      Partial<ApiMessage>,
      'role' | 'content'
    >,
): Turn {
  return createTurn({
    role: message.role,
    content: message.content ?? '',
    ...(message.name === undefined ? {} : { toolName: message.name }),
    ...(message.tool_call_id === undefined ? {} : { toolCallId: message.tool_call_id }),
    ...(message.tool_calls === undefined
      ? {}
      : { toolCalls: message.tool_calls.map(fromApiToolCall) }),
  });
}

/** A turn from a message of the conversation; the message itself stays with it. */
export function turnFromMessage(message: Message): Turn {
  switch (message.role) {
    case 'user':
      return createTurn({
        role: 'user',
        content: toldText(message),
        ...(message.images === undefined || message.images.length === 0
          ? {}
          : {
              blocks: message.images.map(({ mediaType, data }) => ({
                kind: 'image',
                mediaType,
                sizeBytes: Math.floor((data.length * 3) / 4),
              })),
            }),
        createdAtMs: message.createdAtMs,
        source: message,
      });
    case 'tool':
      return createTurn({
        role: 'tool',
        content: resultText(message.result),
        toolName: message.toolName,
        toolCallId: message.callId,
        createdAtMs: message.createdAtMs,
        source: message,
      });
    case 'assistant': {
      const calls = message.content.flatMap((block) =>
        block.kind === 'tool_call' ? [block.call] : [],
      );
      return createTurn({
        role: 'assistant',
        content: message.content.map((block) => (block.kind === 'text' ? block.text : '')).join(''),
        ...(calls.length === 0
          ? {}
          : { toolCalls: calls, executedBy: calls[0]?.executedBy ?? 'host' }),
        blocks: message.content,
        provider: message.provider,
        model: message.model,
        createdAtMs: message.createdAtMs,
        source: message,
      });
    }
  }
}

/** The turn as a message of the conversation; undefined for a system turn, which is no message there. */
export function messageFromTurn(turn: Turn): Message | undefined {
  if (turn.source !== undefined) {
    return turn.source;
  }
  const { createdAtMs } = turn;
  switch (turn.role) {
    case 'system':
      return undefined;
    case 'user':
      return { role: 'user', text: turn.content, createdAtMs };
    case 'tool':
      return {
        role: 'tool',
        callId: turn.toolCallId ?? '',
        toolName: turn.toolName ?? '',
        result: toolOk(turn.content),
        createdAtMs,
      };
    case 'assistant':
      return {
        role: 'assistant',
        content: contentOf(turn),
        api: '',
        provider: turn.provider ?? '',
        model: turn.model ?? '',
        stopReason: (turn.toolCalls?.length ?? 0) > 0 ? 'toolUse' : 'stop',
        createdAtMs,
      };
  }
}

/** The same tool turn with other words: kept are name, id, marks and whether it succeeded. */
export function withToolContent(turn: Turn, content: string): Turn {
  const { source, tokens: _tokens, ...rest } = turn;
  const replaced =
    source?.role === 'tool'
      ? { ...source, result: source.result.ok ? toolOk(content) : toolError(content) }
      : undefined;
  return createTurn({ ...rest, content, ...(replaced === undefined ? {} : { source: replaced }) });
}

function contentOf(turn: Turn): readonly ContentBlock[] {
  const blocks = (turn.blocks ?? []).flatMap((block) => (block.kind === 'image' ? [] : [block]));
  if (blocks.length > 0) {
    return blocks;
  }
  const text = turn.content === '' ? [] : [{ kind: 'text', text: turn.content } as const];
  return [...text, ...(turn.toolCalls ?? []).map((call) => ({ kind: 'tool_call', call }) as const)];
}

function resultText(result: {
  readonly ok: boolean;
  readonly output: string;
  readonly error?: string;
}): string {
  return result.error === undefined
    ? result.output
    : [result.error, result.output].filter((part) => part !== '').join('\n');
}

function toApiToolCall(call: ToolCall): ApiToolCall {
  return {
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  };
}

function fromApiToolCall(call: ApiToolCall): ToolCall {
  return {
    id: call.id,
    name: call.function.name,
    arguments: parseArguments(call.function.arguments),
    executedBy: 'host',
  };
}

function parseArguments(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A model may write broken JSON; the call then has no arguments, which its tool will say.
    value = undefined;
  }
  return isJsonObject(value) ? value : {};
}
