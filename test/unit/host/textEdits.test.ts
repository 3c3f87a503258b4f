import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeHunks } from '../../../src/edits/hunks';
import {
  applyOffsetEdits,
  isSameButEndings,
  lineEndings,
  minimalEdits,
  withOriginalEndings,
} from '../../../src/host/textEdits';

const endings = fc.constantFrom('\n', '\r\n');
const text = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', '👍', '\t', ''), endings), { maxLength: 12 })
  .chain((lines) =>
    fc.constantFrom('', 'end').map((last) => lines.map((line) => line.join('')).join('') + last),
  );

describe('the replacements of a write', () => {
  it('give exactly the new text, for any two texts', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(
          applyOffsetEdits(before, minimalEdits(before, after, computeHunks(before, after))),
        ).toBe(after);
      }),
    );
  });

  it('give exactly the new text when the hunks are of no use', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(applyOffsetEdits(before, minimalEdits(before, after, []))).toBe(after);
      }),
    );
  });

  it('touch only the lines that change', () => {
    const before = 'one\ntwo\nthree\nfour\n';
    const after = 'one\nTWO\nthree\nfour\nfive\n';
    expect(minimalEdits(before, after, computeHunks(before, after))).toEqual([
      { start: 4, end: 8, text: 'TWO\n' },
      { start: 19, end: 19, text: 'five\n' },
    ]);
    expect(minimalEdits(before, 'one\ntwo\nx\nfour\n', [])).toEqual([
      { start: 8, end: 14, text: 'x\n' },
    ]);
  });
});

describe('line endings', () => {
  it('are one kind, none or mixed; a lone CR is mixed', () => {
    expect(['', 'a', 'a\nb\n', 'a\r\nb\r\n', 'a\r\nb\n', 'a\rb'].map(lineEndings)).toEqual([
      'none',
      'none',
      'lf',
      'crlf',
      'mixed',
      'mixed',
    ]);
  });

  it('can be the only difference', () => {
    expect(isSameButEndings('a\r\nb\n', 'a\nb\n')).toBe(true);
    expect(isSameButEndings('a\n', 'a')).toBe(false);
  });

  it('come back to the lines that the user did not touch', () => {
    const original = 'a\r\nb\nc\r\nd\r\n';
    expect(withOriginalEndings(original, 'a\nb\nnew\nc\nd\n')).toBe('a\r\nb\nnew\r\nc\r\nd\r\n');
    expect(withOriginalEndings(original, 'a\r\nc\r\nd\r\n')).toBe('a\r\nc\r\nd\r\n');
  });

  it('are those of the original when nothing was typed, whatever the editor made of them', () => {
    fc.assert(
      fc.property(text, endings, (original, ending) => {
        expect(withOriginalEndings(original, original.replace(/\r\n|\n/g, ending))).toBe(original);
      }),
    );
  });
});
