import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { becomes } from '../support/becomes.mjs';
import { copyProject } from '../support/patchbay.mjs';
import { e2e } from '../support/e2e.mjs';

const id = (name) => `[data-testid="${name}"]`;
const shell = (command) => ({ blocks: [{ type: 'tool', tool: 'shell', command }] });
const says = (text) => ({ blocks: [{ type: 'text', text }] });
const before = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\n';

async function openWith({ start, modelServer, onEnd }, turns) {
  const server = await modelServer({ scenario: { turns } });
  const folder = copyProject();
  onEnd(() => rmSync(path.dirname(folder), { recursive: true, force: true }));
  writeFileSync(path.join(folder, 'count.txt'), before);
  const app = await start({
    folder,
    settings: {
      'patchbay.providerUrls': { anthropic: server.url },
      'files.autoSave': 'off',
    },
    env: { ANTHROPIC_API_KEY: 'sk-test-0123456789abcdefghij' },
  });
  const chat = await app.openChat(id('empty-state'));
  await chat.locator(id('runtime-anthropic')).click();
  return { app, chat, server };
}

async function send(chat, text) {
  await chat.locator(id('composer')).fill(text);
  await chat.locator(id('composer')).press('Enter');
}

const lens = (app, text) => app.page.locator('.codelens-decoration', { hasText: text });

e2e(
  'what a command changes shows up as hunks with its origin, in the card and in the editor; one is undone, one kept, and a checkpoint restores files and conversation',
  async (tools) => {
    const command = 'sed -i -e s/one/ONE/ -e s/seven/SEVEN/ count.txt && printf new > made.txt';
    const { app, chat } = await openWith(tools, [shell(command), says('The numbers shout now.')]);
    await send(chat, 'Shout');
    await chat.locator(id('prompt-card')).waitFor();
    await chat.locator(id('prompt-card')).getByRole('button', { name: 'Allow once' }).click();
    await chat.getByText('The numbers shout now.').waitFor();
    const card = chat.locator(`${id('change-card')}[data-kind="edit"]`);
    await card.waitFor();
    await chat.locator(`${id('change-card')}[data-kind="create"]`).waitFor();
    assert.equal(await card.locator(id('change-hunk')).count(), 2);
    assert.match(await card.locator(id('change-origin')).first().innerText(), /^during "sed -i/);
    await app.page.locator('.statusbar-item', { hasText: '3 not reviewed' }).waitFor();
    await tools.shot('changes-1-card');

    // In the editor: the diff with what was before, and the row above each hunk.
    await card.locator(id('change-open')).click();
    await app.page.locator('.tab', { hasText: 'not reviewed' }).waitFor();
    await lens(app, 'during "sed -i').first().waitFor();
    await lens(app, '2 of 2').waitFor();
    await tools.shot('changes-2-diff');
    await lens(app, '2 of 2').getByText('Undo').click();
    const afterUndo = before.replace('one', 'ONE');
    await becomes(() => app.text('count.txt'), afterUndo, 'the second hunk is undone');
    await lens(app, '1 of 1').waitFor();
    await card.locator(`${id('change-hunk')} >> nth=0`).waitFor();

    // It outlives the window.
    await app.reload();
    const again = await app.openChat(id('change-card'));
    const kept = again.locator(`${id('change-card')}[data-kind="edit"]`);
    assert.equal(await kept.locator(id('change-hunk')).count(), 1);
    await kept.locator(id('change-hunk')).focus();
    await app.page.keyboard.press('k');
    await kept.waitFor({ state: 'hidden' });
    assert.equal(app.text('count.txt'), afterUndo);

    // A new file is taken away.
    await again.locator(id('change-undo-file')).click();
    await again.locator(id('change-card')).waitFor({ state: 'hidden' });
    await becomes(
      () => existsSync(path.join(app.folder, 'made.txt')),
      false,
      'the new file is gone',
    );
    await app.page
      .locator('.statusbar-item', { hasText: 'not reviewed' })
      .waitFor({ state: 'hidden' });

    // And back to before the turn, both ways, and undone.
    await again.locator(id('item-user')).hover();
    await again.locator(id('restore-turn')).click();
    await app.pick('Files and Conversation');
    await app.page.locator('.monaco-dialog-box', { hasText: 'count.txt' }).waitFor();
    await tools.shot('changes-3-restore');
    await app.answerDialog(/^Restore$/);
    await becomes(() => app.text('count.txt'), before, 'the file is restored');
    await again.locator(id('item-user')).waitFor({ state: 'hidden' });
    assert.equal(await again.locator(id('composer')).inputValue(), 'Shout');
    await tools.shot('changes-4-restored');
    await app.command('Patchbay: Undo Last Restore');
    await app.answerDialog(/^Restore$/);
    await becomes(() => app.text('count.txt'), afterUndo, 'the restore is undone');
    await app.command('Patchbay: Checkpoints: Show Disk Use');
    await app.page
      .locator('.notification-list-item', { hasText: 'checkpoints of' })
      .first()
      .waitFor();
  },
);
