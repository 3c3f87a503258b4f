import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNetworkStream } from '../../../src/runtime/network/networkStream';
import type { NetworkProducer } from '../../../src/runtime/network/producer';
import { createToolNames } from '../../../src/runtime/toolNames';
import { defaultRetryPolicy } from '../../../src/runtime/retry';
import type { TurnContext } from '../../../src/runtime/contract';
import { FakeClock } from '../../fakes/fakeClock';
import {
  collect,
  exchangeOptions,
  networkModel,
  readFileTool,
  turnContext,
} from '../../fakes/networkTurn';

const validOnTheWire = /^[a-zA-Z0-9_-]{1,64}$/;
const wordPart = fc.constantFrom('git', 'log', '_', '__', '-', '.', '..', 'a b', 'ü', '12345678');
const name = fc.oneof(
  fc.string({ minLength: 1, maxLength: 200 }),
  fc.array(wordPart, { minLength: 1, maxLength: 12 }).map((parts) => parts.join('')),
  fc
    .tuple(fc.string({ maxLength: 80 }), fc.string({ maxLength: 80 }))
    .map(([server, tool]) => `plugin.${server}.${tool}`),
);

describe('the names of tools on the wire', () => {
  it('[R167] are valid for both APIs, different for different tools, and lead back', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 40 }), (names) => {
        const wire = createToolNames(names);
        const sent = names.map((one) => wire.toWire(one));
        expect(sent.every((one) => validOnTheWire.test(one))).toBe(true);
        expect(new Set(sent).size).toBe(names.length);
        expect(sent.map((one) => wire.fromWire(one))).toEqual(names);
      }),
    );
  });

  it('[R167] do not depend on the order in which tools come', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 20 }), (names) => {
        const one = createToolNames(names);
        const other = createToolNames([...names].reverse());
        expect(names.map((tool) => one.toWire(tool))).toEqual(
          names.map((tool) => other.toWire(tool)),
        );
      }),
    );
  });

  it('[R167] stay readable: plain names are kept, dots become two underscores', () => {
    const names = createToolNames([]);
    expect(names.toWire('read_file')).toBe('read_file');
    expect(names.toWire('plugin.github.create_issue')).toBe('plugin__github__create_issue');
    expect(names.toWire('plugin.a.b__c')).toMatch(/^plugin__a__b__c_[0-9a-f]{8}$/);
    expect(names.toWire(`plugin.a.${'x'.repeat(100)}`)).toHaveLength(64);
  });

  it('[R167] are told apart by a number where even their hashes are equal', () => {
    // Two names with the same FNV-1a hash and the same beginning, found by search.
    const [first, second] = collidingNames();
    const names = createToolNames([second, first]);
    expect(names.toWire(first)).not.toBe(names.toWire(second));
    expect([first, second].map((one) => names.fromWire(names.toWire(one)))).toEqual([
      first,
      second,
    ]);
  });

  it('understand our own spelling, and leave a name that is nobody’s alone', () => {
    const names = createToolNames(['plugin.git.log']);
    expect(names.fromWire('plugin.git.log')).toBe('plugin.git.log');
    expect(names.fromWire('made_up')).toBe('made_up');
  });
});

describe('a turn over the network', () => {
  it('[R167] sends wire names, in what is offered and what was said, and gives our names back', async () => {
    const contexts: TurnContext[] = [];
    const producer: NetworkProducer = {
      stream: async function* (_model, context) {
        contexts.push(context);
        yield {
          kind: 'tool_call',
          call: { id: 'c2', name: 'plugin__git__log', arguments: {}, executedBy: 'host' },
        };
        yield { kind: 'finish', reason: 'toolUse' };
      },
    };
    const stream = createNetworkStream({
      load: { 'openai-chat': async () => producer },
      retry: defaultRetryPolicy,
      clock: new FakeClock(),
    });
    const call = (id: string, tool: string, executedBy: 'host' | 'child') =>
      ({ kind: 'tool_call', call: { id, name: tool, arguments: {}, executedBy } }) as const;
    const context = turnContext({
      tools: [readFileTool, { ...readFileTool, name: 'plugin.git.log' }],
      messages: [
        {
          role: 'assistant',
          content: [call('c0', 'plugin.git.log', 'host'), call('c1', 'Edit a.b', 'child')],
          api: 'openai-chat',
          provider: 'test',
          model: 'scripted',
          stopReason: 'toolUse',
          createdAtMs: 1,
        },
      ],
    });
    const outputs = await collect(stream(networkModel('openai-chat'), context, exchangeOptions()));
    expect(contexts[0]?.tools.map((tool) => tool.name)).toEqual(['read_file', 'plugin__git__log']);
    const [said] = contexts[0]?.messages ?? [];
    expect(said?.role === 'assistant' && said.content).toEqual([
      call('c0', 'plugin__git__log', 'host'),
      call('c1', 'Edit a.b', 'child'),
    ]);
    expect(outputs[0]).toEqual(call('c2', 'plugin.git.log', 'host'));
  });
});

/** The same readable part and the same 32-bit hash: the search is a birthday, some ten thousand names. */
function collidingNames(): readonly [string, string] {
  const known = new Map<string, string>();
  for (let number = 0; ; number += 1) {
    // Letters that all become `_` on the wire: the readable parts are equal.
    const digits = number.toString(4).padStart(12, '0');
    const tool = `plugin.x.${digits.replace(/[0-3]/g, (digit) => 'äöüß'.charAt(Number(digit)))}`;
    const wire = createToolNames([]).toWire(tool);
    const other = known.get(wire);
    if (other !== undefined) {
      return [other, tool];
    }
    known.set(wire, tool);
  }
}
