import type { WorkspaceRoots } from './contract';

/**
 * Path arithmetic for both families, without the file system: the core runs where `node:path` is not allowed, and a
 * window on one platform may look at files of another.
 */
export type PathSyntax = 'posix' | 'win32';

/** Whose rules a path follows; macOS has the syntax of POSIX and other ideas about sameness. */
export type Platform = WorkspaceRoots['platform'];

/** `root` is '' for a relative path, else `/`, `C:\`, `\` (current drive) or `\\` (a share). Segments keep `..`, not `.`. */
export interface ParsedPath {
  readonly root: string;
  readonly segments: readonly string[];
}

export function syntaxOf(platform: Platform): PathSyntax {
  return platform === 'win32' ? 'win32' : 'posix';
}

export function parsePath(path: string, syntax: PathSyntax): ParsedPath {
  if (syntax === 'posix') {
    return { root: path.startsWith('/') ? '/' : '', segments: toSegments(path, /\/+/) };
  }
  const plain = path.replace(/^[\\/]{2}[?.][\\/](?=[A-Za-z]:)/, '');
  const drive = /^([A-Za-z]):[\\/]/.exec(plain)?.[1];
  if (drive !== undefined) {
    return { root: `${drive.toUpperCase()}:\\`, segments: toSegments(plain.slice(3), /[\\/]+/) };
  }
  const root = /^[\\/]{2}/.test(plain) ? '\\\\' : /^[\\/]/.test(plain) ? '\\' : '';
  return { root, segments: toSegments(plain, /[\\/]+/) };
}

export function formatPath(parsed: ParsedPath, syntax: PathSyntax): string {
  return parsed.root + parsed.segments.join(syntax === 'posix' ? '/' : '\\');
}

export function isAbsolutePath(path: string, syntax: PathSyntax): boolean {
  return parsePath(path, syntax).root !== '';
}

/** Joins without folding `..`; an absolute second path wins. A rooted Windows path keeps the drive of `base`. */
export function joinPath(base: string, path: string, syntax: PathSyntax): ParsedPath {
  const child = parsePath(path, syntax);
  const parent = parsePath(base, syntax);
  if (child.root === '') {
    return { root: parent.root, segments: [...parent.segments, ...child.segments] };
  }
  return child.root === '\\' && parent.root.length === 3
    ? { root: parent.root, segments: child.segments }
    : child;
}

/** Folds `..` by names, never above the root. */
export function foldDots(parsed: ParsedPath): ParsedPath {
  const segments: string[] = [];
  for (const segment of parsed.segments) {
    if (segment === '..') {
      segments.pop();
    } else {
      segments.push(segment);
    }
  }
  return { root: parsed.root, segments };
}

/** Absolute and normalised by names: what the gate, the cache, the tool and the hooks all see. */
export function absolutePath(base: string, path: string, syntax: PathSyntax): string {
  return formatPath(foldDots(joinPath(base, path, syntax)), syntax);
}

/**
 * The segments of `path` below `folder`; empty for the folder itself, undefined when it is not inside. Compared by
 * segments, letter by letter; `platformBelow` compares as a platform's usual file system does.
 */
export function segmentsBelow(
  folder: string,
  path: string,
  syntax: PathSyntax,
): readonly string[] | undefined {
  return below(parsePath(folder, syntax), parsePath(path, syntax), (name) => name);
}

export function isSameOrBelow(folder: string, path: string, syntax: PathSyntax): boolean {
  return segmentsBelow(folder, path, syntax) !== undefined;
}

/**
 * Like `segmentsBelow`, for what the platform takes for the same place: without letter case on Windows and macOS, there
 * also without the form of a letter's accents, and with the two names that macOS itself has for some folders.
 */
export function platformBelow(
  folder: string,
  path: string,
  platform: Platform,
): readonly string[] | undefined {
  const syntax = syntaxOf(platform);
  const outer = onePlace(parsePath(folder, syntax), platform);
  const inner = onePlace(parsePath(path, syntax), platform);
  return below(outer, inner, nameForms[platform]);
}

function below(
  outer: ParsedPath,
  inner: ParsedPath,
  toForm: (name: string) => string,
): readonly string[] | undefined {
  const isInside =
    outer.root !== '' &&
    outer.root === inner.root &&
    outer.segments.length <= inner.segments.length &&
    outer.segments.every((name, index) => toForm(name) === toForm(inner.segments[index] ?? ''));
  return isInside ? inner.segments.slice(outer.segments.length) : undefined;
}

const nameForms: Readonly<Record<Platform, (name: string) => string>> = {
  posix: (name) => name,
  win32: upperCase,
  darwin: (name) => upperCase(name.normalize('NFD')),
};

/** Only pairs of one capital and one small letter: a file system keeps `ß` and `SS`, `ı` and `I` apart. */
function upperCase(name: string): string {
  return Array.from(name, (letter) => {
    const upper = letter.toUpperCase();
    return upper.toLowerCase() === letter ? upper : letter;
  }).join('');
}

/** macOS: `/tmp`, `/var` and `/etc` are links into `/private`, and the data volume is seen twice. */
function onePlace(path: ParsedPath, platform: Platform): ParsedPath {
  if (platform !== 'darwin' || path.root !== '/') {
    return path;
  }
  const plain = path.segments.map(nameForms.darwin);
  const start = ['SYSTEM', 'VOLUMES', 'DATA'].every((name, index) => plain[index] === name) ? 3 : 0;
  const isPrivate =
    plain[start] === 'PRIVATE' && ['TMP', 'VAR', 'ETC'].includes(plain[start + 1] ?? '');
  return { root: '/', segments: path.segments.slice(isPrivate ? start + 1 : start) };
}

function toSegments(path: string, separator: RegExp): readonly string[] {
  return path.split(separator).filter((segment) => segment !== '' && segment !== '.');
}
