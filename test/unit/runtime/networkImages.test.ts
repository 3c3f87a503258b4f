import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/events/message';
import { silentLogger } from '../../../src/base/logger';
import { imageProblem } from '../../../src/host/sessionParts';
import { untakenChoices } from '../../../src/runtime/choices';
import { RuntimeBroker } from '../../../src/runtime/broker';
import type { ExchangeOptions, ModelApi, ModelRef } from '../../../src/runtime/contract';
import { readEndpointSettings } from '../../../src/runtime/endpointSettings';
import { buildModelCatalog } from '../../../src/runtime/modelCatalog';
import { createChatProvider } from '../../../src/runtime/network/openai';
import { anthropicBody } from '../../../src/runtime/network/anthropicRequest';
import { chatBody } from '../../../src/runtime/network/chatRequest';
import { responsesBody } from '../../../src/runtime/network/responsesRequest';
import { FakeClock } from '../../fakes/fakeClock';
import {
  collect,
  exchangeOptions,
  networkModel,
  summarize,
  turnContext,
} from '../../fakes/networkTurn';
import { jsonAnswer, ScriptedFetch, sse } from '../../fakes/scriptedFetch';

const messages: readonly Message[] = [
  {
    role: 'user',
    text: 'what is this?',
    images: [{ mediaType: 'image/png', data: 'AAAA' }],
    createdAtMs: 1,
  },
];
const wordless: readonly Message[] = [
  { role: 'user', text: ' ', images: [{ mediaType: 'image/webp', data: 'BBBB' }], createdAtMs: 1 },
];
const context = turnContext({ messages, systemPrompt: '', tools: [] });
const options = exchangeOptions({ cacheRetention: 'none' });

describe('pictures of the user in a request', () => {
  it('go to the Messages API as base64 blocks before the words', () => {
    const body = anthropicBody(networkModel('anthropic-messages'), context, options);
    expect(body.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
          { type: 'text', text: 'what is this?' },
        ],
      },
    ]);
  });

  it('go to the Responses API as data URLs', () => {
    const body = responsesBody(networkModel('openai-responses'), context, options);
    expect(body.input).toEqual([
      {
        role: 'user',
        content: [
          { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' },
          { type: 'input_text', text: 'what is this?' },
        ],
      },
    ]);
  });

  it('go to Chat Completions as data URLs, and leave plain text plain for servers that know nothing else', () => {
    const model = networkModel('openai-chat');
    expect(chatBody(model, context, options, true).messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          { type: 'text', text: 'what is this?' },
        ],
      },
    ]);
    const plain = turnContext({ systemPrompt: '', tools: [] });
    expect(chatBody(model, plain, options, true).messages).toEqual([
      { role: 'user', content: 'hello' },
    ]);
  });

  it('have words beside them also when the user wrote none', () => {
    const body = anthropicBody(
      networkModel('anthropic-messages'),
      turnContext({ messages: wordless }),
      options,
    );
    expect(body.messages[0]?.content).toEqual([
      { type: 'image', source: { type: 'base64', media_type: 'image/webp', data: 'BBBB' } },
      { type: 'text', text: '(a picture)' },
    ]);
  });
});

describe('a model that takes no pictures', () => {
  const all: readonly ModelApi[] = [
    'anthropic-messages',
    'openai-responses',
    'openai-chat',
    'editor',
    'playground',
  ];
  const asked = async (model: ModelRef, turns: readonly (readonly Message[])[]) => {
    const sent: (readonly Message[])[] = [];
    const notices: string[] = [];
    const broker = new RuntimeBroker({
      framework: async function* (_model, told) {
        sent.push(told.messages);
        yield { kind: 'finish', reason: 'stop' };
      },
      clock: new FakeClock(),
      logger: silentLogger,
    });
    for (const turn of turns) {
      const observe: ExchangeOptions['observe'] = (told) => {
        notices.push(...(told.kind === 'notice' ? [told.text] : []));
      };
      await broker
        .exchange(model, { ...context, messages: turn }, exchangeOptions({ observe }))
        .result();
    }
    return { sent, notices };
  };

  it.each(all)(
    'is not sent those of earlier turns by %s; it and the user are told once',
    async (api) => {
      const model = { ...networkModel(api), supportsImages: false };
      const later: Message = { role: 'user', text: 'and now?', createdAtMs: 2 };
      const { sent, notices } = await asked(model, [messages, [...messages, later]]);
      expect(sent[1]).toEqual([
        {
          role: 'user',
          text: 'what is this?\n\n(A picture was sent with this message. You cannot be shown it.)',
          createdAtMs: 1,
        },
        later,
      ]);
      expect(notices).toEqual([
        `${model.name} takes no pictures: the picture of this conversation was not sent to it. It was told that one is missing.`,
      ]);
      expect(imageProblem(untakenChoices(model, undefined))).toMatch(
        /takes no pictures. Remove them/,
      );
    },
  );

  it('is one that says so: of all others it is not known, and they are sent', async () => {
    const model = networkModel('openai-chat');
    const { sent, notices } = await asked(model, [messages]);
    expect(sent).toEqual([messages]);
    expect(notices).toEqual([]);
    expect(imageProblem(untakenChoices(model, undefined))).toBeUndefined();
  });

  it('is asked again without them when its server says that it takes none, and the user is told each time', async () => {
    const words = sse({ choices: [{ index: 0, delta: { content: 'ok' }, finish_reason: 'stop' }] });
    for (const [status, message] of [
      [400, 'This model does not support image inputs.'],
      [400, 'this model is missing data required for image input'],
      [400, 'llava is not a multimodal model'],
      [404, 'No endpoints found that support image input'],
    ] as const) {
      const refusal = jsonAnswer(status, { error: { message } });
      const scripted = new ScriptedFetch(refusal, words, refusal, words);
      const provider = createChatProvider(scripted.fetch);
      const model = networkModel('openai-chat', { address: 'http://localhost:1/v1' });
      for (const turn of [1, 2]) {
        const outputs = summarize(await collect(provider.stream(model, context, options)));
        expect(outputs.text).toBe('ok');
        expect(outputs.notices).toHaveLength(1);
        expect(outputs.notices[0]).toContain('pictures');
        expect(JSON.stringify(scripted.sent[turn * 2 - 2]?.body)).toContain('AAAA');
        expect(JSON.stringify(scripted.sent[turn * 2 - 1]?.body)).not.toContain('AAAA');
      }
    }
  });

  it('is not one that its server does not know', async () => {
    const message = 'No endpoints found for acme/vision, which takes image input.';
    const scripted = new ScriptedFetch(jsonAnswer(404, { error: { message, code: 404 } }));
    const provider = createChatProvider(scripted.fetch);
    const model = networkModel('openai-chat', { address: 'http://localhost:1/v1' });
    const { failure } = summarize(await collect(provider.stream(model, context, options)));
    expect(failure).toMatchObject({ code: 'model_not_found' });
    expect(scripted.sent).toHaveLength(1);
  });

  it('can be named by the user for a server of their own', () => {
    const { endpoints } = readEndpointSettings([
      {
        name: 'Local',
        url: 'http://localhost:1/v1',
        models: [{ model: 'a', supportsImages: false }, 'b'],
      },
    ]);
    const { models } = buildModelCatalog({ endpoints });
    const found = (id: string): ModelRef | undefined => models.find((model) => model.id === id);
    expect(found('endpoint:Local/a')?.supportsImages).toBe(false);
    expect(found('endpoint:Local/b')?.supportsImages).toBeUndefined();
  });
});
