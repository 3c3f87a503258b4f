import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface WalkedEntry {
  readonly name: string;
  /** Links are `other`: none is followed. */
  readonly kind: 'file' | 'directory' | 'other';
}

/** The files that a search walks. Paths below the folder are relative, with `/`. */
export interface WalkedFiles {
  /** Empty where it may not be looked into. */
  list(folder: string, path: string): Promise<readonly WalkedEntry[]>;
  /** Undefined for what cannot be read. A longer file gives `too_large`, or its beginning where that is asked for. */
  read(
    folder: string,
    path: string,
    maxBytes: number,
    isHeadEnough: boolean,
  ): Promise<Uint8Array | 'too_large' | undefined>;
  /** What of a folder is left out besides what `.gitignore` files name; asked once for a search. */
  excludes?(folder: string): (path: string) => boolean;
}

export const diskWalk: WalkedFiles = {
  list: async (folder, path) => {
    const entries = await readdir(join(folder, path), { withFileTypes: true }).catch(() => []); // no permission: left out
    return entries.map((entry) => ({
      name: entry.name,
      kind: entry.isDirectory() ? 'directory' : entry.isFile() ? 'file' : 'other',
    }));
  },
  read: async (folder, path, maxBytes, isHeadEnough) => {
    if (isHeadEnough) {
      return await readHead(join(folder, path), maxBytes).catch(() => undefined); // gone meanwhile
    }
    const bytes = await readFile(join(folder, path)).catch(() => undefined); // unreadable: as if it were not there
    return bytes !== undefined && bytes.length > maxBytes ? 'too_large' : bytes;
  },
};

async function readHead(path: string, maxBytes: number): Promise<Uint8Array> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxBytes), 0, maxBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
