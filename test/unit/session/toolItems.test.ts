import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/base/json';
import { createSecretFilter } from '../../../src/base/secretFilter';
import type { ToolCall } from '../../../src/events/toolCall';
import { ItemReducer } from '../../../src/session/itemReducer';
import {
  createToolItem,
  keptResult,
  keptTextLimit,
  settleToolItem,
} from '../../../src/session/toolItems';

const item = (name: string, args: JsonObject) =>
  createToolItem({ id: '1', name, arguments: args, executedBy: 'child' }, (path) =>
    path.replace('/w/', ''),
  );

describe('the card of a call', () => {
  it.each([
    ['Read', { file_path: '/w/a.ts' }, 'read', 'a.ts'],
    ['read', { filePath: '/w/a.ts' }, 'read', 'a.ts'],
    ['read_file', { absolute_path: '/w/a.ts' }, 'read', 'a.ts'],
    ['bash', { command: 'ls -l', description: 'list' }, 'run', 'ls -l'],
    ['exec_command', { cmd: 'ls' }, 'run', 'ls'],
    ['apply_patch', { path: '/w/a.ts' }, 'edit', 'a.ts'],
    ['replace', { file_path: '/w/a.ts' }, 'edit', 'a.ts'],
    ['apply_patch', { changes: [{ path: '/w/b.ts', kind: 'add' }] }, 'edit', 'b.ts'],
    ['web_search', { query: 'weather' }, 'fetch', 'weather'],
    ['write_todos', {}, 'plan', ''],
    ['request_user_input', { question: 'which?' }, 'ask', 'which?'],
  ] as const)('of %s says what it does and to what', (name, args, action, object) => {
    expect(item(name, args)).toMatchObject({ action, object });
  });

  it.each(['constructor', '__proto__', '', 'Teleport', 'mcp.server.tool'])(
    'of %j, which nobody knows, says just its name',
    (name) => {
      expect(item(name, { x: 1 })).toMatchObject({ action: 'other', toolName: name, object: '' });
    },
  );
});

describe('the result of a call', () => {
  const long = `${'a'.repeat(3_000_000)}${'z'.repeat(2_000_000)}`;

  it('is kept whole up to a limit, and beyond it as head and tail with the count between', () => {
    const short = { ok: true, output: 'x'.repeat(keptTextLimit) } as const;
    expect(keptResult(short)).toBe(short);
    expect(keptResult({ ok: true, output: long, details: { summary: 's' } })).toEqual({
      ok: true,
      output: `${'a'.repeat(700_000)}\n[4,000,000 characters were not kept]\n${'z'.repeat(300_000)}`,
      details: { summary: 's' },
    });
  });

  it('shows the size of the whole on its card', () => {
    const { output, outputBytes } = settleToolItem(
      item('Read', {}),
      { ok: true, output: long },
      (text) => text,
    );
    expect(outputBytes).toBe(long.length);
    expect(output).toBe(
      `${'a'.repeat(5734)}\n… 4,991,808 characters not shown …\n${'z'.repeat(2458)}`,
    );
  });
});

describe('what is shown of a call', () => {
  it('[R178] has no secret in it: title, input, output while it comes and when it is whole', () => {
    const reducer = new ItemReducer({ nowMs: () => 0, relativize: (path) => path });
    reducer.redactWith(createSecretFilter(['known-secret']));
    const call: ToolCall = {
      id: 'c1',
      name: 'Bash',
      arguments: { command: 'echo known-secret' },
      executedBy: 'child',
    };
    reducer.event({ kind: 'tool_call', call });
    reducer.progress('c1', { kind: 'output', text: 'TOKEN=known-secret\n' });
    expect(JSON.stringify(reducer.items)).toContain('TOKEN=[redacted]');
    reducer.observation(
      { kind: 'tool_result', callId: 'c1', result: { ok: true, output: 'again known-secret' } },
      { ok: true, output: 'again known-secret' },
    );
    const [item] = reducer.items;
    expect(item).toMatchObject({
      output: 'again [redacted]',
      input: 'echo [redacted]',
      object: 'echo [redacted]',
    });
  });

  it('[R178] has no half of a secret where a long text is cut', () => {
    const reducer = new ItemReducer({ nowMs: () => 0, relativize: (path) => path });
    const secret = 'correct-horse-battery-staple';
    reducer.redactWith(createSecretFilter([secret]));
    const output = `${'a'.repeat(5720)}${secret}${'b'.repeat(20_000)}${secret}${'z'.repeat(2440)}`;
    reducer.event({
      kind: 'tool_call',
      call: { id: 'c1', name: 'Bash', arguments: { command: output }, executedBy: 'child' },
    });
    const result = { ok: false, output, error: `${'e'.repeat(290)}${secret}` } as const;
    reducer.observation({ kind: 'tool_result', callId: 'c1', result });
    const shown = JSON.stringify(reducer.items);
    for (let at = 0; at + 6 <= secret.length; at++) {
      expect(shown).not.toContain(secret.slice(at, at + 6));
    }
  });

  it('[R178] a rule, a notice, a plan and an error of it has none either', () => {
    const reducer = new ItemReducer({ nowMs: () => 0, relativize: (path) => path });
    reducer.redactWith(createSecretFilter(['known-secret']));
    reducer.event({
      kind: 'tool_call',
      call: { id: 'c1', name: 'Bash', arguments: { command: 'ls' }, executedBy: 'child' },
    });
    reducer.progress('c1', { kind: 'denied', why: 'a rule denies `curl known-secret`' });
    reducer.observation({ kind: 'notice', level: 'info', text: 'it said known-secret' });
    reducer.observation({ kind: 'plan', items: [{ text: 'use known-secret', status: 'active' }] });
    reducer.observation({ kind: 'plan', items: [{ text: 'drop known-secret', status: 'done' }] });
    reducer.add({
      kind: 'error',
      id: 'e1',
      message: 'refused known-secret',
      detail: 'x-api-key: known-secret',
      code: 'unknown',
      actions: [],
    });
    expect(JSON.stringify([reducer.items, reducer.takeDeltas()])).not.toContain('known-secret');
    expect(reducer.items.map(({ kind }) => kind)).toEqual(['tool', 'notice', 'plan', 'error']);
  });
});
