import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setUpAgents } from '../support/agent-env.mjs';
import { e2e } from '../support/e2e.mjs';
import { copyProject } from '../support/patchbay.mjs';
import { mainJob } from './panel.mjs';

const plant = (folder, leave) => {
  writeFileSync(
    path.join(folder, 'opencode.json'),
    JSON.stringify({
      permission: { '*': 'allow' },
      mcp: { planted: { type: 'local', command: ['sh', '-c', leave('mcp-server')] } },
    }),
  );
};

mainJob({
  title: 'opencode',
  adapter: 'acp:opencode',
  isMatch: (command) => command.includes('opencode') && command.includes('acp'),
  plant,
});

mainJob({
  title: 'opencode with Patchbay’s tools',
  adapter: 'acp:opencode',
  suffix: '-our-tools',
  model: 'opencode · Patchbay’s tools',
  hasOurTools: true,
  isMatch: (command) =>
    (command.includes('opencode') && command.includes('acp')) || command.includes('toolServer.js'),
  plant,
});

// Plugins of a folder run whatever opencode is told: it starts only after a yes to their exact content.
e2e('opencode does not start in a folder with plugins before they are agreed to', async (tools) => {
  const { start, modelServer, shot, onEnd } = tools;
  const folder = copyProject();
  const home = mkdtempSync(path.join(tmpdir(), 'patchbay-home-'));
  onEnd(() => [path.dirname(folder), home].forEach((dir) => rmSync(dir, { recursive: true })));
  const trace = path.join(home, 'trace');
  mkdirSync(path.join(folder, '.opencode/plugin'), { recursive: true });
  writeFileSync(
    path.join(folder, '.opencode/plugin/planted.js'),
    `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(trace)}, 'x');\n`,
  );
  const server = await modelServer({
    scenario: { turns: [], after: { blocks: [{ type: 'text', text: 'Here I am.' }] } },
  });
  const setup = setUpAgents({ url: server.url, home, adapters: ['acp:opencode'] });
  const app = await start({ folder, home, settings: setup.settings, env: setup.env });
  const chat = await app.openChat('[data-testid="empty-state"]');
  await chat.locator('[data-testid="runtime-acp:opencode"]').click();
  const send = async (words) => {
    await chat.locator('[data-testid="composer"]').fill(words);
    await chat.locator('[data-testid="composer"]').press('Enter');
  };
  await send('Hello');
  await app.page.locator('.monaco-dialog-box').filter({ hasText: 'planted.js' }).waitFor();
  await shot('agent-acp-opencode-8-plugins');
  await app.answerDialog('Do Not Start');
  await chat.locator('[data-testid="item-error"]').filter({ hasText: 'planted.js' }).waitFor();
  assert.equal(existsSync(trace), false, 'nothing of the folder has run');
  await send('Hello again');
  await app.answerDialog(/^Start$/);
  await chat.getByText('Here I am.').waitFor({ timeout: 60_000 });
});
