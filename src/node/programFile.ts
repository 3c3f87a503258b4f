import { constants } from 'node:fs';
import { access, open, readdir, readFile, realpath, stat } from 'node:fs/promises';

/** What a look-up of executables asks of the disk; a missing path is undefined, never an error. */
export interface ProgramFiles {
  stat(path: string): Promise<{ readonly isFile: boolean; readonly sizeBytes: number } | undefined>;
  isExecutable(path: string): Promise<boolean>;
  head(path: string, sizeBytes: number): Promise<Uint8Array>;
  /** The text of a small file: a shim. */
  readText(path: string): Promise<string | undefined>;
  realPath(path: string): Promise<string | undefined>;
  /** The names in a folder; empty when it cannot be read. Absent: folders of several versions are not looked into. */
  list?(folder: string): Promise<readonly string[]>;
}

export const diskProgramFiles: ProgramFiles = {
  stat: async (path) => {
    const found = await stat(path).catch(() => undefined); // absent and unreadable are the same to a look-up
    return found === undefined ? undefined : { isFile: found.isFile(), sizeBytes: found.size };
  },
  isExecutable: (path) =>
    access(path, constants.X_OK).then(
      () => true,
      () => false,
    ),
  head: async (path, sizeBytes) => {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(sizeBytes), 0, sizeBytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  },
  readText: (path) => readFile(path, 'utf8').catch(() => undefined),
  realPath: (path) => realpath(path).catch(() => undefined),
  list: (folder) => readdir(folder).catch(() => []),
};

export type ProgramFormat = 'native' | 'script' | 'foreign' | 'empty' | 'text';

/**
 * What the first bytes of a file say it is: a program of this platform, a script with a `#!` line, a program of another
 * platform, nothing, or just text. The last three must not be started: the C library would hand them to `/bin/sh`.
 */
export function programFormat(head: Uint8Array, platform: NodeJS.Platform): ProgramFormat {
  if (head.length === 0) {
    return 'empty';
  }
  if (head[0] === 0x23 && head[1] === 0x21) {
    return platform === 'win32' ? 'foreign' : 'script';
  }
  const magic = [...head.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const owner = magic.startsWith('4d5a') ? 'win32' : binaryOwners.get(magic);
  if (owner === undefined) {
    return 'text';
  }
  const isOurs =
    owner === 'elf' ? platform !== 'darwin' && platform !== 'win32' : owner === platform;
  return isOurs ? 'native' : 'foreign';
}

const binaryOwners: ReadonlyMap<string, 'elf' | 'darwin'> = new Map([
  ['7f454c46', 'elf'],
  ['cffaedfe', 'darwin'],
  ['cefaedfe', 'darwin'],
  ['feedfacf', 'darwin'],
  ['cafebabe', 'darwin'],
  ['cafebabf', 'darwin'],
]);
