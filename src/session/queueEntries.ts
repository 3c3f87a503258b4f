import { arrayField, isOneOf, isRecord, isString, stringField } from '../base/guard';
import { createId } from '../base/ids';
import type { JsonObject } from '../base/json';
import type { ImageContent } from '../events/message';
import type { QueuedPrompt } from './promptQueue';
import { isImage, type EntryLine } from './sessionEntry';

/** The tag of the prompts that wait, among the custom entries; the newest of the branch counts. */
const queueTag = 'prompt-queue';
/** The tag of a picture of a prompt that waits, which is written once however often the queue changes. */
const queuePictureTag = 'queue-picture';

/** What belongs to the prompts that wait, and to no branch of the conversation. */
export function isOfQueue(entry: EntryLine): boolean {
  return entry.kind === 'custom' && (entry.tag === queueTag || entry.tag === queuePictureTag);
}

/** Writes the prompts that wait; their pictures go into entries of their own, and are named by these from then on. */
export class QueueWriter {
  /** The names of the pictures that wait now, by their letters: what does not wait any more is not kept. */
  private written: ReadonlyMap<string, string>;

  constructor(entries: Iterable<EntryLine>, queued: readonly QueuedPrompt[]) {
    const waiting = new Set(queued.flatMap(({ images }) => images.map(({ data }) => data)));
    this.written = new Map(
      [...picturesIn(entries)].flatMap(([id, { data }]) =>
        waiting.has(data) ? [[data, id] as const] : [],
      ),
    );
  }

  write(prompts: readonly QueuedPrompt[], custom: (tag: string, data: JsonObject) => void): void {
    const named = new Map<string, string>();
    const nameOf = ({ mediaType, data }: ImageContent): string => {
      const known = named.get(data) ?? this.written.get(data);
      const id = known ?? createId('picture');
      named.set(data, id);
      if (known === undefined) {
        custom(queuePictureTag, { id, picture: { mediaType, data } });
      }
      return id;
    };
    const list = prompts.map(({ id, kind, text, images }) => ({
      id,
      kind,
      text,
      images: images.map((image) => ({ mediaType: image.mediaType, id: nameOf(image) })),
    }));
    this.written = named;
    custom(queueTag, { prompts: list });
  }
}

const isPromptKind = isOneOf('steer', 'followUp');

/** What waits on a branch; the pictures may stand on any. */
export function queuedOf(
  branch: readonly EntryLine[],
  entries: ReadonlyMap<string, EntryLine>,
): readonly QueuedPrompt[] {
  const newest = branch.findLast((entry) => entry.kind === 'custom' && entry.tag === queueTag);
  const prompts = newest?.kind === 'custom' ? arrayField(newest.data, 'prompts') : undefined;
  if (prompts === undefined || prompts.length === 0) {
    return [];
  }
  const pictures = picturesIn(entries.values());
  const toImage = (value: unknown): readonly ImageContent[] => {
    const found = isImage(value) ? value : pictures.get(stringField(value, 'id') ?? '');
    return found === undefined ? [] : [found];
  };
  return prompts.flatMap((value) => {
    const id = stringField(value, 'id');
    const text = stringField(value, 'text');
    const kind = stringField(value, 'kind');
    return isRecord(value) && id !== undefined && text !== undefined && isPromptKind(kind)
      ? [{ id, kind, text, images: (arrayField(value, 'images') ?? []).flatMap(toImage) }]
      : [];
  });
}

function picturesIn(entries: Iterable<EntryLine>): ReadonlyMap<string, ImageContent> {
  const pictures = new Map<string, ImageContent>();
  for (const entry of entries) {
    if (entry.kind === 'custom' && entry.tag === queuePictureTag) {
      const { id, picture } = entry.data;
      if (isString(id) && isImage(picture)) {
        pictures.set(id, picture);
      }
    }
  }
  return pictures;
}
