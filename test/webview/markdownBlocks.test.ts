import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMarkdownBlocks, hasLinkDefinition, splitBlocks } from '../../webview/markdownBlocks';

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
  'plain text', 'more *emphasis* and `code`', '# heading', '## h2 ##', '- item', '* star', '+ plus', '  - nested', '    deep', '1. one', '2. two', '2', '3) paren', '-', '--', '---', '===', '***', '> quote', '>', '> - quoted item',
  '```ts', '```', '``', '~~~', '    ```', '| a | b |', '|---|---|', '| 1 | 2 |', '', '', ' ', '   ', '\t', '\ttabbed', '<div>', '</div>', '<!-- note', '-->', '- [ ] task', '- [x] done', '[link](https://a.example)', '![image](https://a.example/i.png)', '\\', '&amp; < >', '10. ten', '  continued', '   three', '     five', '* * *', '_ _ _', '- - -', '1.', '*', '+', '#', '####### seven', 'a | b', '--|--',
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
});
