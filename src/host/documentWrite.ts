import * as vscode from 'vscode';
import { PatchbayError } from '../base/patchbayError';
import type { Hunk } from '../edits/fileEdit';
import type { PlaceCheck, WriteOutcome } from '../tools/contract';
import { isBehindDisk, waitForReload } from './bufferReload';
import { revertDocument } from './revertDocument';
import { decodeFile, encodeLike, isSameBytes } from './textCodec';
import { isSameButEndings, lineEndings, minimalEdits } from './textEdits';
import { openDocument, toWorkspaceUri } from './workspaceUri';

export interface BufferWrite {
  readonly uri: vscode.Uri;
  readonly text: string;
  /** What the caller has seen and decided on; anything else is `stale`. */
  readonly expectedText: string;
  readonly hunks: (baseText: string, text: string) => readonly Hunk[];
  /** Asked right before the buffer or the disk is changed. */
  readonly checkPlace?: PlaceCheck | undefined;
}

/** What the file is right now, on disk and in its buffer. */
interface Present {
  readonly document: vscode.TextDocument;
  readonly version: number;
  readonly bytes: Uint8Array;
  readonly diskText: string;
}

/** What the buffer was before the editor was first asked: our own edit makes it dirty, and is nobody's unsaved work. */
interface Before {
  readonly isDirty: boolean;
  readonly buffer: string;
}

type Attempt =
  | { readonly kind: 'written'; readonly outcome: WriteOutcome }
  /**
   * The editor did not take the edit. It does so when the document's model was closed and opened anew at that moment (a
   * diff that is being closed held it), although not a letter has changed.
   */
  | { readonly kind: 'refused'; readonly before: Before };

/**
 * Changes an existing file as one undo step of its buffer, and saves it when it was clean before. A text with mixed
 * line endings, which no buffer can hold, is written as bytes; so is a file that its editor does not read anew in time. Throws `stale`, `encoding`, `mixed_line_endings`,
 * `read_only`; nothing is written then.
 */
export async function writeThroughBuffer(write: BufferWrite): Promise<WriteOutcome> {
  let before: Before | undefined;
  for (let attempts = 0; ; attempts++) {
    const present = await look(write.uri);
    // The editor says no also to an edit that it makes all the same, be it a moment later.
    if (before !== undefined && isMade(present.document, write)) {
      return await finish(write, present, before);
    }
    if (attempts === maxAttempts) {
      throw stale(write.uri);
    }
    if (before === undefined && isUnreadYet(present, write)) {
      if (await waitForReload(present.document, present.version)) {
        continue;
      }
      return await writeBehindBuffer(write, present);
    }
    const attempt = await tryWrite(write, present, before);
    if (attempt.kind === 'written') {
      return attempt.outcome;
    }
    before = attempt.before;
  }
}

/** The disk has what was decided on, and the editor has not read it yet: its old text is nothing to make an edit of. */
function isUnreadYet({ document, diskText }: Present, { expectedText }: BufferWrite): boolean {
  return diskText === expectedText && isBehindDisk(document, diskText);
}

/** Where the editor is not told of changes on the disk: it reads this one with the change before. */
async function writeBehindBuffer(write: BufferWrite, present: Present): Promise<WriteOutcome> {
  const { uri, text, expectedText } = write;
  const encoded = await encodeAs(write, present);
  await write.checkPlace?.();
  const { document, version, bytes } = await look(uri);
  if (document.isDirty || version !== present.version || !isSameBytes(bytes, present.bytes)) {
    throw stale(uri);
  }
  if (text === expectedText) {
    return { isSaved: true };
  }
  await vscode.workspace.fs.writeFile(uri, encoded);
  return {
    isSaved: true,
    note: 'Written to the file, which its editor had not read yet: undo in the editor does not take this back.',
  };
}

/** The next look tells whether something changed: then it is `stale`, else the editor is asked again. */
const maxAttempts = 3;

async function tryWrite(
  write: BufferWrite,
  present: Present,
  earlier: Before | undefined,
): Promise<Attempt> {
  const { document } = present;
  const buffer = document.getText();
  const isAsBefore = earlier?.isDirty === false && buffer === earlier.buffer;
  const isDirty = document.isDirty && !isAsBefore;
  if (!isDirty && !isSameButEndings(buffer, present.diskText)) {
    throw stale(write.uri); // the disk is newer than the buffer
  }
  const isDiskExpected = !isDirty && present.diskText === write.expectedText;
  if (!isDiskExpected && buffer !== write.expectedText) {
    throw stale(write.uri);
  }
  const before: Before = { isDirty, buffer };
  const encoded = await encodeAs(write, present);
  await write.checkPlace?.();
  if (document.isClosed) {
    return { kind: 'refused', before };
  }
  if (document.version !== present.version) {
    if (earlier !== undefined && isMade(document, write)) {
      return { kind: 'refused', before: earlier }; // the edit before this one: the next look saves it
    }
    throw stale(write.uri);
  }
  if (write.text === write.expectedText) {
    return { kind: 'written', outcome: { isSaved: !isDirty } };
  }
  const isMixed = lineEndings(present.diskText) === 'mixed' || lineEndings(write.text) === 'mixed';
  if (isMixed) {
    return { kind: 'written', outcome: await writeBytes(write.uri, encoded, isDirty) };
  }
  const isApplied = await applyToBuffer(document, buffer, write);
  return isApplied
    ? { kind: 'written', outcome: await finish(write, present, before) }
    : { kind: 'refused', before };
}

/** The buffer has our text: it is saved when it was clean before, and taken back when that cannot be. */
async function finish(write: BufferWrite, present: Present, before: Before): Promise<WriteOutcome> {
  const { uri, text } = write;
  if (before.isDirty) {
    return outcome(await vscode.workspace.openTextDocument(uri), text, false);
  }
  const encoded = await encodeAs(write, present);
  await write.checkPlace?.().catch(async (error: unknown) => {
    await takeBack(await vscode.workspace.openTextDocument(uri));
    throw error;
  });
  // Asked for anew: the document may have been closed and opened meanwhile, and a closed one cannot be saved.
  const document = await vscode.workspace.openTextDocument(uri);
  // Auto-save may have been quicker: `save` then says false although the file has our text.
  if (!(await document.save()) && !(await isOnDisk(document, encoded))) {
    await takeBack(document);
    throw await saveRefused(uri, present.bytes);
  }
  return outcome(document, text, true);
}

function isMade(document: vscode.TextDocument, { text, expectedText }: BufferWrite): boolean {
  return text !== expectedText && document.getText() === text;
}

async function encodeAs(
  { uri, text }: BufferWrite,
  { bytes, diskText, document: { encoding } }: Present,
): Promise<Uint8Array> {
  return await encodeLike(uri, { bytes, text: diskText, encoding }, text);
}

async function look(uri: vscode.Uri): Promise<Present> {
  // Opening gives a closed file its buffer and tells in which encoding the editor reads it.
  const document = openDocument(uri) ?? (await vscode.workspace.openTextDocument(uri));
  const version = document.version;
  const bytes = await vscode.workspace.fs.readFile(uri);
  return { document, version, bytes, diskText: await decodeFile(uri, bytes, document.encoding) };
}

/** One undo step; false when the document is no longer what it was. */
async function applyToBuffer(
  document: vscode.TextDocument,
  buffer: string,
  write: BufferWrite,
): Promise<boolean> {
  const changes = minimalEdits(buffer, write.text, write.hunks(buffer, write.text)).map(
    ({ start, end, text }) => ({
      range: new vscode.Range(document.positionAt(start), document.positionAt(end)),
      text,
    }),
  );
  const wanted = lineEndings(write.text);
  const ending = wanted === 'crlf' ? vscode.EndOfLine.CRLF : vscode.EndOfLine.LF;
  const newEnding = wanted !== 'none' && ending !== document.eol ? ending : undefined;
  const editor = vscode.window.activeTextEditor;
  // Of a workspace edit VS Code makes smaller replacements in the active editor, by UTF-16 units, and so cuts characters
  // in two that begin alike. The editor's own edit is taken as it is. Seen in 1.139; the in-host test of emoji tells.
  if (editor?.document === document && changes.some(({ text }) => surrogate.test(text))) {
    return await editor.edit((edit) => {
      changes.forEach(({ range, text }) => edit.replace(range, text));
      if (newEnding !== undefined) {
        edit.setEndOfLine(newEnding);
      }
    });
  }
  const edit = new vscode.WorkspaceEdit();
  edit.set(document.uri, [
    ...changes.map(({ range, text }) => vscode.TextEdit.replace(range, text)),
    ...(newEnding === undefined ? [] : [vscode.TextEdit.setEndOfLine(newEnding)]),
  ]);
  return await vscode.workspace.applyEdit(edit);
}

const surrogate = /[\ud800-\udfff]/;

async function writeBytes(
  uri: vscode.Uri,
  bytes: Uint8Array,
  isDirty: boolean,
): Promise<WriteOutcome> {
  if (isDirty) {
    throw new PatchbayError(
      'mixed_line_endings',
      `${vscode.workspace.asRelativePath(uri)} has mixed line endings and unsaved changes; nothing was written. Save or discard your changes, then try again.`,
    );
  }
  await vscode.workspace.fs.writeFile(uri, bytes);
  return {
    isSaved: true,
    note: 'Written with its mixed line endings: undo in the editor does not take this back.',
  };
}

async function isOnDisk(document: vscode.TextDocument, bytes: Uint8Array): Promise<boolean> {
  return !document.isDirty && isSameBytes(await vscode.workspace.fs.readFile(document.uri), bytes);
}

function outcome(document: vscode.TextDocument, text: string, isSaved: boolean): WriteOutcome {
  const after = document.getText();
  return { isSaved, ...(after === text ? {} : { savedText: after }) };
}

/** A refused save leaves our text in a buffer that was clean: it is read from disk again, unless it was typed in since. */
async function takeBack(document: vscode.TextDocument): Promise<void> {
  const text = document.getText();
  const isStillThere = (): boolean => document.isDirty && document.getText() === text;
  // Once more where another editor was the active one at that moment.
  for (let attempts = 0; attempts < maxAttempts && isStillThere(); attempts++) {
    await vscode.window.showTextDocument(document, { preview: true });
    if (isStillThere()) {
      await revertDocument(document);
    }
  }
}

/** Sets an open document back to what is on disk, as the user asked for; false when it could not be. */
export async function discardChanges(path: string): Promise<boolean> {
  const document = openDocument(toWorkspaceUri(path));
  if (document?.isDirty === true) {
    await takeBack(document);
  }
  return document?.isDirty !== true;
}

async function saveRefused(uri: vscode.Uri, before: Uint8Array): Promise<PatchbayError> {
  const now = await vscode.workspace.fs.readFile(uri);
  if (openDocument(uri)?.isDirty === true) {
    return new PatchbayError(
      'read_only',
      `${vscode.workspace.asRelativePath(uri)} could not be saved; its file is as it was, and the change waits in its editor, unsaved. Save or revert it there.`,
    );
  }
  return isSameBytes(now, before)
    ? new PatchbayError(
        'read_only',
        `${vscode.workspace.asRelativePath(uri)} could not be saved; nothing was written.`,
      )
    : stale(uri);
}

function stale(uri: vscode.Uri): PatchbayError {
  return new PatchbayError(
    'stale',
    `${vscode.workspace.asRelativePath(uri)} changed meanwhile; nothing was written.`,
  );
}
