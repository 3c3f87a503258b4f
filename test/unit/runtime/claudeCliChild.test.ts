import { describe, expect, it } from 'vitest';
import { claudeCliDialect } from '../../dialects/claudeCli';
import { DialectStage } from '../../fakes/dialectStage';
import { stringField } from '../../../src/base/guard';
import { claudeCliBridge } from '../../../src/runtime/bridges/claudeCli';
import { agentInfo } from '../../../src/runtime/bridges/claudeCliChild';
import { ClaudeCliParser } from '../../../src/runtime/bridges/claudeCliParser';
import { claudeMinVersion, tooOld } from '../../../src/runtime/bridges/claudeCliVersion';
import type {
  AgentInfo,
  ExchangeOptions,
  ExchangeParserContext,
  LaunchPlan,
  ModelRef,
} from '../../../src/runtime/contract';
import { recordField } from '../../../src/base/guard';
import type { UserMessage } from '../../../src/events/message';

const model: ModelRef = {
  id: 'claude-cli/default',
  api: 'external',
  provider: 'claude-cli',
  model: 'default',
  name: 'Claude Code',
};
const opts: ExchangeOptions = {
  signal: new AbortController().signal,
  sessionId: 's',
  cwd: '/w',
  observe: () => undefined,
};
const spec = { adapter: 'claude-cli', authMode: 'external-cli' } as const;
const said: UserMessage = { role: 'user', text: 'go', createdAtMs: 0 };

function parser(
  notes: Map<string, unknown>,
  more: Partial<ExchangeParserContext> = {},
): ClaudeCliParser {
  return new ClaudeCliParser({
    model,
    context: { systemPrompt: '', tools: [], messages: [said] },
    opts,
    resume: undefined,
    isContinuation: notes.size > 0,
    notes,
    send: () => undefined,
    ...more,
  });
}

function launch(more: Partial<ExchangeOptions>, resume?: string): LaunchPlan {
  return claudeCliBridge.launch(spec, {
    model,
    context: { systemPrompt: '', tools: [], messages: [] },
    opts: { ...opts, ...more },
    resume,
  });
}

/** The control requests of the opening, without their ids. */
function controls(messages: readonly unknown[]): readonly unknown[] {
  return messages.flatMap((message) => {
    const request = recordField(message, 'request');
    return request === undefined ? [] : [request];
  });
}

const init = (more: object = {}): object => ({
  type: 'system',
  subtype: 'init',
  session_id: 'a',
  claude_code_version: '2.1.329',
  apiKeySource: 'none',
  ...more,
});

describe('what a Claude child works with', () => {
  it('[R94] starts in plan mode, with the effort and the further folders, each value in the token of its flag', () => {
    expect(
      launch({ mode: 'plan', reasoning: 'minimal', extraFolders: ['/more', '--evil'] }).args.slice(
        -4,
      ),
    ).toEqual(['--add-dir=/more', '--add-dir=--evil', '--permission-mode=plan', '--effort=low']);
    for (const mode of ['ask', 'accept-edits', 'auto'] as const) {
      expect(launch({ mode }).args.at(-1)).toBe('--permission-mode=default');
    }
    expect(claudeCliBridge.controls).toEqual({
      model: true,
      reasoning: true,
      plan: true,
      extraFolders: true,
      images: true,
    });
  });

  it('[R107] forks the session where the conversation was branched, and only a session', () => {
    expect(launch({ fork: {} }, 'id').args.slice(-2)).toEqual(['--resume=id', '--fork-session']);
    expect(launch({ fork: { at: '--x' } }, 'id').args.slice(-3)).toEqual([
      '--resume=id',
      '--resume-session-at=--x',
      '--fork-session',
    ]);
    expect(launch({ fork: {} }).args).toEqual(launch({}).args);
  });

  it('[R94] changes model, effort and mode on the running child, before the prompt and only what differs', () => {
    const notes = new Map<string, unknown>();
    expect(controls(parser(notes).open())).toMatchObject([{ subtype: 'initialize' }]);
    expect(controls(parser(notes).open())).toEqual([]);
    const changed = parser(notes, {
      model: { ...model, model: 'opus' },
      opts: { ...opts, reasoning: 'high', mode: 'plan' },
    }).open();
    expect(controls(changed)).toEqual([
      { subtype: 'set_model', model: 'opus' },
      { subtype: 'apply_flag_settings', settings: { effortLevel: 'high' } },
      { subtype: 'set_permission_mode', mode: 'plan' },
    ]);
    expect(changed.at(-1)).toEqual({ type: 'user', message: { role: 'user', content: 'go' } });
    expect(controls(parser(notes).open())).toEqual([
      { subtype: 'set_model', model: 'default' },
      { subtype: 'apply_flag_settings', settings: { effortLevel: null } },
      { subtype: 'set_permission_mode', mode: 'default' },
    ]);
  });

  it('knows that the child left plan mode by itself, and sends it back when the panel still plans', () => {
    const notes = new Map<string, unknown>();
    const planning = { opts: { ...opts, mode: 'plan' as const } };
    const first = parser(notes, planning);
    first.open();
    first.accept({ type: 'system', subtype: 'status', status: null, permissionMode: 'default' });
    expect(controls(parser(notes).open())).toEqual([]);
    expect(controls(parser(notes, planning).open())).toEqual([
      { subtype: 'set_permission_mode', mode: 'plan' },
    ]);
  });

  it('tells a refused change, waits for no answer, takes two, and asks again the next time', () => {
    const notes = new Map<string, unknown>();
    parser(notes).open();
    const opus = { model: { ...model, model: 'opus' } };
    const second = parser(notes, opus);
    const [request] = second.open();
    const requestId =
      typeof request === 'object' && request !== null && 'request_id' in request
        ? request.request_id
        : undefined;
    const answer = (more: object): object => ({
      type: 'control_response',
      response: { request_id: requestId, ...more },
    });
    expect(second.accept(answer({ subtype: 'success' })).out).toEqual([]);
    expect(second.accept(answer({ subtype: 'success' })).out).toEqual([]);
    expect(second.accept(answer({ subtype: 'error', error: 'not\nallowed' })).out).toMatchObject([
      {
        observation: {
          kind: 'notice',
          level: 'warning',
          text: 'Claude Code did not change the model. not allowed',
        },
      },
    ]);
    expect(controls(parser(notes, opus).open())).toEqual([{ subtype: 'set_model', model: 'opus' }]);
  });

  it('goes on without a control that this version does not know', () => {
    const notes = new Map<string, unknown>();
    parser(notes).open();
    const second = parser(notes, { model: { ...model, model: 'opus' } });
    const [request] = second.open();
    const refused = second.accept({
      type: 'control_response',
      response: {
        subtype: 'error',
        request_id: stringField(request, 'request_id'),
        error: 'Unsupported control request subtype: set_model',
        error_code: 'unsupported_request',
      },
    });
    expect(refused.isOver).toBeUndefined();
    expect(refused.out).toMatchObject([{ observation: { kind: 'notice', level: 'warning' } }]);
    expect(
      second.accept({ type: 'result', subtype: 'success', is_error: false, session_id: 's' }),
    ).toMatchObject({
      out: expect.arrayContaining([{ kind: 'finish', reason: 'stop' }]) as unknown,
    });
  });

  it('the answer to a stop that came when Claude was idle changes nothing of the next exchange', () => {
    const notes = new Map<string, unknown>();
    const first = parser(notes);
    first.open();
    first.accept({ type: 'result', subtype: 'success', is_error: false, session_id: 's' });
    const [stop] = first.interrupt();
    const next = parser(notes);
    next.open();
    expect(
      next.accept({
        type: 'control_response',
        response: {
          subtype: 'success',
          request_id: stringField(stop, 'request_id'),
          response: { still_queued: [] },
        },
      }),
    ).toEqual({ out: [] });
    const end = next.accept({ type: 'result', subtype: 'success', is_error: false });
    expect(end.out.at(-1)).toEqual({ kind: 'finish', reason: 'stop' });
  });

  it('[R94] sends the pictures of the newest message before its words', () => {
    const image = { mediaType: 'image/png', data: 'AAAA' } as const;
    const block = {
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: 'AAAA' },
    };
    const content = (message: UserMessage): unknown =>
      recordField(
        parser(new Map(), { context: { systemPrompt: '', tools: [], messages: [message] } })
          .open()
          .at(-1),
        'message',
      )?.content;
    expect(content({ ...said, images: [image] })).toEqual([block, { type: 'text', text: 'go' }]);
    expect(content({ ...said, text: '', images: [image] })).toEqual([block]);
    expect(content({ ...said, images: [] })).toBe('go');
  });

  it('keeps the task list over the exchanges of one child, until the conversation is reset', () => {
    const notes = new Map<string, unknown>();
    const report = (tool_use_result: object): object => ({
      type: 'user',
      message: { content: [{ type: 'tool_result', tool_use_id: 't', content: '' }] },
      tool_use_result,
    });
    const update = report({ taskId: '1', statusChange: { from: 'pending', to: 'completed' } });
    parser(notes).accept(report({ task: { id: '1', subject: 'paint' } }));
    expect(parser(notes).accept(update).out.at(-1)).toEqual({
      kind: 'observation',
      observation: { kind: 'plan', items: [{ text: 'paint', status: 'done' }] },
    });
    expect(parser(notes).accept({ type: 'conversation_reset' }).out).toMatchObject([
      { observation: { kind: 'notice', code: 'conversation_reset' } },
    ]);
    const kinds = parser(notes)
      .accept(update)
      .out.map((item) => (item.kind === 'observation' ? item.observation.kind : item.kind));
    expect(kinds).toEqual(['tool_call', 'tool_result']);
  });
});

describe('what the child tells of itself', () => {
  it('gives its models, slash commands and version from the answer to initialize', () => {
    const told: AgentInfo[] = [];
    const own = parser(new Map(), { opts: { ...opts, onAgentInfo: (info) => told.push(info) } });
    own.accept({
      type: 'control_response',
      response: {
        subtype: 'success',
        request_id: 'patchbay-initialize',
        response: {
          models: [{ value: 'opus', displayName: 'Opus' }, { value: 'bare' }, {}, 7],
          commands: [{ name: 'compact', description: 'Make room' }, { description: 'nameless' }],
          claude_code_version: '2.1.329',
        },
      },
    });
    own.accept(init());
    expect(told).toEqual([
      {
        models: [
          { id: 'opus', name: 'Opus' },
          { id: 'bare', name: 'bare' },
        ],
        commands: [{ name: 'compact', description: 'Make room' }],
        agentVersion: '2.1.329',
      },
    ]);
  });

  it('gives the version of init where initialize did not name it, once', () => {
    const told: AgentInfo[] = [];
    const own = parser(new Map(), { opts: { ...opts, onAgentInfo: (info) => told.push(info) } });
    own.accept(init());
    own.accept(init());
    expect(told).toEqual([{ agentVersion: '2.1.329' }]);
  });

  it('bounds the lists of a child that floods', () => {
    const models = Array.from({ length: 2_000 }, (_, index) => ({ value: `m${index}` }));
    const info = agentInfo({ models, commands: [{ name: 'x'.repeat(100_000) }] });
    expect(info.models).toHaveLength(500);
    expect(info.commands?.[0]?.name).toHaveLength(1_000);
    expect(agentInfo(undefined)).toEqual({});
  });
});

describe('versions of Claude Code that are too old', () => {
  it.each(['1.0.128', '2.0.77', '2.1.39', undefined, 'soon'])(
    '[R95] %s is refused with a sentence that says what to do',
    (version) => {
      expect(tooOld(version)).toMatchObject({
        code: 'agent_too_old',
        message: expect.stringContaining('claude update') as unknown,
      });
    },
  );

  it.each([claudeMinVersion, '2.1.329', '3.0.0'])('%s is taken', (version) => {
    expect(tooOld(version)).toBeUndefined();
  });

  it('the exchange ends at its first word, before a model is asked', () => {
    expect(parser(new Map()).accept(init({ claude_code_version: '2.0.77' }))).toMatchObject({
      isOver: true,
      out: [{ kind: 'failed', failure: { code: 'agent_too_old' } }],
    });
    expect(parser(new Map()).accept(init({ claude_code_version: undefined }))).toMatchObject({
      isOver: true,
      out: [{ kind: 'failed', failure: { code: 'agent_too_old' } }],
    });
    expect(
      parser(new Map()).accept({
        type: 'control_response',
        response: {
          subtype: 'success',
          request_id: 'patchbay-initialize',
          response: { claude_code_version: '2.1.39' },
        },
      }),
    ).toMatchObject({ isOver: true, out: [{ failure: { code: 'agent_too_old' } }] });
  });
});

describe('what Claude Code may leave without an answer', () => {
  it('a changed model and mode hold up nothing: the prompt goes out beside them and the turn ends', async () => {
    const stage = new DialectStage(claudeCliDialect);
    const first = await stage.begin();
    stage.say(stage.child.hello(), stage.child.finish());
    await first.message;
    await stage.lab.pass();
    const { transport } = stage.lab;
    const before = transport.sent.length;
    const second = stage.lab.run('and now', {
      resume: '0',
      mode: 'plan',
      model: { ...stage.lab.model, model: 'opus' },
    });
    await stage.lab.pass();
    await stage.lab.pass();
    expect(stage.lab.transports).toHaveLength(1);
    const sent = transport.sent.slice(before);
    expect(controls(sent)).toEqual([
      { subtype: 'set_model', model: 'opus' },
      { subtype: 'set_permission_mode', mode: 'plan' },
    ]);
    expect(JSON.stringify(sent.at(-1))).toContain('and now');
    stage.say(stage.child.hello(), stage.child.text('done'), stage.child.finish());
    expect((await second.message).stopReason).toBe('stop');
  });

  it('a session is never started under an id of ours; an exit that speaks of ids says so', async () => {
    const stage = new DialectStage(claudeCliDialect);
    const turn = await stage.begin();
    const { args } = stage.lab.starts[0]?.launch ?? { args: [] };
    expect(args.filter((arg) => arg.startsWith('--session-id'))).toEqual([]);
    stage.lab.transport.exit({
      code: 1,
      stderrTail: 'Error: Session ID 0 is already in use.\n',
    });
    const { failure } = await turn.message;
    expect(failure?.code).toBe('child_exited');
    expect(failure?.message).toContain('Session ID 0 is already in use.');
  });
});
