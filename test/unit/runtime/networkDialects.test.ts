import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock';
import { oneLine } from '../../../src/events/failure';
import type { AssistantMessage, Message } from '../../../src/events/message';
import type { ExchangeOptions, ModelApi, TurnContext } from '../../../src/runtime/contract';
import { createNetworkLoaders } from '../../../src/runtime/network/networkLoaders';
import {
  createNetworkStream,
  type NetworkStream,
} from '../../../src/runtime/network/networkStream';
import type { FetchFunction, NetworkOutput } from '../../../src/runtime/network/producer';
import { defaultRetryPolicy } from '../../../src/runtime/retry';
import { startModelServer, type ModelServer } from '../../fakes/modelServer';
import {
  collect,
  exchangeOptions,
  networkModel,
  summarize,
  turnContext,
} from '../../fakes/networkTurn';
import { FakeClock } from '../../fakes/fakeClock';
import type { Clock } from '../../../src/base/clock';

const realFetch: FetchFunction = (input, init) => globalThis.fetch(input, init);

function networkStream(
  clock: Clock = systemClock,
  fetch: FetchFunction = realFetch,
): NetworkStream {
  return createNetworkStream({
    load: createNetworkLoaders(fetch),
    retry: defaultRetryPolicy,
    clock,
  });
}

const dialects = [
  { api: 'anthropic-messages', path: '', charsBeforeStall: 32 },
  { api: 'openai-responses', path: '/v1', charsBeforeStall: 16 },
  { api: 'openai-chat', path: '/v1', charsBeforeStall: 40 },
] as const satisfies readonly {
  readonly api: ModelApi;
  readonly path: string;
  /** Characters of text that the scripted server sends before it stalls. */
  readonly charsBeforeStall: number;
}[];

let server: ModelServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Real HTTP on a busy machine. */
const patient = { timeout: 30_000 };

describe.each(dialects)('$api over real HTTP', patient, ({ api, path, charsBeforeStall }) => {
  const address = async (scenario: string | object): Promise<string> => {
    server = await startModelServer({ scenario, vars: { cwd: '/project' } });
    return `${server.url}${path}`;
  };
  const open = async (
    scenario: string | object,
    options: Partial<ExchangeOptions> = {},
    context: Partial<TurnContext> = {},
    stream = networkStream(),
  ): Promise<AsyncIterable<NetworkOutput>> =>
    stream(
      networkModel(api, { address: await address(scenario) }),
      turnContext(context),
      exchangeOptions({ apiKey: 'a-key-of-the-user', ...options }),
    );
  const run = async (...args: Parameters<typeof open>) =>
    summarize(await collect(await open(...args)));

  it('streams thinking, then text, then usage, then exactly one finish', async () => {
    const outputs = await collect(await open('thinking-text'));
    const turn = summarize(outputs);
    expect(turn).toMatchObject({
      thinking: 'The user greets me. I should answer shortly and politely.',
      text: 'Hello! **How** can I help?\n\n- one\n- two\n',
      usage: [{ inputTokens: 1200, outputTokens: 42, reportedBy: 'provider' }],
      terminals: 1,
      finish: 'stop',
    });
    const kinds = outputs.map((output) => output.kind);
    expect(kinds.indexOf('text')).toBeGreaterThan(kinds.lastIndexOf('thinking'));
    expect(turn.signatures).toHaveLength(1);
  });

  it('yields a complete tool call and takes its result in the next request', async () => {
    const stream = networkStream();
    const first = await run('tool-read', {}, {}, stream);
    expect(first).toMatchObject({
      calls: [{ name: 'read_file', arguments: { path: '/project/notes.md' }, executedBy: 'host' }],
      finish: 'toolUse',
    });
    const call = first.calls[0]!;
    const messages: readonly Message[] = [
      { role: 'user', text: 'read my notes', createdAtMs: 1 },
      {
        ...assistant(api, 'toolUse'),
        content: [
          { kind: 'text', text: 'Reading.' },
          { kind: 'tool_call', call },
        ],
      },
      {
        role: 'tool',
        callId: call.id,
        toolName: call.name,
        result: { ok: true, output: 'buy milk' },
        createdAtMs: 3,
      },
    ];
    const model = networkModel(api, { address: `${server!.url}${path}` });
    const second = summarize(
      await collect(
        stream(model, turnContext({ messages }), exchangeOptions({ apiKey: 'a-key-of-the-user' })),
      ),
    );
    expect(second).toMatchObject({ text: 'I have read notes.md.', finish: 'stop' });
    const sent = JSON.stringify(server!.requests.at(-1)!.body);
    expect(sent).toContain('buy milk');
    expect(sent.split(call.id)).toHaveLength(3);
  });

  it('keeps characters whole that arrive in pieces of bytes', async () => {
    const blocks = [
      { type: 'thinking', text: '考える 🤔' },
      { type: 'text', text: 'Grüße 👋🏽 from 漢字 👩‍💻.' },
    ];
    expect(
      await run({ name: 'bytes', turns: [{ writeBytes: 3, chunk: 20, blocks }] }),
    ).toMatchObject({
      thinking: '考える 🤔',
      text: 'Grüße 👋🏽 from 漢字 👩‍💻.',
      finish: 'stop',
    });
  });

  it('[R219] yields the very first piece of text, and all that follow, in order', async () => {
    const text = 'Hello from the scripted model. The answer is 42.';
    expect((await run('plain-text')).text).toBe(text);
    await server!.close();
    // Also where the first piece is one character, and the next ones come later.
    const turns = [{ chunk: 1, delayMs: 5, blocks: [{ type: 'text', text: 'Hi you' }] }];
    expect((await run({ name: 'pieces', turns })).text).toBe('Hi you');
  });

  it('ends with length when the token limit cut the answer', async () => {
    expect(await run('stop-max-tokens')).toMatchObject({
      text: 'This answer is cut in the mid',
      finish: 'length',
    });
  });

  it('ends with stop when the answer is empty', async () => {
    expect(await run('empty-answer')).toMatchObject({
      text: '',
      calls: [],
      finish: 'stop',
      terminals: 1,
    });
  });

  it('says that the key was refused, and what to do', async () => {
    const { failure } = await run('fault-401');
    expect(failure).toMatchObject({ code: 'auth_required', status: 401 });
    expect(failure?.message).toContain('Set another key');
    expect(failure?.message).toBe(oneLine(failure!.message));
  });

  it('names the model that the server does not know', async () => {
    const { failure } = await run(httpFault(404, 'not_found_error', 'model: scripted'));
    expect(failure).toMatchObject({ code: 'model_not_found', status: 404 });
    expect(failure?.message).toContain('"scripted"');
  });

  it('tells a conversation that is too long from another bad request', async () => {
    const long = await run(
      httpFault(400, 'invalid_request_error', 'prompt is too long: 250000 tokens > 200000 maximum'),
    );
    expect(long.failure?.code).toBe('context_overflow');
    await server!.close();
    const bad = await run(
      httpFault(400, 'invalid_request_error', 'messages: roles must alternate'),
    );
    expect(bad.failure).toMatchObject({ code: 'invalid_request', status: 400 });
  });

  it('[R216] waits as long as a 429 asks for, says so, and then answers', async () => {
    const clock = new FakeClock();
    const iterator = (await open('fault-429', {}, {}, networkStream(clock)))[
      Symbol.asyncIterator
    ]();
    const notice = await iterator.next();
    expect(notice.value).toMatchObject({
      kind: 'observation',
      observation: { kind: 'notice', text: 'Rate limited, trying again in 1 s.' },
    });
    const next = iterator.next();
    await clock.advance(999);
    expect(server!.requests).toHaveLength(1);
    await clock.advance(1);
    const rest = [await next];
    for (let item = await iterator.next(); item.done !== true; item = await iterator.next()) {
      rest.push(item);
    }
    const outputs = rest.flatMap((item) => (item.done === true ? [] : [item.value]));
    expect(summarize(outputs)).toMatchObject({
      text: 'Recovered after the fault.',
      finish: 'stop',
    });
    expect(server!.requests).toHaveLength(2);
  });

  it('gives up a 429 that stays, with the server’s wish for code', async () => {
    const turn = await run('fault-429-always', {}, {}, networkStream(immediateClock));
    expect(turn.failure).toMatchObject({ code: 'rate_limited', status: 429, retryAfterMs: 1000 });
    expect(turn.notices).toHaveLength(2);
    expect(server!.requests).toHaveLength(3);
  });

  it('[R216] tries an overloaded server again, twice at most', async () => {
    const turn = await run('fault-529', {}, {}, networkStream(immediateClock));
    expect(turn).toMatchObject({ text: 'Recovered after the fault.', finish: 'stop' });
    expect(turn.notices).toHaveLength(2);
    expect(server!.requests).toHaveLength(3);
  });

  it.each([
    ['a lost connection', 'fault-disconnect', 'stream_cut'],
    ['a body that ends early', 'fault-truncate', 'stream_cut'],
    ['a piece that is not readable', 'fault-malformed', 'stream_cut'],
    ['an error of the server in the middle', 'fault-sse-error', 'overloaded'],
    ['a lost connection inside a tool call', 'fault-tool-cut', 'stream_cut'],
  ])(
    '[R216] fails on %s, keeps the text, makes no call and does not try again',
    async (_what, scenario, code) => {
      const turn = await run(scenario);
      expect(turn.failure?.code).toBe(code);
      expect(turn.failure?.message).toMatch(/kept/);
      expect(turn.text).not.toBe('');
      expect(turn.calls).toEqual([]);
      expect(turn.terminals).toBe(1);
      expect(server!.requests).toHaveLength(1);
    },
  );

  it('ends a server that never answers at the start deadline', async () => {
    const clock = new FakeClock();
    const pending = collect(
      await open('fault-hang', { startTimeoutMs: 5000 }, {}, networkStream(clock)),
    );
    await requestSeen();
    await clock.advance(5000);
    expect(summarize(await pending).failure).toMatchObject({ code: 'timeout' });
    expect(server!.requests).toHaveLength(1);
  });

  it('ends a stream that falls silent at the idle deadline and keeps its text', async () => {
    const clock = new FakeClock();
    const iterator = (await open('fault-stall', { idleTimeoutMs: 7000 }, {}, networkStream(clock)))[
      Symbol.asyncIterator
    ]();
    const outputs: NetworkOutput[] = [];
    while (summarize(outputs).text.length < charsBeforeStall) {
      const item = await iterator.next();
      if (item.done === true) {
        throw new Error('the stream ended before it stalled');
      }
      outputs.push(item.value);
    }
    const next = iterator.next();
    await expect.poll(() => clock.pendingCount, patient).toBe(1);
    await clock.advance(7000);
    const last = await next;
    expect(summarize(outputs).text).not.toBe('');
    expect(last.value).toMatchObject({ kind: 'failed', failure: { code: 'timeout' } });
  });

  it('[R217] stops in the middle: aborted, the text so far was given, the connection is closed', async () => {
    const stop = new AbortController();
    const outputs: NetworkOutput[] = [];
    for await (const output of await open('slow-stream', { signal: stop.signal })) {
      outputs.push(output);
      if (output.kind === 'text') {
        stop.abort();
      }
    }
    const turn = summarize(outputs);
    expect(turn.text).not.toBe('');
    expect(turn.failure).toMatchObject({ code: 'aborted', aborted: true });
    expect(turn.terminals).toBe(1);
    await expect.poll(() => server!.requests[0]!.clientClosedEarly, patient).toBe(true);
  });

  it('[R50] sends no request when the signal is aborted from the start', async () => {
    const turn = await run('plain-text', { signal: AbortSignal.abort() });
    expect(turn).toMatchObject({
      text: '',
      failure: { code: 'aborted', aborted: true },
      terminals: 1,
    });
    expect(server!.requests).toEqual([]);
  });

  it('names the address where nothing answers', async () => {
    const dead = await address('plain-text');
    await server!.close();
    const outputs = await collect(
      networkStream()(
        networkModel(api, { address: dead }),
        turnContext(),
        exchangeOptions({ apiKey: 'a-key-of-the-user' }),
      ),
    );
    const { failure } = summarize(outputs);
    expect(failure?.code).toBe('network');
    expect(failure?.message).toContain(`Nothing answers at ${dead}`);
  });

  it('works without a key against a server that wants none', async () => {
    const outputs = await collect(
      networkStream()(
        networkModel(api, { address: await address('plain-text') }),
        turnContext(),
        exchangeOptions(),
      ),
    );
    expect(summarize(outputs).finish).toBe('stop');
    expect(Object.keys(server!.requests[0]!.headers)).not.toContain('authorization');
    expect(Object.keys(server!.requests[0]!.headers)).not.toContain('x-api-key');
  });

  it('[R49] passes temperature, the token limit, the user’s headers and the tools on', async () => {
    await run('plain-text', { temperature: 0.2, maxTokens: 321, headers: { 'x-team': 'blue' } });
    const [request] = server!.requests;
    expect(request!.headers['x-team']).toBe('blue');
    expect(request!.body).toMatchObject({ model: 'scripted', temperature: 0.2, stream: true });
    expect(JSON.stringify(request!.body)).toContain('321');
    expect(JSON.stringify(request!.body.tools)).toContain('read_file');
  });
});

/** A clock whose waits are over at once. */
const immediateClock: Clock = {
  nowMs: () => 0,
  schedule: (_delayMs, run) => {
    queueMicrotask(run);
    return { dispose: () => undefined };
  },
};

function assistant(api: ModelApi, stopReason: AssistantMessage['stopReason']): AssistantMessage {
  return {
    role: 'assistant',
    content: [],
    api,
    provider: 'test',
    model: 'scripted',
    stopReason,
    createdAtMs: 2,
  };
}

function httpFault(status: number, type: string, message: string): object {
  return { name: 'http', turns: [{ fault: { kind: 'http', status, type, message, times: 9 } }] };
}

async function requestSeen(): Promise<void> {
  await expect.poll(() => server!.requests.length, patient).toBe(1);
}
