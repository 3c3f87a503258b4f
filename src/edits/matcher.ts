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
const maxCandidates = 40;
const maxShownLines = 20;
const maxShownChars = 1500;
const goodEnough = 0.45;

/**
 * Finds where a search text that does not occur was probably meant. Lines that are equal but for white space vote for
 * the place they imply; without any, the line most similar to the longest searched line decides. Linear in the text.
 */
export function findNearMatch(text: string, search: string): NearMatch | undefined {
  const lines = splitLines(text).contents.slice(0, maxTextLines).map(normalized);
  const wanted = trimBlankEnds(splitLines(search).contents)
    .slice(0, maxSearchLines)
    .map(normalized);
  if (wanted.length === 0 || lines.every((line) => line === '')) {
    return undefined;
  }
  const candidates = votedStarts(lines, wanted);
  const starts = candidates.length > 0 ? candidates : similarStarts(lines, wanted);
  let best: { start: number; similarity: number } | undefined;
  for (const start of starts) {
    const similarity = blockSimilarity(lines, wanted, start);
    if (best === undefined || similarity > best.similarity) {
      best = { start, similarity };
    }
  }
  if (best === undefined || best.similarity < goodEnough) {
    return undefined;
  }
  const shown = splitLines(text).contents.slice(
    best.start,
    best.start + Math.min(wanted.length, maxShownLines),
  );
  const shownText = shown.join('\n');
  return {
    lineOneBased: best.start + 1,
    text: shownText.length > maxShownChars ? `${shownText.slice(0, maxShownChars)}…` : shownText,
    similarity: Math.round(best.similarity * 100) / 100,
  };
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

function similarStarts(lines: readonly string[], wanted: readonly string[]): readonly number[] {
  let key = 0;
  wanted.forEach((line, index) => {
    if (line.length > (wanted[key]?.length ?? 0)) {
      key = index;
    }
  });
  const pattern = wanted[key] ?? '';
  const pairs = pairCounts(pattern);
  return lines
    .map((line, at) => ({
      start: Math.max(0, at - key),
      similarity: similarityTo(pattern, pairs, line),
    }))
    .filter((candidate) => candidate.similarity > 0.3)
    .sort((a, b) => b.similarity - a.similarity || a.start - b.start)
    .slice(0, maxCandidates)
    .map((candidate) => candidate.start);
}

function blockSimilarity(
  lines: readonly string[],
  wanted: readonly string[],
  start: number,
): number {
  let weight = 0;
  let sum = 0;
  wanted.forEach((line, index) => {
    const chars = line.length + 1;
    const there = lines[start + index];
    weight += chars;
    sum +=
      there === undefined
        ? 0
        : there === line
          ? chars
          : chars * similarityTo(line, pairCounts(line), there);
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

function pairCounts(line: string): Uint16Array {
  const counts = new Uint16Array(pairSlots);
  for (let at = 0; at + 1 < line.length; at++) {
    const slot = pairSlot(line, at);
    counts[slot] = (counts[slot] ?? 0) + 1;
  }
  return counts;
}

/** Dice coefficient over pairs of neighbouring characters. `pairs` are those of `pattern`. */
function similarityTo(pattern: string, pairs: Uint16Array, line: string): number {
  const patternPairs = pattern.length - 1;
  const linePairs = line.length - 1;
  if (patternPairs < 1 || linePairs < 1) {
    return pattern === line ? 1 : 0;
  }
  let shared = 0;
  const used = new Uint16Array(pairSlots);
  for (let at = 0; at < linePairs; at++) {
    const slot = pairSlot(line, at);
    const seen = used[slot] ?? 0;
    if (seen < (pairs[slot] ?? 0)) {
      used[slot] = seen + 1;
      shared++;
    }
  }
  return (2 * shared) / (patternPairs + linePairs);
}
