import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Commands } from '../src/protocol/methods';
import { toAttachment, withAttachments, type Attachment } from './attachments';
import { usePanel } from './panel';

type ChangeAttachments = (change: (before: readonly Attachment[]) => readonly Attachment[]) => void;

/**
 * The pictures of the composer. Each that comes or goes is told to the host at once, which gives those of an earlier
 * page back. `onLeftOut`: so many of them found no room any more.
 */
export function useAttachments(
  onLeftOut: (count: number) => void,
): readonly [readonly Attachment[], ChangeAttachments] {
  const { link, onPutBackPicture } = usePanel();
  const [attachments, setAttachments] = useState<readonly Attachment[]>([]);
  const current = useRef(attachments);
  current.current = attachments;
  const leftOut = useRef(onLeftOut);
  leftOut.current = onLeftOut;
  /** The ids of those that the host has. */
  const told = useRef<ReadonlySet<string>>(new Set());
  // Before anything is painted: the host answers a page that is ready at once.
  useLayoutEffect(() => {
    const listening = onPutBackPicture((picture) => {
      told.current = new Set([...told.current, picture.id]);
      const added = [toAttachment(picture, picture)];
      const without = withAttachments(current.current, added).leftOut;
      if (without > 0) {
        leftOut.current(without);
      }
      setAttachments((before) => withAttachments(before, added).attachments);
    });
    return () => listening.dispose();
  }, [onPutBackPicture]);
  useLayoutEffect(() => {
    for (const change of pictureChanges(told.current, attachments)) {
      link.command('view/draftPictures', change);
    }
    told.current = new Set(attachments.map(({ id }) => id));
  }, [attachments]);
  return [attachments, setAttachments];
}

/** What the host has to be told when it knows of `told`: a message for each picture, which may be large. */
export function pictureChanges(
  told: ReadonlySet<string>,
  attachments: readonly Attachment[],
): readonly Commands['view/draftPictures'][] {
  const ids = new Set(attachments.map(({ id }) => id));
  const removed = [...told].filter((id) => !ids.has(id));
  const added = attachments
    .filter(({ id }) => !told.has(id))
    .map(({ id, name, image }) => ({ added: [{ id, name, ...image }], removed: [] }));
  return [...(removed.length === 0 ? [] : [{ added: [], removed }]), ...added];
}
