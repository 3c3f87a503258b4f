import {
  alignMyers,
  AlignmentSpace,
  commonHead,
  commonTail,
  type Change,
  type StepBudget,
} from './alignment';
import { fixedRuns, mostEqualElements, type FixedRun } from './fixedPoints';

export interface LineAlignment {
  readonly changes: readonly Change[];
  /** It is the alignment that Myers' algorithm makes of the whole: a shortest one. */
  readonly isExact: boolean;
}

/**
 * Myers' alignment of two long files, in pieces. Lines that occur once on each side cut the files; each piece is cheap.
 * The cuts are right where they are proven: the best alignment leaves out at most `slack` of the lines that both sides
 * have, so it passes through the middle of every run with more than that many single lines on either half. Where cuts
 * are not proven, the pieces are joined and aligned again; where that costs too much, the unproven result stays.
 *
 * Elements are numbers from 0 to `idCount`.
 */
export function alignLines(
  before: Int32Array,
  after: Int32Array,
  idCount: number,
  budget: StepBudget,
): LineAlignment {
  const runs = fixedRuns(before, after, idCount);
  const pieces = piecesBetween(before, after, runs);
  const space = new AlignmentSpace();
  const first = pieces.map((piece) => alignPiece(before, after, piece, budget, space));
  const found = first.flatMap((result) => result.changes);
  const isWhole = first.every((result) => result.isExact);
  const equalLines =
    before.length - found.reduce((sum, change) => sum + change.oldEnd - change.oldStart, 0);
  const slack = mostEqualElements(before, after, idCount) - equalLines;
  if (slack === 0 || pieces.length === 1) {
    return { changes: joinTouching(found), isExact: isWhole };
  }
  const provenCut = 2 * slack + 2;
  let isExact = true;
  const changes = piecesBetween(
    before,
    after,
    runs.filter((run) => run.length >= provenCut),
  ).flatMap((piece) => {
    const again = isHopeless(before, after, piece, idCount, budget)
      ? undefined
      : alignPiece(before, after, piece, budget, space);
    isExact &&= again?.isExact === true;
    return again?.isExact === true
      ? again.changes
      : found.filter((change) => isInside(change, piece));
  });
  return { changes: joinTouching(changes), isExact };
}

/** One piece must not use up what the others need. */
const pieceShare = 0.8;

/** The files cut in the middle of each run; together the pieces are the whole. */
function piecesBetween(
  before: Int32Array,
  after: Int32Array,
  runs: readonly FixedRun[],
): readonly Change[] {
  const pieces: Change[] = [];
  let oldStart = 0;
  let newStart = 0;
  for (const run of runs) {
    const half = run.length >> 1;
    const oldEnd = run.oldStart + half;
    const newEnd = run.newStart + half;
    pieces.push({ oldStart, oldEnd, newStart, newEnd });
    oldStart = oldEnd;
    newStart = newEnd;
  }
  pieces.push({ oldStart, oldEnd: before.length, newStart, newEnd: after.length });
  return pieces;
}

/** So many elements have no partner on the other side that the steps cannot suffice: nothing is spent on it. */
function isHopeless(
  before: Int32Array,
  after: Int32Array,
  piece: Change,
  idCount: number,
  budget: StepBudget,
): boolean {
  const oldPart = before.subarray(piece.oldStart, piece.oldEnd);
  const newPart = after.subarray(piece.newStart, piece.newEnd);
  if (oldPart.length + newPart.length < Math.sqrt(2 * budget.left * pieceShare)) {
    return false;
  }
  const edits = oldPart.length + newPart.length - 2 * mostEqualElements(oldPart, newPart, idCount);
  // Each edit looks at one diagonal more, up to the length of the shorter side.
  const shorter = Math.min(oldPart.length, newPart.length);
  const steps = edits <= shorter ? (edits * edits) / 2 : shorter * (edits - shorter / 2);
  return steps > budget.left * pieceShare;
}

function alignPiece(
  before: Int32Array,
  after: Int32Array,
  piece: Change,
  budget: StepBudget,
  space: AlignmentSpace,
): LineAlignment {
  const own: StepBudget = { left: budget.left * pieceShare };
  const allowed = own.left;
  const oldPart = before.subarray(piece.oldStart, piece.oldEnd);
  const newPart = after.subarray(piece.newStart, piece.newEnd);
  // The algorithm begins with the equal head; most pieces are not much more.
  const head = commonHead(oldPart, newPart);
  const changes = alignMyers(oldPart.subarray(head), newPart.subarray(head), own, false, space);
  budget.left -= allowed - own.left + head;
  const oldStart = piece.oldStart + head;
  const newStart = piece.newStart + head;
  const tail =
    changes === undefined ? commonTail(oldPart.subarray(head), newPart.subarray(head)) : 0;
  return changes === undefined
    ? {
        changes: [{ oldStart, oldEnd: piece.oldEnd - tail, newStart, newEnd: piece.newEnd - tail }],
        isExact: false,
      }
    : {
        changes: changes.map((change) => ({
          oldStart: change.oldStart + oldStart,
          oldEnd: change.oldEnd + oldStart,
          newStart: change.newStart + newStart,
          newEnd: change.newEnd + newStart,
        })),
        isExact: true,
      };
}

function isInside(change: Change, piece: Change): boolean {
  return (
    change.oldStart >= piece.oldStart &&
    change.oldEnd <= piece.oldEnd &&
    change.newStart >= piece.newStart &&
    change.newEnd <= piece.newEnd
  );
}

/** A piece that was given up is one change and may touch that of its neighbour. */
function joinTouching(changes: readonly Change[]): readonly Change[] {
  const joined: Change[] = [];
  for (const change of changes) {
    const last = joined.at(-1);
    if (last?.oldEnd === change.oldStart && last.newEnd === change.newStart) {
      joined[joined.length - 1] = { ...last, oldEnd: change.oldEnd, newEnd: change.newEnd };
    } else {
      joined.push(change);
    }
  }
  return joined;
}
