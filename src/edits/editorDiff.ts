import type { SequenceDiff } from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/algorithms/diffAlgorithm.js';
import {
  optimizeSequenceDiffs,
  removeVeryShortMatchingLinesBetweenDiffs,
} from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/heuristicSequenceOptimizations.js';
import { LineSequence } from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/lineSequence.js';
import { alignLines } from './alignLines';
import { alignMyers, alignScored, type Change } from './alignment';
import { BlockRefiner, toSequenceDiff, type RefineLimits } from './blockRefiner';
import { singlePlaces } from './fixedPoints';

/**
 * What a diff may cost, in steps of the algorithm and not in time: the hunks must not depend on the machine. A step is
 * one look at a line or a character.
 */
export interface DiffLimits extends RefineLimits {
  /** Steps of the line comparison, beside `lineStepsPerLine` for each line that is compared. */
  readonly lineSteps: number;
  readonly lineStepsPerLine: number;
}

export const defaultDiffLimits: DiffLimits = {
  lineSteps: 4_000_000,
  lineStepsPerLine: 60,
  charSteps: 4_000_000,
  charsPerBlock: 60_000,
};

export interface LineDiff {
  readonly changes: readonly Change[];
  /** A limit was reached: at least one change is larger than the editor would draw it. */
  readonly isCoarse: boolean;
}

/** Below this many lines on both sides together the editor uses its slower, nicer algorithm. */
const smallFileLines = 1700;
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
  return oldLines.length + newLines.length < smallFileLines
    ? diffSmall(oldLines, newLines, limits)
    : diffLarge(oldLines, newLines, head, limits);
}

function diffSmall(
  oldLines: readonly string[],
  newLines: readonly string[],
  limits: DiffLimits,
): LineDiff {
  const sides = numberLines(oldLines, newLines);
  const weights = newLines.map((line) => (line.length === 0 ? 0.1 : 1 + Math.log(1 + line.length)));
  // Lines are equal here when their trimmed texts are; a pair that differs in white space is worth less.
  const changes = alignScored(sides.oldIds, sides.newIds, (oldAt, newAt) =>
    oldLines[oldAt] === newLines[newAt] ? (weights[newAt] ?? 0) : 0.99,
  );
  return improve([...oldLines], [...newLines], sides, { changes, isExact: true }, limits);
}

function diffLarge(
  oldLines: readonly string[],
  newLines: readonly string[],
  head: number,
  limits: DiffLimits,
): LineDiff {
  const sides = numberLines(oldLines, newLines);
  const skipHead = Math.max(0, head - contextLines);
  const skipTail = skippableTail(oldLines, newLines, sides, commonTail(oldLines, newLines, head));
  const oldTo = oldLines.length - skipTail;
  const newTo = newLines.length - skipTail;
  const part: NumberedSides = {
    oldIds: sides.oldIds.subarray(skipHead, oldTo),
    newIds: sides.newIds.subarray(skipHead, newTo),
    idCount: sides.idCount,
  };
  const lineCount = part.oldIds.length + part.newIds.length;
  const budget = { left: limits.lineSteps + limits.lineStepsPerLine * lineCount };
  const aligned = alignLines(part.oldIds, part.newIds, sides.idCount, budget);
  if (aligned.isExact && editsOf(aligned.changes) > Math.min(oldLines.length, newLines.length)) {
    // Here the editor's own search may miss the shortest alignment; only the whole files lead to what it finds.
    const changes = alignMyers(sides.oldIds, sides.newIds, budget);
    if (changes !== undefined) {
      return improve([...oldLines], [...newLines], sides, { changes, isExact: true }, limits);
    }
  }
  const diff = improve(
    oldLines.slice(skipHead, oldTo),
    newLines.slice(skipHead, newTo),
    part,
    aligned,
    limits,
  );
  return { ...diff, changes: diff.changes.map((change) => shifted(change, skipHead)) };
}

function editsOf(changes: readonly Change[]): number {
  return changes.reduce(
    (sum, change) => sum + change.oldEnd - change.oldStart + change.newEnd - change.newStart,
    0,
  );
}

interface NumberedSides {
  readonly oldIds: Int32Array;
  readonly newIds: Int32Array;
  readonly idCount: number;
}

/** Equal numbers for lines with equal trimmed texts: what the editor's algorithm compares. */
function numberLines(oldLines: readonly string[], newLines: readonly string[]): NumberedSides {
  const ids = new Map<string, number>();
  const idOf = (line: string): number => {
    const text = line.trim();
    const known = ids.get(text);
    if (known !== undefined) {
      return known;
    }
    ids.set(text, ids.size);
    return ids.size - 1;
  };
  const oldIds = Int32Array.from(oldLines, idOf);
  const newIds = Int32Array.from(newLines, idOf);
  return { oldIds, newIds, idCount: ids.size };
}

/**
 * How many equal lines at the end need not be compared. A line that occurs once on each side must be among those that
 * stay: every best alignment passes through it, so that what comes after cannot change what comes before.
 */
function skippableTail(
  oldLines: readonly string[],
  newLines: readonly string[],
  sides: NumberedSides,
  tail: number,
): number {
  const oldPlaces = singlePlaces(sides.oldIds, sides.idCount);
  const newPlaces = singlePlaces(sides.newIds, sides.idCount);
  for (let skip = tail - 1; skip > 0; skip--) {
    const id = sides.oldIds[oldLines.length - skip - 1] ?? 0;
    const isSingle = (oldPlaces[id] ?? -1) >= 0 && (newPlaces[id] ?? -1) >= 0;
    if (isSingle) {
      return Math.max(0, Math.min(skip, tail - contextLines, newLines.length));
    }
  }
  return 0;
}

/** The editor's own steps after the alignment: moves changes to better places, joins them, looks into the blocks. */
function improve(
  oldLines: string[],
  newLines: string[],
  sides: NumberedSides,
  aligned: { readonly changes: readonly Change[]; readonly isExact: boolean },
  limits: DiffLimits,
): LineDiff {
  const oldSequence = new LineSequence([...sides.oldIds], oldLines);
  const newSequence = new LineSequence([...sides.newIds], newLines);
  const diffs = removeVeryShortMatchingLinesBetweenDiffs(
    oldSequence,
    newSequence,
    optimizeSequenceDiffs(oldSequence, newSequence, aligned.changes.map(toSequenceDiff)),
  );
  const refined = refineAll(
    oldLines,
    newLines,
    diffs,
    new BlockRefiner(oldLines, newLines, limits),
  );
  return { changes: refined.changes, isCoarse: refined.isCoarse || !aligned.isExact };
}

function refineAll(
  oldLines: readonly string[],
  newLines: readonly string[],
  diffs: readonly SequenceDiff[],
  refiner: BlockRefiner,
): LineDiff {
  const changes: Change[] = [];
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

function shifted(change: Change, by: number): Change {
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
