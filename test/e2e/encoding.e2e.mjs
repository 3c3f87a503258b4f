import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { e2e } from '../support/e2e.mjs';

const id = (name) => `[data-testid="${name}"]`;
const says = (text) => ({ blocks: [{ type: 'text', text }] });
const edit = {
  blocks: [
    {
      type: 'tool',
      name: 'edit_file',
      input: { path: 'farben.txt', edits: [{ search: 'rot', replace: 'blau' }] },
    },
  ],
};
const latin = (text) => Buffer.from(text, 'latin1');

e2e(
  '[R225] a file in another encoding is not edited until the user has opened it in its own, by a button, and then exactly',
  async ({ start, modelServer, shot }) => {
    const folder = path.join(mkdtempSync(path.join(tmpdir(), 'patchbay-ws-')), 'farben');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'farben.txt'), latin('grün\nrot\nweiß\n'));
    const server = await modelServer({
      scenario: { turns: [edit, says('I cannot.'), edit, says('Now it is.')] },
    });
    const app = await start({
      folder,
      settings: {
        'patchbay.providerUrls': { anthropic: server.url },
        'patchbay.defaultModel': 'anthropic/claude-opus-5-5',
      },
      env: { ANTHROPIC_API_KEY: 'sk-test-0123456789abcdefghij' },
    });
    const chat = await app.openChat(id('empty-state'));
    await chat.locator(`${id('runtime-anthropic')}[data-state="ready"]`).waitFor();
    await chat.locator(id('composer')).fill('Make red blue');
    await chat.locator(id('composer')).press('Enter');
    await chat.getByText('I cannot.').waitFor();
    assert.deepEqual(app.bytes('farben.txt'), latin('grün\nrot\nweiß\n'));
    assert.match(
      JSON.stringify(server.requests.at(-1).body),
      /not in the encoding that the editor reads it in/,
    );

    await shot('encoding-1-offer');
    await app.answerNotification('farben.txt was not edited', 'Choose Encoding');
    const western = app.page
      .locator('.quick-input-widget .monaco-list-row', { hasText: 'Western (Windows 1252)' })
      .first();
    await western.getByText('grün').waitFor();
    await shot('encoding-2-choose');
    await western.click();
    await app.page.locator('.statusbar-item', { hasText: /Windows 1252/ }).waitFor();
    await app.page.locator('.view-line', { hasText: 'weiß' }).waitFor();

    await chat.locator(id('composer')).fill('Again');
    await chat.locator(id('composer')).press('Enter');
    await chat.getByRole('button', { name: 'Approve all' }).click();
    await chat.getByText('Now it is.').waitFor();
    assert.deepEqual(app.bytes('farben.txt'), latin('grün\nblau\nweiß\n'));
  },
);
