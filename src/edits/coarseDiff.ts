import type { LineChange } from './editorDiff';

/**
 * Larger changes than the editor would draw, in time that grows with n log n: lines that occur exactly once on both
 * sides and keep their order are the fixed points, equal lines around them are unchanged, all between is one change.
 * `oldIds` and `newIds` number the lines by their trimmed text.
 */
export function coarseChanges(
  oldIds: readonly number[],
  newIds: readonly number[],
  oldLines: readonly string[],
  newLines: readonly string[],
): readonly LineChange[] {
  const changes: LineChange[] = [];
  const isEqual = (oldLine: number, newLine: number): boolean =>
    oldLines[oldLine] === newLines[newLine];
  let oldAt = 0;
  let newAt = 0;
  const closeGap = (oldEnd: number, newEnd: number): void => {
    while (oldAt < oldEnd && newAt < newEnd && isEqual(oldAt, newAt)) {
      oldAt++;
      newAt++;
    }
    let oldStop = oldEnd;
    let newStop = newEnd;
    while (oldStop > oldAt && newStop > newAt && isEqual(oldStop - 1, newStop - 1)) {
      oldStop--;
      newStop--;
    }
    if (oldAt < oldStop || newAt < newStop) {
      changes.push({ oldStart: oldAt, oldEnd: oldStop, newStart: newAt, newEnd: newStop });
    }
    oldAt = oldEnd;
    newAt = newEnd;
  };
  for (const [oldLine, newLine] of fixedPoints(oldIds, newIds)) {
    if (isEqual(oldLine, newLine)) {
      closeGap(oldLine, newLine);
    }
  }
  closeGap(oldLines.length, newLines.length);
  return joinTouching(changes);
}

/** Pairs of lines that occur once on each side, the longest run of them that is in order on both. */
function fixedPoints(
  oldIds: readonly number[],
  newIds: readonly number[],
): readonly (readonly [number, number])[] {
  const oldPlaces = singlePlaces(oldIds);
  const newPlaces = singlePlaces(newIds);
  const pairs: (readonly [number, number])[] = [];
  for (const [id, oldLine] of oldPlaces) {
    const newLine = newPlaces.get(id);
    if (newLine !== undefined) {
      pairs.push([oldLine, newLine]);
    }
  }
  pairs.sort((a, b) => a[0] - b[0]);
  return longestRising(pairs);
}

function singlePlaces(ids: readonly number[]): ReadonlyMap<number, number> {
  const places = new Map<number, number>();
  const repeated = new Set<number>();
  ids.forEach((id, line) => {
    if (places.has(id)) {
      repeated.add(id);
    } else {
      places.set(id, line);
    }
  });
  for (const id of repeated) {
    places.delete(id);
  }
  return places;
}

/** The longest subsequence whose second numbers rise (patience sorting). */
function longestRising(
  pairs: readonly (readonly [number, number])[],
): readonly (readonly [number, number])[] {
  const tails: number[] = [];
  const previous = new Int32Array(pairs.length).fill(-1);
  pairs.forEach(([, value], index) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[tails[middle] ?? 0]?.[1] ?? 0) < value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    previous[index] = low > 0 ? (tails[low - 1] ?? -1) : -1;
    tails[low] = index;
  });
  const run: (readonly [number, number])[] = [];
  for (let index = tails.at(-1) ?? -1; index >= 0; index = previous[index] ?? -1) {
    const pair = pairs[index];
    if (pair !== undefined) {
      run.push(pair);
    }
  }
  return run.reverse();
}

function joinTouching(changes: readonly LineChange[]): readonly LineChange[] {
  const joined: LineChange[] = [];
  for (const change of changes) {
    const last = joined.at(-1);
    if (last !== undefined && (last.oldEnd >= change.oldStart || last.newEnd >= change.newStart)) {
      joined[joined.length - 1] = { ...last, oldEnd: change.oldEnd, newEnd: change.newEnd };
    } else {
      joined.push(change);
    }
  }
  return joined;
}
