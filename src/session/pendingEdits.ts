import type { Clock } from '../base/clock';
import { Deferred } from '../base/deferred';
import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import { createId } from '../base/ids';
import type { EditVerdict, Hunk, HunkDecision } from '../edits/fileEdit';
import { applyDecisions } from '../edits/hunks';
import { unifiedDiff } from '../edits/lineDiff';
import { mergeTexts } from '../edits/merge';
import { hunksOfEdit } from '../edits/proposal';
import type { EditProposal, EditReviewer, ReviewOutcome } from '../tools/contract';
import { ClosedEdits, defaultClosedEditLimits, type ClosedEditLimits } from './closedEdits';
import type { PendingEdit, PendingEditsApi } from './contract';

export interface PendingEditsOptions {
  readonly clock: Pick<Clock, 'nowMs'>;
  /** The path relative to its workspace folder, with `/`. */
  readonly labelFor: (path: string) => string;
  readonly createEditId?: () => string;
  readonly limits?: ClosedEditLimits;
}

/**
 * The edits that wait for the user, and the last that did. The review of an edit is its permission prompt: `review`
 * settles with the last decision, or as `withdrawn` when the signal aborts, and nothing is ever written from here.
 * Every surface reads `list()`, listens to `onDidChange` and calls `decide`; they need not know each other.
 */
export class PendingEdits implements PendingEditsApi, EditReviewer, Disposable {
  private readonly open = new Map<string, OpenEdit>();
  private readonly closed: ClosedEdits;
  private readonly didChange = new Emitter<{
    readonly editId: string;
    readonly edit: PendingEdit | undefined;
  }>();
  private isDisposed = false;

  readonly onDidChange = this.didChange.event;

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
    const withdraw = (): void => this.withdraw(edit.id);
    signal.addEventListener('abort', withdraw, { once: true });
    void edit.outcome.promise.then(() => signal.removeEventListener('abort', withdraw));
    this.open.set(edit.id, edit);
    this.announce(edit.id);
    return edit.outcome.promise;
  }

  /** `why` is what let it through: `mode accept-edits`. */
  noteWritten(proposal: EditProposal, why: string): void {
    this.keepForReading(proposal, why, 'written');
  }

  noteUnreviewed(proposal: EditProposal, why: string): void {
    this.keepForReading(proposal, why, 'unreviewed');
  }

  private keepForReading(
    proposal: EditProposal,
    reason: string,
    state: 'written' | 'unreviewed',
  ): void {
    if (!this.isDisposed) {
      const edit = new OpenEdit(this.newId(), { ...proposal, reason }, this.options);
      if (state === 'written') {
        edit.approveAll();
      }
      this.keep(edit.snapshot(state));
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
    this.afterChange(edit);
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
    if (edit?.changeBase(baseText) === true) {
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

  /** Ends every question of a session: it was stopped, closed or removed. */
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
      for (const id of [...this.open.keys()]) {
        this.withdraw(id);
      }
      this.didChange.dispose();
    }
  }

  private afterChange(edit: OpenEdit): void {
    if (edit.isDecided) {
      const verdict = edit.verdict();
      this.close(edit, verdict.kind, { kind: 'decided', verdict });
    } else {
      this.announce(edit.id);
    }
  }

  private close(edit: OpenEdit, state: PendingEdit['state'], outcome: ReviewOutcome): void {
    this.open.delete(edit.id);
    this.keep(edit.snapshot(state));
    edit.outcome.resolve(outcome);
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

const pending: HunkDecision = { kind: 'pending' };
const approved: HunkDecision = { kind: 'approved' };
const mergedNote = 'The file changed meanwhile. Both changes fit together and were merged.';
const conflictNote = 'The file changed meanwhile. These are the new differences; check them again.';

/** One edit while it waits. */
class OpenEdit {
  readonly outcome = new Deferred<ReviewOutcome>();
  private readonly createdAtMs: number;
  private readonly label: string;
  private kind: PendingEdit['kind'];
  private baseText: string;
  /** What the agent proposed, moved along when the base changed. */
  private agentText: string;
  private proposedText: string;
  private hunks: readonly Hunk[];
  private decisions = new Map<string, HunkDecision>();
  /** Each step: the decisions as they were before it. */
  private steps: ReadonlyMap<string, HunkDecision>[] = [];
  private note: string | undefined;

  constructor(
    readonly id: string,
    readonly proposal: EditProposal,
    options: Pick<PendingEditsOptions, 'clock' | 'labelFor'>,
  ) {
    const { edit } = proposal;
    this.createdAtMs = options.clock.nowMs();
    this.label = options.labelFor(edit.path);
    this.kind = edit.kind;
    this.baseText = edit.baseText;
    this.agentText = edit.proposedText;
    this.proposedText = edit.proposedText;
    this.hunks = edit.hunks;
  }

  get isDecided(): boolean {
    return this.hunks.every((hunk) => this.decisionOf(hunk).kind !== 'pending');
  }

  approveAll(): void {
    this.decisions = new Map(this.hunks.map((hunk) => [hunk.id, approved]));
  }

  /** False when a hunk is unknown or nothing is left to decide: nothing has changed then. */
  decide(hunkIds: readonly string[] | 'all', decision: HunkDecision): boolean {
    const known = new Set(this.hunks.map((hunk) => hunk.id));
    const targets =
      hunkIds === 'all' || hunkIds.length === 0
        ? this.hunks
            .filter((hunk) => this.decisionOf(hunk).kind === 'pending')
            .map((hunk) => hunk.id)
        : hunkIds;
    if (targets.length === 0 || targets.some((id) => !known.has(id))) {
      return false;
    }
    this.steps.push(new Map(this.decisions));
    for (const id of targets) {
      this.decisions.set(id, decision);
    }
    return true;
  }

  undo(hunkId: string | undefined): boolean {
    if (hunkId !== undefined) {
      if ((this.decisions.get(hunkId) ?? pending).kind === 'pending') {
        return false;
      }
      // As if that hunk had never been decided: a later undo must not bring the decision back.
      this.mapDecisions((id) => (id === hunkId ? undefined : id));
      return true;
    }
    const before = this.steps.pop();
    if (before === undefined) {
      return false;
    }
    this.decisions = new Map(before);
    return true;
  }

  changeProposal(proposedText: string): boolean {
    if (proposedText === this.proposedText) {
      return false;
    }
    this.proposedText = proposedText;
    this.hunks = hunksOfEdit(this.baseText, proposedText, this.kind);
    const kept = new Set(this.hunks.map((hunk) => hunk.id));
    // Same base: a hunk with the same id is the same hunk.
    this.mapDecisions((id) => (kept.has(id) ? id : undefined));
    return true;
  }

  changeBase(baseText: string): boolean {
    if (baseText === this.baseText) {
      return false;
    }
    const merged = mergeTexts(this.baseText, this.proposedText, baseText);
    this.agentText = mergeTexts(this.baseText, this.agentText, baseText) ?? this.agentText;
    this.proposedText = merged ?? this.proposedText;
    this.note = merged === undefined ? conflictNote : mergedNote;
    this.kind = this.kind === 'create' && baseText !== '' ? 'edit' : this.kind;
    const before = this.hunks;
    this.baseText = baseText;
    this.hunks = hunksOfEdit(baseText, this.proposedText, this.kind);
    const moved = sameChanges(before, this.hunks);
    this.mapDecisions((id) => moved.get(id));
    return true;
  }

  verdict(): EditVerdict {
    const { baseText } = this;
    if (this.hunks.length === 0 && this.agentText !== baseText) {
      // The user took every hunk out of the proposal: that is a denial of what was proposed.
      const deniedHunks = hunksOfEdit(baseText, this.agentText, this.kind).map((hunk) => ({
        hunk,
      }));
      return { kind: 'denied', text: baseText, baseText, approvedCount: 0, deniedHunks };
    }
    const approvedIds: string[] = [];
    const deniedHunks: { readonly hunk: Hunk; readonly reason?: string }[] = [];
    for (const hunk of this.hunks) {
      const decision = this.decisionOf(hunk);
      if (decision.kind === 'approved') {
        approvedIds.push(hunk.id);
      } else {
        const reason = decision.kind === 'denied' ? decision.reason : undefined;
        deniedHunks.push({ hunk, ...(reason === undefined ? {} : { reason }) });
      }
    }
    const userChange =
      this.proposedText === this.agentText
        ? undefined
        : unifiedDiff(this.agentText, this.proposedText, this.label);
    return {
      kind: deniedHunks.length === 0 ? 'approved' : approvedIds.length === 0 ? 'denied' : 'partly',
      text: applyDecisions(baseText, this.hunks, approvedIds),
      baseText,
      approvedCount: approvedIds.length,
      deniedHunks,
      ...(userChange === undefined ? {} : { userChange }),
    };
  }

  snapshot(state: PendingEdit['state'] = 'open'): PendingEdit {
    const { proposal } = this;
    return {
      id: this.id,
      sessionId: proposal.sessionId,
      callId: proposal.callId,
      asker: proposal.asker,
      path: proposal.edit.path,
      label: this.label,
      kind: this.kind,
      baseText: this.baseText,
      proposedText: this.proposedText,
      hunks: this.hunks.map((hunk) => ({ hunk, decision: this.decisionOf(hunk) })),
      state,
      reason: proposal.reason,
      ...(this.note === undefined ? {} : { note: this.note }),
      createdAtMs: this.createdAtMs,
    };
  }

  private decisionOf(hunk: Hunk): HunkDecision {
    return this.decisions.get(hunk.id) ?? pending;
  }

  private mapDecisions(newId: (id: string) => string | undefined): void {
    const map = (decisions: ReadonlyMap<string, HunkDecision>): Map<string, HunkDecision> =>
      new Map(
        [...decisions].flatMap(([id, decision]) => {
          const next = newId(id);
          return next === undefined ? [] : [[next, decision] as const];
        }),
      );
    this.decisions = map(this.decisions);
    this.steps = this.steps.map(map);
  }
}

/**
 * Old hunk id -> new hunk id, for hunks that make the same change in the same order although the lines around them
 * moved. A text that occurs more often on one side than on the other is left out: it would be a guess.
 */
function sameChanges(before: readonly Hunk[], after: readonly Hunk[]): ReadonlyMap<string, string> {
  const key = (hunk: Hunk): string => JSON.stringify([hunk.oldText, hunk.newText]);
  const group = (hunks: readonly Hunk[]): ReadonlyMap<string, readonly Hunk[]> => {
    const groups = new Map<string, Hunk[]>();
    for (const hunk of hunks) {
      groups.set(key(hunk), [...(groups.get(key(hunk)) ?? []), hunk]);
    }
    return groups;
  };
  const afterGroups = group(after);
  const same = new Map<string, string>();
  for (const [text, oldHunks] of group(before)) {
    const newHunks = afterGroups.get(text) ?? [];
    if (newHunks.length === oldHunks.length) {
      oldHunks.forEach((hunk, index) => same.set(hunk.id, newHunks[index]?.id ?? hunk.id));
    }
  }
  return same;
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
