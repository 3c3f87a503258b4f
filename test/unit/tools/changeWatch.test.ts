import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/logger';
import {
  ChangeWatcher,
  type ChangeWatchLimits,
  type SeenChange,
} from '../../../src/tools/changeWatch';
import { FakeClock } from '../../fakes/fakeClock';

const limits: ChangeWatchLimits = {
  files: 100,
  fileBytes: 1000,
  totalBytes: 10_000,
  protectedBytes: 1000,
  startMs: 500,
};

/** A folder in memory whose files have times that move with every write. */
function place(files: Readonly<Record<string, string>>, more: Partial<ChangeWatchLimits> = {}) {
  const disk = new Map(
    Object.entries(files).map(([name, text]) => [`/w/${name}`, { text, at: 1, mode: 0o644 }]),
  );
  let now = 1;
  const reads: string[] = [];
  const told: SeenChange[] = [];
  const clock = new FakeClock();
  let hold: Promise<void> = Promise.resolve();
  let hidden: string | undefined;
  const links = new Map<string, string>();
  let isEveryGuardListed = true;
  let holdList: Promise<void> = Promise.resolve();
  const watcher = new ChangeWatcher({
    files: {
      stat: (path) => {
        const file = disk.get(path);
        return Promise.resolve(
          file === undefined
            ? undefined
            : { sizeBytes: file.text.length, mtimeMs: file.at, mode: file.mode },
        );
      },
      readBytes: async (path) => {
        reads.push(path);
        await hold;
        const file = disk.get(path);
        if (file === undefined) {
          throw new Error('gone');
        }
        return new TextEncoder().encode(file.text);
      },
    },
    protectedFiles: {
      list: () =>
        Promise.resolve({
          paths: [...disk.keys()]
            .map((path) => path.slice('/w/'.length))
            .filter((path) => /^(?:\.git\/|\.vscode\/|\.npmrc$)/.test(path)),
          links,
          isComplete: isEveryGuardListed,
          elsewhere: [],
        }),
    },
    search: {
      findFiles: async ({ folder, maxResults, signal }) => {
        await holdList;
        if (signal.aborted) {
          return { paths: [], isTruncated: true };
        }
        const paths = [...disk.keys()]
          .map((path) => path.slice(folder.length + 1))
          .filter((path) => path !== hidden && !path.startsWith('.git/'));
        return {
          paths: paths.slice(0, maxResults),
          isTruncated: paths.length > maxResults,
        };
      },
    },
    folders: () => ['/w'],
    join: (folder, relative) => `${folder}/${relative}`,
    onChanged: (change) => told.push(change),
    clock,
    logger: silentLogger,
    limits: { ...limits, ...more },
  });
  const begin = (turnId = 't', isAgent = true) =>
    watcher.begin({
      sessionId: 's',
      turnId,
      asker: 'Agent',
      signal: new AbortController().signal,
      isAgent,
    });
  return {
    watcher,
    reads,
    clock,
    begin,
    hold: (until: Promise<void>) => (hold = until),
    holdList: (until: Promise<void>) => (holdList = until),
    told,
    origins: () => told.map(({ path, origin }) => [path, origin]),
    whats: () => told.map(({ origin }) => (origin.kind === 'during' ? origin.what : origin.kind)),
    link: (name: string, target: string) => links.set(name, target),
    listGuardsInPart: () => (isEveryGuardListed = false),
    hide: (name?: string) => (hidden = name),
    write: (name: string, text: string, at = ++now) => {
      disk.set(`/w/${name}`, { text, at, mode: disk.get(`/w/${name}`)?.mode ?? 0o644 });
    },
    chmod: (name: string, mode: number) => {
      const file = disk.get(`/w/${name}`);
      if (file !== undefined) {
        disk.set(`/w/${name}`, { ...file, mode });
      }
    },
    remove: (name: string) => disk.delete(`/w/${name}`),
    /** What there are hunks for. */
    seen: () =>
      told
        .filter(({ before, beforeText, afterText, existsAfter }) =>
          [
            before.kind === 'absent' || beforeText !== undefined,
            !existsAfter || afterText !== undefined,
          ].every((isText) => isText),
        )
        .map(({ path, before, beforeText, afterText, existsAfter, origin }) => [
          path,
          before.kind === 'absent' ? 'create' : existsAfter ? 'edit' : 'delete',
          beforeText ?? '',
          afterText ?? '',
          origin.kind === 'during' ? origin.callId : origin.kind,
        ]),
  };
}

describe('what an agent changes without asking', () => {
  it('is shown as hunks when its turn is over: changed, new and deleted files, by the call that told of them', async () => {
    const { begin, write, remove, seen } = place({ 'a.ts': 'a\n', 'b.ts': 'b\n', 'c.ts': 'c\n' });
    const watch = await begin();
    write('a.ts', 'A\n');
    write('new.ts', 'n\n');
    remove('b.ts');
    watch.note('call-1', ['/w/a.ts']);
    await watch.end('call-9');
    expect(seen()).toEqual([
      ['/w/a.ts', 'edit', 'a\n', 'A\n', 'call-1'],
      ['/w/b.ts', 'delete', 'b\n', '', 'call-9'],
      ['/w/new.ts', 'create', '', 'n\n', 'call-9'],
    ]);
  });

  it('is told once, and belongs to the turn when no call is known', async () => {
    const { begin, write, seen } = place({ 'a.ts': 'a\n' });
    const first = await begin();
    write('a.ts', 'A\n');
    await first.end(undefined);
    await first.end(undefined);
    await (await begin()).end('x');
    expect(seen()).toEqual([['/w/a.ts', 'edit', 'a\n', 'A\n', 't']]);
  });

  it('is not what was reviewed, or saved by the user, or touched only', async () => {
    const { begin, write, watcher, seen } = place({ 'a.ts': 'a\n', 'b.ts': 'b\n', 'c.ts': 'c\n' });
    const watch = await begin();
    write('a.ts', 'approved\n');
    void watcher.accept('/w/a.ts');
    write('b.ts', 'b\n');
    write('new.ts', 'mine\n');
    void watcher.accept('/w/new.ts');
    await watch.end('x');
    expect(seen()).toEqual([]);
  });

  it('shows what came on top of what was approved', async () => {
    const { begin, write, watcher, seen } = place({ 'a.ts': 'a\n' });
    const watch = await begin();
    write('a.ts', 'approved\n');
    void watcher.accept('/w/a.ts');
    await Promise.resolve();
    await watch.end('first');
    const next = await begin();
    write('a.ts', 'approved\nand more\n');
    await next.end('x');
    expect(seen()).toEqual([['/w/a.ts', 'edit', 'approved\n', 'approved\nand more\n', 'x']]);
  });

  it('reads again only what changed since the last turn', async () => {
    const { begin, reads, write } = place({ 'a.ts': 'a', 'b.ts': 'b' });
    await (await begin()).end(undefined);
    write('b.ts', 'B');
    await (await begin()).end(undefined);
    expect(reads).toEqual(['/w/a.ts', '/w/b.ts', '/w/b.ts']);
  });

  it('stays bounded: what is too large, too much or no text has no hunks', async () => {
    const { begin, write, seen } = place(
      { big: 'x'.repeat(2000), one: 'x'.repeat(900), two: 'y'.repeat(900), bin: '\0' },
      { totalBytes: 1000 },
    );
    const watch = await begin();
    for (const name of ['big', 'two', 'bin']) {
      write(name, 'changed');
    }
    write('one', 'changed');
    await watch.end('x');
    expect(seen().map(([path]) => path)).toEqual(['/w/one']);
  });

  it('calls nothing new where not every file could be listed', async () => {
    const { begin, write, seen } = place({ a: 'a', b: 'b', c: 'c' }, { files: 2 });
    const watch = await begin();
    write('d', 'd');
    write('c', 'C');
    write('a', 'A');
    await watch.end('x');
    expect(seen().map(([path]) => path)).toEqual(['/w/a']);
  });

  it('holds a turn up for a bounded time, and calls nothing new or changed that it had not read', async () => {
    const { begin, write, clock, hold, seen } = place({ a: 'a' });
    let release = (): void => undefined;
    void hold(new Promise((resolve) => (release = resolve)));
    const starting = begin();
    await clock.advance(0);
    await clock.advance(500);
    const watch = await starting;
    write('a', 'A');
    release();
    await watch.end('x');
    expect(seen()).toEqual([]);
  });

  it('calls nothing new when the names could not be listed before the turn began', async () => {
    const { begin, clock, holdList, seen } = place({ a: 'a', b: 'b' });
    let release = (): void => undefined;
    void holdList(new Promise((resolve) => (release = resolve)));
    const starting = begin();
    await clock.advance(0);
    await clock.advance(500);
    const watch = await starting;
    release();
    await watch.end('x');
    expect(seen()).toEqual([]);
  });

  it('calls nothing new that was only not listed, because there were too many files before', async () => {
    const { begin, remove, seen } = place({ a: 'a', b: 'b', c: 'c' }, { files: 2 });
    const watch = await begin();
    remove('a');
    await watch.end('x');
    expect(seen()).toEqual([['/w/a', 'delete', 'a', '', 'x']]);
  });

  it('calls nothing new that only came out from behind an ignore file', async () => {
    const { begin, write, clock, hide, seen } = place({ '.gitignore': 'dist', 'dist/a.js': 'a' });
    await clock.advance(10_000);
    hide('dist/a.js');
    const watch = await begin();
    hide();
    write('.gitignore', 'no more');
    write('made.ts', 'n', clock.nowMs());
    await watch.end('x');
    expect(seen().map(([path]) => path)).toEqual(['/w/.gitignore', '/w/made.ts']);
  });

  it('[R233][R235] is nothing in a file that is not followed, whoever asks for it: nobody knows what it was', async () => {
    const { begin, write, watcher, hide, seen } = place({ 'a.ts': 'a', '.env': 'SECRET=1' });
    hide('.env');
    const watch = await begin();
    write('.env', 'SECRET=2');
    await watcher.checkFile('/w/.env');
    expect((await watcher.accept('/w/.env')).before).toEqual({
      kind: 'unknown',
      why: 'it is not among the files that are followed',
    });
    write('.env', 'SECRET=3');
    write('new.ts', 'n');
    expect((await watcher.accept('/w/new.ts')).before).toEqual({ kind: 'absent' });
    await watch.end('x');
    expect(seen()).toEqual([]);
  });

  it('is nothing in one file that only came out from behind an ignore file', async () => {
    const { begin, write, clock, watcher, hide, seen } = place({ '.gitignore': 'd', 'd.js': 'a' });
    await clock.advance(10_000);
    hide('d.js');
    const watch = await begin();
    hide();
    write('.gitignore', 'no more');
    await watcher.checkFile('/w/d.js');
    expect(seen()).toEqual([]);
    await watch.end('x');
  });

  it('of two turns at once loses nothing, and does not say for certain whose it was', async () => {
    const { begin, write, seen, whats } = place({ a: 'a', b: 'b' });
    const first = await begin();
    write('a', 'A');
    const second = await begin();
    write('b', 'B');
    await second.end('two');
    write('b', 'BB');
    await first.end('one');
    expect(seen()).toEqual([
      ['/w/a', 'edit', 'a', 'A', 'two'],
      ['/w/b', 'edit', 'b', 'B', 'two'],
      ['/w/b', 'edit', 'B', 'BB', 'one'],
    ]);
    expect(whats()[0]).toContain('or another agent');
    expect(whats()[2]).toBe('Agent');
  });

  it('[R233] is claimed for the call that ran when the file was written, and for nobody where none did', async () => {
    const { begin, write, remove, clock, origins } = place({ a: 'a', b: 'b', c: 'c', d: 'd' });
    const watch = await begin('t', false);
    await clock.advance(1000);
    write('a', 'by hand', clock.nowMs());
    await clock.advance(1000);
    watch.callStarted('call-1', 'npm test');
    await clock.advance(500);
    write('b', 'B', clock.nowMs());
    remove('c');
    await clock.advance(500);
    watch.callEnded('call-1');
    await watch.check();
    await clock.advance(1000);
    write('d', 'later', clock.nowMs());
    await watch.end(undefined);
    const npmTest = { kind: 'during', callId: 'call-1', what: 'npm test' };
    expect(origins()).toEqual([
      ['/w/a', { kind: 'elsewhere' }],
      ['/w/b', npmTest],
      ['/w/c', npmTest],
      ['/w/d', { kind: 'elsewhere' }],
    ]);
  });

  it('[R233] is claimed for the running call where a program gave the file back its old time', async () => {
    const { begin, write, clock, origins } = place({ a: 'a' });
    await clock.advance(10_000);
    const watch = await begin('t', false);
    watch.callStarted('call-1', 'tar x');
    write('a', 'unpacked', 5);
    watch.callEnded('call-1');
    await watch.check();
    expect(origins()).toEqual([['/w/a', { kind: 'during', callId: 'call-1', what: 'tar x' }]]);
  });

  it('[R235] comes with the bytes and the mode that the file had, also where it is no text', async () => {
    const { begin, write, told } = place({ bin: '\0\u00e4', large: 'x'.repeat(2000) });
    const watch = await begin();
    write('bin', 'text');
    write('large', 'small');
    write('new', 'n');
    await watch.end('x');
    expect(told.map(({ path, before }) => [path, before])).toEqual([
      ['/w/bin', { kind: 'file', bytes: new Uint8Array([0, 0xc3, 0xa4]), mode: 0o644 }],
      ['/w/large', { kind: 'unknown', why: 'it is too large, or was not read in time' }],
      ['/w/new', { kind: 'absent' }],
    ]);
  });

  it('is told at once for one file that is about to be written, and not a second time', async () => {
    const { begin, write, watcher, seen } = place({ a: 'a', b: 'b' });
    const watch = await begin();
    write('a', 'A');
    write('b', 'B');
    await watcher.checkFile('/w/a');
    expect(seen().map(([path]) => path)).toEqual(['/w/a']);
    await watch.end('x');
    expect(seen().map(([path]) => path)).toEqual(['/w/a', '/w/b']);
  });

  it('[R233][R235] is shown in a protected file too that ignore files, or the repository itself, keep out of every list', async () => {
    const { begin, write, watcher, hide, seen } = place({
      'a.ts': 'a',
      '.git/config': '[core]\n',
      '.git/hooks/pre-push': 'old\n',
      '.npmrc': 'x=1\n',
    });
    hide('.npmrc');
    const watch = await begin();
    write('.git/config', '[core]\n  hooksPath = x\n');
    write('.git/hooks/post-commit', 'evil\n');
    write('.npmrc', 'registry=http://evil.example\n');
    watch.note('call-1', ['/w/.npmrc']);
    await watcher.checkFile('/w/.npmrc');
    await watch.end('x');
    expect(seen()).toEqual([
      ['/w/.npmrc', 'edit', 'x=1\n', 'registry=http://evil.example\n', 'call-1'],
      ['/w/.git/config', 'edit', '[core]\n', '[core]\n  hooksPath = x\n', 'x'],
      ['/w/.git/hooks/post-commit', 'create', '', 'evil\n', 'x'],
    ]);
  });

  it('[R233] is nothing in a protected file whose change was approved', async () => {
    const { begin, write, watcher, hide, seen } = place({ 'a.ts': 'a' });
    hide('.npmrc');
    const watch = await begin();
    write('.npmrc', 'approved');
    expect((await watcher.accept('/w/.npmrc')).before).toEqual({ kind: 'absent' });
    await watch.end('x');
    expect(seen()).toEqual([]);
  });

  it('[R233] is found in a protected file that got its old time and its old size back', async () => {
    const { begin, write, seen } = place({ '.git/config': 'one' });
    const watch = await begin();
    write('.git/config', 'two', 1);
    await watch.end('x');
    expect(seen().map(([path, , , text]) => [path, text])).toEqual([['/w/.git/config', 'two']]);
  });

  it('[R233] is told of a file that can be run now, also where nothing else of it changed and it is no text', async () => {
    const { begin, chmod, write, told, watcher } = place({
      'run.sh': 'a',
      'both.sh': 'b',
      'tool.bin': '\0',
      'large.sh': 'x'.repeat(2000),
      'other.txt': 'o',
      '.git/hooks/post-commit': 'h',
    });
    const watch = await begin();
    for (const name of ['run.sh', 'both.sh', 'tool.bin', 'large.sh', '.git/hooks/post-commit']) {
      chmod(name, 0o755);
    }
    chmod('other.txt', 0o666);
    write('both.sh', 'changed');
    await watch.check();
    const seen = () =>
      told.map(({ path, modes, isContentSame, isProtected }) => [
        path,
        modes,
        isContentSame ?? false,
        isProtected,
      ]);
    const modes = { before: 0o644, after: 0o755 };
    expect(seen()).toEqual([
      ['/w/.git/hooks/post-commit', modes, true, true],
      ['/w/both.sh', modes, false, false],
      ['/w/large.sh', modes, true, false],
      ['/w/run.sh', modes, true, false],
      ['/w/tool.bin', modes, true, false],
    ]);
    expect(told.at(-2)?.before).toEqual({
      kind: 'file',
      bytes: new TextEncoder().encode('a'),
      mode: 0o644,
    });
    await watch.check();
    expect(told).toHaveLength(5);

    // To approve a text is not to approve that it is run.
    write('other.txt', 'approved');
    chmod('other.txt', 0o777);
    expect((await watcher.accept('/w/other.txt')).modes).toEqual({ before: 0o666, after: 0o777 });
    await watch.end(undefined);
    expect(told).toHaveLength(5);
  });

  it('[R233] is told of a link in the place of a protected file, with where it leads', async () => {
    const { begin, link, remove, told } = place({ '.git/config': 'one' });
    link('.git/hooks/old', '/there/before');
    const watch = await begin();
    remove('.git/config');
    link('.git/config', '/tmp/evil');
    link('.git/hooks/new', '/tmp/evil');
    await watch.end('x');
    await (await begin()).end('y');
    expect(
      told.map(({ path, before, existsAfter, linkTarget }) => [
        path,
        before.kind,
        existsAfter ? linkTarget : 'gone',
      ]),
    ).toEqual([
      ['/w/.git/config', 'file', 'gone'],
      ['/w/.git/config', 'file', '/tmp/evil'],
      ['/w/.git/hooks/new', 'absent', '/tmp/evil'],
    ]);
  });

  it('[R233] is told of a young protected file also where not all of them could be listed, and of no old one', async () => {
    const { begin, write, clock, listGuardsInPart, told } = place({ a: 'a' });
    await clock.advance(10_000);
    listGuardsInPart();
    const watch = await begin();
    write('.vscode/old.json', 'o', 5);
    write('.vscode/tasks.json', 't', clock.nowMs());
    await watch.end('x');
    expect(told.map(({ path, before }) => [path, before.kind])).toEqual([
      ['/w/.vscode/tasks.json', 'unknown'],
    ]);
  });

  it('keeps room for protected files, whatever the others take, and gives them no more than that', async () => {
    const { begin, write, seen } = place(
      { '.vscode/a': 'a'.repeat(900), '.vscode/b': 'b'.repeat(900), c: 'c'.repeat(900) },
      { totalBytes: 900, protectedBytes: 1000 },
    );
    const watch = await begin();
    for (const name of ['.vscode/a', '.vscode/b', 'c']) {
      write(name, 'changed');
    }
    await watch.end('x');
    expect(seen().map(([path]) => path)).toEqual(['/w/.vscode/a', '/w/c']);
  });
});
