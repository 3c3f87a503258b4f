import type { CompactionMark, Message, UserMessage } from '../events/message';

/** A message that stands for earlier ones. */
export type SummaryMessage = UserMessage & { readonly compaction: CompactionMark };

export function isSummary(message: Message | undefined): message is SummaryMessage {
  return message?.role === 'user' && message.compaction !== undefined;
}

/**
 * The conversation as it is sent: the newest summary, the messages that it left as they were, and what came since.
 * The same array when nothing was ever summarised. A result whose call is in the summary is left out.
 */
export function messagesInUse(messages: readonly Message[]): readonly Message[] {
  const at = messages.findLastIndex(isSummary);
  const summary = messages[at];
  if (!isSummary(summary)) {
    return messages;
  }
  let start = at;
  for (let left = summary.compaction.keptMessages; left > 0 && start > 0;) {
    start -= 1;
    left -= isSummary(messages[start]) ? 0 : 1;
  }
  const kept = messages.slice(start, at).filter((message) => !isSummary(message));
  const rest = [...kept, ...messages.slice(at + 1)];
  const calls = new Set<string>();
  const whole = rest.filter((message) => {
    if (message.role === 'assistant') {
      message.content.forEach((block) => block.kind === 'tool_call' && calls.add(block.call.id));
    }
    return message.role !== 'tool' || calls.has(message.callId);
  });
  return [summary, ...whole];
}
