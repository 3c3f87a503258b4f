import { describe, expect, it } from 'vitest';
import { FileMentions } from '../../../src/host/fileMentions';
import { FakeClock, settle } from '../../fakes/fakeClock';

describe('the files that can be mentioned', () => {
  it('are those of every folder, by a few letters, read once and again after a while', async () => {
    const clock = new FakeClock();
    const files: Record<string, string[]> = { '/a': ['src/parser.ts'], '/b': ['lexer.ts'] };
    const reads: string[] = [];
    const mentions = new FileMentions({
      clock,
      folders: () => [
        { path: '/a', name: 'one' },
        { path: '/b', name: 'two' },
      ],
      listFiles: ({ folder }) => {
        reads.push(folder);
        return Promise.resolve({ paths: files[folder] ?? [] });
      },
    });
    expect(await mentions.find('pars')).toEqual(['one/src/parser.ts']);
    expect(await mentions.find('lex')).toEqual(['two/lexer.ts']);
    expect(reads).toEqual(['/a', '/b']);
    files['/b'] = ['lexer.ts', 'lexicon.md'];
    await clock.advance(20_000);
    expect(await mentions.find('lexi')).toEqual([]); // the old list, while the new one is read
    await settle();
    expect(await mentions.find('lexi')).toEqual(['two/lexicon.md']);
  });

  it('say so when they cannot be listed, and are tried again with the next key', async () => {
    let isBroken = true;
    const mentions = new FileMentions({
      clock: new FakeClock(),
      folders: () => [{ path: '/a' }],
      listFiles: () =>
        isBroken ? Promise.reject(new Error('no search')) : Promise.resolve({ paths: ['a.ts'] }),
    });
    await expect(mentions.find('a')).rejects.toThrow('no search');
    isBroken = false;
    expect(await mentions.find('a')).toEqual(['a.ts']);
  });
});
