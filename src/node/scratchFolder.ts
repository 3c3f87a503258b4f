import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An empty folder of our own (mode 700), for what must run somewhere that is not the workspace. */
export interface ScratchFolder {
  readonly path: string;
  /** Removes it with all that is in it. Never throws: what cannot be removed is left to the system. */
  readonly remove: () => void;
}

export async function createScratchFolder(): Promise<ScratchFolder> {
  const path = await mkdtemp(join(tmpdir(), 'patchbay-'));
  return {
    path,
    remove: () => {
      try {
        rmSync(path, { recursive: true, force: true });
      } catch {
        // a process may still hold it; the system clears its temporary folder
      }
    },
  };
}
