import { describe, expect, it } from 'vitest';
import { canonicalJson, definitionHash } from '../../../../src/tools/plugins/canonical';
import { readServerFile, serverFiles } from '../../../../src/tools/plugins/configFiles';
import type { ServerSource } from '../../../../src/tools/plugins/contract';
import { parseJsonc } from '../../../../src/tools/plugins/jsonc';
import { readServers } from '../../../../src/tools/plugins/serverConfig';

const source = {
  kind: 'workspace',
  folder: '/work',
  folderName: 'work',
  file: '/work/.vscode/mcp.json',
  label: '.vscode/mcp.json',
} as const satisfies ServerSource;

const ofUser = (entries: Record<string, unknown>) =>
  readServers([{ source: { kind: 'user' }, entries, inputs: [] }]);
const ofWorkspace = (entries: Record<string, unknown>) =>
  readServers([{ source, entries, inputs: [] }]);
const problemOf = (entry: unknown, name = 'x'): string | undefined =>
  ofUser({ [name]: entry }).broken[0]?.problem;

describe('servers in the settings', () => {
  it('[R173] are programs or addresses, with timeout, switch and switches of tools', () => {
    const { servers, broken } = ofUser({
      git: {
        command: 'git-mcp',
        args: ['--here'],
        env: { LEVEL: 3, NAME: 'x', OLD: null },
        cwd: 'sub',
        timeout: 5,
        tools: { push: false },
      },
      web: { url: 'https://mcp.example/v1', headers: { 'X-Key': '${secret:web}' }, enabled: false },
      old: { type: 'sse', url: 'https://old.example/sse' },
    });
    expect(broken).toEqual([]);
    expect(
      servers.map(({ key, id, transport, timeoutMs, isEnabled, toolSwitches }) => ({
        key,
        id,
        transport,
        timeoutMs,
        isEnabled,
        toolSwitches,
      })),
    ).toEqual([
      {
        key: 'user|git',
        id: 'git',
        transport: {
          kind: 'stdio',
          command: 'git-mcp',
          args: ['--here'],
          env: { LEVEL: '3', NAME: 'x' },
          cwd: 'sub',
        },
        timeoutMs: 5000,
        isEnabled: true,
        toolSwitches: { push: false },
      },
      {
        key: 'user|web',
        id: 'web',
        transport: {
          kind: 'http',
          url: 'https://mcp.example/v1',
          headers: { 'X-Key': '${secret:web}' },
        },
        timeoutMs: 60_000,
        isEnabled: false,
        toolSwitches: {},
      },
      {
        key: 'user|old',
        id: 'old',
        transport: { kind: 'sse', url: 'https://old.example/sse', headers: {} },
        timeoutMs: 60_000,
        isEnabled: true,
        toolSwitches: {},
      },
    ]);
  });

  it.each([
    ['no object', 'text', 'must be an object'],
    ['neither', {}, 'needs a "command" (a program) or a "url"'],
    ['both', { command: 'a', url: 'https://a.example' }, 'both "command" and "url"'],
    ['a type nobody knows', { type: 'pipe', command: 'a' }, '"type" must be'],
    ['a type that does not fit', { type: 'http', command: 'a' }, 'needs a "url"'],
    ['arguments that are none', { command: 'a', args: '-v' }, '"args" must be a list'],
    ['variables that are none', { command: 'a', env: { A: {} } }, '"env" must map'],
    ['an envFile', { command: 'a', envFile: '.env' }, 'Patchbay reads no .env files'],
    ['a NUL', { command: 'a\0b' }, 'NUL'],
    ['no web address', { url: 'file:///etc/passwd' }, 'http or https'],
    ['a password in the address', { url: 'https://me:pw@a.example' }, 'user name or password'],
    [
      'a header that is none',
      { url: 'https://a.example', headers: { 'a b': 'c' } },
      '"headers" has',
    ],
    [
      'a header over two lines',
      { url: 'https://a.example', headers: { a: 'b\r\nc: d' } },
      '"headers" has',
    ],
    ['no time', { command: 'a', timeout: 0 }, '"timeout"'],
    ['no switch', { command: 'a', enabled: 'yes' }, '"enabled"'],
    ['no switches', { command: 'a', tools: ['b'] }, '"tools"'],
    ['a reference nobody knows', { command: 'a', args: ['${command:x}'] }, '${command:x}'],
    ['an input that is not defined', { command: 'a', args: ['${input:x}'] }, 'no usable input'],
  ])('[R173] lose an entry with %s, and it is said why', (_what, entry, problem) => {
    const { servers, broken } = ofUser({ x: entry, good: { command: 'good' } });
    expect(servers.map(({ name }) => name)).toEqual(['good']);
    expect(broken).toHaveLength(1);
    expect(broken[0]?.problem).toContain(problem);
  });

  it('cannot have a name with hidden characters', () => {
    expect(problemOf({ command: 'a' }, 'git\u202e')).toContain('hidden characters');
    expect(problemOf({ command: 'a' }, 'a|b')).toContain('hidden characters');
  });

  it('[R167] get an id without dots, told apart where that lost something', () => {
    const { servers } = ofUser({
      'a.b': { command: 'a' },
      'a-b': { command: 'b' },
      'a b': { command: 'c' },
    });
    const ids = servers.map(({ id }) => id);
    expect(ids[1]).toBe('a-b');
    expect(new Set(ids).size).toBe(3);
    expect(ids.every((id) => /^[A-Za-z0-9_-]{1,40}$/.test(id))).toBe(true);
  });
});

describe('servers in files of the workspace', () => {
  const read = (index: 0 | 1, text: string) => readServerFile(serverFiles[index], text, source);

  it('[R173] are read in the form of the editor, with its inputs and comments', () => {
    const read0 = read(
      0,
      `{
        // the team's own
        "inputs": [
          { "type": "promptString", "id": "token", "description": "A token", "password": true },
          { "type": "pickString", "id": "level", "description": "How much", "options": ["a", "b"], "default": "a" },
          { "type": "command", "id": "odd", "command": "x" },
        ],
        "servers": { "git": { "type": "stdio", "command": "git-mcp", "env": { "TOKEN": "\${input:token}" }, }, }, /* end */
      }`,
    );
    if (read0.kind !== 'entries') {
      throw new Error(read0.problem);
    }
    const { servers, broken } = readServers([read0.entries]);
    expect(broken).toEqual([]);
    expect(servers[0]).toMatchObject({
      key: '/work|git',
      source,
      inputs: [
        { id: 'token', description: 'A token', isSecret: true },
        {
          id: 'level',
          description: 'How much',
          isSecret: false,
          options: ['a', 'b'],
          defaultValue: 'a',
        },
      ],
    });
  });

  it('[R173] are read in the form that agents share', () => {
    const shared = read(
      1,
      '{"mcpServers":{"web":{"type":"streamable-http","url":"https://a.example"}}}',
    );
    expect(
      shared.kind === 'entries' && readServers([shared.entries]).servers[0]?.transport,
    ).toEqual({
      kind: 'http',
      url: 'https://a.example',
      headers: {},
    });
  });

  it('are none, with a sentence, when the file is broken; and none when it speaks of other things', () => {
    expect(read(0, '{"servers": ')).toMatchObject({ kind: 'unreadable' });
    expect(read(0, '[]')).toMatchObject({ kind: 'unreadable' });
    expect(read(0, '{"servers": []}')).toMatchObject({ kind: 'unreadable' });
    expect(read(0, '{}')).toEqual({
      kind: 'entries',
      entries: { source, entries: {}, inputs: [] },
    });
  });

  it('cannot take the place of a server of the user, nor ask for the user’s secrets', () => {
    const { servers, broken } = readServers([
      { source: { kind: 'user' }, entries: { git: { command: 'mine' } }, inputs: [] },
      { source, entries: { git: { command: 'theirs' } }, inputs: [] },
    ]);
    expect(servers.map(({ key }) => key)).toEqual(['user|git']);
    expect(broken[0]?.problem).toContain('already defined in your settings');
    expect(
      ofWorkspace({ a: { command: 'a', env: { K: '${secret:mine}' } } }).broken[0]?.problem,
    ).toContain('Secrets are for servers of your own settings');
  });

  it('are one where two files say the same', () => {
    const twice = readServers([
      { source, entries: { git: { command: 'a' } }, inputs: [] },
      { source: { ...source, label: '.mcp.json' }, entries: { git: { command: 'a' } }, inputs: [] },
    ]);
    expect(twice.servers).toHaveLength(1);
    expect(twice.broken).toEqual([]);
  });
});

describe('the hash of a definition', () => {
  const base = { kind: 'stdio', command: 'a', args: ['b'], env: { C: 'd' } } as const;

  it('is the same whatever the order of fields', () => {
    const { kind, command, args, env } = base;
    expect(definitionHash({ env, args, command, kind })).toBe(definitionHash(base));
    expect(canonicalJson({ b: [{ d: 1, c: undefined }], a: null })).toBe(
      '{"a":null,"b":[{"d":1}]}',
    );
  });

  it.each([
    ['the command', { ...base, command: 'x' }],
    ['an argument', { ...base, args: ['x'] }],
    ['the cut between arguments', { ...base, args: ['b', ''] }],
    ['a variable', { ...base, env: { C: 'x' } }],
    ['the folder', { ...base, cwd: '/' }],
    ['the way', { kind: 'http', url: 'https://a.example', headers: {} } as const],
  ])('changes with %s', (_what, changed) => {
    expect(definitionHash(changed)).not.toBe(definitionHash(base));
  });

  it('changes with the address and with a header', () => {
    const http = { kind: 'http', url: 'https://a.example', headers: { K: '1' } } as const;
    const others = [
      { ...http, url: 'https://b.example' },
      { ...http, headers: { K: '2' } },
      { ...http, kind: 'sse' as const },
    ];
    expect(new Set([http, ...others].map(definitionHash)).size).toBe(4);
  });
});

describe('JSON with comments', () => {
  it('keeps what looks like a comment or a comma inside of strings', () => {
    expect(parseJsonc('{"a": "// no", "b": "/* no */", "c": ",}", "d": [1, 2, ],}')).toEqual({
      a: '// no',
      b: '/* no */',
      c: ',}',
      d: [1, 2],
    });
  });

  it('leaves out comments wherever they stand, and a comma that only they follow', () => {
    expect(
      parseJsonc(
        '\uFEFF// one\r\n{ /* "x": { */ "a\\"//": [1, // no, ]\n /* } */ ], /**/ } // end',
      ),
    ).toEqual({ 'a"//': [1] });
  });

  it.each(['"\\"', '"', '/*', '/*/', '//', ', ', '[', '{"":', '\\', ' ', '\n'])(
    'throws for many %j in a time that grows with them',
    (piece) => {
      const start = performance.now();
      expect(() => parseJsonc(`"${piece.repeat(60_000)}`)).toThrow(SyntaxError);
      expect(() => parseJsonc(`${piece.repeat(60_000)}x`)).toThrow(SyntaxError);
      expect(performance.now() - start).toBeLessThan(2000);
    },
  );

  it('throws for anything else', () => {
    expect(() => parseJsonc('{"a": 1,,}')).toThrow(SyntaxError);
    expect(() => parseJsonc('{"a": "b\nc"}')).toThrow(SyntaxError);
    expect(() => parseJsonc('1 /*/')).toThrow(SyntaxError);
    expect(() => parseJsonc('1/**/2')).toThrow(SyntaxError);
    expect(() => parseJsonc('{"a": /* open')).toThrow(SyntaxError);
  });
});
