import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import { createId } from '../base/ids';
import type { EditVerdict, HunkDecision } from '../edits/fileEdit';
import { createFileEdit } from '../edits/proposal';
import {
  takenBack,
  type DeferredReviews,
  type EditProposal,
  type EditReviewer,
  type ReviewOutcome,
} from '../tools/contract';
import { ClosedEdits, defaultClosedEditLimits, type ClosedEditLimits } from './closedEdits';
import type { PendingEdit, PendingEditsApi } from './contract';
import { approved, OpenEdit, type KeptEdit } from './openEdit';

export interface PendingEditsOptions {
  readonly clock: Pick<Clock, 'nowMs'>;
  /** The path relative to its workspace folder, with `/`. */
  readonly labelFor: (path: string) => string;
  readonly createEditId?: () => string;
  readonly limits?: ClosedEditLimits;
  readonly detachedLimits?: DetachedLimits;
}

/** How much may wait without an agent: a proposal that is over it is waited for, and of those left behind the oldest go. */
export interface DetachedLimits {
  readonly maxEdits: number;
  readonly maxChars: number;
}

export const defaultDetachedLimits: DetachedLimits = { maxEdits: 100, maxChars: 16_000_000 };

/** The last decision on an edit that no agent waits for. `kept` is the edit as it was decided. */
export interface DecidedDetached {
  readonly kept: KeptEdit;
  readonly proposal: EditProposal;
  readonly verdict: EditVerdict;
}

/**
 * The edits that wait for the user, and the last that did. The review of an edit is its permission prompt: `review`
 * settles with the last decision, and nothing is ever written from here. When the signal aborts the question is closed
 * as `withdrawn`; the edit stays, and what is decided on it then is told by `onDidDecideDetached`.
 * Every surface reads `list()`, listens to `onDidChange` and calls `decide`; they need not know each other.
 */
export class PendingEdits implements PendingEditsApi, EditReviewer, DeferredReviews, Disposable {
  private readonly open = new Map<string, OpenEdit>();
  private readonly closed: ClosedEdits;
  private readonly didChange = new Emitter<{
    readonly editId: string;
    readonly edit: PendingEdit | undefined;
  }>();
  private readonly didDecideDetached = new Emitter<DecidedDetached>();
  private readonly didDrop = new Emitter<PendingEdit>();
  private isDisposed = false;

  readonly onDidChange = this.didChange.event;
  readonly onDidDecideDetached = this.didDecideDetached.event;
  /** An edit that no agent waited for had to go, because too much waited. */
  readonly onDidDrop = this.didDrop.event;

  constructor(private readonly options: PendingEditsOptions) {
    this.closed = new ClosedEdits(options.limits ?? defaultClosedEditLimits);
  }

  /** Closed ones first, each part in the order it came. */
  list(): readonly PendingEdit[] {
    return [...this.closed.list(), ...[...this.open.values()].map((edit) => edit.snapshot())];
  }

  listOpen(): readonly PendingEdit[] {
    return [...this.open.values()].map((edit) => edit.snapshot());
  }

  get(editId: string): PendingEdit | undefined {
    return this.open.get(editId)?.snapshot() ?? this.closed.get(editId);
  }

  /** The newest edit of a call; known as soon as `review` or `noteWritten` has been called. */
  findByCall(sessionId: string, callId: string): PendingEdit | undefined {
    return this.list().findLast((edit) => edit.sessionId === sessionId && edit.callId === callId);
  }

  /** Adds the edit at once (before the first await of the caller). Never rejects. */
  review(proposal: EditProposal, signal: AbortSignal): Promise<ReviewOutcome> {
    if (signal.aborted || this.isDisposed) {
      return Promise.resolve({ kind: 'withdrawn' });
    }
    const edit = new OpenEdit(this.newId(), proposal, this.options);
    if (edit.isDecided) {
      return Promise.resolve({ kind: 'decided', verdict: edit.verdict() });
    }
    const leave = (): void =>
      signal.reason === takenBack ? this.withdraw(edit.id) : this.detach(edit);
    signal.addEventListener('abort', leave, { once: true });
    void edit.outcome.promise.then(() => signal.removeEventListener('abort', leave));
    this.open.set(edit.id, edit);
    this.announce(edit.id);
    return edit.outcome.promise;
  }

  propose(proposal: EditProposal): 'taken' | 'stacked' | 'full' {
    const { edit, sessionId } = proposal;
    const below = this.detachedOn(sessionId, edit.path);
    const { maxEdits, maxChars } = this.limitsOfDetached;
    const waiting = this.detachedEdits();
    const chars = waiting.reduce((sum, other) => sum + other.sizeChars, 0);
    const own = new OpenEdit(below?.id ?? this.newId(), proposal, this.options);
    if (this.isDisposed || own.toKept() === undefined || chars + own.sizeChars > maxChars) {
      return 'full';
    }
    if (below !== undefined) {
      below.stack(edit.proposedText);
      below.say(stackedNote);
      this.afterChange(below);
      return 'stacked';
    }
    if (waiting.length >= maxEdits) {
      return 'full';
    }
    own.detach('goesOn');
    own.say(proposal.origin?.bridge === undefined ? goesOnNote : childGoesOnNote);
    this.open.set(own.id, own);
    this.announce(own.id);
    return 'taken';
  }

  pendingFile(sessionId: string, path: string): { readonly text: string | undefined } | undefined {
    const edit = this.detachedOn(sessionId, path);
    return edit === undefined
      ? undefined
      : { text: edit.snapshot().kind === 'delete' ? undefined : edit.pendingText() };
  }

  /**
   * Opens an edit of another window again, or one that was decided and could not be written; never ends in a write.
   * `note` is for the user.
   */
  reopen(kept: KeptEdit, note?: string): void {
    if (this.isDisposed || this.open.has(kept.id)) {
      return;
    }
    const edit = new OpenEdit(kept.id, toProposal(kept), this.options, kept);
    edit.detach(kept.detached ?? 'agentGone');
    edit.say(note ?? (kept.detached === 'goesOn' ? goesOnNote : goneNote));
    this.closed.remove(kept.id);
    this.open.set(edit.id, edit);
    this.afterChange(edit);
    this.dropOldest();
  }

  /** What an open edit is made of, to be kept; undefined for one that cannot be written later. */
  keptOf(editId: string): KeptEdit | undefined {
    return this.open.get(editId)?.toKept();
  }

  /** `why` is what let it through: `mode accept-edits`. */
  noteWritten(proposal: EditProposal, why: string): void {
    if (!this.isDisposed) {
      const edit = new OpenEdit(this.newId(), { ...proposal, reason: why }, this.options);
      edit.approveAll();
      this.keep(edit.snapshot('written'));
    }
  }

  decide(
    editId: string,
    hunkIds: readonly string[] | 'all',
    decision: 'approve' | 'deny',
    reason?: string,
  ): boolean {
    const edit = this.open.get(editId);
    if (edit?.decide(hunkIds, toDecision(decision, reason)) !== true) {
      return false;
    }
    this.settle(edit);
    return true;
  }

  /** Decides every undecided hunk of every open edit (of one session). Returns how many edits were decided. */
  decideEverything(decision: 'approve' | 'deny', sessionId?: string): number {
    const ids = [...this.open.values()]
      .filter((edit) => sessionId === undefined || edit.proposal.sessionId === sessionId)
      .map((edit) => edit.id);
    return ids.filter((id) => this.decide(id, 'all', decision)).length;
  }

  undoDecision(editId: string, hunkId?: string): boolean {
    const edit = this.open.get(editId);
    if (edit?.undo(hunkId) !== true) {
      return false;
    }
    this.announce(editId);
    return true;
  }

  updateProposal(editId: string, proposedText: string): void {
    const edit = this.open.get(editId);
    if (edit?.changeProposal(proposedText) === true) {
      this.afterChange(edit);
    }
  }

  updateBase(editId: string, baseText: string): void {
    const edit = this.open.get(editId);
    if (edit?.changeBase(baseText) !== true) {
      return;
    }
    if (edit.detachment !== undefined && edit.isInFile) {
      // Nobody waits, and nobody said yes: there is just nothing left to decide.
      this.withdraw(editId);
    } else {
      this.afterChange(edit);
    }
  }

  /** Ends the question of one edit; nothing is written. */
  withdraw(editId: string): void {
    const edit = this.open.get(editId);
    if (edit !== undefined) {
      this.close(edit, 'withdrawn', { kind: 'withdrawn' });
    }
  }

  /** Closes every question of a session whose turn is over; what was proposed stays. */
  detachSession(sessionId: string): void {
    for (const edit of [...this.open.values()]) {
      if (edit.proposal.sessionId === sessionId && edit.detachment === undefined) {
        this.detach(edit);
      }
    }
  }

  /** Ends every edit of a session that was removed. */
  withdrawSession(sessionId: string): void {
    for (const edit of [...this.open.values()]) {
      if (edit.proposal.sessionId === sessionId) {
        this.withdraw(edit.id);
      }
    }
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.isDisposed = true;
      // The questions end; what was proposed is in its storage, for the next window.
      for (const edit of this.open.values()) {
        edit.outcome.resolve({ kind: 'withdrawn' });
      }
      this.open.clear();
      this.didChange.dispose();
      this.didDecideDetached.dispose();
      this.didDrop.dispose();
    }
  }

  /**
   * After anything but a decision. Where no agent waits a yes is a write of ours: only a click makes one, so what was
   * approved before is asked once more when nothing else is left.
   */
  private afterChange(edit: OpenEdit): void {
    const isYes =
      edit.detachment !== undefined && edit.isDecided && edit.verdict().kind !== 'denied';
    if (!isYes) {
      this.settle(edit);
    } else if (edit.takeBackApprovals()) {
      edit.say(askedAgainNote);
      this.announce(edit.id);
    } else {
      this.withdraw(edit.id);
    }
  }

  private settle(edit: OpenEdit): void {
    if (edit.isDecided) {
      const verdict = edit.verdict();
      this.close(edit, verdict.kind, { kind: 'decided', verdict });
    } else {
      this.announce(edit.id);
    }
  }

  private close(edit: OpenEdit, state: PendingEdit['state'], outcome: ReviewOutcome): void {
    this.open.delete(edit.id);
    const kept = edit.toKept();
    if (edit.detachment !== undefined && outcome.kind === 'decided' && kept !== undefined) {
      const { verdict } = outcome;
      this.didDecideDetached.fire({ kept, proposal: toProposal(kept), verdict });
    }
    this.keep(edit.snapshot(state));
    edit.outcome.resolve(outcome);
  }

  /** Closes the agent's question; the edit stays for the user, unless nothing of it could be written later. */
  private detach(edit: OpenEdit): void {
    if (this.open.get(edit.id) !== edit || edit.detachment !== undefined) {
      return;
    }
    if (edit.toKept() === undefined) {
      this.withdraw(edit.id);
      return;
    }
    edit.detach('agentGone');
    edit.say(goneNote);
    edit.outcome.resolve({ kind: 'withdrawn' });
    this.announce(edit.id);
    this.dropOldest();
  }

  private dropOldest(): void {
    const { maxEdits, maxChars } = this.limitsOfDetached;
    let edits = this.detachedEdits();
    const chars = (): number => edits.reduce((sum, edit) => sum + edit.sizeChars, 0);
    while (edits.length > 1 && (edits.length > maxEdits || chars() > maxChars)) {
      const [oldest, ...rest] = edits;
      if (oldest !== undefined) {
        const dropped = oldest.snapshot();
        this.withdraw(oldest.id);
        this.didDrop.fire(dropped);
      }
      edits = rest;
    }
  }

  private get limitsOfDetached(): DetachedLimits {
    return this.options.detachedLimits ?? defaultDetachedLimits;
  }

  /** Oldest first. */
  private detachedEdits(): readonly OpenEdit[] {
    return [...this.open.values()]
      .filter(({ detachment }) => detachment !== undefined)
      .sort((a, b) => a.createdAtMs - b.createdAtMs);
  }

  private detachedOn(sessionId: string, path: string): OpenEdit | undefined {
    return this.detachedEdits().find(
      ({ proposal, detachment }) =>
        detachment === 'goesOn' && proposal.sessionId === sessionId && proposal.edit.path === path,
    );
  }

  private keep(edit: PendingEdit): void {
    const dropped = this.closed.add(edit);
    this.announce(edit.id);
    for (const id of dropped) {
      this.announce(id);
    }
  }

  private announce(editId: string): void {
    this.didChange.fire({ editId, edit: this.get(editId) });
  }

  private newId(): string {
    return this.options.createEditId?.() ?? createId('edit');
  }
}

const goneNote =
  'No agent waits for this any more. What you approve Patchbay writes, and the agent is told when the conversation goes on.';
const askedAgainNote =
  'Only what you approved before is left of this edit. Nothing was written: decide on it once more.';
const goesOnNote = 'The agent goes on meanwhile, and is told of your decision at its next turn.';
const childGoesOnNote = `${goesOnNote} What it reads from the disk by itself does not have this edit.`;
const stackedNote =
  'The agent proposed more for this file meanwhile; both are shown as one. It is told of your decision at its next turn.';

function toProposal(kept: KeptEdit): EditProposal {
  const { sessionId, callId, asker, reason, origin, path, kind, baseText, agentText } = kept;
  const edit = createFileEdit(path, baseText, agentText, kind);
  return { sessionId, callId, asker, reason, origin, edit };
}

/** Words of a denial go to the agent; longer ones are cut. */
const maxReasonChars = 4_000;

function toDecision(decision: 'approve' | 'deny', reason: string | undefined): HunkDecision {
  if (decision === 'approve') {
    return approved;
  }
  const words = reason?.trim().slice(0, maxReasonChars) ?? '';
  return words === '' ? { kind: 'denied' } : { kind: 'denied', reason: words };
}
