import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseRepositoryRules } from '../../../src/gate/repositoryRules';
import { parseRule, ruleFields, ruleJsonSchema, toRuleEntry } from '../../../src/gate/ruleSchema';
import { decide } from '../../../src/gate/decide';
import { plainCommand } from '../../fakes/plainCommand';

const parse = (entry: unknown): ReturnType<typeof parseRule> => parseRule(entry, 'r', 'user');

describe('a rule as it is written down', () => {
  it.each(ruleFields.map((field) => [field.name, field] as const))(
    'has an example for %s that is understood and written down again as it was',
    (name, field) => {
      const entry = { verdict: 'deny', [name]: field.example };
      const parsed = parse(entry);
      expect(parsed.kind).toBe('rule');
      expect(parsed.rule && toRuleEntry('deny', parsed.rule.match)).toEqual(entry);
    },
  );

  it.each([
    ['no verdict', { command: 'ls' }],
    ['an unknown verdict', { verdict: 'maybe', command: 'ls' }],
    ['nothing covered', { verdict: 'deny' }],
    ['two things covered', { verdict: 'deny', command: 'ls', tool: 'x' }],
    ['an unknown field', { verdict: 'deny', commandPrefix: 'ls' }],
    ['shell characters in a family', { verdict: 'deny', commandsBeginningWith: 'git $(x)' }],
    ['an empty family', { verdict: 'deny', commandsBeginningWith: '  ' }],
    ['no URL', { verdict: 'deny', network: 'example.com' }],
    ['an absolute glob', { verdict: 'deny', write: '/w/*/a' }],
    ['a glob that climbs', { verdict: 'deny', write: '../**' }],
    ['a list', { verdict: 'deny', command: ['ls'] }],
    ['no object', 'deny ls'],
  ])('that has %s makes everything ask, because it may have been a denial', (_, entry) => {
    expect(parse(entry)).toMatchObject({
      kind: 'broken',
      rule: { verdict: 'ask', match: { kind: 'any' } },
    });
  });

  it('that is broken and would allow has no effect', () => {
    const parsed = parse({ verdict: 'allow', commandsBeginningWith: 'git; rm' });
    expect(parsed).toMatchObject({ kind: 'broken' });
    expect(parsed.rule).toBeUndefined();
  });

  it('may name a folder with all below it by an absolute path', () => {
    expect(parse({ verdict: 'allow', write: '/w/app/src/**' }).rule?.match).toEqual({
      kind: 'write',
      target: '/w/app/src',
    });
    expect(parse({ verdict: 'allow', write: 'C:\\w\\src' }).rule?.match).toEqual({
      kind: 'write',
      target: 'C:\\w\\src',
    });
  });

  it('is described to the settings editor by the same table', () => {
    const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(manifest).toMatchObject({
      contributes: {
        configuration: { properties: { 'patchbay.rules': { items: ruleJsonSchema() } } },
      },
    });
  });
});

describe('the rules of a repository', () => {
  it('[R140] can only tighten', () => {
    const { rules, problems } = parseRepositoryRules(
      JSON.stringify({
        rules: [
          { verdict: 'allow', commandsBeginningWith: 'rm' },
          { verdict: 'deny', commandsBeginningWith: 'npm publish' },
          { verdict: 'ask', write: 'migrations/**' },
        ],
      }),
    );
    expect(rules.map(({ verdict }) => verdict)).toEqual(['deny', 'ask']);
    expect(problems).toEqual([
      'Rule 1 of .patchbay/rules.json allows something: a repository can only ask or deny; it has no effect.',
    ]);
    expect(decide([plainCommand('npm publish')], rules, 'auto')).toMatchObject({
      verdict: 'deny',
      ruleId: 'repository.1',
      reason: 'a rule of this repository denies commands that begin with `npm publish`',
    });
  });

  it.each(['', '{', '[]', '{"rules": {}}', JSON.stringify({ rules: Array(501).fill({}) })])(
    'that cannot be read as rules make everything ask: %s',
    (text) => {
      const { rules, problems } = parseRepositoryRules(text);
      expect(problems).toHaveLength(1);
      expect(
        decide([{ kind: 'read', path: '/w/a', target: '/w/a', pathClass: 'inside' }], rules, 'auto')
          .verdict,
      ).toBe('ask');
    },
  );
});
