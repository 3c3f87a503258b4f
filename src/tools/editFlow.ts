import { errorMessage, PatchbayError } from '../base/patchbayError';
import { unifiedDiff, shortDiffLimits } from '../edits/lineDiff';
import type { EditVerdict, FileEdit } from '../edits/fileEdit';
import { toolOk, type ToolResult } from '../events/toolCall';
import type { FileChange } from '../events/toolIntent';
import type { Decision, Effect } from '../gate/contract';
import { displayPath } from '../gate/paths';
import { isSameOrBelow, syntaxOf } from '../gate/pathSyntax';
import {
  withdrawnReason,
  type CallGate,
  type GatedCall,
  type Grant,
  type Judgement,
} from './callGate';
import { failedEnd, toDenial, type CallEnd, type CallRecords } from './callRecords';
import { summarizeChange, type ChangeSummary } from './changeSummary';
import type { EditProposal, WriteOutcome } from './contract';
import {
  denialOf,
  describeVerdict,
  expectedTextOf,
  hunkCountText,
  prepareEdit,
  type PreparedEdit,
} from './editProposal';
import { toSourceReads } from './plannedWrites';
import { aroundWrite, type OrchestratorServices } from './services';
import type { Slots } from './slots';
import { runWithDeadline } from './toolRun';

/** One write of ours. The effect is the only one of its call. */
export interface EditCall {
  readonly call: GatedCall;
  readonly judgement: Judgement;
  readonly effect: Effect & { readonly kind: 'write' };
  readonly change: FileChange;
  readonly timeoutMs: number;
  readonly slots: Slots;
  /**
   * What the user approved for this file when the agent asked: a delegated write of exactly this text over exactly that
   * one is not asked twice.
   */
  readonly approved?:
    { readonly text: string; readonly expectedText: string | undefined } | undefined;
}

/**
 * An edit from the decision to the file: proposal, review by hunk (which is the permission prompt), write of exactly
 * the approved text, and what the model must know about it. A base that changed in between leads to a new review.
 */
export class EditFlow {
  constructor(
    private readonly services: OrchestratorServices,
    private readonly gate: CallGate,
    private readonly records: CallRecords,
  ) {}

  /** Writes the audit records itself. Rejects only where the orchestrator's last catch is right. */
  async run(edit: EditCall): Promise<ToolResult> {
    let reason = edit.judgement.decision.reason;
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const step = await this.attempt(edit, reason);
      if (step.kind === 'ended') {
        return step.result;
      }
      reason = `${edit.judgement.decision.reason}; ${staleReason}`;
    }
    return failedEnd(
      `${this.shown(edit)} kept changing while it was edited; nothing was written. Read it again.`,
    ).result;
  }

  private async attempt(edit: EditCall, reason: string): Promise<Step> {
    const { call, effect, judgement } = edit;
    const finishHooks = this.services.hooks.begin({
      path: effect.path,
      folder: this.folderOf(effect.path),
    });
    const prepared = await prepareEdit(effect.path, this.shown(edit), edit.change, this.services);
    if (prepared.kind !== 'ready') {
      return ended(await this.withoutHunks(edit, prepared));
    }
    const approval =
      edit.approved?.text === prepared.edit.proposedText &&
      edit.approved.expectedText === prepared.expectedText &&
      judgement.decision.verdict === 'ask'
        ? approvedBefore(prepared.edit)
        : await this.approve(edit, prepared.edit, judgement.decision, reason);
    if (approval.kind === 'denied') {
      return ended(await this.records.denied(call, judgement.effects, approval.grant));
    }
    const grant = await this.records.decision(call, judgement.effects, approval.grant);
    if (grant.kind === 'deny') {
      return ended(await this.records.refused(call, grant));
    }
    call.context.onProgress({ kind: 'running', why: approval.grant.reason });
    const release = await edit.slots.acquire('exclusive', call.context.signal);
    if (release === undefined) {
      return ended(await this.endBeforeWrite(edit));
    }
    try {
      if (!(await this.gate.isStillTrue(call, judgement.effects))) {
        const moved = failedEnd(
          `${this.shown(edit)} leads elsewhere than when it was judged; nothing was written. Try again.`,
        );
        await this.records.outcome(call, moved);
        return ended(moved.result);
      }
      const showsText = await this.mayShow(edit);
      const write = await this.write(edit, prepared.edit, approval.verdict);
      if (write.kind === 'stale') {
        // Each decision has its outcome; the next review is a decision of its own.
        await this.records.outcome(call, failedEnd('the file changed before the write'));
        return { kind: 'again' };
      }
      if (write.kind === 'failed') {
        await this.records.outcome(call, write.end);
        return ended(write.end.result);
      }
      return ended(
        await this.describe(edit, prepared.edit, approval, write.outcome, showsText, finishHooks),
      );
    } finally {
      release();
      this.forget(effect);
    }
  }

  /** Whether the write succeeded or not: a cached text must not outlive an attempt. */
  private forget({ path, target }: EditCall['effect']): void {
    this.quietly('a cached text could not be forgotten', () => {
      this.services.cache.invalidate(path);
      this.services.cache.invalidate(target);
    });
  }

  /** Whether the caller may read the file, and the one that it is made from. */
  private async mayShow({ call, effect, change }: EditCall): Promise<boolean> {
    const paths = [effect.path, ...toSourceReads({ change }).map((intent) => intent.path)];
    const answers = await Promise.all(
      paths.map(async (path) => await this.gate.mayRead(call, path)),
    );
    return answers.every((mayRead) => mayRead);
  }

  /** Where there are no hunks to decide on, a file that asks before it is read asks still: the answer tells of its text. */
  private async withoutHunks(
    edit: EditCall,
    prepared: PreparedEdit & { readonly kind: 'same' | 'unusable' },
  ): Promise<ToolResult> {
    const { call, judgement } = edit;
    const { verdict, reason } = judgement.decision;
    const why = verdict === 'ask' ? reason : 'this file asks before it is read';
    const grant: Grant = (await this.mayShow(edit))
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
            result: toolOk(`${this.shown(edit)} already has this content; nothing was written.`, {
              summary: 'no change',
            }),
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
    const proposal = {
      sessionId: context.sessionId,
      callId: subject.callId,
      asker: context.asker,
      edit: fileEdit,
      reason,
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

  private async write(
    edit: EditCall,
    fileEdit: FileEdit,
    verdict: EditVerdict,
  ): Promise<WriteStep> {
    const { call, effect, timeoutMs } = edit;
    const isDeletion = fileEdit.kind === 'delete' && verdict.kind === 'approved';
    const checkPlace = this.gate.placeCheck(call, edit.judgement.effects, this.shown(edit));
    const state: { outcome?: WriteOutcome; isStale: boolean } = { isStale: false };
    const end = await runWithDeadline(
      call.subject.tool,
      timeoutMs,
      call.context.signal,
      this.services.clock,
      async () => {
        try {
          const { sessionId, turnId } = call.context;
          state.outcome = await aroundWrite(
            this.services,
            {
              sessionId,
              turnId,
              callId: call.subject.callId,
              path: effect.path,
              text: isDeletion ? undefined : verdict.text,
            },
            async () => {
              if (isDeletion) {
                await this.services.files.deleteFile(effect.path, verdict.baseText, checkPlace);
                return { isSaved: true };
              }
              return await this.services.files.writeText(
                effect.path,
                verdict.text,
                expectedTextOf(fileEdit, verdict),
                checkPlace,
              );
            },
          );
          return toolOk('');
        } catch (error) {
          state.isStale = PatchbayError.is(error, 'stale');
          throw error;
        }
      },
    );
    if (state.isStale) {
      return { kind: 'stale' };
    }
    return end.result.ok && state.outcome !== undefined
      ? { kind: 'written', outcome: state.outcome }
      : { kind: 'failed', end };
  }

  /** After the write nothing may fail the call any more: the file has changed, and the model must hear it. */
  private async describe(
    edit: EditCall,
    fileEdit: FileEdit,
    approval: Approval & { readonly kind: 'approved' },
    outcome: WriteOutcome,
    showsText: boolean,
    finishHooks: ReturnType<OrchestratorServices['hooks']['begin']>,
  ): Promise<ToolResult> {
    const { call, effect } = edit;
    const { verdict } = approval;
    const shown = this.shown(edit);
    const isDeleted = fileEdit.kind === 'delete' && verdict.kind === 'approved';
    const afterText = isDeleted ? '' : (outcome.savedText ?? verdict.text);
    if (!approval.isReviewed) {
      this.noteWritten({
        sessionId: call.context.sessionId,
        callId: call.subject.callId,
        asker: call.context.asker,
        edit: fileEdit,
        reason: approval.grant.reason,
      });
    }
    const hookWrite = {
      path: effect.path,
      folder: this.folderOf(effect.path),
      beforeText: fileEdit.kind === 'create' ? undefined : verdict.baseText,
      afterText: isDeleted ? undefined : afterText,
    };
    const comparing = summarizeChange(
      { beforeText: verdict.baseText, afterText, shownPath: shown },
      this.services,
      call.context.signal,
    );
    await this.records.outcome(call, {
      result: toolOk(verdict.text),
      outcome: 'ok',
      detail: hunkCountText(verdict),
    });
    this.forget(effect);
    const notes = await finishHooks(hookWrite, call.context.signal);
    const summary = await comparing;
    const text = [
      headline(fileEdit.kind, shown, verdict),
      describeVerdict(shown, verdict, showsText),
      describeSave(verdict, outcome, shown, showsText),
      summary.short === '' || !showsText ? undefined : summary.short,
      ...notes,
    ];
    return toolOk(text.filter((part) => part !== undefined).join('\n'), {
      summary: summaryOf(verdict, summary),
      diff: summary.full,
    });
  }

  private noteWritten(proposal: EditProposal): void {
    this.quietly('a written edit could not be kept for review', () =>
      this.services.reviewer.noteWritten(proposal, proposal.reason),
    );
  }

  /** The write is done, or is another's affair: what fails beside it is logged and changes nothing. */
  private quietly(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.services.logger.error(`${what}: ${errorMessage(error)}`);
    }
  }

  private async endBeforeWrite(edit: EditCall): Promise<ToolResult> {
    const end = toDenial(edit.call, {
      kind: 'deny',
      by: 'withdrawn',
      reason: 'stopped before the write; nothing was written',
    });
    await this.records.outcome(edit.call, end);
    return end.result;
  }

  private shown(edit: EditCall): string {
    return displayPath(edit.effect.path, this.services.files.roots());
  }

  private folderOf(path: string): string | undefined {
    const roots = this.services.files.roots();
    return roots.folders.find((folder) =>
      isSameOrBelow(folder.path, path, syntaxOf(roots.platform)),
    )?.path;
  }
}

type Step = { readonly kind: 'ended'; readonly result: ToolResult } | { readonly kind: 'again' };

type Approval =
  | {
      readonly kind: 'approved';
      readonly grant: Grant & { readonly kind: 'allow' };
      readonly verdict: EditVerdict;
      readonly isReviewed: boolean;
    }
  | { readonly kind: 'denied'; readonly grant: Grant & { readonly kind: 'deny' } };

type WriteStep =
  | { readonly kind: 'written'; readonly outcome: WriteOutcome }
  | { readonly kind: 'stale' }
  | { readonly kind: 'failed'; readonly end: CallEnd };

function approvedBefore(edit: FileEdit): Approval {
  const reason = 'approved by you when the agent asked';
  return {
    kind: 'approved',
    grant: { kind: 'allow', by: 'user', reason },
    verdict: wholeOf(edit),
    isReviewed: true,
  };
}

const maxAttempts = 5;
const staleReason = 'the file changed meanwhile, these are the new differences';

function ended(result: ToolResult): Step {
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

function headline(kind: FileEdit['kind'], shown: string, verdict: EditVerdict): string {
  if (verdict.kind === 'partly') {
    return `Changed ${shown} in part: ${hunkCountText(verdict)} applied.`;
  }
  switch (kind) {
    case 'create':
      return `Created ${shown}.`;
    case 'delete':
      return `Deleted ${shown}.`;
    case 'edit':
      return `Changed ${shown}.`;
  }
}

function describeSave(
  verdict: EditVerdict,
  outcome: WriteOutcome,
  shown: string,
  showsText: boolean,
): string | undefined {
  if (!outcome.isSaved) {
    return `${shown} had unsaved changes: the edit is in the editor and not saved yet. Programs that read the disk do not see it.`;
  }
  if (outcome.savedText === undefined || outcome.savedText === verdict.text) {
    return undefined;
  }
  const diff = unifiedDiff(verdict.text, outcome.savedText, shown, 1, shortDiffLimits);
  return `Saving changed the file further (formatter or save actions)${showsText ? `:\n${diff}` : '.'}`;
}

function summaryOf(verdict: EditVerdict, summary: ChangeSummary): string {
  const lines = `+${summary.added} −${summary.removed}`;
  return verdict.kind === 'partly' ? `${hunkCountText(verdict)} · ${lines}` : lines;
}
