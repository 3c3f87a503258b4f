import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { PatchbayError } from '../base/patchbayError';
import type { SessionStorage } from '../session/contract';
import { appendLines, openPrivately } from './privateFile';
import { SerialQueue } from './serialQueue';

const extension = '.ndjson';

/**
 * Session files in one folder: `<session id>.ndjson`, append only, mode 600. Appends to one session keep the order of
 * the calls and never mix; each is one write. A folder that is not there has no sessions.
 */
export class SessionFiles implements SessionStorage {
  private readonly queue = new SerialQueue<string>();

  constructor(private readonly folder: string) {}

  append(sessionId: string, lines: string): Promise<void> {
    return this.queue.run(sessionId, async () => {
      const file = await openPrivately(this.pathOf(sessionId), 'append');
      try {
        await appendLines(file, lines);
      } finally {
        await file.close();
      }
    });
  }

  read(sessionId: string): Promise<string | undefined> {
    return this.queue.run(sessionId, () => this.readBytes(sessionId, undefined));
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

  /** A character that is cut by the limit is left out. */
  readHead(sessionId: string, maxBytes: number): Promise<string | undefined> {
    return this.queue.run(sessionId, () => this.readBytes(sessionId, maxBytes));
  }

  remove(sessionId: string): Promise<void> {
    return this.queue.run(sessionId, async () => {
      await unlessAbsent(unlink(this.pathOf(sessionId)));
    });
  }

  private async readBytes(
    sessionId: string,
    maxBytes: number | undefined,
  ): Promise<string | undefined> {
    const file = await unlessAbsent(openPrivately(this.pathOf(sessionId), 'read'));
    if (file === undefined) {
      return undefined;
    }
    try {
      if (maxBytes === undefined) {
        return await file.readFile('utf8');
      }
      const { size } = await file.stat();
      const buffer = new Uint8Array(Math.max(0, Math.min(maxBytes, size)));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(buffer.subarray(0, bytesRead), {
        stream: true,
      });
    } finally {
      await file.close();
    }
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
