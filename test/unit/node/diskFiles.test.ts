import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { PatchbayError } from '../../../src/base/patchbayError';
import { DiskFiles } from '../../../src/node/diskFiles';
import { diskPathProbe } from '../../../src/node/pathProbe';
import { Workbench } from '../../fakes/realChildren';

const bench = new Workbench();
const files = new DiskFiles({
  folders: [{ name: 'project', path: bench.path }],
  home: bench.path,
  platform: 'posix',
});
afterAll(() => bench.remove());

const at = (name: string): string => join(bench.path, name);
const bytesOf = (path: string): string => readFileSync(path).toString('hex');

describe('reading', () => {
  it('gives the text without its byte order mark, with its line endings', async () => {
    const path = bench.file('bom.txt', '\uFEFFa\r\nb\nc\r');
    expect(await files.readText(path)).toEqual({
      text: 'a\r\nb\nc\r',
      isDirty: false,
      isOpen: false,
    });
  });

  it('refuses what is no UTF-8 text, no file or too large, each with its own code', async () => {
    await expect(files.readText(at('none'))).rejects.toMatchObject({ code: 'not_found' });
    await expect(files.readText(bench.path)).rejects.toMatchObject({ code: 'is_directory' });
    await expect(files.readText(bench.file('nul', 'a\0b'))).rejects.toMatchObject({
      code: 'not_text',
    });
    await expect(
      files.readText(bench.file('latin1', Buffer.from([0x66, 0xfc, 0x72]))),
    ).rejects.toMatchObject({ code: 'not_text' });
    await expect(files.readText('/dev/zero')).rejects.toMatchObject({ code: 'not_text' });
    const large = bench.file('large', '');
    truncateSync(large, 50 * 1024 * 1024 + 1);
    await expect(files.readText(large)).rejects.toMatchObject({ code: 'too_large' });
  });

  it('tells kind, size and whether a file may be written', async () => {
    const path = bench.file('plain.txt', 'abc');
    expect(await files.stat(path)).toEqual({
      kind: 'file',
      sizeBytes: 3,
      mtimeMs: statSync(path).mtimeMs,
      isReadOnly: false,
    });
    expect(await files.stat(bench.file('locked.txt', '', 0o444))).toMatchObject({
      isReadOnly: true,
    });
    expect(await files.stat(bench.path)).toMatchObject({ kind: 'directory' });
    expect(await files.stat(at('none'))).toBeUndefined();
    expect(await files.stat(join(path, 'below-a-file'))).toBeUndefined();
  });

  it('lists a folder by name', async () => {
    bench.file('listed/b', '');
    bench.folder('listed/c');
    symlinkSync('nowhere', at('listed/a'));
    expect(await files.list(at('listed'))).toEqual([
      { name: 'a', kind: 'other' },
      { name: 'b', kind: 'file' },
      { name: 'c', kind: 'directory' },
    ]);
    await expect(files.list(at('none'))).rejects.toMatchObject({ code: 'not_found' });
    await expect(files.list(at('plain.txt'))).rejects.toMatchObject({ code: 'not_directory' });
  });
});

describe('writing', () => {
  it('puts exactly the text in place, keeping byte order mark, mode and everything else in the folder', async () => {
    const path = bench.file('write/run.sh', '\uFEFFold\r\n', 0o750);
    const changed: (string | undefined)[] = [];
    const subscription = files.onDidChange((changedPath) => changed.push(changedPath));
    expect(await files.writeText(path, 'new\r\nmixed\nend', 'old\r\n')).toEqual({ isSaved: true });
    subscription.dispose();
    expect(readFileSync(path, 'utf8')).toBe('\uFEFFnew\r\nmixed\nend');
    expect(statSync(path).mode & 0o777).toBe(0o750);
    expect(readdirSync(at('write'))).toEqual(['run.sh']);
    expect(changed).toEqual([path]);
  });

  it('reads back what it wrote, for any text', async () => {
    const path = bench.file('any.txt', '');
    let before = '';
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
        fc.pre(!text.includes('\0') && !text.startsWith('\uFEFF'));
        await files.writeText(path, text, before);
        before = text;
        expect((await files.readText(path)).text).toBe(text);
      }),
    );
  });

  it('creates a file with its folders, but not over one that is there by now, nor through a link', async () => {
    await files.writeText(at('new/deep/file.txt'), 'text', undefined);
    expect(readFileSync(at('new/deep/file.txt'), 'utf8')).toBe('text');
    await expect(
      files.writeText(at('new/deep/file.txt'), 'other', undefined),
    ).rejects.toMatchObject({ code: 'stale' });
    symlinkSync(at('planted-target'), at('planted'));
    await expect(files.writeText(at('planted'), 'x', undefined)).rejects.toMatchObject({
      code: 'stale',
    });
    expect(existsSync(at('planted-target'))).toBe(false);
  });

  it('refuses when the file is not what was expected, and leaves its bytes alone', async () => {
    const path = bench.file('stale.txt', 'now');
    const before = bytesOf(path);
    await expect(files.writeText(path, 'new', 'then')).rejects.toMatchObject({ code: 'stale' });
    await expect(files.writeText(at('gone.txt'), 'new', 'then')).rejects.toMatchObject({
      code: 'stale',
    });
    await expect(files.deleteFile(path, 'then')).rejects.toMatchObject({ code: 'stale' });
    expect(bytesOf(path)).toBe(before);
  });

  it('refuses a read-only file, a file that is no text, and a text that no file can hold', async () => {
    const locked = bench.file('locked2.txt', 'a', 0o444);
    await expect(files.writeText(locked, 'b', 'a')).rejects.toMatchObject({ code: 'read_only' });
    await expect(
      files.writeText(bench.file('bin', Buffer.from([0xff, 0x00])), 'b', ''),
    ).rejects.toMatchObject({ code: 'not_text' });
    await expect(files.writeText(at('half.txt'), 'a\ud800', undefined)).rejects.toMatchObject({
      code: 'not_text',
    });
    await expect(files.writeText(at('nul.txt'), 'a\0', undefined)).rejects.toMatchObject({
      code: 'not_text',
    });
    expect(readFileSync(locked, 'utf8')).toBe('a');
    expect(existsSync(at('half.txt'))).toBe(false);
  });

  it('follows a link to the file that it stands for, and leaves the link a link', async () => {
    const target = bench.file('real.txt', 'a');
    symlinkSync(target, at('alias.txt'));
    await files.writeText(at('alias.txt'), 'b', 'a');
    expect(readFileSync(target, 'utf8')).toBe('b');
    expect(lstatSync(at('alias.txt')).isSymbolicLink()).toBe(true);
  });

  it('deletes what it was told to', async () => {
    const path = bench.file('away.txt', 'bye');
    await files.deleteFile(path, 'bye');
    expect(existsSync(path)).toBe(false);
    await expect(files.deleteFile(path, 'bye')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('leaves nothing behind when the folder does not take the file', async () => {
    const path = bench.file('full/file.txt', 'a');
    chmodSync(at('full'), 0o555);
    const outcome = await files.writeText(path, 'b', 'a').catch((error: unknown) => error);
    chmodSync(at('full'), 0o755);
    // A privileged user may write all the same; either way there is one whole file.
    expect(['a', 'b']).toContain(readFileSync(path, 'utf8'));
    expect(outcome).toMatchObject(
      readFileSync(path, 'utf8') === 'b' ? { isSaved: true } : { code: 'read_only' },
    );
    expect(readdirSync(at('full'))).toEqual(['file.txt']);
  });
});

describe('a write whose way is moved meanwhile', () => {
  const moved = (): Promise<void> => Promise.reject(new PatchbayError('moved', 'leads elsewhere'));

  it('asks for the place as the last thing, and then changes nothing', async () => {
    const path = bench.file('place.txt', 'was');
    const refused = { code: 'moved' };
    await expect(files.writeText(path, 'now', 'was', moved)).rejects.toMatchObject(refused);
    await expect(files.deleteFile(path, 'was', moved)).rejects.toMatchObject(refused);
    await expect(files.writeText(at('place/new.txt'), 'x', undefined, moved)).rejects.toMatchObject(
      refused,
    );
    expect(readFileSync(path, 'utf8')).toBe('was');
    expect(existsSync(at('place'))).toBe(false);
  });

  it('never reaches the new target of a link: the file it was decided on is replaced', async () => {
    const good = bench.file('good.txt', 'same');
    const bad = bench.file('bad.txt', 'same');
    const link = at('moving.txt');
    symlinkSync(good, link);
    await files.writeText(link, 'new', 'same', () => {
      rmSync(link);
      symlinkSync(bad, link);
      return Promise.resolve();
    });
    expect([readFileSync(good, 'utf8'), readFileSync(bad, 'utf8')]).toEqual(['new', 'same']);
  });
});

describe('looking at links', () => {
  it("follows to the real path, and reads a link's own words, dangling or not", async () => {
    const real = bench.file('links/real', '');
    symlinkSync('real', at('links/one'));
    symlinkSync('../gone', at('links/dangling'));
    expect(await diskPathProbe.realPath(at('links/one'))).toBe(real);
    expect(await diskPathProbe.realPath(at('links/dangling'))).toBeUndefined();
    expect(await diskPathProbe.realPath(join(real, 'below'))).toBeUndefined();
    expect(await diskPathProbe.readLink(at('links/dangling'))).toBe('../gone');
    expect(await diskPathProbe.readLink(real)).toBeUndefined();
    expect(await diskPathProbe.readLink(at('links/none'))).toBeUndefined();
  });

  it('does not call a loop absent', async () => {
    symlinkSync('loop', at('links/loop'));
    await expect(diskPathProbe.realPath(at('links/loop'))).rejects.toMatchObject({ code: 'ELOOP' });
  });
});
