import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyChange } from '../../../src/edits/changes';
import { applyUnifiedHunks } from '../../../src/edits/unifiedPatch';

const base = 'a\nb\nc\nd\n';

/** One hunk with the equal lines at both ends as context. */
function hunkOf(from: string, to: string): string {
  const split = (text: string): string[] => (text === '' ? [] : text.split(/(?<=\n)/));
  const [old, young] = [split(from), split(to)];
  const shorter = Math.min(old.length, young.length);
  let head = 0;
  while (head < shorter && old[head] === young[head]) head++;
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === young.at(-1 - tail)) tail++;
  const marked = (mark: string, lines: readonly string[]): string =>
    lines
      .map((line) =>
        line.endsWith('\n') ? mark + line : `${mark}${line}\n\\ No newline at end of file\n`,
      )
      .join('');
  const start = old.length === 0 ? 0 : 1;
  return (
    `@@ -${start},${old.length} +${young.length === 0 ? 0 : 1},${young.length} @@\n` +
    marked(' ', old.slice(0, head)) +
    marked('-', old.slice(head, old.length - tail)) +
    marked('+', young.slice(head, young.length - tail)) +
    marked(' ', old.slice(old.length - tail))
  );
}

describe('the hunks of a unified diff', () => {
  it.each([
    ['a change', '@@ -2,1 +2,1 @@\n-b\n+B\n', 'a\nB\nc\nd\n'],
    ['an insertion', '@@ -2,0 +3,1 @@\n+x\n', 'a\nb\nx\nc\nd\n'],
    ['an insertion at the top', '@@ -0,0 +1 @@\n+x\n', 'x\na\nb\nc\nd\n'],
    ['two hunks', '@@ -1 +1 @@\n-a\n+A\n@@ -4 +4 @@\n-d\n+D\n', 'A\nb\nc\nD\n'],
    ['a lost last line feed', '@@ -4 +4 @@\n-d\n+d\n\\ No newline at end of file\n', 'a\nb\nc\nd'],
    ['another line than it says', '@@ -1,2 +1,2 @@\n c\n-d\n+D\n', 'a\nb\nc\nD\n'],
    ['a last line without its end', '@@ -3,2 +3,1 @@\n c\n-d', 'a\nb\nc\n'],
  ])('apply %s', (_what, hunks, text) => {
    expect(applyUnifiedHunks(base, hunks)).toEqual({ kind: 'patched', text });
  });

  it('apply to a file with CRLF, and new lines get it too', () => {
    expect(applyUnifiedHunks('a\r\nb\r\n', '@@ -1,2 +1,2 @@\n a\n-b\n+B\n')).toEqual({
      kind: 'patched',
      text: 'a\r\nB\r\n',
    });
  });

  it.each([
    ['no hunk', 'hello'],
    ['an empty text', ''],
    ['lines that are not there', '@@ -1 +1 @@\n-x\n+y\n'],
    ['hunks out of order', '@@ -4 +4 @@\n-d\n+D\n@@ -1 +1 @@\n-a\n+A\n'],
    ['an unknown mark', '@@ -1 +1 @@\n!a\n'],
  ])('fail with %s', (_what, hunks) => {
    expect(applyUnifiedHunks(base, hunks).kind).toBe('failed');
  });

  it('fail where they fit at two places and at none that they name', () => {
    expect(applyUnifiedHunks('x\nq\nx\n', '@@ -2 +2 @@\n-x\n+y\n').kind).toBe('failed');
  });

  it('make the text that they were made from, for any two texts', () => {
    const line = fc.constantFrom('a', 'b', 'c', '', '\u2028', '--- x', '+++ y', 'ä');
    const text = fc
      .tuple(fc.array(line, { maxLength: 12 }), fc.boolean())
      .map(([lines, ends]) => lines.join('\n') + (ends && lines.length > 0 ? '\n' : ''));
    fc.assert(
      fc.property(text, text, (from, to) => {
        fc.pre(from !== to);
        expect(applyUnifiedHunks(from, hunkOf(from, to))).toEqual({ kind: 'patched', text: to });
      }),
    );
  });

  it('are a change like any other, and one that changes nothing fails', () => {
    const change = (hunks: string) => applyChange(base, { kind: 'patch', hunks });
    expect(change('@@ -2 +2 @@\n-b\n+B\n')).toEqual({ kind: 'changed', text: 'a\nB\nc\nd\n' });
    expect(change('@@ -2 +2 @@\n-b\n+b\n')).toMatchObject({ code: 'no_change' });
    expect(applyChange(undefined, { kind: 'patch', hunks: '' })).toMatchObject({
      code: 'file_missing',
    });
  });
});
