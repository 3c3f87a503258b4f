import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isArrayOf, isNumber, isOneOf, isRecord, isString } from '../base/guard';
import type {
  Checkpoint,
  CheckpointFile,
  CheckpointStore,
  CheckpointUsage,
  StoredImage,
} from '../session/checkpoints';
import { digestOf } from './diskImages';
import { createPrivateFolder, openPrivately } from './privateFile';
import { isSessionId } from './sessionFiles';

export interface CheckpointFilesOptions {
  /** Absolute; created when it is needed, with mode 700. */
  readonly folder: string;
  /** Of all blobs together. Default 128 MiB. */
  readonly maxBytes?: number;
  /** Default 500. */
  readonly maxCheckpoints?: number;
}

const defaultMaxBytes = 128 * 1024 * 1024;
const defaultMaxCheckpoints = 500;

/**
 * Checkpoints on disk: `blobs/<sha256>` and `turns/<session>/<turn>.json`, all private. A blob that no checkpoint names
 * is removed; over the bound the oldest checkpoints go, never the one that is being written. Calls come one after the
 * other.
 */
export class CheckpointFiles implements CheckpointStore {
  private readonly maxBytes: number;
  private readonly maxCheckpoints: number;
  /** What there is, oldest first, by session and turn: read once, as a turn may write its checkpoint many times. */
  private index: Promise<Map<string, Named>> | undefined;

  constructor(private readonly options: CheckpointFilesOptions) {
    this.maxBytes = options.maxBytes ?? defaultMaxBytes;
    this.maxCheckpoints = options.maxCheckpoints ?? defaultMaxCheckpoints;
  }

  async putBlob(bytes: Uint8Array): Promise<string | undefined> {
    if (bytes.length > this.maxBytes) {
      return undefined;
    }
    const blob = digestOf(bytes);
    const path = join(this.blobs, blob);
    if ((await sizeOf(path)) !== bytes.length) {
      await writePrivately(this.blobs, blob, bytes);
    }
    return blob;
  }

  async readBlob(blob: string): Promise<Uint8Array | undefined> {
    if (!isBlob(blob)) {
      return undefined;
    }
    const bytes = await readPrivately(join(this.blobs, blob));
    // Damaged bytes are no restore at all.
    return bytes !== undefined && digestOf(bytes) === blob ? bytes : undefined;
  }

  async put(checkpoint: Checkpoint): Promise<readonly string[]> {
    const { sessionId, turnId } = checkpoint;
    if (!isSessionId(sessionId) || !isSessionId(turnId)) {
      throw new Error(`a checkpoint cannot have this name: ${sessionId.slice(0, 80)}`);
    }
    await writePrivately(
      this.sessionFolder(sessionId),
      `${turnId}.json`,
      Buffer.from(JSON.stringify({ schema, ...checkpoint }), 'utf8'),
    );
    const index = await this.load();
    index.set(keyOf(checkpoint), toNamed(checkpoint));
    return await this.prune(index, keyOf(checkpoint));
  }

  async get(sessionId: string, turnId: string): Promise<Checkpoint | undefined> {
    if (!isSessionId(turnId)) {
      return undefined;
    }
    return await readCheckpoint(join(this.sessionFolder(sessionId), `${turnId}.json`));
  }

  async list(sessionId: string): Promise<readonly Checkpoint[]> {
    const names = await namesIn(this.sessionFolder(sessionId));
    const found = await Promise.all(
      names.map((name) => readCheckpoint(join(this.sessionFolder(sessionId), name))),
    );
    return found
      .filter((checkpoint) => checkpoint !== undefined)
      .sort((a, b) => a.createdAtMs - b.createdAtMs);
  }

  async find(turnIds: readonly string[]): Promise<readonly Checkpoint[]> {
    const wanted = new Set(turnIds);
    const named = [...(await this.load()).values()].filter(({ turnId }) => wanted.has(turnId));
    const found = await Promise.all(
      named.map(({ sessionId, turnId }) => this.get(sessionId, turnId)),
    );
    return found
      .filter((checkpoint) => checkpoint !== undefined)
      .sort((a, b) => a.createdAtMs - b.createdAtMs);
  }

  async removeSession(sessionId: string): Promise<void> {
    await rm(this.sessionFolder(sessionId), { recursive: true, force: true });
    this.index = undefined;
    await this.removeUnnamed();
  }

  async usage(): Promise<CheckpointUsage> {
    const all = await this.all();
    const sizes = await Promise.all(
      (await namesIn(this.blobs)).map((name) => sizeOf(join(this.blobs, name))),
    );
    return {
      checkpoints: all.length,
      files: all.reduce((sum, { files }) => sum + files.length, 0),
      bytes: sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0),
      maxBytes: this.maxBytes,
    };
  }

  private get blobs(): string {
    return join(this.options.folder, 'blobs');
  }

  private sessionFolder(sessionId: string): string {
    if (!isSessionId(sessionId)) {
      throw new Error(`"${sessionId.slice(0, 80)}" is not the id of a session`);
    }
    return join(this.options.folder, 'turns', sessionId);
  }

  private async all(): Promise<readonly Checkpoint[]> {
    const sessions = (await namesIn(join(this.options.folder, 'turns'))).filter(isSessionId);
    const lists = await Promise.all(sessions.map((sessionId) => this.list(sessionId)));
    return lists.flat().sort((a, b) => a.createdAtMs - b.createdAtMs);
  }

  private load(): Promise<Map<string, Named>> {
    this.index ??= this.all().then(async (all) => {
      const turns = join(this.options.folder, 'turns');
      const sessions = (await namesIn(turns)).filter(isSessionId);
      await Promise.all(
        [this.blobs, ...sessions.map((name) => join(turns, name))].map(removeLeftovers),
      );
      return new Map(all.map((checkpoint) => [keyOf(checkpoint), toNamed(checkpoint)]));
    });
    this.index.catch(() => (this.index = undefined)); // who waits for it hears of it; the next one tries again
    return this.index;
  }

  private async prune(index: Map<string, Named>, current: string): Promise<readonly string[]> {
    const gone: string[] = [];
    const oldestFirst = [...index].sort(([, a], [, b]) => a.createdAtMs - b.createdAtMs);
    let bytes = bytesOf(index.values());
    for (const [key, { sessionId, turnId }] of oldestFirst) {
      if (index.size <= this.maxCheckpoints && bytes <= this.maxBytes) {
        break;
      }
      if (key !== current) {
        await rm(join(this.sessionFolder(sessionId), `${turnId}.json`), { force: true });
        index.delete(key);
        gone.push(turnId);
        bytes = bytesOf(index.values());
      }
    }
    if (gone.length > 0) {
      await this.removeUnnamed();
    }
    return gone;
  }

  /** By what is on the disk now: nothing is removed that anybody names. */
  private async removeUnnamed(): Promise<void> {
    const named = new Set(
      (await this.all()).flatMap((one) => toNamed(one).blobs.map(([blob]) => blob)),
    );
    for (const name of await namesIn(this.blobs)) {
      if (!named.has(name)) {
        await unlink(join(this.blobs, name));
      }
    }
  }
}

/** What a checkpoint takes, without what is in it. */
interface Named {
  readonly sessionId: string;
  readonly turnId: string;
  readonly createdAtMs: number;
  /** Names and sizes. */
  readonly blobs: readonly (readonly [string, number])[];
}

function keyOf({ sessionId, turnId }: Checkpoint): string {
  return `${sessionId}/${turnId}`;
}

function toNamed({ sessionId, turnId, createdAtMs, files }: Checkpoint): Named {
  const blobs = files.flatMap(({ before }) =>
    before.kind === 'file' ? [[before.blob, before.sizeBytes] as const] : [],
  );
  return { sessionId, turnId, createdAtMs, blobs };
}

const schema = 'patchbay.checkpoint/1';

function bytesOf(checkpoints: Iterable<Named>): number {
  const sizes = new Map([...checkpoints].flatMap(({ blobs }) => blobs));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

const isKind = isOneOf('turn', 'restore');

function isBlob(value: unknown): value is string {
  return isString(value) && /^[0-9a-f]{64}$/.test(value);
}

function isImage(value: unknown): value is StoredImage {
  if (!isRecord(value)) {
    return false;
  }
  switch (value.kind) {
    case 'absent':
      return true;
    case 'unknown':
      return isString(value.why);
    case 'file':
      return isBlob(value.blob) && isNumber(value.mode) && isNumber(value.sizeBytes);
    default:
      return false;
  }
}

/** Earlier versions knew no times of single files: those of the checkpoint are as good. */
function toFile(
  value: Readonly<Record<string, unknown>>,
  createdAtMs: number,
): CheckpointFile | undefined {
  const { path, before, after, atMs = createdAtMs, touchedAtMs = atMs } = value;
  return isString(path) &&
    isImage(before) &&
    (after === undefined || isString(after)) &&
    isNumber(atMs) &&
    isNumber(touchedAtMs)
    ? { path, before, atMs, touchedAtMs, ...(after === undefined ? {} : { after }) }
    : undefined;
}

async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
  const bytes = await readPrivately(path);
  return bytes === undefined ? undefined : parseCheckpoint(bytes);
}

/** Undefined: damaged, or of another version. */
function parseCheckpoint(bytes: Uint8Array): Checkpoint | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value.schema !== schema) {
    return undefined;
  }
  const { sessionId, turnId, kind, createdAtMs } = value;
  if (!isString(sessionId) || !isString(turnId) || !isKind(kind) || !isNumber(createdAtMs)) {
    return undefined;
  }
  if (!isArrayOf(isRecord)(value.files)) {
    return undefined;
  }
  const files = value.files
    .map((file) => toFile(file, createdAtMs))
    .filter((file) => file !== undefined);
  const isWhole = files.length === value.files.length;
  return isWhole ? { sessionId, turnId, kind, createdAtMs, files } : undefined;
}

/** In one step: a host that dies meanwhile leaves what was there before. */
export async function writePrivately(
  folder: string,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  await createPrivateFolder(folder);
  const temporary = join(folder, `${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, name));
  } catch (error) {
    await unlink(temporary).catch(() => undefined); // it may never have come into being
    throw error;
  }
}

/** What a host that was killed meanwhile was about to write. Young ones may be of another window, and stay. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []); // nothing was ever written
  for (const name of names.filter((one) => one.endsWith('.tmp'))) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity })); // done in this moment
    if (Date.now() - mtimeMs > leftoverMs) {
      await rm(path, { force: true });
    }
  }
}

const leftoverMs = 60_000;

/** Undefined when it is not there, or larger than `maxBytes`. */
export async function readPrivately(
  path: string,
  maxBytes = Infinity,
): Promise<Uint8Array | undefined> {
  let file;
  try {
    file = await openPrivately(path, 'read');
    return (await file.stat()).size > maxBytes ? undefined : await file.readFile();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  } finally {
    await file?.close();
  }
}

export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.endsWith('.tmp'));
  } catch {
    return []; // nothing was ever written
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch {
    return undefined; // it is not there
  }
}
