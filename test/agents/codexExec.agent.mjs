import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setUpAgents } from '../support/agent-env.mjs';
import { e2e } from '../support/e2e.mjs';
import { copyProject } from '../support/patchbay.mjs';
import { notes } from './panel.mjs';

const id = (name) => `[data-testid="${name}"]`;
const say = (words) => ({ blocks: [{ type: 'text', text: words }] });

e2e(
  'Codex (exec) starts after consent, shows what it changed as unreviewed, is stopped, and resumes',
  async ({ start, modelServer, shot, onEnd }) => {
    const folder = copyProject();
    const home = mkdtempSync(path.join(tmpdir(), 'patchbay-home-'));
    onEnd(() => [path.dirname(folder), home].forEach((dir) => rmSync(dir, { recursive: true })));
    const file = path.join(folder, 'notes.md');
    const server = await modelServer({ scenario: { turns: [], after: say('Ready.') } });
    const setup = setUpAgents({ url: server.url, home, adapters: ['codex-cli'] });
    const codex = setup.settings['patchbay.agents']['codex-cli'];
    const app = await start({
      folder,
      home,
      settings: {
        'patchbay.agents': {
          'codex-cli': codex,
          // The user's own choice; without it the sandbox is read-only.
          'codex-exec': { ...codex, args: [...codex.args, '-s', 'danger-full-access'] },
        },
      },
      env: setup.env,
    });
    const chat = await app.openChat(id('empty-state'));
    await chat
      .locator(id('runtime-codex-cli'))
      .filter({ hasText: /\d+\.\d+\.\d+/ })
      .waitFor({ timeout: 60_000 });
    await chat.locator(id('model-picker')).click();
    await chat.locator('[data-model-id="codex-exec/default"]').click();
    const send = async (words) => {
      await chat.locator(id('composer')).fill(words);
      await chat.locator(id('composer')).press('Enter');
    };
    const answer = (words) =>
      chat.locator(id('item-text')).filter({ hasText: words }).last().waitFor({ timeout: 60_000 });
    // The badge says that it cannot ask.
    await chat.locator(`${id('runtime-badge')}[data-level="none"]`).waitFor();

    server.setScenario({
      turns: [
        {
          blocks: [
            { type: 'thinking', text: 'It shall be blue.' },
            { type: 'tool', tool: 'edit', path: file, old: 'colour: red', new: 'colour: blue' },
          ],
        },
      ],
      after: say('It is blue now.'),
    });
    await send('Paint it blue');
    await app.page.locator('.monaco-dialog-box').filter({ hasText: 'cannot ask' }).waitFor();
    await shot('agent-codex-exec-1-consent');
    await app.answerDialog(/^Start$/);
    await answer('It is blue now.');
    const card = chat.locator(id('change-card'));
    await card.waitFor();
    assert.equal(app.text('notes.md'), notes.replace('red', 'blue'));
    await shot('agent-codex-exec-2-unreviewed');

    server.setScenario({
      turns: [],
      after: { waitMs: 20_000, ...say('Too late.') },
    });
    await send('Wait');
    await chat.locator(id('stop')).waitFor();
    await chat.locator(id('composer')).press('Escape');
    await chat.locator(id('item-notice'), { hasText: 'Stopped.' }).waitFor();

    server.setScenario({ turns: [], after: say('Of course I remember.') });
    await send('Do you remember?');
    await answer('Of course I remember.');
    const bodies = server.requests
      .filter((request) => request.kind === 'turn')
      .map((request) => JSON.stringify(request.body));
    assert.ok(
      bodies.some((body) => body.includes('Paint it blue')),
      'its own session went on',
    );
    assert.ok(!bodies.some((body) => body.includes('conversation_so_far')));
    await shot('agent-codex-exec-3-resumed');
  },
);
