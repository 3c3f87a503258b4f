import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  certainCodeLength,
  createMarkdownBlocks,
  hasLinkDefinition,
  languageOf,
  openFenceAt,
  splitBlocks,
} from '../../webview/markdownBlocks';

const blocks = createMarkdownBlocks();

function whole(text: string): string {
  return blocks
    .lex(text)
    .map((token) => blocks.toHtml(token))
    .join('');
}

/** What a reader of the stream ends with: settled blocks are never looked at again. */
function streamed(pieces: readonly string[]): string {
  let source = '';
  let settledLength = 0;
  let html = '';
  for (const piece of pieces) {
    source += piece;
    const tail = source.slice(settledLength);
    const split = splitBlocks(blocks.lex(tail), tail);
    html += split.settled.map((token) => blocks.toHtml(token)).join('');
    settledLength += split.settledLength;
  }
  return html + whole(source.slice(settledLength));
}

const line = fc.constantFrom(
  'plain text',
  'more *emphasis* and `code`',
  '# heading',
  '## h2 ##',
  '- item',
  '* star',
  '+ plus',
  '  - nested',
  '    deep',
  '1. one',
  '2. two',
  '2',
  '3) paren',
  '-',
  '--',
  '---',
  '===',
  '***',
  '> quote',
  '>',
  '> - quoted item',
  '```ts',
  '```',
  '``',
  '~~~',
  '    ```',
  '| a | b |',
  '|---|---|',
  '| 1 | 2 |',
  '',
  '',
  ' ',
  '   ',
  '\t',
  '\ttabbed',
  '<div>',
  '</div>',
  '<!-- note',
  '-->',
  '- [ ] task',
  '- [x] done',
  '[link](https://a.example)',
  '![image](https://a.example/i.png)',
  '\\',
  '&amp; < >',
  '10. ten',
  '  continued',
  '   three',
  '     five',
  '* * *',
  '_ _ _',
  '- - -',
  '1.',
  '*',
  '+',
  '#',
  '####### seven',
  'a | b',
  '--|--',
);
const documentText = fc.array(line, { maxLength: 14 }).map((lines) => lines.join('\n'));

describe('splitBlocks', () => {
  it('gives at the end what a full parse gives, wherever the stream was cut', () => {
    fc.assert(
      fc.property(documentText, fc.array(fc.nat(12), { maxLength: 60 }), (text, steps) => {
        const pieces: string[] = [];
        let at = 0;
        for (const step of steps) {
          pieces.push(text.slice(at, at + step));
          at += step;
        }
        pieces.push(text.slice(at));
        fc.pre(!hasLinkDefinition(text));
        expect(streamed(pieces)).toBe(whole(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('settles what a blank line and the line after it have closed, so that the open part stays small', () => {
    const source = 'One.\n\nTwo\nlines.\n\n- a\n- b\n\nThr';
    const split = splitBlocks(blocks.lex(source), source);
    expect(split.settled.map((token) => token.type)).toEqual([
      'paragraph',
      'space',
      'paragraph',
      'space',
    ]);
    expect(source.slice(split.settledLength)).toBe('- a\n- b\n\nThr');
    const long = Array.from({ length: 50 }, (_, i) => `Paragraph ${i}.`).join('\n\n');
    expect(long.length - splitBlocks(blocks.lex(long), long).settledLength).toBeLessThan(40);
  });
});

describe('toHtml', () => {
  it('writes raw HTML as text', () => {
    expect(whole('<b>x</b>')).toBe('<p>&lt;b&gt;x&lt;/b&gt;</p>\n');
    expect(whole('<script>a</script>')).toBe('<p>&lt;script&gt;a&lt;/script&gt;</p>\n');
  });

  it('keeps only links that may leave the panel, and makes links of images', () => {
    expect(whole('[a](https://x.example) [b](mailto:c@d.example)')).toBe(
      '<p><a href="https://x.example" title="https://x.example">a</a> ' +
        '<a href="mailto:c@d.example" title="mailto:c@d.example">b</a></p>\n',
    );
    expect(whole('[a](javascript:x) [b](command:x) [c](src/a.ts) [d](//x.example)')).toBe(
      '<p>a b c d</p>\n',
    );
    expect(whole('![logo](https://x.example/l.png)')).toBe(
      '<p><a href="https://x.example/l.png" title="https://x.example/l.png">logo</a></p>\n',
    );
    expect(whole('![logo](file:///l.png)')).toBe('<p>logo</p>\n');
  });

  it('names the language of a fence only when it can be one', () => {
    expect([
      languageOf('TS'),
      languageOf('c++ {1}'),
      languageOf('"><img'),
      languageOf(undefined),
    ]).toEqual(['ts', 'c++', '', '']);
  });
});

describe('an open fence', () => {
  const grow = (source: string): number | undefined => {
    const fence = openFenceAt(source);
    return fence === undefined ? -1 : certainCodeLength(fence, source.slice(fence.codeStart), 0);
  };

  it('is seen from its first complete line on', () => {
    expect(openFenceAt('```ts')).toBeUndefined();
    expect(openFenceAt('  ```ts\nx')).toBeUndefined();
    expect(openFenceAt('``` a`b\nx')).toBeUndefined();
    expect(openFenceAt('```ts\n')).toEqual({ marker: '```', codeStart: 6 });
    expect(openFenceAt('~~~~\n')).toEqual({ marker: '~~~~', codeStart: 5 });
  });

  it('holds back a last line that may close it, and ends with one that does', () => {
    expect(grow('```\nab')).toBe(2);
    expect(grow('```\nab\n')).toBe(2);
    expect(grow('```\nab\n``')).toBe(2);
    expect(grow('```\nab\n``x')).toBe(6);
    expect(grow('```\nab\n```')).toBe(2);
    expect(grow('```\nab\n```\n')).toBeUndefined();
    expect(grow('````\nab\n```\n')).toBe(6);
  });

  it('shows the same code as a parse, at every length', () => {
    const code = 'a\n\n``\n  ```x\n```y\nend\n';
    for (let length = 0; length <= code.length; length++) {
      const source = `\`\`\`ts\n${code.slice(0, length)}`;
      const shown = grow(source);
      const parsed = blocks.lex(source)[0];
      const text = parsed?.type === 'code' ? String(parsed.text) : '';
      expect(text.startsWith(source.slice(6, 6 + (shown ?? 0)))).toBe(true);
    }
  });
});

describe('what a model writes', () => {
  const fence = { marker: '~'.repeat(40_000), codeStart: 0 };
  const readers: readonly (readonly [string, (count: number) => unknown])[] = [
    ['a line of blanks', (n) => hasLinkDefinition(`${' '.repeat(n)}x`)],
    ['brackets without an end', (n) => hasLinkDefinition('[a'.repeat(n))],
    ['a fence without an end', (n) => openFenceAt('~'.repeat(n))],
    ['the other fence without an end', (n) => openFenceAt(`${'`'.repeat(n)}x`)],
    ['lines below a long fence', (n) => certainCodeLength(fence, '~~~\n'.repeat(n), 0)],
  ];

  // Where the work grew with the square, this many took seconds.
  it.each(readers)('is looked at in a time that grows with it: %s', (_name, read) => {
    const start = performance.now();
    read(80_000);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
