import { errorMessage } from '../base/patchbayError';
import type { FileEdit } from '../edits/fileEdit';
import type { PermissionAnswer } from '../events/observation';
import { toolOk } from '../events/toolCall';
import type { Decision, Effect } from '../gate/contract';
import { displayPath } from '../gate/paths';
import {
  isWorded,
  withdrawnReason,
  type CallGate,
  type GatedCall,
  type Grant,
  type Judgement,
} from './callGate';
import { failedEnd, type CallEnd, type CallRecords } from './callRecords';
import { wholeOf } from './editFlow';
import {
  denialOf,
  describeVerdict,
  expectedTextOf,
  hunkCountText,
  originOf,
  prepareEdit,
} from './editProposal';
import { isMovedFrom, plainWriteRule, withMove, type PlannedWrite } from './plannedWrites';
import { aroundWrite, type OrchestratorServices } from './services';

/** What a child was allowed to write, to be compared after it did. */
export interface WrittenByChild {
  readonly edit: FileEdit;
  readonly baseText: string;
  readonly text: string;
  /** What the file must hold until the child writes; undefined: it must not exist. */
  readonly expectedText: string | undefined;
  readonly isReviewed: boolean;
  readonly reason: string;
}

interface WriteRuling {
  readonly grant: Grant;
  readonly written?: WrittenByChild;
  /** Of a file that is moved: the text at its old place, which the user was shown. */
  readonly movedText?: string;
  /** The user approved another text than the child asked for. */
  readonly isTrimmed?: boolean;
  readonly message?: string;
}

/** How a child's call was decided, with what its bridge has to pass on. */
export interface Ruling {
  readonly grant: Grant;
  readonly writes: readonly WrittenByChild[];
  readonly answers?: Readonly<Record<string, string>>;
  readonly approved?: (PermissionAnswer & { readonly kind: 'allow' })['approved'];
  readonly message?: string;
  /** For the user, where the reason that the agent gets is long. */
  readonly shownReason?: string;
  readonly saysMore?: boolean;
}

/**
 * The review of what a child wants to write. The child is given exactly the approved text; a document with unsaved
 * changes is a question first; what cannot be shown as hunks is asked as a plain question, never let through.
 */
export class ChildWrites {
  constructor(
    private readonly services: OrchestratorServices,
    private readonly gate: CallGate,
    private readonly records: CallRecords,
  ) {}

  /**
   * `takesWholeEditsOnly`: the dialect can be answered yes or no. What is approved of an edit that is not approved
   * whole is then written by us, and the child's own call is denied with the words that say so.
   */
  async rule(
    call: GatedCall,
    judgement: Judgement,
    writes: readonly PlannedWrite[],
    takesWholeEditsOnly = false,
  ): Promise<Ruling> {
    const others = judgement.effects.filter((effect) => effect.kind !== 'write');
    const onOthers = others.length === 0 ? undefined : this.gate.decideOn(call, others);
    if (onOthers?.verdict === 'ask') {
      const grant = await this.gate.ask(call, judgement.effects, onOthers.reason, false);
      if (grant.kind === 'deny') {
        return { grant, writes: [] };
      }
    }
    const rulings: WriteRuling[] = [];
    const canTrim = takesWholeEditsOnly || writes.length === 1;
    for (const write of writes) {
      const newPlace = writes.findIndex((other) => isMovedFrom(other, write));
      const ruling =
        newPlace === -1
          ? await this.ruleOnWrite(call, judgement, write, canTrim)
          : await this.ruleOnOldPlace(call, judgement, write, rulings[newPlace]);
      if (ruling.grant.kind === 'deny' && !(takesWholeEditsOnly && ruling.grant.by === 'user')) {
        return { grant: ruling.grant, writes: [] };
      }
      rulings.push(ruling);
    }
    if (!(await this.gate.isStillTrue(call, judgement.effects))) {
      return {
        grant: {
          kind: 'deny',
          by: 'path.moved',
          reason: 'a path leads elsewhere than when it was judged; try again',
        },
        writes: [],
      };
    }
    if (rulings.some(({ grant }) => grant.kind === 'allow')) {
      if (takesWholeEditsOnly && rulings.some(isNotWhole)) {
        return call.context.signal.aborted
          ? { grant: { kind: 'deny', by: 'withdrawn', reason: withdrawnReason }, writes: [] }
          : await this.applyOurselves(call, judgement.effects, writes, rulings);
      }
    } else {
      const denial = rulings.find(({ grant }) => isWorded(grant.reason)) ?? rulings[0];
      if (denial !== undefined) {
        const saysMore = isWorded(denial.grant.reason);
        return { grant: denial.grant, writes: [], ...(saysMore ? { saysMore } : {}) };
      }
    }
    const [first] = rulings;
    const messages = rulings
      .map(({ message }) => message)
      .filter((message) => message !== undefined);
    return {
      grant: first?.grant ?? { kind: 'deny', by: 'default.unknown', reason: 'nothing was decided' },
      writes: rulings.flatMap(({ written }) => (written === undefined ? [] : [written])),
      ...(rulings.length === 1 &&
      first?.written !== undefined &&
      first.written.edit.kind !== 'delete'
        ? {
            approved: {
              path: first.written.edit.path,
              baseText: first.written.baseText,
              text: first.written.text,
            },
          }
        : {}),
      ...(messages.length === 0 ? {} : { message: messages.join('\n') }),
    };
  }

  /**
   * The end of a file that moves goes with its new place: approved whole there, it is not asked a second time; else the
   * file stays, so that nothing of it is lost.
   */
  private async ruleOnOldPlace(
    call: GatedCall,
    judgement: Judgement,
    write: PlannedWrite,
    newPlace: WriteRuling | undefined,
  ): Promise<WriteRuling> {
    const shown = displayPath(write.effect.path, this.services.files.roots());
    if (newPlace?.written === undefined || newPlace.isTrimmed === true) {
      const reason = `${shown} stays: its new place was not approved whole`;
      return { grant: { kind: 'deny', by: 'user', reason } };
    }
    const prepared = await prepareEdit(write.effect.path, shown, write.change, this.services);
    const isSeen =
      newPlace.written.isReviewed &&
      newPlace.movedText !== undefined &&
      prepared.kind === 'ready' &&
      !prepared.isDirty &&
      prepared.expectedText === newPlace.movedText &&
      this.gate.decideOn(call, [write.effect]).ruleId === plainWriteRule;
    return isSeen
      ? {
          grant: { kind: 'allow', by: 'user', reason: 'approved by you with its new place' },
          written: toWritten(prepared.edit, wholeOf(prepared.edit), true),
        }
      : await this.ruleOnWrite(call, judgement, write, true);
  }

  /** `canTrim`: the dialect can be given another text than it asked for; else anything but all or nothing is a no. */
  private async ruleOnWrite(
    call: GatedCall,
    judgement: Judgement,
    write: PlannedWrite,
    canTrim: boolean,
  ): Promise<WriteRuling> {
    const { effect, change } = write;
    const shown = displayPath(effect.path, this.services.files.roots());
    const decision = this.gate.decideOn(call, [effect]);
    let reason = decision.reason;
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const prepared = await prepareEdit(effect.path, shown, change, this.services);
      if (prepared.kind === 'unusable' && prepared.isRefused === true) {
        return { grant: { kind: 'deny', by: 'edit.refused', reason: prepared.message } };
      }
      if (prepared.kind === 'unusable') {
        const shownWhy = `the change cannot be shown as hunks: ${prepared.message}`;
        const why = decision.verdict === 'ask' ? `${decision.reason}; ${shownWhy}` : shownWhy;
        return { grant: await this.gate.ask(call, judgement.effects, why, false) };
      }
      if (prepared.kind === 'same') {
        const grant: Grant = {
          kind: 'allow',
          by: 'default.no-change',
          reason: 'it changes nothing',
        };
        return {
          grant:
            effect.pathClass === 'inside'
              ? grant
              : await this.gate.ask(call, judgement.effects, decision.reason, false),
        };
      }
      if (prepared.isDirty) {
        const refusal = await this.saveFirst(call, shown, effect.path);
        if (refusal !== undefined) {
          return { grant: refusal };
        }
        continue;
      }
      const ruling = await this.reviewWrite(
        call,
        { ...write, edit: prepared.edit },
        decision,
        withMove(reason, write, this.services.files.roots()),
        canTrim,
      );
      if (ruling.grant.kind === 'deny' || (await this.isBaseUnchanged(prepared.edit, ruling))) {
        return prepared.movedText === undefined
          ? ruling
          : { ...ruling, movedText: prepared.movedText };
      }
      reason = `${decision.reason}; the file changed meanwhile, these are the new differences`;
    }
    return {
      grant: { kind: 'deny', by: 'edit.stale', reason: `${shown} keeps changing; read it again` },
    };
  }

  private async reviewWrite(
    call: GatedCall,
    { edit, effect }: PlannedWrite & { readonly edit: FileEdit },
    decision: Decision,
    reason: string,
    canTrim: boolean,
  ): Promise<WriteRuling> {
    const { context, subject } = call;
    const shown = displayPath(edit.path, this.services.files.roots());
    if (decision.verdict !== 'ask') {
      const grant: Grant = { kind: decision.verdict, by: decision.ruleId, reason: decision.reason };
      return grant.kind === 'deny'
        ? { grant }
        : { grant, written: toWritten(edit, wholeOf(edit), false) };
    }
    context.onProgress({ kind: 'awaiting', why: reason });
    const proposal = {
      sessionId: context.sessionId,
      callId: subject.callId,
      asker: context.asker,
      edit,
      reason,
      origin: originOf(call, effect),
    };
    const outcome = await this.services.reviewer.review(proposal, context.signal);
    if (outcome.kind === 'withdrawn' || context.signal.aborted) {
      return { grant: { kind: 'deny', by: 'withdrawn', reason: withdrawnReason } };
    }
    const { verdict } = outcome;
    if (verdict.kind === 'denied') {
      return { grant: { kind: 'deny', by: 'user', reason: denialOf(verdict) } };
    }
    const message = describeVerdict(shown, verdict, await this.gate.mayRead(call, edit.path));
    const isTrimmed = verdict.text !== edit.proposedText;
    if (isTrimmed && (!canTrim || edit.kind === 'delete')) {
      const words = `the user approved only a part, and this call can only run whole. ${message ?? ''} Propose the approved part by itself.`;
      return { grant: { kind: 'deny', by: 'user', reason: words } };
    }
    const by =
      verdict.kind === 'approved' ? 'approved by you' : `you approved ${hunkCountText(verdict)}`;
    return {
      grant: { kind: 'allow', by: 'user', reason: by },
      written: toWritten(edit, verdict, true),
      ...(isTrimmed ? { isTrimmed } : {}),
      ...(message === undefined ? {} : { message }),
    };
  }

  /** Writes the approved parts into the editor's buffers, exactly; the child hears what of its edit is in the files now. */
  private async applyOurselves(
    call: GatedCall,
    judged: readonly Effect[],
    writes: readonly PlannedWrite[],
    rulings: readonly WriteRuling[],
  ): Promise<Ruling> {
    const told: string[] = [];
    const unwritten = new Set<number>();
    for (const [index, { grant, written, message }] of rulings.entries()) {
      const path = written?.edit.path ?? writes[index]?.effect.path ?? '';
      const shown = displayPath(path, this.services.files.roots());
      if (grant.kind === 'deny') {
        told.push(grant.reason);
        continue;
      }
      if (written === undefined) {
        told.push(
          grant.by === 'default.no-change'
            ? `${shown}: ${grant.reason}.`
            : `The change of ${shown} is not written: it has no hunks. Ask for that file by itself.`,
        );
        continue;
      }
      const newPlace = writes.findIndex(
        (other) => writes[index] !== undefined && isMovedFrom(other, writes[index]),
      );
      const problem = unwritten.has(newPlace)
        ? 'its new place was not written, so it stays'
        : await this.writeApproved(call, judged, written, grant);
      if (problem !== undefined) {
        unwritten.add(index);
      }
      told.push(
        problem === undefined
          ? (message ?? `The edit of ${shown} was approved whole and is in the file.`)
          : `${shown}: the approved part could not be written: ${problem}`,
      );
    }
    const head =
      'the user approved a part of it. Patchbay has written that part into the files itself, so do not make this edit again. Read the files before you go on.';
    return {
      grant: { kind: 'deny', by: 'user', reason: `${head}\n${told.join('\n')}` },
      writes: [],
      shownReason: 'approved in part; Patchbay wrote the approved part',
      saysMore: true,
    };
  }

  /** Why it could not be written, or undefined. Two records of its own: this is our write and not the child's. */
  private async writeApproved(
    call: GatedCall,
    judged: readonly Effect[],
    written: WrittenByChild,
    grant: Grant,
  ): Promise<string | undefined> {
    const { edit, text, expectedText } = written;
    const own: GatedCall = {
      ...call,
      subject: { ...call.subject, tool: 'write_file', executedBy: 'host' },
      input: { path: edit.path, content: text },
    };
    const effects = await this.gate.effectsOf({
      ...own,
      intents: [{ kind: 'write', path: edit.path, change: { kind: 'content', content: text } }],
    });
    const recorded = await this.records.decision(own, effects, grant);
    if (recorded.kind === 'deny') {
      await this.records.refused(own, recorded);
      return recorded.reason;
    }
    const checkPlace = this.gate.placeCheck(
      call,
      judged,
      displayPath(edit.path, this.services.files.roots()),
    );
    let problem: string | undefined;
    try {
      await checkPlace();
      const { sessionId, turnId } = call.context;
      const isDeletion = edit.kind === 'delete';
      await aroundWrite(
        this.services,
        {
          sessionId,
          turnId,
          callId: call.subject.callId,
          path: edit.path,
          text: isDeletion ? undefined : text,
        },
        async () => {
          if (isDeletion) {
            await this.services.files.deleteFile(edit.path, written.baseText, checkPlace);
            return { isSaved: true };
          }
          return await this.services.files.writeText(edit.path, text, expectedText, checkPlace);
        },
      );
    } catch (error) {
      problem = errorMessage(error);
    }
    this.services.cache.invalidate(edit.path);
    if (problem === undefined) {
      if (!written.isReviewed) {
        const { sessionId, asker } = call.context;
        const { callId } = call.subject;
        const { reason } = grant;
        this.services.reviewer.noteWritten({ sessionId, callId, asker, edit, reason }, reason);
      }
    }
    await this.records.outcome(own, problem === undefined ? okEnd() : failedEnd(problem));
    return problem;
  }

  /** Undefined when the document is saved now. The child reads and writes the disk, which lacks the user's unsaved text. */
  private async saveFirst(
    call: GatedCall,
    shown: string,
    path: string,
  ): Promise<Grant | undefined> {
    const { context, subject } = call;
    const question = `${shown} has unsaved changes. ${context.asker} would overwrite them on disk. Save or discard them first?`;
    const save = 'Save and continue';
    const discard = 'Discard them and continue';
    context.onProgress({ kind: 'awaiting', why: 'the file has unsaved changes' });
    const answers = await this.services.asker.askUser({
      sessionId: context.sessionId,
      callId: subject.callId,
      asker: 'Patchbay',
      questions: [
        {
          question,
          options: [
            { label: save },
            ...(this.services.discardChanges === undefined ? [] : [{ label: discard }]),
            { label: 'Cancel the edit' },
          ],
        },
      ],
      signal: context.signal,
    });
    const answer = answers?.[question];
    if (answer !== save && answer !== discard) {
      return {
        kind: 'deny',
        by: 'user',
        reason: `${shown} has unsaved changes in the editor; the user has to save or discard them first`,
      };
    }
    const isClean =
      answer === save
        ? await this.services.saveDocument(path)
        : await this.services.discardChanges?.(path);
    return isClean === true
      ? undefined
      : {
          kind: 'deny',
          by: 'edit.unsaved',
          reason: `${shown} could not be ${answer === save ? 'saved' : 'set back'}, so it still has unsaved changes; nothing was written`,
        };
  }

  private async isBaseUnchanged(edit: FileEdit, ruling: WriteRuling): Promise<boolean> {
    if (ruling.written === undefined) {
      return true;
    }
    const expected = ruling.written.expectedText;
    const stat = await this.services.files.stat(edit.path);
    if (stat === undefined || expected === undefined) {
      return stat === undefined && expected === undefined;
    }
    const now = await this.services.files.readText(edit.path);
    return !now.isDirty && now.text === expected;
  }
}

const maxAttempts = 5;

function isNotWhole(ruling: WriteRuling): boolean {
  return ruling.grant.kind === 'deny' || ruling.isTrimmed === true;
}

function okEnd(): CallEnd {
  return { result: toolOk(''), outcome: 'ok' };
}

function toWritten(
  edit: FileEdit,
  verdict: ReturnType<typeof wholeOf>,
  isReviewed: boolean,
): WrittenByChild {
  const expectedText = expectedTextOf(edit, verdict);
  return {
    edit,
    baseText: verdict.baseText,
    text: verdict.text,
    expectedText,
    isReviewed,
    reason: '',
  };
}
