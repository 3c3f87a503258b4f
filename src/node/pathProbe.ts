import { readdir, readlink, realpath } from 'node:fs/promises';
import type { PathProbe } from '../gate/contract';

/** Looks at links on disk, without following anything but what was asked. Changes nothing. */
export const diskPathProbe: PathProbe = {
  realPath: (path) => absentAsUndefined(realpath(path)),
  readLink: (path) => absentAsUndefined(readlink(path)),
  entriesOf: async (path) => {
    const entries = await absentAsUndefined(readdir(path, { withFileTypes: true }));
    return (entries ?? []).map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  },
};

/** "Not there" and "no link" are answers. Anything else (no permission, a loop) is passed on: the gate then refuses. */
async function absentAsUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EINVAL') {
      return undefined;
    }
    throw error;
  }
}
