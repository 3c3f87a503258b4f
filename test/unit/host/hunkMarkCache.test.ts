import { describe, expect, it } from 'vitest';
import { computeHunks } from '../../../src/edits/hunks';
import { HunkMarkCache } from '../../../src/host/hunkMarkCache';

const hunkOf = (before: string, after: string) => {
  const [hunk] = computeHunks(before, after);
  if (hunk === undefined) {
    throw new Error('no hunk');
  }
  return hunk;
};

describe('the marks within hunks', () => {
  it('are made once for a hunk, and are those of its lines', () => {
    const cache = new HunkMarkCache();
    const hunk = hunkOf('coats: 2\n', 'coats: 3\n');
    const marks = cache.marksOf(hunk);
    expect(marks).toEqual({
      removed: [{ line: 0, start: 7, end: 8 }],
      added: [{ line: 0, start: 7, end: 8 }],
    });
    expect(cache.marksOf(hunk)).toBe(marks);
  });

  it('are left out where whole lines come, and in large hunks', () => {
    const cache = new HunkMarkCache();
    expect(cache.marksOf(hunkOf('', 'new\n'))).toBeUndefined();
    const lines = (value: number): string =>
      Array.from({ length: 500 }, (_, index) => `line ${index} is ${value};\n`).join('');
    expect(cache.marksOf(hunkOf(lines(1), lines(2)))).toBeUndefined();
  });
});
