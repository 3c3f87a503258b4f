import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Slots } from '../../../src/tools/slots';
import { settle } from '../../fakes/fakeClock';

type Kind = 'shared' | 'exclusive';

describe('slots', () => {
  it('[R134] hold at most four readers together and a writer alone, in the order of asking', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom<Kind>('shared', 'exclusive'), { maxLength: 14 }),
        fc.array(fc.nat(20), { maxLength: 30 }),
        fc.array(fc.nat(13), { maxLength: 3 }),
        async (kinds, releases, aborts) => {
          const slots = new Slots(4);
          const holders = new Map<number, () => void>();
          const admitted: number[] = [];
          const controllers = kinds.map(() => new AbortController());
          const ends = kinds.map(async (kind, index) => {
            const release = await slots.acquire(kind, controllers[index]?.signal ?? never);
            if (release !== undefined) {
              admitted.push(index);
              holders.set(index, release);
            }
          });
          const check = async (): Promise<void> => {
            await settle();
            const held = [...holders.keys()].map((index) => kinds[index]);
            expect(held.length).toBeLessThanOrEqual(4);
            expect(held.includes('exclusive') && held.length > 1).toBe(false);
          };
          await check();
          for (const index of aborts) {
            controllers[index]?.abort();
            await check();
          }
          for (const pick of releases) {
            const index = [...holders.keys()][pick % Math.max(1, holders.size)];
            if (index !== undefined) {
              holders.get(index)?.();
              holders.get(index)?.(); // twice is once
              holders.delete(index);
            }
            await check();
          }
          while (holders.size > 0) {
            const [[index, release]] = [...holders] as [[number, () => void]];
            holders.delete(index);
            release();
            await check();
          }
          await Promise.all(ends);
          expect(admitted).toEqual([...admitted].sort((a, b) => a - b));
          const aborted = kinds.filter((_, index) => controllers[index]?.signal.aborted).length;
          expect(admitted.length).toBeGreaterThanOrEqual(kinds.length - aborted);
        },
      ),
      { numRuns: 300 },
    );
  });
});

const never = new AbortController().signal;
