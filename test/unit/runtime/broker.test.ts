import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/logger';
import { PatchbayError } from '../../../src/base/patchbayError';
import type { Message } from '../../../src/events/message';
import { RuntimeBroker } from '../../../src/runtime/broker';
import {
  runtimeEndpoint,
  type ExchangeOptions,
  type ModelRef,
  type NetworkProvider,
  type TurnContext,
} from '../../../src/runtime/contract';
import type { Observation } from '../../../src/events/observation';
import type { FrameworkStream } from '../../../src/runtime/frameworkArm';
import type { ResumeLink, ResumeStore } from '../../../src/runtime/resumeLink';
import { ExchangeLab, textOf } from '../../fakes/exchangeLab';
import { FakeClock, settle } from '../../fakes/fakeClock';
import { createLineBridge } from '../../fakes/lineBridge';

const network: ModelRef = {
  id: 'openai/gpt',
  api: 'openai-responses',
  provider: 'openai',
  model: 'gpt',
  name: 'GPT',
  address: 'https://api.example.com/v1',
};
const finish = { out: [{ kind: 'finish', reason: 'stop' }], isOver: true };
const resume = (token: string): unknown => ({
  out: [{ kind: 'resume', token, agentVersion: '1.2' }],
});
const rejected = {
  out: [{ kind: 'failed', failure: { code: 'resume_rejected', message: 'gone' } }],
  isOver: true,
};

function createBroker(framework: FrameworkStream): RuntimeBroker {
  return new RuntimeBroker({ framework, clock: new FakeClock(), logger: silentLogger });
}

function options(more: Partial<ExchangeOptions> = {}): ExchangeOptions {
  return {
    signal: new AbortController().signal,
    sessionId: 's',
    observe: () => undefined,
    ...more,
  };
}

const context: TurnContext = {
  systemPrompt: '',
  tools: [],
  messages: [{ role: 'user', text: 'q', createdAtMs: 0 }],
};

async function* words(...deltas: readonly string[]): ReturnType<NetworkProvider['stream']> {
  for (const delta of deltas) {
    await Promise.resolve();
    yield { kind: 'text', delta };
  }
  yield { kind: 'finish', reason: 'stop' };
}

class MemoryLinks implements ResumeStore {
  readonly links: ResumeLink[] = [];
  find(): ResumeLink | undefined {
    return this.links.at(-1);
  }
  save(link: ResumeLink): void {
    this.links.push(link);
  }
}

describe('a choice that a dialect has no word for', () => {
  const controls = {
    model: true,
    reasoning: false,
    plan: false,
    extraFolders: false,
    images: false,
  };

  async function notices(
    bridge: Parameters<typeof createLineBridge>[0],
    opts: Partial<ExchangeOptions>,
  ): Promise<readonly string[]> {
    const lab = new ExchangeLab(createLineBridge(bridge));
    const said: string[] = [];
    for (const prompt of ['one', 'two']) {
      const turn = lab.run(prompt, opts);
      await lab.pass();
      lab.transport.emit(finish);
      await turn.message;
      said.push(...turn.log.flatMap((item) => (item.kind === 'notice' ? [item.text] : [])));
    }
    return said;
  }

  it('[R94] is told once per session and not dropped in silence', async () => {
    const chosen = { reasoning: 'high', extraFolders: ['/other'] } as const;
    expect(await notices({ controls }, chosen)).toEqual([
      'Line Agent has no way to be told the reasoning effort and the further folders of this workspace; it works without.',
    ]);
  });

  it('[R94] is said once per session, too, by an agent that only showed it when it was open', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const said: string[] = [];
    const text = 'Line Agent has no reasoning effort “high”.';
    const notice = { kind: 'notice', level: 'info', code: 'not_taken', text };
    const other = { kind: 'notice', level: 'info', code: 'other', text: 'said each time' };
    for (const prompt of ['one', 'two']) {
      const turn = lab.run(prompt, { reasoning: 'high' });
      await lab.pass();
      for (const observation of [notice, other]) {
        lab.transport.emit({ out: [{ kind: 'observation', observation }] });
      }
      lab.transport.emit(finish);
      await turn.message;
      said.push(...turn.log.flatMap((item) => (item.kind === 'notice' ? [item.text] : [])));
    }
    expect(said).toEqual([text, 'said each time', 'said each time']);
  });

  it('is a refusal in plan mode where the agent can neither plan nor be asked', async () => {
    const plans = { ...controls, plan: true };
    for (const [bridge, mode, starts] of [
      [{ controls, coverage: 'none' }, 'plan', 0],
      [{ controls, coverage: 'none' }, 'ask', 1],
      [{ controls, coverage: 'asks' }, 'plan', 1],
      [{ controls: plans, coverage: 'none' }, 'plan', 1],
    ] as const) {
      const lab = new ExchangeLab(createLineBridge(bridge));
      const turn = lab.run('go', { mode });
      await lab.pass();
      lab.transports.at(-1)?.emit(finish);
      const { failure } = await turn.message;
      expect([lab.starts.length, failure?.code]).toEqual([
        starts,
        starts === 0 ? 'consent_needed' : undefined,
      ]);
    }
  });

  it('is not told where it was not made, or is taken', async () => {
    expect(await notices({ controls }, {})).toEqual([]);
    const takes = { ...controls, reasoning: true, extraFolders: true };
    const chosen = { reasoning: 'high', extraFolders: ['/other'] } as const;
    expect(await notices({ controls: takes }, chosen)).toEqual([]);
    // Nothing is claimed of a bridge that declares nothing.
    expect(await notices({}, chosen)).toEqual([]);
  });
});

function link(resumeToken: string, more: Partial<ResumeLink> = {}): ResumeLink {
  return {
    source: 'patchbay',
    bridge: 'line',
    resumeToken,
    at: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

describe('routing', () => {
  it('[R4] routes a model without spec to the framework', () => {
    expect(createBroker(() => words()).route(network)).toEqual({ kind: 'framework' });
  });

  it('[R5] routes a model with spec and bridge to exactly that bridge and spec', () => {
    const bridge = createLineBridge();
    const lab = new ExchangeLab(bridge);
    const route = lab.broker.route(lab.model);
    expect(route).toEqual({
      kind: 'external',
      bridge,
      spec: { adapter: 'line', authMode: 'external-cli' },
    });
    expect(route.kind === 'external' && route.bridge === bridge).toBe(true);
  });

  it('[R6][R7] routes a spec without bridge to the framework, but never sends its address to the network', async () => {
    let asked = 0;
    const broker = createBroker(() => {
      asked += 1;
      return words('leak');
    });
    const model: ModelRef = { ...network, api: 'external', address: runtimeEndpoint('codex-cli') };
    expect(broker.route(model)).toEqual({ kind: 'framework' });
    const message = await broker.exchange(model, context, options()).result();
    expect(message.failure?.code).toBe('runtime_missing');
    expect(message.errorMessage).toContain('"codex-cli"');
    expect(message.errorMessage).toContain('install');
    broker.register(createLineBridge());
    const noTransport = { ...network, api: 'external', address: runtimeEndpoint('line') } as const;
    expect(
      (await broker.exchange(noTransport, context, options()).result()).errorMessage,
    ).toContain('"line"');
    expect(asked).toBe(0);
  });

  it('[R8] replaces a bridge of the same id, while a running exchange keeps the old one', async () => {
    const first = createLineBridge();
    const second = createLineBridge();
    const lab = new ExchangeLab(first);
    const turn = lab.run('one');
    await lab.pass();
    const registration = lab.broker.register(second);
    lab.transport.emit({ out: [{ kind: 'text', delta: 'old' }] }, finish);
    expect(textOf(await turn.message)).toBe('old');
    lab.run('two');
    await lab.pass();
    expect([first.contexts.length, second.contexts.length]).toEqual([1, 1]);
    registration.dispose();
    expect(lab.broker.bridges()).toEqual([]);
  });

  it('[R9] takes a bridge whose adapter nobody has heard of', async () => {
    const lab = new ExchangeLab(createLineBridge({ adapter: 'my-cli' }));
    const turn = lab.run('x');
    await lab.pass();
    lab.transport.emit(finish);
    expect((await turn.message).stopReason).toBe('stop');
    expect(lab.broker.resolveSpec(lab.model)?.adapter).toBe('my-cli');
  });

  it('[R11][R12] decides by the model alone and touches nothing while it does', () => {
    const lab = new ExchangeLab(createLineBridge());
    const one = lab.broker.route(lab.model);
    const two = lab.broker.route(
      lab.model,
      { ...context, systemPrompt: 'other' },
      options({ cwd: '/other' }),
    );
    lab.broker.resolveSpec(lab.model);
    expect(two).toEqual(one);
    expect(lab.starts).toEqual([]);
    expect(lab.clock.pendingCount).toBe(0);
  });

  it('[R13] asks anew every turn', async () => {
    const lab = new ExchangeLab(createLineBridge(), undefined, {
      framework: () => words('from the network'),
    });
    const external = lab.run('one');
    await lab.pass();
    lab.transport.emit({ out: [{ kind: 'text', delta: 'from the child' }] }, finish);
    expect(textOf(await external.message)).toBe('from the child');
    expect(textOf(await lab.run('two', { model: network }).message)).toBe('from the network');
    expect(lab.starts).toHaveLength(1);
  });

  it('[R111] lets the bridge decide whether a key is needed, and the spec when there is no bridge', () => {
    const broker = createBroker(() => words());
    expect(broker.requiresCredential({ adapter: 'line', authMode: 'external-cli' })).toBe(false);
    expect(broker.requiresCredential({ adapter: 'line', authMode: 'api-key' })).toBe(true);
    broker.register(createLineBridge({ requiresCredential: () => true }));
    expect(broker.requiresCredential({ adapter: 'line', authMode: 'external-cli' })).toBe(true);
  });
});

describe('exchange', () => {
  it('[R14] gives the same kind of stream from both arms, synchronously', async () => {
    const lab = new ExchangeLab(
      createLineBridge(),
      (_message, transport) => {
        transport.emit({ out: [{ kind: 'text', delta: 'same' }] }, finish);
      },
      { framework: () => words('same') },
    );
    const kinds: string[][] = [];
    for (const turn of [lab.run('x'), lab.run('x', { model: network })]) {
      const seen: string[] = [];
      for await (const event of turn.stream) {
        seen.push(event.type);
      }
      kinds.push(seen);
      expect(await turn.message).toMatchObject({
        stopReason: 'stop',
        content: [{ kind: 'text', text: 'same' }],
      });
    }
    expect(kinds[0]).toEqual(['start', 'text_start', 'text_delta', 'text_end', 'done']);
    expect(kinds[1]).toEqual(kinds[0]);
  });

  it('[R15] starts the child lazily, once per attempt, with spec, model, options and token', async () => {
    const lab = new ExchangeLab(createLineBridge(), undefined, { framework: () => words('n') });
    await lab.run('network', { model: network }).message;
    expect(lab.starts).toEqual([]);
    lab.run('x', { resume: 'tok' });
    expect(lab.starts).toEqual([]);
    await lab.pass();
    expect(lab.starts).toHaveLength(1);
    expect(lab.starts[0]).toMatchObject({
      spec: { adapter: 'line' },
      model: lab.model,
      opts: { sessionId: 'session', cwd: '/workspace', resume: 'tok' },
      resume: 'tok',
      launch: { defaultBinary: 'line', args: ['--lines'] },
    });
  });

  it.each([
    ['api-key', { OPENAI_API_KEY: 'sk-ours' }],
    ['external-cli', undefined],
  ] as const)(
    '[R117] a child whose runtime signs in by %s is started with %j',
    async (authMode, env) => {
      const lab = new ExchangeLab(createLineBridge(), undefined, {
        keyProviderOf: () => ({ envVariable: 'OPENAI_API_KEY' }),
        specs: () => ({ byModelId: {}, byAdapter: { line: { adapter: 'line', authMode } } }),
      });
      lab.run('x', { apiKey: 'sk-ours' });
      await lab.pass();
      expect(lab.starts).toHaveLength(1);
      expect(lab.starts[0]?.spec.env).toEqual(env);
    },
  );

  it('[R16] turns whatever throws into the last event of the stream', async () => {
    const thrown = new Error('kaputt');
    const fail = (): never => {
      throw thrown;
    };
    const labs = [
      new ExchangeLab(createLineBridge(), undefined, { transport: fail }),
      new ExchangeLab(createLineBridge({ launch: fail })),
      new ExchangeLab(createLineBridge({ createParser: fail })),
      new ExchangeLab(createLineBridge(), undefined, { specs: fail }),
    ];
    for (const lab of labs) {
      expect((await lab.run('x').message).errorMessage).toBe('kaputt');
    }
    const immediate = createBroker(fail);
    expect((await immediate.exchange(network, context, options()).result()).errorMessage).toBe(
      'kaputt',
    );
    const coded = createBroker(() => {
      throw new PatchbayError('auth_required', 'No key. Set one.');
    });
    expect((await coded.exchange(network, context, options()).result()).failure).toEqual({
      code: 'auth_required',
      message: 'No key. Set one.',
    });
  });

  it('[R39] keeps of a cause only words, whatever it was: the failure goes through JSON as it is', async () => {
    const circle: Record<string, unknown> = { name: 'circle' };
    circle.self = circle;
    const looped = new Error('the inner reason');
    looped.cause = looped;
    for (const [cause, detail] of [
      [looped, 'the inner reason'],
      ['only words', 'only words'],
      [circle, 'unknown error'],
      [10n, 'unknown error'],
      [Symbol('s'), 'unknown error'],
      [() => 'x', 'unknown error'],
    ] as const) {
      const broker = createBroker(() => {
        throw new Error('first line\n  second line', { cause });
      });
      const message = await broker.exchange(network, context, options()).result();
      expect(message.errorMessage).toBe('first line second line');
      expect(message.failure).toEqual({
        code: 'unknown',
        message: 'first line second line',
        detail,
      });
      expect(JSON.parse(JSON.stringify(message))).toEqual(message);
    }
  });

  it('ends a network stream that just stops as cut, and keeps its text', async () => {
    async function* cut(): ReturnType<FrameworkStream> {
      await Promise.resolve();
      yield { kind: 'text', delta: 'half' };
    }
    const message = await createBroker(cut).exchange(network, context, options()).result();
    expect(message.failure?.code).toBe('stream_cut');
    expect(textOf(message)).toBe('half');
  });

  it('[R49] passes the options of both arms through unchanged', async () => {
    const seen: ExchangeOptions[] = [];
    const given = options({
      sessionId: 'the-session',
      apiKey: 'k',
      temperature: 0.5,
      maxTokens: 9,
      reasoning: 'high',
      headers: { a: 'b' },
      metadata: { c: 'd' },
      cacheRetention: 'long',
      cwd: '/w',
      resume: 't',
    });
    const bridge = createLineBridge();
    const lab = new ExchangeLab(bridge, undefined, {
      framework: (_model, _context, opts) => {
        seen.push(opts);
        return words('x');
      },
    });
    await lab.broker.exchange(network, context, given).result();
    expect(seen[0]).toBe(given);
    lab.broker.exchange(lab.model, context, given);
    await lab.pass();
    expect(bridge.contexts[0]?.opts).toEqual(given);
    expect(bridge.contexts[0]?.opts.signal).toBe(given.signal);
    expect(bridge.contexts[0]?.opts.sessionId).toBe('the-session');
    expect(lab.starts[0]?.opts).toEqual(given);
  });

  it.each(['minimal', 'low', 'medium', 'high', 'xhigh'] as const)(
    '[R49] brings the effort "%s" to both arms',
    async (reasoning) => {
      const seen: unknown[] = [];
      const bridge = createLineBridge();
      const lab = new ExchangeLab(bridge, undefined, {
        framework: (_model, _context, opts) => {
          seen.push(opts.reasoning);
          return words('x');
        },
      });
      await lab.run('x', { model: network, reasoning }).message;
      lab.run('x', { reasoning });
      await lab.pass();
      seen.push(bridge.contexts[0]?.opts.reasoning, lab.starts[0]?.opts.reasoning);
      expect(seen).toEqual([reasoning, reasoning, reasoning]);
    },
  );

  it('[R50] makes no request for a signal that was aborted before', async () => {
    let asked = 0;
    const broker = createBroker(() => {
      asked += 1;
      return words('x');
    });
    const message = await broker
      .exchange(network, context, options({ signal: AbortSignal.abort() }))
      .result();
    expect(message.stopReason).toBe('aborted');
    expect(asked).toBe(0);
  });

  it('leaves a network provider behind that does not hear the stop', async () => {
    async function* deaf(): ReturnType<FrameworkStream> {
      yield { kind: 'text', delta: 'a' };
      await new Promise(() => undefined);
    }
    const controller = new AbortController();
    const stopped = createBroker(deaf)
      .exchange(network, context, options({ signal: controller.signal }))
      .result();
    await settle();
    controller.abort();
    expect((await stopped).stopReason).toBe('aborted');
  });

  it('[R21] brings `delegate` to the bridge, and a bridge that ignores it works all the same', async () => {
    const lab = new ExchangeLab(createLineBridge(), undefined, {
      specs: () => ({
        byModelId: {},
        byAdapter: { line: { adapter: 'line', authMode: 'external-cli', delegate: 'other' } },
      }),
    });
    const turn = lab.run('x');
    await lab.pass();
    lab.transport.emit(finish);
    expect((await turn.message).stopReason).toBe('stop');
    expect(lab.starts[0]?.spec.delegate).toBe('other');
  });

  it('[R41] folds retractions and numbers of the side channel into the message and passes them on', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x');
    await lab.pass();
    lab.transport.emit(
      { out: [{ kind: 'text', delta: 'half', blockId: 'b1' }] },
      { out: [{ kind: 'observation', observation: { kind: 'retract', blockId: 'b1' } }] },
      { out: [{ kind: 'text', delta: 'whole', blockId: 'b2' }] },
      {
        out: [
          {
            kind: 'observation',
            observation: { kind: 'usage', usage: { inputTokens: 1, reportedBy: 'child' } },
          },
        ],
      },
      finish,
    );
    const message = await turn.message;
    expect(textOf(message)).toBe('whole');
    expect(message.usage).toEqual({ inputTokens: 1, reportedBy: 'child' });
    expect(turn.log.map((item) => item.kind)).toEqual([
      'text',
      'retract',
      'text',
      'usage',
      'finish',
    ]);
  });

  it('[R41] lets every other kind of the side channel pass as it came, in its place, and puts none of them into the message', async () => {
    const observations = [
      { kind: 'plan', items: [{ text: 'look', status: 'active' }] },
      { kind: 'tool_progress', callId: 'c', text: '50 %' },
      { kind: 'file_change', callId: 'c', paths: ['/w/a.ts'] },
      { kind: 'tool_result', callId: 'c', result: { ok: true, output: 'done' } },
      { kind: 'notice', level: 'info', text: 'slow today', code: 'slow' },
      { kind: 'tool_progress', callId: 'd', text: 'half', parentCallId: 'c' },
    ] as const satisfies readonly Observation[];
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x');
    await lab.pass();
    lab.transport.emit(
      { out: [{ kind: 'text', delta: 'before ' }] },
      ...observations.map((observation) => ({ out: [{ kind: 'observation', observation }] })),
      { out: [{ kind: 'text', delta: 'after' }] },
      finish,
    );
    const message = await turn.message;
    expect(turn.log).toEqual([
      { kind: 'text', delta: 'before ' },
      ...observations,
      { kind: 'text', delta: 'after' },
      { kind: 'finish', reason: 'stop' },
    ]);
    expect(message.content).toEqual([{ kind: 'text', text: 'before after' }]);
    expect(message.usage).toBeUndefined();
  });

  it('[R41] passes a question on with its reply, and takes it back when the dialect does', async () => {
    const replies: unknown[] = [];
    const ask = (requestId: string): unknown => ({
      out: [
        {
          kind: 'observation',
          observation: {
            kind: 'permission_request',
            request: {
              requestId,
              callId: 'c',
              toolName: 'Bash',
              input: {},
              intents: [],
              reply: (answer: unknown) => replies.push([requestId, answer]),
            },
          },
        },
      ],
    });
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x');
    await lab.pass();
    lab.transport.emit(ask('q1'), ask('q2'), {
      out: [
        { kind: 'observation', observation: { kind: 'permission_withdrawn', requestId: 'q2' } },
      ],
    });
    for (const item of turn.log) {
      if (item.kind === 'permission_request') {
        item.request.reply({ kind: 'allow' });
        item.request.reply({ kind: 'deny', message: 'changed my mind' });
      }
    }
    lab.transport.emit(finish);
    expect((await turn.message).stopReason).toBe('stop');
    expect(replies).toEqual([['q1', { kind: 'allow' }]]);
    expect(turn.log.map((item) => item.kind)).toEqual([
      'permission_request',
      'permission_request',
      'permission_withdrawn',
      'finish',
    ]);
  });

  it('[R41] a bridge that uses none of the side channel gives a whole answer', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x');
    await lab.pass();
    const call = { id: 'c', name: 'Read', arguments: {}, executedBy: 'host' } as const;
    lab.transport.emit(
      { out: [{ kind: 'thinking', delta: 'hm' }] },
      { out: [{ kind: 'text', delta: 'yes' }] },
      { out: [{ kind: 'tool_call', call }] },
      { out: [{ kind: 'finish', reason: 'toolUse' }], isOver: true },
    );
    const message = await turn.message;
    expect(message.stopReason).toBe('toolUse');
    expect(message.content).toEqual([
      { kind: 'thinking', text: 'hm' },
      { kind: 'text', text: 'yes' },
      { kind: 'tool_call', call },
    ]);
    expect(turn.log.map((item) => item.kind)).toEqual(['thinking', 'text', 'tool_call', 'finish']);
  });
});

describe('resume', () => {
  it('[R100] waits for an asynchronous store before it starts the child, and returns the stream at once', async () => {
    let answer: (found: ResumeLink) => void = () => undefined;
    const store: ResumeStore = {
      find: () => new Promise((resolve) => (answer = resolve)),
      save: () => undefined,
    };
    const lab = new ExchangeLab(createLineBridge(), undefined, { resumeStore: () => store });
    lab.run('x');
    await lab.pass();
    expect(lab.starts).toEqual([]);
    answer(link('stored'));
    await lab.pass();
    expect(lab.starts[0]?.resume).toBe('stored');
  });

  it('[R101] starts fresh when the store is slow or broken, and logs a save that fails', async () => {
    const warnings: string[] = [];
    const slow: ResumeStore = {
      find: () => new Promise(() => undefined),
      save: () => Promise.reject(new Error('disk full')),
    };
    const lab = new ExchangeLab(createLineBridge(), undefined, {
      resumeStore: () => slow,
      logger: { ...silentLogger, warn: (message) => warnings.push(message) },
    });
    const turn = lab.run('x');
    await lab.pass(499);
    expect(lab.starts).toEqual([]);
    await lab.pass(1);
    expect(lab.starts[0]?.resume).toBeUndefined();
    lab.transport.emit(resume('new'), finish);
    expect((await turn.message).stopReason).toBe('stop');
    await lab.pass();
    expect(warnings.join('\n')).toContain('disk full');
    const broken = new ExchangeLab(createLineBridge(), undefined, {
      resumeStore: () => ({
        find: () => {
          throw new Error('unreadable');
        },
        save: () => undefined,
      }),
    });
    broken.run('x');
    await broken.pass();
    expect(broken.starts[0]?.resume).toBeUndefined();
  });

  it('[R96][R102] saves each new token once, and not the one it resumed with', async () => {
    const store = new MemoryLinks();
    store.save(link('old', { cwd: '/workspace' }));
    const lab = new ExchangeLab(createLineBridge(), undefined, { resumeStore: () => store });
    const turn = lab.run('x');
    await lab.pass();
    lab.transport.emit(resume('old'), resume('new'), resume('new'), resume('newest'), finish);
    await turn.message;
    expect(store.links.map((item) => item.resumeToken)).toEqual(['old', 'new', 'newest']);
    expect(store.links.at(-1)).toEqual({
      source: 'patchbay',
      bridge: 'line',
      resumeToken: 'newest',
      at: '2026-01-02T03:04:05.000Z',
      model: 'line/default',
      cwd: '/workspace',
      cliVersion: '1.2',
    });
  });

  it('[R104] prefers an explicit token and shows the resolved one to transport, options and opening request', async () => {
    const store = new MemoryLinks();
    store.save(link('stored'));
    const bridge = createLineBridge();
    const lab = new ExchangeLab(bridge, undefined, { resumeStore: () => store });
    lab.run('x', { resume: 'explicit' });
    await lab.pass();
    expect(lab.starts[0]?.resume).toBe('explicit');
    expect(lab.starts[0]?.opts.resume).toBe('explicit');
    expect(lab.transport.sent).toEqual([{ prompt: 'x', resume: 'explicit' }]);
    lab.run('x');
    await lab.pass();
    expect(lab.starts[1]?.resume).toBe('stored');
    expect(bridge.contexts[1]?.opts.resume).toBe('stored');
  });

  it('[R108] retries exactly once without a token that the child does not know, and says so', async () => {
    const store = new MemoryLinks();
    store.save(link('stale'));
    const bridge = createLineBridge();
    const lab = new ExchangeLab(bridge, (_message, transport) => transport.emit(rejected), {
      resumeStore: () => store,
    });
    const history: readonly Message[] = [
      { role: 'user', text: 'earlier', createdAtMs: 0 },
      { role: 'user', text: 'now', createdAtMs: 0 },
    ];
    const turn = lab.run('', { messages: history });
    expect((await turn.message).failure?.code).toBe('resume_rejected');
    await lab.pass();
    expect(lab.starts.map((start) => start.resume)).toEqual(['stale', undefined]);
    expect(bridge.contexts.map((item) => item.resume)).toEqual(['stale', undefined]);
    expect(turn.log.map((item) => item.kind)).toEqual(['notice', 'failed']);
    expect(lab.transports.map((transport) => transport.closeCount)).toEqual([1, 1]);
  });

  it('[R108] goes on to the end of the answer after the retry, and keeps the new token', async () => {
    const store = new MemoryLinks();
    store.save(link('stale', { cwd: '/workspace' }));
    let starts = 0;
    const bridge = createLineBridge();
    const lab = new ExchangeLab(
      bridge,
      (_message, transport) => {
        starts += 1;
        transport.emit(
          ...(starts === 1
            ? [rejected]
            : [resume('fresh'), { out: [{ kind: 'text', delta: 'here' }] }, finish]),
        );
      },
      { resumeStore: () => store },
    );
    const history: readonly Message[] = [
      { role: 'user', text: 'earlier', createdAtMs: 0 },
      { role: 'user', text: 'now', createdAtMs: 0 },
    ];
    const turn = lab.run('', { messages: history });
    const message = await turn.message;
    expect([message.stopReason, textOf(message)]).toEqual(['stop', 'here']);
    expect(turn.log.map((item) => item.kind)).toEqual(['notice', 'resume', 'text', 'finish']);
    expect(bridge.contexts.map((item) => item.opts.resume)).toEqual(['stale', undefined]);
    expect(bridge.contexts[1]?.context.messages).toEqual(history);
    expect(bridge.contexts.map((item) => item.isContinuation)).toEqual([false, false]);
    expect(store.links.map((item) => item.resumeToken)).toEqual(['stale', 'fresh']);
    await lab.run('again').message;
    expect(lab.starts.map((start) => start.resume)).toEqual(['stale', undefined, 'fresh']);
  });

  it('[R108] does not start over what has begun to answer, or was stopped meanwhile', async () => {
    const begun = new ExchangeLab(createLineBridge(), (_message, transport) =>
      transport.emit({ out: [{ kind: 'text', delta: 'half' }] }, rejected),
    );
    const message = await begun.run('x', { resume: 'stale' }).message;
    expect([message.failure?.code, textOf(message)]).toEqual(['resume_rejected', 'half']);
    expect(begun.starts).toHaveLength(1);
    const stopped = new ExchangeLab(createLineBridge());
    const turn = stopped.run('x', { resume: 'stale' });
    await stopped.pass();
    turn.abort();
    stopped.transport.emit(rejected);
    expect((await turn.message).stopReason).toBe('aborted');
    await stopped.pass();
    expect(stopped.starts).toHaveLength(1);
  });

  it('[R109] does not use a record of another folder, but one that names none', async () => {
    const store = new MemoryLinks();
    store.save(link('elsewhere', { cwd: '/other' }));
    const lab = new ExchangeLab(createLineBridge(), undefined, { resumeStore: () => store });
    lab.run('x');
    await lab.pass();
    expect(lab.starts[0]?.resume).toBeUndefined();
    store.save(link('anywhere'));
    lab.run('x');
    await lab.pass();
    expect(lab.starts[1]?.resume).toBe('anywhere');
  });
});

describe('children that live longer than a turn', () => {
  const answering = (
    _message: unknown,
    transport: { emit: (...messages: unknown[]) => void },
  ): void => transport.emit(resume('tok'), finish);

  it('[R71] uses one child for the turns of a session and closes it after five idle minutes', async () => {
    const store = new MemoryLinks();
    const bridge = createLineBridge({ leaseKey: 'k' });
    const lab = new ExchangeLab(bridge, answering, { resumeStore: () => store });
    await lab.run('one').message;
    await lab.pass();
    await lab.run('two').message;
    await lab.pass();
    expect(lab.transports).toHaveLength(1);
    expect(bridge.contexts.map((item) => item.isContinuation)).toEqual([false, true]);
    await lab.pass(299_000);
    expect(lab.transport.closeCount).toBe(0);
    await lab.pass(1000);
    expect(lab.transport.closeCount).toBe(1);
    await lab.run('three').message;
    expect(lab.transports).toHaveLength(2);
    expect(lab.starts[1]?.resume).toBe('tok');
  });

  it('[R71] ends every child on closeAll', async () => {
    const lab = new ExchangeLab(createLineBridge({ leaseKey: 'k' }), answering);
    await lab.run('one').message;
    const other = lab.run('two', { sessionId: 'other' });
    await other.message;
    await lab.broker.closeAll();
    expect(lab.transports.map((transport) => transport.closeCount)).toEqual([1, 1]);
  });

  it('starts a new child when the launch changed, the old one died, or it spoke unasked', async () => {
    const store = new MemoryLinks();
    let leaseKey = 'a';
    const bridge = createLineBridge({
      launch: () => ({ defaultBinary: 'line', args: [], leaseKey }),
    });
    const lab = new ExchangeLab(bridge, answering, { resumeStore: () => store });
    await lab.run('one').message;
    await lab.pass();
    leaseKey = 'b';
    await lab.run('two').message;
    await lab.pass();
    expect(lab.transports.map((transport) => transport.closeCount)).toEqual([1, 0]);
    lab.transport.exit({ code: 0 });
    await lab.run('three').message;
    await lab.pass();
    lab.transport.emit({ out: [{ kind: 'text', delta: 'nobody asked' }] });
    const last = lab.run('four');
    await last.message;
    expect(last.log.some((item) => item.kind === 'text')).toBe(false);
    expect(lab.transports.map((transport) => transport.closeCount)).toEqual([1, 1, 1, 0]);
    expect(bridge.contexts.every((item) => !item.isContinuation)).toBe(true);
  });

  it('does not let a child go on that remembers another branch', async () => {
    const store = new MemoryLinks();
    const lab = new ExchangeLab(createLineBridge({ leaseKey: 'k' }), answering, {
      resumeStore: () => store,
    });
    await lab.run('one').message;
    await lab.pass();
    store.links.length = 0;
    await lab.run('one, again').message;
    expect(lab.starts.map((start) => start.resume)).toEqual([undefined, undefined]);
  });

  it('[R76] keeps two exchanges of one bridge object apart', async () => {
    const lab = new ExchangeLab(createLineBridge({ leaseKey: 'k' }));
    const one = lab.run('one', { sessionId: 'a' });
    const two = lab.run('two', { sessionId: 'b' });
    await lab.pass();
    const [first, second] = lab.transports;
    second?.emit({ out: [{ kind: 'text', delta: 'B' }] });
    first?.emit({ out: [{ kind: 'text', delta: 'A' }] }, finish);
    second?.emit(finish);
    expect([textOf(await one.message), textOf(await two.message)]).toEqual(['A', 'B']);
  });

  it('[R76] neither a token, a call, a question of the same id, a retraction nor a number crosses over', async () => {
    const stores = { a: new MemoryLinks(), b: new MemoryLinks() };
    const answers: unknown[] = [];
    const lab = new ExchangeLab(createLineBridge(), undefined, {
      resumeStore: (sessionId) => (sessionId === 'a' ? stores.a : stores.b),
    });
    const one = lab.run('one', { sessionId: 'a' });
    const two = lab.run('two', { sessionId: 'b' });
    await lab.pass();
    const told = (observation: object): object => ({
      out: [{ kind: 'observation', observation }],
    });
    const saidBy = (who: string): readonly object[] => [
      { out: [{ kind: 'resume', token: `token of ${who}` }] },
      { out: [{ kind: 'text', delta: `half of ${who}`, blockId: 'b1' }] },
      {
        out: [
          { kind: 'tool_call', call: { id: 'c', name: who, arguments: {}, executedBy: 'child' } },
        ],
      },
      told({
        kind: 'permission_request',
        request: {
          requestId: '0',
          callId: 'c',
          toolName: who,
          input: {},
          intents: [],
          reply: (answer: unknown) => answers.push([who, answer]),
        },
      }),
      { out: [{ kind: 'text', delta: `kept of ${who}`, blockId: 'b2' }] },
    ];
    const [first, second] = lab.transports;
    const lines = { a: saidBy('A'), b: saidBy('B') };
    lines.a.forEach((line, index) => {
      first?.emit(line);
      second?.emit(lines.b[index]);
    });
    second?.emit(told({ kind: 'retract', blockId: 'b1' }));
    second?.emit(told({ kind: 'usage', usage: { inputTokens: 7, reportedBy: 'child' } }));
    for (const item of two.log) {
      if (item.kind === 'permission_request') {
        item.request.reply({ kind: 'deny', message: 'no' });
      }
    }
    first?.emit(told({ kind: 'tool_result', callId: 'c', result: { ok: true, output: 'A' } }));
    first?.emit(finish);
    const a = await one.message;
    expect(textOf(a)).toBe('half of Akept of A');
    expect(a.usage).toBeUndefined();
    expect(two.log.filter((item) => item.kind === 'tool_result')).toEqual([]);
    second?.emit(finish);
    const b = await two.message;
    expect(textOf(b)).toBe('kept of B');
    expect(b.usage).toEqual({ inputTokens: 7, reportedBy: 'child' });
    const results = (log: typeof one.log): readonly unknown[] =>
      log.flatMap((item) => (item.kind === 'tool_result' ? [item.result.ok] : []));
    expect([results(one.log), results(two.log)]).toEqual([[true], [false]]);
    const withdrawn = (log: typeof one.log): number =>
      log.filter((item) => item.kind === 'permission_withdrawn').length;
    expect([withdrawn(one.log), withdrawn(two.log)]).toEqual([1, 0]);
    expect(answers).toEqual([['B', { kind: 'deny', message: 'no' }]]);
    expect([stores.a, stores.b].map(({ links }) => links.map((kept) => kept.resumeToken))).toEqual([
      ['token of A'],
      ['token of B'],
    ]);
  });
});
