import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/base/json';
import { createToolItem } from '../../../src/session/toolItems';

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
