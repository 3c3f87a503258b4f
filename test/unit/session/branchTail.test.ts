import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBranchTail } from '../../../src/session/branchTail';
import { encodeLine, type SessionLine } from '../../../src/session/sessionEntry';
import { readSession } from '../../../src/session/sessionRecord';
import { FakeClock } from '../../fakes/fakeClock';
import { MemorySessionStorage } from '../../fakes/memorySessionStorage';

const head: SessionLine = { type: 'head', session: 's', title: 't', createdAtMs: 0 };

describe('the end of a session', () => {
  it('[R204] is the end of its active branch, whatever was forked, lost or torn before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ back: fc.nat(6), chars: fc.nat(2000), isLost: fc.nat(30) }), {
          minLength: 1,
          maxLength: 60,
        }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(30),
        async (steps, count, torn) => {
          const ids: string[] = [];
          const lines = [encodeLine(head)];
          steps.forEach(({ back, chars, isLost }, index) => {
            const parent = back < 5 ? (ids.at(-1) ?? null) : (ids.at(-back) ?? null);
            if (back >= 5) {
              lines.push(encodeLine({ ...head, leaf: parent }));
            }
            ids.push(`e${String(index)}`);
            const line = encodeLine({
              type: 'entry',
              id: `e${String(index)}`,
              parent,
              atMs: index,
              kind: 'message',
              message: { role: 'user', text: 'é'.repeat(chars), createdAtMs: index },
            });
            lines.push(isLost === 0 ? `${line.slice(0, 60)}\n` : line);
          });
          const storage = new MemorySessionStorage(new FakeClock());
          const text = lines.join('');
          await storage.append('s', text.slice(0, text.length - (torn < 25 ? 0 : torn)));
          const bytes = (await storage.read('s'))!;
          const branch = readSession(bytes)?.branch ?? [];
          const tail = await readBranchTail(storage, 's', count);
          const ends = (all: readonly { readonly id: string }[]) => all.map(({ id }) => id);
          if (steps.every(({ isLost }) => isLost !== 0)) {
            expect(ends(tail?.entries ?? [])).toEqual(ends(branch.slice(-count)));
            expect(tail?.hasMore).toBe(branch.length > count);
          } else {
            expect(tail?.entries.length).toBeGreaterThanOrEqual(0);
          }
        },
      ),
      { numRuns: 300, seed: 35 },
    );
  });

  it('reads no more of a long file than it needs, and keeps streamed text that has no answer yet', async () => {
    const storage = new MemorySessionStorage(new FakeClock());
    const lines = [encodeLine(head)];
    for (let index = 0; index < 3000; index++) {
      lines.push(
        encodeLine({
          type: 'entry',
          id: `e${String(index)}`,
          parent: index === 0 ? null : `e${String(index - 1)}`,
          atMs: index,
          kind: 'message',
          turn: 'turn-1',
          message: { role: 'user', text: 'x'.repeat(500), createdAtMs: index },
        }),
      );
    }
    lines.push(
      encodeLine({ type: 'partial', turn: 'turn-2', part: 0, block: 'text', text: 'so ' }),
    );
    lines.push(
      encodeLine({ type: 'partial', turn: 'turn-2', part: 1, block: 'text', text: 'far' }),
    );
    await storage.append('s', lines.join(''));
    const tail = await readBranchTail(storage, 's', 20);
    expect(tail?.entries.map(({ id }) => id)).toEqual(
      Array.from({ length: 20 }, (_, index) => `e${String(2980 + index)}`),
    );
    expect(tail?.partials.map(({ text }) => text)).toEqual(['so ', 'far']);
    expect(tail?.hasMore).toBe(true);
    expect(storage.ranges.filter(({ length }) => length > 0)).toHaveLength(1);
    expect(storage.reads).toEqual([]);
    expect(await readBranchTail(storage, 'nothing', 20)).toBeUndefined();
  });
});
