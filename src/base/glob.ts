/** Says whether a relative path with `/` fits. */
export type PathMatcher = (relativePath: string) => boolean;

/**
 * A glob as people write it: `*`, `?`, `[a-z]`, `{a,b}` and `**` for any number of folders. A pattern without `/` fits
 * a name in any folder, one with `/` fits from the root; a `/` at the end means everything below. Letter case counts.
 * Matching takes at most pattern length times path length, whatever the pattern.
 */
export function globMatcher(pattern: string): PathMatcher {
  const alternatives = expandBraces(normalized(pattern)).map(parsePattern);
  return (relativePath) => {
    const names = relativePath.split('/');
    return alternatives.some((segments) => fitsPath(segments, names));
  };
}

/** Like `globMatcher`, and true also for everything below a folder that fits. */
export function globTreeMatcher(pattern: string): PathMatcher {
  const fits = globMatcher(pattern);
  return (relativePath) => {
    for (
      let end = relativePath.indexOf('/');
      end !== -1;
      end = relativePath.indexOf('/', end + 1)
    ) {
      if (fits(relativePath.slice(0, end))) {
        return true;
      }
    }
    return fits(relativePath);
  };
}

type Token =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'star' }
  | {
      readonly kind: 'set';
      readonly isNegated: boolean;
      readonly ranges: readonly (readonly [string, string])[];
    };

type Segment = readonly Token[] | typeof anyFolders;

const anyFolders = 'anyFolders' as const;
const maxAlternatives = 256;

function normalized(pattern: string): string {
  const clean = pattern.replaceAll('\\', '/').replace(/^(?:\.?\/)+/, '');
  const anchored = /^(?:\.?\/)/.test(pattern) && !clean.includes('/') ? `./${clean}` : clean;
  return anchored.endsWith('/') ? `${anchored}**` : anchored;
}

function parsePattern(pattern: string): readonly Segment[] {
  const segments = pattern.split('/').map(parseSegment);
  return [
    ...(segments.length === 1 ? [anyFolders] : []),
    ...segments,
    // What ends in "any folders" fits what is below, so at least one name.
    ...(segments.at(-1) === anyFolders ? [parseSegment('*')] : []),
  ];
}

function parseSegment(segment: string): Segment {
  if (segment === '**') {
    return anyFolders;
  }
  const tokens: Token[] = [];
  const chars = Array.from(segment);
  for (let index = 0; index < chars.length; index += 1) {
    const char = chars[index] ?? '';
    const setEnd =
      char === '[' ? chars.indexOf(']', index + (/[!^]/.test(chars[index + 1] ?? '') ? 3 : 2)) : -1;
    if (char === '*') {
      if (tokens.at(-1)?.kind !== 'star') {
        tokens.push({ kind: 'star' });
      }
    } else if (char === '?') {
      tokens.push({ kind: 'any' });
    } else if (setEnd !== -1) {
      tokens.push(parseSet(chars.slice(index + 1, setEnd)));
      index = setEnd;
    } else {
      tokens.push({ kind: 'char', char });
    }
  }
  return tokens;
}

function parseSet(inside: readonly string[]): Token {
  const isNegated = inside[0] === '!' || inside[0] === '^';
  const chars = isNegated ? inside.slice(1) : inside;
  const ranges: (readonly [string, string])[] = [];
  for (let index = 0; index < chars.length; index += 1) {
    const from = chars[index] ?? '';
    const to = chars[index + 1] === '-' ? chars[index + 2] : undefined;
    ranges.push([from, to ?? from]);
    index += to === undefined ? 0 : 2;
  }
  return { kind: 'set', isNegated, ranges };
}

/** `a{b,c}d` -> `abd`, `acd`; nested too. An unbalanced or over-large pattern is taken literally. */
function expandBraces(pattern: string): readonly string[] {
  const todo = [pattern];
  const done: string[] = [];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const group = firstGroup(next);
    if (group === undefined) {
      done.push(next);
    } else {
      for (const option of group.options) {
        todo.push(next.slice(0, group.start) + option + next.slice(group.end));
      }
    }
    if (todo.length + done.length > maxAlternatives) {
      return [pattern];
    }
  }
  return done;
}

function firstGroup(
  text: string,
):
  | { readonly start: number; readonly end: number; readonly options: readonly string[] }
  | undefined {
  const start = text.indexOf('{');
  if (start === -1) {
    return undefined;
  }
  let depth = 0;
  let optionStart = start + 1;
  const options: string[] = [];
  for (let index = start; index < text.length; index += 1) {
    const char = text[index];
    if (char === '{') {
      depth += 1;
    } else if (char === '}') {
      depth -= 1;
    }
    if (depth === 0 || (depth === 1 && char === ',')) {
      options.push(text.slice(optionStart, index));
      optionStart = index + 1;
    }
    if (depth === 0) {
      return { start, end: index + 1, options };
    }
  }
  return undefined;
}

/** Goes back to the last "any folders" only: enough, because an earlier one could not do better. */
function fitsPath(segments: readonly Segment[], names: readonly string[]): boolean {
  let segment = 0;
  let name = 0;
  let retrySegment = -1;
  let retryName = 0;
  while (name < names.length) {
    const wanted = segments[segment];
    if (wanted === anyFolders) {
      retrySegment = segment;
      retryName = name;
      segment += 1;
    } else if (wanted !== undefined && isHere(wanted)) {
      segment += 1;
    } else if (wanted !== undefined && fitsName(wanted, names[name] ?? '')) {
      segment += 1;
      name += 1;
    } else if (retrySegment !== -1) {
      retryName += 1;
      name = retryName;
      segment = retrySegment + 1;
    } else {
      return false;
    }
  }
  return segment === segments.length;
}

/** The `.` in front of an anchored name. */
function isHere(tokens: readonly Token[]): boolean {
  const [only] = tokens;
  return tokens.length === 1 && only?.kind === 'char' && only.char === '.';
}

function fitsName(tokens: readonly Token[], name: string): boolean {
  const chars = Array.from(name);
  let token = 0;
  let index = 0;
  let retryToken = -1;
  let retryIndex = 0;
  while (index < chars.length) {
    const wanted = tokens[token];
    if (wanted?.kind === 'star') {
      retryToken = token;
      retryIndex = index;
      token += 1;
    } else if (wanted !== undefined && fitsChar(wanted, chars[index] ?? '')) {
      token += 1;
      index += 1;
    } else if (retryToken !== -1) {
      retryIndex += 1;
      index = retryIndex;
      token = retryToken + 1;
    } else {
      return false;
    }
  }
  while (tokens[token]?.kind === 'star') {
    token += 1;
  }
  return token === tokens.length;
}

function fitsChar(token: Token, char: string): boolean {
  switch (token.kind) {
    case 'char':
      return token.char === char;
    case 'any':
    case 'star':
      return true;
    case 'set':
      return token.ranges.some(([from, to]) => char >= from && char <= to) !== token.isNegated;
  }
}
