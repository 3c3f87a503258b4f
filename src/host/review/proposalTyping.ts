import * as vscode from 'vscode';
import type { Clock } from '../../base/clock';
import { DisposableStore, type Disposable } from '../../base/disposable';
import { errorMessage } from '../../base/patchbayError';
import type { Logger } from '../../base/logger';
import type { PendingEditsApi } from '../../session/contract';
import {
  isSameButEndings,
  minimalEdits,
  normalizeEndings,
  withOriginalEndings,
} from '../textEdits';
import { openDocument } from '../workspaceUri';
import { fromProposalUri, toProposalUri } from './proposalUri';

/** Long enough that a fast typist does not re-diff at every key. */
const settleMs = 120;
const cleanMs = 400;

/**
 * The user's typing in a proposal, the revert arrow and their undo, all become the proposal. The document is then made
 * clean again without saving it: a dirty one makes the editor ask on closing, and a save would format it.
 */
export class ProposalTyping implements Disposable {
  private readonly store = new DisposableStore();
  private readonly unsettled = new Map<vscode.TextDocument, Disposable>();
  private readonly cleaning = new Map<vscode.TextDocument, Disposable>();

  constructor(
    private readonly edits: PendingEditsApi,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {
    this.store.add(
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (
          contentChanges.length > 0 &&
          document.isDirty &&
          fromProposalUri(document.uri)?.side === 'proposal'
        ) {
          this.unsettled.get(document)?.dispose();
          this.unsettled.set(
            document,
            clock.schedule(settleMs, () => this.settle(document)),
          );
        }
      }),
    );
    this.store.add(edits.onDidChange(({ editId }) => this.bringAlong(editId)));
    // A proposal that could not be cleaned in the background is cleaned when the user comes back to it.
    this.store.add(
      vscode.window.onDidChangeActiveTextEditor((editor) => {
        if (
          editor?.document.isDirty === true &&
          fromProposalUri(editor.document.uri) !== undefined
        ) {
          this.cleanSoon(editor.document);
        }
      }),
    );
  }

  /** Takes over what was typed a moment ago; called before every decision. */
  flush(): void {
    for (const document of [...this.unsettled.keys()]) {
      this.settle(document);
    }
  }

  dispose(): void {
    this.store.dispose();
    for (const timer of [...this.unsettled.values(), ...this.cleaning.values()]) {
      timer.dispose();
    }
    this.unsettled.clear();
    this.cleaning.clear();
  }

  private settle(document: vscode.TextDocument): void {
    this.unsettled.get(document)?.dispose();
    this.unsettled.delete(document);
    const ref = fromProposalUri(document.uri);
    const edit = ref === undefined ? undefined : this.edits.get(ref.editId);
    if (edit?.state !== 'open') {
      return;
    }
    const typed = document.getText();
    if (!isSameButEndings(typed, edit.proposedText)) {
      this.edits.updateProposal(edit.id, withOriginalEndings(edit.proposedText, typed));
    }
    this.cleanSoon(document);
  }

  /** A dirty document does not follow its file: when the proposal was merged with a change of the base, it is told so. */
  private bringAlong(editId: string): void {
    const edit = this.edits.get(editId);
    const document = edit === undefined ? undefined : openDocument(toProposalUri(edit));
    if (edit?.state !== 'open' || document?.isDirty !== true || this.unsettled.has(document)) {
      return;
    }
    const text = document.getText();
    const wanted = normalizeEndings(
      edit.proposedText,
      document.eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n',
    );
    if (text === wanted) {
      return;
    }
    const change = new vscode.WorkspaceEdit();
    change.set(
      document.uri,
      minimalEdits(text, wanted, []).map(({ start, end, text: replacement }) =>
        vscode.TextEdit.replace(
          new vscode.Range(document.positionAt(start), document.positionAt(end)),
          replacement,
        ),
      ),
    );
    void vscode.workspace.applyEdit(change).then(() => this.cleanSoon(document));
  }

  private cleanSoon(document: vscode.TextDocument): void {
    this.cleaning.get(document)?.dispose();
    this.cleaning.set(
      document,
      this.clock.schedule(cleanMs, () => {
        this.cleaning.delete(document);
        void this.clean(document).catch((error: unknown) =>
          this.log.warn(`A proposal could not be marked as saved: ${errorMessage(error)}`),
        );
      }),
    );
  }

  /** Reading it again from us gives the same text: text and undo stack stay, the dirty mark goes. Active editor only. */
  private async clean(document: vscode.TextDocument): Promise<void> {
    const ref = fromProposalUri(document.uri);
    const edit = ref === undefined ? undefined : this.edits.get(ref.editId);
    const isActive = vscode.window.activeTextEditor?.document === document;
    const isTaken = edit !== undefined && isSameButEndings(edit.proposedText, document.getText());
    if (document.isDirty && isActive && isTaken && !this.unsettled.has(document)) {
      await vscode.commands.executeCommand('workbench.action.files.revert');
    }
  }
}
