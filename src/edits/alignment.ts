/** Elements `oldStart` to `oldEnd` became `newStart` to `newEnd`: zero-based, ends exclusive. What lies between is equal. */
export interface Change {
  readonly oldStart: number;
  readonly oldEnd: number;
  readonly newStart: number;
  readonly newEnd: number;
}

/** What an alignment may still cost, in looks at elements: counted and not timed, so that it ends alike on every machine. */
export interface StepBudget {
  left: number;
}

/** A path of Myers' algorithm takes memory for every diagonal run; above this many it gives up like for steps. */
const maxRuns = 3_000_000;

/**
 * Myers' O(ND) alignment of two sequences of numbers, with the ties broken as VS Code breaks them; undefined when the
 * budget is used up.
 *
 * With `asTheEditor` its slips are made, too: once there are more edits than one side has elements, and that side's
 * number is odd, the editor looks at the diagonals in between, reads some that it never set, and may find more edits
 * than needed. It keeps each half of the diagonals in an array that doubles when it is full; reading behind its end
 * gives "not a number", and so does what follows from it. Without it the alignment is always a shortest one.
 *
 * Source: `MyersDiffAlgorithm` of the `vscode-diff` package; a property test compares both.
 */
export function alignMyers(
  before: Int32Array,
  after: Int32Array,
  budget: StepBudget,
  asTheEditor = true,
  space: AlignmentSpace = new AlignmentSpace(),
): readonly Change[] | undefined {
  const oldLength = before.length;
  const newLength = after.length;
  if (oldLength === 0 || newLength === 0) {
    return oldLength === newLength
      ? []
      : [{ oldStart: 0, oldEnd: oldLength, newStart: 0, newEnd: newLength }];
  }
  const start = commonHead(before, after);
  budget.left -= start + 1;
  if (start === oldLength && start === newLength) {
    return [];
  }
  // Indexed by diagonal (old - new), moved so that the lowest one that is ever visited is not negative.
  const middle = newLength + 2;
  const { furthest, lastRun, runs } = space.prepare(oldLength + newLength + 5);
  furthest[middle] = start;
  lastRun[middle] = start === 0 ? -1 : runs.add(-1, 0, 0, start);
  let left = budget.left;
  // How far the editor's two arrays reach.
  let positive = 10;
  let negative = 10;
  for (let edits = 1; left > 0 && runs.count < maxRuns; edits++) {
    const low = -Math.min(edits, newLength + ((asTheEditor ? edits : edits + newLength) & 1));
    const high = Math.min(edits, oldLength + ((asTheEditor ? edits : edits + oldLength) & 1));
    for (let diagonal = low; diagonal <= high; diagonal += 2) {
      const slot = middle + diagonal;
      const down = diagonal === high ? -1 : (furthest[slot + 1] ?? 0);
      const right = diagonal === low ? -1 : (furthest[slot - 1] ?? 0) + 1;
      const isUnknown =
        asTheEditor &&
        ((diagonal !== high &&
          (diagonal + 1 >= 0 ? diagonal + 1 >= positive : -diagonal - 1 > negative)) ||
          (diagonal !== low &&
            (diagonal - 1 >= 0 ? diagonal - 1 >= positive : 1 - diagonal > negative)));
      const furthestFrom = down > right ? down : right;
      const from = furthestFrom < oldLength ? furthestFrom : oldLength;
      left--;
      if (!isUnknown && from - diagonal > newLength) {
        continue;
      }
      if (diagonal >= positive) {
        positive *= 2;
      } else if (-diagonal > negative) {
        negative *= 2;
      }
      if (isUnknown) {
        furthest[slot] = 0;
        lastRun[slot] = runs.addUnknown();
        continue;
      }
      let to = from;
      let newAt = from - diagonal;
      while (to < oldLength && newAt < newLength && before[to] === after[newAt]) {
        to++;
        newAt++;
      }
      left -= to - from;
      const previous = lastRun[from === down ? slot + 1 : slot - 1] ?? -1;
      furthest[slot] = to;
      lastRun[slot] = to === from ? previous : runs.add(previous, from, from - diagonal, to - from);
      if (to === oldLength && newAt === newLength) {
        budget.left = left;
        return runs.toChanges(lastRun[slot] ?? -1, oldLength, newLength);
      }
    }
  }
  budget.left = left;
  return undefined;
}

/** How many elements at the beginning are equal. */
export function commonHead(before: Int32Array, after: Int32Array): number {
  const limit = Math.min(before.length, after.length);
  let count = 0;
  while (count < limit && before[count] === after[count]) {
    count++;
  }
  return count;
}

/** How many elements at the end are equal. */
export function commonTail(before: Int32Array, after: Int32Array): number {
  const limit = Math.min(before.length, after.length);
  let count = 0;
  while (count < limit && before[before.length - 1 - count] === after[after.length - 1 - count]) {
    count++;
  }
  return count;
}

/** What an alignment works in; one for many alignments saves most of the cost of the small ones. */
export class AlignmentSpace {
  private places = new Int32Array(64);
  private lasts = new Int32Array(64);
  private readonly paths = new RunList();

  /** Empty again, for this many diagonals. */
  prepare(size: number): {
    readonly furthest: Int32Array;
    readonly lastRun: Int32Array;
    readonly runs: RunList;
  } {
    if (size > this.places.length) {
      const larger = Math.max(size, this.places.length * 2);
      this.places = new Int32Array(larger);
      this.lasts = new Int32Array(larger);
    } else {
      this.places.fill(0, 0, size);
    }
    this.lasts.fill(-1, 0, size);
    this.paths.clear();
    return { furthest: this.places, lastRun: this.lasts, runs: this.paths };
  }
}

/** Equal runs, each with the one before it; a path is its last run. */
class RunList {
  private fields = new Int32Array(1024);
  private used = 0;

  get count(): number {
    return this.used / 4;
  }

  clear(): void {
    this.used = 0;
  }

  add(previous: number, oldStart: number, newStart: number, length: number): number {
    if (this.used + 4 > this.fields.length) {
      const larger = new Int32Array(this.fields.length * 2);
      larger.set(this.fields);
      this.fields = larger;
    }
    this.fields[this.used] = previous;
    this.fields[this.used + 1] = oldStart;
    this.fields[this.used + 2] = newStart;
    this.fields[this.used + 3] = length;
    this.used += 4;
    return this.used - 4;
  }

  /** A step that has no place; a path through it has no changes. */
  addUnknown(): number {
    return this.add(-1, 0, 0, -1);
  }

  /** What is not in the runs of a path; undefined when it has a step without a place. */
  toChanges(lastRun: number, oldLength: number, newLength: number): readonly Change[] | undefined {
    const changes: Change[] = [];
    let oldEnd = oldLength;
    let newEnd = newLength;
    for (let run = lastRun; ; run = this.fields[run] ?? -1) {
      const length = run < 0 ? 0 : (this.fields[run + 3] ?? 0);
      if (length < 0) {
        return undefined;
      }
      const oldStart = (run < 0 ? 0 : (this.fields[run + 1] ?? 0)) + length;
      const newStart = (run < 0 ? 0 : (this.fields[run + 2] ?? 0)) + length;
      if (oldStart !== oldEnd || newStart !== newEnd) {
        changes.push({ oldStart, oldEnd, newStart, newEnd });
      }
      if (run < 0) {
        return changes.reverse();
      }
      oldEnd = oldStart - length;
      newEnd = newStart - length;
    }
  }
}

const fromLeft = 1;
const fromAbove = 2;
const matched = 3;

/**
 * The alignment with the highest score, where a longer equal run is worth more than its parts. Its cost is the product
 * of the lengths: for short sequences only. `scores[j]` is what element j of `after` is worth where `isExact` says so
 * (default: 1, always).
 *
 * Source: `DynamicProgrammingDiffing` of the `vscode-diff` package; a property test compares both.
 */
export function alignScored(
  before: Int32Array,
  after: Int32Array,
  score: (oldAt: number, newAt: number) => number = () => 1,
): readonly Change[] {
  const oldLength = before.length;
  const newLength = after.length;
  if (oldLength === 0 || newLength === 0) {
    return oldLength === newLength
      ? []
      : [{ oldStart: 0, oldEnd: oldLength, newStart: 0, newEnd: newLength }];
  }
  const directions = new Uint8Array(oldLength * newLength);
  // Row of the old element before and this one; the first column stands for "nothing of `after` yet".
  let bestBefore = new Float64Array(newLength + 1);
  let best = new Float64Array(newLength + 1);
  let runBefore = new Int32Array(newLength + 1);
  let run = new Int32Array(newLength + 1);
  for (let oldAt = 0; oldAt < oldLength; oldAt++) {
    const element = before[oldAt];
    for (let newAt = 0; newAt < newLength; newAt++) {
      const left = bestBefore[newAt + 1] ?? 0;
      const above = best[newAt] ?? 0;
      const runLength = runBefore[newAt] ?? 0;
      const diagonal =
        element === after[newAt] ? (bestBefore[newAt] ?? 0) + runLength + score(oldAt, newAt) : -1;
      const value = Math.max(left, above, diagonal);
      const isMatch = value === diagonal;
      directions[oldAt * newLength + newAt] = isMatch
        ? matched
        : value === left
          ? fromLeft
          : fromAbove;
      run[newAt + 1] = isMatch ? runLength + 1 : 0;
      best[newAt + 1] = value;
    }
    [bestBefore, best] = [best, bestBefore];
    [runBefore, run] = [run, runBefore];
  }
  return traceBack(directions, oldLength, newLength);
}

function traceBack(
  directions: Uint8Array,
  oldLength: number,
  newLength: number,
): readonly Change[] {
  const changes: Change[] = [];
  let oldEnd = oldLength;
  let newEnd = newLength;
  const close = (oldAt: number, newAt: number): void => {
    if (oldAt + 1 !== oldEnd || newAt + 1 !== newEnd) {
      changes.push({ oldStart: oldAt + 1, oldEnd, newStart: newAt + 1, newEnd });
    }
    oldEnd = oldAt;
    newEnd = newAt;
  };
  let oldAt = oldLength - 1;
  let newAt = newLength - 1;
  while (oldAt >= 0 && newAt >= 0) {
    const direction = directions[oldAt * newLength + newAt];
    if (direction === matched) {
      close(oldAt, newAt);
      oldAt--;
      newAt--;
    } else if (direction === fromLeft) {
      oldAt--;
    } else {
      newAt--;
    }
  }
  close(-1, -1);
  return changes.reverse();
}
