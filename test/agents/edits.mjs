// Every kind of edit by one real agent in the real host: what a person decides is what is in the files, byte for byte,
// and what the model is told. The steps share one window, one session and, as far as they let it live, one process.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setUpAgents } from '../support/agent-env.mjs';
import { becomes } from '../support/becomes.mjs';
import { e2e } from '../support/e2e.mjs';
import { copyProject } from '../support/patchbay.mjs';

export const id = (name) => `[data-testid="${name}"]`;
const say = (words) => ({ blocks: [{ type: 'text', text: words }] });
const mark = '\uFEFF';

/**
 * A window with the agent chosen, and what a person does in it.
 *
 * @param {{ start: Function, modelServer: Function, shot: Function, onEnd: Function }} tools
 * @param {{ adapter: string, files: Record<string, string>, settings?: Record<string, unknown>,
 *   stopsAtNo?: boolean }} options
 */
async function openWith({ start, modelServer, onEnd }, { adapter, files, settings, stopsAtNo }) {
  const folder = copyProject();
  const home = mkdtempSync(path.join(tmpdir(), 'patchbay-home-'));
  onEnd(() =>
    [path.dirname(folder), home].forEach((dir) => rmSync(dir, { recursive: true, force: true })),
  );
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const server = await modelServer({ scenario: { turns: [], after: say('Ready.') } });
  const setup = setUpAgents({ url: server.url, home, adapters: [adapter] });
  const app = await start({
    folder,
    home,
    // A browser's VS Code saves by itself else.
    settings: { ...setup.settings, 'files.autoSave': 'off', ...settings },
    env: { ...setup.env, HOME: home },
  });
  const { page } = app;
  const inFolder = (name) => path.join(folder, name);
  let chat = await app.openChat(id('empty-state'));
  const runtime = chat.locator(id(`runtime-${adapter}`));
  await runtime.filter({ hasText: /\d+\.\d+\.\d+/ }).waitFor({ timeout: 60_000 });
  await runtime.click();

  const cards = () => chat.locator(`${id('edit-card')}[data-state="open"]`);
  const at = {
    app,
    page,
    server,
    get chat() {
      return chat;
    },
    inFolder,
    exists: (name) => existsSync(inFolder(name)),
    text: (name) => app.text(name),

    /** Sends a prompt; the model answers with these calls, one request each, and then with words. */
    async ask(prompt, calls, last) {
      const turns = calls.map((blocks) => ({ blocks: [blocks].flat() }));
      server.setScenario({ turns, after: say(last) });
      await chat.locator(id('composer')).fill(prompt);
      await chat.locator(id('composer')).press('Enter');
    },
    edit: (name, old, next) => ({
      type: 'tool',
      tool: 'edit',
      path: inFolder(name),
      old,
      new: next,
    }),
    read: (name) => ({ type: 'tool', tool: 'read', path: inFolder(name) }),
    write: (name, content) => ({ type: 'tool', tool: 'write', path: inFolder(name), content }),

    /** The card of the edit of this file that waits. */
    async card(name) {
      const card = cards().filter({ hasText: name }).last();
      await card.waitFor({ timeout: 60_000 });
      return card;
    },
    async readAll(all) {
      await at.ask('Read everything', [all.map(at.read)], 'Read.');
      await at.done('Read.');
    },
    async approve(name) {
      await (await at.card(name)).locator(id('approve-all')).click();
    },
    async deny(name) {
      await (await at.card(name)).locator(id('deny-all')).click();
    },
    /** The words have come and the turn is over. */
    async done(words) {
      await chat
        .locator(id('item-text'))
        .filter({ hasText: words })
        .last()
        .waitFor({ timeout: 60_000 });
      await chat.locator(id('stop')).waitFor({ state: 'hidden', timeout: 60_000 });
    },
    /** After a no without words: some agents end their turn then. */
    async doneWithout(words) {
      await (stopsAtNo
        ? chat.locator(id('stop')).waitFor({ state: 'hidden', timeout: 60_000 })
        : at.done(words));
    },
    /** Whether the model was told these words since the last prompt. */
    told: (words) =>
      server.requests
        .filter((request) => request.kind === 'turn')
        .some((request) => JSON.stringify(request.body).includes(words)),
    async isTold(words) {
      await becomes(() => at.told(words), true, `the model is told: ${words}`);
    },

    async open(name) {
      await page.keyboard.press('Control+P');
      await page.locator('.quick-input-widget input.input').waitFor({ state: 'visible' });
      await page.keyboard.type(inFolder(name));
      await page.locator('.quick-input-widget .monaco-list-row', { hasText: name }).first().click();
      await at.tab(name).waitFor();
      await page.locator('.editor-instance .monaco-editor.focused').waitFor();
    },
    tab: (name) => page.locator(`.tab[data-resource-name="${name}"]`),
    /** Types at the very end of the open file. */
    async type(name, words) {
      await page.locator('.editor-instance .view-lines').first().click();
      await page.keyboard.press('Control+End');
      await page.keyboard.type(words);
      await page.locator(`.tab.dirty[data-resource-name="${name}"]`).waitFor();
    },
    async save(name) {
      await page.keyboard.press('Control+S');
      await page.locator(`.tab:not(.dirty)[data-resource-name="${name}"]`).waitFor();
    },
    /** One undo in the open file, saved. */
    async undo(name) {
      await page.locator('.editor-instance .view-lines').first().click();
      await page.keyboard.press('Control+Z');
      await page.locator(`.tab.dirty[data-resource-name="${name}"]`).waitFor();
      await at.save(name);
    },
    /** Whether words for the agent are kept for when it goes on. */
    keeps: (words) => {
      const storage = path.join(app.host.dirs.user, 'User/workspaceStorage');
      return readdirSync(storage, { recursive: true })
        .filter((name) => name.endsWith('.json'))
        .some((name) => readFileSync(path.join(storage, name), 'utf8').includes(words));
    },
    async reload() {
      await app.reload();
      chat = await app.openChat(id('item-user'));
    },
    answerQuestion: async (label) => {
      const prompt = chat.locator(id('prompt-card')).last();
      await prompt.waitFor({ timeout: 60_000 });
      await prompt.getByText(label, { exact: true }).click();
      await prompt.locator(id('answer')).click();
    },
  };
  return at;
}

const crlf = `${mark}one\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix\r\n`;
const plain = 'alpha\nbeta\ngamma\ndelta\n';
const inBoth = (text) => text.replace('two', 'TWO').replace('five', 'FIVE');

/** What would show that somebody touched the file. */
const stamp = (file) => {
  const { ino, mtimeMs, size } = statSync(file);
  return { ino, mtimeMs, size, bytes: readFileSync(file, 'hex') };
};

/**
 * @param {{
 *   title: string, adapter: string,
 *   readsFirst?: boolean  it changes only what it has read
 *   stopsAtNo?: boolean  a no without words ends its turn
 *   savesFirst?: boolean  it writes what was approved by itself: unsaved text is a question first
 *   more?: (at: object) => Promise<void>  what only this agent has
 * }} agent
 */
export function editJob(agent) {
  e2e(
    `[R221] [R226] [R227] ${agent.title}: what is approved is written, byte for byte, and nothing else`,
    async (tools) => {
      const at = await openWith(tools, {
        adapter: agent.adapter,
        stopsAtNo: agent.stopsAtNo,
        files: { 'crlf.txt': crlf, 'marked.txt': crlf, ...plainFiles(), ...agent.files },
        settings: { 'patchbay.openReviewAutomatically': false },
      });
      if (agent.readsFirst) await at.readAll([...names, ...Object.keys(agent.files ?? {})]);
      const short = agent.adapter.replace(/[^a-z]+/g, '-');

      await lineEndings(at);
      await (agent.savesFirst ? unsavedAsked(at) : unsavedKept(at));
      await tools.shot(`edits-${short}-unsaved`);
      await changedMeanwhile(at);
      await undone(at);
      await createdAndDenied(at);
      await rewritten(at);
      await agent.more?.(at);
      await reloaded(at, () => tools.shot(`edits-${short}-reloaded`));
    },
    { timeoutMs: 480_000 },
  );
}

const names = ['crlf.txt', 'marked.txt', ...Object.keys(plainFiles())];

function plainFiles() {
  return Object.fromEntries(
    ['draft.txt', 'late.txt', 'undo.txt', 'denied.txt', 'words.txt', 'kept.txt'].map((name) => [
      name,
      plain,
    ]),
  );
}

/** CRLF and a byte order mark, in part and whole. */
async function lineEndings(at) {
  const parts = ['two\nthree\nfour\nfive', 'TWO\nthree\nfour\nFIVE'];
  await at.ask('In part', [at.edit('crlf.txt', ...parts)], 'In part: done.');
  const card = await at.card('crlf.txt');
  await card.locator(id('hunk-deny')).first().click();
  await card.locator(id('hunk-approve')).last().click();
  await at.done('In part: done.');
  assert.equal(at.text('crlf.txt'), crlf.replace('five', 'FIVE'));
  await at.isTold('1 of 2 hunks');

  await at.ask('Whole', [at.edit('marked.txt', ...parts)], 'Whole: done.');
  await at.approve('marked.txt');
  await at.done('Whole: done.');
  assert.equal(at.text('marked.txt'), inBoth(crlf));
}

/** An agent that writes by itself must not write over text that only the editor has: saved, then discarded. */
async function unsavedAsked(at) {
  await at.open('draft.txt');
  await at.type('draft.txt', 'draft');
  await at.ask('Save', [at.edit('draft.txt', 'beta', 'BETA')], 'Save: done.');
  await at.answerQuestion('Save and continue');
  await at.approve('draft.txt');
  await at.done('Save: done.');
  assert.equal(at.text('draft.txt'), 'alpha\nBETA\ngamma\ndelta\ndraft');

  await at.page.locator('.editor-instance .view-line', { hasText: 'BETA' }).waitFor();
  await at.type('draft.txt', ' two');
  const calls = [at.read('draft.txt'), at.edit('draft.txt', 'gamma', 'GAMMA')];
  await at.ask('Discard', calls, 'Discard: done.');
  await at.answerQuestion('Discard them and continue');
  await at.approve('draft.txt');
  await at.done('Discard: done.');
  assert.equal(at.text('draft.txt'), 'alpha\nBETA\nGAMMA\ndelta\ndraft');
  await at.page.locator('.tab:not(.dirty)[data-resource-name="draft.txt"]').waitFor();

  await at.type('draft.txt', ' three');
  await at.ask('Leave', [at.edit('draft.txt', 'alpha', 'ALPHA')], 'Leave: done.');
  await at.answerQuestion('Cancel the edit');
  await at.done('Leave: done.');
  assert.equal(at.text('draft.txt'), 'alpha\nBETA\nGAMMA\ndelta\ndraft');
  await at.isTold('has unsaved changes in the editor');
}

/** In a dialect of yes and no we write: beside the unsaved text, in one step, and what was not saved stays so. */
async function unsavedKept(at) {
  await at.open('draft.txt');
  await at.type('draft.txt', 'draft');
  await at.ask('Beside it', [at.edit('draft.txt', 'beta', 'BETA')], 'Beside it: done.');
  await at.approve('draft.txt');
  await at.done('Beside it: done.');
  await at.isTold('not saved yet');
  assert.equal(at.text('draft.txt'), plain, 'what was not saved is not saved');
  await at.page.locator('.tab.dirty[data-resource-name="draft.txt"]').waitFor();
  await at.page.locator('.editor-instance .view-line', { hasText: 'BETA' }).click();
  await at.save('draft.txt');
  assert.equal(at.text('draft.txt'), 'alpha\nBETA\ngamma\ndelta\ndraft');
  await at.undo('draft.txt');
  assert.equal(at.text('draft.txt'), `${plain}draft`, 'one step');
}

/** Another program writes while the review is open: both are in the file. */
async function changedMeanwhile(at) {
  await at.ask('Late', [at.edit('late.txt', 'beta', 'BETA')], 'Late: done.');
  const card = await at.card('late.txt');
  writeFileSync(at.inFolder('late.txt'), `${plain}elsewhere\n`);
  await card.locator('.card-note').waitFor();
  await at.approve('late.txt');
  await at.done('Late: done.');
  assert.equal(at.text('late.txt'), `${plain.replace('beta', 'BETA')}elsewhere\n`);
  await at.isTold('changed while the user looked at this edit');
}

/** The whole edit is one step of the open editor, whoever wrote it. */
async function undone(at) {
  await at.open('undo.txt');
  const edit = at.edit('undo.txt', 'beta\ngamma\ndelta', 'BETA\ngamma\nDELTA');
  await at.ask('Undo', [edit], 'Undo: done.');
  await at.approve('undo.txt');
  await at.done('Undo: done.');
  assert.equal(at.text('undo.txt'), 'alpha\nBETA\ngamma\nDELTA\n');
  await at.page.locator('.editor-instance .view-line', { hasText: 'DELTA' }).waitFor();
  await at.undo('undo.txt');
  assert.equal(at.text('undo.txt'), plain);
}

/** A file is made with its folders; a denied one, and a denied edit, leave no trace. */
async function createdAndDenied(at) {
  await at.ask('Make', [at.write('fresh/one.txt', 'uno\ndos\n')], 'Make: done.');
  await at.approve('one.txt');
  await at.done('Make: done.');
  assert.equal(at.text('fresh/one.txt'), 'uno\ndos\n');

  await at.ask('Make another', [at.write('other/two.txt', 'uno\n')], 'Make another: done.');
  await at.deny('two.txt');
  await at.doneWithout('Make another: done.');
  assert.equal(at.exists('other'), false);

  const before = stamp(at.inFolder('denied.txt'));
  await at.ask('No', [at.edit('denied.txt', 'beta', 'BETA')], 'No: done.');
  await at.deny('denied.txt');
  await at.doneWithout('No: done.');
  assert.deepEqual(stamp(at.inFolder('denied.txt')), before);
}

/** The user rewrites the proposal before approving it; the agent hears the difference. */
async function rewritten(at) {
  await at.ask('Words', [at.edit('words.txt', 'beta', 'BETA')], 'Words: done.');
  await (await at.card('words.txt')).locator(id('open-review')).click();
  await at.page.locator('.tab', { hasText: 'words.txt: proposed' }).waitFor();
  const right = at.page.locator('.editor-instance .editor.modified .view-lines');
  await right.locator('.view-line', { hasText: 'BETA' }).click();
  await at.page.keyboard.press('End');
  await at.page.keyboard.type(', thin ones');
  await at.app.command('Patchbay: Approve All in File');
  await at.done('Words: done.');
  assert.equal(at.text('words.txt'), plain.replace('beta', 'BETA, thin ones'));
  await at.isTold('+BETA, thin ones');
}

/** The agent dies with the window; its proposal waits, is written by us, and the agent is told when it goes on. */
async function reloaded(at, shot) {
  await at.ask('Kept', [at.edit('kept.txt', 'beta', 'BETA')], 'Kept: unheard.');
  await at.card('kept.txt');
  await at.reload();
  await at.card('kept.txt');
  assert.equal(at.text('kept.txt'), plain, 'nothing is written by a reload');
  await shot();
  await at.approve('kept.txt');
  await becomes(() => at.text('kept.txt'), plain.replace('beta', 'BETA'), 'written by us');
  await becomes(() => at.keeps('decided on your edit of kept.txt'), true, 'it is to be told');
  await at.ask('What now?', [], 'I see.');
  await at.done('I see.');
  await at.isTold('The user has decided on your edit of kept.txt');
}
