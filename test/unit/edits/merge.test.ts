import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeTexts } from '../../../src/edits/merge';

const base = Array.from({ length: 12 }, (_, index) => `line ${String(index)}\n`).join('');

describe('mergeTexts', () => {
  it('[R228] puts both changes together where they do not overlap', () => {
    const ours = base.replace('line 2\n', 'OURS\n');
    const theirs = base.replace('line 8\n', '').replace('line 10\n', 'THEIRS\nmore\n');
    expect(mergeTexts(base, ours, theirs)).toBe(theirs.replace('line 2\n', 'OURS\n'));
  });

  it('[R228] gives up where they overlap or touch', () => {
    expect(
      mergeTexts(base, base.replace('line 2\n', 'a\n'), base.replace('line 2\n', 'b\n')),
    ).toBeUndefined();
    expect(
      mergeTexts(base, base.replace('line 2\n', 'a\n'), base.replace('line 3\n', 'b\n')),
    ).toBeUndefined();
    expect(mergeTexts('', 'a\n', 'b\n')).toBeUndefined();
  });

  it('is the same from both sides, and one side that changed nothing gives the other', () => {
    const line = fc.constantFrom('a\n', 'b\n', 'c\r\n', 'd\n', '\n');
    const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join(''));
    fc.assert(
      fc.property(text, text, text, (start, ours, theirs) => {
        expect(mergeTexts(start, ours, theirs)).toBe(mergeTexts(start, theirs, ours));
        expect(mergeTexts(start, ours, start)).toBe(ours);
        expect(mergeTexts(start, start, theirs)).toBe(theirs);
      }),
      { numRuns: 1500, seed: 8 },
    );
  }, 60_000);
});
