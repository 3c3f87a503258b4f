import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isSessionId, SessionFiles } from '../../../src/node/sessionFiles';
import { FakeClock } from '../../fakes/fakeClock';
import { Workbench } from '../../fakes/realChildren';

const bench = new Workbench();
afterAll(() => bench.remove());
let folderCount = 0;
const freshFolder = (): string => join(bench.path, `state-${(folderCount += 1)}`);

describe('session files', () => {
  it('append, read, and give the beginning, each in its own file for its owner only', async () => {
    const folder = freshFolder();
    const storage = new SessionFiles(folder);
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => storage.append('one', `{"n":${index}}\n`)),
    );
    await storage.append('two', '{"x":"€"}\n');
    expect(textOf(await storage.read('one'))).toBe(
      Array.from({ length: 30 }, (_, index) => `{"n":${index}}\n`).join(''),
    );
    const range = await storage.readRange('two', 5, 6);
    expect(textOf(range?.bytes)).toBe('"€"}');
    expect(range?.sizeBytes).toBe(12);
    expect((await storage.readRange('two', 50, 5))?.bytes).toHaveLength(0);
    expect(statSync(join(folder, 'one.ndjson')).mode & 0o777).toBe(0o600);
  });

  it('list from the metadata, newest first; a missing folder is an empty list; remove is idempotent', async () => {
    const folder = freshFolder();
    const storage = new SessionFiles(folder);
    expect(await storage.list()).toEqual([]);
    expect(await storage.read('one')).toBeUndefined();
    expect(await storage.readRange('one', 0, 10)).toBeUndefined();
    await storage.append('old', 'a\n');
    await storage.append('new', 'bcd\n');
    utimesSync(join(folder, 'old.ndjson'), 1000, 1000);
    utimesSync(join(folder, 'new.ndjson'), 2000, 2000);
    writeFileSync(join(folder, 'notes.txt'), 'not a session');
    mkdirSync(join(folder, 'folder.ndjson'));
    expect(await storage.list()).toEqual([
      { sessionId: 'new', updatedAtMs: 2_000_000, sizeBytes: 4 },
      { sessionId: 'old', updatedAtMs: 1_000_000, sizeBytes: 2 },
    ]);
    await storage.remove('old');
    await storage.remove('old');
    expect((await storage.list()).map(({ sessionId }) => sessionId)).toEqual(['new']);
  });

  it('[R206] one that cannot be looked at, leads elsewhere or is no file costs itself only, in the list and in its ends', async () => {
    const folder = freshFolder();
    const storage = new SessionFiles(folder);
    await storage.append('good', '{"n":1}\n');
    await storage.append('other', '{"n":2}\n');
    symlinkSync('loop.ndjson', join(folder, 'loop.ndjson'));
    symlinkSync('nowhere', join(folder, 'dangling.ndjson'));
    symlinkSync(join(folder, 'good.ndjson'), join(folder, 'linked.ndjson'));
    mkdirSync(join(folder, 'folder.ndjson'));
    linkSync(join(folder, 'other.ndjson'), join(folder, 'twice.ndjson'));
    execFileSync('mkfifo', [join(folder, 'pipe.ndjson')]);
    writeFileSync(join(folder, 'not a name.ndjson'), 'x');

    const listed = (await storage.list()).map(({ sessionId }) => sessionId);
    expect(listed).toContain('good');
    expect(listed).toEqual(['good']);
    const ends: unknown[] = [];
    for await (const some of storage.ends(100)) {
      ends.push(...some.map(({ sessionId, first }) => [sessionId, textOf(first)]));
    }
    expect(ends).toEqual([['good', '{"n":1}\n']]);
    expect(await storage.skipped()).toEqual([
      { name: 'dangling.ndjson', why: 'it is a link' },
      { name: 'folder.ndjson', why: 'it is a folder' },
      { name: 'linked.ndjson', why: 'it is a link' },
      { name: 'loop.ndjson', why: 'it is a link' },
      { name: 'not a name.ndjson', why: 'its name is not the id of a session' },
      { name: 'other.ndjson', why: 'it has a second name (a hard link)' },
      { name: 'pipe.ndjson', why: 'it is no plain file' },
      { name: 'twice.ndjson', why: 'it has a second name (a hard link)' },
    ]);
    expect(textOf(await storage.read('good'))).toBe('{"n":1}\n');
    await expect(storage.read('loop')).rejects.toMatchObject({ code: 'unsafe_file' });
    await expect(storage.read('linked')).rejects.toMatchObject({ code: 'unsafe_file' });
    await expect(storage.read('twice')).rejects.toThrow(
      /twice\.ndjson was not read: it has a second name \(a hard link\)\.$/,
    );
    await expect(storage.append('twice', 'x')).rejects.toThrow(/was not written: .*Remove it/);
  });

  it('[R206] rename refuses a name that is taken, and leaves both as they were', async () => {
    const storage = new SessionFiles(freshFolder());
    await storage.append('one', 'a\n');
    await storage.append('two', 'b\n');
    await expect(storage.rename('one', 'two')).rejects.toMatchObject({ code: 'session_exists' });
    expect(textOf(await storage.read('one'))).toBe('a\n');
    expect(textOf(await storage.read('two'))).toBe('b\n');
    await storage.rename('one', 'three');
    expect((await storage.list()).map(({ sessionId }) => sessionId).sort()).toEqual([
      'three',
      'two',
    ]);
    await expect(storage.rename('gone', 'four')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('[R211] a session belongs to one window until it is released, and nobody else may append', async () => {
    const folder = freshFolder();
    const clock = new FakeClock();
    const [one, two] = [new SessionFiles(folder, { clock }), new SessionFiles(folder, { clock })];
    await expect(one.append('s', 'x\n')).rejects.toMatchObject({ code: 'session_taken' });
    expect(await one.claim('s')).toBe(true);
    expect(await one.claim('s')).toBe(true);
    expect(await two.claim('s')).toBe(false);
    await one.append('s', 'a\n');
    await expect(two.append('s', 'b\n')).rejects.toMatchObject({ code: 'session_taken' });
    await two.release('s');
    expect(await two.claim('s')).toBe(false);
    await one.release('s');
    expect(await two.claim('s')).toBe(true);
    expect(textOf(await two.read('s'))).toBe('a\n');
    await two.release('s');
    expect(readdirSync(folder)).toEqual(['s.ndjson']);
    one.dispose();
    two.dispose();
    expect(clock.pendingCount).toBe(0);
  });

  it('[R211] what a window left is taken over by exactly one: at once when its process is gone, else when its time is old', async () => {
    const folder = freshFolder();
    mkdirSync(folder);
    const clock = new FakeClock();
    const lock = join(folder, 's.lock');
    const windows = Array.from({ length: 5 }, () => new SessionFiles(folder, { clock }));
    const claims = async (): Promise<number> =>
      (await Promise.all(windows.map((window) => window.claim('s')))).filter(Boolean).length;

    writeFileSync(lock, '{"owner":"crashed","pid":2147483600}');
    utimesSync(lock, clock.nowMs() / 1000, clock.nowMs() / 1000);
    expect(await claims()).toBe(1);

    writeFileSync(lock, `{"owner":"asleep","pid":${String(process.pid)}}`);
    utimesSync(lock, clock.nowMs() / 1000, clock.nowMs() / 1000);
    await clock.advance(25_000);
    utimesSync(lock, clock.nowMs() / 1000 - 29, clock.nowMs() / 1000 - 29);
    expect(
      await Promise.all(windows.map((window) => window.append('s', 'x\n').catch(codeOf))),
    ).toEqual(windows.map(() => 'session_taken'));
    expect(await claims()).toBe(0);
    utimesSync(lock, clock.nowMs() / 1000 - 31, clock.nowMs() / 1000 - 31);
    expect(await claims()).toBe(1);
    windows.forEach((window) => window.dispose());
  });

  it('a torn last line costs that line only: the next one begins on its own', async () => {
    const folder = freshFolder();
    const storage = new SessionFiles(folder);
    await storage.append('s', '{"n":1}\n');
    appendFileSync(join(folder, 's.ndjson'), '{"n":2,"te');
    await storage.append('s', '{"n":3}\n');
    expect(textOf(await storage.read('s'))).toBe('{"n":1}\n{"n":2,"te\n{"n":3}\n');
  });

  it('a failing append is told to its caller, and the next one works', async () => {
    const folder = freshFolder();
    const storage = new SessionFiles(folder);
    mkdirSync(join(folder, 's.ndjson'), { recursive: true });
    const failing = storage.append('s', 'a\n');
    const other = storage.append('t', 'b\n');
    await expect(failing).rejects.toBeDefined();
    await other;
    execFileSync('rmdir', [join(folder, 's.ndjson')]);
    await storage.append('s', 'c\n');
    expect(textOf(await storage.read('s'))).toBe('c\n');
  });

  it('never leave their folder: an id is a plain name', async () => {
    const storage = new SessionFiles(freshFolder());
    for (const id of [
      '',
      '.',
      '..',
      '../x',
      'a/b',
      'a\\b',
      'a.b',
      '-a',
      'a\0',
      'x'.repeat(129),
      'CON',
      'nul',
      'ü',
    ]) {
      expect(isSessionId(id)).toBe(false);
      await expect(storage.append(id, 'x\n')).rejects.toMatchObject({ code: 'invalid_session' });
      await expect(storage.read(id)).rejects.toMatchObject({ code: 'invalid_session' });
      await expect(storage.remove(id)).rejects.toMatchObject({ code: 'invalid_session' });
    }
    expect(isSessionId('session-3f2b_A')).toBe(true);
    expect(existsSync(join(bench.path, 'x.ndjson'))).toBe(false);
  });

  it('do not read or write through a planted link', async () => {
    const folder = freshFolder();
    mkdirSync(folder);
    const victim = bench.file('victim2', 'mine');
    symlinkSync(victim, join(folder, 's.ndjson'));
    const storage = new SessionFiles(folder);
    await expect(storage.append('s', 'x\n')).rejects.toMatchObject({ code: 'unsafe_file' });
    await expect(storage.read('s')).rejects.toMatchObject({ code: 'unsafe_file' });
    expect(readFileSync(victim, 'utf8')).toBe('mine');
  });

  it('do not write into a file that has another name elsewhere', async () => {
    const folder = freshFolder();
    mkdirSync(folder);
    const victim = bench.file('victim3', 'mine');
    linkSync(victim, join(folder, 's.ndjson'));
    await expect(new SessionFiles(folder).append('s', 'x\n')).rejects.toMatchObject({
      code: 'unsafe_file',
    });
    expect(readFileSync(victim, 'utf8')).toBe('mine');
  });
});

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : error;
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
