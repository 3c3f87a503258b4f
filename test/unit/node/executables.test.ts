import { posix, win32 } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  candidateNames,
  createExecutableLookup,
  type ExecutableLookup,
} from '../../../src/node/executables';
import { isInNodeRange } from '../../../src/node/nodeRange';
import { programFormat, type ProgramFiles } from '../../../src/node/programFile';

const elf = Uint8Array.from([0x7f, 0x45, 0x4c, 0x46]);
const script = new TextEncoder().encode('#!/usr/bin/env node\n');
const exe = new TextEncoder().encode('MZ..');

/** A disk as a table: path -> bytes; `links` lead elsewhere. */
class TableFiles implements ProgramFiles {
  readonly asked: string[] = [];

  constructor(
    private readonly contents: Readonly<Record<string, Uint8Array | string>>,
    private readonly links: Readonly<Record<string, string>> = {},
    private readonly notExecutable: readonly string[] = [],
  ) {}

  stat(path: string): Promise<{ isFile: boolean; sizeBytes: number } | undefined> {
    this.asked.push(path);
    const content = this.contents[path];
    return Promise.resolve(
      content === undefined ? undefined : { isFile: true, sizeBytes: content.length },
    );
  }

  isExecutable(path: string): Promise<boolean> {
    return Promise.resolve(!this.notExecutable.includes(path));
  }

  head(path: string, sizeBytes: number): Promise<Uint8Array> {
    const content = this.contents[path] ?? '';
    return Promise.resolve(
      (typeof content === 'string' ? new TextEncoder().encode(content) : content).slice(
        0,
        sizeBytes,
      ),
    );
  }

  readText(path: string): Promise<string | undefined> {
    const content = this.contents[path];
    return Promise.resolve(typeof content === 'string' ? content : undefined);
  }

  realPath(path: string): Promise<string | undefined> {
    return Promise.resolve(this.links[path] ?? path);
  }

  list(folder: string): Promise<readonly string[]> {
    const inside = Object.keys(this.contents)
      .filter((path) => path.startsWith(`${folder}/`) || path.startsWith(`${folder}\\`))
      .map((path) => path.slice(folder.length + 1).split(/[\\/]/)[0] ?? '');
    return Promise.resolve([...new Set(inside)]);
  }
}

const found = (path: string, more: Partial<ExecutableLookup & { kind: 'found' }> = {}): object => ({
  kind: 'found',
  path,
  launch: { file: path, argsBefore: [] },
  isInsideWorkspace: false,
  ...more,
});

describe('finding a program on POSIX', () => {
  const lookup = (
    files: ProgramFiles,
    more: {
      path?: string;
      loginShellPath?: () => Promise<string | undefined>;
      folders?: readonly string[];
    } = {},
  ): ((name: string) => Promise<ExecutableLookup>) =>
    createExecutableLookup({
      files,
      platform: 'linux',
      homeDirectory: '/home/ann',
      path: more.path ?? '/usr/bin:/bin',
      workspaceFolders: () => more.folders ?? ['/work/project'],
      ...(more.loginShellPath === undefined ? {} : { loginShellPath: more.loginShellPath }),
    });

  it('takes the first on the PATH, and does not bother the login shell then', async () => {
    let shellCount = 0;
    const find = lookup(new TableFiles({ '/usr/bin/claude': elf, '/bin/claude': elf }), {
      loginShellPath: () => Promise.resolve(String((shellCount += 1))),
    });
    expect(await find('claude')).toMatchObject(
      found('/usr/bin/claude', { searchPath: '/usr/bin:/bin' }),
    );
    expect(shellCount).toBe(0);
  });

  it('asks the login shell, then the places where installers put agents', async () => {
    let shellCount = 0;
    const find = lookup(
      new TableFiles({
        '/usr/bin/node': elf,
        '/opt/node/bin/claude': script,
        '/home/ann/.local/bin/pi': script,
      }),
      {
        loginShellPath: () => {
          shellCount += 1;
          return Promise.resolve('/usr/bin:/opt/node/bin');
        },
      },
    );
    expect(await find('claude')).toMatchObject(
      found('/opt/node/bin/claude', { searchPath: '/usr/bin:/bin:/opt/node/bin' }),
    );
    expect(await find('pi')).toMatchObject(found('/home/ann/.local/bin/pi'));
    expect(await find('codex')).toEqual({
      kind: 'missing',
      message: '"codex" was not found on the PATH.',
    });
    expect(shellCount).toBeGreaterThan(0);
  });

  it('never looks into the current directory or a relative PATH entry', async () => {
    const files = new TableFiles({ claude: elf, './claude': elf, 'bin/claude': elf });
    expect(await lookup(files, { path: ':.:bin::' })('claude')).toMatchObject({ kind: 'missing' });
    expect(files.asked.every((path) => posix.isAbsolute(path))).toBe(true);
  });

  it('takes an absolute path, or one from the home directory, as it is, and no other kind of path', async () => {
    const find = lookup(
      new TableFiles({ '/opt/claude': elf, '/home/ann/bin/claude': elf, 'bin/claude': elf }),
    );
    expect(await find('/opt/claude')).toMatchObject(found('/opt/claude'));
    expect(await find('~/bin/claude')).toMatchObject(found('/home/ann/bin/claude'));
    expect(await find('bin/claude')).toMatchObject({ kind: 'missing' });
    expect(await find('../claude')).toMatchObject({ kind: 'missing' });
    expect(await find('')).toMatchObject({ kind: 'missing' });
    expect(await find('/none')).toEqual({
      kind: 'missing',
      message: 'There is no program at /none.',
    });
  });

  it('says that a result lies in the workspace, also behind a link, in either direction', async () => {
    const contents = {
      '/work/project/bin/claude': elf,
      '/usr/bin/linked': elf,
      '/alias/bin/claude': elf,
      '/work/projects/bin/claude': elf,
    };
    const files = new TableFiles(contents, {
      '/usr/bin/linked': '/work/project/x',
      '/alias/bin/claude': '/work/project/bin/claude',
      '/alias': '/work/project',
    });
    const find = lookup(files);
    expect(await find('/work/project/bin/claude')).toMatchObject({ isInsideWorkspace: true });
    expect(await find('/usr/bin/linked')).toMatchObject({ isInsideWorkspace: true });
    expect(await find('/work/projects/bin/claude')).toMatchObject({ isInsideWorkspace: false });
    const byAlias = lookup(files, { folders: ['/alias'] });
    expect(await byAlias('/work/project/bin/claude')).toMatchObject({ isInsideWorkspace: true });
  });

  it('goes past a broken one to a good one, and names the broken one when there is no other', async () => {
    const placeholder = 'echo "not installed"\n';
    const find = lookup(
      new TableFiles({
        '/usr/bin/claude': placeholder,
        '/bin/claude': elf,
        '/bin/codex': placeholder,
      }),
    );
    expect(await find('claude')).toMatchObject(found('/bin/claude'));
    expect(await find('codex')).toMatchObject({ kind: 'broken', path: '/bin/codex' });
  });

  it('runs a script without its executable bit by Node.js, if there is one outside the workspace', async () => {
    const contents = { '/opt/cli.js': 'x', '/usr/bin/node': elf };
    expect(
      await lookup(new TableFiles(contents, {}, ['/opt/cli.js']))('/opt/cli.js'),
    ).toMatchObject({
      launch: { file: '/usr/bin/node', argsBefore: ['/opt/cli.js'] },
    });
    expect(
      await lookup(new TableFiles({ '/opt/cli.js': 'x' }, {}, ['/opt/cli.js']))('/opt/cli.js'),
    ).toMatchObject({ kind: 'broken' });
  });
});

describe('finding the Node that a script of Node needs', () => {
  const nvm = '/home/ann/.nvm/versions/node';
  const cli = `${nvm}/v22.1.0/lib/node_modules/@x/cli/dist/index.js`;
  const versions: Readonly<Record<string, string>> = {
    '/usr/bin/node': 'v18.19.0',
    [`${nvm}/v20.9.0/bin/node`]: 'v20.9.0',
    [`${nvm}/v22.1.0/bin/node`]: 'v22.1.0',
  };
  const lookup = (
    contents: Readonly<Record<string, Uint8Array | string>>,
    more: { path?: string; asksVersion?: boolean; links?: Readonly<Record<string, string>> } = {},
  ): ((name: string) => Promise<ExecutableLookup>) =>
    createExecutableLookup({
      files: new TableFiles(contents, more.links ?? {}),
      platform: 'linux',
      homeDirectory: '/home/ann',
      path: more.path ?? '/usr/bin:/bin',
      workspaceFolders: () => ['/work/project'],
      ...(more.asksVersion === false
        ? {}
        : { nodeVersion: (node: string) => Promise.resolve(versions[node]) }),
    });
  const pathOf = async (answer: Promise<ExecutableLookup>): Promise<string | undefined> => {
    const result = await answer;
    return result.kind === 'found' ? result.searchPath : result.message;
  };

  it('starts it with a PATH on which its first line finds the Node beside it', async () => {
    const find = lookup(
      {
        [`${nvm}/v22.1.0/bin/gemini`]: script,
        [`${nvm}/v22.1.0/bin/node`]: elf,
        '/usr/bin/node': elf,
      },
      { asksVersion: false },
    );
    expect(await find('gemini')).toMatchObject({
      kind: 'found',
      launch: { file: `${nvm}/v22.1.0/bin/gemini`, argsBefore: [] },
    });
    expect((await pathOf(find('gemini')))?.split(':')[0]).toBe(`${nvm}/v22.1.0/bin`);
  });

  it('leaves the PATH as it is when it leads to a Node that will do', async () => {
    const find = lookup({ '/usr/bin/pi': script, '/usr/bin/node': elf });
    expect(await pathOf(find('pi'))).toBe('/usr/bin:/bin');
  });

  it('looks for the Node also where the program was not found', async () => {
    const find = lookup({ '/usr/bin/pi': script, [`${nvm}/v20.9.0/bin/node`]: elf });
    expect(await pathOf(find('pi'))).toBe(`${nvm}/v20.9.0/bin:/usr/bin:/bin`);
  });

  it("passes by a Node that is older than the script's package wants, and takes the newest of a version manager", async () => {
    const find = lookup(
      {
        '/usr/bin/acp': script,
        '/usr/bin/node': elf,
        [`${nvm}/v20.9.0/bin/node`]: elf,
        [`${nvm}/v22.1.0/bin/node`]: elf,
        [cli]: script,
        [`${nvm}/v22.1.0/lib/node_modules/@x/cli/package.json`]: '{"engines":{"node":">=22"}}',
      },
      { links: { '/usr/bin/acp': cli } },
    );
    expect(await pathOf(find('acp'))).toBe(`${nvm}/v22.1.0/bin:/usr/bin:/bin`);
  });

  it('says which Node is needed and which one is there when none will do, or that there is none', async () => {
    const contents = {
      '/usr/bin/acp': script,
      [cli]: script,
      [`${nvm}/v22.1.0/lib/node_modules/@x/cli/package.json`]: '{"engines":{"node":">=22"}}',
    };
    const links = { '/usr/bin/acp': cli };
    expect(await pathOf(lookup({ ...contents, '/usr/bin/node': elf }, { links })('acp'))).toContain(
      'it needs Node.js 22 or newer, and only v18.19.0 at /usr/bin/node was found',
    );
    expect(await pathOf(lookup(contents, { links })('acp'))).toContain(
      'it needs Node.js, which was not found',
    );
  });

  it('never takes a Node of the workspace', async () => {
    const find = lookup(
      { '/usr/bin/pi': script, '/work/project/bin/node': elf },
      { path: '/work/project/bin:/usr/bin' },
    );
    expect(await find('pi')).toMatchObject({ kind: 'broken' });
  });

  it('leaves scripts for other interpreters alone', async () => {
    const shell = new TextEncoder().encode('#!/bin/sh\n');
    expect(await lookup({ '/usr/bin/wrapped': shell })('wrapped')).toMatchObject({ kind: 'found' });
  });

  it.each([
    ['v22.1.0', '>=22', true],
    ['v20.19.0', '>=22', false],
    ['v20.6.0', '>=20.6.0', true],
    ['v20.5.9', '>=20.6.0', false],
    ['v20.19.0', '^20.19.0 || >=22.12.0', true],
    ['v21.0.0', '^20.19.0 || >=22.12.0', false],
    ['v22.12.1', '^20.19.0 || >=22.12.0', true],
    ['v18.20.0', '>= 18 <20', true],
    ['v20.0.0', '>= 18 <20', false],
    ['v18.3.0', '18.x', true],
    ['v19.0.0', '~18.2', false],
    ['v1.0.0', 'whatever you like', true],
    ['nonsense', '>=22', true],
  ])('%s is in %s: %s', (version, range, isIn) => {
    expect(isInNodeRange(version, range)).toBe(isIn);
  });
});

describe('finding what npm did not finish to install', () => {
  it.each([
    [
      'claude',
      '@anthropic-ai/claude-code/bin/claude.exe',
      '@anthropic-ai/claude-code-linux-x64/claude',
    ],
    ['opencode', 'opencode-ai/bin/opencode.exe', 'opencode-linux-x64/bin/opencode'],
    [
      'claude',
      '@anthropic-ai/claude-code/bin/claude.exe',
      '@anthropic-ai/claude-code/node_modules/@anthropic-ai/claude-code-linux-x64/claude',
    ],
  ])('starts %s from its platform package: %s', async (name, placeholder, program) => {
    const modules = '/usr/lib/node_modules';
    const find = createExecutableLookup({
      files: new TableFiles(
        {
          [`/usr/bin/${name}`]: 'echo "native binary not installed"',
          [`${modules}/${program}`]: elf,
        },
        { [`/usr/bin/${name}`]: `${modules}/${placeholder}` },
      ),
      platform: 'linux',
      arch: 'x64',
      homeDirectory: '/home/ann',
      path: '/usr/bin',
      workspaceFolders: () => [],
    });
    expect(await find(name)).toMatchObject({
      kind: 'found',
      path: `/usr/bin/${name}`,
      launch: { file: `${modules}/${program}`, argsBefore: [] },
    });
  });
});

describe('finding a program where installers put it', () => {
  it.each([
    '/home/ann/.local/bin',
    '/home/ann/.claude/local',
    '/home/ann/.opencode/bin',
    '/home/ann/.npm-global/bin',
    '/home/ann/.bun/bin',
    '/home/ann/.volta/bin',
    '/home/ann/.asdf/shims',
    '/home/ann/.local/share/mise/shims',
    '/home/ann/.local/share/pnpm',
    '/home/ann/.config/yarn/global/node_modules/.bin',
    '/home/ann/.nvm/versions/node/v22.1.0/bin',
    '/home/ann/.local/share/fnm/node-versions/v22.1.0/installation/bin',
    '/home/linuxbrew/.linuxbrew/bin',
    '/usr/local/bin',
  ])('%s', async (folder) => {
    const find = createExecutableLookup({
      files: new TableFiles({ [`${folder}/agent`]: elf }),
      platform: 'linux',
      homeDirectory: '/home/ann',
      path: '/usr/bin:/bin',
      workspaceFolders: () => [],
    });
    expect(await find('agent')).toMatchObject(found(`${folder}/agent`, {}));
  });

  it.each([
    'C:\\Users\\ann\\AppData\\Roaming\\npm',
    'C:\\Users\\ann\\AppData\\Local\\pnpm',
    'C:\\Users\\ann\\AppData\\Local\\Yarn\\bin',
    'C:\\Users\\ann\\AppData\\Local\\Volta\\bin',
    'C:\\Users\\ann\\AppData\\Roaming\\nvm\\v22.1.0',
    'C:\\Users\\ann\\.local\\bin',
    'C:\\Users\\ann\\scoop\\shims',
    'C:\\Program Files\\nodejs',
  ])('%s', async (folder) => {
    const find = createExecutableLookup({
      files: new TableFiles({ [`${folder}\\agent.exe`]: exe }),
      platform: 'win32',
      homeDirectory: 'C:\\Users\\ann',
      appData: 'C:\\Users\\ann\\AppData\\Roaming',
      localAppData: 'C:\\Users\\ann\\AppData\\Local',
      path: 'C:\\Windows',
      workspaceFolders: () => [],
    });
    expect(await find('agent')).toMatchObject({ kind: 'found', path: `${folder}\\agent.exe` });
  });
});

describe('finding a program on Windows', () => {
  const npmShim = (target: string): string =>
    `@ECHO off\r\nGOTO start\r\n:find_dp0\r\nSET dp0=%~dp0\r\nEXIT /b\r\n:start\r\nSETLOCAL\r\nCALL :find_dp0\r\n\r\nIF EXIST "%dp0%\\node.exe" (\r\n  SET "_prog=%dp0%\\node.exe"\r\n) ELSE (\r\n  SET "_prog=node"\r\n  SET PATHEXT=%PATHEXT:;.JS;=;%\r\n)\r\n\r\nendLocal & goto #_undefined_# 2>NUL || title %COMSPEC% & "%_prog%"  "%dp0%\\${target}" %*\r\n`;
  const lookup = (
    files: ProgramFiles,
    path: string,
  ): ((name: string) => Promise<ExecutableLookup>) =>
    createExecutableLookup({
      files,
      platform: 'win32',
      homeDirectory: 'C:\\Users\\Ann',
      path,
      appData: 'C:\\Users\\Ann\\AppData\\Roaming',
      workspaceFolders: () => ['D:\\project'],
    });

  it('says of a shim outside the workspace that what it starts lies inside', async () => {
    const bin = 'C:\\Users\\Ann\\AppData\\Roaming\\npm';
    const cli = `${bin}\\node_modules\\tool\\cli.js`;
    const files = new TableFiles(
      {
        [`${bin}\\tool.cmd`]: npmShim('node_modules\\tool\\cli.js'),
        [cli]: 'x',
        'C:\\Program Files\\nodejs\\node.exe': exe,
      },
      { [cli]: 'D:\\project\\tool\\cli.js' },
    );
    const find = lookup(files, `${bin};C:\\Program Files\\nodejs`);
    expect(await find('tool')).toMatchObject({ kind: 'found', isInsideWorkspace: true });
  });

  it('[R73] resolves a shim of npm to node and the script, or to the program, and never starts the shim', async () => {
    const bin = 'C:\\Users\\Ann\\AppData\\Roaming\\npm';
    const files = new TableFiles({
      [`${bin}\\claude.cmd`]: npmShim('node_modules\\@anthropic-ai\\claude-code\\bin\\claude.exe'),
      [`${bin}\\node_modules\\@anthropic-ai\\claude-code\\bin\\claude.exe`]: exe,
      [`${bin}\\codex.cmd`]: npmShim('node_modules\\@openai\\codex\\bin\\codex.js'),
      [`${bin}\\node_modules\\@openai\\codex\\bin\\codex.js`]: 'x',
      'C:\\Program Files\\nodejs\\node.exe': exe,
    });
    const find = lookup(files, 'C:\\Windows;"C:\\Program Files\\nodejs";C:\\other');
    expect(await find('claude')).toMatchObject({
      path: `${bin}\\claude.cmd`,
      launch: {
        file: `${bin}\\node_modules\\@anthropic-ai\\claude-code\\bin\\claude.exe`,
        argsBefore: [],
      },
    });
    expect(await find('codex')).toMatchObject({
      launch: {
        file: 'C:\\Program Files\\nodejs\\node.exe',
        argsBefore: [`${bin}\\node_modules\\@openai\\codex\\bin\\codex.js`],
      },
    });
  });

  it('[R73] follows command files to the program, the script or the version manager behind them', async () => {
    const files = new TableFiles({
      'C:\\yarn\\gemini.cmd': '@"%~dp0\\..\\data\\gemini.cmd"   %*',
      'C:\\data\\gemini.cmd': npmShim('cli.js'),
      'C:\\data\\cli.js': 'x',
      'C:\\Program Files\\nodejs\\node.exe': exe,
      'C:\\volta\\pi.cmd': '@echo off\r\nvolta run %~n0 %*\r\n',
      'C:\\Program Files\\Volta\\volta.exe': exe,
      'C:\\loop\\one.cmd': '@"C:\\loop\\one.cmd" %*',
    });
    const find = lookup(files, 'C:\\yarn;C:\\volta;C:\\loop');
    expect(await find('gemini')).toMatchObject({
      launch: { file: 'C:\\Program Files\\nodejs\\node.exe', argsBefore: ['C:\\data\\cli.js'] },
    });
    expect(await find('pi')).toMatchObject({
      launch: { file: 'C:\\Program Files\\Volta\\volta.exe', argsBefore: ['run', 'pi'] },
    });
    expect(await find('one')).toMatchObject({ kind: 'broken' });
  });

  it('[R73] refuses a command file that it cannot see through', async () => {
    const files = new TableFiles({
      'C:\\tools\\claude.cmd': '@echo off\r\ncall something %*\r\n',
      'C:\\tools\\gone.bat': npmShim('gone.exe'),
    });
    const find = lookup(files, 'C:\\tools');
    expect(await find('claude')).toMatchObject({ kind: 'broken', path: 'C:\\tools\\claude.cmd' });
    expect(await find('gone')).toMatchObject({ kind: 'broken' });
  });

  it('never looks into the current directory, nor at a path without a drive', async () => {
    const files = new TableFiles({ 'claude.exe': exe, '\\bin\\claude.exe': exe });
    expect(await lookup(files, '.;bin;\\bin;')('claude')).toMatchObject({ kind: 'missing' });
    expect(files.asked.every((path) => win32.isAbsolute(path) && path.includes(':'))).toBe(true);
  });

  it('tries the endings of programs in order', () => {
    expect(candidateNames('claude', true)).toEqual(['claude.exe', 'claude.cmd', 'claude.bat']);
    expect(candidateNames('claude.exe', true)).toEqual(['claude.exe']);
    expect(candidateNames('claude', false)).toEqual(['claude']);
  });
});

describe('what the first bytes say', () => {
  it.each([
    ['7f454c46', 'linux', 'native'],
    ['7f454c46', 'darwin', 'foreign'],
    ['cffaedfe', 'darwin', 'native'],
    ['cafebabe', 'darwin', 'native'],
    ['cffaedfe', 'linux', 'foreign'],
    ['4d5a9000', 'win32', 'native'],
    ['4d5a9000', 'linux', 'foreign'],
    ['23212f62', 'linux', 'script'],
    ['23212f62', 'win32', 'foreign'],
    ['6563686f', 'linux', 'text'],
    ['', 'linux', 'empty'],
  ] as const)('%s on %s is %s', (bytes, platform, format) => {
    expect(programFormat(Buffer.from(bytes, 'hex'), platform)).toBe(format);
  });
});
