import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Usage } from '../../../src/events/usage';
import { AcpUsage } from '../../../src/runtime/bridges/acpUsage';
import { addUsage, resultUsage } from '../../../src/runtime/bridges/claudeCliResult';
import { CodexTurnUsage } from '../../../src/runtime/bridges/codexAppServerUsage';
import { UsageSum } from '../../../src/runtime/bridges/indusagiCliRpcAnswers';
import { countField, sumCounts } from '../../../src/runtime/usageCounts';

const odd = fc.oneof(
  fc.constantFrom(1e308, -5, -1, 0, 7, Number.NaN, Infinity, '7', null, undefined),
  fc.double(),
);

/** The names of the numbers that no reader can do anything with. */
function wrong(usage: Usage | undefined): readonly string[] {
  return Object.entries(usage ?? {}).flatMap(([name, value]: readonly [string, unknown]) =>
    name === 'reportedBy' ||
    (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER)
      ? []
      : [`${name}: ${String(value)}`],
  );
}

describe('a count that an agent tells', () => {
  it('[R38] is finite and never negative, or unknown', () => {
    const read = (value: unknown): number | undefined => countField({ value }, 'value');
    expect([7, 0, 0.5, -1, 1e308, Infinity, '7', null].map(read)).toEqual([
      7,
      0,
      0.5,
      undefined,
      Number.MAX_SAFE_INTEGER,
      undefined,
      undefined,
      undefined,
    ]);
    expect(sumCounts([Number.MAX_SAFE_INTEGER, 1])).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('[R38] gives numbers that can be shown and stored, whatever each dialect is told', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(odd, odd, odd), { minLength: 1, maxLength: 5 }), (rows) => {
        let claude: Usage | undefined;
        const codex = new CodexTurnUsage();
        const pi = new UsageSum();
        const acp = new AcpUsage(new Map(), () => true);
        for (const [a, b, c] of rows) {
          const more = resultUsage({
            usage: { input_tokens: a, output_tokens: b },
            model_usage_since_last_result: {
              x: { inputTokens: c, costUSD: a },
              y: { inputTokens: a, costUSD: b },
            },
            modelUsage: { x: { contextWindow: b } },
          });
          claude = more === undefined ? claude : addUsage(claude, more);
          pi.add({ input: a, output: b, cacheRead: c, cost: { total: a } });
          acp.update({ size: a, used: b, cost: { currency: 'USD', amount: c } });
          acp.prompt({ usage: { inputTokens: a, outputTokens: b, cachedReadTokens: c } });
          const counts = { inputTokens: a, outputTokens: b, cachedInputTokens: c };
          const last = { inputTokens: c, outputTokens: a };
          expect(wrong(codex.accept({ total: counts, last, modelContextWindow: b }))).toEqual([]);
        }
        expect([claude, pi.total(undefined), acp.total()].flatMap(wrong)).toEqual([]);
      }),
    );
  });
});
