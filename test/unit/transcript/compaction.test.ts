import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AssistantMessage, Message, UserMessage } from '../../../src/events/message';
import { toolOk } from '../../../src/events/toolCall';
import {
  compactionLimit,
  keptTailTokens,
  needsCompaction,
  planCompaction,
} from '../../../src/transcript/compaction';
import { isSummary, messagesInUse } from '../../../src/transcript/compactionView';
import { repairPairs } from '../../../src/transcript/pairs';
import {
  completeSummary,
  digestOf,
  formatSummary,
  parseSummary,
  summaryHeadings,
} from '../../../src/transcript/summary';

const user = (text: string): UserMessage => ({ role: 'user', text, createdAtMs: 1 });

const answer = (text: string, calls: readonly string[] = []): AssistantMessage => ({
  role: 'assistant',
  content: [
    { kind: 'text', text },
    ...calls.map(
      (id) =>
        ({
          kind: 'tool_call',
          call: { id, name: 'read_file', arguments: { path: `${id}.ts` }, executedBy: 'host' },
        }) as const,
    ),
  ],
  api: 'openai-chat',
  provider: 'p',
  model: 'm',
  stopReason: calls.length > 0 ? 'toolUse' : 'stop',
  createdAtMs: 1,
});

const result = (callId: string): Message => ({
  role: 'tool',
  callId,
  toolName: 'read_file',
  result: toolOk(`text of ${callId}`, { summary: '1.2 KB' }),
  createdAtMs: 1,
});

const summaryOf = (keptMessages: number, text = 'summary'): UserMessage => ({
  ...user(text),
  compaction: {
    keptMessages,
    trigger: 'manual',
    writtenBy: 'model',
    tokensBefore: 100,
    tokensAfter: 10,
  },
});

const each = (): number => 1000;

describe('the gate of compaction', () => {
  it('[R207] fires strictly above three quarters of the window without what the answer needs', () => {
    expect(compactionLimit(200_000)).toBe(148_464);
    expect(needsCompaction(148_464, 200_000)).toBe(false);
    expect(needsCompaction(148_465, 200_000)).toBe(true);
  });

  it('[R207] has a limit that is never negative, and the default budget where no window is known', () => {
    expect(compactionLimit(1000)).toBe(0);
    expect(needsCompaction(0, 1000)).toBe(false);
    expect(compactionLimit(undefined)).toBe(120_000);
    expect(keptTailTokens).toBe(6000);
  });
});

describe('where a conversation is cut', () => {
  const long = [1, 2, 3, 4, 5].flatMap((n) => [user(`q${n}`), answer(`a${n}`)]);

  it('[R207] keeps about the wanted tokens of tail, and at least the newest question', () => {
    const kept = (tokens: number): number | undefined =>
      planCompaction(long, { kind: 'tokens', tokens }, each)?.kept.length;
    expect(kept(6000)).toBe(6);
    expect(kept(0)).toBe(2);
    expect(planCompaction(long, { kind: 'tokens', tokens: 50_000 }, each)).toBeUndefined();
  });

  it('[R207] by hand keeps the last turn of the user', () => {
    const plan = planCompaction(long, { kind: 'lastUserTurn' }, each);
    expect(plan?.kept).toEqual(long.slice(-2));
    expect(plan?.summarized).toEqual(long.slice(0, -2));
  });

  it('[R208] leaves the very same conversation where there is nothing to do', () => {
    const one = [user('q'), answer('a', ['c']), result('c'), answer('b')];
    expect(planCompaction(one, { kind: 'lastUserTurn' }, each)).toBeUndefined();
    expect(messagesInUse(one)).toBe(one);
    const after = [summaryOf(0), ...one];
    expect(planCompaction(after, { kind: 'lastUserTurn' }, each)).toBeUndefined();
    expect(planCompaction([answer('only')], { kind: 'lastUserTurn' }, each)).toBeUndefined();
  });

  it('[R208] goes before the call when words of the user stand between it and its result', () => {
    const steered = [user('q1'), answer('a', ['c']), user('and this'), result('c'), answer('b')];
    expect(planCompaction(steered, { kind: 'lastUserTurn' }, each)).toEqual({
      summarized: [steered[0]],
      kept: steered.slice(1),
    });
  });

  it('[R208] never begins what is kept with a result, and never parts a call from its result', () => {
    const exchange = fc.tuple(fc.nat({ max: 3 }), fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(
        fc.array(exchange, { maxLength: 8 }),
        fc.nat({ max: 20_000 }),
        fc.boolean(),
        (exchanges, tokens, byHand) => {
          const messages = exchanges.flatMap(([calls, isSteered, isAnswered], at) => {
            const ids = Array.from({ length: calls }, (_, n) => `${at}-${n}`);
            return [
              user(`q${at}`),
              answer(`a${at}`, ids),
              ...(isSteered ? [user('steer')] : []),
              ...ids.map(result),
              ...(isAnswered ? [answer('end')] : []),
            ];
          });
          const plan = planCompaction(
            messages,
            byHand ? { kind: 'lastUserTurn' } : { kind: 'tokens', tokens },
            each,
          );
          if (plan !== undefined) {
            expect([...plan.summarized, ...plan.kept]).toEqual(messages);
            expect(plan.kept[0]?.role).not.toBe('tool');
            expect(plan.kept).toContainEqual(
              messages.findLast((message) => message.role === 'user'),
            );
            const all = [...messages, summaryOf(plan.kept.length)];
            const inUse = messagesInUse(all);
            expect(inUse.slice(1)).toEqual(plan.kept);
            const repairs = repairPairs(inUse).repairs;
            expect(repairs.filter((repair) => !repair.includes('moved'))).toEqual([]);
          }
        },
      ),
    );
  });
});

describe('a conversation with summaries', () => {
  it('is sent as the newest summary, what that kept, and what came since', () => {
    const all = [
      user('q1'),
      answer('a1'),
      user('q2'),
      answer('a2'),
      summaryOf(2, 'first'),
      user('q3'),
      summaryOf(1, 'second'),
      answer('a3'),
    ];
    expect(messagesInUse(all.slice(0, 6))).toEqual([all[4], all[2], all[3], all[5]]);
    expect(messagesInUse(all)).toEqual([all[6], all[5], all[7]]);
  });

  it('counts what is kept without the summaries in between', () => {
    const all = [user('q1'), answer('a1'), summaryOf(1), user('q2'), summaryOf(2)];
    expect(messagesInUse(all)).toEqual([all[4], all[1], all[3]]);
  });
});

describe('a summary', () => {
  const worked: readonly Message[] = [
    user('Paint the fence\nin red'),
    answer('First look.', ['notes']),
    result('notes'),
    answer('It is 12 m.'),
    user('Never use blue.'),
    {
      ...answer('Planned.'),
      content: [
        { kind: 'text', text: 'Planned.' },
        {
          kind: 'tool_call',
          call: {
            id: 'plan',
            name: 'update_plan',
            arguments: { items: [{ text: 'buy paint', status: 'active' }] },
            executedBy: 'host',
          },
        },
      ],
    },
  ];

  it('[R209] has fixed headings, each one, in their order', () => {
    const text = formatSummary(digestOf(worked));
    expect(text.match(/^## .+$/gm)).toEqual(summaryHeadings.map((heading) => `## ${heading}`));
    expect(formatSummary(digestOf([])).match(/\(none\)/g)).toHaveLength(6);
  });

  it('[R209] without a model says what was asked, done, answered and planned, always the same', () => {
    const digest = digestOf(worked);
    expect(digest).toEqual({
      Objective: 'Paint the fence\nin red',
      Constraints: '- The user said: Never use blue.',
      Status: '- read_file notes.ts: 1.2 KB\n- update_plan: no result',
      Rationale: '- First look.\n- It is 12 m.',
      Plan: '- [active] buy paint',
      'Carry-over': 'The last answer: Planned.',
    });
    expect(digestOf(worked)).toEqual(digest);
  });

  it('[R209] carries an earlier summary on', () => {
    const earlier = summaryOf(0, formatSummary(digestOf(worked)));
    const next = digestOf([earlier, user('And the gate?'), answer('Same colour.')]);
    expect(next.Objective).toBe('Paint the fence\nin red');
    expect(next.Constraints).toBe(
      '- The user said: Never use blue.\n- The user said: And the gate?',
    );
    expect(next.Status).toContain('read_file notes.ts');
    expect(next['Carry-over']).toContain('Same colour.');
    expect(isSummary(earlier)).toBe(true);
  });

  it('[R209] puts what a model wrote under the headings and fills in what it left out', () => {
    const digest = digestOf(worked);
    const written = 'Sure!\n### objective:\nA red fence.\n\n**Not a heading**\n## Plan\n(none)\n';
    expect(completeSummary(written, digest)).toEqual({
      ...digest,
      Objective: 'A red fence.\n\n**Not a heading**',
    });
    expect(completeSummary('no heading at all', digest).Status).toBe('no heading at all');
  });

  it('[R209] stays bounded however long it goes on', () => {
    let earlier: readonly Message[] = [];
    for (let round = 0; round < 30; round++) {
      const next = digestOf([
        ...earlier,
        ...worked,
        user('x'.repeat(5000)),
        answer('y'.repeat(5000)),
      ]);
      const text = formatSummary(next);
      expect(text.length).toBeLessThan(16_000);
      expect(Object.keys(parseSummary(text)).length).toBeGreaterThan(3);
      earlier = [summaryOf(0, text)];
    }
    expect(digestOf(earlier).Objective).toBe('Paint the fence\nin red');
  });
});
