import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock';
import { silentLogger } from '../../../src/base/logger';
import { createRedactor } from '../../../src/base/redact';
import { createChildProcessTransport } from '../../../src/node/childProcessTransport';
import { createExecutableLookup } from '../../../src/node/executables';
import { diskProgramFiles } from '../../../src/node/programFile';
import { RuntimeBroker } from '../../../src/runtime/broker';
import { indusagiCliBridge } from '../../../src/runtime/bridges/indusagiCli';
import type { ExchangeParserContext, ModelRef } from '../../../src/runtime/contract';
import { fakePeerProgram } from '../../fakes/fakePeer';
import { fieldOf, PeerTurn } from '../../fakes/fakePeerTurn';
import { textOf } from '../../fakes/exchangeLab';
import { eventually, processesWith, Workbench } from '../../fakes/realChildren';

const notify = (method: string, params: unknown): unknown => ({ jsonrpc: '2.0', method, params });
const signal = (name: string, body: unknown): unknown => ({ type: 'signal', name, body });

function exchange(context: Partial<ExchangeParserContext> = {}): PeerTurn {
  return new PeerTurn(indusagiCliBridge, { form: 'exchange', ...context });
}

function link(context: Partial<ExchangeParserContext> = {}): PeerTurn {
  const turn = exchange(context);
  turn.replyError('runExchange', -32601, 'method not found');
  return turn;
}

const terminal = (turn: PeerTurn): unknown => turn.out.at(-1);

describe('the bridge dialect of a peer', () => {
  it('[R88] takes frames with a method for notifications', () => {
    const turn = exchange();
    turn.hear(
      notify('session/resume', { resumeToken: 't' }),
      notify('stream/thinking', { delta: 'hm' }),
      notify('stream/text', { delta: 'Hello' }),
      notify('stream/toolCall', { id: '0', name: 'bash', arguments: '{"command":"ls"}' }),
      notify('stream/done', { reason: 'length' }),
    );
    expect(turn.out).toEqual([
      { kind: 'resume', token: 't' },
      { kind: 'thinking', delta: 'hm' },
      { kind: 'text', delta: 'Hello' },
      {
        kind: 'tool_call',
        call: { id: '0', name: 'bash', arguments: { command: 'ls' }, executedBy: 'child' },
      },
      { kind: 'finish', reason: 'length' },
    ]);
    expect(turn.isOver).toBe(true);
  });

  it.each([
    ['toolUse', 'toolUse'],
    ['length', 'length'],
    ['stop', 'stop'],
    ['end_turn', 'stop'],
    [undefined, 'stop'],
  ])('[R88] stream/done with reason %s finishes as %s', (reason, expected) => {
    const turn = exchange();
    turn.hear(notify('stream/done', { reason }));
    expect(terminal(turn)).toEqual({ kind: 'finish', reason: expected });
  });

  it('[R88] stream/error says itself whether it was a stop', () => {
    const stopped = exchange();
    stopped.hear(notify('stream/error', { message: 'by the user', aborted: true }));
    expect(terminal(stopped)).toMatchObject({ failure: { code: 'aborted', aborted: true } });
    const broken = exchange();
    broken.hear(notify('stream/error', { message: '429 slow down', aborted: false }));
    expect(terminal(broken)).toMatchObject({ failure: { code: 'rate_limited' } });
  });

  it('[R89] takes a frame without method for the answer: an error fails, a result finishes', () => {
    const failed = exchange();
    failed.replyError('runExchange', -32000, 'the model is on holiday');
    expect(terminal(failed)).toMatchObject({
      kind: 'failed',
      failure: { message: 'Indusagi failed: the model is on holiday' },
    });
    const done = exchange();
    done.reply('runExchange', { ok: true });
    expect(terminal(done)).toEqual({ kind: 'finish', reason: 'stop' });
  });

  it('[R89] a result after stream/done changes nothing', () => {
    const turn = exchange();
    turn.hear(notify('stream/done', { reason: 'length' }));
    turn.reply('runExchange', {});
    expect(turn.out).toEqual([{ kind: 'finish', reason: 'length' }]);
  });

  it('[R92][R104] forwards the delegate and the resume token in the opening request', () => {
    const turn = exchange({
      resume: 'token',
      spec: { adapter: 'indusagi-cli', authMode: 'external-cli', delegate: 'claude-cli' },
    });
    expect(turn.sent).toMatchObject([
      {
        jsonrpc: '2.0',
        method: 'runExchange',
        params: {
          prompt: 'do it',
          delegate: 'claude-cli',
          resumeToken: 'token',
          cwd: '/workspace',
        },
      },
    ]);
  });

  it('answers a request of the peer, known or not', () => {
    const turn = exchange();
    turn.hear({ jsonrpc: '2.0', id: 0, method: 'stream/text', params: { delta: 'x' } });
    turn.hear({ jsonrpc: '2.0', id: '0', method: 'fs/destroy', params: {} });
    expect(turn.sent.slice(1)).toMatchObject([
      { id: 0, result: {} },
      { id: '0', error: { code: -32601 } },
    ]);
    expect(turn.kinds).toEqual(['text']);
  });

  it('an unknown session is a reason to start a new one', () => {
    const turn = exchange({ resume: 'old' });
    turn.replyError('runExchange', -32000, 'session old not found');
    expect(terminal(turn)).toMatchObject({ failure: { code: 'resume_rejected' } });
  });
});

describe('which dialect a peer speaks', () => {
  it('[R90] asks again over the link when runExchange is not known, in the same child', () => {
    const notes = new Map<string, unknown>();
    const turn = link({ notes });
    expect(turn.sentNames).toEqual(['runExchange', 'snapshot', 'submit']);
    expect(turn.isOver).toBe(false);
    const next = exchange({ notes, isContinuation: true });
    expect(next.sentNames).toEqual(['snapshot', 'submit']);
  });

  it.each([
    ['a response without id', { type: 'response', success: false, error: 'Unknown command' }],
    ['an error without id', { jsonrpc: '2.0', id: null, error: { code: -32700, message: 'x' } }],
  ])('[R90] %s means another dialect', (_what, message) => {
    const turn = exchange();
    turn.hear(message);
    expect(turn.out).toMatchObject([{ kind: 'failed', failure: { code: 'wrong_dialect' } }]);
  });

  it('[R90] so does silence until the start deadline, whatever else was said', async () => {
    const turn = exchange();
    turn.hear({ type: 'banner', text: 'welcome' });
    await turn.clock.advance(29_999);
    expect(turn.isOver).toBe(false);
    await turn.clock.advance(1);
    expect(turn.out).toMatchObject([{ kind: 'failed', failure: { code: 'wrong_dialect' } }]);
  });

  it('an answer that has begun may take its time', async () => {
    const turn = exchange();
    turn.hear(notify('stream/text', { delta: 'x' }));
    await turn.clock.advance(1_000_000);
    expect(turn.isOver).toBe(false);
  });

  it('a peer that knows neither runExchange nor submit speaks another dialect', () => {
    const turn = link();
    turn.replyError('submit', -32601);
    expect(terminal(turn)).toMatchObject({ failure: { code: 'wrong_dialect' } });
  });
});

describe('the link of a peer', () => {
  it('[R91] maps every signal that it knows and ignores the rest', () => {
    const turn = link();
    turn.reply('snapshot', { sessionId: 'session-1' });
    turn.hear(
      signal('prompt', {}),
      signal('queue', { size: 1 }),
      signal('text', { kind: 'text', delta: 'Hello' }),
      signal('thinking', { kind: 'thinking', delta: 'hm' }),
      signal('tool_start', { id: 'c', name: 'bash' }),
      signal('tool_end', { id: 'c', ok: false }),
      signal('turn_end', { usage: { inputTokens: 7, outputTokens: 1 } }),
      signal('compacted', {}),
      signal('persisted', {}),
      signal('smell', {}),
      signal('idle', {}),
    );
    expect(turn.out).toMatchObject([
      { kind: 'resume', token: 'session-1' },
      { kind: 'text', delta: 'Hello' },
      { kind: 'thinking', delta: 'hm' },
      {
        kind: 'tool_call',
        call: { id: 'c', name: 'bash', arguments: {}, executedBy: 'child' },
      },
      { kind: 'tool_result', callId: 'c', result: { ok: false } },
      { kind: 'usage', usage: { inputTokens: 7, outputTokens: 1, reportedBy: 'child' } },
      { kind: 'notice', code: 'compacted' },
      { kind: 'finish', reason: 'stop' },
    ]);
  });

  it('[R91] the answer to submit ends the turn too, whichever comes first', () => {
    const turn = link();
    turn.hear(signal('text', { delta: 'x' }));
    turn.reply('submit', {});
    turn.hear(signal('idle', {}));
    expect(turn.kinds).toEqual(['text', 'finish']);
  });

  it.each([
    [{ kind: 'aborted', message: 'x' }, 'aborted'],
    [{ kind: 'error', message: '401 unauthorized' }, 'auth_required'],
    [{}, 'unknown'],
  ])('[R91] a fault %j fails as %s', (body, code) => {
    const turn = link();
    turn.hear(signal('fault', body));
    expect(terminal(turn)).toMatchObject({ kind: 'failed', failure: { code } });
  });

  it('a late idle of the turn before does not end the next one of the same child', () => {
    const notes = new Map<string, unknown>();
    link({ notes });
    const next = exchange({ notes, isContinuation: true });
    next.hear(signal('idle', {}));
    expect(next.isOver).toBe(false);
    next.hear(signal('text', { delta: 'x' }), signal('idle', {}));
    expect(next.kinds).toEqual(['text', 'finish']);
  });

  it.each([
    ['select', { title: 'Which?', options: ['a', 'b'] }, { 'Which?': 'b' }, 'b'],
    ['input', { title: 'Name?' }, { 'Name?': 'Ada' }, 'Ada'],
    ['editor', { title: 'Text?', prefill: 'old' }, { 'Text?': 'new' }, 'new'],
    ['confirm', { title: 'Sure?' }, undefined, true],
  ])(
    '[R91] a %s becomes a question and is answered with its id',
    (kind, payload, answers, value) => {
      const turn = link();
      turn.hear({ type: 'ask', id: 0, kind, payload });
      expect(turn.questions[0]?.intents[0]?.kind).toBe(kind === 'confirm' ? 'unknown' : 'question');
      turn.questions[0]?.reply({ kind: 'allow', ...(answers === undefined ? {} : { answers }) });
      expect(turn.sent.at(-1)).toEqual({ type: 'answer', id: 0, value });
    },
  );

  it.each([
    ['select', null],
    ['input', null],
    ['editor', null],
    ['confirm', false],
  ])('[R91] a %s that nobody answers within 90 s gets %s', async (kind, value) => {
    const turn = link();
    turn.hear({ type: 'ask', id: 'q', kind, payload: { title: 'Well?' } });
    const before = turn.sent.length;
    await turn.clock.advance(89_999);
    expect(turn.sent).toHaveLength(before);
    await turn.clock.advance(1);
    expect(turn.sent.slice(before)).toEqual([{ type: 'answer', id: 'q', value }]);
    expect(turn.kinds.slice(-2)).toEqual(['permission_withdrawn', 'tool_result']);
    turn.questions[0]?.reply({ kind: 'allow' });
    expect(turn.sent).toHaveLength(before + 1);
  });

  it.each([
    ['select', null],
    ['confirm', false],
  ])('[R91] a %s that is denied gets %s at once', (kind, value) => {
    const turn = link();
    turn.hear({ type: 'ask', id: 'q', kind, payload: { title: 'Well?' } });
    turn.questions[0]?.reply({ kind: 'deny', message: '' });
    expect(turn.sent.at(-1)).toEqual({ type: 'answer', id: 'q', value });
  });

  it('takes a session up by its own request, and starts anew when it is gone', () => {
    const turn = link({ resume: 'session-1' });
    expect(turn.sent.at(-1)).toMatchObject({
      method: 'resume',
      params: { sessionId: 'session-1' },
    });
    turn.reply('resume', {});
    expect(turn.sentNames.slice(-2)).toEqual(['snapshot', 'submit']);
    const gone = link({ resume: 'session-1' });
    gone.replyError('resume', -32000, 'unknown session');
    expect(terminal(gone)).toMatchObject({ failure: { code: 'resume_rejected' } });
  });

  it('stops by its own request', () => {
    const turn = link();
    turn.sent.push(...turn.parser.interrupt());
    expect(turn.sentNames.at(-1)).toBe('abort');
    turn.reply('abort', {});
    expect(terminal(turn)).toMatchObject({ failure: { aborted: true } });
  });
});

describe('a peer as a real program', () => {
  const bench = new Workbench();
  let broker: RuntimeBroker;
  const launched: (readonly string[])[] = [];

  beforeAll(async () => {
    const transport = createChildProcessTransport({
      supervisorPath: await bench.supervisor(),
      lookup: createExecutableLookup({
        files: diskProgramFiles,
        platform: process.platform,
        homeDirectory: bench.path,
        path: process.env.PATH ?? '',
        workspaceFolders: () => [],
      }),
      isTrusted: () => true,
      redact: createRedactor([]),
      inheritedEnv: process.env,
    });
    broker = new RuntimeBroker({
      framework: () => {
        throw new Error('the network was asked');
      },
      transport: (context) => {
        launched.push(context.launch.args);
        return transport(context);
      },
      clock: systemClock,
      logger: silentLogger,
    });
    broker.register(indusagiCliBridge);
  });
  afterAll(async () => {
    await broker.closeAll();
    await eventually('every peer is gone', () => processesWith(bench.path).length === 0);
    bench.remove();
  });

  async function say(
    kind: Parameters<typeof fakePeerProgram>[0],
  ): Promise<{ readonly text: string; readonly stopReason: string; readonly tokens: unknown[] }> {
    const binaryPath = bench.program(fakePeerProgram(kind));
    launched.length = 0;
    const model: ModelRef = {
      id: 'indusagi-cli/default',
      api: 'external',
      provider: 'indusagi-cli',
      model: 'default',
      name: 'Indusagi',
      runtime: { adapter: 'indusagi-cli', authMode: 'external-cli', binaryPath },
    };
    const tokens: unknown[] = [];
    const message = await broker
      .exchange(
        model,
        {
          systemPrompt: '',
          tools: [],
          messages: [{ role: 'user', text: 'hello \u2028 there', createdAtMs: 0 }],
        },
        {
          signal: new AbortController().signal,
          sessionId: kind,
          cwd: bench.path,
          observe: (item) => {
            if (item.kind === 'permission_request') {
              item.request.reply({ kind: 'allow' });
            }
          },
          onEvent: (event) => {
            if (event.kind === 'resume') {
              tokens.push(fieldOf(event, 'token'));
            }
          },
        },
      )
      .result();
    return { text: textOf(message), stopReason: message.stopReason, tokens };
  }

  it('[R88][R89] is understood in the bridge dialect', async () => {
    expect(await say('exchange')).toEqual({
      text: 'exchange: hello \u2028 there',
      stopReason: 'stop',
      tokens: ['token-1'],
    });
    expect(launched).toEqual([['--rpc']]);
  });

  it('[R90][R91] is understood over the link, its question answered, without a second start', async () => {
    expect(await say('link')).toEqual({
      text: 'link: hello \u2028 there (true)',
      stopReason: 'stop',
      tokens: ['session-1'],
    });
    expect(launched).toEqual([['--rpc']]);
  });

  it.each(['rpc', 'rpcStrict'] as const)(
    '[R90] is understood in the rpc form (%s) by a fresh start',
    async (kind) => {
      expect(await say(kind)).toMatchObject({
        text: 'rpc: hello \u2028 there',
        stopReason: 'stop',
      });
      expect(launched.map((args) => args[0])).toEqual(
        kind === 'rpc' ? ['--rpc', '--mode'] : ['--rpc', '--mode', '--mode'],
      );
      expect(launched.at(-1)?.includes('--no-extensions')).toBe(kind === 'rpc');
    },
  );
});
