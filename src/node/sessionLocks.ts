import { readFileSync, unlinkSync } from 'node:fs';
import { link, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { createId } from '../base/ids';

/** A lock says that it is alive this often; one that did not for three times as long is nobody's any more. */
const refreshMs = 10_000;
const staleMs = 3 * refreshMs;

/**
 * Which window has which session: a file beside the session's with the owner's id, its time refreshed while the owner
 * lives. What a crashed window left is taken over when its process is gone or its time is old.
 */
export class SessionLocks implements Disposable {
  private readonly held = new Map<string, { refreshedAtMs: number }>();
  private timer: Disposable | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly owner: { readonly id: string; readonly pid: number } = {
      id: createId('window'),
      pid: process.pid,
    },
  ) {}

  /** False when another window has it. */
  async claim(path: string): Promise<boolean> {
    if (await this.holds(path)) {
      return true;
    }
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        await writeFile(path, this.text(), { flag: 'wx', mode: 0o600 });
        await this.touch(path);
        return this.keep(path);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') {
          throw error;
        }
      }
      const found = await readLock(path);
      if (found === undefined) {
        continue; // gone meanwhile
      }
      if (found.text === this.text()) {
        return this.keep(path);
      }
      if (!this.isLeft(found) || !(await this.takeAway(path, found.text))) {
        return false;
      }
    }
    return false;
  }

  async release(path: string): Promise<void> {
    if (this.held.delete(path) && (await readLock(path))?.text === this.text()) {
      await unlink(path).catch(ignoreAbsent);
    }
    if (this.held.size === 0) {
      this.timer?.dispose();
      this.timer = undefined;
    }
  }

  /** Whether a lock is still ours; looked up again when the machine slept through its refreshes. */
  async holds(path: string): Promise<boolean> {
    const known = this.held.get(path);
    if (known === undefined) {
      return false;
    }
    if (this.clock.nowMs() - known.refreshedAtMs < staleMs - refreshMs) {
      return true;
    }
    return this.refresh(path);
  }

  /** Gives everything back at once: this process may linger, and the window that comes after it must not wait for that. */
  dispose(): void {
    this.timer?.dispose();
    this.timer = undefined;
    for (const path of this.held.keys()) {
      this.giveBack(path);
    }
    this.held.clear();
  }

  private giveBack(path: string): void {
    try {
      if (readFileSync(path, 'utf8') === this.text()) {
        unlinkSync(path);
      }
    } catch {
      // Gone, or not ours to remove: it is free when this process is.
    }
  }

  private keep(path: string): true {
    this.held.set(path, { refreshedAtMs: this.clock.nowMs() });
    this.scheduleRefresh();
    return true;
  }

  private scheduleRefresh(): void {
    this.timer ??= this.clock.schedule(refreshMs, () => {
      this.timer = undefined;
      void Promise.all([...this.held.keys()].map((path) => this.refresh(path))).then(() => {
        if (this.held.size > 0) {
          this.scheduleRefresh();
        }
      });
    });
  }

  /** Never rejects: a lock that cannot be refreshed is found lost by the next write. */
  private async refresh(path: string): Promise<boolean> {
    try {
      if ((await readLock(path))?.text !== this.text()) {
        this.held.delete(path);
        return false;
      }
      await this.touch(path);
      this.held.set(path, { refreshedAtMs: this.clock.nowMs() });
      return true;
    } catch {
      return false; // not ours for sure: nothing is written under it
    }
  }

  private async touch(path: string): Promise<void> {
    const seconds = this.clock.nowMs() / 1000;
    await utimes(path, seconds, seconds);
  }

  private isLeft(found: FoundLock): boolean {
    return this.clock.nowMs() - found.atMs > staleMs || !isAlive(found.pid);
  }

  /** Of two windows that find the same left lock, one gets it: what was moved away must be what was seen. */
  private async takeAway(path: string, seen: string): Promise<boolean> {
    const aside = `${path}.${this.owner.id}`;
    try {
      await rename(path, aside);
    } catch (error) {
      ignoreAbsent(error);
      return true;
    }
    const isSeen = (await readFile(aside, 'utf8')) === seen;
    if (!isSeen) {
      await link(aside, path).catch(() => undefined); // somebody else has claimed it by now
    }
    await unlink(aside);
    return isSeen;
  }

  private text(): string {
    return JSON.stringify({ owner: this.owner.id, pid: this.owner.pid });
  }
}

interface FoundLock {
  readonly text: string;
  readonly atMs: number;
  readonly pid: number | undefined;
}

async function readLock(path: string): Promise<FoundLock | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    const pid = /"pid":(\d{1,10})\}$/.exec(text)?.[1];
    return {
      text,
      atMs: (await stat(path)).mtimeMs,
      pid: pid === undefined ? undefined : Number(pid),
    };
  } catch (error) {
    ignoreAbsent(error);
    return undefined;
  }
}

/** A process of another user is alive too; what cannot be told counts as alive, until the time is old. */
function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) {
    return true;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

function ignoreAbsent(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') {
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
