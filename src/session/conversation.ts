import type { Message } from '../events/message';
import { HeavyQueue, type HeavyLimits } from './heavyQueue';
import { callIdsOf, heavyCharsOf, lightMessage } from './lightMessage';
import type { CallTexts } from './storedTexts';

/**
 * The messages of a conversation as models are told of them. Of long inputs and outputs only the newest stay in memory:
 * of the others there are head and tail, and the whole is in the session's file. What is not in the file yet, stays.
 */
export class Conversation {
  private readonly list: Message[];
  private readonly heavy: HeavyQueue<number>;
  private readonly whole = new WeakSet<Message>();

  constructor(
    messages: readonly Message[],
    private readonly texts: CallTexts | undefined,
    limits?: HeavyLimits,
  ) {
    this.list = [];
    this.heavy = new HeavyQueue(limits);
    for (const message of messages) {
      this.add(message);
    }
  }

  get messages(): readonly Message[] {
    return this.list;
  }

  /** Letters of long inputs and outputs that are in memory. */
  get heavyChars(): number {
    return this.heavy.total;
  }

  push(message: Message): void {
    this.whole.add(message);
    this.add(message);
  }

  /** It came in this window, and is as it came: of a stored one, and of an older one, the file may know more. */
  isWhole(message: Message): boolean {
    return this.whole.has(message);
  }

  private add(message: Message): void {
    const index = this.list.push(message) - 1;
    const { texts } = this;
    if (texts === undefined) {
      return;
    }
    const old = this.heavy.add(index, heavyCharsOf(message), (at) =>
      isStored(this.list[at], texts),
    );
    for (const at of old) {
      const known = this.list[at];
      if (known !== undefined) {
        this.list[at] = lightMessage(known);
      }
    }
  }
}

function isStored(message: Message | undefined, texts: CallTexts): boolean {
  return (
    message !== undefined &&
    callIdsOf(message).every((callId) =>
      message.role === 'assistant' ? texts.hasCall(callId) : texts.hasResult(callId),
    )
  );
}
