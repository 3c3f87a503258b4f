import { countLineEnds, findLines, type LineStarts } from './lines';

/** What is compared of two texts: the same lines are left out at the beginning and at the end of both. */
export interface ComparedPart {
  readonly before: LineStarts;
  readonly after: LineStarts;
  /** Lines left out in front, and all that are left out. */
  readonly skippedHead: number;
  readonly skipped: number;
}

/** Both texts whole. */
export function wholePart(base: string, proposed: string): ComparedPart {
  return { before: findLines(base), after: findLines(proposed), skippedHead: 0, skipped: 0 };
}

/**
 * Equal lines kept around the part that is compared. The editor slides a change over at most 100 equal lines to find
 * a better place; with fewer around it, it would be drawn elsewhere.
 */
const contextLines = 128;
/** In this many lines of the equal end a line is looked for that occurs nowhere else. */
const searchedLines = 512;
const maxCandidates = 8;

/**
 * The part of two large texts that needs comparing for the same result as comparing them whole. Lines are found by
 * comparing characters, so that what is left out is never cut into lines.
 *
 * An alignment begins with the equal lines in front. At the end a line that occurs once in what follows those must
 * stay: every best alignment passes through it, so that what comes after cannot change what comes before.
 */
export function comparedPart(base: string, proposed: string): ComparedPart {
  const head = lineBehind(base, commonPrefix(base, proposed));
  const from = backLines(base, head, contextLines);
  const tail = base.indexOf('\n', base.length - commonSuffix(base, proposed, head));
  const keptTail = tail === -1 ? 0 : keptTailLength(base, proposed, head, tail + 1);
  const skippedHead = countLineEnds(base, 0, from);
  const baseTo = base.length - keptTail;
  return {
    before: findLines(base, from, baseTo),
    after: findLines(proposed, from, proposed.length - keptTail),
    skippedHead,
    skipped: skippedHead + (keptTail === 0 ? 0 : countLineEnds(base, baseTo, base.length)),
  };
}

/** How many characters at the end can be left out. `tail` is where the equal lines at the end begin in the base. */
function keptTailLength(base: string, proposed: string, head: number, tail: number): number {
  const shift = proposed.length - base.length;
  const least = forwardLines(base, tail, contextLines);
  const candidates: { readonly at: number; readonly end: number; readonly text: string }[] = [];
  for (let at = tail, lines = 0; at < base.length && lines < searchedLines; lines++) {
    const lineFeedAt = base.indexOf('\n', at);
    const end = lineFeedAt === -1 ? base.length : lineFeedAt + 1;
    candidates.push({ at, end, text: base.slice(at, end).trim() });
    at = end;
  }
  const single = candidates
    .filter(({ text }) => text !== '' && text.length < maxCandidateChars)
    .sort((a, b) => b.text.length - a.text.length || a.at - b.at)
    .slice(0, maxCandidates)
    .find(
      ({ at, end, text }) =>
        isOnlyIn(base, text, head, at, end) &&
        isOnlyIn(proposed, text, head, at + shift, end + shift),
    );
  return single === undefined ? 0 : base.length - Math.max(least, single.end);
}

const maxCandidateChars = 1000;

/** Whether a text occurs, from an offset on, between two offsets only. */
function isOnlyIn(text: string, part: string, from: number, start: number, end: number): boolean {
  const first = text.indexOf(part, from);
  return first >= start && first < end && !text.includes(part, first + 1);
}

const chunkChars = 8192;
const smallChunkChars = 128;

/** How many characters at the beginning are equal. */
function commonPrefix(a: string, b: string): number {
  const limit = Math.min(a.length, b.length);
  let at = 0;
  for (const size of [chunkChars, smallChunkChars]) {
    while (at + size <= limit && a.slice(at, at + size) === b.slice(at, at + size)) {
      at += size;
    }
  }
  while (at < limit && a.charCodeAt(at) === b.charCodeAt(at)) {
    at++;
  }
  return at;
}

/** How many characters at the end are equal, without the first `head`. */
function commonSuffix(a: string, b: string, head: number): number {
  const limit = Math.min(a.length, b.length) - head;
  let count = 0;
  for (const size of [chunkChars, smallChunkChars]) {
    while (
      count + size <= limit &&
      a.slice(a.length - count - size, a.length - count) ===
        b.slice(b.length - count - size, b.length - count)
    ) {
      count += size;
    }
  }
  while (
    count < limit &&
    a.charCodeAt(a.length - 1 - count) === b.charCodeAt(b.length - 1 - count)
  ) {
    count++;
  }
  return count;
}

/** The last offset up to this one that is 0 or right behind a line feed. */
function lineBehind(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
}

function backLines(text: string, offset: number, count: number): number {
  let at = offset;
  for (let lines = 0; at > 0 && lines < count; lines++) {
    at = lineBehind(text, at - 1);
  }
  return at;
}

function forwardLines(text: string, offset: number, count: number): number {
  let at = offset;
  for (let lines = 0; at < text.length && lines < count; lines++) {
    const end = text.indexOf('\n', at);
    at = end === -1 ? text.length : end + 1;
  }
  return at;
}
