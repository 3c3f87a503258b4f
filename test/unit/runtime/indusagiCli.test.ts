import { describe, expect, it } from 'vitest';
import {
  createIndusagiBridge,
  createPiBridge,
  indusagiCliBridge,
} from '../../../src/runtime/bridges/indusagiCli';
import type { ExternalRuntimeSpec, LaunchPlan, ModelRef } from '../../../src/runtime/contract';
import { ExchangeLab, textOf } from '../../fakes/exchangeLab';
import { fieldOf, PeerTurn } from '../../fakes/fakePeerTurn';

const gatePath = '/patchbay/media/pi-gate.mjs';
const pi = createPiBridge(gatePath);
const plain = { form: 'plain-rpc' };

function launch(
  bridge = pi,
  form?: string,
  spec: Partial<ExternalRuntimeSpec> = {},
  model = 'default',
): LaunchPlan {
  const ref: ModelRef = { id: 'm', api: 'external', provider: 'p', model, name: 'M' };
  return bridge.launch(
    { adapter: bridge.adapter, authMode: 'external-cli', ...spec },
    {
      model: ref,
      context: {
        systemPrompt: 'SYSTEM',
        tools: [],
        messages: [{ role: 'user', text: '--rm -rf', createdAtMs: 0 }],
      },
      opts: {
        signal: new AbortController().signal,
        sessionId: 's',
        cwd: '/workspace',
        reasoning: 'high',
        observe: () => undefined,
      },
      resume: '--evil',
      ...(form === undefined ? {} : { form }),
    },
  );
}

const assistant = (stopReason = 'stop', errorMessage?: string): unknown => ({
  role: 'assistant',
  content: [],
  stopReason,
  usage: { input: 100, output: 10, cacheRead: 5, cacheWrite: 0, cost: { total: 0.5 } },
  ...(errorMessage === undefined ? {} : { errorMessage }),
});
const started = [
  { type: 'agent_start' },
  { type: 'message_start', message: { role: 'assistant', content: [] } },
];
const ended = (stopReason = 'stop', errorMessage?: string): readonly unknown[] => [
  { type: 'message_end', message: assistant(stopReason, errorMessage) },
  { type: 'agent_end', messages: [assistant(stopReason, errorMessage)] },
];
const update = (assistantMessageEvent: unknown): unknown => ({
  type: 'message_update',
  assistantMessageEvent,
});
const text = (delta: string): unknown => update({ type: 'text_delta', contentIndex: 0, delta });
const call = (id: string, name = 'bash', input: unknown = { command: 'ls' }): unknown =>
  update({
    type: 'toolcall_end',
    contentIndex: 1,
    toolCall: { type: 'toolCall', id, name, arguments: input },
  });
const gateSign = {
  type: 'extension_ui_request',
  id: 'g',
  method: 'setStatus',
  statusKey: 'patchbay.gate',
  statusText: '1',
};
const asks = (id: string, toolName: string, input: unknown): unknown => ({
  type: 'extension_ui_request',
  id,
  method: 'input',
  title: 'patchbay.tool_call',
  placeholder: JSON.stringify({ callId: 'c', toolName, input, cwd: '/workspace' }),
});

function running(): PeerTurn {
  const turn = new PeerTurn(indusagiCliBridge, plain);
  turn.answer('prompt');
  turn.hear(...started);
  return turn;
}

describe('how a peer is started', () => {
  it('[R19][R74] pins the arguments of pi: the own ones first, and neither prompt nor session nor system prompt among them', () => {
    const plan = launch(pi, undefined, { args: ['--verbose'] }, 'openai/gpt/5');
    expect(plan.args).toEqual([
      '--verbose',
      '--mode',
      'rpc',
      '--provider',
      'openai',
      '--model',
      'gpt/5',
      '--thinking',
      'high',
      '--no-extensions',
      '--no-skills',
      '--no-prompt-templates',
      '--no-themes',
      '--no-context-files',
      '--system-prompt',
      '',
      '--append-system-prompt',
      '',
      '--extension',
      gatePath,
    ]);
    expect(plan.defaultBinary).toBe('pi');
    expect(plan.env).toEqual({
      PI_OFFLINE: '1',
      PI_SKIP_VERSION_CHECK: '1',
      PI_CODING_AGENT_SESSION_DIR: '~/.pi/agent/sessions/patchbay',
    });
  });

  it('[R19][R74][R90] pins the arguments of each form of Indusagi', () => {
    expect(launch(indusagiCliBridge, 'exchange', { args: ['--x'] }).args).toEqual(['--x', '--rpc']);
    expect(launch(indusagiCliBridge, 'plain-rpc', { args: ['--x'] }).args).toEqual([
      '--x',
      '--mode',
      'rpc',
      '--thinking',
      'high',
    ]);
    expect(launch(createIndusagiBridge(gatePath), 'rpc').args.slice(-2)).toEqual([
      '--extension',
      gatePath,
    ]);
    expect(launch(indusagiCliBridge, 'exchange').defaultBinary).toBe('indusagi');
  });

  it('keeps the variables that the user set over its own', () => {
    const plan = launch(pi, undefined, { env: { PI_CODING_AGENT_SESSION_DIR: '/mine' } });
    expect(plan.env?.PI_CODING_AGENT_SESSION_DIR).toBe('/mine');
  });

  it('[R90] tries the form first that the name of the program or the own arguments speak for', () => {
    const forms = (spec: Partial<ExternalRuntimeSpec>): readonly string[] | undefined =>
      indusagiCliBridge.forms?.({ adapter: 'indusagi-cli', authMode: 'external-cli', ...spec });
    expect(forms({})).toEqual(['exchange', 'rpc', 'plain-rpc']);
    expect(forms({ binaryPath: '/usr/bin/pi' })).toEqual(['rpc', 'exchange', 'plain-rpc']);
    expect(forms({ binaryPath: 'C:\\bin\\pi.exe' })).toEqual(['rpc', 'exchange', 'plain-rpc']);
    expect(forms({ binaryPath: '/usr/bin/pip' })).toEqual(['exchange', 'rpc', 'plain-rpc']);
    expect(forms({ args: ['--mode', 'rpc'] })).toEqual(['rpc', 'exchange', 'plain-rpc']);
  });

  it('promises every call before the gate only where nothing is prompted without our extension', () => {
    expect([pi.coverage, pi.coverageNote]).toEqual(['all', '']);
    expect(indusagiCliBridge.coverage).toBe('none');
    expect(createIndusagiBridge(gatePath).coverage).toBe('none');
    expect(indusagiCliBridge.coverageNote).not.toBe('');
  });
});

describe('a turn in the rpc form', () => {
  it('sends the prompt at once where nothing has to be waited for', () => {
    const turn = new PeerTurn(indusagiCliBridge, plain);
    expect(turn.sentNames).toEqual(['get_state', 'prompt']);
  });

  it('[R210] has its own command for a prompt of /compact, and says what came of it', () => {
    const context = {
      systemPrompt: '',
      tools: [],
      messages: [{ role: 'user', text: '/compact', createdAtMs: 0 } as const],
    };
    const turn = new PeerTurn(indusagiCliBridge, { ...plain, context });
    expect(turn.sentNames).toContain('compact');
    expect(turn.sentNames).not.toContain('prompt');
    turn.hear({ type: 'compaction_start' }, { type: 'compaction_end' });
    turn.answer('compact');
    expect(turn.kinds).toEqual(['notice', 'notice', 'finish']);
    expect(turn.isOver).toBe(true);
  });

  it('reads only the delta of an update, and gives nothing twice at the end of the message', () => {
    const turn = running();
    turn.hear(
      {
        type: 'message_update',
        message: { role: 'assistant', content: [{ type: 'text', text: 'Hello, all of it' }] },
        assistantMessageEvent: { type: 'text_delta', contentIndex: 0, delta: 'Hel', partial: {} },
      },
      text('lo'),
      {
        type: 'message_end',
        message: {
          role: 'assistant',
          stopReason: 'stop',
          content: [
            { type: 'text', text: 'Hello' },
            { type: 'text', text: 'never streamed' },
          ],
        },
      },
    );
    expect(turn.out.flatMap((item) => (item.kind === 'text' ? [item.delta] : []))).toEqual([
      'Hel',
      'lo',
      'never streamed',
    ]);
  });

  it('[R79] replaces what was streamed when the whole message says something else, and says neither twice', () => {
    const turn = running();
    const whole = {
      type: 'message_end',
      message: {
        role: 'assistant',
        stopReason: 'stop',
        content: [
          { type: 'text', text: 'Hello' },
          { type: 'text', text: 'and more' },
          { type: 'thinking', thinking: '' },
        ],
      },
    };
    turn.hear(
      text('Heo'),
      update({ type: 'text_delta', contentIndex: 1, delta: 'and' }),
      update({ type: 'thinking_delta', contentIndex: 2, delta: 'so' }),
      whole,
      whole,
    );
    expect(turn.out).toEqual([
      { kind: 'text', delta: 'Heo', blockId: '1:0:text' },
      { kind: 'text', delta: 'and', blockId: '1:1:text' },
      { kind: 'thinking', delta: 'so', blockId: '1:2:thinking' },
      { kind: 'retract', blockId: '1:0:text' },
      { kind: 'text', delta: 'Hello', blockId: '1:0:text#2' },
      { kind: 'text', delta: ' more', blockId: '1:1:text' },
    ]);
  });

  it('[R176] shows a call whose start was lost, by the name that its result has or as it was asked about', () => {
    const turn = running();
    const end = (toolCallId: string, toolName?: string): unknown => ({
      type: 'tool_execution_end',
      toolCallId,
      toolName,
      result: { content: [{ type: 'text', text: 'o' }] },
      isError: false,
    });
    turn.hear(asks('q', 'write', { path: '/workspace/a', content: 'x' }), end('c'));
    turn.hear(end('q', 'bash'), end('z'), call('z'));
    expect(turn.out.flatMap((item) => (item.kind === 'tool_call' ? [item.call] : []))).toEqual([
      {
        id: 'c',
        name: 'write',
        arguments: { path: '/workspace/a', content: 'x' },
        executedBy: 'child',
      },
      { id: 'q', name: 'bash', arguments: {}, executedBy: 'child' },
      { id: 'z', name: 'unknown tool', arguments: {}, executedBy: 'child' },
    ]);
    expect(turn.kinds.slice(0, 4)).toEqual([
      'permission_request',
      'tool_call',
      'tool_result',
      'file_change',
    ]);
  });

  it('leaves no dialog waiting that it cannot show, and answers none that only shows something', () => {
    const turn = running();
    const before = turn.sent.length;
    const request = (id: unknown, method: string): unknown => ({
      type: 'extension_ui_request',
      id,
      method,
    });
    turn.hear(request('z', 'nonsense'), request(0, 'confirm'), request('s', 'setWidget'));
    turn.hear(request(undefined, 'select'));
    const cancelled = { type: 'extension_ui_response', cancelled: true };
    expect(turn.sent.slice(before)).toEqual([
      { ...cancelled, id: 'z' },
      { ...cancelled, id: 0 },
    ]);
    expect(turn.out).toEqual([]);
  });

  const notParsed = { type: 'response', command: 'parse', success: false, error: 'Bad JSON' };

  it('fails at once, with its reason, when the prompt came to it broken: that answer names nothing of ours', () => {
    const turn = new PeerTurn(indusagiCliBridge, plain);
    turn.answer('get_state', { sessionFile: '/s.jsonl' });
    turn.hear(notParsed);
    expect(turn.out.at(-1)).toEqual({
      kind: 'failed',
      failure: {
        code: 'unknown',
        message:
          'Indusagi could not read what Patchbay sent: Bad JSON. Nothing was done; send the prompt again.',
        detail: 'Bad JSON',
      },
    });
    const gated = new PeerTurn(pi);
    gated.hear(gateSign, notParsed);
    expect([gated.sentNames, gated.kinds]).toEqual([['get_state'], ['failed']]);
  });

  it('goes on, and says so, when a later line came to it broken', () => {
    const turn = running();
    turn.parser.steer?.('also this');
    turn.hear(text('a'), notParsed, text('b'));
    expect(turn.kinds).toEqual(['text', 'notice', 'text']);
    expect(turn.out[1]).toMatchObject({ level: 'warning', code: 'message_not_read' });
    expect(turn.isOver).toBe(false);
  });

  it('fails when it answers other commands, but never the prompt', async () => {
    const turn = new PeerTurn(indusagiCliBridge, {
      ...plain,
      opts: {
        signal: new AbortController().signal,
        sessionId: 's',
        startTimeoutMs: 3000,
        observe: () => undefined,
      },
    });
    await turn.clock.advance(2000);
    turn.answer('get_state', {});
    await turn.clock.advance(3999);
    expect(turn.isOver).toBe(false);
    await turn.clock.advance(1);
    expect(turn.out.at(-1)).toMatchObject({
      kind: 'failed',
      failure: {
        code: 'timeout',
        message: 'Indusagi did not answer to the prompt. Try again, or look at the log.',
      },
    });
  });

  it('waits for the answer to the prompt while it makes its conversation smaller, or works without having answered', async () => {
    const compacting = new PeerTurn(indusagiCliBridge, plain);
    compacting.hear({ type: 'compaction_start' });
    await compacting.clock.advance(600_000);
    expect(compacting.isOver).toBe(false);
    const working = new PeerTurn(indusagiCliBridge, plain);
    working.hear(...started);
    await working.clock.advance(600_000);
    expect(working.isOver).toBe(false);
  });

  it('ends when the agent has ended and says on a question that nothing follows', () => {
    const turn = running();
    turn.answer('get_state', { sessionFile: '/s.jsonl', model: { contextWindow: 1000 } });
    turn.hear(text('done'), ...ended());
    expect(turn.isOver).toBe(false);
    turn.answer('get_state', { sessionFile: '/s.jsonl', model: { contextWindow: 1000 } });
    expect(turn.out).toEqual([
      { kind: 'resume', token: '/s.jsonl' },
      { kind: 'text', delta: 'done', blockId: '1:0:text' },
      {
        kind: 'usage',
        usage: {
          inputTokens: 100,
          outputTokens: 10,
          cacheReadTokens: 5,
          cacheWriteTokens: 0,
          costUsd: 0.5,
          contextWindowTokens: 1000,
          contextTokens: 115,
          reportedBy: 'child',
        },
      },
      { kind: 'finish', reason: 'stop' },
    ]);
  });

  it('ends after a while when nobody answers that question', async () => {
    const turn = running();
    turn.hear(...ended());
    await turn.clock.advance(1999);
    expect(turn.isOver).toBe(false);
    await turn.clock.advance(1);
    expect(turn.kinds.at(-1)).toBe('finish');
  });

  it('ends before the idle limit would call that silence a failure', async () => {
    const opts = {
      signal: new AbortController().signal,
      sessionId: 's',
      idleTimeoutMs: 1000,
      observe: () => undefined,
    };
    const turn = new PeerTurn(indusagiCliBridge, { ...plain, opts });
    turn.hear(...started, text('done'), ...ended());
    await turn.clock.advance(499);
    expect(turn.isOver).toBe(false);
    await turn.clock.advance(1);
    expect(turn.kinds.at(-1)).toBe('finish');
  });

  it('takes an answer without id for the command that it names: so pi answers what it does not know', () => {
    const turn = running();
    turn.answer('get_state', {});
    turn.hear(...ended(), {
      type: 'response',
      command: 'get_state',
      success: false,
      error: 'Unknown command: get_state',
    });
    expect(turn.kinds.at(-1)).toBe('finish');
  });

  it('takes the half text of a failed answer back when a retry comes after agent_end, and goes on', () => {
    const turn = running();
    turn.answer('get_state', {});
    turn.hear(text('half'), call('c'), ...ended('error', 'terminated'), {
      type: 'auto_retry_start',
      attempt: 1,
      maxAttempts: 3,
      delayMs: 2000,
      errorMessage: 'terminated',
    });
    turn.answer('get_state', {});
    expect(turn.isOver).toBe(false);
    expect(turn.kinds).toEqual(['text', 'tool_call', 'retract', 'tool_result', 'notice']);
    turn.hear(...started, text('whole'), { type: 'auto_retry_end', success: true }, ...ended());
    turn.answer('get_state', {});
    expect(turn.kinds.slice(5)).toEqual(['text', 'usage', 'finish']);
    expect(turn.out.at(5)).toMatchObject({ blockId: '2:0:text' });
  });

  it('fails with the last error, and keeps the text, when the retries are used up', () => {
    const turn = running();
    turn.answer('get_state', {});
    turn.hear(text('half'), ...ended('error', '429 rate limit'), {
      type: 'auto_retry_end',
      success: false,
      finalError: '429 rate limit',
    });
    turn.answer('get_state', {});
    expect(turn.kinds).toEqual(['text', 'usage', 'failed']);
    expect(turn.out.at(-1)).toMatchObject({ failure: { code: 'rate_limited', status: 429 } });
  });

  it('waits for a compaction that runs the agent again', () => {
    const turn = running();
    turn.answer('get_state', {});
    turn.hear(text('half'), ...ended('error', 'context length exceeded'));
    turn.hear({ type: 'compaction_start', reason: 'overflow' });
    turn.answer('get_state', {});
    turn.hear({ type: 'compaction_end', willRetry: true }, ...started, text('whole'), ...ended());
    expect(turn.isOver).toBe(false);
    turn.answer('get_state', {});
    expect(turn.kinds).toEqual(['text', 'notice', 'retract', 'notice', 'text', 'usage', 'finish']);
  });

  it.each([
    ['length', undefined, { kind: 'finish', reason: 'length' }],
    ['toolUse', undefined, { kind: 'finish', reason: 'stop' }],
    ['aborted', 'stopped', { kind: 'failed', failure: { aborted: true } }],
    ['error', '401 invalid x-api-key', { kind: 'failed', failure: { code: 'auth_required' } }],
    ['error', '529 overloaded', { kind: 'failed', failure: { code: 'overloaded' } }],
    ['error', 'fetch failed', { kind: 'failed', failure: { code: 'network' } }],
    ['error', 'prompt is too long', { kind: 'failed', failure: { code: 'context_overflow' } }],
  ])('an answer that ended by %s (%s) ends the turn so', (stopReason, error, expected) => {
    const turn = running();
    turn.answer('get_state', {});
    turn.hear(...ended(stopReason, error));
    turn.answer('get_state', {});
    expect(turn.out.at(-1)).toMatchObject(expected);
  });

  it('fails when the prompt itself is refused', () => {
    const turn = new PeerTurn(indusagiCliBridge, plain);
    turn.answer('prompt', undefined, 'No API key found for anthropic');
    expect(turn.out.at(-1)).toMatchObject({ failure: { code: 'auth_required' } });
  });

  it('reports a call once, its progress, its result and the file that it changed', () => {
    const turn = running();
    turn.hear(call('c', 'edit', { path: 'notes.md', edits: [{ oldText: 'a', newText: 'b' }] }));
    turn.hear({
      type: 'tool_execution_start',
      toolCallId: 'c',
      toolName: 'edit',
      args: { path: 'notes.md' },
    });
    turn.hear({
      type: 'tool_execution_update',
      toolCallId: 'c',
      partialResult: { content: [{ type: 'text', text: 'so far' }] },
    });
    turn.hear({
      type: 'tool_execution_end',
      toolCallId: 'c',
      toolName: 'edit',
      isError: false,
      result: { content: [{ type: 'text', text: 'ok' }] },
    });
    expect(turn.out).toMatchObject([
      { kind: 'tool_call', call: { id: 'c', name: 'edit', executedBy: 'child' } },
      { kind: 'tool_progress', callId: 'c', text: 'so far' },
      { kind: 'tool_result', callId: 'c', result: { ok: true, output: 'ok' } },
      { kind: 'file_change', callId: 'c', paths: ['/workspace/notes.md'] },
    ]);
  });

  it('ends as aborted with the answer to our abort, which comes after the end of the run', () => {
    const turn = running();
    turn.hear(text('half'));
    turn.sent.push(...turn.parser.interrupt());
    turn.hear(...ended('aborted', 'Request was aborted.'));
    expect(turn.isOver).toBe(false);
    turn.answer('abort');
    expect(turn.out.at(-1)).toMatchObject({ kind: 'failed', failure: { aborted: true } });
  });

  it('passes more words on only while the agent runs', () => {
    const turn = running();
    expect(turn.parser.steer?.('also this')).toMatchObject([
      { type: 'steer', message: 'also this' },
    ]);
    turn.hear(...ended());
    expect(turn.parser.steer?.('too late')).toBeUndefined();
  });

  it('sends the pictures of the newest message', () => {
    const turn = new PeerTurn(indusagiCliBridge, {
      ...plain,
      context: {
        systemPrompt: 'RULES',
        tools: [],
        messages: [
          {
            role: 'user',
            text: 'look',
            images: [{ mediaType: 'image/png', data: 'AAAA' }],
            createdAtMs: 0,
          },
        ],
      },
    });
    expect(turn.sent.at(-1)).toMatchObject({
      message: '<instructions>\nRULES\n</instructions>\n\nlook',
      images: [{ type: 'image', data: 'AAAA', mimeType: 'image/png' }],
    });
  });

  it('tells which models and commands there are', () => {
    const told: unknown[] = [];
    const turn = new PeerTurn(indusagiCliBridge, {
      ...plain,
      opts: {
        signal: new AbortController().signal,
        sessionId: 's',
        cwd: '/workspace',
        observe: () => undefined,
        onAgentInfo: (info) => {
          told.push(info);
        },
      },
    });
    turn.answer('get_available_models', { models: [{ id: 'a/b', provider: 'p', name: 'B' }, 7] });
    turn.answer('get_commands', { commands: [{ name: 'fix', description: 'Fixes' }, {}] });
    expect(told).toEqual([
      { models: [{ id: 'p/a/b', name: 'B' }] },
      { commands: [{ name: 'fix', description: 'Fixes' }] },
    ]);
  });

  it('is over the link in vain: a JSON-RPC answer is another dialect', () => {
    const turn = new PeerTurn(indusagiCliBridge, plain);
    turn.hear({ jsonrpc: '2.0', id: null, error: { code: -32600, message: 'no' } });
    expect(turn.out).toMatchObject([{ kind: 'failed', failure: { code: 'wrong_dialect' } }]);
  });
});

describe('taking up a session of pi', () => {
  const resumed = (): PeerTurn =>
    new PeerTurn(indusagiCliBridge, { ...plain, resume: '/old.jsonl' });

  it('[R104] switches to the session before anything is asked of it', () => {
    const turn = resumed();
    expect(turn.sent).toMatchObject([{ type: 'switch_session', sessionPath: '/old.jsonl' }]);
    turn.answer('switch_session', { cancelled: false });
    turn.answer('get_state', { sessionFile: '/old.jsonl', messageCount: 2 });
    expect(turn.sentNames).toEqual(['switch_session', 'get_state', 'prompt']);
    expect(turn.out).toEqual([{ kind: 'resume', token: '/old.jsonl' }]);
  });

  it.each([
    ['an empty session: pi makes a new one for a file that is gone', { messageCount: 0 }],
    ['another session', { messageCount: 2, sessionFile: '/new.jsonl' }],
  ])('rejects %s', (_what, state) => {
    const turn = resumed();
    turn.answer('switch_session', { cancelled: false });
    turn.answer('get_state', state);
    expect(turn.out).toMatchObject([{ kind: 'failed', failure: { code: 'resume_rejected' } }]);
    expect(turn.sentNames).not.toContain('prompt');
  });

  it('does not wait for ever for a child that does not answer', async () => {
    const turn = resumed();
    await turn.clock.advance(30_000);
    expect(turn.out).toMatchObject([{ kind: 'failed', failure: { code: 'timeout' } }]);
  });
});

describe('our extension in pi', () => {
  const gated = (systemPrompt = ''): PeerTurn => {
    const turn = new PeerTurn(pi, {
      context: {
        systemPrompt,
        tools: [],
        messages: [{ role: 'user', text: 'do it', createdAtMs: 0 }],
      },
    });
    turn.hear(gateSign);
    turn.answer('get_state', { sessionFile: '/s.jsonl', messageCount: 0 });
    turn.hear(...started);
    return turn;
  };

  it('prompts nothing when it has not said that it is there', () => {
    const turn = new PeerTurn(pi);
    turn.answer('get_state', { sessionFile: '/s.jsonl' });
    expect(turn.sentNames).toEqual(['get_state']);
    expect(turn.out).toMatchObject([{ kind: 'failed', failure: { code: 'binary_broken' } }]);
  });

  it('[R74] is given the system prompt over stdin', () => {
    const turn = gated('RULES');
    turn.hear({
      type: 'extension_ui_request',
      id: 'p',
      method: 'input',
      title: 'patchbay.system_prompt',
      placeholder: '',
    });
    expect(turn.sent.at(-1)).toEqual({ type: 'extension_ui_response', id: 'p', value: 'RULES' });
    expect(turn.sent.at(-2)).toMatchObject({ type: 'prompt', message: 'do it' });
  });

  it.each([
    [
      'bash',
      { command: 'rm -rf .' },
      [{ kind: 'command', command: 'rm -rf .', cwd: '/workspace' }],
    ],
    ['read', { path: '/a', offset: 3 }, [{ kind: 'read', path: '/a' }]],
    ['ls', {}, [{ kind: 'read', path: '/workspace' }]],
    [
      'write',
      { path: '/a', content: 'x' },
      [{ kind: 'write', path: '/a', change: { kind: 'content', content: 'x' } }],
    ],
    [
      'edit',
      { path: '/a', edits: [{ oldText: 'a', newText: 'b' }] },
      [
        {
          kind: 'write',
          path: '/a',
          change: { kind: 'edits', edits: [{ search: 'a', replace: 'b' }] },
        },
      ],
    ],
    ['edit', { path: '/a', edits: [{ oldText: '' }] }, [{ kind: 'unknown' }]],
    ['read', { path: '~/.ssh/id_rsa' }, [{ kind: 'unknown' }]],
    ['read', { path: '@/a' }, [{ kind: 'unknown' }]],
    ['subagent', { task: 'x' }, [{ kind: 'unknown' }]],
  ])('asks about %s %j by what it would do', (toolName, input, intents) => {
    const turn = gated();
    turn.hear(asks('0', toolName, input));
    expect(turn.questions).toMatchObject([
      { requestId: '0', callId: 'c', toolName, input, intents },
    ]);
  });

  it('gives exactly the approved text, and the words of the user with it', () => {
    const turn = gated();
    turn.hear(asks('q', 'edit', { path: '/a', edits: [{ oldText: 'a', newText: 'b' }] }));
    turn.questions[0]?.reply({
      kind: 'allow',
      approved: { path: '/a', baseText: 'a', text: 'c' },
      message: 'c is better',
    });
    turn.questions[0]?.reply({ kind: 'deny', message: 'changed my mind' });
    expect(turn.sent.slice(2)).toEqual([
      {
        type: 'extension_ui_response',
        id: 'q',
        value: JSON.stringify({
          kind: 'allow',
          baseText: 'a',
          text: 'c',
          message: 'c is better',
        }),
      },
    ]);
  });

  it('gives the words of a no, and marks the result as denied', () => {
    const turn = gated();
    turn.hear(asks('q', 'bash', { command: 'x' }));
    turn.questions[0]?.reply({ kind: 'deny', message: 'not today' });
    expect(JSON.parse(String(fieldOf(turn.sent.at(-1), 'value')))).toEqual({
      kind: 'deny',
      message: 'not today',
    });
    turn.hear({
      type: 'tool_execution_end',
      toolCallId: 'c',
      toolName: 'bash',
      isError: true,
      result: { content: [{ type: 'text', text: 'not today' }] },
    });
    expect(turn.out.at(-1)).toMatchObject({ result: { details: { outcome: 'denied' } } });
  });

  it('refuses what it cannot read', () => {
    const turn = gated();
    turn.hear({
      type: 'extension_ui_request',
      id: 'q',
      method: 'input',
      title: 'patchbay.tool_call',
      placeholder: '{"toolName":"bash"',
    });
    expect(turn.questions).toEqual([]);
    expect(turn.sent.at(-1)).toEqual({ type: 'extension_ui_response', id: 'q', cancelled: true });
  });
});

describe('dialogs of other extensions', () => {
  const dialog = (method: string, fields: object): unknown => ({
    type: 'extension_ui_request',
    id: 'd',
    method,
    ...fields,
  });

  it('a confirmation is a permission', () => {
    const turn = running();
    turn.hear(dialog('confirm', { title: 'Sure?', message: 'All of it' }));
    expect(turn.questions[0]?.intents).toEqual([
      { kind: 'unknown', description: 'Sure?\nAll of it' },
    ]);
    turn.questions[0]?.reply({ kind: 'allow' });
    expect(turn.sent.at(-1)).toEqual({ type: 'extension_ui_response', id: 'd', confirmed: true });
  });

  it('a choice is a question, and its card gets the answer as its result', () => {
    const turn = running();
    turn.hear(dialog('select', { title: 'Which?', options: ['a', 'b'] }));
    turn.questions[0]?.reply({ kind: 'allow', answers: { 'Which?': 'b' } });
    expect(turn.sent.at(-1)).toEqual({ type: 'extension_ui_response', id: 'd', value: 'b' });
    turn.hear(text('go on'));
    expect(turn.kinds).toEqual(['tool_call', 'permission_request', 'tool_result', 'text']);
  });

  it.each(['select', 'input', 'editor'])('a %s that is refused is cancelled', (method) => {
    const turn = running();
    turn.hear(dialog(method, { title: 'Which?' }));
    turn.questions[0]?.reply({ kind: 'deny', message: '' });
    expect(turn.sent.at(-1)).toEqual({ type: 'extension_ui_response', id: 'd', cancelled: true });
  });

  it('is withdrawn when the peer no longer waits for it', async () => {
    const turn = running();
    turn.hear(dialog('select', { title: 'Which?', options: ['a'], timeout: 5000 }));
    await turn.clock.advance(5000);
    expect(turn.kinds.slice(-2)).toEqual(['permission_withdrawn', 'tool_result']);
    const before = turn.sent.length;
    turn.questions[0]?.reply({ kind: 'allow', answers: { 'Which?': 'a' } });
    expect(turn.sent).toHaveLength(before);
  });
});

describe('the end of a peer without a last word', () => {
  const explain = (bridge: typeof pi, stderrTail: string, context = {}): unknown =>
    new PeerTurn(bridge, context).parser.explainExit?.({ code: 1, signal: null, stderrTail })?.code;

  it.each([
    ['Error: Unknown option: --mode', 'wrong_dialect'],
    ['usage: thing [options]', 'wrong_dialect'],
    ['No API key found for anthropic', 'auth_required'],
    ['Unknown provider "x". Use --list-models', 'model_not_found'],
    ['Segmentation fault', undefined],
  ])('"%s" means %s', (said, code) => {
    expect(explain(indusagiCliBridge, said, plain)).toBe(code);
  });

  it('is a broken program where there is no other form to try', () => {
    expect(explain(pi, 'Error: Unknown option: --no-skills')).toBe('binary_broken');
    expect(explain(pi, 'Error: Failed to load extension "x": boom')).toBe('binary_broken');
  });
});

describe('a program that speaks another form than was thought', () => {
  it('[R90] goes from runExchange to the rpc form when the answer is a response without id, and stays there', async () => {
    const lab = new ExchangeLab(indusagiCliBridge, (message, transport) => {
      const type = fieldOf(message, 'type');
      if (fieldOf(message, 'jsonrpc') !== undefined) {
        transport.emit({ type: 'response', success: false, error: 'Unknown command: undefined' });
      } else if (type === 'prompt') {
        transport.emit(...started, text('hello'), ...ended());
      } else if (type === 'get_state') {
        transport.emit({
          id: fieldOf(message, 'id'),
          type: 'response',
          command: type,
          success: true,
        });
      }
    });
    const first = await lab.run('one').message;
    const second = await lab.run('two', { sessionId: 'other' }).message;
    expect([first, second].map(textOf)).toEqual(['hello', 'hello']);
    expect(lab.starts.map(({ launch: { args } }) => args[0])).toEqual([
      '--rpc',
      '--mode',
      '--mode',
    ]);
  });
});
