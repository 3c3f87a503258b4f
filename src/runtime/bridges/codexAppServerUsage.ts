import { recordField } from '../../base/guard';
import type { Usage } from '../../events/usage';
import { codexUsage } from '../codexItems';
import { countField, sumCounts } from '../usageCounts';

interface Counts {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
}

/** The tokens of one exchange. The server's totals are of the whole thread: what was used before is taken off. */
export class CodexTurnUsage {
  private before: Counts | undefined;

  /** `tokenUsage` of `thread/tokenUsage/updated`: `total` of the thread, `last` of the newest request. */
  accept(tokenUsage: unknown): Usage | undefined {
    const total = counts(recordField(tokenUsage, 'total'));
    const last = counts(recordField(tokenUsage, 'last'));
    this.before ??= {
      input: Math.max(0, total.input - last.input),
      cached: Math.max(0, total.cached - last.cached),
      output: Math.max(0, total.output - last.output),
    };
    const usage = codexUsage({
      input: Math.max(0, total.input - this.before.input),
      cached: Math.max(0, total.cached - this.before.cached),
      cacheWrite: undefined,
      output: Math.max(0, total.output - this.before.output),
      contextWindow: countField(tokenUsage, 'modelContextWindow'),
    });
    // The newest request and its answer are what the next one begins with.
    const contextTokens = sumCounts([last.input, last.output]);
    return usage === undefined || contextTokens === 0 ? usage : { ...usage, contextTokens };
  }
}

function counts(part: unknown): Counts {
  return {
    input: countField(part, 'inputTokens') ?? 0,
    cached: countField(part, 'cachedInputTokens') ?? 0,
    output: countField(part, 'outputTokens') ?? 0,
  };
}
