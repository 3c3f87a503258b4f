import { describe, expect, it } from 'vitest';
import { PatchbayError } from '../../../src/base/patchbayError';
import type { Message } from '../../../src/events/message';
import { codexExecBridge } from '../../../src/runtime/bridges/codexExec';
import { CodexExecParser } from '../../../src/runtime/bridges/codexExecParser';
import type {
  ExchangeOptions,
  ExchangeParserContext,
  LaunchPlan,
  ModelRef,
  ParseStep,
} from '../../../src/runtime/contract';
import { createRuntimeSpec } from '../../../src/runtime/specs';
import { exitOf } from '../../fakes/codexReplay';

const model: ModelRef = {
  id: 'codex-exec/default',
  api: 'external',
  provider: 'codex-exec',
  model: 'default',
  name: 'Codex (exec)',
};
const user = (text: string): Message => ({ role: 'user', text, createdAtMs: 0 });
const opts: ExchangeOptions = {
  signal: new AbortController().signal,
  sessionId: 's',
  cwd: '/w',
  observe: () => undefined,
};

function createParser(more: Partial<ExchangeParserContext> = {}): CodexExecParser {
  return new CodexExecParser({
    model,
    context: { systemPrompt: '', tools: [], messages: [user('hello')] },
    opts,
    resume: undefined,
    isContinuation: false,
    notes: new Map(),
    send: () => undefined,
    ...more,
  });
}

function launch(
  args: readonly string[] = [],
  more: {
    readonly model?: ModelRef;
    readonly resume?: string;
    readonly opts?: Partial<ExchangeOptions>;
    readonly systemPrompt?: string;
    readonly messages?: readonly Message[];
  } = {},
): LaunchPlan {
  const spec = createRuntimeSpec({ adapter: 'codex-exec', authMode: 'external-cli', args });
  return codexExecBridge.launch(spec, {
    model: more.model ?? model,
    context: {
      systemPrompt: more.systemPrompt ?? '',
      tools: [],
      messages: more.messages ?? [user('--help me')],
    },
    opts: { ...opts, ...more.opts },
    resume: more.resume,
  });
}

function feed(parser: CodexExecParser, ...messages: readonly unknown[]): ParseStep['out'] {
  return messages.flatMap((message) => parser.accept(message).out);
}

const item = (phase: string, fields: object): unknown => ({ type: `item.${phase}`, item: fields });
const seen = (value: object): unknown => ({ kind: 'observation', observation: value });
const isolation = [
  '-c',
  'projects={"/w"={trust_level="untrusted"}}',
  '-c',
  'project_root_markers=[]',
  '-c',
  'project_doc_max_bytes=0',
  '-c',
  'skills.include_instructions=false',
];

describe('how codex exec is started', () => {
  it('[R19] puts the arguments of the user behind the subcommand and in front of its own', () => {
    expect(launch(['-c', 'model_provider="mine"'])).toEqual({
      defaultBinary: 'codex',
      args: [
        'exec',
        '-c',
        'model_provider="mine"',
        '--json',
        '--skip-git-repo-check',
        '-s',
        'read-only',
        ...isolation,
        '-',
      ],
      inputText: '--help me',
    });
  });

  it('[R74] gives the prompt through stdin, and a token cannot become a flag', () => {
    const plan = launch([], { resume: '--last' });
    expect(plan.args.slice(-4)).toEqual(['resume', '--', '--last', '-']);
    expect(plan.args).not.toContain('--help me');
    expect(plan.inputText).toBe('--help me');
  });

  it('names model and effort', () => {
    const plan = launch([], { model: { ...model, model: 'gpt-x' }, opts: { reasoning: 'xhigh' } });
    expect(plan.args.slice(-4)).toEqual([
      '--model=gpt-x',
      '-c',
      'model_reasoning_effort="xhigh"',
      '-',
    ]);
  });

  it.each([['-s', 'workspace-write'], ['--sandbox=workspace-write'], ['-sworkspace-write']])(
    'leaves the sandbox to the user who chose one: %s',
    (...args) => {
      expect(launch(args).args).not.toContain('read-only');
    },
  );

  it.each([
    [['-s', 'workspace-write', '--yolo', '-c', 'a=1']],
    [['--sandbox=danger-full-access', '-c', 'a=1']],
    [['--sandbox', 'workspace-write', '--full-auto', '-c', 'a=1']],
  ])('plans in the read-only sandbox, whatever the user chose for working: %j', (args) => {
    expect(launch(args, { opts: { mode: 'plan' } }).args.slice(0, 7)).toEqual([
      'exec',
      '-c',
      'a=1',
      '--json',
      '--skip-git-repo-check',
      '-s',
      'read-only',
    ]);
  });

  it('says the instructions in front of the first prompt only', () => {
    expect(launch([], { systemPrompt: 'Be kind.', messages: [user('hi')] }).inputText).toBe(
      '<instructions>\nBe kind.\n</instructions>\n\nhi',
    );
    expect(
      launch([], { systemPrompt: 'Be kind.', messages: [user('hi')], resume: 't' }).inputText,
    ).toBe('hi');
  });

  it('[R75] does not start without a folder', () => {
    const failure = (() => {
      try {
        return launch([], { opts: { cwd: undefined } });
      } catch (error) {
        return error;
      }
    })();
    expect(PatchbayError.is(failure, 'no_folder')).toBe(true);
  });

  it('is marked as one that cannot ask', () => {
    expect(codexExecBridge.coverage).toBe('none');
    expect(codexExecBridge.coverageNote).toContain('cannot ask');
    expect(createParser().open()).toEqual([]);
    expect(createParser().interrupt()).toEqual([]);
  });
});

describe('what codex exec says', () => {
  it('[R83] takes the thread for the token', () => {
    expect(feed(createParser(), { type: 'thread.started', thread_id: 't1' })).toEqual([
      { kind: 'resume', token: 't1' },
    ]);
  });

  it('[R84] maps every kind of item', () => {
    const parser = createParser();
    const call = (id: string, name: string, input: object): unknown => ({
      kind: 'tool_call',
      call: { id, name, arguments: input, executedBy: 'child' },
    });
    const result = (callId: string, value: object): unknown =>
      seen({ kind: 'tool_result', callId, result: value });
    expect(
      feed(
        parser,
        item('completed', { id: 'a', type: 'reasoning', text: 'Hm.' }),
        item('completed', { id: 'b', type: 'agent_message', text: 'Hi.' }),
        item('started', {
          id: 'c',
          type: 'command_execution',
          command: 'ls',
          status: 'in_progress',
        }),
        item('completed', {
          id: 'c',
          type: 'command_execution',
          command: 'ls',
          aggregated_output: 'x\n',
          exit_code: 0,
          status: 'completed',
        }),
        item('started', {
          id: 'd',
          type: 'mcp_tool_call',
          server: 's',
          tool: 't',
          arguments: { x: 1 },
        }),
        item('completed', {
          id: 'd',
          type: 'mcp_tool_call',
          server: 's',
          tool: 't',
          status: 'failed',
          error: { message: 'no' },
        }),
        item('started', { id: 'e', type: 'web_search', query: 'q' }),
        item('completed', { id: 'e', type: 'web_search', query: 'q' }),
        item('started', {
          id: 'f',
          type: 'todo_list',
          items: [
            { text: 'one', completed: true },
            { text: 'two', completed: false },
          ],
        }),
        item('completed', { id: 'g', type: 'error', message: 'careful' }),
      ),
    ).toEqual([
      { kind: 'thinking', delta: 'Hm.', blockId: 'a' },
      { kind: 'text', delta: 'Hi.', blockId: 'b' },
      call('c', 'shell', { command: 'ls' }),
      result('c', { ok: true, output: 'x\n' }),
      call('d', 's.t', { x: 1 }),
      result('d', { ok: false, output: '', error: 'no' }),
      call('e', 'web_search', { query: 'q' }),
      result('e', { ok: true, output: '' }),
      seen({
        kind: 'plan',
        items: [
          { text: 'one', status: 'done' },
          { text: 'two', status: 'pending' },
        ],
      }),
      seen({ kind: 'notice', level: 'warning', code: 'agent_warning', text: 'Codex: careful' }),
    ]);
  });

  it('tells a change of files that older versions report only when it is done', () => {
    const change = {
      id: 'f',
      type: 'file_change',
      changes: [{ path: '/w/a', kind: 'add' }],
      status: 'completed',
    };
    expect(feed(createParser(), item('completed', change)).map((out) => out.kind)).toEqual([
      'tool_call',
      'observation',
      'observation',
    ]);
    expect(feed(createParser(), item('completed', change)).at(-1)).toEqual(
      seen({ kind: 'file_change', callId: 'f', paths: ['/w/a'] }),
    );
  });

  it('tells of no change when it failed', () => {
    const out = feed(
      createParser(),
      item('completed', {
        id: 'f',
        type: 'file_change',
        changes: [{ path: '/w/a', kind: 'add' }],
        status: 'failed',
      }),
    );
    expect(out.at(-1)).toEqual(
      seen({
        kind: 'tool_result',
        callId: 'f',
        result: { ok: false, output: '', error: 'The change could not be made.' },
      }),
    );
  });

  it('[R85] makes deltas of a text that grows, and adds only the rest at its end', () => {
    const text = (phase: string, words: string): unknown =>
      item(phase, { id: 'a', type: 'agent_message', text: words });
    expect(
      feed(
        createParser(),
        text('started', ''),
        text('updated', 'One'),
        text('updated', 'One, two'),
        text('completed', 'One, two.'),
        text('completed', 'One, two.'),
      ),
    ).toEqual([
      { kind: 'text', delta: 'One', blockId: 'a' },
      { kind: 'text', delta: ', two', blockId: 'a' },
      { kind: 'text', delta: '.', blockId: 'a' },
    ]);
  });

  it('takes a text back that turns out another', () => {
    const text = (words: string): unknown =>
      item('updated', { id: 'a', type: 'agent_message', text: words });
    expect(feed(createParser(), text('One'), text('Two'))).toEqual([
      { kind: 'text', delta: 'One', blockId: 'a' },
      seen({ kind: 'retract', blockId: 'a' }),
      { kind: 'text', delta: 'Two', blockId: 'a#2' },
    ]);
  });

  it.each([
    ['an object', { x: 1 }, { x: 1 }],
    ['text of JSON', '{"x":1}', { x: 1 }],
    ['nothing', undefined, {}],
    ['empty text', '', {}],
    ['no JSON', '{x', {}],
    ['a list', '[1]', {}],
  ])('[R87] takes arguments that are %s', (_what, given, expected) => {
    const [call] = feed(
      createParser(),
      item('started', {
        id: 'i',
        call_id: 'c',
        type: 'function_call',
        name: 'n',
        arguments: given,
      }),
    );
    expect(call).toEqual({
      kind: 'tool_call',
      call: { id: 'c', name: 'n', arguments: expected, executedBy: 'child' },
    });
  });

  it('[R87] calls a call by its call_id, else its id, else its kind', () => {
    const ids = (fields: object): unknown =>
      feed(createParser(), item('started', { type: 'web_search', ...fields })).map((out) =>
        out.kind === 'tool_call' ? out.call.id : '',
      );
    expect([ids({ id: 'i', call_id: 'c' }), ids({ id: 'i' }), ids({})]).toEqual([
      ['c'],
      ['i'],
      ['web_search'],
    ]);
  });

  it('gives a call another name when an earlier process of the conversation used it', () => {
    const earlier: Message = {
      role: 'assistant',
      content: [
        {
          kind: 'tool_call',
          call: { id: 'item_0', name: 'shell', arguments: {}, executedBy: 'child' },
        },
      ],
      api: 'external',
      provider: 'codex-exec',
      model: 'default',
      stopReason: 'stop',
      createdAtMs: 0,
    };
    const parser = createParser({
      context: { systemPrompt: '', tools: [], messages: [user('a'), earlier, user('b')] },
    });
    const command = { id: 'item_0', type: 'command_execution', command: 'ls', exit_code: 0 };
    const out = feed(parser, item('started', command), item('completed', command));
    expect(out).toMatchObject([
      { kind: 'tool_call', call: { id: 'item_0.2' } },
      { observation: { kind: 'tool_result', callId: 'item_0.2' } },
    ]);
  });

  it('shows the output of a running command as it grows', () => {
    const command = (aggregated_output: string): unknown =>
      item('updated', { id: 'c', type: 'command_execution', command: 'ls', aggregated_output });
    expect(
      feed(createParser(), command(''), command('a'), command('a'), command('ab')).slice(1),
    ).toEqual([
      seen({ kind: 'tool_progress', callId: 'c', text: 'a' }),
      seen({ kind: 'tool_progress', callId: 'c', text: 'ab' }),
    ]);
  });
});

describe('how a turn of codex exec ends', () => {
  const usage = {
    input_tokens: 100,
    cached_input_tokens: 60,
    cache_write_input_tokens: 0,
    output_tokens: 7,
  };

  it('[R86] ends with stop and the usage at turn.completed, and says nothing after it', () => {
    const parser = createParser();
    expect(parser.accept({ type: 'turn.completed', usage })).toEqual({
      out: [
        seen({
          kind: 'usage',
          usage: { inputTokens: 40, cacheReadTokens: 60, outputTokens: 7, reportedBy: 'child' },
        }),
        { kind: 'finish', reason: 'stop' },
      ],
      isOver: true,
    });
    expect(parser.accept({ type: 'turn.failed', error: { message: 'late' } })).toEqual({ out: [] });
  });

  it('[R86] takes a top-level error for news, and for the reason only when the process ends without more', () => {
    const parser = createParser();
    const error = {
      type: 'error',
      message: 'Reconnecting... 1/2 (exceeded retry limit, last status: 429 Too Many Requests)',
    };
    expect(parser.accept(error)).toEqual({
      out: [
        seen({ kind: 'notice', level: 'info', code: 'api_retry', text: `Codex: ${error.message}` }),
      ],
    });
    expect(parser.explainExit(exitOf(1, ''))).toMatchObject({ code: 'rate_limited', status: 429 });
    expect(parser.accept({ type: 'turn.completed' }).out.at(-1)).toEqual({
      kind: 'finish',
      reason: 'stop',
    });
  });

  it('[R86] takes seven tries of a connection for news, and ends with what came after them', () => {
    const parser = createParser();
    const out = [
      { type: 'thread.started', thread_id: 't' },
      { type: 'turn.started' },
      ...Array.from({ length: 7 }, (_, index) => ({
        type: 'error',
        message: `Reconnecting... ${String(index + 1)}/7 (stream disconnected before completion)`,
      })),
      item('completed', { id: 'a', type: 'agent_message', text: 'over HTTPS' }),
      { type: 'turn.completed' },
    ].flatMap((message) => parser.accept(message).out);
    const notices = out.filter(
      (one) => one.kind === 'observation' && one.observation.kind === 'notice',
    );
    expect(notices).toHaveLength(7);
    expect(out.flatMap((one) => (one.kind === 'text' ? [one.delta] : []))).toEqual(['over HTTPS']);
    expect(out.filter(({ kind }) => kind === 'finish' || kind === 'failed')).toEqual([
      { kind: 'finish', reason: 'stop' },
    ]);
  });

  it('[R86] takes the length limit for an end of length', () => {
    const message = 'Incomplete response returned, reason: max_output_tokens';
    expect(createParser().accept({ type: 'turn.failed', error: { message } })).toEqual({
      out: [{ kind: 'finish', reason: 'length' }],
      isOver: true,
    });
  });

  it.each([
    ['unexpected status 401 Unauthorized: bad key, url: http://x/v1/responses', 'auth_required'],
    ['exceeded retry limit, last status: 429 Too Many Requests', 'rate_limited'],
    ['exceeded retry limit, last status: 503 Service Unavailable', 'overloaded'],
    [
      '{"error":{"message":"prompt is too long: 210000 tokens > 200000 maximum"}}',
      'context_overflow',
    ],
    ['Missing environment variable: `KEY`.', 'auth_required'],
    [
      'stream disconnected before completion: stream closed before response.completed',
      'stream_cut',
    ],
    ['error sending request for url (http://x/)', 'network'],
    ['something else', 'unknown'],
  ])('[R86] fails at turn.failed with a code: %s', (message, code) => {
    const [end] = createParser().accept({ type: 'turn.failed', error: { message } }).out;
    expect(end).toMatchObject({ kind: 'failed', failure: { code } });
    expect(JSON.stringify(end)).not.toContain('url: http');
  });

  it('closes what was never completed in front of its end', () => {
    const parser = createParser();
    feed(parser, item('started', { id: 'c', type: 'command_execution', command: 'sleep 9' }));
    expect(parser.accept({ type: 'turn.completed' }).out).toMatchObject([
      {
        observation: {
          kind: 'tool_result',
          callId: 'c',
          result: { details: { outcome: 'aborted' } },
        },
      },
      { kind: 'finish' },
    ]);
  });

  it('tells no usage of a thread that was taken up again: the counts are of all its turns', () => {
    const parser = createParser({ resume: 't' });
    feed(parser, { type: 'thread.started', thread_id: 't' });
    expect(feed(parser, { type: 'turn.completed', usage })).toEqual([
      { kind: 'finish', reason: 'stop' },
    ]);
  });

  it('takes a token that Codex does not know for a rejected one, on stderr alone', () => {
    const stderr =
      'Error: thread/resume: thread/resume failed: no rollout found for thread id 01a1 (code -32600)';
    expect(createParser({ resume: '01a1' }).explainExit(exitOf(1, stderr)).code).toBe(
      'resume_rejected',
    );
    expect(createParser().explainExit(exitOf(1, stderr)).code).toBe('child_exited');
  });

  it('takes another thread than the one asked for as a rejected token', () => {
    expect(
      createParser({ resume: 'mine' }).accept({ type: 'thread.started', thread_id: 'other' }),
    ).toMatchObject({
      out: [{ kind: 'failed', failure: { code: 'resume_rejected' } }],
      isOver: true,
    });
  });

  it.each([
    [
      2,
      "error: unexpected argument '--no-such' found\n\nUsage: codex exec",
      'binary_broken',
      "unexpected argument '--no-such' found.",
    ],
    [1, 'Error loading config.toml: invalid type', 'binary_broken', 'Error loading config.toml'],
    [
      1,
      'Not inside a trusted directory and --skip-git-repo-check was not specified.',
      'not_trusted',
      'Trust it',
    ],
  ])('explains an exit with %s and only words on stderr', (exitCode, stderr, code, words) => {
    const failure = createParser().explainExit(exitOf(exitCode, stderr));
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(words);
  });

  it('leaves the noise of the start out of the last words', () => {
    const noise =
      '\u001b[2m2026\u001b[0m \u001b[31mERROR\u001b[0m could not find bubblewrap on PATH\nReading prompt from stdin...\n\u001b[31mpanicked\u001b[0m at x';
    const { message } = createParser().explainExit(exitOf(101, noise));
    expect(message).toContain('It said: panicked at x');
    expect(message).not.toContain('bubblewrap');
  });
});
