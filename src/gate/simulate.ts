import type { Decision, Effect, PermissionMode, Rule } from './contract';
import { decide } from './decide';

/** A decision of the past, as the audit log has it, with effects that can be judged again. */
export interface PastCall {
  readonly at: string;
  readonly tool: string;
  readonly modelId: string;
  readonly mode: PermissionMode;
  readonly effects: readonly Effect[];
  readonly decision: 'allow' | 'deny';
  /** `user` or the rule's id. */
  readonly by: string;
}

export interface ChangedCall {
  readonly past: PastCall;
  readonly without: Decision;
  readonly with: Decision;
}

/** What a rule would have changed. `considered` counts every call that was judged again. */
export interface Simulation {
  readonly rule: Rule;
  readonly considered: number;
  /** Would have run without a question. */
  readonly allowed: readonly ChangedCall[];
  /** Would have been denied. */
  readonly stopped: readonly ChangedCall[];
  /** Would have asked where it ran, or where it was denied, without. */
  readonly asked: readonly ChangedCall[];
}

/**
 * Judges past calls twice, with today's rules and with one more, and gives those whose verdict differs. Pure. `rules`
 * does not hold `candidate`.
 */
export function simulateRule(
  calls: readonly PastCall[],
  candidate: Rule,
  rules: readonly Rule[],
): Simulation {
  const changed = calls.flatMap((past): readonly ChangedCall[] => {
    const without = decide(past.effects, rules, past.mode, past.tool);
    const withRule = decide(past.effects, [...rules, candidate], past.mode, past.tool);
    return without.verdict === withRule.verdict ? [] : [{ past, without, with: withRule }];
  });
  const became = (verdict: Decision['verdict']): readonly ChangedCall[] =>
    changed.filter((call) => call.with.verdict === verdict);
  return {
    rule: candidate,
    considered: calls.length,
    allowed: became('allow'),
    stopped: became('deny'),
    asked: became('ask'),
  };
}
