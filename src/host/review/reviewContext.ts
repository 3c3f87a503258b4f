import * as vscode from 'vscode';
import type { Clock } from '../../base/clock';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { PendingEditsApi } from '../../session/contract';
import { hunkRows, rowAtLine } from './hunkRows';
import { fromProposalUri } from './proposalUri';
import { editsInDocument } from './reviewLenses';

/** Setting a context key takes about 12 ms; a held arrow key makes many cursor moves. */
const settleMs = 50;
/** The line-number menu needs the beginning of a hunk, not every line of a rewritten file. */
const maxLinesPerHunk = 200;

/**
 * The context keys of the review: `patchbay.pending` (anything waits), `patchbay.inReview` (a proposal has the focus),
 * `patchbay.inFile` (the active editor's file has edits that wait), `patchbay.inHunk` (the cursor is in a hunk), `patchbay.lines` (one-based lines with a hunk, in the active editor).
 */
export class ReviewContext implements Disposable {
  private readonly store = new DisposableStore();
  private readonly known = new Map<string, string>();
  private timer: Disposable | undefined;

  constructor(
    private readonly edits: PendingEditsApi,
    private readonly clock: Clock,
  ) {
    this.store.add(edits.onDidChange(() => this.update()));
    this.store.add(vscode.window.onDidChangeActiveTextEditor(() => this.update()));
    this.store.add(
      vscode.window.onDidChangeTextEditorSelection(() => {
        if (this.known.get('patchbay.pending') === 'true') {
          this.timer ??= this.clock.schedule(settleMs, () => this.update());
        }
      }),
    );
    this.update();
  }

  dispose(): void {
    this.timer?.dispose();
    this.store.dispose();
    for (const key of this.known.keys()) {
      void vscode.commands.executeCommand('setContext', key, undefined);
    }
  }

  private update(): void {
    this.timer?.dispose();
    this.timer = undefined;
    const editor = vscode.window.activeTextEditor;
    const isPending = this.edits.list().some((edit) => edit.state === 'open');
    const rows =
      editor === undefined || !isPending
        ? []
        : editsInDocument(this.edits, editor.document.uri)
            .filter(({ edit }) => edit.state === 'open')
            .flatMap(({ edit, side }) => hunkRows(edit, side, editor.document.lineCount));
    const lines = rows.flatMap((row) =>
      Array.from(
        { length: Math.min(maxLinesPerHunk, row.endLine - row.line + 1) },
        (_, index) => row.line + index + 1,
      ),
    );
    this.set('patchbay.pending', isPending);
    this.set(
      'patchbay.inReview',
      editor !== undefined && isPending && fromProposalUri(editor.document.uri) !== undefined,
    );
    this.set('patchbay.inFile', rows.length > 0);
    this.set(
      'patchbay.inHunk',
      editor !== undefined && rowAtLine(rows, editor.selection.active.line) !== undefined,
    );
    this.set('patchbay.lines', lines);
  }

  private set(key: string, value: boolean | readonly number[]): void {
    const text = JSON.stringify(value);
    if (this.known.get(key) !== text) {
      this.known.set(key, text);
      void vscode.commands.executeCommand('setContext', key, value);
    }
  }
}
