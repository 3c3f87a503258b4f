import { describe, expect, it } from 'vitest';
import { createBench } from '../../fakes/orchestratorBench';

const files = { '/w/app/a.ts': 'one\n', '/w/app/b.ts': 'two\n' };
const limits = { calls: 2, costUsd: 0, repeatedCalls: 0 };
const auto = { mode: 'auto' } as const;

describe('an unattended run in auto mode', () => {
  it('[R140] stops and asks at its limit, and goes on after a yes', async () => {
    const bench = createBench({ files, limits, answer: { kind: 'allowOnce' } });
    for (const path of ['a.ts', 'b.ts']) {
      await bench.run('read_file', { path }, auto);
    }
    expect(bench.asked).toEqual([]);
    expect(await bench.run('read_file', { path: 'a.ts' }, auto)).toMatchObject({ ok: true });
    expect(bench.asked).toHaveLength(1);
    expect(bench.asked[0]?.reason).toBe(
      'this run made 2 calls without a question, which is its limit; it goes on when you allow it',
    );
    await bench.run('read_file', { path: 'b.ts' }, auto);
    expect(bench.asked).toHaveLength(1);
  });

  it('asks again and again as long as the answer is no', async () => {
    const bench = createBench({ files, limits, answer: { kind: 'deny' } });
    for (const path of ['a.ts', 'b.ts', 'a.ts', 'b.ts']) {
      await bench.run('read_file', { path }, auto);
    }
    expect(bench.asked).toHaveLength(2);
  });

  it('does not count in another mode, nor another turn', async () => {
    const bench = createBench({ files, limits, answer: { kind: 'deny' } });
    for (let count = 0; count < 5; count += 1) {
      await bench.run('read_file', { path: 'a.ts' });
      await bench.run('read_file', { path: 'a.ts' }, { ...auto, turnId: `turn-${count}` });
    }
    expect(bench.asked).toEqual([]);
  });

  it('stops at its cost, as far as anybody says what it costs', async () => {
    const bench = createBench({
      files,
      limits: { calls: 0, costUsd: 1, repeatedCalls: 0 },
      answer: { kind: 'deny' },
    });
    const spent: number[] = [];
    const costly = { ...auto, runCostUsd: () => spent.at(-1) };
    await bench.run('read_file', { path: 'a.ts' }, costly);
    spent.push(1.25);
    await bench.run('read_file', { path: 'b.ts' }, costly);
    expect(bench.asked.map(({ reason }) => reason)).toEqual([
      'this run cost 1.25 US dollars without a question, which is its limit; it goes on when you allow it',
    ]);
  });

  it('stops at the same call, and holds for what an agent asks as well', async () => {
    const bench = createBench({
      files,
      limits: { calls: 0, costUsd: 0, repeatedCalls: 2 },
      answer: { kind: 'deny' },
    });
    const read = [{ kind: 'read', path: 'a.ts' }] as const;
    for (let count = 0; count < 2; count += 1) {
      expect((await bench.authorize('Read', read, auto)).kind).toBe('allow');
    }
    expect((await bench.authorize('Read', read, auto)).kind).toBe('deny');
    expect(bench.asked).toHaveLength(1);
  });
});
