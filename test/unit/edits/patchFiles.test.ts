import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePatch } from '../../../src/edits/patchFiles';
import type { FilePatch } from '../../../src/edits/filePatch';

const files = (text: string): readonly FilePatch[] => {
  const parsed = parsePatch(text);
  return parsed.kind === 'parsed' ? parsed.files : [];
};
const message = (text: string): string => {
  const parsed = parsePatch(text);
  return parsed.kind === 'failed' ? parsed.message : '';
};

describe('a patch between Begin Patch and End Patch', () => {
  it('adds, changes, deletes and moves files', () => {
    const text = [
      'Here it is:',
      '```',
      '*** Begin Patch',
      '*** Add File: src/new file.ts',
      '+one',
      '+',
      '+*** two',
      '*** Update File: src/a.ts',
      '@@ class A {',
      ' keep',
      '-old',
      '+new',
      '*** End of File',
      '*** Update File: b.ts',
      '*** Move to: lib/b.ts',
      '@@',
      '-x',
      '+y',
      '*** Delete File: c.ts',
      '',
      '*** End Patch',
      '```',
      '',
    ].join('\n');
    const expected: readonly FilePatch[] = [
      { kind: 'create', path: 'src/new file.ts', content: 'one\n\n*** two\n' },
      {
        kind: 'update',
        path: 'src/a.ts',
        hunks: '@@ class A {\n keep\n-old\n+new\n*** End of File\n',
      },
      { kind: 'update', path: 'b.ts', hunks: '@@\n-x\n+y\n', movedTo: 'lib/b.ts' },
      { kind: 'delete', path: 'c.ts' },
    ];
    expect(files(text)).toEqual(expected);
    expect(files(text.replaceAll('\n', '\r\n'))).toEqual(expected);
  });

  it.each([
    ['nothing known', 'hello', 'neither of the two known forms'],
    ['a patch that is cut off', '*** Begin Patch\n*** Add File: a\n+x\n', 'may be cut off'],
    ['no file', '*** Begin Patch\n*** End Patch', 'names no file'],
    ['no path', '*** Begin Patch\n*** Delete File:\n*** End Patch', 'names no path'],
    ['no hunk', '*** Begin Patch\n*** Update File: a\n*** End Patch', 'it has no hunks'],
    ['a bare line', '*** Begin Patch\n*** Add File: a\nx\n*** End Patch', 'must begin with "+"'],
    ['stray lines', '*** Begin Patch\nx\n*** End Patch', 'in line 2 of the patch, not: x'],
    [
      'lines under a deletion',
      '*** Begin Patch\n*** Delete File: a\n-x\n*** End Patch',
      'nothing may follow',
    ],
  ])('with %s is refused with a sentence that says why', (_what, text, why) => {
    expect(message(text)).toContain(why);
  });
});

describe('a unified diff', () => {
  it('may have any number of lines in one hunk', () => {
    const count = 200_000;
    const text = `--- /dev/null\n+++ b/x\n@@ -0,0 +1,${count} @@\n${'+a\n'.repeat(count)}`;
    expect(files(text)).toEqual([{ kind: 'create', path: 'x', content: 'a\n'.repeat(count) }]);
  });

  it('as git prints it: changed, new, deleted, renamed and quoted files', () => {
    const text = [
      'diff --git a/src/a.ts b/src/a.ts',
      'index 1..2 100644',
      '--- a/src/a.ts',
      '+++ b/src/a.ts',
      '@@ -1,2 +1,2 @@ function x() {',
      ' a',
      '--- not a head',
      '+++ neither',
      '@@ -9 +9 @@',
      '-q',
      '+r',
      '\\ No newline at end of file',
      'diff --git a/new b/new',
      'new file mode 100644',
      '--- /dev/null',
      '+++ b/new',
      '@@ -0,0 +1,2 @@',
      '+one',
      '+two',
      '\\ No newline at end of file',
      'diff --git a/old b/old',
      'deleted file mode 100644',
      '--- a/old',
      '+++ /dev/null',
      '@@ -1 +0,0 @@',
      '-gone',
      'diff --git a/x y b/z y',
      'similarity index 100%',
      'rename from x y',
      'rename to z y',
      'diff --git "a/\\303\\244.ts" "b/\\303\\244.ts"',
      '--- "a/\\303\\244.ts"',
      '+++ "b/\\303\\244.ts"',
      '@@ -1 +1 @@',
      '-1',
      '+2',
      '-- ',
      '2.39.5',
      '',
    ].join('\n');
    const expected: readonly FilePatch[] = [
      {
        kind: 'update',
        path: 'src/a.ts',
        hunks:
          '@@ -1,2 +1,2 @@ function x() {\n a\n--- not a head\n+++ neither\n@@ -9 +9 @@\n-q\n+r\n\\ No newline at end of file\n',
      },
      { kind: 'create', path: 'new', content: 'one\ntwo' },
      { kind: 'delete', path: 'old' },
      { kind: 'update', path: 'x y', hunks: '', movedTo: 'z y' },
      { kind: 'update', path: 'ä.ts', hunks: '@@ -1 +1 @@\n-1\n+2\n' },
    ];
    expect(files(text)).toEqual(expected);
    expect(files(text.replaceAll('\n', '\r\n'))).toEqual(expected);
  });

  it('without git: names with a time, no prefix, several files, wrong counts', () => {
    expect(
      files(
        '--- src/a.c\t2026-01-01 00:00:00\n+++ src/a.c\t2026-01-02\n@@ -1,9 +1,9 @@\n-x\n+y\n--- a/b.c\n+++ b/b.c\n@@ -1 +1 @@\n-p\n+q\n',
      ),
    ).toEqual([
      { kind: 'update', path: 'src/a.c', hunks: '@@ -1,9 +1,9 @@\n-x\n+y\n' },
      { kind: 'update', path: 'b.c', hunks: '@@ -1 +1 @@\n-p\n+q\n' },
    ]);
  });

  it('keeps the carriage returns of the lines of a CRLF file', () => {
    expect(files('--- a/w\n+++ b/w\n@@ -1 +1 @@\n-a\r\n+b\r\n')).toEqual([
      { kind: 'update', path: 'w', hunks: '@@ -1 +1 @@\n-a\r\n+b\r\n' },
    ]);
  });

  it.each([
    ['no names', '@@ -1 +1 @@\n-a\n+b\n', 'has no file'],
    [
      'a binary file',
      'diff --git a/i.png b/i.png\nBinary files a/i.png and b/i.png differ\n',
      'a binary file cannot',
    ],
    ['a change of mode', 'diff --git a/x b/x\nold mode 1\nnew mode 2\n', 'change of mode alone'],
    ['old lines in a new file', '--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n-a\n+b\n', 'is new, but'],
  ])('with %s is refused with a sentence that says why', (_what, text, why) => {
    expect(message(text)).toContain(why);
  });

  it('whatever the text, parsing ends in files or in a sentence', () => {
    const line = fc.constantFrom(
      '*** Begin Patch',
      '*** End Patch',
      '*** Update File: a',
      '*** Add File: b',
      '*** Move to: c',
      '--- a/x',
      '+++ b/x',
      '@@ -1 +1 @@',
      '@@ x',
      '+y',
      '-z',
      ' w',
      '',
      'diff --git a/x b/x',
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 14 }), (lines) => {
        const parsed = parsePatch(lines.join('\n'));
        expect(
          parsed.kind === 'parsed' ? parsed.files.length : parsed.message.length,
        ).toBeGreaterThan(0);
      }),
      { numRuns: 3000, seed: 31 },
    );
  }, 60_000);
});
