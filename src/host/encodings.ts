import * as vscode from 'vscode';
import { PatchbayError } from '../base/patchbayError';
import { decodeFile, encodeLike, isSameBytes } from './textCodec';
import { openDocument } from './workspaceUri';

/** An encoding in which a file's bytes come back unchanged when it is saved. */
export interface FittingEncoding {
  /** As `TextDocument.encoding` names it. */
  readonly id: string;
  readonly name: string;
  /** The first line that tells this encoding from others: one with letters beyond ASCII. */
  readonly sample: string;
}

/** The more common first: most files fit several, and only a reader can tell which is right. */
const known: readonly (readonly [id: string, name: string])[] = [
  ['windows1252', 'Western (Windows 1252)'],
  ['iso885915', 'Western (ISO 8859-15)'],
  ['macroman', 'Western (Mac Roman)'],
  ['windows1250', 'Central European (Windows 1250)'],
  ['windows1251', 'Cyrillic (Windows 1251)'],
  ['koi8u', 'Cyrillic (KOI8-U)'],
  ['windows1253', 'Greek (Windows 1253)'],
  ['windows1254', 'Turkish (Windows 1254)'],
  ['windows1255', 'Hebrew (Windows 1255)'],
  ['windows1256', 'Arabic (Windows 1256)'],
  ['shiftjis', 'Japanese (Shift JIS)'],
  ['eucjp', 'Japanese (EUC-JP)'],
  ['gb18030', 'Simplified Chinese (GB18030)'],
  ['big5hkscs', 'Traditional Chinese (Big5-HKSCS)'],
  ['euckr', 'Korean (EUC-KR)'],
  ['utf16le', 'UTF-16 LE'],
  ['utf16be', 'UTF-16 BE'],
];

const maxSampleChars = 80;
const replaced = '\uFFFD';

/** Text of a wrong encoding has a character of its own where bytes meant nothing. */
export function hasReplaced(text: string): boolean {
  return text.includes(replaced);
}

/** Whether the file is open, or would be opened, in an encoding that does not give its bytes back. */
export async function isMisread(uri: vscode.Uri, bytes: Uint8Array): Promise<boolean> {
  const { encoding } = openDocument(uri) ?? (await vscode.workspace.openTextDocument(uri));
  const text = await decodeFile(uri, bytes, encoding);
  try {
    await encodeLike(uri, { bytes, text, encoding }, text);
    return false;
  } catch (error) {
    if (PatchbayError.is(error, 'encoding')) {
      return true;
    }
    throw error;
  }
}

export async function fittingEncodings(
  uri: vscode.Uri,
  bytes: Uint8Array,
): Promise<readonly FittingEncoding[]> {
  const fitting: FittingEncoding[] = [];
  for (const [id, name] of known) {
    const text = await decodeFile(uri, bytes, id).catch(() => undefined); // it is no text in this one
    if (text === undefined || hasReplaced(text)) {
      continue;
    }
    const encoded = await vscode.workspace.encode(text, { encoding: id });
    if (isSameBytes(encoded, bytes)) {
      fitting.push({ id, name, sample: sampleOf(text) });
    }
  }
  return fitting;
}

function sampleOf(text: string): string {
  const line = text.split(/\r?\n/).find((candidate) => /[^\0-\x7f]/.test(candidate)) ?? '';
  return line.trim().slice(0, maxSampleChars);
}
