import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { becomes } from '../support/becomes.mjs';
import { workbenchReady } from '../support/drive.mjs';
import { e2e } from '../support/e2e.mjs';

const id = (name) => `[data-testid="${name}"]`;
const says = (text) => ({ blocks: [{ type: 'text', text }] });
const name = 'notes.md';
const original = '\ufeff# Note\r\n\r\nfence: 1 m\r\ncolour: red\r\n\r\ncoats: 2\r\n';
const proposal = {
  blocks: [
    {
      type: 'tool',
      name: 'edit_file',
      input: {
        path: name,
        edits: [
          { search: '# Note', replace: '# Fence' },
          { search: 'coats: 2', replace: 'coats: 3' },
        ],
      },
    },
  ],
};

/** All of a file that an edit could change. */
function stateOf(app) {
  const { ino, mtimeMs, size, mode } = statSync(path.join(app.folder, name));
  const sha256 = createHash('sha256').update(app.bytes(name)).digest('hex');
  return { ino, mtimeMs, size, mode, sha256 };
}

const proposed = (app) => app.page.locator('.tab', { hasText: `${name}: proposed` });
const fileTab = (app) =>
  app.page.locator(`.tab[data-resource-name="${name}"]`, { hasNotText: 'proposed' });
const lens = (app, text) =>
  app.page.locator('.editor-instance .codelens-decoration a', { hasText: text });
const toReview = (app) => app.page.locator('.statusbar-item', { hasText: '2 edits to review' });

const dirtyTab = (app) => app.page.locator(`.tab.dirty[data-resource-name="${name}"]`);

async function send(chat, text) {
  await chat.locator(id('composer')).fill(text);
  await chat.locator(id('composer')).press('Enter');
}

async function openFile(app) {
  await app.page.keyboard.press('Control+P');
  await app.page.locator('.quick-input-widget input.input').fill(name);
  await app.page
    .locator('.quick-input-widget .monaco-list-row.focused', { hasText: name })
    .waitFor();
  await app.page.keyboard.press('Enter');
  await app.page.locator('.editor .monaco-editor.focused').waitFor();
}

/** Each is one turn with one proposal of the same two hunks, and ends with nothing approved. */
const endings = [
  {
    how: 'denied above its hunks',
    end: async (app, chat) => {
      await lens(app, /^\s*Deny$/)
        .first()
        .click();
      await app.page
        .locator('.editor-instance .codelens-decoration', { hasText: 'Denied' })
        .first()
        .waitFor();
      await lens(app, /^\s*Deny$/)
        .last()
        .click();
      await chat.getByText('Answer 1.').waitFor();
    },
  },
  {
    how: 'denied by the palette after its tab was closed',
    end: async (app, chat) => {
      await proposed(app).click({ button: 'middle' });
      await proposed(app).waitFor({ state: 'detached' });
      await toReview(app).waitFor();
      await app.command('Patchbay: Deny All');
      await chat.getByText('Answer 2.').waitFor();
    },
  },
  {
    how: 'stopped with Escape, and then denied without its agent',
    end: async (app, chat) => {
      await chat.locator(id('composer')).press('Escape');
      await chat.locator(id('item-notice'), { hasText: 'Stopped.' }).waitFor();
      await toReview(app).waitFor();
      await app.command('Patchbay: Deny All');
    },
  },
  {
    how: 'typed in, and then denied',
    end: async (app, chat) => {
      const right = app.page.locator('.editor-instance .editor.modified .view-lines');
      await right.locator('.view-line', { hasText: 'coats: 3' }).click();
      await app.page.keyboard.press('End');
      await app.page.keyboard.type('0');
      await app.command('Patchbay: Deny All');
      await chat.getByText('Answer 4.').waitFor();
    },
  },
];

for (const isTyped of [false, true]) {
  e2e(
    `[R224] a file ${isTyped ? 'with unsaved text' : 'without unsaved text'} is as it was after a denial, a stop, a closed tab and a reload, with its undo steps`,
    async ({ start, modelServer, shot }) => {
      const folder = path.join(mkdtempSync(path.join(tmpdir(), 'patchbay-ws-')), 'notes');
      mkdirSync(folder);
      writeFileSync(path.join(folder, name), original);
      const turns = [...endings, 'reload'].flatMap((_, index) => [
        proposal,
        // What is stopped or cut off asks nothing more.
        ...(index === 2 || index === endings.length ? [] : [says(`Answer ${index + 1}.`)]),
      ]);
      const server = await modelServer({ scenario: { turns } });
      const app = await start({
        folder,
        settings: {
          'patchbay.providerUrls': { anthropic: server.url },
          'patchbay.defaultModel': 'anthropic/claude-opus-5-5',
          'files.autoSave': 'off',
        },
        env: { ANTHROPIC_API_KEY: 'sk-test-0123456789abcdefghij' },
      });
      const chat = await app.openChat(id('empty-state'));
      await chat.locator(`${id('runtime-anthropic')}[data-state="ready"]`).waitFor();
      await openFile(app);
      await fileTab(app).dblclick(); // keeps its tab when the review opens beside it
      const untouched = stateOf(app);
      if (isTyped) {
        await app.page.keyboard.press('Control+Home');
        await app.page.keyboard.press('End');
        await app.page.keyboard.type('!');
      }
      const lines = app.page.locator('.editor-instance .view-lines');
      const expectUntouched = async (how) => {
        assert.deepEqual(stateOf(app), untouched, how);
        await proposed(app).waitFor({ state: 'detached' });
        await toReview(app).waitFor({ state: 'hidden' });
        // After a reload the editor brings unsaved text back when it has the time.
        await dirtyTab(app).waitFor({ state: isTyped ? 'visible' : 'detached' });
      };

      for (const { how, end } of endings) {
        await send(chat, 'Change the note');
        // It opens by itself only where nobody has just typed.
        await chat.getByRole('button', { name: 'Review in editor' }).last().click();
        await proposed(app).waitFor();
        assert.deepEqual(stateOf(app), untouched, `while it waits to be ${how}`);
        await end(app, chat);
        await expectUntouched(how);
      }

      // One step back is the user's own typing, and there is no other step.
      await fileTab(app).click();
      await app.page.locator('.editor .monaco-editor.focused').waitFor();
      if (isTyped) {
        await lines.getByText('# Note!').waitFor();
        await app.page.keyboard.press('Control+Z');
        await lines.getByText(/^#.Note$/).waitFor();
        await dirtyTab(app).waitFor({ state: 'detached' });
      }
      await app.page.keyboard.press('Control+Z');
      await lines.getByText(/^#.Note$/).waitFor();
      await dirtyTab(app).waitFor({ state: 'detached' });
      if (isTyped) {
        await app.page.keyboard.press('Control+Y');
        await lines.getByText('# Note!').waitFor();
      }
      await shot(`untouched-${isTyped ? 'typed' : 'clean'}`);

      // The window goes while it waits.
      await send(chat, 'Change the note');
      await toReview(app).waitFor();
      if (isTyped) {
        // The editor keeps it a second after the last key, and not while the window goes.
        const isKept = () => app.host.unsavedTexts().some((text) => text.includes('# Note!'));
        await becomes(isKept, true, 'the unsaved text is kept');
      }
      const isLoaded = app.page.waitForEvent('domcontentloaded');
      await app.command('Developer: Reload Window');
      await isLoaded;
      await workbenchReady(app.page);
      await app.page.locator('.statusbar-item', { hasText: '2 edits to review' }).waitFor();
      assert.deepEqual(stateOf(app), untouched, 'after the reload');
      await app.command('Patchbay: Deny All');
      await expectUntouched('denied after the reload');
      await fileTab(app).click();
      await lines.getByText(isTyped ? '# Note!' : /^#.Note$/).waitFor();
      assert.equal(app.bytes(name).toString('utf8'), original);
    },
  );
}
