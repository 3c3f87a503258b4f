import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { becomes } from '../support/becomes.mjs';
import { e2e } from '../support/e2e.mjs';

const id = (name) => `[data-testid="${name}"]`;
const says = (text) => ({ blocks: [{ type: 'text', text }] });
const patch = (lines) => ({
  blocks: [{ type: 'tool', name: 'apply_patch', input: { patch: lines.join('\n') } }],
});

/** A folder with numbered notes; each has two places that a patch changes. */
function notesFolder(count) {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'patchbay-ws-')), 'notes');
  mkdirSync(path.join(folder, 'notes'), { recursive: true });
  for (let n = 1; n <= count; n++) {
    writeFileSync(path.join(folder, 'notes', `note-${String(n).padStart(2, '0')}.md`), noteText(n));
  }
  return folder;
}

const noteText = (n, { title = `Note ${n}`, coats = 2 } = {}) =>
  `# ${title}\n\nfence: ${n} m\ncolour: red\n\nLonger than it looks.\n\ncoats: ${coats}\n`;

const notesPatch = (count) => [
  '*** Begin Patch',
  ...Array.from({ length: count }, (_, index) => index + 1).flatMap((n) => [
    `*** Update File: notes/note-${String(n).padStart(2, '0')}.md`,
    '@@',
    `-# Note ${n}`,
    `+# Fence ${n}`,
    ' ',
    '@@',
    ' Longer than it looks.',
    ' ',
    '-coats: 2',
    '+coats: 3',
  ]),
  '*** End Patch',
];

async function openWith({ start, modelServer }, turns, { settings = {}, ...options } = {}) {
  const server = await modelServer({ scenario: { turns } });
  const app = await start({
    settings: {
      'patchbay.providerUrls': { anthropic: server.url },
      'patchbay.defaultModel': 'anthropic/claude-opus-5-5',
      ...settings,
    },
    env: { ANTHROPIC_API_KEY: 'sk-test-0123456789abcdefghij' },
    ...options,
  });
  const chat = await app.openChat(id('empty-state'));
  await chat.locator(`${id('runtime-anthropic')}[data-state="ready"]`).waitFor();
  return { app, chat, server };
}

async function send(chat, text) {
  await chat.locator(id('composer')).fill(text);
  await chat.locator(id('composer')).press('Enter');
}

const treeRows = (app) => app.page.locator('.pane:has-text("Pending Edits") .monaco-list-row');
const treeRow = (app, text) => treeRows(app).filter({ hasText: text }).first();
const lens = (app, text) =>
  app.page.locator('.editor-instance .codelens-decoration a', { hasText: text });
const decided = (app, text) =>
  app.page.locator('.editor-instance .codelens-decoration', { hasText: text }).first();
const tab = (app, text) => app.page.locator('.tab', { hasText: text });
const threadBox = (app) => app.page.locator('.review-widget .monaco-editor');
/** What the model was sent with the last request. */
const told = (server) => JSON.stringify(server.requests.at(-1).body);
const noteFile = (n) => ['notes', `note-${String(n).padStart(2, '0')}.md`];
const changed = (n) => noteText(n, { title: `Fence ${n}`, coats: 3 });

/** The view with room for its rows. */
async function openTree(app) {
  await app.command('Patchbay: Show Pending Edits');
  const chat = app.page.locator('.pane-header[aria-expanded="true"]', { hasText: 'Chat' });
  if (await chat.isVisible()) await chat.click();
}

async function rowAction(app, row, action) {
  await row.hover();
  await row.locator(`.actions a[aria-label^="${action}"]`).click();
}

e2e(
  '[R232] ten files at once are decided in the tree, by file, by selection and by hunk, and the rest in one editor',
  async (tools) => {
    const { app, server } = await tenFiles(tools);
    const { page } = app;
    await openTree(app);
    await treeRow(app, 'note-10.md').waitFor();
    await page.locator('.pane-header', { hasText: '20 edits to review' }).waitFor();
    assert.match(
      await treeRow(app, 'note-03.md').getAttribute('aria-label'),
      /notes\/note-03\.md, 2 of 2 edits waiting, 2 lines added, 2 removed, proposed by Anthropic/,
    );
    await tools.shot('review-tree');

    await rowAction(app, treeRow(app, 'note-01.md'), 'Approve');
    await becomes(() => app.text(...noteFile(1)), changed(1), 'approved in the tree');
    await treeRow(app, 'note-01.md').waitFor({ state: 'detached' });

    // Several rows at once: the action of one is for all that are selected.
    await treeRow(app, 'note-02.md').click();
    await treeRow(app, 'note-03.md').click({ modifiers: ['Control'] });
    await rowAction(app, treeRow(app, 'note-03.md'), 'Approve');
    await becomes(() => app.text(...noteFile(2)), changed(2), 'the first selected row');
    await becomes(() => app.text(...noteFile(3)), changed(3), 'the second selected row');

    // One hunk no, the file yes: what was denied stays denied.
    await rowAction(app, treeRow(app, 'coats: 3'), 'Deny');
    await treeRow(app, 'denied').waitFor();
    assert.equal(
      app.text(...noteFile(4)),
      noteText(4),
      'nothing is written before the last decision',
    );
    await rowAction(app, treeRow(app, 'note-04.md'), 'Approve');
    await becomes(() => app.text(...noteFile(4)), noteText(4, { title: 'Fence 4' }), 'in part');

    await app.command('Patchbay: Review All Edits');
    await tab(app, 'edits to review (6 files)').waitFor();
    await lens(app, 'All in file').first().click();
    const written = () =>
      [5, 6, 7, 8, 9, 10].filter((n) => app.text(...noteFile(n)) === changed(n));
    await becomes(() => written().length, 1, 'approved by a lens of the big editor');
    await tools.shot('review-all');
    await page.locator('.editor-actions a[aria-label^="Approve All"]').click();
    await becomes(() => written().length, 6, 'approved by its title');

    // Nothing is left of the review anywhere.
    await tab(app, 'edits to review').waitFor({ state: 'detached' });
    await page.getByText('No edits are waiting.').waitFor();
    await page.locator('.statusbar-item', { hasText: 'to review' }).waitFor({ state: 'hidden' });
    await becomes(() => server.turnsServed(), 2, 'the agent goes on');
    assert.match(told(server), /coats: 3/);
  },
);

async function tenFiles(tools, options) {
  const opened = await openWith(tools, [patch(notesPatch(10)), says('All done.')], {
    folder: notesFolder(10),
    ...options,
  });
  await send(opened.chat, 'Change all notes');
  await tab(opened.app, 'note-01.md').waitFor();
  return opened;
}

e2e('[R232] the tree and the diff are gone through with the keyboard alone', async (tools) => {
  const { app, chat, server } = await openWith(
    tools,
    [
      // Longer than the pause after which the user no longer counts as typing.
      { waitMs: 3500, ...patch(notesPatch(3)) },
      says('All done.'),
    ],
    { folder: notesFolder(3) },
  );
  const { page } = app;
  const focusedRow = (text) =>
    page.locator('.pane:has-text("Pending Edits") .monaco-list-row.focused', { hasText: text });
  // Where the user is: line 6 of a note.
  await page.keyboard.press('Control+P');
  await page.locator('.quick-input-widget input.input').waitFor({ state: 'visible' });
  await page.keyboard.type('note-02.md');
  // A line that is typed before there is a row to go to would be taken for a part of the name.
  await page
    .locator('.quick-input-widget .monaco-list-row.focused', { hasText: 'note-02.md' })
    .waitFor();
  await page.keyboard.type(':6');
  await page.keyboard.press('Enter');
  await page.locator('.statusbar-item', { hasText: /^Ln 6, Col 1$/ }).waitFor();
  await page.keyboard.press('Control+Alt+P');
  await chat.locator(`${id('composer')}:focus`).waitFor();
  await page.keyboard.type('Change the notes');
  await page.keyboard.press('Enter');
  await tab(app, 'note-01.md: proposed').waitFor();
  await page.locator('.statusbar-item', { hasText: '6 edits to review' }).waitFor();

  await app.command('Patchbay: Show Pending Edits');
  await treeRow(app, 'note-01.md').waitFor();
  await focusedRow('Change the notes').waitFor();
  for (const text of ['note-01.md', 'Fence 1', 'coats: 3']) {
    await page.keyboard.press('ArrowDown');
    await focusedRow(text).waitFor();
  }
  // The row with the focus counts, and the focus goes on to what still waits.
  await page.keyboard.press('Control+Shift+Backspace');
  await focusedRow('Fence 1').waitFor();
  await treeRow(app, 'denied').waitFor();
  await page.keyboard.press('Control+K');
  await page.keyboard.press('Control+Z');
  await treeRow(app, 'denied').waitFor({ state: 'detached' });
  await page.keyboard.press('ArrowUp');
  await focusedRow('note-01.md').waitFor();
  await page.keyboard.press('Control+Shift+Y');
  await becomes(() => app.text(...noteFile(1)), changed(1), 'the file of the focused row');
  await focusedRow('note-02.md').waitFor();

  // On in the diff, with words for the second hunk.
  await page.keyboard.press('Enter');
  await tab(app, 'note-02.md: proposed').waitFor();
  await page.locator('.editor .monaco-editor.focused').waitFor();
  await page.locator('.statusbar-item', { hasText: /^Ln 1, Col 1$/ }).waitFor();
  await lens(app, 'Approve').first().waitFor();
  await pressUntil(page, 'Control+Shift+Y', decided(app, 'Approved'));
  await page.locator('.statusbar-item', { hasText: /^Ln 8, Col 1$/ }).waitFor();
  const box = page.locator('.quick-input-widget input.input');
  await pressUntil(page, 'Shift+Alt+Backspace', box);
  await page.keyboard.type('Two coats are enough.');
  await tools.shot('review-keyboard-words');
  await page.keyboard.press('Enter');
  await becomes(() => app.text(...noteFile(2)), noteText(2, { title: 'Fence 2' }), 'in part');

  // The next file that waits follows by itself; denied as a whole.
  await tab(app, 'note-03.md: proposed').waitFor();
  await page.locator('.editor .monaco-editor.focused').waitFor();
  await lens(app, 'All in file').first().waitFor();
  await page.keyboard.press('Control+K');
  await page.keyboard.press('Control+Shift+Backspace');
  await chat.getByText('All done.').waitFor();
  assert.equal(app.text(...noteFile(3)), noteText(3), 'a denied file is not touched');
  assert.match(told(server), /Two coats are enough\./);

  // Back where the user was, ready to type.
  await tab(app, 'proposed').waitFor({ state: 'detached' });
  await page.locator('.statusbar-item', { hasText: /^Ln 6, Col 1$/ }).waitFor();
  await page.locator('.editor .monaco-editor.focused').waitFor();
});

/** Presses a key that may not mean anything yet, and again when nothing came of it. */
async function pressUntil(page, key, result) {
  for (let attempt = 1; ; attempt++) {
    await page.keyboard.press(key);
    try {
      await result.waitFor({ timeout: 5000 });
      return;
    } catch (error) {
      if (attempt === 4) throw error;
    }
  }
}

e2e(
  '[R227] [R232] words written under a hunk with the mouse reach the model, from the diff and from the plain file',
  async (tools) => {
    const { app, chat, server } = await openWith(
      tools,
      [patch(notesPatch(1)), says('Understood.')],
      { folder: notesFolder(1), settings: { 'patchbay.openReviewAutomatically': false } },
    );
    const { page } = app;
    await page.keyboard.press('Control+P');
    await page.locator('.quick-input-widget input.input').fill('note-01.md');
    await page
      .locator('.quick-input-widget .monaco-list-row.focused', { hasText: 'note-01.md' })
      .click();
    await send(chat, 'Change the note');

    // In the plain file: the hunk below its line, and its words.
    await lens(app, 'Show').first().click();
    await page.locator('.review-widget', { hasText: 'Fence 1' }).waitFor();
    await tools.shot('review-plain-thread');
    await page.locator('.review-widget a[aria-label^="Approve"]').click();
    await page.locator('.review-widget').waitFor({ state: 'detached' });
    await decided(app, 'Approved').waitFor();

    // In the diff: one thread at a time, and none after Cancel.
    await lens(app, 'Review').last().click();
    await tab(app, 'note-01.md: proposed').waitFor();
    const sayWhy = lens(app, 'Deny, say why').last();
    await sayWhy.click();
    await threadBox(app).waitFor();
    await page.locator('.review-widget .monaco-button', { hasText: 'Cancel' }).click();
    await page.locator('.review-widget').waitFor({ state: 'detached' });
    await page.locator('.editor .monaco-editor.focused').waitFor();
    await sayWhy.click();
    await threadBox(app).click();
    await page.keyboard.type('Two coats are enough.');
    await tools.shot('review-diff-thread');
    await page.keyboard.press('Control+Enter');

    await chat.getByText('Understood.').waitFor();
    assert.match(told(server), /Two coats are enough\./);
    assert.equal(app.text(...noteFile(1)), noteText(1, { title: 'Fence 1' }));
    await page.locator('.review-widget').waitFor({ state: 'detached' });
    await tab(app, 'proposed').waitFor({ state: 'detached' });
    const place = await page.evaluate(() => document.activeElement?.tagName ?? 'BODY');
    assert.notEqual(place, 'BODY', 'the focus is not lost');
  },
);

for (const autoSave of ['off', 'afterDelay']) {
  e2e(
    `[R227] a proposal is edited before it is approved (auto-save ${autoSave}): exactly that is written, and the agent is told`,
    async (tools) => {
      const { app, chat, server } = await openWith(
        tools,
        [patch(notesPatch(1)), says('Seen.'), patch(colourPatch), says('Seen again.')],
        { folder: notesFolder(1), settings: { 'files.autoSave': autoSave } },
      );
      const { page } = app;
      await send(chat, 'Change the note');
      await tab(app, 'note-01.md: proposed').waitFor();
      await lens(app, 'Approve').first().waitFor();
      const right = page.locator('.editor-instance .editor.modified .view-lines');
      await right.locator('.view-line', { hasText: 'coats: 3' }).click();
      await page.keyboard.press('End');
      await page.keyboard.type('0');
      await page.keyboard.press('Control+Z'); // the editor's own undo is the proposal's
      await becomes(async () => /coats:.3$/m.test(await right.innerText()), true, 'undone');
      await page.keyboard.type(', thin ones');
      await lens(app, 'All in file').first().click();
      await chat.getByText('Seen.', { exact: true }).waitFor();
      assert.equal(
        app.bytes(...noteFile(1)).toString('utf8'),
        changed(1).replace('coats: 3', 'coats: 3, thin ones'),
      );
      assert.match(told(server), /\+coats: 3, thin ones/);
      await tab(app, 'proposed').waitFor({ state: 'detached' });

      // Taken back to the text of the file with the editor's own arrow there is nothing left to approve: that is a no.
      const before = app.text(...noteFile(1));
      await send(chat, 'And the colour');
      await tab(app, 'note-01.md: proposed').waitFor();
      await lens(app, 'Approve').first().waitFor();
      await page.locator('.editor-instance .codicon-arrow-right').first().click();
      await chat.getByText('Seen again.').waitFor();
      assert.equal(app.text(...noteFile(1)), before);
      assert.match(told(server), /denied/i);
      await tab(app, 'proposed').waitFor({ state: 'detached' });
      assert.deepEqual(await app.notifications(), []);
    },
  );
}

const colourPatch = [
  '*** Begin Patch',
  '*** Update File: notes/note-01.md',
  '@@',
  '-colour: red',
  '+colour: green',
  '*** End Patch',
];
