import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isRecord, numberField, recordField, stringField } from '../../../src/base/guard';
import type { Usage } from '../../../src/events/usage';
import { noUsage, plusUsage, totalOfOne, type UsageTotal } from '../../../src/events/usageTotal';
import type { ReplayDialectName } from '../../../src/headless/replayDialect';
import { replayed } from '../../fakes/goldenText';

// What the ledger would hold of each recorded run, against what the agent itself said at the end. Agents report in
// cumulative numbers (per process, per thread, per session): a report that is counted twice shows up here.

/** Of an agent's own account; absent: it has none, or the recording begins in the middle of it. */
interface Account {
  readonly input?: number;
  readonly output?: number;
  readonly cached?: number;
  readonly costUsd?: number;
}

const folder = join(process.cwd(), 'test/fixtures');

/** The messages of the agent, in order. */
function messagesOf(dialect: string, name: string): readonly unknown[] {
  const lines = readFileSync(join(folder, dialect, `${name}.jsonl`), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const parsed: unknown = line === '' ? undefined : JSON.parse(line);
    return isRecord(parsed) && parsed.from === 'agent' ? [parsed.msg] : [];
  });
}

async function ledgerOf(dialect: ReplayDialectName, name: string): Promise<UsageTotal> {
  const recording = readFileSync(join(folder, dialect, `${name}.jsonl`), 'utf8');
  const { lines } = await replayed(dialect, recording);
  let total = noUsage;
  let exchange: Usage | undefined;
  for (const line of lines) {
    if ('observation' in line && line.observation.kind === 'usage') {
      // As the sink does: the newest word of an exchange counts.
      exchange = { ...exchange, ...line.observation.usage };
    } else if ('terminal' in line) {
      total = plusUsage(total, totalOfOne(exchange));
      exchange = undefined;
    }
  }
  return total;
}

const sum = (values: readonly (number | undefined)[]): number | undefined =>
  values.reduce((all, value) => (value === undefined ? all : (all ?? 0) + value), undefined);

function account(fields: Readonly<Record<keyof Account, number | undefined>>): Account {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

const accounts: { readonly [D in ReplayDialectName]?: (name: string) => Account | undefined } = {
  // `modelUsage` and `total_cost_usd` of the last result are of the whole session, from before a resume too.
  'claude-cli': (name) => {
    const results = messagesOf('claude-cli', name).filter(
      (message) => stringField(message, 'type') === 'result',
    );
    const last = results.at(-1);
    if (last === undefined || recordField(last, 'modelUsage') === undefined) {
      return undefined;
    }
    const isResumed = /resume-[23]/.test(name);
    const tables = isResumed
      ? results.map((result) => recordField(result, 'model_usage_since_last_result'))
      : [recordField(last, 'modelUsage')];
    const models = tables.flatMap((table) => Object.values(table ?? {}));
    const of = (field: string): number | undefined =>
      sum(models.map((model) => numberField(model, field)));
    return account({
      input: of('inputTokens'),
      output: of('outputTokens'),
      cached: of('cacheReadInputTokens'),
      costUsd: of('costUSD'),
    });
  },
  // `total` is of the thread.
  'codex-app-server': (name) => {
    const totals = new Map<string, unknown>();
    for (const message of messagesOf('codex-app-server', name)) {
      if (stringField(message, 'method') === 'thread/tokenUsage/updated') {
        const params = recordField(message, 'params');
        totals.set(
          stringField(params, 'threadId') ?? '',
          recordField(recordField(params, 'tokenUsage'), 'total'),
        );
      }
    }
    if (totals.size === 0 || name.includes('resume-2')) {
      return undefined;
    }
    const of = (field: string): number | undefined =>
      sum([...totals.values()].map((total) => numberField(total, field)));
    return account({
      input: (of('inputTokens') ?? 0) - (of('cachedInputTokens') ?? 0),
      output: of('outputTokens'),
      cached: of('cachedInputTokens'),
      costUsd: undefined,
    });
  },
  'codex-exec': (name) => {
    const usages = messagesOf('codex-exec', name).flatMap((message) => {
      const usage = recordField(message, 'usage');
      return usage === undefined ? [] : [usage];
    });
    if (usages.length === 0 || name.includes('resume-2')) {
      return undefined;
    }
    const of = (field: string): number | undefined =>
      sum(usages.map((usage) => numberField(usage, field)));
    return account({
      input: (of('input_tokens') ?? 0) - (of('cached_input_tokens') ?? 0),
      output: of('output_tokens'),
      cached: of('cached_input_tokens'),
      costUsd: undefined,
    });
  },
  // Each answer counts its prompt alone; the cost of `usage_update` is of the session, of other processes too.
  acp: (name) => {
    const messages = messagesOf('acp', name);
    const usages = messages.flatMap((message) => {
      const result = recordField(message, 'result');
      const usage = recordField(result, 'usage');
      const quota = recordField(recordField(recordField(result, '_meta'), 'quota'), 'token_count');
      const found = usage ?? quota;
      return found === undefined ? [] : [found];
    });
    const costs = messages.flatMap((message) => {
      const update = recordField(recordField(message, 'params'), 'update');
      const cost = numberField(recordField(update, 'cost'), 'amount');
      return cost === undefined ? [] : [cost];
    });
    const isResumed = /load-2|resume-no-replay/.test(name);
    return usages.length === 0
      ? undefined
      : account({
          input: sum(
            usages.map(
              (usage) => numberField(usage, 'inputTokens') ?? numberField(usage, 'input_tokens'),
            ),
          ),
          output: sum(
            usages.map(
              (usage) => numberField(usage, 'outputTokens') ?? numberField(usage, 'output_tokens'),
            ),
          ),
          cached: undefined,
          costUsd: isResumed ? undefined : costs.at(-1) === 0 ? undefined : costs.at(-1),
        });
  },
  // Each message of the model reports itself only.
  'pi-rpc': (name) => {
    const usages = messagesOf('pi-rpc', name).flatMap((message) => {
      const body = recordField(message, 'message');
      const isAnswer =
        stringField(message, 'type') === 'message_end' && stringField(body, 'role') === 'assistant';
      const usage = isAnswer ? recordField(body, 'usage') : undefined;
      return usage === undefined ? [] : [usage];
    });
    return account({
      input: sum(usages.map((usage) => numberField(usage, 'input'))),
      output: sum(usages.map((usage) => numberField(usage, 'output'))),
      cached: sum(usages.map((usage) => numberField(usage, 'cacheRead'))),
      costUsd: sum(usages.map((usage) => numberField(recordField(usage, 'cost'), 'total'))),
    });
  },
};

const least = { 'claude-cli': 30, 'codex-app-server': 14, 'codex-exec': 9, acp: 30, 'pi-rpc': 10 };

describe.each(Object.keys(least))('the ledger of recorded runs of %s', (dialect) => {
  const found = Object.entries(accounts).find(([known]) => known === dialect);
  const names = readdirSync(join(folder, dialect))
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => name.slice(0, -'.jsonl'.length));
  const known = names.flatMap((name) => {
    const own = found?.[1]?.(name);
    return own === undefined || Object.keys(own).length === 0 ? [] : [{ name, own }];
  });

  it('has accounts to be held against', () => {
    expect(known.length).toBeGreaterThanOrEqual(
      Object.entries(least).find(([name]) => name === dialect)?.[1] ?? Infinity,
    );
  });

  it.each(known)('$name: every number once', async ({ name, own }) => {
    const total = await ledgerOf(asDialect(dialect), name);
    expect({
      ...(own.input === undefined ? {} : { input: total.inputTokens.known }),
      ...(own.output === undefined ? {} : { output: total.outputTokens.known }),
      ...(own.cached === undefined ? {} : { cached: total.cacheReadTokens.known }),
    }).toEqual({
      ...(own.input === undefined ? {} : { input: own.input }),
      ...(own.output === undefined ? {} : { output: own.output }),
      ...(own.cached === undefined ? {} : { cached: own.cached }),
    });
    if (own.costUsd !== undefined) {
      expect(total.costNanoUsd.known / 1e9).toBeCloseTo(own.costUsd, 9);
    }
  });
});

function asDialect(name: string): ReplayDialectName {
  switch (name) {
    case 'claude-cli':
    case 'codex-app-server':
    case 'codex-exec':
    case 'acp':
    case 'pi-rpc':
      return name;
    default:
      throw new Error(`no dialect ${name}`);
  }
}

describe('a session that was taken up again', () => {
  const taken: readonly (readonly [ReplayDialectName, string, Partial<Record<string, number>>])[] =
    [
      ['claude-cli', 'resume-2-second', { input: 1200, output: 42 }],
      ['codex-app-server', 'resume-2-second', { input: 1200, output: 42 }],
      ['codex-exec', 'resume-2-second', { input: 0, output: 0 }],
      ['acp', 'claude-agent-acp-load-2-second', { input: 1200, output: 42 }],
      ['pi-rpc', 'resume-2-second', { input: 1200, output: 42 }],
    ];

  it.each(taken)('by %s (%s) counts its new turn alone', async (dialect, name, wanted) => {
    const { inputTokens, outputTokens } = await ledgerOf(dialect, name);
    expect({ input: inputTokens.known, output: outputTokens.known }).toEqual(wanted);
  });

  it('by Codex without its server has no numbers of this turn: they are unknown, not nothing', async () => {
    const total = await ledgerOf('codex-exec', 'resume-2-second');
    expect(total.exchanges).toBe(1);
    expect(total.inputTokens).toEqual({ known: 0, untold: 1 });
    expect(total.costNanoUsd).toEqual({ known: 0, untold: 1 });
  });
});
