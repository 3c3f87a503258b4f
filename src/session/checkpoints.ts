import type { Clock } from '../base/clock';
import type { Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import { textOf, type FileImage } from '../tools/changeWatch';

/** What a file was before a turn. `blob` names the bytes in the store. */
export type StoredImage =
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'file';
      readonly blob: string;
      readonly mode: number;
      readonly sizeBytes: number;
    }
  | { readonly kind: 'unknown'; readonly why: string };

export interface CheckpointFile {
  readonly path: string;
  readonly before: StoredImage;
  /** The digest of what the turn left there; `absent`: no file. Undefined: the turn has not ended. */
  readonly after?: string;
  /** When `before` was taken, and when the turn last had to do with the file: a turn goes on when a late edit is approved. */
  readonly atMs: number;
  readonly touchedAtMs: number;
}

/** The files of one turn as they were before it. `restore`: made by a restore, so that it can be undone. */
export interface Checkpoint {
  readonly sessionId: string;
  readonly turnId: string;
  readonly kind: 'turn' | 'restore';
  readonly createdAtMs: number;
  readonly files: readonly CheckpointFile[];
}

export interface CheckpointUsage {
  readonly checkpoints: number;
  readonly files: number;
  readonly bytes: number;
  readonly maxBytes: number;
}

/**
 * Bytes by their digest, and which file of which turn they belong to; bounded on disk. Over the bound the oldest
 * checkpoints go.
 */
export interface CheckpointStore {
  /** Gives the blob's name; undefined when it is larger than all there may be. */
  putBlob(bytes: Uint8Array): Promise<string | undefined>;
  readBlob(blob: string): Promise<Uint8Array | undefined>;
  /** Writes the checkpoint; gives the turns of those that had to go for it. */
  put(checkpoint: Checkpoint): Promise<readonly string[]>;
  /** Undefined: there is none, or what is there is damaged. */
  get(sessionId: string, turnId: string): Promise<Checkpoint | undefined>;
  list(sessionId: string): Promise<readonly Checkpoint[]>;
  /** Those of these turns, whichever sessions they are kept for: a copy of a session goes on with its turns. */
  find(turnIds: readonly string[]): Promise<readonly Checkpoint[]>;
  removeSession(sessionId: string): Promise<void>;
  usage(): Promise<CheckpointUsage>;
}

/** The disk, byte for byte. */
export interface ImageFiles {
  read(path: string): Promise<FileImage>;
  /** `absent` or the digest of the bytes. */
  digest(path: string): Promise<string>;
  /**
   * Makes the file exactly this, in one step; `absent` takes it away, and folders above it that are empty then, up to
   * the workspace folder. Rejects with a sentence when the path leads out of the workspace or cannot be written.
   */
  write(path: string, image: Exclude<FileImage, { readonly kind: 'unknown' }>): Promise<void>;
}

export type RestoreStep =
  | {
      readonly kind: 'change' | 'create' | 'delete';
      readonly path: string;
      readonly image: StoredImage & { readonly kind: 'file' | 'absent' };
      /** The file is not what the session left: the user or another program changed it since. */
      readonly isChangedSince: boolean;
    }
  | { readonly kind: 'impossible'; readonly path: string; readonly why: string };

export interface CheckpointsDeps {
  readonly store: CheckpointStore;
  readonly files: ImageFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly createTurnId: () => string;
  /** A sentence for the user: what could not be kept. */
  readonly onNotice: (text: string) => void;
}

/** Whether a document is open there that the disk does not have yet: an edit may be approved into it. */
type IsUnsaved = (path: string) => boolean;

interface OpenCheckpoint {
  readonly sessionId: string;
  readonly turnId: string;
  createdAtMs: number;
  readonly files: Map<string, CheckpointFile>;
  /** The files that the turn had to do with since it was opened, this time. */
  readonly touched: Set<string>;
  /** What is to be stored next, and when it is: files that change together are written together. */
  readonly waiting: { readonly path: string; readonly image: FileImage; readonly atMs: number }[];
  flush: Promise<void> | undefined;
  /** What was stored when the turn was open before is among `files`. */
  isMerged: boolean;
}

/**
 * Per turn, what the files it touched were before it, and the way back. Writes go one after the other; nothing of
 * `noteBefore` and `endTurns` rejects.
 */
export class Checkpoints {
  private readonly open = new Map<string, OpenCheckpoint>();
  private work: Promise<void> = Promise.resolve();
  private hasTold = false;

  constructor(private readonly deps: CheckpointsDeps) {}

  /** The first image of a file in a turn is what it was before. Resolves when it is on disk. */
  noteBefore(
    turn: { readonly sessionId: string; readonly turnId: string },
    path: string,
    image: FileImage,
  ): Promise<void> {
    const { sessionId, turnId } = turn;
    const atMs = this.deps.clock.nowMs();
    const open = this.open.get(turnId) ?? {
      sessionId,
      turnId,
      createdAtMs: atMs,
      files: new Map<string, CheckpointFile>(),
      touched: new Set<string>(),
      waiting: [],
      flush: undefined,
      isMerged: false,
    };
    this.open.set(turnId, open);
    if (open.touched.has(path)) {
      return this.work;
    }
    open.touched.add(path);
    open.waiting.push({ path, image, atMs });
    open.flush ??= this.queue(async () => {
      await this.take(open);
      await this.write(open, 'turn');
    });
    return open.flush;
  }

  /** What stands on the disk now, before a write of ours. */
  async noteWrite(
    turn: { readonly sessionId: string; readonly turnId: string },
    path: string,
  ): Promise<void> {
    if (this.open.get(turn.turnId)?.touched.has(path) !== true) {
      await this.noteBefore(turn, path, await this.deps.files.read(path));
    }
  }

  /** These turns are over: what they left is remembered, to tell later changes from it. */
  async endTurns(turnIds: readonly string[]): Promise<void> {
    const ended = [...this.open.values()].filter(({ turnId }) => turnIds.includes(turnId));
    await Promise.all(
      ended.map((open) =>
        this.queue(async () => {
          await this.take(open);
          for (const path of open.touched) {
            const file = open.files.get(path);
            if (file !== undefined) {
              const touchedAtMs = this.deps.clock.nowMs();
              const after = await this.deps.files.digest(path);
              open.files.set(path, { ...file, after, touchedAtMs });
            }
          }
          await this.write(open, 'turn');
          this.open.delete(open.turnId);
        }),
      ),
    );
  }

  /** What would change on the way back to before a turn: the oldest image of each file that it or a later turn touched. */
  async plan(
    turnIds: readonly string[],
    isUnsaved: IsUnsaved = () => false,
  ): Promise<readonly RestoreStep[]> {
    await this.work;
    return await this.planOf(await this.deps.store.find(turnIds), isUnsaved);
  }

  /** Back to before the last restore of a session; undefined when there was none. */
  async planUndo(
    sessionId: string,
    isUnsaved: IsUnsaved = () => false,
  ): Promise<readonly RestoreStep[] | undefined> {
    await this.work;
    const last = (await this.deps.store.list(sessionId)).findLast(({ kind }) => kind === 'restore');
    return last === undefined ? undefined : await this.planOf([last], isUnsaved);
  }

  /**
   * Gives a file that is gone back byte for byte and with its mode, when what it was before the turn has this text. False:
   * nothing was written, because something else is there or known. Rejects when it cannot be written.
   */
  async bringBack(
    { sessionId, turnId }: { readonly sessionId: string; readonly turnId: string },
    path: string,
    text: string,
  ): Promise<boolean> {
    await this.work;
    const stored = await this.deps.store.get(sessionId, turnId);
    const before = stored?.files.find((file) => file.path === path)?.before;
    const bytes = before?.kind === 'file' ? await this.deps.store.readBlob(before.blob) : undefined;
    if (
      before?.kind !== 'file' ||
      bytes === undefined ||
      textOf(bytes) !== text ||
      (await this.deps.files.digest(path)) !== 'absent'
    ) {
      return false;
    }
    await this.deps.files.write(path, { kind: 'file', bytes, mode: before.mode });
    return true;
  }

  /**
   * Does what a plan says, and keeps what was there, so that it can be undone. `problems` are sentences, one per file.
   * `around` is called with each file's work, which gives why it was not done; it may refuse that instead.
   */
  async restore(
    sessionId: string,
    steps: readonly RestoreStep[],
    around: (
      path: string,
      run: () => Promise<string | undefined>,
    ) => Promise<string | undefined> = (_path, run) => run(),
  ): Promise<{ readonly restored: readonly string[]; readonly problems: readonly string[] }> {
    const turn = { sessionId, turnId: this.deps.createTurnId() };
    const atMs = this.deps.clock.nowMs();
    const open: OpenCheckpoint = {
      ...turn,
      createdAtMs: atMs,
      files: new Map(),
      touched: new Set(),
      waiting: [],
      flush: undefined,
      isMerged: true,
    };
    const restored: string[] = [];
    const problems: string[] = [];
    await this.queue(async () => {
      for (const step of steps) {
        if (step.kind === 'impossible') {
          continue;
        }
        const problem = await around(step.path, async () => {
          try {
            return await this.restoreFile(open, step);
          } catch (error) {
            open.files.delete(step.path);
            return errorMessage(error);
          }
        });
        if (problem === undefined) {
          restored.push(step.path);
        } else {
          problems.push(`${step.path} stays as it is: ${problem}.`);
        }
      }
      await this.write(open, 'restore');
    });
    return { restored, problems };
  }

  /** Gives why it was not done. */
  private async restoreFile(
    open: OpenCheckpoint,
    { path, image }: Exclude<RestoreStep, { readonly kind: 'impossible' }>,
  ): Promise<string | undefined> {
    const before = await this.store(await this.deps.files.read(path));
    if (before.kind === 'unknown') {
      return `what it holds now could not be kept (${before.why})`;
    }
    const bytes = await this.load(image);
    const atMs = open.createdAtMs;
    const file = { path, before, atMs, touchedAtMs: atMs };
    open.files.set(path, file);
    // First on disk, then the change: a host that dies in between loses nothing.
    await this.write(open, 'restore');
    await this.deps.files.write(path, bytes);
    open.files.set(path, { ...file, after: await this.deps.files.digest(path) });
    return undefined;
  }

  usage(): Promise<CheckpointUsage> {
    return this.deps.store.usage();
  }

  async removeSession(sessionId: string): Promise<void> {
    await this.queue(() => this.deps.store.removeSession(sessionId));
  }

  async flush(): Promise<void> {
    await this.work;
  }

  private async planOf(
    checkpoints: readonly Checkpoint[],
    isUnsaved: IsUnsaved,
  ): Promise<readonly RestoreStep[]> {
    const oldest = new Map<string, CheckpointFile>();
    const latest = new Map<string, CheckpointFile>();
    for (const file of checkpoints.flatMap(({ files }) => files)) {
      if (file.atMs < (oldest.get(file.path)?.atMs ?? Infinity)) {
        oldest.set(file.path, file);
      }
      if (file.touchedAtMs >= (latest.get(file.path)?.touchedAtMs ?? -Infinity)) {
        latest.set(file.path, file);
      }
    }
    const steps: RestoreStep[] = [];
    for (const [path, { before }] of oldest) {
      const after = latest.get(path)?.after;
      const now = await this.deps.files.digest(path);
      if (before.kind === 'unknown') {
        steps.push({ kind: 'impossible', path, why: before.why });
      } else if (
        now !== (before.kind === 'absent' ? 'absent' : before.blob) ||
        (before.kind === 'file' && isUnsaved(path))
      ) {
        steps.push({
          kind: before.kind === 'absent' ? 'delete' : now === 'absent' ? 'create' : 'change',
          path,
          image: before,
          isChangedSince: after !== undefined && after !== now,
        });
      }
    }
    return steps.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  private async store(image: FileImage): Promise<StoredImage> {
    if (image.kind !== 'file') {
      return image;
    }
    const blob = await this.deps.store.putBlob(image.bytes);
    return blob === undefined
      ? { kind: 'unknown', why: 'it is too large to be kept' }
      : { kind: 'file', blob, mode: image.mode, sizeBytes: image.bytes.length };
  }

  private async load(
    image: StoredImage & { readonly kind: 'file' | 'absent' },
  ): Promise<Exclude<FileImage, { readonly kind: 'unknown' }>> {
    if (image.kind === 'absent') {
      return image;
    }
    const bytes = await this.deps.store.readBlob(image.blob);
    if (bytes === undefined) {
      throw new Error('its bytes are no longer in the checkpoints');
    }
    return { kind: 'file', bytes, mode: image.mode };
  }

  /** Stores what waits. The first image of a file in its turn counts, also from when the turn was open before. */
  private async take(open: OpenCheckpoint): Promise<void> {
    try {
      await this.merge(open);
    } finally {
      open.flush = undefined;
    }
    for (const { path, image, atMs } of open.waiting.splice(0)) {
      const known = open.files.get(path);
      if (known === undefined) {
        const before = await this.store(image).catch((error: unknown): StoredImage => {
          this.deps.logger.warn(`${path} could not be kept: ${errorMessage(error)}`);
          return { kind: 'unknown', why: 'it could not be kept' };
        });
        open.files.set(path, { path, before, atMs, touchedAtMs: atMs });
      } else {
        const { after: _after, ...rest } = known;
        open.files.set(path, { ...rest, touchedAtMs: atMs });
      }
    }
  }

  /** A turn that is opened again, by an edit that was approved late, goes on with what it had. */
  private async merge(open: OpenCheckpoint): Promise<void> {
    if (open.isMerged) {
      return;
    }
    const stored = await this.deps.store.get(open.sessionId, open.turnId);
    open.createdAtMs = stored?.createdAtMs ?? open.createdAtMs;
    for (const file of stored?.files ?? []) {
      open.files.set(file.path, file);
    }
    open.isMerged = true;
  }

  private async write(open: OpenCheckpoint, kind: Checkpoint['kind']): Promise<void> {
    const { sessionId, turnId, createdAtMs, files } = open;
    const gone = await this.deps.store.put({
      sessionId,
      turnId,
      kind,
      createdAtMs,
      files: [...files.values()],
    });
    if (gone.length > 0 && !this.hasTold) {
      this.hasTold = true;
      this.deps.onNotice(
        `Checkpoints take all the room they may: the oldest (${gone.length === 1 ? '1 turn' : `${gone.length} turns`}) can no longer be restored.`,
      );
    }
  }

  private queue(work: () => Promise<void>): Promise<void> {
    this.work = this.work.then(work).catch((error: unknown) => {
      this.deps.logger.warn(`a checkpoint could not be written: ${errorMessage(error)}`);
    });
    return this.work;
  }
}
