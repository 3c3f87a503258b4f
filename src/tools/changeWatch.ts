import { withDeadline, type Clock } from '../base/clock';
import type { Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import type { FileEdit } from '../edits/fileEdit';
import { createFileEdit } from '../edits/proposal';
import type { EditReviewer, WorkspaceFiles, WorkspaceSearch } from './contract';

/** What one turn's watch may cost. */
export interface ChangeWatchLimits {
  readonly files: number;
  readonly fileBytes: number;
  readonly totalBytes: number;
  /** Milliseconds that a turn may be held up by it. */
  readonly startMs: number;
}

export const defaultChangeWatchLimits: ChangeWatchLimits = {
  files: 5000,
  fileBytes: 512 * 1024,
  totalBytes: 24 * 1024 * 1024,
  startMs: 2000,
};

export interface ChangeWatchDeps {
  /** The disk, whatever the editor's buffers say. */
  readonly files: Pick<WorkspaceFiles, 'stat' | 'readText'>;
  readonly search: Pick<WorkspaceSearch, 'findFiles'>;
  readonly folders: () => readonly string[];
  readonly join: (folder: string, relative: string) => string;
  readonly reviewer: Pick<EditReviewer, 'noteUnreviewed'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: ChangeWatchLimits;
}

export interface WatchedTurn {
  readonly sessionId: string;
  readonly turnId: string;
  readonly asker: string;
  readonly signal: AbortSignal;
}

/** The eyes on one turn of an agent that can change files without asking. Nothing here rejects. */
export interface ChangeWatch {
  /** The agent told that this call changed these files. */
  note(callId: string, paths: readonly string[]): void;
  /** The turn is over, and what was reviewed in it is accepted: everything is looked at. `callId`: the last call. */
  end(callId: string | undefined): Promise<void>;
}

interface KnownFile {
  readonly mtimeMs: number;
  readonly sizeBytes: number;
  /** undefined: not text, or not kept. */
  readonly text: string | undefined;
}

/**
 * What was in the workspace's files before an agent's turn, so that what it changes without asking can be shown as
 * hunks: text files in bounded number and size, in memory, read again only where time or size of a file changed.
 * What is written after a review, or saved by the user, is told by `accept` and is no news.
 */
export class ChangeWatcher {
  private readonly known = new Map<string, KnownFile>();
  private totalBytes = 0;
  /** Every file that was there at the last beginning is known by name: what is new since then is new. */
  private isComplete = false;
  /** What the ignore files were at the last beginning, and when that was. */
  private ignores = '';
  private beganAtMs = 0;
  private running = 0;
  private work: Promise<void> = Promise.resolve();
  private readonly limits: ChangeWatchLimits;

  constructor(private readonly deps: ChangeWatchDeps) {
    this.limits = deps.limits ?? defaultChangeWatchLimits;
  }

  /**
   * Reads what is there. What was not read in time is unknown for this turn. While another turn is watched, what it began
   * with stays: read anew, its agent's changes so far would never be shown.
   */
  async begin(turn: WatchedTurn): Promise<ChangeWatch> {
    this.running += 1;
    if (this.running === 1) {
      const late = new AbortController();
      const taking = this.inTurn(() => this.take(AbortSignal.any([turn.signal, late.signal])));
      await withDeadline(this.deps.clock, taking, this.limits.startMs, turn.signal);
      late.abort();
    }
    const callOf = new Map<string, string>();
    let isOver = false;
    return {
      note: (callId, paths) => paths.forEach((path) => callOf.set(path, callId)),
      end: async (callId) => {
        if (!isOver) {
          isOver = true;
          const other = callId ?? turn.turnId;
          await this.inTurn(() => this.compareAll(turn, (path) => callOf.get(path) ?? other));
          this.running -= 1;
        }
      },
    };
  }

  /** This is in the file with the user's knowledge. `text` undefined: the file is gone. */
  accept(path: string, text: string | undefined): void {
    if (this.running > 0) {
      void this.inTurn(async () => {
        const stat = await this.deps.files.stat(path);
        if (stat === undefined || text === undefined) {
          this.forget(path);
        } else {
          this.keep(path, { mtimeMs: stat.mtimeMs, sizeBytes: stat.sizeBytes, text });
        }
      });
    }
  }

  private inTurn(run: () => Promise<void>): Promise<void> {
    this.work = this.work.then(run).catch((error: unknown) => {
      this.deps.logger.warn(`changes of files could not be followed: ${errorMessage(error)}`);
    });
    return this.work;
  }

  private async list(
    signal: AbortSignal,
  ): Promise<{ readonly paths: ReadonlySet<string>; readonly isComplete: boolean }> {
    const paths = new Set<string>();
    let isComplete = true;
    for (const folder of this.deps.folders()) {
      const found = await this.deps.search.findFiles({
        folder,
        pattern: '**/*',
        maxResults: this.limits.files,
        signal,
      });
      isComplete &&= !found.isTruncated;
      found.paths.forEach((relative) => paths.add(this.deps.join(folder, relative)));
    }
    return { paths, isComplete };
  }

  private async take(signal: AbortSignal): Promise<void> {
    this.isComplete = false;
    const { paths, isComplete } = await this.list(signal);
    this.isComplete = isComplete && !signal.aborted;
    this.beganAtMs = this.deps.clock.nowMs();
    this.ignores = await this.ignoresIn(paths);
    for (const path of [...this.known.keys()]) {
      if (!paths.has(path)) {
        this.forget(path);
      }
    }
    // What is there but not read in time is not new later: it is only unknown.
    for (const path of paths) {
      if (!this.known.has(path)) {
        this.known.set(path, unread);
      }
    }
    await inBatches([...paths], async (path) => {
      if (!signal.aborted) {
        await this.read(path);
      }
    });
  }

  /** Gives the file as it is now; undefined when it is gone. */
  private async read(path: string): Promise<KnownFile | undefined> {
    const stat = await this.deps.files.stat(path);
    if (stat?.kind !== 'file') {
      this.forget(path);
      return undefined;
    }
    const before = this.known.get(path);
    const { mtimeMs, sizeBytes } = stat;
    if (before?.mtimeMs === mtimeMs && before.sizeBytes === sizeBytes) {
      return before;
    }
    const file = { mtimeMs, sizeBytes, text: await this.textOf(path, sizeBytes) };
    this.keep(path, file);
    return file;
  }

  private async textOf(path: string, sizeBytes: number): Promise<string | undefined> {
    if (sizeBytes > this.limits.fileBytes) {
      return undefined;
    }
    try {
      return (await this.deps.files.readText(path)).text;
    } catch {
      return undefined; // not text: nothing that hunks could show
    }
  }

  private keep(path: string, file: KnownFile): void {
    this.forget(path);
    const isKept = this.totalBytes + (file.text?.length ?? 0) <= this.limits.totalBytes;
    const kept = isKept ? file : { ...file, text: undefined };
    this.totalBytes += kept.text?.length ?? 0;
    this.known.set(path, kept);
  }

  private forget(path: string): void {
    this.totalBytes -= this.known.get(path)?.text?.length ?? 0;
    this.known.delete(path);
  }

  private async compareAll(turn: WatchedTurn, callOf: (path: string) => string): Promise<void> {
    const listed = await this.list(new AbortController().signal);
    const isAlone = this.running === 1;
    const hasOtherIgnores = (await this.ignoresIn(listed.paths)) !== this.ignores;
    const changed: FileEdit[] = [];
    await inBatches([...new Set([...this.known.keys(), ...listed.paths])], async (path) => {
      const edit = await this.compare(path, hasOtherIgnores);
      if (edit !== undefined) {
        changed.push(edit);
      }
    });
    const { sessionId, asker } = turn;
    const reason = isAlone
      ? `${asker} changed it without asking`
      : `${asker}, or another agent that works at the same time, changed it without asking`;
    for (const edit of changed.sort((a, b) => (a.path < b.path ? -1 : 1))) {
      const callId = callOf(edit.path);
      this.deps.reviewer.noteUnreviewed({ sessionId, callId, asker, edit, reason }, reason);
    }
  }

  private async ignoresIn(paths: ReadonlySet<string>): Promise<string> {
    const files = [...paths].filter((path) => /(?:^|[\\/])\.(?:git|rg)?ignore$/.test(path)).sort();
    const stats = await Promise.all(files.map((path) => this.deps.files.stat(path)));
    return JSON.stringify(
      files.map((path, index) => [path, stats[index]?.mtimeMs, stats[index]?.sizeBytes]),
    );
  }

  /** `hasOtherIgnores`: what was left out before may be listed now, and is new only when it was written since. */
  private async compare(path: string, hasOtherIgnores: boolean): Promise<FileEdit | undefined> {
    const before = this.known.get(path);
    const after = await this.read(path);
    const isYoung = (after?.mtimeMs ?? 0) >= this.beganAtMs - clockSlackMs;
    // Where not every file could be listed at the beginning, nobody can say whether this one is new.
    const isKnown =
      before === undefined
        ? this.isComplete && (isYoung || !hasOtherIgnores)
        : before.text !== undefined;
    if (!isKnown || before === after || (after !== undefined && after.text === undefined)) {
      return undefined;
    }
    const baseText = before?.text ?? '';
    const text = after?.text ?? '';
    const kind = after === undefined ? 'delete' : before === undefined ? 'create' : 'edit';
    return kind === 'edit' && text === baseText
      ? undefined
      : createFileEdit(path, baseText, text, kind);
  }
}

const unread: KnownFile = { mtimeMs: -1, sizeBytes: -1, text: undefined };
const batchSize = 32;
/** Times of files may be coarser than the clock's. */
const clockSlackMs = 2000;

async function inBatches(
  items: readonly string[],
  run: (item: string) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < items.length; at += batchSize) {
    await Promise.all(items.slice(at, at + batchSize).map(run));
  }
}
