import { errorMessage } from '../base/patchbayError';
import { toolOk } from '../events/toolCall';
import type { Effect } from '../gate/contract';
import { displayPath } from '../gate/paths';
import type { CallGate, GatedCall, Grant } from './callGate';
import { failedEnd, type CallRecords } from './callRecords';
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
      const end: OwnWrite = unwritten.has(newPlace)
        ? { kind: 'failed', problem: 'its new place was not written, so it stays' }
        : await this.writeOne(call, judged, written, grant);
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

  /** Two records of its own: this is our write and not the child's. */
  private async writeOne(
    call: GatedCall,
    judged: readonly Effect[],
    written: WrittenByChild,
    grant: Grant,
  ): Promise<OwnWrite> {
    const { edit, text, expectedText } = written;
    const { signal } = call.context;
    if (signal.aborted) {
      return { kind: 'failed', problem: 'stopped before the write; nothing was written' };
    }
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
      return { kind: 'failed', problem: recorded.reason };
    }
    const shown = displayPath(edit.path, this.services.files.roots());
    const checkPlace = this.gate.placeCheck(call, judged, shown);
    let end: OwnWrite;
    try {
      await checkPlace();
      const { files } = this.services;
      const { sessionId, turnId } = call.context;
      const { callId } = call.subject;
      const isDeletion = edit.kind === 'delete';
      const about = { sessionId, turnId, callId, path: edit.path };
      const { isSaved, note } = await aroundWrite(
        this.services,
        { ...about, text: isDeletion ? undefined : text },
        async () => {
          refuseWhenStopped(signal);
          if (isDeletion) {
            await files.deleteFile(edit.path, written.baseText, checkPlace);
            return { isSaved: true };
          }
          return await files.writeText(edit.path, text, expectedText, checkPlace);
        },
      );
      end = { kind: 'written', isSaved, ...(note === undefined ? {} : { note }) };
    } catch (error) {
      end = { kind: 'failed', problem: errorMessage(error) };
    }
    this.services.cache.invalidate(edit.path);
    if (end.kind === 'written' && !written.isReviewed) {
      const { sessionId, asker } = call.context;
      const { callId } = call.subject;
      const { reason } = grant;
      this.services.reviewer.noteWritten({ sessionId, callId, asker, edit, reason }, reason);
    }
    await this.records.outcome(
      own,
      end.kind === 'written' ? { result: toolOk(''), outcome: 'ok' } : failedEnd(end.problem),
    );
    return end;
  }
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
