import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globMatcher, globTreeMatcher } from '../../../src/base/glob';
import { createWorkspaceSearch, editorRipgrepPaths } from '../../../src/node/search';
import { defaultWalkLimits, WalkSearch } from '../../../src/node/walkSearch';
import type { WorkspaceSearch } from '../../../src/tools/contract';
import { eventually, processesWith, Workbench } from '../../fakes/realChildren';
import { findRipgrep } from '../../fakes/ripgrepBinary';

const bench = new Workbench();
const ripgrepPath = findRipgrep();
const never = new AbortController().signal;
let folder = '';

beforeAll(() => {
  folder = bench.folder('project');
  const file = (name: string, content: string): string => bench.file(`project/${name}`, content);
  file('.gitignore', 'node_modules\n*.log\n/build/\n!keep.log\n');
  file('readme.md', 'Hello World\nhello again\n');
  file('src/a.ts', 'const first = 1;\r\nconst SECOND = "a(b)*";\r\n');
  file('src/deep/b.ts', 'second second\n-e --files\nGrüße 💡\n');
  file('src/deep/.gitignore', 'secret.txt\n');
  file('src/deep/secret.txt', 'second\n');
  file('src/!odd.ts', 'odd\n');
  file('src/-dash.ts', 'dash\n');
  file('.hidden/c.ts', 'hidden second\n');
  file('.git/config', 'second\n');
  file('node_modules/x/i.ts', 'second\n');
  file('build/out.ts', 'second\n');
  file('x.log', 'second\n');
  file('keep.log', 'second\n');
  file('binary.bin', 'second\0\x01');
  symlinkSync(bench.file('outside.txt', 'second\n'), join(folder, 'link.txt'));
});
afterAll(() => bench.remove());

const engines: (readonly [string, () => WorkspaceSearch])[] = [
  ['the walk', () => new WalkSearch()],
  ...(ripgrepPath === undefined
    ? []
    : [
        [
          'ripgrep',
          () =>
            createWorkspaceSearch({
              rgPaths: ['/no/such/rg', ripgrepPath],
              isTrusted: () => true,
              inheritedEnv: process.env,
            }),
        ] as const,
      ]),
];

describe.each(engines)('%s', (_name, create) => {
  const find = async (pattern: string, maxResults = 100): Promise<readonly string[]> =>
    (await create().findFiles({ folder, pattern, maxResults, signal: never })).paths.toSorted();
  const search = async (
    pattern: string,
    more: Partial<Parameters<WorkspaceSearch['searchText']>[0]> = {},
  ): Promise<readonly string[]> => {
    const result = await create().searchText({
      folder,
      pattern,
      isRegex: false,
      isCaseSensitive: true,
      maxResults: 100,
      signal: never,
      ...more,
    });
    return result.matches
      .map((match) => `${match.path}:${match.lineOneBased}:${match.line}`)
      .toSorted();
  };

  it('finds files by glob, with / in the names, without what is ignored, and never in .git', async () => {
    expect(await find('**/*.ts')).toEqual([
      '.hidden/c.ts',
      'src/!odd.ts',
      'src/-dash.ts',
      'src/a.ts',
      'src/deep/b.ts',
    ]);
    expect(await find('*.ts')).toEqual(await find('**/*.ts'));
    expect(await find('src/*.ts')).toEqual(['src/!odd.ts', 'src/-dash.ts', 'src/a.ts']);
    expect(await find('**/*.log')).toEqual(['keep.log']);
    expect(await find('**/config')).toEqual([]);
    expect(await find('{readme.md,src/{a,x}.ts}')).toEqual(['readme.md', 'src/a.ts']);
  });

  it('takes a pattern that begins like an option or a negation as a pattern', async () => {
    expect(await find('-dash.ts')).toEqual(['src/-dash.ts']);
    expect(await find('--files')).toEqual([]);
    expect(await find('!odd.ts')).toEqual(['src/!odd.ts']);
  });

  it('says when there are more files than asked for', async () => {
    const options = { folder, pattern: '**/*.ts', signal: never };
    const some = await create().findFiles({ ...options, maxResults: 2 });
    expect(some.paths).toHaveLength(2);
    expect(some.isTruncated).toBe(true);
    expect((await create().findFiles({ ...options, maxResults: 5 })).isTruncated).toBe(false);
  });

  it('finds text literally, with or without letter case, not in binary or ignored files, through no link', async () => {
    expect(await search('second')).toEqual([
      '.hidden/c.ts:1:hidden second',
      'keep.log:1:second',
      'src/deep/b.ts:1:second second',
    ]);
    expect(await search('SECOND', { isCaseSensitive: false })).toHaveLength(4);
    expect(await search('a(b)*')).toEqual(['src/a.ts:2:const SECOND = "a(b)*";']);
    expect(await search('Grüße 💡')).toEqual(['src/deep/b.ts:3:Grüße 💡']);
  });

  it('finds by regular expression, and refuses a broken one with its own code', async () => {
    expect(await search('^h\\w+o (W|a)', { isRegex: true, isCaseSensitive: false })).toEqual([
      'readme.md:1:Hello World',
      'readme.md:2:hello again',
    ]);
    await expect(search('(', { isRegex: true })).rejects.toMatchObject({ code: 'invalid_pattern' });
  });

  it('takes a text that begins like an option as text', async () => {
    expect(await search('-e --files')).toEqual(['src/deep/b.ts:2:-e --files']);
    expect(await search('--files', { isRegex: true })).toEqual(['src/deep/b.ts:2:-e --files']);
  });

  it('keeps to what is included and leaves out what is excluded', async () => {
    expect(await search('second', { include: '*.ts' })).toEqual([
      '.hidden/c.ts:1:hidden second',
      'src/deep/b.ts:1:second second',
    ]);
    expect(await search('second', { include: 'src' })).toEqual(['src/deep/b.ts:1:second second']);
    expect(await search('second', { include: '**/*.{log,md}' })).toEqual(['keep.log:1:second']);
    expect(await search('second', { exclude: '.hidden/**' })).toEqual([
      'keep.log:1:second',
      'src/deep/b.ts:1:second second',
    ]);
    expect(await search('second', { exclude: 'deep' })).toEqual([
      '.hidden/c.ts:1:hidden second',
      'keep.log:1:second',
    ]);
  });

  it('says when there are more matches than asked for, and gives what it has after an abort', async () => {
    const result = await create().searchText({
      folder,
      pattern: 'e',
      isRegex: false,
      isCaseSensitive: true,
      maxResults: 3,
      signal: never,
    });
    expect(result.matches).toHaveLength(3);
    expect(result.isTruncated).toBe(true);
    const stopped = await create().searchText({
      folder,
      pattern: 'e',
      isRegex: false,
      isCaseSensitive: true,
      maxResults: 3,
      signal: AbortSignal.abort(),
    });
    expect(stopped).toEqual({ matches: [], isTruncated: true });
  });
});

describe('a folder that is not on the disk', () => {
  /** Far files by path; `reads` counts what was asked for. */
  const far = (texts: Readonly<Record<string, string>>, onRead?: () => void) => {
    const search = createWorkspaceSearch({
      rgPaths: ripgrepPath === undefined ? [] : [ripgrepPath],
      isTrusted: () => true,
      inheritedEnv: process.env,
      virtual: {
        isOnDisk: (path) => path !== '/far',
        files: {
          list: (_folder, path) => {
            const prefix = path === '' ? '' : `${path}/`;
            const below = Object.keys(texts).flatMap((name) =>
              name.startsWith(prefix) ? [name.slice(prefix.length)] : [],
            );
            const names = [...new Set(below.map((name) => name.split('/')[0] ?? ''))];
            return Promise.resolve(
              names.map((name) => ({
                name,
                kind: below.includes(name) ? ('file' as const) : ('directory' as const),
              })),
            );
          },
          read: (_folder, path, maxBytes, isHeadEnough) => {
            onRead?.();
            const bytes = Buffer.from(texts[path] ?? '');
            return Promise.resolve(
              bytes.length > maxBytes && !isHeadEnough ? 'too_large' : bytes.subarray(0, maxBytes),
            );
          },
          excludes: () => (path) => path === 'hidden',
        },
      },
    });
    return {
      find: async (pattern: string, signal = never) =>
        await search.findFiles({ folder: '/far', pattern, maxResults: 9000, signal }),
      text: async (pattern: string, signal = never) =>
        await search.searchText({
          folder: '/far',
          pattern,
          isRegex: false,
          isCaseSensitive: true,
          maxResults: 9000,
          signal,
        }),
    };
  };

  it('is walked by its own file system, without what is ignored, hidden or binary', async () => {
    const { find, text } = far({
      '.gitignore': '*.log\n',
      'a.ts': 'one\r\nsecond\r\n',
      'src/b.ts': 'second',
      'src/c.bin': 'second\0',
      'hidden/d.ts': 'second',
      'x.log': 'second',
    });
    expect(await find('**/*.ts')).toEqual({ paths: ['a.ts', 'src/b.ts'], isTruncated: false });
    expect(await text('second')).toEqual({
      matches: [
        { path: 'a.ts', lineOneBased: 2, line: 'second' },
        { path: 'src/b.ts', lineOneBased: 1, line: 'second' },
      ],
      isTruncated: false,
    });
  });

  it('is searched within limits, and the result says which', async () => {
    const many = Object.fromEntries(Array.from({ length: 5100 }, (_, at) => [`f${at}`, 'x']));
    const found = await far(many).find('*');
    expect(found).toMatchObject({ isTruncated: true });
    expect(found.paths).toHaveLength(5000);
    expect(found.limitNote).toMatch(/5000 files, 32 MB or 20 seconds.*above 1 MB/);
    const large = await far({ a: 'x'.repeat(1024 * 1024 + 1), b: 'x' }).text('x');
    expect(large.matches.map(({ path }) => path)).toEqual(['b']);
    expect(large.limitNote).toBeDefined();
    let reads = 0;
    const megabytes = Object.fromEntries(
      Array.from({ length: 50 }, (_, at) => [`f${at}`, '.'.repeat(1024 * 1024)]),
    );
    expect((await far(megabytes, () => (reads += 1)).text('x')).limitNote).toBeDefined();
    expect(reads).toBe(33);
  });

  it('is no longer read once the call is stopped', async () => {
    const turn = new AbortController();
    let reads = 0;
    const { text } = far({ a: 'x', b: 'x', c: 'x' }, () => {
      reads += 1;
      turn.abort();
    });
    const result = await text('x', turn.signal);
    expect(result).toEqual({
      matches: [{ path: 'a', lineOneBased: 1, line: 'x' }],
      isTruncated: true,
    });
    expect(reads).toBe(1);
  });
});

describe('choosing the engine', () => {
  it("asks the editor's folders, then the PATH, and never runs one that lies in the workspace", async () => {
    const marker = join(bench.path, 'evil-ran');
    const evil = bench.file('project/rg', `#!/bin/sh\ntouch ${marker}\n`, 0o755);
    const search = createWorkspaceSearch({
      rgPaths: ['/no/such/rg'],
      lookup: () =>
        Promise.resolve({
          kind: 'found',
          path: evil,
          launch: { file: evil, argsBefore: [] },
          isInsideWorkspace: true,
          searchPath: '',
        }),
      isTrusted: () => true,
      inheritedEnv: {},
    });
    const found = await search.findFiles({
      folder,
      pattern: 'readme.md',
      maxResults: 5,
      signal: never,
    });
    expect(found.paths).toEqual(['readme.md']);
    await expect(import('node:fs').then((fs) => fs.existsSync(marker))).resolves.toBe(false);
  });

  it('starts no program in an untrusted workspace', async () => {
    const marker = join(bench.path, 'untrusted-ran');
    const program = bench.file('rg-marker', `#!/bin/sh\ntouch ${marker}\n`, 0o755);
    const search = createWorkspaceSearch({
      rgPaths: [program],
      isTrusted: () => false,
      inheritedEnv: {},
    });
    expect(
      (await search.findFiles({ folder, pattern: '*.md', maxResults: 5, signal: never })).paths,
    ).toEqual(['readme.md']);
    await expect(import('node:fs').then((fs) => fs.existsSync(marker))).resolves.toBe(false);
  });

  it('an abort ends the process at once, with what was found', async () => {
    const slow = bench.program(
      `process.stdout.write('./a.ts\\0'); setInterval(() => {}, 1000);`,
      'slow-rg',
    );
    const search = createWorkspaceSearch({
      rgPaths: [slow],
      isTrusted: () => true,
      inheritedEnv: process.env,
    });
    const controller = new AbortController();
    const result = search.findFiles({
      folder,
      pattern: '*.ts',
      maxResults: 5,
      signal: controller.signal,
    });
    await eventually('it runs', () => processesWith(slow).length === 1);
    const startedAt = performance.now();
    controller.abort();
    expect((await result).isTruncated).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(processesWith(slow)).toEqual([]);
  });

  it('knows where the editor keeps its ripgrep', () => {
    expect(editorRipgrepPaths('/app', 'linux', 'x64')).toEqual([
      '/app/node_modules/@vscode/ripgrep/bin/rg',
      '/app/node_modules/@vscode/ripgrep-universal/bin/linux-x64/rg',
      '/app/node_modules/vscode-ripgrep/bin/rg',
      '/app/node_modules.asar.unpacked/@vscode/ripgrep/bin/rg',
      '/app/node_modules.asar.unpacked/@vscode/ripgrep-universal/bin/linux-x64/rg',
      '/app/node_modules.asar.unpacked/vscode-ripgrep/bin/rg',
    ]);
  });
});

describe('the bounds of a walk', () => {
  it('stops at its number of files and says so', async () => {
    const walk = new WalkSearch({ ...defaultWalkLimits, maxFiles: 3 });
    const result = await walk.findFiles({ folder, pattern: '**', maxResults: 100, signal: never });
    expect(result.paths).toHaveLength(3);
    expect(result.isTruncated).toBe(true);
  });

  it('gives up on a regular expression that would take for ever, and goes on with the next file', async () => {
    bench.file('trap/a.txt', `${'a'.repeat(40)}!\n`);
    bench.file('trap/b.txt', 'aab\n');
    const startedAt = Date.now();
    const result = await new WalkSearch().searchText({
      folder: join(bench.path, 'trap'),
      pattern: '^(a+)+b$',
      isRegex: true,
      isCaseSensitive: true,
      maxResults: 10,
      signal: never,
    });
    expect(result).toEqual({
      matches: [{ path: 'b.txt', lineOneBased: 1, line: 'aab' }],
      isTruncated: true,
    });
    expect(Date.now() - startedAt).toBeLessThan(3000);
  });
});

describe('globs', () => {
  it.each([
    ['*.ts', ['a.ts', 'x/a.ts'], ['a.tsx', 'ts']],
    ['src/*.ts', ['src/a.ts'], ['src/x/a.ts', 'x/src/a.ts']],
    ['src/**', ['src/a', 'src/x/y'], ['src', 'srcx/a']],
    ['src/', ['src/a', 'src/x/y'], ['src']],
    ['**/x/**/y.?s', ['x/y.ts', 'a/x/b/c/y.js'], ['y.ts', 'x/y.tss']],
    ['/a.ts', ['a.ts'], ['x/a.ts']],
    ['./a/b', ['a/b'], ['x/a/b']],
    ['[a-c]?[!x].md', ['azb.md'], ['dzb.md', 'azx.md']],
    ['{a,b/{c,d}}.ts', ['a.ts', 'x/a.ts', 'b/c.ts', 'b/d.ts'], ['c.ts', 'x/b/c.ts']],
    ['{a', ['{a'], ['a']],
    ['**', ['a', 'a/b'], []],
    ['a*b*c', ['abc', 'aXbYbZc'], ['ab', 'acb']],
    ['src\\win.ts', ['src/win.ts'], []],
    ['', [], ['a']],
  ])('%s', (pattern, yes, no) => {
    const fits = globMatcher(pattern);
    expect(yes.filter((path) => !fits(path))).toEqual([]);
    expect(no.filter(fits)).toEqual([]);
  });

  it('for a tree fit what is below a folder that fits', () => {
    const fits = globTreeMatcher('src/x');
    expect(['src/x', 'src/x/a', 'src/x/a/b', 'src/xy', 'src'].map(fits)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('take no time to speak of, whatever the pattern', () => {
    const startedAt = performance.now();
    globMatcher(`${'*a'.repeat(60)}b`)('a'.repeat(2000));
    globMatcher(`${'**/a/'.repeat(60)}b`)('a/'.repeat(1000));
    globMatcher('{a,b}'.repeat(40))('a');
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
