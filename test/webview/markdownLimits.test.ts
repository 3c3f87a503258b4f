import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMarkdownBlocks } from '../../webview/markdownBlocks';
import {
  countElements,
  maxDepth,
  maxInlineLength,
  readableLength,
} from '../../webview/markdownLimits';

const blocks = createMarkdownBlocks();
const html = (text: string): string =>
  blocks
    .lex(text)
    .map((token) => blocks.toHtml(token))
    .join('');
const nested = (depth: number, mark = '- '): string =>
  Array.from({ length: depth }, (_, i) => `${' '.repeat(mark.length * i)}${mark}x`).join('\n');

describe('readableLength', () => {
  it('ends before the first line that is nested too deeply, however it is nested', () => {
    for (const text of [
      nested(maxDepth + 1),
      nested(maxDepth + 1, '12. '),
      `${'> '.repeat(maxDepth + 1)}x`,
      `${'- '.repeat(maxDepth + 1)}x`,
      `${'> - '.repeat(maxDepth / 2)}- x`,
      nested(maxDepth + 1).replaceAll(/^/gm, '> '),
      nested(maxDepth + 1).replaceAll('\n', '\nnot in the list\n\n'),
      Array.from({ length: maxDepth + 1 }, (_, i) => `${'\t'.repeat(i)}* x`).join('\n'),
    ]) {
      const readable = text.slice(0, readableLength(text));
      expect(readable.length).toBeLessThan(text.length);
      expect(readable === '' || readable.endsWith('\n')).toBe(true);
      const intro = 'Before.\n\n';
      expect(readableLength(intro + text)).toBe(intro.length + readable.length);
    }
  });

  it('is the whole of what people and models write', () => {
    for (const text of [
      '',
      nested(maxDepth),
      `${nested(8)}\n`.repeat(200),
      '- x\n'.repeat(5000),
      '> x\n'.repeat(5000),
      `${'> '.repeat(maxDepth)}x`,
      `${' '.repeat(500)}x\n`.repeat(50),
      `\`\`\`\n${`${' '.repeat(200)}- far to the right\n`.repeat(50)}\`\`\``,
      `${'-'.repeat(200)}\n${'*'.repeat(200)}\n${'+-'.repeat(50)}`,
      '1.5 + 2.5 - 3 > 2\n'.repeat(100),
    ]) {
      expect(readableLength(text)).toBe(text.length);
    }
  });

  it('never grows when text is added, so that a stream ends where the whole does', () => {
    const line = fc
      .tuple(fc.nat(60), fc.constantFrom('- ', '> ', '1. ', 'x', '-', '- - ', '\t* '))
      .map(([inset, mark]) => `${' '.repeat(inset)}${mark.repeat(5)}`);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.nat(), (some, cut) => {
        const text = some.join('\n');
        const length = cut % (text.length + 1);
        const first = readableLength(text.slice(0, length));
        expect(readableLength(text)).toBe(first < length ? first : readableLength(text));
      }),
    );
  });
});

describe('a paragraph', () => {
  it('is searched for emphasis up to a length, and is text above it', () => {
    const longest = `*a*${' b'.repeat((maxInlineLength - 3) / 2)}`;
    expect(html(longest)).toContain('<em>a</em>');
    expect(html(`${longest} c d`)).toContain('<p>*a* b');
    expect(html(`${longest} <i> d`)).toContain('&lt;i&gt; d</p>');
  });

  it('looks back no more than 64 letters from an @, wherever the word begins', () => {
    expect(html('to me.too@host.example')).toContain('<a href="mailto:me.too@host.example"');
    expect(html(`to ${'a'.repeat(64)}@host.example`)).toContain('<a href="mailto:aaaa');
    expect(html(`to ${'a'.repeat(65)}@host.example`)).not.toContain('<a');
  });
});

describe('countElements', () => {
  it('counts what begins, and neither what ends nor what is only text', () => {
    expect(countElements(html('a <b> & `<c>`\n\n---\n\n|x|\n|-|\n|y|'))).toBe(
      ['p', 'code', 'hr', 'table', 'thead', 'tr', 'th', 'tbody', 'tr', 'td'].length,
    );
    expect(countElements('')).toBe(0);
  });
});
