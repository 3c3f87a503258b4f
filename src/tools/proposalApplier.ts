import { errorMessage } from '../base/patchbayError';
import type { EditVerdict } from '../edits/fileEdit';
import type { ToolIntent } from '../events/toolIntent';
import { displayPath } from '../gate/paths';
import type { CallGate, GatedCall } from './callGate';
import type { CallRecords } from './callRecords';
import type { AppliedProposal, EditOrigin, EditProposal } from './contract';
import { EditCommit, type EditCall } from './editCommit';
import { denialOf, hunkCountText } from './editProposal';
import type { ProposedHooks } from './proposedHooks';
import type { OrchestratorServices } from './services';
import type { Slots } from './slots';

/** A decided proposal that no agent waits for. */
export interface LateWrite {
  readonly proposal: EditProposal;
  readonly verdict: EditVerdict;
  readonly signal: AbortSignal;
  readonly slots: Slots;
  readonly timeoutMs: number;
}

/**
 * Writes what was approved of a proposal whose agent does not wait for it. It is our write, judged anew: the rules as
 * they are now, the place it was proposed for, both audit records, the hooks. The user's decision is the permission.
 */
export class ProposalApplier {
  private readonly commit: EditCommit;

  constructor(
    private readonly services: OrchestratorServices,
    private readonly gate: CallGate,
    private readonly records: CallRecords,
    private readonly proposedHooks: ProposedHooks,
  ) {
    this.commit = new EditCommit(services, gate, records);
  }

  /** Rejects only where the orchestrator's last catch is right. */
  async apply(write: LateWrite): Promise<AppliedProposal> {
    const { proposal, verdict } = write;
    const { edit, origin } = proposal;
    const shown = displayPath(edit.path, this.services.files.roots());
    if (origin === undefined) {
      return { kind: 'failed', message: `${shown} was not proposed for writing.` };
    }
    const call = this.toCall(write, origin);
    const judgement = await this.gate.judge(call);
    const [effect] = judgement.effects;
    if (verdict.kind === 'denied') {
      const reason = denialOf(verdict);
      await this.records.denied(call, judgement.effects, { kind: 'deny', by: 'user', reason });
      return { kind: 'done', told: `Your edit of ${shown} was denied: ${reason}.` };
    }
    if (judgement.decision.verdict === 'deny' || effect?.kind !== 'write') {
      const { ruleId: by, reason } = judgement.decision;
      await this.records.denied(call, judgement.effects, { kind: 'deny', by, reason });
      return { kind: 'failed', message: `Nothing was written: ${reason}.` };
    }
    if (effect.target !== origin.target) {
      const reason = 'the path leads elsewhere than when the edit was proposed';
      await this.records.denied(call, judgement.effects, {
        kind: 'deny',
        by: 'path.moved',
        reason,
      });
      return { kind: 'failed', message: `Nothing was written: ${reason}.` };
    }
    const editCall: EditCall = {
      call,
      judgement,
      effect,
      change: changeOf(write),
      timeoutMs: write.timeoutMs,
      slots: write.slots,
      isLate: true,
    };
    return await this.write(editCall, write, shown);
  }

  private async write(
    editCall: EditCall,
    { proposal, verdict }: LateWrite,
    shown: string,
  ): Promise<AppliedProposal> {
    const { sessionId, callId, edit } = proposal;
    const name = { sessionId, callId, path: edit.path };
    const finishHooks =
      this.proposedHooks.take(name) ??
      this.services.hooks.begin({ path: edit.path, folder: this.commit.folderOf(edit.path) });
    const by =
      verdict.kind === 'approved' ? 'approved by you' : `you approved ${hunkCountText(verdict)}`;
    const step = await this.commit.run(
      editCall,
      edit,
      {
        kind: 'approved',
        grant: { kind: 'allow', by: 'user', reason: `${by}; the agent did not wait` },
        verdict,
        isReviewed: true,
      },
      finishHooks,
    );
    if (step.kind === 'again') {
      this.proposedHooks.keep(name, finishHooks);
      return { kind: 'stale', currentText: await this.currentText(edit.path) };
    }
    return step.result.ok
      ? {
          kind: 'done',
          told: `The user has decided on your edit of ${shown}.\n${step.result.output}`,
        }
      : { kind: 'failed', message: step.result.error };
  }

  private async currentText(path: string): Promise<string | undefined> {
    const { files } = this.services;
    return (await files.stat(path)) === undefined ? undefined : (await files.readText(path)).text;
  }

  private toCall(write: LateWrite, origin: EditOrigin): GatedCall {
    const { proposal, signal } = write;
    const { sessionId, callId, asker, edit } = proposal;
    const { turnId, modelId, bridge } = origin;
    const change = changeOf(write);
    const intent: ToolIntent = { kind: 'write', path: edit.path, change };
    return {
      subject: {
        sessionId,
        turnId,
        callId,
        tool: change.kind === 'delete' ? 'delete_file' : 'write_file',
        modelId,
        executedBy: 'host',
        bridge,
      },
      input:
        change.kind === 'content'
          ? { path: edit.path, content: change.content }
          : { path: edit.path },
      intents: [intent],
      context: {
        sessionId,
        turnId,
        modelId,
        asker,
        ...(bridge === undefined ? {} : { bridge }),
        mode: 'ask',
        signal,
        onProgress: (progress) => {
          if (progress.kind === 'denied') {
            this.services.logger.info(`${edit.path}: ${progress.why}`);
          }
        },
      },
      startedAtMs: this.services.clock.nowMs(),
    };
  }
}

function changeOf({ proposal: { edit }, verdict }: LateWrite): FileChangeOf {
  return edit.kind === 'delete' && verdict.kind !== 'partly'
    ? { kind: 'delete' }
    : { kind: 'content', content: verdict.text };
}

type FileChangeOf = Extract<
  (ToolIntent & { readonly kind: 'write' })['change'],
  { readonly kind: 'delete' | 'content' }
>;

/** What an unforeseen failure comes to: nothing is known to be written, so it is asked again. */
export function failedApplication(error: unknown): AppliedProposal {
  return { kind: 'failed', message: `It could not be written: ${errorMessage(error)}` };
}
