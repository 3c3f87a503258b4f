import { withDeadline, type Clock } from '../base/clock';
import type { Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import type { ChangeOrigin } from '../edits/changeOrigin';
import type { WorkspaceSearch } from './contract';

/** What one turn's watch may cost. */
export interface ChangeWatchLimits {
  readonly files: number;
  readonly fileBytes: number;
  readonly totalBytes: number;
  /** Of protected files, besides: neither they nor the others can take the other's room. */
  readonly protectedBytes: number;
  /** Milliseconds that a turn may be held up by it. */
  readonly startMs: number;
}

export const defaultChangeWatchLimits: ChangeWatchLimits = {
  files: 5000,
  fileBytes: 512 * 1024,
  totalBytes: 24 * 1024 * 1024,
  protectedBytes: 4 * 1024 * 1024,
  startMs: 2000,
};

/** What a file was: the bytes, and the bits of its mode. `unknown`: nobody had read it, and `why`. */
export type FileImage =
  | { readonly kind: 'absent' }
  | { readonly kind: 'file'; readonly bytes: Uint8Array; readonly mode: number }
  | { readonly kind: 'unknown'; readonly why: string };

/** The disk, whatever the editor's buffers say. Plain files only: a link, a folder or a device is undefined. */
export interface DiskImages {
  stat(
    path: string,
  ): Promise<
    { readonly mtimeMs: number; readonly sizeBytes: number; readonly mode: number } | undefined
  >;
  readBytes(path: string): Promise<Uint8Array>;
}

/** Paths relative to the folder, with `/`; those of a repository that is kept elsewhere lead out of it with `..`. */
export interface ProtectedListing {
  readonly paths: readonly string[];
  /** Links that stand where a protected file or folder would, and what they lead to. */
  readonly links: ReadonlyMap<string, string>;
  /** False: there may be more. */
  readonly isComplete: boolean;
  /** Absolute: the repository's own folders that are not below this one. */
  readonly elsewhere: readonly string[];
}

/** The protected files of a folder, those that ignore files leave out and those of its repository too. Never rejects. */
export interface ProtectedFiles {
  list(folder: string, signal: AbortSignal): Promise<ProtectedListing>;
}

/** A change on the disk that no approved edit and no save of the editor explains. */
export interface SeenChange {
  readonly sessionId: string;
  readonly turnId: string;
  readonly origin: ChangeOrigin;
  readonly path: string;
  readonly before: FileImage;
  /** Undefined: no file. Absent texts of files that are there: not text, or too large. */
  readonly beforeText: string | undefined;
  readonly afterText: string | undefined;
  readonly existsAfter: boolean;
  /** A change there can make something run, or steer an agent. */
  readonly isProtected: boolean;
  /** It can be run now, or can no longer be. */
  readonly modes?: { readonly before: number; readonly after: number };
  /** Only that: the bytes are the same. */
  readonly isContentSame?: true;
  /** It is a link now, and leads there. */
  readonly linkTarget?: string;
}

/** What a file was before something in it was accepted. */
export interface Accepted extends Pick<SeenChange, 'modes'> {
  readonly before: FileImage;
}

export interface ChangeWatchDeps {
  readonly files: DiskImages;
  readonly protectedFiles: ProtectedFiles;
  readonly search: Pick<WorkspaceSearch, 'findFiles'>;
  readonly folders: () => readonly string[];
  readonly join: (folder: string, relative: string) => string;
  readonly onChanged: (change: SeenChange) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: ChangeWatchLimits;
}

export interface WatchedTurn {
  readonly sessionId: string;
  readonly turnId: string;
  readonly asker: string;
  readonly signal: AbortSignal;
  /** The agent writes by itself: what no call explains is its own. Absent: true. */
  readonly isAgent?: boolean;
}

/** The eyes on one turn. Nothing here rejects. */
export interface ChangeWatch {
  /** The agent told that this call changed these files. */
  note(callId: string, paths: readonly string[]): void;
  /** A command or tool begins to run; `what` is shown with what changes meanwhile. */
  callStarted(callId: string, what: string): void;
  callEnded(callId: string): void;
  /** Looks at everything now, so that what changed so far is told with the calls that ran so far. */
  check(): Promise<void>;
  /** The turn is over, and what was reviewed in it is accepted: everything is looked at. `callId`: the last call. */
  end(callId: string | undefined): Promise<void>;
}

interface KnownFile {
  readonly mtimeMs: number;
  readonly sizeBytes: number;
  readonly mode: number;
  /** Undefined: not read, or not kept. */
  readonly bytes: Uint8Array | undefined;
}

/** The names there are. */
interface Listed {
  /** Also the protected ones. */
  readonly paths: ReadonlySet<string>;
  readonly isComplete: boolean;
  readonly protectedPaths: ReadonlySet<string>;
  readonly links: ReadonlyMap<string, string>;
  readonly isProtectedComplete: boolean;
}

interface CallSpan {
  readonly callId: string;
  readonly what: string;
  readonly startedAtMs: number;
  endedAtMs: number | undefined;
}

interface RunningTurn {
  readonly turn: WatchedTurn;
  readonly calls: CallSpan[];
  readonly callOf: Map<string, string>;
}

/**
 * What was in the workspace's files before a turn, so that what changes in them without a question can be shown as
 * hunks and taken back: in bounded number and size, in memory, read again only where time or size of a file changed.
 * What is written after a review, or saved by the user, is told by `accept` and is no news.
 */
export class ChangeWatcher {
  private readonly known = new Map<string, KnownFile>();
  /** Whatever was protected once stays so for the room that it takes. */
  private readonly protectedPaths = new Set<string>();
  private readonly bytes = { plain: 0, protected: 0 };
  private links: ReadonlyMap<string, string> = new Map();
  /** Folders outside of the workspace that hold protected files of it. */
  private elsewhere: readonly string[] = [];
  /** Every file that was there at the last beginning is known by name: what is new since then is new. */
  private isComplete = false;
  private isProtectedComplete = false;
  /** What the ignore files were at the last beginning, and when that was. */
  private ignores = '';
  private beganAtMs = 0;
  private checkedAtMs = 0;
  private readonly running = new Set<RunningTurn>();
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
    const own: RunningTurn = { turn, calls: [], callOf: new Map() };
    this.running.add(own);
    if (this.running.size === 1) {
      const late = new AbortController();
      const taking = this.inTurn(() => this.take(AbortSignal.any([turn.signal, late.signal])));
      await withDeadline(this.deps.clock, taking, this.limits.startMs, turn.signal);
      late.abort();
    }
    return {
      note: (callId, paths) => paths.forEach((path) => own.callOf.set(path, callId)),
      callStarted: (callId, what) => {
        const startedAtMs = this.deps.clock.nowMs();
        own.calls.push({ callId, what, startedAtMs, endedAtMs: undefined });
      },
      callEnded: (callId) => {
        const call = own.calls.findLast((one) => one.callId === callId);
        if (call !== undefined) {
          call.endedAtMs ??= this.deps.clock.nowMs();
        }
      },
      check: () => this.inTurn(() => this.compareAll(own, undefined)),
      end: async (callId) => {
        if (this.running.has(own)) {
          await this.inTurn(() => this.compareAll(own, callId));
          this.running.delete(own);
        }
      },
    };
  }

  /**
   * What is on the disk now came there with the user's knowledge and is no news. Gives what the file was before, as far
   * as that is known, and whether it can be run since: nobody who approves a text approves that.
   */
  async accept(path: string): Promise<Accepted> {
    let before: FileImage = { kind: 'unknown', why: 'it was not read before' };
    let modes: SeenChange['modes'];
    await this.inTurn(async () => {
      if (this.running.size === 0) {
        return;
      }
      if (this.known.has(path) || (await this.listWith(path)) !== undefined) {
        before = this.imageOf(path);
      } else if (await this.isProtectedNow(path)) {
        before = this.imageOf(path);
      } else {
        before = { kind: 'unknown', why: 'it is not among the files that are followed' };
        if (this.isComplete || !this.isBelowFolders(path)) {
          return;
        }
      }
      const known = this.known.get(path);
      modes = modesOf(known, await this.read(path));
    });
    return { before, ...(modes === undefined ? {} : { modes }) };
  }

  /**
   * Looks at one file now: it was read anew by the editor, or is about to be changed. False: nobody watches, or this file
   * is not followed.
   */
  async checkFile(path: string): Promise<boolean> {
    const [own] = this.running;
    let isFollowed = false;
    if (own !== undefined) {
      await this.inTurn(async () => {
        let hasOtherIgnores = false;
        if (!this.known.has(path) && !(await this.isProtectedNow(path))) {
          const listed = await this.listWith(path);
          if (listed === undefined) {
            return;
          }
          hasOtherIgnores = await this.hasOtherIgnores(listed);
        }
        isFollowed = true;
        const change = await this.compare(path, hasOtherIgnores);
        if (change !== undefined) {
          this.tell(change, own, undefined);
        }
      });
    }
    return isFollowed;
  }

  private inTurn(run: () => Promise<void>): Promise<void> {
    this.work = this.work.then(run).catch((error: unknown) => {
      this.deps.logger.warn(`changes of files could not be followed: ${errorMessage(error)}`);
    });
    return this.work;
  }

  private async list(signal: AbortSignal): Promise<Listed> {
    const paths = new Set<string>();
    let isComplete = true;
    const guarded = await this.listProtected(signal);
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
    guarded.protectedPaths.forEach((path) => paths.add(path));
    return { paths, isComplete, ...guarded };
  }

  private async listProtected(
    signal: AbortSignal,
  ): Promise<Pick<Listed, 'protectedPaths' | 'links' | 'isProtectedComplete'>> {
    const protectedPaths = new Set<string>();
    const links = new Map<string, string>();
    const elsewhere: string[] = [];
    let isProtectedComplete = true;
    for (const folder of this.deps.folders()) {
      const found = await this.deps.protectedFiles.list(folder, signal);
      isProtectedComplete &&= found.isComplete;
      found.paths.forEach((relative) => protectedPaths.add(this.deps.join(folder, relative)));
      found.links.forEach((target, relative) =>
        links.set(this.deps.join(folder, relative), target),
      );
      elsewhere.push(...found.elsewhere);
    }
    this.elsewhere = elsewhere;
    for (const path of protectedPaths) {
      if (!this.protectedPaths.has(path)) {
        const taken = this.known.get(path)?.bytes?.length ?? 0;
        this.bytes.plain -= taken;
        this.bytes.protected += taken;
        this.protectedPaths.add(path);
      }
    }
    return { protectedPaths, links, isProtectedComplete };
  }

  /** Such a file is followed although ignore files leave it out. */
  private async isProtectedNow(path: string): Promise<boolean> {
    if (!this.protectedPaths.has(path) && this.isBelowFolders(path, this.elsewhere)) {
      await this.listProtected(new AbortController().signal);
    }
    return this.protectedPaths.has(path);
  }

  /**
   * The names there are now, when this is one of them. Only such a file is new when it is not known: one that is ignored,
   * or lies elsewhere, may have been there unseen.
   */
  private async listWith(path: string): Promise<ReadonlySet<string> | undefined> {
    if (!this.isComplete || !this.isBelowFolders(path)) {
      return undefined;
    }
    const { paths } = await this.list(new AbortController().signal);
    return paths.has(path) ? paths : undefined;
  }

  private isBelowFolders(path: string, elsewhere: readonly string[] = []): boolean {
    const anyName = 'x';
    return [...this.deps.folders(), ...elsewhere].some((folder) =>
      path.startsWith(this.deps.join(folder, anyName).slice(0, -1)),
    );
  }

  private async hasOtherIgnores(paths: ReadonlySet<string>): Promise<boolean> {
    return (await this.ignoresIn(paths)) !== this.ignores;
  }

  private async take(signal: AbortSignal): Promise<void> {
    this.isComplete = false;
    this.isProtectedComplete = false;
    const { paths, isComplete, ...guarded } = await this.list(signal);
    this.isComplete = isComplete && !signal.aborted;
    this.isProtectedComplete = guarded.isProtectedComplete && !signal.aborted;
    this.links = guarded.links;
    this.beganAtMs = this.deps.clock.nowMs();
    this.ignores = await this.ignoresIn(paths);
    for (const path of [...this.known.keys()]) {
      if (!paths.has(path)) {
        this.forget(path);
        this.protectedPaths.delete(path);
      }
    }
    // What is there but not read in time is not new later: it is only unknown.
    for (const path of paths) {
      if (!this.known.has(path)) {
        this.known.set(path, unread);
      }
    }
    this.checkedAtMs = this.beganAtMs;
    // What matters most is read before time can run out.
    const ordered = new Set([...guarded.protectedPaths, ...paths]);
    await inBatches([...ordered], async (path) => {
      if (!signal.aborted) {
        await this.read(path);
      }
    });
  }

  /** Gives the file as it is now; undefined when it is gone. */
  private async read(path: string): Promise<KnownFile | undefined> {
    const stat = await this.deps.files.stat(path);
    if (stat === undefined) {
      this.forget(path);
      return undefined;
    }
    const before = this.known.get(path);
    const { mtimeMs, sizeBytes } = stat;
    const isSameByTime = before?.mtimeMs === mtimeMs && before.sizeBytes === sizeBytes;
    // A program can give a file its old time and size back: in a protected one only the bytes count.
    const isReadAnyway = before?.bytes !== undefined && this.protectedPaths.has(path);
    if (isSameByTime && !isReadAnyway) {
      return before.mode === stat.mode ? before : this.keep(path, { ...stat, bytes: before.bytes });
    }
    const file = { ...stat, bytes: await this.bytesOf(path, sizeBytes) };
    return this.keep(path, file);
  }

  private async bytesOf(path: string, sizeBytes: number): Promise<Uint8Array | undefined> {
    if (sizeBytes > this.limits.fileBytes) {
      return undefined;
    }
    try {
      return await this.deps.files.readBytes(path);
    } catch {
      return undefined; // gone in this moment, or not ours to read: nothing that hunks could show
    }
  }

  private keep(path: string, file: KnownFile): KnownFile {
    this.forget(path);
    const size = file.bytes?.length ?? 0;
    const kind = this.roomOf(path);
    const room = kind === 'protected' ? this.limits.protectedBytes : this.limits.totalBytes;
    const kept = this.bytes[kind] + size <= room ? file : { ...file, bytes: undefined };
    this.bytes[kind] += kept.bytes?.length ?? 0;
    this.known.set(path, kept);
    return file;
  }

  private forget(path: string): void {
    this.bytes[this.roomOf(path)] -= this.known.get(path)?.bytes?.length ?? 0;
    this.known.delete(path);
  }

  private roomOf(path: string): 'protected' | 'plain' {
    return this.protectedPaths.has(path) ? 'protected' : 'plain';
  }

  private imageOf(path: string): FileImage {
    const known = this.known.get(path);
    if (known === undefined) {
      const isAllKnown = this.protectedPaths.has(path) ? this.isProtectedComplete : this.isComplete;
      return isAllKnown
        ? { kind: 'absent' }
        : { kind: 'unknown', why: 'there are too many files to know them all' };
    }
    return known.bytes === undefined
      ? { kind: 'unknown', why: 'it is too large, or was not read in time' }
      : { kind: 'file', bytes: known.bytes, mode: known.mode };
  }

  private async compareAll(own: RunningTurn, lastCallId: string | undefined): Promise<void> {
    const listed = await this.list(new AbortController().signal);
    const hasOtherIgnores = await this.hasOtherIgnores(listed.paths);
    const changed: FoundChange[] = [];
    await inBatches([...new Set([...this.known.keys(), ...listed.paths])], async (path) => {
      const change = await this.compare(path, hasOtherIgnores);
      if (change !== undefined) {
        changed.push(change);
      }
    });
    for (const [path, linkTarget] of listed.links) {
      if (this.links.get(path) !== linkTarget) {
        changed.push({ ...linkedAt(path, linkTarget), before: this.imageBehind(path, changed) });
      }
    }
    this.links = listed.links;
    for (const change of changed.sort((a, b) => (a.path < b.path ? -1 : 1))) {
      this.tell(change, own, lastCallId);
    }
    this.checkedAtMs = this.deps.clock.nowMs();
    for (const { calls, callOf } of this.running) {
      // What ended before this look has had its changes told; what it named and left as it was is not its own later.
      const ended = calls.filter(({ endedAtMs }) => endedAtMs !== undefined);
      for (const [path, callId] of [...callOf]) {
        if (ended.some((call) => call.callId === callId)) {
          callOf.delete(path);
        }
      }
      calls.splice(0, calls.length, ...calls.filter(({ endedAtMs }) => endedAtMs === undefined));
    }
  }

  private tell(change: FoundChange, own: RunningTurn, lastCallId: string | undefined): void {
    const { turn, origin } = this.originOf(change, own, lastCallId);
    const { mtimeMs: _mtimeMs, ...seen } = change;
    const { sessionId, turnId } = turn;
    this.deps.onChanged({ sessionId, turnId, origin, ...seen });
  }

  /** By the agent's own word, else by time; a claim in any case. */
  private originOf(
    { path, mtimeMs }: FoundChange,
    own: RunningTurn,
    lastCallId: string | undefined,
  ): { readonly turn: WatchedTurn; readonly origin: ChangeOrigin } {
    for (const { turn, callOf, calls } of [own, ...this.running]) {
      const callId = callOf.get(path);
      if (callId !== undefined) {
        callOf.delete(path);
        const what = calls.find((call) => call.callId === callId)?.what ?? turn.asker;
        return { turn, origin: { kind: 'during', callId, what } };
      }
    }
    // A file that is gone, or got its old time back, tells no time: then whatever ran since the last look.
    const atMs =
      mtimeMs === undefined || mtimeMs < this.checkedAtMs - timeSlackMs ? undefined : mtimeMs;
    const spans = [...new Set([own, ...this.running])]
      .flatMap(({ turn, calls }) => calls.map((call) => ({ turn, call })))
      .filter(({ call }) => atMs === undefined || isWithin(call, atMs))
      .sort((a, b) => b.call.startedAtMs - a.call.startedAtMs);
    const [latest] = spans;
    if (latest !== undefined) {
      const { callId, what } = latest.call;
      return { turn: latest.turn, origin: { kind: 'during', callId, what } };
    }
    const { turn } = own;
    if (turn.isAgent === false) {
      return { turn, origin: { kind: 'elsewhere' } };
    }
    const isAlone = this.running.size === 1;
    const what = isAlone ? turn.asker : `${turn.asker}, or another agent at the same time`;
    return { turn, origin: { kind: 'during', callId: lastCallId ?? turn.turnId, what } };
  }

  private async ignoresIn(paths: ReadonlySet<string>): Promise<string> {
    const files = [...paths].filter((path) => /(?:^|[\\/])\.(?:git|rg)?ignore$/.test(path)).sort();
    const stats = await Promise.all(files.map((path) => this.deps.files.stat(path)));
    return JSON.stringify(
      files.map((path, index) => [path, stats[index]?.mtimeMs, stats[index]?.sizeBytes]),
    );
  }

  /** `hasOtherIgnores`: what was left out before may be listed now, and is new only when it was written since. */
  private async compare(path: string, hasOtherIgnores: boolean): Promise<FoundChange | undefined> {
    const known = this.known.get(path);
    const before = this.imageOf(path);
    const after = await this.read(path);
    const isYoung = (after?.mtimeMs ?? 0) >= this.beganAtMs - clockSlackMs;
    const isProtected = this.protectedPaths.has(path);
    // Where not every file could be listed at the beginning, nobody can say whether this one is new: a young protected
    // one is told all the same, for what it may do.
    const isNew =
      known === undefined &&
      (isProtected
        ? isYoung || this.isProtectedComplete
        : this.isComplete && (isYoung || !hasOtherIgnores));
    if (known === after || known === unread || (known === undefined && !isNew)) {
      return undefined;
    }
    const afterText = after?.bytes === undefined ? undefined : textOf(after.bytes);
    const modes = modesOf(known, after);
    const isContentSame = isSameContent(known, after);
    if (isContentSame && modes === undefined) {
      return undefined;
    }
    return {
      path,
      mtimeMs: after?.mtimeMs,
      before,
      beforeText: before.kind === 'file' ? textOf(before.bytes) : undefined,
      afterText,
      existsAfter: after !== undefined,
      isProtected,
      ...(modes === undefined ? {} : { modes }),
      ...(isContentSame ? { isContentSame } : {}),
    };
  }

  /** What was there before a link came: what was found to be gone in the same look, a link, or nothing. */
  private imageBehind(path: string, changed: readonly FoundChange[]): FileImage {
    const gone = changed.find((change) => change.path === path);
    if (gone !== undefined) {
      return gone.before;
    }
    return this.links.has(path)
      ? { kind: 'unknown', why: 'it was a link' }
      : this.isProtectedComplete
        ? { kind: 'absent' }
        : { kind: 'unknown', why: 'there are too many files to know them all' };
  }
}

function linkedAt(path: string, linkTarget: string): Omit<FoundChange, 'before'> {
  return {
    path,
    mtimeMs: undefined,
    beforeText: undefined,
    afterText: undefined,
    existsAfter: true,
    isProtected: true,
    linkTarget,
  };
}

type FoundChange = Omit<SeenChange, 'sessionId' | 'turnId' | 'origin'> & {
  readonly mtimeMs: number | undefined;
};

function isWithin({ startedAtMs, endedAtMs }: CallSpan, atMs: number): boolean {
  return atMs >= startedAtMs - timeSlackMs && atMs <= (endedAtMs ?? atMs) + timeSlackMs;
}

/** What lets a file be run, and as whom. */
export const runningBits = 0o7111;

function modesOf(known: KnownFile | undefined, after: KnownFile | undefined): SeenChange['modes'] {
  return known === undefined ||
    known === unread ||
    after === undefined ||
    ((known.mode ^ after.mode) & runningBits) === 0
    ? undefined
    : { before: known.mode, after: after.mode };
}

/** By the bytes; where they were not kept, by time and size. */
function isSameContent(known: KnownFile | undefined, after: KnownFile | undefined): boolean {
  if (known?.bytes === undefined) {
    return known?.mtimeMs === after?.mtimeMs && known?.sizeBytes === after?.sizeBytes;
  }
  return after?.bytes !== undefined && isSame(known.bytes, after.bytes);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** As a text of a file is elsewhere: UTF-8 without its mark. Undefined for anything else. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

const unread: KnownFile = { mtimeMs: -1, sizeBytes: -1, mode: 0, bytes: undefined };
const batchSize = 32;
/** Times of files may be coarser than the clock's. */
const clockSlackMs = 2000;
/** A file's time may be a tick of the kernel behind the clock. */
const timeSlackMs = 50;

async function inBatches(
  items: readonly string[],
  run: (item: string) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < items.length; at += batchSize) {
    await Promise.all(items.slice(at, at + batchSize).map(run));
  }
}
