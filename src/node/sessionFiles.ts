import { link, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { PatchbayError } from '../base/patchbayError';
import type { SessionStorage } from '../session/contract';
import { appendLines, createPrivateFolder, openPrivately } from './privateFile';
import { SessionLocks } from './sessionLocks';
import { SerialQueue } from './serialQueue';

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

  append(sessionId: string, lines: string): Promise<void> {
    return this.queue.run(sessionId, async () => {
      if (this.locks !== undefined && !(await this.locks.holds(this.lockOf(sessionId)))) {
        throw new PatchbayError(
          'session_taken',
          'this session is open in another window, which writes it now; go on there, or in a copy',
        );
      }
      const file = await openPrivately(this.pathOf(sessionId), 'append');
      try {
        await appendLines(file, lines);
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
        const metadata = await unlessAbsent(stat(join(this.folder, name)));
        return metadata?.isFile() === true
          ? [{ sessionId, updatedAtMs: metadata.mtimeMs, sizeBytes: metadata.size }]
          : [];
      }),
    );
    return found
      .flat()
      .sort((a, b) => b.updatedAtMs - a.updatedAtMs || (a.sessionId < b.sessionId ? -1 : 1));
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

/** Ids become file names: letters, digits, `-`, `_`, and no name that Windows keeps for devices. */
export function isSessionId(text: string): boolean {
  return (
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(text) &&
    !/^(?:con|prn|aux|nul|com\d|lpt\d)$/i.test(text)
  );
}

async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}
