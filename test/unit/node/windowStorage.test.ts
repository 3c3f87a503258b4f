import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sharedStorage } from '../../../src/node/windowStorage';
import { removeFolder } from '../../fakes/removeFolder';

describe('the storage of a second window', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'storage-'));
  });
  afterEach(() => removeFolder(root));

  const of = (id: string): string => join(root, id, 'patchbay.patchbay');

  it.each(['b1946ac92492d2347c6235b4d2611184', '-7f2a91c0', '1790000000000'])(
    '[R211] is that of the first one, for a workspace with the id %s',
    (id) => {
      mkdirSync(join(root, id));
      mkdirSync(join(root, `${id}-1`));
      expect(sharedStorage(of(id))).toBe(of(id));
      expect(sharedStorage(of(`${id}-1`))).toBe(of(id));
      expect(sharedStorage(of(`${id}-9`))).toBe(of(id));
    },
  );

  it('is its own where there is no first one', () => {
    mkdirSync(join(root, 'abc-1'));
    expect(sharedStorage(of('abc-1'))).toBe(of('abc-1'));
    expect(sharedStorage(of('ext-dev'))).toBe(of('ext-dev'));
  });
});
