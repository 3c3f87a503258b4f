import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { UnreviewedChange, UnreviewedChangesApi } from '../../session/contract';
import type { CommandId } from '../commandIds';
import { fromWorkspaceUri } from '../workspaceUri';
import { changeRows, rowWords } from './changeRows';

// A plain space after an icon is swallowed by the editor.
const gap = '\u00a0';

/** What waits in the file of a document. */
export function changesIn(
  changes: UnreviewedChangesApi,
  uri: vscode.Uri,
): readonly UnreviewedChange[] {
  const path = fromWorkspaceUri(uri);
  return path === undefined ? [] : changes.list().filter((change) => change.path === path);
}

/** `Keep | Undo | during "npm test" · 1 of 3` above each hunk, in the plain file and on the right side of its diff. */
export class ChangeLenses implements vscode.CodeLensProvider, Disposable {
  private readonly store = new DisposableStore();
  private readonly didChange = this.store.add(new vscode.EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.didChange.event;
  private registration: vscode.Disposable | undefined;

  constructor(private readonly changes: UnreviewedChangesApi) {
    this.store.add(
      changes.onDidChange(() => {
        this.follow();
        this.didChange.fire();
      }),
    );
    this.follow();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const rows = changeRows(changesIn(this.changes, document.uri), document.lineCount);
    return rows.flatMap((row) => {
      const range = new vscode.Range(row.line, 0, row.line, 0);
      const args = [row.change.id, row.entry.hunk.id];
      const lens = (title: string, tooltip: string, command: CommandId | ''): vscode.CodeLens =>
        new vscode.CodeLens(range, { title, tooltip, command, arguments: args });
      return [
        lens(`$(check)${gap}Keep`, 'This change stays as it is', 'patchbay.keepChange'),
        lens(`$(discard)${gap}Undo`, 'Take this change out of the file', 'patchbay.undoChange'),
        ...(row.position === 1
          ? [lens('Compare', 'Show what changed beside what was before', 'patchbay.openChanges')]
          : []),
        lens(rowWords(row), 'Where it came from, as far as time and path tell', ''),
      ];
    });
  }

  dispose(): void {
    this.registration?.dispose();
    this.store.dispose();
  }

  /** Files are only asked about while something waits. */
  private follow(): void {
    const isWaiting = this.changes.list().length > 0;
    if (isWaiting) {
      this.registration ??= vscode.languages.registerCodeLensProvider({ pattern: '**/*' }, this);
    } else {
      this.registration?.dispose();
      this.registration = undefined;
    }
  }
}
