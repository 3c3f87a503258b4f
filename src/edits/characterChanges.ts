import { computeHunks, firstLine } from './hunks';
import { findLines, offsetOfLine } from './lines';

/** A replacement in a text, in UTF-16 offsets. */
export interface TextChange {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * What leads from one text to the other, in order and never overlapping: the hunks, each without what its lines have in
 * common at their beginning and end, so that a letter typed into a line does not take the whole line along.
 */
export function characterChanges(before: string, after: string): readonly TextChange[] {
  const lines = findLines(before);
  return computeHunks(before, after).flatMap((hunk) => {
    const start = offsetOfLine(lines, firstLine(hunk));
    return hunk.oldLines === hunk.newLines
      ? byLine(start, hunk.oldText, hunk.newText)
      : trimmed(start, hunk.oldText, hunk.newText);
  });
}

/** Lines that stand opposite each other are compared one by one. */
function byLine(start: number, oldText: string, newText: string): readonly TextChange[] {
  const oldLines = oldText.split(/(?<=\n)/);
  const newLines = newText.split(/(?<=\n)/);
  if (oldLines.length !== newLines.length) {
    return trimmed(start, oldText, newText);
  }
  let at = start;
  return oldLines.flatMap((line, index) => {
    const changes = trimmed(at, line, newLines[index] ?? '');
    at += line.length;
    return changes;
  });
}

function trimmed(start: number, oldText: string, newText: string): readonly TextChange[] {
  if (oldText === newText) {
    return [];
  }
  const shorter = Math.min(oldText.length, newText.length);
  let head = 0;
  while (head < shorter && oldText.charCodeAt(head) === newText.charCodeAt(head)) {
    head += 1;
  }
  head -= isHighSurrogate(oldText.charCodeAt(head - 1)) ? 1 : 0;
  let tail = 0;
  while (
    tail < shorter - head &&
    oldText.charCodeAt(oldText.length - 1 - tail) === newText.charCodeAt(newText.length - 1 - tail)
  ) {
    tail += 1;
  }
  tail -= isLowSurrogate(oldText.charCodeAt(oldText.length - tail)) ? 1 : 0;
  return [
    {
      start: start + head,
      end: start + oldText.length - tail,
      text: newText.slice(head, newText.length - tail),
    },
  ];
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
