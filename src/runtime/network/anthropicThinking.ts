import type { ReasoningEffort } from '../contract';

export type AnthropicThinking =
  { type: 'adaptive'; display: 'summarized' } | { type: 'enabled'; budget_tokens: number };

export type AnthropicEffort = 'low' | 'medium' | 'high' | 'xhigh';

export interface ThinkingPlan {
  readonly thinking?: AnthropicThinking;
  readonly effort?: AnthropicEffort;
  /** Models that think take no temperature but their own; newer ones never take one. */
  readonly takesTemperature: boolean;
}

export interface ThinkingQuestion {
  readonly model: string;
  readonly supportsReasoning?: boolean | undefined;
  readonly effort?: ReasoningEffort | undefined;
  readonly maxTokens: number;
}

/**
 * How to ask a model to think.
 * - Before 3.7: not at all. 3.7 to 4.5: a budget in tokens. From 4.6 on: adaptive, steered by effort, and `xhigh` only
 *   from 4.7 on. From 5 on thinking is on by itself, with its text hidden unless a summary is asked for.
 * - A name that is not Claude's (a compatible server): a budget, and only when thinking was asked for.
 *
 * Source: the model pages and migration guides of platform.claude.com (Opus 4.6 to 5.5).
 */
export function planThinking(question: ThinkingQuestion): ThinkingPlan {
  const { model, effort, maxTokens } = question;
  if (question.supportsReasoning === false) {
    return { takesTemperature: true };
  }
  const version = claudeVersion(model);
  if (version !== undefined && version < 3.7) {
    return { takesTemperature: true };
  }
  if (version !== undefined && version >= 4.6) {
    return planAdaptive(version, effort);
  }
  return planBudget(effort, maxTokens);
}

function planAdaptive(version: number, effort: ReasoningEffort | undefined): ThinkingPlan {
  const takesTemperature = version < 4.7 && effort === undefined;
  if (effort === undefined && version < 5) {
    return { takesTemperature };
  }
  return {
    thinking: { type: 'adaptive', display: 'summarized' },
    ...(effort === undefined ? {} : { effort: clampEffort(effort, version >= 4.7) }),
    takesTemperature,
  };
}

const budgetTokens: Readonly<Record<ReasoningEffort, number>> = {
  minimal: 1024,
  low: 4096,
  medium: 10_240,
  high: 20_480,
  xhigh: 20_480,
};

/** The smallest budget that the API takes, and what must be left for the answer itself. */
const minBudgetTokens = 1024;
const minAnswerTokens = 1024;

function planBudget(effort: ReasoningEffort | undefined, maxTokens: number): ThinkingPlan {
  if (effort === undefined) {
    return { takesTemperature: true };
  }
  const budget = Math.min(budgetTokens[effort], maxTokens - minAnswerTokens);
  return budget < minBudgetTokens
    ? { takesTemperature: true }
    : { thinking: { type: 'enabled', budget_tokens: budget }, takesTemperature: false };
}

function clampEffort(effort: ReasoningEffort, takesXhigh: boolean): AnthropicEffort {
  switch (effort) {
    case 'minimal':
    case 'low':
      return 'low';
    case 'xhigh':
      return takesXhigh ? 'xhigh' : 'high';
    default:
      return effort;
  }
}

/** `claude-opus-4-6` is 4.6, `claude-3-7-sonnet-20250219` is 3.7, a Claude without number the newest; else undefined. */
export function claudeVersion(model: string): number | undefined {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  if (!name.startsWith('claude')) {
    return undefined;
  }
  const numbers = /(?:^|[^0-9])(\d{1,2})(?:[-.](\d{1,2}))?(?![0-9])/.exec(name);
  if (numbers === null) {
    return Number.POSITIVE_INFINITY;
  }
  return Number(`${numbers[1] ?? '0'}.${numbers[2] ?? '0'}`);
}
