import { splitLines } from './lines';

/** The place in a text that looks most like what was searched. */
export interface NearMatch {
  readonly lineOneBased: number;
  /** The lines there, as many as were searched, at most 20 and 1500 characters. */
  readonly text: string;
  /** 0 to 1. 1 means: the same but for white space. */
  readonly similarity: number;
}

/** Bounds of the search; beyond them it looks at less, so that it always ends soon. */
const maxTextLines = 200_000;
const maxLineChars = 400;
const maxSearchLines = 60;
const maxSearchChars = 100_000;
const maxKeyLines = 3;
const maxCandidates = 40;
const maxShownLines = 20;
const maxShownChars = 1500;
const goodEnough = 0.45;

/**
 * Finds where a search text that does not occur was probably meant; undefined where nothing is similar enough to be of
 * help. Lines that are equal but for white space vote for the place they imply, and so do the lines that are most like
 * the longest searched ones. Linear in the text.
 */
export function findNearMatch(text: string, search: string): NearMatch | undefined {
  const near = findNearest(text, search);
  return near === undefined || near.similarity < goodEnough ? undefined : near;
}

/** The same, however little is similar. Undefined where either side is blank. */
export function findNearest(text: string, search: string): NearMatch | undefined {
  const contents = splitLines(text.slice(0, endOfLines(text, maxTextLines))).contents;
  const lines = contents.map(normalized);
  const searched = splitLines(search.slice(0, maxSearchChars)).contents;
  const blankLines = searched.findIndex((line) => line.trim() !== '');
  const wanted = trimBlankEnds(searched).slice(0, maxSearchLines).map(normalized);
  if (wanted.length === 0 || lines.every((line) => line === '')) {
    return undefined;
  }
  const patterns = wanted.map(toPattern);
  const starts = new Set([...votedStarts(lines, wanted), ...similarStarts(lines, patterns)]);
  let best = { start: 0, similarity: 0 };
  for (const start of starts) {
    const similarity = blockSimilarity(lines, patterns, start);
    if (similarity > best.similarity || (similarity === best.similarity && start < best.start)) {
      best = { start, similarity };
    }
  }
  // The place begins with the blank lines that were searched, as far as they are there.
  let first = best.start;
  while (first > 0 && best.start - first < blankLines && lines[first - 1] === '') {
    first--;
  }
  const end = best.start + wanted.length;
  const shown = contents.slice(first, Math.min(end, first + maxShownLines));
  const shownText = shown.map((line) => line.slice(0, maxShownChars + 1)).join('\n');
  return {
    lineOneBased: first + 1,
    text: shownText.length > maxShownChars ? `${shownText.slice(0, maxShownChars)}…` : shownText,
    similarity: Math.round(best.similarity * 100) / 100,
  };
}

interface Pattern {
  readonly line: string;
  /** How often each pair of neighbouring characters occurs. */
  readonly pairs: Uint16Array;
  /** Pairs that a line has used while it is compared; they are given back. */
  readonly lent: Uint16Array;
}

function endOfLines(text: string, count: number): number {
  let at = 0;
  for (let lines = 0; lines < count; lines++) {
    const end = text.indexOf('\n', at);
    if (end === -1) {
      return text.length;
    }
    at = end + 1;
  }
  return at;
}

/** Where the block would start if an equal line is the one that was meant; the most votes first. */
function votedStarts(lines: readonly string[], wanted: readonly string[]): readonly number[] {
  const places = new Map<string, number[]>();
  wanted.forEach((line, index) => {
    if (line.length > 2) {
      const known = places.get(line);
      if (known === undefined) {
        places.set(line, [index]);
      } else {
        known.push(index);
      }
    }
  });
  const votes = new Map<number, number>();
  lines.forEach((line, at) => {
    for (const index of places.get(line) ?? []) {
      const start = Math.max(0, at - index);
      votes.set(start, (votes.get(start) ?? 0) + line.length);
    }
  });
  return [...votes]
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, maxCandidates)
    .map(([start]) => start);
}

/** The places that the lines most like the longest searched ones imply. */
function similarStarts(lines: readonly string[], patterns: readonly Pattern[]): readonly number[] {
  return patterns
    .map((pattern, index) => ({ pattern, index }))
    .sort((a, b) => b.pattern.line.length - a.pattern.line.length || a.index - b.index)
    .slice(0, maxKeyLines)
    .flatMap(({ pattern, index }) =>
      mostSimilar(lines, pattern).map((at) => Math.max(0, at - index)),
    );
}

/** Indexes of the lines most like one, the first ones where many are alike. */
function mostSimilar(lines: readonly string[], pattern: Pattern): readonly number[] {
  const best: { readonly at: number; readonly similarity: number }[] = [];
  let least = 0;
  lines.forEach((line, at) => {
    if (mostPossible(pattern.line, line) <= least) {
      return;
    }
    const similarity = similarityTo(pattern, line);
    if (similarity <= least) {
      return;
    }
    const place = best.findIndex((other) => other.similarity < similarity);
    best.splice(place === -1 ? best.length : place, 0, { at, similarity });
    if (best.length > maxCandidates) {
      best.pop();
    }
    least = best.length < maxCandidates ? 0 : (best.at(-1)?.similarity ?? 0);
  });
  return best.map(({ at }) => at);
}

/** No two lines of these lengths are more similar. */
function mostPossible(pattern: string, line: string): number {
  return pattern.length < 2 || line.length < 2
    ? 1
    : (2 * (Math.min(pattern.length, line.length) - 1)) / (pattern.length + line.length - 2);
}

function blockSimilarity(
  lines: readonly string[],
  patterns: readonly Pattern[],
  start: number,
): number {
  let weight = 0;
  let sum = 0;
  patterns.forEach((pattern, index) => {
    const chars = pattern.line.length + 1;
    const there = lines[start + index];
    weight += chars;
    sum += there === undefined ? 0 : chars * similarityTo(pattern, there);
  });
  return weight === 0 ? 0 : sum / weight;
}

/** Without white space at the ends, inner runs as one space, cut: what is compared. */
function normalized(line: string): string {
  return line.slice(0, maxLineChars).replace(/\s+/g, ' ').trim();
}

function trimBlankEnds(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line.trim() !== '');
  const last = lines.findLastIndex((line) => line.trim() !== '');
  return first === -1 ? [] : lines.slice(first, last + 1);
}

const pairSlots = 1024;

function pairSlot(line: string, at: number): number {
  return (line.charCodeAt(at) * 31 + line.charCodeAt(at + 1)) & (pairSlots - 1);
}

function toPattern(line: string): Pattern {
  const pairs = new Uint16Array(pairSlots);
  for (let at = 0; at + 1 < line.length; at++) {
    const slot = pairSlot(line, at);
    pairs[slot] = (pairs[slot] ?? 0) + 1;
  }
  return { line, pairs, lent: new Uint16Array(maxLineChars) };
}

/** Dice coefficient over pairs of neighbouring characters. */
function similarityTo({ line: pattern, pairs, lent }: Pattern, line: string): number {
  if (pattern === line) {
    return 1;
  }
  const patternPairs = pattern.length - 1;
  const linePairs = line.length - 1;
  if (patternPairs < 1 || linePairs < 1) {
    return 0;
  }
  let shared = 0;
  for (let at = 0; at < linePairs; at++) {
    const slot = pairSlot(line, at);
    const left = pairs[slot] ?? 0;
    if (left > 0) {
      pairs[slot] = left - 1;
      lent[shared] = slot;
      shared++;
    }
  }
  for (let at = 0; at < shared; at++) {
    const slot = lent[at] ?? 0;
    pairs[slot] = (pairs[slot] ?? 0) + 1;
  }
  return (2 * shared) / (patternPairs + linePairs);
}
