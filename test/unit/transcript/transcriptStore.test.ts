import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ToolCall } from '../../../src/events/toolCall';
import { defaultSummaryTemplate } from '../../../src/transcript/compression';
import { defaultBudgetTokens, TranscriptStore } from '../../../src/transcript/transcriptStore';
import {
  assistantWithToolCalls,
  createTurn,
  type Turn,
  type TurnFields,
} from '../../../src/transcript/turn';

describe('TranscriptStore', () => {
  it('[R186] appending never evicts, whatever the budget and the kinds of turns, and tells of no eviction', () => {
    for (const budgetTokens of [0, 1, 250, 1_000_000]) {
      const store = new TranscriptStore({ budgetTokens });
      const told: unknown[] = [];
      store.onDidEvict((event) => told.push(event));
      const turns = Array.from({ length: 10 }, (_, index) => [
        turn('system', 100),
        turn('user', 100),
        turn('assistant', 100),
        ...exchange(`e${String(index)}`, 2, 100).slice(1),
        result(`nobody-${String(index)}`, 100),
      ]).flat();
      turns.forEach((one, index) => {
        store.append(one);
        expect(store.tokenCount).toBe((index + 1) * 100);
      });
      const message = { role: 'user', text: 'as a message', createdAtMs: 1 } as const;
      const last = store.appendMessage(message);
      expect(store.toTurns()).toEqual([...turns, last]);
      expect(store.overflowTokens).toBe(0);
      expect(told).toEqual([]);
      // Also where an eviction has left it above its budget: the next turn drops nothing.
      store.maybeEvict(0);
      const left = store.toTurns();
      told.length = 0;
      store.append(turn('assistant', 100));
      expect(store.toTurns().slice(0, -1)).toEqual(left);
      expect(told).toEqual([]);
    }
  });

  it('[R187] the token count is the sum over the turns after any operations, and turns are frozen', () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('append' as const), role: fc.nat(3), tokens: fc.nat(400) }),
      fc.record({ kind: fc.constant('evict' as const), budget: fc.nat(3000) }),
      fc.record({ kind: fc.constant('compress' as const), budget: fc.nat(3000) }),
      fc.record({ kind: fc.constant('system' as const), length: fc.nat(50) }),
      fc.record({ kind: fc.constant('protect' as const), pick: fc.nat(), isOn: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const store = new TranscriptStore();
        let calls = 0;
        for (const one of operations) {
          if (one.kind === 'append') {
            const call = toolCall(`call-${String(calls)}`);
            if (one.role === 2) {
              store.append(assistantWithToolCalls([call], { tokens: one.tokens }));
            } else if (one.role === 3) {
              store.append(result(`call-${String(calls++)}`, one.tokens));
            } else {
              store.append(turn(one.role === 0 ? 'user' : 'assistant', one.tokens));
            }
          } else if (one.kind === 'evict') {
            store.maybeEvict(one.budget);
          } else if (one.kind === 'compress') {
            store.replaceOldestToolResults('{tool}', one.budget);
          } else if (one.kind === 'system') {
            store.prependSystem('s'.repeat(one.length));
          } else {
            const turns = store.toTurns();
            const picked = turns[one.pick % Math.max(1, turns.length)];
            if (picked !== undefined) {
              expect(one.isOn ? store.protect(picked.id, 'why') : store.release(picked.id)).toBe(
                true,
              );
            }
          }
          const turns = store.toTurns();
          expect(store.tokenCount).toBe(turns.reduce((sum, { tokens }) => sum + tokens, 0));
          expect(store.length).toBe(turns.length);
          expect(turns.every((value) => Object.isFrozen(value))).toBe(true);
        }
      }),
      { numRuns: 500, seed: 31 },
    );
  });

  it('[R188] a system turn goes to the front, and replaces the one that is there', () => {
    const store = TranscriptStore.fromTurns([turn('user', 10)]);
    store.prependSystem('short');
    const one = store.tokenCount;
    store.prependSystem('a much longer system prompt than before');
    expect(roles(store)).toEqual(['system', 'user']);
    expect(store.tokenCount).toBeGreaterThan(one);
    expect(store.toTurns()[0]?.content).toBe('a much longer system prompt than before');
  });

  it('[R188] never two system turns at the front, wherever the window begins by now', () => {
    const store = new TranscriptStore();
    store.append(turn('user', 10, 'a'));
    store.append(turn('system', 5, 'one'));
    store.append(turn('system', 5, 'two'));
    store.append(turn('user', 10, 'b'));
    store.maybeEvict(20);
    expect(roles(store)).toEqual(['system', 'system', 'user']);
    store.prependSystem('only');
    expect(store.toTurns().map(({ content }) => content)).toEqual(['only', 'b']);
    expect(store.tokenCount).toBe(store.toTurns().reduce((sum, { tokens }) => sum + tokens, 0));
    expect(store.length).toBe(2);
  });

  it('[R187] refuses a turn whose tokens are no whole number, because the total would not be one', () => {
    const store = new TranscriptStore();
    for (const tokens of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => store.append(turn('user', tokens))).toThrow(RangeError);
    }
    store.append(turn('user', 0));
    expect(store.length).toBe(1);
  });

  it('[R193] overflow is that of the last eviction, and no more than is still there', () => {
    const store = new TranscriptStore({ budgetTokens: 100 });
    store.append(turn('user', 10));
    store.append(assistantWithToolCalls([toolCall('call-1')], { tokens: 10 }));
    store.append(result('call-1', 500));
    expect(store.overflowTokens).toBe(0);
    store.maybeEvict();
    expect(store.overflowTokens).toBe(420);
    store.append(turn('assistant', 10));
    expect(store.overflowTokens).toBe(420);
    store.replaceOldestToolResults('[{tool}]');
    expect(store.overflowTokens).toBe(0);
    store.maybeEvict(0);
    expect(store.overflowTokens).toBe(store.tokenCount);
    store.maybeEvict(1000);
    expect(store.overflowTokens).toBe(0);
  });

  it('[R189] drops the oldest until within the budget, returns how many turns went, and lists them', () => {
    const turns = ['a', 'b', 'c', 'd'].flatMap((name) => [
      turn('user', 10, name),
      turn('assistant', 10, name),
    ]);
    const store = TranscriptStore.fromTurns(turns);
    const events: unknown[] = [];
    store.onDidEvict((event) => events.push(event));
    expect(store.maybeEvict(80)).toBe(0);
    expect(events).toEqual([]);
    expect(store.maybeEvict(45)).toBe(4);
    expect(store.toTurns()).toEqual(turns.slice(4));
    expect(events).toEqual([{ dropped: turns.slice(0, 4), overflowTokens: 0 }]);
  });

  it('[R189][R193] a budget of 0 means 0: what must stay is told as overflow', () => {
    const store = TranscriptStore.fromTurns([
      turn('user', 10),
      turn('assistant', 10),
      turn('user', 7),
    ]);
    expect(store.maybeEvict(0)).toBe(2);
    expect(store.tokenCount).toBe(7);
    expect(store.overflowTokens).toBe(7);
    expect(store.maybeEvict(0)).toBe(0);
  });

  it('[R190] keeps system turns, protected turns, the newest question and all behind it', () => {
    const store = TranscriptStore.fromTurns([
      turn('system', 10, 'system'),
      turn('user', 10, 'old question'),
      turn('assistant', 10, 'old answer'),
      createTurn({
        role: 'user',
        content: 'pinned',
        tokens: 10,
        nonDroppable: true,
        nonDroppableReason: 'rule',
      }),
      turn('assistant', 10, 'answer to pinned'),
      turn('user', 10, 'newest question'),
      assistantWithToolCalls([toolCall('call-1')], { tokens: 10 }),
      result('call-1', 500),
      turn('assistant', 10, 'newest answer'),
    ]);
    store.maybeEvict(0);
    expect([...store].map(({ content }) => content)).toEqual([
      'system',
      'pinned',
      'newest question',
      '',
      'output',
      'newest answer',
    ]);
    expect(store.overflowTokens).toBe(store.tokenCount);
  });

  it('[R191] a call goes together with its results, found by id across a steering message', () => {
    const store = TranscriptStore.fromTurns([
      turn('user', 10, 'go'),
      assistantWithToolCalls([toolCall('call-1'), toolCall('call-2')], { tokens: 10 }),
      result('call-1', 10),
      turn('user', 10, 'steering'),
      result('call-2', 10),
      turn('assistant', 10, 'done'),
      turn('user', 1000, 'next'),
    ]);
    store.maybeEvict(1025);
    expect([...store].map(({ content, toolCallId }) => toolCallId ?? content)).toEqual([
      'steering',
      'done',
      'next',
    ]);
  });

  it('[R191][R192][R193] no pair is ever split and the window never begins with an answer or a result, whatever is evicted when', () => {
    fc.assert(
      fc.property(
        conversation,
        fc.array(fc.nat(1500), { minLength: 1, maxLength: 6 }),
        (turns, budgets) => {
          const store = new TranscriptStore();
          const step = Math.ceil(turns.length / budgets.length);
          budgets.forEach((budget, index) => {
            turns.slice(index * step, (index + 1) * step).forEach((one) => store.append(one));
            const before = store.toTurns();
            const dropped = store.maybeEvict(budget);
            const after = store.toTurns();
            expect(before.length - after.length).toBe(dropped);
            expect(after).toEqual(before.filter((one) => after.includes(one)));
            expectWholePairs(before, after);
            expect(after.find(({ role }) => role !== 'system')?.role ?? 'user').toBe('user');
            const newest = before.findLastIndex(({ role }) => role === 'user');
            expect(after.slice(after.length - (before.length - newest))).toEqual(
              newest < 0 ? [] : before.slice(newest),
            );
            expect(
              before
                .filter(({ nonDroppable }) => nonDroppable === true)
                .every((one) => after.includes(one)),
            ).toBe(true);
            if (store.overflowTokens > 0) {
              expect(after.filter((one) => !staying(after).has(one))).toEqual([]);
              expect(store.overflowTokens).toBe(store.tokenCount - budget);
              expect(store.maybeEvict(budget)).toBe(0);
            } else {
              expect(store.tokenCount).toBeLessThanOrEqual(budget);
            }
          });
        },
      ),
      { numRuns: 1500, seed: 32 },
    );
  });

  it('[R190][R193] what is left above the budget is exactly what has to stay, also over many questions and released marks', () => {
    fc.assert(
      fc.property(
        conversation,
        fc.array(fc.nat(600), { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.nat(5)),
        (turns, budgets, picks) => {
          const store = new TranscriptStore();
          const step = Math.ceil(turns.length / budgets.length);
          budgets.forEach((budget, index) => {
            turns.slice(index * step, (index + 1) * step).forEach((one) => store.append(one));
            const pinned = store.toTurns().find(({ nonDroppable }) => nonDroppable === true);
            if (pinned !== undefined && picks.next().value === 0) {
              store.release(pinned.id);
            }
            store.maybeEvict(budget);
            const left = store.toTurns();
            if (store.overflowTokens > 0) {
              expect(left.filter((one) => !staying(left).has(one))).toEqual([]);
              expect(store.overflowTokens).toBe(store.tokenCount - budget);
            }
          });
        },
      ),
      { numRuns: 1500, seed: 33 },
    );
  });

  it.each([
    { ids: 'ids of their own', seed: 36, callsOf: fresh },
    { ids: 'ids used again', seed: 37, callsOf: again },
  ])(
    '[R190][R191][R193] so it is with turns of every size and $ids, results that come late, early or twice, and evictions between any two turns',
    ({ seed, callsOf }) => {
      fc.assert(
        fc.property(fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }), (steps) => {
          const store = new TranscriptStore();
          const pairs = new Pairs();
          steps.forEach((one, at) => {
            const before = store.toTurns();
            if (one.kind === 'evict') {
              const budget = Math.floor((store.tokenCount * one.share) / 6);
              store.maybeEvict(budget);
              const left = store.toTurns();
              expect(left).toEqual(before.filter((kept) => left.includes(kept)));
              expect(store.tokenCount).toBe(left.reduce((sum, { tokens }) => sum + tokens, 0));
              const isSplit = (was: Turn, index: number): boolean => {
                const caller = pairs.callerOf(was, before);
                // A result that came before its call may go alone.
                return before.indexOf(caller) > index
                  ? left.includes(was) && !left.includes(caller)
                  : left.includes(was) !== left.includes(caller);
              };
              expect(before.filter(isSplit)).toEqual([]);
              const newest = before.findLastIndex(({ role }) => role === 'user');
              const isKept = (turn: Turn, index: number): boolean =>
                turn.nonDroppable === true || (newest >= 0 && index >= newest);
              expect(
                before.filter((was, index) => isKept(was, index) && !left.includes(was)),
              ).toEqual([]);
              if (store.tokenCount > budget) {
                expect(store.overflowTokens).toBe(store.tokenCount - budget);
                const stays = staying(left, (turn) => pairs.callerOf(turn, left));
                expect(left.filter((kept) => !stays.has(kept))).toEqual([]);
              } else {
                expect(store.overflowTokens).toBe(0);
              }
            } else if (one.kind === 'release') {
              const pinned = before.filter(({ nonDroppable }) => nonDroppable === true);
              const picked = pinned[one.pick % Math.max(1, pinned.length)];
              if (picked !== undefined) {
                expect(store.release(picked.id)).toBe(true);
              }
            } else {
              const added = turnOfStep(one, callsOf(one, at, steps));
              pairs.add(added, before);
              store.append(added);
            }
          });
        }),
        { numRuns: 8000, seed },
      );
    },
    120_000,
  );

  it('[R190][R191] an exchange that stays because a result of it lies behind the newest question may go with the next question', () => {
    const store = TranscriptStore.fromTurns([turn('user', 10, 'first')]);
    store.append(assistantWithToolCalls([toolCall('call-1')], { tokens: 10 }));
    store.append(turn('user', 10, 'steering'));
    store.append(result('call-1', 10));
    expect(store.maybeEvict(0)).toBe(0);
    store.append(turn('user', 10, 'next'));
    expect(store.maybeEvict(10)).toBe(4);
    expect(store.overflowTokens).toBe(0);
  });

  it('[R190][R191] a result that comes behind the newest question while its exchange is taken apart lets it go with the next', () => {
    const store = TranscriptStore.fromTurns([
      turn('user', 1, 'first'),
      assistantWithToolCalls([toolCall('c0')], { tokens: 1 }),
      assistantWithToolCalls([toolCall('c2')], { tokens: 10 }),
      result('c0', 300),
      turn('user', 0, 'second'),
    ]);
    store.maybeEvict(300);
    store.append(result('c2', 10));
    store.maybeEvict(0);
    store.append(turn('user', 50, 'third'));
    store.maybeEvict(50);
    expect(store.tokenCount).toBe(50);
    expect(store.overflowTokens).toBe(0);
  });

  it('[R191] a result belongs to the older call of its id where the newer one is gone', () => {
    const store = new TranscriptStore();
    for (const one of [
      createTurn({
        role: 'assistant',
        content: '',
        tokens: 10,
        toolCalls: [toolCall('again')],
        nonDroppable: true,
        nonDroppableReason: 'why',
      }),
      assistantWithToolCalls([toolCall('again')], { tokens: 10 }),
    ]) {
      store.append(one);
    }
    store.maybeEvict(0);
    expect(roles(store)).toEqual(['assistant']);
    store.append(result('again', 10));
    store.maybeEvict(0);
    expect(roles(store)).toEqual(['assistant', 'tool']);
  });

  it('[R191] an id that is used again belongs to its newest call; a result before its call goes with it', () => {
    const store = new TranscriptStore();
    for (const name of ['a', 'b']) {
      store.append(turn('user', 10, name));
      store.append(assistantWithToolCalls([toolCall('call_0')], { tokens: 10 }));
      store.append(result('call_0', 10));
    }
    store.append(turn('user', 10, 'now'));
    expect(store.maybeEvict(40)).toBe(3);
    expect(store.toTurns().map(({ content }) => content)).toEqual(['b', '', 'output', 'now']);

    const early = new TranscriptStore();
    early.append(turn('user', 10, 'a'));
    early.append(result('call-1', 10));
    early.append(turn('user', 10, 'b'));
    early.append(assistantWithToolCalls([toolCall('call-1')], { tokens: 10 }));
    early.append(turn('user', 10, 'now'));
    expect(early.maybeEvict(45)).toBe(3);
    expect(early.toTurns().map(({ content }) => content)).toEqual(['b', 'now']);
  });

  it('[R191] two results of one id that came before their call go with it, or before it', () => {
    const store = new TranscriptStore();
    store.append(turn('user', 10, 'a'));
    store.append(result('call-1', 10));
    store.append(result('call-1', 10));
    store.append(turn('user', 10, 'b'));
    store.append(assistantWithToolCalls([toolCall('call-1')], { tokens: 10 }));
    store.append(turn('user', 10, 'now'));
    expect(store.maybeEvict(45)).toBe(4);
    expect(store.toTurns().map(({ content }) => content)).toEqual(['b', 'now']);
  });

  it('[R191] results without a call and calls without a result are dropped like any other turn', () => {
    const store = new TranscriptStore();
    store.append(result('nobody', 10));
    store.append(turn('user', 10));
    store.append(assistantWithToolCalls([toolCall('open')], { tokens: 10 }));
    store.append(turn('user', 10, 'now'));
    expect(store.maybeEvict(35)).toBe(1);
    expect(store.maybeEvict(0)).toBe(2);
    expect(store.toTurns().map(({ content }) => content)).toEqual(['now']);
  });

  it('[R192] an exchange without a question in front is never taken apart, so that no answer is left at the front', () => {
    const store = new TranscriptStore();
    store.prependSystem('system');
    for (let index = 0; index < 5; index++) {
      store.append(assistantWithToolCalls([toolCall(`call-${String(index)}`)], { tokens: 100 }));
      store.append(result(`call-${String(index)}`, 100));
    }
    store.append(turn('user', 10, 'now'));
    store.maybeEvict(900);
    expect(roles(store)).toEqual(['system', 'user']);
  });

  it('[R192] an exchange goes whole; a huge one loses its oldest calls first and its question last', () => {
    const small = TranscriptStore.fromTurns([
      ...exchange('a', 3, 10),
      ...exchange('b', 3, 10),
      ...exchange('c', 3, 10),
      ...exchange('d', 3, 10),
      ...exchange('e', 3, 10),
      ...exchange('f', 3, 10),
    ]);
    small.maybeEvict(small.tokenCount - 1);
    expect(small.toTurns()[0]?.content).toBe('question b');

    const huge = TranscriptStore.fromTurns([...exchange('a', 20, 50), turn('user', 10, 'now')]);
    huge.maybeEvict(huge.tokenCount - 100);
    const left = huge.toTurns();
    expect(left[0]?.content).toBe('question a');
    expect(left[1]?.toolCalls?.[0]?.id).toBe('a-1');
    huge.maybeEvict(10);
    expect(huge.toTurns().map(({ content }) => content)).toEqual(['now']);
  });

  it('[R194] evicting one at a time looks at each turn a bounded number of times', () => {
    const looks = (count: number): number => {
      let seen = 0;
      const store = new TranscriptStore();
      for (let index = 0; index < count; index++) {
        const one = createTurn({
          role: index % 2 === 0 ? 'user' : 'assistant',
          content: 'x',
          tokens: 10,
        });
        store.append(
          new Proxy(one, {
            get: (target, name, receiver): unknown => (
              (seen += 1),
              Reflect.get(target, name, receiver)
            ),
          }),
        );
        store.maybeEvict(400);
      }
      return seen / count;
    };
    expect(looks(8000)).toBeLessThan(1.2 * looks(1000));
  });

  it('[R194] also where a huge exchange is taken apart and where protected turns stay', () => {
    const looks = (count: number): number => {
      let seen = 0;
      const watch = (one: Turn): Turn =>
        new Proxy(one, {
          get: (target, name, receiver): unknown => (
            (seen += 1),
            Reflect.get(target, name, receiver)
          ),
        });
      const store = new TranscriptStore();
      store.append(watch(turn('user', 10)));
      for (let index = 0; index < count; index++) {
        const id = `call-${String(index)}`;
        store.append(
          watch(
            assistantWithToolCalls([toolCall(id)], {
              tokens: 10,
              ...(index % 50 === 0 ? { nonDroppable: true } : {}),
            }),
          ),
        );
        store.append(watch(result(id, 10)));
      }
      store.append(watch(turn('user', 10)));
      seen = 0;
      for (let budget = store.tokenCount; budget > 0; budget -= 10) {
        store.maybeEvict(budget);
      }
      return seen / count;
    };
    expect(looks(4000)).toBeLessThan(1.5 * looks(500));
  });

  it('[R195][R196] long tool results are replaced oldest first by a summary of their own, until within the budget', () => {
    const long = 'first line of the file\n'.repeat(200);
    const store = TranscriptStore.fromTurns([
      turn('user', 10),
      assistantWithToolCalls(
        [toolCall('call-1', 'src/a.ts'), toolCall('call-2', 'src/b.ts'), toolCall('call-3')],
        { tokens: 10 },
      ),
      createTurn({ role: 'tool', content: long, toolName: 'read_file', toolCallId: 'call-1' }),
      createTurn({ role: 'tool', content: 'short', toolName: 'read_file', toolCallId: 'call-2' }),
      createTurn({ role: 'tool', content: long, toolName: 'read_file', toolCallId: 'call-3' }),
    ]);
    const before = store.toTurns();
    expect(store.replaceOldestToolResults(defaultSummaryTemplate, store.tokenCount)).toBe(0);
    expect(store.toTurns()).toEqual(before);
    expect(store.replaceOldestToolResults(defaultSummaryTemplate, store.tokenCount - 1)).toBe(1);
    const after = store.toTurns();
    expect(after[2]).toMatchObject({ role: 'tool', toolName: 'read_file', toolCallId: 'call-1' });
    expect(after[2]?.content).toContain('read_file src/a.ts');
    expect(after[2]?.content).toContain(String(long.length));
    expect(after[2]?.content).toContain('first line of the file');
    expect(after.slice(3)).toEqual(before.slice(3));
    expect(store.replaceOldestToolResults(() => 'x'.repeat(10_000), 0)).toBe(0);
  });

  it('[R196][R197] a result that must stay word for word is not replaced, until the reason is gone', () => {
    const long = 'unverified write\n'.repeat(200);
    const pinned = createTurn({
      role: 'tool',
      content: long,
      toolName: 'write_file',
      toolCallId: 'call-1',
    });
    const store = TranscriptStore.fromTurns([
      turn('user', 1),
      assistantWithToolCalls([toolCall('call-1')]),
      pinned,
    ]);
    expect(store.protect(pinned.id, 'not yet verified')).toBe(true);
    expect(store.toTurns()[2]).toMatchObject({
      nonDroppable: true,
      nonDroppableReason: 'not yet verified',
    });
    expect(store.replaceOldestToolResults('{head}', 0)).toBe(0);
    store.append(turn('user', 1));
    store.maybeEvict(0);
    expect(store.toTurns().map(({ content }) => content)).toContain(long);
    expect(store.release(pinned.id)).toBe(true);
    expect(store.toTurns()[2]?.nonDroppable).toBeUndefined();
    expect(store.replaceOldestToolResults('{head}', 0)).toBe(1);
    store.maybeEvict(0);
    expect(store.length).toBe(1);
    expect(store.protect('unknown', 'why')).toBe(false);
  });

  it('[R198][R200] the ratio may exceed 1 and is 0 for a budget of 0; the default budget is 120 000 tokens', () => {
    const store = TranscriptStore.fromTurns([turn('user', 150)]);
    expect(store.budgetTokens).toBe(defaultBudgetTokens);
    expect(defaultBudgetTokens).toBe(120_000);
    expect(store.budgetRatio(100)).toBe(1.5);
    expect(store.budgetRatio(0)).toBe(0);
  });

  it('[R199] turns with broken pairs are repaired when a store is made of them, and that is told', () => {
    const told: string[] = [];
    const store = TranscriptStore.fromTurns(
      [
        turn('user', 10),
        assistantWithToolCalls([toolCall('call-1'), toolCall('call-2')], { tokens: 10 }),
        turn('user', 10, 'steering'),
        result('call-1', 10),
        result('call-9', 10),
      ],
      { onRepairs: (repairs) => told.push(...repairs) },
    );
    expect([...store].map(({ content, toolCallId }) => toolCallId ?? content)).toEqual([
      'user',
      '',
      'call-1',
      'call-2',
      'steering',
    ]);
    expect(told).toEqual([
      'call call-2 (read_file) had no result',
      'a result of read_file had no call call-9',
    ]);
  });

  it('[R199] a snapshot is not touched by later changes; a store made of it has the same totals', () => {
    const store = TranscriptStore.fromTurns([turn('user', 10), turn('assistant', 20)]);
    const snapshot = store.toTurns();
    store.append(turn('user', 5));
    expect(snapshot).toHaveLength(2);
    expect(store.length).toBe(3);
    const again = TranscriptStore.fromTurns(store.toTurns());
    expect(again.tokenCount).toBe(store.tokenCount);
    expect([...again]).toEqual([...store]);
  });
});

const conversation = fc
  .array(
    fc.oneof(
      fc.record({ kind: fc.constant('user' as const), pin: fc.nat(9) }),
      fc.record({ kind: fc.constant('assistant' as const), pin: fc.nat(9) }),
      fc.record({
        kind: fc.constant('calls' as const),
        count: fc.integer({ min: 1, max: 3 }),
        pin: fc.nat(9),
      }),
      fc.record({ kind: fc.constant('result' as const), pick: fc.nat(4), pin: fc.nat(9) }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => {
    const turns: Turn[] = [turn('user', 20)];
    const open: string[] = [];
    let calls = 0;
    for (const part of parts) {
      const pinned: Partial<TurnFields> = part.pin === 0 ? { nonDroppable: true } : {};
      if (part.kind === 'calls') {
        const ids = Array.from({ length: part.count }, () => `call-${String(calls++)}`);
        open.push(...ids);
        turns.push(
          assistantWithToolCalls(
            ids.map((id) => toolCall(id)),
            { tokens: 30, ...pinned },
          ),
        );
      } else if (part.kind === 'result') {
        const id = open.splice(part.pick % Math.max(1, open.length), 1)[0];
        if (id !== undefined) {
          turns.push(
            createTurn({
              role: 'tool',
              content: 'output',
              toolCallId: id,
              toolName: 't',
              tokens: 60,
              ...pinned,
            }),
          );
        }
      } else {
        turns.push(createTurn({ role: part.kind, content: part.kind, tokens: 25, ...pinned }));
      }
    }
    for (const id of open) {
      turns.push(result(id, 10));
    }
    return turns;
  });

/** As they come: small and huge turns, several conversations after each other, evictions anywhere. */
const sizes = fc.constantFrom(0, 1, 10, 50, 300);
const common = {
  tokens: sizes,
  isPinned: fc.nat(24).map((pick) => pick === 7),
  pick: fc.nat(5),
};
const step = fc.oneof(
  ...(['user', 'user', 'text', 'call', 'call', 'result', 'result'] as const).map((kind) =>
    fc.record({ kind: fc.constant(kind), ...common }),
  ),
  fc.record({ kind: fc.constant('calls' as const), ...common }),
  fc.record({ kind: fc.constant('evict' as const), share: fc.nat(5) }),
  fc.record({ kind: fc.constant('evict' as const), share: fc.nat(5) }),
  fc.record({ kind: fc.constant('release' as const), pick: fc.nat(9) }),
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
type AppendStep = Exclude<Step, { readonly kind: 'evict' | 'release' }>;

/** A call has an id of its own; a result is of one of the last calls, or of one that is still to come. */
function fresh(one: AppendStep, at: number, steps: readonly Step[]): readonly string[] {
  if (one.kind !== 'result') {
    return [`c${String(at)}a`, `c${String(at)}b`];
  }
  const callers = steps.flatMap(({ kind }, index) =>
    kind === 'call' || kind === 'calls'
      ? [`c${String(index)}${one.pick % 2 === 0 || kind === 'call' ? 'a' : 'b'}`]
      : [],
  );
  const next = steps.slice(0, at).filter(({ kind }) => kind === 'call' || kind === 'calls').length;
  return [callers[Math.max(0, next - one.pick)] ?? 'nobody'];
}

function again(one: AppendStep): readonly string[] {
  return [`c${String(one.pick % 3)}`, `c${String((one.pick + 1) % 3)}`];
}

function turnOfStep(one: AppendStep, ids: readonly string[]): Turn {
  const fields = { tokens: one.tokens, ...(one.isPinned ? { nonDroppable: true } : {}) };
  const output = { content: 'output', toolName: 'read_file', toolCallId: ids[0] ?? '' };
  switch (one.kind) {
    case 'user':
      return createTurn({ role: 'user', content: 'question', ...fields });
    case 'text':
      return createTurn({ role: 'assistant', content: 'answer', ...fields });
    case 'call':
    case 'calls':
      return assistantWithToolCalls(
        ids.slice(0, one.kind === 'call' ? 1 : 2).map((id) => toolCall(id)),
        fields,
      );
    case 'result':
      return createTurn({ role: 'tool', ...output, ...fields });
  }
}

/**
 * Which result is whose, by an own reading: that of the newest call of its id that is in the window when it comes, else
 * of the first that follows, which takes the newest that came before it.
 */
class Pairs {
  private readonly callers = new Map<string, string>();
  /** By the id of the call that has not come yet. */
  private readonly early = new Map<string, readonly string[]>();

  add(added: Turn, window: readonly Turn[]): void {
    if (added.toolCallId !== undefined) {
      const { toolCallId } = added;
      const caller = window.findLast(
        ({ toolCalls }) => toolCalls?.some(({ id }) => id === toolCallId) === true,
      );
      if (caller === undefined) {
        this.early.set(toolCallId, [...(this.early.get(toolCallId) ?? []), added.id]);
      } else {
        this.callers.set(added.id, caller.id);
      }
    }
    for (const { id } of added.toolCalls ?? []) {
      for (const result of this.early.get(id) ?? []) {
        this.callers.set(result, added.id);
      }
      this.early.delete(id);
    }
  }

  /** Its caller where that is in the window, else the turn itself. */
  callerOf(one: Turn, window: readonly Turn[]): Turn {
    const id = this.callers.get(one.id);
    return window.find((turn) => turn.id === id) ?? one;
  }
}

function expectWholePairs(before: readonly Turn[], after: readonly Turn[]): void {
  for (const caller of before.filter(({ toolCalls }) => toolCalls !== undefined)) {
    const ids = new Set(caller.toolCalls?.map(({ id }) => id));
    const results = before.filter(
      ({ toolCallId }) => toolCallId !== undefined && ids.has(toolCallId),
    );
    const kept = results.filter((one) => after.includes(one)).length;
    expect(kept).toBe(after.includes(caller) ? results.length : 0);
  }
}

/**
 * What nothing may drop: the closure over pairs and questions of what is kept by its role or mark. Pairs are those of
 * equal ids where nobody says whose a result is.
 */
function staying(turns: readonly Turn[], callerOf?: (turn: Turn) => Turn): ReadonlySet<Turn> {
  const newest = turns.findLastIndex(({ role }) => role === 'user');
  const stays = new Set(
    turns.filter(
      ({ role, nonDroppable }, index) =>
        role === 'system' || nonDroppable === true || (newest >= 0 && index >= newest),
    ),
  );
  for (let size = -1; size !== stays.size;) {
    size = stays.size;
    for (const caller of turns.filter(({ toolCalls }) => toolCalls !== undefined)) {
      const ids = new Set(caller.toolCalls?.map(({ id }) => id));
      const pair = turns.filter(
        (one) =>
          one === caller ||
          (callerOf === undefined
            ? one.toolCallId !== undefined && ids.has(one.toolCallId)
            : callerOf(one) === caller),
      );
      if (pair.some((one) => stays.has(one))) {
        // A result that came before its call may go alone.
        pair
          .filter((one) => turns.indexOf(one) >= turns.indexOf(caller))
          .forEach((one) => stays.add(one));
      }
    }
    turns.forEach((one, index) => {
      const head = turns.slice(0, index).findLast(({ role }) => role === 'user');
      if (one.role !== 'user' && one.role !== 'system' && stays.has(one) && head !== undefined) {
        stays.add(head);
      }
    });
  }
  return stays;
}

function exchange(name: string, calls: number, tokens: number): readonly Turn[] {
  return [
    turn('user', tokens, `question ${name}`),
    ...Array.from({ length: calls }, (_, index) => {
      const id = `${name}-${String(index)}`;
      return [assistantWithToolCalls([toolCall(id)], { tokens }), result(id, tokens)];
    }).flat(),
  ];
}

function turn(role: Turn['role'], tokens: number, content: string = role): Turn {
  return createTurn({ role, content, tokens });
}

function result(id: string, tokens: number): Turn {
  return createTurn({
    role: 'tool',
    content: 'output',
    toolName: 'read_file',
    toolCallId: id,
    tokens,
  });
}

function toolCall(id: string, path = 'a.ts'): ToolCall {
  return { id, name: 'read_file', arguments: { path }, executedBy: 'host' };
}

function roles(store: TranscriptStore): readonly string[] {
  return [...store].map(({ role }) => role);
}
