import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/events/failure';
import {
  createNetworkStream,
  type NetworkLoaders,
} from '../../../src/runtime/network/networkStream';
import type { NetworkProducer, ProducerOutput } from '../../../src/runtime/network/producer';
import { defaultRetryPolicy } from '../../../src/runtime/retry';
import { FakeClock, settle } from '../../fakes/fakeClock';
import {
  collect,
  exchangeOptions,
  networkModel,
  summarize,
  turnContext,
} from '../../fakes/networkTurn';

type Step =
  ProducerOutput | { readonly kind: 'silence' } | { readonly kind: 'wait'; readonly ms: number };

/** A producer that plays one script per request; `signals` are the ones it was given. */
function scripted(clock: FakeClock, ...scripts: readonly (readonly Step[])[]) {
  const signals: AbortSignal[] = [];
  const producer: NetworkProducer = {
    stream: async function* (_model, _context, options) {
      const steps = scripts[signals.length] ?? [];
      signals.push(options.signal);
      for (const step of steps) {
        if (step.kind === 'silence') {
          await new Promise(() => undefined);
        } else if (step.kind === 'wait') {
          await new Promise<void>((resolve) => {
            clock.schedule(step.ms, resolve);
          });
        } else {
          yield step;
        }
      }
    },
  };
  const load: NetworkLoaders = { 'openai-chat': async () => producer };
  return { stream: createNetworkStream({ load, retry: defaultRetryPolicy, clock }), signals };
}

const model = networkModel('openai-chat');
const text = (delta: string): ProducerOutput => ({ kind: 'text', delta });
const stop: ProducerOutput = { kind: 'finish', reason: 'stop' };
const failed = (code: Failure['code'], more: Partial<Failure> = {}): ProducerOutput => ({
  kind: 'failed',
  failure: { code, message: 'no', ...more },
});

const calling = (id: string): ProducerOutput => ({
  kind: 'tool_call',
  call: { id, name: 'read_file', arguments: {}, executedBy: 'host' },
});

describe('the network stream', () => {
  it('gives calls ids that are new in the conversation, in the form that the server chose', async () => {
    const { stream } = scripted(new FakeClock(), [
      calling('functions.read:0'),
      calling('functions.read:0'),
      calling('call'),
      calling('call'),
      calling('gone'),
      stop,
    ]);
    const outputs = await collect(
      stream(model, turnContext(), {
        ...exchangeOptions(),
        isCallIdTaken: (id) => id === 'gone' || id === 'gone_1',
      }),
    );
    expect(
      outputs.flatMap((output) => (output.kind === 'tool_call' ? [output.call.id] : [])),
    ).toEqual(['functions.read:0', 'functions.read:1', 'call', 'call_1', 'gone_2']);
  });

  it('[R216] waits 250 ms, then 500 ms, and then gives up with the last failure', async () => {
    const clock = new FakeClock();
    const { stream, signals } = scripted(
      clock,
      [failed('overloaded')],
      [failed('timeout', { status: 504 })],
      [failed('rate_limited')],
    );
    const turn = collect(stream(model, turnContext(), exchangeOptions()));
    await clock.advance(249);
    expect(signals).toHaveLength(1);
    await clock.advance(1);
    expect(signals).toHaveLength(2);
    await clock.advance(499);
    expect(signals).toHaveLength(2);
    await clock.advance(1);
    expect(summarize(await turn)).toMatchObject({
      notices: [
        'The server is overloaded, trying again.',
        'The server took too long, trying again.',
      ],
      failure: { code: 'rate_limited' },
      terminals: 1,
    });
    expect(signals).toHaveLength(3);
  });

  it('[R216] never tries again after anything was shown', async () => {
    const shown: readonly ProducerOutput[] = [
      text('a'),
      { kind: 'thinking', delta: 'a' },
      { kind: 'tool_call', call: { id: 'a', name: 'x', arguments: {}, executedBy: 'host' } },
    ];
    for (const output of shown) {
      const { stream, signals } = scripted(new FakeClock(), [output, failed('overloaded')], [stop]);
      const turn = summarize(await collect(stream(model, turnContext(), exchangeOptions())));
      expect([turn.failure?.code, signals.length]).toEqual(['overloaded', 1]);
    }
  });

  it.each([
    'auth_required',
    'model_not_found',
    'invalid_request',
    'context_overflow',
    'network',
    'unknown',
  ] as const)('[R216] does not try %s again: it does not pass by itself', async (code) => {
    const { stream, signals } = scripted(new FakeClock(), [failed(code)], [stop]);
    expect(
      summarize(await collect(stream(model, turnContext(), exchangeOptions()))).failure?.code,
    ).toBe(code);
    expect(signals).toHaveLength(1);
  });

  it('does not wait for a server that asks for longer than a minute', async () => {
    const { stream, signals } = scripted(
      new FakeClock(),
      [failed('rate_limited', { retryAfterMs: 60_001 })],
      [stop],
    );
    expect(
      summarize(await collect(stream(model, turnContext(), exchangeOptions()))).failure
        ?.retryAfterMs,
    ).toBe(60_001);
    expect(signals).toHaveLength(1);
  });

  it('[R216] stops at once when the user stops during a wait, and sends nothing more', async () => {
    const clock = new FakeClock();
    const stopping = new AbortController();
    const { stream, signals } = scripted(clock, [failed('overloaded')], [stop]);
    const turn = collect(
      stream(model, turnContext(), exchangeOptions({ signal: stopping.signal })),
    );
    await settle();
    stopping.abort();
    expect(summarize(await turn).failure).toMatchObject({ code: 'aborted', aborted: true });
    expect(signals).toHaveLength(1);
  });

  it('[R216] does not try an aborted turn again', async () => {
    const { stream, signals } = scripted(
      new FakeClock(),
      [failed('aborted', { aborted: true })],
      [stop],
    );
    expect(
      summarize(await collect(stream(model, turnContext(), exchangeOptions()))).failure?.code,
    ).toBe('aborted');
    expect(signals).toHaveLength(1);
  });

  it('[R50] loads nothing for a signal that is aborted from the start', async () => {
    let loads = 0;
    const load: NetworkLoaders = {
      'openai-chat': () => {
        loads += 1;
        return Promise.reject(new Error('must not load'));
      },
    };
    const stream = createNetworkStream({ load, retry: defaultRetryPolicy, clock: new FakeClock() });
    const turn = await collect(
      stream(model, turnContext(), exchangeOptions({ signal: AbortSignal.abort() })),
    );
    expect(summarize(turn)).toMatchObject({
      failure: { code: 'aborted', aborted: true },
      terminals: 1,
    });
    expect(loads).toBe(0);
  });

  it('ends a producer that does not begin in time, aborts its request, and does not try again', async () => {
    const clock = new FakeClock();
    const { stream, signals } = scripted(clock, [{ kind: 'silence' }], [stop]);
    const turn = collect(stream(model, turnContext(), exchangeOptions({ startTimeoutMs: 3000 })));
    await clock.advance(2999);
    expect(signals[0]!.aborted).toBe(false);
    await clock.advance(1);
    const { failure } = summarize(await turn);
    expect(failure?.code).toBe('timeout');
    expect(failure?.message).toContain('did not begin to answer within 3 s');
    expect(signals).toHaveLength(1);
    expect(signals[0]!.aborted).toBe(true);
  });

  it('counts the idle deadline from the last sign of life, shown or not', async () => {
    const clock = new FakeClock();
    const wait: Step = { kind: 'wait', ms: 900 };
    const steps: Step[] = [
      text('a'),
      wait,
      { kind: 'activity' },
      wait,
      { kind: 'activity' },
      wait,
      text('b'),
      { kind: 'silence' },
    ];
    const { stream } = scripted(clock, steps);
    const turn = collect(stream(model, turnContext(), exchangeOptions({ idleTimeoutMs: 1000 })));
    await clock.advance(2700);
    await clock.advance(999);
    await clock.advance(1);
    const summary = summarize(await turn);
    expect(summary).toMatchObject({ text: 'ab', failure: { code: 'timeout' }, terminals: 1 });
    expect(summary.failure?.message).toContain('fell silent for 1 s');
  });

  it('lets silence last when there is no limit', async () => {
    const clock = new FakeClock();
    const { stream } = scripted(clock, [text('a'), { kind: 'wait', ms: 3_600_000 }, stop]);
    const turn = collect(stream(model, turnContext(), exchangeOptions()));
    await clock.advance(3_600_000);
    expect(summarize(await turn).finish).toBe('stop');
  });

  it('leaves a producer behind that does not hear the stop', async () => {
    const stopping = new AbortController();
    const { stream } = scripted(new FakeClock(), [text('a'), { kind: 'silence' }]);
    const turn = collect(
      stream(model, turnContext(), exchangeOptions({ signal: stopping.signal })),
    );
    await settle();
    stopping.abort();
    expect(summarize(await turn)).toMatchObject({
      text: 'a',
      failure: { code: 'aborted' },
      terminals: 1,
    });
  });

  it('ends with the terminal event and yields nothing after it', async () => {
    const { stream } = scripted(new FakeClock(), [text('a'), stop, text('b'), failed('unknown')]);
    expect(await collect(stream(model, turnContext(), exchangeOptions()))).toEqual([
      text('a'),
      stop,
    ]);
  });

  it('takes a producer that just ends, or throws, as a failure that keeps the text', async () => {
    const { stream } = scripted(new FakeClock(), [text('a')]);
    expect(summarize(await collect(stream(model, turnContext(), exchangeOptions())))).toMatchObject(
      {
        text: 'a',
        failure: { code: 'stream_cut' },
      },
    );
    const broken: NetworkProducer = {
      stream: () => {
        throw new Error('boom\nand more');
      },
    };
    const load: NetworkLoaders = { 'openai-chat': async () => broken };
    const other = createNetworkStream({ load, retry: defaultRetryPolicy, clock: new FakeClock() });
    const { failure } = summarize(await collect(other(model, turnContext(), exchangeOptions())));
    expect(failure?.code).toBe('unknown');
    expect(failure?.message).toContain('boom and more');
  });

  it('names a family of models that nothing here speaks, and a part that does not load', async () => {
    const { stream } = scripted(new FakeClock());
    const missing = summarize(
      await collect(stream(networkModel('editor'), turnContext(), exchangeOptions())),
    );
    expect(missing.failure?.code).toBe('runtime_missing');
    const load: NetworkLoaders = {
      'openai-chat': () => Promise.reject(new Error('cannot find chunk')),
    };
    const broken = createNetworkStream({ load, retry: defaultRetryPolicy, clock: new FakeClock() });
    const turn = summarize(await collect(broken(model, turnContext(), exchangeOptions())));
    expect(turn.failure?.message).toContain('cannot find chunk');
  });

  it('leaves no timer behind', async () => {
    const clock = new FakeClock();
    const { stream } = scripted(clock, [failed('overloaded')], [text('a'), stop]);
    const turn = collect(
      stream(model, turnContext(), exchangeOptions({ startTimeoutMs: 5000, idleTimeoutMs: 5000 })),
    );
    await clock.advance(250);
    await turn;
    expect(clock.pendingCount).toBe(0);
  });
});
