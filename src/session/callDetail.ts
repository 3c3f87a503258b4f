import type { Message } from '../events/message';
import type { ToolItem } from '../events/sessionItem';
import type { ToolResult } from '../events/toolCall';
import type { Conversation } from './conversation';
import type { CallTexts } from './storedTexts';
import { inputText } from './toolItems';

export interface DetailSources {
  readonly conversation: Pick<Conversation, 'messages' | 'isWhole'>;
  readonly texts: CallTexts | undefined;
  readonly item: () => ToolItem | undefined;
  /** What a call that runs has printed so far. */
  readonly running: () => string | undefined;
}

/**
 * The whole input or output of a call: from memory as long as it is there as it came (what is asked about is shown
 * without a change), else from the session's file. When the file has it no more, a sentence says what is missing.
 * Undefined when there is no such call.
 */
export async function findDetail(
  sources: DetailSources,
  callId: string,
  part: 'input' | 'output',
): Promise<string | undefined> {
  const { conversation, texts } = sources;
  const found = inMemory(conversation.messages, callId, part);
  if (found !== undefined && conversation.isWhole(found.message)) {
    return found.text;
  }
  const stored = part === 'output' ? await texts?.result(callId) : await texts?.call(callId);
  if (stored?.kind === 'found') {
    return 'arguments' in stored.value ? inputText(stored.value) : resultText(stored.value);
  }
  const item = sources.item();
  const known =
    found?.text ?? (part === 'output' ? (sources.running() ?? item?.output) : item?.input);
  return stored?.kind === 'lost' ? withLoss(stored.why, known) : known;
}

export function resultText(result: ToolResult): string {
  return result.output !== '' || result.ok ? result.output : result.error;
}

function withLoss(why: string, known: string | undefined): string {
  return known === undefined || known === '' ? why : `${why}\n\n${known}`;
}

function inMemory(
  messages: readonly Message[],
  callId: string,
  part: 'input' | 'output',
): { readonly message: Message; readonly text: string } | undefined {
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = messages[at];
    if (part === 'output' && message?.role === 'tool' && message.callId === callId) {
      return { message, text: resultText(message.result) };
    }
    if (part === 'input' && message?.role === 'assistant') {
      for (const block of message.content) {
        if (block.kind === 'tool_call' && block.call.id === callId) {
          return { message, text: inputText(block.call) };
        }
      }
    }
  }
  return undefined;
}
