import { segmentsBelow, type PathSyntax } from './pathSyntax';
import { hasForbiddenPathCharacters } from './visible';

/**
 * Why a text cannot be used as a path at all, in words that fit behind "the path"; undefined when it can. Looks at the
 * text only. A path is not a URI: nothing is decoded, `~` and variables are ordinary names.
 */
export function pathProblem(path: string, syntax: PathSyntax): string | undefined {
  if (path.trim() === '') {
    return 'is empty';
  }
  if (hasForbiddenPathCharacters(path)) {
    return 'contains control or direction characters';
  }
  if (path.length > maxPathChars) {
    return `is longer than ${maxPathChars} characters`;
  }
  if (/^[\\/]{2}/.test(path)) {
    return 'names a network share or a device';
  }
  if (/^[a-z][a-z0-9+.-]+:[\\/]/i.test(path)) {
    return 'is a URI; give a plain path';
  }
  const segments = path.split(syntax === 'win32' ? /[\\/]+/ : /\/+/);
  if (segments.some((segment) => segment.length > maxSegmentChars)) {
    return `has a name longer than ${maxSegmentChars} characters`;
  }
  return syntax === 'win32' ? windowsProblem(path, segments) : undefined;
}

/** True for device files: reading one may hang, writing one may destroy. */
export function isDevicePath(target: string, syntax: PathSyntax): boolean {
  return syntax === 'posix' && segmentsBelow('/dev', target, syntax) !== undefined;
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

const maxPathChars = 4096;
const maxSegmentChars = 255;

function windowsProblem(path: string, segments: readonly string[]): string | undefined {
  const rest = path.replace(/^[A-Za-z]:(?=[\\/])/, '');
  if (rest.includes(':')) {
    return 'names a data stream or lacks a separator after the drive';
  }
  if (/[<>"|?*]/.test(rest)) {
    return 'contains a character that Windows does not allow';
  }
  if (segments.some((segment) => !/^\.{0,2}$/.test(segment) && /[. ]$/.test(segment))) {
    return 'has a name that ends with a dot or a blank';
  }
  return segments.some((segment) => reservedNames.test(segment)) ? 'names a device' : undefined;
}

const reservedNames = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])( *\..*)?$/i;
