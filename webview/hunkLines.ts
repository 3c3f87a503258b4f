import type { HunkDecisionView, HunkView } from '../src/protocol/viewTypes';
import { counted } from './words';

export interface HunkLine {
  readonly sign: '−' | '+';
  /** In the old text for a removed line, in the new text for an added one. */
  readonly lineOneBased: number;
  /** Without its line ending. */
  readonly text: string;
}

/** The removed lines, then the added ones. */
export function hunkLines(hunk: HunkView): readonly HunkLine[] {
  return [
    ...textLines(hunk.oldText).map((text, index): HunkLine => ({
      sign: '−',
      lineOneBased: hunk.oldStart + index,
      text,
    })),
    ...textLines(hunk.newText).map((text, index): HunkLine => ({
      sign: '+',
      lineOneBased: hunk.newStart + index,
      text,
    })),
  ];
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
