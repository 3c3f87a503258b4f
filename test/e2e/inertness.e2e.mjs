// SECURITY-MODEL, section 6: what a model or an agent writes stays text. Every hostile text into every place of the real
// panel, at once and letter by letter, under the panel's own policy. And none of it
// makes the panel stand still.
import assert from 'node:assert/strict';
import { e2e } from '../support/e2e.mjs';
import { costlyTexts, hostileTexts } from '../support/hostile-texts.mjs';
import { startWebview, watchWebview } from '../support/webview.mjs';

const sinks = [
  'markdown',
  'thinking',
  'tool-title',
  'tool-output',
  'file-name',
  'command-line',
  'error',
];
/** PATCHBAY_EVERYTHING=1: every text in every way through every place. */
const isEverything = process.env.PATCHBAY_EVERYTHING === '1';

/** Letters of a short text; a long one in forty pieces, which cut it in as many places. */
const pieces = (text) =>
  text.length <= 60
    ? Array.from(text)
    : Array.from({ length: 40 }, (_, i) =>
        text.slice(Math.floor((i * text.length) / 40), Math.floor(((i + 1) * text.length) / 40)),
      );

/** In the page: what in a row should not be there. The lists are what the panel draws by itself. */
function strangers(id) {
  const tags = new Set(
    (
      'DIV SECTION SPAN BUTTON PRE CODE P H1 H2 H3 H4 H5 H6 UL OL LI BLOCKQUOTE HR BR EM STRONG DEL A ' +
      'TABLE THEAD TBODY TR TH TD VSCODE-BUTTON'
    ).split(' '),
  );
  const attributes =
    /^(?:class|title|href|start|align|type|role|tabindex|disabled|appearance|current-value|aria-[a-z]+|data-(?:testid|state|mono|code-action|waiting|depth|index|render-id|level))$/;
  const row = [...document.querySelectorAll('[data-render-id]')].find(
    (some) => some.dataset.renderId === id,
  );
  if (row === undefined) return ['the row is not there'];
  const found = [];
  for (const element of row.querySelectorAll('*')) {
    if (!tags.has(element.tagName)) found.push(`element ${element.tagName}`);
    for (const { name, value } of element.attributes) {
      const isOwnId = name === 'id' && value === `headline-question:${id}`;
      if (!attributes.test(name) && !isOwnId) found.push(`attribute ${name}="${value}"`);
      if (name === 'href' && !/^(?:https?:\/\/|mailto:)/i.test(value)) found.push(`link ${value}`);
      if (name === 'data-testid' && element.closest('.markdown > *')) found.push('a borrowed name');
      if (name === 'class' && element.closest('.markdown > *')) {
        const known =
          /^(?:code-(?:block|head|language)|table-box|icon-button codicon codicon-(?:copy|insert)|is-plain|language-[a-z0-9+#._-]+|hljs-[a-z_ -]+)$/;
        if (!known.test(value)) found.push(`class ${value}`);
      }
    }
  }
  return found;
}

// What draws nothing or turns around what stands beside it.
const hidden =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\u2800\u3164\ufeff\u{e0000}-\u{e0fff}]/u;

for (const [turn, sink] of sinks.entries()) {
  e2e(`whatever is written into ${sink} stays text, at once and letter by letter`, async (t) => {
    assert.ok(hostileTexts.length >= 150, `${hostileTexts.length} texts`);
    const server = await startWebview();
    t.onEnd(() => server.close());
    const view = await watchWebview(server);
    t.onEnd(() => view.close());
    const wrong = [];
    for (const [index, text] of hostileTexts.entries()) {
      if (index % 20 === 0) await server.reset();
      // Where pieces make no elements, each text goes letter by letter through some of the places only: it takes minutes.
      const isCut = sink === 'markdown' || isEverything || index % 3 === turn % 3;
      for (const [way, deltas] of [
        ['at once', [text]],
        ...(isCut ? [['in letters', pieces(text)]] : []),
      ]) {
        const id = `${index} ${way}`;
        // Where text becomes elements, each piece is drawn before the next one comes.
        await server.render(id, sink, deltas, sink === 'markdown' ? 'frame' : undefined);
        const found = await view.frame.evaluate(strangers, id);
        const shown = await view.frame.evaluate(
          (wanted) =>
            [...document.querySelectorAll('[data-render-id]')].find(
              (row) => row.dataset.renderId === wanted,
            ).innerText,
          id,
        );
        if (sink !== 'markdown' && sink !== 'thinking' && hidden.test(shown)) {
          found.push('a hidden character');
        }
        const isFenceAlone = /^`+$/.test(text);
        if (shown.trim() === '' && !isFenceAlone) found.push('nothing is shown');
        if (found.length + view.incidents.length > 0) {
          const what = [...new Set([...found, ...view.incidents.splice(0)])].slice(0, 5);
          wrong.push(`${JSON.stringify(text.slice(0, 120))} ${way}: ${what.join(', ')}`);
        }
      }
    }
    assert.deepEqual(wrong, []);
  });
}

/** In the page: keeps the longest time in which nothing else could run. */
function watchPauses() {
  let last = performance.now();
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const now = performance.now();
    globalThis.longestPauseMs = Math.max(globalThis.longestPauseMs, now - last);
    last = now;
    setTimeout(() => port2.postMessage(0), 0);
  };
  globalThis.longestPauseMs = 0;
  port2.postMessage(0);
}

/** In the page: the pause since the last look, and what stands there. */
function look(id) {
  const pauseMs = Math.round(globalThis.longestPauseMs);
  globalThis.longestPauseMs = 0;
  const shown = [...document.querySelectorAll('[data-render-id]')]
    .find((row) => row.dataset.renderId === id)
    .querySelector('.markdown');
  return {
    pauseMs,
    elements: shown.querySelectorAll('*').length,
    end: shown.textContent.replace(/\s/g, '').slice(-20),
    html: shown.innerHTML,
  };
}

e2e('no Markdown makes the panel stand still, at once and in pieces', async (t) => {
  const server = await startWebview();
  t.onEnd(() => server.close());
  const view = await watchWebview(server);
  t.onEnd(() => view.close());
  await view.frame.evaluate(watchPauses);
  const draw = async (text, count) => {
    await server.reset();
    await view.frame.evaluate(() => void (globalThis.longestPauseMs = 0));
    const size = Math.ceil(text.length / count);
    const deltas = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
      text.slice(i * size, (i + 1) * size),
    );
    await server.render('costly', 'markdown', deltas, 'frame');
    return view.frame.evaluate(look, 'costly');
  };
  // The machine may be slow: what counts is how much longer it takes than the most that is drawn of any text.
  const most = `|a|b|\n|-|-|\n${'|x|y|\n'.repeat(1900)}`;
  const pauses = [];
  for (let i = 0; i < 3; i++) {
    const drawn = await draw(most, 1);
    assert.ok(drawn.elements > 5_700, 'a large table is drawn as a table');
    pauses.push(drawn.pauseMs);
  }
  const allowedMs = Math.max(2_000, 8 * Math.max(...pauses));
  const wrong = [];
  for (const [name, text] of Object.entries(costlyTexts)) {
    const atOnce = await draw(text, 1);
    const inPieces = await draw(text, 40);
    for (const [way, { pauseMs, elements, end }] of Object.entries({ atOnce, inPieces })) {
      if (pauseMs > allowedMs) wrong.push(`${name} ${way}: ${pauseMs} of ${allowedMs} ms`);
      if (elements > 7_000) wrong.push(`${name} ${way}: ${elements} elements`);
      if (!text.replace(/\s/g, '').endsWith(end)) wrong.push(`${name} ${way}: ends in ${end}`);
    }
    if (atOnce.html !== inPieces.html) wrong.push(`${name}: in pieces it looks otherwise`);
  }
  assert.deepEqual(wrong, []);

  // A table that is too long is said to be shown as it is written, once and not as a part of its text.
  await draw(`|a|b|\n|-|-|\n${'|x|y|\n'.repeat(8000)}`, 40);
  const notes = await view.frame.evaluate(() =>
    [...document.querySelectorAll('.markdown > .is-plain')].map(
      (box) => getComputedStyle(box, '::before').content,
    ),
  );
  assert.ok(notes.length > 1, `${notes.length} chunks`);
  assert.match(notes[0], /shown as it is written/);
  assert.deepEqual(new Set(notes.slice(1)), new Set(['none']));
  assert.deepEqual(view.incidents, []);
});
