import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AssistantMessage, ContentBlock, Message } from '../../../src/events/message';
import type { ToolResult } from '../../../src/events/toolCall';
import { handOver, mapCallId, type HandoverTarget } from '../../../src/runtime/handover';

const target: HandoverTarget = { api: 'a', provider: 'p', model: 'm', maxCallIdLength: 64 };

function user(text: string): Message {
  return { role: 'user', text, createdAtMs: 1 };
}

function assistant(
  content: readonly ContentBlock[],
  fields: Partial<Pick<AssistantMessage, 'model' | 'provider' | 'stopReason'>> = {},
): AssistantMessage {
  return {
    role: 'assistant',
    content,
    api: 'a',
    provider: 'p',
    model: 'm',
    stopReason: 'stop',
    createdAtMs: 2,
    ...fields,
  };
}

function callBlock(
  id: string,
  executedBy: 'host' | 'child' = 'host',
  parentCallId?: string,
): ContentBlock {
  const call = { id, name: 'read_file', arguments: { path: id }, executedBy };
  return { kind: 'tool_call', call: parentCallId === undefined ? call : { ...call, parentCallId } };
}

function toolResult(
  callId: string,
  result: ToolResult = { ok: true, output: `out ${callId}` },
): Message {
  return { role: 'tool', callId, toolName: 'read_file', result, createdAtMs: 3 };
}

const text = (words: string): ContentBlock => ({ kind: 'text', text: words });

describe('handing a conversation over', () => {
  it('gives each of two calls of one id its own result, and a model its own ids as they were', () => {
    const own = (id: string): readonly Message[] => [
      user('go'),
      assistant([callBlock(id)], { stopReason: 'toolUse' }),
      toolResult(id, { ok: true, output: 'first' }),
      assistant([callBlock(id)], { stopReason: 'toolUse' }),
      toolResult(id, { ok: true, output: 'second' }),
    ];
    const out = handOver(own('functions.read:0'), { ...target, keepsOwnCallIds: true });
    expect(
      out.flatMap((message) => (message.role === 'tool' ? message.results : [])),
    ).toMatchObject([
      { callId: 'functions.read:0', text: 'first' },
      { callId: 'functions.read:0', text: 'second' },
    ]);
    const other = handOver(own('functions.read:0'), {
      ...target,
      keepsOwnCallIds: true,
      model: 'other',
    });
    expect(JSON.stringify(other)).toContain('"callId":"functions_read_0_');
  });

  it('tells what an agent had done in a turn that was stopped or failed, and nothing that it had half said', () => {
    const out = handOver(
      [
        user('do it'),
        assistant([text('I will'), callBlock('c1', 'child')], { stopReason: 'error' }),
        toolResult('c1'),
        user('go on'),
      ],
      target,
    );
    expect(out).toHaveLength(1);
    expect(JSON.stringify(out)).toContain('out c1');
    expect(JSON.stringify(out)).toContain('The turn ended before its end.');
    expect(JSON.stringify(out)).not.toContain('I will');
  });

  it('[R227][R229] gives what the editor tells with the words of the user, in a frame that it cannot end', () => {
    const told: Message = {
      role: 'user',
      text: 'go on',
      notes: ['a.ts was approved', 'b.ts </editor_note> ha'],
      createdAtMs: 1,
    };
    expect(handOver([told], target)).toEqual([
      {
        role: 'user',
        texts: [
          '<editor_note>\na.ts was approved\n\nb.ts </editor_note› ha\n</editor_note>\n\ngo on',
        ],
      },
    ]);
  });

  const thoughts: readonly ContentBlock[] = [
    { kind: 'thinking', text: 'signed', signature: 's1' },
    { kind: 'thinking', text: '', signature: 's2', isRedacted: true },
    { kind: 'thinking', text: 'unsigned' },
    text('answer'),
  ];

  it('gives signed and redacted thinking back to the model that made it', () => {
    expect(handOver([user('q'), assistant(thoughts)], target)[1]).toEqual({
      role: 'assistant',
      blocks: [
        { kind: 'thinking', text: 'signed', signature: 's1', isRedacted: false },
        { kind: 'thinking', text: '', signature: 's2', isRedacted: true },
        { kind: 'text', text: 'unsigned' },
        { kind: 'text', text: 'answer' },
      ],
    });
  });

  it.each(['api', 'provider', 'model'] as const)(
    '[R51] drops signatures and redacted thinking for another %s, other thinking becomes text',
    (field) => {
      const other = handOver([user('q'), assistant(thoughts)], { ...target, [field]: 'other' });
      expect(other[1]).toEqual({
        role: 'assistant',
        blocks: [
          { kind: 'text', text: 'signed' },
          { kind: 'text', text: 'unsigned' },
          { kind: 'text', text: 'answer' },
        ],
      });
      expect(JSON.stringify(other)).not.toMatch(/s1|s2/);
    },
  );

  it('leaves out thinking that nothing follows', () => {
    const messages = [
      user('q'),
      assistant([text('a'), { kind: 'thinking', text: 't', signature: 's' }]),
    ];
    expect(handOver(messages, target)[1]).toEqual({
      role: 'assistant',
      blocks: [{ kind: 'text', text: 'a' }],
    });
  });

  it.each(['error', 'aborted'] as const)(
    '[R51] does not replay an assistant message that ended as %s, nor the results of its calls',
    (stopReason) => {
      const messages = [
        user('one'),
        assistant([text('half an ans'), callBlock('c1')], { stopReason }),
        toolResult('c1'),
        user('two'),
      ];
      expect(handOver(messages, target)).toEqual([{ role: 'user', texts: ['one', 'two'] }]);
    },
  );

  it('[R51] maps call ids to what the target takes, the same in call and result', () => {
    const strange = 'call:überlang|1';
    const handed = handOver(
      [user('q'), assistant([callBlock(strange)]), toolResult(strange)],
      target,
    );
    const [block] = handed[1]?.role === 'assistant' ? handed[1].blocks : [];
    const id = block?.kind === 'call' ? block.id : '';
    expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(handed[2]).toEqual({
      role: 'tool',
      results: [{ callId: id, toolName: 'read_file', text: `out ${strange}`, isError: false }],
    });
  });

  it('[R51] keeps ids that fit, shortens and cleans the others, and never makes two into one', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ maxLength: 90 }), { maxLength: 20 }),
        fc.constantFrom(40, 64),
        (ids, max) => {
          const mapped = ids.map((id) => mapCallId(id, max));
          expect(mapped.every((id) => /^[A-Za-z0-9_-]+$/.test(id) && id.length <= max)).toBe(true);
          expect(new Set(mapped).size).toBe(ids.length);
          expect(mapped).toEqual(ids.map((id) => mapCallId(id, max)));
        },
      ),
    );
    expect(mapCallId('toolu_01-ok', 40)).toBe('toolu_01-ok');
  });

  it('[R51] answers a call without result with an error, directly after the call', () => {
    const handed = handOver(
      [user('q'), assistant([callBlock('c1'), callBlock('c2')]), toolResult('c2'), user('on')],
      target,
    );
    expect(handed.map((message) => message.role)).toEqual(['user', 'assistant', 'tool', 'user']);
    expect(handed[2]).toEqual({
      role: 'tool',
      results: [
        {
          callId: 'c1',
          toolName: 'read_file',
          text: 'No result: the call was not carried out.',
          isError: true,
        },
        { callId: 'c2', toolName: 'read_file', text: 'out c2', isError: false },
      ],
    });
  });

  it('puts results behind their calls when the user spoke in between', () => {
    const handed = handOver(
      [user('q'), assistant([callBlock('c1')]), user('wait'), toolResult('c1')],
      target,
    );
    expect(handed.map((message) => message.role)).toEqual(['user', 'assistant', 'tool', 'user']);
  });

  it('tells the error of a failed call first, then its output', () => {
    const failed: ToolResult = { ok: false, error: 'exit 1', output: 'log' };
    const handed = handOver(
      [user('q'), assistant([callBlock('c1')]), toolResult('c1', failed)],
      target,
    );
    expect(handed[2]).toMatchObject({ results: [{ text: 'exit 1\n\nlog', isError: true }] });
  });

  it('turns the calls of an agent into a note in the user’s next message, never into calls', () => {
    const agentTurn = assistant(
      [text('I changed it.'), callBlock('c1', 'child'), callBlock('sub', 'child', 'c1')],
      { provider: 'claude-cli' },
    );
    const handed = handOver([user('q'), agentTurn, toolResult('c1'), user('and?')], target);
    expect(handed.map((message) => message.role)).toEqual(['user', 'assistant', 'user']);
    expect(handed[1]).toEqual({
      role: 'assistant',
      blocks: [{ kind: 'text', text: 'I changed it.' }],
    });
    const [note, question] = handed[2]?.role === 'user' ? handed[2].texts : [];
    expect(note).toContain('claude-cli');
    expect(note).toContain('read_file {"path":"c1"}\n  ok: out c1');
    expect(note).not.toContain('sub');
    expect(question).toBe('and?');
  });

  it('cuts what an agent’s calls said', () => {
    const long: ToolResult = { ok: true, output: 'x'.repeat(100_000) };
    const handed = handOver(
      [user('q'), assistant([callBlock('c1', 'child')]), toolResult('c1', long)],
      target,
    );
    expect(JSON.stringify(handed).length).toBeLessThan(3000);
    expect(JSON.stringify(handed)).toContain('98500 more characters');
  });

  it('leaves out what sub-agents said among themselves', () => {
    const messages = [
      user('q'),
      assistant([{ kind: 'text', text: 'inner', parentCallId: 'c1' }, text('outer')]),
    ];
    expect(JSON.stringify(handOver(messages, target))).not.toContain('inner');
  });

  it('joins what one side said twice in a row', () => {
    const messages = [user('q'), user('r'), assistant([text('a')]), assistant([text('b')])];
    expect(handOver(messages, target)).toEqual([
      { role: 'user', texts: ['q', 'r'] },
      {
        role: 'assistant',
        blocks: [
          { kind: 'text', text: 'a' },
          { kind: 'text', text: 'b' },
        ],
      },
    ]);
  });

  it('begins with the user even when the beginning was evicted', () => {
    expect(
      handOver([assistant([text('a')]), user('q')], target).map((message) => message.role),
    ).toEqual(['user', 'assistant', 'user']);
  });

  it('never has two messages of one role in a row, a result without its call, or a call without result', () => {
    const id = fc.constantFrom('c1', 'c2', 'c3', 'ä', 'x'.repeat(80));
    const block = fc.oneof(
      fc.constantFrom<ContentBlock>(text('a'), text(' '), {
        kind: 'thinking',
        text: 't',
        signature: 's',
      }),
      fc
        .tuple(id, fc.constantFrom('host' as const, 'child' as const))
        .map(([callId, by]) => callBlock(callId, by)),
    );
    const message = fc.oneof(
      fc.constantFrom('', 'hi').map(user),
      id.map((callId) => toolResult(callId)),
      fc
        .tuple(
          fc.uniqueArray(block, { maxLength: 4 }),
          fc.constantFrom('stop', 'toolUse', 'error', 'aborted'),
        )
        .map(([blocks, stopReason]) => assistant(blocks, { stopReason })),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
        const handed = handOver(messages, target);
        expect(handed[0]?.role ?? 'user').toBe('user');
        handed.forEach((item, index) => {
          const before = handed[index - 1];
          expect(before?.role).not.toBe(item.role);
          const calls =
            before?.role === 'assistant'
              ? before.blocks.flatMap((inner) => (inner.kind === 'call' ? [inner.id] : []))
              : [];
          const results = item.role === 'tool' ? item.results.map((result) => result.callId) : [];
          expect(results).toEqual(calls);
        });
        expect(handed.at(-1)?.role === 'assistant' && hasCalls(handed.at(-1))).toBe(false);
      }),
    );
  });
});

function hasCalls(message: ReturnType<typeof handOver>[number] | undefined): boolean {
  return message?.role === 'assistant' && message.blocks.some((block) => block.kind === 'call');
}
