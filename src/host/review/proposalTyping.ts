import * as vscode from 'vscode';
import type { Clock } from '../../base/clock';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { Logger } from '../../base/logger';
import { errorMessage } from '../../base/patchbayError';
import type { PendingEdit, PendingEditsApi } from '../../session/contract';
import { minimalEdits, normalizeEndings, withOriginalEndings } from '../textEdits';
import { openDocument } from '../workspaceUri';
import { ProposalSave } from './proposalSave';
import { fromProposalUri, toProposalUri } from './proposalUri';
import { leavesNothing, reconcile } from './reconcile';

/** Long enough that a fast typist does not re-diff at every key. */
const settleMs = 120;
/** Saving a document, or reading it again, disturbs somebody who types: only after a real pause. */
const cleanMs = 2000;

/** What is known of one open proposal. Texts have LF here: the document has one kind of ending, the proposal its own. */
interface OpenProposal {
  synced: string;
  settling: Disposable | undefined;
  cleaning: Disposable | undefined;
  isPushing: boolean;
  /** What was typed would end the edit, and waits for more: auto-save may make the document clean meanwhile. */
  isHeld: boolean;
}

/**
 * Keeps the open proposals and the pending set in step. The user's typing, the revert arrow and their undo all become
 * the proposal; a merge with a changed file becomes the document. The document is then made clean again: a
 * dirty one makes the editor ask on closing.
 */
export class ProposalTyping implements Disposable {
  private readonly store = new DisposableStore();
  private readonly open = new Map<vscode.TextDocument, OpenProposal>();
  private readonly saving = new ProposalSave();

  constructor(
    private readonly edits: PendingEditsApi,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {
    vscode.workspace.textDocuments.forEach((document) => this.begin(document));
    this.store.add(vscode.workspace.onDidOpenTextDocument((document) => this.begin(document)));
    this.store.add(vscode.workspace.onDidCloseTextDocument((document) => this.end(document)));
    this.store.add(
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) {
          this.settleSoon(document);
        }
      }),
    );
    this.store.add(
      edits.onDidChange(({ edit }) => {
        const document = edit === undefined ? undefined : openDocument(toProposalUri(edit));
        if (document?.isDirty === true) {
          this.settleSoon(document);
        }
      }),
    );
    // One that could not be cleaned in the background is cleaned when the user comes back to it.
    this.store.add(
      vscode.window.onDidChangeActiveTextEditor((editor) => {
        if (editor?.document.isDirty === true) {
          this.cleanSoon(editor.document);
        }
      }),
    );
  }

  /** Takes over what was typed a moment ago; called before every decision: the user is done typing. */
  flush(): void {
    for (const document of [...this.open.keys()]) {
      this.settle(document, true);
    }
  }

  /** The same before a change of a base; nothing is ended by that. */
  takeOver(): void {
    for (const document of [...this.open.keys()]) {
      this.settle(document);
    }
  }

  /** The editor saves this proposal by itself (auto-save): it will be clean, and what was typed must not be missed. */
  saved(uri: vscode.Uri): void {
    const document = openDocument(uri);
    if (document !== undefined) {
      this.settle(document);
    }
  }

  dispose(): void {
    this.store.dispose();
    for (const document of [...this.open.keys()]) {
      this.end(document);
    }
  }

  private begin(document: vscode.TextDocument): void {
    const edit = this.editOf(document);
    if (edit !== undefined) {
      const text = normalizeEndings(edit.proposedText);
      this.open.set(document, {
        synced: text,
        settling: undefined,
        cleaning: undefined,
        isPushing: false,
        isHeld: false,
      });
      this.settleSoon(document);
    }
  }

  private end(document: vscode.TextDocument): void {
    const known = this.open.get(document);
    known?.settling?.dispose();
    known?.cleaning?.dispose();
    this.open.delete(document);
  }

  private settleSoon(document: vscode.TextDocument): void {
    const known = this.open.get(document);
    if (known !== undefined) {
      known.settling?.dispose();
      known.settling = this.clock.schedule(settleMs, () => this.settle(document));
    }
  }

  /** `isDone` false: the last text to decide on may be cut only to be pasted elsewhere, so what ends the edit waits. */
  private settle(document: vscode.TextDocument, isDone = false): void {
    const known = this.open.get(document);
    const edit = this.editOf(document);
    if (known === undefined || edit?.state !== 'open' || known.isPushing) {
      return; // after a push it is looked at again
    }
    known.settling?.dispose();
    known.settling = undefined;
    const mine = normalizeEndings(document.getText());
    const theirs = normalizeEndings(edit.proposedText);
    const isDirty = document.isDirty || known.isHeld;
    known.isHeld = false;
    const result = reconcile({ synced: known.synced, mine, theirs, isDirty });
    switch (result.kind) {
      case 'same':
        known.synced = mine;
        this.cleanSoon(document);
        return;
      case 'behind':
        known.synced = mine;
        return;
      case 'push':
        void this.push(document, known, theirs);
        return;
      case 'typed': {
        const text = withOriginalEndings(edit.proposedText, result.text);
        if (!isDone && leavesNothing(edit, text)) {
          known.isHeld = true;
          // Typing on, or a paste, looks anew.
          known.settling = this.clock.schedule(cleanMs, () => this.settle(document, true));
          return;
        }
        known.synced = mine;
        this.edits.updateProposal(edit.id, text);
        this.settleSoon(document);
      }
    }
  }

  /** A dirty document does not follow its file. */
  private async push(
    document: vscode.TextDocument,
    known: OpenProposal,
    wanted: string,
  ): Promise<void> {
    const before = document.getText();
    const after = normalizeEndings(wanted, document.eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n');
    const change = new vscode.WorkspaceEdit();
    change.set(
      document.uri,
      minimalEdits(before, after, []).map(({ start, end, text }) =>
        vscode.TextEdit.replace(
          new vscode.Range(document.positionAt(start), document.positionAt(end)),
          text,
        ),
      ),
    );
    known.isPushing = true;
    const isDone = await vscode.workspace.applyEdit(change);
    known.isPushing = false;
    known.synced = isDone ? wanted : known.synced;
    this.settleSoon(document);
  }

  private cleanSoon(document: vscode.TextDocument): void {
    const known = this.open.get(document);
    if (known !== undefined && document.isDirty && !savesByItself()) {
      known.cleaning?.dispose();
      known.cleaning = this.clock.schedule(cleanMs, () => {
        known.cleaning = undefined;
        void this.clean(document).catch((error: unknown) =>
          this.log.warn(`A proposal could not be marked as saved: ${errorMessage(error)}`),
        );
      });
    }
  }

  /** Only what the pending set has by now. */
  private async clean(document: vscode.TextDocument): Promise<void> {
    const edit = this.editOf(document);
    const isTaken =
      edit !== undefined &&
      normalizeEndings(edit.proposedText) === normalizeEndings(document.getText());
    if (!this.open.has(document) || !document.isDirty || !isTaken) {
      return;
    }
    await this.saving.makeClean(document);
  }

  private editOf(document: vscode.TextDocument): PendingEdit | undefined {
    const ref = fromProposalUri(document.uri);
    return ref?.side === 'proposal' ? this.edits.get(ref.editId) : undefined;
  }
}

/** With auto-save the editor makes the document clean by itself. */
function savesByItself(): boolean {
  const autoSave = vscode.workspace.getConfiguration('files').get<string>('autoSave');
  return autoSave !== undefined && autoSave !== 'off';
}
