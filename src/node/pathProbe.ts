import { readlink, realpath } from 'node:fs/promises';
import type { PathProbe } from '../gate/contract';

/** Looks at links on disk, without following anything but what was asked. Changes nothing. */
export const diskPathProbe: PathProbe = {
  realPath: (path) => absentAsUndefined(realpath(path)),
  readLink: (path) => absentAsUndefined(readlink(path)),
};

/** "Not there" and "no link" are answers. Anything else (no permission, a loop) is passed on: the gate then refuses. */
async function absentAsUndefined(work: Promise<string>): Promise<string | undefined> {
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
