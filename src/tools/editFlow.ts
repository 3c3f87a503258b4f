import type { EditVerdict, FileEdit } from '../edits/fileEdit';
import { toolOk, type ToolResult } from '../events/toolCall';
import type { Decision } from '../gate/contract';
import { withdrawnReason, type CallGate, type Grant } from './callGate';
import { failedEnd, type CallEnd, type CallRecords } from './callRecords';
import { DeferredEdits } from './deferredEdits';
import { EditCommit, type Approval, type CommitStep, type EditCall, type Move } from './editCommit';
import { denialOf, hunkCountText, originOf, prepareEdit, type PreparedEdit } from './editProposal';
import { toSourceReads, withMove } from './plannedWrites';
import type { ProposedHooks } from './proposedHooks';
import type { OrchestratorServices } from './services';

/**
 * An edit from the decision to the file: proposal, review by hunk (which is the permission prompt), write of exactly
 * the approved text, and what the model must know about it. A base that changed in between leads to a new review.
 */
export class EditFlow {
  private readonly commit: EditCommit;
  private readonly deferred: DeferredEdits;

  constructor(
    private readonly services: OrchestratorServices,
    private readonly gate: CallGate,
    private readonly records: CallRecords,
    private readonly proposedHooks: ProposedHooks,
  ) {
    this.commit = new EditCommit(services, gate, records);
    this.deferred = new DeferredEdits(services, records, this.commit);
  }

  /** Writes the audit records itself. Rejects only where the orchestrator's last catch is right. */
  async run(edit: EditCall): Promise<ToolResult> {
    const stacked = await this.deferred.onPending(edit);
    if (stacked !== undefined) {
      return stacked;
    }
    let reason = edit.judgement.decision.reason;
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const step = await this.attempt(edit, reason);
      if (step.kind === 'ended') {
        return step.result;
      }
      reason = `${edit.judgement.decision.reason}; ${staleReason}`;
    }
    return failedEnd(
      `${this.commit.shown(edit)} kept changing while it was edited; nothing was written. Read it again.`,
    ).result;
  }

  private async attempt(edit: EditCall, reason: string): Promise<CommitStep> {
    const { call, effect, judgement } = edit;
    const finishHooks = this.services.hooks.begin({
      path: effect.path,
      folder: this.commit.folderOf(effect.path),
    });
    const prepared = await prepareEdit(
      effect.path,
      this.commit.shown(edit),
      edit.change,
      this.services,
    );
    if (prepared.kind !== 'ready') {
      return ended(await this.withoutHunks(edit, prepared));
    }
    const isApproved =
      edit.approved?.text === prepared.edit.proposedText &&
      edit.approved.expectedText === prepared.expectedText &&
      judgement.decision.verdict === 'ask';
    const proposed =
      isApproved || judgement.decision.verdict !== 'ask'
        ? undefined
        : await this.deferred.propose(edit, prepared.edit, reason);
    const { sessionId, callId } = call.subject;
    const name = { sessionId, callId, path: effect.path };
    if (proposed !== undefined) {
      this.proposedHooks.keep(name, finishHooks);
      return ended(proposed);
    }
    const approval = isApproved
      ? approvedBefore(prepared.edit)
      : await this.approve(
          edit,
          prepared.edit,
          judgement.decision,
          edit.hasFollower === true ? withMove(reason, edit, this.services.files.roots()) : reason,
        );
    if (approval.kind === 'denied') {
      if (approval.grant.by === 'withdrawn') {
        this.proposedHooks.keep(name, finishHooks); // the proposal may stay, for a decision that comes later
      }
      return ended(await this.records.denied(call, judgement.effects, approval.grant));
    }
    const text = approval.verdict.kind === 'approved' ? prepared.movedText : undefined;
    const move = this.toMove(edit, text);
    const step = await this.commit.run(edit, prepared.edit, approval, finishHooks, move);
    const isDone = step.kind === 'ended' && step.result.ok;
    if (isDone && text !== undefined && (approval.isReviewed || move !== undefined)) {
      edit.onMoved?.({ text, isGone: move !== undefined });
    }
    return step;
  }

  private toMove({ oldPath }: EditCall, text: string | undefined): Move | undefined {
    const run = this.services.files.moveText?.bind(this.services.files);
    return oldPath === undefined || text === undefined || run === undefined
      ? undefined
      : { from: oldPath, text, run };
  }

  /** The end of a deletion that was done with the write of the file's new place: its records, and what follows it. */
  async endMoved(edit: EditCall, movedText: string): Promise<ToolResult> {
    const { call, effect, judgement } = edit;
    const { verdict, ruleId, reason } = judgement.decision;
    const target = { path: effect.path, folder: this.commit.folderOf(effect.path) };
    const finishHooks = this.services.hooks.begin(target);
    const grant: Grant =
      verdict === 'allow' ? { kind: 'allow', by: ruleId, reason } : withItsNewPlace;
    await this.records.decision(call, judgement.effects, grant);
    const result = toolOk(`Moved away from ${this.commit.shown(edit)}.`);
    await this.records.outcome(call, { result, outcome: 'ok' });
    this.services.cache.invalidate(effect.path);
    this.services.cache.invalidate(effect.target);
    await finishHooks(
      { ...target, beforeText: movedText, afterText: undefined },
      call.context.signal,
    );
    return result;
  }

  /** Where there are no hunks to decide on, a file that asks before it is read asks still: the answer tells of its text. */
  private async withoutHunks(
    edit: EditCall,
    prepared: PreparedEdit & { readonly kind: 'same' | 'unusable' },
  ): Promise<ToolResult> {
    const { call, judgement } = edit;
    const { verdict, reason } = judgement.decision;
    const why = verdict === 'ask' ? reason : 'this file asks before it is read';
    const grant: Grant = (await this.commit.mayShow(edit))
      ? { kind: 'allow', by: judgement.decision.ruleId, reason: 'nothing is written' }
      : await this.gate.ask(
          call,
          judgement.effects,
          `${why}; the change cannot be shown as hunks`,
          false,
        );
    const recorded = await this.records.decision(call, judgement.effects, grant);
    if (recorded.kind === 'deny') {
      return await this.records.refused(call, recorded);
    }
    const end: CallEnd =
      prepared.kind === 'same'
        ? {
            result: toolOk(
              `${this.commit.shown(edit)} already has this content; nothing was written.`,
              {
                summary: 'no change',
              },
            ),
            outcome: 'ok',
          }
        : failedEnd(prepared.message);
    await this.records.outcome(call, end);
    return end.result;
  }

  private async approve(
    edit: EditCall,
    fileEdit: FileEdit,
    decision: Decision,
    reason: string,
  ): Promise<Approval> {
    const { context, subject } = edit.call;
    const { ruleId: by, verdict: ruling } = decision;
    if (ruling === 'deny') {
      return { kind: 'denied', grant: { kind: 'deny', by, reason: decision.reason } };
    }
    if (ruling === 'allow') {
      const grant = { kind: 'allow', by, reason: decision.reason } as const;
      return { kind: 'approved', grant, verdict: wholeOf(fileEdit), isReviewed: false };
    }
    context.onProgress({ kind: 'awaiting', why: reason });
    // Later only this place would be written, and the old one stay: a move goes with its question.
    const isMove = toSourceReads(edit).length > 0;
    const proposal = {
      sessionId: context.sessionId,
      callId: subject.callId,
      asker: context.asker,
      edit: fileEdit,
      reason,
      ...(isMove ? {} : { origin: originOf(edit.call, edit.effect) }),
    };
    const outcome = await this.services.reviewer.review(proposal, context.signal);
    if (outcome.kind === 'withdrawn' || context.signal.aborted) {
      return { kind: 'denied', grant: { kind: 'deny', by: 'withdrawn', reason: withdrawnReason } };
    }
    const { verdict } = outcome;
    if (verdict.kind === 'denied') {
      return { kind: 'denied', grant: { kind: 'deny', by: 'user', reason: denialOf(verdict) } };
    }
    const words =
      verdict.kind === 'approved' ? 'approved by you' : `you approved ${hunkCountText(verdict)}`;
    return {
      kind: 'approved',
      grant: { kind: 'allow', by: 'user', reason: words },
      verdict,
      isReviewed: true,
    };
  }
}

function approvedBefore(edit: FileEdit): Approval {
  return {
    kind: 'approved',
    grant:
      edit.kind === 'delete'
        ? withItsNewPlace
        : { kind: 'allow', by: 'user', reason: 'approved by you when the agent asked' },
    verdict: wholeOf(edit),
    isReviewed: true,
  };
}

const withItsNewPlace = {
  kind: 'allow',
  by: 'user',
  reason: 'approved by you with its new place',
} as const;
const maxAttempts = 5;
const staleReason = 'the file changed meanwhile, these are the new differences';

function ended(result: ToolResult): CommitStep {
  return { kind: 'ended', result };
}

/** The verdict of a mode or rule that lets the whole proposal through. */
export function wholeOf(edit: FileEdit): EditVerdict {
  return {
    kind: 'approved',
    text: edit.proposedText,
    baseText: edit.baseText,
    approvedCount: edit.hunks.length,
    deniedHunks: [],
  };
}
