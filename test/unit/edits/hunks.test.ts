import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DefaultLinesDiffComputer } from 'vscode-diff';
import { diffTexts } from '../../../src/edits/editorDiff';
import { applyDecisions, computeHunks } from '../../../src/edits/hunks';
import type { Hunk } from '../../../src/edits/fileEdit';
import { PatchbayError } from '../../../src/base/patchbayError';

const line = fc.constantFrom(
  '',
  ' ',
  'a',
  'b',
  '\tb',
  '}',
  '  }',
  'return x;',
  'é😀',
  'x\u2028y',
  'const a = 1;',
  'a\uFEFF',
);
const ending = fc.constantFrom('\n', '\n', '\r\n', '\r');
const body = fc
  .array(fc.tuple(line, ending), { maxLength: 14 })
  .map((lines) => lines.map((pair) => pair.join('')).join(''));
const text = fc
  .tuple(fc.constantFrom('', '', '', '\uFEFF'), body, fc.oneof(fc.constant(''), line))
  .map((parts) => parts.join(''));
/** Two texts that are related more often than not. */
const textPair = fc.oneof(
  fc.tuple(text, text),
  fc
    .tuple(text, text, text, text)
    .map(([head, a, b, tail]) => [head + a + tail, head + b + tail] as [string, string]),
  text.map((base) => [base, base.replace(/\r\n|\r/g, '\n')] as [string, string]),
);

const seed = 20240607;

describe('computeHunks and applyDecisions', () => {
  it('[R221] any subset of the hunks gives the base with exactly that subset, byte for byte', () => {
    fc.assert(
      fc.property(
        textPair,
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        ([base, proposed], picks) => {
          const hunks = computeHunks(base, proposed);
          const approved = hunks.filter((_, index) => picks[index]).map((hunk) => hunk.id);
          expect(applyDecisions(base, hunks, [])).toBe(base);
          expect(
            applyDecisions(
              base,
              hunks,
              hunks.map((hunk) => hunk.id),
            ),
          ).toBe(proposed);
          expect(applyDecisions(base, hunks, approved)).toBe(
            spliced(base, hunks, new Set(approved)),
          );
        },
      ),
      { numRuns: 6000, seed },
    );
  }, 60_000);

  it('[R222] hunks are ordered, do not overlap, carry the text of exactly their lines, and have ids of their own', () => {
    fc.assert(
      fc.property(textPair, ([base, proposed]) => {
        const hunks = computeHunks(base, proposed);
        const oldLines = fileLines(base);
        const newLines = fileLines(proposed);
        let oldEnd = 0;
        let newEnd = 0;
        for (const hunk of hunks) {
          const oldFrom = hunk.oldLines === 0 ? hunk.oldStart : hunk.oldStart - 1;
          const newFrom = hunk.newLines === 0 ? hunk.newStart : hunk.newStart - 1;
          expect(oldFrom).toBeGreaterThanOrEqual(oldEnd);
          expect(newFrom).toBeGreaterThanOrEqual(newEnd);
          expect(oldLines.slice(oldFrom, oldFrom + hunk.oldLines).join('')).toBe(hunk.oldText);
          expect(newLines.slice(newFrom, newFrom + hunk.newLines).join('')).toBe(hunk.newText);
          expect(oldLines.slice(oldEnd, oldFrom)).toEqual(newLines.slice(newEnd, newFrom));
          expect(hunk.oldText).not.toBe(hunk.newText);
          oldEnd = oldFrom + hunk.oldLines;
          newEnd = newFrom + hunk.newLines;
        }
        expect(oldLines.slice(oldEnd)).toEqual(newLines.slice(newEnd));
        expect(new Set(hunks.map((hunk) => hunk.id)).size).toBe(hunks.length);
        expect(computeHunks(base, proposed)).toEqual(hunks);
      }),
      { numRuns: 3000, seed },
    );
  }, 60_000);

  it('[R222] hunks are the ranges the editor draws, for small files', () => {
    const lines = fc.array(
      line.filter((value) => !value.includes('\uFEFF')),
      { maxLength: 40 },
    );
    const pair = fc.oneof(
      fc.tuple(lines, lines),
      fc.tuple(lines, lines, lines, lines).map(
        ([head, a, b, tail]) =>
          [
            [...head, ...a, ...tail],
            [...head, ...b, ...tail],
          ] as [string[], string[]],
      ),
    );
    fc.assert(
      fc.property(pair, ([oldLines, newLines]) => {
        expectDrawnRanges([...oldLines, 'end', ''], [...newLines, 'end', '']);
      }),
      { numRuns: 4000, seed },
    );
  }, 60_000);

  it('[R222] hunks are the ranges the editor draws, for code that is edited by words, moved and indented', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 20, max: 200 }), (start, size) => {
        const random = generator(start);
        const oldLines = program(random, size);
        expectDrawnRanges([...oldLines, ''], [...edited(random, oldLines, 0.15), '']);
      }),
      { numRuns: 400, seed },
    );
  }, 60_000);

  it('[R222] hunks are the ranges the editor draws, for large files with little in common', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 3, max: 250 }),
        fc.constantFrom(3, 40, 3000),
        (start, size, variety) => {
          const random = generator(start);
          const draw = (count: number): string[] =>
            Array.from({ length: count }, () => `line ${String(Math.floor(random() * variety))}`);
          const short = draw(size);
          const long = [...draw(900), ...short.filter(() => random() < 0.7), ...draw(900)];
          const [oldLines, newLines] = random() < 0.5 ? [short, long] : [long, short];
          expectDrawnRanges([...oldLines, ''], [...newLines, '']);
        },
      ),
      { numRuns: 12, seed },
    );
  }, 120_000);

  it('[R222] equal ends left out of a large file do not move a hunk, also where lines repeat', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 0, max: 900 }),
        fc.integer({ min: 0, max: 900 }),
        fc.constantFrom(2, 5, 60, 4000),
        (start, head, tail, variety) => {
          const random = generator(start);
          const draw = (count: number): string[] =>
            Array.from(
              { length: count },
              () => `${' '.repeat(random() * 3)}line ${String(Math.floor(random() * variety))}`,
            );
          const top = draw(head);
          const bottom = draw(tail);
          const middle = draw(1750 - Math.min(head, 850) + Math.floor(random() * 60));
          expectDrawnRanges(
            [...top, ...middle, ...bottom, ''],
            [...top, ...edited(random, middle, 0.02), ...bottom, ''],
          );
        },
      ),
      { numRuns: 60, seed },
    );
  }, 120_000);
});

describe('the cost limit of computeHunks', () => {
  it('[R222] ends in coarser hunks that are still exact, whatever the limits', () => {
    const limit = fc.integer({ min: 0, max: 3000 });
    fc.assert(
      fc.property(
        fc.integer(),
        limit,
        limit,
        limit,
        (start, lineSteps, charSteps, charsPerBlock) => {
          const random = generator(start);
          const lines = program(random, 900);
          const shuffled = [...lines.slice(400), ...edited(random, lines.slice(0, 400), 0.4)];
          const [base, proposed] = [lines.join('\n'), shuffled.join('\n')];
          const atMost = (steps: number) => ({
            smallFileSteps: 1e12,
            maxSteps: steps,
            stepsPerChar: 0,
          });
          const hunks = computeHunks(base, proposed, {
            lines: atMost(lineSteps),
            chars: atMost(charSteps),
            charsPerBlock,
          });
          expect(
            applyDecisions(
              base,
              hunks,
              hunks.map((hunk) => hunk.id),
            ),
          ).toBe(proposed);
          expect(applyDecisions(base, hunks, [])).toBe(base);
          expect(new Set(hunks.map((hunk) => hunk.id)).size).toBe(hunks.length);
        },
      ),
      { numRuns: 60, seed },
    );
  }, 60_000);

  it('[R222] is reached by large files with little in common, and not by five changed lines in a hundred', () => {
    const random = generator(1);
    const base = Array.from(
      { length: 10_000 },
      (_, index) => `const value${String(index)} = compute(${String(index)});`,
    );
    const little = base.map((text) =>
      random() < 0.05 ? text.replace('compute', 'measure') : text,
    );
    const text = (lines: readonly string[]): string => lines.join('\n');
    expect(diffTexts(text(base), text(little))).toMatchObject({ isCoarse: false });
    expect(diffTexts(text(base), text([...base].reverse()))).toMatchObject({ isCoarse: true });
  });
});

describe('hunks in detail', () => {
  it('[R221] a hunk that is not of this base is refused', () => {
    const hunks = computeHunks('a\nb\nc\n', 'a\nB\nc\n');
    const ids = hunks.map((hunk) => hunk.id);
    expect(() => applyDecisions('a\nx\nc\n', hunks, ids)).toThrow(
      'The hunk at line 2 does not fit this text.',
    );
    expect(() => applyDecisions('', hunks, ids)).toThrow(PatchbayError);
    expect(applyDecisions('other', hunks, ['unknown'])).toBe('other');
  });

  it('[R221] a change of line endings is a hunk of its own, apart from the changed text', () => {
    const hunks = computeHunks('a\r\nb\r\nc\r\nd\r\n', 'a\nb\nC\r\nd\r\n');
    expect(hunks.map(({ oldText, newText }) => [oldText, newText])).toEqual([
      ['a\r\nb\r\n', 'a\nb\n'],
      ['c\r\n', 'C\r\n'],
    ]);
  });

  it('[R221] a final line break, a byte order mark, the first and the last line are hunks with the lines they touch', () => {
    const cases: readonly (readonly [
      string,
      string,
      readonly (readonly [number, number, number, number])[],
    ])[] = [
      ['', 'a\nb\n', [[0, 0, 1, 2]]],
      ['a\nb\n', '', [[1, 2, 0, 0]]],
      ['a', 'a\n', [[1, 1, 1, 1]]],
      ['a', 'a\nb', [[1, 1, 1, 2]]],
      ['a\nb', 'a', [[1, 2, 1, 1]]],
      ['a\n', 'a\nb\n', [[1, 0, 2, 1]]],
      ['a\n', 'a\n\nb', [[1, 0, 2, 2]]],
      ['\uFEFFa\nb\n', 'a\nb\n', [[1, 1, 1, 1]]],
      ['\uFEFF', '', [[1, 1, 0, 0]]],
      ['b\n', 'a\nb\n', [[0, 0, 1, 1]]],
    ];
    for (const [base, proposed, ranges] of cases) {
      const hunks = computeHunks(base, proposed);
      expect(
        hunks.map((hunk) => [hunk.oldStart, hunk.oldLines, hunk.newStart, hunk.newLines]),
      ).toEqual(ranges);
      expect(
        applyDecisions(
          base,
          hunks,
          hunks.map((hunk) => hunk.id),
        ),
      ).toBe(proposed);
    }
  });

  it('[R222] lines that go at the end of a file are those the editor draws, also behind an empty line', () => {
    const head = Array.from({ length: 900 }, (_, index) => `line ${String(index)}`);
    for (const lines of [['a'], head]) {
      expectDrawnRanges([...lines, '', 'x', ''], [...lines, '']);
      expectDrawnRanges([...lines, ''], [...lines, '', 'x', '']);
      expectDrawnRanges([...lines, 'x', ''], [...lines, '']);
    }
  });

  it('[R222] a hunk keeps its id when another one changes', () => {
    const base = Array.from({ length: 20 }, (_, index) => `line ${String(index)}\n`).join('');
    const first = computeHunks(
      base,
      base.replace('line 2\n', 'two\n').replace('line 15\n', 'fifteen\n'),
    );
    const second = computeHunks(
      base,
      base.replace('line 2\n', 'two\nand more\n').replace('line 15\n', 'fifteen\n'),
    );
    expect(second[1]?.id).toBe(first[1]?.id);
    expect(second[0]?.id).not.toBe(first[0]?.id);
  });
});

/** The definition of R221, without the product's own offsets. */
function spliced(base: string, hunks: readonly Hunk[], approved: ReadonlySet<string>): string {
  const lines = fileLines(base);
  const out: string[] = [];
  let at = 0;
  for (const hunk of hunks) {
    const from = hunk.oldLines === 0 ? hunk.oldStart : hunk.oldStart - 1;
    out.push(...lines.slice(at, from));
    out.push(approved.has(hunk.id) ? hunk.newText : hunk.oldText);
    at = from + hunk.oldLines;
  }
  return [...out, ...lines.slice(at)].join('');
}

function fileLines(value: string): string[] {
  return value.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [];
}

function expectDrawnRanges(oldLines: string[], newLines: string[]): void {
  const drawn = new DefaultLinesDiffComputer()
    .computeDiff(oldLines, newLines, {
      ignoreTrimWhitespace: false,
      maxComputationTimeMs: 0,
      computeMoves: false,
    })
    .changes.map((change) => [
      change.original.startLineNumber,
      change.original.length,
      change.modified.startLineNumber,
      change.modified.length,
    ]);
  const hunks = computeHunks(oldLines.join('\n'), newLines.join('\n'));
  expect(
    hunks.map((hunk) => [
      hunk.oldLines === 0 ? hunk.oldStart + 1 : hunk.oldStart,
      hunk.oldLines,
      hunk.newLines === 0 ? hunk.newStart + 1 : hunk.newStart,
      hunk.newLines,
    ]),
  ).toEqual(drawn);
}

function generator(start: number): () => number {
  let state = start | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

function program(random: () => number, size: number): string[] {
  const words = ['count', 'index', 'value', 'total', 'name', 'list'];
  const word = (): string => words[Math.floor(random() * words.length)] ?? '';
  const shapes = [
    () => '',
    () => '}',
    () => '  }',
    () => `  const ${word()} = ${word()} + ${String(Math.floor(random() * 9))};`,
    () => `  if (${word()} > ${word()}) {`,
    () => `    return ${word()};`,
    () => `function ${word()}(${word()}, ${word()}) {`,
    () => `  // ${word()} of the ${word()}`,
  ];
  return Array.from({ length: size }, () => shapes[Math.floor(random() * shapes.length)]?.() ?? '');
}

function edited(random: () => number, lines: readonly string[], rate: number): string[] {
  const out: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const current = lines[at] ?? '';
    const dice = random();
    if (dice > rate) {
      out.push(current);
    } else if (dice < rate * 0.3) {
      out.push(current.replace(/[a-z]+/, 'changed'));
    } else if (dice < rate * 0.5) {
      out.push(`  ${current}`);
    } else if (dice < rate * 0.7) {
      out.push(...program(random, 1 + Math.floor(random() * 6)), current);
    } else if (dice < rate * 0.9) {
      at += Math.floor(random() * 6);
    } else {
      out.push(...lines.slice(at, at + 4).map((moved) => moved.replace('value', 'amount')));
      at += 2;
    }
  }
  return out;
}
