import { isNumber, recordField, stringField } from '../../base/guard';
import type { Usage } from '../../events/usage';
import { countField, sumCounts } from '../usageCounts';

const lastCostNote = 'acp.costUsd';

/**
 * What an exchange used, from the answers to its prompts and from `usage_update`. The cost there counts over the whole
 * session: of a session that was taken up again the part from before is not known, so the first total is only noted.
 */
export class AcpUsage {
  private inputTokens = 0;
  private outputTokens = 0;
  private cacheReadTokens = 0;
  private cacheWriteTokens = 0;
  private hasCounts = false;
  private window: number | undefined;
  private used: number | undefined;
  private cost: number | undefined;

  constructor(
    private readonly notes: Map<string, unknown>,
    private readonly isNewSession: () => boolean,
  ) {}

  update(update: unknown): void {
    this.window = positive(countField(update, 'size')) ?? this.window;
    this.used = positive(countField(update, 'used')) ?? this.used;
    const cost = recordField(update, 'cost');
    if (stringField(cost, 'currency') === 'USD') {
      this.cost = countField(cost, 'amount') ?? this.cost;
    }
  }

  /** The result of one `session/prompt`. */
  prompt(result: unknown): void {
    const usage = recordField(result, 'usage');
    const quota = recordField(recordField(recordField(result, '_meta'), 'quota'), 'token_count');
    const input = countField(usage, 'inputTokens') ?? countField(quota, 'input_tokens');
    const output = countField(usage, 'outputTokens') ?? countField(quota, 'output_tokens');
    if (input === undefined && output === undefined) {
      return;
    }
    this.hasCounts = true;
    this.inputTokens = sumCounts([this.inputTokens, input ?? 0]);
    this.outputTokens = sumCounts([this.outputTokens, output ?? 0]);
    this.cacheReadTokens = sumCounts([
      this.cacheReadTokens,
      countField(usage, 'cachedReadTokens') ?? 0,
    ]);
    this.cacheWriteTokens = sumCounts([
      this.cacheWriteTokens,
      countField(usage, 'cachedWriteTokens') ?? 0,
    ]);
  }

  total(): Usage | undefined {
    const spent = this.spent();
    if (!this.hasCounts && spent === undefined) {
      return undefined;
    }
    return {
      ...(this.hasCounts ? { inputTokens: this.inputTokens, outputTokens: this.outputTokens } : {}),
      ...(this.cacheReadTokens > 0 ? { cacheReadTokens: this.cacheReadTokens } : {}),
      ...(this.cacheWriteTokens > 0 ? { cacheWriteTokens: this.cacheWriteTokens } : {}),
      ...(spent === undefined ? {} : { costUsd: spent }),
      ...(this.window === undefined ? {} : { contextWindowTokens: this.window }),
      ...(this.used === undefined ? {} : { contextTokens: this.used }),
      reportedBy: 'child',
    };
  }

  private spent(): number | undefined {
    if (this.cost === undefined) {
      return undefined;
    }
    const noted = this.notes.get(lastCostNote);
    const before = isNumber(noted) ? noted : this.isNewSession() ? 0 : undefined;
    this.notes.set(lastCostNote, this.cost);
    return before === undefined ? undefined : positive(this.cost - before);
  }
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}
