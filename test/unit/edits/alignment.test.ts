import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DynamicProgrammingDiffing } from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/algorithms/dynamicProgrammingDiffing.js';
import { MyersDiffAlgorithm } from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/algorithms/myersDiffAlgorithm.js';
import type {
  DiffAlgorithmResult,
  ISequence,
} from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/algorithms/diffAlgorithm.js';
import { alignLines } from '../../../src/edits/alignLines';
import { alignMyers, alignScored, type Change } from '../../../src/edits/alignment';

const few = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 40 });
const some = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 60 });
const sides = fc.oneof(
  fc.tuple(few, few),
  fc.tuple(some, some),
  fc.tuple(some, some, some, some).map(([head, a, b, tail]): [number[], number[]] => [
    [...head, ...a, ...tail],
    [...head, ...b, ...tail],
  ]),
);
/** Mostly single elements with a few repeated ones between, edited and moved: what lines of code look like. */
const codeLike = fc
  .tuple(
    fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 10, maxLength: 120 }),
    fc.array(fc.tuple(fc.nat(), fc.nat(6), fc.integer({ min: 0, max: 400 })), { maxLength: 12 }),
  )
  .map(([base, edits]): [number[], number[]] => {
    const after = [...base];
    for (const [at, count, value] of edits) {
      const place = at % (after.length + 1);
      if (value % 3 === 0) {
        after.splice(place, count);
      } else if (value % 3 === 1) {
        after.splice(place, 0, ...after.slice(0, count));
      } else {
        after.splice(place, count, value);
      }
    }
    return [base, after];
  });

describe('alignment', () => {
  it('[R222] Myers as the editor has it: the same changes, ties broken alike', () => {
    fc.assert(
      fc.property(sides, ([before, after]) => {
        expect(alignMyers(Int32Array.from(before), Int32Array.from(after), { left: 1e9 })).toEqual(
          changesOf(
            new MyersDiffAlgorithm().compute(sequence(before), sequence(after)),
            before,
            after,
          ),
        );
      }),
      { numRuns: 3000, seed: 21 },
    );
  }, 60_000);

  it('[R222] the scored alignment as the editor has it, with weights and without', () => {
    const weights = [0.1, 0.99, 1.7, 2.4];
    fc.assert(
      fc.property(sides, fc.boolean(), ([before, after], isWeighted) => {
        const score = isWeighted
          ? (oldAt: number, newAt: number): number => weights[(oldAt + newAt) % 4] ?? 1
          : undefined;
        expect(alignScored(Int32Array.from(before), Int32Array.from(after), score)).toEqual(
          changesOf(
            new DynamicProgrammingDiffing().compute(
              sequence(before),
              sequence(after),
              undefined,
              score,
            ),
            before,
            after,
          ),
        );
      }),
      { numRuns: 3000, seed: 22 },
    );
  }, 60_000);

  it('[R222] aligning in pieces gives what aligning the whole gives', () => {
    fc.assert(
      fc.property(fc.oneof(sides, codeLike), ([before, after]) => {
        const aligned = alignLines(Int32Array.from(before), Int32Array.from(after), 500, {
          left: 1e9,
        });
        const whole = changesOf(
          new MyersDiffAlgorithm().compute(sequence(before), sequence(after)),
          before,
          after,
        );
        expect(aligned.isExact).toBe(true);
        if (editsOf(aligned.changes) <= Math.min(before.length, after.length)) {
          expect(aligned.changes).toEqual(whole);
        } else {
          // With so little in common the editor's search may take a detour.
          expect(editsOf(aligned.changes)).toBeLessThanOrEqual(editsOf(whole));
        }
      }),
      { numRuns: 6000, seed: 23 },
    );
  }, 60_000);

  it('[R222] with any budget the changes are in order, apart, and leave only equal elements between them', () => {
    fc.assert(
      fc.property(
        fc.oneof(sides, codeLike),
        fc.integer({ min: 0, max: 2000 }),
        ([before, after], left) => {
          const { changes } = alignLines(Int32Array.from(before), Int32Array.from(after), 500, {
            left,
          });
          let oldAt = 0;
          let newAt = 0;
          for (const change of [...changes, endOf(before, after)]) {
            expect(before.slice(oldAt, change.oldStart)).toEqual(
              after.slice(newAt, change.newStart),
            );
            oldAt = change.oldEnd;
            newAt = change.newEnd;
          }
          changes.forEach((change, index) => {
            expect(change.oldEnd > change.oldStart || change.newEnd > change.newStart).toBe(true);
            expect(change.oldStart > (changes[index - 1]?.oldEnd ?? -1)).toBe(true);
          });
        },
      ),
      { numRuns: 3000, seed: 24 },
    );
  }, 60_000);

  it('[R222] gives up when its budget is used up instead of going on', () => {
    const before = Int32Array.from({ length: 5000 }, (_, at) => at);
    const after = Int32Array.from(before).reverse();
    const budget = { left: 10_000 };
    expect(alignMyers(before, after, budget)).toBeUndefined();
    expect(budget.left).toBeGreaterThan(-10_000);
    expect(alignLines(before, after, 5000, { left: 10_000 }).isExact).toBe(false);
  });
});

function editsOf(changes: readonly Change[]): number {
  return changes.reduce(
    (sum, { oldStart, oldEnd, newStart, newEnd }) => sum + oldEnd - oldStart + newEnd - newStart,
    0,
  );
}

function sequence(values: readonly number[]): ISequence {
  return {
    length: values.length,
    getElement: (at) => values[at] ?? -1,
    isStronglyEqual: (one, other) => values[one] === values[other],
  };
}

function changesOf(
  result: DiffAlgorithmResult,
  before: readonly number[],
  after: readonly number[],
): readonly Change[] {
  return result.diffs
    .map((diff) => ({
      oldStart: diff.seq1Range.start,
      oldEnd: diff.seq1Range.endExclusive,
      newStart: diff.seq2Range.start,
      newEnd: diff.seq2Range.endExclusive,
    }))
    .filter(
      (change) =>
        before.length + after.length > 0 &&
        (change.oldEnd > change.oldStart || change.newEnd > change.newStart),
    );
}

function endOf(before: readonly number[], after: readonly number[]): Change {
  return {
    oldStart: before.length,
    oldEnd: before.length,
    newStart: after.length,
    newEnd: after.length,
  };
}
