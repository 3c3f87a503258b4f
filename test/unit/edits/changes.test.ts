import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyChange, type ChangeOutcome } from '../../../src/edits/changes';

const file = 'one\ntwo\nthree\ntwo and a half\n';

describe('applyChange', () => {
  it('replaces a text that occurs once and leaves every other byte', () => {
    expect(edit(file, 'three', '3')).toEqual(changed('one\ntwo\n3\ntwo and a half\n'));
  });

  it('an occurrence that overlaps another makes a text ambiguous; replacing all takes them from the left', () => {
    expect(edit('aaa', 'aa', 'b')).toMatchObject({ kind: 'failed', code: 'ambiguous' });
    expect(
      applyChange('aaaaa', {
        kind: 'edits',
        edits: [{ search: 'aa', replace: 'b', replaceAll: true }],
      }),
    ).toEqual(changed('bba'));
  });

  it('applies edits one after the other, each on what the one before left', () => {
    const outcome = applyChange('a\n', {
      kind: 'edits',
      edits: [
        { search: 'a', replace: 'bb' },
        { search: 'bb', replace: 'c' },
      ],
    });
    expect(outcome).toEqual(changed('c\n'));
  });

  it('refuses a text that occurs more than once, says where, and takes all of them when told to', () => {
    expect(edit(file, 'two', '2')).toEqual({
      kind: 'failed',
      code: 'ambiguous',
      message:
        'The search text occurs 2 times (lines 2, 4). Add lines around it until it is unique, or set replaceAll to change all of them.',
    });
    expect(
      applyChange(file, {
        kind: 'edits',
        edits: [{ search: 'two', replace: '2', replaceAll: true }],
      }),
    ).toEqual(changed('one\n2\nthree\n2 and a half\n'));
  });

  it('refuses a text that does not occur, with the nearest place as it is', () => {
    expect(edit('function a() {\n\treturn  1;\n}\n', '  return 1;', 'return 2;')).toEqual({
      kind: 'failed',
      code: 'not_found',
      message:
        'The search text does not occur in the file. The nearest place is line 2, which differs only in white space:\n\treturn  1;\nCopy the text exactly as it is there, without line numbers.',
    });
    const similar = edit('const total = sum(values);\n', 'const total = add(values);', 'x');
    expect(similar).toMatchObject({ code: 'not_found' });
    expect(messageOf(similar)).toContain('line 1, which is');
    expect(messageOf(edit(file, 'something else entirely', ''))).toContain(
      'nothing in it is similar',
    );
  });

  it('names the edit of several that failed and changes nothing', () => {
    const outcome = applyChange(file, {
      kind: 'edits',
      edits: [
        { search: 'one', replace: '1' },
        { search: 'four', replace: '4' },
      ],
    });
    expect(outcome).toMatchObject({ kind: 'failed', code: 'not_found' });
    expect(messageOf(outcome)).toMatch(/^Edit 2 of 2: /);
    expect(
      applyChange(file, {
        kind: 'edits',
        edits: [
          { search: 'one', replace: '1' },
          { search: '', replace: '' },
        ],
      }),
    ).toMatchObject({ code: 'empty_search' });
  });

  it('an empty search text creates a file, or fills an empty one, and is refused where there is text', () => {
    expect(edit(undefined, '', 'new\n')).toEqual(changed('new\n'));
    expect(edit('', '', 'new\n')).toEqual(changed('new\n'));
    expect(edit(file, '', 'new\n')).toMatchObject({ kind: 'failed', code: 'file_exists' });
  });

  it('a missing file, an empty list of edits and an edit without effect are told apart', () => {
    expect(edit(undefined, 'a', 'b')).toMatchObject({ code: 'file_missing' });
    expect(applyChange(undefined, { kind: 'delete' })).toMatchObject({ code: 'file_missing' });
    expect(applyChange(file, { kind: 'edits', edits: [] })).toMatchObject({ code: 'no_edits' });
    expect(edit(file, 'one', 'one')).toMatchObject({ code: 'no_change' });
  });

  it('whole content creates or replaces, deletion leaves nothing', () => {
    expect(applyChange(undefined, { kind: 'content', content: 'a\n' })).toEqual(changed('a\n'));
    expect(applyChange(file, { kind: 'content', content: 'a\n' })).toEqual(changed('a\n'));
    expect(applyChange(file, { kind: 'delete' })).toEqual(changed(''));
  });

  it('fits a patch of a program that sees the byte order mark to a text that comes without it', () => {
    const hunks = '@@ -1,2 +1,2 @@\n-\uFEFFone\r\n+\uFEFFONE\r\n two\r\n';
    const change = { kind: 'patch', hunks } as const;
    expect(applyChange('one\r\ntwo\r\n', change)).toEqual({
      kind: 'changed',
      text: 'ONE\r\ntwo\r\n',
    });
    expect(applyChange('\uFEFFone\r\ntwo\r\n', change)).toEqual({
      kind: 'changed',
      text: '\uFEFFONE\r\ntwo\r\n',
    });
    // A mark that was not there before is a change like any other.
    const adds = { kind: 'patch', hunks: '@@ -1 +1 @@\n-one\n+\uFEFFone\n' } as const;
    expect(applyChange('one\n', adds)).toEqual({ kind: 'changed', text: '\uFEFFone\n' });
  });

  it('keeps CRLF and a byte order mark when the model sends LF and none', () => {
    const windows = '\uFEFFone\r\ntwo\r\nthree\r\n';
    expect(applyChange(windows, { kind: 'content', content: 'one\n2\n' })).toEqual(
      changed('\uFEFFone\r\n2\r\n'),
    );
    expect(edit(windows, 'one\ntwo\n', 'one\nnew\ntwo\n')).toEqual(
      changed('\uFEFFone\r\nnew\r\ntwo\r\nthree\r\n'),
    );
    expect(edit(windows, 'two', 'two\nnew')).toEqual(
      changed('\uFEFFone\r\ntwo\r\nnew\r\nthree\r\n'),
    );
  });

  it('finds LF text in a CRLF part of a mixed file, gives new lines the endings of that part, and leaves the rest', () => {
    const mixed = 'a\nb\r\nc\r\nd\ne\n';
    expect(edit(mixed, 'b\nc', 'B\nnew\nC')).toEqual(changed('a\nB\r\nnew\r\nC\r\nd\ne\n'));
    expect(edit(mixed, 'd\ne', 'd\nnew\ne')).toEqual(changed('a\nb\r\nc\r\nd\nnew\ne\n'));
  });

  it('CRLF that the model means is kept: where it searched for it, and in whole content', () => {
    expect(applyChange('a\nb\n', { kind: 'content', content: 'a\r\nb\r\n' })).toEqual(
      changed('a\r\nb\r\n'),
    );
    expect(edit('a\nb\n', 'a\r\nb', 'x\r\ny')).toEqual(changed('x\ny\n'));
  });

  it('a place never begins or ends within a CRLF', () => {
    expect(edit('a\r\nb\r\n', '\n', ' ')).toMatchObject({ kind: 'failed', code: 'ambiguous' });
    expect(edit('a\r\nb', '\n', ' ')).toEqual(changed('a b'));
    expect(edit('  y\rx\r\n', 'y\rx\r', 'a\rb')).toEqual(changed('  a\rb'));
    expect(edit('x\nfoo\r\nfoo', '\nfoo', '')).toMatchObject({ kind: 'failed', code: 'ambiguous' });
  });

  it('a search text that is cut from the file and unique is always found and replaced in place', () => {
    const text = fc.array(fc.constantFrom('a', 'b', '\n', '\r\n', '😀', ' '), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(
        text,
        fc.nat(),
        fc.nat(),
        fc.constantFrom('', 'x', 'y$&'),
        (parts, from, count, replace) => {
          const start = from % parts.length;
          const end = start + 1 + (count % (parts.length - start));
          const head = parts.slice(0, start).join('');
          const search = parts.slice(start, end).join('');
          const tail = parts.slice(end).join('');
          const whole = head + search + tail;
          const isUnique = whole.indexOf(search) === whole.lastIndexOf(search);
          const outcome = edit(whole, search, replace);
          if (isUnique) {
            expect(outcome).toEqual(changed(head + replace + tail));
          } else {
            expect(outcome).toMatchObject({ kind: 'failed', code: 'ambiguous' });
          }
        },
      ),
      { numRuns: 2000, seed: 3 },
    );
  }, 60_000);

  it('takes the line break behind a removed text away where the dialect means it so', () => {
    const edits = [{ search: 'two', replace: '', dropsLineEnd: true }];
    expect(applyChange('one\r\ntwo\r\nthree', { kind: 'edits', edits })).toEqual({
      kind: 'changed',
      text: 'one\r\nthree',
    });
    expect(applyChange('one\ntwo', { kind: 'edits', edits })).toEqual({
      kind: 'changed',
      text: 'one\n',
    });
  });
});

function edit(base: string | undefined, search: string, replace: string): ChangeOutcome {
  return applyChange(base, { kind: 'edits', edits: [{ search, replace }] });
}

function changed(text: string): ChangeOutcome {
  return { kind: 'changed', text };
}

function messageOf(outcome: ChangeOutcome): string {
  return outcome.kind === 'failed' ? outcome.message : '';
}
