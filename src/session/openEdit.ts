import type { Clock } from '../base/clock';
import { Deferred } from '../base/deferred';
import type { EditVerdict, Hunk, HunkDecision } from '../edits/fileEdit';
import { applyDecisions } from '../edits/hunks';
import { unifiedDiff } from '../edits/lineDiff';
import { mergeTexts } from '../edits/merge';
import { hunksOfEdit } from '../edits/proposal';
import type { EditOrigin, EditProposal, ReviewOutcome } from '../tools/contract';
import type { Detachment, PendingEdit } from './contract';

/** All of an open edit: what it takes to show it, decide on it, write it and tell of it in another window. */
export interface KeptEdit {
  readonly id: string;
  readonly sessionId: string;
  readonly callId: string;
  readonly asker: string;
  readonly reason: string;
  readonly origin: EditOrigin;
  readonly path: string;
  readonly kind: PendingEdit['kind'];
  readonly baseText: string;
  /** What the agent proposed; `proposedText` is what the user made of it. */
  readonly agentText: string;
  readonly proposedText: string;
  readonly decisions: readonly (readonly [hunkId: string, decision: HunkDecision])[];
  /** Hunks that were denied before the agent proposed more for the same file. */
  readonly deniedBefore: readonly DeniedHunk[];
  /** Absent: its agent waits for it, as long as its window lives. */
  readonly detached?: Detachment;
  readonly createdAtMs: number;
}

type DeniedHunk = EditVerdict['deniedHunks'][number];

interface OpenEditOptions {
  readonly clock: Pick<Clock, 'nowMs'>;
  /** The path relative to its workspace folder, with `/`. */
  readonly labelFor: (path: string) => string;
}

const pending: HunkDecision = { kind: 'pending' };
export const approved: HunkDecision = { kind: 'approved' };
const mergedNote = 'The file changed meanwhile. Both changes fit together and were merged.';
const conflictNote = 'The file changed meanwhile. These are the new differences; check them again.';

/** One edit while it waits. */
export class OpenEdit {
  readonly outcome = new Deferred<ReviewOutcome>();
  readonly createdAtMs: number;
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
  private deniedBefore: readonly DeniedHunk[] = [];
  private detached: Detachment | undefined;

  constructor(
    readonly id: string,
    readonly proposal: EditProposal,
    options: OpenEditOptions,
    kept?: KeptEdit,
  ) {
    const { edit } = proposal;
    this.createdAtMs = options.clock.nowMs();
    this.label = options.labelFor(edit.path);
    this.kind = edit.kind;
    this.baseText = edit.baseText;
    this.agentText = edit.proposedText;
    this.proposedText = edit.proposedText;
    this.hunks = edit.hunks;
    if (kept !== undefined) {
      this.createdAtMs = kept.createdAtMs;
      this.proposedText = kept.proposedText;
      this.hunks = hunksOfEdit(kept.baseText, kept.proposedText, kept.kind);
      this.deniedBefore = kept.deniedBefore;
      const known = new Set(this.hunks.map((hunk) => hunk.id));
      this.decisions = new Map(kept.decisions.filter(([hunkId]) => known.has(hunkId)));
    }
  }

  get detachment(): Detachment | undefined {
    return this.detached;
  }

  get sizeChars(): number {
    return this.baseText.length + this.agentText.length + this.proposedText.length;
  }

  /** From now on no agent waits for the decision. */
  detach(detached: Detachment): void {
    this.detached = detached;
  }

  say(note: string): void {
    this.note = note;
  }

  /** The file as it would be with everything of this edit that is not denied. */
  pendingText(): string {
    const wanted = this.hunks.filter((hunk) => this.decisionOf(hunk).kind !== 'denied');
    return applyDecisions(
      this.baseText,
      this.hunks,
      wanted.map(({ id }) => id),
    );
  }

  /** The agent made `text` of the pending text: the same edit, with more in it. What was denied before stays denied. */
  stack(text: string): void {
    const before = this.pendingText();
    this.deniedBefore = [...this.deniedBefore, ...this.deniedHunks()];
    this.agentText =
      before === this.agentText ? text : (mergeTexts(before, text, this.agentText) ?? text);
    this.changeProposal(text);
  }

  get isDecided(): boolean {
    return this.hunks.every((hunk) => this.decisionOf(hunk).kind !== 'pending');
  }

  /** The file holds all of it, by somebody else's hand. */
  get isInFile(): boolean {
    return this.hunks.length === 0 && this.proposedText === this.baseText;
  }

  approveAll(): void {
    this.decisions = new Map(this.hunks.map((hunk) => [hunk.id, approved]));
  }

  /** Every yes is a question again; false when there was none. */
  takeBackApprovals(): boolean {
    const others = [...this.decisions].filter(([, { kind }]) => kind !== 'approved');
    const isChanged = others.length < this.decisions.size;
    this.decisions = new Map(others);
    this.steps = [];
    return isChanged;
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
    const approvedIds = this.hunks
      .filter((hunk) => this.decisionOf(hunk).kind === 'approved')
      .map(({ id }) => id);
    const deniedHunks = [...this.deniedBefore, ...this.deniedHunks()];
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
      ...(this.detached === undefined || state !== 'open' ? {} : { detached: this.detached }),
      createdAtMs: this.createdAtMs,
    };
  }

  /** Undefined for an edit that is only kept for reading: nothing of it can be written later. */
  toKept(): KeptEdit | undefined {
    const { sessionId, callId, asker, reason, origin, edit } = this.proposal;
    return origin === undefined
      ? undefined
      : {
          id: this.id,
          sessionId,
          callId,
          asker,
          reason,
          origin,
          path: edit.path,
          kind: this.kind,
          baseText: this.baseText,
          agentText: this.agentText,
          proposedText: this.proposedText,
          decisions: [...this.decisions],
          deniedBefore: this.deniedBefore,
          ...(this.detached === undefined ? {} : { detached: this.detached }),
          createdAtMs: this.createdAtMs,
        };
  }

  private deniedHunks(): readonly DeniedHunk[] {
    return this.hunks.flatMap((hunk) => {
      const decision = this.decisionOf(hunk);
      if (decision.kind !== 'denied') {
        return [];
      }
      return [{ hunk, ...(decision.reason === undefined ? {} : { reason: decision.reason }) }];
    });
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
