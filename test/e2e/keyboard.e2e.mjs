import assert from 'node:assert/strict';
import { e2e } from '../support/e2e.mjs';

const id = (name) => `[data-testid="${name}"]`;

/** Runs a command as a person without a mouse does: open the palette, type, go to the row with that title, Enter. */
async function command(page, title) {
  await page.keyboard.press('F1');
  await page.locator('.quick-input-widget input.input').waitFor({ state: 'visible' });
  await page.keyboard.type(`Patchbay: ${title}`);
  const rows = page.locator('.quick-input-widget .monaco-list-row');
  const wanted = rows.filter({ has: page.getByText(`Patchbay: ${title}`, { exact: true }) });
  await wanted.waitFor();
  const chosen = rows.and(page.locator('.focused'));
  for (let step = 0; step < 6 && !(await isSame(wanted, chosen)); step++) {
    await page.keyboard.press('ArrowDown');
  }
  assert.ok(await isSame(wanted, chosen), `${title} can be reached in the palette`);
  await page.keyboard.press('Enter');
}

const isSame = async (one, other) =>
  (await one.getAttribute('aria-label')) === (await other.getAttribute('aria-label'));

/** Waits until the cursor of the editor is on this line (the status bar says so). */
const cursorOnLine = (page, line) =>
  page.locator('.statusbar-item', { hasText: new RegExp(`^Ln ${line}, Col 1$`) }).waitFor();

/** Presses a key that may not mean anything yet, and again when nothing came of it. */
async function pressUntil(page, key, result) {
  for (let attempt = 1; ; attempt++) {
    await page.keyboard.press(key);
    try {
      await result.waitFor({ timeout: 10_000 });
      return;
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

/** What has the focus in the chat: `allow-once`, `prompt-card`, … or the tag's name. */
const focused = (chat) =>
  chat.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute('data-testid') ?? element?.tagName ?? '';
  });

e2e(
  'a prompt, a command and an edit of two hunks are done with the keyboard alone',
  async ({ start, modelServer, shot }) => {
    const notes = '# Notes\n\nfence: 12 m by 1.8 m\ncolour: red\ncoats: 2\n';
    const server = await modelServer({
      scenario: {
        turns: [
          {
            // Longer than the pause after which the user no longer counts as typing.
            waitMs: 2500,
            blocks: [{ type: 'tool', tool: 'shell', command: 'echo keys-$((40 + 2))' }],
          },
          {
            blocks: [
              {
                type: 'tool',
                name: 'edit_file',
                input: {
                  path: 'notes.md',
                  edits: [
                    { search: '# Notes', replace: '# Fence notes' },
                    { search: 'coats: 2', replace: 'coats: 3' },
                  ],
                },
              },
            ],
          },
          { blocks: [{ type: 'text', text: 'Done by keyboard.' }] },
        ],
      },
    });
    const app = await start({
      settings: {
        'patchbay.providerUrls': { anthropic: server.url },
        'patchbay.defaultModel': 'anthropic/claude-opus-5-5',
      },
      env: { ANTHROPIC_API_KEY: 'sk-test-0123456789abcdefghij' },
    });
    const { page } = app;
    const chat = await app.openChat(id('empty-state'));
    await chat.locator(`${id('runtime-anthropic')}[data-state="ready"]`).waitFor();

    // The key of the chat puts the caret into the prompt.
    await page.keyboard.press('Control+Alt+P');
    await chat.locator(`${id('composer')}:focus`).waitFor();
    await page.keyboard.type('Change the notes');
    await page.keyboard.press('Enter');

    // The question takes the focus on itself, so that a key pressed by chance allows nothing.
    const prompt = chat.locator(id('prompt-card'));
    await prompt.waitFor();
    await chat.locator(`${id('prompt-card')}:focus`).waitFor();
    await shot('keyboard-1-prompt');
    const visited = [];
    for (let step = 0; step < 6 && (await focused(chat)) !== 'allow-once'; step++) {
      await page.keyboard.press('Tab');
      visited.push(await focused(chat));
    }
    assert.equal(visited.at(-1), 'allow-once', `Tab went over ${visited.join(', ')}`);
    await page.keyboard.press('Enter');

    // The edit: from the chat into the review, hunk by hunk.
    const card = chat.locator(id('edit-card'));
    await card.waitFor();
    assert.match(JSON.stringify(server.requests.at(-1).body), /keys-42/, 'the command ran');
    assert.notEqual(await focused(chat), 'BODY', 'the answered card hands the focus on');
    await page.locator('.tab', { hasText: 'notes.md' }).waitFor();
    await command(page, 'Review Edits');
    await page.locator('.editor .monaco-editor.focused').waitFor();
    await cursorOnLine(page, 1);
    await page.keyboard.press('Alt+F5');
    await cursorOnLine(page, 5);
    await page.keyboard.press('Shift+Alt+F5');
    await cursorOnLine(page, 1);
    await command(page, 'Approve Hunk');
    await card.locator(id('hunk')).first().getByText('Approved').waitFor();
    await cursorOnLine(page, 5);
    assert.equal(app.text('notes.md'), notes, 'nothing is written before the last decision');
    await shot('keyboard-2-one-approved');
    // The key of the review; it means something as soon as the editor knows that the cursor is in a hunk.
    const done = chat.getByText('Done by keyboard.');
    await page.locator('.editor .monaco-editor.focused').waitFor();
    await pressUntil(page, 'Control+Shift+Backspace', done);

    assert.equal(app.text('notes.md'), notes.replace('# Notes', '# Fence notes'));
    assert.match(JSON.stringify(server.requests.at(-1).body), /coats: 3/);
    await page.locator('.tab', { hasText: 'notes.md' }).waitFor({ state: 'detached' });

    // The focus is somewhere a person can type or go on from, and the chat is one key away.
    const place = await page.evaluate(() => document.activeElement?.tagName ?? 'BODY');
    assert.notEqual(place, 'BODY', 'the focus is not lost');
    await page.keyboard.press('Control+Alt+P');
    await chat.locator(`${id('composer')}:focus`).waitFor();
    // The page of the view has the keys once the window says so too.
    await chat.waitForFunction(() => document.hasFocus());
    await page.waitForFunction(() => document.activeElement?.tagName === 'IFRAME');
    await page.keyboard.type('Thanks');
    assert.equal(await chat.locator(id('composer')).inputValue(), 'Thanks');
    await shot('keyboard-3-end');
  },
);
