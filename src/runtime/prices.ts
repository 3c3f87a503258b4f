import type { Usage } from '../events/usage';
import { isNumber, isRecord } from '../base/guard';

/** What a model costs, in US dollars per million tokens, as the user wrote it down. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
}

/** By model id: `anthropic/claude-sonnet-5-5`. */
export type PriceTable = Readonly<Record<string, ModelPrice>>;

/**
 * The usage with what it cost by this price. Left as it is where the cost was told, and where a part of it has no price
 * or was not counted: a guess is no number.
 */
export function withPrice(usage: Usage, price: ModelPrice | undefined): Usage {
  const { inputTokens, outputTokens, cacheReadTokens = 0, cacheWriteTokens = 0 } = usage;
  if (
    price === undefined ||
    usage.costUsd !== undefined ||
    inputTokens === undefined ||
    outputTokens === undefined
  ) {
    return usage;
  }
  const parts = [
    cost(inputTokens, price.input),
    cost(outputTokens, price.output),
    cost(cacheReadTokens, price.cacheRead),
    cost(cacheWriteTokens, price.cacheWrite),
  ];
  const known = parts.filter(isNumber);
  return known.length < parts.length
    ? usage
    : { ...usage, costUsd: known.reduce((sum, part) => sum + part, 0), costBasis: 'prices' };
}

/** Reads the setting `{modelId: {input, output, cacheRead?, cacheWrite?}}`. Bad entries are left out and named. */
export function readPrices(value: unknown): {
  readonly prices: PriceTable;
  readonly problems: readonly string[];
} {
  if (value === undefined || value === null) {
    return { prices: {}, problems: [] };
  }
  if (!isRecord(value)) {
    return { prices: {}, problems: ['The prices are not an object by model id; none is used.'] };
  }
  const problems: string[] = [];
  const prices = Object.entries(value).flatMap(([modelId, entry]) => {
    const price = readPrice(entry);
    if (price === undefined) {
      problems.push(
        `The price of "${modelId}" is left out: it needs "input" and "output", and every number is US dollars per million tokens, not below 0.`,
      );
    }
    return price === undefined ? [] : [[modelId, price] as const];
  });
  return { prices: Object.fromEntries(prices), problems };
}

function readPrice(entry: unknown): ModelPrice | undefined {
  if (!isRecord(entry)) {
    return undefined;
  }
  const { input, output, cacheRead, cacheWrite } = entry;
  if (!isPrice(input) || !isPrice(output)) {
    return undefined;
  }
  if (![cacheRead, cacheWrite].every((price) => price === undefined || isPrice(price))) {
    return undefined;
  }
  return {
    input,
    output,
    ...(isPrice(cacheRead) ? { cacheRead } : {}),
    ...(isPrice(cacheWrite) ? { cacheWrite } : {}),
  };
}

function isPrice(value: unknown): value is number {
  return isNumber(value) && Number.isFinite(value) && value >= 0;
}

/** Nothing of something costs nothing, whatever its price. */
function cost(tokens: number, perMillion: number | undefined): number | undefined {
  if (tokens === 0) {
    return 0;
  }
  return perMillion === undefined ? undefined : (tokens * perMillion) / 1_000_000;
}
