import { describe, expect, it } from 'vitest';
import type { ContentBlock, Message } from '../../../src/events/message';
import { createChatProvider } from '../../../src/runtime/network/openai';
import {
  collect,
  exchangeOptions,
  networkModel,
  summarize,
  turnContext,
} from '../../fakes/networkTurn';
import { jsonAnswer, ScriptedFetch, sse } from '../../fakes/scriptedFetch';

const model = networkModel('openai-chat', { address: 'http://localhost:11434/v1' });

function delta(fields: object, finishReason: string | null = null): object {
  return { choices: [{ index: 0, delta: fields, finish_reason: finishReason }] };
}

async function turn(...events: readonly (string | object)[]) {
  const scripted = new ScriptedFetch(sse(...events));
  return summarize(
    await collect(
      createChatProvider(scripted.fetch).stream(model, turnContext(), exchangeOptions()),
    ),
  );
}

describe('servers that imitate Chat Completions', () => {
  it('takes an answer without [DONE] as whole when it gave a finish reason', async () => {
    expect(await turn(delta({ content: 'hi' }), delta({}, 'stop'))).toMatchObject({
      text: 'hi',
      finish: 'stop',
    });
  });

  it('takes an answer without finish reason as whole when it said [DONE]', async () => {
    expect(await turn(delta({ content: 'hi' }), '[DONE]')).toMatchObject({
      text: 'hi',
      finish: 'stop',
    });
  });

  it('takes an answer with neither as cut', async () => {
    expect(await turn(delta({ content: 'hi' }))).toMatchObject({
      text: 'hi',
      failure: { code: 'stream_cut' },
    });
  });

  it('reads usage that comes after the finish reason', async () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 7,
      prompt_tokens_details: { cached_tokens: 60 },
    };
    expect(
      (await turn(delta({ content: 'hi' }, 'stop'), { choices: [], usage }, '[DONE]')).usage,
    ).toEqual([{ inputTokens: 40, cacheReadTokens: 60, outputTokens: 7, reportedBy: 'provider' }]);
  });

  it.each(['reasoning_content', 'reasoning', 'reasoning_text'])(
    'shows %s as thinking and sends it back under that name',
    async (field) => {
      const first = await turn(
        delta({ [field]: 'hmm ' }),
        delta({ [field]: 'yes' }),
        delta({ content: 'hi' }, 'stop'),
      );
      expect(first).toMatchObject({ thinking: 'hmm yes', text: 'hi', signatures: [field] });
      const messages: readonly Message[] = [
        { role: 'user', text: 'hello', createdAtMs: 1 },
        {
          role: 'assistant',
          content: [
            { kind: 'thinking', text: 'hmm yes', signature: field },
            { kind: 'text', text: 'hi' },
          ] satisfies ContentBlock[],
          api: model.api,
          provider: model.provider,
          model: model.model,
          stopReason: 'stop',
          createdAtMs: 2,
        },
        { role: 'user', text: 'again', createdAtMs: 3 },
      ];
      const scripted = new ScriptedFetch(sse(delta({ content: 'ok' }, 'stop')));
      await collect(
        createChatProvider(scripted.fetch).stream(
          model,
          turnContext({ messages }),
          exchangeOptions(),
        ),
      );
      expect(scripted.sent[0]!.body.messages).toEqual([
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'hello' },
        { role: 'assistant', content: 'hi', [field]: 'hmm yes' },
        { role: 'user', content: 'again' },
      ]);
    },
  );

  const call = (fields: object): object => delta({ tool_calls: [fields] });

  it('collects calls whose pieces come mixed, by index', async () => {
    const { calls, finish } = await turn(
      call({ index: 0, id: 'a', function: { name: 'read_file', arguments: '' } }),
      call({ index: 1, id: 'b', function: { name: 'read_file', arguments: '{"path":' } }),
      call({ index: 0, function: { arguments: '{"path":"one"}' } }),
      call({ index: 1, function: { arguments: '"two"}' } }),
      delta({}, 'tool_calls'),
    );
    expect(calls).toEqual([
      { id: 'a', name: 'read_file', arguments: { path: 'one' }, executedBy: 'host' },
      { id: 'b', name: 'read_file', arguments: { path: 'two' }, executedBy: 'host' },
    ]);
    expect(finish).toBe('toolUse');
  });

  it('collects calls that come whole, without index, or all with the index 0', async () => {
    const whole = (id: string, path: string, index?: number) =>
      call({ index, id, function: { name: 'read_file', arguments: JSON.stringify({ path }) } });
    for (const index of [undefined, 0]) {
      const { calls } = await turn(
        whole('a', 'one', index),
        whole('b', 'two', index),
        delta({}, 'stop'),
      );
      expect(calls.map(({ id, arguments: input }) => [id, input])).toEqual([
        ['a', { path: 'one' }],
        ['b', { path: 'two' }],
      ]);
    }
  });

  it('ends with toolUse when there are calls, whatever reason the server gives', async () => {
    const { finish } = await turn(
      call({ index: 0, id: 'a', function: { name: 'x', arguments: '{}' } }),
      delta({}, 'stop'),
    );
    expect(finish).toBe('toolUse');
  });

  it('makes an id for a call that has none, another one each time', async () => {
    const events = [
      call({ index: 0, function: { name: 'x', arguments: '' } }),
      delta({}, 'tool_calls'),
    ];
    const [first, second] = [await turn(...events), await turn(...events)];
    expect(first.calls[0]).toMatchObject({ name: 'x', arguments: {} });
    expect(first.calls[0]!.id).not.toBe('');
    expect(first.calls[0]!.id).not.toBe(second.calls[0]!.id);
  });

  it('fails, and makes no call, when the input of a call is not JSON', async () => {
    const { calls, failure } = await turn(
      call({ index: 0, id: 'a', function: { name: 'run_command', arguments: '{"command": rm' } }),
      delta({}, 'tool_calls'),
    );
    expect(calls).toEqual([]);
    expect(failure).toMatchObject({ code: 'invalid_request' });
    expect(failure?.message).toContain('run_command');
  });

  it('leaves out a call that the token limit cut, and says so', async () => {
    const { calls, finish, notices } = await turn(
      delta({ content: 'Now ' }),
      call({
        index: 0,
        id: 'a',
        function: { name: 'write_file', arguments: '{"path": "a", "con' },
      }),
      delta({}, 'length'),
    );
    expect({ calls, finish }).toEqual({ calls: [], finish: 'length' });
    expect(notices[0]).toContain('write_file');
  });

  it('fails with the words of an error that comes inside the stream', async () => {
    expect(
      (await turn(delta({ content: 'hi' }), { error: { message: 'model crashed', code: 500 } }))
        .failure,
    ).toMatchObject({
      code: 'overloaded',
      detail: 'model crashed',
    });
    expect((await turn({ error: 'out of memory' })).failure?.message).toContain('out of memory');
  });

  it('says when a content filter ended the answer', async () => {
    expect((await turn(delta({ content: 'hi' }, 'content_filter'))).failure?.message).toContain(
      'content filter',
    );
  });

  it.each([
    ['stream_options', 'Unknown parameter: stream_options'],
    ['temperature', 'temperature is not supported for this model'],
    ['reasoning_effort', 'Unrecognized request argument supplied: reasoning_effort'],
    ['max_tokens', "Unsupported parameter: 'max_tokens' is not supported with this model."],
    ['tools', 'registry.ollama.ai/library/gemma:2b does not support tools'],
  ])(
    'sends again without %s when the server refuses it, says so once, and remembers it',
    async (field, message) => {
      const scripted = new ScriptedFetch(
        jsonAnswer(400, { error: { message, type: 'invalid_request_error' } }),
        sse(delta({ content: 'one' }, 'stop')),
        sse(delta({ content: 'two' }, 'stop')),
      );
      const provider = createChatProvider(scripted.fetch);
      const options = exchangeOptions({ temperature: 0, reasoning: 'low', maxTokens: 99 });
      const first = summarize(await collect(provider.stream(model, turnContext(), options)));
      const second = summarize(await collect(provider.stream(model, turnContext(), options)));
      expect([first.text, second.text]).toEqual(['one', 'two']);
      expect([first.notices.length, second.notices.length]).toEqual([1, 0]);
      expect(scripted.sent.map(({ body }) => field in body)).toEqual([true, false, false]);
    },
  );

  it('gives a part up only once: a server that goes on refusing it ends the turn', async () => {
    const refusal = jsonAnswer(400, { error: { message: 'temperature is not supported' } });
    const scripted = new ScriptedFetch(refusal, refusal, refusal);
    const provider = createChatProvider(scripted.fetch);
    const outputs = await collect(
      provider.stream(model, turnContext(), exchangeOptions({ temperature: 0 })),
    );
    expect(summarize(outputs).failure?.code).toBe('invalid_request');
    expect(scripted.sent).toHaveLength(2);
  });

  it('does not try again for a refusal that names nothing optional', async () => {
    const scripted = new ScriptedFetch(
      jsonAnswer(400, { error: { message: 'messages must not be empty' } }),
    );
    const { failure } = summarize(
      await collect(
        createChatProvider(scripted.fetch).stream(model, turnContext(), exchangeOptions()),
      ),
    );
    expect(failure?.code).toBe('invalid_request');
    expect(scripted.sent).toHaveLength(1);
  });
});
