import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AssistantMessageEvent } from '../../../src/events/assistantMessageEvent';
import { MessageSink, sinkDispatch } from '../../../src/events/messageSink';
import type { AssistantMessage } from '../../../src/events/message';
import { NORMALIZED_EVENT_KINDS, type NormalizedEvent } from '../../../src/events/normalizedEvent';
import type { ToolCall } from '../../../src/events/toolCall';
import { totalOfOne } from '../../../src/events/usageTotal';

const stamp = { api: 'external', provider: 'claude-cli', model: 'default', createdAtMs: 7 };
const call: ToolCall = { id: 'c1', name: 'Read', arguments: { path: 'a' }, executedBy: 'child' };

function createSink(): { readonly sink: MessageSink; readonly events: AssistantMessageEvent[] } {
  const events: AssistantMessageEvent[] = [];
  return { sink: new MessageSink({ push: (event) => events.push(event) }, stamp), events };
}

function types(events: readonly AssistantMessageEvent[]): readonly string[] {
  return events.map((event) => event.type);
}

function last(events: readonly AssistantMessageEvent[]): AssistantMessage {
  const event = events.at(-1);
  if (event?.type !== 'done' && event?.type !== 'error') {
    throw new Error('no terminal event');
  }
  return event.message;
}

describe('MessageSink', () => {
  it('[R22] dispatches exactly the six kinds of the closed union, in their order', () => {
    expect(NORMALIZED_EVENT_KINDS).toEqual([
      'text',
      'thinking',
      'tool_call',
      'resume',
      'finish',
      'failed',
    ]);
    expect(Object.keys(sinkDispatch)).toEqual([...NORMALIZED_EVENT_KINDS]);
  });

  it('[R23] accepts frozen events and changes none of them', () => {
    const { sink, events } = createSink();
    const frozen: readonly NormalizedEvent[] = [
      { kind: 'text', delta: 'a' },
      { kind: 'thinking', delta: 'b' },
      { kind: 'tool_call', call: Object.freeze(call) },
      { kind: 'resume', token: 't' },
      { kind: 'finish', reason: 'stop' },
    ];
    const before = JSON.stringify(frozen);
    for (const event of frozen) {
      sink.emit(Object.freeze(event));
    }
    expect(JSON.stringify(frozen)).toBe(before);
    expect(events.at(-1)?.type).toBe('done');
  });

  it('[R24] starts lazily and once', () => {
    const { sink, events } = createSink();
    expect(events).toEqual([]);
    sink.text('a');
    sink.start();
    sink.text('b');
    expect(types(events)).toEqual(['start', 'text_start', 'text_delta', 'text_delta']);
  });

  it('[R25] shares one block between consecutive texts', () => {
    const { sink, events } = createSink();
    sink.text('a');
    sink.text('b');
    sink.finishSuccess();
    expect(last(events).content).toEqual([{ kind: 'text', text: 'ab' }]);
  });

  it('[R26] closes the open block with its full content when the kind changes', () => {
    const { sink, events } = createSink();
    sink.thinking('hm');
    sink.thinking('m');
    sink.text('a');
    expect(events.slice(1)).toEqual([
      { type: 'thinking_start', contentIndex: 0 },
      { type: 'thinking_delta', contentIndex: 0, delta: 'hm' },
      { type: 'thinking_delta', contentIndex: 0, delta: 'm' },
      { type: 'thinking_end', contentIndex: 0, content: 'hmm' },
      { type: 'text_start', contentIndex: 1 },
      { type: 'text_delta', contentIndex: 1, delta: 'a' },
    ]);
  });

  it('[R27] neither opens a block nor emits an event for an empty delta', () => {
    const { sink, events } = createSink();
    sink.text('');
    sink.thinking('');
    expect(events).toEqual([]);
  });

  it('[R28][R29] makes one self-contained block of a tool call and counts positions in the content', () => {
    const { sink, events } = createSink();
    sink.text('a');
    sink.toolCall(call);
    sink.text('b');
    expect(events.slice(3)).toEqual([
      { type: 'text_end', contentIndex: 0, content: 'a' },
      { type: 'toolcall_start', contentIndex: 1, callId: 'c1', name: 'Read' },
      { type: 'toolcall_delta', contentIndex: 1, delta: '{"path":"a"}' },
      { type: 'toolcall_end', contentIndex: 1, call },
      { type: 'text_start', contentIndex: 2 },
      { type: 'text_delta', contentIndex: 2, delta: 'b' },
    ]);
  });

  it('[R30] hands out snapshots that later events do not change', () => {
    const { sink, events } = createSink();
    sink.text('a');
    const before = JSON.stringify(events);
    const held = [...events];
    sink.text('b');
    sink.toolCall(call);
    sink.finishSuccess();
    expect(JSON.stringify(held)).toBe(before);
  });

  it('[R31] does not touch the stream for a resume token', () => {
    const { sink, events } = createSink();
    sink.emit({ kind: 'resume', token: 'abc' });
    expect(events).toEqual([]);
  });

  it('[R32] ends with exactly one done that carries the reason and the final message', () => {
    for (const reason of ['stop', 'length', 'toolUse'] as const) {
      const { sink, events } = createSink();
      sink.text('a');
      sink.emit({ kind: 'finish', reason });
      expect(types(events)).toEqual(['start', 'text_start', 'text_delta', 'text_end', 'done']);
      expect(last(events).stopReason).toBe(reason);
    }
  });

  it('[R33] tells a stop from an error, and message and event agree', () => {
    const aborted = createSink();
    aborted.sink.finishError({ code: 'aborted', message: 'Stopped.', aborted: true });
    expect(aborted.events.at(-1)).toMatchObject({
      type: 'error',
      reason: 'aborted',
      message: { stopReason: 'aborted', errorMessage: 'Stopped.' },
    });
    const broken = createSink();
    broken.sink.emit({ kind: 'failed', failure: { code: 'network', message: 'No line.' } });
    expect(broken.events.at(-1)).toMatchObject({
      type: 'error',
      reason: 'error',
      message: {
        stopReason: 'error',
        errorMessage: 'No line.',
        failure: { code: 'network', message: 'No line.' },
      },
    });
  });

  it('[R34] closes the open block first on an error and keeps the text so far', () => {
    const { sink, events } = createSink();
    sink.text('half an ans');
    sink.finishError({ code: 'network', message: 'cut' });
    expect(types(events).slice(-2)).toEqual(['text_end', 'error']);
    expect(last(events).content).toEqual([{ kind: 'text', text: 'half an ans' }]);
  });

  it('[R35] drops everything after the terminal event without throwing', () => {
    const { sink, events } = createSink();
    sink.finishSuccess();
    const count = events.length;
    sink.start();
    sink.text('late');
    sink.thinking('late');
    sink.toolCall(call);
    sink.retract('x');
    sink.finishSuccess('length');
    sink.finishError({ code: 'unknown', message: 'late' });
    expect(events).toHaveLength(count);
    expect(sink.hasFinished).toBe(true);
  });

  it('[R24][R36] a finish without earlier emission still yields start then done with empty content', () => {
    const { sink, events } = createSink();
    sink.finishSuccess();
    expect(types(events)).toEqual(['start', 'done']);
    expect(last(events).content).toEqual([]);
  });

  it('[R37] stamps the message with api, provider and model of the bound model', () => {
    const { sink, events } = createSink();
    sink.finishSuccess();
    expect(last(events)).toMatchObject({
      api: 'external',
      provider: 'claude-cli',
      model: 'default',
      createdAtMs: 7,
    });
  });

  it('[R38] puts the numbers a child reported on the final message, and none when it reported none', () => {
    const silent = createSink();
    silent.sink.finishSuccess();
    expect(last(silent.events).usage).toBeUndefined();
    const { sink, events } = createSink();
    sink.usage({ inputTokens: 3, reportedBy: 'child' });
    sink.usage({ outputTokens: 4, costUsd: 0.5, reportedBy: 'child' });
    sink.finishSuccess();
    expect(last(events).usage).toEqual({
      inputTokens: 3,
      outputTokens: 4,
      costUsd: 0.5,
      reportedBy: 'child',
    });
  });

  it('[R38] an answer nobody told numbers about adds zero to every sum, and is counted as untold', () => {
    const { sink, events } = createSink();
    sink.text('a');
    sink.finishSuccess();
    const silent = { known: 0, untold: 1 };
    expect(totalOfOne(last(events).usage)).toEqual({
      exchanges: 1,
      inputTokens: silent,
      outputTokens: silent,
      cacheReadTokens: silent,
      cacheWriteTokens: silent,
      costNanoUsd: silent,
    });
  });

  it('[R39] reduces a failure to one line that survives JSON', () => {
    const { sink, events } = createSink();
    sink.finishError({ code: 'unknown', message: 'first\nsecond\t third', detail: 'long\nstory' });
    const message = last(events);
    expect(message.errorMessage).toBe('first second third');
    expect(JSON.parse(JSON.stringify(message.failure))).toEqual({
      code: 'unknown',
      message: 'first second third',
      detail: 'long\nstory',
    });
  });

  it('keeps a retracted block out of the message and the indices of the others as announced', () => {
    const { sink, events } = createSink();
    sink.text('kept', { blockId: 'a' });
    sink.text('half', { blockId: 'b' });
    sink.retract('b');
    sink.retract('nobody');
    sink.text('whole', { blockId: 'c' });
    sink.finishSuccess();
    expect(events.filter((event) => event.type === 'text_end')).toEqual([
      { type: 'text_end', contentIndex: 0, content: 'kept' },
      { type: 'text_end', contentIndex: 1, content: '' },
      { type: 'text_end', contentIndex: 2, content: 'whole' },
    ]);
    expect(last(events).content).toEqual([
      { kind: 'text', text: 'kept', blockId: 'a' },
      { kind: 'text', text: 'whole', blockId: 'c' },
    ]);
    expect(sink.hasContent).toBe(true);
  });

  it('never merges the text of a sub-agent with its parent’s', () => {
    const { sink, events } = createSink();
    sink.text('parent ');
    sink.text('child', { parentCallId: 'task' });
    sink.emit({ kind: 'tool_call', call, parentCallId: 'task' });
    sink.text('parent again');
    sink.finishSuccess();
    expect(last(events).content).toEqual([
      { kind: 'text', text: 'parent ' },
      { kind: 'text', text: 'child', parentCallId: 'task' },
      { kind: 'tool_call', call: { ...call, parentCallId: 'task' } },
      { kind: 'text', text: 'parent again' },
    ]);
  });

  it('keeps the signature of a thinking block and the text of a redacted one out of sight', () => {
    const { sink, events } = createSink();
    sink.thinking('readable');
    sink.thinking('', { signature: 'sig-1' });
    sink.thinking('opaque-data', { isRedacted: true, signature: 'sig-2' });
    sink.finishSuccess();
    expect(last(events).content).toEqual([
      { kind: 'thinking', text: 'readable', signature: 'sig-1' },
      { kind: 'thinking', text: '', signature: 'sig-2', isRedacted: true },
    ]);
    expect(JSON.stringify(events)).not.toContain('opaque-data');
  });

  it('[R29][R43] numbers blocks without gaps and says exactly the content, for any run of events', () => {
    const event: fc.Arbitrary<NormalizedEvent> = fc.oneof(
      fc.record({ kind: fc.constant('text' as const), delta: fc.string({ maxLength: 3 }) }),
      fc.record({ kind: fc.constant('thinking' as const), delta: fc.string({ maxLength: 3 }) }),
      fc.constant({ kind: 'tool_call' as const, call }),
      fc.constant({ kind: 'resume' as const, token: 't' }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (run) => {
        const { sink, events } = createSink();
        run.forEach((item) => sink.emit(item));
        sink.finishSuccess();
        const starts = events.flatMap((item) =>
          item.type.endsWith('_start') && 'contentIndex' in item ? [item.contentIndex] : [],
        );
        expect(starts).toEqual(starts.map((_, index) => index));
        const ends = events.flatMap((item) =>
          item.type === 'text_end' || item.type === 'thinking_end'
            ? [item.content]
            : item.type === 'toolcall_end'
              ? [item.call.id]
              : [],
        );
        expect(ends).toEqual(
          last(events).content.map((block) =>
            block.kind === 'tool_call' ? block.call.id : block.text,
          ),
        );
        const allowed = /^(start|(text|thinking|toolcall)_(start|delta|end)|done|error)$/;
        expect(types(events).filter((type) => !allowed.test(type))).toEqual([]);
      }),
    );
  });
});
