import { errorMessage, PatchbayError } from '../base/patchbayError';
import type { EditVerdict, FileEdit } from '../edits/fileEdit';
import { shortDiffLimits, unifiedDiff } from '../edits/lineDiff';
import { toolOk, type ToolResult } from '../events/toolCall';
import type { FileChange } from '../events/toolIntent';
import type { Effect } from '../gate/contract';
import { displayPath } from '../gate/paths';
import { isSameOrBelow, syntaxOf } from '../gate/pathSyntax';
import type { CallGate, GatedCall, Grant, Judgement } from './callGate';
import { failedEnd, toDenial, type CallRecords } from './callRecords';
import { summarizeChange, type ChangeSummary } from './changeSummary';
import type { PlaceCheck, WorkspaceFiles, WriteOutcome } from './contract';
import { describeVerdict, expectedTextOf, hunkCountText } from './editProposal';
import type { MovedFile } from './patchFlow';
import { mayShowWrite } from './plannedWrites';
import { aroundWrite, type OrchestratorServices, type WatchedWrite } from './services';
import type { Slots } from './slots';
import { runWrite, type WriteStep } from './writeRun';

/** One write of ours. The effect is the only one of its call. */
export interface EditCall {
  readonly call: GatedCall;
  readonly judgement: Judgement;
  readonly effect: Effect & { readonly kind: 'write' };
  readonly change: FileChange;
  readonly timeoutMs: number;
  readonly slots: Slots;
  /** No agent waits for it: once the write has begun its end is waited for, whatever the time. */
  readonly isLate?: boolean;
  /** Another write of the same call depends on this one: it is waited for. */
  readonly hasFollower?: boolean;
  /** Called when a moved file was written whole at its new place. */
  readonly onMoved?: (moved: MovedFile) => void;
  /** Where a moved file comes from, when it may go from there with this write; the judgement is about both places. */
  readonly oldPath?: string;
  /**
   * What the user approved for this file when the agent asked: a delegated write of exactly this text over exactly that
   * one is not asked twice.
   */
  readonly approved?:
    { readonly text: string; readonly expectedText: string | undefined } | undefined;
}

/** A file that moves with the write of its new place. `text` is what it was. */
export interface Move {
  readonly from: string;
  readonly text: string;
  readonly run: NonNullable<WorkspaceFiles['moveText']>;
}

/** `again`: the file changed before the write; nothing was written. */
export type CommitStep =
  { readonly kind: 'ended'; readonly result: ToolResult } | { readonly kind: 'again' };

export type Approval =
  | {
      readonly kind: 'approved';
      readonly grant: Grant & { readonly kind: 'allow' };
      readonly verdict: EditVerdict;
      readonly isReviewed: boolean;
    }
  | { readonly kind: 'denied'; readonly grant: Grant & { readonly kind: 'deny' } };

/**
 * An approved edit from its decision's record to the file: the slot, the last look at the place, the write of exactly the
 * approved text, and what the model must know about it. The same for an agent that waits and for one that does not.
 */
export class EditCommit {
  constructor(
    private readonly services: OrchestratorServices,
    private readonly gate: CallGate,
    private readonly records: CallRecords,
  ) {}

  /** Writes the audit records itself. Rejects only where the orchestrator's last catch is right. */
  async run(
    edit: EditCall,
    fileEdit: FileEdit,
    approval: Approval & { readonly kind: 'approved' },
    finishHooks: ReturnType<OrchestratorServices['hooks']['begin']>,
    move?: Move,
  ): Promise<CommitStep> {
    const { call, effect, judgement } = edit;
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
      const write = await this.write(edit, fileEdit, approval, move);
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
        await this.describe(edit, fileEdit, approval, write.outcome, showsText, finishHooks),
      );
    } finally {
      release();
      this.forget(effect);
    }
  }

  /** Whether the caller may read the file, and the one that it is made from. */
  async mayShow(edit: EditCall): Promise<boolean> {
    return await mayShowWrite(this.gate, edit.call, edit);
  }

  shown(edit: EditCall): string {
    return displayPath(edit.effect.path, this.services.files.roots());
  }

  folderOf(path: string): string | undefined {
    const roots = this.services.files.roots();
    return roots.folders.find((folder) =>
      isSameOrBelow(folder.path, path, syntaxOf(roots.platform)),
    )?.path;
  }

  /** Whether the write succeeded or not: a cached text must not outlive an attempt. */
  private forget({ path, target }: EditCall['effect']): void {
    this.quietly('a cached text could not be forgotten', () => {
      this.services.cache.invalidate(path);
      this.services.cache.invalidate(target);
    });
  }

  private async write(
    edit: EditCall,
    fileEdit: FileEdit,
    approval: Approval & { readonly kind: 'approved' },
    move: Move | undefined,
  ): Promise<WriteStep> {
    const { verdict } = approval;
    const { call, effect, timeoutMs } = edit;
    const { sessionId, turnId } = call.context;
    const about = { sessionId, turnId, callId: call.subject.callId };
    const isDeletion = fileEdit.kind === 'delete' && verdict.kind === 'approved';
    const checkPlace = this.gate.placeCheck(call, edit.judgement.effects, this.shown(edit));
    return await runWrite({
      tool: call.subject.tool,
      timeoutMs,
      signal: call.context.signal,
      clock: this.services.clock,
      isPatient: edit.isLate === true,
      // What is gone already is looked at again: there is nothing left to delete.
      isStale: (error) =>
        PatchbayError.is(error, 'stale') || (isDeletion && PatchbayError.is(error, 'not_found')),
      onLate: () => {
        this.forget(effect);
        this.keepForReview(edit, fileEdit, approval);
      },
      write: async (begin) =>
        await aroundWrite(
          this.services,
          { ...about, path: effect.path, text: isDeletion ? undefined : verdict.text },
          async () => {
            if (move !== undefined) {
              const to = { path: effect.path, text: verdict.text, checkPlace };
              return await this.moveFile(about, to, move, begin);
            }
            begin();
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
        ),
    });
  }

  /** Both places change in one step; the old one is looked after like a deletion. */
  private async moveFile(
    about: Pick<WatchedWrite, 'sessionId' | 'turnId' | 'callId'>,
    to: { readonly path: string; readonly text: string; readonly checkPlace: PlaceCheck },
    move: Move,
    begin: () => void,
  ): Promise<WriteOutcome> {
    let outcome: WriteOutcome = { isSaved: true };
    await aroundWrite(this.services, { ...about, path: move.from, text: undefined }, async () => {
      begin();
      outcome = await move.run(move.from, to.path, to.text, move.text, to.checkPlace);
      return { isSaved: true };
    });
    return outcome;
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
    this.keepForReview(edit, fileEdit, approval);
    const hookWrite = {
      path: effect.path,
      folder: this.folderOf(effect.path),
      beforeText: fileEdit.kind === 'create' ? undefined : verdict.baseText,
      afterText: isDeleted ? undefined : afterText,
      ...(showsText ? {} : { isTextHidden: true as const }),
      checkPlace: this.gate.placeCheck(call, edit.judgement.effects, shown),
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
      outcome.note,
      summary.short === '' || !showsText ? undefined : summary.short,
      ...notes,
    ];
    return toolOk(text.filter((part) => part !== undefined).join('\n'), {
      summary: summaryOf(verdict, summary),
      diff: summary.full,
    });
  }

  /** What nobody was asked about is shown after the write. */
  private keepForReview(
    { call }: EditCall,
    edit: FileEdit,
    { isReviewed, grant: { reason } }: Approval & { readonly kind: 'approved' },
  ): void {
    const { sessionId, asker } = call.context;
    const { callId } = call.subject;
    if (!isReviewed) {
      this.quietly('a written edit could not be kept for review', () =>
        this.services.reviewer.noteWritten({ sessionId, callId, asker, edit, reason }, reason),
      );
    }
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
}

function ended(result: ToolResult): CommitStep {
  return { kind: 'ended', result };
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
