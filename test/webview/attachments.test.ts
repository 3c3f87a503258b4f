import { describe, expect, it } from 'vitest';
import {
  attachmentProblem,
  withPictures,
  maxAttachmentBytes,
  maxAttachments,
  readAttachment,
  toAttachment,
  withAttachments,
} from '../../webview/attachments';
import { pictureChanges } from '../../webview/draftPictures';

const file = (more: Partial<{ name: string; type: string; size: number }> = {}) => ({
  name: 'a.png',
  type: 'image/png',
  size: 10,
  ...more,
});

describe('pictures for a prompt', () => {
  it('are taken in the kinds and sizes that models take, up to a count', () => {
    expect(attachmentProblem(file(), 0)).toBeUndefined();
    expect(attachmentProblem(file({ size: maxAttachmentBytes }), 0)).toBeUndefined();
    expect(attachmentProblem(file({ type: 'image/svg+xml' }), 0)).toMatch(/PNG, JPEG, GIF or WebP/);
    expect(attachmentProblem(file({ name: '', type: 'text/plain' }), 0)).toMatch(/^The picture/);
    expect(attachmentProblem(file({ size: maxAttachmentBytes + 1 }), 0)).toMatch(/too large/);
    expect(attachmentProblem(file(), maxAttachments)).toMatch(/At most 10/);
  });

  it('go as base64 of their bytes, also large ones', async () => {
    const bytes = Uint8Array.from({ length: 100_001 }, (_, index) => index % 251);
    const { image, sizeBytes } = await readAttachment(
      new File([bytes], 'a.webp', { type: 'image/webp' }),
    );
    expect(image.mediaType).toBe('image/webp');
    expect(sizeBytes).toBe(bytes.length);
    expect(Uint8Array.from(atob(image.data), (letter) => letter.charCodeAt(0))).toEqual(bytes);
  });
});

describe('pictures that are put back', () => {
  it('are attachments again, as many as there is room for', async () => {
    const image = { mediaType: 'image/png', data: btoa('bytes') } as const;
    const one = withPictures([], [image]);
    expect(one).toMatchObject({
      leftOut: 0,
      attachments: [{ name: 'Picture 1', sizeBytes: 5, image }],
    });
    expect(await one.attachments[0]?.blob.text()).toBe('bytes');
    const many = withPictures(
      one.attachments,
      Array.from({ length: maxAttachments }, () => image),
    );
    expect(many.attachments).toHaveLength(maxAttachments);
    expect(many.leftOut).toBe(1);
  });
});

describe('the pictures that the host keeps', () => {
  const attached = (id: string) =>
    toAttachment({ mediaType: 'image/png', data: btoa(id) }, { id, name: `${id}.png` });

  it('[R220] are told by what came and what went, each large one by itself', () => {
    const picture = (id: string) => ({
      id,
      name: `${id}.png`,
      mediaType: 'image/png',
      data: btoa(id),
    });
    expect(pictureChanges(new Set(), [])).toEqual([]);
    expect(pictureChanges(new Set(['a']), [attached('a')])).toEqual([]);
    expect(
      pictureChanges(new Set(['a', 'b', 'c']), [attached('b'), attached('d'), attached('e')]),
    ).toEqual([
      { added: [], removed: ['a', 'c'] },
      { added: [picture('d')], removed: [] },
      { added: [picture('e')], removed: [] },
    ]);
  });

  it('are put back once, and only while there is room', () => {
    const before = [attached('a')];
    expect(withAttachments(before, [attached('a')])).toEqual({ attachments: before, leftOut: 0 });
    const full = Array.from({ length: maxAttachments }, (_, at) => attached(`p${at}`));
    expect(withAttachments(full, [attached('a')])).toEqual({ attachments: full, leftOut: 1 });
  });
});
