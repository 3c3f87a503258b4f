import type { PathClass, PathProbe, WorkspaceRoots } from './contract';
import type { CommandAnalyzer } from './shell/contract';
import { isDevicePath, pathProblem } from './pathProblem';
import {
  absolutePath,
  foldDots,
  formatPath,
  isAbsolutePath,
  joinPath,
  parsePath,
  segmentsBelow,
  syntaxOf,
  type ParsedPath,
  type PathSyntax,
} from './pathSyntax';
import { isProtectedName, isRepositoryMetadata, isSecretName } from './sensitiveNames';

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

/** `path` is absolute and normalised by names; `target` is where it really leads. For an invalid path both are the input. */
export interface ResolvedPath {
  readonly path: string;
  readonly target: string;
  readonly pathClass: PathClass;
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
 * ones. Where `..` follows a name, a kernel may end elsewhere than the names say: then the stricter of both counts.
 * Never rejects: what cannot be resolved is `invalid`.
 */
export async function resolvePath(
  input: string,
  use: 'read' | 'write',
  context: PathContext,
): Promise<ResolvedPath> {
  const syntax = syntaxOf(context.roots.platform);
  const joined = joinToScope(input, context);
  if (joined === undefined) {
    return { path: input, target: input, pathClass: 'invalid' };
  }
  const path = formatPath(foldDots(joined), syntax);
  try {
    const roots = await Promise.all(
      context.roots.folders.map((folder) => resolveRoot(folder.path, context.probe, syntax)),
    );
    const folders = context.roots.folders.map((folder) => folder.path);
    const toClass = (target: string | undefined): PathClass =>
      target === undefined ? 'invalid' : classOf({ path, target, use, roots, folders, syntax });
    const byNames = await resolveTarget(parsePath(path, syntax), context.probe, syntax);
    const byKernel = joined.segments.includes('..')
      ? await followLinks(joined, context.probe, syntax)
      : byNames;
    const isKernelStricter =
      strictness.indexOf(toClass(byKernel)) > strictness.indexOf(toClass(byNames));
    const target = isKernelStricter ? byKernel : byNames;
    return { path, target: target ?? path, pathClass: toClass(target) };
  } catch {
    // A probe that fails says nothing about where the path leads; the gate refuses what it cannot see.
    return { path, target: path, pathClass: 'invalid' };
  }
}

/** Shortest name for people and models: relative to its folder, with the folder's name where there are several. */
export function displayPath(path: string, roots: WorkspaceRoots): string {
  const syntax = syntaxOf(roots.platform);
  for (const folder of roots.folders) {
    const below = segmentsBelow(folder.path, path, syntax);
    if (below !== undefined) {
      const shown = roots.folders.length > 1 ? [folder.name, ...below] : below;
      return shown.length === 0 ? '.' : shown.join('/');
    }
  }
  return path;
}

/** True when the names alone say that reading this file asks first; for filtering what a search has found. */
export function isSecretPath(path: string, roots: WorkspaceRoots): boolean {
  return isSecretName(parsePath(path, syntaxOf(roots.platform)).segments);
}

// Two classes that ask are told apart only by their words; `invalid` is refused.
const strictness: readonly PathClass[] = ['inside', 'outside', 'protected', 'secret', 'invalid'];
const maxLinks = 40;

function joinToScope(input: string, scope: PathScope): ParsedPath | undefined {
  const syntax = syntaxOf(scope.roots.platform);
  if (pathProblem(input, syntax) !== undefined) {
    return undefined;
  }
  if (isAbsolutePath(input, syntax)) {
    return joinPath(scope.cwd ?? scope.roots.folders[0]?.path ?? '', input, syntax);
  }
  const segments = parsePath(input, syntax).segments;
  const named =
    scope.roots.folders.length > 1
      ? scope.roots.folders.find((folder) => folder.name === segments[0])
      : undefined;
  if (named !== undefined) {
    const folder = parsePath(named.path, syntax);
    return { root: folder.root, segments: [...folder.segments, ...segments.slice(1)] };
  }
  const base = scope.cwd ?? scope.roots.folders[0]?.path;
  return base === undefined ? undefined : joinPath(base, input, syntax);
}

async function resolveRoot(path: string, probe: PathProbe, syntax: PathSyntax): Promise<string> {
  const real = await probe.realPath(path);
  return absolutePath(path, real ?? path, syntax);
}

async function resolveTarget(
  path: ParsedPath,
  probe: PathProbe,
  syntax: PathSyntax,
): Promise<string | undefined> {
  const real = await probe.realPath(formatPath(path, syntax));
  return real === undefined
    ? await followLinks(path, probe, syntax)
    : absolutePath(real, real, syntax);
}

/** Walks as a kernel does, link by link; then takes the file system's own spelling of the nearest existing ancestor. */
async function followLinks(
  path: ParsedPath,
  probe: PathProbe,
  syntax: PathSyntax,
): Promise<string | undefined> {
  let walked: ParsedPath = { root: path.root, segments: [] };
  const pending = [...path.segments];
  let linkCount = 0;
  for (let segment = pending.shift(); segment !== undefined; segment = pending.shift()) {
    const next = foldDots({ root: walked.root, segments: [...walked.segments, segment] });
    const link = segment === '..' ? undefined : await probe.readLink(formatPath(next, syntax));
    if (link === undefined) {
      walked = next;
      continue;
    }
    linkCount += 1;
    if (linkCount > maxLinks) {
      return undefined;
    }
    const goal = joinPath(walked.root, link, syntax);
    pending.unshift(...goal.segments);
    walked = isAbsolutePath(link, syntax) ? { root: goal.root, segments: [] } : walked;
  }
  return await spellAsOnDisk(walked, probe, syntax);
}

async function spellAsOnDisk(
  path: ParsedPath,
  probe: PathProbe,
  syntax: PathSyntax,
): Promise<string> {
  for (let count = path.segments.length; count > 0; count--) {
    const real = await probe.realPath(
      formatPath({ root: path.root, segments: path.segments.slice(0, count) }, syntax),
    );
    if (real !== undefined) {
      const parsed = parsePath(real, syntax);
      return formatPath(
        { root: parsed.root, segments: [...parsed.segments, ...path.segments.slice(count)] },
        syntax,
      );
    }
  }
  return formatPath(path, syntax);
}

interface Classing {
  readonly path: string;
  readonly target: string;
  readonly use: 'read' | 'write';
  /** The workspace folders after links, and as the editor names them. */
  readonly roots: readonly string[];
  readonly folders: readonly string[];
  readonly syntax: PathSyntax;
}

function classOf(classing: Classing): PathClass {
  const { path, target, use, roots, folders, syntax } = classing;
  const belowRoots = roots
    .map((root) => segmentsBelow(root, target, syntax))
    .filter((below) => below !== undefined);
  if (belowRoots.length === 0 && isDevicePath(target, syntax)) {
    return 'invalid';
  }
  const targetNames = parsePath(target, syntax).segments;
  const pathNames = parsePath(path, syntax).segments;
  if (use === 'read' && (isSecretName(pathNames) || isSecretName(targetNames))) {
    return 'secret';
  }
  if (use === 'write') {
    const belowFolders = folders
      .map((folder) => segmentsBelow(folder, path, syntax))
      .filter((below) => below !== undefined);
    // Names above a workspace folder are the user's choice of a place, not the call's; repository metadata counts everywhere.
    const candidates = [
      ...(belowRoots.length === 0 ? [targetNames] : belowRoots),
      ...(belowFolders.length === 0 ? [pathNames] : belowFolders),
    ];
    if (
      isRepositoryMetadata(targetNames) ||
      isRepositoryMetadata(pathNames) ||
      candidates.some(isProtectedName)
    ) {
      return 'protected';
    }
  }
  return belowRoots.length === 0 ? 'outside' : 'inside';
}
