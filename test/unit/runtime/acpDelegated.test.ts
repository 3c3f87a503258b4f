import { describe, expect, it } from 'vitest';
import { isRecord, recordField, stringField } from '../../../src/base/guard';
import type { JsonObject } from '../../../src/base/json';
import { toolError, toolOk, type ToolResult } from '../../../src/events/toolCall';
import { createAcpBridge } from '../../../src/runtime/bridges/acp';
import { acpProfiles } from '../../../src/runtime/bridges/acpProfiles';
import {
  coverageOf,
  type Bridge,
  type DelegatedCall,
  type ExchangeOptions,
  type ModelRef,
} from '../../../src/runtime/contract';
import { ExchangeLab, type RunningTurn } from '../../fakes/exchangeLab';
import type { FakeToolRelay } from '../../fakes/fakeToolRelay';

const tools = [
  { name: 'read_file', description: 'Reads a file', inputSchema: { type: 'object' } },
  { name: 'run_command', description: 'Runs', inputSchema: { type: 'object' } },
];

function bridgeOf(adapter: string): Bridge {
  const profile = acpProfiles.find((item) => item.adapter === adapter);
  if (profile === undefined) {
    throw new Error(`no profile ${adapter}`);
  }
  return createAcpBridge(profile);
}

/** An agent with our tools: its line, and beside it the line of the MCP server that it started. */
class Stage {
  readonly lab: ExchangeLab;
  readonly bridge: Bridge;
  readonly calls: DelegatedCall[] = [];
  private readonly pending: ((result: ToolResult) => void)[] = [];
  private promptId: unknown;
  private hasListed = false;

  constructor(
    readonly adapter = 'acp:opencode',
    name = adapter.replace('acp:', ''),
  ) {
    this.bridge = bridgeOf(adapter);
    this.lab = new ExchangeLab(this.bridge, (message, transport) => {
      const id = isRecord(message) ? message.id : undefined;
      switch (stringField(message, 'method')) {
        case 'initialize':
          transport.emit({
            jsonrpc: '2.0',
            id,
            result: { protocolVersion: 1, agentInfo: { name, version: '1.0.0' } },
          });
          return;
        case 'session/prompt':
          this.promptId = id;
          return;
        default:
          if (id !== undefined && stringField(message, 'method') !== undefined) {
            transport.emit({
              jsonrpc: '2.0',
              id,
              result: {
                sessionId: 'S',
                modes: {
                  currentModeId: 'build',
                  availableModes: [{ id: 'build' }, { id: 'plan' }, { id: 'default' }],
                },
              },
            });
          }
      }
    });
  }

  get ours(): ModelRef {
    return {
      ...this.lab.model,
      id: `${this.adapter}/default+patchbay-tools`,
      toolSource: 'patchbay',
    };
  }

  get relay(): FakeToolRelay {
    const { toolRelay } = this.lab.transport;
    if (toolRelay === undefined) {
      throw new Error('no relay');
    }
    return toolRelay;
  }

  async begin(more: Partial<ExchangeOptions> = {}): Promise<RunningTurn> {
    const turn = this.lab.run('do it', {
      model: this.ours,
      tools,
      delegate: (call) => {
        this.calls.push(call);
        return new Promise((resolve) => this.pending.push(resolve));
      },
      ...more,
    });
    await this.lab.pass();
    if (!this.hasListed) {
      this.hasListed = true;
      this.relay.emit({ jsonrpc: '2.0', id: 'l', method: 'tools/list' });
    }
    return turn;
  }

  /** The agent reports a call as opencode does: announced by its name, then running with its input. */
  async reports(toolCallId: string, title: string, rawInput: JsonObject): Promise<void> {
    this.update({
      sessionUpdate: 'tool_call',
      toolCallId,
      title,
      kind: 'other',
      status: 'pending',
    });
    this.update({
      sessionUpdate: 'tool_call_update',
      toolCallId,
      status: 'in_progress',
      rawInput,
    });
    await this.lab.pass();
  }

  update(update: JsonObject): void {
    this.lab.transport.emit({
      jsonrpc: '2.0',
      method: 'session/update',
      params: { sessionId: 'S', update },
    });
  }

  async handsOver(
    id: number,
    name: string,
    input: JsonObject,
    meta: JsonObject = {},
    connection = 'tools-1',
  ): Promise<void> {
    this.relay.emit(
      {
        jsonrpc: '2.0',
        id,
        method: 'tools/call',
        params: { name, arguments: input, _meta: meta },
      },
      connection,
    );
    await this.lab.pass();
  }

  async finish(index: number, result: ToolResult): Promise<void> {
    this.pending[index]?.(result);
    await this.lab.pass();
  }

  end(): void {
    this.lab.transport.emit({
      jsonrpc: '2.0',
      id: this.promptId,
      result: { stopReason: 'end_turn' },
    });
  }

  relayed(id: unknown): readonly unknown[] {
    return this.relay.sent.flatMap(({ message }) =>
      isRecord(message) && message.id === id ? [message] : [],
    );
  }

  sent(method: string): unknown {
    return recordField(
      this.lab.transport.sent.find((message) => stringField(message, 'method') === method),
      'params',
    );
  }

  answerTo(id: unknown): unknown {
    return this.lab.transport.sent.find(
      (message) =>
        isRecord(message) && message.id === id && stringField(message, 'method') === undefined,
    );
  }
}

const cards = (turn: RunningTurn): readonly unknown[] =>
  turn.log.flatMap((item) => (item.kind === 'tool_call' ? [[item.call.id, item.call.name]] : []));

const results = (turn: RunningTurn): readonly unknown[] =>
  turn.log.flatMap((item) => (item.kind === 'tool_result' ? [[item.callId, item.result]] : []));

describe('an ACP agent with our tools', () => {
  it('[R19] is told to start our MCP server, and offers no files and no terminal of ours beside it', async () => {
    const stage = new Stage();
    await stage.begin();
    expect(stage.sent('session/new')).toMatchObject({
      mcpServers: [
        {
          name: 'patchbay',
          command: '/node',
          args: ['/dist/toolServer.js'],
          env: [
            { name: 'PATCHBAY_TOOL_SOCKET', value: '/private/tools.sock' },
            { name: 'PATCHBAY_TOOL_TOKEN', value: 'secret' },
          ],
        },
      ],
    });
    expect(stage.sent('initialize')).toMatchObject({
      clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
    });
    expect(stage.relayed('l')).toMatchObject([{ result: { tools: [{ name: 'read_file' }, {}] } }]);
  });

  it('is told of no server where it works with its own tools', async () => {
    const stage = new Stage();
    stage.lab.run('do it');
    await stage.lab.pass();
    expect(stage.sent('session/new')).toMatchObject({ mcpServers: [] });
    expect(stage.lab.starts[0]?.launch.needsToolRelay).toBeUndefined();
  });

  it('[R19] opencode is denied every kind of tool of its own', async () => {
    const stage = new Stage();
    await stage.begin();
    const permission: unknown = JSON.parse(
      stage.lab.starts[0]?.launch.env?.OPENCODE_PERMISSION ?? '',
    );
    expect(permission).toMatchObject({ '*': 'deny', bash: 'deny', edit: 'deny', read: 'deny' });
    expect(Object.entries(isRecord(permission) ? permission : {}).at(-1)).toEqual([
      'patchbay_*',
      'allow',
    ]);
    expect(
      Object.values(isRecord(permission) ? permission : {}).filter((value) => value !== 'deny'),
    ).toEqual(['allow']);
  });

  it('[R19] claude-agent-acp is started without tools of its own', async () => {
    const stage = new Stage('acp:claude-agent-acp');
    await stage.begin();
    expect(stage.sent('session/new')).toMatchObject({
      _meta: { claudeCode: { options: { tools: [], strictMcpConfig: true } } },
    });
    expect(coverageOf(stage.bridge, stage.ours)).toEqual({ coverage: 'all', note: '' });
  });

  it('says what it cannot promise: opencode and unknown agents may keep tools of their own', () => {
    for (const adapter of ['acp', 'acp:opencode']) {
      const stage = new Stage(adapter);
      const { coverage, note } = coverageOf(stage.bridge, stage.ours);
      expect(coverage).toBe('asks');
      expect(note).not.toBe('');
    }
  });

  it('is not started where it cannot be given our tools', async () => {
    const stage = new Stage('acp:gemini');
    const turn = stage.lab.run('do it', { model: stage.ours });
    expect(await turn.message).toMatchObject({
      stopReason: 'error',
      failure: { code: 'runtime_missing' },
    });
    expect(stage.lab.starts).toEqual([]);
    expect(coverageOf(stage.bridge, stage.ours).coverage).toBe('none');
  });

  it('[R40] runs a call under the card of the agent’s report, whose result is the one that we gave', async () => {
    const stage = new Stage();
    const turn = await stage.begin();
    await stage.reports('call_1', 'patchbay_read_file', { path: 'a', startLine: 1 });
    await stage.handsOver(1, 'read_file', { startLine: 1, path: 'a' });
    expect(stage.calls).toMatchObject([
      { callId: 'call_1', toolName: 'read_file', input: { path: 'a' } },
    ]);
    const result = toolOk('the text', { summary: '1 line' });
    await stage.finish(0, result);
    expect(stage.relayed(1)).toEqual([
      {
        jsonrpc: '2.0',
        id: 1,
        result: { content: [{ type: 'text', text: 'the text' }], isError: false },
      },
    ]);
    stage.update({
      sessionUpdate: 'tool_call_update',
      toolCallId: 'call_1',
      status: 'completed',
      rawOutput: { output: 'the text' },
    });
    stage.end();
    await turn.message;
    expect(cards(turn)).toEqual([['call_1', 'read_file']]);
    expect(results(turn)).toEqual([['call_1', result]]);
  });

  it('[R40] waits for the report of a call that came before it', async () => {
    const stage = new Stage();
    const turn = await stage.begin();
    await stage.handsOver(1, 'read_file', { path: 'a' });
    expect(stage.calls).toEqual([]);
    await stage.reports('call_1', 'patchbay_read_file', { path: 'a' });
    expect(stage.calls.map(({ callId }) => callId)).toEqual(['call_1']);
    expect(cards(turn)).toEqual([['call_1', 'read_file']]);
  });

  it('tells calls by the agent’s own id where it gives one, and equal ones apart', async () => {
    const stage = new Stage('acp:claude-agent-acp');
    const turn = await stage.begin();
    await stage.reports('t1', 'mcp__patchbay__read_file', { path: 'a' });
    await stage.reports('t2', 'mcp__patchbay__read_file', { path: 'a' });
    await stage.handsOver(1, 'read_file', { path: 'a' }, { 'claudecode/toolUseId': 't1' });
    await stage.handsOver(2, 'read_file', { path: 'a' });
    expect(stage.calls.map(({ callId }) => callId)).toEqual(['t1', 't2']);
    expect(cards(turn)).toEqual([
      ['t1', 'read_file'],
      ['t2', 'read_file'],
    ]);
  });

  it('gives a call that is never reported a card of its own, with its result', async () => {
    const stage = new Stage();
    const turn = await stage.begin();
    await stage.handsOver(1, 'run_command', { command: 'ls' });
    await stage.lab.pass(2_000);
    expect(stage.calls).toMatchObject([{ callId: 'tools-1-1', toolName: 'run_command' }]);
    await stage.finish(0, toolOk('README.md'));
    stage.end();
    await turn.message;
    expect(cards(turn)).toEqual([['tools-1-1', 'run_command']]);
    expect(results(turn)).toEqual([['tools-1-1', toolOk('README.md')]]);
  });

  it('takes an open card of the same tool when the report names other arguments', async () => {
    const stage = new Stage();
    await stage.begin();
    await stage.reports('call_1', 'patchbay_run_command', { command: 'ls', description: 'lists' });
    await stage.handsOver(1, 'run_command', { command: 'ls' });
    expect(stage.calls).toEqual([]);
    await stage.lab.pass(2_000);
    expect(stage.calls.map(({ callId }) => callId)).toEqual(['call_1']);
  });

  it('[R40] refuses a tool that is not on offer, and runs nothing for it', async () => {
    const stage = new Stage();
    await stage.begin();
    await stage.handsOver(1, 'write_file', { path: 'a' });
    await stage.lab.pass(2_000);
    expect(stage.calls).toEqual([]);
    expect(stage.relayed(1)).toMatchObject([{ result: { isError: true } }]);
  });

  it('[R40] ends a call that is cancelled, before its card came and after', async () => {
    const stage = new Stage();
    await stage.begin();
    const cancel = (requestId: number): void =>
      stage.relay.emit({
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId },
      });
    await stage.handsOver(1, 'read_file', { path: 'a' });
    cancel(1);
    await stage.lab.pass(2_000);
    expect(stage.calls).toEqual([]);
    await stage.reports('call_2', 'patchbay_read_file', { path: 'b' });
    await stage.handsOver(2, 'read_file', { path: 'b' });
    cancel(2);
    expect(stage.calls[0]?.signal?.aborted).toBe(true);
    await stage.finish(0, toolError('Stopped.', { outcome: 'aborted' }));
    expect([...stage.relayed(1), ...stage.relayed(2)]).toEqual([]);
  });

  it('shows a call that the agent gave up as stopped', async () => {
    const stage = new Stage();
    const turn = await stage.begin();
    await stage.reports('call_1', 'patchbay_run_command', { command: 'x' });
    await stage.handsOver(1, 'run_command', { command: 'x' });
    stage.update({
      sessionUpdate: 'tool_call_update',
      toolCallId: 'call_1',
      status: 'failed',
      rawOutput: { error: 'cancelled' },
    });
    expect(results(turn)).toEqual([['call_1', toolError('cancelled', { outcome: 'aborted' })]]);
  });

  it('gives signs of life to a client that counts the time of a call', async () => {
    const stage = new Stage();
    await stage.begin();
    await stage.reports('call_1', 'patchbay_run_command', { command: 'x' });
    await stage.handsOver(1, 'run_command', { command: 'x' }, { progressToken: 1 });
    await stage.lab.pass(60_000);
    const progress = stage.relay.sent.filter(
      ({ message }) => stringField(message, 'method') === 'notifications/progress',
    );
    expect(progress).toHaveLength(4);
  });

  const choices = [
    { optionId: 'a', kind: 'allow_always' },
    { optionId: 'b', kind: 'reject_once' },
    { optionId: 'c', kind: 'allow_once' },
  ];
  it.each([
    ['patchbay_read_file', 'other', { outcome: 'selected', optionId: 'c' }],
    ['mcp__patchbay__read_file', 'other', { outcome: 'selected', optionId: 'c' }],
    ['patchbay_read_file', 'execute', { outcome: 'selected', optionId: 'b' }],
    ['patchbay_write_file', 'other', { outcome: 'selected', optionId: 'b' }],
    ['bash', 'execute', { outcome: 'selected', optionId: 'b' }],
    ['patchbay', 'other', { outcome: 'selected', optionId: 'b' }],
    ['other_patchbay_read_file', 'other', { outcome: 'selected', optionId: 'b' }],
  ])(
    '[R40] is answered about %s (%s) without a question to anybody',
    async (title, kind, outcome) => {
      const stage = new Stage();
      const turn = await stage.begin();
      stage.lab.transport.emit({
        jsonrpc: '2.0',
        id: 7,
        method: 'session/request_permission',
        params: {
          sessionId: 'S',
          toolCall: { toolCallId: 'x', title, kind, rawInput: {} },
          options: choices,
        },
      });
      expect(stage.answerTo(7)).toMatchObject({ result: { outcome } });
      expect(turn.log.filter(({ kind }) => kind === 'permission_request')).toEqual([]);
      const isDenied = outcome.optionId === 'b';
      expect(results(turn)).toHaveLength(isDenied ? 1 : 0);
    },
  );

  it('[R40] asks about what looks like ours where nobody knows how the agent names its calls', async () => {
    const stage = new Stage('acp', 'somebody');
    const turn = await stage.begin();
    stage.lab.transport.emit({
      jsonrpc: '2.0',
      id: 7,
      method: 'session/request_permission',
      params: {
        sessionId: 'S',
        toolCall: { toolCallId: 'x', title: 'patchbay_read_file', kind: 'other', rawInput: {} },
        options: choices,
      },
    });
    expect(stage.answerTo(7)).toBeUndefined();
    expect(turn.log).toContainEqual(expect.objectContaining({ kind: 'permission_request' }));
  });

  it('cannot have us read, write or run beside our tools', async () => {
    const stage = new Stage();
    await stage.begin();
    for (const [id, method] of [
      'fs/read_text_file',
      'fs/write_text_file',
      'terminal/create',
    ].entries()) {
      stage.lab.transport.emit({
        jsonrpc: '2.0',
        id: `q${id}`,
        method,
        params: { sessionId: 'S', path: '/workspace/a', content: 'x', command: 'ls' },
      });
      expect(stage.answerTo(`q${id}`)).toMatchObject({ error: { code: -32601 } });
    }
    await stage.lab.pass();
    expect(stage.calls).toEqual([]);
  });

  it('stays in its ordinary mode while planning, and is told to plan', async () => {
    const stage = new Stage();
    await stage.begin({ mode: 'plan' });
    expect(stage.sent('session/set_mode')).toBeUndefined();
    expect(JSON.stringify(stage.sent('session/prompt'))).toContain('Plan mode is on');
  });

  it('says so when the agent never asked for our tools', async () => {
    const stage = new Stage();
    const turn = stage.lab.run('do it', { model: stage.ours, tools });
    await stage.lab.pass();
    stage.end();
    await turn.message;
    expect(turn.log).toContainEqual(
      expect.objectContaining({ kind: 'notice', code: 'tools_not_taken' }),
    );
  });

  it('serves the next turn of the same child, where the server is known, and listens only while a turn runs', async () => {
    const stage = new Stage();
    const first = await stage.begin();
    stage.end();
    await first.message;
    expect(stage.relay.listenerCount).toBe(0);
    const second = await stage.begin({ resume: 'S' });
    expect(stage.lab.starts).toHaveLength(1);
    await stage.reports('call_2', 'patchbay_read_file', { path: 'a' });
    await stage.handsOver(5, 'read_file', { path: 'a' });
    expect(stage.calls).toHaveLength(1);
    stage.end();
    await second.message;
    expect(second.log.filter(({ kind }) => kind === 'notice')).toEqual([]);
  });

  it('starts a child anew when other tools are on offer', async () => {
    const stage = new Stage();
    const first = await stage.begin();
    stage.end();
    await first.message;
    stage.lab.run('again', { model: stage.ours, tools: tools.slice(0, 1), resume: 'S' });
    await stage.lab.pass();
    expect(stage.lab.starts).toHaveLength(2);
  });
});
