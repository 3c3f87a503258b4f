import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inRoot } from '../../scripts/lib/root.mjs';
import { e2e } from '../support/e2e.mjs';

const id = (name) => `[data-testid="${name}"]`;

async function send(chat, text) {
  await chat.locator(id('composer')).fill(text);
  await chat.locator(id('composer')).press('Enter');
}

e2e(
  'a signed-out agent is signed in with its own command, in a terminal in HOME',
  async ({ start, shot, onEnd }) => {
    const home = mkdtempSync(path.join(tmpdir(), 'patchbay-home-'));
    onEnd(() => rmSync(home, { recursive: true, force: true }));
    const program = path.join(home, 'claude');
    writeFileSync(
      program,
      [
        '#!/bin/sh',
        'case "$*" in',
        '  --version) echo "2.1.329 (Claude Code)" ;;',
        `  "auth status") if [ -e '${home}/signed-in' ]; then echo '{"loggedIn":true,"authMethod":"claude.ai","apiProvider":"firstParty"}'; else echo '{"loggedIn":false,"authMethod":"none","apiProvider":"firstParty"}'; exit 1; fi ;;`,
        `  *) echo "$* in $PWD" > '${home}/login'; touch '${home}/signed-in' ;;`,
        'esac',
        '',
      ].join('\n'),
      { mode: 0o755 },
    );
    const app = await start({
      home,
      settings: { 'patchbay.agents': { 'claude-cli': { binaryPath: program } } },
    });
    const chat = await app.openChat(id('empty-state'));
    const row = chat.locator(id('runtime-claude-cli'));
    await row.filter({ hasText: 'signed out' }).waitFor();
    await shot('sign-in-1-signed-out');
    await chat.locator(id('runtime-action-claude-cli')).click();
    await row.filter({ hasText: 'signed in' }).waitFor();
    assert.equal(readFileSync(path.join(home, 'login'), 'utf8').trim(), `auth login in ${home}`);
    await shot('sign-in-2-signed-in');
  },
);

e2e('a model server on this machine is found, and one click answers', async (tools) => {
  const { start, modelServer, shot } = tools;
  const server = await modelServer({
    port: 11434, // where Ollama listens, and nowhere else
    scenario: { turns: [{ blocks: [{ type: 'text', text: 'From this machine.' }] }] },
  }).catch((error) => {
    assert.equal(error.code, 'EADDRINUSE', String(error));
    throw new Error('Port 11434 is taken: end the model server that runs there, then try again.');
  });
  const app = await start();
  const chat = await app.openChat(id('empty-state'));
  const row = chat.locator(id('runtime-local:ollama'));
  await row.waitFor();
  await row.getByRole('button').first().click();
  await send(chat, 'Who are you?');
  await chat.getByText('From this machine.').waitFor();
  await shot('local-server-1-answer');
  assert.ok(server.requests.some((request) => request.kind === 'turn'));
});

e2e('an agent of the user’s settings answers, under its name', async ({ start, shot }) => {
  const app = await start({
    settings: {
      'patchbay.customAgents': [
        { name: 'My Agent', dialect: 'acp', command: inRoot('test/fixtures/acp-agent.mjs') },
      ],
    },
  });
  const chat = await app.openChat(id('empty-state'));
  await chat.locator(id('runtime-custom:my-agent')).waitFor();
  await chat.locator(id('model-picker')).click();
  await chat.locator('[data-model-id="custom:my-agent/default"]').click();
  await send(chat, 'hello');
  await chat.getByText('You said: hello').waitFor();
  await shot('custom-agent-1-answer');
});

e2e(
  '[R94] the effort is greyed out with its reason for an agent that does not take it, and is set for one that does',
  async ({ start, shot }) => {
    const command = inRoot('test/fixtures/acp-agent.mjs');
    const app = await start({
      settings: {
        'patchbay.reasoningEffort': 'high',
        'patchbay.customAgents': [
          { name: 'Plain', dialect: 'acp', command },
          { name: 'Thinker', dialect: 'acp', command, args: ['--efforts'] },
        ],
      },
    });
    const chat = await app.openChat(id('empty-state'));
    await chat.locator(id('runtime-custom:plain')).waitFor();
    const effort = chat.locator(id('effort-picker'));
    const choose = async (model) => {
      await chat.locator(id('model-picker')).click();
      // By force: one that is not installed is greyed, and can be chosen all the same.
      await chat.locator(`[data-model-id="${model}"]`).click({ force: true });
    };
    const isTitled = (title) => chat.locator(`${id('effort-picker')}[title="${title}"]`).waitFor();
    const greyed = () => chat.locator(`[data-testid^="effort-"][aria-disabled="true"]`).count();

    // Known before it is started.
    await choose('acp:gemini/default');
    await isTitled('Thinking effort: High. Gemini CLI takes no thinking effort from here.');

    // Known once a session of it is open: before that nothing is claimed, then it is said and greyed.
    await choose('custom:plain/default');
    await isTitled('Thinking effort: High');
    await send(chat, 'hello');
    await chat.getByText('You said: hello').waitFor();
    const notice = chat.locator(id('item-notice')).filter({ hasText: 'the reasoning effort' });
    await notice.waitFor();
    await isTitled('Thinking effort: High. Plain takes no thinking effort from here.');
    await effort.focus();
    await effort.press('Enter');
    const reason = chat.locator(id('effort-problem'));
    assert.equal(await reason.innerText(), 'Plain takes no thinking effort from here.');
    assert.equal(await greyed(), 6);
    const high = chat.locator(id('effort-high'));
    assert.equal(await high.getAttribute('aria-checked'), 'true');
    assert.equal(await high.getAttribute('aria-describedby'), await reason.getAttribute('id'));
    await shot('effort-1-greyed');
    await high.press('ArrowUp');
    await chat.locator(id('effort-medium')).press('Enter');
    await chat.locator(id('effort-medium')).press('Escape');
    await reason.waitFor({ state: 'detached' });
    await send(chat, 'again');
    await chat.getByText('You said: again').waitFor();
    assert.equal(await notice.count(), 1, 'said once');

    // What is stored stays chosen, and counts for the one that takes it.
    await choose('custom:thinker/default');
    await isTitled('Thinking effort: High');
    await send(chat, 'and you?');
    await chat.getByText('Thought: high.').waitFor();
    await effort.click();
    assert.equal(await greyed(), 0);
    assert.equal(await reason.count(), 0);
    await shot('effort-2-taken');
    await chat.locator(id('effort-medium')).click();
    await isTitled('Thinking effort: Medium');
    await send(chat, 'and now?');
    await chat.getByText('Thought: medium. You said: and now?').waitFor();
    await choose('custom:plain/default');
    await isTitled('Thinking effort: Medium. Plain takes no thinking effort from here.');
  },
);

e2e(
  'an agent of another extension starts after consent; what it changes without asking shows as unreviewed',
  async ({ start, shot }) => {
    const app = await start({ extensions: [inRoot('test/fixtures/agent-extension')] });
    const chat = await app.openChat(id('empty-state'));
    await chat.locator(id('runtime-fixture-agent')).waitFor();
    await chat.locator(id('runtime-fixture-agent')).click();

    await send(chat, 'Paint the fence');
    await app.answerDialog('Do Not Start');
    await chat.locator(id('item-error')).filter({ hasText: 'cannot ask' }).waitFor();
    assert.match(app.text('notes.md'), /colour: red/);

    await send(chat, 'Paint it all the same');
    await app.page.locator('.monaco-dialog-box').waitFor();
    await shot('consent-1-asked');
    await app.answerDialog(/^Start$/);
    await chat.getByText('I have painted it green.').waitFor();
    const card = chat.locator(id('change-card'));
    await card.waitFor();
    assert.match(app.text('notes.md'), /colour: green/);
    await card.locator(id('change-hunk')).waitFor();
    assert.equal(await card.locator(id('hunk-approve')).count(), 0, 'it is done already');
    await shot('consent-2-unreviewed');

    // Once is enough for this agent.
    await send(chat, 'And once more');
    await chat.getByText('I have painted it green.').nth(1).waitFor();
  },
);

e2e('the doctor says what is installed, as text that can be copied', async ({ start, shot }) => {
  const app = await start();
  await app.openChat(id('empty-state'));
  await app.command('Patchbay: Run Doctor');
  const editor = app.page.locator('.monaco-editor').filter({ hasText: 'Patchbay doctor' });
  await editor.waitFor();
  await editor.getByText('Claude Code (claude-cli)').waitFor();
  await editor.getByText('state: missing: not installed').first().waitFor();
  await shot('doctor-1-text');
  await app.answerNotification('names programs, versions and variables', 'Copy');
});
