import type { Usage } from './usage';

/** A sum of what was told: `untold` counts the exchanges that said nothing, which are not zero. */
export interface Tally {
  readonly known: number;
  readonly untold: number;
}

/** Tokens and cost of some exchanges. Cost in whole nano-dollars, so that sums of parts are exactly the sum of all. */
export interface UsageTotal {
  readonly exchanges: number;
  readonly inputTokens: Tally;
  readonly outputTokens: Tally;
  readonly cacheReadTokens: Tally;
  readonly cacheWriteTokens: Tally;
  readonly costNanoUsd: Tally;
}

export const talliedFields = [
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'costNanoUsd',
] as const;

const noTally: Tally = { known: 0, untold: 0 };

export const noUsage: UsageTotal = {
  exchanges: 0,
  inputTokens: noTally,
  outputTokens: noTally,
  cacheReadTokens: noTally,
  cacheWriteTokens: noTally,
  costNanoUsd: noTally,
};

/** One exchange; undefined: nothing was told about it. */
export function totalOfOne(usage: Usage | undefined): UsageTotal {
  const { costUsd } = usage ?? {};
  return {
    exchanges: 1,
    inputTokens: tally(usage?.inputTokens),
    outputTokens: tally(usage?.outputTokens),
    cacheReadTokens: tally(usage?.cacheReadTokens),
    cacheWriteTokens: tally(usage?.cacheWriteTokens),
    costNanoUsd: tally(costUsd === undefined ? undefined : Math.round(costUsd * 1e9)),
  };
}

export function plusUsage(one: UsageTotal, other: UsageTotal): UsageTotal {
  const sum = (name: (typeof talliedFields)[number]): Tally => ({
    known: one[name].known + other[name].known,
    untold: one[name].untold + other[name].untold,
  });
  return {
    exchanges: one.exchanges + other.exchanges,
    inputTokens: sum('inputTokens'),
    outputTokens: sum('outputTokens'),
    cacheReadTokens: sum('cacheReadTokens'),
    cacheWriteTokens: sum('cacheWriteTokens'),
    costNanoUsd: sum('costNanoUsd'),
  };
}

/** Whether anybody told anything. */
export function isAnythingTold(total: UsageTotal): boolean {
  return talliedFields.some((name) => total[name].untold < total.exchanges);
}

function tally(value: number | undefined): Tally {
  return value === undefined || !Number.isFinite(value) || value < 0
    ? { known: 0, untold: 1 }
    : { known: value, untold: 0 };
}
