import { numberField } from '../base/guard';

/**
 * A count, or an amount of money, that an agent or a provider told: finite and never negative; what is beyond exact
 * numbers is the largest exact one, so that no sum leaves the finite. Undefined for everything else: unknown, never zero.
 */
export function countField(value: unknown, name: string): number | undefined {
  const count = numberField(value, name);
  return count === undefined || count < 0 ? undefined : bounded(count);
}

/** The sum of counts; again one. */
export function sumCounts(counts: readonly number[]): number {
  return counts.reduce((sum, count) => bounded(sum + count), 0);
}

function bounded(count: number): number {
  return Math.min(count, Number.MAX_SAFE_INTEGER);
}
