import { describe, expect, it } from 'vitest';
import type { AssistantMessage, Message } from '../../../src/events/message';
import { toolError, toolOk, type ToolCall } from '../../../src/events/toolCall';
import { interruptedResultText, repairPairs } from '../../../src/transcript/pairs';
import {
  fromApiMessage,
  messageFromTurn,
  toApiMessage,
  toCompressibleMessage,
  turnFromMessage,
  withToolContent,
} from '../../../src/transcript/serialize';
import { TranscriptStore } from '../../../src/transcript/transcriptStore';
import { assistantWithToolCalls, createTurn } from '../../../src/transcript/turn';
import { budgetForWindow, createWindow } from '../../../src/transcript/window';

const call: ToolCall = {
  id: 'call-1',
  name: 'read_file',
  arguments: { path: 'a.ts' },
  executedBy: 'host',
};

describe('turns as messages of an API', () => {
  it('[R182] have no field of ours; the name only with a tool name, calls only when set, an empty list as given', () => {
    const tool = createTurn({
      role: 'tool',
      content: 'text',
      toolName: 'read_file',
      toolCallId: 'call-1',
      nonDroppable: true,
      nonDroppableReason: 'why',
    });
    expect(toApiMessage(tool)).toEqual({
      role: 'tool',
      content: 'text',
      name: 'read_file',
      tool_call_id: 'call-1',
    });
    expect(Object.keys(toApiMessage(createTurn({ role: 'user', content: 'hi' })))).toEqual([
      'role',
      'content',
    ]);
    expect(
      toApiMessage(createTurn({ role: 'assistant', content: 'x', toolCalls: [] })).tool_calls,
    ).toEqual([]);
  });

  it('[R183] for compression they carry the mark and its reason, and their type does not fit where messages are sent', () => {
    const turn = createTurn({
      role: 'user',
      content: 'keep',
      nonDroppable: true,
      nonDroppableReason: 'unverified write',
    });
    const compressible = toCompressibleMessage(turn);
    expect(compressible).toEqual({
      role: 'user',
      content: 'keep',
      nonDroppable: true,
      nonDroppableReason: 'unverified write',
    });
    const send = (message: ReturnType<typeof toApiMessage>): string => message.role;
    // @ts-expect-error what is meant for compression cannot be sent
    expect(send(compressible)).toBe('user');
  });

  it('[R184] missing or null content becomes the empty string, call ids stay, and a round trip keeps every API field', () => {
    expect(fromApiMessage({ role: 'assistant', content: null }).content).toBe('');
    expect(fromApiMessage({ role: 'assistant' }).content).toBe('');
    const messages = [
      { role: 'tool', content: 'out', name: 'read_file', tool_call_id: 'call-1' },
      {
        role: 'assistant',
        content: 'x',
        tool_calls: [
          {
            id: 'call-1',
            type: 'function',
            function: { name: 'read_file', arguments: '{"path":"a.ts"}' },
          },
        ],
      },
      { role: 'system', content: 's' },
    ] as const;
    for (const message of messages) {
      expect(toApiMessage(fromApiMessage(message))).toEqual(message);
    }
    const broken = fromApiMessage({
      role: 'assistant',
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'n', arguments: '{broken' } }],
    });
    expect(broken.toolCalls).toEqual([{ id: 'c', name: 'n', arguments: {}, executedBy: 'host' }]);
  });

  it('[R185] an assistant that only calls tools has empty content, null where the API wants it', () => {
    const turn = assistantWithToolCalls([call]);
    expect(turn.content).toBe('');
    expect(toApiMessage(turn).content).toBe('');
    expect(toApiMessage(turn, { nullContent: true }).content).toBeNull();
    expect(
      toApiMessage(createTurn({ role: 'assistant', content: '' }), { nullContent: true }).content,
    ).toBe('');
  });
});

describe('turns as messages of the conversation', () => {
  it('[R181] a turn says role, text, tokens, tool, calls, time, provider, model and who executed', () => {
    expect(
      turnFromMessage(
        assistant([
          { kind: 'text', text: 'I read it. ' },
          { kind: 'tool_call', call },
        ]),
      ),
    ).toMatchObject({
      role: 'assistant',
      content: 'I read it. ',
      toolCalls: [call],
      provider: 'anthropic',
      model: 'claude',
      executedBy: 'host',
      createdAtMs: 5,
    });
    const tool = turnFromMessage(resultOf('call-1', 'output'));
    expect(tool.id).not.toBe(turnFromMessage(resultOf('call-1', 'output')).id);
    expect(tool).toMatchObject({
      role: 'tool',
      content: 'output',
      toolName: 'read_file',
      toolCallId: 'call-1',
    });
    expect(tool.tokens).toBeGreaterThan(0);
  });

  it('come back as the very messages they were made from', () => {
    const messages: readonly Message[] = [
      { role: 'user', text: 'hi', createdAtMs: 1 },
      assistant([
        { kind: 'thinking', text: 'hm', signature: 's' },
        { kind: 'tool_call', call },
      ]),
      resultOf('call-1', 'output'),
    ];
    expect(messages.map(turnFromMessage).map(messageFromTurn)).toEqual(messages);
    expect(messageFromTurn(createTurn({ role: 'system', content: 's' }))).toBeUndefined();
  });

  it('a result with other words keeps id, name and whether it succeeded', () => {
    const failed: Message = {
      role: 'tool',
      callId: 'call-1',
      toolName: 'run_command',
      result: toolError('exit 1', undefined, 'long output'),
      createdAtMs: 3,
    };
    const turn = turnFromMessage(failed);
    expect(turn.content).toBe('exit 1\nlong output');
    expect(messageFromTurn(withToolContent(turn, 'short'))).toEqual({
      ...failed,
      result: toolError('short'),
    });
  });
});

describe('repairPairs', () => {
  it('leaves whole conversations alone: the same array comes back', () => {
    const messages = [
      user('a'),
      assistant([{ kind: 'tool_call', call }]),
      resultOf('call-1', 'x'),
      user('b'),
    ];
    expect(repairPairs(messages)).toEqual({ messages, repairs: [] });
    expect(repairPairs(messages).messages).toBe(messages);
  });

  it('[R199] closes a call without a result as interrupted, drops a result without a call, and reports both', () => {
    const second: ToolCall = { ...call, id: 'call-2' };
    const calling = assistant([
      { kind: 'tool_call', call },
      { kind: 'tool_call', call: second },
    ]);
    const { messages, repairs } = repairPairs([
      user('a'),
      resultOf('call-9', 'lost'),
      calling,
      resultOf('call-2', 'x'),
      resultOf('call-2', 'again'),
    ]);
    expect(messages).toEqual([
      user('a'),
      calling,
      {
        ...resultOf('call-1', ''),
        result: toolError(interruptedResultText, { outcome: 'aborted' }),
      },
      resultOf('call-2', 'x'),
    ]);
    expect(repairs).toEqual([
      'call call-1 (read_file) had no result',
      'a result of read_file had no call call-9',
      'a result of read_file had no call call-2',
    ]);
  });

  it('moves a result behind its call where a message stands between them; an id that is used twice pairs in order', () => {
    const calling = assistant([{ kind: 'tool_call', call }]);
    expect(repairPairs([calling, user('steer'), resultOf('call-1', 'x')])).toEqual({
      messages: [calling, resultOf('call-1', 'x'), user('steer')],
      repairs: ['results were moved behind their calls'],
    });
    const twice = [calling, resultOf('call-1', 'one'), calling, resultOf('call-1', 'two')];
    expect(repairPairs(twice).messages).toBe(twice);
  });
});

describe('the window to send', () => {
  it('[R192] begins with a user message and has no half pair, also when the conversation does not', () => {
    const calling = assistant([{ kind: 'tool_call', call }]);
    const { store, repairs } = TranscriptStore.fromMessages([
      resultOf('call-0', 'lost'),
      assistant([]),
      user('a'),
      calling,
    ]);
    expect(repairs).toHaveLength(2);
    expect(store.messages().map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
  });

  it('[R195] shortens long results first and drops the oldest exchanges then; the newest question stays', () => {
    const window = createWindow();
    const old = [
      user('old'),
      assistant([{ kind: 'tool_call', call }]),
      resultOf('call-1', 'row\n'.repeat(2000)),
      assistant([{ kind: 'text', text: 'done' }]),
    ];
    const messages = [...old, user('new')];
    const whole = window(messages, 100_000);
    expect(whole).toMatchObject({ messages, droppedCount: 0, overflowTokens: 0 });
    const shortened = window(messages, 300);
    expect(shortened.messages).toHaveLength(5);
    expect(JSON.stringify(shortened.messages[2])).toContain('left out to save space');
    expect(shortened.tokens).toBeLessThanOrEqual(300);
    expect(window(messages, 6).messages).toEqual([user('new')]);
    expect(window(messages, 1)).toMatchObject({ messages: [user('new')], overflowTokens: 4 });
    expect(window(messages, 100_000).messages).toEqual(messages);
  });

  it('[R195] a result that no answer came after stays whole while anything else can go', () => {
    const window = createWindow();
    const talk = Array.from({ length: 20 }, (_, index) => [
      user(`question ${index}`),
      assistant([{ kind: 'text', text: 'word '.repeat(100) }]),
    ]).flat();
    const fresh = resultOf('call-1', 'row\n'.repeat(2000));
    const messages = [...talk, user('read it'), assistant([{ kind: 'tool_call', call }]), fresh];
    const whole = window(messages, 1_000_000).tokens;
    const sent = window(messages, whole - 1000);
    expect(sent.messages.at(-1)).toEqual(fresh);
    expect(sent.droppedCount).toBeGreaterThan(0);
    expect(sent.tokens).toBeLessThanOrEqual(whole - 1000);
    const tight = window(messages, 300);
    expect(JSON.stringify(tight.messages.at(-1))).toContain('left out to save space');
    expect(tight.tokens).toBeLessThanOrEqual(300);
  });

  it('[R200] its budget follows the window of the model', () => {
    expect(budgetForWindow(undefined)).toBe(120_000);
    expect(budgetForWindow(200_000)).toBe(148_464);
    expect(budgetForWindow(1000)).toBe(0);
  });
});

function user(text: string): Message {
  return { role: 'user', text, createdAtMs: 1 };
}

function assistant(content: AssistantMessage['content']): AssistantMessage {
  return {
    role: 'assistant',
    content,
    api: 'anthropic-messages',
    provider: 'anthropic',
    model: 'claude',
    stopReason: 'stop',
    createdAtMs: 5,
  };
}

function resultOf(callId: string, output: string): Message & { readonly role: 'tool' } {
  return { role: 'tool', callId, toolName: 'read_file', result: toolOk(output), createdAtMs: 5 };
}
