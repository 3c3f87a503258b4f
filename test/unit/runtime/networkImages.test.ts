import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/events/message';
import { anthropicBody } from '../../../src/runtime/network/anthropicRequest';
import { chatBody } from '../../../src/runtime/network/chatRequest';
import { responsesBody } from '../../../src/runtime/network/responsesRequest';
import { exchangeOptions, networkModel, turnContext } from '../../fakes/networkTurn';

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
