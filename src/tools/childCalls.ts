import { errorMessage } from '../base/patchbayError';
import type { PermissionAnswer, PermissionRequest } from '../events/observation';
import type { ToolCall, ToolResult } from '../events/toolCall';
import type { ToolIntent, UserQuestion } from '../events/toolIntent';
import type { Effect } from '../gate/contract';
import {
  denialText,
  isWorded,
  type CallGate,
  type GatedCall,
  type Grant,
  type Judgement,
} from './callGate';
import type { CallEnd, CallRecords } from './callRecords';
import { ChildWrites } from './childWrites';
import type { CallContext } from './contract';
import { toPlannedWrites } from './plannedWrites';
import type { OrchestratorServices } from './services';
import type { Ruling, WrittenByChild } from './writeRulings';

/**
 * The calls that a child runs by itself: the same effects, the same decision, the same prompt and the same audit as our
 * own. For an edit the child is given exactly the approved text, and what it wrote is compared with that afterwards.
 */
export class ChildCalls {
  private readonly authorized = new Map<string, AuthorizedCall>();
  private readonly approved = new Map<string, ApprovedWrite & { readonly turnId: string }>();
  private readonly writes: ChildWrites;

  constructor(
    private readonly services: OrchestratorServices,
    private readonly gate: CallGate,
    private readonly records: CallRecords,
  ) {
    this.writes = new ChildWrites(services, gate, records);
  }

  async authorize(request: PermissionRequest, context: CallContext): Promise<PermissionAnswer> {
    const call = this.toGatedCall(
      request.callId,
      request.toolName,
      request.input,
      request.intents,
      context,
      request.description,
    );
    try {
      return await this.authorizeCall(call, request.takesWholeEditsOnly === true);
    } catch (error) {
      // It stays denied, and in the log, whatever failed.
      this.remember(call, { grant: failedGrant, writes: [] });
      await this.records.undecided(call, errorMessage(error));
      throw error;
    }
  }

  async noteResult(call: ToolCall, result: ToolResult, context: CallContext): Promise<void> {
    const key = keyOf(context.sessionId, call.id);
    const known = this.authorized.get(key);
    this.authorized.delete(key);
    const gated =
      known?.call ?? this.toGatedCall(call.id, call.name, call.arguments, [], context, undefined);
    if (known === undefined) {
      const effects: readonly Effect[] = [{ kind: 'unknown', description: call.name }];
      await this.records.decision(gated, effects, {
        kind: 'allow',
        by: 'child',
        reason: 'run by the child without asking',
      });
    }
    await this.records.outcome(gated, toChildEnd(result, known));
    for (const write of known?.writes ?? []) {
      this.services.cache.invalidate(write.edit.path);
      // The call that was approved is over: whatever comes now is another one.
      this.approved.delete(keyOf(context.sessionId, write.edit.path));
      await this.compare(gated, write, result.ok);
    }
  }

  /** What was approved for this file in this turn, once: for an agent that writes through us after it asked. */
  takeApproved(
    context: CallContext,
    { path, target }: Effect & { readonly kind: 'write' },
  ): ApprovedWrite | undefined {
    const key = keyOf(context.sessionId, path);
    const approved = this.approved.get(key);
    this.approved.delete(key);
    this.leaveToUs(context.sessionId, path);
    return approved?.turnId === context.turnId && approved.target === target ? approved : undefined;
  }

  private async authorizeCall(
    call: GatedCall,
    takesWholeEditsOnly: boolean,
  ): Promise<PermissionAnswer> {
    const { context, subject } = call;
    const judgement = await this.gate.judge(call);
    const ruled = await this.rule(call, judgement, takesWholeEditsOnly);
    const grant = await this.records.decision(call, judgement.effects, ruled.grant);
    const ruling: Ruling = grant === ruled.grant ? ruled : { grant, writes: [] };
    this.remember(call, ruling);
    if (grant.kind === 'deny') {
      context.onProgress({ kind: 'denied', why: ruling.shownReason ?? grant.reason });
      return {
        kind: 'deny',
        message: denialText(subject.tool, grant.reason),
        ...(ruling.saysMore === true ? { saysMore: true } : {}),
      };
    }
    this.noteApproved(call, judgement.effects, ruling);
    const { sessionId, turnId } = context;
    for (const { edit, text } of ruling.writes) {
      await this.services.beforeChildWrite?.({
        sessionId,
        turnId,
        callId: subject.callId,
        path: edit.path,
        text: edit.kind === 'delete' ? undefined : text,
      });
    }
    context.onProgress({ kind: 'running', why: ruling.grant.reason });
    return {
      kind: 'allow',
      ...(ruling.answers === undefined ? {} : { answers: ruling.answers }),
      ...(ruling.approved === undefined ? {} : { approved: ruling.approved }),
      ...(ruling.message === undefined ? {} : { message: ruling.message }),
    };
  }

  /** We write this file for the agent: what it holds after is our write's affair, not to be compared with the agent's. */
  private leaveToUs(sessionId: string, path: string): void {
    for (const [key, known] of this.authorized) {
      if (known.call.context.sessionId === sessionId) {
        const writes = known.writes.filter(({ edit }) => edit.path !== path);
        this.authorized.set(key, { ...known, writes });
      }
    }
  }

  private noteApproved(call: GatedCall, effects: readonly Effect[], ruling: Ruling): void {
    const { sessionId, turnId } = call.context;
    for (const { edit, text, expectedText } of ruling.writes) {
      const effect = effects.find((one) => one.kind === 'write' && one.path === edit.path);
      if (effect?.kind !== 'write') {
        continue;
      }
      const key = keyOf(sessionId, edit.path);
      this.approved.delete(key);
      this.approved.set(key, { turnId, text, expectedText, target: effect.target });
      const [oldest] = this.approved.keys();
      if (this.approved.size > maxApproved && oldest !== undefined) {
        this.approved.delete(oldest);
      }
    }
  }

  /** Every answer that is not a clear yes is a no. */
  private async rule(
    call: GatedCall,
    judgement: Judgement,
    takesWholeEditsOnly: boolean,
  ): Promise<Ruling> {
    const { verdict, ruleId, reason } = judgement.decision;
    if (verdict === 'deny') {
      return { grant: { kind: 'deny', by: ruleId, reason }, writes: [] };
    }
    const questions = call.intents.flatMap((intent) =>
      intent.kind === 'question' ? intent.questions : [],
    );
    if (
      questions.length > 0 &&
      call.intents.every(({ kind }) => kind === 'question' || kind === 'none')
    ) {
      return await this.ruleOnQuestions(call, questions);
    }
    const writes = toPlannedWrites(call.intents, judgement.effects);
    if (writes.length > 0) {
      return await this.writes.rule(call, judgement, writes, takesWholeEditsOnly);
    }
    const grant = await this.gate.permit(call, judgement);
    return {
      grant,
      writes: [],
      ...(grant.kind === 'deny' && isWorded(grant.reason) ? { saysMore: true } : {}),
    };
  }

  private async ruleOnQuestions(
    call: GatedCall,
    questions: readonly UserQuestion[],
  ): Promise<Ruling> {
    const { context, subject } = call;
    context.onProgress({ kind: 'awaiting', why: 'a question to you' });
    const answers = await this.services.asker.askUser({
      sessionId: context.sessionId,
      callId: subject.callId,
      asker: context.asker,
      questions,
      signal: context.signal,
    });
    return answers === undefined
      ? { grant: { kind: 'deny', by: 'user', reason: 'the user did not answer' }, writes: [] }
      : { grant: { kind: 'allow', by: 'user', reason: 'answered by you' }, writes: [], answers };
  }

  private async compare(call: GatedCall, write: WrittenByChild, hasRun: boolean): Promise<void> {
    const { sessionId, asker } = call.context;
    const { callId } = call.subject;
    const onDisk = await this.readDisk(write.edit.path);
    if (onDisk === 'unreadable') {
      return; // it is there: as a deletion it would drop what is known of it
    }
    const { text: actualText } = onDisk;
    const approvedText = write.edit.kind === 'delete' ? undefined : write.text;
    const isAsApproved = actualText === approvedText;
    // A call that failed may have left the file alone; then what was before is as good.
    const expectedText = isAsApproved || hasRun ? approvedText : write.expectedText;
    // Only what was expected is the user's wish; what differs from it is told below.
    await this.services.onKnownWrite?.(write.edit.path, expectedText, call.context);
    if (isAsApproved && !write.isReviewed) {
      this.services.reviewer.noteWritten(
        { sessionId, callId, asker, edit: write.edit, reason: write.reason },
        write.reason,
      );
    }
    if (actualText !== expectedText) {
      this.services.onUnexpectedChange({
        sessionId,
        turnId: call.context.turnId,
        callId,
        asker,
        path: write.edit.path,
        expectedText,
        actualText,
      });
    }
  }

  /** Without a text: there is no file. */
  private async readDisk(path: string): Promise<{ readonly text?: string } | 'unreadable'> {
    try {
      const text = await this.services.readDisk(path);
      return text === undefined ? {} : { text };
    } catch (error) {
      this.services.logger.warn(
        `what a child wrote to ${path} could not be read: ${errorMessage(error)}`,
      );
      return 'unreadable';
    }
  }

  private remember(call: GatedCall, ruling: Ruling): void {
    const key = keyOf(call.context.sessionId, call.subject.callId);
    const writes = ruling.writes.map((write) => ({ ...write, reason: ruling.grant.reason }));
    this.authorized.delete(key);
    this.authorized.set(key, { call, isDenied: ruling.grant.kind === 'deny', writes });
    const [oldest] = this.authorized.keys();
    if (this.authorized.size > maxRemembered && oldest !== undefined) {
      this.authorized.delete(oldest);
    }
  }

  private toGatedCall(
    callId: string,
    tool: string,
    input: PermissionRequest['input'],
    intents: readonly ToolIntent[],
    context: CallContext,
    description: string | undefined,
  ): GatedCall {
    const { sessionId, turnId, modelId, bridge } = context;
    return {
      subject: { sessionId, turnId, callId, tool, modelId, executedBy: 'child', bridge },
      input,
      intents,
      context,
      description,
      startedAtMs: this.services.clock.nowMs(),
    };
  }
}

/** A yes to one write: this text, over that text (undefined: no file), in the file that the path led to. */
export interface ApprovedWrite {
  readonly text: string;
  readonly expectedText: string | undefined;
  readonly target: string;
}

interface AuthorizedCall {
  readonly call: GatedCall;
  readonly isDenied: boolean;
  readonly writes: readonly WrittenByChild[];
}

const failedGrant: Grant = {
  kind: 'deny',
  by: 'default.failed',
  reason: 'it could not be judged',
};

/** Children that die leave calls without a result; the oldest are forgotten. */
const maxRemembered = 500;
const maxApproved = 20;

function keyOf(sessionId: string, callId: string): string {
  return JSON.stringify([sessionId, callId]);
}

function toChildEnd(result: ToolResult, known: AuthorizedCall | undefined): CallEnd {
  const reported = result.details?.outcome;
  return {
    result,
    outcome: known?.isDenied === true ? 'denied' : (reported ?? (result.ok ? 'ok' : 'error')),
  };
}
