import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ContentBlock, Message } from '../../../src/events/message';
import { toolOk } from '../../../src/events/toolCall';
import type { ModelApi, ModelRef } from '../../../src/runtime/contract';
import { handOver } from '../../../src/runtime/handover';
import { defaultPreambleLimits, turnText } from '../../../src/runtime/preamble';
import { handoverPrice, handoverText } from '../../../src/session/handoverPrice';

const network = (api: ModelApi, provider: string): ModelRef => ({
  id: `${provider}/m`,
  api,
  provider,
  model: 'm',
  name: provider,
});
const agent = (adapter: string, toolSource?: 'patchbay'): ModelRef => ({
  id: `${adapter}/default${toolSource === undefined ? '' : '-tools'}`,
  api: 'external',
  provider: adapter,
  model: 'default',
  name: adapter,
  runtime: { adapter, authMode: 'external-cli' },
  ...(toolSource === undefined ? {} : { toolSource }),
});

const runtimes: readonly ModelRef[] = [
  network('anthropic-messages', 'anthropic'),
  network('openai-responses', 'openai'),
  network('openai-chat', 'local'),
  network('editor', 'copilot'),
  agent('claude-cli'),
  agent('claude-cli', 'patchbay'),
  agent('codex-app-server'),
  agent('codex-exec'),
  agent('pi'),
  agent('gemini-cli'),
];

interface Turn {
  readonly by: number;
  readonly calls: number;
  readonly end: 'stop' | 'aborted' | 'error';
}

/** A conversation with these turns; the words of a turn name it. */
function conversation(turns: readonly Turn[]): readonly Message[] {
  return turns.flatMap(({ by, calls, end }, at): readonly Message[] => {
    const model = runtimes[by % runtimes.length] ?? agent('pi');
    const executedBy = model.runtime === undefined ? 'host' : 'child';
    const made = Array.from({ length: calls }, (_, index) => `call|${at}|${index}`);
    const content: readonly ContentBlock[] = [
      { kind: 'text', text: `answer-${at}.` },
      ...made.map((id): ContentBlock => ({
        kind: 'tool_call',
        call: { id, name: 'read_file', arguments: { path: id }, executedBy },
      })),
    ];
    return [
      { role: 'user', text: `question-${at}.`, createdAtMs: at },
      {
        role: 'assistant',
        content,
        api: model.api,
        provider: model.provider,
        model: model.model,
        ...(model.toolSource === undefined ? {} : { toolSource: model.toolSource }),
        stopReason: end,
        ...(end === 'stop' ? {} : { errorMessage: end }),
        createdAtMs: at,
      },
      ...made.map((callId): Message => ({
        role: 'tool',
        callId,
        toolName: 'read_file',
        result: toolOk(`result of ${callId}`),
        createdAtMs: at,
      })),
    ];
  });
}

const next: Message = { role: 'user', text: 'newest.', createdAtMs: 99 };
const contextOf = (messages: readonly Message[]) => ({ systemPrompt: '', messages, tools: [] });
const isBy = (message: Message, model: ModelRef): boolean =>
  message.role === 'assistant' &&
  message.api === model.api &&
  message.provider === model.provider &&
  message.toolSource === model.toolSource;

const turns = fc.array(
  fc.record({
    by: fc.nat(runtimes.length - 1),
    calls: fc.nat(3),
    end: fc.constantFrom('stop' as const, 'stop' as const, 'aborted' as const, 'error' as const),
  }),
  { maxLength: 8 },
);
const target = fc.constantFrom(...runtimes);

describe('a conversation that changes its runtime, in any direction, any number of times', () => {
  it('gives every API whole pairs: a result for each call, behind it, and no call without one', () => {
    fc.assert(
      fc.property(turns, target, (made, model) => {
        const sent = handOver([...conversation(made), next], { ...model, maxCallIdLength: 40 });
        expect(sent[0]?.role).toBe('user');
        expect(sent.at(-1)).toMatchObject({ role: 'user' });
        sent.forEach((message, index) => {
          expect(message.role).not.toBe(sent[index + 1]?.role);
          const calls =
            message.role === 'assistant'
              ? message.blocks.flatMap((block) => (block.kind === 'call' ? [block.id] : []))
              : [];
          const after = sent[index + 1];
          const results = after?.role === 'tool' ? after.results.map(({ callId }) => callId) : [];
          expect(results).toEqual(calls);
          expect(message.role !== 'tool' || sent[index - 1]?.role === 'assistant').toBe(true);
        });
        // What an agent ran by itself is told as words and never as calls.
        const words = JSON.stringify(sent);
        made.forEach(({ end }, at) => {
          expect(words.includes(`question-${at}.`)).toBe(true);
          expect(words.includes(`answer-${at}.`)).toBe(end === 'stop');
        });
      }),
    );
  });

  it('[R105][R106] tells an agent that remembers exactly what was said elsewhere since its own last answer', () => {
    fc.assert(
      fc.property(turns, fc.constantFrom(...runtimes.slice(4)), (made, model) => {
        const messages = conversation(made);
        const own = made.findLastIndex((_, at) =>
          messages.some((message) => message.createdAtMs === at && isBy(message, model)),
        );
        const text = turnText(contextOf([...messages, next]), model, true);
        expect(text.endsWith('newest.')).toBe(true);
        made.forEach((_, at) => {
          expect(text.includes(`question-${at}.`)).toBe(own !== -1 && at > own);
          expect(text.includes(`answer-${at}.`)).toBe(own !== -1 && at > own);
        });
      }),
    );
  });

  it('[R105] tells one that does not remember the conversation, within bounds', () => {
    const long = conversation(
      Array.from({ length: 400 }, (_, at) => ({ by: at, calls: 3, end: 'stop' as const })),
    );
    for (const model of runtimes.slice(4)) {
      const text = turnText(contextOf([...long, next]), model, false);
      expect(text.length).toBeLessThan(defaultPreambleLimits.totalChars * 1.2);
      expect(text).toContain('answer-399.');
      expect(text).not.toContain('question-0.');
      expect(text).toContain('earlier messages left out');
    }
  });

  it('says before anything is sent what goes along, and nothing where nothing does', () => {
    fc.assert(
      fc.property(turns, target, fc.boolean(), (made, model, isResumable) => {
        const messages = conversation(made);
        const price = handoverPrice({
          messages,
          model,
          isResumable,
          window: (all) => ({ tokens: all.length * 10, droppedCount: 0 }),
        });
        const last = messages.findLast(({ role }) => role === 'assistant');
        if (last === undefined || isBy(last, model)) {
          expect(price).toEqual({ kind: 'nothing' });
        } else if (model.runtime === undefined) {
          expect(price).toEqual({ kind: 'read', tokens: messages.length * 10, isShortened: false });
        } else if (!isResumable) {
          expect(price).toMatchObject({ kind: 'told', isShortened: false });
        } else {
          const hasOwn = messages.some((message) => isBy(message, model));
          expect(price.kind).toBe(hasOwn ? 'caughtUp' : 'nothing');
        }
      }),
    );
  });

  it('says it in a line that a person understands', () => {
    expect(handoverText({ kind: 'nothing' }, 'Codex')).toBeUndefined();
    expect(handoverText({ kind: 'told', tokens: 3412, isShortened: true }, 'Codex')).toBe(
      'Codex was not in this conversation. With your next message it is told what was said, shortened: about 3,400 tokens.',
    );
    expect(handoverText({ kind: 'caughtUp', tokens: 87 }, 'Claude Code')).toBe(
      'Claude Code goes on in its own session. What was said elsewhere since goes along: about 87 tokens.',
    );
    expect(handoverText({ kind: 'read', tokens: 123_456, isShortened: false }, 'OpenAI')).toBe(
      'OpenAI reads this conversation with your next message: about 120,000 tokens.',
    );
  });
});
