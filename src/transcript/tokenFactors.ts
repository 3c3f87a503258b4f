import { isNumber, isRecord } from '../base/guard';
import { clampedFactor } from './tokenEstimate';

/** How much of a new report goes into what is remembered. */
const newShare = 0.3;

/** What is known of a model's tokenizer: how many of its tokens one of ours is. Learned from reports, by model id. */
export class TokenFactors {
  private readonly byModel: Map<string, number>;

  /** `stored`: what `toJSON` gave before; what is no factor is left out. */
  constructor(stored?: unknown) {
    this.byModel = new Map(
      isRecord(stored)
        ? Object.entries(stored).flatMap(([modelId, factor]) =>
            isNumber(factor) && factor > 0 ? [[modelId, clampedFactor(factor)] as const] : [],
          )
        : [],
    );
  }

  /** 1 for a model that nobody reported on. */
  of(modelId: string): number {
    return this.byModel.get(modelId) ?? 1;
  }

  /** False when the report says nothing. */
  learn(modelId: string, reportedInputTokens: number, estimatedInputTokens: number): boolean {
    if (reportedInputTokens <= 0 || estimatedInputTokens <= 0) {
      return false;
    }
    const seen = clampedFactor(reportedInputTokens / estimatedInputTokens);
    const known = this.byModel.get(modelId);
    this.byModel.delete(modelId);
    this.byModel.set(modelId, known === undefined ? seen : known + (seen - known) * newShare);
    const [oldest] = this.byModel.keys();
    if (this.byModel.size > maxModels && oldest !== undefined) {
      this.byModel.delete(oldest);
    }
    return true;
  }

  toJSON(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.byModel);
  }
}

const maxModels = 200;
