import { describe, expect, it } from 'vitest';
import { IgnoreRules } from '../../../src/node/ignoreRules';

describe('the rules of an ignore file', () => {
  it('end before blanks, but not before one behind a backslash', () => {
    const rules = IgnoreRules.none.with('', 'a  \t\r\nb\\  \n   \n!c d ');
    expect(['a', 'b', 'b ', 'b  '].map((name) => rules.ignores(name, false))).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('are read in a time that grows with the file, and those nobody writes are left out', () => {
    const start = performance.now();
    const blanks = ' '.repeat(4000);
    const rules = IgnoreRules.none.with(
      '',
      [`a${blanks}b`, 'x'.repeat(5000), 'seen', `a${blanks}b\n`.repeat(100), 'unseen'].join('\n'),
    );
    expect(rules.ignores('seen', false)).toBe(true);
    expect(rules.ignores('x'.repeat(5000), false)).toBe(false);
    expect(rules.ignores('unseen', false)).toBe(false);
    expect(IgnoreRules.none.with('', `${' '.repeat(200_000)}b`).ignores('b', false)).toBe(false);
    expect(performance.now() - start).toBeLessThan(3000);
  });
});
