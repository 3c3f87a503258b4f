import * as vscode from 'vscode';
import { PatchbayError } from '../base/patchbayError';
import type { Hunk } from '../edits/fileEdit';
import type { PlaceCheck, WriteOutcome } from '../tools/contract';
import { isBehindDisk, waitForReload } from './bufferReload';
import { decodeFile, encodeLike } from './textCodec';
import { lineEndings, minimalEdits } from './textEdits';
import { isFileNotFound, openDocument } from './workspaceUri';

export interface BufferMove {
  readonly source: vscode.Uri;
  readonly target: vscode.Uri;
  /** What the file is to hold at its new place. */
  readonly text: string;
  /** What it holds at its old one; already looked at. */
  readonly expectedText: string;
  readonly hunks: (baseText: string, text: string) => readonly Hunk[];
  /** Asked right before anything changes. */
  readonly checkPlace?: PlaceCheck | undefined;
}

/**
 * Moves a file and changes its text in one workspace edit, which is one undo step of the editor: undone, the file is at
 * its old place again, a changed text in its editor and not saved. The move is a rename, so that mode, encoding and
 * open editors stay. A text with mixed line endings, which no buffer can hold, is created anew in the same one step, and
 * so is a file that its editor does not read anew in time.
 */
export async function moveThroughBuffer(move: BufferMove): Promise<WriteOutcome> {
  const { source, target, text, expectedText } = move;
  const document = openDocument(source) ?? (await vscode.workspace.openTextDocument(source));
  const isChanged = text !== expectedText;
  if (isChanged && isBehindDisk(document, expectedText)) {
    await waitForReload(document, document.version);
  }
  const { isDirty, version } = document;
  // A buffer that still has the old text is nothing to make an edit of.
  const isMadeAnew =
    lineEndings(text) === 'mixed' ||
    lineEndings(expectedText) === 'mixed' ||
    isBehindDisk(document, expectedText);
  const edit = new vscode.WorkspaceEdit();
  if (!isChanged || !isMadeAnew) {
    edit.renameFile(source, target, { overwrite: false });
  }
  if (isChanged) {
    const bytes = await vscode.workspace.fs.readFile(source);
    const { encoding } = document;
    const diskText = await decodeFile(source, bytes, encoding);
    if ((isDirty ? document.getText() : diskText) !== expectedText) {
      throw stale(source);
    }
    const contents = await encodeLike(source, { bytes, text: diskText, encoding }, text);
    if (!isMadeAnew) {
      edit.set(target, textEdits(document, move));
    } else if (isDirty) {
      throw new PatchbayError(
        'mixed_line_endings',
        `${shown(source)} has mixed line endings and unsaved changes; nothing was moved. Save or discard your changes, then try again.`,
      );
    } else {
      edit.createFile(target, { overwrite: false, contents });
      edit.deleteFile(source);
    }
  }
  await move.checkPlace?.();
  if (document.version !== version) {
    throw stale(source);
  }
  await vscode.workspace.applyEdit(edit);
  if ((await exists(source)) || !(await exists(target))) {
    throw new PatchbayError(
      'read_only',
      `${shown(source)} could not be moved to ${shown(target)}. Check that both folders can be written to.`,
    );
  }
  return await saved(target, text, isDirty);
}

/** Saved only where the document was clean before. */
async function saved(target: vscode.Uri, text: string, wasDirty: boolean): Promise<WriteOutcome> {
  if (wasDirty) {
    return { isSaved: false };
  }
  const document = openDocument(target);
  if (document?.isDirty === true && !(await document.save())) {
    return { isSaved: false };
  }
  const after = document?.getText() ?? text;
  // A buffer has one kind of line ending; that of the disk stays.
  return {
    isSaved: true,
    ...(lineEndings(text) === 'mixed' || after === text ? {} : { savedText: after }),
  };
}

function textEdits(document: vscode.TextDocument, { text, hunks }: BufferMove): vscode.TextEdit[] {
  const buffer = document.getText();
  const wanted = lineEndings(text);
  const ending = wanted === 'crlf' ? vscode.EndOfLine.CRLF : vscode.EndOfLine.LF;
  return [
    ...minimalEdits(buffer, text, hunks(buffer, text)).map(({ start, end, text: newText }) =>
      vscode.TextEdit.replace(
        new vscode.Range(document.positionAt(start), document.positionAt(end)),
        newText,
      ),
    ),
    ...(wanted === 'none' || ending === document.eol ? [] : [vscode.TextEdit.setEndOfLine(ending)]),
  ];
}

function stale(uri: vscode.Uri): PatchbayError {
  return new PatchbayError('stale', `${shown(uri)} changed meanwhile; nothing was moved.`);
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch (error) {
    if (isFileNotFound(error)) {
      return false;
    }
    throw error;
  }
}

function shown(uri: vscode.Uri): string {
  return vscode.workspace.asRelativePath(uri);
}
