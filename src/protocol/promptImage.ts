import { isOneOf, isRecord } from '../base/guard';
import { isFilled, isListOf, protocolLimits as limits } from './limits';
import type { PromptImage } from './methods';

const isImageType = isOneOf('image/png', 'image/jpeg', 'image/gif', 'image/webp');

/** The pictures of a prompt, on their way to the host or back into the composer. */
export const isPromptImages = isListOf(isPromptImage, limits.images);

export function isPromptImage(value: unknown): value is PromptImage {
  return (
    isRecord(value) &&
    isImageType(value.mediaType) &&
    isFilled(limits.imageLetters)(value.data) &&
    /^[A-Za-z0-9+/]+={0,2}$/.test(value.data)
  );
}
