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
  let BaseAnthropic;
  let OpenAI;
  beforeAll(async () => {
    const outfile = path.join(folder, 'sdks.cjs');
    await build({
      stdin: {
        contents: `export { BaseAnthropic } from '@anthropic-ai/sdk'; export { default as OpenAI } from 'openai';`,
        resolveDir: inRoot('.'),
      },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile,
      plugins: [leanSdks()],
    });
    ({ BaseAnthropic, OpenAI } = createRequire(import.meta.url)(outfile));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const serve = async (scenario) => {
    const server = await startModelServer({ scenario: { ...scenario, side: 'never' } });
    onTestFinished(() => server.close());
    return server;
  };
  const hello = { turns: [{ blocks: [{ type: 'text', text: 'Hello, patch bay.' }] }] };

  const messages = [{ role: 'user', content: 'Hi' }];
  const quiet = { maxRetries: 0, logLevel: 'off' };
  const anthropic = (baseURL) =>
    new BaseAnthropic({ ...quiet, apiKey: 'k', webhookKey: null, openTelemetry: false, baseURL });
  const openai = (url) => new OpenAI({ ...quiet, apiKey: 'k', baseURL: `${url}/v1` });
  /** As the product asks: the raw stream, which it reads by itself. */
  const ask = (client) =>
    client
      .post('/v1/messages', {
        body: { model: 'm', max_tokens: 9, messages, stream: true },
        stream: true,
      })
      .asResponse();

  test('send an Anthropic request and give its stream', async () => {
    const { url } = await serve(hello);
    const response = await ask(anthropic(url));
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('content_block_delta');
  });

  test('send an OpenAI response and a chat completion and give their streams', async () => {
    const { url } = await serve({ turns: [...hello.turns, ...hello.turns] });
    const request = { model: 'm', stream: true };
    const response = await openai(url)
      .responses.create({ ...request, input: 'Hi' })
      .asResponse();
    expect(await response.text()).toContain('response.output_text.delta');
    const chat = await openai(url)
      .chat.completions.create({ ...request, messages })
      .asResponse();
    expect(await chat.text()).toContain('chat.completion.chunk');
  });

  test('keep the status of a refusal', async () => {
    const { url } = await serve({ turns: [{ fault: { kind: 'http', status: 401, times: 9 } }] });
    await expect(ask(anthropic(url))).rejects.toMatchObject({ status: 401 });
    await expect(
      openai(url).responses.create({ model: 'm', input: 'Hi', stream: true }).asResponse(),
    ).rejects.toMatchObject({ status: 401 });
  });

  test('say so when a part that was left out is used', () => {
    const client = openai('http://localhost');
    expect(() => client.audio.speech.create({})).toThrow('left out of Patchbay');
  });
});
