import assert from 'node:assert/strict';
import { e2e } from '../support/e2e.mjs';

const id = (name) => `[data-testid="${name}"]`;
const key = { ANTHROPIC_API_KEY: 'sk-test-0123456789abcdefghij' };

async function startSlowTurn(start, modelServer) {
  const server = await modelServer({ scenario: 'slow-stream' });
  const app = await start({
    settings: { 'patchbay.providerUrls': { anthropic: server.url } },
    env: key,
  });
  const chat = await app.openChat(id('empty-state'));
  await chat.locator(id('runtime-anthropic')).click();
  await chat.locator(id('composer')).fill('Go slowly');
  await chat.locator(id('composer')).press('Enter');
  await chat.locator(id('item-text')).filter({ hasText: 'A slow answer' }).waitFor();
  return { app, chat, server };
}

e2e(
  'stopping in the middle of a turn keeps what has arrived and the panel goes on',
  async ({ start, modelServer, shot }) => {
    const { chat } = await startSlowTurn(start, modelServer);
    await chat.locator(id('composer')).press('Escape');
    await chat.getByText('Stopped.').waitFor();
    assert.match(await chat.locator(id('item-text')).first().innerText(), /^A slow answer/);
    await shot('resilience-1-stopped');
    await chat.locator(id('composer')).fill('Again');
    await chat.locator(id('composer')).press('Enter');
    await chat.getByText('Second try, fast.').waitFor();
  },
);

e2e(
  'a reload in the middle of a turn loses nothing and runs nothing again',
  async ({ start, modelServer, shot }) => {
    const { app, chat, server } = await startSlowTurn(start, modelServer);
    await chat.locator(id('composer')).fill('a draft that stays');
    // The server's own pace gives the draft the time to be kept, as a person's typing would.
    await chat
      .locator(id('item-text'))
      .filter({ hasText: /(goes on and on\..*){4}/ })
      .waitFor();
    const requests = server.requests.length;
    await app.reload();
    const again = await app.openChat(id('item-user'));
    await again.getByText('This turn was interrupted.').waitFor();
    assert.equal(await again.getByText('Stopped.').count(), 0, 'the user stopped nothing');
    assert.match(
      await again.locator(id('item-text')).first().innerText(),
      /^A slow answer that goes on and on/,
    );
    assert.equal(await again.locator(id('item-user')).count(), 1);
    assert.equal(await again.locator(id('composer')).inputValue(), 'a draft that stays');
    assert.equal(server.requests.length, requests, 'nothing runs again by itself');
    await shot('resilience-2-after-reload');
    await again.locator(id('composer')).fill('Go on');
    await again.locator(id('composer')).press('Enter');
    await again.getByText('Second try, fast.').waitFor();

    // It is found again among the earlier ones.
    await app.command('Patchbay: New Session');
    await again.locator(id('empty-state')).waitFor();
    await again.locator(`${id('composer')}:focus`).waitFor(); // it would close the palette that is opened next
    await app.command('Patchbay: Open Earlier Session');
    await again.locator(id('history-list')).getByText('Go slowly').first().click();
    await again.getByText('Second try, fast.').waitFor();
  },
);
