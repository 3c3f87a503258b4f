import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PathClass } from '../../../src/gate/contract';
import type { PathUse } from '../../../src/gate/pathClass';
import { displayPath, resolvePath, toAbsolutePath } from '../../../src/gate/paths';
import { MemoryFiles, type MemoryFilesOptions } from '../../fakes/memoryFiles';

function look(options: MemoryFilesOptions, cwd?: string) {
  const files = new MemoryFiles(options);
  const context = { roots: files.roots(), cwd, probe: files };
  return {
    read: (path: string) => resolvePath(path, 'read', context),
    write: (path: string) => resolvePath(path, 'write', context),
    classOf: async (path: string, use: PathUse = 'read'): Promise<PathClass> =>
      (await resolvePath(path, use, context)).pathClass,
  };
}

const plain = { files: { '/w/app/src/a.ts': 'a', '/w/other/b.ts': 'b', '/etc/passwd': 'x' } };

describe('resolving a path', () => {
  it('[R143] gives one absolute normalised path for every spelling', async () => {
    const { read } = look(plain);
    const expected = {
      path: '/w/app/src/a.ts',
      target: '/w/app/src/a.ts',
      pathClass: 'inside',
      relative: 'src/a.ts',
    };
    for (const spelling of [
      'src/a.ts',
      './src//a.ts',
      '/w/app/src/a.ts',
      '/w/app/./src/../src/a.ts',
      'src/../src/a.ts',
    ]) {
      expect(await read(spelling)).toEqual(expected);
    }
  });

  it('[R143] calls what `..` leads out of the workspace outside, and compares by segments', async () => {
    const { classOf } = look({ files: { ...plain.files, '/w/app-two/c.ts': 'c' } });
    expect(await classOf('../other/b.ts')).toBe('outside');
    expect(await classOf('../../../../etc/passwd')).toBe('outside');
    expect(await classOf('/w/app-two/c.ts')).toBe('outside');
    expect(await classOf('/w')).toBe('outside');
    expect(await classOf('/w/app')).toBe('inside');
  });

  it('[R143] follows links of files, of folders above and of links that lead nowhere', async () => {
    const { read } = look({
      ...plain,
      links: {
        '/w/app/passwords': '/etc/passwd',
        '/w/app/out': '../other',
        '/w/app/gone': '/nowhere/deep',
        '/w/app/home': 'src',
        '/tmp/in': '/w/app/src',
      },
    });
    expect(await read('passwords')).toEqual({
      path: '/w/app/passwords',
      target: '/etc/passwd',
      pathClass: 'outside',
    });
    expect(await read('out/b.ts')).toMatchObject({ target: '/w/other/b.ts', pathClass: 'outside' });
    expect(await read('out/new/file.ts')).toMatchObject({
      target: '/w/other/new/file.ts',
      pathClass: 'outside',
    });
    expect(await read('gone')).toMatchObject({ target: '/nowhere/deep', pathClass: 'outside' });
    expect(await read('gone/x.ts')).toMatchObject({
      target: '/nowhere/deep/x.ts',
      pathClass: 'outside',
    });
    expect(await read('home/a.ts')).toMatchObject({
      target: '/w/app/src/a.ts',
      pathClass: 'inside',
    });
    expect(await read('/tmp/in/a.ts')).toMatchObject({
      path: '/tmp/in/a.ts',
      target: '/w/app/src/a.ts',
      pathClass: 'inside',
    });
  });

  it('takes the stricter of both ways when `..` follows a link', async () => {
    const { classOf } = look({ ...plain, links: { '/w/app/out': '/w/other' } });
    // By names this is /w/app/x; a kernel goes to /w/x.
    expect(await classOf('out/../x')).toBe('outside');
  });

  it('refuses links that go round in a circle', async () => {
    const { classOf } = look({ ...plain, links: { '/w/app/a': 'b', '/w/app/b': 'a' } });
    expect(await classOf('a')).toBe('invalid');
  });

  it('works when the workspace folder itself is reached through a link', async () => {
    const { read } = look({
      folders: [{ name: 'app', path: '/link' }],
      files: { '/real/src/a.ts': '' },
      links: { '/link': '/real' },
    });
    expect(await read('src/a.ts')).toEqual({
      path: '/link/src/a.ts',
      target: '/real/src/a.ts',
      pathClass: 'inside',
      relative: 'src/a.ts',
    });
    expect(await read('src/new.ts')).toMatchObject({
      target: '/real/src/new.ts',
      pathClass: 'inside',
    });
    // An agent that asks the system where it is says the other name: it is the same file.
    expect(await read('/real/src/a.ts')).toEqual(await read('src/a.ts'));
    expect(await read('/real/src/new.ts')).toMatchObject({ path: '/link/src/new.ts' });
    expect(await read('/real')).toMatchObject({ path: '/link', relative: '' });
  });

  it('reads a first segment as a folder name only where there are several folders', async () => {
    const one = new MemoryFiles();
    expect(toAbsolutePath('app/x.ts', { roots: one.roots() })).toBe('/w/app/app/x.ts');
    const folders = [
      { name: 'app', path: '/w/app' },
      { name: 'lib', path: '/elsewhere/lib' },
    ];
    const roots = new MemoryFiles({ folders }).roots();
    expect(toAbsolutePath('lib/x.ts', { roots })).toBe('/elsewhere/lib/x.ts');
    expect(toAbsolutePath('lib/x.ts', { roots, cwd: '/w/app/sub' })).toBe('/elsewhere/lib/x.ts');
    expect(toAbsolutePath('x.ts', { roots })).toBe('/w/app/x.ts');
    expect(toAbsolutePath('x.ts', { roots, cwd: '/w/app/sub' })).toBe('/w/app/sub/x.ts');
    expect(displayPath('/elsewhere/lib/x.ts', roots)).toBe('lib/x.ts');
    expect(displayPath('/etc/passwd', roots)).toBe('/etc/passwd');
  });

  it('expands neither a tilde nor a variable nor an escape', async () => {
    const { read } = look({});
    expect((await read('~/x')).path).toBe('/w/app/~/x');
    expect((await read('$HOME/x')).path).toBe('/w/app/$HOME/x');
    expect((await read('%2e%2e/x')).path).toBe('/w/app/%2e%2e/x');
  });

  it('has no place for a relative path when no folder is open', async () => {
    expect(await look({ folders: [] }).classOf('a.ts')).toBe('invalid');
    expect(await look({ folders: [] }).classOf('/tmp/a.ts')).toBe('outside');
  });

  it('refuses when the file system cannot be asked', async () => {
    const files = new MemoryFiles(plain);
    const probe = {
      realPath: () => Promise.reject(new Error('EIO')),
      readLink: () => Promise.resolve(undefined),
      entriesOf: () => Promise.resolve([]),
    };
    expect(await resolvePath('src/a.ts', 'read', { roots: files.roots(), probe })).toMatchObject({
      pathClass: 'invalid',
    });
  });
});

describe('a folder that goes or moves', () => {
  const at = (files: Readonly<Record<string, string>>, use: 'delete' | 'move' | 'extract') =>
    look({ files: { '/w/app/src/a.ts': 'x', ...files } }).classOf('lib', use);

  it.each(['delete', 'move', 'extract'] as const)(
    'is protected for %s when something protected lies in it, however deep',
    async (use) => {
      expect(await at({ '/w/app/lib/a/b/c.ts': '' }, use)).toBe('inside');
      expect(await at({ '/w/app/lib/.npmrc': '' }, use)).toBe('protected');
      expect(await at({ '/w/app/lib/a/b/.vscode/tasks.json': '' }, use)).toBe('protected');
      expect(await at({ '/w/app/lib/a/.github/prompts/x.md': '' }, use)).toBe('protected');
    },
  );

  it('is protected when there is more in it than can be looked through, or nobody can look', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 2001 }, (_, index) => [`/w/app/lib/${index}.ts`, '']),
    );
    expect(await at(many, 'move')).toBe('protected');
    const files = new MemoryFiles({ files: { '/w/app/lib/a.ts': '' } });
    const probe = {
      realPath: (path: string) => files.realPath(path),
      readLink: (path: string) => files.readLink(path),
      entriesOf: () => Promise.reject(new Error('EACCES')),
    };
    expect(await resolvePath('lib', 'move', { roots: files.roots(), probe })).toMatchObject({
      pathClass: 'protected',
    });
  });
});

describe('the class of a path', () => {
  it.each([
    '',
    '   ',
    'a\0b',
    'a\nb',
    'a\u202eb',
    'a\u2066b',
    `a${String.fromCodePoint(0xe0041)}`,
    'x'.repeat(5000),
    `dir/${'x'.repeat(300)}`,
    '//server/share/x',
    '\\\\server\\share\\x',
    'file:///etc/passwd',
    'https://example.com/x',
    'vscode-remote://host/x',
    '/dev/sda',
  ])('is invalid for %j', async (path) => {
    expect(await look(plain).classOf(path)).toBe('invalid');
    expect(await look(plain).classOf(path, 'write')).toBe('invalid');
  });

  it.each([
    'NUL',
    'con.txt',
    'src\\COM1',
    'a.txt:stream',
    'C:file',
    'dir.\\x',
    'dir \\x',
    '\\\\?\\C:\\x',
    '\\\\.\\pipe\\x',
    'a<b',
    'x|y',
  ])('is invalid on Windows for %j', async (path) => {
    const roots = {
      folders: [{ name: 'app', path: 'C:\\app' }],
      home: 'C:\\Users\\u',
      platform: 'win32',
    } as const;
    const probe = {
      realPath: () => Promise.resolve(undefined),
      readLink: () => Promise.resolve(undefined),
      entriesOf: () => Promise.resolve([]),
    };
    expect((await resolvePath(path, 'read', { roots, probe })).pathClass).toBe('invalid');
  });

  it('compares Windows paths by segments, either slash and either case of the drive', async () => {
    const roots = {
      folders: [{ name: 'app', path: 'c:\\app' }],
      home: 'C:\\Users\\u',
      platform: 'win32',
    } as const;
    const probe = {
      realPath: () => Promise.resolve(undefined),
      readLink: () => Promise.resolve(undefined),
      entriesOf: () => Promise.resolve([]),
    };
    const classOf = async (path: string) =>
      (await resolvePath(path, 'write', { roots, probe })).pathClass;
    expect(await resolvePath('src/a.ts', 'write', { roots, probe })).toEqual({
      path: 'C:\\app\\src\\a.ts',
      target: 'C:\\app\\src\\a.ts',
      pathClass: 'inside',
      relative: 'src/a.ts',
    });
    expect(await classOf('C:/app/src/a.ts')).toBe('inside');
    expect(await classOf('\\app\\a.ts')).toBe('inside');
    expect(await classOf('..\\apple\\a.ts')).toBe('outside');
    expect(await classOf('D:\\app\\a.ts')).toBe('outside');
    expect(await classOf('.GIT\\config')).toBe('protected');
  });

  it.each([
    '.git/hooks/pre-commit',
    'sub/.git/config',
    '.GIT/config',
    '.gi\u200bt/config',
    '.ｇit/config',
    'GIT~1/config',
    '.gitmodules',
    '.gitattributes',
    '.vscode/settings.json',
    '.VSCode/tasks.json',
    'app.code-workspace',
    '.mcp.json',
    '.claude/settings.json',
    '.codex/config.toml',
    '.cursor/rules',
    'CLAUDE.md',
    '.patchbay/rules.json',
    '.husky/pre-commit',
    'lefthook.yml',
    '.pre-commit-config.yaml',
    '.devcontainer/devcontainer.json',
    'Dockerfile',
    'docker-compose.yml',
    '.bashrc',
    '.envrc',
    '.npmrc',
    '.yarnrc.yml',
    'pip.conf',
    '.cargo/config.toml',
    'deep/er/.npmrc',
  ])('is protected for a change of %s, whether or not it exists', async (path) => {
    expect(await look({}).classOf(path, 'write')).toBe('protected');
    expect(await look({ files: { [`/w/app/${path}`]: '' } }).classOf(path, 'write')).toBe(
      'protected',
    );
  });

  it('is protected before and after links, and outside of the workspace too', async () => {
    const { classOf } = look({
      files: { '/w/app/.git/config': '', '/w/app/src/a.ts': '', '/home/user/.bashrc': '' },
      links: { '/w/app/innocent': '.git', '/w/app/.husky': 'src' },
    });
    expect(await classOf('innocent/config', 'write')).toBe('protected');
    expect(await classOf('.husky/a.ts', 'write')).toBe('protected');
    expect(await classOf('/home/user/.bashrc', 'write')).toBe('protected');
    // The repository that the folder is a working copy, a submodule or a part of.
    expect(await classOf('/w/.git/hooks/pre-commit', 'write')).toBe('protected');
    expect(await classOf('/main/.git/worktrees/app/config.worktree', 'write')).toBe('protected');
    expect(await classOf('/main/.git/modules/app/hooks/post-merge', 'delete')).toBe('protected');
  });

  it('does not take a name above the workspace folder for the call’s choice, except repository metadata', async () => {
    const inClaude = look({ folders: [{ name: 'w', path: '/home/user/.claude/worktrees/w' }] });
    expect(await inClaude.classOf('src/a.ts', 'write')).toBe('inside');
    const inGit = look({ folders: [{ name: 'hooks', path: '/p/.git/hooks' }] });
    expect(await inGit.classOf('pre-commit', 'write')).toBe('protected');
  });

  it.each([
    '.gitignore',
    'src/gitmodules.ts',
    'package.json',
    'README.md',
    'git/config',
    'src/vscode/settings.json',
    'dockerfiles.md',
  ])('is inside for a change of %s', async (path) => {
    expect(await look({}).classOf(path, 'write')).toBe('inside');
  });

  it.each([
    '.env',
    '.env.local',
    '.ENV',
    'config/prod.env',
    'id_rsa',
    'keys/server.pem',
    'cert.key',
    'store.jks',
    '.netrc',
    '.npmrc',
    '.git-credentials',
    '.aws/credentials',
    '.ssh/config',
    '.docker/config.json',
    '.kube/config',
    '.claude/.credentials.json',
    'secrets.yaml',
  ])('is secret for reading %s', async (path) => {
    expect(await look({}).classOf(path)).toBe('secret');
  });

  it('is secret for a link to a secret file, and beats outside', async () => {
    const { classOf } = look({
      files: { '/home/user/.ssh/id_rsa': '' },
      links: { '/w/app/notes.txt': '/home/user/.ssh/id_rsa' },
    });
    expect(await classOf('notes.txt')).toBe('secret');
    expect(await classOf('/home/user/.ssh/id_rsa')).toBe('secret');
  });

  it.each([
    '.env.example',
    '.env.sample',
    '.env.local.example',
    'app.env_production-eu.sample',
    'my-app.v2.env.dist',
    'id_rsa.pub',
    'src/environment.ts',
    'keys.ts',
    'docs/secrets.md',
    'monkey.ts',
  ])('is inside for reading %s', async (path) => {
    expect(await look({}).classOf(path)).toBe('inside');
  });

  it.each(['_', '-', '.', '_-', '.env', 'env.', 'env_'])(
    'is told at once for a name that repeats %s',
    async (piece) => {
      const start = performance.now();
      for (const end of ['!', '_', '_exampl', '']) {
        const name = `.env${piece.repeat(246 / piece.length)}`.slice(0, 246) + end;
        expect(await look({}).classOf(name)).toBe(/^\.env[.\-_]/.test(name) ? 'secret' : 'inside');
      }
      expect(performance.now() - start).toBeLessThan(2000);
    },
  );

  it('[R143] is inside only for what really is, in random link farms', async () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const pathIn = (root: string) =>
      fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => `${root}/${names.join('/')}`);
    const target = fc.oneof(
      pathIn('/w/app'),
      pathIn('/out'),
      fc
        .array(fc.constantFrom('..', 'a', 'b'), { minLength: 1, maxLength: 4 })
        .map((names) => names.join('/')),
    );
    const farm = fc.dictionary(fc.oneof(pathIn('/w/app'), pathIn('/out')), target, { maxKeys: 6 });
    const input = fc
      .array(fc.constantFrom('..', '.', 'a', 'b', 'c', 'd'), { minLength: 1, maxLength: 5 })
      .map((names) => names.join('/'));
    await fc.assert(
      fc.asyncProperty(farm, input, async (links, path) => {
        const files = new MemoryFiles({ files: { '/out/a/x': '', '/w/app/b/x': '' }, links });
        const resolved = await resolvePath(path, 'read', { roots: files.roots(), probe: files });
        const real = await files.realPath(resolved.path);
        if (resolved.pathClass === 'inside' && real !== undefined) {
          expect(real === '/w/app' || real.startsWith('/w/app/')).toBe(true);
        }
        if (resolved.pathClass === 'inside') {
          expect(resolved.target === '/w/app' || resolved.target.startsWith('/w/app/')).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
