import { isNumber, isRecord, isString } from '../base/guard';
import type { JsonObject } from '../base/json';
import type { WorkspaceRule } from './ruleBook';
import { parseRule, toRuleEntry } from './ruleSchema';

/** The rules of "always in this workspace" as they are stored: what a person would write, with where and when. */
export function fromWorkspaceRules(rules: readonly WorkspaceRule[]): readonly JsonObject[] {
  return rules.flatMap(({ id, folder, verdict, match, isReadOnly, createdAtMs }) => {
    const rule = toRuleEntry(verdict, match, isReadOnly);
    return rule === undefined ? [] : [{ id, folder, createdAtMs, rule }];
  });
}

/** A stored rule that is damaged costs itself; one that may have denied asks about everything in its folder. */
export function toWorkspaceRules(stored: unknown): readonly WorkspaceRule[] {
  return (Array.isArray(stored) ? stored : []).flatMap((entry: unknown) => {
    if (!isRecord(entry) || !isString(entry.id) || !isString(entry.folder)) {
      return [];
    }
    const { rule } = parseRule(entry.rule, entry.id, 'workspace');
    return rule === undefined
      ? []
      : [
          {
            id: entry.id,
            folder: entry.folder,
            verdict: rule.verdict,
            match: rule.match,
            ...(rule.isReadOnly === true ? { isReadOnly: true } : {}),
            createdAtMs: isNumber(entry.createdAtMs) ? entry.createdAtMs : 0,
          },
        ];
  });
}
