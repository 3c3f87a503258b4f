import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringField } from '../../../src/base/guard';
import type { JsonObject } from '../../../src/base/json';
import { updatedInput } from '../../../src/runtime/bridges/claudeCliInput';

/**
 * What Claude Code 2.1.329 does with an Edit: text with LF, one place, an empty replacement eats the line break behind,
 * everything written back in the prevailing line ends. Observed with the real program.
 */
function claudeEdit(file: string, input: JsonObject): string {
  const isCrlf = file.split('\r\n').length - 1 > file.replaceAll('\r\n', '').split('\n').length - 1;
  const text = file.replaceAll('\r\n', '\n');
  const search = stringField(input, 'old_string') ?? '';
  const replace = stringField(input, 'new_string') ?? '';
  if (search === '') {
    return text === '' ? replace : 'refused: the file exists';
  }
  const places = text.split(search).length - 1;
  if (places !== 1 || search === replace) {
    return `refused: ${places} places`;
  }
  const eats = replace === '' && !search.endsWith('\n') && text.includes(`${search}\n`);
  const result = text.replace(eats ? `${search}\n` : search, () => replace);
  return isCrlf ? result.replaceAll('\n', '\r\n') : result;
}

function written(base: string, text: string, input: JsonObject): string {
  const updated = updatedInput('Edit', input, { baseText: base, text });
  return updated.kind === 'input' ? claudeEdit(base, updated.input) : `impossible: ${updated.why}`;
}

const line = fc.constantFrom('a', 'b', 'a b', '', '  ', '“q”', '$&', '🤔');
const lf = fc
  .tuple(fc.array(line, { maxLength: 12 }), fc.boolean())
  .map(([lines, hasEnd]) => lines.join('\n') + (hasEnd ? '\n' : ''));
const asked = { file_path: '/w/f', old_string: 'something', new_string: 'else', replace_all: true };

describe('the input that Claude is given for an approved text', () => {
  it('writes exactly the approved bytes, for any base and any approved text', () => {
    fc.assert(
      fc.property(lf, lf, (base, text) => {
        fc.pre(base !== text);
        expect(written(base, text, asked)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('writes exactly the approved bytes of a file with CRLF line ends', () => {
    fc.assert(
      fc.property(lf, lf, (base, text) => {
        const crlf = (value: string): string => value.replaceAll('\n', '\r\n');
        fc.pre(base !== text && base.includes('\n'));
        expect(written(crlf(base), crlf(text), asked)).toBe(crlf(text));
      }),
      { numRuns: 500 },
    );
  });

  it('leaves the input as asked when all of it was approved', () => {
    const input = { file_path: '/w/f', old_string: 'b', new_string: 'B', replace_all: true };
    expect(updatedInput('Edit', input, { baseText: 'b\nb\n', text: 'B\nB\n' })).toEqual({
      kind: 'input',
      input,
    });
    const removal = { file_path: '/w/f', old_string: 'two', new_string: '' };
    expect(updatedInput('Edit', removal, { baseText: 'one\ntwo\n', text: 'one\n' })).toEqual({
      kind: 'input',
      input: removal,
    });
  });

  it('replaces a small unique region around the approved part', () => {
    const input = { file_path: '/w/f', old_string: 'all', new_string: 'else', replace_all: false };
    expect(
      updatedInput('Edit', input, { baseText: 'x\na\nx\nb\nx\n', text: 'x\na\nx\nB\nx\n' }),
    ).toEqual({
      kind: 'input',
      input: { file_path: '/w/f', old_string: 'b\n', new_string: 'B\n', replace_all: false },
    });
    expect(
      updatedInput('MultiEdit', { file_path: '/w/f', edits: [] }, { baseText: 'a\n', text: 'b\n' }),
    ).toEqual({
      kind: 'input',
      input: {
        file_path: '/w/f',
        edits: [{ old_string: 'a\n', new_string: 'b\n', replace_all: false }],
      },
    });
  });

  it('gives Write the approved text byte for byte', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (base, text) => {
        expect(
          updatedInput('Write', { file_path: '/w/f', content: 'x' }, { baseText: base, text }),
        ).toEqual({
          kind: 'input',
          input: { file_path: '/w/f', content: text },
        });
      }),
    );
  });

  it('says so where the tool cannot write these bytes, instead of writing others', () => {
    const impossible = (tool: string, baseText: string, text: string): string => {
      const updated = updatedInput(tool, asked, { baseText, text });
      return updated.kind === 'impossible' ? updated.why : 'possible';
    };
    expect(impossible('Edit', 'a\r\nb\n', 'a\r\nB\n')).toContain('line endings');
    expect(impossible('Edit', 'a\r\nb\r\n', 'a\r\nB\n')).toContain('line endings');
    expect(impossible('Edit', 'a\nb\n', 'a\r\nb\r\n')).toContain('line endings');
    expect(impossible('Edit', 'a', 'a\r\nb')).toContain('line endings');
    expect(impossible('NotebookEdit', 'a', 'b')).toContain('NotebookEdit');
    expect(impossible('Edit', 'a', 'a')).toContain('No part');
    expect(impossible('Edit', 'a\n', 'b\n')).toBe('possible');
  });

  it('stays quick on a large file of equal lines', () => {
    const base = 'same line\n'.repeat(50_000);
    const text = `${'same line\n'.repeat(25_000)}new\n${'same line\n'.repeat(25_000)}`;
    const startMs = performance.now();
    expect(written(base, text, asked)).toBe(text);
    expect(performance.now() - startMs).toBeLessThan(2000);
  });

  it('gives a Write the approved text as it is, its byte order mark included', () => {
    const text = '\uFEFFnew\r\n';
    expect(
      updatedInput('Write', { file_path: 'f', content: 'new\n' }, { baseText: '\uFEFFold', text }),
    ).toEqual({ kind: 'input', input: { file_path: 'f', content: text } });
  });
});
