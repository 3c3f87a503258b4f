import { describe, expect, it } from 'vitest';
import { PatchbayError } from '../../../src/base/patchbayError';
import type { AssistantMessage, Message } from '../../../src/events/message';
import type {
  Observation,
  PermissionAnswer,
  PermissionRequest,
} from '../../../src/events/observation';
import { claudeCliBridge } from '../../../src/runtime/bridges/claudeCli';
import { ClaudeCliParser } from '../../../src/runtime/bridges/claudeCliParser';
import { createRuntimeSpec } from '../../../src/runtime/specs';
import type {
  ExchangeOptions,
  ExchangeParserContext,
  LaunchPlan,
  ModelRef,
  ParseStep,
} from '../../../src/runtime/contract';

const model: ModelRef = {
  id: 'claude-cli/default',
  api: 'external',
  provider: 'claude-cli',
  model: 'default',
  name: 'Claude Code',
};
const user = (text: string): Message => ({ role: 'user', text, createdAtMs: 0 });
const opts: ExchangeOptions = {
  signal: new AbortController().signal,
  sessionId: 's',
  cwd: '/w',
  observe: () => undefined,
};

function createParser(more: Partial<ExchangeParserContext> = {}): {
  readonly parser: ClaudeCliParser;
  readonly sent: unknown[];
} {
  const sent: unknown[] = [];
  const parser = new ClaudeCliParser({
    model,
    context: { systemPrompt: '', tools: [], messages: [user('hello')] },
    opts,
    resume: undefined,
    isContinuation: false,
    notes: new Map(),
    send: (message) => sent.push(message),
    ...more,
  });
  return { parser, sent };
}

function launch(
  spec: Parameters<typeof createRuntimeSpec>[0],
  more: {
    model?: ModelRef;
    resume?: string;
    opts?: Partial<ExchangeOptions>;
    systemPrompt?: string;
  } = {},
): LaunchPlan {
  return claudeCliBridge.launch(createRuntimeSpec(spec), {
    model: more.model ?? model,
    context: { systemPrompt: more.systemPrompt ?? '', tools: [], messages: [] },
    opts: { ...opts, ...more.opts },
    resume: more.resume,
  });
}

const spec = { adapter: 'claude-cli', authMode: 'external-cli' } as const;

function observations(step: ParseStep): readonly Observation[] {
  return step.out.flatMap((item) => (item.kind === 'observation' ? [item.observation] : []));
}

function ask(parser: ClaudeCliParser, request: object, requestId = '0'): PermissionRequest {
  const step = parser.accept({
    type: 'control_request',
    request_id: requestId,
    request: { subtype: 'can_use_tool', ...request },
  });
  const [observation] = observations(step);
  if (observation?.kind !== 'permission_request') {
    throw new Error('no question');
  }
  return observation.request;
}

function answered(tool: string, input: object, answer: PermissionAnswer): unknown {
  const { parser, sent } = createParser();
  ask(parser, { tool_name: tool, tool_use_id: 't', input }).reply(answer);
  return sent.map(
    (message) => (message as { response: { response: unknown } }).response.response,
  )[0];
}

const init = (sessionId = 'sess'): object => ({
  type: 'system',
  subtype: 'init',
  session_id: sessionId,
  claude_code_version: '2.1.329',
});
const stream = (event: object, parent: string | null = null): object => ({
  type: 'stream_event',
  event,
  parent_tool_use_id: parent,
});
const started = (id: string): object => stream({ type: 'message_start', message: { id } });
const delta = (index: number, text: string): object =>
  stream({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } });
const whole = (id: string, content: readonly object[], more: object = {}): object => ({
  type: 'assistant',
  message: { id, model: 'm', content, stop_reason: null },
  parent_tool_use_id: null,
  ...more,
});
const text = (value: string): object => ({ type: 'text', text: value });
const success = {
  type: 'result',
  subtype: 'success',
  is_error: false,
  session_id: 'sess',
  result: 'x',
};

describe('how Claude Code is started', () => {
  it('[R19] pins the final argv: the user’s arguments, then the protocol’s', () => {
    expect(launch({ ...spec, args: ['--add-dir', '/more'] }).args).toEqual([
      '--add-dir',
      '/more',
      '-p',
      '--output-format=stream-json',
      '--input-format=stream-json',
      '--verbose',
      '--include-partial-messages',
      '--permission-prompt-tool=stdio',
      '--setting-sources=user',
      '--strict-mcp-config',
      '--permission-mode=default',
    ]);
  });

  it('[R74] keeps a value in the token of its flag, and the prompt out of argv', () => {
    const plan = launch(spec, {
      model: { ...model, model: '--evil' },
      resume: '--worse',
      opts: { reasoning: 'high' },
      systemPrompt: 'SECRET PLAN',
    });
    expect(plan.args.slice(-3)).toEqual(['--model=--evil', '--effort=high', '--resume=--worse']);
    expect(
      plan.args.filter((arg) => arg.startsWith('--evil') || arg.startsWith('--worse')),
    ).toEqual([]);
    expect(plan.args.join(' ')).not.toContain('SECRET PLAN');
    expect(JSON.stringify(createParser().parser.open())).toContain('hello');
  });

  it('shares a child between equal launches only, whatever it resumes', () => {
    const key = launch(spec).leaseKey;
    expect(launch(spec, { resume: 'x' }).leaseKey).toBe(key);
    expect(
      launch(spec, {
        model: { ...model, model: 'opus' },
        opts: { reasoning: 'low', mode: 'plan' },
      }).leaseKey,
    ).toBe(key);
    const others = [
      launch({ ...spec, args: ['-x'] }),
      launch({ ...spec, env: { A: 'b' } }),
      launch({ ...spec, binaryPath: '/b' }),
      launch(spec, { opts: { cwd: '/other' } }),
      launch(spec, { opts: { extraFolders: ['/more'] } }),
      launch(spec, { resume: 'x', opts: { fork: {} } }),
      launch(spec, { systemPrompt: 'other' }),
    ];
    expect(others.filter((plan) => plan.leaseKey === key)).toEqual([]);
  });

  it('[R75] refuses to start without a folder and says what to do', () => {
    const { cwd: _cwd, ...homeless } = opts;
    const start = (): LaunchPlan =>
      claudeCliBridge.launch(spec, {
        model,
        context: { systemPrompt: '', tools: [], messages: [] },
        opts: homeless,
        resume: undefined,
      });
    expect(start).toThrow('Open a folder');
    let thrown: unknown;
    try {
      start();
    } catch (error) {
      thrown = error;
    }
    expect(PatchbayError.is(thrown, 'no_folder')).toBe(true);
  });

  it('[R111] needs no key of ours when it signs in by itself', () => {
    expect(claudeCliBridge.requiresCredential(spec)).toBe(false);
    expect(claudeCliBridge.requiresCredential({ ...spec, authMode: 'api-key' })).toBe(true);
    expect(claudeCliBridge.coverage).toBe('all');
  });
});

describe('how an exchange is opened', () => {
  it('announces the hooks that put every call before the gate, with the folder’s instructions, then sends the prompt', () => {
    const { parser } = createParser({
      context: { systemPrompt: 'Use tabs.', tools: [], messages: [user('hello')] },
    });
    expect(parser.open()).toEqual([
      {
        type: 'control_request',
        request_id: 'patchbay-initialize',
        request: {
          subtype: 'initialize',
          hooks: {
            PreToolUse: [{ matcher: '*', hookCallbackIds: ['patchbay-before'] }],
            PostToolUse: [{ matcher: '*', hookCallbackIds: ['patchbay-after'] }],
          },
          forwardSubagentText: true,
          appendSystemPrompt: 'Use tabs.',
        },
      },
      { type: 'user', message: { role: 'user', content: 'hello' } },
    ]);
  });

  it('sends only the prompt to a child that has served before', () => {
    const { parser } = createParser({ isContinuation: true });
    expect(parser.open()).toEqual([{ type: 'user', message: { role: 'user', content: 'hello' } }]);
  });

  it('[R105] sends only the new turn with a live token, and the conversation so far without one', () => {
    const own: AssistantMessage = {
      role: 'assistant',
      api: 'external',
      provider: 'claude-cli',
      model: 'default',
      content: [{ kind: 'text', text: 'the word is heliotrope' }],
      stopReason: 'stop',
      createdAtMs: 0,
    };
    const context = {
      systemPrompt: '',
      tools: [],
      messages: [user('remember'), own, user('which word?')],
    };
    const prompt = (resume: string | undefined): string =>
      JSON.stringify(createParser({ context, resume }).parser.open().at(-1));
    expect(prompt('token')).toBe(
      JSON.stringify({ type: 'user', message: { role: 'user', content: 'which word?' } }),
    );
    expect(prompt(undefined)).toContain('heliotrope');
    expect(prompt(undefined)).toContain('which word?');
  });

  it('does not go on when the hooks are refused', () => {
    const { parser } = createParser();
    const step = parser.accept({
      type: 'control_response',
      response: { subtype: 'error', request_id: 'patchbay-initialize', error: 'unsupported' },
    });
    expect(step.out).toMatchObject([{ kind: 'failed', failure: { code: 'agent_too_old' } }]);
    expect(
      parser.accept({
        type: 'control_response',
        response: { subtype: 'success', request_id: 'patchbay-initialize' },
      }).out,
    ).toEqual([]);
  });
});

describe('what Claude Code says', () => {
  it('[R78] takes the session id of init for the resume token, each one once', () => {
    const { parser } = createParser();
    expect(parser.accept(init('a')).out).toEqual([
      { kind: 'resume', token: 'a', agentVersion: '2.1.329' },
    ]);
    expect(parser.accept(init('a')).out).toEqual([]);
    expect(parser.accept(init('b')).out).toMatchObject([{ token: 'b' }]);
  });

  it('[R79] reads deltas when they come and whole messages when not, the same text never twice', () => {
    const { parser } = createParser();
    const out = [
      started('m1'),
      delta(0, 'Hel'),
      delta(0, 'lo'),
      whole('m1', [text('Hello')]),
      whole('m2', [text('not streamed')]),
      started('m3'),
      delta(0, 'begin'),
      whole('m3', [text('beginning')]),
    ].flatMap((message) => parser.accept(message).out);
    expect(out.map((item) => ('delta' in item ? item.delta : item.kind))).toEqual([
      'Hel',
      'lo',
      'not streamed',
      'begin',
      'ning',
    ]);
  });

  it('[R80] takes a call from the whole message only, once', () => {
    const { parser } = createParser();
    const block = { type: 'tool_use', id: 't1', name: 'Read', input: { file_path: 'a' } };
    expect(
      parser.accept(
        stream({ type: 'content_block_start', index: 0, content_block: { ...block, input: {} } }),
      ).out,
    ).toEqual([]);
    expect(parser.accept(whole('m1', [block])).out).toEqual([
      {
        kind: 'tool_call',
        call: { id: 't1', name: 'Read', arguments: { file_path: 'a' }, executedBy: 'child' },
      },
    ]);
    expect(parser.accept(whole('m1', [block])).out).toEqual([]);
  });

  it('[R176] shows a call whose own message was lost, as its question told it or as an unknown one', () => {
    const { parser } = createParser();
    ask(parser, { tool_name: 'Bash', tool_use_id: 'asked', input: { command: 'ls' } });
    const result = (id: string): object => ({
      type: 'user',
      message: { content: [{ type: 'tool_result', tool_use_id: id, content: 'done' }] },
    });
    const out = [result('asked'), result('lost'), result('lost')].flatMap(
      (message) => parser.accept(message).out,
    );
    const told = (callId: string): object => ({
      kind: 'observation',
      observation: { kind: 'tool_result', callId, result: { ok: true, output: 'done' } },
    });
    const call = (id: string, name: string, input: object): object => ({
      kind: 'tool_call',
      call: { id, name, arguments: input, executedBy: 'child' },
    });
    expect(out).toEqual([
      call('asked', 'Bash', { command: 'ls' }),
      told('asked'),
      call('lost', 'unknown tool', {}),
      told('lost'),
      told('lost'),
    ]);
  });

  it('[R81] lets only result end the exchange, and remembers the last stop reason', () => {
    const { parser } = createParser();
    const steps = [
      started('m1'),
      delta(0, 'a'),
      stream({ type: 'message_delta', delta: { stop_reason: 'max_tokens' } }),
      stream({ type: 'message_stop' }),
    ].map((message) => parser.accept(message));
    expect(steps.some((step) => step.isOver === true)).toBe(false);
    const end = parser.accept(success);
    expect(end.isOver).toBe(true);
    expect(end.out.at(-1)).toEqual({ kind: 'finish', reason: 'length' });
    const other = createParser().parser;
    other.accept(stream({ type: 'message_delta', delta: { stop_reason: 'tool_use' } }));
    expect(other.accept(success).out.at(-1)).toEqual({ kind: 'finish', reason: 'stop' });
  });

  it.each([
    [
      { subtype: 'success', is_error: true, api_error_status: 429, result: 'API Error: 429' },
      'rate_limited',
    ],
    [
      { subtype: 'success', is_error: true, api_error_status: 529, result: 'API Error: 529' },
      'overloaded',
    ],
    [
      { subtype: 'success', is_error: true, api_error_status: 500, result: 'API Error: 500' },
      'overloaded',
    ],
    [
      { subtype: 'success', is_error: true, api_error_status: 401, result: 'Invalid API key' },
      'auth_required',
    ],
    [
      { subtype: 'success', is_error: true, result: 'Not logged in · Please run /login' },
      'auth_required',
    ],
    [
      { subtype: 'success', is_error: true, api_error_status: 400, result: 'API Error: 400 bad' },
      'invalid_request',
    ],
    [
      {
        subtype: 'success',
        is_error: true,
        terminal_reason: 'prompt_too_long',
        result: 'Prompt is too long',
      },
      'context_overflow',
    ],
    [
      { subtype: 'success', is_error: true, api_error_status: 404, result: 'model: nope' },
      'model_not_found',
    ],
    [
      {
        subtype: 'success',
        is_error: true,
        result: 'There is an issue with the selected model (x).',
      },
      'model_not_found',
    ],
    [
      { subtype: 'success', is_error: true, result: 'API Error: Connection dropped (ECONNRESET).' },
      'network',
    ],
    [{ subtype: 'error_max_turns', is_error: true }, 'unknown'],
    [
      { subtype: 'error_during_execution', is_error: true, errors: ['[ede_diagnostic] x'] },
      'unknown',
    ],
    [
      { subtype: 'error_during_execution', is_error: true, terminal_reason: 'aborted_tools' },
      'aborted',
    ],
  ])('[R82] ends as failed with a reason of its own: %j', (result, code) => {
    const step = createParser().parser.accept({ type: 'result', ...result });
    expect(step.isOver).toBe(true);
    const end = step.out.at(-1);
    expect(end).toMatchObject({ kind: 'failed', failure: { code } });
    expect(JSON.stringify(end?.kind === 'failed' ? end.failure.message : '')).not.toContain(
      'ede_diagnostic',
    );
  });

  it('[R82] gives an error payload as a notice, and as the reason when the child then just exits', () => {
    const { parser } = createParser();
    expect(
      observations(parser.accept({ type: 'error', error: { message: 'disk\nfull' } })),
    ).toMatchObject([{ kind: 'notice', level: 'warning', text: 'Claude Code: disk full' }]);
    expect(parser.explainExit({ code: 1, signal: null, stderrTail: '' })?.message).toContain(
      'disk full',
    );
  });

  it('takes a result after our interrupt for a stop, also in the words of older versions', () => {
    const { parser } = createParser();
    expect(parser.interrupt()).toEqual([
      {
        type: 'control_request',
        request_id: 'patchbay-interrupt',
        request: { subtype: 'interrupt' },
      },
    ]);
    const step = parser.accept({
      type: 'result',
      subtype: 'error_during_execution',
      is_error: false,
    });
    expect(step.out.at(-1)).toMatchObject({
      kind: 'failed',
      failure: { code: 'aborted', aborted: true },
    });
  });

  it('tells a session that is not known any more from other ends, with and without a result', () => {
    const gone = {
      type: 'result',
      subtype: 'error_during_execution',
      is_error: true,
      errors: ['No conversation found with session ID: x'],
    };
    expect(createParser({ resume: 'x' }).parser.accept(gone).out).toMatchObject([
      { failure: { code: 'resume_rejected' } },
    ]);
    expect(createParser().parser.accept(gone).out).toMatchObject([
      { failure: { code: 'unknown' } },
    ]);
    const exit = { code: 1, signal: null, stderrTail: 'No conversation found with session ID: x' };
    expect(createParser({ resume: 'x' }).parser.explainExit(exit)?.code).toBe('resume_rejected');
    expect(createParser().parser.explainExit(exit)).toBeUndefined();
    expect(
      createParser().parser.explainExit({
        ...exit,
        stderrTail: "error: unknown option '--setting-sources'",
      })?.code,
    ).toBe('agent_too_old');
    expect(
      createParser().parser.explainExit({
        ...exit,
        stderrTail: "error: unknown option '--of-the-user'",
      }),
    ).toMatchObject({
      code: 'binary_broken',
      message: expect.stringContaining('--of-the-user') as unknown,
    });
  });

  it('takes the half text of a cut answer back before the retry, and keeps what was complete', () => {
    const { parser } = createParser();
    const out = [
      started('m1'),
      delta(0, 'whole'),
      whole('m1', [text('whole')]),
      delta(1, 'half'),
      {
        type: 'system',
        subtype: 'api_retry',
        attempt: 1,
        max_retries: 10,
        retry_delay_ms: 900,
        error_status: 529,
        error: 'overloaded',
      },
      started('m2'),
      delta(0, 'again'),
      started('m3'),
      delta(0, 'cut'),
      whole('m4', [text('not streamed')]),
    ].flatMap((message) => observations(parser.accept(message)));
    expect(out).toEqual([
      { kind: 'retract', blockId: 'm1:1' },
      {
        kind: 'notice',
        level: 'info',
        code: 'api_retry',
        text: 'Claude Code tries again in 1 s (attempt 1 of 10): overloaded 529.',
        retry: { attempt: 1, of: 10, delayMs: 900, reason: 'overloaded 529' },
      },
      { kind: 'retract', blockId: 'm2:0' },
      { kind: 'retract', blockId: 'm3:0' },
    ]);
  });

  it('takes nothing back for a message that does not say which one it is', () => {
    const { parser } = createParser();
    const nameless = { type: 'assistant', message: { content: [{ type: 'tool_use', name: 'X' }] } };
    const out = [started('m1'), delta(0, 'fi'), nameless, delta(0, 'ne')].flatMap((message) =>
      observations(parser.accept(message)),
    );
    expect(out).toEqual([]);
  });

  it('does not show the words of an API error as an answer', () => {
    const synthetic = whole('s', [text('API Error: 429')], {});
    const marked = {
      ...synthetic,
      message: { id: 's', model: '<synthetic>', content: [text('API Error: 429')] },
      error: 'rate_limit',
    };
    expect(createParser().parser.accept(marked).out).toEqual([]);
    const { parser } = createParser();
    const { error: _error, ...unmarked } = marked;
    expect(parser.accept(unmarked).out).toMatchObject([{ kind: 'text', blockId: 's:whole-1' }]);
    const end = parser.accept({
      type: 'result',
      subtype: 'success',
      is_error: true,
      result: 'API Error: 429',
    });
    expect(observations(end)).toEqual([{ kind: 'retract', blockId: 's:whole-1' }]);
  });

  it('shows what the CLI says to its model as nobody’s text: a summary, a command’s echo', () => {
    const { parser } = createParser();
    const line = (content: unknown): object => ({
      type: 'user',
      message: { role: 'user', content },
      parent_tool_use_id: null,
    });
    for (const content of [
      'This session is being continued from a previous conversation …',
      '<local-command-stdout>Compacted </local-command-stdout>',
      [{ type: 'text', text: '[Request interrupted by user]' }],
    ]) {
      expect(parser.accept(line(content))).toEqual({ out: [] });
    }
  });

  it('says that the conversation was summarised, and shows nothing of the summary that follows', () => {
    const { parser } = createParser();
    const echo = (content: string, more: object = {}): object => ({
      type: 'user',
      message: { role: 'user', content },
      parent_tool_use_id: null,
      ...more,
    });
    const steps = [
      init(),
      { type: 'system', subtype: 'status', status: 'compacting' },
      { type: 'system', subtype: 'status', status: null, compact_result: 'success' },
      init(),
      {
        type: 'system',
        subtype: 'compact_boundary',
        compact_metadata: { trigger: 'manual', pre_tokens: 1417, post_tokens: 2550 },
      },
      echo(`This session is being continued … ${'The word was heliotrope. '.repeat(500)}`, {
        isSynthetic: true,
      }),
      echo('<local-command-stdout>Compacted </local-command-stdout>', { isReplay: true }),
      { ...success, num_turns: 0, result: '' },
    ].map((message) => parser.accept(message));
    expect(steps.filter(({ isOver }) => isOver === true)).toEqual([steps.at(-1)]);
    const out = steps.flatMap((step) => step.out);
    expect(out.map(({ kind }) => kind).filter((kind) => kind === 'text')).toEqual([]);
    expect(JSON.stringify(out)).not.toContain('heliotrope');
    expect(
      steps.flatMap(observations).flatMap((item) => (item.kind === 'notice' ? [item.code] : [])),
    ).toEqual(['compacting', 'compacted']);
    expect(out.at(-1)).toEqual({ kind: 'finish', reason: 'stop' });
  });

  it('a call that Claude refused by itself, without a question, is a failed call and not a failed turn', () => {
    const { parser } = createParser();
    const call = { type: 'tool_use', id: 't1', name: 'Bash', input: { command: 'rm x' } };
    const denied = { tool_name: 'Bash', tool_use_id: 't1', tool_input: { command: 'rm x' } };
    const out = [
      init(),
      whole('m1', [call]),
      { type: 'system', subtype: 'permission_denied', ...denied },
      {
        type: 'user',
        message: {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't1', content: 'No permission.', is_error: true },
          ],
        },
        parent_tool_use_id: null,
      },
      whole('m2', [text('I could not.')]),
      { ...success, permission_denials: [denied] },
    ].flatMap((message) => parser.accept(message).out);
    expect(out.filter(({ kind }) => kind === 'tool_call')).toHaveLength(1);
    expect(out).toContainEqual(
      expect.objectContaining({
        observation: expect.objectContaining({
          kind: 'tool_result',
          callId: 't1',
          result: expect.objectContaining({ ok: false, error: 'No permission.' }) as unknown,
        }) as unknown,
      }),
    );
    expect(out.at(-1)).toEqual({ kind: 'finish', reason: 'stop' });
  });

  it('[R77] counts and skips what it does not know', () => {
    const { parser } = createParser();
    for (const message of [
      { type: 'hologram' },
      { type: 'hologram' },
      { type: 'system', subtype: 'aura' },
      7,
      null,
      'x',
      [],
      {},
      { type: 'assistant' },
      { type: 'user' },
      { type: 'stream_event' },
    ]) {
      expect(parser.accept(message)).toEqual({ out: [] });
    }
    expect([...parser.unknownMessages]).toEqual([
      ['hologram', 2],
      ['system/aura', 1],
      ['nothing', 5],
    ]);
  });

  it('does not repeat the agent’s own text after hundreds of sub-agents have spoken', () => {
    const { parser } = createParser();
    parser.accept(started('m1'));
    parser.accept(delta(0, 'said once'));
    for (let n = 0; n < 300; n += 1) {
      parser.accept(stream({ type: 'message_start', message: { id: `s${n}` } }, `task-${n}`));
    }
    expect(parser.accept(whole('m1', [text('said once')])).out).toEqual([]);
  });

  it('puts the text and calls of a sub-agent under the call that started it', () => {
    const { parser } = createParser();
    const out = [
      started('m1'),
      delta(0, 'parent'),
      {
        ...whole('s1', [
          text('child'),
          { type: 'tool_use', id: 't2', name: 'Bash', input: { command: 'ls' } },
        ]),
        parent_tool_use_id: 'task',
      },
      {
        type: 'user',
        parent_tool_use_id: 'task',
        message: { content: [{ type: 'tool_result', tool_use_id: 't2', content: 'out' }] },
      },
      delta(0, ' again'),
    ].flatMap((message) => parser.accept(message).out);
    expect(out).toMatchObject([
      { kind: 'text', delta: 'parent' },
      { kind: 'text', delta: 'child', parentCallId: 'task' },
      { kind: 'tool_call', parentCallId: 'task', call: { parentCallId: 'task' } },
      { kind: 'observation', observation: { kind: 'tool_result', parentCallId: 'task' } },
      { kind: 'text', delta: ' again' },
    ]);
    expect(out[0]).not.toHaveProperty('parentCallId');
    const step = parser.accept({
      type: 'control_request',
      request_id: 'q',
      request: { subtype: 'can_use_tool', tool_name: 'Bash', tool_use_id: 't2', input: {} },
    });
    expect(observations(step)).toMatchObject([
      { kind: 'permission_request', parentCallId: 'task' },
    ]);
  });
});

describe('permission requests', () => {
  it('answers the hook before every call with "ask", so that the call comes on as a question', () => {
    const { parser } = createParser();
    const step = parser.accept({
      type: 'control_request',
      request_id: '0',
      request: {
        subtype: 'hook_callback',
        callback_id: 'patchbay-before',
        input: { hook_event_name: 'PreToolUse', tool_name: 'Read' },
      },
    });
    expect(step).toMatchObject({
      out: [],
      send: [
        {
          response: {
            request_id: '0',
            response: { hookSpecificOutput: { permissionDecision: 'ask' } },
          },
        },
      ],
    });
  });

  it('sends one answer per question and none to a withdrawn one', () => {
    const { parser, sent } = createParser();
    const request = ask(parser, { tool_name: 'Bash', tool_use_id: 't', input: { command: 'ls' } });
    request.reply({ kind: 'allow' });
    request.reply({ kind: 'deny', message: 'late' });
    expect(sent).toEqual([
      {
        type: 'control_response',
        response: {
          subtype: 'success',
          request_id: '0',
          response: { behavior: 'allow', updatedInput: { command: 'ls' } },
        },
      },
    ]);
    const second = ask(parser, { tool_name: 'Bash', tool_use_id: 't', input: {} }, 'q2');
    expect(
      observations(parser.accept({ type: 'control_cancel_request', request_id: 'q2' })),
    ).toEqual([{ kind: 'permission_withdrawn', requestId: 'q2' }]);
    expect(parser.accept({ type: 'control_cancel_request', request_id: 'q2' }).out).toEqual([]);
    second.reply({ kind: 'allow' });
    expect(sent).toHaveLength(1);
  });

  it.each([
    ['Bash', { command: 'rm x' }],
    ['AskUserQuestion', { questions: [] }],
  ])('never lets a yes to %s become an "always", whatever it offers beside it', (tool, input) => {
    const { parser, sent } = createParser();
    ask(parser, {
      tool_name: tool,
      tool_use_id: 't',
      input,
      requires_user_interaction: true,
      permission_suggestions: [
        {
          type: 'addRules',
          rules: [{ toolName: tool }],
          behavior: 'allow',
          destination: 'userSettings',
        },
        { type: 'setMode', mode: 'bypassPermissions', destination: 'session' },
      ],
    }).reply({ kind: 'allow' });
    expect(sent).toEqual([
      {
        type: 'control_response',
        response: {
          subtype: 'success',
          request_id: '0',
          response: { behavior: 'allow', updatedInput: input },
        },
      },
    ]);
  });

  it('gives the approved text of a write, the answers of a question, and the reason of a denial', () => {
    expect(
      answered(
        'Write',
        { file_path: 'f', content: 'a' },
        { kind: 'allow', approved: { path: 'f', baseText: '', text: 'b' } },
      ),
    ).toEqual({
      behavior: 'allow',
      updatedInput: { file_path: 'f', content: 'b' },
    });
    expect(
      answered(
        'AskUserQuestion',
        { questions: [] },
        { kind: 'allow', answers: { 'Which?': 'this' } },
      ),
    ).toEqual({
      behavior: 'allow',
      updatedInput: { questions: [], answers: { 'Which?': 'this' } },
    });
    expect(answered('Bash', {}, { kind: 'deny', message: 'too risky', interrupts: true })).toEqual({
      behavior: 'deny',
      message: 'too risky',
      interrupt: true,
    });
    expect(
      answered('ExitPlanMode', {}, { kind: 'allow', answers: { q: 'Keep planning' } }),
    ).toMatchObject({ behavior: 'deny' });
    expect(
      answered('ExitPlanMode', {}, { kind: 'allow', answers: { q: 'Start the work' } }),
    ).toMatchObject({ behavior: 'allow' });
  });

  it('denies what it cannot give exactly', () => {
    expect(
      answered(
        'Edit',
        { file_path: 'f', old_string: 'a', new_string: 'b' },
        {
          kind: 'allow',
          approved: { path: 'f', baseText: 'a\r\nb\n', text: 'x\r\nb\n' },
          message: 'hunk 2 was denied',
        },
      ),
    ).toMatchObject({
      behavior: 'deny',
      message: expect.stringContaining('line endings') as unknown,
    });
  });

  it('[R227] tells the agent after the call what the user said, once, and nothing after other calls', () => {
    const { parser } = createParser();
    const after = (callId: string): unknown =>
      parser.accept({
        type: 'control_request',
        request_id: 'h',
        request: {
          subtype: 'hook_callback',
          callback_id: 'patchbay-after',
          tool_use_id: callId,
          input: { hook_event_name: 'PostToolUse', tool_use_id: callId },
        },
      }).send;
    ask(parser, { tool_name: 'Bash', tool_use_id: 't', input: {} }).reply({
      kind: 'allow',
      message: 'hunk 2 was denied: keep it',
    });
    expect(after('other')).toMatchObject([{ response: { response: {} } }]);
    expect(after('t')).toMatchObject([
      {
        response: {
          response: {
            hookSpecificOutput: {
              hookEventName: 'PostToolUse',
              additionalContext: 'hunk 2 was denied: keep it',
            },
          },
        },
      },
    ]);
    expect(after('t')).toEqual([
      { type: 'control_response', response: { subtype: 'success', request_id: 'h', response: {} } },
    ]);
  });

  it('answers an unknown request with an error, so that the agent does not wait for ever', () => {
    expect(
      createParser().parser.accept({
        type: 'control_request',
        request_id: 'x',
        request: { subtype: 'mind_meld' },
      }),
    ).toMatchObject({
      out: [],
      send: [{ type: 'control_response', response: { subtype: 'error', request_id: 'x' } }],
    });
  });

  it('finds the call of a question that does not name one', () => {
    const { parser } = createParser();
    parser.accept(whole('m', [{ type: 'tool_use', id: 'old', name: 'Bash', input: {} }]));
    parser.accept({
      type: 'user',
      message: { content: [{ type: 'tool_result', tool_use_id: 'old', content: '' }] },
    });
    parser.accept(whole('m', [{ type: 'tool_use', id: 'open', name: 'Bash', input: {} }]));
    parser.accept(whole('m', [{ type: 'tool_use', id: 'other', name: 'Read', input: {} }]));
    expect(ask(parser, { tool_name: 'Bash', input: {} }).callId).toBe('open');
  });
});
