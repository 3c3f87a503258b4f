import assert from 'node:assert/strict';
import { inRoot } from '../../scripts/lib/root.mjs';
import { e2e } from '../support/e2e.mjs';

const id = (name) => `[data-testid="${name}"]`;

e2e(
  'a language model of another extension runs one command through the gate and answers',
  async ({ start, shot }) => {
    const app = await start({ extensions: [inRoot('test/fixtures/language-model-provider')] });
    const chat = await app.openChat(id('empty-state'));
    await chat.locator(id('runtime-editor')).getByRole('button').first().click();
    await chat.locator(id('composer')).fill('Run your command');
    await chat.locator(id('composer')).press('Enter');

    const card = chat.locator(id('prompt-card')).filter({ hasText: 'echo from-the-editor-model' });
    const consent = app.page.locator('.monaco-dialog-box');
    await card.or(consent).first().waitFor();
    await chat.getByText('One command first.').waitFor();
    await card.locator(id('allow-once')).click();

    // The model says it only when the command's output came back to it as a tool result.
    await chat.getByText('The editor model is done.').waitFor();
    await shot('editor-model-1-end');
  },
);
