import { describe, expect, it } from 'vitest';
import type { Effect, Rule } from '../../../src/gate/contract';
import { simulateRule, type PastCall } from '../../../src/gate/simulate';
import { simulationText } from '../../../src/host/simulationText';
import { plainCommand } from '../../fakes/plainCommand';

const past = (effect: Effect, more: Partial<PastCall> = {}): PastCall => ({
  at: '2026-01-02T03:04:05.000Z',
  tool: 'run_command',
  modelId: 'm',
  mode: 'ask',
  effects: [effect],
  decision: 'allow',
  by: 'user',
  ...more,
});
const rule = (verdict: Rule['verdict'], words: string): Rule => ({
  id: 'candidate',
  verdict,
  match: { kind: 'family', words: words.split(' ') },
  scope: 'workspace',
});
const calls = [
  past(plainCommand('npm test')),
  past(plainCommand('npm test --watch'), { decision: 'deny' }),
  past(plainCommand('npm publish')),
  past(plainCommand('npm test'), { mode: 'plan', decision: 'deny', by: 'mode.plan' }),
];

describe('a rule tried on the audit log', () => {
  it('says what it would have let run, and leaves out what stays as it is', () => {
    const simulation = simulateRule(calls, rule('allow', 'npm test'), []);
    expect(simulation.considered).toBe(4);
    expect(simulation.allowed.map(({ past: { effects } }) => effects[0])).toEqual([
      plainCommand('npm test'),
      plainCommand('npm test --watch'),
    ]);
    expect(simulation.stopped).toEqual([]);
    expect(simulation.asked).toEqual([]);
  });

  it('says what it would have stopped, and what it would have asked, beside the rules there are', () => {
    const present = [rule('allow', 'npm')];
    expect(simulateRule(calls, rule('deny', 'npm publish'), present).stopped).toHaveLength(1);
    expect(simulateRule(calls, rule('ask', 'npm test'), present).asked).toHaveLength(2);
    expect(simulateRule(calls, rule('allow', 'npm test'), present).allowed).toEqual([]);
  });

  it('is shown with numbers first, the newest call first, and nothing hidden', () => {
    const text = simulationText(
      simulateRule(
        [...calls, past(plainCommand('npm test a\u202eb'), { at: '2026-02-03T00:00:00.000Z' })],
        rule('deny', 'npm test'),
        [],
      ),
    );
    expect(text).toContain('deny: commands that begin with `npm test`');
    expect(text).toContain('5 decisions of the audit log were judged again');
    expect(text).toContain('3 would have been denied');
    expect(text).toContain('⟨U+202E⟩');
    expect(text.indexOf('2026-02-03')).toBeLessThan(text.indexOf('2026-01-02'));
    expect(text).toContain('(then: you denied it; today: asks)');
  });

  it('says so when there is nothing to judge', () => {
    expect(simulationText(simulateRule([], rule('deny', 'rm'), []))).toContain(
      'holds no decision to judge again yet',
    );
  });
});
