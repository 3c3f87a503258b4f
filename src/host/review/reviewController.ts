import * as vscode from 'vscode';
import type { Clock } from '../../base/clock';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { Logger } from '../../base/logger';
import { errorMessage } from '../../base/patchbayError';
import type { PendingEdit, PendingEditsApi } from '../../session/contract';
import type { WorkspaceFiles } from '../../tools/contract';
import { edgeHunk } from './hunkRows';
import { ProposalFileSystem } from './proposalFileSystem';
import { ProposalTyping } from './proposalTyping';
import { fromProposalUri } from './proposalUri';
import { ReviewBase } from './reviewBase';
import { ReviewContext } from './reviewContext';
import { ReviewLenses } from './reviewLenses';
import { ReviewMarks } from './reviewMarks';
import { ReviewTabs } from './reviewTabs';

/** Who typed this lately must not have an editor put in front of them. */
const busyMs = 3000;

export interface ReviewOptions {
  readonly edits: PendingEditsApi;
  readonly files: WorkspaceFiles;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether a new proposal opens its review by itself. */
  readonly opensByItself: () => boolean;
}

/** The review in the editor: shows what waits, opens and closes its tabs, and says where the user should be. */
export class ReviewController implements Disposable {
  private readonly store = new DisposableStore();
  /** The proposals as documents, for the editor. */
  readonly proposals: ProposalFileSystem;
  private readonly tabs: ReviewTabs;
  private readonly typing: ProposalTyping;
  /** The open edits as last seen: who is missing from the set is over. */
  private readonly open = new Map<string, PendingEdit>();
  private tabWork: Promise<void> = Promise.resolve();
  private lastTypedAtMs = Number.NEGATIVE_INFINITY;
  private isDecidingInEditor = false;

  constructor(private readonly options: ReviewOptions) {
    const { edits, files, clock, log } = options;
    this.proposals = this.store.add(new ProposalFileSystem(edits, (uri) => this.typing.saved(uri)));
    this.store.add(new ReviewLenses(edits));
    this.store.add(new ReviewMarks(edits));
    this.typing = this.store.add(new ProposalTyping(edits, clock, log));
    this.store.add(new ReviewBase(edits, files, clock, log, () => this.typing.flush()));
    this.store.add(new ReviewContext(edits, clock));
    this.tabs = new ReviewTabs(edits);
    for (const edit of edits.list()) {
      if (edit.state === 'open') {
        this.open.set(edit.id, edit);
      }
    }
    this.store.add(edits.onDidChange(({ editId, edit }) => this.follow(editId, edit)));
    this.store.add(vscode.workspace.onDidChangeTextDocument((event) => this.noteTyping(event)));
    this.queue(() => this.tabs.closeForgotten());
  }

  /** Shows one edit as a diff; without a hunk at its first one. Without an id: the oldest that waits. */
  openReview(editId?: string, hunkId?: string, preserveFocus = false): boolean {
    const { edits } = this.options;
    const edit = editId === undefined ? edits.list().find(isOpen) : edits.get(editId);
    if (edit?.state !== 'open') {
      return false;
    }
    this.queue(() => this.tabs.open(edit, hunkId ?? edgeHunk(edit, 1), preserveFocus));
    return true;
  }

  /**
   * Decides from the editor. False when the edit or the hunk is no longer what the user saw: nothing was decided then.
   * The user's last typing in the proposal counts.
   */
  decide(
    editId: string,
    hunkIds: readonly string[] | 'all',
    decision: 'approve' | 'deny',
    reason?: string,
  ): boolean {
    this.typing.flush();
    this.isDecidingInEditor = true;
    try {
      return this.options.edits.decide(editId, hunkIds, decision, reason);
    } finally {
      this.isDecidingInEditor = false;
    }
  }

  dispose(): void {
    this.store.dispose();
  }

  private follow(editId: string, edit: PendingEdit | undefined): void {
    const known = this.open.get(editId);
    if (edit?.state === 'open') {
      this.open.set(editId, edit);
      if (known === undefined && this.options.opensByItself() && !this.isUserBusy()) {
        this.queue(() => this.openUnlessShowing(edit));
      }
    } else if (known !== undefined) {
      this.open.delete(editId);
      const isInEditor = this.isDecidingInEditor;
      this.queue(() => this.leave(known, isInEditor));
    }
  }

  private async openUnlessShowing(edit: PendingEdit): Promise<void> {
    if (!this.tabs.isShowing() && this.options.edits.get(edit.id)?.state === 'open') {
      await this.tabs.open(edit, edgeHunk(edit, 1), true);
    }
  }

  /** After the last decision: on to what else waits, or back to where the user was. */
  private async leave(edit: PendingEdit, isInEditor: boolean): Promise<void> {
    const wasInFront = await this.tabs.close(edit);
    const next = this.options.edits.list().find(isOpen);
    if (wasInFront && next !== undefined) {
      await this.tabs.open(next, edgeHunk(next, 1), !isInEditor);
    } else if (next === undefined) {
      await this.tabs.restore(!isInEditor, wasInFront);
    }
  }

  /** Opening and closing tabs one after the other: two at once would race for the active editor. */
  private queue(work: () => Promise<void>): void {
    this.tabWork = this.tabWork.then(work).catch((error: unknown) => {
      this.options.log.warn(`The review could not be shown: ${errorMessage(error)}`);
    });
  }

  private noteTyping({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    const isActive = vscode.window.activeTextEditor?.document === document;
    if (contentChanges.length > 0 && isActive && fromProposalUri(document.uri) === undefined) {
      this.lastTypedAtMs = this.options.clock.nowMs();
    }
  }

  private isUserBusy(): boolean {
    return this.options.clock.nowMs() - this.lastTypedAtMs < busyMs;
  }
}

function isOpen(edit: PendingEdit): boolean {
  return edit.state === 'open';
}
