import type { TurnContext } from '../contract';

/** The user line of a turn: plain text, or the pictures of the newest user message and the text behind them. */
export function userLine({ messages }: TurnContext, text: string): unknown {
  const newest = messages.findLast((message) => message.role === 'user');
  const images = newest?.images ?? [];
  if (images.length === 0) {
    return { type: 'user', message: { role: 'user', content: text } };
  }
  const content = [
    ...images.map(({ mediaType, data }) => ({
      type: 'image',
      source: { type: 'base64', media_type: mediaType, data },
    })),
    ...(text === '' ? [] : [{ type: 'text', text }]),
  ];
  return { type: 'user', message: { role: 'user', content } };
}

/** A line with an id of its own, by which the child tells what became of it (`command_lifecycle`). */
export function newUserLine(text: string): { readonly line: unknown; readonly id: string } {
  const id = globalThis.crypto.randomUUID();
  return { id, line: { type: 'user', uuid: id, message: { role: 'user', content: text } } };
}
