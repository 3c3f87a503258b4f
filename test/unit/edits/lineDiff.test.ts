import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeHunks } from '../../../src/edits/hunks';
import { countChangedLines, shortDiffLimits, unifiedDiff } from '../../../src/edits/lineDiff';

const base = 'a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\n';

describe('unifiedDiff', () => {
  it('prints any number of changed lines', () => {
    const count = 200_000;
    const many = (word: string): string => `${word}\n`.repeat(count);
    expect(unifiedDiff('', many('a'), 'x').split('\n')).toHaveLength(count + 3);
    expect(unifiedDiff(many('a'), many('b')).split('\n')).toHaveLength(2 * count + 1);
    expect(unifiedDiff(many('a'), many('a').replace(/a\n$/, 'b\n'), 'x', count)).toContain('\n+b');
  });

  it('[R162] prints what changed between two texts in unified form', () => {
    expect(
      unifiedDiff(base, base.replace('c\n', 'C\nC2\n').replace('l\n', ''), 'src/x.ts', 1),
    ).toBe(
      [
        '--- src/x.ts',
        '+++ src/x.ts',
        '@@ -2,3 +2,4 @@',
        ' b',
        '-c',
        '+C',
        '+C2',
        ' d',
        '@@ -11,3 +12,2 @@',
        ' k',
        '-l',
        ' m',
      ].join('\n'),
    );
  });

  it('shows hunks with touching context together, and has no file header without a label', () => {
    expect(unifiedDiff(base, base.replace('c\n', 'C\n').replace('f\n', 'F\n'), undefined, 1)).toBe(
      ['@@ -2,6 +2,6 @@', ' b', '-c', '+C', ' d', ' e', '-f', '+F', ' g'].join('\n'),
    );
  });

  it('is empty for equal texts and names no file where there is none', () => {
    expect(unifiedDiff(base, base, 'x')).toBe('');
    expect(unifiedDiff('', 'a\nb\n', 'x')).toBe('--- /dev/null\n+++ x\n@@ -0,0 +1,2 @@\n+a\n+b');
    expect(unifiedDiff('a\nb\n', '', 'x')).toBe('--- x\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b');
  });

  it('says when a last line has no line break', () => {
    expect(unifiedDiff('a', 'a\nb', undefined)).toBe(
      '@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n\\ No newline at end of file',
    );
  });

  it('says in one line that only line endings changed', () => {
    expect(unifiedDiff('a\r\nb\r\nc\r\n', 'a\nb\nc\n', undefined)).toBe(
      '@@ -1,3 +1,3 @@\n\\ Line endings of 3 lines: CRLF -> LF',
    );
  });

  it('[R163] the short form has at most 500 characters and counts what it leaves out; the full form leaves nothing out', () => {
    const after = base.replace(
      /[a-m]/g,
      (letter) => `${letter} is now a longer line of text than before`,
    );
    const short = unifiedDiff(base, after, 'x', 3, shortDiffLimits);
    const full = unifiedDiff(base, after, 'x');
    expect(short.length).toBeLessThanOrEqual(500);
    const [, rest] = /… (\d+) more lines$/.exec(short) ?? [];
    expect(short.split('\n').length - 1 + Number(rest)).toBe(full.split('\n').length);
    expect(full).toContain('+m is now a longer line');
  });

  it('never exceeds its limit, whatever the texts', () => {
    const text = fc
      .array(fc.constantFrom('a\n', 'b\r\n', 'x'.repeat(120), '\n', '😀\n'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, fc.integer({ min: 40, max: 600 }), (before, after, maxChars) => {
        expect(unifiedDiff(before, after, 'x', 3, { maxChars }).length).toBeLessThanOrEqual(
          maxChars,
        );
      }),
      { numRuns: 300, seed: 5 },
    );
  }, 60_000);

  it('applied as a patch it gives the new text (LF, with final line break)', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', '', 'c d'), { maxLength: 20 })
      .map((lines) => lines.map((line) => `${line}\n`).join(''));
    fc.assert(
      fc.property(text, text, fc.integer({ min: 0, max: 4 }), (before, after, context) => {
        expect(patched(before, unifiedDiff(before, after, undefined, context))).toBe(after);
      }),
      { numRuns: 2000, seed: 6 },
    );
  }, 60_000);

  it('counts added and removed lines', () => {
    expect(
      countChangedLines(computeHunks(base, base.replace('c\n', 'C\nC2\n').replace('l\n', ''))),
    ).toEqual({ added: 2, removed: 2 });
  });
});

function patched(before: string, diff: string): string {
  const lines = before.split('\n').slice(0, -1);
  const out: string[] = [];
  let at = 0;
  for (const line of diff === '' ? [] : diff.split('\n')) {
    const header = /^@@ -(\d+)(?:,(\d+))? \+/.exec(line);
    if (header !== null) {
      const start = header[2] === '0' ? Number(header[1]) : Number(header[1]) - 1;
      out.push(...lines.slice(at, start));
      at = start;
    } else if (line.startsWith('+')) {
      out.push(line.slice(1));
    } else {
      expect(lines[at]).toBe(line.slice(1));
      if (line.startsWith(' ')) {
        out.push(line.slice(1));
      }
      at++;
    }
  }
  return [...out, ...lines.slice(at)].map((line) => `${line}\n`).join('');
}
