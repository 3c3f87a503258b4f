import { describe, expect, it } from 'vitest';
import { arrayField, isRecord, recordField, stringField } from '../../../src/base/guard';
import type { PermissionRequest } from '../../../src/events/observation';
import { toolError, toolOk, type ToolResult } from '../../../src/events/toolCall';
import { createAcpBridge } from '../../../src/runtime/bridges/acp';
import { acpProfiles } from '../../../src/runtime/bridges/acpProfiles';
import type { AgentInfo, Bridge, DelegatedCall } from '../../../src/runtime/contract';
import { ExchangeLab, textOf, type RunningTurn } from '../../fakes/exchangeLab';

function bridgeOf(adapter: string): Bridge {
  const profile = acpProfiles.find((item) => item.adapter === adapter);
  if (profile === undefined) {
    throw new Error(`no profile ${adapter}`);
  }
  return createAcpBridge(profile);
}

interface AgentOptions {
  readonly name?: string;
  readonly version?: unknown;
  readonly capabilities?: unknown;
  readonly session?: unknown;
  /** Answers by method, instead of the plain ones; what is no record is silence. */
  readonly answers?: Readonly<Record<string, unknown>>;
}

/** An agent that opens its session by itself and leaves the prompt to the test. */
class Agent {
  readonly lab: ExchangeLab;
  readonly prompts: unknown[] = [];
  private promptId: unknown;

  constructor(options: AgentOptions = {}, adapter = 'acp') {
    this.lab = new ExchangeLab(bridgeOf(adapter), (message, transport) => {
      const method = stringField(message, 'method');
      const id = isRecord(message) ? message.id : undefined;
      if (method === undefined || id === undefined) {
        return;
      }
      if (options.answers !== undefined && Object.hasOwn(options.answers, method)) {
        const answer = options.answers[method];
        if (isRecord(answer)) {
          transport.emit({ jsonrpc: '2.0', id, ...answer });
        }
        return;
      }
      switch (method) {
        case 'initialize':
          transport.emit({
            jsonrpc: '2.0',
            id,
            result: {
              protocolVersion: 'version' in options ? options.version : 1,
              agentInfo: { name: options.name ?? 'somebody', version: '3.2.1' },
              agentCapabilities: options.capabilities ?? {
                loadSession: true,
                sessionCapabilities: { resume: {} },
              },
            },
          });
          return;
        case 'session/prompt':
          this.prompts.push(message);
          this.promptId = id;
          return;
        default:
          transport.emit({
            jsonrpc: '2.0',
            id,
            result: { sessionId: 'S', ...(isRecord(options.session) ? options.session : {}) },
          });
      }
    });
  }

  async run(...args: Parameters<ExchangeLab['run']>): Promise<RunningTurn> {
    const turn = this.lab.run(...args);
    await this.lab.pass();
    return turn;
  }

  update(...updates: readonly unknown[]): void {
    this.lab.transport.emit(
      ...updates.map((update) => ({
        jsonrpc: '2.0',
        method: 'session/update',
        params: { sessionId: 'S', update },
      })),
    );
  }

  request(id: unknown, method: string, params: unknown): void {
    this.lab.transport.emit({ jsonrpc: '2.0', id, method, params });
  }

  ask(id: unknown, toolCall: unknown, options: unknown = choices): void {
    this.request(id, 'session/request_permission', { sessionId: 'S', toolCall, options });
  }

  end(stopReason = 'end_turn', more: unknown = {}): void {
    this.lab.transport.emit({
      jsonrpc: '2.0',
      id: this.promptId,
      result: { stopReason, ...(isRecord(more) ? more : {}) },
    });
  }

  /** Answers the prompt with just this. */
  answer(result: unknown): void {
    this.lab.transport.emit({ jsonrpc: '2.0', id: this.promptId, result });
  }

  fail(code: number, message: string, data?: unknown): void {
    this.lab.transport.emit({ jsonrpc: '2.0', id: this.promptId, error: { code, message, data } });
  }

  sent(method: string): readonly unknown[] {
    return this.lab.transport.sent.filter((message) => stringField(message, 'method') === method);
  }

  params(method: string): unknown {
    return recordField(this.sent(method)[0], 'params');
  }

  /** Our answers, by the id of the agent's request. */
  answerTo(id: unknown): unknown {
    return this.lab.transport.sent.find(
      (message) =>
        isRecord(message) && message.id === id && stringField(message, 'method') === undefined,
    );
  }
}

const choices = [
  { optionId: 'a', kind: 'allow_always', name: 'Reject' },
  { optionId: 'b', kind: 'reject_once', name: 'Allow' },
  { optionId: 'c', kind: 'allow_once', name: 'Always allow' },
];

const text = (delta: string, messageId?: string): unknown => ({
  sessionUpdate: 'agent_message_chunk',
  content: { type: 'text', text: delta },
  ...(messageId === undefined ? {} : { messageId }),
});

function questions(turn: RunningTurn): readonly PermissionRequest[] {
  return turn.log.flatMap((item) => (item.kind === 'permission_request' ? [item.request] : []));
}

const calls = (turn: RunningTurn): readonly unknown[] =>
  turn.log.flatMap((item) => (item.kind === 'tool_call' ? [item.call] : []));

const results = (turn: RunningTurn): readonly ToolResult[] =>
  turn.log.flatMap((item) => (item.kind === 'tool_result' ? [item.result] : []));

const terminals = (turn: RunningTurn): number =>
  turn.log.filter(({ kind }) => kind === 'finish' || kind === 'failed').length;

describe('how an ACP agent is started', () => {
  it.each([
    ['acp', 'acp-agent', ['--x']],
    ['acp:opencode', 'opencode', ['acp', '--x']],
    ['acp:claude-agent-acp', 'claude-agent-acp', ['--x']],
    ['acp:gemini', 'gemini', ['--x', '--acp']],
  ])(
    '[R19] %s: the user’s arguments stand behind a subcommand and before the flags',
    async (adapter, binary, args) => {
      const bridge = bridgeOf(adapter);
      const plan = bridge.launch(
        { adapter, authMode: 'external-cli', args: ['--x'] },
        {
          model: { id: 'm', api: 'external', provider: adapter, model: 'default', name: 'M' },
          context: { systemPrompt: '', tools: [], messages: [] },
          opts: {
            signal: new AbortController().signal,
            sessionId: 's',
            cwd: '/w',
            observe: () => undefined,
          },
          resume: undefined,
        },
      );
      expect([plan.defaultBinary, plan.args]).toEqual([binary, args]);
      await Promise.resolve();
    },
  );

  it('a folder’s own settings are kept out, and everything is asked, by variables that mean nothing to others', () => {
    const [generic] = acpProfiles;
    expect(generic?.env).toMatchObject({
      OPENCODE_DISABLE_PROJECT_CONFIG: '1',
      GEMINI_CLI_TRUST_WORKSPACE: 'false',
    });
    const permission: unknown = JSON.parse(generic?.env.OPENCODE_PERMISSION ?? '');
    expect(permission).toMatchObject({ '*': 'ask', bash: 'ask', read: 'ask', task: 'deny' });
  });

  it('claude-agent-acp is given only the user’s own settings and a hook that makes every call a question', async () => {
    const agent = new Agent({ name: '@agentclientprotocol/claude-agent-acp' });
    await agent.run('x');
    const meta = recordField(agent.params('session/new'), '_meta');
    const options = recordField(recordField(meta, 'claudeCode'), 'options');
    expect(options).toMatchObject({ settingSources: ['user'], strictMcpConfig: true });
    const hook = JSON.stringify(recordField(recordField(options, 'settings'), 'hooks'));
    expect(hook).toContain('"matcher":"*"');
    expect(hook).toContain('permissionDecision');
  });

  it('another agent gets no options of Claude’s', async () => {
    const agent = new Agent();
    await agent.run('x');
    expect(agent.params('session/new')).toEqual({ cwd: '/workspace', mcpServers: [] });
  });

  it.each([
    [99, 'binary_broken'],
    [2, 'binary_broken'],
    [0, 'agent_too_old'],
    [undefined, 'agent_too_old'],
    ['1', 'binary_broken'],
    [{ very: 'long'.repeat(5_000) }, 'binary_broken'],
    ['9'.repeat(5_000), 'binary_broken'],
  ])('protocol version %s is refused in clear words', async (version, code) => {
    const agent = new Agent({ version });
    const { failure } = await (await agent.run('x')).message;
    expect(failure?.code).toBe(code);
    expect(failure?.message).toContain('version 1');
    expect(failure?.message.length).toBeLessThan(250);
    expect(agent.sent('session/new')).toEqual([]);
  });

  it('files and terminals are offered only where there is somebody to judge them', async () => {
    const without = new Agent();
    await without.run('x');
    expect(recordField(without.params('initialize'), 'clientCapabilities')).toMatchObject({
      fs: { readTextFile: false, writeTextFile: false },
      terminal: false,
    });
    const served = new Agent();
    await served.run('x', { delegate: () => Promise.resolve(toolOk('')) });
    expect(recordField(served.params('initialize'), 'clientCapabilities')).toMatchObject({
      fs: { readTextFile: true, writeTextFile: true },
      terminal: true,
    });
  });
});

describe('a session of an ACP agent', () => {
  it('[R71] one child serves several exchanges without a second opening', async () => {
    const agent = new Agent();
    const first = await agent.run('one');
    agent.end();
    await first.message;
    const second = await agent.run('two', { resume: 'S' });
    agent.update(text('again'));
    agent.end();
    expect(textOf(await second.message)).toBe('again');
    expect(agent.lab.transports).toHaveLength(1);
    expect(agent.sent('initialize')).toHaveLength(1);
    expect(agent.sent('session/new')).toHaveLength(1);
    expect(agent.prompts).toHaveLength(2);
  });

  it('an earlier session is taken up without its replay where the agent can', async () => {
    const agent = new Agent();
    await agent.run('x', { resume: 'T' });
    expect(agent.params('session/resume')).toMatchObject({ sessionId: 'T' });
    expect(agent.sent('session/load')).toEqual([]);
  });

  it('the replay of a loaded session is swallowed', async () => {
    const agent = new Agent({
      capabilities: { loadSession: true },
      answers: { 'session/load': 'silence' },
    });
    const turn = await agent.run('x', { resume: 'S' });
    const load = agent.sent('session/load')[0];
    agent.update(
      { sessionUpdate: 'user_message_chunk', content: { type: 'text', text: 'old question' } },
      text('old answer'),
      { sessionUpdate: 'tool_call', toolCallId: 'old', title: 'read', status: 'completed' },
    );
    agent.lab.transport.emit({ jsonrpc: '2.0', id: isRecord(load) ? load.id : 0, result: {} });
    await agent.lab.pass();
    agent.update(text('new answer'));
    agent.end();
    expect(textOf(await turn.message)).toBe('new answer');
    expect(calls(turn)).toEqual([]);
  });

  it.each([
    ['session/resume', 'Internal error', 'gone'],
    // gemini-cli can only load, and says this of every session.
    ['session/load', 'Internal error', 'No previous sessions found for this project.'],
  ])(
    '[R108] a session that %s does not find is tried once more without it, with what was said',
    async (method, message, details) => {
      const agent = new Agent({
        ...(method === 'session/load'
          ? { name: 'gemini-cli', capabilities: { loadSession: true } }
          : {}),
        answers: { [method]: { error: { code: -32603, message, data: { details } } } },
      });
      const turn = await agent.run('again', {
        resume: 'T',
        messages: [
          { role: 'user', text: 'the first words', createdAtMs: 0 },
          { role: 'user', text: 'again', createdAtMs: 1 },
        ],
      });
      await agent.lab.pass();
      expect(JSON.stringify(agent.prompts[0])).toContain('the first words');
      agent.end();
      expect((await turn.message).stopReason).toBe('stop');
      expect(
        turn.log.filter((item) => item.kind === 'notice' && item.code === 'resume_rejected'),
      ).toHaveLength(1);
    },
  );

  it('an agent that can take nothing up is told the conversation instead', async () => {
    const agent = new Agent({ capabilities: {} });
    await agent.run('again', {
      resume: 'T',
      messages: [
        { role: 'user', text: 'the first words', createdAtMs: 0 },
        { role: 'user', text: 'again', createdAtMs: 1 },
      ],
    });
    expect(agent.sent('session/new')).toHaveLength(1);
    expect(JSON.stringify(agent.prompts[0])).toContain('the first words');
  });

  it('an agent that wants a sign-in first says how', async () => {
    const agent = new Agent({
      answers: {
        initialize: {
          result: {
            protocolVersion: 1,
            authMethods: [{ id: 'l', name: 'Login', description: 'Run `agent login`' }],
          },
        },
        'session/new': { error: { code: -32000, message: 'Authentication required' } },
      },
    });
    const { failure } = await (await agent.run('x')).message;
    expect(failure?.code).toBe('auth_required');
    expect(failure?.message).toContain('Run `agent login`');
  });

  it('[R94] model and plan mode are set before the prompt, by whichever requests the agent has', async () => {
    const old = new Agent({
      session: {
        models: { currentModelId: 'm1', availableModels: [{ modelId: 'm1', name: 'One' }] },
        modes: { currentModeId: 'default', availableModes: [{ id: 'default' }, { id: 'plan' }] },
      },
    });
    await old.run('x', { mode: 'plan', model: { ...old.lab.model, model: 'm2' } });
    expect(old.params('session/set_model')).toEqual({ sessionId: 'S', modelId: 'm2' });
    expect(old.params('session/set_mode')).toEqual({ sessionId: 'S', modeId: 'plan' });
    expect(old.prompts).toHaveLength(1);
    const fresh = new Agent({
      session: {
        configOptions: [
          {
            id: 'thinking',
            category: 'thought_level',
            type: 'select',
            currentValue: 'low',
            options: [{ value: 'low' }, { value: 'high' }],
          },
        ],
      },
    });
    await fresh.run('x', { reasoning: 'high' });
    expect(fresh.params('session/set_config_option')).toEqual({
      sessionId: 'S',
      configId: 'thinking',
      value: 'high',
    });
  });

  it('[R94] an effort that the open session cannot be set to is said, and that it has no such setting is told', async () => {
    const levels = (...values: readonly string[]) => ({
      configOptions: [
        {
          id: 'thinking',
          category: 'thought_level',
          type: 'select',
          currentValue: 'low',
          options: values.map((value) => ({ value })),
        },
      ],
    });
    for (const [session, said, reasoning] of [
      [{}, ['Someone has no way to be told the reasoning effort; it works without.'], false],
      [
        levels('low', 'off'),
        ['Someone has no reasoning effort “high”; it has low, off, and keeps its own.'],
        true,
      ],
      [levels('low', 'high'), [], true],
    ] as const) {
      const told: AgentInfo[] = [];
      const agent = new Agent({ name: 'Someone', session });
      const turn = await agent.run('x', {
        reasoning: 'high',
        onAgentInfo: (info) => told.push(info),
      });
      agent.end();
      await turn.message;
      expect(turn.log.flatMap((item) => (item.kind === 'notice' ? [item.text] : []))).toEqual(said);
      expect(told.flatMap(({ controls }) => controls?.reasoning ?? [])).toEqual([reasoning]);
      expect(agent.prompts).toHaveLength(1);
    }
  });

  it('a mode of the user’s own that asks less is left for the one that asks', async () => {
    const agent = new Agent({
      name: 'gemini-cli',
      session: {
        modes: { currentModeId: 'yolo', availableModes: [{ id: 'default' }, { id: 'yolo' }] },
      },
    });
    await agent.run('x', { mode: 'auto' });
    expect(agent.params('session/set_mode')).toEqual({ sessionId: 'S', modeId: 'default' });
  });

  it('a model that the agent refuses ends the exchange before anything is sent to it', async () => {
    const agent = new Agent({
      session: { models: { currentModelId: 'm1', availableModels: [{ modelId: 'm1' }] } },
      answers: { 'session/set_model': { error: { code: -32602, message: 'no such model' } } },
    });
    const turn = await agent.run('x', { model: { ...agent.lab.model, model: 'm2' } });
    expect((await turn.message).failure?.code).toBe('model_not_found');
    expect(agent.prompts).toEqual([]);
  });

  it('version, models and commands are told', async () => {
    const told: AgentInfo[] = [];
    const agent = new Agent({
      session: { models: { currentModelId: 'm', availableModels: [{ modelId: 'm', name: 'M' }] } },
    });
    const turn = await agent.run('x', { onAgentInfo: (info) => told.push(info) });
    agent.update({
      sessionUpdate: 'available_commands_update',
      availableCommands: [{ name: 'init', description: 'begins' }, { no: 'name' }],
    });
    agent.end();
    await turn.message;
    expect(told).toEqual([
      { agentVersion: '3.2.1' },
      { models: [{ id: 'm', name: 'M' }] },
      { controls: { model: true, reasoning: false, extraFolders: false, images: false } },
      { commands: [{ name: 'init', description: 'begins' }] },
    ]);
    expect(turn.log[0]).toEqual({ kind: 'resume', token: 'S', agentVersion: '3.2.1' });
  });
});

describe('a turn of an ACP agent', () => {
  it.each([
    ['end_turn', 'stop'],
    ['max_tokens', 'length'],
    ['max_turn_requests', 'length'],
    ['something_new', 'stop'],
  ])('stop reason %s ends it as %s', async (reason, expected) => {
    const agent = new Agent();
    const turn = await agent.run('x');
    agent.end(reason);
    expect((await turn.message).stopReason).toBe(expected);
  });

  it.each([[null], [{}], [{ stopReason: 3 }], ['end_turn']])(
    'an answer to the prompt without a reason (%j) is no answer; the text is kept',
    async (result) => {
      const agent = new Agent();
      const turn = await agent.run('x');
      agent.update({
        sessionUpdate: 'agent_message_chunk',
        content: { type: 'text', text: 'so far' },
      });
      agent.answer(result);
      const message = await turn.message;
      expect(message).toMatchObject({
        stopReason: 'error',
        failure: { message: expect.stringContaining('without saying why') as string },
      });
      expect(textOf(message)).toBe('so far');
    },
  );

  it('a refusal and a cancellation are no answers', async () => {
    const refusing = new Agent();
    const refused = await refusing.run('x');
    refusing.end('refusal');
    expect((await refused.message).stopReason).toBe('error');
    const cancelling = new Agent();
    const cancelled = await cancelling.run('x');
    cancelling.end('cancelled');
    expect((await cancelled.message).stopReason).toBe('aborted');
  });

  it('empty chunks, thoughts, plans and modes go where they belong', async () => {
    const agent = new Agent();
    const turn = await agent.run('x');
    agent.update(
      text(''),
      { sessionUpdate: 'agent_thought_chunk', content: { type: 'text', text: 'hm' } },
      { sessionUpdate: 'current_mode_update', currentModeId: 'plan' },
      {
        sessionUpdate: 'plan',
        entries: [
          { content: 'one', status: 'completed' },
          { content: 'two', status: 'in_progress' },
          { content: 'three', status: 'pending' },
        ],
      },
      text('yes'),
    );
    agent.end();
    await turn.message;
    expect(turn.log.filter(({ kind }) => kind === 'text' || kind === 'thinking')).toEqual([
      { kind: 'thinking', delta: 'hm' },
      { kind: 'text', delta: 'yes' },
    ]);
    expect(turn.log.find(({ kind }) => kind === 'plan')).toEqual({
      kind: 'plan',
      items: [
        { text: 'one', status: 'done' },
        { text: 'two', status: 'active' },
        { text: 'three', status: 'pending' },
      ],
    });
  });

  it('gemini-cli’s mode changes are no text of the answer', async () => {
    const agent = new Agent({ name: 'gemini-cli' });
    const turn = await agent.run('x');
    agent.update(text('[MODE_UPDATE] autoEdit'), text('answer'));
    agent.end();
    expect(textOf(await turn.message)).toBe('answer');
  });

  it('[R38] cost is what this exchange added to the session’s', async () => {
    const agent = new Agent();
    const spend = (amount: number): void =>
      agent.update({
        sessionUpdate: 'usage_update',
        used: 1,
        size: 1000,
        cost: { amount, currency: 'USD' },
      });
    const first = await agent.run('one');
    spend(0.25);
    agent.end('end_turn', { usage: { inputTokens: 5, outputTokens: 7, cachedReadTokens: 3 } });
    expect((await first.message).usage).toEqual({
      inputTokens: 5,
      outputTokens: 7,
      cacheReadTokens: 3,
      costUsd: 0.25,
      contextWindowTokens: 1000,
      contextTokens: 1,
      reportedBy: 'child',
    });
    const second = await agent.run('two', { resume: 'S' });
    spend(0.75);
    agent.end();
    expect((await second.message).usage?.costUsd).toBe(0.5);
  });

  it('a message that claude-agent-acp tells again takes the cut one back; one that is done stays', async () => {
    const agent = new Agent({ name: '@agentclientprotocol/claude-agent-acp' });
    const turn = await agent.run('x');
    const usage = { sessionUpdate: 'usage_update', used: 5, size: 10 };
    agent.update(usage, text('whole. ', 'm1'), usage, text('cut', 'm2'), text('Told again.', 'm3'));
    agent.end();
    expect(textOf(await turn.message)).toBe('whole. Told again.');
    const other = new Agent();
    const second = await other.run('x');
    other.update(usage, text('one, ', 'm1'), text('two', 'm2'));
    other.end();
    expect(textOf(await second.message)).toBe('one, two');
  });

  it('an error that was also told as text is told once', async () => {
    const agent = new Agent();
    const turn = await agent.run('x');
    agent.update(text('An answer. ', 'm1'), text('API Error: 529 overloaded', 'm2'));
    agent.fail(-32603, 'Internal error: API Error: 529 overloaded', { errorKind: 'overloaded' });
    const answer = await turn.message;
    expect([textOf(answer), answer.failure?.code]).toEqual(['An answer. ', 'overloaded']);
  });

  it.each([
    [-32603, 'Internal error', { details: 'fetch failed' }, 'network'],
    [-32603, 'Internal error', { details: 'Prompt is too long' }, 'context_overflow'],
    [-32000, 'Authentication required', undefined, 'auth_required'],
    [-32603, 'Internal error', { details: 'nobody knows' }, 'unknown'],
    [500, 'terminated', undefined, 'stream_cut'],
  ])('error %s %s %j means %s', async (code, message, data, expected) => {
    const agent = new Agent();
    const turn = await agent.run('x');
    agent.update(text('half'));
    agent.fail(code, message, data);
    const answer = await turn.message;
    expect(answer.failure?.code).toBe(expected);
    expect(answer.failure?.message).not.toMatch(/internal error/i);
    expect(textOf(answer)).toBe('half');
  });

  it.each([
    [401, 'auth_required'],
    [429, 'rate_limited'],
    [503, 'overloaded'],
    [400, 'invalid_request'],
  ])('gemini-cli’s error code %i is an HTTP status', async (status, expected) => {
    const agent = new Agent({ name: 'gemini-cli' });
    const turn = await agent.run('x');
    agent.fail(status, '{"error":{"message":"inner words"}}');
    const { failure } = await turn.message;
    expect([failure?.code, failure?.status]).toEqual([expected, status]);
    expect(failure?.message).not.toContain('{');
  });
});

describe('the calls of an ACP agent', () => {
  it('a call is reported once, with its whole input, when it leaves pending', async () => {
    const agent = new Agent();
    const turn = await agent.run('x');
    const call = { toolCallId: 'c', kind: 'read' };
    agent.update(
      { ...call, sessionUpdate: 'tool_call', title: 'read', status: 'pending', rawInput: {} },
      { ...call, sessionUpdate: 'tool_call_update', rawInput: { filePath: '/w/a' } },
    );
    expect(calls(turn)).toEqual([]);
    agent.update(
      { ...call, sessionUpdate: 'tool_call_update', status: 'in_progress', title: 'a' },
      { ...call, sessionUpdate: 'tool_call_update', status: 'completed', rawOutput: 'text' },
      { ...call, sessionUpdate: 'tool_call_update', status: 'completed', rawOutput: 'twice' },
    );
    agent.end();
    await turn.message;
    expect(calls(turn)).toEqual([
      { id: 'c', name: 'read', arguments: { filePath: '/w/a' }, executedBy: 'child' },
    ]);
    expect(results(turn)).toEqual([toolOk('text')]);
  });

  it('[R66] a call that never left pending is told at the end, with what is known of it, unless it was denied', async () => {
    const agent = new Agent();
    const turn = await agent.run('x');
    agent.update(
      { sessionUpdate: 'tool_call', toolCallId: 'a', title: 'ls', kind: 'execute' },
      { sessionUpdate: 'tool_call_update', toolCallId: 'a', rawInput: { command: 'ls -l' } },
      { sessionUpdate: 'tool_call', toolCallId: 'b', title: 'done', kind: 'other' },
      { sessionUpdate: 'tool_call_update', toolCallId: 'b', status: 'completed' },
    );
    agent.end();
    await turn.message;
    expect(calls(turn)).toEqual([
      { id: 'b', name: 'done', arguments: { title: 'done' }, executedBy: 'child' },
      { id: 'a', name: 'ls', arguments: { command: 'ls -l' }, executedBy: 'child' },
    ]);
    expect(results(turn).map((result) => result.details?.outcome)).toEqual([undefined, 'aborted']);
  });

  it('an update of a call that was never announced makes it', async () => {
    const agent = new Agent();
    const turn = await agent.run('x');
    agent.update({
      sessionUpdate: 'tool_call_update',
      toolCallId: 'u',
      status: 'failed',
      kind: 'execute',
      title: 'ls',
      content: [{ type: 'content', content: { type: 'text', text: '```\nno such thing\n```' } }],
    });
    agent.end();
    await turn.message;
    expect(calls(turn)).toHaveLength(1);
    expect(results(turn)).toEqual([toolError('no such thing')]);
  });

  it('what an edit changed is on its card and in the list of changed files', async () => {
    const agent = new Agent();
    const turn = await agent.run('x');
    agent.update({
      sessionUpdate: 'tool_call',
      toolCallId: 'e',
      status: 'completed',
      kind: 'edit',
      title: 'edit',
      locations: [{ path: '/w/a' }],
      content: [{ type: 'diff', path: '/w/a', oldText: 'one\ntwo\n', newText: 'one\n2\n' }],
    });
    agent.end();
    await turn.message;
    expect(results(turn)[0]?.details?.diff).toBe(
      '--- /w/a\n+++ /w/a\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n',
    );
    expect(turn.log).toContainEqual({ kind: 'file_change', callId: 'e', paths: ['/w/a'] });
  });
});

describe('the questions of an ACP agent', () => {
  const command = { toolCallId: 'c', kind: 'execute', title: 'ls', rawInput: { command: 'ls' } };

  it('an option is chosen by its kind, never by its name or place, and never for always', async () => {
    const agent = new Agent();
    const turn = await agent.run('x');
    agent.ask(0, command);
    agent.ask('0', { ...command, toolCallId: 'd' });
    const [zero, text0] = questions(turn);
    zero?.reply({ kind: 'allow' });
    text0?.reply({ kind: 'deny', message: 'no' });
    agent.end();
    await turn.message;
    expect(agent.answerTo(0)).toMatchObject({
      result: { outcome: { outcome: 'selected', optionId: 'c' } },
    });
    expect(agent.answerTo('0')).toMatchObject({
      result: { outcome: { outcome: 'selected', optionId: 'b' } },
    });
  });

  it('where only "always" is offered, a yes is not passed on', async () => {
    const agent = new Agent();
    const turn = await agent.run('x');
    agent.ask(1, command, [{ optionId: 'a', kind: 'allow_always', name: 'Allow' }]);
    questions(turn)[0]?.reply({ kind: 'allow' });
    expect(agent.answerTo(1)).toMatchObject({ result: { outcome: { outcome: 'cancelled' } } });
    agent.end('cancelled');
    await turn.message;
  });

  it('gemini-cli’s first word of a call is its question; the title is the command', async () => {
    const agent = new Agent({ name: 'gemini-cli' });
    const turn = await agent.run('x');
    agent.ask(0, {
      toolCallId: 'run_shell_command__1',
      kind: 'execute',
      title: 'echo "a b" && ls',
      content: [
        {
          type: 'content',
          content: { type: 'text', text: '[current working directory /w/sub] (x)' },
        },
      ],
    });
    expect(questions(turn)[0]).toMatchObject({
      toolName: 'run_shell_command',
      intents: [{ kind: 'command', command: 'echo "a b" && ls', cwd: '/w/sub' }],
    });
    expect(calls(turn)).toHaveLength(1);
    agent.end();
    await turn.message;
  });

  it.each([
    ['[current working directory /w] (x [in /w/safe])', '/w'],
    ['[in sub] (x [in /w/safe]) [background]', 'sub'],
    ['[in /w/a]', '/w/a'],
    ['(x) [in /w/safe]', undefined],
    ['[in /w/a]b] (x)', undefined],
  ])(
    'gemini-cli’s folder is read from its own words only, not the model’s: %s',
    async (text, cwd) => {
      const agent = new Agent({ name: 'gemini-cli' });
      const turn = await agent.run('x');
      agent.ask(0, {
        toolCallId: 'run_shell_command__1',
        kind: 'execute',
        title: 'make',
        content: [{ type: 'content', content: { type: 'text', text } }],
      });
      expect(questions(turn)[0]?.intents).toMatchObject([
        cwd === undefined ? { kind: 'unknown' } : { kind: 'command', command: 'make', cwd },
      ]);
      agent.end();
      await turn.message;
    },
  );

  it('what nobody can read is shown whole, however long, also where no input is told', async () => {
    const agent = new Agent({ name: 'gemini-cli' });
    const turn = await agent.run('x');
    const text = `${'a'.repeat(5000)} and the end`;
    agent.ask(0, {
      toolCallId: 'mcp_tool__1',
      kind: 'other',
      title: 'Does something',
      content: [{ type: 'content', content: { type: 'text', text } }],
    });
    expect(JSON.stringify(questions(turn)[0]?.input)).toContain('and the end');
    agent.end();
    await turn.message;
  });

  it('a question with a change that cannot be read is not taken for the rest of it', async () => {
    const agent = new Agent();
    const turn = await agent.run('x');
    agent.ask(0, {
      toolCallId: 'e',
      kind: 'edit',
      title: 'Edit',
      content: [
        { type: 'diff', path: '/w/a.ts', oldText: 'a', newText: 'b' },
        { type: 'diff', path: '/w/secret.ts', oldText: 'a' },
      ],
    });
    expect(questions(turn)[0]?.intents.map(({ kind }) => kind)).toEqual(['write', 'unknown']);
    agent.end();
    await turn.message;
  });

  it.each([
    ['of one file is the change', diffOf('/w/a.txt'), 'write'],
    ['of several files is not read', diffOf('/w/a.txt') + diffOf('/w/b.txt'), 'unknown'],
    ['without a head is not read', '@@ -1 +1 @@\n-a\n+b\n', 'unknown'],
  ])(
    'opencode’s own diff %s, where it shows no texts (a file with CRLF or a byte order mark)',
    async (_what, diff, kind) => {
      const agent = new Agent({ name: 'OpenCode' });
      const turn = await agent.run('x');
      const rawInput = { filepath: '/w/a.txt', diff };
      agent.ask(0, { toolCallId: 'e', kind: 'edit', title: '/w/a.txt', rawInput });
      expect(questions(turn)[0]?.intents).toMatchObject([
        kind === 'write'
          ? {
              kind,
              path: '/w/a.txt',
              change: { kind: 'patch', hunks: '@@ -1,1 +1,1 @@\n-a\n+b\n' },
            }
          : { kind },
      ]);
      agent.end();
      await turn.message;
    },
  );

  it('an unknown agent’s title is no command: without an input the call is unknown', async () => {
    const agent = new Agent();
    const turn = await agent.run('x');
    agent.ask(0, { toolCallId: 'c', kind: 'execute', title: 'ls' });
    expect(questions(turn)[0]?.intents.map(({ kind }) => kind)).toEqual(['unknown']);
    agent.end();
    await turn.message;
  });

  it('[R65] a stop answers every open question as cancelled, so that the agent comes to rest', async () => {
    const agent = new Agent();
    const turn = await agent.run('x');
    agent.ask(0, command);
    agent.ask(1, { ...command, toolCallId: 'd' });
    turn.abort();
    expect(agent.sent('session/cancel')).toHaveLength(1);
    for (const id of [0, 1]) {
      expect(agent.answerTo(id)).toMatchObject({ result: { outcome: { outcome: 'cancelled' } } });
    }
    agent.end('cancelled');
    expect((await turn.message).stopReason).toBe('aborted');
  });

  it('a no with words is followed by one prompt that carries them, within the same exchange', async () => {
    const agent = new Agent();
    const turn = await agent.run('x');
    agent.ask(0, {
      toolCallId: 'e',
      kind: 'edit',
      locations: [{ path: '/w/a' }],
      content: [{ type: 'diff', path: '/w/a', oldText: 'red', newText: 'blue' }],
    });
    questions(turn)[0]?.reply({
      kind: 'deny',
      message: 'the user said no: use green',
      saysMore: true,
    });
    agent.end();
    expect(terminals(turn)).toBe(0);
    expect(agent.prompts).toHaveLength(2);
    const blocks = arrayField(recordField(agent.prompts[1], 'params'), 'prompt');
    expect(blocks).toEqual([
      { type: 'text', text: 'About your edit of /w/a: the user said no: use green' },
    ]);
    agent.update(text('green then'));
    agent.end();
    expect(textOf(await turn.message)).toBe('green then');
    expect(terminals(turn)).toBe(1);
    expect(results(turn).map(({ details }) => details?.outcome)).toEqual(['denied']);
  });

  it('a bare no needs no further prompt, and after a stop there is none', async () => {
    const bare = new Agent();
    const first = await bare.run('x');
    bare.ask(0, command);
    questions(first)[0]?.reply({ kind: 'deny', message: 'denied' });
    bare.end();
    await first.message;
    expect(bare.prompts).toHaveLength(1);
    const stopped = new Agent();
    const second = await stopped.run('x');
    stopped.ask(0, command);
    questions(second)[0]?.reply({ kind: 'deny', message: 'words', saysMore: true });
    second.abort();
    stopped.end();
    await second.message;
    expect(stopped.prompts).toHaveLength(1);
  });

  it('[R142] a no that stops the turn cancels it', async () => {
    const agent = new Agent();
    const turn = await agent.run('x');
    agent.ask(0, command);
    questions(turn)[0]?.reply({ kind: 'deny', message: 'stop it', interrupts: true });
    expect(agent.sent('session/cancel')).toHaveLength(1);
    expect(agent.answerTo(0)).toMatchObject({ result: { outcome: { outcome: 'cancelled' } } });
    agent.end('cancelled');
    expect((await turn.message).stopReason).toBe('aborted');
  });

  it('a form with choices is a question, and the user’s words go beside the choice', async () => {
    const agent = new Agent();
    const turn = await agent.run('x');
    agent.request(5, 'elicitation/create', {
      mode: 'form',
      message: 'Which colour?',
      requestedSchema: {
        properties: {
          q0: { type: 'string', oneOf: [{ const: 'red' }, { const: 'blue' }] },
          q0_custom: { type: 'string' },
        },
      },
    });
    expect(questions(turn)[0]?.intents).toMatchObject([
      { kind: 'question', questions: [{ question: 'Which colour?' }] },
    ]);
    questions(turn)[0]?.reply({ kind: 'allow', answers: { 'Which colour?': 'green' } });
    expect(agent.answerTo(5)).toMatchObject({
      result: { action: 'accept', content: { q0_custom: 'green' } },
    });
    agent.end();
    await turn.message;
  });

  it('a request that nobody here knows gets an error, not silence', async () => {
    const agent = new Agent();
    const turn = await agent.run('x');
    agent.request(0, 'session/telepathy', {});
    agent.request('x', 'fs/read_text_file', { path: '/w/a' });
    expect(agent.answerTo(0)).toMatchObject({ error: { code: -32601 } });
    expect(agent.answerTo('x')).toMatchObject({ error: { code: -32601 } });
    agent.end();
    await turn.message;
  });
});

describe('what an ACP agent has us do', () => {
  function served(result: (call: DelegatedCall) => ToolResult): {
    readonly calls: DelegatedCall[];
    readonly delegate: (call: DelegatedCall) => Promise<ToolResult>;
  } {
    const seen: DelegatedCall[] = [];
    return {
      calls: seen,
      delegate: (call) => {
        seen.push(call);
        return Promise.resolve(result(call));
      },
    };
  }

  it('[R40] a file is read through us, on a card of its own, and the text is exact', async () => {
    const agent = new Agent();
    const { delegate, calls: seen } = served(() => toolOk('a\r\nb'));
    const turn = await agent.run('x', { delegate });
    agent.request(0, 'fs/read_text_file', { path: '/w/a', line: 3, limit: 2 });
    await agent.lab.pass();
    expect(seen).toMatchObject([
      { toolName: 'read_text', input: { path: '/w/a', startLine: 3, lineCount: 2 } },
    ]);
    expect(agent.answerTo(0)).toMatchObject({ result: { content: 'a\r\nb' } });
    agent.end();
    await turn.message;
    expect(calls(turn)).toMatchObject([{ id: seen[0]?.callId, name: 'read_text' }]);
    expect(results(turn)).toEqual([toolOk('a\r\nb')]);
  });

  it.each([
    ['gemini-cli', { result: { content: '' } }],
    ['somebody', { error: { code: -32002 } }],
  ])('a missing file is for %s what it needs', async (name, expected) => {
    const agent = new Agent({ name });
    const { delegate } = served(() => toolError('a does not exist.', { summary: 'not found' }));
    const turn = await agent.run('x', { delegate });
    agent.request(0, 'fs/read_text_file', { path: '/w/a' });
    await agent.lab.pass();
    expect(agent.answerTo(0)).toMatchObject(expected);
    agent.end();
    await turn.message;
  });

  it('a read that was denied is an error for gemini-cli too', async () => {
    const agent = new Agent({ name: 'gemini-cli' });
    const { delegate } = served(() => toolError('denied', { outcome: 'denied' }));
    const turn = await agent.run('x', { delegate });
    agent.request(0, 'fs/read_text_file', { path: '/w/.env' });
    await agent.lab.pass();
    expect(agent.answerTo(0)).toMatchObject({ error: { message: 'denied' } });
    agent.end();
    await turn.message;
  });

  it('a write belongs to the agent’s open edit of that file', async () => {
    const agent = new Agent();
    const { delegate, calls: seen } = served(() => toolOk(''));
    const turn = await agent.run('x', { delegate });
    agent.update({
      sessionUpdate: 'tool_call',
      toolCallId: 'e',
      kind: 'edit',
      title: 'edit',
      status: 'pending',
      locations: [{ path: '/w/a' }],
    });
    agent.request(0, 'fs/write_text_file', { path: '/w/a', content: 'new' });
    await agent.lab.pass();
    expect(seen).toMatchObject([
      { callId: 'e', toolName: 'write_file', input: { path: '/w/a', content: 'new' } },
    ]);
    expect(calls(turn)).toMatchObject([{ id: 'e' }]);
    agent.end();
    await turn.message;
  });

  it('a command runs through us, its words quoted, its output capped, its end told', async () => {
    const agent = new Agent();
    const { delegate, calls: seen } = served(() =>
      toolError('exit 3', { exitCode: 3 }, 'x'.repeat(50)),
    );
    const turn = await agent.run('x', { delegate });
    agent.request(0, 'terminal/create', {
      command: 'printf',
      args: ['%s', "it's; rm -rf /"],
      env: [{ name: 'A', value: 'b c' }],
      cwd: '/w/sub',
      outputByteLimit: 20,
    });
    await agent.lab.pass();
    expect(seen[0]).toMatchObject({
      toolName: 'run_command',
      input: { command: `A='b c' printf %s 'it'\\''s; rm -rf /'`, cwd: '/w/sub' },
    });
    const terminalId = stringField(recordField(agent.answerTo(0), 'result'), 'terminalId');
    agent.request(1, 'terminal/wait_for_exit', { terminalId });
    agent.request(2, 'terminal/output', { terminalId });
    agent.request(3, 'terminal/release', { terminalId });
    agent.request(4, 'terminal/output', { terminalId });
    await agent.lab.pass();
    expect(agent.answerTo(1)).toMatchObject({ result: { exitCode: 3, signal: null } });
    const output = recordField(agent.answerTo(2), 'result');
    expect(output?.truncated).toBe(true);
    expect(stringField(output, 'output')).toHaveLength(20);
    expect(agent.answerTo(4)).toMatchObject({ error: { code: -32002 } });
    agent.end();
    await turn.message;
  });

  it.each([
    [{ command: '' }],
    [{ command: 'ls', args: [1] }],
    [{ command: 'ls', args: ['a\0b'] }],
    [{ command: 'ls', env: [{ name: 'A=B;x', value: 'y' }] }],
  ])('a command that cannot be said exactly is refused: %j', async (params) => {
    const agent = new Agent();
    const { delegate, calls: seen } = served(() => toolOk(''));
    const turn = await agent.run('x', { delegate });
    agent.request(0, 'terminal/create', params);
    await agent.lab.pass();
    expect(agent.answerTo(0)).toMatchObject({ error: { code: -32602 } });
    expect(seen).toEqual([]);
    agent.end();
    await turn.message;
  });

  it('killing a terminal ends its command alone', async () => {
    const agent = new Agent();
    const seen: DelegatedCall[] = [];
    const turn = await agent.run('x', {
      delegate: (call) =>
        new Promise((resolve) => {
          seen.push(call);
          call.onOutput?.('begun');
          call.signal?.addEventListener('abort', () => resolve(toolError('stopped')));
        }),
    });
    agent.request(0, 'terminal/create', { command: 'sleep 100' });
    await agent.lab.pass();
    const terminalId = stringField(recordField(agent.answerTo(0), 'result'), 'terminalId');
    agent.request(1, 'terminal/output', { terminalId });
    expect(agent.answerTo(1)).toMatchObject({ result: { output: 'begun', truncated: false } });
    agent.request(2, 'terminal/kill', { terminalId });
    agent.request(3, 'terminal/wait_for_exit', { terminalId });
    await agent.lab.pass();
    expect(agent.answerTo(3)).toMatchObject({ result: { exitCode: null, signal: 'SIGTERM' } });
    expect(seen).toHaveLength(1);
    agent.end();
    await turn.message;
  });
});

function diffOf(path: string): string {
  return `Index: ${path}\n===\n--- ${path}\n+++ ${path}\n@@ -1,1 +1,1 @@\n-a\n+b\n`;
}
