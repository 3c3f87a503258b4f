import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/base/json';
import { toolError, toolOk, type ToolResult } from '../../../src/events/toolCall';
import { McpToolServer, type McpCall } from '../../../src/runtime/mcpToolServer';
import { FakeClock } from '../../fakes/fakeClock';

const readFile = {
  name: 'read_file',
  description: 'Reads a file',
  inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
};

/** A client of the server: what it was answered, and the calls that are under way. */
class Client {
  readonly clock = new FakeClock();
  readonly answers: JsonObject[] = [];
  readonly notes: JsonObject[] = [];
  readonly calls: McpCall[] = [];
  readonly cancelled: string[] = [];
  private readonly done = new Map<string, (result: ToolResult) => void>();
  readonly server = new McpToolServer({
    tools: [readFile],
    call: (call, done) => {
      this.calls.push(call);
      this.done.set(call.key, done);
    },
    cancel: (key) => this.cancelled.push(key),
    later: (delayMs, run) => this.clock.schedule(delayMs, run),
  });

  say(message: unknown, connection = 'one'): this {
    this.server.accept(message, {
      connection,
      reply: (answer) => this.answers.push(answer),
      notify: (note) => this.notes.push(note),
    });
    return this;
  }

  call(id: unknown, params: unknown = { name: 'read_file', arguments: { path: 'a' } }): this {
    return this.say({ jsonrpc: '2.0', id, method: 'tools/call', params });
  }

  finish(index: number, result: ToolResult): void {
    this.done.get(this.calls[index]?.key ?? '')?.(result);
  }
}

const request = (id: unknown, method: string, params?: unknown): unknown => ({
  jsonrpc: '2.0',
  id,
  method,
  ...(params === undefined ? {} : { params }),
});

describe('the MCP server of our tools', () => {
  it.each([
    ['2024-11-05', '2024-11-05'],
    ['2025-03-26', '2025-03-26'],
    ['2025-06-18', '2025-06-18'],
    ['2025-11-25', '2025-11-25'],
    ['2099-01-01', '2025-11-25'],
    [7, '2025-11-25'],
  ])('answers initialize for version %s with %s', (asked, given) => {
    const client = new Client().say(request(0, 'initialize', { protocolVersion: asked }));
    expect(client.answers).toMatchObject([
      {
        id: 0,
        result: {
          protocolVersion: given,
          capabilities: { tools: {} },
          serverInfo: { name: 'patchbay' },
        },
      },
    ]);
  });

  it('lists the tools with the words and the schema that every model gets, on one page', () => {
    const client = new Client().say(request('l', 'tools/list')).say(request('p', 'ping'));
    expect(client.answers).toEqual([
      {
        jsonrpc: '2.0',
        id: 'l',
        result: { tools: [{ ...readFile, _meta: { 'anthropic/alwaysLoad': true } }] },
      },
      { jsonrpc: '2.0', id: 'p', result: {} },
    ]);
    client.say(request('c', 'tools/list', { cursor: 'x' }));
    expect(client.answers.at(-1)).toMatchObject({ id: 'c', error: { code: -32602 } });
  });

  it('hands a call on with the agent’s own id of it, and gives its text back', () => {
    const client = new Client().call(1, {
      name: 'read_file',
      arguments: { path: 'a' },
      _meta: { 'claudecode/toolUseId': 'toolu_1' },
    });
    expect(client.calls).toMatchObject([
      { toolName: 'read_file', input: { path: 'a' }, agentCallId: 'toolu_1' },
    ]);
    expect(client.answers).toEqual([]);
    client.finish(0, toolOk('the text', { summary: 'for the card only' }));
    expect(client.answers).toEqual([
      {
        jsonrpc: '2.0',
        id: 1,
        result: { content: [{ type: 'text', text: 'the text' }], isError: false },
      },
    ]);
  });

  it('gives an error back as a result that the model reads, and never an empty text', () => {
    const client = new Client().call(1).call(2);
    client.finish(0, toolError('denied: no', {}, 'but this'));
    client.finish(1, toolOk(''));
    expect(client.answers).toMatchObject([
      { id: 1, result: { isError: true, content: [{ text: 'denied: no\nbut this' }] } },
      { id: 2, result: { isError: false, content: [{ text: '(no output)' }] } },
    ]);
  });

  it('takes a call without arguments for one with none', () => {
    expect(new Client().call(1, { name: 'read_file' }).calls).toMatchObject([{ input: {} }]);
  });

  it.each([
    [null],
    [[]],
    ['read_file'],
    [{ arguments: {} }],
    [{ name: 7, arguments: {} }],
    [{ name: 'read_file', arguments: [] }],
    [{ name: 'read_file', arguments: 'path' }],
  ])('runs nothing for the parameters %j', (params) => {
    const client = new Client().call(1, params);
    expect(client.calls).toEqual([]);
    expect(client.answers).toMatchObject([{ id: 1, error: { code: -32602 } }]);
  });

  it('refuses an id that a call had before, also while that one runs, and keeps 1 and "1" apart', () => {
    const client = new Client().call(1).call(1).call('1');
    expect(client.calls).toHaveLength(2);
    expect(client.answers).toMatchObject([{ id: 1, error: { code: -32600 } }]);
    client.finish(0, toolOk('first'));
    client.call(1);
    expect(client.calls).toHaveLength(2);
    expect(client.answers.at(-1)).toMatchObject({ id: 1, error: { code: -32600 } });
  });

  it('keeps the ids of two connections apart', () => {
    const client = new Client().call(1);
    client.say(request(1, 'tools/call', { name: 'read_file', arguments: {} }), 'two');
    expect(client.calls).toHaveLength(2);
  });

  it('ends a call that the client cancels, once, and answers it no more', () => {
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
    const client = new Client().say(cancel).call(1).say(cancel).say(cancel);
    expect(client.cancelled).toEqual([client.calls[0]?.key]);
    client.finish(0, toolOk('too late'));
    expect(client.answers).toEqual([]);
  });

  it('gives signs of life while a call with a progress token runs, and none afterwards', async () => {
    const client = new Client().call(1, {
      name: 'read_file',
      _meta: { progressToken: 0 },
    });
    await client.clock.advance(45_000);
    expect(client.notes).toMatchObject([
      { method: 'notifications/progress', params: { progressToken: 0, progress: 1 } },
      { params: { progress: 2 } },
      { params: { progress: 3 } },
    ]);
    client.finish(0, toolOk('x'));
    await client.clock.advance(60_000);
    expect(client.notes).toHaveLength(3);
  });

  it('answers what it does not know with an error, and says nothing to other messages', () => {
    const client = new Client()
      .say(request(1, 'resources/list'))
      .say(request(2, ''))
      .say({ jsonrpc: '2.0', id: 3 })
      .say({ jsonrpc: '2.0', id: {}, method: 'ping' })
      .say([request(4, 'ping')])
      .say('ping');
    expect(client.answers.map(({ error }) => error)).toMatchObject([
      { code: -32601 },
      { code: -32601 },
      { code: -32600 },
      { code: -32600 },
      { code: -32600 },
      { code: -32600 },
    ]);
    client
      .say({ jsonrpc: '2.0', method: 'notifications/initialized' })
      .say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 99 } })
      .say({ jsonrpc: '2.0', id: 9, result: {} })
      .say({ jsonrpc: '2.0', id: 9, error: { code: 1, message: 'x' } });
    expect(client.answers).toHaveLength(6);
  });

  it('is total: whatever comes, at most one answer goes back, and only a whole call is run', () => {
    const id = fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.object());
    const method = fc.oneof(
      fc.constantFrom('initialize', 'ping', 'tools/list', 'tools/call', 'notifications/cancelled'),
      fc.string(),
      fc.integer(),
    );
    const params = fc.oneof(
      fc.record({
        name: fc.oneof(fc.constant('read_file'), fc.anything()),
        arguments: fc.anything(),
      }),
      fc.record({ requestId: id }),
      fc.anything(),
    );
    const message = fc.oneof(
      fc.record({ jsonrpc: fc.constant('2.0'), id, method, params }, { requiredKeys: [] }),
      fc.anything(),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
        const client = new Client();
        for (const item of messages) {
          const before = client.answers.length;
          client.say(item);
          expect(client.answers.length - before).toBeLessThanOrEqual(1);
        }
        for (const call of client.calls) {
          expect(typeof call.toolName).toBe('string');
        }
        client.calls.forEach((_call, index) => client.finish(index, toolOk('x')));
        expect(client.answers.length).toBeLessThanOrEqual(messages.length);
      }),
      { numRuns: 300 },
    );
  });
});
