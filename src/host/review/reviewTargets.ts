import * as vscode from 'vscode';
import { isNumber, isRecord, isString } from '../../base/guard';
import type { PendingEdit, PendingEditsApi } from '../../session/contract';
import { hunkRows, rowAtLine } from './hunkRows';
import { editsInDocument } from './reviewLenses';

/** What a command is about. Without a hunk it is the whole edit. */
export interface ReviewTarget {
  readonly edit: PendingEdit;
  readonly hunkId: string | undefined;
  /** Found by the cursor and not named by what was clicked. */
  readonly isByCursor: boolean;
}

/**
 * Who calls decides what comes: a lens or a hover link `[editId, hunkId?]`, the title of the review `(uri, …)`, a line
 * number `({lineNumber, uri})`, the palette and keys nothing, then the cursor counts.
 */
export function reviewTarget(
  edits: PendingEditsApi,
  args: readonly unknown[],
): ReviewTarget | undefined {
  const [first, second] = args;
  if (isString(first)) {
    const edit = edits.get(first);
    return edit === undefined
      ? undefined
      : { edit, hunkId: isString(second) ? second : undefined, isByCursor: false };
  }
  if (isRecord(first) && isNumber(first.lineNumber) && first.uri instanceof vscode.Uri) {
    return targetAt(edits, first.uri, first.lineNumber - 1, false);
  }
  const editor = vscode.window.activeTextEditor;
  if (first instanceof vscode.Uri && editor?.document.uri.toString() !== first.toString()) {
    return targetAt(edits, first, undefined, false);
  }
  return editor === undefined
    ? undefined
    : targetAt(edits, editor.document.uri, editor.selection.active.line, first === undefined);
}

function targetAt(
  edits: PendingEditsApi,
  uri: vscode.Uri,
  line: number | undefined,
  isByCursor: boolean,
): ReviewTarget | undefined {
  const here = editsInDocument(edits, uri);
  if (line !== undefined) {
    for (const { edit, side } of here) {
      const row = rowAtLine(hunkRows(edit, side, Number.MAX_SAFE_INTEGER), line);
      if (row !== undefined) {
        return { edit, hunkId: row.hunkId, isByCursor };
      }
    }
  }
  const edit = here[0]?.edit;
  return edit === undefined ? undefined : { edit, hunkId: undefined, isByCursor };
}
