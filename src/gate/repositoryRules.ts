import { isRecord } from '../base/guard';
import type { Rule } from './contract';
import { parseRule } from './ruleSchema';

/** Where a repository may tighten what holds in it; relative to the workspace folder. */
export const repositoryRulesFolder = '.patchbay';
export const repositoryRulesPath = `${repositoryRulesFolder}/rules.json`;

/** What a file of the repository says: rules that ask or deny, and sentences about what has no effect. */
export interface RepositoryRules {
  readonly rules: readonly Rule[];
  readonly problems: readonly string[];
}

/**
 * Reads `{"rules": [ … ]}`. It can only tighten: an allow rule has no effect and is told. A file that cannot be read as
 * rules makes everything ask, because what it denies is not known.
 */
export function parseRepositoryRules(text: string): RepositoryRules {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return allAsks('is not JSON');
  }
  const entries = isRecord(value) ? value.rules : undefined;
  if (!Array.isArray(entries)) {
    return allAsks('has no list "rules"');
  }
  if (entries.length > maxRules) {
    return allAsks(`has more than ${maxRules} rules`);
  }
  const rules: Rule[] = [];
  const problems: string[] = [];
  entries.forEach((entry: unknown, index) => {
    const parsed = parseRule(entry, `repository.${index}`, 'repository');
    const where = `Rule ${index + 1} of ${repositoryRulesPath}`;
    if (parsed.kind === 'broken') {
      problems.push(`${where}: ${parsed.problem}.`);
    } else if (parsed.rule.verdict === 'allow') {
      problems.push(
        `${where} allows something: a repository can only ask or deny; it has no effect.`,
      );
    }
    if (parsed.rule !== undefined && parsed.rule.verdict !== 'allow') {
      rules.push(parsed.rule);
    }
  });
  return { rules, problems };
}

/** Everything asks: for a file that is there and cannot be understood or read. */
export function allAsks(why: string): RepositoryRules {
  return {
    rules: [
      { id: 'repository.broken', verdict: 'ask', match: { kind: 'any' }, scope: 'repository' },
    ],
    problems: [`${repositoryRulesPath} ${why}: until it is put right, everything asks.`],
  };
}

const maxRules = 500;
