import { mkdtempSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock';
import { PendingFiles } from '../../../src/node/pendingFiles';
import { removeFolder } from '../../fakes/removeFolder';

describe('the files of pending edits', () => {
  let root: string;
  let folder: string;
  const opened: PendingFiles[] = [];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'patchbay-pending-'));
    folder = join(root, 'pending');
  });

  afterEach(() => {
    opened.splice(0).forEach((files) => files.dispose());
    removeFolder(root);
  });

  const open = (patienceMs = 0): PendingFiles => {
    const files = new PendingFiles(folder, { clock: systemClock, patienceMs });
    opened.push(files);
    return files;
  };

  it('[R229] are there for the next window exactly as they were saved, private, and gone when removed', async () => {
    const first = open();
    expect(await first.load()).toEqual([]);
    expect(readdirSync(root)).toEqual([]); // nothing is made before there is something to keep
    const text = 'a\r\nb\u2028 😀 "';
    await first.save('edit-1', 'old');
    await first.save('edit-1', text);
    await first.save('edit-2', 'two');
    await first.remove('edit-2');
    await first.remove('edit-3');
    expect(statSync(join(folder, 'edit-1.json')).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    first.dispose();
    expect(await open().load()).toEqual([{ name: 'edit-1', text }]);
  });

  it('[R229] belong to one window: another one neither reads nor writes them', async () => {
    const first = open();
    await first.save('edit-1', 'one');
    const second = open();
    expect(await second.load()).toBeUndefined();
    await expect(second.save('edit-9', 'x')).rejects.toMatchObject({ code: 'session_taken' });
    await expect(second.remove('edit-1')).rejects.toMatchObject({ code: 'session_taken' });
    expect(readdirSync(folder).filter((name) => name.endsWith('.json'))).toEqual(['edit-1.json']);
  });

  it('waits for the window before, which is still closing', async () => {
    const first = open();
    await first.save('edit-1', 'one');
    const loading = open(5000).load();
    first.dispose();
    expect(await loading).toEqual([{ name: 'edit-1', text: 'one' }]);
  });

  it('[R229] half a write leaves the record before it, and is cleared away', async () => {
    const first = open();
    await first.save('edit-1', 'whole');
    writeFileSync(join(folder, 'edit-1.json.abc.new'), 'ha');
    first.dispose();
    expect(await open().load()).toEqual([{ name: 'edit-1', text: 'whole' }]);
    expect(readdirSync(folder).some((name) => name.endsWith('.new'))).toBe(false);
  });

  it('are never read through a link, and names cannot leave the folder', async () => {
    const first = open();
    await first.save('edit-1', 'one');
    const secret = join(root, 'secret');
    writeFileSync(secret, 'key');
    symlinkSync(secret, join(folder, 'edit-2.json'));
    first.dispose();
    const second = open();
    expect(await second.load()).toEqual([
      { name: 'edit-1', text: 'one' },
      { name: 'edit-2', text: '' },
    ]);
    await expect(second.save('../x', 'y')).rejects.toMatchObject({ code: 'invalid_session' });
    // Replacing the link replaces the link, not what it leads to.
    await second.save('edit-2', 'two');
    expect(statSync(secret).size).toBe(3);
  });
});
