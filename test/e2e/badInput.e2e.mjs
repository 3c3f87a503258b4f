import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openWorkbench } from '../support/drive.mjs';
import { e2e } from '../support/e2e.mjs';
import { copyProject } from '../support/patchbay.mjs';

const id = (name) => `[data-testid="${name}"]`;
const key = { ANTHROPIC_API_KEY: 'sk-test-0123456789abcdefghij' };
const opus = 'anthropic/claude-opus-5-5';

async function send(chat, text) {
  await chat.locator(id('composer')).fill(text);
  await chat.locator(id('composer')).press('Enter');
}

/** The newest error card, once it says this and the turn is over. */
async function problem(chat, words) {
  const card = chat.locator(id('item-error')).filter({ hasText: words }).last();
  await card.waitFor();
  await chat.locator(id('send')).waitFor();
  return card;
}

async function chooseModel(chat, modelId) {
  await chat.locator(id('model-picker')).click();
  await chat.locator(`[data-model-id="${modelId}"]`).click();
  await chat.locator(`[data-model-id="${modelId}"]`).waitFor({ state: 'hidden' });
}

/** A new session puts the caret into the prompt, which would close a palette that is opened too early. */
async function newSession(app, chat) {
  await app.command('Patchbay: New Session');
  await chat.locator(id('empty-state')).waitFor();
  await chat.locator(`${id('composer')}:focus`).waitFor();
}

const answer = (text, more = {}) => ({ ...more, blocks: [{ type: 'text', text }] });
const fault = (status, type, message, more = {}) => ({
  fault: { kind: 'http', status, type, message, times: 1000, ...more },
});

e2e(
  'every fault of a server ends in words with a way on, and the conversation goes on after each',
  async ({ start, modelServer, shot }) => {
    const server = await modelServer({ scenario: 'fault-401' });
    const app = await start({
      settings: {
        'patchbay.providerUrls': { anthropic: server.url },
        'patchbay.defaultModel': opus,
        'patchbay.endpoints': [
          { name: 'Nobody', url: 'http://127.0.0.1:9/v1', models: ['none'] },
          { name: 'Scripted', url: `${server.url}/v1`, models: ['unheard-of'] },
        ],
      },
      env: key,
    });
    const chat = await app.openChat(id('empty-state'));
    await chat.locator(`${id('runtime-anthropic')}[data-state="ready"]`).waitFor();

    // Nothing to send: no request, no row. The next prompt is then the first of all.
    await chat.locator(id('composer')).press('Enter');
    await send(chat, '  \n ');
    assert.equal(await chat.locator(id('composer')).inputValue(), '  \n ', 'the draft stays');

    // Wrong key.
    await send(chat, 'With a wrong key');
    const refused = await problem(chat, 'Anthropic refused the key (401)');
    await refused.locator(id('action-setKey')).waitFor();
    assert.equal(server.requests.length, 1);
    assert.equal(await chat.locator(id('item-user')).count(), 1);
    await chat.locator(id('composer')).fill('a draft');
    await shot('bad-input-1-wrong-key');
    await refused.locator(id('action-setKey')).click();
    server.setScenario({ turns: [answer('The new key is fine.')] });
    await app.fillInput('sk-test-another-0123456789abc');
    await chat.locator(id('runtime-badge')).waitFor();
    assert.equal(await chat.locator(id('composer')).inputValue(), 'a draft', 'the draft is kept');
    await refused.locator(id('action-retry')).click();
    await chat.getByText('The new key is fine.').waitFor();
    assert.equal(await chat.locator(id('item-user')).count(), 1, 'the prompt is not doubled');

    // Unknown model, at a server of the user's own.
    server.setScenario({ turns: [fault(404, 'not_found_error', 'no such model')] });
    await chooseModel(chat, 'endpoint:Scripted/unheard-of');
    await send(chat, 'To a model that is not there');
    const unknown = await problem(chat, 'Scripted does not know the model "unheard-of"');
    await unknown.locator(id('action-chooseModel')).waitFor();
    await shot('bad-input-2-unknown-model');

    // Nobody there.
    await chooseModel(chat, 'endpoint:Nobody/none');
    await send(chat, 'To nobody');
    const unreachable = await problem(chat, 'http://127.0.0.1:9/v1');
    await unreachable.locator(id('action-retry')).waitFor();
    await unreachable.locator(id('action-openSettings')).waitFor();
    await shot('bad-input-3-unreachable');

    // A limit that passes is waited out; one that stays is said, and so is an overload.
    await chooseModel(chat, opus);
    server.setScenario({
      turns: [
        fault(429, 'rate_limit_error', 'too fast', { times: 1, headers: { 'retry-after': '1' } }),
        answer('After the limit.'),
      ],
    });
    const asked = server.requests.length;
    await send(chat, 'Too fast');
    await chat.getByText('After the limit.').waitFor();
    assert.equal(server.requests.length - asked, 2, 'once refused, once answered');
    server.setScenario({ turns: [fault(429, 'rate_limit_error', 'too fast')] });
    await send(chat, 'Far too fast');
    await problem(chat, 'Anthropic limits the rate of requests (429)');
    server.setScenario({ turns: [fault(529, 'overloaded_error', 'Overloaded')] });
    await send(chat, 'When it is overloaded');
    const overloaded = await problem(chat, 'Anthropic could not answer right now (529)');
    server.setScenario({ turns: [answer('After the overload.')] });
    await overloaded.locator(id('action-retry')).click();
    await chat.getByText('After the overload.').waitFor();
    await shot('bad-input-4-limits');

    // A stream that ends in the middle: the text stays, and another try works.
    server.setScenario({
      turns: [
        answer('This stream ends too early, without a closing event.', {
          chunk: 8,
          fault: { kind: 'truncate', afterEvents: 7 },
        }),
        answer('Complete this time.'),
      ],
    });
    await send(chat, 'Break off');
    const cut = await problem(chat, 'broke off');
    await chat.locator(id('item-text')).filter({ hasText: 'This stream ends' }).waitFor();
    await shot('bad-input-5-cut');
    await cut.locator(id('action-retry')).click();
    await chat.getByText('Complete this time.').waitFor();
    await chat.locator(id('item-text')).filter({ hasText: 'This stream ends' }).waitFor();

    // A megabyte is sent whole, shown folded, and the panel takes keys as before.
    const large = `Begin ${'0123456789abcde\n'.repeat(65_536)} end`;
    server.setScenario({ turns: [answer('That was long.'), answer('And short again.')] });
    // As a paste leaves it: typing it through the browser's protocol would take minutes in any text area.
    await chat.locator(id('composer')).evaluate((area, text) => {
      area.focus();
      area.value = text;
      area.dispatchEvent(new InputEvent('input', { inputType: 'insertFromPaste', bubbles: true }));
    }, large);
    await chat.locator(id('composer')).press('Enter');
    await chat.getByText('That was long.').waitFor({ timeout: 60_000 });
    assert.ok(
      JSON.stringify(server.requests.at(-1).body).includes(JSON.stringify(large).slice(1, -1)),
      'all of it was sent',
    );
    await chat.locator(`${id('composer')}:focus`).waitFor();
    await app.page.keyboard.type('Short');
    assert.equal(await chat.locator(id('composer')).inputValue(), 'Short');
    await app.page.keyboard.press('Enter');
    await chat.getByText('And short again.').waitFor();
    await shot('bad-input-6-megabyte');
  },
);

e2e(
  'a file that changed, is read-only or is not UTF-8 is never written over without a word',
  async ({ start, modelServer, shot, onEnd }) => {
    const folder = copyProject();
    onEnd(() => rmSync(path.dirname(folder), { recursive: true, force: true }));
    const at = (name) => path.join(folder, name);
    writeFileSync(at('locked.txt'), 'one\ntwo\n');
    chmodSync(at('locked.txt'), 0o444);
    const latin = Buffer.from('gr\u00fcn\nrot\n', 'latin1');
    writeFileSync(at('latin.txt'), latin);
    const binary = Buffer.from([0x62, 0x6c, 0x75, 0x65, 0, 1, 2, 255, 10]);
    writeFileSync(at('data.bin'), binary);
    const edit = (file, search, replace) => ({
      blocks: [
        {
          type: 'tool',
          name: 'edit_file',
          input: { path: file, edits: [{ search, replace }] },
        },
      ],
    });
    const server = await modelServer({
      scenario: { turns: [edit('notes.md', 'coats: 2', 'coats: 3'), answer('Three coats.')] },
    });
    const app = await start({
      folder,
      settings: {
        'patchbay.providerUrls': { anthropic: server.url },
        'patchbay.defaultModel': opus,
      },
      env: key,
    });
    const chat = await app.openChat(id('empty-state'));
    await chat.locator(`${id('runtime-anthropic')}[data-state="ready"]`).waitFor();
    const toldTheModel = () => JSON.stringify(server.requests.at(-1).body);

    // Changed on disk while the user looks at the proposal: asked again, with the difference to what is there now.
    await send(chat, 'Change the notes');
    const card = chat.locator(id('edit-card')).last();
    await card.getByText('coats: 2').first().waitFor();
    const meanwhile = app.text('notes.md').replace('coats: 2', 'coats: 5');
    writeFileSync(at('notes.md'), meanwhile);
    await card.getByText('The file changed meanwhile').waitFor();
    await card.getByText('coats: 5').first().waitFor();
    assert.equal(app.text('notes.md'), meanwhile, 'nothing is written over');
    await shot('bad-input-7-changed-meanwhile');
    await card.locator(id('hunk-approve')).last().click();
    await chat.getByText('Three coats.').waitFor();
    assert.equal(app.text('notes.md'), meanwhile.replace('coats: 5', 'coats: 3'));

    server.setScenario({ turns: [edit('locked.txt', 'two', 'three'), answer('It is locked.')] });
    await send(chat, 'Change the locked file');
    await chat.getByText('It is locked.').waitFor();
    // The user reads it too, whole and without a click.
    await chat.locator('.card-why').filter({ hasText: 'Make it writable first.' }).waitFor();
    assert.match(toldTheModel(), /locked\.txt is read-only; nothing was changed/);
    assert.equal(app.text('locked.txt'), 'one\ntwo\n');

    server.setScenario({ turns: [edit('data.bin', 'blue', 'red'), answer('It is binary.')] });
    await send(chat, 'Change the binary file');
    await chat.getByText('It is binary.').waitFor();
    assert.match(toldTheModel(), /data\.bin is a binary file/);
    assert.deepEqual(app.bytes('data.bin'), binary);

    server.setScenario({ turns: [edit('latin.txt', 'rot', 'blau'), answer('It is not UTF-8.')] });
    await send(chat, 'Change the old file');
    await chat.getByText('It is not UTF-8.').waitFor();
    assert.match(toldTheModel(), /latin\.txt is not in the encoding/);
    assert.deepEqual(app.bytes('latin.txt'), latin);
    // The user sees it too, before anything is to be approved.
    await chat.locator('.card-why').filter({ hasText: 'is not in the encoding' }).waitFor();
    await shot('bad-input-8-refused-writes');
  },
);

/** Speaks as much of Claude Code's dialect as the test needs; a file beside it says how it behaves. */
const fakeAgent = `#!${process.execPath}
const { readFileSync } = require('node:fs');
const mode = readFileSync(__dirname + '/mode', 'utf8').trim();
const say = (message) => process.stdout.write(JSON.stringify(message) + '\\n');
const session_id = '6f1ad6b0-2b1c-4a51-9a0e-1f6a1a1a1a1a';
if (process.argv.includes('--version')) {
  console.log('2.1.329 (Claude Code)');
} else if (process.argv[2] === 'auth') {
  console.log(JSON.stringify({ loggedIn: mode !== 'signed-out', authMethod: 'none', apiProvider: 'firstParty' }));
  process.exitCode = mode === 'signed-out' ? 1 : 0;
} else {
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const { type, request_id } = JSON.parse(line);
    if (type === 'control_request') {
      say({ type: 'control_response', response: { subtype: 'success', request_id, response: {} } });
    } else if (type === 'user') {
      turn();
    }
  });
}
function turn() {
  const event = (body) => say({ type: 'stream_event', event: body, session_id, parent_tool_use_id: null, uuid: 'u' });
  const result = (more) => say({ type: 'result', subtype: 'success', is_error: false, session_id, num_turns: 1, result: '', ...more });
  say({ type: 'system', subtype: 'init', session_id, cwd: process.cwd(), tools: [], mcp_servers: [], model: 'm', permissionMode: 'default' });
  if (mode === 'signed-out') {
    const text = 'Not logged in · Please run /login';
    say({ type: 'assistant', error: 'authentication_failed', session_id, parent_tool_use_id: null, uuid: 'u',
      message: { id: 'm0', role: 'assistant', model: '<synthetic>', content: [{ type: 'text', text }], stop_reason: 'stop_sequence' } });
    result({ is_error: true, result: text, terminal_reason: 'api_error' });
    return;
  }
  const text = mode === 'dies' ? 'Half of an answer' : 'A whole answer.';
  event({ type: 'message_start', message: { id: 'm1', role: 'assistant', model: 'm', content: [] } });
  event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
  event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
  if (mode === 'dies') {
    // Only when the pipe has taken the words.
    process.stdout.write('', () => process.kill(process.pid, 'SIGKILL'));
    return;
  }
  event({ type: 'content_block_stop', index: 0 });
  event({ type: 'message_stop' });
  result({ result: text });
}
`;

e2e(
  'an agent that is missing, broken, signed out, killed or without a folder says what to do next',
  async ({ start, shot, onEnd }) => {
    const bin = mkdtempSync(path.join(tmpdir(), 'patchbay-agent-'));
    onEnd(() => rmSync(bin, { recursive: true, force: true }));
    const binaryPath = path.join(bin, 'claude');
    const behave = (mode) => writeFileSync(path.join(bin, 'mode'), mode);
    const app = await start({
      settings: {
        'patchbay.agents': { 'claude-cli': { binaryPath } },
        'patchbay.defaultModel': 'claude-cli/default',
      },
    });
    const chat = await app.openChat(id('empty-state'));
    const row = (state) => chat.locator(`${id('runtime-claude-cli')}[data-state="${state}"]`);

    await row('missing').waitFor();
    assert.match(await row('missing').innerText(), new RegExp(binaryPath));
    await send(chat, 'To a missing agent');
    const missing = await problem(chat, binaryPath);
    for (const action of ['install', 'openSettings', 'chooseModel']) {
      await missing.locator(id(`action-${action}`)).waitFor();
    }
    await shot('bad-input-9-missing-agent');

    writeFileSync(binaryPath, 'This is not yet a program.\n', { mode: 0o755 });
    await newSession(app, chat);
    await app.command('Patchbay: Look Again for Agents and Models');
    await row('broken').waitFor();
    await send(chat, 'To a placeholder');
    const broken = await problem(chat, binaryPath);
    await broken.locator(id('action-openSettings')).waitFor();
    await shot('bad-input-10-placeholder');

    behave('signed-out');
    writeFileSync(binaryPath, fakeAgent, { mode: 0o755 });
    await newSession(app, chat);
    await app.command('Patchbay: Look Again for Agents and Models');
    await row('signedOut').waitFor();
    await chat.locator(id('runtime-action-claude-cli')).waitFor();
    await send(chat, 'To an agent without a login');
    const signedOut = await problem(chat, 'Claude Code is not signed in');
    await signedOut.locator(id('action-signIn')).waitFor();
    await shot('bad-input-11-signed-out');

    behave('dies');
    await newSession(app, chat);
    await send(chat, 'To an agent that is killed');
    const killed = await problem(chat, 'Claude Code ended early (ended by SIGKILL)');
    await chat.locator(id('item-text')).filter({ hasText: 'Half of an answer' }).waitFor();
    await shot('bad-input-12-killed');
    behave('answers');
    await killed.locator(id('action-retry')).click();
    await chat.getByText('A whole answer.').waitFor();
    await chat.locator(id('item-text')).filter({ hasText: 'Half of an answer' }).waitFor();

    // The same window without a folder.
    const address = new URL(app.host.url());
    address.searchParams.delete('folder');
    address.searchParams.set('ew', 'true');
    await openWorkbench(app.page, { url: () => address.href });
    const bare = await app.openChat(id('empty-state'));
    await bare.getByText('No folder is open').waitFor();
    await bare.locator(`${id('runtime-claude-cli')}[data-state="ready"]`).waitFor();
    await send(bare, 'Without a folder');
    const noFolder = await problem(bare, 'An agent works in a folder');
    await noFolder.locator(id('action-openFolder')).waitFor();
    await shot('bad-input-13-no-folder');
  },
);
