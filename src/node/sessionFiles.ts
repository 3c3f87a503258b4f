import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { link, lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { errorMessage, PatchbayError } from '../base/patchbayError';
import type { AppendedLines, SessionStorage, StoredEnds } from '../session/contract';
import {
  appendLines,
  createPrivateFolder,
  openPrivately,
  readFlags,
  strangeness,
} from './privateFile';
import { SessionLocks } from './sessionLocks';
import { SerialQueue } from '../base/serialQueue';
import { unlessAbsent } from './unlessAbsent';

const extension = '.ndjson';

/**
 * Session files in one folder: `<session id>.ndjson`, append only, mode 600. Appends to one session keep the order of
 * the calls and never mix; each is one write. A folder that is not there has no sessions.
 */
export class SessionFiles implements SessionStorage, Disposable {
  private readonly queue = new SerialQueue<string>();
  private readonly locks: SessionLocks | undefined;

  /** With a clock, sessions can be claimed, and nothing is appended to one that another window has. */
  constructor(
    private readonly folder: string,
    options: { readonly clock?: Clock } = {},
  ) {
    this.locks = options.clock === undefined ? undefined : new SessionLocks(options.clock);
  }

  append(sessionId: string, lines: string): Promise<AppendedLines> {
    return this.queue.run(sessionId, async () => {
      if (this.locks !== undefined && !(await this.locks.holds(this.lockOf(sessionId)))) {
        throw new PatchbayError(
          'session_taken',
          'this session is open in another window, which writes it now; go on there, or in a copy',
        );
      }
      const file = await openPrivately(this.pathOf(sessionId), 'append');
      try {
        return placesOf(await appendLines(file, lines));
      } finally {
        await file.close();
      }
    });
  }

  read(sessionId: string): Promise<Uint8Array | undefined> {
    return this.queue.run(sessionId, async () => {
      const file = await unlessAbsent(openPrivately(this.pathOf(sessionId), 'read'));
      try {
        return await file?.readFile();
      } finally {
        await file?.close();
      }
    });
  }

  readRange(
    sessionId: string,
    start: number,
    length: number,
  ): ReturnType<SessionStorage['readRange']> {
    return this.queue.run(sessionId, async () => {
      const file = await unlessAbsent(openPrivately(this.pathOf(sessionId), 'read'));
      if (file === undefined) {
        return undefined;
      }
      try {
        const { size } = await file.stat();
        const bytes = new Uint8Array(Math.max(0, Math.min(length, size - start)));
        const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
        return { bytes: bytes.subarray(0, bytesRead), sizeBytes: size };
      } finally {
        await file.close();
      }
    });
  }

  async list(): ReturnType<SessionStorage['list']> {
    const names = await unlessAbsent(readdir(this.folder));
    const found = await Promise.all(
      (names ?? []).map(async (name) => {
        const sessionId = name.endsWith(extension) ? name.slice(0, -extension.length) : '';
        if (!isSessionId(sessionId)) {
          return [];
        }
        // One that cannot be looked at, or leads elsewhere, costs itself only.
        const metadata = await lstat(join(this.folder, name)).catch(() => undefined);
        return metadata !== undefined && strangeness(metadata) === undefined
          ? [{ sessionId, updatedAtMs: metadata.mtimeMs, sizeBytes: metadata.size }]
          : [];
      }),
    );
    return found
      .flat()
      .sort((a, b) => b.updatedAtMs - a.updatedAtMs || (a.sessionId < b.sessionId ? -1 : 1));
  }

  /** Names that end as those of sessions do and are in no list, with the reason. */
  async skipped(): Promise<readonly { readonly name: string; readonly why: string }[]> {
    const names = (await unlessAbsent(readdir(this.folder))) ?? [];
    const found = await Promise.all(
      names
        .filter((name) => name.endsWith(extension))
        .sort()
        .map(async (name) => {
          const why = isSessionId(name.slice(0, -extension.length))
            ? await lstat(join(this.folder, name)).then(strangeness, errorMessage)
            : 'its name is not the id of a session';
          return why === undefined ? [] : [{ name, why }];
        }),
    );
    return found.flat();
  }

  async *ends(endBytes: number): AsyncGenerator<readonly StoredEnds[]> {
    const names = (await unlessAbsent(readdir(this.folder))) ?? [];
    for (let from = 0; from < names.length; from += endsAtOnce) {
      // A few small synchronous reads are several times faster than as many hops through the thread pool, and the host
      // is free again after a millisecond.
      yield names
        .slice(from, from + endsAtOnce)
        .flatMap((name) => readEnds(join(this.folder, name), name, endBytes) ?? []);
      await setImmediate();
    }
  }

  rename(sessionId: string, newId: string): Promise<void> {
    return this.queue.run(sessionId, async () => {
      const from = this.pathOf(sessionId);
      try {
        // A link fails where a rename would replace what is there.
        await link(from, this.pathOf(newId));
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
          throw new PatchbayError(
            'session_exists',
            `There is a session "${newId}" already; nothing was renamed.`,
            { cause: error },
          );
        }
        throw error;
      }
      await unlink(from);
    });
  }

  remove(sessionId: string): Promise<void> {
    return this.queue.run(sessionId, async () => {
      await unlessAbsent(unlink(this.pathOf(sessionId)));
    });
  }

  claim(sessionId: string): Promise<boolean> {
    return this.queue.run(sessionId, async () => {
      if (this.locks === undefined) {
        return true;
      }
      await createPrivateFolder(this.folder);
      return this.locks.claim(this.lockOf(sessionId));
    });
  }

  release(sessionId: string): Promise<void> {
    return this.queue.run(
      sessionId,
      async () => this.locks?.release(this.lockOf(sessionId)) ?? Promise.resolve(),
    );
  }

  /** Stops refreshing; what is still claimed becomes free by itself. */
  dispose(): void {
    this.locks?.dispose();
  }

  private lockOf(sessionId: string): string {
    return this.pathOf(sessionId).replace(/\.ndjson$/, '.lock');
  }

  private pathOf(sessionId: string): string {
    if (!isSessionId(sessionId)) {
      throw new PatchbayError(
        'invalid_session',
        `"${sessionId.slice(0, 80)}" is not the id of a session.`,
      );
    }
    return join(this.folder, `${sessionId}${extension}`);
  }
}

/** Blank lines, which stand behind a torn one, are none. */
function placesOf({ start, bytes }: Awaited<ReturnType<typeof appendLines>>): AppendedLines {
  const starts: number[] = [];
  let at = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, at)) {
    if (end > at) {
      starts.push(start + at);
    }
    at = end + 1;
  }
  return { starts, end: start + bytes.length };
}

const endsAtOnce = 16;

/** Undefined for what is no session file, or cannot be read: it must not hide the others. */
function readEnds(path: string, name: string, endBytes: number): StoredEnds | undefined {
  const sessionId = name.endsWith(extension) ? name.slice(0, -extension.length) : '';
  if (!isSessionId(sessionId)) {
    return undefined;
  }
  let file: number | undefined;
  try {
    const opened = openSync(path, readFlags);
    file = opened;
    const found = fstatSync(opened);
    if (strangeness(found) !== undefined) {
      return undefined;
    }
    const read = (start: number, length: number): Uint8Array => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(opened, bytes, 0, length, start));
    };
    const first = read(0, Math.min(endBytes, found.size));
    const rest = Math.min(endBytes, found.size - first.length);
    return {
      sessionId,
      updatedAtMs: found.mtimeMs,
      sizeBytes: found.size,
      first,
      last: read(found.size - rest, rest),
    };
  } catch {
    return undefined; // a link, a folder, gone meanwhile, not ours to read
  } finally {
    if (file !== undefined) {
      closeSync(file);
    }
  }
}

/** Ids become file names: letters, digits, `-`, `_`, and no name that Windows keeps for devices. */
export function isSessionId(text: string): boolean {
  return (
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(text) &&
    !/^(?:con|prn|aux|nul|com\d|lpt\d)$/i.test(text)
  );
}
