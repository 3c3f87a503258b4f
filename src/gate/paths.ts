import type { PathClass, PathProbe, WorkspaceRoots } from './contract';
import { readUri } from './fileUri';
import {
  classOf,
  isStricter,
  isWholeTree,
  relativeTo,
  type Classing,
  type PathUse,
} from './pathClass';
import { followLinks, noLinks, resolveLinks } from './pathLinks';
import { localPathProblem, pathProblem, withoutTrailingDots } from './pathProblem';
import type { CommandAnalyzer } from './shell/analyzer';
import {
  absolutePath,
  foldDots,
  formatPath,
  isAbsolutePath,
  joinPath,
  parsePath,
  platformBelow,
  syntaxOf,
  type ParsedPath,
} from './pathSyntax';
import { isProtectedName, isSecretName } from './sensitiveNames';

/** Where a path argument is looked at from. `cwd` is absolute; absent: the first workspace folder. */
export interface PathScope {
  readonly roots: WorkspaceRoots;
  readonly cwd?: string | undefined;
}

export interface PathContext extends PathScope {
  readonly probe: PathProbe;
  /** Takes commands apart; absent: no rule about a family of commands holds, so they ask. */
  readonly analyze?: CommandAnalyzer | undefined;
}

/**
 * `path` is absolute and normalised by names, below the folder as the editor names it where that is reached through a
 * link; `target` is where it really leads. For an invalid path both are the input.
 */
export interface ResolvedPath {
  readonly path: string;
  readonly target: string;
  readonly pathClass: PathClass;
  /** The target's place below its workspace folder, with `/`; '' for the folder itself; absent when it is in none. */
  readonly relative?: string;
}

/**
 * The absolute form of a path argument, by names only; undefined when it is no usable path or when it is relative and
 * there is no folder. In a workspace of several folders a path may begin with a folder's name.
 */
export function toAbsolutePath(input: string, scope: PathScope): string | undefined {
  const joined = joinToScope(input, scope);
  return joined === undefined
    ? undefined
    : formatPath(foldDots(joined), syntaxOf(scope.roots.platform));
}

/**
 * Resolves a path argument through links and classes it. Links of the nearest existing ancestor count, also dangling
 * ones. Where `..` follows a name, a kernel may end elsewhere than the names say: then the stricter of both counts. What
 * removes or renames a link changes the folder that the link lies in: that place counts too.
 * Never rejects: what cannot be resolved is `invalid`.
 */
export async function resolvePath(
  input: string,
  use: PathUse,
  context: PathContext,
): Promise<ResolvedPath> {
  const { platform } = context.roots;
  const joined = joinToScope(input, context);
  if (joined === undefined) {
    return await resolveUnusable(input, use, context);
  }
  const path = formatPath(foldDots(joined), syntaxOf(platform));
  const resolvedRoots = await resolveRoots(context);
  const roots = resolvedRoots.map(({ root }) => root);
  const folders = context.roots.folders.map((folder) => folder.path);
  const base = { path, use, roots, folders, platform };
  try {
    const targets = await targetsOf(joined, use, context);
    const found = targets.map((target) => toResolved({ ...base, target: target ?? path }, target));
    const strictest = found.reduce((a, b) => (isStricter(b.pathClass, a.pathClass) ? b : a));
    const named = asTheEditorNamesIt(strictest, resolvedRoots, context.roots);
    return (await holdsProtected(named, use, context))
      ? { ...named, pathClass: 'protected' }
      : named;
  } catch (error) {
    // Nobody can say where the path leads. What the names alone put outside asks there; all else is refused.
    const byNames = toResolved({ ...base, target: path }, path);
    const isForeign = isForbidden(error) && byNames.relative === undefined;
    return isForeign ? byNames : { path, target: path, pathClass: 'invalid' };
  }
}

/** The same for a URI, decoded once. One that is no file belongs to the workspace folders of the same origin, or is invalid. */
export async function resolveUri(
  uri: string,
  use: PathUse,
  context: PathContext,
): Promise<ResolvedPath> {
  const { roots } = context;
  const place = readUri(uri, syntaxOf(roots.platform));
  const invalid = { path: uri, target: uri, pathClass: 'invalid' } as const;
  switch (place.kind) {
    case 'unusable':
      return invalid;
    case 'file': {
      const folders = roots.folders.filter(({ origin }) => origin === undefined);
      return await resolvePath(place.path, use, { ...context, roots: { ...roots, folders } });
    }
    case 'elsewhere': {
      const folders = roots.folders.filter(({ origin }) => origin === place.origin);
      const inOrigin = { ...roots, folders, platform: 'posix' } as const;
      return folders.length === 0
        ? invalid
        : await resolvePath(place.path, use, { roots: inOrigin, probe: noLinks });
    }
  }
}

/** The stricter of two ends, for a call that touches both: a rename. */
export function stricterOf(one: ResolvedPath, other: ResolvedPath): ResolvedPath {
  return isStricter(other.pathClass, one.pathClass) ? other : one;
}

/** Shortest name for people and models: relative to its folder, with the folder's name where there are several. */
export function displayPath(path: string, roots: WorkspaceRoots): string {
  for (const folder of roots.folders) {
    const below = platformBelow(folder.path, path, roots.platform);
    if (below !== undefined) {
      const shown = roots.folders.length > 1 ? [folder.name, ...below] : below;
      return shown.length === 0 ? '.' : shown.join('/');
    }
  }
  return path;
}

/** True when the names alone say that reading this file asks first; for filtering what a search has found. */
export function isSecretPath(path: string, roots: WorkspaceRoots): boolean {
  return isSecretName(parsePath(path, syntaxOf(roots.platform)).segments, roots.platform);
}

function joinToScope(input: string, scope: PathScope): ParsedPath | undefined {
  const { folders, platform } = scope.roots;
  const syntax = syntaxOf(platform);
  if (pathProblem(input, platform) !== undefined && !isOnSharedFolder(input, scope)) {
    return undefined;
  }
  const segments = parsePath(input, syntax).segments;
  const named =
    folders.length > 1 && !isAbsolutePath(input, syntax)
      ? folders.find((folder) => folder.name === segments[0])
      : undefined;
  const base = scope.cwd ?? folders[0]?.path ?? '';
  const joined =
    named === undefined
      ? joinPath(base, input, syntax)
      : joinPath(named.path, segments.slice(1).join('/'), syntax);
  return joined.root === '' || pathTooLong(joined, scope) ? undefined : joined;
}

function pathTooLong(joined: ParsedPath, { roots }: PathScope): boolean {
  const path = formatPath(foldDots(joined), syntaxOf(roots.platform));
  return (localPathProblem(path, roots.platform) ?? '').startsWith('is longer');
}

/** A share is refused, except where a workspace folder lies on it. */
function isOnSharedFolder(input: string, { roots }: PathScope): boolean {
  if (roots.platform !== 'win32' || /^[\\/]{2}[?.][\\/]|^[\\/]{3}/.test(input)) {
    return false;
  }
  const path = absolutePath('', input, 'win32');
  return (
    localPathProblem(input, 'win32') === undefined &&
    roots.folders.some(
      (folder) =>
        /^[\\/]{2}/.test(folder.path) && platformBelow(folder.path, path, 'win32') !== undefined,
    )
  );
}

/** Names that Windows and Node take for different files are refused, unless one of both is a file that asks anyway. */
async function resolveUnusable(
  input: string,
  use: PathUse,
  context: PathContext,
): Promise<ResolvedPath> {
  const bare = context.roots.platform === 'win32' ? withoutTrailingDots(input) : undefined;
  if (bare !== undefined) {
    const resolved = await resolvePath(bare, use, context);
    if (resolved.pathClass === 'protected' || resolved.pathClass === 'secret') {
      return resolved;
    }
  }
  return { path: input, target: input, pathClass: 'invalid' };
}

interface ResolvedRoot {
  /** As the editor names it. */
  readonly folder: string;
  /** After its links. */
  readonly root: string;
}

/** The folders after their links. One that cannot be resolved holds nothing. */
async function resolveRoots({ roots, probe }: PathContext): Promise<readonly ResolvedRoot[]> {
  const syntax = syntaxOf(roots.platform);
  const resolved = await Promise.all(
    roots.folders.map(async ({ path, origin }) => {
      try {
        const names = foldDots(parsePath(path, syntax));
        const root = await resolveLinks(names, origin === undefined ? probe : noLinks, syntax);
        return root === undefined ? undefined : { folder: path, root };
      } catch {
        return undefined; // a path below it fails the same way and is refused
      }
    }),
  );
  return resolved.filter((root) => root !== undefined);
}

/**
 * An agent that works in a folder which is reached through a link says where it really is. The file has one name all the
 * same, that of the editor: by it its buffer, its pending edits and its changes are known.
 */
function asTheEditorNamesIt(
  resolved: ResolvedPath,
  resolvedRoots: readonly ResolvedRoot[],
  { folders, platform }: WorkspaceRoots,
): ResolvedPath {
  const { path, target, relative } = resolved;
  const isNamed = folders.some((folder) => platformBelow(folder.path, path, platform));
  if (isNamed || relative === undefined || path !== target) {
    return resolved;
  }
  const holder = resolvedRoots.find(
    ({ root }) => relativeTo([root], target, platform) === relative,
  );
  return holder === undefined
    ? resolved
    : { ...resolved, path: absolutePath(holder.folder, relative, syntaxOf(platform)) };
}

/** Every place that the use may touch; undefined for links without an end. */
async function targetsOf(
  joined: ParsedPath,
  use: PathUse,
  { roots, probe }: PathContext,
): Promise<readonly (string | undefined)[]> {
  const syntax = syntaxOf(roots.platform);
  const names = foldDots(joined);
  const targets = [await resolveLinks(names, probe, syntax)];
  if (joined.segments.includes('..')) {
    targets.push(await followLinks(joined, probe, syntax));
  }
  const last = names.segments.at(-1);
  if ((use === 'delete' || use === 'move') && last !== undefined) {
    const parent = { root: names.root, segments: names.segments.slice(0, -1) };
    const folder = await resolveLinks(parent, probe, syntax);
    targets.push(folder === undefined ? undefined : absolutePath(folder, last, syntax));
  }
  return targets;
}

function toResolved(classing: Classing, target: string | undefined): ResolvedPath {
  const { path, roots, platform } = classing;
  if (target === undefined) {
    return { path, target: path, pathClass: 'invalid' };
  }
  const relative = relativeTo(roots, target, platform);
  return {
    path,
    target,
    pathClass: classOf(classing),
    ...(relative === undefined ? {} : { relative }),
  };
}

/**
 * True for a folder that goes, moves or is unpacked into while something protected lies in it, however deep. Where there
 * is more than can be looked through, or nobody can look, it counts as held.
 */
async function holdsProtected(
  { pathClass, target }: ResolvedPath,
  use: PathUse,
  { roots, probe }: PathContext,
): Promise<boolean> {
  if (pathClass !== 'inside' || !isWholeTree(use) || (await probe.realPath(target)) === undefined) {
    return false;
  }
  const { platform } = roots;
  const syntax = syntaxOf(platform);
  const todo = [target];
  let count = 0;
  for (const folder of todo) {
    const entries = await probe.entriesOf(folder).catch(() => undefined);
    count += entries?.length ?? 0;
    if (entries === undefined || count > maxHeldEntries || todo.length > maxHeldFolders) {
      return true;
    }
    for (const { name, isFolder } of entries) {
      const path = absolutePath(folder, name, syntax);
      // No folder above is protected, or this one would be.
      if (isProtectedName(parsePath(path, syntax).segments.slice(-longestPattern), platform)) {
        return true;
      }
      if (isFolder) {
        todo.push(path);
      }
    }
  }
  return false;
}

const maxHeldEntries = 2000;
const maxHeldFolders = 300;
/** Names that follow each other in the longest entry of the list of protected names. */
const longestPattern = 3;

function isForbidden(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EACCES' || code === 'EPERM';
}
