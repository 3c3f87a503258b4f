import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toldText, type Message } from '../../../src/events/message';
import { toolOk } from '../../../src/events/toolCall';
import { callsOf, repairPairs } from '../../../src/transcript/pairs';
import { createWindow } from '../../../src/transcript/window';

describe('one exchange that is larger than the window', () => {
  it('[R192][R195] of five hundred calls keeps the question and the newest steps, and tells what it left out', () => {
    const window = createWindow();
    const messages = exchange(500, 4000);
    const sent = window(messages, 15_000);
    expect(sent.overflowTokens).toBe(0);
    expect(sent.tokens).toBeLessThanOrEqual(15_000);
    expect(sent.droppedCount).toBeGreaterThan(500);
    const [question] = sent.messages;
    expect(question?.role === 'user' ? toldText(question) : '').toMatch(
      /more than the context holds[\s\S]*run_command step \d+: ok[\s\S]*Paint the fence$/,
    );
    // What the model has not seen yet is as it is.
    expect(sent.messages.slice(-2)).toEqual(messages.slice(-2));
    expect(repairPairs(sent.messages).repairs).toEqual([]);
    expect(messages[0]).not.toHaveProperty('notes');
  });

  it('[R195] first shortens the oldest results, and leaves nothing out while that is enough', () => {
    const sent = createWindow()(exchange(40, 4000), 10_000);
    expect(sent.messages).toHaveLength(81);
    expect(sent.droppedCount).toBe(0);
    expect(sent.tokens).toBeLessThanOrEqual(10_000);
    expect(contentOf(sent.messages[2])).toMatch(
      /^\[run_command: result of 4000 characters, about \d+ tokens left out/,
    );
    expect(contentOf(sent.messages[80])).toHaveLength(4000);
  });

  it('begins the same for several rounds, so that a provider finds it in its cache', () => {
    const window = createWindow();
    const heads = Array.from({ length: 32 }, (_, more) => {
      const [first, second] = window(exchange(300 + more, 3000), 12_000).messages;
      return JSON.stringify([first, second]);
    });
    expect(new Set(heads).size).toBeLessThanOrEqual(8);
  });

  it('[R192] never parts a call from its result, whatever the sizes, and overflows only by what is newest', () => {
    const sizes = fc.array(
      fc.record({
        calls: fc.integer({ min: 1, max: 4 }),
        chars: fc.integer({ min: 0, max: 9000 }),
        argument: fc.integer({ min: 0, max: 3000 }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(sizes, fc.integer({ min: 200, max: 20_000 }), (steps, budget) => {
        const messages: Message[] = [asked];
        steps.forEach(({ calls, chars, argument }, at) => {
          messages.push(...step(at, chars, calls, 'y'.repeat(argument)));
        });
        const sent = createWindow()(messages, budget);
        expect(sent.messages[0]).toMatchObject({ role: 'user', text: 'Paint the fence' });
        expect(repairPairs(sent.messages).repairs).toEqual([]);
        const ids = new Set(sent.messages.flatMap(idsOf));
        for (const message of messages.slice(-1 - (steps.at(-1)?.calls ?? 0))) {
          expect(idsOf(message).every((id) => ids.has(id))).toBe(true);
        }
        if (sent.overflowTokens > 0) {
          const newest = createWindow()(
            [asked, ...messages.slice(1).slice(-1 - (steps.at(-1)?.calls ?? 0))],
            budget,
          );
          expect(sent.overflowTokens).toBeLessThanOrEqual(newest.overflowTokens + budget / 4 + 50);
        }
      }),
      { numRuns: 150 },
    );
  });
});

const asked: Message = { role: 'user', text: 'Paint the fence', createdAtMs: 1 };

function exchange(steps: number, chars: number): readonly Message[] {
  return [asked, ...Array.from({ length: steps }, (_, at) => step(at, chars)).flat()];
}

function step(at: number, chars: number, calls = 1, argument = ''): readonly Message[] {
  const ids = Array.from({ length: calls }, (_, index) => `call-${at}-${index}`);
  return [
    {
      role: 'assistant',
      content: ids.map((id) => ({
        kind: 'tool_call',
        call: {
          id,
          name: 'run_command',
          arguments: { command: `step ${at}`, argument },
          executedBy: 'host',
        },
      })),
      api: 'openai-chat',
      provider: 'net',
      model: 'one',
      stopReason: 'toolUse',
      createdAtMs: 1,
    },
    ...ids.map((callId): Message => ({
      role: 'tool',
      callId,
      toolName: 'run_command',
      result: toolOk('x'.repeat(chars)),
      createdAtMs: 1,
    })),
  ];
}

function idsOf(message: Message): readonly string[] {
  return message.role === 'assistant'
    ? callsOf(message).map(({ id }) => id)
    : message.role === 'tool'
      ? [message.callId]
      : [];
}

function contentOf(message: Message | undefined): string {
  return message?.role === 'tool' ? message.result.output : '';
}
