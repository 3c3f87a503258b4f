import { append } from '../base/append';
import type { AssistantMessage, Message, ToolResultMessage } from '../events/message';
import { toolError, type ToolCall } from '../events/toolCall';
import { createTurn, type Turn } from './turn';

export interface RepairedMessages {
  readonly messages: readonly Message[];
  /** What was wrong, for the log; empty when nothing was. */
  readonly repairs: readonly string[];
}

/** The words a call without a result gets; the model reads them. */
export const interruptedResultText =
  'Interrupted: the session ended before this call gave a result. It may have run in part.';

/**
 * Makes every call have exactly one result, directly behind its message, and drops results without a call: no API
 * takes anything else. The same array comes back when nothing was wrong.
 */
export function repairPairs(messages: readonly Message[]): RepairedMessages {
  const { items, repairs } = repair(messages, {
    callsOf: (message) => (message.role === 'assistant' ? callsOf(message) : []),
    resultOf: (message) =>
      message.role === 'tool' ? { callId: message.callId, toolName: message.toolName } : undefined,
    missing: (call, message) => syntheticResult(call, message.createdAtMs),
  });
  return { messages: items, repairs };
}

/** The same for turns. */
export function repairTurnPairs(turns: readonly Turn[]): Repaired<Turn> {
  return repair(turns, {
    callsOf: (turn) => (turn.role === 'assistant' ? (turn.toolCalls ?? []) : []),
    resultOf: (turn) =>
      turn.role === 'tool'
        ? { callId: turn.toolCallId ?? '', toolName: turn.toolName ?? 'a tool' }
        : undefined,
    missing: (call, turn) =>
      createTurn({
        role: 'tool',
        content: interruptedResultText,
        toolName: call.name,
        toolCallId: call.id,
        createdAtMs: turn.createdAtMs,
      }),
  });
}

export function callsOf(message: AssistantMessage): readonly ToolCall[] {
  return message.content.flatMap((block) => (block.kind === 'tool_call' ? [block.call] : []));
}

interface Repaired<Item> {
  readonly items: readonly Item[];
  readonly repairs: readonly string[];
}

interface Pairing<Item> {
  readonly callsOf: (item: Item) => readonly ToolCall[];
  readonly resultOf: (
    item: Item,
  ) => { readonly callId: string; readonly toolName: string } | undefined;
  readonly missing: (call: ToolCall, caller: Item) => Item;
}

function repair<Item>(items: readonly Item[], pairing: Pairing<Item>): Repaired<Item> {
  const repairs: string[] = [];
  const waiting = new WaitingResults(items, pairing);
  const repaired: Item[] = [];
  items.forEach((item, index) => {
    if (pairing.resultOf(item) !== undefined) {
      return;
    }
    repaired.push(item);
    for (const call of pairing.callsOf(item)) {
      const result = waiting.take(call.id, index);
      repaired.push(result ?? pairing.missing(call, item));
      if (result === undefined) {
        repairs.push(`call ${call.id} (${call.name}) had no result`);
      }
    }
  });
  append(repairs, waiting.leftOver());
  const isMoved = repairs.length === 0 && repaired.some((item, index) => item !== items[index]);
  if (isMoved) {
    repairs.push('results were moved behind their calls');
  }
  return repairs.length === 0 ? { items, repairs } : { items: repaired, repairs };
}

interface WaitingResult<Item> {
  readonly index: number;
  readonly toolName: string;
  readonly item: Item;
}

/** Results by the id of their call; each is taken once, by the calls in their order. */
class WaitingResults<Item> {
  private readonly byCall = new Map<
    string,
    { readonly all: WaitingResult<Item>[]; next: number; readonly passed: WaitingResult<Item>[] }
  >();

  constructor(items: readonly Item[], pairing: Pairing<Item>) {
    items.forEach((item, index) => {
      const result = pairing.resultOf(item);
      if (result !== undefined) {
        const waiting = { index, toolName: result.toolName, item };
        const known = this.byCall.get(result.callId);
        if (known === undefined) {
          this.byCall.set(result.callId, { all: [waiting], next: 0, passed: [] });
        } else {
          known.all.push(waiting);
        }
      }
    });
  }

  /** The first result of the call that comes after it. */
  take(callId: string, afterIndex: number): Item | undefined {
    const known = this.byCall.get(callId);
    if (known === undefined) {
      return undefined;
    }
    for (;;) {
      const result = known.all[known.next++];
      if (result === undefined || result.index > afterIndex) {
        return result?.item;
      }
      known.passed.push(result);
    }
  }

  leftOver(): readonly string[] {
    return [...this.byCall].flatMap(([callId, { all, next, passed }]) =>
      [...passed, ...all.slice(next)].map(
        ({ toolName }) => `a result of ${toolName} had no call ${callId}`,
      ),
    );
  }
}

function syntheticResult(call: ToolCall, createdAtMs: number): ToolResultMessage {
  return {
    role: 'tool',
    callId: call.id,
    toolName: call.name,
    result: toolError(interruptedResultText, { outcome: 'aborted' }),
    createdAtMs,
  };
}
