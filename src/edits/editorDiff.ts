import {
  getLineRangeMapping,
  LineRangeMapping,
  RangeMapping,
} from 'vscode-diff/dist/vs/editor/common/diff/rangeMapping.js';
import type { SequenceDiff } from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/algorithms/diffAlgorithm.js';
import { DynamicProgrammingDiffing } from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/algorithms/dynamicProgrammingDiffing.js';
import { MyersDiffAlgorithm } from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/algorithms/myersDiffAlgorithm.js';
import {
  extendDiffsToEntireWordIfAppropriate,
  optimizeSequenceDiffs,
  removeShortMatches,
  removeVeryShortMatchingLinesBetweenDiffs,
  removeVeryShortMatchingTextBetweenLongDiffs,
} from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/heuristicSequenceOptimizations.js';
import { LineSequence } from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/lineSequence.js';
import { LinesSliceCharSequence } from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/linesSliceCharSequence.js';
import { ArrayText } from 'vscode-diff/dist/vs/editor/common/core/text/abstractText.js';
import { LineRange } from 'vscode-diff/dist/vs/editor/common/core/ranges/lineRange.js';
import { coarseChanges } from './coarseDiff';

/** Lines `oldStart` to `oldEnd` became `newStart` to `newEnd`: zero-based lines of the editor, ends exclusive. */
export interface LineChange {
  readonly oldStart: number;
  readonly oldEnd: number;
  readonly newStart: number;
  readonly newEnd: number;
}

/**
 * What a diff may cost, in steps of the algorithm and not in time: the hunks must not depend on the machine. A step is
 * one look at a line or a character.
 */
export interface DiffLimits {
  /** Steps of the line comparison, beside `lineStepsPerLine` for each line that is compared. */
  readonly lineSteps: number;
  readonly lineStepsPerLine: number;
  /** Steps of the refinement by characters, over the whole diff. */
  readonly charSteps: number;
  /** A changed block above this many characters (old and new) is not refined. */
  readonly charsPerBlock: number;
}

export const defaultDiffLimits: DiffLimits = {
  lineSteps: 4_000_000,
  lineStepsPerLine: 200,
  charSteps: 8_000_000,
  charsPerBlock: 60_000,
};

export interface LineDiff {
  readonly changes: readonly LineChange[];
  /** A limit was reached: at least one change is larger than the editor would draw it. */
  readonly isCoarse: boolean;
}

/** Below this many lines on both sides together the editor uses its slower, nicer algorithm. */
const smallFileLines = 1700;
/** Below this many characters on both sides together likewise, within one changed block. */
const smallBlockChars = 500;
/**
 * Equal lines kept around the part that is compared. The editor slides a change over at most 100 equal lines to find
 * a better place; with fewer around it, it would be drawn elsewhere.
 */
const contextLines = 128;

/**
 * The changes that VS Code's diff editor draws (its default algorithm, white space compared), from the algorithm's own
 * building blocks, so that equal ends can be left out of large files and the cost has a limit that is counted.
 *
 * Source: `DefaultLinesDiffComputer` of the `vscode-diff` package; a property test compares both.
 */
export function diffLines(
  oldLines: readonly string[],
  newLines: readonly string[],
  limits: DiffLimits = defaultDiffLimits,
): LineDiff {
  const head = commonHead(oldLines, newLines);
  if (head === oldLines.length && head === newLines.length) {
    return { changes: [], isCoarse: false };
  }
  const all = { oldStart: 0, oldEnd: oldLines.length, newStart: 0, newEnd: newLines.length };
  if (isEmptyText(oldLines) || isEmptyText(newLines)) {
    return { changes: [all], isCoarse: false };
  }
  const isSmall = oldLines.length + newLines.length < smallFileLines;
  const tail = commonTail(oldLines, newLines, head);
  const skipHead = isSmall ? 0 : Math.max(0, head - contextLines);
  const skipTail = isSmall ? 0 : Math.max(0, tail - contextLines);
  const oldPart = oldLines.slice(skipHead, oldLines.length - skipTail);
  const newPart = newLines.slice(skipHead, newLines.length - skipTail);
  const part = editorChanges(oldPart, newPart, isSmall, limits);
  return {
    changes: part.changes.map((change) => shifted(change, skipHead)),
    isCoarse: part.isCoarse,
  };
}

function editorChanges(
  oldLines: string[],
  newLines: string[],
  isSmall: boolean,
  limits: DiffLimits,
): LineDiff {
  const intern = createInterner();
  const oldIds = oldLines.map((line) => intern(line.trim()));
  const newIds = newLines.map((line) => intern(line.trim()));
  const steps = new StepCounter(
    isSmall
      ? Infinity
      : limits.lineSteps + limits.lineStepsPerLine * (oldLines.length + newLines.length),
  );
  const oldSequence = new CountedLines(oldIds, oldLines, steps);
  const newSequence = new CountedLines(newIds, newLines, steps);
  const aligned = isSmall
    ? new DynamicProgrammingDiffing().compute(oldSequence, newSequence, steps, (oldLine, newLine) =>
        matchScore(oldLines[oldLine] ?? '', newLines[newLine] ?? ''),
      )
    : new MyersDiffAlgorithm().compute(oldSequence, newSequence, steps);
  if (aligned.hitTimeout) {
    return { changes: coarseChanges(oldIds, newIds, oldLines, newLines), isCoarse: true };
  }
  const diffs = removeVeryShortMatchingLinesBetweenDiffs(
    oldSequence,
    newSequence,
    optimizeSequenceDiffs(oldSequence, newSequence, aligned.diffs),
  );
  return refineAll(oldLines, newLines, diffs, new BlockRefiner(oldLines, newLines, limits));
}

/** How much two lines with the same trimmed text are worth as a pair; the editor's own weights. */
function matchScore(oldLine: string, newLine: string): number {
  if (oldLine !== newLine) {
    return 0.99;
  }
  return newLine.length === 0 ? 0.1 : 1 + Math.log(1 + newLine.length);
}

function refineAll(
  oldLines: readonly string[],
  newLines: readonly string[],
  diffs: readonly SequenceDiff[],
  refiner: BlockRefiner,
): LineDiff {
  const changes: LineChange[] = [];
  let oldAt = 0;
  let newAt = 0;
  const matchedUntil = (oldEnd: number): void => {
    for (; oldAt < oldEnd; oldAt++, newAt++) {
      if (oldLines[oldAt] !== newLines[newAt]) {
        addJoined(changes, {
          oldStart: oldAt,
          oldEnd: oldAt + 1,
          newStart: newAt,
          newEnd: newAt + 1,
        });
      }
    }
  };
  for (const diff of diffs) {
    matchedUntil(diff.seq1Range.start);
    for (const change of refiner.refine(diff)) {
      addJoined(changes, change);
    }
    oldAt = diff.seq1Range.endExclusive;
    newAt = diff.seq2Range.endExclusive;
  }
  matchedUntil(oldLines.length);
  return { changes, isCoarse: refiner.hasSkipped };
}

/** Looks into a changed block by characters: the editor draws a block smaller, or as several, where whole lines in it agree. */
class BlockRefiner {
  private readonly oldText: ArrayText;
  private readonly newText: ArrayText;
  private readonly steps: StepCounter;
  private isOverLimit = false;

  constructor(
    private readonly oldLines: string[],
    private readonly newLines: string[],
    private readonly limits: DiffLimits,
  ) {
    this.oldText = new ArrayText(oldLines);
    this.newText = new ArrayText(newLines);
    this.steps = new StepCounter(limits.charSteps);
  }

  get hasSkipped(): boolean {
    return this.isOverLimit;
  }

  refine(diff: SequenceDiff): readonly LineChange[] {
    const whole: LineChange = {
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
    if (this.charsOf(whole) > this.limits.charsPerBlock || !this.steps.isValid()) {
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

  private charMappings(block: LineChange): RangeMapping[] {
    const range = new LineRangeMapping(
      new LineRange(block.oldStart + 1, block.oldEnd + 1),
      new LineRange(block.newStart + 1, block.newEnd + 1),
    ).toRangeMapping2(this.oldLines, this.newLines);
    const oldChars = new CountedChars(this.oldLines, range.originalRange, this.steps);
    const newChars = new CountedChars(this.newLines, range.modifiedRange, this.steps);
    const algorithm =
      oldChars.length + newChars.length < smallBlockChars
        ? new DynamicProgrammingDiffing()
        : new MyersDiffAlgorithm();
    const aligned = algorithm.compute(oldChars, newChars, this.steps);
    this.isOverLimit ||= aligned.hitTimeout;
    let diffs = optimizeSequenceDiffs(oldChars, newChars, aligned.diffs);
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

  private charsOf(block: LineChange): number {
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

/** Counts the algorithm's steps; `isValid` is how the package asks whether it may go on. */
class StepCounter {
  private taken = 0;

  constructor(private readonly limit: number) {}

  take(): void {
    this.taken++;
  }

  isValid(): boolean {
    return this.taken <= this.limit;
  }
}

class CountedLines extends LineSequence {
  constructor(
    private readonly ids: number[],
    lines: string[],
    private readonly steps: StepCounter,
  ) {
    super(ids, lines);
  }

  override getElement(offset: number): number {
    this.steps.take();
    return this.ids[offset] ?? -1;
  }
}

class CountedChars extends LinesSliceCharSequence {
  constructor(
    lines: string[],
    range: RangeMapping['originalRange'],
    private readonly steps: StepCounter,
  ) {
    super(lines, range, true);
  }

  override getElement(offset: number): number {
    this.steps.take();
    return super.getElement(offset);
  }
}

/** Adds a change; changes that touch on either side are one, as the editor draws them. */
function addJoined(changes: LineChange[], change: LineChange): void {
  const last = changes.at(-1);
  if (last === undefined || (last.oldEnd < change.oldStart && last.newEnd < change.newStart)) {
    changes.push(change);
    return;
  }
  changes[changes.length - 1] = {
    oldStart: last.oldStart,
    oldEnd: Math.max(last.oldEnd, change.oldEnd),
    newStart: last.newStart,
    newEnd: Math.max(last.newEnd, change.newEnd),
  };
}

function createInterner(): (text: string) => number {
  const ids = new Map<string, number>();
  return (text) => {
    const known = ids.get(text);
    if (known !== undefined) {
      return known;
    }
    ids.set(text, ids.size);
    return ids.size - 1;
  };
}

function shifted(change: LineChange, by: number): LineChange {
  return {
    oldStart: change.oldStart + by,
    oldEnd: change.oldEnd + by,
    newStart: change.newStart + by,
    newEnd: change.newEnd + by,
  };
}

function isEmptyText(lines: readonly string[]): boolean {
  return lines.length === 1 && lines[0] === '';
}

function commonHead(a: readonly string[], b: readonly string[]): number {
  const limit = Math.min(a.length, b.length);
  let count = 0;
  while (count < limit && a[count] === b[count]) {
    count++;
  }
  return count;
}

function commonTail(a: readonly string[], b: readonly string[], head: number): number {
  const limit = Math.min(a.length, b.length) - head;
  let count = 0;
  while (count < limit && a[a.length - 1 - count] === b[b.length - 1 - count]) {
    count++;
  }
  return count;
}
