import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * The storage that all windows of a workspace have in common. The editor locks a workspace's folder for its first
 * window and gives the next ones folders of their own (`<id>-1`, …), in which they would find nothing of what was said.
 * Only for what is safe with several writers.
 */
export function sharedStorage(storagePath: string): string {
  const own = dirname(storagePath);
  const first = /^(-?[0-9a-f]+)-\d$/.exec(basename(own))?.[1];
  const shared = first === undefined ? own : join(dirname(own), first);
  return existsSync(shared) ? join(shared, basename(storagePath)) : storagePath;
}
