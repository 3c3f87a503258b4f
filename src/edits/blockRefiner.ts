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

export interface RefineLimits {
  /** Steps of the refinement by characters, over the whole diff. */
  readonly charSteps: number;
  /** A changed block above this many characters (old and new) is not refined. */
  readonly charsPerBlock: number;
}

/** Below this many characters on both sides together the editor uses its slower, nicer algorithm. */
const smallBlockChars = 500;

/** Looks into a changed block by characters: the editor draws a block smaller, or as several, where whole lines in it agree. */
export class BlockRefiner {
  private readonly oldText: ArrayText;
  private readonly newText: ArrayText;
  private readonly budget: StepBudget;
  private isOverLimit = false;

  constructor(
    private readonly oldLines: string[],
    private readonly newLines: string[],
    private readonly limits: RefineLimits,
  ) {
    this.oldText = new ArrayText(oldLines);
    this.newText = new ArrayText(newLines);
    this.budget = { left: limits.charSteps };
  }

  get hasSkipped(): boolean {
    return this.isOverLimit;
  }

  refine(diff: SequenceDiff): readonly Change[] {
    const whole: Change = {
      oldStart: diff.seq1Range.start,
      oldEnd: diff.seq1Range.endExclusive,
      newStart: diff.seq2Range.start,
      newEnd: diff.seq2Range.endExclusive,
    };
    const oldCount = whole.oldEnd - whole.oldStart;
    const newCount = whole.newEnd - whole.newStart;
    if (oldCount === 0 || newCount === 0 || (oldCount === 1 && newCount === 1)) {
      return [whole];
    }
    if (this.charsOf(whole) > this.limits.charsPerBlock || this.budget.left <= 0) {
      this.isOverLimit = true;
      return [whole];
    }
    return this.charMappings(whole).map((mapping) => {
      const lines = getLineRangeMapping(mapping, this.oldText, this.newText);
      return {
        oldStart: lines.original.startLineNumber - 1,
        oldEnd: lines.original.endLineNumberExclusive - 1,
        newStart: lines.modified.startLineNumber - 1,
        newEnd: lines.modified.endLineNumberExclusive - 1,
      };
    });
  }

  private charMappings(block: Change): RangeMapping[] {
    const range = new LineRangeMapping(
      new LineRange(block.oldStart + 1, block.oldEnd + 1),
      new LineRange(block.newStart + 1, block.newEnd + 1),
    ).toRangeMapping2(this.oldLines, this.newLines);
    const oldChars = new LinesSliceCharSequence(this.oldLines, range.originalRange, true);
    const newChars = new LinesSliceCharSequence(this.newLines, range.modifiedRange, true);
    const aligned = this.alignChars(elementsOf(oldChars), elementsOf(newChars));
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

  private alignChars(before: Int32Array, after: Int32Array): readonly Change[] {
    if (before.length + after.length < smallBlockChars) {
      return alignScored(before, after);
    }
    const changes = alignMyers(before, after, this.budget);
    this.isOverLimit ||= changes === undefined;
    return changes ?? [{ oldStart: 0, oldEnd: before.length, newStart: 0, newEnd: after.length }];
  }

  private charsOf(block: Change): number {
    let chars = 0;
    for (let line = block.oldStart; line < block.oldEnd; line++) {
      chars += (this.oldLines[line]?.length ?? 0) + 1;
    }
    for (let line = block.newStart; line < block.newEnd; line++) {
      chars += (this.newLines[line]?.length ?? 0) + 1;
    }
    return chars;
  }
}

function elementsOf(chars: LinesSliceCharSequence): Int32Array {
  return Int32Array.from({ length: chars.length }, (_, at) => chars.getElement(at));
}

export function toSequenceDiff(change: Change): SequenceDiff {
  return new SequenceDiff(
    new OffsetRange(change.oldStart, change.oldEnd),
    new OffsetRange(change.newStart, change.newEnd),
  );
}
