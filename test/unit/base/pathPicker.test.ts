import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPathPicker } from '../../../src/base/pathPicker';
import { slowFind } from '../../fakes/slowPathPicker';

const paths = [
  'README.md',
  'package.json',
  'src/host/panelController.ts',
  'src/host/panelFeed.ts',
  'src/host/chatView.ts',
  'src/protocol/methods.ts',
  'test/unit/host/panelFeed.test.ts',
  'webview/views/messageList.tsx',
  'webview/store.ts',
  'docs/Größe.md',
];
const first = (query: string): string | undefined => createPathPicker(paths).find(query, 5)[0];

describe('the path picker', () => {
  it('finds a file by the beginnings of its words', () => {
    expect(first('pc')).toBe('src/host/panelController.ts');
    expect(first('mlist')).toBe('webview/views/messageList.tsx');
    expect(first('pfeed')).toBe('src/host/panelFeed.ts');
  });

  it('prefers a whole name to a longer one, and a name to a folder', () => {
    expect(first('panelfeed')).toBe('src/host/panelFeed.ts');
    expect(first('host')).toMatch(/host/);
    expect(first('store')).toBe('webview/store.ts');
  });

  it('takes folders and several words', () => {
    expect(first('host/chat')).toBe('src/host/chatView.ts');
    expect(first('test feed')).toBe('test/unit/host/panelFeed.test.ts');
    expect(first('feed test')).toBe('test/unit/host/panelFeed.test.ts');
  });

  it('does not mind the letters’ case, nor letters beyond ASCII', () => {
    expect(first('READ')).toBe('README.md');
    expect(first('größe')).toBe('docs/Größe.md');
  });

  it('finds nothing that does not hold the letters in their order', () => {
    expect(createPathPicker(paths).find('zzz', 5)).toEqual([]);
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 30 }),
        fc.string({ minLength: 1, maxLength: 5, unit: fc.constantFrom('a', 'b', 'c', '/', '.') }),
        (some, query) => {
          for (const path of createPathPicker(some).find(query, 10)) {
            expect(isInOrder(query, path.toLowerCase())).toBe(true);
          }
        },
      ),
    );
  });

  it('takes of a folder the beginnings of words and what follows them, or letters side by side', () => {
    const some = ['src/components/button/index.ts', 'src/mycomponents/card.ts', 'docs/a.md'];
    const find = (query: string): readonly string[] => createPathPicker(some).find(query, 5);
    expect(find('cmpbtn/')).toEqual(['src/components/button/index.ts']);
    expect(find('components/c')).toEqual(['src/mycomponents/card.ts']);
    expect(find('srcbutindex')).toEqual(['src/components/button/index.ts']);
    expect(find('omnt/')).toEqual([]);
  });

  it('finds what every path read in turn would give, in the same order, whatever was typed before', () => {
    const piece = fc.array(fc.constantFrom('a', 'b', 'C', 'D', 'é', '.', '-', '4', 'ab', 'Dab'), {
      minLength: 1,
      maxLength: 5,
    });
    const path = fc
      .array(piece, { minLength: 1, maxLength: 4 })
      .map((parts) => parts.map((part) => part.join('')).join('/'));
    const letters = fc.constantFrom('a', 'b', 'c', 'd', 'é', '.', '4', '/', ' ', 'ab');
    fc.assert(
      fc.property(
        fc.array(path, { maxLength: 60 }),
        fc.array(letters, { maxLength: 7 }),
        fc.integer({ min: 0, max: 12 }),
        (some, typed, maxResults) => {
          const picker = createPathPicker(some);
          for (let count = 0; count <= typed.length; count++) {
            const query = typed.slice(0, count).join('');
            expect(picker.find(query, maxResults)).toEqual(slowFind(some, query, maxResults));
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('gives the shortest paths when nothing is typed yet, and never more than was asked for', () => {
    expect(createPathPicker(paths).find('', 2)).toEqual(['README.md', 'package.json']);
    expect(createPathPicker(paths).find('s', 3)).toHaveLength(3);
    expect(createPathPicker([]).find('s', 3)).toEqual([]);
  });
});

function isInOrder(query: string, text: string): boolean {
  let at = 0;
  for (const character of text) {
    at += character === query[at] ? 1 : 0;
  }
  return at >= query.length;
}
