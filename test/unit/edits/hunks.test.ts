import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DefaultLinesDiffComputer } from 'vscode-diff';
import { applyDecisions, computeHunks } from '../../../src/edits/hunks';
import type { Hunk } from '../../../src/edits/fileEdit';
import { splitLines } from '../../../src/edits/lines';
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
  });

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
  });

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
  });

  it('[R222] hunks are the ranges the editor draws, for code that is edited by words, moved and indented', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 20, max: 200 }), (start, size) => {
        const random = generator(start);
        const oldLines = program(random, size);
        expectDrawnRanges([...oldLines, ''], [...edited(random, oldLines, 0.15), '']);
      }),
      { numRuns: 400, seed },
    );
  });

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
void PatchbayError;
void splitLines;
