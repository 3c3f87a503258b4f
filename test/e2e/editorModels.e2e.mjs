import assert from 'node:assert/strict';
import { inRoot } from '../../scripts/lib/root.mjs';
import { e2e } from '../support/e2e.mjs';

const id = (name) => `[data-testid="${name}"]`;

e2e(
  'a language model of another extension runs one command through the gate and answers',
  async ({ start, shot }) => {
    const app = await start({ extensions: [inRoot('test/fixtures/language-model-provider')] });
    const chat = await app.openChat(id('empty-state'));
    const row = chat.locator(id('runtime-editor'));
    await row.getByRole('button').first().click();
    await row.locator('[aria-pressed="true"]').waitFor();
    assert.match(await chat.locator(id('model-picker')).innerText(), /Scripted One/);

    await chat.locator(id('composer')).fill('Run your command');
    await chat.locator(id('composer')).press('Enter');

    const card = chat.locator(id('prompt-card')).filter({ hasText: 'echo from-the-editor-model' });
    // VS Code asks for consent only for models whose extension wants it; then before anything is sent.
    const consent = app.page.locator('.monaco-dialog-box');
    await Promise.any([card.waitFor(), consent.waitFor()]);
    if (await consent.isVisible()) {
      await app.answerDialog('Allow');
    }
    await card.waitFor();
    await chat.getByText('One command first.').waitFor();
    await card.locator(id('allow-once')).click();

    // The model says it only once the command's output came back to it as the result of its own call.
    await chat.getByText('The editor model is done.').waitFor();
    await shot('editor-model-1-end');
  },
);
