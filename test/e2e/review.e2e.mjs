import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
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

e2e('ten files at once', async (tools) => {
  const { app, chat, server } = await openWith(tools, [patch(notesPatch(10)), says('All done.')], {
    folder: notesFolder(10),
    settings: { 'workbench.colorTheme': process.env.REVIEW_THEME ?? 'Default Dark Modern' },
  });
  await send(chat, 'Change all notes');
  await app.page.locator('.tab', { hasText: 'note-01.md' }).waitFor();
  await tools.shot('review-a');
  await app.command('Patchbay: Show Pending Edits');
  await app.page.locator('.pane-header', { hasText: 'Chat' }).click();
  await treeRow(app, 'note-03.md').waitFor();
  await treeRow(app, 'note-03.md').hover();
  await tools.shot('review-b');
  await app.command('Patchbay: Review All Edits');
  await app.page.locator('.tab', { hasText: 'edits to review' }).waitFor();
  await app.page.locator('.codelens-decoration').first().waitFor();
  await tools.shot('review-c');
  // a click on a hunk of the tree
  await treeRow(app, 'note-04.md').click();
  await app.page.locator('.tab', { hasText: 'note-04.md' }).waitFor();
  const lens = (text) => app.page.locator('.editor-instance .codelens-decoration a', { hasText: text });
  await lens('Deny, say why').last().waitFor();
  await lens('Deny, say why').last().click();
  await app.page.locator('.review-widget').waitFor();
  await app.page.waitForTimeout(500);
  await tools.shot('review-d');
  await app.page.locator('.review-widget .monaco-editor').click();
  await app.page.keyboard.type('Two coats are enough.');
  await tools.shot('review-e');
  await app.page.keyboard.press('Control+Enter');
  await app.page.waitForTimeout(1500);
  await tools.shot('review-f');
  await treeRow(app, 'note-05.md').focus;
  await treeRow(app, 'Fence 5').click();
  await app.page.waitForTimeout(1500);
  await app.command('Patchbay: Show Pending Edits');
  await app.page.keyboard.press('ArrowDown');
  await app.page.waitForTimeout(300);
  await tools.shot('review-g');
  await app.page.keyboard.press('Control+Shift+Y');
  await app.page.waitForTimeout(1500);
  await tools.shot('review-h');
  await app.page.keyboard.press('Control+K');
  await app.page.keyboard.press('Control+Z');
  await app.page.waitForTimeout(1500);
  await tools.shot('review-i');
});
