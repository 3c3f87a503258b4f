import type { PromptImage } from '../src/protocol/methods';
import { byteSize } from './words';

/** A picture that goes with the next prompt. */
export interface Attachment {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly blob: Blob;
  readonly image: PromptImage;
}

export const maxAttachments = 10;
/** What the strictest of the model APIs takes. */
export const maxAttachmentBytes = 5 * 1024 * 1024;

const mediaTypes: readonly PromptImage['mediaType'][] = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
];

/** Why a file cannot go along; undefined when it can. */
export function attachmentProblem(
  file: { readonly name: string; readonly type: string; readonly size: number },
  attachedCount: number,
): string | undefined {
  const name = file.name === '' ? 'The picture' : file.name;
  if (!mediaTypes.some((type) => type === file.type)) {
    return `${name} is no picture that models take. Use PNG, JPEG, GIF or WebP.`;
  }
  if (file.size > maxAttachmentBytes) {
    return `${name} is too large: ${byteSize(file.size)}, at most ${byteSize(maxAttachmentBytes)}.`;
  }
  return attachedCount >= maxAttachments
    ? `At most ${maxAttachments} pictures go with one prompt.`
    : undefined;
}

export async function readAttachment(file: File): Promise<Attachment> {
  const mediaType = mediaTypes.find((type) => type === file.type) ?? 'image/png';
  return {
    id: crypto.randomUUID(),
    name: file.name,
    sizeBytes: file.size,
    blob: file,
    image: { mediaType, data: toBase64(new Uint8Array(await file.arrayBuffer())) },
  };
}

/** A picture that was sent, or waited to be, is put back: as many as there is room for. */
export function withPictures(
  before: readonly Attachment[],
  images: readonly PromptImage[],
): { readonly attachments: readonly Attachment[]; readonly leftOut: number } {
  return withAttachments(
    before,
    images.map((image, index) =>
      toAttachment(image, { id: crypto.randomUUID(), name: `Picture ${String(index + 1)}` }),
    ),
  );
}

/** As many as there is room for, and none twice. */
export function withAttachments(
  before: readonly Attachment[],
  added: readonly Attachment[],
): { readonly attachments: readonly Attachment[]; readonly leftOut: number } {
  const fresh = added.filter(({ id }) => !before.some((one) => one.id === id));
  const attachments = [...before, ...fresh].slice(0, maxAttachments);
  return { attachments, leftOut: before.length + fresh.length - attachments.length };
}

export function toAttachment(
  { mediaType, data }: PromptImage,
  { id, name }: { readonly id: string; readonly name: string },
): Attachment {
  const image = { mediaType, data };
  const bytes = Uint8Array.from(atob(image.data), (letter) => letter.charCodeAt(0));
  return {
    id,
    name,
    sizeBytes: bytes.length,
    blob: new Blob([bytes], { type: mediaType }),
    image,
  };
}

/** The files of a paste or a drop; a paste of text has none. */
export function filesIn(transfer: DataTransfer | null): readonly File[] {
  return [...(transfer?.files ?? [])];
}

const chunkBytes = 0x8000;

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    text += String.fromCharCode(...bytes.subarray(at, at + chunkBytes));
  }
  return btoa(text);
}
