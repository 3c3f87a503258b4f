import { randomBytes } from 'node:crypto';
import { open, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { delay, type Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { PatchbayError } from '../base/patchbayError';
import type { PendingStorage } from '../session/contract';
import { createPrivateFolder, openPrivately } from './privateFile';
import { SerialQueue } from '../base/serialQueue';
import { isSessionId } from './sessionFiles';
import { SessionLocks } from './sessionLocks';
import { unlessAbsent } from './unlessAbsent';

const extension = '.json';
const maxFiles = 1000;
const maxFileBytes = 128 * 1024 * 1024;
const retryMs = 200;

export interface PendingFilesOptions {
  readonly clock: Clock;
  /** How long `load` waits for the window before to give the folder up. */
  readonly patienceMs: number;
}

/**
 * The pending edits of a workspace in one folder: `<name>.json`, mode 600, replaced whole. One window has the folder,
 * by a lock file in it that a crashed window loses by itself.
 */
export class PendingFiles implements PendingStorage, Disposable {
  private readonly locks: SessionLocks;
  private readonly queue = new SerialQueue<string>();
  private readonly lock: string;

  constructor(
    private readonly folder: string,
    private readonly options: PendingFilesOptions,
  ) {
    this.locks = new SessionLocks(options.clock);
    this.lock = join(folder, 'window.lock');
  }

  async load(): ReturnType<PendingStorage['load']> {
    if (!(await isThere(this.folder))) {
      return []; // nothing was ever kept: the folder is made with the first edit
    }
    const { clock, patienceMs } = this.options;
    for (let waitedMs = 0; !(await this.claim()); waitedMs += retryMs) {
      if (waitedMs >= patienceMs) {
        return undefined;
      }
      await delay(clock, retryMs);
    }
    const found: { readonly name: string; readonly text: string }[] = [];
    for (const file of (await readdir(this.folder)).sort().slice(0, maxFiles)) {
      const name = file.endsWith(extension) ? file.slice(0, -extension.length) : '';
      if (isSessionId(name)) {
        found.push({ name, text: await this.read(name) });
      } else if (file.endsWith(unfinished)) {
        await unlink(join(this.folder, file));
      }
    }
    return found;
  }

  save(name: string, text: string): Promise<void> {
    return this.queue.run(name, async () => {
      const path = this.pathOf(name);
      await this.mustHold();
      const fresh = `${path}.${randomBytes(6).toString('hex')}${unfinished}`;
      // `wx`: a new file, so never through a link; the name in its place changes in one step.
      const file = await open(fresh, 'wx', 0o600);
      try {
        await file.writeFile(text, 'utf8');
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(fresh, path);
    });
  }

  remove(name: string): Promise<void> {
    return this.queue.run(name, async () => {
      if (!(await isThere(this.folder))) {
        return;
      }
      await this.mustHold();
      await unlessAbsent(unlink(this.pathOf(name)));
    });
  }

  dispose(): void {
    this.locks.dispose();
  }

  /** '' for what cannot be read, or is no file of ours: the reader takes it for damaged. */
  private async read(name: string): Promise<string> {
    try {
      const file = await openPrivately(this.pathOf(name), 'read');
      try {
        return (await file.stat()).size > maxFileBytes ? '' : await file.readFile('utf8');
      } finally {
        await file.close();
      }
    } catch {
      return ''; // a link, a folder, gone meanwhile: it must not hide the others
    }
  }

  private async mustHold(): Promise<void> {
    if (!(await this.claim())) {
      throw new PatchbayError(
        'session_taken',
        'another window of this workspace keeps the pending edits now',
      );
    }
  }

  private async claim(): Promise<boolean> {
    if (await this.locks.holds(this.lock)) {
      return true;
    }
    await createPrivateFolder(this.folder);
    return await this.locks.claim(this.lock);
  }

  private pathOf(name: string): string {
    if (!isSessionId(name)) {
      throw new PatchbayError('invalid_session', `"${name.slice(0, 80)}" is no name of a record.`);
    }
    return join(this.folder, `${name}${extension}`);
  }
}

const unfinished = '.new';

async function isThere(folder: string): Promise<boolean> {
  try {
    await readdir(folder);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return false;
    }
    throw error;
  }
}
