import { ArrayText } from 'vscode-diff/dist/vs/editor/common/core/text/abstractText.js';
import { LineRange } from 'vscode-diff/dist/vs/editor/common/core/ranges/lineRange.js';
import { OffsetRange } from 'vscode-diff/dist/vs/editor/common/core/ranges/offsetRange.js';
import { SequenceDiff } from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/algorithms/diffAlgorithm.js';
import {
  extendDiffsToEntireWordIfAppropriate,
  optimizeSequenceDiffs,
  removeShortMatches,
  removeVeryShortMatchingTextBetweenLongDiffs,
} from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/heuristicSequenceOptimizations.js';
import { LinesSliceCharSequence } from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/linesSliceCharSequence.js';
import {
  getLineRangeMapping,
  LineRangeMapping,
  RangeMapping,
} from 'vscode-diff/dist/vs/editor/common/diff/rangeMapping.js';
import { alignMyers, alignScored, type Change, type StepBudget } from './alignment';
import { contentOfLine, type LineStarts } from './lines';

/** Below this many characters on both sides together the editor uses its slower, nicer algorithm. */
const smallBlockChars = 500;
/** What one character costs beside its alignment, in steps. */
const stepsPerChar = 20;

/** Looks into a changed block by characters: the editor draws a block smaller, or as several, where whole lines in it agree. */
export class BlockRefiner {
  private isOverLimit = false;

  constructor(
    private readonly before: LineStarts,
    private readonly after: LineStarts,
    /** For all blocks together. */
    private readonly budget: StepBudget,
    /** A block above this many characters (old and new) is not refined. */
    private readonly maxChars: number,
  ) {}

  get hasSkipped(): boolean {
    return this.isOverLimit;
  }

  refine(diff: SequenceDiff): readonly Change[] {
    const whole = toChange(diff);
    const oldCount = whole.oldEnd - whole.oldStart;
    const newCount = whole.newEnd - whole.newStart;
    if (oldCount === 0 || newCount === 0) {
      const isAtTheEnd =
        whole.oldEnd === this.before.lineCount && whole.newEnd === this.after.lineCount;
      return isAtTheEnd ? this.mapped(whole, (...sides) => [rangeOf(...sides)]) : [whole];
    }
    if (oldCount === 1 && newCount === 1) {
      return [whole];
    }
    const oldChars = charsOf(this.before, whole.oldStart, whole.oldEnd);
    const newChars = charsOf(this.after, whole.newStart, whole.newEnd);
    const chars = oldChars + newChars;
    const cost = stepsPerChar * chars + (chars < smallBlockChars ? oldChars * newChars : 0);
    if (chars > this.maxChars || cost > this.budget.left) {
      this.isOverLimit = true;
      return [whole];
    }
    this.budget.left -= cost;
    return this.mapped(whole, (oldLines, newLines, block) => {
      const mappings = charMappings(oldLines, newLines, block, this.budget);
      this.isOverLimit ||= mappings === undefined;
      return mappings ?? [];
    });
  }

  /** The lines of what `find` finds in a block; the whole block when that is nothing. */
  private mapped(
    whole: Change,
    find: (oldLines: string[], newLines: string[], block: Change) => readonly RangeMapping[],
  ): readonly Change[] {
    // The block with the line before and behind it, where there is one on that side: no more is looked at.
    const oldFrom = Math.max(0, whole.oldStart - 1);
    const newFrom = Math.max(0, whole.newStart - 1);
    const oldLines = linesOf(this.before, oldFrom, whole.oldEnd + 1);
    const newLines = linesOf(this.after, newFrom, whole.newEnd + 1);
    const mappings = find(oldLines, newLines, {
      oldStart: whole.oldStart - oldFrom,
      oldEnd: whole.oldEnd - oldFrom,
      newStart: whole.newStart - newFrom,
      newEnd: whole.newEnd - newFrom,
    });
    const oldText = new ArrayText(oldLines);
    const newText = new ArrayText(newLines);
    return mappings.length === 0
      ? [whole]
      : mappings.map((mapping) => {
          const lines = getLineRangeMapping(mapping, oldText, newText);
          return {
            oldStart: lines.original.startLineNumber - 1 + oldFrom,
            oldEnd: lines.original.endLineNumberExclusive - 1 + oldFrom,
            newStart: lines.modified.startLineNumber - 1 + newFrom,
            newEnd: lines.modified.endLineNumberExclusive - 1 + newFrom,
          };
        });
  }
}

/** A block from its first to its last character; at the end of a file it begins at the end of the line before. */
function rangeOf(oldLines: string[], newLines: string[], block: Change): RangeMapping {
  return new LineRangeMapping(
    new LineRange(block.oldStart + 1, block.oldEnd + 1),
    new LineRange(block.newStart + 1, block.newEnd + 1),
  ).toRangeMapping2(oldLines, newLines);
}

/**
 * What changed in a block of lines, by characters, as the editor marks it. One-based lines and columns. Undefined when
 * the budget is used up.
 */
export function charMappings(
  oldLines: string[],
  newLines: string[],
  block: Change,
  budget: StepBudget,
): readonly RangeMapping[] | undefined {
  const range = rangeOf(oldLines, newLines, block);
  const oldChars = new LinesSliceCharSequence(oldLines, range.originalRange, true);
  const newChars = new LinesSliceCharSequence(newLines, range.modifiedRange, true);
  const before = elementsOf(oldChars);
  const after = elementsOf(newChars);
  const aligned =
    before.length + after.length < smallBlockChars
      ? alignScored(before, after)
      : alignMyers(before, after, budget);
  if (aligned === undefined) {
    return undefined;
  }
  let diffs = optimizeSequenceDiffs(oldChars, newChars, aligned.map(toSequenceDiff));
  diffs = extendDiffsToEntireWordIfAppropriate(oldChars, newChars, diffs, (chars, at) =>
    chars.findWordContaining(at),
  );
  diffs = removeShortMatches(oldChars, newChars, diffs);
  diffs = removeVeryShortMatchingTextBetweenLongDiffs(oldChars, newChars, diffs);
  return diffs.map(
    (diff) =>
      new RangeMapping(
        oldChars.translateRange(diff.seq1Range),
        newChars.translateRange(diff.seq2Range),
      ),
  );
}

function elementsOf(chars: LinesSliceCharSequence): Int32Array {
  const elements = new Int32Array(chars.length);
  for (let at = 0; at < elements.length; at++) {
    elements[at] = chars.getElement(at);
  }
  return elements;
}

function charsOf({ starts }: LineStarts, from: number, to: number): number {
  return (starts[to] ?? 0) - (starts[from] ?? 0);
}

function linesOf(side: LineStarts, from: number, to: number): string[] {
  const lines: string[] = [];
  for (let line = from; line < Math.min(to, side.lineCount); line++) {
    lines.push(contentOfLine(side, line));
  }
  return lines;
}

export function toSequenceDiff(change: Change): SequenceDiff {
  return new SequenceDiff(
    new OffsetRange(change.oldStart, change.oldEnd),
    new OffsetRange(change.newStart, change.newEnd),
  );
}

function toChange(diff: SequenceDiff): Change {
  return {
    oldStart: diff.seq1Range.start,
    oldEnd: diff.seq1Range.endExclusive,
    newStart: diff.seq2Range.start,
    newEnd: diff.seq2Range.endExclusive,
  };
}
