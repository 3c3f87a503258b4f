import { realpathSync } from 'node:fs';

/** A folder with its links followed; as it is where it cannot be looked at. */
export function realFolder(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path; // it is gone, or no real folder: whoever uses it will say so
  }
}
