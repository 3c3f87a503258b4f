import * as vscode from 'vscode';
import type { PendingEdit, PendingEditsApi } from '../../session/contract';
import type { CommandId } from '../commandIds';
import { lineEndings } from '../textEdits';
import { openDocument, toWorkspaceUri } from '../workspaceUri';
import { hunkRows } from './hunkRows';
import { fromProposalUri, toProposalUri } from './proposalUri';

/** Where the user was before the first review opened. */
interface Place {
  readonly uri: vscode.Uri;
  readonly selection: vscode.Selection;
  readonly viewColumn: vscode.ViewColumn | undefined;
}

/** The diff tabs of the review: left the real file, right the proposal. */
export class ReviewTabs {
  private before: Place | undefined;

  constructor(private readonly edits: PendingEditsApi) {}

  /** Tabs that a reload brought back for edits that are over would only show an error. */
  async closeForgotten(): Promise<void> {
    const forgotten = reviewTabs().filter(({ editId }) => this.edits.get(editId)?.state !== 'open');
    await vscode.window.tabGroups.close(
      forgotten.map(({ tab }) => tab),
      true,
    );
  }

  isShowing(editId?: string): boolean {
    return reviewTabs().some(
      (review) => review.tab.isActive && (editId === undefined || review.editId === editId),
    );
  }

  /** Keeps where the user is, to come back to; the first place counts until `restore`. */
  rememberPlace(): void {
    this.before ??= placeOfUser();
  }

  async open(edit: PendingEdit, hunkId: string | undefined, preserveFocus: boolean): Promise<void> {
    this.rememberPlace();
    const left = edit.kind === 'create' ? toProposalUri(edit, 'empty') : toWorkspaceUri(edit.path);
    const right = toProposalUri(edit);
    const lineCount = edit.proposedText.split('\n').length;
    const rows = hunkRows(edit, 'proposal', lineCount);
    const row = rows.find((candidate) => candidate.hunkId === hunkId) ?? rows[0];
    const options: vscode.TextDocumentShowOptions = {
      preview: true,
      preserveFocus,
      ...(row === undefined ? {} : { selection: new vscode.Range(row.line, 0, row.line, 0) }),
    };
    await vscode.commands.executeCommand('vscode.diff', left, right, reviewTitle(edit), options);
  }

  /**
   * Closes the tabs of an edit that is over. True when one of them was in front, that is: the user was looking at it.
   */
  async close(edit: PendingEdit): Promise<boolean> {
    const own = reviewTabs().filter(({ editId }) => editId === edit.id);
    const wasInFront = own.some(({ tab }) => tab.isActive);
    const document = openDocument(toProposalUri(edit));
    if (document?.isDirty === true) {
      // Nobody reads this text any more; a dirty one would make the editor ask whether to save it.
      await document.save();
    }
    await vscode.window.tabGroups.close(
      own.map(({ tab }) => tab),
      true,
    );
    return wasInFront;
  }

  /**
   * Shows the editor and the selection from before the review; when the user has gone elsewhere it only forgets them.
   * With nothing to come back to the focus goes on all the same, so that the next key is not lost.
   */
  async restore(preserveFocus: boolean, wasInFront: boolean): Promise<void> {
    const place = this.before;
    this.before = undefined;
    if (!wasInFront) {
      return;
    }
    if (place === undefined || openDocument(place.uri) === undefined) {
      if (!preserveFocus) {
        const isEmpty = vscode.window.tabGroups.activeTabGroup.activeTab === undefined;
        await vscode.commands.executeCommand(isEmpty ? openChat : focusEditors);
      }
      return;
    }
    await vscode.window.showTextDocument(place.uri, {
      selection: place.selection,
      preserveFocus,
      ...(place.viewColumn === undefined ? {} : { viewColumn: place.viewColumn }),
    });
  }
}

const openChat: CommandId = 'patchbay.openChat';
const focusEditors = 'workbench.action.focusActiveEditorGroup';

function reviewTitle(edit: PendingEdit): string {
  const name = edit.label.split('/').at(-1) ?? edit.label;
  const what = {
    edit: 'proposed by',
    create: 'new file, proposed by',
    delete: 'to be deleted, proposed by',
  }[edit.kind];
  const before = lineEndings(edit.baseText);
  const after = lineEndings(edit.proposedText);
  const endings =
    edit.kind === 'edit' && before !== after && before !== 'none' && after !== 'none'
      ? ` (line endings: ${endingName(before)} → ${endingName(after)})`
      : '';
  return `${name}: ${what} ${edit.asker}${endings}`;
}

function endingName(endings: 'lf' | 'crlf' | 'mixed'): string {
  return endings === 'mixed' ? 'mixed' : endings.toUpperCase();
}

function reviewTabs(): readonly { readonly tab: vscode.Tab; readonly editId: string }[] {
  return vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .flatMap((tab) => {
      const uri =
        tab.input instanceof vscode.TabInputTextDiff
          ? tab.input.modified
          : tab.input instanceof vscode.TabInputText
            ? tab.input.uri
            : undefined;
      const ref = uri === undefined ? undefined : fromProposalUri(uri);
      return ref === undefined ? [] : [{ tab, editId: ref.editId }];
    });
}

function placeOfUser(): Place | undefined {
  const editor = vscode.window.activeTextEditor;
  // A side of a diff has no column: coming back to it as a plain editor would not be where the user was.
  if (editor?.viewColumn === undefined || fromProposalUri(editor.document.uri) !== undefined) {
    return undefined;
  }
  return { uri: editor.document.uri, selection: editor.selection, viewColumn: editor.viewColumn };
}
