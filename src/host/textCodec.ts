import * as vscode from 'vscode';
import { PatchbayError } from '../base/patchbayError';

const byteOrderMark = '\uFEFF';

/** Decodes a file as the editor would, without its byte order mark. Throws `not_text` for binary content. */
export async function decodeFile(
  uri: vscode.Uri,
  bytes: Uint8Array,
  encoding?: string,
): Promise<string> {
  let text: string;
  try {
    text =
      encoding === undefined
        ? await vscode.workspace.decode(bytes, { uri })
        : await vscode.workspace.decode(bytes, { encoding });
  } catch (error) {
    throw notText(uri, error);
  }
  if (text.includes('\0')) {
    throw notText(uri);
  }
  return text.startsWith(byteOrderMark) ? text.slice(1) : text;
}

/**
 * The bytes that a text of this file would be saved as. Throws `encoding` when the file's present bytes do not survive
 * decoding and encoding: it was then opened with the wrong encoding, and saving it would change bytes nobody approved.
 */
export async function encodeLike(
  uri: vscode.Uri,
  present: { readonly bytes: Uint8Array; readonly text: string; readonly encoding: string },
  text: string,
): Promise<Uint8Array> {
  const hasMark = startsWithUtf8Mark(present.bytes);
  const encode = async (plain: string): Promise<Uint8Array> => {
    const encoded = await vscode.workspace.encode(plain, { encoding: present.encoding });
    return hasMark && !startsWithUtf8Mark(encoded) ? withUtf8Mark(encoded) : encoded;
  };
  if (!isSameBytes(await encode(present.text), present.bytes)) {
    throw new PatchbayError(
      'encoding',
      `${vscode.workspace.asRelativePath(uri)} is not valid ${present.encoding}, so saving it would change other bytes as well. ` +
        'Nothing was written. Reopen the file with its own encoding ("Change File Encoding"), then try again.',
    );
  }
  return await encode(text);
}

function notText(uri: vscode.Uri, cause?: unknown): PatchbayError {
  return new PatchbayError(
    'not_text',
    `${vscode.workspace.asRelativePath(uri)} is a binary file; only text files can be read or changed.`,
    {
      cause,
    },
  );
}

export function isSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

function startsWithUtf8Mark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function withUtf8Mark(bytes: Uint8Array): Uint8Array {
  const marked = new Uint8Array(bytes.length + 3);
  marked.set([0xef, 0xbb, 0xbf]);
  marked.set(bytes, 3);
  return marked;
}
