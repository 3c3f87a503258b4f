import { errorMessage } from '../base/patchbayError';
import { toolOk } from '../events/toolCall';
import type { Effect } from '../gate/contract';
import { displayPath } from '../gate/paths';
import type { CallGate, GatedCall, Grant } from './callGate';
import { failedEnd, type CallEnd, type CallRecords } from './callRecords';
import type { WriteOutcome } from './contract';
import { isMovedFrom, type PlannedWrite } from './plannedWrites';
import { aroundWrite, type OrchestratorServices } from './services';
import { refuseWhenStopped } from './writeRun';
import type { Ruling, WriteRuling, WrittenByChild } from './writeRulings';

/**
 * What a child proposed and cannot write as it was approved: in part, or on top of unsaved text. It goes into the
 * editor's buffers, exactly, and the child's own call is denied with the words that say so.
 */
export class OwnWrites {
  constructor(
    private readonly services: OrchestratorServices,
    private readonly gate: CallGate,
    private readonly records: CallRecords,
  ) {}

  /** `rulings` belong to `writes`, one each. The child hears what of its edit is in the files now. */
  async write(
    call: GatedCall,
    judged: readonly Effect[],
    writes: readonly PlannedWrite[],
    rulings: readonly WriteRuling[],
  ): Promise<Ruling> {
    const told: string[] = [];
    const unwritten = new Set<number>();
    const movedAway = new Set<number>();
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
      const oldPlace = this.oldPlaceOf(index, writes, rulings);
      const end: OwnWrite = unwritten.has(newPlace)
        ? { kind: 'failed', problem: 'its new place was not written, so it stays' }
        : movedAway.has(newPlace)
          ? { kind: 'written', isSaved: true }
          : await this.writeOne(call, judged, { written, grant }, oldPlace);
      if (end.kind === 'written' && oldPlace !== undefined) {
        movedAway.add(index);
      }
      if (end.kind === 'failed') {
        unwritten.add(index);
        told.push(`${shown}: the approved part could not be written: ${end.problem}`);
        continue;
      }
      told.push(message ?? `The edit of ${shown} was approved whole and is in the file.`);
      if (end.note !== undefined) {
        told.push(`${shown}: ${end.note}`);
      }
      if (!end.isSaved) {
        told.push(
          `${shown} had unsaved changes of the user: the edit is in the editor beside them and not saved yet. Programs that read the disk do not see it.`,
        );
      }
    }
    return {
      grant: { kind: 'deny', by: 'user', reason: `${headOf(rulings)}\n${told.join('\n')}` },
      writes: [],
      shownReason: isWhole(rulings)
        ? 'approved; Patchbay wrote it, beside the other changes of the file'
        : 'approved in part; Patchbay wrote the approved part',
      saysMore: true,
    };
  }

  /** The end of a file that goes with its new place in one step, which is one undo step of the editor. */
  private oldPlaceOf(
    index: number,
    writes: readonly PlannedWrite[],
    rulings: readonly WriteRuling[],
  ): Approved | undefined {
    const write = writes[index];
    const at = writes.findIndex((other) => write !== undefined && isMovedFrom(write, other));
    const { grant, written } = rulings[at] ?? {};
    const isSameText = written !== undefined && written.baseText === rulings[index]?.movedText;
    return grant?.kind === 'allow' && isSameText && this.services.files.moveText !== undefined
      ? { grant, written }
      : undefined;
  }

  /** Records of its own: this is our write and not the child's. */
  private async writeOne(
    call: GatedCall,
    judged: readonly Effect[],
    approved: Approved,
    oldPlace: Approved | undefined,
  ): Promise<OwnWrite> {
    if (call.context.signal.aborted) {
      return { kind: 'failed', problem: 'stopped before the write; nothing was written' };
    }
    const calls: GatedCall[] = [];
    const parts = oldPlace === undefined ? [approved] : [approved, oldPlace];
    for (const part of parts) {
      const own = toOwnCall(call, part.written);
      const effects = await this.gate.effectsOf(own);
      const recorded = await this.records.decision(own, effects, part.grant);
      if (recorded.kind === 'deny') {
        await this.records.refused(own, recorded);
        await this.endAll(calls, failedEnd(recorded.reason));
        return { kind: 'failed', problem: recorded.reason };
      }
      calls.push(own);
    }
    const end = await this.change(call, judged, approved.written, oldPlace?.written);
    for (const { written, grant } of parts) {
      this.services.cache.invalidate(written.edit.path);
      if (end.kind === 'written' && !written.isReviewed) {
        const { sessionId, asker } = call.context;
        const { callId } = call.subject;
        const { edit } = written;
        const { reason } = grant;
        this.services.reviewer.noteWritten({ sessionId, callId, asker, edit, reason }, reason);
      }
    }
    await this.endAll(
      calls,
      end.kind === 'written' ? { result: toolOk(''), outcome: 'ok' } : failedEnd(end.problem),
    );
    return end;
  }

  private async endAll(calls: readonly GatedCall[], end: CallEnd): Promise<void> {
    for (const call of calls) {
      await this.records.outcome(call, end);
    }
  }

  private async change(
    call: GatedCall,
    judged: readonly Effect[],
    { edit, text, expectedText, baseText }: WrittenByChild,
    oldPlace: WrittenByChild | undefined,
  ): Promise<OwnWrite> {
    const { files } = this.services;
    const { sessionId, turnId, signal } = call.context;
    const checkPlace = this.gate.placeCheck(call, judged, displayPath(edit.path, files.roots()));
    const around = async (
      path: string,
      after: string | undefined,
      run: () => Promise<WriteOutcome>,
    ): Promise<WriteOutcome> =>
      await aroundWrite(
        this.services,
        { sessionId, turnId, callId: call.subject.callId, path, text: after },
        run,
      );
    try {
      await checkPlace();
      const isDeletion = edit.kind === 'delete';
      const { isSaved, note } = await around(edit.path, isDeletion ? undefined : text, async () => {
        refuseWhenStopped(signal);
        if (isDeletion) {
          await files.deleteFile(edit.path, baseText, checkPlace);
          return { isSaved: true };
        }
        const from = oldPlace?.edit.path;
        if (from === undefined || files.moveText === undefined) {
          return await files.writeText(edit.path, text, expectedText, checkPlace);
        }
        let outcome: WriteOutcome = { isSaved: true };
        await around(from, undefined, async () => {
          const before = oldPlace?.baseText ?? '';
          outcome = (await files.moveText?.(from, edit.path, text, before, checkPlace)) ?? outcome;
          return { isSaved: true };
        });
        return outcome;
      });
      return { kind: 'written', isSaved, ...(note === undefined ? {} : { note }) };
    } catch (error) {
      return { kind: 'failed', problem: errorMessage(error) };
    }
  }
}

interface Approved {
  readonly written: WrittenByChild;
  readonly grant: Grant;
}

function toOwnCall(call: GatedCall, { edit, text }: WrittenByChild): GatedCall {
  return {
    ...call,
    subject: { ...call.subject, tool: 'write_file', executedBy: 'host' },
    input: { path: edit.path, content: text },
    intents: [{ kind: 'write', path: edit.path, change: { kind: 'content', content: text } }],
  };
}

type OwnWrite =
  | { readonly kind: 'written'; readonly isSaved: boolean; readonly note?: string }
  | { readonly kind: 'failed'; readonly problem: string };

function isWhole(rulings: readonly WriteRuling[]): boolean {
  return rulings.every(
    ({ grant, isTrimmed, isMerged }) =>
      grant.kind === 'allow' && (isTrimmed !== true || isMerged === true),
  );
}

function headOf(rulings: readonly WriteRuling[]): string {
  const what = isWhole(rulings)
    ? 'the user approved it, on top of text that your call does not know. Patchbay has written it itself'
    : 'the user approved a part of it. Patchbay has written that part into the files itself';
  return `${what}, so do not make this edit again. Read the files before you go on.`;
}
