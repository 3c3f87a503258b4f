import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { leanSdks } from '../../scripts/lib/lean-sdks.mjs';
import { inRoot } from '../../scripts/lib/root.mjs';
import { startModelServer } from '../model-server/server.mjs';

describe('the model SDKs without the parts that are never called', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-lean-'));
  let Anthropic;
  let OpenAI;
  beforeAll(async () => {
    const outfile = path.join(folder, 'sdks.cjs');
    await build({
      stdin: {
        contents: `export { default as Anthropic } from '@anthropic-ai/sdk'; export { default as OpenAI } from 'openai';`,
        resolveDir: inRoot('.'),
      },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile,
      plugins: [leanSdks()],
    });
    ({ Anthropic, OpenAI } = createRequire(import.meta.url)(outfile));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const serve = async (scenario) => {
    const server = await startModelServer({ scenario: { ...scenario, side: 'never' } });
    onTestFinished(() => server.close());
    return server;
  };
  const hello = { turns: [{ blocks: [{ type: 'text', text: 'Hello, patch bay.' }] }] };

  test('stream an Anthropic message', async () => {
    const { url } = await serve(hello);
    const client = new Anthropic({ baseURL: url, apiKey: 'k' });
    const request = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] };
    let text = '';
    for await (const event of await client.messages.create({ ...request, stream: true })) {
      if (event.type === 'content_block_delta') text += event.delta.text;
    }
    expect(text).toBe('Hello, patch bay.');
    expect((await client.models.list()).data.map((m) => m.id)).toEqual(['scripted']);
  });

  test('stream an OpenAI response and a chat completion', async () => {
    const { url } = await serve({ turns: [...hello.turns, ...hello.turns] });
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'k' });
    let response = '';
    const events = await client.responses.create({ model: 'm', input: 'Hi', stream: true });
    for await (const e of events) if (e.type === 'response.output_text.delta') response += e.delta;
    let chat = '';
    const messages = [{ role: 'user', content: 'Hi' }];
    const chunks = await client.chat.completions.create({ model: 'm', messages, stream: true });
    for await (const chunk of chunks) chat += chunk.choices[0]?.delta.content ?? '';
    expect([response, chat]).toEqual(['Hello, patch bay.', 'Hello, patch bay.']);
  });

  test('keep their error classes', async () => {
    const { url } = await serve({ turns: [{ fault: { kind: 'http', status: 401, times: 9 } }] });
    const options = { apiKey: 'k', maxRetries: 0 };
    const messages = [{ role: 'user', content: 'Hi' }];
    await expect(
      new Anthropic({ ...options, baseURL: url }).messages.create({
        model: 'm',
        max_tokens: 9,
        messages,
      }),
    ).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
    await expect(
      new OpenAI({ ...options, baseURL: `${url}/v1` }).responses.create({
        model: 'm',
        input: 'Hi',
      }),
    ).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  });

  test('say so when a part that was left out is used', () => {
    const client = new Anthropic({ apiKey: 'k' });
    expect(() => client.beta.messages.create({})).toThrow('left out of Patchbay');
  });
});
