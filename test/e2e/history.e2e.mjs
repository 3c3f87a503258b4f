// What a person does with the sessions they have: export in three formats, find, open, rename, delete.
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { e2e } from '../support/e2e.mjs';
import { artifacts } from '../support/patchbay.mjs';

const id = (name) => `[data-testid="${name}"]`;
const say = (text) => ({ blocks: [{ type: 'text', text }] });
const key = 'sk-test-0123456789abcdefghij';
/** Nothing in a session may run or be fetched where it is read. */
const hostile =
  'A zebra crossing. <script>document.title = "ran"</script> <img src="http://127.0.0.1:9/a.png" onerror="document.title = \'ran\'"> ![b](http://127.0.0.1:9/b.png)';

async function send(chat, text) {
  await chat.locator(id('composer')).fill(text);
  await chat.locator(id('composer')).press('Enter');
}

const toast = (app, text) =>
  app.page.locator('.notification-list-item-message').filter({ hasText: text }).last();

/** Chooses a format and a place; the text of the file. */
async function saveAs(app, format, extension) {
  await app.pick(format);
  const input = app.page.locator('.quick-input-widget input.input');
  // The dialog writes its own proposal first, whatever was typed before.
  await app.page.waitForFunction(
    (end) => document.querySelector('.quick-input-widget input.input')?.value.endsWith(end),
    `/Paint-the-fence.${extension}`,
  );
  await input.fill(path.join(app.folder, `exported.${extension}`));
  await input.press('Enter');
  await toast(app, 'The session was exported.').waitFor();
  await app.command('Notifications: Clear All Notifications');
  return app.text(`exported.${extension}`);
}

e2e(
  '[R206] sessions are exported in every format, found by their words, opened, renamed and deleted after a question',
  async ({ start, modelServer, shot }) => {
    const server = await modelServer({
      scenario: {
        turns: [
          { blocks: [{ type: 'tool', name: 'read_file', input: { path: 'printed.txt' } }] },
          say(`${hostile} The key is ${key}.`),
          say('A walrus.'),
          say('A fern.'),
        ],
      },
    });
    const app = await start({
      settings: {
        'patchbay.providerUrls': { anthropic: server.url },
        'patchbay.defaultModel': 'anthropic/claude-haiku-4-5',
      },
      env: { ANTHROPIC_API_KEY: key },
    });
    let chat = await app.openChat(id('empty-state'));
    const printed = `\u001b[31mred words\u001b[0m and ${key}\n`;
    writeFileSync(path.join(app.folder, 'printed.txt'), printed);
    await send(chat, 'Paint the fence');
    await chat.getByText('A zebra crossing.').waitFor();
    await chat.locator(id('stop')).waitFor({ state: 'hidden' });

    // From the palette, as text to read.
    await app.command('Patchbay: Export Session');
    const markdown = await saveAs(app, 'Markdown', 'md');
    assert.match(markdown, /Paint the fence/);
    assert.match(markdown, /red words and/);
    assert.match(markdown, /A zebra crossing\./);
    // For programs.
    await app.command('Patchbay: Export Session');
    const json = await saveAs(app, 'JSON', 'json');
    const exported = JSON.parse(json);
    assert.deepEqual([exported.schema, exported.title], ['patchbay.export/1', 'Paint the fence']);

    // From the list, as a page: nothing in it runs or is fetched, and colours of a terminal are colours.
    await app.command('Patchbay: Open Earlier Session');
    await chat.locator('.history-item').hover();
    await chat.locator(id('history-export')).click();
    const html = await saveAs(app, 'HTML', 'html');
    for (const text of [markdown, json, html]) {
      assert.ok(!text.includes(key) && !text.includes('\u001b'), 'no key, no escape sequence');
    }
    const page = await app.page.context().newPage();
    const requests = [];
    page.on('request', (request) => requests.push(request.url()));
    const file = pathToFileURL(path.join(app.folder, 'exported.html')).href;
    await page.goto(file, { waitUntil: 'networkidle' });
    await page.getByText('A zebra crossing. <script>').waitFor();
    assert.deepEqual(requests, [file], 'it opens without a network');
    assert.equal(await page.title(), 'Paint the fence');
    assert.equal(await page.locator('script, img, iframe, link[href], [onerror]').count(), 0);
    const red = page.getByText('red words', { exact: true });
    const colour = await red.evaluate((element) => getComputedStyle(element).color);
    const around = await red.evaluate((element) => getComputedStyle(element.parentElement).color);
    assert.notEqual(colour, around);
    await page.screenshot({ path: path.join(artifacts, 'history-1-html.png') });
    await page.close();

    // Another session; the first one is found by what was said in it, and opened.
    await app.command('Patchbay: New Session');
    await chat.locator(id('empty-state')).waitFor();
    await send(chat, 'Name an animal');
    await chat.getByText('A walrus.').waitFor();
    await chat.locator(id('stop')).waitFor({ state: 'hidden' });
    // Words sent from below the list are answered in view.
    await app.command('Patchbay: Open Earlier Session');
    await chat.locator('.history-item').nth(1).waitFor();
    await send(chat, 'And a plant');
    await chat.getByText('A fern.').waitFor();
    await chat.locator(id('stop')).waitFor({ state: 'hidden' });
    await app.command('Patchbay: Open Earlier Session');
    const rows = chat.locator('.history-item');
    await rows.nth(1).waitFor();
    const search = chat.locator(`${id('history-search')} input`);
    await search.fill('ZEBRA');
    await chat.locator(id('history-excerpt')).getByText('A zebra crossing.').waitFor();
    assert.equal(await rows.count(), 1);
    await shot('history-2-search');
    await rows.locator('.history-open').click();
    await chat.getByText('A zebra crossing.').waitFor();
    assert.equal(await chat.getByText('A walrus.').count(), 0);

    // Renamed in its place; the question before a deletion can be taken back.
    await app.command('Patchbay: Open Earlier Session');
    const walrus = rows.filter({ hasText: 'Name an animal' });
    await walrus.hover();
    await walrus.locator(id('history-rename')).click();
    const field = chat.locator(`${id('history-rename-field')} input`);
    await field.fill('Taken back');
    await field.press('Escape');
    await walrus.hover();
    await walrus.locator(id('history-rename')).click();
    await field.fill('Animals');
    await field.press('Enter');
    const renamed = rows.filter({ hasText: 'Animals' });
    await renamed.hover();
    await renamed.locator(id('history-remove')).click();
    await shot('history-3-delete');
    await chat.getByRole('button', { name: 'Keep' }).click();
    await renamed.waitFor();
    await app.reload();
    chat = await app.openChat(id('item-user'));
    await app.command('Patchbay: Open Earlier Session');
    const again = chat.locator('.history-item');
    await again.filter({ hasText: 'Animals' }).locator('.history-open').click();
    await chat.getByText('A walrus.').waitFor();
    const title = chat.locator(id('session-title'));
    await title.click();
    await chat.locator(`${id('rename-field')} input`).fill('Taken back');
    await chat.locator(`${id('rename-field')} input`).press('Escape');
    await title.getByText('Animals').click();
    await chat.locator(`${id('rename-field')} input`).fill('Animals and plants');
    await chat.locator(`${id('rename-field')} input`).press('Enter');
    await title.getByText('Animals and plants').waitFor();

    // Deleted for good: one from the list, one with the command; their files are gone.
    await app.command('Patchbay: Open Earlier Session');
    const fence = again.filter({ hasText: 'Paint the fence' });
    await fence.hover();
    await fence.locator(id('history-remove')).click();
    await chat.locator(id('history-remove-confirm')).click();
    await fence.waitFor({ state: 'detached' });
    await chat.getByRole('button', { name: 'Back to the session' }).click();
    await app.command('Patchbay: Delete Session');
    await app.page.locator('.monaco-dialog-box').getByText('“Animals and plants”').waitFor();
    await app.answerDialog('Cancel');
    await chat.getByText('A walrus.').waitFor();
    await app.command('Patchbay: Delete Session');
    await app.answerDialog('Delete');
    await chat.locator(id('empty-state')).waitFor();
    await app.command('Patchbay: Open Earlier Session');
    await chat.getByText('No earlier sessions in this folder.').waitFor();
    const stored = readdirSync(path.join(app.host.dirs.user, 'User/workspaceStorage'), {
      recursive: true,
    });
    assert.deepEqual(
      stored.filter((name) => /sessions\/[^/]+\.ndjson$/.test(name)),
      [],
    );
  },
);
