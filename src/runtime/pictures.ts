import type { Message, UserMessage } from '../events/message';
import type { BridgeControls, ModelRef } from './contract';

/** False only when it is known: a model of which nothing is told is sent pictures, and may refuse them. */
export function takesPictures(
  model: Pick<ModelRef, 'api' | 'supportsImages'>,
  bridge: { readonly controls?: Partial<BridgeControls> } | undefined,
): boolean {
  return (
    model.supportsImages !== false &&
    model.api !== 'playground' &&
    model.api !== 'editor' &&
    bridge?.controls?.images !== false
  );
}

export function countPictures(messages: readonly Message[]): number {
  return messages.reduce(
    (sum, message) => sum + (message.role === 'user' ? (message.images?.length ?? 0) : 0),
    0,
  );
}

/** The same conversation with words in the place of its pictures, for a model that takes none. Pure. */
export function withoutPictures(messages: readonly Message[]): readonly Message[] {
  return messages.map((message) =>
    message.role === 'user' && (message.images?.length ?? 0) > 0
      ? withPictureNote(message)
      : message,
  );
}

/** What stands for the pictures of a message; '' when it has none. */
export function pictureNote({ images = [] }: Pick<UserMessage, 'images'>): string {
  switch (images.length) {
    case 0:
      return '';
    case 1:
      return '(A picture was sent with this message. You cannot be shown it.)';
    default:
      return `(${String(images.length)} pictures were sent with this message. You cannot be shown them.)`;
  }
}

function withPictureNote({ images, ...message }: UserMessage): UserMessage {
  const words = [message.text, pictureNote({ images })].filter((text) => text.trim() !== '');
  return { ...message, text: words.join('\n\n') };
}
