import * as vscode from 'vscode';
import type { Clock } from '../../base/clock';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { Logger } from '../../base/logger';
import { errorMessage } from '../../base/patchbayError';
import type { PendingEdit, PendingEditsApi, UnreviewedChangesApi } from '../../session/contract';
import type { WorkspaceFiles } from '../../tools/contract';
import { inTreeOrder } from './editTree';
import { edgeHunk } from './hunkRows';
import { maxFilesAtOnce, MultiReview } from './multiReview';
import { ProposalFileSystem } from './proposalFileSystem';
import { ProposalTyping } from './proposalTyping';
import { fromProposalUri } from './proposalUri';
import { ReviewBase } from './reviewBase';
import { ReviewContext } from './reviewContext';
import { ReviewDecorations } from './reviewDecorations';
import { ReviewLenses } from './reviewLenses';
import { ReviewMarks } from './reviewMarks';
import { ReviewTabs } from './reviewTabs';
import { ReviewThreads } from './reviewThreads';
import { ReviewTree } from './reviewTree';

/** Who typed this lately must not have an editor put in front of them. */
const busyMs = 3000;

/** Where a decision was taken: says where the focus belongs after it. */
type DecisionPlace = 'editor' | 'tree' | 'elsewhere';

export interface ReviewOptions {
  readonly edits: PendingEditsApi;
  readonly files: WorkspaceFiles;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether a new proposal opens its review by itself. */
  readonly opensByItself: () => boolean;
  readonly sessionTitle: (sessionId: string) => string | undefined;
  /** What changed without a review; shown in the same tree. */
  readonly changes?: UnreviewedChangesApi;
  /** Resolves when the edits that the window before left are in the set. */
  readonly ready: Promise<void>;
}

/** The review in the editor: shows what waits, opens and closes its tabs, and says where the user should be. */
export class ReviewController implements Disposable {
  private readonly store = new DisposableStore();
  /** The proposals as documents, for the editor. */
  readonly proposals: ProposalFileSystem;
  readonly tree: ReviewTree;
  readonly threads: ReviewThreads;
  private readonly tabs: ReviewTabs;
  private readonly multi: MultiReview;
  private readonly typing: ProposalTyping;
  /** The open edits as last seen: who is missing from the set is over. */
  private readonly open = new Map<string, PendingEdit>();
  /** Edits by their newest decision, the newest last. */
  private decidedIds: readonly string[] = [];
  private tabWork: Promise<void> = Promise.resolve();
  private lastTypedAtMs = Number.NEGATIVE_INFINITY;
  private decidingIn: DecisionPlace = 'elsewhere';

  constructor(private readonly options: ReviewOptions) {
    const { edits, files, clock, log } = options;
    this.proposals = this.store.add(
      new ProposalFileSystem(edits, (uri) => this.typing.saved(uri), options.ready),
    );
    this.store.add(new ReviewLenses(edits));
    this.store.add(new ReviewMarks(edits));
    this.typing = this.store.add(new ProposalTyping(edits, clock, log));
    this.store.add(new ReviewBase(edits, files, clock, log, () => this.typing.takeOver()));
    this.store.add(new ReviewContext(edits, clock));
    this.store.add(new ReviewDecorations(edits));
    this.threads = this.store.add(new ReviewThreads(edits));
    this.tree = this.store.add(
      new ReviewTree({
        edits,
        changes: options.changes,
        sessionTitle: options.sessionTitle,
        clock,
      }),
    );
    this.multi = this.store.add(new MultiReview());
    this.tabs = new ReviewTabs(edits);
    for (const edit of edits.list()) {
      if (edit.state === 'open') {
        this.open.set(edit.id, edit);
      }
    }
    this.store.add(edits.onDidChange(({ editId, edit }) => this.follow(editId, edit)));
    this.store.add(vscode.workspace.onDidChangeTextDocument((event) => this.noteTyping(event)));
    this.queue(async () => {
      await this.multi.close();
      await options.ready;
      await this.tabs.closeForgotten();
    });
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
   * Shows everything that waits in one editor. Above the limit: the tree, and the first file; the number is the files
   * that wait, 0 when nothing does.
   */
  openAll(): { readonly fileCount: number; readonly isInOne: boolean } {
    const waiting = inTreeOrder(this.options.edits.list().filter(isOpen));
    const isInOne = waiting.length > 0 && waiting.length <= maxFilesAtOnce;
    this.queue(async () => {
      const edits = waiting.filter(({ id }) => this.options.edits.get(id)?.state === 'open');
      const [first] = edits;
      this.tabs.rememberPlace();
      if (isInOne && edits.length > 0) {
        await this.multi.open(edits);
      } else if (first !== undefined) {
        await this.tree.show();
        await this.tabs.open(first, edgeHunk(first, 1), false);
      }
    });
    return { fileCount: waiting.length, isInOne };
  }

  /** What "all" means to somebody who looks at the editor of several files: those in it, and not what came later. */
  get editsInSight(): readonly string[] {
    return this.multi.isShowing() ? this.multi.editIds : [];
  }

  /** The open edit with the newest decision. */
  get lastDecidedId(): string | undefined {
    return this.decidedIds.at(-1);
  }

  /**
   * Decides from the editor or the tree. False when the edit or the hunk is no longer what the user saw: nothing was decided then.
   * The user's last typing in the proposal counts.
   */
  decide(
    editId: string,
    hunkIds: readonly string[] | 'all',
    decision: 'approve' | 'deny',
    reason?: string,
    place: DecisionPlace = 'editor',
  ): boolean {
    this.typing.flush();
    this.decidingIn = place;
    try {
      return this.options.edits.decide(editId, hunkIds, decision, reason);
    } finally {
      this.decidingIn = 'elsewhere';
    }
  }

  /** For a decision that is made elsewhere: what was typed in a proposal a moment ago belongs to it. */
  takeTyping(): void {
    this.typing.flush();
  }

  dispose(): void {
    this.store.dispose();
  }

  private follow(editId: string, edit: PendingEdit | undefined): void {
    const known = this.open.get(editId);
    this.noteDecisions(known, edit);
    if (edit?.state === 'open') {
      this.open.set(editId, edit);
      if (known === undefined && this.options.opensByItself() && !this.isUserBusy()) {
        this.queue(() => this.openUnlessShowing(edit));
      }
    } else if (known !== undefined) {
      this.open.delete(editId);
      const place = this.decidingIn;
      this.queue(() => this.leave(known, place));
    }
  }

  private noteDecisions(before: PendingEdit | undefined, edit: PendingEdit | undefined): void {
    const editId = edit?.id ?? before?.id ?? '';
    const others = this.decidedIds.filter((id) => id !== editId);
    const now = decidedCount(edit);
    if (edit?.state !== 'open' || now === 0) {
      this.decidedIds = others;
    } else if (now > decidedCount(before)) {
      this.decidedIds = [...others, editId];
    }
  }

  private async openUnlessShowing(edit: PendingEdit): Promise<void> {
    const isShowing = this.tabs.isShowing() || this.multi.isShowing();
    if (!isShowing && this.options.edits.get(edit.id)?.state === 'open') {
      await this.tabs.open(edit, edgeHunk(edit, 1), true);
    }
  }

  /** After the last decision: on to what else waits, or back to where the user was. */
  private async leave(edit: PendingEdit, place: DecisionPlace): Promise<void> {
    let wasInFront = await this.tabs.close(edit);
    const shown = this.multi.editIds;
    if (
      shown.includes(edit.id) &&
      !shown.some((id) => this.options.edits.get(id)?.state === 'open')
    ) {
      wasInFront = (await this.multi.close()) || wasInFront;
    }
    const next = inTreeOrder(this.options.edits.list().filter(isOpen))[0];
    if (wasInFront && next !== undefined) {
      await this.tabs.open(next, edgeHunk(next, 1), place !== 'editor');
    } else if (next === undefined) {
      // The tree is empty now: whoever decided there has to be somewhere.
      await this.tabs.restore(place === 'elsewhere', wasInFront || place === 'tree');
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

function decidedCount(edit: PendingEdit | undefined): number {
  return edit?.hunks.filter(({ decision }) => decision.kind !== 'pending').length ?? 0;
}

function isOpen(edit: PendingEdit): boolean {
  return edit.state === 'open';
}
