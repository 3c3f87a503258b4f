import { platformBelow, syntaxOf, type Platform } from './pathSyntax';
import { hasForbiddenPathCharacters } from './visible';

/**
 * Why a text cannot be used as a path at all, in words that fit behind "the path"; undefined when it can. Looks at the
 * text only. A path is not a URI: nothing is decoded, `~` and variables are ordinary names.
 */
export function pathProblem(path: string, platform: Platform): string | undefined {
  return /^[\\/]{2}/.test(path)
    ? 'names a network share or a device'
    : localPathProblem(path, platform);
}

/** The same for a path that may name a share, because a workspace folder lies on that share. */
export function localPathProblem(path: string, platform: Platform): string | undefined {
  if (path.trim() === '') {
    return 'is empty';
  }
  if (hasForbiddenPathCharacters(path)) {
    return 'contains control or direction characters';
  }
  if (sizeOf(path, platform) >= maxPathSize) {
    return `is longer than ${maxPathSize - 1} ${unitOf(platform)}`;
  }
  if (/^[a-z][a-z0-9+.-]+:[\\/]/i.test(path)) {
    return 'is a URI; give a plain path';
  }
  const segments = path.split(syntaxOf(platform) === 'win32' ? /[\\/]+/ : /\/+/);
  if (segments.some((segment) => sizeOf(segment, platform) > maxSegmentSize)) {
    return `has a name longer than ${maxSegmentSize} ${unitOf(platform)}`;
  }
  switch (platform) {
    case 'win32':
      return windowsProblem(path, segments);
    case 'darwin':
      return segments.some((segment) => segment.toLowerCase() === '..namedfork')
        ? 'names a resource fork'
        : undefined;
    case 'posix':
      return undefined;
  }
}

/** True for device files: reading one may hang, writing one may destroy. `/dev/shm` holds ordinary files. */
export function isDevicePath(target: string, platform: Platform): boolean {
  if (platform === 'win32') {
    return false;
  }
  const [first] = platformBelow('/dev', target, platform) ?? [];
  return first !== undefined && first !== 'shm';
}

/**
 * Windows drops dots and blanks at the end of a name, Node does not: `.git.` is two files. Without them, or undefined
 * when the path has none.
 */
export function withoutTrailingDots(path: string): string | undefined {
  const bare = path.replace(/[^\\/]+/g, (name) =>
    /^[. ]*$/.test(name) ? name : name.replace(/[. ]+$/, ''),
  );
  return bare === path ? undefined : bare;
}

/** The words for an effect whose path was classed invalid; the platform is not known there, so both are tried. */
export function invalidPathReason(path: string): string {
  const problem = pathProblem(path, 'posix') ?? pathProblem(path, 'win32');
  if (problem !== undefined) {
    return `the path ${problem}`;
  }
  return isDevicePath(path, 'posix')
    ? 'the path names a device'
    : 'the path cannot be resolved in this workspace';
}

/** What Linux takes: 4096 bytes with the NUL at the end, 255 bytes a name. Windows counts UTF-16 units. */
const maxPathSize = 4096;
const maxSegmentSize = 255;

function sizeOf(text: string, platform: Platform): number {
  return platform === 'win32' || text.length > maxPathSize
    ? text.length
    : new TextEncoder().encode(text).length;
}

function unitOf(platform: Platform): string {
  return platform === 'win32' ? 'characters' : 'bytes';
}

function windowsProblem(path: string, segments: readonly string[]): string | undefined {
  const rest = path.replace(/^[A-Za-z]:(?=[\\/])/, '');
  if (rest.includes(':')) {
    return 'names a data stream or lacks a separator after the drive';
  }
  if (/[<>"|?*]/.test(rest)) {
    return 'contains a character that Windows does not allow';
  }
  if (segments.some((segment) => reservedNames.test(segment))) {
    return 'names a device';
  }
  return segments.some((segment) => !/^\.{0,2}$/.test(segment) && /[. ]$/.test(segment))
    ? 'has a name that ends with a dot or a blank'
    : undefined;
}

const reservedNames = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])([ .]*|[ ]*\..*)$/i;
