import { describe, expect, it } from 'vitest';
import {
  permissionModes,
  type Decision,
  type Effect,
  type PathClass,
  type PermissionMode,
  type Rule,
} from '../../../src/gate/contract';
import { decide } from '../../../src/gate/decide';
import type { CommandAnalysis } from '../../../src/gate/shell/contract';

const classes = [
  'inside',
  'outside',
  'protected',
  'secret',
  'invalid',
] as const satisfies readonly PathClass[];
const target = '/w/app/src/a.ts';

const effects: readonly Effect[] = [
  ...classes.map((pathClass): Effect => ({ kind: 'read', path: target, target, pathClass })),
  ...classes.flatMap((pathClass) =>
    (['content', 'edits', 'delete'] as const).map((change): Effect => ({
      kind: 'write',
      path: target,
      target,
      pathClass,
      change,
    })),
  ),
  ...classes.map((cwdClass): Effect => ({
    kind: 'command',
    command: 'npm test',
    cwd: '/w/app',
    cwdClass,
    analysis: plainAnalysis('npm test'),
  })),
  { kind: 'command', command: 'npm\u200b test', cwd: '/w/app', cwdClass: 'inside' },
  { kind: 'command', command: 'a\0b', cwd: '/w/app', cwdClass: 'inside' },
  { kind: 'network', url: 'https://example.com/x' },
  { kind: 'mcp', server: 's', tool: 't' },
  { kind: 'question' },
  { kind: 'none' },
  { kind: 'unknown', description: 'a new tool' },
];

const matches: readonly Rule['match'][] = [
  { kind: 'command', command: 'npm test', cwd: '/w/app' },
  { kind: 'command', command: 'npm\u200b test', cwd: '/w/app' },
  { kind: 'read', target: '/w/app' },
  { kind: 'write', target },
  { kind: 'network', origin: 'https://example.com' },
  { kind: 'mcp', server: 's', tool: 't' },
];

function rulesOf(...verdicts: readonly Rule['verdict'][]): readonly Rule[] {
  return verdicts.flatMap((verdict) =>
    matches.map((match, index): Rule => ({
      id: `${verdict}-${index}`,
      verdict,
      match,
      scope: 'user',
    })),
  );
}

const ruleSets: readonly (readonly Rule['verdict'][])[] = [
  [],
  ['allow'],
  ['ask'],
  ['deny'],
  ['allow', 'ask'],
  ['allow', 'deny'],
  ['ask', 'deny'],
  ['allow', 'ask', 'deny'],
];

/** The table of the security model, said a second time and in another way than the code says it. */
function expected(
  effect: Effect,
  verdicts: readonly Rule['verdict'][],
  mode: PermissionMode,
): Decision['verdict'] {
  const has = (verdict: Rule['verdict']): boolean => verdicts.includes(verdict);
  const isRuled =
    !['question', 'none', 'unknown'].includes(effect.kind) &&
    !(effect.kind === 'command' && effect.command.includes('\0'));
  const pathClass =
    effect.kind === 'read' || effect.kind === 'write'
      ? effect.pathClass
      : effect.kind === 'command'
        ? effect.cwdClass
        : 'inside';
  if (isRuled && has('deny')) return 'deny';
  if (pathClass === 'invalid') return 'deny';
  if (effect.kind === 'command' && effect.command.includes('\0')) return 'deny';
  if (mode === 'plan' && ['write', 'command', 'network', 'mcp'].includes(effect.kind))
    return 'deny';
  if (pathClass !== 'inside' || effect.kind === 'unknown') return 'ask';
  if (effect.kind === 'command' && effect.command.includes('\u200b')) return 'ask';
  if (effect.kind === 'question' || effect.kind === 'none') return 'allow';
  if (has('ask')) return 'ask';
  if (has('allow')) return 'allow';
  if (effect.kind === 'read') return 'allow';
  return effect.kind === 'write' && (mode === 'accept-edits' || mode === 'auto') ? 'allow' : 'ask';
}

describe('the decision', () => {
  it('follows the table of modes for every mode, effect and set of rules', () => {
    const wrong: unknown[] = [];
    let count = 0;
    for (const mode of permissionModes) {
      for (const effect of effects) {
        for (const verdicts of ruleSets) {
          const decision = decide([effect], rulesOf(...verdicts), mode);
          count += 1;
          if (decision.verdict !== expected(effect, verdicts, mode)) {
            wrong.push({ mode, effect, verdicts, decision });
          }
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(count).toBe(4 * effects.length * ruleSets.length);
  });

  it('lets the strictest of several effects win, in any order', () => {
    const strictness: readonly Decision['verdict'][] = ['allow', 'ask', 'deny'];
    for (const mode of permissionModes) {
      for (const first of effects) {
        for (const second of effects) {
          const alone = [first, second].map((effect) =>
            strictness.indexOf(decide([effect], [], mode).verdict),
          );
          expect(strictness.indexOf(decide([first, second], [], mode).verdict)).toBe(
            Math.max(...alone),
          );
        }
      }
    }
  });

  it('asks for a call without effects', () => {
    expect(permissionModes.map((mode) => decide([], [], mode).verdict)).toEqual([
      'ask',
      'ask',
      'ask',
      'ask',
    ]);
  });

  it('says which rule or default decided, and why', () => {
    const [effect] = effects;
    expect(decide(effect === undefined ? [] : [effect], [], 'ask')).toEqual({
      verdict: 'allow',
      ruleId: 'default.read-inside',
      reason: 'reads inside the workspace run',
    });
    expect(
      decide(
        [
          {
            kind: 'write',
            path: '/etc/x',
            target: '/etc/x',
            pathClass: 'outside',
            change: 'content',
          },
        ],
        [],
        'auto',
      ),
    ).toEqual({
      verdict: 'ask',
      ruleId: 'path.outside',
      reason: 'outside the workspace',
    });
    expect(
      decide(
        [{ kind: 'read', path: 'a\u202eb', target: 'a\u202eb', pathClass: 'invalid' }],
        [],
        'ask',
      ),
    ).toEqual({
      verdict: 'deny',
      ruleId: 'path.invalid',
      reason: 'the path contains control or direction characters',
    });
  });

  it('allows a command only for the exact text in the exact folder', () => {
    const rules: readonly Rule[] = [
      {
        id: 'r',
        verdict: 'allow',
        scope: 'session',
        match: { kind: 'command', command: 'npm test', cwd: '/w/app' },
      },
    ];
    const verdictOf = (command: string, cwd = '/w/app') =>
      decide([takenApart(command, cwd)], rules, 'ask').verdict;
    expect(verdictOf('npm test')).toBe('allow');
    for (const other of [
      'npm test ',
      'npm  test',
      'npm test; rm -rf .',
      'npm test\nrm x',
      'NPM test',
      'npm',
      'npm testing',
    ]) {
      expect(verdictOf(other)).toBe('ask');
    }
    expect(verdictOf('npm test', '/w/app/sub')).toBe('ask');
  });

  it('matches an allowed path by segments and a denied one in any letter case and before links too', () => {
    const write = (path: string, real = path): Effect => ({
      kind: 'write',
      path,
      target: real,
      pathClass: 'inside',
      change: 'content',
    });
    const allowRule: Rule = {
      id: 'r',
      verdict: 'allow',
      scope: 'user',
      match: { kind: 'write', target: '/w/app/src' },
    };
    expect(decide([write('/w/app/src/x')], [allowRule], 'ask').verdict).toBe('allow');
    expect(decide([write('/w/app/src2/x')], [allowRule], 'ask').verdict).toBe('ask');
    expect(decide([write('/w/app/src/link', '/w/app/lib/x')], [allowRule], 'ask').verdict).toBe(
      'ask',
    );
    const denyRule: Rule = { ...allowRule, verdict: 'deny' };
    expect(decide([write('/w/app/SRC/x')], [denyRule], 'auto').verdict).toBe('deny');
    expect(decide([write('/w/app/src/link', '/w/app/lib/x')], [denyRule], 'auto').verdict).toBe(
      'deny',
    );
    const emptyRule: Rule = { ...allowRule, match: { kind: 'write', target: '' } };
    expect(decide([write('/w/app/x')], [emptyRule], 'ask').verdict).toBe('ask');
  });

  it('asks for a command that is too long to be read, in spite of a rule', () => {
    const command = `echo ${'x'.repeat(9000)}`;
    const rules: readonly Rule[] = [
      { id: 'r', verdict: 'allow', scope: 'user', match: { kind: 'command', command } },
    ];
    expect(
      decide([{ kind: 'command', command, cwd: '/w/app', cwdClass: 'inside' }], rules, 'auto')
        .ruleId,
    ).toBe('danger.long-command');
  });

  it('does not let a URL that is none match a rule', () => {
    const rules: readonly Rule[] = [
      { id: 'r', verdict: 'allow', scope: 'user', match: { kind: 'network', origin: 'not a url' } },
    ];
    expect(decide([{ kind: 'network', url: 'not a url' }], rules, 'ask').verdict).toBe('ask');
    const good: readonly Rule[] = [
      {
        id: 'r',
        verdict: 'allow',
        scope: 'user',
        match: { kind: 'network', origin: 'https://a.example' },
      },
    ];
    expect(
      decide([{ kind: 'network', url: 'https://a.example:443/x?y' }], good, 'ask').verdict,
    ).toBe('allow');
    expect(
      decide([{ kind: 'network', url: 'https://a.example.evil/x' }], good, 'ask').verdict,
    ).toBe('ask');
    expect(decide([{ kind: 'network', url: 'http://a.example/x' }], good, 'ask').verdict).toBe(
      'ask',
    );
  });
});

/** A command as the gate knows it when its analysis found nothing dangerous. */
function takenApart(command: string, cwd: string): Effect {
  return {
    kind: 'command',
    command,
    cwd,
    cwdClass: 'inside',
    analysis: plainAnalysis(command),
  };
}

function plainAnalysis(command: string): CommandAnalysis {
  const words = command.split(' ');
  return { shell: 'bash', plain: [words], wordsToCover: [1], parts: [words] };
}
