import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ShownFile } from '../../../src/node/shownFile';
import { removeFolder } from '../../fakes/removeFolder';

const made: string[] = [];
afterEach(() => made.splice(0).forEach(removeFolder));
function freshFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'patchbay-shown-'));
  made.push(path);
  return join(path, 'storage');
}

describe('the session that is shown next', () => {
  it('[R211] is the one that was written last, in whatever window, for its owner only', async () => {
    const folder = freshFolder();
    const [one, two] = [new ShownFile(folder), new ShownFile(folder)];
    expect(await one.read()).toBeUndefined();
    await Promise.all(['a', 'b', 'c'].map((id) => one.write(`session-${id}`)));
    expect(await two.read()).toBe('session-c');
    await two.write('session-d');
    expect(await one.read()).toBe('session-d');
    expect(statSync(join(folder, 'shown')).mode & 0o777).toBe(0o600);
  });

  it('is none where the file holds something else, and an error where it leads elsewhere', async () => {
    const folder = freshFolder();
    mkdirSync(folder);
    for (const text of ['', '../../etc/passwd', 'x'.repeat(5000)]) {
      writeFileSync(join(folder, 'shown'), text);
      expect(await new ShownFile(folder).read()).toBeUndefined();
    }
    const other = freshFolder();
    mkdirSync(other);
    symlinkSync(join(folder, 'shown'), join(other, 'shown'));
    await expect(new ShownFile(other).read()).rejects.toThrow('shown');
    await new ShownFile(other).write('session-e');
    expect(readFileSync(join(folder, 'shown'), 'utf8')).toBe('x'.repeat(5000));
    expect(await new ShownFile(other).read()).toBe('session-e');
  });
});
