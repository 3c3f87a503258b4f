import { withDeadline, type Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import type { EditVerdict } from '../edits/fileEdit';
import type { AppliedProposal, EditProposal } from '../tools/contract';
import { AgentNotes } from './agentNotes';
import type { PendingStorage } from './contract';
import { keptEditText, parseKeptEdit } from './keptEditRecord';
import { KeptFiles } from './keptFiles';
import type { KeptEdit } from './openEdit';
import type { DecidedDetached, PendingEdits } from './pendingEdits';

export interface DetachedEditsOptions {
  readonly edits: PendingEdits;
  readonly storage: PendingStorage;
  /** Carries out a decision; never rejects. */
  readonly apply: (proposal: EditProposal, verdict: EditVerdict) => Promise<AppliedProposal>;
  /** The live text of a file; undefined where there is none. */
  readonly readText: (path: string) => Promise<string | undefined>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A sentence for the user. */
  readonly onNotice: (text: string) => void;
}

/**
 * What outlives an agent's question: keeps every open edit in storage as long as it is open, opens those of the window
 * before again, has decisions carried out that no agent waits for, and keeps for the agent what it is to be told.
 */
export class DetachedEdits implements Disposable {
  private readonly store = new DisposableStore();
  private readonly notes = new AgentNotes();
  private readonly files: KeptFiles;
  /** Decided, and not yet written: the record stays until it is. */
  private readonly finishing = new Map<string, LateWork>();

  constructor(private readonly options: DetachedEditsOptions) {
    const { edits, storage, logger, onNotice } = options;
    this.files = new KeptFiles(storage, (name) => this.contentOf(name), logger, onNotice);
    this.store.add(edits.onDidDecideDetached((decided) => this.begin(decided)));
    this.store.add(edits.onDidChange(({ editId }) => this.keep(editId)));
    this.store.add(
      edits.onDidDrop(({ label }) =>
        onNotice(
          `Too many edits wait without an agent: the oldest, of ${label}, was withdrawn. The file is as it was.`,
        ),
      ),
    );
  }

  /** Opens what the window before left. Once, at the start; never rejects. */
  async restore(): Promise<void> {
    const found = await this.files.load();
    let damaged = 0;
    const kept: KeptEdit[] = [];
    for (const { name, text } of found) {
      const edit = parseKeptEdit(text);
      if (edit?.id === name) {
        kept.push(edit);
      } else if (!name.startsWith(notesPrefix) || !this.notes.restore(text)) {
        damaged += 1;
        void this.files.touch(name);
      }
    }
    for (const edit of kept.sort((a, b) => a.createdAtMs - b.createdAtMs)) {
      // A yes holds in the window in which it was given: what the storage says of one is nobody's click.
      const decisions = edit.decisions.filter(([, { kind }]) => kind === 'denied');
      const isSame = decisions.length === edit.decisions.length;
      await this.reopen({ ...edit, decisions }, isSame ? undefined : approvedBeforeNote);
    }
    if (damaged > 0) {
      this.options.onNotice(
        `${damaged} of the edits that waited for you could not be read and ${damaged === 1 ? 'was' : 'were'} left out. Their files are as they were.`,
      );
    }
  }

  /**
   * Resolves when what was decided in a session is carried out and its notes can be taken, at the latest after six
   * seconds or when the signal aborts: what comes later is told later. Undefined when nothing is under way. Never rejects.
   */
  whenNoted(sessionId: string, signal: AbortSignal): Promise<void> | undefined {
    const works = [...this.finishing.values()]
      .filter((late) => late.sessionId === sessionId)
      .map(({ work }) => work);
    return works.length === 0
      ? undefined
      : withDeadline(this.options.clock, Promise.allSettled(works), maxNoteWaitMs, signal).then(
          () => undefined,
        );
  }

  /** What the agent of a session is to be told now; it is told once. */
  takeNotes(sessionId: string): readonly string[] {
    const notes = this.notes.take(sessionId);
    if (notes.length > 0) {
      void this.files.touch(notesPrefix + sessionId);
    }
    return notes;
  }

  /** A session was removed: nothing of it waits any more. */
  forgetSession(sessionId: string): void {
    this.options.edits.withdrawSession(sessionId);
    this.takeNotes(sessionId);
  }

  /** Resolves when what was decided is carried out and everything is stored. */
  async flush(): Promise<void> {
    await Promise.allSettled([...this.finishing.values()].map(({ work }) => work));
    await this.files.flush();
  }

  dispose(): void {
    this.store.dispose();
  }

  private keep(editId: string): void {
    if (!this.finishing.has(editId)) {
      void this.files.touch(editId);
    }
  }

  private contentOf(name: string): string | undefined {
    if (name.startsWith(notesPrefix)) {
      return this.notes.textOf(name.slice(notesPrefix.length));
    }
    const kept = this.options.edits.keptOf(name);
    return kept === undefined ? undefined : keptEditText(kept);
  }

  private begin(decided: DecidedDetached): void {
    const { id, sessionId } = decided.kept;
    const work = this.finish(decided)
      .catch((error: unknown) =>
        this.options.logger.error(`a decided edit was not carried out: ${errorMessage(error)}`),
      )
      .finally(() => {
        if (this.finishing.get(id)?.work === work) {
          this.finishing.delete(id);
        }
        this.keep(id);
      });
    this.finishing.set(id, { sessionId, work });
  }

  private async finish({ kept, proposal, verdict }: DecidedDetached): Promise<void> {
    const { edits, apply } = this.options;
    const applied = await apply(proposal, verdict);
    switch (applied.kind) {
      case 'done':
        await this.tell(kept.sessionId, applied.told);
        return;
      case 'stale':
        await this.openOn({ ...kept, decisions: [] }, applied.currentText, staleNote);
        return;
      case 'failed':
        edits.reopen({ ...kept, decisions: [] }, applied.message);
    }
  }

  /** Stored before the edit's own record goes: what was written is told, whatever happens in between. */
  private async tell(sessionId: string, note: string): Promise<void> {
    this.notes.add(sessionId, note);
    await this.files.touch(notesPrefix + sessionId);
  }

  private async reopen(kept: KeptEdit, note: string | undefined): Promise<void> {
    const { readText, edits } = this.options;
    let current: string | undefined;
    try {
      current = await readText(kept.path);
    } catch (error) {
      edits.reopen(kept, `The file cannot be read now: ${errorMessage(error)}`);
      return;
    }
    await this.openOn(kept, current, note);
  }

  /** Opens an edit over what the file is now. */
  private async openOn(
    kept: KeptEdit,
    currentText: string | undefined,
    note?: string,
  ): Promise<void> {
    const { edits } = this.options;
    if (currentText === undefined && kept.kind === 'delete') {
      await this.tell(
        kept.sessionId,
        `You proposed to delete ${kept.path}; it was gone before the user decided.`,
      );
      void this.files.touch(kept.id);
      return;
    }
    if (currentText === kept.proposedText && kept.kind !== 'delete') {
      await this.tell(kept.sessionId, `${kept.path} holds what you proposed for it by now.`);
      void this.files.touch(kept.id);
      return;
    }
    if (currentText === undefined) {
      const wasThere = kept.kind !== 'create';
      edits.reopen(
        { ...kept, kind: 'create', baseText: '', ...(wasThere ? { decisions: [] } : {}) },
        wasThere ? goneNote : note,
      );
      return;
    }
    edits.reopen({ ...kept, kind: kept.kind === 'create' ? 'edit' : kept.kind }, note);
    // Merged where both fit, else the new differences; each says so.
    edits.updateBase(kept.id, currentText);
  }
}

interface LateWork {
  readonly sessionId: string;
  readonly work: Promise<void>;
}

const notesPrefix = 'notes-';
/** Longer than the hooks after a write may take; a message of the user is not held back for more. */
const maxNoteWaitMs = 6000;
const staleNote = 'The file changed before the write; nothing was written. Decide again.';
const approvedBeforeNote =
  'The window was closed before everything was decided. Nothing was written: approve again what you had approved.';
const goneNote = 'The file was deleted meanwhile. Approving creates it anew.';
