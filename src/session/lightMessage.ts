import type { JsonObject, JsonValue } from '../base/json';
import type { AssistantMessage, Message, OwnCommand } from '../events/message';
import type { ToolResult } from '../events/toolCall';
import { capped } from './toolItems';

/** Shorter texts stay as they are. */
const heavyChars = 4096;
/** What is left of an output, and of a text in the arguments of a call. */
const outputChars = 2048;
const argumentChars = 512;

/** The letters that a message would be lighter without, about; 0: nothing of it is long. */
export function heavyCharsOf(message: Message): number {
  switch (message.role) {
    case 'tool':
      return heavyResult(message.result);
    case 'user':
      return message.command === undefined
        ? 0
        : heavyResult(message.command.result) + heavy(message.text);
    case 'assistant':
      return message.content.reduce(
        (sum, block) => sum + (block.kind === 'tool_call' ? jsonChars(block.call.arguments) : 0),
        0,
      );
  }
}

/** The calls whose input or result is what makes a message long. */
export function callIdsOf(message: Message): readonly string[] {
  switch (message.role) {
    case 'tool':
      return [message.callId];
    case 'user':
      return message.command === undefined ? [] : [message.command.callId];
    case 'assistant':
      return message.content.flatMap((block) =>
        block.kind === 'tool_call' ? [block.call.id] : [],
      );
  }
}

/**
 * The message without its long outputs and arguments: head and tail of each, and how the rest is read. Keeps nothing
 * of the long texts alive.
 */
export function lightMessage(message: Message): Message {
  switch (message.role) {
    case 'tool':
      return { ...message, result: lightResult(message.result, message.callId) };
    case 'user':
      return message.command === undefined
        ? message
        : {
            ...message,
            text: shortened(message.text, outputChars, readHint(message.command.callId)),
            command: lightCommand(message.command),
          };
    case 'assistant':
      return heavyCharsOf(message) === 0 ? message : { ...message, content: lightBlocks(message) };
  }
}

function lightBlocks({ content }: AssistantMessage): AssistantMessage['content'] {
  return content.map((block) =>
    block.kind === 'tool_call' && jsonChars(block.call.arguments) > 0
      ? {
          ...block,
          call: { ...block.call, arguments: lightObject(block.call.arguments) },
        }
      : block,
  );
}

function lightObject(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, one === undefined ? one : lightValue(one)]),
  );
}

function lightValue(value: JsonValue): JsonValue {
  if (typeof value === 'string') {
    return shortened(value, argumentChars);
  }
  if (isList(value)) {
    return value.map(lightValue);
  }
  return typeof value === 'object' && value !== null ? lightObject(value) : value;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function lightCommand(command: OwnCommand): OwnCommand {
  return { ...command, result: lightResult(command.result, command.callId) };
}

function lightResult(result: ToolResult, callId: string): ToolResult {
  const output = shortened(result.output, outputChars, readHint(callId));
  const { diff } = result.details ?? {};
  const details = {
    details: {
      ...result.details,
      ...(diff === undefined ? {} : { diff: shortened(diff, outputChars) }),
      ...(heavy(result.output) === 0 || result.details?.wholeChars !== undefined
        ? {}
        : { wholeChars: result.output.length }),
    },
  };
  return result.ok
    ? { ...result, output, ...details }
    : { ...result, output, error: shortened(result.error, outputChars), ...details };
}

function readHint(callId: string): string {
  return `[The whole is kept: read_output, id "${callId.slice(0, 200)}".]`;
}

function shortened(text: string, limit: number, hint?: string): string {
  if (heavy(text) === 0) {
    return text;
  }
  const short = capped(text, limit).text;
  return hint === undefined ? short : `${short}\n${hint}`;
}

function heavyResult(result: ToolResult): number {
  return (
    heavy(result.output) + (result.ok ? 0 : heavy(result.error)) + heavy(result.details?.diff ?? '')
  );
}

function heavy(text: string): number {
  return text.length > heavyChars ? text.length : 0;
}

/** Of the long texts in a value; counted, not written out. */
function jsonChars(value: unknown): number {
  if (typeof value === 'string') {
    return heavy(value);
  }
  if (typeof value !== 'object' || value === null) {
    return 0;
  }
  return Object.values(value).reduce<number>((sum, one) => sum + jsonChars(one), 0);
}
