import { describe, expect, it } from 'vitest';
import type { AssistantMessage, ContentBlock, Message } from '../../../src/events/message';
import type { ModelRef, ReasoningEffort } from '../../../src/runtime/contract';
import { createAnthropicProvider } from '../../../src/runtime/network/anthropic';
import { anthropicBody } from '../../../src/runtime/network/anthropicRequest';
import { claudeVersion, planThinking } from '../../../src/runtime/network/anthropicThinking';
import { chatBody } from '../../../src/runtime/network/chatRequest';
import { createResponsesProvider } from '../../../src/runtime/network/openai';
import { clampOpenAiEffort } from '../../../src/runtime/network/openaiEffort';
import { responsesBody } from '../../../src/runtime/network/responsesRequest';
import {
  collect,
  exchangeOptions,
  networkModel,
  summarize,
  turnContext,
} from '../../fakes/networkTurn';
import { jsonAnswer, ScriptedFetch, sse } from '../../fakes/scriptedFetch';

const claude = networkModel('anthropic-messages', {
  model: 'claude-sonnet-4-5',
  maxOutputTokens: 64_000,
});
const gpt = networkModel('openai-responses', {
  model: 'gpt-5.5',
  maxOutputTokens: 128_000,
  supportsReasoning: true,
});

function said(model: ModelRef, content: readonly ContentBlock[]): AssistantMessage {
  return {
    role: 'assistant',
    content,
    api: model.api,
    provider: model.provider,
    model: model.model,
    stopReason: 'toolUse',
    createdAtMs: 2,
  };
}

function user(text: string): Message {
  return { role: 'user', text, createdAtMs: 1 };
}

const aTool = { name: 'read_file', description: 'reads', inputSchema: { type: 'object' } } as const;

const call = {
  id: 'call_1',
  name: 'read_file',
  arguments: { path: 'a.txt' },
  executedBy: 'host',
} as const;
const result: Message = {
  role: 'tool',
  callId: 'call_1',
  toolName: 'read_file',
  result: { ok: false, output: '', error: 'no such file' },
  createdAtMs: 3,
};

describe('a Messages request', () => {
  it('replays signed and redacted thinking to the model that made it, and joins results with the words after them', () => {
    const messages = [
      user('look'),
      said(claude, [
        { kind: 'thinking', text: 'hm', signature: 'sig' },
        { kind: 'thinking', text: '', signature: 'blob', isRedacted: true },
        { kind: 'text', text: 'Looking.' },
        { kind: 'tool_call', call },
      ]),
      result,
      user('and now?'),
    ];
    expect(anthropicBody(claude, turnContext({ messages }), exchangeOptions()).messages).toEqual([
      {
        role: 'user',
        content: [{ type: 'text', text: 'look', cache_control: { type: 'ephemeral' } }],
      },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 'sig' },
          { type: 'redacted_thinking', data: 'blob' },
          { type: 'text', text: 'Looking.' },
          { type: 'tool_use', id: 'call_1', name: 'read_file', input: { path: 'a.txt' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_1', content: 'no such file', is_error: true },
          { type: 'text', text: 'and now?', cache_control: { type: 'ephemeral' } },
        ],
      },
    ]);
  });

  it('marks the system prompt and the last user turn for the cache, as long as asked', () => {
    const body = (cacheRetention: 'none' | 'short' | 'long') =>
      anthropicBody(claude, turnContext(), exchangeOptions({ cacheRetention }));
    expect(JSON.stringify(body('none'))).not.toContain('cache_control');
    expect(body('short').system).toEqual([
      { type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } },
    ]);
    expect(JSON.stringify(body('long')).match(/"ttl":"1h"/g)).toHaveLength(2);
  });

  it('marks the ends of this request and of the one before, and never more than the service takes', () => {
    const turns = [user('one'), said(claude, [{ kind: 'text', text: 'a' }])];
    const messages = [...turns, ...turns, ...turns, user('now')];
    const marks = (systemPrompt: string): string[] => {
      const body = anthropicBody(
        claude,
        turnContext({ messages, systemPrompt, tools: [aTool, { ...aTool, name: 'other' }] }),
        exchangeOptions(),
      );
      return [...(body.tools ?? []), ...(body.system ?? []), ...body.messages].flatMap(
        (part, at) => (JSON.stringify(part).includes('cache_control') ? [String(at)] : []),
      );
    };
    // Two tools, the system prompt, seven messages: the fifth and the seventh of these are the ends.
    expect(marks('Be brief.')).toEqual(['2', '7', '9']);
    expect(marks('')).toEqual(['1', '6', '8']);
  });

  it('[R52] asks for no more tokens than the model can give', () => {
    const maxTokens = (model: ModelRef, wanted?: number) =>
      anthropicBody(
        model,
        turnContext(),
        exchangeOptions(wanted === undefined ? {} : { maxTokens: wanted }),
      ).max_tokens;
    expect(maxTokens(claude, 1_000_000)).toBe(64_000);
    expect(maxTokens(claude, 100)).toBe(100);
    expect(maxTokens({ ...claude, maxOutputTokens: 4096 })).toBe(4096);
    expect(maxTokens(networkModel('anthropic-messages'))).toBe(8192);
    const responses = responsesBody(gpt, turnContext(), exchangeOptions({ maxTokens: 1_000_000 }));
    expect(responses.max_output_tokens).toBe(128_000);
    const chat = chatBody(
      { ...gpt, maxOutputTokens: 500 },
      turnContext(),
      exchangeOptions({ maxTokens: 900 }),
      false,
    );
    expect(chat.max_tokens).toBe(500);
  });

  it.each([
    ['claude-3-5-haiku-20241022', 'high', undefined, undefined],
    ['claude-3-7-sonnet-20250219', 'low', 4096, undefined],
    ['claude-sonnet-4-5', 'minimal', 1024, undefined],
    ['claude-haiku-4-5-20251001', 'xhigh', 20_480, undefined],
    ['claude-opus-4-6', 'xhigh', 'adaptive', 'high'],
    ['claude-opus-4-7', 'xhigh', 'adaptive', 'xhigh'],
    ['claude-opus-5-5', 'minimal', 'adaptive', 'low'],
    ['claude-opus-5-5', undefined, 'adaptive', undefined],
    ['claude-opus-4-6', undefined, undefined, undefined],
    ['claude-sonnet-4-5', undefined, undefined, undefined],
    ['some-local-model', 'medium', 10_240, undefined],
    ['some-local-model', undefined, undefined, undefined],
  ] as const)(
    '[R52] asks %s to think with %s in the way it takes',
    (model, effort, thinking, wireEffort) => {
      const plan = planThinking({ model, effort, maxTokens: 32_000 });
      const asked =
        plan.thinking?.type === 'enabled' ? plan.thinking.budget_tokens : plan.thinking?.type;
      expect([asked, plan.effort]).toEqual([thinking, wireEffort]);
    },
  );

  it('leaves room for the answer beside the thinking, or does without thinking', () => {
    const plan = (maxTokens: number) =>
      planThinking({ model: 'claude-sonnet-4-5', effort: 'high', maxTokens });
    expect(plan(4096).thinking).toEqual({ type: 'enabled', budget_tokens: 3072 });
    expect(plan(1500).thinking).toBeUndefined();
  });

  it('sends a temperature only to a model that takes one', () => {
    const temperature = (model: string, reasoning?: ReasoningEffort) =>
      anthropicBody(
        { ...claude, model },
        turnContext(),
        exchangeOptions({ temperature: 0.5, ...(reasoning === undefined ? {} : { reasoning }) }),
      ).temperature;
    expect(temperature('claude-sonnet-4-5')).toBe(0.5);
    expect(temperature('claude-sonnet-4-5', 'low')).toBeUndefined();
    expect(temperature('claude-opus-5-5')).toBeUndefined();
  });

  it('reads the version out of every form of name', () => {
    expect(
      [
        'claude-opus-4-20250514',
        'anthropic/claude-sonnet-4.5',
        'claude-3-7-sonnet-20250219',
        'claude-haiku-5-5',
        'claude-mythos-preview',
        'gpt-5',
      ].map(claudeVersion),
    ).toEqual([4, 4.5, 3.7, 5.5, Number.POSITIVE_INFINITY, undefined]);
  });

  it('is sent once more without thinking blocks when the API no longer takes its own signatures', async () => {
    const scripted = new ScriptedFetch(
      jsonAnswer(400, {
        type: 'error',
        error: {
          type: 'invalid_request_error',
          message: 'messages.1.content.0: Invalid `signature` in `thinking` block',
        },
      }),
      sse(
        { type: 'message_start', message: { id: 'm', usage: { input_tokens: 1 } } },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
        { type: 'message_stop' },
      ),
    );
    const messages = [
      user('look'),
      said(claude, [
        { kind: 'thinking', text: 'hm', signature: 'sig' },
        { kind: 'text', text: 'Looked.' },
      ]),
      user('again'),
    ];
    const model = { ...claude, address: 'http://localhost:1' };
    const turn = summarize(
      await collect(
        createAnthropicProvider(scripted.fetch).stream(
          model,
          turnContext({ messages }),
          exchangeOptions(),
        ),
      ),
    );
    expect(turn.finish).toBe('stop');
    expect(scripted.sent.map(({ body }) => JSON.stringify(body).includes('"sig"'))).toEqual([
      true,
      false,
    ]);
  });

  it('fails with the reason when the model declines', async () => {
    const scripted = new ScriptedFetch(
      sse(
        { type: 'message_start', message: { id: 'm' } },
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'I' } },
        { type: 'content_block_stop', index: 0 },
        {
          type: 'message_delta',
          delta: { stop_reason: 'refusal', stop_details: { explanation: 'not this' } },
        },
        { type: 'message_stop' },
      ),
    );
    const model = { ...claude, address: 'http://localhost:1' };
    const turn = summarize(
      await collect(
        createAnthropicProvider(scripted.fetch).stream(model, turnContext(), exchangeOptions()),
      ),
    );
    expect(turn).toMatchObject({ text: 'I', terminals: 1, failure: { code: 'invalid_request' } });
    expect(turn.failure?.message).toContain('not this');
  });

  it('reports cache reads and writes, and yields redacted thinking with its data as signature', async () => {
    const usage = {
      input_tokens: 10,
      cache_read_input_tokens: 900,
      cache_creation_input_tokens: 50,
      output_tokens: 1,
    };
    const scripted = new ScriptedFetch(
      sse(
        { type: 'message_start', message: { id: 'm', usage } },
        { type: 'ping' },
        {
          type: 'content_block_start',
          index: 0,
          content_block: { type: 'redacted_thinking', data: 'blob' },
        },
        { type: 'content_block_stop', index: 0 },
        { type: 'a_kind_of_tomorrow', index: 9 },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
        { type: 'message_stop' },
      ),
    );
    const model = { ...claude, address: 'http://localhost:1' };
    const outputs = await collect(
      createAnthropicProvider(scripted.fetch).stream(model, turnContext(), exchangeOptions()),
    );
    expect(summarize(outputs).usage).toEqual([
      {
        inputTokens: 10,
        cacheReadTokens: 900,
        cacheWriteTokens: 50,
        outputTokens: 5,
        reportedBy: 'provider',
      },
    ]);
    expect(outputs).toContainEqual({
      kind: 'thinking',
      delta: '',
      blockId: 'm:0',
      signature: 'blob',
      isRedacted: true,
    });
  });
});

describe('a Responses request', () => {
  it('stores nothing at the server and gives encrypted reasoning back as it came', async () => {
    const scripted = new ScriptedFetch(
      sse(
        {
          type: 'response.reasoning_summary_text.delta',
          item_id: 'rs_1',
          summary_index: 0,
          delta: 'First.',
        },
        {
          type: 'response.reasoning_summary_text.delta',
          item_id: 'rs_1',
          summary_index: 1,
          delta: 'Second.',
        },
        {
          type: 'response.output_item.done',
          item: {
            type: 'reasoning',
            id: 'rs_1',
            summary: [{ type: 'summary_text', text: 'First.' }],
            encrypted_content: 'cipher',
          },
        },
        { type: 'response.output_text.delta', item_id: 'msg_1', content_index: 0, delta: 'Hi' },
        {
          type: 'response.completed',
          response: { status: 'completed', usage: { input_tokens: 9, output_tokens: 2 } },
        },
      ),
    );
    const model = { ...gpt, address: 'http://localhost:1/v1' };
    const turn = summarize(
      await collect(
        createResponsesProvider(scripted.fetch).stream(model, turnContext(), exchangeOptions()),
      ),
    );
    expect(turn).toMatchObject({ thinking: 'First.\n\nSecond.', text: 'Hi', finish: 'stop' });
    expect(scripted.sent[0]!.body).toMatchObject({
      store: false,
      include: ['reasoning.encrypted_content'],
      reasoning: { summary: 'auto' },
    });
    const messages = [
      user('hello'),
      said(model, [
        { kind: 'thinking', text: turn.thinking, signature: turn.signatures[0]! },
        { kind: 'text', text: 'Hi' },
        { kind: 'tool_call', call },
      ]),
      result,
    ];
    expect(responsesBody(model, turnContext({ messages }), exchangeOptions()).input).toEqual([
      { role: 'user', content: 'hello' },
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'First.' }],
        encrypted_content: 'cipher',
      },
      { role: 'assistant', content: 'Hi' },
      {
        type: 'function_call',
        call_id: 'call_1',
        name: 'read_file',
        arguments: '{"path":"a.txt"}',
      },
      { type: 'function_call_output', call_id: 'call_1', output: 'Error: no such file' },
    ]);
  });

  it('asks a model that does not reason for no reasoning', () => {
    const plain = { ...gpt, model: 'gpt-4.1', supportsReasoning: false };
    const body = responsesBody(
      plain,
      turnContext(),
      exchangeOptions({ reasoning: 'high', temperature: 1 }),
    );
    expect(body).not.toHaveProperty('reasoning');
    expect(body).not.toHaveProperty('include');
    expect(body.temperature).toBe(1);
  });

  it('does without summaries where the account may not have them', async () => {
    const scripted = new ScriptedFetch(
      jsonAnswer(400, {
        error: { message: 'Your organization must be verified to generate reasoning summaries.' },
      }),
      sse({ type: 'response.completed', response: { status: 'completed' } }),
    );
    const model = { ...gpt, address: 'http://localhost:1/v1' };
    const outputs = await collect(
      createResponsesProvider(scripted.fetch).stream(
        model,
        turnContext(),
        exchangeOptions({ reasoning: 'low' }),
      ),
    );
    expect(summarize(outputs).finish).toBe('stop');
    expect(scripted.sent.map(({ body }) => body.reasoning)).toEqual([
      { effort: 'low', summary: 'auto' },
      { effort: 'low' },
    ]);
  });

  it.each([
    ['gpt-5', 'minimal', 'minimal'],
    ['gpt-5.1', 'minimal', 'low'],
    ['gpt-5.1', 'xhigh', 'high'],
    ['o3', 'xhigh', 'high'],
    ['o3', 'minimal', 'low'],
    ['gpt-5.1-codex-max', 'xhigh', 'xhigh'],
    ['gpt-5.5', 'xhigh', 'xhigh'],
    ['qwen3', 'xhigh', 'xhigh'],
    ['gpt-5.5', 'medium', 'medium'],
  ] as const)('[R52] gives %s, asked for %s, the effort %s', (model, asked, given) => {
    expect(clampOpenAiEffort(model, asked)).toBe(given);
  });

  it('names the cache by the session, and not when no cache is wanted', () => {
    const body = (cacheRetention?: 'none' | 'long') =>
      responsesBody(
        gpt,
        turnContext(),
        exchangeOptions(cacheRetention === undefined ? {} : { cacheRetention }),
      );
    expect(body().prompt_cache_key).toBe('session-1');
    expect(body('long').prompt_cache_retention).toBe('24h');
    expect(body('none')).not.toHaveProperty('prompt_cache_key');
  });
});

describe('what a request tells about itself', () => {
  const metadata = { user_id: 'u-1', team: 'blue' };
  const options = exchangeOptions({ metadata });

  it('[R49] gives metadata to the providers that take some, as they take it', () => {
    expect(anthropicBody(claude, turnContext(), options).metadata).toEqual({ user_id: 'u-1' });
    expect(responsesBody(gpt, turnContext(), options).metadata).toEqual(metadata);
    // Chat Completions takes metadata for stored answers only, and ours are not stored.
    const chat = networkModel('openai-chat', { model: 'm' });
    expect(chatBody(chat, turnContext(), options, true)).toEqual(
      chatBody(chat, turnContext(), exchangeOptions(), true),
    );
  });

  it('[R49] leaves it out where there is none, and where the server has refused it', () => {
    const none = exchangeOptions();
    const onlyTeam = exchangeOptions({ metadata: { team: 'blue' } });
    const refused = new Set(['metadata'] as const);
    for (const body of [
      anthropicBody(claude, turnContext(), none),
      anthropicBody(claude, turnContext(), onlyTeam),
      anthropicBody(claude, turnContext(), options, refused),
      responsesBody(gpt, turnContext(), none),
      responsesBody(gpt, turnContext(), options, refused),
    ]) {
      expect(body).not.toHaveProperty('metadata');
    }
  });
});
