import { describe, expect, it } from 'vitest';
import { isRecord, recordField, stringField } from '../../../src/base/guard';
import { PatchbayError } from '../../../src/base/patchbayError';
import type { Message } from '../../../src/events/message';
import type { PermissionAnswer, PermissionRequest } from '../../../src/events/observation';
import type { ToolResult } from '../../../src/events/toolCall';
import { codexAppServerBridge } from '../../../src/runtime/bridges/codexAppServer';
import { CodexAppServerParser } from '../../../src/runtime/bridges/codexAppServerParser';
import type {
  AgentInfo,
  DelegatedCall,
  ExchangeOptions,
  ExchangeParserContext,
  LaunchPlan,
  ModelRef,
  ParseStep,
} from '../../../src/runtime/contract';
import { coverageOf } from '../../../src/runtime/contract';
import { createRuntimeSpec } from '../../../src/runtime/specs';
import { exitOf } from '../../fakes/codexReplay';

const model: ModelRef = {
  id: 'codex-cli/default',
  api: 'external',
  provider: 'codex-cli',
  model: 'default',
  name: 'Codex',
};
const ours: ModelRef = { ...model, toolSource: 'patchbay' };
const readFile = {
  name: 'read_file',
  description: 'Reads a file',
  inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
};
const user = (text: string): Message => ({ role: 'user', text, createdAtMs: 0 });
const opts: ExchangeOptions = {
  signal: new AbortController().signal,
  sessionId: 's',
  cwd: '/w',
  observe: () => undefined,
};
const userAgent = 'patchbay/0.169.0 (Linux; x86_64) unknown (patchbay; 1.0.0)';

/** A parser with a server that answers its requests; what is not said here is answered with `{}`. */
class Stage {
  readonly sent: unknown[] = [];
  readonly out: ParseStep['out'][number][] = [];
  readonly parser: CodexAppServerParser;
  readonly later: (() => ParseStep)[] = [];
  isOver = false;

  constructor(
    more: Partial<ExchangeParserContext> = {},
    private readonly answers: Readonly<Record<string, unknown>> = {},
    private readonly silent: readonly string[] = [],
  ) {
    this.parser = new CodexAppServerParser({
      model,
      context: { systemPrompt: '', tools: [], messages: [user('hello')] },
      opts,
      resume: undefined,
      isContinuation: false,
      notes: new Map(),
      send: (message) => this.send([message]),
      later: (_delayMs, run) => {
        this.later.push(run);
        return { dispose: () => undefined };
      },
      ...more,
    });
  }

  open(): this {
    this.send(this.parser.open());
    return this;
  }

  say(method: string, params: object, id?: unknown): this {
    return this.take(
      this.parser.accept({
        method,
        ...(id === undefined ? {} : { id }),
        params: { threadId: 't1', turnId: 'u1', ...params },
      }),
    );
  }

  take(step: ParseStep): this {
    this.out.push(...step.out);
    this.isOver ||= step.isOver === true;
    this.send(step.send ?? []);
    return this;
  }

  send(messages: readonly unknown[]): void {
    for (const message of messages) {
      this.sent.push(message);
      const method = stringField(message, 'method');
      const id = isRecord(message) ? message.id : undefined;
      if (method === undefined || id === undefined || this.silent.includes(method)) {
        continue;
      }
      const answer = this.answers[method] ?? usual[method] ?? {};
      this.take(
        this.parser.accept(
          isRecord(answer) && isRecord(answer.error)
            ? { id, error: answer.error }
            : { id, result: answer },
        ),
      );
    }
  }

  methods(): readonly (string | undefined)[] {
    return this.sent.map((message) => stringField(message, 'method'));
  }

  params(method: string): unknown {
    const message = this.sent.findLast((sent) => stringField(sent, 'method') === method);
    return recordField(message, 'params');
  }

  /** Our answers to the server's requests. */
  replies(): readonly unknown[] {
    return this.sent.filter((message) => isRecord(message) && message.method === undefined);
  }

  questions(): readonly PermissionRequest[] {
    return this.out.flatMap((item) =>
      item.kind === 'observation' && item.observation.kind === 'permission_request'
        ? [item.observation.request]
        : [],
    );
  }

  observed(kind: string): readonly unknown[] {
    return this.out.flatMap((item) =>
      item.kind === 'observation' && item.observation.kind === kind ? [item.observation] : [],
    );
  }

  answerLast(answer: PermissionAnswer): this {
    this.questions().at(-1)?.reply(answer);
    return this;
  }
}

const usual: Readonly<Record<string, unknown>> = {
  initialize: { userAgent },
  'thread/start': { thread: { id: 't1' } },
  'thread/resume': { thread: { id: 't1' } },
  'turn/start': { turn: { id: 'u1', status: 'inProgress' } },
};

function launch(
  args: readonly string[] = [],
  more: { readonly model?: ModelRef; readonly opts?: Partial<ExchangeOptions> } = {},
): LaunchPlan {
  return codexAppServerBridge.launch(
    createRuntimeSpec({ adapter: 'codex-cli', authMode: 'external-cli', args }),
    {
      model: more.model ?? model,
      context: { systemPrompt: '', tools: [], messages: [user('x')] },
      opts: { ...opts, ...more.opts },
      resume: undefined,
    },
  );
}

const command = { type: 'commandExecution', id: 'c1', command: 'bash -lc ls', cwd: '/w' };
const completed = { turn: { id: 'u1', status: 'completed', error: null } };
const seen = (value: object): unknown => ({ kind: 'observation', observation: value });

describe('how the app-server is started', () => {
  it('[R19] puts the arguments of the user behind the subcommand and in front of its own', () => {
    expect(launch(['-c', 'model_provider="mine"'])).toMatchObject({
      defaultBinary: 'codex',
      args: [
        'app-server',
        '-c',
        'model_provider="mine"',
        '-c',
        'projects={"/w"={trust_level="untrusted"}}',
        '-c',
        'project_root_markers=[]',
        '-c',
        'project_doc_max_bytes=0',
        '-c',
        'features.default_mode_request_user_input=true',
        '-c',
        'suppress_unstable_features_warning=true',
      ],
    });
  });

  it('names the folder so that no character of it ends the setting', () => {
    expect(launch([], { opts: { cwd: 'C:\\a "b"\u007f' } }).args).toContain(
      'projects={"C:\\\\a \\"b\\"\\u007f"={trust_level="untrusted"}}',
    );
  });

  it('shares a child between turns of another mode, and not with other tools', () => {
    const key = launch().leaseKey;
    expect(launch([], { opts: { mode: 'plan', reasoning: 'high' } }).leaseKey).toBe(key);
    expect(launch([], { model: ours }).leaseKey).not.toBe(key);
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

  it('takes the tools of Codex away where ours are offered, and then everything comes before the gate', () => {
    const { args } = launch([], { model: ours });
    for (const setting of [
      'features.shell_tool=false',
      'features.unified_exec=false',
      'features.view_image=false',
      'features.multi_agent=false',
      'features.multi_agent_v2.disable_native_tools=true',
      'features.plugins=false',
      'features.apps=false',
      'web_search="disabled"',
    ]) {
      expect(args).toContain(setting);
    }
    expect(coverageOf(codexAppServerBridge, ours)).toEqual({ coverage: 'all', note: '' });
    expect(coverageOf(codexAppServerBridge, model).coverage).toBe('asks');
  });
});

describe('how an exchange with the app-server begins', () => {
  it('says hello, looks at the configuration, begins a thread, then the turn', () => {
    const infos: AgentInfo[] = [];
    const stage = new Stage(
      { opts: { ...opts, onAgentInfo: (info) => infos.push(info) } },
      {
        'model/list': {
          data: [
            { id: 'a', model: 'gpt-a', displayName: 'GPT A', hidden: false },
            { id: 'b', model: 'gpt-b', displayName: 'GPT B', hidden: true },
          ],
        },
      },
    ).open();
    expect(stage.methods()).toEqual([
      'initialize',
      'initialized',
      'model/list',
      'skills/list',
      'config/read',
      'thread/start',
      'turn/start',
    ]);
    expect(stage.out).toEqual([{ kind: 'resume', token: 't1', agentVersion: '0.169.0' }]);
    expect(infos).toEqual([
      { agentVersion: '0.169.0' },
      { models: [{ id: 'gpt-a', name: 'GPT A' }], agentVersion: '0.169.0' },
    ]);
    expect(stage.sent.every((message) => !isRecord(message) || !('jsonrpc' in message))).toBe(true);
  });

  it('always says who is asked, and translates model, effort, folders, instructions and pictures', () => {
    const stage = new Stage({
      model: { ...model, model: 'gpt-x' },
      context: {
        systemPrompt: 'Be kind.',
        tools: [],
        messages: [
          {
            role: 'user',
            text: 'see',
            images: [{ mediaType: 'image/png', data: 'AAAA' }],
            createdAtMs: 0,
          },
        ],
      },
      opts: { ...opts, reasoning: 'high', extraFolders: ['/more'] },
    }).open();
    expect(stage.params('thread/start')).toEqual({
      cwd: '/w',
      approvalPolicy: 'untrusted',
      approvalsReviewer: 'user',
      sandbox: 'workspace-write',
      model: 'gpt-x',
      developerInstructions: 'Be kind.',
    });
    expect(stage.params('turn/start')).toEqual({
      threadId: 't1',
      input: [
        { type: 'text', text: 'see', text_elements: [] },
        { type: 'image', url: 'data:image/png;base64,AAAA' },
      ],
      approvalPolicy: 'untrusted',
      approvalsReviewer: 'user',
      sandboxPolicy: {
        type: 'workspaceWrite',
        writableRoots: ['/more'],
        networkAccess: false,
        excludeTmpdirEnvVar: false,
        excludeSlashTmp: false,
      },
      model: 'gpt-x',
      effort: 'high',
    });
  });

  it('plans in the read-only sandbox', () => {
    const stage = new Stage({ opts: { ...opts, mode: 'plan' } }).open();
    expect(stage.params('thread/start')).toMatchObject({ sandbox: 'read-only' });
    expect(stage.params('turn/start')).toMatchObject({
      sandboxPolicy: { type: 'readOnly', networkAccess: false },
    });
  });

  it('goes on in the thread of a child that served before', () => {
    const notes = new Map<string, unknown>();
    const first = new Stage({ notes }).open();
    first.say('turn/completed', completed);
    const second = new Stage({ notes, isContinuation: true, resume: 't1' }).open();
    expect(second.methods()).toEqual(['turn/start']);
    expect(second.out).toEqual([{ kind: 'resume', token: 't1', agentVersion: '0.169.0' }]);
    const ids = [...first.sent, ...second.sent].flatMap((message) =>
      isRecord(message) && message.id !== undefined ? [message.id] : [],
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('takes a thread up again, without its history on the wire', () => {
    const stage = new Stage({ resume: 't1' }).open();
    expect(stage.methods()).not.toContain('thread/start');
    expect(stage.params('thread/resume')).toMatchObject({
      threadId: 't1',
      excludeTurns: true,
      approvalPolicy: 'untrusted',
    });
  });

  it('takes an unknown thread for a rejected token', () => {
    const stage = new Stage(
      { resume: 'gone' },
      {
        'thread/resume': {
          error: { code: -32600, message: 'no rollout found for thread id gone' },
        },
      },
    ).open();
    expect(stage.out).toMatchObject([{ kind: 'failed', failure: { code: 'resume_rejected' } }]);
    expect(stage.isOver).toBe(true);
  });

  it.each([
    ['0.97.0', model, '0.97.0 is too old'],
    ['0.55.0', model, '0.55.0 is too old'],
    ['0.168.9', ours, 'needs 0.169.0'],
  ])('refuses version %s in a sentence', (version, chosen, words) => {
    const stage = new Stage(
      { model: chosen },
      { initialize: { userAgent: `patchbay/${version} (Linux)` } },
    ).open();
    expect(stage.out).toMatchObject([{ kind: 'failed', failure: { code: 'agent_too_old' } }]);
    expect(JSON.stringify(stage.out)).toContain(words);
    expect(stage.methods()).toEqual(['initialize']);
  });

  it.each(['0.100.0', '0.170.1', '1.0.0-alpha.2'])('takes version %s', (version) => {
    const stage = new Stage(
      {},
      { initialize: { userAgent: `patchbay/${version} (Linux)` } },
    ).open();
    expect(stage.methods()).toContain('turn/start');
  });

  it('switches the skills of the folder off and keeps what the user has set', () => {
    const stage = new Stage(
      {},
      {
        'skills/list': {
          data: [
            {
              skills: [
                { path: '/w/.codex/skills/evil/SKILL.md', scope: 'repo' },
                { path: '/home/mine/SKILL.md', scope: 'user' },
              ],
            },
          ],
        },
        'config/read': { config: { skills: { config: [{ path: '/x', enabled: false }] } } },
      },
    ).open();
    expect(stage.params('skills/list')).toEqual({ cwds: ['/w'] });
    expect(stage.params('thread/start')).toMatchObject({
      config: {
        skills: {
          config: [
            { path: '/x', enabled: false },
            { path: '/w/.codex/skills/evil/SKILL.md', enabled: false },
          ],
        },
      },
    });
  });

  it('takes back what the user’s configuration trusts, under every name: the folder may be open through a link', () => {
    const projects = { '/real/w': { trust_level: 'trusted' }, '/w': { trust_level: 'untrusted' } };
    const stage = new Stage({ resume: 't1' }, { 'config/read': { config: { projects } } }).open();
    expect(stage.params('thread/resume')).toMatchObject({
      config: {
        projects: {
          '/real/w': { trust_level: 'untrusted' },
          '/w': { trust_level: 'untrusted' },
        },
      },
    });
  });

  it('does not wait for ever for what an older server does not know', () => {
    const refused = { error: { code: -32600, message: 'unknown variant' } };
    const answering = new Stage({}, { 'skills/list': refused, 'config/read': refused }).open();
    expect(answering.methods()).toContain('turn/start');
    const silent = new Stage({}, {}, ['skills/list', 'config/read']).open();
    expect(silent.methods()).not.toContain('thread/start');
    for (const run of silent.later) {
      silent.take(run());
    }
    expect(silent.methods().filter((method) => method === 'thread/start')).toHaveLength(1);
  });

  it.each([
    ['thread/start', 'error loading config', 'unknown'],
    ['turn/start', 'Missing environment variable: `KEY`.', 'auth_required'],
  ])('fails when %s is refused', (method, message, code) => {
    const stage = new Stage({}, { [method]: { error: { code: -32603, message } } }).open();
    expect(stage.out.at(-1)).toMatchObject({ kind: 'failed', failure: { code } });
  });
});

describe('what the app-server asks', () => {
  const diff = '@@ -1 +1 @@\n-a\n+b\n';
  const change = {
    type: 'fileChange',
    id: 'f1',
    status: 'inProgress',
    changes: [
      { path: '/w/new', kind: { type: 'add' }, diff: 'text\n' },
      { path: '/w/old', kind: { type: 'update', move_path: null }, diff },
      { path: '/w/gone', kind: { type: 'delete' }, diff: 'text\n' },
      { path: '/w/from', kind: { type: 'update', move_path: '/w/to' }, diff },
    ],
  };

  it('asks about a change with the diff that came before', () => {
    const stage = new Stage().open();
    stage.say('item/started', { item: change });
    stage.say('item/fileChange/requestApproval', { itemId: 'f1', reason: null }, 0);
    expect(stage.questions()).toMatchObject([
      {
        requestId: '0',
        callId: 'f1',
        toolName: 'apply_patch',
        takesWholeEditsOnly: true,
        intents: [
          { kind: 'write', path: '/w/new', change: { kind: 'content', content: 'text\n' } },
          { kind: 'write', path: '/w/old', change: { kind: 'patch', hunks: diff } },
          { kind: 'write', path: '/w/gone', change: { kind: 'delete' } },
          // A moved file is a new one that begins with the old one's text, and the end of that.
          {
            kind: 'write',
            path: '/w/to',
            change: { kind: 'patch', hunks: diff, from: '/w/from' },
          },
          { kind: 'write', path: '/w/from', change: { kind: 'delete' } },
        ],
      },
    ]);
    stage.answerLast({ kind: 'allow' });
    expect(stage.replies()).toEqual([{ id: 0, result: { decision: 'accept' } }]);
  });

  it('never leaves out a change that it cannot read', () => {
    const stage = new Stage().open();
    const odd = { kind: { type: 'add' }, file: '/w/odd', diff: 'x' };
    stage.say('item/started', { item: { ...change, changes: [change.changes[0], odd] } });
    stage.say('item/fileChange/requestApproval', { itemId: 'f1' }, 0);
    expect(stage.questions()[0]?.intents).toMatchObject([
      { kind: 'write', path: '/w/new' },
      { kind: 'unknown', description: /\/w\/odd/ },
    ]);
  });

  it('asks about the newest diff when it grew', () => {
    const stage = new Stage().open();
    stage.say('item/started', { item: { ...change, changes: [] } });
    stage.say('item/fileChange/patchUpdated', {
      itemId: 'f1',
      changes: [{ path: '/w/new', kind: { type: 'add' }, diff: 'more' }],
    });
    stage.say('item/fileChange/requestApproval', { itemId: 'f1' }, 0);
    expect(stage.questions()[0]?.intents).toEqual([
      { kind: 'write', path: '/w/new', change: { kind: 'content', content: 'more' } },
    ]);
  });

  it('does not take a change that nobody has seen for an allowed one', () => {
    const stage = new Stage().open();
    stage.say('item/fileChange/requestApproval', { itemId: 'unseen' }, 0);
    expect(stage.questions()[0]?.intents).toMatchObject([{ kind: 'unknown' }]);
  });

  it('tells the words of a denial to the model, in front of the answer', () => {
    const stage = new Stage().open();
    stage.say('item/started', { item: change });
    stage.say('item/fileChange/requestApproval', { itemId: 'f1' }, 0);
    stage.answerLast({ kind: 'deny', message: 'Hunk 1 was applied; use tabs.' });
    expect(stage.sent.slice(-2)).toMatchObject([
      {
        method: 'turn/steer',
        params: {
          threadId: 't1',
          expectedTurnId: 'u1',
          input: [
            {
              type: 'text',
              text: 'About the change of /w/new, /w/old, /w/gone, /w/from, which was not allowed as it was: Hunk 1 was applied; use tabs.',
            },
          ],
        },
      },
      { id: 0, result: { decision: 'decline' } },
    ]);
  });

  it('stops the turn when the denial is to stop it, and sends no words then', () => {
    const stage = new Stage().open();
    stage.say('item/commandExecution/requestApproval', { itemId: 'c1', command: 'ls' }, 'x');
    stage.answerLast({ kind: 'deny', message: 'no', interrupts: true });
    expect(stage.replies()).toEqual([{ id: 'x', result: { decision: 'cancel' } }]);
    expect(stage.methods()).not.toContain('turn/steer');
  });

  it('says so when the words did not reach the agent', () => {
    const stage = new Stage(
      {},
      { 'turn/steer': { error: { code: -32600, message: 'no active turn' } } },
    ).open();
    stage.say('item/commandExecution/requestApproval', { itemId: 'c1', command: 'ls' }, 1);
    stage.answerLast({ kind: 'allow', message: 'and be quick' });
    expect(stage.observed('notice')).toMatchObject([{ level: 'warning', code: 'steer_rejected' }]);
    expect(stage.replies()).toEqual([{ id: 1, result: { decision: 'accept' } }]);
  });

  it('[R212] one end is the end of both prompts: words that joined the turn have none of their own', () => {
    const stage = new Stage().open();
    stage.say('item/agentMessage/delta', { itemId: 'm1', delta: 'first' });
    stage.send(stage.parser.steer('and this') ?? []);
    stage.say('item/agentMessage/delta', { itemId: 'm2', delta: 'second' });
    expect(stage.isOver).toBe(false);
    stage.say('turn/completed', { turn: { id: 'u1', status: 'completed' } });
    expect(stage.isOver).toBe(true);
    expect(stage.out.filter(({ kind }) => kind === 'finish' || kind === 'failed')).toEqual([
      { kind: 'finish', reason: 'stop' },
    ]);
    expect(stage.out.flatMap((item) => (item.kind === 'text' ? [item.delta] : []))).toEqual([
      'first',
      'second',
    ]);
    expect(stage.methods().filter((method) => method === 'turn/start')).toHaveLength(1);
    expect(stage.observed('notice')).toEqual([]);
  });

  it('takes the tries of a connection for news, however many there are, and then answers', () => {
    const stage = new Stage().open();
    for (let attempt = 1; attempt <= 7; attempt += 1) {
      stage.say('error', {
        error: { message: `Reconnecting... ${String(attempt)}/7`, codexErrorInfo: null },
        willRetry: true,
      });
    }
    expect(stage.isOver).toBe(false);
    expect(stage.observed('notice')).toHaveLength(7);
    stage.say('item/agentMessage/delta', { itemId: 'm1', delta: 'over HTTPS' });
    stage.say('turn/completed', { turn: { id: 'u1', status: 'completed' } });
    expect(stage.out.slice(-2)).toMatchObject([
      { kind: 'text', delta: 'over HTTPS' },
      { kind: 'finish', reason: 'stop' },
    ]);
  });

  it('[R212] waits at the end of the turn for the answer to words that crossed it, so that none are lost', () => {
    const crossing = () => {
      const stage = new Stage({}, {}, ['turn/steer']).open();
      stage.send(stage.parser.steer('and be quick') ?? []);
      const id = stage.sent.filter(isRecord).at(-1)?.id;
      stage.say('turn/completed', { turn: { id: 'u1', status: 'completed' } });
      expect(stage.isOver).toBe(false);
      expect(stage.parser.steer('more')).toBeUndefined();
      return { stage, id };
    };
    const ends = (stage: Stage) =>
      stage.out.flatMap((item) =>
        item.kind === 'finish' ||
        (item.kind === 'observation' && item.observation.kind === 'notice')
          ? [item.kind === 'finish' ? 'finish' : 'rejected']
          : [],
      );
    const refused = crossing();
    const error = { code: -32600, message: 'no active turn to steer' };
    refused.stage.take(refused.stage.parser.accept({ id: refused.id, error }));
    expect(ends(refused.stage)).toEqual(['rejected', 'finish']);
    expect(refused.stage.isOver).toBe(true);

    const taken = crossing();
    taken.stage.take(taken.stage.parser.accept({ id: taken.id, result: { turnId: 'u1' } }));
    expect(ends(taken.stage)).toEqual(['finish']);

    const silent = crossing();
    const giveUp = silent.stage.later.at(-1);
    silent.stage.take(giveUp?.() ?? { out: [] });
    expect(ends(silent.stage)).toEqual(['rejected', 'finish']);
    expect(silent.stage.isOver).toBe(true);
    expect(giveUp?.()).toEqual({ out: [] });
  });

  it('tells the ids 0 and "0" apart, answers each once, and takes no second question under an open id', () => {
    const stage = new Stage().open();
    const ask = (id: unknown, words: string): void => {
      stage.say('item/commandExecution/requestApproval', { itemId: 'c', command: words }, id);
    };
    ask(0, 'ls');
    ask('0', 'rm');
    ask(0, 'rm -rf /');
    expect(stage.questions().map(({ intents }) => intents)).toEqual([
      [{ kind: 'command', command: 'ls' }],
      [{ kind: 'command', command: 'rm' }],
    ]);
    const [zero, text] = stage.questions();
    text?.reply({ kind: 'deny', message: '' });
    zero?.reply({ kind: 'allow' });
    zero?.reply({ kind: 'deny', message: '' });
    expect(stage.replies()).toEqual([
      { id: '0', result: { decision: 'decline' } },
      { id: 0, result: { decision: 'accept' } },
    ]);
  });

  it.each([
    [{ command: null }, 'unknown'],
    [{ kind: 'writeStdin', command: 'yes' }, 'unknown'],
    [{ command: 'curl', networkApprovalContext: { host: 'a.b', protocol: 'https' } }, 'network'],
  ])('does not take %j for a plain command', (params, kind) => {
    const stage = new Stage().open();
    stage.say('item/commandExecution/requestApproval', params, 3);
    expect(stage.questions()[0]?.intents.map((intent) => intent.kind)).toEqual([kind]);
  });

  it('passes a question of the agent on, and the answers back by their ids', () => {
    const stage = new Stage().open();
    const options = [{ label: 'Red', description: 'warm' }];
    stage.say(
      'item/tool/requestUserInput',
      { itemId: 'q', questions: [{ id: 'q1', header: 'Pick', question: 'Which?', options }] },
      4,
    );
    expect(stage.questions()[0]?.intents).toEqual([
      { kind: 'question', questions: [{ question: 'Which?', header: 'Pick', options }] },
    ]);
    stage.answerLast({ kind: 'allow', answers: { 'Which?': 'Red' } });
    expect(stage.replies()).toEqual([{ id: 4, result: { answers: { q1: { answers: ['Red'] } } } }]);
  });

  it('asks about the call of an MCP tool, as that call', () => {
    const stage = new Stage().open();
    stage.say('item/started', {
      item: { type: 'mcpToolCall', id: 'm1', server: 's', tool: 'poke', arguments: { x: 1 } },
    });
    stage.say(
      'mcpServer/elicitation/request',
      {
        serverName: 's',
        mode: 'form',
        message: 'Allow the s MCP server to run tool "poke"?',
        _meta: { codex_approval_kind: 'mcp_tool_call', tool_params: { x: 1 } },
      },
      5,
    );
    expect(stage.questions()).toMatchObject([
      { callId: 'm1', intents: [{ kind: 'mcp', server: 's', tool: 'poke', input: { x: 1 } }] },
    ]);
    stage.answerLast({ kind: 'deny', message: '' });
    expect(stage.replies()).toEqual([
      { id: 5, result: { action: 'decline', content: null, _meta: null } },
    ]);
  });

  it('declines forms and links of MCP servers, and says so', () => {
    const stage = new Stage().open();
    stage.say(
      'mcpServer/elicitation/request',
      { serverName: 's', mode: 'url', message: 'Log in' },
      6,
    );
    expect(stage.replies()).toEqual([
      { id: 6, result: { action: 'decline', content: null, _meta: null } },
    ]);
    expect(stage.observed('notice')).toHaveLength(1);
  });

  it('gives more rights for one turn only, and none when denied', () => {
    const ask = (answer: PermissionAnswer): unknown => {
      const stage = new Stage().open();
      const permissions = { network: { enabled: true }, fileSystem: null };
      stage.say('item/permissions/requestApproval', { itemId: 'p', permissions }, 7);
      expect(stage.questions()[0]?.intents.map(({ kind }) => kind)).toEqual(['unknown']);
      return stage.answerLast(answer).replies();
    };
    expect(ask({ kind: 'allow' })).toEqual([
      { id: 7, result: { permissions: { network: { enabled: true } }, scope: 'turn' } },
    ]);
    expect(ask({ kind: 'deny', message: '' })).toEqual([
      { id: 7, result: { permissions: {}, scope: 'turn' } },
    ]);
  });

  it('answers what it does not know with an error, so that nothing waits', () => {
    const stage = new Stage().open();
    stage.say('account/chatgptAuthTokens/refresh', {}, 0);
    stage.say('item/tool/call', { callId: 'x', tool: 'read_file', arguments: {} }, 1);
    expect(stage.replies()).toMatchObject([
      { id: 0, error: { code: -32601 } },
      { id: 1, result: { success: false } },
    ]);
  });

  it('withdraws a question that the server has resolved, and drops a late answer', () => {
    const stage = new Stage().open();
    stage.say('item/commandExecution/requestApproval', { itemId: 'c', command: 'ls' }, 0);
    stage.say('serverRequest/resolved', { requestId: '0' });
    expect(stage.observed('permission_withdrawn')).toEqual([]);
    stage.say('serverRequest/resolved', { requestId: 0 });
    expect(stage.observed('permission_withdrawn')).toEqual([
      { kind: 'permission_withdrawn', requestId: '0' },
    ]);
    stage.answerLast({ kind: 'allow' });
    expect(stage.replies()).toEqual([]);
  });
});

describe('our tools in Codex', () => {
  const begin = (
    delegate: (call: DelegatedCall) => Promise<ToolResult>,
    tools = [readFile],
  ): Stage =>
    new Stage(
      {
        model: ours,
        context: { systemPrompt: '', tools, messages: [user('x')] },
        opts: { ...opts, delegate },
      },
      { 'config/read': { config: { mcp_servers: { 'a.b': { command: 'x' } } } } },
    ).open();
  const call = { callId: 'd1', tool: 'read_file', arguments: { path: 'a' } };

  it('offers them, in the read-only sandbox, and switches the MCP servers of the user off', () => {
    const stage = begin(() => Promise.resolve({ ok: true, output: '' }));
    expect(stage.params('initialize')).toMatchObject({ capabilities: { experimentalApi: true } });
    expect(stage.params('thread/start')).toMatchObject({
      sandbox: 'read-only',
      dynamicTools: [{ type: 'function', ...readFile }],
      config: { mcp_servers: { 'a.b': { enabled: false } } },
    });
  });

  it('does not begin where the MCP servers cannot be told', () => {
    const stage = new Stage(
      { model: ours },
      { 'config/read': { error: { code: -32600, message: 'unknown variant' } } },
    ).open();
    expect(stage.out).toMatchObject([{ kind: 'failed', failure: { code: 'binary_broken' } }]);
    expect(stage.methods()).not.toContain('thread/start');
  });

  it('[R40] hands a call to us, answers it once, and reports it with what we gave', async () => {
    const calls: DelegatedCall[] = [];
    const stage = begin((given) => {
      calls.push(given);
      return Promise.resolve({ ok: true, output: 'text', details: { summary: '4 B' } });
    });
    stage.say('item/started', { item: { type: 'dynamicToolCall', id: 'd1', ...call } });
    stage.say('item/tool/call', call, 0);
    await Promise.resolve();
    expect(calls).toMatchObject([{ callId: 'd1', toolName: 'read_file', input: { path: 'a' } }]);
    expect(stage.replies()).toEqual([
      { id: 0, result: { success: true, contentItems: [{ type: 'inputText', text: 'text' }] } },
    ]);
    stage.say('item/completed', { item: { type: 'dynamicToolCall', id: 'd1', ...call } });
    expect(stage.out.filter(({ kind }) => kind === 'tool_call')).toHaveLength(1);
    expect(stage.observed('tool_result')).toEqual([
      {
        kind: 'tool_result',
        callId: 'd1',
        result: { ok: true, output: 'text', details: { summary: '4 B' } },
      },
    ]);
  });

  it('gives an error back as one, and refuses a tool that is not offered and a call made twice', async () => {
    let count = 0;
    const stage = begin(() => {
      count += 1;
      return Promise.resolve({ ok: false, output: '', error: 'denied: nope' });
    });
    stage.say('item/tool/call', call, 0);
    stage.say('item/tool/call', call, 1);
    stage.say('item/tool/call', { ...call, callId: 'd2', tool: 'rm' }, 2);
    await Promise.resolve();
    expect(count).toBe(1);
    expect(stage.replies()).toHaveLength(3);
    expect(stage.replies()).toContainEqual({
      id: 0,
      result: { success: false, contentItems: [{ type: 'inputText', text: 'denied: nope' }] },
    });
    expect(JSON.stringify(stage.replies())).not.toContain('"success":true');
  });

  it('ends the call that the server does not wait for any more, and says nothing after the turn', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    let finish: (result: ToolResult) => void = () => undefined;
    const stage = begin((given) => {
      signals.push(given.signal);
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    stage.say('item/tool/call', call, 0);
    stage.say('serverRequest/resolved', { requestId: 0 });
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
    stage.say('turn/completed', completed);
    finish({ ok: true, output: 'late' });
    await Promise.resolve();
    expect(stage.replies()).toEqual([]);
  });
});

describe('what the app-server says in a turn', () => {
  it('streams text and thoughts, and adds only what was not streamed', () => {
    const stage = new Stage().open();
    stage.say('item/reasoning/summaryTextDelta', { itemId: 'r', summaryIndex: 0, delta: 'Hm' });
    stage.say('item/completed', {
      item: { type: 'reasoning', id: 'r', summary: ['Hm.', 'So.'], content: [] },
    });
    stage.say('item/agentMessage/delta', { itemId: 'm', delta: 'One' });
    stage.say('item/completed', { item: { type: 'agentMessage', id: 'm', text: 'One, two' } });
    stage.say('item/completed', { item: { type: 'agentMessage', id: 'm', text: 'One, two' } });
    expect(stage.out.slice(1)).toEqual([
      { kind: 'thinking', delta: 'Hm', blockId: 'r:summaryIndex:0' },
      { kind: 'thinking', delta: '.', blockId: 'r:summaryIndex:0' },
      { kind: 'thinking', delta: 'So.', blockId: 'r:summaryIndex:1' },
      { kind: 'text', delta: 'One', blockId: 'm' },
      { kind: 'text', delta: ', two', blockId: 'm' },
    ]);
  });

  it('takes back what a failed attempt had begun, and keeps what was complete', () => {
    const stage = new Stage().open();
    stage.say('item/agentMessage/delta', { itemId: 'whole', delta: 'A' });
    stage.say('item/completed', { item: { type: 'agentMessage', id: 'whole', text: 'A' } });
    stage.say('item/agentMessage/delta', { itemId: 'half', delta: 'B' });
    stage.say('error', {
      willRetry: true,
      error: { message: 'Reconnecting... 1/2', additionalDetails: 'stream disconnected' },
    });
    expect(stage.observed('retract')).toEqual([{ kind: 'retract', blockId: 'half' }]);
    expect(stage.observed('notice')).toMatchObject([
      { code: 'api_retry', text: 'Codex tries again: Reconnecting... 1/2 stream disconnected' },
    ]);
  });

  it('[R40] reports a call as the child’s own, with its progress, its result and the files it changed', () => {
    const stage = new Stage().open();
    stage.say('item/started', { item: command });
    stage.say('item/commandExecution/outputDelta', { itemId: 'c1', delta: 'a' });
    stage.say('item/commandExecution/outputDelta', { itemId: 'c1', delta: 'b' });
    stage.say('item/completed', {
      item: { ...command, status: 'completed', exitCode: 0, aggregatedOutput: null },
    });
    const changes = [{ path: '/w/a', kind: { type: 'add' }, diff: 'x\n' }];
    stage.say('item/completed', {
      item: { type: 'fileChange', id: 'f1', status: 'completed', changes },
    });
    expect(stage.out.slice(1)).toMatchObject([
      {
        kind: 'tool_call',
        call: {
          id: 'c1',
          name: 'shell',
          executedBy: 'child',
          arguments: { command: 'bash -lc ls' },
        },
      },
      seen({ kind: 'tool_progress', callId: 'c1', text: 'a' }),
      seen({ kind: 'tool_progress', callId: 'c1', text: 'ab' }),
      seen({ kind: 'tool_result', callId: 'c1', result: { ok: true, output: 'ab' } }),
      { kind: 'tool_call', call: { id: 'f1', name: 'apply_patch', executedBy: 'child' } },
      seen({
        kind: 'tool_result',
        callId: 'f1',
        result: {
          ok: true,
          output: 'add /w/a',
          details: { diff: '--- /dev/null\n+++ /w/a\n@@ -0,0 +1,1 @@\n+x\n' },
        },
      }),
      seen({ kind: 'file_change', callId: 'f1', paths: ['/w/a'] }),
    ]);
  });

  it('keeps the progress of a flooding command short', () => {
    const stage = new Stage().open();
    stage.say('item/started', { item: command });
    for (let count = 0; count < 100; count += 1) {
      stage.say('item/commandExecution/outputDelta', { itemId: 'c1', delta: 'x'.repeat(1000) });
    }
    expect(JSON.stringify(stage.observed('tool_progress').at(-1)).length).toBeLessThan(5000);
  });

  it('nests what sub-agents do, leaves their words out, and does not end with their turns', () => {
    const stage = new Stage().open();
    stage.say('item/completed', {
      item: {
        type: 'collabAgentToolCall',
        id: 'a1',
        tool: 'spawnAgent',
        status: 'completed',
        receiverThreadIds: ['t2'],
      },
    });
    stage.say('item/completed', {
      item: {
        type: 'subAgentActivity',
        id: 'a2',
        kind: 'started',
        agentThreadId: 't3',
        agentPath: '/a',
      },
    });
    stage.say('item/agentMessage/delta', { threadId: 't2', itemId: 'm', delta: 'psst' });
    stage.say('item/completed', {
      threadId: 't2',
      item: { type: 'agentMessage', id: 'm', text: 'psst' },
    });
    stage.say('item/started', { threadId: 't3', item: command });
    stage.say(
      'item/commandExecution/requestApproval',
      { threadId: 't2', itemId: 'c9', command: 'x' },
      9,
    );
    stage.say('thread/tokenUsage/updated', {
      threadId: 't2',
      tokenUsage: { total: { inputTokens: 9 } },
    });
    stage.say('turn/completed', { threadId: 't2', turn: { id: 'u9', status: 'completed' } });
    expect(stage.isOver).toBe(false);
    expect(stage.out.filter(({ kind }) => kind === 'text')).toEqual([]);
    expect(
      stage.out.find((item) => item.kind === 'tool_call' && item.call.id === 'c1'),
    ).toMatchObject({
      parentCallId: 'a2',
      call: { parentCallId: 'a2' },
    });
    expect(stage.observed('permission_request')).toMatchObject([{ parentCallId: 'a1' }]);
    expect(stage.observed('usage')).toEqual([]);
  });

  it('shows the plan', () => {
    const stage = new Stage().open();
    stage.say('turn/plan/updated', {
      plan: [
        { step: 'a', status: 'completed' },
        { step: 'b', status: 'inProgress' },
        { step: 'c', status: 'pending' },
      ],
    });
    expect(stage.observed('plan')).toEqual([
      {
        kind: 'plan',
        items: [
          { text: 'a', status: 'done' },
          { text: 'b', status: 'active' },
          { text: 'c', status: 'pending' },
        ],
      },
    ]);
  });

  it('counts the tokens of this turn alone, and not what a thread had used before', () => {
    const stage = new Stage({ resume: 't1' }).open();
    const usage = (turnId: string, total: number, last: number): void => {
      stage.say('thread/tokenUsage/updated', {
        turnId,
        tokenUsage: {
          total: { inputTokens: total, cachedInputTokens: 100, outputTokens: total / 10 },
          last: { inputTokens: last, cachedInputTokens: 0, outputTokens: last / 10 },
          modelContextWindow: 1000,
        },
      });
    };
    usage('earlier', 500, 500);
    usage('u1', 700, 200);
    usage('u1', 1000, 300);
    expect(stage.observed('usage').at(-1)).toEqual({
      kind: 'usage',
      usage: {
        inputTokens: 500,
        outputTokens: 50,
        cacheReadTokens: 0,
        contextWindowTokens: 1000,
        contextTokens: 330,
        reportedBy: 'child',
      },
    });
    expect(stage.observed('usage')).toHaveLength(2);
  });

  it('[R210] makes its own conversation smaller when the prompt is /compact', () => {
    const context = { systemPrompt: '', tools: [], messages: [user('/compact')] };
    const stage = new Stage({ context }).open();
    expect(stage.sent.at(-1)).toMatchObject({
      method: 'thread/compact/start',
      params: { threadId: 't1' },
    });
    stage.say('turn/started', { turn: { id: 'u1' } });
    stage.say('item/started', { item: { type: 'contextCompaction', id: 'c' } });
    stage.say('turn/completed', completed);
    expect(stage.observed('notice')).toMatchObject([{ code: 'compacting' }]);
    expect(stage.out.at(-1)).toEqual({ kind: 'finish', reason: 'stop' });
  });

  it('takes words of the user into the running turn, and none before it runs or after it', () => {
    const waiting = new Stage({}, {}, ['turn/start']).open();
    expect(waiting.parser.steer('more')).toBeUndefined();
    const stage = new Stage().open();
    expect(stage.parser.steer('more')).toMatchObject([
      {
        method: 'turn/steer',
        params: { expectedTurnId: 'u1', input: [{ type: 'text', text: 'more' }] },
      },
    ]);
    stage.say('turn/completed', completed);
    expect(stage.parser.steer('more')).toBeUndefined();
  });
});

describe('how a turn of the app-server ends', () => {
  it('interrupts the turn that runs, closes its calls, and ends as stopped', () => {
    const stage = new Stage().open();
    stage.say('item/started', { item: command });
    expect(stage.parser.interrupt()).toMatchObject([
      { method: 'turn/interrupt', params: { threadId: 't1', turnId: 'u1' } },
    ]);
    stage.say('turn/completed', { turn: { id: 'u1', status: 'interrupted', error: null } });
    expect(stage.out.slice(2)).toMatchObject([
      seen({
        kind: 'tool_result',
        callId: 'c1',
        result: {
          ok: false,
          output: '',
          error: 'The call had no result when its turn ended.',
          details: { outcome: 'aborted' },
        },
      }),
      { kind: 'failed', failure: { code: 'aborted', aborted: true } },
    ]);
    expect(stage.isOver).toBe(true);
  });

  it.each([[{ turn: { id: 'u1', status: 'dissolved' } }], [{ turn: null }], [{}]])(
    'an end that cannot be read (%j) is an end, with its calls closed',
    (params) => {
      const stage = new Stage().open();
      stage.say('item/started', { item: command });
      stage.say('turn/completed', params);
      expect(stage.out.slice(-2, -1)).toMatchObject([seen({ kind: 'tool_result', callId: 'c1' })]);
      expect(stage.out.at(-1)).toMatchObject({
        kind: 'failed',
        failure: { message: expect.stringContaining('What has arrived is kept') as string },
      });
      expect(stage.isOver).toBe(true);
    },
  );

  it('has no interrupt before there is a turn', () => {
    expect(new Stage({}, {}, ['turn/start']).open().parser.interrupt()).toEqual([]);
  });

  it('closes a command that goes on in the background, and says that it does', () => {
    const stage = new Stage().open();
    stage.say('item/started', { item: command });
    stage.say('item/commandExecution/outputDelta', { itemId: 'c1', delta: 'started\n' });
    stage.say('turn/completed', completed);
    expect(stage.observed('tool_result')).toMatchObject([
      {
        callId: 'c1',
        result: {
          ok: true,
          output:
            'started\n\n(It was still running when the turn ended, and goes on in the background.)',
          details: { summary: 'in background' },
        },
      },
    ]);
    expect(stage.out.at(-1)).toEqual({ kind: 'finish', reason: 'stop' });
  });

  it('[R35] does not end with another turn’s end, and not twice', () => {
    const stage = new Stage().open();
    stage.say('turn/completed', { turn: { id: 'earlier', status: 'completed' } });
    expect(stage.isOver).toBe(false);
    stage.say('turn/completed', completed);
    stage.say('turn/completed', completed);
    stage.say('item/agentMessage/delta', { itemId: 'late', delta: 'late' });
    expect(stage.out.map(({ kind }) => kind)).toEqual(['resume', 'finish']);
  });

  it.each([
    ['x', 'contextWindowExceeded', 'context_overflow'],
    ['x', 'usageLimitExceeded', 'rate_limited'],
    ['x', 'serverOverloaded', 'overloaded'],
    ['x', 'unauthorized', 'auth_required'],
    ['x', 'modelNotFound', 'model_not_found'],
    ['x', 'badRequest', 'invalid_request'],
    ['x', { responseTooManyFailedAttempts: { httpStatusCode: 429 } }, 'rate_limited'],
    ['x', { httpConnectionFailed: { httpStatusCode: null } }, 'network'],
    ['x', { responseStreamDisconnected: { httpStatusCode: null } }, 'stream_cut'],
    ['unexpected status 401 Unauthorized: bad key', 'other', 'auth_required'],
    ['exceeded retry limit, last status: 500 Internal Server Error', null, 'overloaded'],
    ['boom', 'constructor', 'unknown'],
  ])('fails with a code: %s %j', (message, codexErrorInfo, code) => {
    const stage = new Stage().open();
    stage.say('error', { willRetry: false, error: { message, codexErrorInfo } });
    expect(stage.isOver).toBe(false);
    stage.say('turn/completed', {
      turn: { id: 'u1', status: 'failed', error: { message, codexErrorInfo } },
    });
    expect(stage.out.at(-1)).toMatchObject({ kind: 'failed', failure: { code } });
  });

  it.each([
    ['boom', null, 'Codex: boom. What has arrived is kept; try again.'],
    ['busy', 'serverOverloaded', 'Codex: busy. What has arrived is kept; try again in a while.'],
    ['last status: 429', null, 'Codex: last status: 429. Wait, or choose another model.'],
    ['no such model', 'modelNotFound', 'Codex: no such model. Choose another model.'],
  ])('says what to do next: %s', (message, codexErrorInfo, words) => {
    const stage = new Stage().open();
    stage.say('turn/completed', {
      turn: { id: 'u1', status: 'failed', error: { message, codexErrorInfo } },
    });
    expect(stage.out.at(-1)).toMatchObject({ kind: 'failed', failure: { message: words } });
  });

  it('takes the length limit for an end of length', () => {
    const message = 'Incomplete response returned, reason: max_output_tokens';
    const stage = new Stage().open();
    stage.say('turn/completed', { turn: { id: 'u1', status: 'failed', error: { message } } });
    expect(stage.out.at(-1)).toEqual({ kind: 'finish', reason: 'length' });
  });

  it.each([
    [2, "error: unrecognized subcommand 'app-server'", 'agent_too_old', 'Update Codex'],
    [2, "error: unexpected argument '--no-such' found", 'binary_broken', "'--no-such' found."],
    [1, 'Error: error loading config: invalid type', 'binary_broken', 'Correct it'],
    [0, 'could not find bubblewrap on PATH', 'child_exited', 'ended early'],
  ])('explains an exit with %s and only words on stderr', (exitCode, stderr, code, words) => {
    const failure = new Stage().open().parser.explainExit(exitOf(exitCode, stderr));
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(words);
  });

  it('gives the last error as the reason when the server then dies', () => {
    const stage = new Stage().open();
    stage.say('error', {
      willRetry: false,
      error: { message: 'x', codexErrorInfo: 'unauthorized' },
    });
    expect(stage.parser.explainExit(exitOf(null, '')).code).toBe('auth_required');
  });
});
