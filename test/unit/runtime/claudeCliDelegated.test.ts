import { describe, expect, it } from 'vitest';
import { recordField, stringField } from '../../../src/base/guard';
import type { JsonObject } from '../../../src/base/json';
import { toolError, toolOk, type ToolResult } from '../../../src/events/toolCall';
import { claudeCliBridge } from '../../../src/runtime/bridges/claudeCli';
import {
  coverageOf,
  type DelegatedCall,
  type ExchangeOptions,
  type ModelRef,
} from '../../../src/runtime/contract';
import type { ResumeLink, ResumeStore } from '../../../src/runtime/resumeLink';
import type { FakeTransport } from '../../fakes/fakeTransport';
import { ExchangeLab, type RunningTurn } from '../../fakes/exchangeLab';

const tools = [
  { name: 'read_file', description: 'Reads a file', inputSchema: { type: 'object' } },
  { name: 'run_command', description: 'Runs', inputSchema: { type: 'object' } },
];

/** Claude Code with our tools, as 2.1.329 speaks: the lines were seen, ids and texts are shortened. */
class Stage {
  readonly lab: ExchangeLab;
  readonly ours: ModelRef;
  readonly calls: DelegatedCall[] = [];
  private readonly pending: ((result: ToolResult) => void)[] = [];
  turn: RunningTurn | undefined;

  constructor(store?: ResumeStore) {
    const play = (message: unknown, transport: FakeTransport): void => {
      const request = recordField(message, 'request');
      if (stringField(request, 'subtype') === 'initialize') {
        transport.emit({
          type: 'control_response',
          response: { subtype: 'success', request_id: stringField(message, 'request_id') },
        });
      }
    };
    this.lab = new ExchangeLab(claudeCliBridge, play, { resumeStore: () => store });
    this.ours = {
      ...this.lab.model,
      id: 'claude-cli/default+patchbay-tools',
      toolSource: 'patchbay',
    };
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
    this.turn = turn;
    await this.lab.pass();
    this.say(
      { type: 'system', subtype: 'session_state_changed', state: 'running' },
      { type: 'system', subtype: 'init', session_id: 'S', claude_code_version: '2.1.329' },
    );
    return turn;
  }

  say(...messages: readonly unknown[]): void {
    this.lab.transport.emit(...messages);
  }

  uses(id: string, name: string, input: JsonObject = {}, parent: string | null = null): void {
    this.say({
      type: 'assistant',
      message: { id: `m-${id}`, content: [{ type: 'tool_use', id, name, input }] },
      parent_tool_use_id: parent,
    });
  }

  control(requestId: string, request: JsonObject): void {
    this.say({ type: 'control_request', request_id: requestId, request });
  }

  mcp(requestId: string, message: JsonObject, server = 'patchbay'): void {
    this.control(requestId, {
      subtype: 'mcp_message',
      server_name: server,
      message: { jsonrpc: '2.0', ...message },
    });
  }

  handsOver(requestId: string, id: number, name: string, callId?: string): void {
    this.mcp(requestId, {
      id,
      method: 'tools/call',
      params: {
        name,
        arguments: { path: 'a' },
        ...(callId === undefined
          ? {}
          : { _meta: { 'claudecode/toolUseId': callId, progressToken: id } }),
      },
    });
  }

  reports(id: string, text: string, isError = false): void {
    this.say({
      type: 'user',
      message: {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: id, content: text, is_error: isError }],
      },
      parent_tool_use_id: null,
    });
  }

  async finish(index: number, result: ToolResult): Promise<void> {
    this.pending[index]?.(result);
    await this.lab.pass();
  }

  end(): void {
    this.say(
      { type: 'result', subtype: 'success', is_error: false, session_id: 'S', result: '' },
      { type: 'system', subtype: 'session_state_changed', state: 'idle' },
    );
  }

  /** Our answer to a control request of Claude's. */
  answer(requestId: string): Readonly<Record<string, unknown>> | undefined {
    const found = this.lab.transport.sent.filter(
      (message) => stringField(recordField(message, 'response'), 'request_id') === requestId,
    );
    expect(found.length).toBeLessThanOrEqual(1);
    return recordField(recordField(found[0], 'response'), 'response');
  }
}

describe('Claude Code with our tools', () => {
  it('[R19] is started without tools of its own, and with a server that lives in our process', async () => {
    const stage = new Stage();
    await stage.begin();
    const [start] = stage.lab.starts;
    expect(start?.launch.args).toContain('--tools=');
    expect(start?.launch.env).toMatchObject({ ENABLE_TOOL_SEARCH: 'false' });
    expect(stage.lab.transport.sent[0]).toMatchObject({
      request: { subtype: 'initialize', sdkMcpServers: ['patchbay'] },
    });
    expect(coverageOf(claudeCliBridge, stage.ours)).toEqual({ coverage: 'all', note: '' });
  });

  it('is started with its own tools, and no server, where those are chosen', async () => {
    const stage = new Stage();
    stage.lab.run('do it');
    await stage.lab.pass();
    expect(stage.lab.starts[0]?.launch.args).not.toContain('--tools=');
    expect(recordField(stage.lab.transport.sent[0], 'request')).not.toHaveProperty('sdkMcpServers');
    stage.mcp('q', { id: 0, method: 'tools/list' });
    expect(stage.lab.transport.sent.at(-1)).toMatchObject({ response: { subtype: 'error' } });
  });

  it('speaks MCP over control requests, and answers each once, notifications too', async () => {
    const stage = new Stage();
    await stage.begin();
    stage.mcp('a', { id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25' } });
    stage.mcp('b', { method: 'notifications/initialized' });
    stage.mcp('c', { id: 1, method: 'tools/list' });
    expect(stage.answer('a')).toMatchObject({
      mcp_response: { id: 0, result: { protocolVersion: '2025-11-25' } },
    });
    expect(stage.answer('b')).toEqual({ mcp_response: { jsonrpc: '2.0', id: 0, result: {} } });
    expect(stage.answer('c')).toMatchObject({
      mcp_response: { id: 1, result: { tools: [{ name: 'read_file' }, { name: 'run_command' }] } },
    });
  });

  it('[R40] runs a call under the card of Claude’s own, named as our tool, and is not asked twice', async () => {
    const stage = new Stage();
    const turn = await stage.begin();
    stage.uses('toolu_1', 'mcp__patchbay__read_file', { path: 'a' });
    stage.control('hook', {
      subtype: 'hook_callback',
      callback_id: 'patchbay-before',
      input: {
        hook_event_name: 'PreToolUse',
        tool_name: 'mcp__patchbay__read_file',
        tool_input: { path: 'a' },
        tool_use_id: 'toolu_1',
      },
    });
    stage.control('ask', {
      subtype: 'can_use_tool',
      tool_name: 'mcp__patchbay__read_file',
      tool_use_id: 'toolu_1',
      input: { path: 'a' },
    });
    expect(stage.answer('hook')).toMatchObject({
      hookSpecificOutput: { permissionDecision: 'allow' },
    });
    expect(stage.answer('ask')).toEqual({ behavior: 'allow', updatedInput: { path: 'a' } });
    stage.handsOver('call', 2, 'read_file', 'toolu_1');
    expect(stage.calls).toMatchObject([
      { callId: 'toolu_1', toolName: 'read_file', input: { path: 'a' } },
    ]);
    expect(stage.answer('call')).toBeUndefined();
    const result = toolOk('the text', { summary: '1 line' });
    await stage.finish(0, result);
    expect(stage.answer('call')).toEqual({
      mcp_response: {
        jsonrpc: '2.0',
        id: 2,
        result: { content: [{ type: 'text', text: 'the text' }], isError: false },
      },
    });
    stage.reports('toolu_1', 'the text');
    stage.end();
    await turn.message;
    expect(turn.log.filter(({ kind }) => kind === 'permission_request')).toEqual([]);
    expect(turn.log).toContainEqual({
      kind: 'tool_call',
      call: {
        id: 'toolu_1',
        name: 'read_file',
        arguments: { path: 'a' },
        executedBy: 'child',
      },
    });
    expect(turn.log).toContainEqual({ kind: 'tool_result', callId: 'toolu_1', result });
  });

  it('[R40] gives a denial back with its words, to the model and to the card', async () => {
    const stage = new Stage();
    const turn = await stage.begin();
    stage.uses('toolu_1', 'mcp__patchbay__run_command');
    stage.handsOver('call', 2, 'run_command', 'toolu_1');
    const denied = toolError('denied: not today', { outcome: 'denied' });
    await stage.finish(0, denied);
    expect(stage.answer('call')).toMatchObject({
      mcp_response: { result: { isError: true, content: [{ text: 'denied: not today' }] } },
    });
    stage.reports('toolu_1', 'denied: not today', true);
    stage.end();
    await turn.message;
    expect(turn.log).toContainEqual({ kind: 'tool_result', callId: 'toolu_1', result: denied });
  });

  it('runs a sub-agent’s call under its own card too, and one without an id under the oldest of its tool that waits', async () => {
    const stage = new Stage();
    await stage.begin();
    stage.uses('toolu_1', 'mcp__patchbay__read_file');
    stage.uses('toolu_2', 'mcp__patchbay__read_file', {}, 'toolu_parent');
    stage.handsOver('a', 2, 'read_file', 'toolu_2');
    stage.handsOver('b', 3, 'read_file');
    expect(stage.calls.map(({ callId }) => callId)).toEqual(['toolu_2', 'toolu_1']);
  });

  it('refuses a second call for the same card, and a tool that is not on offer', async () => {
    const stage = new Stage();
    await stage.begin();
    stage.uses('toolu_1', 'mcp__patchbay__read_file');
    stage.handsOver('a', 2, 'read_file', 'toolu_1');
    stage.handsOver('b', 3, 'read_file', 'toolu_1');
    stage.handsOver('c', 4, 'write_file', 'toolu_9');
    expect(stage.calls).toHaveLength(1);
    expect(stage.answer('b')).toMatchObject({ mcp_response: { result: { isError: true } } });
    expect(stage.answer('c')).toMatchObject({
      mcp_response: {
        result: { isError: true, content: [{ text: 'There is no tool write_file.' }] },
      },
    });
  });

  it('[R40] refuses every tool that is not ours without asking anybody', async () => {
    const stage = new Stage();
    const turn = await stage.begin();
    stage.uses('toolu_1', 'Bash', { command: 'ls' });
    stage.control('hook', {
      subtype: 'hook_callback',
      callback_id: 'patchbay-before',
      input: { hook_event_name: 'PreToolUse', tool_name: 'Bash', tool_use_id: 'toolu_1' },
    });
    stage.control('ask', { subtype: 'can_use_tool', tool_name: 'Bash', tool_use_id: 'toolu_1' });
    stage.mcp('other', { id: 1, method: 'tools/list' }, 'somebody');
    expect(stage.answer('hook')).toMatchObject({
      hookSpecificOutput: { permissionDecision: 'deny' },
    });
    expect(stage.answer('ask')).toMatchObject({ behavior: 'deny' });
    expect(stage.lab.transport.sent.at(-1)).toMatchObject({
      response: { subtype: 'error', request_id: 'other' },
    });
    stage.reports('toolu_1', 'not on offer', true);
    expect(turn.log.filter(({ kind }) => kind === 'permission_request')).toEqual([]);
    expect(turn.log.at(-1)).toMatchObject({
      kind: 'tool_result',
      result: { details: { outcome: 'denied' } },
    });
  });

  it('[R40] ends a running call when Claude cancels it, and answers that no more', async () => {
    const stage = new Stage();
    await stage.begin();
    stage.uses('toolu_1', 'mcp__patchbay__run_command');
    stage.handsOver('call', 2, 'run_command', 'toolu_1');
    expect(stage.calls[0]?.signal?.aborted).toBe(false);
    stage.mcp('cancel', { method: 'notifications/cancelled', params: { requestId: 2 } });
    expect(stage.calls[0]?.signal?.aborted).toBe(true);
    await stage.finish(0, toolError('Stopped.', { outcome: 'aborted' }));
    expect(stage.answer('call')).toBeUndefined();
    expect(stage.answer('cancel')).toMatchObject({ mcp_response: { result: {} } });
  });

  it('says so when Claude never asked for our tools, and only then', async () => {
    const notices = async (asks: boolean): Promise<number> => {
      const stage = new Stage();
      const turn = await stage.begin();
      if (asks) {
        stage.mcp('list', { id: 1, method: 'tools/list' });
      }
      stage.end();
      await turn.message;
      return turn.log.filter((item) => item.kind === 'notice' && item.code === 'tools_not_taken')
        .length;
    };
    expect([await notices(false), await notices(true)]).toEqual([1, 0]);
  });

  it('stays in its ordinary mode while planning, and is told to plan', async () => {
    const stage = new Stage();
    await stage.begin({ mode: 'plan' });
    expect(stage.lab.starts[0]?.launch.args).toContain('--permission-mode=default');
    expect(JSON.stringify(stage.lab.transport.sent[1])).toContain('Plan mode is on');
  });

  it('[R98] keeps a session of its own beside that of Claude with its own tools', async () => {
    const links: ResumeLink[] = [];
    const stage = new Stage({
      find: ({ model }) => links.findLast((link) => link.model === model),
      save: (link) => void links.push(link),
    });
    const turn = async (model: ModelRef, sessionId: string): Promise<string | undefined> => {
      const { message } = stage.lab.run('do it', { model, tools });
      await stage.lab.pass();
      stage.say({
        type: 'system',
        subtype: 'init',
        session_id: sessionId,
        claude_code_version: '2.1.329',
      });
      stage.say({ type: 'result', subtype: 'success', is_error: false, session_id: sessionId });
      expect((await message).toolSource).toBe(model.toolSource);
      return stage.lab.starts.at(-1)?.resume;
    };
    expect(await turn(stage.lab.model, 'own')).toBeUndefined();
    expect(await turn(stage.ours, 'ours')).toBeUndefined();
    expect(await turn(stage.lab.model, 'own')).toBe('own');
    expect(await turn(stage.ours, 'ours')).toBe('ours');
    expect(stage.lab.starts).toHaveLength(4);
  });
});
