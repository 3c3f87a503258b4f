import { posix, win32 } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  candidateNames,
  createExecutableLookup,
  parseCommandShim,
  type ExecutableLookup,
} from '../../../src/node/executables';
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
      new TableFiles({ '/opt/node/bin/claude': script, '/home/ann/.local/bin/pi': script }),
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

  it.each([
    [
      'npm, a script',
      npmShim('node_modules\\x\\cli.mjs'),
      { kind: 'script', relativePath: 'node_modules\\x\\cli.mjs' },
    ],
    [
      'pnpm',
      '@SETLOCAL\r\n@IF EXIST "%~dp0\\node.exe" (\r\n  "%~dp0\\node.exe"  "%~dp0\\..\\x\\cli.js" %*\r\n) ELSE (\r\n  node  "%~dp0\\..\\x\\cli.js" %*\r\n)',
      { kind: 'script', relativePath: '..\\x\\cli.js' },
    ],
    [
      'npm, a program',
      npmShim('node_modules\\x\\bin\\x.exe'),
      { kind: 'program', relativePath: 'node_modules\\x\\bin\\x.exe' },
    ],
    ['something else', '@echo off\r\nstart "" "C:\\x.exe"\r\n', undefined],
    ['nothing', '', undefined],
  ])('[R73] reads the shim of %s', (_name, text, target) => {
    expect(parseCommandShim(text)).toEqual(target);
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
