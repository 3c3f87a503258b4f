import { describe, expect, it } from 'vitest';
import { PatchbayError } from '../../../src/base/patchbayError';
import { createFormatHook, type Formatter } from '../../../src/host/formatHook';
import type { OffsetEdit } from '../../../src/host/textEdits';
import { createBench, type BenchOptions } from '../../fakes/orchestratorBench';

const file = '/w/app/a.ts';
const old = 'a  =  1\nb  =  2\nc  =  3\n';
const edit = { path: 'a.ts', edits: [{ search: 'b  =  2', replace: 'b  =  20' }] };
const written = 'a  =  1\nb  =  20\nc  =  3\n';

/** A formatter that takes one of two blanks wherever it looks. */
const tidy = (text: string, from: number, to: number): readonly OffsetEdit[] | undefined => {
  const edits = [...text.matchAll(/ {2}/g)]
    .filter(({ index }) => index >= from && index < to)
    .map(({ index }) => ({ start: index, end: index + 2, text: ' ' }));
  return edits.length === 0 ? undefined : edits;
};
const ofParts: Formatter = {
  formatPart: (_, text, { start, end }) => Promise.resolve(tidy(text, start, end)),
  formatAll: (_, text) => Promise.resolve(tidy(text, 0, text.length)),
};
const ofWholes: Formatter = { ...ofParts, formatPart: () => Promise.resolve(undefined) };

function place(
  formatter: Formatter,
  options: BenchOptions & { readonly isOn?: boolean; readonly isTrusted?: boolean } = {},
) {
  const { isOn = true, isTrusted = true, ...rest } = options;
  const bench = createBench({ files: { [file]: old }, ...rest });
  bench.hooks.add(
    createFormatHook({
      isOn: () => isOn,
      isTrusted: () => isTrusted,
      files: bench.files,
      formatter,
    }),
  );
  return bench;
}

describe('formatting after an edit', () => {
  it('[R159] changes only the lines that were written, where parts can be formatted, and tells what it changed', async () => {
    const bench = place(ofParts);
    const { output } = await bench.run('edit_file', edit);
    expect(bench.files.disk(file)).toBe('a  =  1\nb = 20\nc  =  3\n');
    expect(output).toMatch(/The formatter changed the file further:\n@@ [^\n]* @@\n/);
    expect(output).toContain('-b  =  20\n+b = 20');
  });

  it('[R159] keeps out what a formatter of parts changes beside them', async () => {
    const greedy: Formatter = { ...ofParts, formatPart: ofParts.formatAll };
    const bench = place(greedy);
    await bench.run('edit_file', edit);
    expect(bench.files.disk(file)).toBe('a  =  1\nb = 20\nc  =  3\n');
  });

  it('[R159] formats each written part once, also when the answers cross', async () => {
    const greedy: Formatter = { ...ofParts, formatPart: ofParts.formatAll };
    const bench = place(greedy);
    await bench.run('edit_file', {
      path: 'a.ts',
      edits: [
        { search: 'a  =  1', replace: 'a  =  10' },
        { search: 'c  =  3', replace: 'c  =  30' },
      ],
    });
    expect(bench.files.disk(file)).toBe('a = 10\nb  =  2\nc = 30\n');
  });

  it('[R159] leaves well-formed parts alone, though the rest of the file is not', async () => {
    const bench = place(ofParts);
    await bench.run('edit_file', {
      path: 'a.ts',
      edits: [{ search: 'b  =  2', replace: 'b = 2' }],
    });
    expect(bench.files.disk(file)).toBe('a  =  1\nb = 2\nc  =  3\n');
    expect(bench.files.writes).toHaveLength(1);
  });

  it('[R159] formats the file as a whole only where nobody formats parts', async () => {
    const bench = place(ofWholes);
    const { output } = await bench.run('edit_file', edit);
    expect(bench.files.disk(file)).toBe('a = 1\nb = 20\nc = 3\n');
    expect(output).toContain('The formatter changed the file further:');
  });

  it('[R159] does nothing that was not asked for: switched off, without trust, unsaved, deleted', async () => {
    for (const options of [{ isOn: false }, { isTrusted: false }]) {
      const bench = place(ofParts, options);
      const { output } = await bench.run('edit_file', edit);
      expect(bench.files.disk(file)).toBe(written);
      expect(output).not.toContain('formatter');
    }
    const deleting = place(ofParts);
    expect((await deleting.run('delete_file', { path: 'a.ts' })).ok).toBe(true);
    expect(deleting.files.disk(file)).toBeUndefined();
  });

  it('[R159] does not write over what came in between, nor where the path leads elsewhere by now', async () => {
    const bench = createBench({ files: { [file]: 'later\n' } });
    const hook = createFormatHook({
      isOn: () => true,
      isTrusted: () => true,
      files: bench.files,
      formatter: ofParts,
    });
    const target = { path: file, folder: '/w/app' };
    const { signal } = new AbortController();
    const finish = hook.begin(target);
    const write = { ...target, beforeText: old, afterText: written };
    expect(await finish(write, signal)).toBeUndefined();
    expect(bench.files.disk(file)).toBe('later\n');
    bench.files.put(file, written);
    const moved = () => Promise.reject(new PatchbayError('moved', 'leads elsewhere'));
    await expect(finish({ ...write, checkPlace: moved }, signal)).rejects.toThrow('elsewhere');
    expect(bench.files.disk(file)).toBe(written);
    expect(await finish({ ...write, isTextHidden: true }, signal)).toBe(
      'The formatter changed the file further.',
    );
  });

  it('[R159] costs the call nothing when the formatter fails or answers nonsense', async () => {
    const failing: Formatter = {
      ...ofParts,
      formatPart: () => Promise.reject(new Error('no formatter')),
    };
    const crossing: Formatter = {
      ...ofParts,
      formatPart: () =>
        Promise.resolve([
          { start: 8, end: 14, text: 'x' },
          { start: 10, end: 16, text: 'y' },
        ]),
    };
    for (const formatter of [failing, crossing]) {
      const bench = place(formatter);
      expect((await bench.run('edit_file', edit)).ok).toBe(true);
      expect(bench.files.disk(file)).toBe(written);
    }
  });
});
