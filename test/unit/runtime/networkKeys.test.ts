import http from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAnthropicProvider } from '../../../src/runtime/network/anthropic';
import { createChatProvider, createResponsesProvider } from '../../../src/runtime/network/openai';
import { createGuardedFetch } from '../../../src/runtime/network/guardedFetch';
import type { FetchFunction } from '../../../src/runtime/network/producer';
import {
  collect,
  exchangeOptions,
  networkModel,
  summarize,
  turnContext,
} from '../../fakes/networkTurn';
import { jsonAnswer, ScriptedFetch, sse } from '../../fakes/scriptedFetch';

const key = 'sk-the-only-key-0123456789';

const providers = [
  { api: 'anthropic-messages', create: createAnthropicProvider, header: 'x-api-key', value: key },
  {
    api: 'openai-responses',
    create: createResponsesProvider,
    header: 'authorization',
    value: `Bearer ${key}`,
  },
  {
    api: 'openai-chat',
    create: createChatProvider,
    header: 'authorization',
    value: `Bearer ${key}`,
  },
] as const;

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(closers.splice(0).map((close) => close()));
});

describe.each(providers)(
  'the key of $api',
  { timeout: 30_000 },
  ({ api, create, header, value }) => {
    const run = async (address: string, fetch: FetchFunction) =>
      summarize(
        await collect(
          create(fetch).stream(
            networkModel(api, { address }),
            turnContext(),
            exchangeOptions({ apiKey: key }),
          ),
        ),
      );

    it('goes to the given address, in its own header and nowhere else', async () => {
      const scripted = new ScriptedFetch(jsonAnswer(401, { error: { message: 'no' } }));
      await run('https://models.example.test/v1', scripted.fetch);
      const [request] = scripted.sent;
      expect(new URL(request!.url).origin).toBe('https://models.example.test');
      expect(request!.headers[header]).toBe(value);
      expect(JSON.stringify(request).split(key)).toHaveLength(2);
    });

    it.each([301, 302, 303, 307, 308])(
      'does not follow a redirect (%i) to another host',
      async (status) => {
        const stolen: string[] = [];
        const thief = await serve((request, response) => {
          stolen.push(JSON.stringify(request.headers));
          response.end('{}');
        });
        const honest = await serve((_request, response) => {
          response.writeHead(status, { location: `${thief}/v1/elsewhere` }).end();
        });
        const { failure } = await run(honest, (input, init) => globalThis.fetch(input, init));
        expect(stolen).toEqual([]);
        expect(failure?.code).toBe('network');
        expect(failure?.message).toContain(`redirects to ${thief}/v1/elsewhere`);
        expect(failure?.message).not.toContain(key);
      },
    );

    it('follows a redirect within the same host and keeps the body', async () => {
      const bodies: string[] = [];
      const address = await serve((_request, response, body) => {
        bodies.push(body);
        if (bodies.length === 1) {
          response.writeHead(307, { location: '/moved/here' }).end();
        } else {
          response
            .writeHead(401, { 'content-type': 'application/json' })
            .end('{"error":{"message":"at last"}}');
        }
      });
      const { failure } = await run(address, (input, init) => globalThis.fetch(input, init));
      expect(failure?.detail).toContain('at last');
      expect(bodies).toHaveLength(2);
      expect(bodies[1]).toBe(bodies[0]);
    });

    it.each([301, 302, 303])(
      'does not follow a redirect (%i) that would lose the body',
      async (status) => {
        let count = 0;
        const address = await serve((_request, response) => {
          count += 1;
          response.writeHead(status, { location: '/moved/here' }).end();
        });
        const { failure } = await run(address, (input, init) => globalThis.fetch(input, init));
        expect(failure?.code).toBe('network');
        expect(count).toBe(1);
      },
    );

    it('gives up on a host that redirects in circles', async () => {
      let count = 0;
      const address = await serve((_request, response) => {
        count += 1;
        response.writeHead(308, { location: '/again' }).end();
      });
      const { failure } = await run(address, (input, init) => globalThis.fetch(input, init));
      expect(failure?.code).toBe('network');
      expect(count).toBe(4);
    });

    it('never shows up in a failure, even when the server quotes it', async () => {
      const scripted = new ScriptedFetch(
        jsonAnswer(401, {
          error: { message: `Incorrect API key provided: ${key}.`, type: 'authentication_error' },
        }),
      );
      const { failure } = await run('https://models.example.test/v1', scripted.fetch);
      expect(failure?.code).toBe('auth_required');
      expect(JSON.stringify(failure)).not.toContain(key);
    });

    it('is the user’s alone: variables of the environment put nothing on a request', async () => {
      const fromEnvironment = 'from-the-environment-0123456789';
      for (const name of [
        'ANTHROPIC_API_KEY',
        'ANTHROPIC_AUTH_TOKEN',
        'OPENAI_API_KEY',
        'OPENAI_ADMIN_KEY',
        'OPENAI_ORG_ID',
        'OPENAI_PROJECT_ID',
      ]) {
        vi.stubEnv(name, fromEnvironment);
      }
      vi.stubEnv('ANTHROPIC_CUSTOM_HEADERS', `x-injected: ${fromEnvironment}`);
      vi.stubEnv('OPENAI_CUSTOM_HEADERS', `x-injected: ${fromEnvironment}`);
      vi.stubEnv('ANTHROPIC_BASE_URL', 'https://elsewhere.example.test');
      vi.stubEnv('OPENAI_BASE_URL', 'https://elsewhere.example.test');
      const scripted = new ScriptedFetch(jsonAnswer(401, { error: { message: 'no' } }));
      const provider = create(scripted.fetch);
      await collect(
        provider.stream(
          networkModel(api, { address: 'http://localhost:1/v1' }),
          turnContext(),
          exchangeOptions(),
        ),
      );
      expect(scripted.sent).toHaveLength(1);
      expect(scripted.sent[0]!.url).toMatch(/^http:\/\/localhost:1\//);
      expect(JSON.stringify(scripted.sent[0]!.headers)).not.toContain(fromEnvironment);
      expect(scripted.sent[0]!.headers[header]).toBeUndefined();
    });

    it('is asked for before any request when the provider’s own host needs one', async () => {
      const scripted = new ScriptedFetch();
      const outputs = await collect(
        create(scripted.fetch).stream(networkModel(api), turnContext(), exchangeOptions()),
      );
      expect(summarize(outputs).failure?.code).toBe('auth_required');
      expect(scripted.sent).toEqual([]);
    });
  },
);

describe('the guarded fetch', () => {
  it('refuses an address outside the base URL', async () => {
    const scripted = new ScriptedFetch(sse());
    const fetch = createGuardedFetch({
      fetch: scripted.fetch,
      baseUrl: 'https://one.example.test/v1',
    });
    await expect(fetch('https://two.example.test/v1/models')).rejects.toMatchObject({
      code: 'foreign_address',
    });
    expect(scripted.sent).toEqual([]);
  });

  it('lets the user’s own headers win', async () => {
    const scripted = new ScriptedFetch(sse());
    const fetch = createGuardedFetch({
      fetch: scripted.fetch,
      baseUrl: 'https://one.example.test/v1',
      keyHeader: { name: 'authorization', value: 'Bearer a' },
      headers: { Authorization: 'Token b', 'X-Extra': '1' },
    });
    await fetch('https://one.example.test/v1/x', {
      headers: { accept: 'text/plain', 'x-sdk': 'telemetry' },
    });
    expect(scripted.sent[0]!.headers).toEqual({
      accept: 'text/plain',
      authorization: 'Token b',
      'x-extra': '1',
    });
  });
});

type Handler = (request: http.IncomingMessage, response: http.ServerResponse, body: string) => void;

/** A server on loopback; its address. Closed after the test. */
async function serve(handler: Handler): Promise<string> {
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => handler(request, response, Buffer.concat(chunks).toString('utf8')));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  const address = server.address();
  return `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
}
