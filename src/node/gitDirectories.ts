import { lstat, readFile, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** A pointer is one short line; whatever is longer is none. */
const maxPointerChars = 4096;

/**
 * Where the repository of a folder keeps its hooks and its configuration, when that is not the folder's own `.git`: the
 * `.git` of a folder above it, or what a `.git` file names, with the directory that several working copies share. Found as git
 * finds it, without running git. What does not look like a repository is left out. Never rejects.
 */
export async function gitDirectories(folder: string): Promise<readonly string[]> {
  const start = await realpath(folder).catch(() => folder); // it may be gone: then nothing is found
  for (let at = start, above = dirname(at); ; at = above, above = dirname(at)) {
    const place = join(at, '.git');
    const found = await lstat(place).catch(() => undefined); // absent, or not ours to look at
    if (found?.isDirectory() === true) {
      return at === start ? [] : await withShared(place);
    }
    if (found?.isFile() === true) {
      const named = await pointer(place, /^gitdir: (.+)/);
      return named === undefined ? [] : await withShared(resolve(at, named));
    }
    if (above === at) {
      return [];
    }
  }
}

async function withShared(directory: string): Promise<readonly string[]> {
  const shared = await pointer(join(directory, 'commondir'), /^(.+)/);
  const all = shared === undefined ? [directory] : [directory, resolve(directory, shared)];
  const isReal = await Promise.all(all.map(isRepository));
  return all.filter((_path, index) => isReal[index]);
}

async function isRepository(directory: string): Promise<boolean> {
  const head = await lstat(join(directory, 'HEAD')).catch(() => undefined); // absent: it is none
  return head !== undefined && !head.isDirectory();
}

async function pointer(path: string, line: RegExp): Promise<string | undefined> {
  const found = await lstat(path).catch(() => undefined); // absent: there is no pointer
  if (found?.isFile() !== true || found.size > maxPointerChars) {
    return undefined;
  }
  const text = await readFile(path, 'utf8').catch(() => ''); // gone in this moment
  return line.exec(text)?.[1]?.trimEnd();
}
