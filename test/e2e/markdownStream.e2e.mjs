// P7's last sentence: whatever the pieces in which a text came, what stands in the panel at its end is what a parse of the
// whole text gives. In the real panel, over random Markdown and random pieces.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { e2e } from '../support/e2e.mjs';
import { startWebview, watchWebview } from '../support/webview.mjs';

const word = fc.constantFrom(
  ...'a the *em* **strong** `code` ~~del~~ [link](https://e.example) https://e.example <b> &amp; \\* _x_ | 1. - # > ![i](https://e.example/i.png) [ref] :'.split(
    ' ',
  ),
);
const line = fc.array(word, { minLength: 0, maxLength: 6 }).map((words) => words.join(' '));
const block = fc.oneof(
  line,
  fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) => lines.join('\n')),
  fc.tuple(fc.constantFrom('#', '##', '###', '#### '), line).map((parts) => parts.join(' ')),
  fc
    .tuple(
      fc.constantFrom('- ', '* ', '1. ', '7) ', '- [ ] '),
      fc.array(line, { minLength: 1, maxLength: 5 }),
      fc.constantFrom('', '  ', '    ', '\n'),
    )
    .map(([mark, lines, inset]) =>
      lines.map((one, i) => `${i % 2 ? inset : ''}${mark}${one}`).join('\n'),
    ),
  fc
    .array(line, { minLength: 1, maxLength: 3 })
    .map((lines) => lines.map((l) => `> ${l}`).join('\n')),
  fc
    .tuple(
      fc.constantFrom('```', '````', '~~~'),
      fc.constantFrom('', 'ts', 'html'),
      fc.array(line, { maxLength: 4 }),
      fc.boolean(),
    )
    .map(([fence, name, lines, isClosed]) =>
      [`${fence}${name}`, ...lines, ...(isClosed ? [fence] : [])].join('\n'),
    ),
  fc
    .array(line, { minLength: 1, maxLength: 3 })
    .map(
      (rows) => `|a|b|\n|-|:-:|\n${rows.map((row) => `|${row.replaceAll('|', '')}|x|`).join('\n')}`,
    ),
  fc.constantFrom(
    '---',
    '===',
    '***',
    '[ref]: https://e.example',
    '    indented',
    '<div>\n\n</div>',
    '\t- x',
  ),
);
const separator = fc.constantFrom('\n\n', '\n', '\n\n\n', '\r\n\r\n', ' \n');
const streamedOf = (minLength, maxLength) =>
  fc
    .array(fc.tuple(block, separator), { minLength, maxLength })
    .map((parts) => parts.flat().join(''))
    .chain((text) =>
      fc
        .array(fc.nat({ max: text.length }), { maxLength: 40 })
        .map((cuts) => [...new Set([0, ...cuts, text.length])].sort((a, b) => a - b))
        .map((cuts) => cuts.slice(1).map((end, i) => text.slice(cuts[i], end))),
    );

const contentOf = (id) =>
  [...document.querySelectorAll('[data-render-id]')]
    .find((row) => row.dataset.renderId === id)
    .querySelector('.markdown')
    // Colours come later and change no text.
    .innerHTML.replace(/<\/?span(?: class="hljs[^"]*")?>/g, '');

e2e(
  '[R220] what stands at the end of a stream is what a parse of the whole text gives',
  async (t) => {
    const server = await startWebview();
    t.onEnd(() => server.close());
    const view = await watchWebview(server);
    t.onEnd(() => view.close());
    let stretches = 0;
    const isTheSame = (texts, runs) =>
      fc.assert(
        fc.asyncProperty(texts, async (deltas) => {
          const text = deltas.join('');
          // The whole comes as it would after a reload: closed, in one piece.
          await server.reset([{ kind: 'text', id: 'whole', text, isOpen: false }]);
          await server.render('stream', 'markdown', deltas, 'frame');
          // What is not near the view is not in the page: each is looked at on its own.
          const streamed = await view.frame.evaluate(contentOf, 'stream');
          await server.reset([{ kind: 'text', id: 'whole', text, isOpen: false }]);
          assert.equal(streamed, await view.frame.evaluate(contentOf, 'whole'));
          stretches += await view.frame.locator('.markdown > div:not([class])').count();
        }),
        { numRuns: runs, seed: 20260101, endOnFailure: false },
      );
    const numRuns = Number(process.env.FC_RUNS ?? 150);
    await isTheSame(streamedOf(1, 8), numRuns);
    // Long enough for stretches of blocks.
    await isTheSame(streamedOf(90, 160), Math.ceil(numRuns / 20));
    assert.ok(stretches > 0, 'no text was long enough for a stretch');
    assert.deepEqual(view.incidents, []);
  },
);
