import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { PendingEdit, PendingEditsApi } from '../../session/contract';
import { fromWorkspaceUri } from '../workspaceUri';
import { hunkRows, type ReviewSide } from './hunkRows';
import { lensEntries } from './lensTitles';
import { proposalScheme } from '../frontDoor';
import { fromProposalUri } from './proposalUri';

/** An edit as it stands in one document. */
export interface EditInDocument {
  readonly edit: PendingEdit;
  readonly side: ReviewSide;
}

/** The edits that a document belongs to: the one of a proposal, or the open ones of a file. */
export function editsInDocument(
  edits: PendingEditsApi,
  uri: vscode.Uri,
): readonly EditInDocument[] {
  const ref = fromProposalUri(uri);
  if (ref !== undefined) {
    const edit = ref.side === 'proposal' ? edits.get(ref.editId) : undefined;
    return edit === undefined ? [] : [{ edit, side: 'proposal' }];
  }
  const path = fromWorkspaceUri(uri);
  return edits
    .list()
    .filter((edit) => edit.state === 'open' && edit.path === path)
    .map((edit) => ({ edit, side: 'file' }));
}

/** A side of a diff has no column; the lens would stand there twice. */
export function isPlainEditor(editor: vscode.TextEditor): boolean {
  return editor.viewColumn !== undefined;
}

/** The row of actions above each hunk, in the review and in the plain file. */
export class ReviewLenses implements vscode.CodeLensProvider, Disposable {
  private readonly store = new DisposableStore();
  private readonly didChange = this.store.add(new vscode.EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.didChange.event;
  private plain: vscode.Disposable | undefined;

  constructor(private readonly edits: PendingEditsApi) {
    this.store.add(vscode.languages.registerCodeLensProvider({ scheme: proposalScheme }, this));
    this.store.add(
      edits.onDidChange(() => {
        this.followPending();
        this.didChange.fire();
      }),
    );
    // Else the lens of a decided hunk would stay, and one of a file that is shown next to its diff would come late.
    this.store.add(vscode.window.onDidChangeVisibleTextEditors(() => this.fireIfPending()));
    this.store.add(
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (editsInDocument(this.edits, document.uri).length > 0) {
          this.didChange.fire();
        }
      }),
    );
    this.followPending();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    return editsInDocument(this.edits, document.uri).flatMap(({ edit, side }) => {
      if (side === 'file' && !isShownPlainly(document)) {
        return [];
      }
      return hunkRows(edit, side, document.lineCount).flatMap((row) => {
        const range = new vscode.Range(row.line, 0, row.line, 0);
        return lensEntries(edit, row, side === 'file').map(
          (entry) =>
            new vscode.CodeLens(range, {
              title: entry.title,
              tooltip: entry.tooltip,
              command: entry.command ?? '',
              arguments: entry.args === undefined ? [] : [...entry.args],
            }),
        );
      });
    });
  }

  dispose(): void {
    this.plain?.dispose();
    this.store.dispose();
  }

  /** Files are only asked about while something waits. */
  private followPending(): void {
    const isPending = this.edits.list().some((edit) => edit.state === 'open');
    if (isPending && this.plain === undefined) {
      this.plain = vscode.languages.registerCodeLensProvider({ pattern: '**/*' }, this.plainOnly());
    } else if (!isPending) {
      this.plain?.dispose();
      this.plain = undefined;
    }
  }

  /** The pattern matches proposals too, and they have their own registration. */
  private plainOnly(): vscode.CodeLensProvider {
    return {
      onDidChangeCodeLenses: this.onDidChangeCodeLenses,
      provideCodeLenses: (document) =>
        document.uri.scheme === proposalScheme ? [] : this.provideCodeLenses(document),
    };
  }

  private fireIfPending(): void {
    if (this.plain !== undefined) {
      this.didChange.fire();
    }
  }
}

function isShownPlainly(document: vscode.TextDocument): boolean {
  return vscode.window.visibleTextEditors.some(
    (editor) => editor.document === document && isPlainEditor(editor),
  );
}
