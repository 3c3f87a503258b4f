import * as vscode from 'vscode';
import { PatchbayError } from '../base/patchbayError';
import type { Hunk } from '../edits/fileEdit';
import type { PlaceCheck, WriteOutcome } from '../tools/contract';
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

/**
 * Changes an existing file as one undo step of its buffer, and saves it when it was clean before. A text with mixed
 * line endings, which no buffer can hold, is written as bytes. Throws `stale`, `encoding`, `mixed_line_endings`,
 * `read_only`; nothing is written then.
 */
export async function writeThroughBuffer(write: BufferWrite): Promise<WriteOutcome> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await tryWrite(write);
    if (outcome !== 'refused') {
      return outcome;
    }
    if (attempt === maxAttempts) {
      throw stale(write.uri);
    }
  }
}

/** The next look tells whether something changed: then it is `stale`, else the editor is asked again. */
const maxAttempts = 3;

/**
 * `refused`: the editor did not take the edit. It does so when the document's model was closed and opened anew at that
 * moment (a diff that is being closed held it), although not a letter has changed.
 */
async function tryWrite(write: BufferWrite): Promise<WriteOutcome | 'refused'> {
  const present = await look(write.uri);
  const { document } = present;
  const isDirty = document.isDirty;
  const buffer = document.getText();
  if (!isDirty && !isSameButEndings(buffer, present.diskText)) {
    throw stale(write.uri); // the disk is newer than the buffer
  }
  const isDiskExpected = !isDirty && present.diskText === write.expectedText;
  if (!isDiskExpected && buffer !== write.expectedText) {
    throw stale(write.uri);
  }
  const encoded = await encodeLike(
    write.uri,
    { bytes: present.bytes, text: present.diskText, encoding: document.encoding },
    write.text,
  );
  await write.checkPlace?.();
  if (document.isClosed) {
    return 'refused';
  }
  if (document.version !== present.version) {
    throw stale(write.uri);
  }
  if (write.text === write.expectedText) {
    return { isSaved: !isDirty };
  }
  const isMixed = lineEndings(present.diskText) === 'mixed' || lineEndings(write.text) === 'mixed';
  if (isMixed) {
    return await writeBytes(write.uri, encoded, isDirty);
  }
  if (!(await applyToBuffer(document, buffer, write)) && !(await isInBuffer(write))) {
    return 'refused';
  }
  if (isDirty) {
    return outcome(document, write.text, false);
  }
  await write.checkPlace?.().catch(async (error: unknown) => {
    await takeBack(document);
    throw error;
  });
  // Auto-save may have been quicker: `save` then says false although the file has our text.
  if (!(await document.save()) && !(await isOnDisk(document, encoded))) {
    await takeBack(document);
    throw await saveRefused(write.uri, present.bytes);
  }
  return outcome(document, write.text, true);
}

async function look(uri: vscode.Uri): Promise<Present> {
  // Opening gives a closed file its buffer and tells in which encoding the editor reads it.
  const document = openDocument(uri) ?? (await vscode.workspace.openTextDocument(uri));
  const version = document.version;
  const bytes = await vscode.workspace.fs.readFile(uri);
  return { document, version, bytes, diskText: await decodeFile(uri, bytes, document.encoding) };
}

/** The editor says no also when it stumbles after the edit; then the text is there, and a second edit would find nothing. */
async function isInBuffer({ uri, text }: BufferWrite): Promise<boolean> {
  return (await vscode.workspace.openTextDocument(uri)).getText() === text;
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

/** A refused save leaves our text in a buffer that was clean: it is read from disk again. Only the active editor can do that. */
async function takeBack(document: vscode.TextDocument): Promise<void> {
  await vscode.window.showTextDocument(document, { preview: true });
  await vscode.commands.executeCommand('workbench.action.files.revert');
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
