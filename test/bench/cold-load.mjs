// A cold load of an extension in a process of its own, against a stub of the editor.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('./cold-load-child.cjs', import.meta.url));

/**
 * @param {string} entry
 * @param {{ watched?: boolean }} [options] `watched`: also what was read and started; slower
 * @returns {{ loadMs: number, activateMs: number, rssMb: number, error?: string, loaded: string[],
 *   reads: { file: string, bytes: number }[], children: string[] }} `loaded`: the entry's own files by the end of
 *   its activation
 */
export function coldLoad(entry, { watched = false } = {}) {
  const args = [child, entry, ...(watched ? ['--watch'] : [])];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 }));
}
