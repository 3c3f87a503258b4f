import type { Platform } from './pathSyntax';
import { foldName } from './visible';

/**
 * A table of names. `*` stands for any run of characters in one name and `a/b` for names one after the other. Names are
 * compared folded: case, width, ignorable characters.
 */
export interface NameTable {
  readonly patterns: readonly Pattern[];
  /** By their last name, where that has no `*`. */
  readonly byLastName: ReadonlyMap<string, readonly Pattern[]>;
  /** The others. */
  readonly starred: readonly Pattern[];
}

type Pattern = readonly NamePattern[];

interface NamePattern {
  readonly text: string;
  readonly regex: RegExp;
}

export function nameTable(text: string): NameTable {
  const entries = text.trim().split(/\s+/).map(foldName);
  const patterns = entries.map((entry): Pattern =>
    entry.split('/').map((name) => {
      const plain = name.replaceAll('+', ' '); // a blank in a name
      return { text: plain, regex: toRegex(plain) };
    }),
  );
  const byLastName = new Map<string, Pattern[]>();
  const starred: Pattern[] = [];
  for (const pattern of patterns) {
    const last = pattern.at(-1)?.text ?? '*';
    const known = byLastName.get(last) ?? [];
    known.push(pattern);
    if (last.includes('*')) {
      starred.push(pattern);
    } else {
      byLastName.set(last, known);
    }
  }
  return { patterns, byLastName, starred };
}

/** True when the table fits names one after the other: anywhere, or those at the end. */
export function fitsTable(
  names: readonly string[],
  table: NameTable,
  where: 'any' | 'end',
  platform: Platform,
): boolean {
  const folded = names.map(foldName);
  const fitsName = (pattern: NamePattern | undefined, name: string): boolean =>
    pattern !== undefined &&
    (pattern.regex.test(name) || (platform === 'win32' && isShortNameOf(name, pattern.text)));
  const fitsAt = (pattern: Pattern, end: number): boolean =>
    pattern.length <= end + 1 &&
    pattern.every((part, offset) =>
      fitsName(part, folded[end + 1 - pattern.length + offset] ?? ''),
    );
  return folded.some((name, end) => {
    if (where === 'end' && end + 1 !== folded.length) {
      return false;
    }
    const isShort = platform === 'win32' && name.includes('~');
    return (
      (isShort ? table.patterns : (table.byLastName.get(name) ?? [])).some((pattern) =>
        fitsAt(pattern, end),
      ) || table.starred.some((pattern) => fitsAt(pattern, end))
    );
  });
}

/** True when the last names are the beginning of an entry of several: what comes to lie below may fit it. */
export function beginsInTable(names: readonly string[], table: NameTable): boolean {
  const folded = names.map(foldName);
  return table.patterns.some((pattern) =>
    pattern.some((_, at) => {
      const length = at + 1;
      return (
        length < pattern.length &&
        length <= folded.length &&
        pattern
          .slice(0, length)
          .every(({ regex }, offset) => regex.test(folded[folded.length - length + offset] ?? ''))
      );
    }),
  );
}

/**
 * True when `name` may be the short name that Windows made for a name of this pattern: `GIT~1` for `.git`, `DOCKER~1.YML`
 * for `docker-compose.yml`; after four of a kind two letters and a checksum, `GI7EBA~1`. Nobody can tell by the name alone,
 * so what may be is taken for it.
 */
function isShortNameOf(name: string, pattern: string): boolean {
  const short = /^([^.~]{1,6})~\d{1,6}(?:\.([^.]{1,3}))?$/.exec(name);
  if (short === null) {
    return false;
  }
  const [, stem = '', extension = ''] = short;
  const [longStem, longExtension] = toShortParts(pattern);
  return longStem.startsWith('*')
    ? extension !== '' && fitsStart(extension, longExtension, 3)
    : fitsStart(stem, longStem) && fitsStart(extension, longExtension, 3);
}

/** What is left of a long name: no blanks and no dots but the last, which begins the extension; a leading dot is none. */
function toShortParts(pattern: string): readonly [string, string] {
  const bare = pattern.replace(/^[. ]+/, '').replaceAll(' ', '');
  const dot = bare.lastIndexOf('.');
  return dot === -1
    ? [bare, bare.endsWith('*') ? '*' : '']
    : [bare.slice(0, dot).replaceAll('.', ''), bare.slice(dot + 1)];
}

function fitsStart(short: string, long: string, length = 6): boolean {
  const fixed = long.split('*', 1)[0] ?? '';
  if (fixed !== long) {
    return fixed !== '' && short.startsWith(fixed.slice(0, Math.min(length, short.length)));
  }
  const checksum = /^(..)[0-9a-f]{4}$/.exec(short);
  return (
    short === fixed.slice(0, length) || (checksum !== null && fixed.startsWith(checksum[1] ?? ''))
  );
}

function toRegex(name: string): RegExp {
  const parts = name.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
