/** A stretch of elements that occur exactly once on each side and stand in the same order: one after the other on both. */
export interface FixedRun {
  readonly oldStart: number;
  readonly newStart: number;
  readonly length: number;
}

/**
 * The longest series of elements that occur once on each side and are in order on both, as runs of neighbours. Time
 * n log n. Elements are numbers from 0 to `idCount`.
 */
export function fixedRuns(
  before: Int32Array,
  after: Int32Array,
  idCount: number,
): readonly FixedRun[] {
  const oldPlaces = singlePlaces(before, idCount);
  const newPlaces = singlePlaces(after, idCount);
  const oldAts: number[] = [];
  const newAts: number[] = [];
  before.forEach((id, oldAt) => {
    const newAt = newPlaces[id] ?? -1;
    if (newAt >= 0 && (oldPlaces[id] ?? -1) >= 0) {
      oldAts.push(oldAt);
      newAts.push(newAt);
    }
  });
  const runs: FixedRun[] = [];
  for (const index of longestRising(newAts)) {
    const oldAt = oldAts[index] ?? 0;
    const newAt = newAts[index] ?? 0;
    const last = runs.at(-1);
    if (
      last !== undefined &&
      last.oldStart + last.length === oldAt &&
      last.newStart + last.length === newAt
    ) {
      runs[runs.length - 1] = { ...last, length: last.length + 1 };
    } else {
      runs.push({ oldStart: oldAt, newStart: newAt, length: 1 });
    }
  }
  return runs;
}

/** No alignment has more equal elements than this: for each, the smaller of its two counts. */
export function mostEqualElements(before: Int32Array, after: Int32Array, idCount: number): number {
  const counts = new Int32Array(idCount);
  for (const id of before) {
    counts[id] = (counts[id] ?? 0) + 1;
  }
  let most = 0;
  for (const id of after) {
    const left = counts[id] ?? 0;
    if (left > 0) {
      counts[id] = left - 1;
      most++;
    }
  }
  return most;
}

/** Place of each element that occurs once; -1 for the others. */
export function singlePlaces(ids: Int32Array, idCount: number): Int32Array {
  const never = -1;
  const often = -2;
  const places = new Int32Array(idCount).fill(never);
  ids.forEach((id, at) => {
    places[id] = places[id] === never ? at : often;
  });
  return places;
}

/** Indexes of the longest rising subsequence (patience sorting). */
function longestRising(values: readonly number[]): readonly number[] {
  const tails: number[] = [];
  const previous = new Int32Array(values.length).fill(-1);
  values.forEach((value, index) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[tails[middle] ?? 0] ?? 0) < value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    previous[index] = low > 0 ? (tails[low - 1] ?? -1) : -1;
    tails[low] = index;
  });
  const indexes: number[] = [];
  for (let index = tails.at(-1) ?? -1; index >= 0; index = previous[index] ?? -1) {
    indexes.push(index);
  }
  return indexes.reverse();
}
