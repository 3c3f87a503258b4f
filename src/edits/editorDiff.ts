import type { SequenceDiff } from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/algorithms/diffAlgorithm.js';
import {
  optimizeSequenceDiffs,
  removeVeryShortMatchingLinesBetweenDiffs,
} from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/heuristicSequenceOptimizations.js';
import { alignLines, type LineAlignment } from './alignLines';
import { alignMyers, alignScored, type Change, type StepBudget } from './alignment';
import { BlockRefiner, toSequenceDiff } from './blockRefiner';
import { comparedPart, wholePart, type ComparedPart } from './commonEnds';
import { numberLines, NumberedSequence, type NumberedSides } from './lineNumbers';
import { contentEnd, contentStart, type LineStarts } from './lines';

/**
 * What a diff may cost, in steps of the algorithm and not in time: the hunks must not depend on the machine. A step is
 * one look at a line or a character. Small files may cost more for each line than large ones: nobody waits for them.
 */
export interface DiffLimits {
  /** Steps of the line comparison. */
  readonly lines: StepLimits;
  /** Steps of the refinement by characters, over the whole diff. */
  readonly chars: StepLimits;
  /** A changed block above this many characters (old and new) is not refined. */
  readonly charsPerBlock: number;
}

/** As many as `smallFileSteps` divided by the square of the number of lines, at most `maxSteps`, and some for each character. */
export interface StepLimits {
  readonly smallFileSteps: number;
  readonly maxSteps: number;
  readonly stepsPerChar: number;
}

export const defaultDiffLimits: DiffLimits = {
  lines: { smallFileSteps: 2e13, maxSteps: 6_000_000, stepsPerChar: 1 },
  chars: { smallFileSteps: 2e13, maxSteps: 4_000_000, stepsPerChar: 2 },
  charsPerBlock: 60_000,
};

function budgetOf(limits: StepLimits, { before, after }: ComparedPart): StepBudget {
  const lines = before.lineCount + after.lineCount;
  const chars = charsOf(before) + charsOf(after);
  return {
    left:
      Math.min(limits.maxSteps, Math.floor(limits.smallFileSteps / Math.max(1, lines * lines))) +
      limits.stepsPerChar * chars,
  };
}

function charsOf({ starts, lineCount }: LineStarts): number {
  return (starts[lineCount] ?? 0) - (starts[0] ?? 0);
}

export interface EditorDiff {
  /** What was compared; `changes` count its lines. */
  readonly part: ComparedPart;
  readonly changes: readonly Change[];
  /** A limit was reached: at least one change is larger than the editor would draw it. */
  readonly isCoarse: boolean;
}

type Changes = Pick<EditorDiff, 'changes' | 'isCoarse'>;

/** Below this many lines on both sides together the editor uses its slower, nicer algorithm. */
const smallFileLines = 1700;
/** Below this many characters on both sides together nothing is gained by looking for equal ends first. */
const smallFileChars = 32_768;

/**
 * The changes that VS Code's diff editor draws (its default algorithm, white space compared), from the algorithm's own
 * building blocks, so that equal ends can be left out of large files and the cost has a limit that is counted.
 *
 * Source: `DefaultLinesDiffComputer` of the `vscode-diff` package; a property test compares both.
 */
export function diffTexts(
  base: string,
  proposed: string,
  limits: DiffLimits = defaultDiffLimits,
): EditorDiff {
  const isSmall = base.length + proposed.length < smallFileChars;
  const part = isSmall ? wholePart(base, proposed) : comparedPart(base, proposed);
  const whole = part.skipped === 0 ? part : undefined;
  if (part.before.lineCount + part.after.lineCount + 2 * part.skipped < smallFileLines) {
    const all = whole ?? wholePart(base, proposed);
    return { part: all, ...diffSmall(all, limits) };
  }
  if (isEmptyText(part)) {
    return { part, changes: [wholeChange(part)], isCoarse: false };
  }
  const sides = numberLines(part.before, part.after);
  const { ids: oldIds } = sides.before;
  const { ids: newIds } = sides.after;
  const budget = budgetOf(limits.lines, part);
  const aligned = alignLines(oldIds, newIds, sides.idCount, budget);
  const shorter = Math.min(oldIds.length, newIds.length) + part.skipped;
  if (aligned.isExact && editsOf(aligned.changes) > shorter) {
    // Here the editor's own search may miss the shortest alignment; only the whole files lead to what it finds.
    const all = whole ?? wholePart(base, proposed);
    const allSides = whole === undefined ? numberLines(all.before, all.after) : sides;
    const changes = alignMyers(allSides.before.ids, allSides.after.ids, budget);
    if (changes !== undefined) {
      return { part: all, ...improve(all, allSides, { changes, isExact: true }, limits) };
    }
  }
  return { part, ...improve(part, sides, aligned, limits) };
}

function diffSmall(part: ComparedPart, limits: DiffLimits): Changes {
  const sides = numberLines(part.before, part.after);
  const { before, after } = sides;
  if (
    before.length === after.length &&
    before.ids.every((_, at) => before.isEqual(at, after, at))
  ) {
    return { changes: [], isCoarse: false };
  }
  if (isEmptyText(part)) {
    return { changes: [wholeChange(part)], isCoarse: false };
  }
  const weights = Array.from(after.ids, (_, at) => {
    const chars = contentEnd(part.after, at) - contentStart(part.after, at);
    return chars === 0 ? 0.1 : 1 + Math.log(1 + chars);
  });
  // Lines are equal here when their trimmed texts are; a pair that differs in white space is worth less.
  const changes = alignScored(before.ids, after.ids, (oldAt, newAt) =>
    before.isEqual(oldAt, after, newAt) ? (weights[newAt] ?? 0) : 0.99,
  );
  return improve(part, sides, { changes, isExact: true }, limits);
}

function isEmptyText({ before, after, skipped }: ComparedPart): boolean {
  return (
    skipped === 0 &&
    [before, after].some(
      (side) => side.lineCount === 1 && contentStart(side, 0) === contentEnd(side, 0),
    )
  );
}

function wholeChange({ before, after }: ComparedPart): Change {
  return { oldStart: 0, oldEnd: before.lineCount, newStart: 0, newEnd: after.lineCount };
}

function editsOf(changes: readonly Change[]): number {
  return changes.reduce(
    (sum, change) => sum + change.oldEnd - change.oldStart + change.newEnd - change.newStart,
    0,
  );
}

/** The editor's own steps after the alignment: moves changes to better places, joins them, looks into the blocks. */
function improve(
  part: ComparedPart,
  sides: NumberedSides,
  aligned: LineAlignment,
  limits: DiffLimits,
): Changes {
  const oldSequence = new NumberedSequence(sides.before);
  const newSequence = new NumberedSequence(sides.after);
  const diffs = removeVeryShortMatchingLinesBetweenDiffs(
    oldSequence,
    newSequence,
    optimizeSequenceDiffs(oldSequence, newSequence, aligned.changes.map(toSequenceDiff)),
  );
  const refiner = new BlockRefiner(
    part.before,
    part.after,
    budgetOf(limits.chars, part),
    limits.charsPerBlock,
  );
  const changes = refineAll(sides, diffs, refiner);
  return { changes, isCoarse: refiner.hasSkipped || !aligned.isExact };
}

function refineAll(
  { before, after }: NumberedSides,
  diffs: readonly SequenceDiff[],
  refiner: BlockRefiner,
): readonly Change[] {
  const changes: Change[] = [];
  let oldAt = 0;
  let newAt = 0;
  const matchedUntil = (oldEnd: number): void => {
    for (; oldAt < oldEnd; oldAt++, newAt++) {
      if (!before.isEqual(oldAt, after, newAt)) {
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
  matchedUntil(before.length);
  return changes;
}

/** Adds a change; changes that touch on either side are one, as the editor draws them. */
function addJoined(changes: Change[], change: Change): void {
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
