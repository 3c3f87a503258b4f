import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PatchbayError } from '../base/patchbayError';
import type { FolderCodePlace } from '../runtime/contract';

/** What of a folder an agent would run by itself: the files, absolute and sorted, and one digest over their content. */
export interface FolderCode {
  readonly files: readonly string[];
  readonly digest: string;
}

const maxFiles = 500;
const maxEntries = 2000;
const maxFileBytes = 4 * 1024 * 1024;
const maxLevels = 40;

/**
 * Looks at the places in a folder and in those above it (agents look upwards too), but not in HOME, whose files are the
 * user's own. Undefined: there is nothing. Throws when there is something that cannot be read whole: then nobody can say
 * what it is.
 */
export async function findFolderCode(
  folder: string,
  places: readonly FolderCodePlace[],
  home: string,
): Promise<FolderCode | undefined> {
  const into: Collected = { files: [], entries: 0 };
  const homePath = await realpath(home).catch(() => home);
  let at = await realpath(folder);
  for (let level = 0; level < maxLevels; level += 1) {
    if (at !== homePath) {
      for (const place of places) {
        await collect(join(at, place.path), place.word, into);
      }
    }
    const above = dirname(at);
    if (above === at) {
      break;
    }
    at = above;
  }
  const { files } = into;
  if (files.length === 0) {
    return undefined;
  }
  const hash = createHash('sha256');
  const sorted = [...new Set(files)].sort();
  for (const file of sorted) {
    hash.update(`${file}\0`).update(
      createHash('sha256')
        .update(await readFile(file))
        .digest(),
    );
  }
  return { files: sorted, digest: hash.digest('hex') };
}

interface Collected {
  readonly files: string[];
  /** Everything that was looked at: folders and links that lead in circles count too. */
  entries: number;
}

async function collect(path: string, word: string | undefined, into: Collected): Promise<void> {
  const found = await stat(path).catch(ignoreMissing);
  if (found === undefined) {
    return;
  }
  into.entries += 1;
  if (into.entries > maxEntries || into.files.length >= maxFiles) {
    throw tooMuch(path);
  }
  if (found.isDirectory()) {
    const entries: Dirent[] = await readdir(path, { withFileTypes: true });
    for (const entry of entries) {
      // Installed packages belong to what names them, and are not counted one by one.
      if (entry.name !== 'node_modules') {
        await collect(join(path, entry.name), word, into);
      }
    }
    return;
  }
  if (!found.isFile()) {
    throw new PatchbayError(
      'too_large',
      `${path} is not a plain file and cannot be looked through.`,
    );
  }
  if (found.size > maxFileBytes) {
    throw tooMuch(path);
  }
  if (word === undefined || mayHold(await readFile(path, 'utf8'), word)) {
    into.files.push(path);
  }
}

/** A word of JSON can be spelled with escapes, and opencode fills in `{file:…}` and `{env:…}` before it reads the text. */
function mayHold(text: string, word: string): boolean {
  return text.includes(word) || /\\u|\{(?:file|env):/i.test(text);
}

function tooMuch(path: string): PatchbayError {
  return new PatchbayError('too_large', `${path} is more than can be looked through.`);
}

function ignoreMissing(error: unknown): undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return undefined;
  }
  throw error;
}
