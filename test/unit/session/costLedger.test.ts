import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noUsage, plusUsage } from '../../../src/events/usageTotal';
import type { Usage } from '../../../src/events/usage';
import { costText } from '../../../src/host/costText';
import { readPrices, withPrice } from '../../../src/runtime/prices';
import {
  CostLedger,
  groupEntries,
  ledgerCodec,
  localDay,
  totalOfEntries,
  type LedgerEntry,
} from '../../../src/session/costLedger';

const entry = (id: string, fields: Partial<LedgerEntry> = {}): LedgerEntry => ({
  id,
  atMs: Date.UTC(2026, 10, 21, 12),
  sessionId: 's1',
  turnId: 't1',
  modelId: 'anthropic/a',
  runtime: 'anthropic',
  purpose: 'turn',
  ...fields,
});

const told = (inputTokens: number, costUsd?: number): Usage => ({
  inputTokens,
  outputTokens: 10,
  ...(costUsd === undefined ? {} : { costUsd }),
  reportedBy: 'provider',
});

const anUsage = fc.record(
  {
    inputTokens: fc.nat(),
    outputTokens: fc.nat(),
    cacheReadTokens: fc.nat(),
    cacheWriteTokens: fc.nat(),
    costUsd: fc.double({ min: 0, max: 1000, noNaN: true }),
    reportedBy: fc.constant('provider' as const),
  },
  { requiredKeys: ['reportedBy'] },
);
const anEntry = fc
  .record({
    id: fc.uuid(),
    atMs: fc.nat({ max: 4_000_000_000_000 }),
    sessionId: fc.constantFrom('s1', 's2', 's3'),
    turnId: fc.constantFrom('t1', 't2'),
    modelId: fc.constantFrom('a', 'b'),
    runtime: fc.constantFrom('anthropic', 'claude-cli'),
    purpose: fc.constantFrom('turn' as const, 'compaction' as const),
    usage: fc.option(anUsage, { nil: undefined }),
  })
  .map(({ usage, ...rest }): LedgerEntry => ({
    ...rest,
    ...(usage === undefined ? {} : { usage }),
  }));

describe('the sums of the ledger', () => {
  it('are the same whatever they are grouped by: the parts together are the total', () => {
    fc.assert(
      fc.property(fc.array(anEntry), (entries) => {
        const total = totalOfEntries(entries);
        for (const keyOf of [
          (one: LedgerEntry) => one.sessionId,
          (one: LedgerEntry) => one.modelId,
          (one: LedgerEntry) => one.runtime,
          (one: LedgerEntry) => one.turnId,
          (one: LedgerEntry) => localDay(one.atMs),
        ]) {
          const groups = groupEntries(entries, keyOf);
          expect(groups.reduce((sum, group) => plusUsage(sum, group.total), noUsage)).toEqual(
            total,
          );
        }
      }),
    );
  });

  it('keep what nobody told apart from nothing', () => {
    const total = totalOfEntries([
      entry('1', { usage: told(100, 0.5) }),
      entry('2', { usage: told(50) }),
      entry('3'),
    ]);
    expect(total.exchanges).toBe(3);
    expect(total.inputTokens).toEqual({ known: 150, untold: 1 });
    expect(total.costNanoUsd).toEqual({ known: 500_000_000, untold: 2 });
    expect(total.cacheReadTokens).toEqual({ known: 0, untold: 3 });
  });
});

describe('a line of the ledger', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(anEntry, (one) => {
        const line = ledgerCodec.encode(one);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(ledgerCodec.decode(line)).toEqual(JSON.parse(JSON.stringify(one)));
      }),
    );
  });

  it('that is torn, damaged or of another version is left out', () => {
    const line = ledgerCodec.encode(entry('1', { usage: told(1) }));
    expect(ledgerCodec.decode(line.slice(0, -8))).toBeUndefined();
    expect(ledgerCodec.decode(line.replace('ledger/1', 'ledger/2'))).toBeUndefined();
    expect(
      ledgerCodec.decode(line.replace('"inputTokens":1', '"inputTokens":"1"')),
    ).toBeUndefined();
  });
});

describe('the ledger', () => {
  it('counts an entry once, however often it was read', async () => {
    const written: LedgerEntry[] = [];
    const ledger = new CostLedger({
      store: {
        append: (one) => {
          written.push(one);
          return Promise.resolve();
        },
        read: () => Promise.resolve({ entries: [...written, ...written], problems: [] }),
      },
      onFirstFailure: () => undefined,
    });
    ledger.record(entry('1'));
    ledger.record(entry('2'));
    expect((await ledger.read()).entries.map(({ id }) => id)).toEqual(['1', '2']);
  });

  it('keeps what could not be written while the window lives, and says so once', async () => {
    const told: string[] = [];
    const ledger = new CostLedger({
      store: {
        append: () => Promise.reject(new Error('no space left')),
        read: () => Promise.resolve({ entries: [], problems: [] }),
      },
      onFirstFailure: (message) => told.push(message),
    });
    ledger.record(entry('1'));
    ledger.record(entry('2'));
    const { entries, problems } = await ledger.read();
    expect(entries.map(({ id }) => id)).toEqual(['1', '2']);
    expect(problems).toEqual(['2 entries of this window could not be written.']);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('no space left');
  });
});

describe('the price of an exchange', () => {
  const price = { input: 3, output: 15, cacheRead: 0.3 };

  it('is reckoned where nobody told the cost', () => {
    const usage: Usage = {
      inputTokens: 1_000_000,
      outputTokens: 100_000,
      cacheReadTokens: 1_000_000,
      cacheWriteTokens: 0,
      reportedBy: 'provider',
    };
    expect(withPrice(usage, price)).toEqual({ ...usage, costUsd: 4.8, costBasis: 'prices' });
  });

  it('stays unknown without a price, without a count, and without the price of a part', () => {
    const cached = { ...told(10), cacheWriteTokens: 5 };
    expect(withPrice(told(10), undefined)).toEqual(told(10));
    expect(withPrice(cached, price)).toEqual(cached);
    expect(withPrice({ outputTokens: 1, reportedBy: 'child' }, price).costUsd).toBeUndefined();
  });

  it('never stands in for what was told', () => {
    expect(withPrice(told(10, 0.5), price)).toEqual(told(10, 0.5));
  });

  it('is read from the settings; what is no price is left out and named', () => {
    const { prices, problems } = readPrices({ a: price, b: { input: 1 }, c: 'free' });
    expect(prices).toEqual({ a: price });
    expect(problems).toHaveLength(2);
    expect(readPrices([]).problems).toHaveLength(1);
    expect(readPrices(undefined)).toEqual({ prices: {}, problems: [] });
  });
});

describe('the text of the ledger', () => {
  it('has a table per day, session, model and runtime, and says what is unknown', () => {
    const text = costText({
      reading: {
        entries: [
          entry('1', { usage: { ...told(1200, 0.25), cacheReadTokens: 300 } }),
          entry('2', { sessionId: 's2', modelId: 'claude-cli/default', runtime: 'claude-cli' }),
          entry('3', { usage: told(800) }),
        ],
        problems: ['cost-2026-10.x.jsonl: 1 lines cannot be read and are not counted.'],
      },
      sessionTitle: (sessionId) => (sessionId === 's1' ? 'Paint | the fence' : undefined),
      runtimeName: (runtime) => (runtime === 'claude-cli' ? 'Claude Code' : runtime),
      nowMs: Date.UTC(2026, 10, 21, 13),
    });
    expect(text.match(/^## .*$/gm)).toEqual(['## Day', '## Session', '## Model', '## Runtime']);
    expect(text).toContain('2026-11-21 (today)');
    expect(text).toMatch(
      /\| Paint the fence +\| +2 \| +2,000 \| +20 \| at least 300 \| +unknown \| at least \$0\.2500 \|/,
    );
    expect(text).toMatch(/\| Claude Code +\| +1 \| +unknown \| +unknown \|/);
    expect(text).toMatch(/\| All +\| +3 \| at least 2,000 \| at least 20 \|/);
    expect(text).toContain('! cost-2026-10');
  });

  it('says that nothing was used', () => {
    const text = costText({
      reading: { entries: [], problems: [] },
      sessionTitle: () => undefined,
      runtimeName: (runtime) => runtime,
      nowMs: 0,
    });
    expect(text).toContain('Nothing was used yet.');
  });
});
