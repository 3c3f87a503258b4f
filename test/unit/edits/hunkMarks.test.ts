import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DefaultLinesDiffComputer } from 'vscode-diff';
import { markHunk } from '../../../src/edits/hunkMarks';

describe('marks within a hunk', () => {
  it('[R222] name the changed words of each line', () => {
    expect(
      markHunk({
        oldText: 'const total = sum(values);\n',
        newText: 'const total = add(values);\n',
      }),
    ).toEqual({
      removed: [{ line: 0, start: 14, end: 17 }],
      added: [{ line: 0, start: 14, end: 17 }],
    });
    expect(markHunk({ oldText: 'a(b);\r\nc;\r\n', newText: 'a(b, x);\r\nc;\r\nd;\r\n' })).toEqual({
      removed: [],
      added: [
        { line: 0, start: 3, end: 6 },
        { line: 2, start: 0, end: 2 },
      ],
    });
  });

  it('[R222] are left out where whole lines come or go, only endings differ, or the hunk is large', () => {
    expect(markHunk({ oldText: '', newText: 'a\n' })).toBeUndefined();
    expect(markHunk({ oldText: 'a\n', newText: '' })).toBeUndefined();
    expect(markHunk({ oldText: 'a\n', newText: 'a\r\n' })).toBeUndefined();
    expect(markHunk({ oldText: 'x'.repeat(20_000), newText: 'y' })).toBeUndefined();
  });

  it('[R222] are those that the editor draws in the same lines, and lie within them', () => {
    const word = fc.constantFrom('a', 'foo', 'bar', ' ', '  ', '(', ');', '😀', 'é', '\ud800');
    const line = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(''));
    const lines = fc.array(line, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(lines, lines, (oldLines, newLines) => {
        const text = (all: readonly string[]): string => all.map((one) => `${one}\n`).join('');
        const marks = markHunk({ oldText: text(oldLines), newText: text(newLines) });
        for (const [side, all] of [
          [marks?.removed ?? [], oldLines],
          [marks?.added ?? [], newLines],
        ] as const) {
          for (const mark of side) {
            expect(mark.start).toBeLessThan(mark.end);
            expect(mark.end).toBeLessThanOrEqual(all[mark.line]?.length ?? -1);
          }
        }
        if (oldLines.length === 1 && newLines.length === 1 && oldLines[0] !== newLines[0]) {
          const [change] = new DefaultLinesDiffComputer().computeDiff(oldLines, newLines, {
            ignoreTrimWhitespace: false,
            maxComputationTimeMs: 0,
            computeMoves: false,
          }).changes;
          const drawn = (change?.innerChanges ?? []).map(({ originalRange }) => ({
            line: 0,
            start: originalRange.startColumn - 1,
            end: originalRange.endColumn - 1,
          }));
          expect(marks?.removed ?? []).toEqual(drawn.filter(({ start, end }) => end > start));
        }
      }),
      { numRuns: 2000, seed: 33 },
    );
  }, 60_000);
});
