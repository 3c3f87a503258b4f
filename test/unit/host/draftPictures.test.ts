import { describe, expect, it } from 'vitest';
import { silentLogger, type Logger } from '../../../src/base/logger';
import { DraftPictures, type DraftShelf } from '../../../src/host/draftPictures';
import { changedPictures } from '../../../src/protocol/draftPicture';
import { protocolLimits } from '../../../src/protocol/limits';
import type { DraftPicture } from '../../../src/protocol/methods';

const picture = (id: string): DraftPicture => ({
  id,
  name: `${id}.png`,
  mediaType: 'image/png',
  data: 'aGVsbG8=',
});

class MemoryShelf implements DraftShelf {
  readonly texts = new Map<string, string>();
  isFull = false;

  load(): ReturnType<DraftShelf['load']> {
    const names = [...this.texts.keys()].sort();
    return Promise.resolve(names.map((name) => ({ name, text: this.texts.get(name) ?? '' })));
  }

  keep(name: string, text: string): Promise<void> {
    if (this.isFull) {
      return Promise.reject(new Error('no space left on device'));
    }
    this.texts.set(name, text);
    return Promise.resolve();
  }

  remove(name: string): Promise<void> {
    this.texts.delete(name);
    return Promise.resolve();
  }
}

describe('the pictures of the draft', () => {
  it('[R220] are found by the next page and by the next window, in their order, until they are removed', async () => {
    const shelf = new MemoryShelf();
    const first = new DraftPictures(shelf, silentLogger);
    first.change({ added: [picture('b')], removed: [] });
    first.change({ added: [picture('a'), picture('b')], removed: [] });
    expect(await first.list()).toEqual([picture('b'), picture('a')]);
    const next = new DraftPictures(shelf, silentLogger);
    expect(await next.list()).toEqual([picture('b'), picture('a')]);
    next.change({ added: [], removed: ['b', 'never there'] });
    next.change({ added: [picture('c')], removed: [] });
    expect(await next.list()).toEqual([picture('a'), picture('c')]);
    expect(await new DraftPictures(shelf, silentLogger).list()).toEqual([
      picture('a'),
      picture('c'),
    ]);
    next.change({ added: [], removed: ['a', 'c'] });
    expect(await next.list()).toEqual([]);
    expect(shelf.texts.size).toBe(0);
  });

  it('are held for this window when they cannot be written, and without a folder', async () => {
    const shelf = new MemoryShelf();
    shelf.isFull = true;
    const lines: string[] = [];
    const log: Logger = { ...silentLogger, warn: (line) => void lines.push(line) };
    for (const pictures of [new DraftPictures(shelf, log), new DraftPictures(undefined, log)]) {
      pictures.change({ added: [picture('a')], removed: [] });
      expect(await pictures.list()).toEqual([picture('a')]);
    }
    expect(lines).toEqual([expect.stringContaining('no space left on device')]);
  });

  it('are no more than go with one prompt, and what is damaged on the shelf is dropped', async () => {
    const shelf = new MemoryShelf();
    const many = Array.from({ length: protocolLimits.images + 3 }, (_, at) => picture(`p${at}`));
    for (const [at, one] of many.entries()) {
      shelf.texts.set(String(at + 1).padStart(9, '0'), JSON.stringify(one));
    }
    const damaged = [
      '',
      '{"id":"x"',
      JSON.stringify({ ...picture('x'), mediaType: 'image/svg+xml' }),
      JSON.stringify({ ...picture('x'), data: '<svg>' }),
      JSON.stringify({ ...picture('x'), data: 'A'.repeat(protocolLimits.imageLetters + 4) }),
    ];
    for (const [at, text] of damaged.entries()) {
      shelf.texts.set(`00000000${at}x`, text);
    }
    const pictures = new DraftPictures(shelf, silentLogger);
    expect(await pictures.list()).toEqual(many.slice(0, protocolLimits.images));
    expect(shelf.texts.size).toBe(protocolLimits.images);
    pictures.change({ added: [picture('one more')], removed: [] });
    expect(await pictures.list()).toHaveLength(protocolLimits.images);
  });

  it('keep nothing that a page has put beside the fields of a picture', () => {
    const more = { ...picture('a'), path: '/etc/passwd' };
    expect(changedPictures([], { added: [more], removed: [] })).toEqual([picture('a')]);
  });
});
