import assert from 'node:assert/strict';
import { e2e } from '../support/e2e.mjs';

const id = (name) => `[data-testid="${name}"]`;

/** Opens the chat with a provider that has a key in the environment, and chooses it with one click. */
async function openWith(start, provider, url, options = {}) {
  const app = await start({
    settings: { 'patchbay.providerUrls': { [provider]: url }, ...options.settings },
    env: { [`${provider.toUpperCase()}_API_KEY`]: 'sk-test-0123456789abcdefghij' },
    ...options.start,
  });
  const chat = await app.openChat(id('empty-state'));
  await chat.locator(id(`runtime-${provider}`)).click();
  return { app, chat };
}

async function send(chat, text) {
  await chat.locator(id('composer')).fill(text);
  await chat.locator(id('composer')).press('Enter');
}

const lastRequest = (server) => JSON.stringify(server.requests.at(-1).body);

e2e(
  'an Anthropic turn runs one command and is told why another was denied',
  async ({ start, modelServer, shot }) => {
    const server = await modelServer({
      scenario: {
        turns: [
          {
            blocks: [
              { type: 'thinking', text: 'Two commands are needed.' },
              { type: 'text', text: 'First **one**.' },
              { type: 'tool', tool: 'shell', command: 'echo patchbay-$((40 + 2))' },
            ],
          },
          { blocks: [{ type: 'tool', tool: 'shell', command: 'touch must-not-exist' }] },
          { blocks: [{ type: 'text', text: 'Understood, nothing was created.' }] },
        ],
      },
    });
    const { app, chat } = await openWith(start, 'anthropic', server.url);
    await send(chat, 'Run two commands');

    const first = chat.locator(id('prompt-card')).filter({ hasText: 'echo patchbay-$((40 + 2))' });
    await first.waitFor();
    assert.match(
      await first.innerText(),
      new RegExp(app.folder.split('/').at(-1)),
      'the card says where it would run',
    );
    await shot('network-1-anthropic-prompt');
    await first.locator(id('allow-once')).click();

    const second = chat.locator(id('prompt-card')).filter({ hasText: 'touch must-not-exist' });
    await second.waitFor();
    assert.match(
      lastRequest(server),
      /patchbay-42/,
      'the output of the first command went back to the model',
    );
    await second.locator(id('deny-reason')).click();
    await chat.locator(`${id('deny-reason-field')} input`).fill('not in this project');
    await chat.locator(id('deny-reason-send')).click();

    await chat.getByText('Understood, nothing was created.').waitFor();
    assert.match(
      await chat.locator(id('instructions')).getAttribute('title'),
      /AGENTS\.md/,
      'the panel says which instructions of the project the model was given',
    );
    assert.match(lastRequest(server), /Plain JavaScript, ES modules/);
    assert.match(lastRequest(server), /not in this project/, 'the words reached the model');
    assert.throws(() => app.bytes('must-not-exist'), /ENOENT/);
    await shot('network-2-anthropic-end');
  },
);

e2e(
  'an OpenAI turn edits a file: the approved hunk is written, the denied one is not',
  async ({ start, modelServer, shot }) => {
    const notes = '# Notes\n\nfence: 12 m by 1.8 m\ncolour: red\ncoats: 2\n';
    const server = await modelServer({
      scenario: {
        turns: [
          { blocks: [{ type: 'tool', name: 'read_file', input: { path: 'notes.md' } }] },
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
          { blocks: [{ type: 'text', text: 'The heading is changed, the coats stay.' }] },
        ],
      },
    });
    const { app, chat } = await openWith(start, 'openai', `${server.url}/v1`);
    assert.equal(app.text('notes.md'), notes);
    await send(chat, 'Change the notes');

    const card = chat.locator(id('edit-card'));
    await card.waitFor();
    await app.page.locator('.tab', { hasText: 'notes.md' }).waitFor();
    await app.page.locator('.codelens-decoration a', { hasText: 'Approve' }).first().waitFor();
    await shot('network-3-review-in-editor');
    assert.equal(app.text('notes.md'), notes, 'nothing is written before the decision');

    // One decision in the editor, the other on the card: both show the same hunks.
    await app.page.locator('.codelens-decoration a', { hasText: 'Approve' }).first().click();
    await card.locator(id('hunk')).first().getByText('Approved').waitFor();
    await card.locator(id('hunk-deny-reason')).last().click();
    await chat.locator(`${id('deny-reason-field')} input`).fill('two coats are enough');
    await chat.locator(id('deny-reason-send')).click();

    await chat.getByText('The heading is changed, the coats stay.').waitFor();
    assert.equal(app.text('notes.md'), notes.replace('# Notes', '# Fence notes'));
    assert.match(lastRequest(server), /two coats are enough/);
    await shot('network-4-partly-approved');
  },
);

e2e(
  'an endpoint added in the panel answers over Chat Completions',
  async ({ start, modelServer, shot }) => {
    const server = await modelServer({ scenario: 'thinking-text' });
    const app = await start();
    const chat = await app.openChat(id('empty-state'));
    await app.command('Patchbay: Add Endpoint');
    await chat
      .locator(id('endpoint-name'))
      .locator('input')
      .or(chat.locator(`input${id('endpoint-name')}`))
      .first()
      .fill('Scripted');
    await chat
      .locator(id('endpoint-url'))
      .locator('input')
      .or(chat.locator(`input${id('endpoint-url')}`))
      .first()
      .fill(`${server.url}/v1`);
    await chat.locator(id('endpoint-probe')).click();
    // The panel's word alone asks no server and adds none: the editor shows where to, and asks.
    const dialog = app.page.locator('.monaco-dialog-box');
    await dialog.getByText(`${server.url}/v1`).waitFor();
    assert.equal(server.requests.length, 0, 'nothing is asked before the yes');
    await app.answerDialog(/^Ask$/);
    await chat.getByText(/models? found/).waitFor();
    await shot('network-5-endpoint');
    await chat.locator(id('endpoint-save')).click();
    await dialog.getByText('Add the endpoint "Scripted"?').waitFor();
    await shot('network-6-endpoint-question');
    await app.answerDialog(/^Add$/);
    await chat.locator(id('endpoint-form')).waitFor({ state: 'hidden' });
    await chat.locator(id('model-picker')).click();
    await chat
      .getByRole('option', { name: /scripted/i })
      .first()
      .click();
    await send(chat, 'Hello');
    await chat.locator(id('item-text')).waitFor();
    assert.equal(server.requests.at(-1).dialect, 'chat');
  },
);
