// One answer of each API as its server streams it, read by its SDK and by our provider, over a fetch in this process.
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { createAnthropicProvider } from '../../src/runtime/network/anthropic.ts';
import { createChatProvider, createResponsesProvider } from '../../src/runtime/network/openai.ts';

const words = [
  'The cord ',
  'joins two',
  ' jacks;\n',
  'a "signal"',
  ' goes from',
  ' one room ',
  'to — ',
  '`other`. ',
];
const deltas = 20_000;
/** About what one read of a connection gives. */
const chunkBytes = 4096;

const named = (events) =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
const plain = (events) => [
  ...events.map((event) => `data: ${JSON.stringify(event)}\n\n`),
  'data: [DONE]\n\n',
];
const texts = Array.from({ length: deltas }, (_, n) => words[n % words.length]);

const streams = {
  anthropic: named([
    {
      type: 'message_start',
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'm',
        content: [],
        stop_reason: null,
        usage: { input_tokens: 12, output_tokens: 1 },
      },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...texts.map((text) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text },
    })),
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 42 },
    },
    { type: 'message_stop' },
  ]),
  responses: named([
    {
      type: 'response.created',
      sequence_number: 0,
      response: { id: 'resp_1', object: 'response', status: 'in_progress', output: [] },
    },
    ...texts.map((delta, n) => ({
      type: 'response.output_text.delta',
      sequence_number: n + 1,
      item_id: 'msg_67c9fdcf37fc8190ba82116e33fb28c5',
      output_index: 0,
      content_index: 0,
      delta,
      logprobs: [],
      obfuscation: 'abcdef',
    })),
    {
      type: 'response.completed',
      sequence_number: deltas + 1,
      response: {
        id: 'resp_1',
        object: 'response',
        status: 'completed',
        output: [],
        usage: { input_tokens: 12, output_tokens: 42, total_tokens: 54 },
      },
    },
  ]),
  chat: plain([
    ...texts.map((content) => ({
      id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT',
      object: 'chat.completion.chunk',
      created: 1741569952,
      model: 'gpt-5',
      service_tier: 'default',
      system_fingerprint: 'fp_44709d6fcb',
      choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }],
    })),
    {
      id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT',
      object: 'chat.completion.chunk',
      created: 1741569952,
      model: 'gpt-5',
      choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
    },
  ]),
};

function fetchOf(records) {
  const bytes = new TextEncoder().encode(records.join(''));
  const chunks = [];
  for (let at = 0; at < bytes.length; at += chunkBytes)
    chunks.push(bytes.slice(at, at + chunkBytes));
  return async () => {
    let next = 0;
    const body = new ReadableStream(
      {
        pull: (controller) =>
          next < chunks.length ? controller.enqueue(chunks[next++]) : controller.close(),
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { status: 200, headers: { 'content-type': 'text/event-stream' } });
  };
}

const fetches = Object.fromEntries(
  Object.entries(streams).map(([api, records]) => [api, fetchOf(records)]),
);
const sdk = (api) => ({ apiKey: 'k', maxRetries: 0, fetch: fetches[api], logLevel: 'off' });
const anthropic = new Anthropic(sdk('anthropic'));
const openai = { responses: new OpenAI(sdk('responses')), chat: new OpenAI(sdk('chat')) };
const messages = [{ role: 'user', content: 'go' }];

/** Each gives the length of the text that came. */
const bySdk = {
  anthropic: async () => {
    let chars = 0;
    for await (const event of await anthropic.messages.create({
      model: 'm',
      max_tokens: 10,
      messages,
      stream: true,
    })) {
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
        chars += event.delta.text.length;
    }
    return chars;
  },
  responses: async () => {
    let chars = 0;
    for await (const event of await openai.responses.responses.create({
      model: 'm',
      input: 'go',
      stream: true,
    })) {
      if (event.type === 'response.output_text.delta') chars += event.delta.length;
    }
    return chars;
  },
  chat: async () => {
    let chars = 0;
    for await (const event of await openai.chat.chat.completions.create({
      model: 'm',
      messages,
      stream: true,
    })) {
      chars += event.choices[0]?.delta.content?.length ?? 0;
    }
    return chars;
  },
};

const providers = {
  anthropic: createAnthropicProvider(fetches.anthropic),
  responses: createResponsesProvider(fetches.responses),
  chat: createChatProvider(fetches.chat),
};
const apis = {
  anthropic: 'anthropic-messages',
  responses: 'openai-responses',
  chat: 'openai-chat',
};

async function byUs(api) {
  const model = {
    id: 'x/m',
    api: apis[api],
    provider: 'x',
    model: 'm',
    name: 'M',
    address: 'http://127.0.0.1:9/v1',
  };
  const context = {
    systemPrompt: '',
    tools: [],
    messages: [{ role: 'user', text: 'go', createdAtMs: 1 }],
  };
  const options = {
    signal: new AbortController().signal,
    sessionId: 's',
    apiKey: 'k',
    observe: () => undefined,
  };
  let chars = 0;
  let isFinished = false;
  for await (const output of providers[api].stream(model, context, options)) {
    if (output.kind === 'text') chars += output.delta.length;
    if (output.kind === 'failed') throw new Error(JSON.stringify(output.failure));
    isFinished ||= output.kind === 'finish';
  }
  if (!isFinished) throw new Error(`${api}: no finish`);
  return chars;
}

async function cpuMs(work, expected) {
  const before = process.cpuUsage();
  const chars = await work();
  const { user, system } = process.cpuUsage(before);
  if (chars !== expected) throw new Error(`${chars} characters instead of ${expected}`);
  return (user + system) / 1000;
}

const expected = texts.join('').length;
const runs = Number(process.argv[2] ?? 15);
const figures = {};
for (const api of Object.keys(streams)) {
  figures[api] = { sdk: [], ours: [] };
  for (let n = 0; n < runs + 3; n++) {
    const sdkMs = await cpuMs(bySdk[api], expected);
    const oursMs = await cpuMs(() => byUs(api), expected);
    if (n >= 3) {
      figures[api].sdk.push(sdkMs);
      figures[api].ours.push(oursMs);
    }
  }
}
process.send?.({ deltas, figures });
process.disconnect?.();
