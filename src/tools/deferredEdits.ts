import { applyChange } from '../edits/changes';
import type { FileEdit } from '../edits/fileEdit';
import { createFileEdit } from '../edits/proposal';
import { toolOk, type ToolResult } from '../events/toolCall';
import { failedEnd, type CallEnd, type CallRecords } from './callRecords';
import type { EditProposal } from './contract';
import type { EditCall, EditCommit } from './editCommit';
import { originOf } from './editProposal';
import type { OrchestratorServices } from './services';

/**
 * Edits that nobody waits for: the call ends when the edit is proposed, and what comes later for the same file goes on
 * top of what is pending. Nothing is written here.
 */
export class DeferredEdits {
  constructor(
    private readonly services: OrchestratorServices,
    private readonly records: CallRecords,
    private readonly commit: EditCommit,
  ) {}

  /** The end of an edit of a file that has pending text of this session; undefined: there is none. */
  async onPending(edit: EditCall): Promise<ToolResult | undefined> {
    const { call, effect, change, judgement } = edit;
    const pending = this.services.deferred?.pendingFile(call.context.sessionId, effect.path);
    if (pending === undefined || judgement.decision.verdict === 'deny') {
      return undefined;
    }
    const shown = this.commit.shown(edit);
    const isWhole =
      change.kind === 'delete' || (change.kind === 'patch' && change.from !== undefined);
    const mayTell = await this.commit.mayShow(edit);
    if (pending.text === undefined || isWhole || edit.hasFollower === true || !mayTell) {
      return await this.end(edit, failedEnd(`${shown} ${waits}`));
    }
    const outcome = applyChange(pending.text, change);
    if (outcome.kind === 'failed') {
      return await this.end(
        edit,
        failedEnd(`${shown}, as it is with your edits that wait for the user: ${outcome.message}`),
      );
    }
    if (outcome.text === pending.text) {
      return await this.end(edit, {
        result: toolOk(`${shown} already has this content in your edit that waits for the user.`, {
          summary: 'no change',
        }),
        outcome: 'ok',
      });
    }
    const fileEdit = createFileEdit(effect.path, pending.text, outcome.text, 'edit');
    return (
      (await this.handOver(edit, fileEdit, judgement.decision.reason)) ??
      (await this.end(edit, failedEnd(`${shown} ${waits}`)))
    );
  }

  /** Proposes without waiting, where the user wants that; undefined: the review has to be waited for. */
  async propose(
    edit: EditCall,
    fileEdit: FileEdit,
    reason: string,
  ): Promise<ToolResult | undefined> {
    return this.services.deferred?.isOn() !== true || edit.hasFollower === true
      ? undefined
      : await this.handOver(edit, fileEdit, reason);
  }

  private async handOver(
    edit: EditCall,
    fileEdit: FileEdit,
    reason: string,
  ): Promise<ToolResult | undefined> {
    const { context, subject } = edit.call;
    if (context.signal.aborted) {
      return undefined;
    }
    const proposal: EditProposal = {
      sessionId: context.sessionId,
      callId: subject.callId,
      asker: context.asker,
      edit: fileEdit,
      reason,
      origin: originOf(edit.call, edit.effect),
    };
    const taken = this.services.deferred?.propose(proposal) ?? 'full';
    if (taken === 'full') {
      return undefined;
    }
    const shown = this.commit.shown(edit);
    const head =
      taken === 'stacked'
        ? `The edit of ${shown} is added to your earlier one, and both wait for the user's review as one`
        : `The edit of ${shown} is proposed and waits for the user's review`;
    return await this.end(edit, {
      result: toolOk(`${head}; nothing is written yet. ${goOn}`, { summary: 'waits for review' }),
      outcome: 'ok',
      detail: 'proposed; nothing is written',
    });
  }

  /** Both records of a call that writes nothing. */
  private async end(edit: EditCall, end: CallEnd): Promise<ToolResult> {
    const { call, judgement } = edit;
    const grant = await this.records.decision(call, judgement.effects, {
      kind: 'allow',
      by: 'edit.deferred',
      reason: 'nothing is written before the user has decided',
    });
    if (grant.kind === 'deny') {
      return await this.records.refused(call, grant);
    }
    await this.records.outcome(call, end);
    return end.result;
  }
}

const waits =
  'has an edit of yours that waits for the user. This change can be made when it is decided: go on with something else, or end your turn.';
const goOn =
  'Go on: read_file gives you the file with it, and further edits of the file go on top of it. Searches, commands and whatever reads the disk do not see it. At your next turn you are told what the user decided.';
