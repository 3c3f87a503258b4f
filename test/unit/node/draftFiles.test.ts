import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DraftFiles } from '../../../src/node/draftFiles';
import { Workbench } from '../../fakes/realChildren';

const bench = new Workbench();
afterAll(() => bench.remove());

describe('what goes with a prompt that is not sent yet', () => {
  it('[R220] is read again in order, and lies in files for their owner only until it is removed', async () => {
    const folder = join(bench.path, 'drafts');
    const files = new DraftFiles(folder);
    expect(await files.load()).toEqual([]);
    expect(existsSync(folder)).toBe(false);
    await files.keep('000000002', 'second');
    await files.keep('000000001', 'first');
    expect(await new DraftFiles(folder).load()).toEqual([
      { name: '000000001', text: 'first' },
      { name: '000000002', text: 'second' },
    ]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, '000000001.json')).mode & 0o777).toBe(0o600);
    await files.remove('000000001');
    await files.remove('000000001');
    expect(readdirSync(folder)).toEqual(['000000002.json']);
    await expect(files.keep('../out', 'x')).rejects.toThrow(/no name of a file/);
  });

  it('costs itself only when it is a link, a folder or too large', async () => {
    const folder = join(bench.path, 'planted');
    const files = new DraftFiles(folder);
    await files.keep('000000009', 'ours');
    writeFileSync(join(bench.path, 'elsewhere'), 'not ours');
    symlinkSync(join(bench.path, 'elsewhere'), join(folder, '000000001.json'));
    mkdirSync(join(folder, '000000002.json'));
    writeFileSync(join(folder, '000000003.json'), Buffer.alloc(8 * 1024 * 1024 + 1));
    writeFileSync(join(folder, 'not a name.json'), 'x');
    expect(await files.load()).toEqual([{ name: '000000009', text: 'ours' }]);
  });
});
