import { describe, expect, it } from 'vitest';
import {
  createStructuralDiff,
  describeWrite,
  type StructuralDiffTool,
} from '../../../src/edits/structuralDiff';
import { FakeClock } from '../../fakes/fakeClock';

const write = { path: '/w/src/a.ts', before: 'a\nb\n', after: 'a\nc\n' };
const lines = '--- /w/src/a.ts\n+++ /w/src/a.ts\n@@ -1,2 +1,2 @@\n a\n-b\n+c';

describe('describeWrite', () => {
  it('[R160][R161] the semantic comparison of the text before with the text after comes first, 30 lines and a count', async () => {
    const asked: unknown[] = [];
    const tool: StructuralDiffTool = {
      compare: ({ before, after, fileName }) => {
        asked.push({ before, after, fileName });
        return Promise.resolve(
          `${Array.from({ length: 42 }, (_, index) => `row ${String(index)}`).join('\n')}\n`,
        );
      },
    };
    const described = await describeWrite({ tool, clock: new FakeClock() }, write);
    expect(asked).toEqual([{ before: 'a\nb\n', after: 'a\nc\n', fileName: 'a.ts' }]);
    expect(described.kind).toBe('structural');
    expect(described.text.split('\n')).toHaveLength(31);
    expect(described.text.endsWith('row 29\n… 12 more lines')).toBe(true);
    expect(
      (await describeWrite({ tool, clock: new FakeClock() }, { ...write, before: '' })).kind,
    ).toBe('structural');
  });

  it('[R160][R162] without the tool, when it has nothing to say and when it fails, the line diff is taken', async () => {
    const clock = new FakeClock();
    const silent: StructuralDiffTool = { compare: () => Promise.resolve(undefined) };
    const failing: StructuralDiffTool = { compare: () => Promise.reject(new Error('crashed')) };
    const throwing: StructuralDiffTool = {
      compare: () => {
        throw new Error('no temporary folder');
      },
    };
    for (const tool of [undefined, silent, failing, throwing]) {
      expect(await describeWrite({ tool, clock }, write)).toEqual({ kind: 'lines', text: lines });
    }
    const large = { ...write, after: 'x\n'.repeat(5000) };
    expect(
      (await describeWrite({ tool: undefined, clock }, large)).text.length,
    ).toBeLessThanOrEqual(500);
  });

  it('[R160] a tool that takes more than 10 s is stopped and the line diff is taken', async () => {
    const clock = new FakeClock();
    let stopped: AbortSignal | undefined;
    const tool: StructuralDiffTool = {
      compare: ({ signal }) => {
        stopped = signal;
        return new Promise(() => undefined);
      },
    };
    const described = describeWrite({ tool, clock }, write);
    await clock.advance(9_999);
    expect(stopped?.aborted).toBe(false);
    await clock.advance(1);
    expect(await described).toEqual({ kind: 'lines', text: lines });
    expect(stopped?.aborted).toBe(true);
  });

  it('alone, it gives nothing instead of a line diff, and equal texts ask nobody', async () => {
    const compare = createStructuralDiff({
      tool: { compare: () => Promise.resolve('changed b to c') },
      clock: new FakeClock(),
    });
    const { signal } = new AbortController();
    expect(await compare('a', 'b', '/w/a.ts', signal)).toBe('changed b to c');
    expect(await compare('a', 'a', '/w/a.ts', signal)).toBeUndefined();
  });
});
