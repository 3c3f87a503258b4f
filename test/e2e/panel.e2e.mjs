// The built panel in a real browser, in the stand-in page: what it draws, what it posts, where the focus goes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  deltas,
  focused,
  frames,
  id,
  notify,
  open,
  posted,
  postedSoon,
  usePanelPage,
} from '../support/panel-page/pages.mjs';
import { scenes } from '../support/panel-page/scenes.mjs';
import { themes } from '../support/panel-page/serve.mjs';

usePanelPage();

const textItem = (itemId, text, isOpen = false) => ({ kind: 'text', id: itemId, text, isOpen });

test('every scene draws in every theme without an error and without breaking the page’s policy', async (t) => {
  for (const scene of Object.keys(scenes)) {
    for (const theme of themes) {
      const { page, problems } = await open(t, scene, { theme });
      await frames(page);
      assert.deepEqual(problems, [], `${scene} ${theme}`);
      await page.context().close();
    }
  }
});

test('nothing scrolls sideways at 300 pixels, nor in a narrower side bar', async (t) => {
  for (const scene of Object.keys(scenes)) {
    const { page } = await open(t, scene, { width: 300 });
    for (const width of [300, 220]) {
      await page.setViewportSize({ width, height: 720 });
      await frames(page, 4);
      const tooWide = await page.evaluate(() => {
        const isOwnScroller = (e) => e.closest('pre, .table-box, .hunk-text, textarea') !== null;
        return [...document.querySelectorAll('body *')]
          .filter((e) => !isOwnScroller(e) && !e.closest('.only-spoken'))
          .filter((e) => e.getBoundingClientRect().right > window.innerWidth + 0.5)
          .map((e) => `${e.tagName}.${e.className}`);
      });
      assert.deepEqual(tooWide, [], `${scene} ${width}`);
    }
    await page.context().close();
  }
});

test('the head of a card shows how it ended at every width: a long name gives way', async (t) => {
  for (const width of [220, 300, 420, 800]) {
    const { page } = await open(t, 'heads', { width, height: 1600 });
    await frames(page, 4);
    const { wrong, count } = await page.evaluate((isWide) => {
      const heads = [...document.querySelectorAll('.card-head')];
      const shown = (e) => e.textContent.trim();
      return {
        count: heads.length,
        wrong: heads.flatMap((head) => {
          const state = head.querySelector('.card-state .codicon').getBoundingClientRect();
          const summary = head.querySelector('.card-summary');
          const before = [...head.children]
            .slice(0, -1)
            .map((e) => e.getBoundingClientRect().right);
          const problems = [];
          if (state.right > head.getBoundingClientRect().right || state.width < 10) {
            problems.push('the state is outside');
          }
          if (Math.max(...before) > state.left) problems.push('something covers the state');
          if (isWide && summary.scrollWidth > summary.clientWidth)
            problems.push('the result is cut');
          return problems.map((problem) => `${shown(head)}: ${problem}`);
        }),
      };
    }, width >= 300);
    assert.deepEqual(wrong, [], `${width}`);
    assert.equal(count, 19, 'all of them are looked at');
    await page.context().close();
  }
});

test('the states of an edit differ where there is no room for their words', async (t) => {
  const { page } = await open(t, 'heads', { width: 300, height: 1600 });
  const icons = await id(page, 'edit-card')
    .locator('.card-state .codicon')
    .evaluateAll((all) => all.map((e) => e.className));
  assert.equal(icons.length, 5);
  assert.equal(new Set(icons).size, 5, String(icons));
});

test('a tool of a server is named by the tool first, and its whole name is in the tooltip', async (t) => {
  const { page } = await open(t, 'heads', { height: 1600 });
  const toggle = page.getByRole('button', { name: /^browser_take_screenshot · playwright / });
  assert.equal(await toggle.getAttribute('title'), 'mcp__playwright__browser_take_screenshot');
});

test('a table scrolls sideways and breaks no word', async (t) => {
  const { page } = await open(t, 'chosen', { width: 220 });
  const table = [
    '| file | lines | what became of it |',
    '| --- | ---: | --- |',
    '| src/index.ts | 3 | written and formatted afterwards |',
  ].join('\n');
  await deltas(page, 1, [{ op: 'add', item: textItem('x', table) }]);
  await page.locator('.table-box').waitFor();
  const { broken, words, scrolls } = await page.locator('.table-box').evaluate((box) => {
    const all = [...box.querySelectorAll('th, td')].flatMap((cell) =>
      [...cell.textContent.matchAll(/\S+/g)].map((match) => {
        const range = document.createRange();
        range.setStart(cell.firstChild, match.index);
        range.setEnd(cell.firstChild, match.index + match[0].length);
        return { word: match[0], lines: range.getClientRects().length };
      }),
    );
    return {
      words: all.length,
      broken: all.filter(({ lines }) => lines > 1).map(({ word }) => word),
      scrolls: box.scrollWidth > box.clientWidth,
    };
  });
  assert.deepEqual({ broken, words, scrolls }, { broken: [], words: 12, scrolls: true });
});

test('a retry says what failed and when it goes on, and covers neither its button nor the answer', async (t) => {
  for (const width of [220, 300, 420, 800]) {
    const { page } = await open(t, 'loop', { width });
    await frames(page, 4);
    const found = await id(page, 'retry-line').evaluate((line) => {
      const [reason, rest] = [...line.querySelectorAll('.activity-text > *')];
      const stop = line.querySelector('button').getBoundingClientRect();
      const last = [...document.querySelectorAll('.row')].at(-1);
      const text = document.createRange();
      text.selectNodeContents(last);
      return {
        reason: reason.scrollWidth <= reason.clientWidth,
        rest: rest.scrollWidth <= rest.clientWidth,
        isBeside: [reason, rest].every((e) => e.getBoundingClientRect().right <= stop.left),
        isInside: stop.right <= window.innerWidth,
        isBelow: line.getBoundingClientRect().top >= text.getBoundingClientRect().bottom,
      };
    });
    const expected = { reason: true, rest: true, isBeside: true, isInside: true, isBelow: true };
    assert.deepEqual(found, { ...expected, rest: width >= 300 }, `${width}`);
    await page.context().close();
  }
});

test('where a change came from is read whole at every width', async (t) => {
  for (const width of [220, 300, 420, 800]) {
    const { page } = await open(t, 'changes', { width, height: 1200 });
    await frames(page, 4);
    const origins = await id(page, 'change-origin').evaluateAll((all) =>
      all.map((e) => ({
        text: e.textContent,
        isCut: e.scrollWidth > e.clientWidth,
        title: e.title,
      })),
    );
    assert.equal(origins.length, 3);
    for (const { text, isCut, title } of origins) {
      assert.deepEqual({ isCut, title }, { isCut: false, title: text }, `${width}`);
    }
    await page.context().close();
  }
});

test('yes stands before no, and saying why comes last, in every place', async (t) => {
  const { page } = await open(t, 'edit', { width: 800, height: 1600 });
  await notify(page, 'change/changed', { changes: scenes.changes.snapshot.changes });
  await id(page, 'changes-bar').waitFor();
  const orders = {
    hunk: ['hunk-approve', 'hunk-deny', 'hunk-deny-reason'],
    'edit-card': ['approve-all', 'deny-all', 'deny-all-reason'],
    'pending-bar': ['pending-approve-all', 'pending-deny-all'],
    'change-hunk': ['change-keep', 'change-undo'],
    'change-card': ['change-keep-file', 'change-undo-file'],
    'changes-bar': ['changes-keep-all', 'changes-undo-all'],
  };
  for (const [owner, expected] of Object.entries(orders)) {
    const lefts = await id(page, owner)
      .first()
      .evaluate(
        (box, names) =>
          names.map(
            (name) => box.querySelector(`[data-testid="${name}"]`).getBoundingClientRect().left,
          ),
        expected,
      );
    assert.deepEqual(
      lefts,
      [...lefts].sort((a, b) => a - b),
      owner,
    );
  }
});

/** Ratio of contrast of each element's words against what stands behind them, as WCAG counts it. */
const contrasts = (page, selector) =>
  page.locator(selector).evaluateAll((all) => {
    const channels = (color) => {
      const canvas = document
        .createElement('canvas')
        .getContext('2d', { willReadFrequently: true });
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const over = ([r, g, b, a], below) =>
      [r, g, b].map((value, i) => (value * a + below[i] * (255 - a)) / 255);
    const light = (rgb) =>
      rgb
        .map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
        .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (element) =>
      element === null
        ? [255, 255, 255]
        : over(channels(getComputedStyle(element).backgroundColor), behind(element.parentElement));
    return all.map((element) => {
      const back = behind(element);
      const [low, high] = [back, over(channels(getComputedStyle(element).color), back)]
        .map(light)
        .sort((a, b) => a - b);
      return { words: element.textContent.slice(0, 30), ratio: (high + 0.05) / (low + 0.05) };
    });
  });

test('words of warning, counts of lines and comments can be read in every theme', async (t) => {
  const words = {
    prompts: '.fact-note, .hidden-character',
    edits: '.added, .removed, .icon-button.is-deny',
    changes: '.hunk-origin, .removed',
    answer: '.hljs-comment',
    chosen: '.history-state, .problem span:not(.codicon)',
  };
  for (const theme of themes) {
    for (const [scene, selector] of Object.entries(words)) {
      const { page } = await open(t, scene, { theme, height: 1400 });
      if (scene === 'chosen') {
        await page.evaluate(() => {
          window.fakeHost.answers['prompt/submit'] = () => ({ accepted: false, problem: 'No.' });
        });
        await id(page, 'composer').fill('x');
        await id(page, 'composer').press('Enter');
        await notify(page, 'view/show', { what: 'history' });
      }
      await page.locator(selector).first().waitFor();
      await frames(page, 4);
      const faint = (await contrasts(page, selector)).filter(({ ratio }) => ratio < 4.5);
      assert.deepEqual(faint, [], `${scene} ${theme}`);
      await page.context().close();
    }
  }
});

test('a field’s placeholder has the theme’s colour', async (t) => {
  for (const theme of themes) {
    const { page } = await open(t, 'prompt', { theme });
    await id(page, 'deny-reason').click();
    const input = id(page, 'deny-reason-field').locator('input');
    const [field, composer] = await Promise.all(
      [input, id(page, 'composer')].map((some) =>
        some.evaluate((e) => getComputedStyle(e, '::placeholder').color),
      ),
    );
    assert.equal(field, composer, theme);
    await page.context().close();
  }
});

const hostile = [
  '<img src=x onerror="window.hit=1"><script>window.hit=2</script><style>body{display:none}</style>',
  '<svg onload="window.hit=3"><a href="javascript:window.hit=4">x</a></svg>',
  '[a](javascript:window.hit=5) [b](JaVaScRiPt:window.hit=6) [c](&#106;avascript:window.hit=7)',
  '[d](command:workbench.action.quit) [e](vscode://x) [f](file:///etc/passwd) [g](data:text/html,x)',
  '![i](https://evil.example/track.png) ![j](javascript:window.hit=8)',
  '<vscode-button id="root" class="card" style="position:fixed">Allow once</vscode-button>',
  '<form action="https://evil.example"><input name="key"></form><iframe src="https://evil.example"></iframe>',
  '[h](https://ok.example "title\\" onmouseover=\\"window.hit=9") <https://auto.example/a?b=1&c=2> mailto:a@b.example',
  '```"><img src=x onerror=window.hit=10>\ncode\n```',
  '<div data-code-action="insert" data-testid="allow-once" aria-label="x">y</div>',
  '| a |\n|---|\n| <b onclick="window.hit=11">c</b> |',
].join('\n\n');

test('hostile Markdown is inert, whole and after every streamed delta', async (t) => {
  const { page, problems } = await open(t, 'chosen');
  const check = () =>
    page.evaluate(() => {
      const root = document.querySelector('.markdown');
      const all = [...root.querySelectorAll('*')];
      const ours = (e) =>
        e.matches('.code-block, .code-head, .code-language, .table-box, [data-code-action]');
      return {
        hit: window.hit ?? null,
        tags: [...new Set(all.map((e) => e.tagName))].filter(
          (name) =>
            ['IMG', 'SCRIPT', 'STYLE', 'SVG', 'FORM', 'INPUT', 'IFRAME'].includes(name) ||
            name.includes('-'),
        ),
        attributes: [
          ...new Set(
            all
              .filter((e) => !ours(e))
              .flatMap((e) => e.getAttributeNames().map((name) => `${e.tagName} ${name}`)),
          ),
        ].sort(),
        hrefs: all.filter((e) => e.href).map((e) => e.getAttribute('href')),
      };
    });
  const expected = {
    hit: null,
    tags: [],
    attributes: ['A href', 'A title', 'PRE tabindex'],
    hrefs: [
      'https://evil.example/track.png',
      'https://ok.example',
      'https://auto.example/a?b=1&c=2',
      'mailto:a@b.example',
    ],
  };
  await deltas(page, 1, [{ op: 'add', item: textItem('x', '', true) }]);
  let seq = 1;
  for (let at = 0; at < hostile.length; at += 7) {
    await deltas(page, ++seq, [{ op: 'text', id: 'x', delta: hostile.slice(at, at + 7) }]);
    await frames(page, 1);
    const now = await check();
    assert.equal(now.hit, null);
    assert.deepEqual(now.tags, []);
    assert.ok(
      now.attributes.every((name) => expected.attributes.includes(name)),
      String(now.attributes),
    );
    assert.ok(
      now.hrefs.every((href) => /^(https?:|mailto:)/.test(href)),
      String(now.hrefs),
    );
  }
  await deltas(page, ++seq, [{ op: 'replace', item: textItem('x', hostile) }]);
  await frames(page);
  const end = await check();
  assert.deepEqual(
    { ...end, hrefs: end.hrefs.filter((href) => !href.includes('evil.example"')) },
    expected,
  );
  assert.deepEqual(problems, []);
});

test('a link asks the host to open it and goes nowhere by itself', async (t) => {
  const { page } = await open(t, 'answer');
  const address = page.url();
  await page.getByRole('link', { name: 'the guide' }).click();
  assert.deepEqual(await postedSoon(page, 'link/open'), [{ url: 'https://example.com/guide' }]);
  assert.equal(page.url(), address);
});

test('a list keeps its number behind a code block, and a column its side', async (t) => {
  const { page } = await open(t, 'chosen');
  const text =
    '1. one\n2. two\n\n```sh\nls\n```\n\n3. three\n\n| a | b | c |\n| --- | :-: | ---: |\n| 1 | 2 | 3 |\n';
  await deltas(page, 1, [{ op: 'add', item: textItem('x', text) }]);
  await page.locator('.table-box').waitFor();
  const found = await page.locator('.markdown').evaluate((root) => ({
    starts: [...root.querySelectorAll('ol')].map((list) => list.start),
    sides: [...root.querySelectorAll('th, td')].map((cell) => getComputedStyle(cell).textAlign),
    attributes: [...root.querySelectorAll('ol, ol *, table, table *')].flatMap((e) =>
      e.getAttributeNames().map((name) => `${e.tagName} ${name}`),
    ),
  }));
  assert.deepEqual(found, {
    starts: [1, 3],
    sides: ['left', 'center', 'right', 'left', 'center', 'right'],
    attributes: ['OL start', 'TH align', 'TH align', 'TD align', 'TD align'],
  });
});

const longText = `# Title

Some *text* with \`code\`, a [link](https://example.com) and
a second line.

- one
- two

  still two
- three

3. three
4. four

\`\`\`ts
const a = 1;

// a comment with \`\`\` in it
const b = \`x\`;
\`\`\`

| a | b |
| --- | ---: |
| 1 | 2 |

> quote
> more
lazy

Setext
======

~~~
tilde \`\`\`
~~~

    indented

    code

[ref]: https://example.com/ref

A [ref] at last, and <b>tags</b> that are text.

\`\`\`
never closed
`;

test('[R220] of a conversation that grows without a pause, only the end is held while its end is read', async (t) => {
  const { page } = await open(t, 'chosen');
  const total = 6000;
  await page.evaluate(async (count) => {
    let seq = 1;
    for (let at = 0; at < count; at += 12) {
      const items = Array.from({ length: 12 }, (_, index) => ({
        kind: 'text',
        id: `t${at + index}`,
        text: `Line ${at + index}`,
        isOpen: false,
      }));
      window.fakeHost.deltas(
        seq++,
        items.map((item) => ({ op: 'add', item })),
      );
      await new Promise((done) => requestAnimationFrame(done));
    }
  }, total);
  const last = page.locator('.row').filter({ hasText: `Line ${total - 1}` });
  await last.waitFor();
  const { heldHeight, rowHeight, known } = await last.evaluate((row) => ({
    heldHeight: row.closest('.rows').getBoundingClientRect().height,
    rowHeight: row.getBoundingClientRect().height,
    known: Number(row.getAttribute('aria-setsize')),
  }));
  assert.ok(known >= total, `${known}`);
  assert.ok(heldHeight < (total / 2) * rowHeight, `${heldHeight / rowHeight} rows are held`);
});

test('the DOM after a stream equals a full parse of the final text, however it was cut', async (t) => {
  const { page } = await open(t, 'chosen');
  // No highlighting in between: it is painted in idle time.
  await page.evaluate(() => (window.requestIdleCallback = () => 0));
  await deltas(page, 1, [{ op: 'add', item: textItem('whole', longText) }]);
  let seq = 1;
  const html = () =>
    page.evaluate(() => [...document.querySelectorAll('.markdown')].map((e) => e.innerHTML));
  const steps = [[1], [3, 11, 2], [50, 1, 1], [7], [200]];
  for (const [round, sizes] of steps.entries()) {
    await deltas(page, ++seq, [{ op: 'add', item: textItem(`s${round}`, '', true) }]);
    for (let at = 0, i = 0; at < longText.length; i++) {
      const size = sizes[i % sizes.length];
      await deltas(page, ++seq, [
        { op: 'text', id: `s${round}`, delta: longText.slice(at, at + size) },
      ]);
      if (i % 3 !== 0) await frames(page, 1);
      at += size;
    }
    await frames(page);
    await deltas(page, ++seq, [{ op: 'replace', item: textItem(`s${round}`, longText) }]);
    await frames(page);
    const [whole, streamed] = await html();
    assert.equal(streamed, whole, `cut by ${sizes}`);
    await deltas(page, ++seq, [{ op: 'remove', id: `s${round}` }]);
  }
});

test('an open code fence only grows its text node', async (t) => {
  const { page } = await open(t, 'chosen');
  await deltas(page, 1, [
    { op: 'add', item: textItem('x', 'Before\n\n```ts\nconst a = 1;\n', true) },
  ]);
  await frames(page);
  await page.evaluate(() => (window.node = document.querySelector('.markdown code').firstChild));
  await deltas(page, 2, [{ op: 'text', id: 'x', delta: 'const b = 2;\n``' }]);
  await frames(page);
  const during = await page.evaluate(() => ({
    isSame: window.node === document.querySelector('.markdown code').firstChild,
    text: window.node.data,
  }));
  assert.deepEqual(during, { isSame: true, text: 'const a = 1;\nconst b = 2;' });
  await deltas(page, 3, [{ op: 'text', id: 'x', delta: '`\n\nAfter\n' }]);
  await frames(page);
  assert.equal(await page.locator('.markdown > p').last().innerText(), 'After');
});

test('a finished code block is coloured, and copied as it was written', async (t) => {
  const { page } = await open(t, 'answer');
  await page.locator('.markdown .hljs-keyword').first().waitFor();
  await page.locator('[data-code-action="copy"]').click();
  const [{ text }] = await postedSoon(page, 'text/copy');
  assert.match(text, /^import \{ parse \} from '\.\/lexer';\n/);
});

test('a missed delta asks for a snapshot, a repeated one changes nothing', async (t) => {
  const { page } = await open(t, 'chosen');
  await deltas(page, 1, [{ op: 'add', item: textItem('x', 'one', true) }]);
  await deltas(page, 2, [{ op: 'text', id: 'x', delta: ' two' }]);
  await deltas(page, 2, [{ op: 'text', id: 'x', delta: ' two' }]);
  await frames(page);
  assert.equal(await id(page, 'item-text').innerText(), 'one two');
  assert.deepEqual(await posted(page, 'view/resync'), []);
  await page.evaluate(() => {
    window.fakeHost.snapshot = {
      ...window.fakeHost.snapshot,
      seq: 4,
      items: [{ kind: 'text', id: 'x', text: 'one two three four', isOpen: true }],
    };
  });
  await deltas(page, 4, [{ op: 'text', id: 'x', delta: ' four' }]);
  assert.deepEqual(await postedSoon(page, 'view/resync'), [{ lastSeq: 2 }]);
  await page.getByText('one two three four').waitFor();
  await deltas(page, 5, [{ op: 'text', id: 'x', delta: ' five' }]);
  await page.getByText('one two three four five').waitFor();
});

const runPrompt = scenes.prompt.snapshot.prompts[0];

test('a question takes the focus on its card, where no key allows anything', async (t) => {
  const { page } = await open(t, 'streaming');
  await page.bringToFront();
  await id(page, 'composer').focus();
  await page.waitForTimeout(1600); // the pause after which an empty composer is no typing
  await notify(page, 'prompt/changed', { prompts: [runPrompt] });
  await id(page, 'prompt-card').waitFor();
  assert.equal(await focused(page), 'prompt-card');
  for (const key of ['Enter', 'Space', 'y', 'a']) await page.keyboard.press(key);
  assert.deepEqual(await posted(page, 'permission/answer'), []);
  await page.keyboard.press('Tab'); // the command, then the buttons
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'allow-once');
  await page.keyboard.press('Enter');
  assert.deepEqual(await postedSoon(page, 'permission/answer'), [
    { questionId: 'p1', digest: 'd1', answer: { kind: 'allowOnce' } },
  ]);
  await notify(page, 'prompt/changed', { prompts: [] });
  await id(page, 'prompt-card').waitFor({ state: 'detached' });
  assert.equal(await focused(page), 'composer');
});

test('a question never takes the focus from someone who types', async (t) => {
  const { page } = await open(t, 'streaming');
  await id(page, 'composer').pressSequentially('and then');
  await notify(page, 'prompt/changed', { prompts: [runPrompt] });
  await id(page, 'prompt-card').waitFor();
  assert.equal(await focused(page), 'composer');
  assert.equal(await id(page, 'composer').inputValue(), 'and then');
});

test('denying can carry words, and hidden characters are seen before', async (t) => {
  const { page } = await open(t, 'prompts');
  const cards = id(page, 'prompt-card');
  await cards.last().waitFor();
  assert.deepEqual(await cards.last().locator('.hidden-character').allInnerTexts(), ['‹U+202E›']);
  await cards.last().getByTestId('deny-reason').click();
  await page.keyboard.type('not my keys');
  await page.keyboard.press('Enter');
  assert.deepEqual(await postedSoon(page, 'permission/answer'), [
    { questionId: 'p2', digest: 'd2', answer: { kind: 'deny', reason: 'not my keys' } },
  ]);
});

test('a question of the agent is answered with options and own words', async (t) => {
  const { page } = await open(t, 'question');
  await page.getByText('parseDocument').click();
  await page.getByText('Docs').click();
  await page.getByText('Examples').click();
  await page.locator('vscode-text-field').last().locator('input').fill('the changelog');
  await id(page, 'answer').click();
  assert.deepEqual(await postedSoon(page, 'permission/answer'), [
    {
      questionId: 'p3',
      digest: 'd3',
      answer: {
        kind: 'answers',
        answers: {
          'Which name should the old export keep?': 'parseDocument',
          'What else should be renamed?': 'Docs, Examples, the changelog',
        },
      },
    },
  ]);
});

test('hunks are reached and decided by keyboard', async (t) => {
  const { page } = await open(t, 'edit');
  const hunks = id(page, 'hunk');
  await hunks.first().focus();
  await page.keyboard.press('ArrowDown');
  assert.match(await page.evaluate(() => document.activeElement.ariaLabel), /^Change 2 of 2/);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('a');
  await page.keyboard.press('d');
  assert.deepEqual(await postedSoon(page, 'hunk/decide', 2), [
    { editId: 'e1', hunkIds: ['h1'], decision: 'approve' },
    { editId: 'e1', hunkIds: ['h2'], decision: 'deny' },
  ]);
  await hunks.first().getByTestId('hunk-deny-reason').click();
  await page.keyboard.type('keep the name');
  await page.keyboard.press('Enter');
  const decided = await postedSoon(page, 'hunk/decide', 3);
  assert.deepEqual(decided.at(-1), {
    editId: 'e1',
    hunkIds: ['h1'],
    decision: 'deny',
    reason: 'keep the name',
  });
});

test('the file is decided and reviewed as a whole from its card and from the bar', async (t) => {
  const { page } = await open(t, 'edit');
  await id(page, 'open-review').click();
  await id(page, 'approve-all').click();
  await id(page, 'pending-open').click();
  await id(page, 'pending-deny-all').click();
  assert.deepEqual(await postedSoon(page, 'edit/open'), [{ editId: 'e1' }]);
  assert.deepEqual(await postedSoon(page, 'hunk/decide'), [
    { editId: 'e1', hunkIds: [], decision: 'approve' },
  ]);
  assert.deepEqual(await postedSoon(page, 'action/run'), [{ action: 'reviewNext' }]);
  assert.deepEqual(await postedSoon(page, 'edit/decideAll'), [{ decision: 'deny' }]);
});

test('Enter sends, Shift+Enter breaks the line, an empty prompt is not sent, a refused one stays', async (t) => {
  const { page } = await open(t, 'chosen');
  const composer = id(page, 'composer');
  await composer.press('Enter');
  await composer.fill('  \n ');
  await composer.press('Enter');
  await composer.fill('');
  await composer.pressSequentially('one');
  await composer.press('Shift+Enter');
  await composer.pressSequentially('two');
  await page.evaluate(() => {
    window.fakeHost.answers['prompt/submit'] = () => ({
      accepted: false,
      problem: 'No model is chosen.',
    });
  });
  await composer.press('Enter');
  await page.getByText('No model is chosen.').waitFor();
  assert.equal(await composer.inputValue(), 'one\ntwo');
  await page.evaluate(() => {
    window.fakeHost.answers['prompt/submit'] = () => ({ accepted: true });
  });
  await composer.press('Enter');
  await page.waitForFunction(() => document.getElementById('composer').value === '');
  assert.deepEqual(await posted(page, 'prompt/submit'), [
    { kind: 'followUp', text: 'one\ntwo' },
    { kind: 'followUp', text: 'one\ntwo' },
  ]);
});

test('[R220] the draft and the place of reading survive a reload of the page', async (t) => {
  const { page } = await open(t, 'long');
  await id(page, 'composer').fill('half a thought');
  await postedSoon(page, 'view/draft');
  const list = id(page, 'message-list');
  await list.evaluate((e) => e.scrollTo(0, e.scrollHeight / 2));
  await page.waitForTimeout(400); // the place is noted when scrolling rests
  await frames(page, 4);
  const top = () =>
    list.evaluate((e) => {
      const edge = e.getBoundingClientRect().top;
      const row = [...e.querySelectorAll('.row')].find(
        (r) => r.getBoundingClientRect().bottom > edge + 1,
      );
      return row.getAttribute('aria-posinset');
    });
  const before = await top();
  await page.reload();
  await page.locator('.row').first().waitFor();
  await frames(page, 6);
  assert.equal(await id(page, 'composer').inputValue(), 'half a thought');
  assert.ok(Math.abs(Number(await top()) - Number(before)) <= 1, `${before} and ${await top()}`);
});

test('a paste of one megabyte leaves the panel usable', async (t) => {
  const { page } = await open(t, 'chosen');
  const composer = id(page, 'composer');
  await composer.focus();
  const text = 'a line of pasted text that is not short\n'.repeat(26_000);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
  await composer.press('ControlOrMeta+v');
  await frames(page);
  await composer.press('End');
  await composer.press('x');
  assert.equal((await composer.inputValue()).length, text.length + 1);
  const height = await composer.evaluate((e) => e.clientHeight / window.innerHeight);
  assert.ok(height <= 0.41, `${height} of the height`);
  await composer.press('Enter');
  const [sent] = await postedSoon(page, 'prompt/submit');
  assert.equal(sent.text.length, text.length + 1);
});

test('a long session has few rows in the page, starts at its end and can be read upwards', async (t) => {
  const { page } = await open(t, 'long');
  await page.locator('[aria-posinset="5000"]').waitFor();
  assert.ok((await page.locator('.row').count()) < 60);
  const list = id(page, 'message-list');
  await list.hover();
  for (let i = 0; i < 10; i++) {
    await page.mouse.wheel(0, -600);
    await frames(page, 2);
  }
  assert.ok((await page.locator('.row').count()) < 60);
  const overlaps = await list.evaluate((e) => {
    const boxes = [...e.querySelectorAll('.row')].map((r) => r.getBoundingClientRect());
    boxes.sort((a, b) => a.top - b.top);
    return boxes.slice(1).filter((box, i) => box.top < boxes[i].bottom - 1).length;
  });
  assert.equal(overlaps, 0);
});

test('streaming follows the end only for a reader who is there', async (t) => {
  const { page } = await open(t, 'long', { height: 500 });
  const list = id(page, 'message-list');
  const fromEnd = () => list.evaluate((e) => e.scrollHeight - e.scrollTop - e.clientHeight);
  await frames(page, 6);
  let seq = 0;
  await deltas(page, ++seq, [{ op: 'add', item: textItem('new', 'Begin.\n\n', true) }]);
  for (let i = 0; i < 30; i++) {
    await deltas(page, ++seq, [
      { op: 'text', id: 'new', delta: `Paragraph ${i} with some words.\n\n` },
    ]);
    await frames(page, 2);
  }
  assert.ok((await fromEnd()) <= 40, `${await fromEnd()} px from the end`);
  await list.hover();
  await page.mouse.wheel(0, -300);
  await page.waitForTimeout(200);
  const anchor = await list.evaluate((e) => {
    const edge = e.getBoundingClientRect().top;
    window.anchor = [...e.querySelectorAll('.markdown p')].find(
      (p) => p.getBoundingClientRect().top > edge,
    );
    return window.anchor.getBoundingClientRect().top;
  });
  for (let i = 30; i < 50; i++) {
    await deltas(page, ++seq, [
      { op: 'text', id: 'new', delta: `Paragraph ${i} with some words.\n\n` },
    ]);
    await frames(page, 2);
  }
  const now = await page.evaluate(() => window.anchor.getBoundingClientRect().top);
  assert.ok(Math.abs(now - anchor) < 1, `what is read moved from ${anchor} to ${now}`);
  assert.equal(await id(page, 'to-end').innerText(), 'New');
  await id(page, 'to-end').click();
  await page.waitForFunction(() => {
    const e = document.querySelector('[data-testid="message-list"]');
    return e.scrollHeight - e.scrollTop - e.clientHeight <= 40;
  });
  await id(page, 'to-end').waitFor({ state: 'detached' });
});

test('the end stays in view when a bar appears below it or the composer grows', async (t) => {
  const { page } = await open(t, 'long', { height: 500 });
  const list = id(page, 'message-list');
  const fromEnd = () => list.evaluate((e) => e.scrollHeight - e.scrollTop - e.clientHeight);
  await page.locator('[aria-posinset="5000"]').waitFor();
  await frames(page, 6);
  await notify(page, 'edit/changed', { edits: scenes.edit.snapshot.edits });
  await id(page, 'pending-bar').waitFor();
  await id(page, 'composer').fill('one\ntwo\nthree\nfour\nfive');
  await frames(page, 6);
  assert.ok((await fromEnd()) <= 2, `${await fromEnd()} px from the end`);
  assert.equal(await id(page, 'to-end').count(), 0);
});

test('Escape and the button stop a running turn, and nothing else', async (t) => {
  const { page } = await open(t, 'streaming');
  await id(page, 'composer').press('Escape');
  await id(page, 'stop').click();
  assert.equal((await postedSoon(page, 'turn/stop', 2)).length, 2);
  await id(page, 'model-picker').click();
  await page.keyboard.press('Escape'); // closes the list
  await id(page, 'model-search').waitFor({ state: 'detached' });
  assert.equal((await posted(page, 'turn/stop')).length, 2);
  assert.equal(await focused(page), 'model-picker');
});

test('models are searched and chosen by keyboard', async (t) => {
  const { page } = await open(t, 'chosen');
  await id(page, 'model-picker').click();
  await page.keyboard.type('gpt mini');
  await page.keyboard.press('Enter');
  assert.deepEqual(await postedSoon(page, 'model/choose'), [{ modelId: 'openai/gpt-5-mini' }]);
  assert.equal(await focused(page), 'composer');
  await id(page, 'mode-picker').click();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  assert.deepEqual(await postedSoon(page, 'mode/choose'), [{ mode: 'accept-edits' }]);
});

test('an endpoint is added with the models that it names, or with models typed by hand', async (t) => {
  const { page } = await open(t, 'chosen');
  await notify(page, 'view/show', { what: 'endpoint' });
  await id(page, 'endpoint-form').waitFor();
  await id(page, 'endpoint-name').locator('input').fill('Ollama');
  await id(page, 'endpoint-url').locator('input').fill('http://localhost:1/v1');
  await id(page, 'endpoint-probe').click();
  await page.getByText('You can type the models by hand.').waitFor();
  await id(page, 'endpoint-url').locator('input').fill('http://localhost:11434/v1');
  await id(page, 'endpoint-probe').click();
  await page.getByText('2 models found').waitFor();
  await id(page, 'endpoint-models').fill('qwen3-coder:30b\nmine');
  await id(page, 'endpoint-save').click();
  assert.deepEqual(await postedSoon(page, 'endpoint/add'), [
    { name: 'Ollama', url: 'http://localhost:11434/v1', models: ['qwen3-coder:30b', 'mine'] },
  ]);
  await id(page, 'endpoint-form').waitFor({ state: 'detached' });
});

test('what is missing in an endpoint is said, and its field is where typing goes on', async (t) => {
  const { page } = await open(t, 'chosen');
  await notify(page, 'view/show', { what: 'endpoint' });
  await id(page, 'endpoint-save').click();
  await page.getByRole('alert').getByText('Give it a name.').waitFor();
  await page.keyboard.type('Ollama');
  await id(page, 'endpoint-save').click();
  await page
    .getByRole('alert')
    .getByText(/^The base URL begins/)
    .waitFor();
  await page.keyboard.type('http://localhost:1/v1');
  await id(page, 'endpoint-save').click();
  await page
    .getByRole('alert')
    .getByText(/^Name at least one model/)
    .waitFor();
  await page.keyboard.type('mine');
  await id(page, 'endpoint-save').click();
  assert.deepEqual(await postedSoon(page, 'endpoint/add'), [
    { name: 'Ollama', url: 'http://localhost:1/v1', models: ['mine'] },
  ]);
});

test('what can be done about a full context is in reach, however much stands above it', async (t) => {
  const { page } = await open(t, 'chosen', { width: 220, height: 480 });
  await deltas(page, 1, [], {
    ...scenes.chosen.snapshot.status,
    compaction: 'ours',
    context: {
      usedTokens: 151_234,
      windowTokens: 200_000,
      reserveTokens: 32_000,
      limitTokens: 160_000,
      basis: 'estimated',
      parts: { system: 3120, tools: 12_400, mcp: 8200, files: 22_000, conversation: 105_514 },
    },
  });
  await id(page, 'context-gauge').click();
  await page.getByText('From 160,000 tokens on, earlier messages are summarised.').waitFor();
  const panel = await id(page, 'context-panel').boundingBox();
  for (const name of ['context-compact', 'context-cost']) {
    const button = await id(page, name).boundingBox();
    assert.ok(button.y + button.height <= panel.y + panel.height, name);
  }
  await id(page, 'context-compact').click({ trial: true });
});

test('earlier sessions are listed, opened, and removed after a question in their place', async (t) => {
  const { page } = await open(t, 'chosen');
  await notify(page, 'view/show', { what: 'history' });
  await id(page, 'history-list').waitFor();
  await id(page, 'history-remove').nth(1).click();
  assert.deepEqual(await posted(page, 'session/remove'), []);
  await id(page, 'history-remove-confirm').click();
  assert.deepEqual(await postedSoon(page, 'session/remove'), [{ sessionId: 'session-2' }]);
  await page.getByText('Add a dark icon').click();
  assert.deepEqual(await postedSoon(page, 'session/open'), [{ sessionId: 'session-3' }]);
});

test('the empty state starts each runtime with one click and offers what the others need', async (t) => {
  const { page } = await open(t, 'empty');
  await id(page, 'runtime-claude-cli').locator('.runtime-start').click();
  await id(page, 'runtime-action-codex').click();
  await id(page, 'runtime-action-anthropic').click();
  await id(page, 'runtime-playground').locator('.runtime-start').click();
  assert.deepEqual(await postedSoon(page, 'model/choose'), [{ modelId: 'claude-cli/default' }]);
  assert.deepEqual(await postedSoon(page, 'action/run', 3), [
    { action: 'signIn', target: 'codex' },
    { action: 'setKey', target: 'anthropic' },
    { action: 'startPlayground' },
  ]);
});

test('screen readers are told of a question and of the end of an answer, each once', async (t) => {
  const { page } = await open(t, 'streaming');
  const { status } = scenes.streaming.snapshot;
  await notify(page, 'prompt/changed', { prompts: [runPrompt] });
  await notify(page, 'prompt/changed', { prompts: [runPrompt] });
  await notify(page, 'prompt/changed', { prompts: [] });
  await deltas(page, 1, [], { ...status, phase: 'idle', activity: undefined });
  await frames(page);
  assert.deepEqual(await page.locator('[role="status"].only-spoken p').allTextContents(), [
    'Claude Code asks to run a command',
    'Answer finished',
  ]);
});

test('a tool card opens to input and output and fetches the rest', async (t) => {
  const { page } = await open(t, 'answer');
  const card = id(page, 'tool-card').first();
  await card.getByRole('button', { name: /^Read src\/parser.ts, done/ }).press('Enter');
  await card.getByText('reads inside the workspace run').waitFor();
  await card.getByText('Show all (1.2 KB)').click();
  assert.deepEqual(
    await page.evaluate(
      () => window.fakeHost.posted.find((m) => m.method === 'tool/detail').params,
    ),
    {
      callId: 'c-read',
      part: 'output',
    },
  );
  await card.getByText('the whole output').waitFor();
  await card.getByRole('button', { name: 'src/parser.ts', exact: true }).click();
  assert.deepEqual(await postedSoon(page, 'file/open'), [{ path: '/home/ann/app/src/parser.ts' }]);
});

test('without the toolkit’s chunk every answer can still be given by keyboard', async (t) => {
  const { page } = await open(t, 'prompt', { block: '**/toolkit-*.js' });
  const allow = id(page, 'allow-once');
  await page.waitForFunction(() => customElements.get('vscode-button') !== undefined);
  await allow.focus();
  await page.keyboard.press('Enter');
  assert.equal((await postedSoon(page, 'permission/answer')).length, 1);
});

test('without the Markdown chunk texts are shown as they are written', async (t) => {
  const { page } = await open(t, 'answer', { block: '**/markdown-*.js' });
  await page.getByText('What changed:').waitFor();
  assert.ok((await page.locator('.markdown.is-plain').count()) > 0);
});

test('the toolkit follows a change of theme', async (t) => {
  const { page } = await open(t, 'prompt');
  const background = () =>
    id(page, 'allow-once').evaluate((e) => getComputedStyle(e).backgroundColor);
  assert.equal(await background(), 'rgb(0, 120, 212)');
  await page.evaluate(() =>
    document.documentElement.style.setProperty('--vscode-button-background', 'rgb(1, 2, 3)'),
  );
  assert.equal(await background(), 'rgb(1, 2, 3)');
});

test('a file is mentioned by @ and a few letters, from the keyboard', async (t) => {
  const { page, problems } = await open(t, 'empty');
  const composer = id(page, 'composer');
  await composer.click();
  await composer.pressSequentially('look at @pars');
  await id(page, 'mention-list').getByRole('option').nth(1).waitFor();
  await composer.press('ArrowDown');
  await composer.press('Enter');
  await id(page, 'mention-list').waitFor({ state: 'detached' });
  assert.equal(await composer.inputValue(), 'look at @"docs/parser notes.md" ');
  assert.deepEqual(
    await posted(page, 'prompt/submit'),
    [],
    'the key chose a file and sent nothing',
  );
  await composer.pressSequentially('@lex');
  await id(page, 'mention-list').waitFor();
  await composer.press('Escape');
  await id(page, 'mention-list').waitFor({ state: 'detached' });
  assert.equal(await composer.inputValue(), 'look at @"docs/parser notes.md" @lex');
  assert.deepEqual(problems, []);
});
