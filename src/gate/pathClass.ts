import type { PathClass, WorkspaceRoots } from './contract';
import { isDevicePath } from './pathProblem';
import { parsePath, platformBelow, syntaxOf, type Platform } from './pathSyntax';
import { isProtectedName, isSecretName, mayHoldProtectedName } from './sensitiveNames';

/**
 * What is done with a path. `move`: the end that a rename takes away (the new name is a `write`). `extract`: an archive
 * is unpacked into it, which may write anything below. `put`: something that is there already comes to lie
 * in it, or gets its name.
 */
export type PathUse = 'read' | 'write' | 'delete' | 'move' | 'extract' | 'put';

export interface Classing {
  /** Absolute, by names only. */
  readonly path: string;
  /** Where it really leads. */
  readonly target: string;
  readonly use: PathUse;
  /** The workspace folders after links, and as the editor names them. */
  readonly roots: readonly string[];
  readonly folders: readonly string[];
  readonly platform: Platform;
}

/** The class of a usable path. Where several fit: invalid, then secret or protected, then outside, then inside. */
export function classOf(classing: Classing): PathClass {
  const { path, target, use, roots, folders, platform } = classing;
  if (isDevicePath(target, platform) || isDevicePath(path, platform)) {
    return 'invalid';
  }
  const syntax = syntaxOf(platform);
  const names = [path, target].map((place) => parsePath(place, syntax).segments);
  if (use !== 'read') {
    const isProtected =
      [namesIn(path, folders, platform), namesIn(target, roots, platform)].some((segments) =>
        isProtectedName(segments, platform),
      ) ||
      (use === 'put' && names.some((segments) => mayHoldProtectedName(segments))) ||
      (isWholeTree(use) &&
        roots.some((root) => platformBelow(target, root, platform)) &&
        isInside());
    if (isProtected) {
      return 'protected';
    }
  }
  // A secret file that gets another name can be read under it.
  if (
    (use === 'read' || use === 'move') &&
    names.some((segments) => isSecretName(segments, platform))
  ) {
    return 'secret';
  }
  return isInside() ? 'inside' : 'outside';

  function isInside(): boolean {
    return (
      roots.some((root) => platformBelow(root, target, platform) !== undefined) &&
      !isOfProcess(path, platform)
    );
  }
}

/** What such a use does to a folder, it does to everything below. */
export function isWholeTree(use: PathUse): boolean {
  return use === 'delete' || use === 'move' || use === 'extract';
}

/** The higher one counts where two ways or two ends of a call differ. */
export function isStricter(one: PathClass, other: PathClass): boolean {
  return strictness.indexOf(one) > strictness.indexOf(other);
}

/** The target's place below the innermost workspace folder, with `/`; undefined in none. `roots` after links. */
export function relativeTo(
  roots: readonly string[],
  target: string,
  platform: WorkspaceRoots['platform'],
): string | undefined {
  return roots
    .map((root) => platformBelow(root, target, platform))
    .filter((names) => names !== undefined)
    .sort((a, b) => a.length - b.length)[0]
    ?.join('/');
}

const strictness: readonly PathClass[] = ['inside', 'outside', 'protected', 'secret', 'invalid'];

/** Links below `/proc/<id>` lead elsewhere for each process: what we see there says nothing about another. */
function isOfProcess(path: string, platform: Platform): boolean {
  return platform === 'posix' && platformBelow('/proc', path, platform) !== undefined;
}

/**
 * Agents keep whole working copies in their own folders, `.claude/worktrees/fix`. Where such a copy is the workspace
 * folder, the names above it are no configuration of an agent; all other names count, above a workspace folder too.
 */
function namesIn(path: string, folders: readonly string[], platform: Platform): readonly string[] {
  const { segments } = parsePath(path, syntaxOf(platform));
  const belowCopy = folders
    .filter((folder) => isWorkingCopy.test(folder))
    .map((folder) => platformBelow(folder, path, platform))
    .filter((names) => names !== undefined)
    .sort((a, b) => a.length - b.length)[0];
  return belowCopy === undefined
    ? segments
    : [...segments.slice(0, -belowCopy.length - 3), ...belowCopy];
}

const isWorkingCopy = /[\\/]\.(?:claude|codex|cursor)[\\/]worktrees[\\/][^\\/]+[\\/]*$/i;
