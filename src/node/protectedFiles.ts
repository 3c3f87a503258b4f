import { readdir, readlink } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { Dirent } from 'node:fs';
import type { ProtectedFiles, ProtectedListing } from '../tools/changeWatch';
import { gitDirectories } from './gitDirectories';

export interface ProtectedFileLimits {
  /** Folders that are looked into. */
  readonly folders: number;
  readonly entries: number;
  /** Files below one protected folder. */
  readonly filesPerFolder: number;
}

export interface ProtectedFilesOptions {
  /** By the names below the workspace folder alone: what is above it says nothing about this file. */
  readonly isProtected: (names: readonly string[]) => boolean;
  readonly limits?: ProtectedFileLimits;
}

const defaultLimits: ProtectedFileLimits = { folders: 1000, entries: 20_000, filesPerFolder: 300 };

/**
 * The protected files of a folder, whatever ignore files say: editor, agent and package manager configuration, and of the
 * repository's own folder what makes git run something. Breadth first and bounded; follows no link, and names those
 * that stand in the place of a protected file. Packages and caches are left out: nothing of them is configuration here.
 */
export class ProtectedFileWalk implements ProtectedFiles {
  /** Names never change what they mean; the same ones are looked at again after every command. */
  private readonly judged = new Map<string, boolean>();

  constructor(private readonly options: ProtectedFilesOptions) {}

  async list(folder: string, signal: AbortSignal): Promise<ProtectedListing> {
    const walk = new Walk(folder, this.options.limits ?? defaultLimits, signal);
    const todo: (readonly string[])[] = [[]];
    for (const names of todo) {
      for (const entry of await walk.read(names)) {
        const here = [...names, entry.name];
        const kept = repositoryFolders.get(entry.name.toLowerCase());
        if (kept !== undefined && entry.isDirectory()) {
          await listRepository(walk, here, kept);
        } else if (this.isProtected(here)) {
          await listAll(walk, here, entry);
        } else if (entry.isDirectory() && entry.name !== 'node_modules') {
          todo.push(here);
        }
      }
    }
    return await this.withRepository(folder, walk.listing(), signal);
  }

  /** The folder may be part of a repository whose hooks and configuration lie elsewhere. */
  private async withRepository(
    folder: string,
    listing: ProtectedListing,
    signal: AbortSignal,
  ): Promise<ProtectedListing> {
    const paths = [...listing.paths];
    const links = new Map(listing.links);
    const elsewhere: string[] = [];
    let { isComplete } = listing;
    for (const directory of await gitDirectories(folder)) {
      const walk = new Walk(directory, this.options.limits ?? defaultLimits, signal);
      await listRepository(walk, [], gitFiles);
      const found = walk.listing();
      const from = relative(folder, directory).split(sep).join('/');
      if (isAbsolute(from)) {
        isComplete = false; // another drive: no path leads there from the folder
        continue;
      }
      elsewhere.push(directory);
      isComplete &&= found.isComplete;
      paths.push(...found.paths.map((path) => `${from}/${path}`));
      found.links.forEach((target, path) => links.set(`${from}/${path}`, target));
    }
    return { paths: [...new Set(paths)], links, isComplete, elsewhere };
  }

  /** No folder above is protected, so only the last names can make it so. */
  private isProtected(names: readonly string[]): boolean {
    const last = names.slice(-longestPattern);
    const key = last.join('/');
    const known = this.judged.get(key);
    if (known !== undefined) {
      return known;
    }
    if (this.judged.size >= maxJudged) {
      this.judged.clear();
    }
    const isProtected = this.options.isProtected(last);
    this.judged.set(key, isProtected);
    return isProtected;
  }
}

/** Names that follow each other in the longest entry of the gate's list. */
const longestPattern = 3;
const maxJudged = 50_000;

/** What of a repository's own folder decides what runs; all else of it changes with every command of its user. */
const gitFiles: readonly string[] = [
  'config',
  'config.worktree',
  'commondir',
  'hooks',
  'info/attributes',
  'info/exclude',
];
const repositoryFolders: ReadonlyMap<string, readonly string[]> = new Map([
  ['.git', gitFiles],
  ['.hg', ['hgrc', 'hgrc-not-shared']],
  ['.jj', ['repo/config.toml']],
  ['.svn', []],
  ['.bzr', []],
]);

/** Below a protected folder: what programs put there for themselves, and whole working copies. */
const stateFolders: ReadonlySet<string> = new Set(
  'node_modules worktrees cache caches .cache unplugged install-state.gz'.split(' '),
);
/** Folders of a build or an editor whose own configuration lies directly in them, and state below. */
const flatFolders: ReadonlySet<string> = new Set(['.gradle', '.vs']);

async function listRepository(
  walk: Walk,
  names: readonly string[],
  wanted: readonly string[],
): Promise<void> {
  const entries = await walk.read(names);
  const find = (name: string, among = entries): Dirent | undefined =>
    among.find((entry) => entry.name === name);
  for (const path of wanted) {
    const [first = '', second] = path.split('/');
    const entry = find(first);
    if (entry === undefined) {
      continue;
    }
    if (second === undefined) {
      await listAll(walk, [...names, first], entry);
    } else if (entry.isDirectory()) {
      const inner = find(second, await walk.read([...names, first]));
      await (inner === undefined ? undefined : walk.add([...names, first, second], inner));
    }
  }
  // A submodule's repository lies in that of the one above it, under a name that may be a path.
  const inner = find('modules')?.isDirectory() === true ? [[...names, 'modules']] : [];
  for (const holder of inner) {
    for (const entry of await walk.read(holder)) {
      const here = [...holder, entry.name];
      if (entry.isDirectory() && here.length <= names.length + maxModuleDepth) {
        const isRepository = (await walk.read(here)).some(({ name }) => name === 'HEAD');
        await (isRepository ? listRepository(walk, here, wanted) : inner.push(here));
      }
    }
  }
}

const maxModuleDepth = 6;

/** A protected file, or every file below a protected folder. */
async function listAll(walk: Walk, names: readonly string[], top: Dirent): Promise<void> {
  if (!top.isDirectory()) {
    await walk.add(names, top);
    return;
  }
  let count = 0;
  const todo = [names];
  for (const folder of todo) {
    for (const entry of await walk.read(folder)) {
      const here = [...folder, entry.name];
      if (stateFolders.has(entry.name.toLowerCase())) {
        continue;
      }
      if (entry.isDirectory()) {
        if (!flatFolders.has(top.name.toLowerCase())) {
          todo.push(here);
        }
      } else if (count >= walk.limits.filesPerFolder) {
        walk.cut();
        return;
      } else {
        count += 1;
        await walk.add(here, entry);
      }
    }
  }
}

/** One listing: what was found, and how much may still be looked at. */
class Walk {
  private readonly paths: string[] = [];
  private readonly links = new Map<string, string>();
  private folders = 0;
  private entries = 0;
  private isComplete = true;

  constructor(
    private readonly root: string,
    readonly limits: ProtectedFileLimits,
    private readonly signal: AbortSignal,
  ) {}

  listing(): ProtectedListing {
    const { paths, links, isComplete } = this;
    return { paths, links, isComplete, elsewhere: [] };
  }

  cut(): void {
    this.isComplete = false;
  }

  /** By name; nothing when the bounds are reached, or where nothing can be read. */
  async read(names: readonly string[]): Promise<readonly Dirent[]> {
    const isOver =
      this.folders >= this.limits.folders ||
      this.entries >= this.limits.entries ||
      this.signal.aborted;
    if (isOver) {
      this.cut();
      return [];
    }
    this.folders += 1;
    const found = await readdir(join(this.root, ...names), { withFileTypes: true }).catch(() => []); // no permission, or gone: nothing of it can be followed
    this.entries += found.length;
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async add(names: readonly string[], entry: Dirent): Promise<void> {
    const path = names.join('/');
    if (entry.isFile()) {
      this.paths.push(path);
    } else if (entry.isSymbolicLink()) {
      const leadsTo = await readlink(join(this.root, ...names)).catch(() => ''); // gone in this moment
      this.links.set(path, leadsTo);
    }
  }
}
