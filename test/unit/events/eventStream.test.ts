import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AssistantMessageEvent } from '../../../src/events/assistantMessageEvent';
import { AssistantMessageEventStream } from '../../../src/events/eventStream';
import type { AssistantMessage } from '../../../src/events/message';

const message: AssistantMessage = {
  role: 'assistant',
  content: [{ kind: 'text', text: 'hello' }],
  api: 'external',
  provider: 'p',
  model: 'm',
  stopReason: 'stop',
  createdAtMs: 1,
};
const start: AssistantMessageEvent = { type: 'start', partial: message };
const done: AssistantMessageEvent = { type: 'done', reason: 'stop', message };
const failed: AssistantMessageEvent = {
  type: 'error',
  reason: 'error',
  message: { ...message, stopReason: 'error' },
};

function delta(contentIndex: number, text: string): AssistantMessageEvent {
  return { type: 'text_delta', contentIndex, delta: text };
}

async function collect(
  stream: AsyncIterable<AssistantMessageEvent>,
): Promise<readonly AssistantMessageEvent[]> {
  const out: AssistantMessageEvent[] = [];
  for await (const event of stream) {
    out.push(event);
  }
  return out;
}

/** What a reader sees of a block: its kinds in order, and its joined deltas. */
function reading(events: readonly AssistantMessageEvent[]): unknown {
  const kinds: string[] = [];
  const texts = new Map<number, string>();
  for (const event of events) {
    if (kinds.at(-1) !== event.type || !event.type.endsWith('_delta')) {
      kinds.push(event.type);
    }
    if ('delta' in event) {
      texts.set(event.contentIndex, (texts.get(event.contentIndex) ?? '') + event.delta);
    }
  }
  return { kinds, texts: [...texts] };
}

describe('AssistantMessageEventStream', () => {
  it('[R44] keeps what was pushed before the consumer came and ends after the terminal event', async () => {
    const stream = new AssistantMessageEventStream();
    stream.push(start);
    stream.push(delta(0, 'a'));
    const reader = collect(stream);
    stream.push(delta(0, 'b'));
    stream.push(done);
    expect(await reader).toEqual([start, delta(0, 'a'), delta(0, 'b'), done]);
  });

  it('[R45] resolves result() on done and on error alike, and ignores what is pushed after the terminal event', async () => {
    const fine = new AssistantMessageEventStream();
    fine.push(done);
    fine.push(failed);
    fine.push(delta(0, 'late'));
    expect(await fine.result()).toBe(message);
    expect(await collect(fine)).toEqual([done]);
    const broken = new AssistantMessageEventStream();
    broken.push(failed);
    expect((await broken.result()).stopReason).toBe('error');
  });

  it('[R45] releases every waiter on end()', async () => {
    const stream = new AssistantMessageEventStream();
    const reader = collect(stream);
    const other = collect(stream.branch());
    const result = stream.result();
    stream.end();
    stream.end();
    expect(await reader).toEqual([]);
    expect(await other).toEqual([]);
    expect((await result).stopReason).toBe('error');
  });

  it('[R47] merges deltas of one block for a slow consumer without losing a kind or a character', async () => {
    const stream = new AssistantMessageEventStream({ queueLimit: 4 });
    const all: AssistantMessageEvent[] = [start, { type: 'text_start', contentIndex: 0 }];
    for (let index = 0; index < 5000; index++) {
      all.push(delta(0, `${index},`));
    }
    all.push(
      { type: 'text_end', contentIndex: 0, content: 'x' },
      { type: 'text_start', contentIndex: 1 },
      delta(1, 'z'),
      done,
    );
    for (const event of all) {
      stream.push(event);
    }
    const seen = await collect(stream);
    expect(seen.length).toBeLessThan(10);
    expect(reading(seen)).toEqual(reading(all));
  });

  it('[R47] gives every reader the same text whatever its pace', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(3), fc.string({ maxLength: 3 })), { maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
        async (deltas, queueLimit, pauses) => {
          const stream = new AssistantMessageEventStream({ queueLimit });
          const iterator = stream[Symbol.asyncIterator]();
          const seen: AssistantMessageEvent[] = [];
          const all = deltas.map(([index, text]) => delta(index, text));
          for (const [at, event] of all.entries()) {
            stream.push(event);
            if (pauses[at] === true) {
              const next = await iterator.next();
              if (next.done !== true) {
                seen.push(next.value);
              }
            }
          }
          stream.push(done);
          for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
            seen.push(next.value);
          }
          expect(reading(seen)).toEqual(reading([...all, done]));
        },
      ),
    );
  });

  it('[R48] serves several consumers, and one that throws disturbs neither the others nor the stream', async () => {
    const errors: unknown[] = [];
    const stream = new AssistantMessageEventStream({
      onListenerError: (error) => errors.push(error),
    });
    const heard: string[] = [];
    stream.subscribe(() => {
      throw new Error('bad listener');
    });
    const subscription = stream.subscribe((event) => heard.push(event.type));
    const one = collect(stream);
    const two = collect(stream.branch());
    stream.push(start);
    subscription.dispose();
    subscription.dispose();
    stream.push(done);
    expect(heard).toEqual(['start']);
    expect(errors).toHaveLength(2);
    expect(await one).toEqual([start, done]);
    expect(await two).toEqual([start, done]);
  });

  it('[R48] lets a reader leave without stopping the others', async () => {
    const stream = new AssistantMessageEventStream();
    const other = collect(stream.branch());
    stream.push(start);
    for await (const event of stream) {
      expect(event).toEqual(start);
      break;
    }
    stream.push(done);
    expect(await other).toEqual([start, done]);
  });

  it('refuses a second loop over its own first branch and says what to do', () => {
    const stream = new AssistantMessageEventStream();
    stream[Symbol.asyncIterator]();
    expect(() => stream[Symbol.asyncIterator]()).toThrow('branch()');
  });

  it('[R46] offers result with a time limit, filter, map and a bounded history', async () => {
    const stream = new AssistantMessageEventStream({ historyLimit: 2 });
    expect(await stream.resultWithTimeout(1)).toBeUndefined();
    const deltas = collect(stream.filter((event) => event.type === 'text_delta'));
    const types: string[] = [];
    const mapping = (async () => {
      for await (const type of stream.map((event) => event.type)) {
        types.push(type);
      }
    })();
    stream.push(start);
    stream.push(delta(0, 'a'));
    stream.push(done);
    await mapping;
    expect(await deltas).toEqual([delta(0, 'a')]);
    expect(types).toEqual(['start', 'text_delta', 'done']);
    expect(stream.getHistory()).toEqual([delta(0, 'a'), done]);
    expect(stream.getHistory(1)).toEqual([done]);
    expect(await stream.resultWithTimeout(1)).toBe(message);
  });
});
