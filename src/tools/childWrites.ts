import { PatchbayError } from '../base/patchbayError';
import type { FileEdit } from '../edits/fileEdit';
import { computeHunks } from '../edits/hunks';
import { mergeTexts } from '../edits/merge';
import { createFileEdit } from '../edits/proposal';
import type { FileChange } from '../events/toolIntent';
import type { Decision } from '../gate/contract';
import { displayPath } from '../gate/paths';
import {
  isWorded,
  withdrawnReason,
  type CallGate,
  type GatedCall,
  type Grant,
  type Judgement,
} from './callGate';
import type { CallRecords } from './callRecords';
import { wholeOf } from './editFlow';
import {
  denialOf,
  describeVerdict,
  expectedTextOf,
  hunkCountText,
  originOf,
  prepareEdit,
} from './editProposal';
import { OwnWrites } from './ownWrites';
import {
  isMovedFrom,
  mayShowWrite,
  plainWriteRule,
  toSourceReads,
  withMove,
  type PlannedWrite,
} from './plannedWrites';
import type { OrchestratorServices } from './services';
import type { Ruling, WriteRuling, WrittenByChild } from './writeRulings';

/** What the dialect of a call can be answered. */
interface Dialect {
  /** The child can be given another text than it asked for, or we write it; else anything but all or nothing is a no. */
  readonly canTrim: boolean;
  /** Yes or no: what is approved in part, or on top of unsaved text, is written by us. */
  readonly takesWholeEditsOnly: boolean;
  /** The write is the end of a file that moves. */
  readonly isOldPlace?: boolean;
}

/**
 * The review of what a child wants to write. The child is given exactly the approved text; a document with unsaved
 * changes is a question first, or written by us; what cannot be shown as hunks is asked as a plain question, never let
 * through.
 */
export class ChildWrites {
  private readonly own: OwnWrites;

  constructor(
    private readonly services: OrchestratorServices,
    private readonly gate: CallGate,
    records: CallRecords,
  ) {
    this.own = new OwnWrites(services, gate, records);
  }

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
    const dialect = {
      canTrim: takesWholeEditsOnly || writes.length === 1,
      takesWholeEditsOnly,
    };
    for (const write of writes) {
      const newPlace = writes.findIndex((other) => isMovedFrom(other, write));
      const ruling =
        newPlace === -1
          ? await this.ruleOnWrite(call, judgement, write, dialect)
          : await this.ruleOnOldPlace(call, judgement, write, dialect, rulings[newPlace]);
      if (ruling.grant.kind === 'deny' && !(takesWholeEditsOnly && ruling.grant.by === 'user')) {
        // Why a file is none that is changed here is for the agent to know.
        const saysMore = ruling.grant.by.startsWith('edit.');
        return { grant: ruling.grant, writes: [], ...(saysMore ? { saysMore } : {}) };
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
      if (takesWholeEditsOnly && rulings.some(isForUs)) {
        return call.context.signal.aborted
          ? { grant: { kind: 'deny', by: 'withdrawn', reason: withdrawnReason }, writes: [] }
          : await this.own.write(call, judgement.effects, writes, rulings);
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
    dialect: Dialect,
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
      : await this.ruleOnWrite(call, judgement, write, {
          ...dialect,
          canTrim: true,
          isOldPlace: true,
        });
  }

  private async ruleOnWrite(
    call: GatedCall,
    judgement: Judgement,
    write: PlannedWrite,
    dialect: Dialect,
  ): Promise<WriteRuling> {
    const { takesWholeEditsOnly } = dialect;
    const { effect, change } = write;
    const shown = displayPath(effect.path, this.services.files.roots());
    // The text of a moved file comes to a place where it can be read: that is decided on too.
    const sources = toSourceReads(write);
    const read =
      sources.length === 0 ? [] : await this.gate.effectsOf({ ...call, intents: sources });
    const decision = this.gate.decideOn(call, [effect, ...read]);
    if (decision.verdict === 'deny') {
      return { grant: { kind: 'deny', by: decision.ruleId, reason: decision.reason } };
    }
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
      const unfit = await this.notUtf8(write, prepared.expectedText !== undefined);
      if (unfit !== undefined) {
        return { grant: { kind: 'deny', by: 'edit.refused', reason: unfit } };
      }
      const ours =
        prepared.isDirty && takesWholeEditsOnly
          ? await this.onUnsavedText(prepared.edit, change)
          : undefined;
      if (prepared.isDirty && ours === undefined) {
        const refusal = await this.saveFirst(call, shown, effect.path);
        if (refusal !== undefined) {
          return { grant: refusal };
        }
        continue;
      }
      const ruling = await this.reviewWrite(
        call,
        { ...write, edit: ours ?? prepared.edit },
        decision,
        withMove(reason, write, this.services.files.roots()),
        dialect,
      );
      if (
        ruling.grant.kind === 'deny' ||
        (await this.isBaseUnchanged(prepared.edit, ruling, ours !== undefined))
      ) {
        return {
          ...ruling,
          ...(prepared.movedText === undefined ? {} : { movedText: prepared.movedText }),
          ...(ours === undefined ? {} : { isForEditor: true }),
        };
      }
      reason = `${decision.reason}; the file changed meanwhile, these are the new differences`;
    }
    return {
      grant: { kind: 'deny', by: 'edit.stale', reason: `${shown} keeps changing; read it again` },
    };
  }

  /**
   * Why a child must not write this file: it takes every byte for UTF-8, so what is not changes unseen. A deletion needs
   * no text.
   */
  private async notUtf8(write: PlannedWrite, isThere: boolean): Promise<string | undefined> {
    const own = isThere && write.change.kind !== 'delete' ? [write.effect.path] : [];
    for (const path of [...own, ...toSourceReads(write).map((source) => source.path)]) {
      try {
        await this.services.readDisk(path);
      } catch (error) {
        if (PatchbayError.is(error, 'not_text')) {
          return `${displayPath(path, this.services.files.roots())} is not UTF-8 on disk, and an agent that writes it by itself would change other bytes as well. Nothing was changed. Tell the user what to change in it, or to save it as UTF-8 first.`;
        }
      }
    }
    return undefined;
  }

  private async reviewWrite(
    call: GatedCall,
    write: PlannedWrite & { readonly edit: FileEdit },
    decision: Decision,
    reason: string,
    { canTrim, isOldPlace }: Dialect,
  ): Promise<WriteRuling> {
    const { edit, effect } = write;
    const { context, subject } = call;
    const shown = displayPath(edit.path, this.services.files.roots());
    if (decision.verdict !== 'ask') {
      const grant: Grant = { kind: decision.verdict, by: decision.ruleId, reason: decision.reason };
      return grant.kind === 'deny'
        ? { grant }
        : { grant, written: toWritten(edit, wholeOf(edit), false) };
    }
    context.onProgress({ kind: 'awaiting', why: reason });
    // Later one place alone would be written or deleted: a move goes with its question.
    const isMove = isOldPlace === true || toSourceReads(write).length > 0;
    const proposal = {
      sessionId: context.sessionId,
      callId: subject.callId,
      asker: context.asker,
      edit,
      reason,
      ...(isMove ? {} : { origin: originOf(call, effect) }),
    };
    const outcome = await this.services.reviewer.review(proposal, context.signal);
    if (outcome.kind === 'withdrawn' || context.signal.aborted) {
      return { grant: { kind: 'deny', by: 'withdrawn', reason: withdrawnReason } };
    }
    const { verdict } = outcome;
    if (verdict.kind === 'denied') {
      return { grant: { kind: 'deny', by: 'user', reason: denialOf(verdict) } };
    }
    const described = describeVerdict(shown, verdict, await mayShowWrite(this.gate, call, write));
    const isTrimmed = verdict.text !== edit.proposedText;
    // Nothing was denied or rewritten: the text is another one because the file is.
    const isMerged = isTrimmed && described === undefined;
    const message = isMerged
      ? `${shown} changed while the user looked at this edit. It was approved whole, together with what changed.`
      : described;
    if (isTrimmed && (!canTrim || edit.kind === 'delete')) {
      const words = isMerged
        ? `${shown} changed while the user looked at this edit, and this call can only run as it was. Read the file, then propose the edit again.`
        : `the user approved only a part, and this call can only run whole. ${message ?? ''} Propose the approved part by itself.`;
      return { grant: { kind: 'deny', by: 'user', reason: words } };
    }
    const by =
      verdict.kind === 'approved' ? 'approved by you' : `you approved ${hunkCountText(verdict)}`;
    return {
      grant: { kind: 'allow', by: 'user', reason: by },
      written: toWritten(edit, verdict, true),
      ...(isTrimmed ? { isTrimmed } : {}),
      ...(isMerged ? { isMerged } : {}),
      ...(message === undefined ? {} : { message }),
    };
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

  /**
   * The edit as we can write it beside unsaved text, in the editor; undefined where that cannot be told. A whole text may
   * have been made from what is on disk: then only what it changes there goes into the unsaved text.
   */
  private async onUnsavedText(edit: FileEdit, change: FileChange): Promise<FileEdit | undefined> {
    if (edit.kind !== 'edit' || change.kind !== 'content') {
      return edit.kind === 'edit' ? edit : undefined;
    }
    const onDisk = await this.services.readDisk(edit.path);
    if (onDisk === undefined || keepsChanges(onDisk, edit.baseText, edit.proposedText)) {
      return onDisk === undefined ? undefined : edit;
    }
    const merged = mergeTexts(onDisk, edit.baseText, edit.proposedText);
    return merged === undefined
      ? undefined
      : createFileEdit(edit.path, edit.baseText, merged, edit.kind);
  }

  private async isBaseUnchanged(
    edit: FileEdit,
    ruling: WriteRuling,
    mayBeDirty: boolean,
  ): Promise<boolean> {
    if (ruling.written === undefined) {
      return true;
    }
    const expected = ruling.written.expectedText;
    const stat = await this.services.files.stat(edit.path);
    if (stat === undefined || expected === undefined) {
      return stat === undefined && expected === undefined;
    }
    const now = await this.services.files.readText(edit.path);
    return (mayBeDirty || !now.isDirty) && now.text === expected;
  }
}

const maxAttempts = 5;

/** Whether the child would not write exactly what was approved. */
function isForUs(ruling: WriteRuling): boolean {
  return ruling.grant.kind === 'deny' || ruling.isTrimmed === true || ruling.isForEditor === true;
}

/** Whether each difference of `ours` to `base` is one of `theirs`: then theirs was made from ours. */
function keepsChanges(base: string, ours: string, theirs: string): boolean {
  const their = computeHunks(base, theirs);
  return computeHunks(base, ours).every((our) =>
    their.some(
      ({ oldStart, oldText, newText }) =>
        oldStart === our.oldStart && oldText === our.oldText && newText === our.newText,
    ),
  );
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
