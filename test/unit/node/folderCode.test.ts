import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { findFolderCode } from '../../../src/node/folderCode';
import { removeFolder } from '../../fakes/removeFolder';

const made: string[] = [];
afterEach(() => made.splice(0).forEach((path) => removeFolder(path)));

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'patchbay-code-')));
  made.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const places = [{ path: '.agent/plugins' }, { path: 'agent.json', word: '"plugin' }];
const nowhere = '/nowhere/at/all';

describe('code of a folder that an agent would run by itself', () => {
  it('is found in the folder and in those above it, with one digest over its content', async () => {
    const top = folderWith({
      '.agent/plugins/deep/a.js': 'a',
      '.agent/plugins/node_modules/x/index.js': 'x',
      'agent.json': '{"plugin": []}',
      'app/agent.json': '{"model": "m"}',
      'app/src/b.ts': '',
    });
    const found = await findFolderCode(join(top, 'app/src'), places, nowhere);
    expect(found?.files).toEqual([join(top, '.agent/plugins/deep/a.js'), join(top, 'agent.json')]);
    const again = await findFolderCode(join(top, 'app'), places, nowhere);
    expect(again?.digest).toBe(found?.digest);
    writeFileSync(join(top, '.agent/plugins/deep/a.js'), 'b');
    const changed = await findFolderCode(join(top, 'app'), places, nowhere);
    expect(changed?.digest).not.toBe(found?.digest);
  });

  it('is not what lies in HOME, which is the user’s own', async () => {
    const home = folderWith({ '.agent/plugins/mine.js': 'x', 'work/readme.md': '' });
    expect(await findFolderCode(join(home, 'work'), places, home)).toBeUndefined();
    expect(await findFolderCode(join(home, 'work'), places, nowhere)).toBeDefined();
  });

  it('is found behind a link', async () => {
    const target = folderWith({ 'evil.js': 'x' });
    const folder = folderWith({ '.agent/readme': '' });
    symlinkSync(target, join(folder, '.agent/plugins'));
    expect((await findFolderCode(folder, places, nowhere))?.files).toHaveLength(1);
  });

  it('is nothing where there is none', async () => {
    expect(await findFolderCode(folderWith({ 'a.js': '' }), places, nowhere)).toBeUndefined();
  });

  it('that is too much to look through is an error and never nothing', async () => {
    const folder = folderWith({ '.agent/plugins/big.js': 'x'.repeat(5 * 1024 * 1024) });
    await expect(findFolderCode(folder, places, nowhere)).rejects.toThrow('more than can be');
  });

  it('is found whatever way its word is spelled', async () => {
    for (const text of [
      '{"\\u0070lugin": ["./x.js"]}',
      '{"{file:key.txt}": ["./x.js"]}',
      '{"{env:KEY}": ["./x.js"]}',
    ]) {
      const folder = folderWith({ 'agent.json': text });
      expect((await findFolderCode(folder, places, nowhere))?.files).toHaveLength(1);
    }
  });

  it('ends early at links that fan out, however few folders there are', async () => {
    const folder = folderWith({ '.agent/plugins/readme': '' });
    for (let level = 0; level < 12; level += 1) {
      const at = join(folder, level === 0 ? '.agent/plugins' : `level${level}`);
      mkdirSync(at, { recursive: true });
      for (const name of ['a', 'b']) {
        symlinkSync(join(folder, `level${level + 1}`), join(at, name));
      }
    }
    mkdirSync(join(folder, 'level12'));
    await expect(findFolderCode(folder, places, nowhere)).rejects.toThrow('more than can be');
  });

  it.skipIf(process.platform === 'win32')(
    'that is a device or a pipe is an error, and nobody reads it without end',
    async () => {
      const folder = folderWith({ '.agent/plugins/readme': '' });
      symlinkSync('/dev/zero', join(folder, '.agent/plugins/x.js'));
      await expect(findFolderCode(folder, places, nowhere)).rejects.toThrow('not a plain file');
    },
  );
});
