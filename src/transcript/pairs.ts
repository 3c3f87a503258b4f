import type { AssistantMessage, Message, ToolResultMessage } from '../events/message';
import { toolError, type ToolCall } from '../events/toolCall';

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
  const repairs: string[] = [];
  const waiting = resultsByCall(messages);
  const repaired: Message[] = [];
  messages.forEach((message, index) => {
    if (message.role === 'tool') {
      return;
    }
    repaired.push(message);
    if (message.role === 'assistant') {
      for (const call of callsOf(message)) {
        const result = takeResult(waiting, call.id, index);
        repaired.push(result ?? syntheticResult(call, message.createdAtMs));
        if (result === undefined) {
          repairs.push(`call ${call.id} (${call.name}) had no result`);
        }
      }
    }
  });
  for (const [callId, results] of waiting) {
    for (const { message } of results) {
      repairs.push(`a result of ${message.toolName} had no call ${callId}`);
    }
  }
  const isMoved =
    repairs.length === 0 && repaired.some((message, index) => message !== messages[index]);
  if (isMoved) {
    repairs.push('results were moved behind their calls');
  }
  return repairs.length === 0 ? { messages, repairs } : { messages: repaired, repairs };
}

export function callsOf(message: AssistantMessage): readonly ToolCall[] {
  return message.content.flatMap((block) => (block.kind === 'tool_call' ? [block.call] : []));
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

type WaitingResults = Map<
  string,
  { readonly index: number; readonly message: ToolResultMessage }[]
>;

function resultsByCall(messages: readonly Message[]): WaitingResults {
  const waiting: WaitingResults = new Map();
  messages.forEach((message, index) => {
    if (message.role === 'tool') {
      const known = waiting.get(message.callId);
      if (known === undefined) {
        waiting.set(message.callId, [{ index, message }]);
      } else {
        known.push({ index, message });
      }
    }
  });
  return waiting;
}

/** The first result of the call that comes after it. */
function takeResult(
  waiting: WaitingResults,
  callId: string,
  afterIndex: number,
): ToolResultMessage | undefined {
  const results = waiting.get(callId) ?? [];
  const at = results.findIndex((result) => result.index > afterIndex);
  if (at < 0) {
    return undefined;
  }
  const [taken] = results.splice(at, 1);
  if (results.length === 0) {
    waiting.delete(callId);
  }
  return taken?.message;
}
