import { isRecord } from '../base/guard';
import { isFilled, isListOf, isText, protocolLimits as limits } from './limits';
import type { Commands, DraftPicture } from './methods';
import { isPromptImage } from './promptImage';

/** A picture of the composer, from the view or from where it was kept. */
export function isDraftPicture(value: unknown): value is DraftPicture {
  return (
    isPromptImage(value) &&
    isRecord(value) &&
    isFilled(limits.id)(value.id) &&
    isText(limits.name)(value.name) &&
    value.data.length % 4 === 0
  );
}

export const isDraftPictures = isListOf(isDraftPicture, limits.images);

/** The pictures after a change: no id twice, and no more than go with one prompt. Pure. */
export function changedPictures(
  before: readonly DraftPicture[],
  { added, removed }: Commands['view/draftPictures'],
): readonly DraftPicture[] {
  const byId = new Map(before.map((picture) => [picture.id, picture]));
  for (const id of removed) {
    byId.delete(id);
  }
  for (const { id, name, mediaType, data } of added) {
    if (!byId.has(id) && byId.size < limits.images) {
      byId.set(id, { id, name, mediaType, data });
    }
  }
  return [...byId.values()];
}
