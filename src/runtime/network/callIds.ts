import type { Message } from '../../events/message';
import type { NetworkOutput } from './producer';

/**
 * Makes the ids of a turn's calls new ones in the conversation. Servers count them anew with each answer
 * (`functions.read:0`), or give two calls of one answer the same: a result could not be told from another's.
 * `isTaken` knows the ids that are no longer among the messages.
 */
export function createCallIds(
  messages: readonly Message[],
  isTaken: (id: string) => boolean = () => false,
): (output: NetworkOutput) => NetworkOutput {
  const used = new Set(messages.flatMap(idsIn));
  const isUsed = (id: string): boolean => used.has(id) || isTaken(id);
  return (output) => {
    if (output.kind !== 'tool_call') {
      return output;
    }
    const id = isUsed(output.call.id) ? nextFree(output.call.id, isUsed) : output.call.id;
    used.add(id);
    return id === output.call.id ? output : { ...output, call: { ...output.call, id } };
  };
}

/** The same words with the next number: some models read a meaning into the form of their ids. */
function nextFree(id: string, isUsed: (id: string) => boolean): string {
  const digits = /\d{0,6}$/.exec(id)?.[0] ?? '';
  const words = digits === '' ? `${id}_` : id.slice(0, -digits.length);
  let number = Number(digits) + 1;
  while (isUsed(`${words}${number}`)) {
    number += 1;
  }
  return `${words}${number}`;
}

function idsIn(message: Message): readonly string[] {
  return message.role === 'assistant'
    ? message.content.flatMap((block) => (block.kind === 'tool_call' ? [block.call.id] : []))
    : [];
}
