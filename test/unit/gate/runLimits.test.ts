import { describe, expect, it } from 'vitest';
import { RunLimits } from '../../../src/gate/runLimits';

const none = { calls: 0, costUsd: 0, repeatedCalls: 0 };

describe('the limits of a run', () => {
  it('[R140] stop it after so many calls, until the user says yes to something', () => {
    const limits = new RunLimits(() => ({ ...none, calls: 2 }));
    for (const key of ['a', 'b']) {
      expect(limits.check('t', key, undefined)).toBeUndefined();
      limits.note('t', key, false, undefined);
    }
    expect(limits.check('t', 'c', undefined)).toMatchObject({
      verdict: 'ask',
      ruleId: 'limit.calls',
    });
    expect(limits.check('another turn', 'c', undefined)).toBeUndefined();
    limits.note('t', 'c', true, undefined);
    expect(limits.check('t', 'd', undefined)).toBeUndefined();
  });

  it('stop it at the same call, again and again', () => {
    const limits = new RunLimits(() => ({ ...none, repeatedCalls: 2 }));
    limits.note('t', 'same', false, undefined);
    limits.note('t', 'other', false, undefined);
    limits.note('t', 'same', false, undefined);
    expect(limits.check('t', 'other', undefined)).toBeUndefined();
    expect(limits.check('t', 'same', undefined)?.ruleId).toBe('limit.repeated');
  });

  it('stop it by cost, counted from the last yes, and not by a cost that nobody says', () => {
    const limits = new RunLimits(() => ({ ...none, costUsd: 1 }));
    expect(limits.check('t', 'a', undefined)).toBeUndefined();
    expect(limits.check('t', 'a', 0.99)).toBeUndefined();
    expect(limits.check('t', 'a', 1)?.ruleId).toBe('limit.cost');
    limits.note('t', 'a', true, 1);
    expect(limits.check('t', 'a', 1.5)).toBeUndefined();
    expect(limits.check('t', 'a', 2)?.ruleId).toBe('limit.cost');
  });

  it('are none where they are 0', () => {
    const limits = new RunLimits(() => none);
    for (let count = 0; count < 1000; count += 1) {
      limits.note('t', 'same', false, count);
    }
    expect(limits.check('t', 'same', 1000)).toBeUndefined();
  });
});
