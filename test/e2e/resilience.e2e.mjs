import assert from 'node:assert/strict';
import { openView } from '../support/drive.mjs';
import { e2e } from '../support/e2e.mjs';

const id = (name) => `[data-testid="${name}"]`;
const key = { ANTHROPIC_API_KEY: 'sk-test-0123456789abcdefghij' };

async function startSlowTurn(start, modelServer) {
  const server = await modelServer({ scenario: 'slow-stream' });
  const app = await start({
    settings: { 'patchbay.providerUrls': { anthropic: server.url } },
    env: key,
  });
  const chat = await app.openChat(id('empty-state'));
  await chat.locator(id('runtime-anthropic')).click();
  await chat.locator(id('composer')).fill('Go slowly');
  await chat.locator(id('composer')).press('Enter');
  await chat.locator(id('item-text')).filter({ hasText: 'A slow answer' }).waitFor();
  return { app, chat, server };
}

e2e(
  'stopping in the middle of a turn keeps what has arrived and the panel goes on',
  async ({ start, modelServer, shot }) => {
    const { chat } = await startSlowTurn(start, modelServer);
    await chat.locator(id('composer')).press('Escape');
    await chat.locator(id('item-notice'), { hasText: 'Stopped.' }).waitFor();
    assert.match(await chat.locator(id('item-text')).first().innerText(), /^A slow answer/);
    await shot('resilience-1-stopped');
    await chat.locator(id('composer')).fill('Again');
    await chat.locator(id('composer')).press('Enter');
    await chat.getByText('Second try, fast.').waitFor();
  },
);

e2e(
  'a reload in the middle of a turn loses nothing and runs nothing again',
  async ({ start, modelServer, shot }) => {
    const { app, chat, server } = await startSlowTurn(start, modelServer);
    await chat.locator(id('composer')).fill('a draft that stays');
    // The server's own pace gives the draft the time to be kept, as a person's typing would.
    await chat
      .locator(id('item-text'))
      .filter({ hasText: /(goes on and on\..*){4}/ })
      .waitFor();
    const requests = server.requests.length;
    await app.reload();
    const again = await app.openChat(id('item-user'));
    await again.getByText('This turn was interrupted.').waitFor();
    assert.equal(await again.getByText('Stopped.').count(), 0, 'the user stopped nothing');
    assert.match(
      await again.locator(id('item-text')).first().innerText(),
      /^A slow answer that goes on and on/,
    );
    assert.equal(await again.locator(id('item-user')).count(), 1);
    assert.equal(await again.locator(id('composer')).inputValue(), 'a draft that stays');
    assert.equal(server.requests.length, requests, 'nothing runs again by itself');
    await shot('resilience-2-after-reload');
    await again.locator(id('composer')).fill('Go on');
    await again.locator(id('composer')).press('Enter');
    await again.getByText('Second try, fast.').waitFor();

    // It is found again among the earlier ones.
    await app.command('Patchbay: New Session');
    await again.locator(id('empty-state')).waitFor();
    await again.locator(`${id('composer')}:focus`).waitFor(); // it would close the palette that is opened next
    await app.command('Patchbay: Open Earlier Session');
    await again.locator(id('history-list')).getByText('Go slowly').first().click();
    await again.getByText('Second try, fast.').waitFor();
  },
);

e2e(
  '[R220] a page that is hidden and killed in the middle of a stream shows every delta once, with draft, pictures, place and question',
  async ({ start, modelServer, shot }) => {
    const words = Array.from({ length: 700 }, (_, at) => `word-${at + 1}`).join(' ');
    const server = await modelServer({
      scenario: {
        turns: [
          {
            delayMs: 50,
            chunk: 16,
            blocks: [
              { type: 'text', text: words },
              { type: 'tool', name: 'run_command', input: { command: 'touch made' } },
            ],
          },
          { blocks: [{ type: 'text', text: 'It is made.' }] },
          { blocks: [{ type: 'text', text: 'Red.' }] },
        ],
      },
    });
    const app = await start({
      settings: {
        'patchbay.providerUrls': { anthropic: server.url },
        'patchbay.defaultModel': 'anthropic/claude-haiku-4-5',
      },
      env: key,
    });
    let chat = await app.openChat(id('empty-state'));
    await chat.locator(id('composer')).fill('Count the words');
    await chat.locator(id('composer')).press('Enter');
    const text = () => chat.locator(id('item-text')).first();
    /** What is shown is what has come, from its first delta on, and more than before. */
    let before = '';
    const goesOn = async () => {
      await text().waitFor();
      await chat.waitForFunction(
        ([selector, least]) => document.querySelector(selector)?.innerText.length > least,
        [id('item-text'), before.length],
      );
      before = (await text().innerText()).trim();
      assert.ok(words.startsWith(before), `no delta is lost or doubled: …${before.slice(-60)}`);
      assert.ok(before.length < words.length, 'the stream still runs');
    };
    await goesOn();
    await chat.locator(id('composer')).fill('a draft that stays');
    await pastePicture(chat, 'red.png');
    await pastePicture(chat, 'also-red.png');
    const pictures = async () => {
      await chat.locator(id('attachment')).nth(1).waitFor();
      return chat.locator(`${id('attachment')} .attachment-name`).allInnerTexts();
    };
    assert.deepEqual(await pictures(), ['red.png', 'also-red.png']);
    await goesOn();

    // Another view takes its place; the page is gone.
    await openView(app.page, 'Explorer');
    await app.page.waitForFunction(() => document.querySelector('iframe.webview') === null);
    chat = await app.openChat(id('item-text'));
    await goesOn();
    assert.equal(await chat.locator(id('composer')).inputValue(), 'a draft that stays');
    assert.deepEqual(await pictures(), ['red.png', 'also-red.png']);

    // The page is killed in its place, twice.
    for (let kill = 0; kill < 2; kill++) {
      await app.command('Developer: Reload Webviews');
      await replaced(chat);
      chat = await app.chatFrame(id('item-text'));
      await goesOn();
    }
    assert.equal(await chat.locator(id('composer')).inputValue(), 'a draft that stays');
    assert.deepEqual(await pictures(), ['red.png', 'also-red.png']);

    // At its end the text is exact, and the question waits.
    await chat.locator(id('prompt-card')).waitFor({ timeout: 60_000 });
    assert.equal((await text().innerText()).trim(), words);
    await shot('resilience-3-question');

    // The user reads further up when the page is killed again: it comes back at that place, with draft and question.
    const list = chat.locator(id('message-list'));
    await list.hover();
    await app.page.mouse.wheel(0, -700);
    await chat.locator(id('to-end')).getByText('Question').waitFor();
    const place = await firstLine(chat);
    assert.match(place, /^word-\d+$/);
    await app.command('Developer: Reload Webviews');
    await replaced(chat);
    chat = await app.chatFrame(id('item-text'));
    await chat.locator(id('to-end')).getByText('Question').waitFor();
    assert.equal(await firstLine(chat), place);
    assert.equal(await chat.locator(id('composer')).inputValue(), 'a draft that stays');
    await shot('resilience-4-place');
    await chat.locator(id('to-end')).click();
    assert.throws(() => app.bytes('made'), /ENOENT/);
    await chat.locator(id('allow-once')).click();
    await chat.getByText('It is made.').waitFor();
    app.bytes('made');
    assert.equal(server.requests.length, 2, 'nothing was asked again');

    // The next window has them too; one is taken out, the other goes to the model and is in no draft any more.
    await app.reload();
    chat = await app.openChat(id('item-user'));
    assert.deepEqual(await pictures(), ['red.png', 'also-red.png']);
    await shot('resilience-5-pictures');
    await chat.locator(id('attachment-remove')).last().click();
    await chat.locator(id('composer')).press('Enter');
    await chat.getByText('Red.', { exact: true }).waitFor();
    assert.equal(JSON.stringify(server.requests.at(-1)).split(redPixel).length - 1, 1);
    await app.command('Developer: Reload Webviews');
    await replaced(chat);
    chat = await app.chatFrame(id('item-text'));
    assert.equal(await chat.locator(id('composer')).inputValue(), '');
    assert.equal(await chat.locator(id('attachment')).count(), 0);
  },
);

const redPixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

const pastePicture = (chat, name) =>
  chat.locator(id('composer')).evaluate(
    (area, [fileName, data]) => {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([bytes], fileName, { type: 'image/png' }));
      area.dispatchEvent(
        new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
      );
    },
    [name, redPixel],
  );

/** The document of this frame is gone. */
async function replaced(frame) {
  for (;;) {
    if (frame.isDetached()) return;
    await frame
      .page()
      .waitForEvent('framedetached', { timeout: 1000 })
      .catch(() => {});
  }
}

/** The words at the upper edge of the conversation. */
const firstLine = (chat) =>
  chat.locator(id('message-list')).evaluate((scroller) => {
    const { left, top } = scroller.getBoundingClientRect();
    const range = document.caretRangeFromPoint(left + 24, top + 30);
    const around = range.startContainer.textContent;
    return /word-\d+/.exec(around.slice(around.lastIndexOf(' ', range.startOffset) + 1))?.[0];
  });
