// Two windows of one folder: each has an extension host of its own, and both see the same sessions.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { e2e } from '../support/e2e.mjs';
import { artifacts } from '../support/patchbay.mjs';

const id = (name) => `[data-testid="${name}"]`;
const say = (text, more = {}) => ({ ...more, blocks: [{ type: 'text', text }] });

async function send(chat, text) {
  await chat.locator(id('composer')).fill(text);
  await chat.locator(id('composer')).press('Enter');
}

const isFirst = ({ texts }) => texts.includes('third question');

/** The texts of the messages in each session file, by the folder that it lies in. */
function storedSessions(app) {
  const home = path.join(app.host.dirs.user, 'User/workspaceStorage');
  return readdirSync(home, { recursive: true })
    .filter((name) => name.endsWith('.ndjson') && path.basename(path.dirname(name)) === 'sessions')
    .map((name) => ({
      folder: path.dirname(name),
      texts: readFileSync(path.join(home, name), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
        .filter(({ kind }) => kind === 'message')
        .map(({ message: { text, content } }) => text ?? content[0].text),
    }))
    .sort((a, b) => Number(isFirst(a)) - Number(isFirst(b)));
}

e2e(
  '[R211] a session that another window has is shown as it is and goes on in a copy; nothing is lost or mixed',
  async ({ start, modelServer }) => {
    const slow = 'A slow answer that goes on. '.repeat(70);
    const server = await modelServer({
      scenario: {
        turns: [
          say('The first answer.'),
          say(slow, { delayMs: 100, chunk: 8 }),
          say('The answer in the copy.'),
          say('The last answer.'),
        ],
      },
    });
    const app = await start({
      settings: {
        'patchbay.providerUrls': { anthropic: server.url },
        'patchbay.defaultModel': 'anthropic/claude-haiku-4-5',
      },
      env: { ANTHROPIC_API_KEY: 'sk-test-0123456789abcdefghij' },
    });
    const chat = await app.openChat(id('empty-state'));
    await send(chat, 'first question');
    await chat.getByText('The first answer.').waitFor();
    await chat.locator(id('stop')).waitFor({ state: 'hidden' });
    await send(chat, 'second question');
    await chat.locator(id('item-text')).filter({ hasText: 'A slow answer' }).waitFor();

    // The second window shows what the first one has, and says what that means.
    const other = await app.openWindow();
    const copy = await other.openChat(id('item-user'));
    await copy.getByText('The first answer.').waitFor();
    await copy.getByText('If it still runs, it goes on in the other window.').waitFor();
    await chat.locator(id('stop')).waitFor(); // it does
    await other.page
      .locator('.notification-list-item-message')
      .filter({ hasText: 'This session is open in another window.' })
      .filter({ hasText: 'what you send goes to a copy' })
      .waitFor();
    await other.page.screenshot({ path: path.join(artifacts, 'windows-1-second.png') });

    // While the first one streams on, the other one goes on by itself.
    await send(copy, 'a question in the copy');
    await copy.getByText('The answer in the copy.').waitFor();
    assert.match(JSON.stringify(server.requests.at(-1).body.messages), /The first answer\./);
    await chat.locator(id('stop')).waitFor({ state: 'hidden', timeout: 60_000 });
    assert.equal(await chat.locator(id('item-text')).last().innerText(), slow.trim());
    assert.equal(await chat.getByText('a question in the copy').count(), 0);
    assert.equal(await copy.locator(id('item-user')).count(), 3);

    // What the first window has, the second one neither renames nor deletes.
    await other.command('Patchbay: Open Earlier Session');
    const original = copy.locator('.history-item').filter({ hasNotText: ' open' });
    await original.hover();
    await original.locator(id('history-remove')).click();
    await copy.locator(id('history-remove-confirm')).click();
    await other.page
      .locator('.notification-list-item-message')
      .filter({ hasText: 'The session was not deleted' })
      .waitFor();

    // Both are on disk, in one folder, each with its own words and no others.
    await other.close();
    await send(chat, 'third question');
    await chat.getByText('The last answer.').waitFor();
    await chat.locator(id('stop')).waitFor({ state: 'hidden' });
    await app.reload(); // what is shown now comes from the disk
    const again = await app.openChat(id('item-user'));
    await again.getByText('The last answer.').waitFor();
    const stored = storedSessions(app);
    assert.equal(new Set(stored.map(({ folder }) => folder)).size, 1);
    const [copied, first] = stored.map(({ texts }) => texts);
    assert.equal(stored.length, 2);
    assert.deepEqual(first, [
      'first question',
      'The first answer.',
      'second question',
      slow,
      'third question',
      'The last answer.',
    ]);
    const [cut] = copied.splice(3, 1);
    assert.ok(cut.length > 0 && cut.length < slow.length && slow.startsWith(cut), cut);
    assert.deepEqual(copied, [
      'first question',
      'The first answer.',
      'second question',
      'a question in the copy',
      'The answer in the copy.',
    ]);

    // With the other window gone, the copy is opened, and it is nobody else’s.
    await app.command('Patchbay: Open Earlier Session');
    await again
      .locator('.history-item')
      .filter({ hasNotText: ' open' })
      .locator('button')
      .first()
      .click();
    await again.getByText('The answer in the copy.').waitFor();
    assert.equal((await app.notifications()).length, 0);
  },
);
