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
  const oldAts = new Int32Array(before.length);
  const newAts = new Int32Array(before.length);
  let singles = 0;
  for (let oldAt = 0; oldAt < before.length; oldAt++) {
    const id = before[oldAt] ?? 0;
    const newAt = newPlaces[id] ?? -1;
    if (newAt >= 0 && (oldPlaces[id] ?? -1) >= 0) {
      oldAts[singles] = oldAt;
      newAts[singles] = newAt;
      singles++;
    }
  }
  const runs: FixedRun[] = [];
  let oldStart = 0;
  let newStart = 0;
  let length = 0;
  for (const index of longestRising(newAts.subarray(0, singles))) {
    const oldAt = oldAts[index] ?? 0;
    const newAt = newAts[index] ?? 0;
    if (length > 0 && oldStart + length === oldAt && newStart + length === newAt) {
      length++;
      continue;
    }
    if (length > 0) {
      runs.push({ oldStart, newStart, length });
    }
    oldStart = oldAt;
    newStart = newAt;
    length = 1;
  }
  return length === 0 ? runs : [...runs, { oldStart, newStart, length }];
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
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at] ?? 0;
    places[id] = places[id] === never ? at : often;
  }
  return places;
}

/** Indexes of the longest rising subsequence (patience sorting). */
function longestRising(values: Int32Array): Int32Array {
  const tails = new Int32Array(values.length);
  const previous = new Int32Array(values.length);
  let length = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? 0;
    let low = 0;
    let high = length;
    if (length > 0 && (values[tails[length - 1] ?? 0] ?? 0) < value) {
      // Most lines stay in order.
      low = length;
    }
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
    length = Math.max(length, low + 1);
  }
  const indexes = new Int32Array(length);
  let index = length === 0 ? -1 : (tails[length - 1] ?? -1);
  for (let at = length - 1; at >= 0; at--) {
    indexes[at] = index;
    index = previous[index] ?? -1;
  }
  return indexes;
}
