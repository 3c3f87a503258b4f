import { describe, expect, it } from 'vitest';
import { findNearMatch } from '../../../src/edits/matcher';

const code = [
  'import { a } from "./a";',
  '',
  'export function total(values: number[]): number {',
  '  let sum = 0;',
  '  for (const value of values) {',
  '    sum += value;',
  '  }',
  '  return sum;',
  '}',
  '',
].join('\n');

describe('findNearMatch', () => {
  it('finds a block that differs only in indentation, with similarity 1', () => {
    expect(findNearMatch(code, 'for (const value of values) {\n  sum += value;\n}')).toEqual({
      lineOneBased: 5,
      text: '  for (const value of values) {\n    sum += value;\n  }',
      similarity: 1,
    });
  });

  it('finds a block of which one line is remembered wrongly', () => {
    const near = findNearMatch(
      code,
      '  let sum = 0;\n  for (const item of values) {\n    sum += item;\n',
    );
    expect(near?.lineOneBased).toBe(4);
    expect(near?.similarity).toBeGreaterThan(0.7);
  });

  it('finds a single misspelt line by similarity', () => {
    expect(
      findNearMatch(code, 'export function totals(value: number[]): number {')?.lineOneBased,
    ).toBe(3);
  });

  it('gives nothing when nothing is similar, when nothing was searched, and for an empty text', () => {
    expect(findNearMatch(code, 'SELECT * FROM users WHERE id = 7')).toBeUndefined();
    expect(findNearMatch(code, ' \n\n')).toBeUndefined();
    expect(findNearMatch('', 'a')).toBeUndefined();
  });

  it('shows at most 20 lines and 1500 characters', () => {
    const long = Array.from(
      { length: 50 },
      (_, index) => `${'x'.repeat(200)} ${String(index)}`,
    ).join('\n');
    const near = findNearMatch(long, long.replace('x 7\n', 'y 7\n'));
    expect(near?.text.length).toBeLessThanOrEqual(1501);
    expect(near?.text.split('\n').length).toBeLessThanOrEqual(20);
  });
});
