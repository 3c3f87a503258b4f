import type { HunkDecisionView, HunkMarksView, HunkView } from '../src/protocol/viewTypes';
import { counted } from './words';

export interface HunkLine {
  readonly sign: '−' | '+';
  /** In the old text for a removed line, in the new text for an added one. */
  readonly lineOneBased: number;
  /** Without its line ending. */
  readonly text: string;
  /** What changed in it, from left to right; left out where that is the whole line. */
  readonly marks?: readonly Span[];
}

/** Characters from `start` to before `end`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** The removed lines, then the added ones. */
export function hunkLines(hunk: HunkView, marks?: HunkMarksView): readonly HunkLine[] {
  return [
    ...textLines(hunk.oldText).map((text, index): HunkLine => ({
      sign: '−',
      lineOneBased: hunk.oldStart + index,
      text,
      ...marksOf(marks, 'removed', index),
    })),
    ...textLines(hunk.newText).map((text, index): HunkLine => ({
      sign: '+',
      lineOneBased: hunk.newStart + index,
      text,
      ...marksOf(marks, 'added', index),
    })),
  ];
}

/** The text of a line in pieces; those that changed say so. A line without marks is one piece. */
export function linePieces({
  text,
  marks = [],
}: HunkLine): readonly { readonly text: string; readonly isChanged: boolean }[] {
  const pieces: { readonly text: string; readonly isChanged: boolean }[] = [];
  let at = 0;
  for (const { start, end } of marks) {
    pieces.push({ text: text.slice(at, start), isChanged: false });
    pieces.push({ text: text.slice(Math.max(at, start), end), isChanged: true });
    at = Math.max(at, end);
  }
  pieces.push({ text: text.slice(at), isChanged: false });
  const filled = pieces.filter((piece) => piece.text !== '');
  return filled.length === 0 ? [{ text: '', isChanged: false }] : filled;
}

/** In a hunk with marks every line has its own, if only an empty list: a blank line that came with the others. */
function marksOf(
  marks: HunkMarksView | undefined,
  side: 'removed' | 'added',
  line: number,
): { readonly marks?: readonly Span[] } {
  return marks === undefined
    ? {}
    : {
        marks: marks[side]
          .filter((mark) => mark.line === line)
          .map(({ start, end }) => ({ start, end })),
      };
}

function textLines(text: string): readonly string[] {
  if (text === '') {
    return [];
  }
  const lines = text.split(/\r\n|\n|\r/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** `Change 1 of 2, line 12, 1 removed, 2 added, waiting`: what a screen reader says of a hunk. */
export function hunkLabel(
  hunk: HunkView,
  decision: HunkDecisionView,
  place: number,
  count: number,
  isOpen: boolean,
): string {
  const undecided = isOpen ? 'waiting' : 'not decided';
  const state = { pending: undecided, approved: 'approved', denied: 'denied' }[decision.kind];
  return [
    `Change ${place} of ${count}`,
    `line ${hunk.newStart}`,
    `${counted(hunk.oldLines, 'line')} removed`,
    `${counted(hunk.newLines, 'line')} added`,
    state,
  ].join(', ');
}
