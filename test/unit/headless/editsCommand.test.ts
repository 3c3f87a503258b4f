import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerHunks, answerMatch } from '../../../src/headless/editsCommand';

const parts = [
  'a',
  'b',
  '',
  '\tx',
  '  x',
  '😀',
  '\ud83d',
  '\u2028',
  'é\u0301',
  '\uFEFF',
  '}',
  '--- a',
];
const ending = fc.constantFrom('\n', '\n', '\r\n', '\r');
const text = fc
  .tuple(
    fc.constantFrom('', '', '\uFEFF'),
    fc.array(fc.tuple(fc.constantFrom(...parts), ending), { maxLength: 12 }),
    fc.constantFrom('', '', ...parts),
  )
  .map(([mark, lines, last]) => mark + lines.map((line) => line.join('')).join('') + last);
const pair = fc.oneof(
  fc.tuple(text, text),
  fc.tuple(text, text, text, text).map(([a, b, c, d]): [string, string] => [a + b + d, a + c + d]),
  text.map((base): [string, string] => [base, base.replaceAll('\r\n', '\n')]),
  text.map((base): [string, string] => [base, base.replace(/(?:\r\n|\r|\n)$/, '')]),
);

interface Answer {
  readonly hunks: readonly {
    readonly index: number;
    readonly oldStart: number;
    readonly oldLines: number;
    readonly newStart: number;
    readonly newLines: number;
  }[];
  readonly result: string;
}

const ask = (base: string, proposed: string, approve: readonly number[] | 'all' | 'none') =>
  answerHunks({ base, proposed, approve }) as unknown as Answer;

/** Lines with their endings, by an own reading. */
const linesOf = (value: string): readonly string[] =>
  value.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [];

/** All texts of up to three of these lines, the last of them with or without an ending. */
const shortTexts: readonly string[] = (() => {
  const lines = ['a\n', '\n', ' a\n', 'a\r\n'];
  const ends = ['', 'a', 'b'];
  const heads = [''];
  for (let from = 0, count = 0; count < 3; count++) {
    const to = heads.length;
    for (; from < to; from++) {
      heads.push(...lines.map((line) => (heads[from] ?? '') + line));
    }
  }
  return heads.flatMap((head) =>
    ends.filter((end) => end === '' || linesOf(head).length < 3).map((end) => head + end),
  );
})();

/** What `patch` would do with the approved hunks: it knows the numbers and the lines, and nothing of the product. */
function patched(base: string, proposed: string, answer: Answer, picked: ReadonlySet<number>) {
  const [old, young] = [linesOf(base), linesOf(proposed)];
  const out: string[] = [];
  let at = 0;
  for (const { index, oldStart, oldLines, newStart, newLines } of answer.hunks) {
    const from = oldLines === 0 ? oldStart : oldStart - 1;
    const newFrom = newLines === 0 ? newStart : newStart - 1;
    out.push(...old.slice(at, from));
    out.push(
      ...(picked.has(index)
        ? young.slice(newFrom, newFrom + newLines)
        : old.slice(from, from + oldLines)),
    );
    at = from + oldLines;
  }
  return [...out, ...old.slice(at)].join('');
}

describe('hunks of lines with their endings', () => {
  it('[R221] any subset gives what a patch of that subset gives; none the base, all the proposal', () => {
    fc.assert(
      fc.property(
        pair,
        fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
        (texts, picks) => {
          const [base, proposed] = texts;
          expect(ask(base, proposed, 'none').result).toBe(base);
          const all = ask(base, proposed, 'all');
          expect(all.result).toBe(proposed);
          const approve = all.hunks.map(({ index }) => index).filter((index) => picks[index]);
          const some = ask(base, proposed, approve);
          expect(some.hunks).toEqual(all.hunks);
          expect(some.result).toBe(patched(base, proposed, all, new Set(approve)));
        },
      ),
      { numRuns: 8000, seed: 34 },
    );
  }, 120_000);

  it('[R222] hunks are counted from 0, in order, apart by at least one equal line, with equal lines between and none at their ends', () => {
    fc.assert(
      fc.property(pair, ([base, proposed]) => {
        const [old, young] = [linesOf(base), linesOf(proposed)];
        let oldAt = 0;
        let newAt = 0;
        ask(base, proposed, 'none').hunks.forEach((hunk, index) => {
          const from = hunk.oldLines === 0 ? hunk.oldStart : hunk.oldStart - 1;
          const newFrom = hunk.newLines === 0 ? hunk.newStart : hunk.newStart - 1;
          expect(hunk.index).toBe(index);
          expect(from - oldAt).toBeGreaterThanOrEqual(index === 0 ? 0 : 1);
          expect(young.slice(newAt, newFrom)).toEqual(old.slice(oldAt, from));
          expect(hunk.oldLines + hunk.newLines).toBeGreaterThan(0);
          oldAt = from + hunk.oldLines;
          newAt = newFrom + hunk.newLines;
          if (hunk.oldLines > 0 && hunk.newLines > 0) {
            expect(old[from]).not.toBe(young[newFrom]);
            expect(old[oldAt - 1]).not.toBe(young[newAt - 1]);
          }
        });
        expect(young.slice(newAt)).toEqual(old.slice(oldAt));
      }),
      { numRuns: 4000, seed: 35 },
    );
  }, 60_000);

  it('a changed ending, byte order mark or final line break is a changed line', () => {
    const ranges = (base: string, proposed: string) =>
      ask(base, proposed, 'none').hunks.map((hunk) => [
        hunk.oldStart,
        hunk.oldLines,
        hunk.newStart,
        hunk.newLines,
      ]);
    expect(ranges('a\r\nb\r\nc\n', 'a\nb\nC\n')).toEqual([[1, 3, 1, 3]]);
    expect(ranges('\uFEFFa\nb\n', 'a\nb\n')).toEqual([[1, 1, 1, 1]]);
    expect(ranges('a\nb', 'a\nb\n')).toEqual([[2, 1, 2, 1]]);
    expect(ranges('', 'a')).toEqual([[0, 0, 1, 1]]);
    expect(ranges('a', '')).toEqual([[1, 1, 0, 0]]);
    expect(ranges('\n\n', '\n')).toEqual([[1, 1, 0, 0]]);
    expect(ranges('a\n', 'a\n')).toEqual([]);
    // Here the editor draws a line more.
    expect(ranges('\t\n', ' \n\t\n')).toEqual([[0, 0, 1, 1]]);
    expect(ranges('a\n', 'a\na\r\n')).toEqual([[1, 0, 2, 1]]);
    expect(ranges('\uFEFFa\n', '\uFEFFa\na\n')).toEqual([[1, 0, 2, 1]]);
    expect(ranges('a\n\t\nb\n', 'a\n\n\t\nb\n')).toEqual([[1, 0, 2, 1]]);
    expect(ranges('a\n}\nb\n', 'a\n}\n  }\nb\n')).toEqual([[2, 0, 3, 1]]);
  });

  it('takes the indexes as a set: one that is named twice is approved once', () => {
    expect(ask('a', 'b', [0, 0])).toEqual(ask('a', 'b', [0]));
  });

  it('refuses indexes that are not there, or no indexes, and texts that are none', () => {
    expect(() => ask('a', 'b', [1])).toThrow('there is no hunk 1; there are 1');
    expect(() => ask('a', 'b', [-1])).toThrow('-1 is no index');
    expect(() => ask('a', 'b', [0.5])).toThrow('0.5 is no index');
    expect(() => answerHunks({ base: 'a', proposed: 'b' })).toThrow('"approve" must be');
    expect(() => answerHunks({ base: 'a', proposed: 1, approve: 'all' })).toThrow('"proposed"');
    expect(answerHunks({ id: 7, base: '', proposed: '', approve: [] })).toEqual({
      id: 7,
      hunks: [],
      result: '',
    });
  });
});

describe('hunks of all short texts', () => {
  it('[R221][R222] are in order, apart, without an equal line at their ends, and any subset of them is exact', () => {
    expect(new Set(shortTexts).size).toBe(shortTexts.length);
    const wrong: unknown[] = [];
    for (const base of shortTexts) {
      for (const proposed of shortTexts) {
        const none = ask(base, proposed, 'none');
        const { hunks } = none;
        const why = [
          ...problemsOf(base, proposed, hunks),
          ...(hunks.length === 0 && base !== proposed ? ['no hunk, but another text'] : []),
        ];
        for (let mask = 0; mask < 1 << hunks.length; mask++) {
          const picked = hunks.map(({ index }) => index).filter((index) => (mask >> index) & 1);
          // The order in which they are named means nothing.
          const some = mask === 0 ? none : ask(base, proposed, picked.reverse());
          if (some.result !== patched(base, proposed, none, new Set(picked))) {
            why.push(`a wrong text for ${JSON.stringify(picked)}`);
          }
          if (mask === (1 << hunks.length) - 1 && some.result !== proposed) {
            why.push('all is not the proposal');
          }
        }
        if (why.length > 0 && wrong.length < 10) {
          wrong.push({ base, proposed, hunks, why });
        }
      }
    }
    expect(wrong).toEqual([]);
  }, 120_000);
});

/** What is wrong with hunks that a diff without context lines could not have. */
function problemsOf(base: string, proposed: string, hunks: Answer['hunks']): readonly string[] {
  const [old, young] = [linesOf(base), linesOf(proposed)];
  const why: string[] = [];
  const same = (a: readonly string[], b: readonly string[]): boolean =>
    a.length === b.length && a.every((line, index) => line === b[index]);
  let oldAt = 0;
  let newAt = 0;
  hunks.forEach((hunk, index) => {
    const from = hunk.oldLines === 0 ? hunk.oldStart : hunk.oldStart - 1;
    const newFrom = hunk.newLines === 0 ? hunk.newStart : hunk.newStart - 1;
    const oldLines = old.slice(from, from + hunk.oldLines);
    const newLines = young.slice(newFrom, newFrom + hunk.newLines);
    if (hunk.index !== index || oldLines.length + newLines.length === 0) {
      why.push(`${String(index)} is out of order or empty`);
    }
    if (oldLines.length !== hunk.oldLines || newLines.length !== hunk.newLines) {
      why.push(`${String(index)} reaches over the end`);
    }
    if (from < oldAt + (index === 0 ? 0 : 1)) {
      why.push(`no line between ${String(index)} and the one before`);
    }
    if (!same(old.slice(oldAt, from), young.slice(newAt, newFrom))) {
      why.push(`other lines before ${String(index)}`);
    }
    const areBoth = oldLines.length > 0 && newLines.length > 0;
    if (areBoth && (oldLines[0] === newLines[0] || oldLines.at(-1) === newLines.at(-1))) {
      why.push(`an equal line at an end of ${String(index)}`);
    }
    oldAt = from + hunk.oldLines;
    newAt = newFrom + hunk.newLines;
  });
  return same(old.slice(oldAt), young.slice(newAt)) ? why : [...why, 'other lines at the end'];
}

describe('a match by its line', () => {
  it('replaces the one place, or says where the nearest is', () => {
    expect(answerMatch({ id: 1, text: 'a\nb\n', search: 'b', replace: 'c' })).toEqual({
      id: 1,
      result: 'a\nc\n',
    });
    expect(answerMatch({ text: 'a\nb\n', search: 'b', replace: 'b' })).toEqual({
      result: 'a\nb\n',
    });
    expect(
      answerMatch({ text: 'x\nconst a = 1;\n', search: 'const  a = 1;', replace: '' }),
    ).toEqual({ nearest: { line: 2, score: 0.99 } });
    // The blank line that was searched is where the place begins, if it is there.
    const text = 'aa\nbb\n\nfoo bar\nfoo baz\n';
    expect(answerMatch({ text, search: '\n\nfoo  bar\n', replace: '' })).toMatchObject({
      nearest: { line: 3 },
    });
    expect(answerMatch({ text: '', search: 'a', replace: '' })).toEqual({
      nearest: { line: 1, score: 0 },
    });
    expect(() => answerMatch({ text: 'aa', search: 'a', replace: '' })).toThrow('occurs 2 times');
    expect(() => answerMatch({ text: 'aa', search: '', replace: '' })).toThrow('empty');
    expect(() => answerMatch({ text: 'aa', search: 'a' })).toThrow('"replace" must be a text');
  });

  it('never takes long, whatever is searched in one line of five million characters', () => {
    const long = 'a'.repeat(5_000_000);
    for (const search of [
      `b${'a'.repeat(2_000_000)}`,
      `${'a'.repeat(2_000_000)}b`,
      `b${'a'.repeat(249)}`,
    ]) {
      expect(answerMatch({ text: long, search, replace: '' })).toHaveProperty('nearest');
    }
    expect(() => answerMatch({ text: long, search: 'a'.repeat(2_500_000), replace: '' })).toThrow(
      'at least 1000 times',
    );
  }, 10_000);
});
