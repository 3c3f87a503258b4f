import * as vscode from 'vscode';
import type { PendingEdit, PendingEditsApi } from '../../session/contract';
import { inTreeOrder } from './editTree';
import { edgeHunk, hunkRows, neighbourEdit, nextRow } from './hunkRows';
import type { ReviewController } from './reviewController';
import { editsInDocument } from './reviewLenses';

/** To the next or previous hunk that waits, across files in the order of the tree. False when nothing waits. */
export async function goToHunk(
  edits: PendingEditsApi,
  review: ReviewController,
  direction: 1 | -1,
): Promise<boolean> {
  const editor = vscode.window.activeTextEditor;
  const here = editor === undefined ? [] : editsInDocument(edits, editor.document.uri);
  if (editor !== undefined) {
    const rows = here.flatMap(({ edit, side }) => hunkRows(edit, side, editor.document.lineCount));
    const row = nextRow(rows, editor.selection.active.line, direction);
    if (row !== undefined) {
      showLine(editor, row.line);
      // Asked for from the chat or the palette, the hunk's keys must work right away.
      await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
      return true;
    }
  }
  const open = inTreeOrder(edits.list().filter((edit) => edit.state === 'open'));
  const current = here[0]?.edit.id;
  const next: PendingEdit | undefined =
    neighbourEdit(open, current, direction) ?? open.find((edit) => edit.id === current);
  const hunkId = next === undefined ? undefined : edgeHunk(next, direction);
  return next !== undefined && hunkId !== undefined && review.openReview(next.id, hunkId);
}

/** On to the next undecided hunk of the same document; the cursor stays when there is none. */
export function toNextInDocument(edits: PendingEditsApi, editId: string): void {
  const editor = vscode.window.activeTextEditor;
  const here =
    editor === undefined
      ? undefined
      : editsInDocument(edits, editor.document.uri).find(({ edit }) => edit.id === editId);
  if (editor === undefined || here?.edit.state !== 'open') {
    return;
  }
  const rows = hunkRows(here.edit, here.side, editor.document.lineCount);
  const row = nextRow(rows, editor.selection.active.line, 1) ?? nextRow(rows, -1, 1);
  if (row !== undefined) {
    showLine(editor, row.line);
  }
}

function showLine(editor: vscode.TextEditor, line: number): void {
  const position = new vscode.Position(line, 0);
  editor.selection = new vscode.Selection(position, position);
  editor.revealRange(
    new vscode.Range(position, position),
    vscode.TextEditorRevealType.InCenterIfOutsideViewport,
  );
}
