import { describe, expect, it } from 'vitest';
import type { WorkspaceSearch } from '../../../src/tools/contract';
import { exited } from '../../fakes/fakeRunner';
import { createBench } from '../../fakes/orchestratorBench';

const containing = (text: string): unknown => expect.stringContaining(text);
const numbered = (count: number): string =>
  Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join('');

describe('read_file', () => {
  it('gives the exact text, whatever its line ends', async () => {
    const text = '\ufefffirst\r\n\tsecond\n\nlast';
    const bench = createBench({ files: { '/w/app/a.ts': text, '/w/app/empty': '' } });
    expect((await bench.run('read_file', { path: 'a.ts' })).output).toBe(text);
    expect((await bench.run('read_file', { path: 'empty' })).output).toBe('[The file is empty.]');
  });

  it('gives a part with a note that says where to go on', async () => {
    const bench = createBench({ files: { '/w/app/a.ts': numbered(10) } });
    const read = async (startLine: number, lineCount?: number) =>
      (
        await bench.run('read_file', {
          path: 'a.ts',
          startLine,
          ...(lineCount === undefined ? {} : { lineCount }),
        })
      ).output;
    expect(await read(3, 2)).toBe('line 3\nline 4\n[Lines 3 to 4 of 10. Go on with startLine 5.]');
    expect(await read(9)).toBe('line 9\nline 10\n[Lines 9 to 10 of 10.]');
    expect(await read(11)).toBe('[The file has 10 lines; there is no line 11.]');
    expect(await read(1, 10)).toBe(numbered(10));
  });

  it('pages a long file and a long line', async () => {
    const bench = createBench({
      files: { '/w/app/long': numbered(5000), '/w/app/wide': 'x'.repeat(200_000) },
    });
    expect((await bench.run('read_file', { path: 'long' })).output).toMatch(
      /line 2000\n\[Lines 1 to 2000 of 5000\. Go on with startLine 2001\.\]$/,
    );
    const wide = await bench.run('read_file', { path: 'wide' });
    expect(wide.output.length).toBeLessThan(100_000);
    expect(wide.output).toContain('is cut here');
  });

  it('says what to do about a file it cannot read', async () => {
    const bench = createBench({ files: { '/w/app/src/a.ts': '', '/w/app/bin': '' } });
    bench.files.setBinary('/w/app/bin');
    const errorOf = async (path: string) => {
      const result = await bench.run('read_file', { path });
      return result.ok ? '' : result.error;
    };
    expect(await errorOf('nope.ts')).toBe(
      'nope.ts does not exist. Use find_files or list_files to find it.',
    );
    expect(await errorOf('~/x')).toBe(
      '~/x does not exist. `~` is not expanded; give a path in the workspace or an absolute one.',
    );
    expect(await errorOf('src')).toBe('src is a folder. Use list_files.');
    expect(await errorOf('bin')).toContain('not a text file');
    expect(await errorOf('a\0')).toBe(
      "Tool 'read_file' denied: the path contains control or direction characters",
    );
  });
});

describe('list_files', () => {
  it('lists by name, to a depth, without entering links, .git and node_modules', async () => {
    const bench = createBench({
      files: {
        '/w/app/b.ts': '',
        '/w/app/src/c.ts': '',
        '/w/app/src/deep/d.ts': '',
        '/w/app/.git/config': '',
        '/w/app/node_modules/x/y.js': '',
        '/out/z': '',
      },
      links: { '/w/app/out': '/out' },
    });
    const list = async (path: string, depth?: number) =>
      (
        await bench.run('list_files', { path, ...(depth === undefined ? {} : { depth }) })
      ).output.split('\n');
    expect(await list('.')).toEqual(['.git/', 'b.ts', 'node_modules/', 'out/', 'src/']);
    expect(await list('.', 3)).toEqual([
      '.git/',
      'b.ts',
      'node_modules/',
      'out/',
      'src/',
      'src/c.ts',
      'src/deep/',
      'src/deep/d.ts',
    ]);
    expect((await bench.run('list_files', { path: 'none' })).ok).toBe(false);
  });

  it('is cut at a thousand entries', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 1200 }, (_, index) => [`/w/app/f${index}`, '']),
    );
    expect((await createBench({ files }).run('list_files', { path: '.' })).output).toMatch(
      /\[Cut at 1000 entries; list a folder below\.\]$/,
    );
  });
});

describe('the searches', () => {
  const search: WorkspaceSearch = {
    findFiles: ({ folder, pattern }) =>
      Promise.resolve({
        paths: [`src/${pattern}`, './x.ts'].map((path) =>
          folder === '/w/lib' ? `lib-${path.replace('./', '')}` : path,
        ),
        isTruncated: false,
      }),
    searchText: ({ folder, isRegex, isCaseSensitive, include }) =>
      Promise.resolve({
        matches: [
          {
            path: 'a.ts',
            lineOneBased: 3,
            line: `${folder} ${isRegex} ${isCaseSensitive} ${include ?? '-'}\n`,
          },
          { path: '.env', lineOneBased: 1, line: 'KEY=hunter2' },
        ],
        isTruncated: true,
      }),
  };

  it('say which limits cut a search short, and no wrong number of results', async () => {
    const limitNote = 'Not everything was looked at.';
    const bench = createBench({
      search: {
        findFiles: () => Promise.resolve({ paths: [], isTruncated: true, limitNote }),
        searchText: () => Promise.resolve({ matches: [], isTruncated: true, limitNote }),
      },
    });
    expect((await bench.run('find_files', { pattern: '*' })).output).toBe(
      `[No file matches.]\n[${limitNote}]`,
    );
    expect((await bench.run('search_text', { pattern: 'x' })).output).toBe(
      `[No line matches.]\n[${limitNote}]`,
    );
  });

  it('give paths and lines that the other tools take, with the folder’s name where there are several', async () => {
    const one = createBench({ search });
    expect((await one.run('find_files', { pattern: '*.ts' })).output).toBe('src/*.ts\nx.ts');
    const folders = [
      { name: 'app', path: '/w/app' },
      { name: 'lib', path: '/w/lib' },
    ];
    const two = createBench({ search, folders });
    expect((await two.run('find_files', { pattern: '*.ts' })).output).toBe(
      'app/src/*.ts\napp/x.ts\nlib/lib-src/*.ts\nlib/lib-x.ts',
    );
    expect((await createBench().run('find_files', { pattern: '*' })).output).toBe(
      '[No file matches.]',
    );
  });

  it('leave out what is found in secret files and say so', async () => {
    const bench = createBench({ search });
    const { output } = await bench.run('search_text', {
      pattern: 'KEY',
      isRegex: true,
      include: 'src/**',
    });
    expect(output).toBe(
      [
        'a.ts:3: /w/app true false src/**',
        '[Cut at 200 lines; use a narrower search.]',
        '[1 match in files that usually hold keys or passwords are not shown; read_file asks the user for them.]',
      ].join('\n'),
    );
  });

  it.each(['../x', '/etc/*', 'a/../../b', '~/x', 'C:\\x', '{a,../b}'])(
    'refuse the glob %s, which leaves the folder',
    async (glob) => {
      const bench = createBench({ search });
      expect(await bench.run('find_files', { pattern: glob })).toMatchObject({
        ok: false,
        error: containing('relative to the workspace folder'),
      });
      expect((await bench.run('search_text', { pattern: 'x', include: glob })).ok).toBe(false);
      expect((await bench.run('search_text', { pattern: 'x', exclude: glob })).ok).toBe(false);
    },
  );

  it('pass on why a search failed', async () => {
    const bench = createBench({
      search: { ...search, searchText: () => Promise.reject(new Error('regex parse error')) },
    });
    expect(await bench.run('search_text', { pattern: '(' })).toMatchObject({
      ok: false,
      error: 'regex parse error',
    });
  });
});

describe('run_command', () => {
  it('[R131] clamps its own timeout below the orchestrator’s and refuses one that is no number', async () => {
    const bench = createBench({ answer: { kind: 'allowOnce' } });
    for (const timeoutMs of [undefined, 5, 90_000, 1e9]) {
      await bench.run('run_command', {
        command: 'ls',
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      });
    }
    expect(bench.runner.runs.map(({ timeoutMs }) => timeoutMs)).toEqual([
      120_000, 1000, 90_000, 600_000,
    ]);
    const deadline = bench.registry.get('run_command')?.timeoutMs ?? 0;
    expect(deadline).toBeGreaterThan(600_000);
    expect(await bench.run('run_command', { command: 'ls', timeoutMs: 'long' })).toMatchObject({
      ok: false,
      error: containing('`timeoutMs` must be a number'),
    });
    expect(bench.runner.runs).toHaveLength(4);
  });

  it('runs in the folder that was judged, streams its output and tells how it ended', async () => {
    const bench = createBench({ files: { '/w/app/sub/x': '' }, answer: { kind: 'allowOnce' } });
    await bench.run('run_command', { command: 'ls', cwd: 'sub' });
    expect(bench.runner.runs[0]).toMatchObject({ command: 'ls', cwd: '/w/app/sub' });
    expect(bench.progress).toContainEqual({ kind: 'output', text: 'ran ls\n' });
    bench.runner.outcomeOf = () => ({
      exitCode: null,
      signal: null,
      output: 'no such shell',
      end: 'spawn_failed',
    });
    expect(await bench.run('run_command', { command: 'ls' })).toMatchObject({
      ok: false,
      error: 'The command could not be started. no such shell',
    });
    bench.runner.outcomeOf = () => ({
      exitCode: null,
      signal: 'SIGSEGV',
      output: '',
      end: 'exited',
    });
    expect(await bench.run('run_command', { command: 'ls' })).toMatchObject({
      ok: false,
      error: 'The command was ended by the signal SIGSEGV.',
      output: '[no output]',
    });
    bench.runner.outcomeOf = () => ({
      exitCode: null,
      signal: 'SIGKILL',
      output: 'some',
      end: 'timeout',
    });
    expect(await bench.run('run_command', { command: 'ls' })).toMatchObject({
      ok: false,
      output: 'some',
      error: containing('within 120s'),
      details: { outcome: 'timeout' },
    });
    expect(bench.sink.outcomes.map(({ outcome }) => outcome)).toEqual([
      'ok',
      'error',
      'error',
      'timeout',
    ]);
  });
});

describe('a result that is too long', () => {
  it('keeps head and tail, and the rest can be read in order', async () => {
    const bench = createBench({ answer: { kind: 'allowOnce' } });
    bench.runner.outcomeOf = () => exited(numbered(5000));
    const { output, details } = await bench.run('run_command', { command: 'seq' });
    expect(output).toMatch(/^line 1\n/);
    expect(output).toMatch(/line 5000\n$/);
    expect(output.split('\n').length).toBeLessThan(2010);
    const note =
      /\[(\d+) lines \(\d+ characters\) are left out here\. Read them with read_output, id "([^"]+)", from startLine (\d+)\.\]/.exec(
        output,
      );
    expect(note?.[2]).toBe(details?.outputId);
    const shown = output.split('\n').filter((line) => line.startsWith('line ')).length;
    expect(shown + Number(note?.[1])).toBe(5000);
    const read = async (id: string, startLine: number, sessionId = 's1') =>
      await bench.run('read_output', { id, startLine, lineCount: 2 }, { sessionId });
    const from = Number(note?.[3]);
    expect((await read(note?.[2] ?? '', from)).output).toBe(
      `line ${from}\nline ${from + 1}\n[Lines ${from} to ${from + 1} of 5001. Go on with startLine ${from + 2}.]`,
    );
    expect((await read(note?.[2] ?? '', 9999)).ok).toBe(false);
    expect((await read(note?.[2] ?? '', 1, 's2')).ok).toBe(false);
    expect((await read('output-x', 1)).ok).toBe(false);
    bench.orchestrator.endSession('s1');
    expect((await read(note?.[2] ?? '', 1)).ok).toBe(false);
  });

  it('is cut by size too, one endless line in readable pieces', async () => {
    const bench = createBench({ answer: { kind: 'allowOnce' } });
    bench.runner.outcomeOf = () => exited('😀'.repeat(300_000));
    const { output, details } = await bench.run('run_command', { command: 'yes' });
    expect(output.length).toBeLessThan(101_000);
    expect(output).not.toMatch(/\p{Cs}/u);
    const rest = await bench.run('read_output', { id: details?.outputId ?? '', startLine: 50 });
    expect(rest.ok && rest.output.startsWith('😀')).toBe(true);
  });

  it('of many is kept within bounds, the oldest go', async () => {
    const bench = createBench({ answer: { kind: 'allowOnce' } });
    bench.runner.outcomeOf = () => exited('x'.repeat(6 * 1024 * 1024));
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) {
      ids.push((await bench.run('run_command', { command: `c${i}` })).details?.outputId ?? '');
    }
    expect(ids.map((id) => bench.outputs.get('s1', id) !== undefined)).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});

describe('ask_user and update_plan', () => {
  it('gives the user’s words back, with no deadline', async () => {
    const bench = createBench();
    const result = bench.run('ask_user', { question: 'Which?', options: ['A', 'B'] });
    await bench.clock.advance(86_400_000);
    const [question] = bench.permissions.list();
    expect(question).toMatchObject({
      questions: [{ question: 'Which?', options: [{ label: 'A' }, { label: 'B' }] }],
      asker: 'Test model',
    });
    bench.permissions.answer(question?.id ?? '', question?.digest ?? '', {
      kind: 'answers',
      answers: { 'Which?': 'neither' },
    });
    expect(await result).toMatchObject({ ok: true, output: 'The user answered: neither' });
  });

  it('goes on without an answer', async () => {
    const bench = createBench({ answer: { kind: 'deny' } });
    expect(await bench.run('ask_user', { question: 'Which?' })).toMatchObject({
      ok: false,
      error: containing('did not answer'),
    });
  });

  it('shows the plan and asks nobody', async () => {
    const bench = createBench();
    const items = [
      { text: 'look', status: 'done' },
      { text: 'change', status: 'active' },
    ];
    expect(await bench.run('update_plan', { items }, { mode: 'plan' })).toMatchObject({
      ok: true,
      output: 'The plan is shown: 1 of 2 steps done.',
    });
    expect(bench.progress).toContainEqual({ kind: 'plan', items });
    expect(
      await bench.run('update_plan', { items: [{ text: 'x', status: 'later' }] }),
    ).toMatchObject({
      ok: false,
      error: containing('`items[0].status` must be one of "pending", "active", "done"'),
    });
  });
});
