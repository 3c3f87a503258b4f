import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { e2e } from '../support/e2e.mjs';

const id = (name) => `[data-testid="${name}"]`;
const shell = (command) => ({ blocks: [{ type: 'tool', tool: 'shell', command }] });
const says = (text) => ({ blocks: [{ type: 'text', text }] });

const ownKey = 'sk-test-0123456789abcdefghij';

async function openWith({ start, modelServer }, turns, settings = {}) {
  const server = await modelServer({ scenario: { turns } });
  const app = await start({
    settings: { 'patchbay.providerUrls': { anthropic: server.url }, ...settings },
    env: { ANTHROPIC_API_KEY: ownKey },
  });
  const chat = await app.openChat(id('empty-state'));
  await chat.locator(id('runtime-anthropic')).click();
  return { app, chat, server };
}

async function send(chat, text) {
  await chat.locator(id('composer')).fill(text);
  await chat.locator(id('composer')).press('Enter');
}

const rows = (app) => app.page.locator('.quick-input-widget .monaco-list-row');
const row = (app, text) => rows(app).filter({ hasText: text }).first();
const editorText = (app) => app.page.locator('.editor-instance .view-lines').first();

e2e(
  'a question is one on every surface: card, editor and status bar, and the first answer closes it everywhere',
  async (tools) => {
    const { app, chat } = await openWith(tools, [
      shell('echo first && echo second'),
      says('Both were said.'),
      shell('touch must-not-exist'),
      says('It was not done.'),
    ]);
    await send(chat, 'Say two words');
    const card = chat.locator(id('prompt-card'));
    await card.waitFor();
    const waiting = app.page.locator('.statusbar-item', { hasText: '1 question' });
    await waiting.waitFor();

    await card.locator(id('open-question')).click();
    await app.page.locator('.tab', { hasText: 'Patchbay question' }).waitFor();
    const lens = app.page.locator('.codelens-decoration a', { hasText: 'Allow Once' });
    await lens.waitFor();
    assert.match(await editorText(app).innerText(), /echo.first.&&.echo.second/);
    await tools.shot('gate-1-question-in-editor');
    await lens.click();
    await chat.getByText('Both were said.').waitFor();
    await card.waitFor({ state: 'hidden' });
    await app.page.locator('.tab', { hasText: 'Patchbay question' }).waitFor({ state: 'hidden' });
    await waiting.waitFor({ state: 'hidden' });

    // It outlives the view: hidden and shown again it is there once. A reload is a no.
    await send(chat, 'Now the other thing');
    await card.waitFor();
    await app.command('View: Show Explorer');
    await waiting.waitFor();
    await app.command('Patchbay: Open Chat');
    const again = await app.chatFrame(id('prompt-card'));
    assert.equal(await again.locator(id('prompt-card')).count(), 1);
    await app.reload();
    const after = await app.openChat(id('item-user'));
    await after.getByText('This turn was interrupted.').waitFor();
    assert.equal(await after.locator(id('prompt-card')).count(), 0);
    assert.throws(() => app.bytes('must-not-exist'), /ENOENT/);
  },
);

e2e(
  '"Always" makes the rule that it shows: the next call says which rule let it run, and the rule is listed and taken back',
  async (tools) => {
    const { app, chat } = await openWith(tools, [
      shell('ls src'),
      shell('ls test'),
      says('Listed.'),
      shell('ls src'),
      says('Listed again.'),
    ]);
    await send(chat, 'List two folders');
    const card = chat.locator(id('prompt-card'));
    await card.locator(id('allow-always')).click();
    const offer = card.locator(id('offer-family'));
    assert.match(await offer.innerText(), /Always allow commands that begin with `ls`/);
    await tools.shot('gate-2-always');
    await offer.locator(id('offer-family-workspace')).click();
    await chat.getByText('Listed.', { exact: true }).waitFor();
    await chat
      .locator(id('tool-card'))
      .nth(1)
      .getByText('you allowed in this workspace: commands that begin with `ls`')
      .waitFor();

    await app.command('Patchbay: Manage Rules');
    const rule = row(app, 'Allow commands that begin with `ls`');
    await rule.waitFor();
    await tools.shot('gate-3-rules');
    await rule.hover();
    await rule.locator('.codicon-trash').click();
    await rule.waitFor({ state: 'hidden' });
    await app.page.keyboard.press('Escape');

    await send(chat, 'List again');
    await card.waitFor();
    await card.locator(id('allow-once')).click();
    await chat.getByText('Listed again.').waitFor();
  },
);

e2e(
  'a rule is tried on the audit log, shows what it would have stopped, and is kept when the user says so',
  async (tools) => {
    const { app, chat } = await openWith(tools, [
      shell('git status --short'),
      says('Looked.'),
      shell('git status --short'),
      says('It was denied.'),
    ]);
    await send(chat, 'Look at the repository');
    await chat.locator(id('allow-once')).click();
    await chat.getByText('Looked.').waitFor();

    await app.command('Patchbay: Try a Rule on the Audit Log');
    await row(app, 'Commands that begin with').click();
    const input = app.page.locator('.quick-input-widget input.input');
    await input.fill('git $(status)');
    await app.page.getByText('Not a rule: its commandsBeginningWith is not usable').waitFor();
    await input.fill('git status');
    await input.press('Enter');
    await row(app, 'It never runs, in any mode').click();
    await row(app, 'Keep it in this workspace').waitFor();
    await app.page.locator('.tab', { hasText: 'Patchbay rule on the audit log' }).waitFor();
    const report = (await editorText(app).innerText()).replace(/\s/g, ' ');
    assert.match(report, /1 would have been denied/);
    assert.match(report, /git status --short.*you allowed it/);
    await tools.shot('gate-4-simulator');
    await row(app, 'Keep it in this workspace').click();
    await row(app, 'Keep it in this workspace').waitFor({ state: 'hidden' });

    await send(chat, 'Look again');
    await chat.getByText('It was denied.').waitFor();
    await chat
      .getByText('a rule of yours denies commands that begin with `git status`')
      .first()
      .waitFor();
    assert.equal(await chat.locator(id('prompt-card')).count(), 0);
  },
);

e2e('a repository can tighten what holds in it, and not loosen it', async (tools) => {
  const { app, chat } = await openWith(tools, [
    shell('echo never'),
    shell('ls src'),
    says('One was denied.'),
  ]);
  mkdirSync(path.join(app.folder, '.patchbay'));
  writeFileSync(
    path.join(app.folder, '.patchbay/rules.json'),
    JSON.stringify({
      rules: [
        { verdict: 'deny', commandsBeginningWith: 'echo' },
        { verdict: 'allow', commandsBeginningWith: 'ls' },
      ],
    }),
  );
  await send(chat, 'Try both');
  await app.page
    .locator('.notification-toast', { hasText: 'a repository can only ask or deny' })
    .waitFor();
  const card = chat.locator(id('prompt-card')).filter({ hasText: 'ls src' });
  await card.waitFor();
  await chat
    .getByText('a rule of this repository denies commands that begin with `echo`')
    .first()
    .waitFor();
  await card.locator(id('deny')).click();
  await chat.getByText('One was denied.').waitFor();
});

e2e('the audit log is read, filtered, exported and verified in the editor', async (tools) => {
  const { app, chat } = await openWith(tools, [
    shell('echo said'),
    shell('touch must-not-exist'),
    says('One of two.'),
  ]);
  await send(chat, 'Do two things');
  await chat.locator(id('allow-once')).click();
  const second = chat.locator(id('prompt-card')).filter({ hasText: 'touch must-not-exist' });
  await second.locator(id('deny')).click();
  await chat.getByText('One of two.').waitFor();

  await app.command('Patchbay: Show Audit Log');
  const text = async () => (await editorText(app).innerText()).replaceAll('\u00a0', ' ');
  await app.page.locator('.view-line', { hasText: 'touch must-not-exist' }).first().waitFor();
  assert.match(await text(), /echo said/);
  await tools.shot('gate-5-audit');

  await app.command('Patchbay: Filter Audit Log');
  await row(app, 'Verdict').click();
  await row(app, 'denied').click();
  await row(app, 'Show All').waitFor();
  await app.page.keyboard.press('Escape');
  await app.page
    .locator('.view-line', { hasText: 'echo said' })
    .first()
    .waitFor({ state: 'hidden' });
  assert.match(await text(), /touch must-not-exist/);

  await app.command('Patchbay: Export Audit Log');
  await row(app, 'CSV').click();
  const input = app.page.locator('.quick-input-widget input.input');
  // The dialog writes its own proposal first, whatever was typed before.
  await app.page.waitForFunction(() =>
    document
      .querySelector('.quick-input-widget input.input')
      ?.value.endsWith('/patchbay-audit.csv'),
  );
  const file = path.join(app.folder, 'decisions.csv');
  await input.fill(file);
  await input.press('Enter');
  await app.page.locator('.notification-toast', { hasText: '1 call (' }).waitFor();
  const csv = app.text('decisions.csv');
  assert.match(csv, /touch must-not-exist/);
  assert.doesNotMatch(csv, /echo said/);

  await app.command('Patchbay: Verify Audit Log');
  await app.page
    .locator('.notification-toast', { hasText: 'The audit log is whole: 1 file checked.' })
    .waitFor();
});

e2e(
  'no key is ever in the panel or in the session’s file, however the model streams it',
  async (tools) => {
    const format = 'sk-ant-api03-ZyXwVuTsRqPoNmLk9876543210';
    const token = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
    const sentence = `Your own key is ${ownKey}, another is ${format} and the token ${token} is a third.`;
    const { app, chat } = await openWith(tools, [
      {
        chunk: 5,
        delayMs: 15,
        blocks: [
          { type: 'thinking', text: `First: ${sentence}` },
          { type: 'text', text: `Now aloud: ${sentence}\n\nDone with keys.` },
        ],
      },
    ]);
    // Every state of the page on the way, not only the last one.
    await chat.locator('body').evaluate(
      (body, parts) => {
        window.seenSecrets = [];
        const look = () => {
          const html = body.ownerDocument.documentElement.outerHTML;
          window.seenSecrets.push(...parts.filter((part) => html.includes(part)));
        };
        new MutationObserver(look).observe(body, {
          subtree: true,
          childList: true,
          characterData: true,
          attributes: true,
        });
      },
      partsOfKeys([ownKey, format, token]),
    );
    await send(chat, 'Which keys do you know?');
    await chat.locator(id('item-thinking')).locator('.disclosure').click();
    const expected = 'Your own key is [redacted], another is [redacted] and the token [redacted]';
    await chat.getByText(`Now aloud: ${expected} is a third.`).waitFor();
    await chat.getByText('Done with keys.').waitFor();
    await chat.getByText(`First: ${expected} is a third.`).waitFor();
    await tools.shot('gate-6-no-keys');
    assert.deepEqual(await chat.locator('body').evaluate(() => window.seenSecrets), []);

    // The prompt itself may hold one.
    await send(chat, `Is it ${token}?`);
    await chat.getByText('Is it [redacted]?').first().waitFor();
    await chat.getByText('(scenario exhausted)').waitFor();

    await app.reload();
    const after = await app.openChat(id('item-user'));
    await after.getByText(`Now aloud: ${expected} is a third.`).waitFor();
    await after.locator(id('item-thinking')).locator('.disclosure').click();
    await after.getByText(`First: ${expected} is a third.`).waitFor();
    const html = await after.locator('html').evaluate((page) => page.outerHTML);
    const files = sessionFiles(app);
    assert.ok(files.some((text) => text.includes('another is [redacted]')));
    for (const part of partsOfKeys([ownKey, format, token])) {
      assert.ok(!html.includes(part), `the page holds ${part}`);
      assert.ok(!files.some((text) => text.includes(part)), `a session file holds ${part}`);
    }
  },
);

/** Eight letters from anywhere behind the beginning by which such keys are known. */
const partsOfKeys = (keys) =>
  keys.flatMap((key) =>
    Array.from({ length: key.length - 14 }, (_, at) => key.slice(at + 6, at + 14)),
  );

/** The texts of all that Patchbay has stored of sessions. */
const sessionFiles = (app) =>
  readdirSync(app.host.dirs.user, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.includes(`${path.sep}sessions`))
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8'));
