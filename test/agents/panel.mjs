// The main job of a person with one real agent in the real host, step by step, against the scripted model server. What
// an agent cannot do is said by its description, never skipped in silence.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setUpAgents } from '../support/agent-env.mjs';
import { becomes } from '../support/becomes.mjs';
import { e2e } from '../support/e2e.mjs';
import { copyProject } from '../support/patchbay.mjs';

const id = (name) => `[data-testid="${name}"]`;
export const notes = '# Notes\n\nfence: 12 m by 1.8 m\ncolour: red\ncoats: 2\n';
const changed = notes.replace('# Notes', '# Fence notes').replace('coats: 2', 'coats: 3');

const text = (words, more = {}) => ({
  turns: [],
  after: { blocks: [{ type: 'text', text: words }] },
  ...more,
});
const bodies = (server) =>
  server.requests
    .filter((request) => request.kind === 'turn')
    .map((request) => JSON.stringify(request.body));
/** Whether the model was told these words since the scenario was set. */
const told = (server, words) => bodies(server).some((body) => body.includes(words));

const isAlive = (pid) => existsSync(`/proc/${pid}`);

/**
 * @param {{
 *   adapter: string,
 *   plant: (folder: string, leave: (name: string) => string) => void  settings of the folder that leave a trace when obeyed,
 *   hasThinking?: boolean, isMatch: (command: string) => boolean   its processes
 *   model?: string  the name in the picker, when it is not the agent's first
 *   hasOurTools?: boolean  it works with Patchbay's tools: every call is judged, run and audited by the host
 *   needsConsent?: boolean
 *   badRequest?: RegExp  what a person reads when the service refuses the request
 * }} agent
 */
export function mainJob(agent) {
  const { adapter } = agent;
  const short = adapter.replace(/[^a-z]+/g, '-') + (agent.suffix ?? '');
  e2e(
    `${agent.title}: the main job of a person`,
    async ({ start, modelServer, shot, onEnd }) => {
      const folder = copyProject();
      const traces = mkdtempSync(path.join(tmpdir(), 'patchbay-traces-'));
      const home = mkdtempSync(path.join(tmpdir(), 'patchbay-home-'));
      onEnd(() =>
        [path.dirname(folder), traces, home].forEach((dir) =>
          rmSync(dir, { recursive: true, force: true }),
        ),
      );
      const planted = path.join(traces, 'planted');
      const asked = path.join(folder, 'asked');
      mkdirSync(planted);
      mkdirSync(asked);
      agent.plant?.(folder, (name) => `touch '${path.join(planted, name)}'`);
      const file = path.join(folder, 'notes.md');
      const server = await modelServer({ scenario: text('Ready.') });
      const setup = setUpAgents({ url: server.url, home, adapters: [adapter] });
      const app = await start({
        folder,
        home,
        settings: { ...setup.settings, ...agent.settings },
        env: { ...setup.env, HOME: home },
      });
      let chat = await app.openChat(id('empty-state'));
      const send = async (words) => {
        await chat.locator(id('composer')).fill(words);
        await chat.locator(id('composer')).press('Enter');
      };
      const answer = (words) =>
        chat
          .locator(id('item-text'))
          .filter({ hasText: words })
          .last()
          .waitFor({ timeout: 60_000 });
      /** The turn is over: nothing can be stopped. */
      const idle = () => chat.locator(id('stop')).waitFor({ state: 'hidden', timeout: 60_000 });
      const sayNo = async (scope, button, words) => {
        await scope.locator(id(button)).last().click();
        await chat.locator(`${id('deny-reason-field')} input`).fill(words);
        await chat.locator(id('deny-reason-send')).click();
      };

      // Found, with its version; one click starts with it.
      const runtime = chat.locator(id(`runtime-${adapter}`));
      await runtime.filter({ hasText: /\d+\.\d+\.\d+/ }).waitFor({ timeout: 60_000 });
      await shot(`agent-${short}-1-found`);
      await runtime.click();
      if (agent.model) {
        await app.command('Patchbay: Choose Model');
        await chat.getByText(agent.model, { exact: true }).first().click();
      }

      // Thinking and text stream in; a read is put before the gate where the agent asks for it.
      server.setScenario({
        turns: [
          {
            blocks: [
              { type: 'thinking', text: 'The notes come first.' },
              { type: 'text', text: 'I will read the notes.' },
              { type: 'tool', tool: 'read', path: file },
            ],
          },
        ],
        after: { blocks: [{ type: 'text', text: 'I have read them.' }] },
      });
      await send('Read the notes');
      if (agent.asksToRead) {
        await chat.locator(id('prompt-card')).waitFor({ timeout: 60_000 });
        await chat.locator(id('allow-once')).click();
      }
      await answer('I have read them.');
      await chat.getByText('I will read the notes.').waitFor();
      if (agent.hasThinking !== false) await chat.locator(id('item-thinking')).first().waitFor();
      assert.ok(told(server, 'fence: 12 m by 1.8 m'), 'the model has the text of the notes');
      assert.ok(
        told(server, 'Plain JavaScript, ES modules'),
        'and the instructions of the project',
      );

      const readTool = agent.hasOurTools ? 'read_file' : agent.readTool;
      if (readTool) {
        const read = auditRecords(app).find(
          ({ tool, kind }) => tool === readTool && kind === 'decision',
        );
        assert.deepEqual(
          [read.decision, read.executedBy],
          ['allow', agent.hasOurTools ? 'host' : 'child'],
          'the gate judged it',
        );
        assert.equal(read.by, 'default.read-inside');
      }

      // An edit is decided by hunk before the file changes; the approved bytes are in the file, the words reach the model.
      server.setScenario({
        turns: [
          {
            blocks: [
              {
                type: 'tool',
                tool: 'edit',
                path: file,
                old: notes.trimEnd(),
                new: changed.trimEnd(),
              },
            ],
          },
        ],
        after: { blocks: [{ type: 'text', text: 'The notes are settled.' }] },
      });
      await send('Change the notes');
      const card = chat.locator(id('edit-card')).last();
      await card.locator(id('hunk-approve')).first().waitFor({ timeout: 60_000 });
      assert.equal(app.text('notes.md'), notes, 'nothing is written before the decision');
      await shot(`agent-${short}-2-review`);
      await card.locator(id('hunk-approve')).first().click();
      await sayNo(card, 'hunk-deny-reason', 'two coats are enough');
      await answer('The notes are settled.');
      assert.equal(app.text('notes.md'), notes.replace('# Notes', '# Fence notes'));
      await becomes(() => told(server, 'two coats are enough'), true, 'the words reach the model');
      await idle();
      await shot(`agent-${short}-3-settled`);

      // A command is allowed once, another is denied with words.
      server.setScenario({
        turns: [
          {
            blocks: [
              { type: 'tool', tool: 'shell', command: `touch '${path.join(asked, 'allowed')}'` },
            ],
          },
        ],
        after: { blocks: [{ type: 'text', text: 'It has run.' }] },
      });
      await send('Run something');
      await chat.locator(id('prompt-card')).waitFor({ timeout: 60_000 });
      await chat.locator(id('allow-once')).click();
      await answer('It has run.');
      assert.deepEqual(readdirSync(asked), ['allowed']);
      server.setScenario({
        turns: [
          {
            blocks: [
              { type: 'tool', tool: 'shell', command: `touch '${path.join(asked, 'denied')}'` },
            ],
          },
        ],
        after: { blocks: [{ type: 'text', text: 'Then I leave it.' }] },
      });
      await send('Run another');
      const prompt = chat.locator(id('prompt-card'));
      await prompt.waitFor({ timeout: 60_000 });
      await sayNo(prompt, 'deny-reason', 'not today');
      await answer('Then I leave it.');
      await becomes(() => told(server, 'not today'), true, 'the words reach the model');
      await idle();
      assert.deepEqual(readdirSync(asked), ['allowed']);

      if (agent.hasOurTools) {
        const decided = auditRecords(app).filter(({ kind }) => kind === 'decision');
        assert.deepEqual(
          decided.map(({ tool, executedBy, decision }) => [tool, executedBy, decision]),
          [
            ['read_file', 'host', 'allow'],
            ['edit_file', 'host', 'allow'],
            ['run_command', 'host', 'allow'],
            ['run_command', 'host', 'deny'],
          ],
          'each call was ours, and judged once',
        );
        const offered = server.requests.findLast(({ kind }) => kind === 'turn').body.tools;
        assert.deepEqual(
          ownToolsIn(offered),
          [],
          'the agent has no files and no terminal of its own',
        );
      }

      // Stopping keeps what has arrived.
      // Every request gets it: some agents ask their service for more than the answer.
      const slow = (words) => ({
        turns: [],
        after: {
          delayMs: 250,
          chunk: 8,
          blocks: [{ type: 'text', text: `${words} that goes on and on. `.repeat(40) }],
        },
      });
      server.setScenario(slow('A slow answer'));
      await send('Go slowly');
      await chat
        .locator(id('item-text'))
        .filter({ hasText: 'goes on and on. A slow' })
        .waitFor({ timeout: 60_000 });
      await chat.locator(id('composer')).press('Escape');
      await chat.locator(id('item-notice'), { hasText: 'Stopped.' }).last().waitFor();
      await shot(`agent-${short}-4-stopped`);

      // What the service refuses is said in words, and the next prompt works.
      server.setScenario({
        turns: [
          {
            fault: {
              kind: 'http',
              status: 400,
              type: 'invalid_request_error',
              message: 'the scripted refusal',
              times: 20,
            },
          },
        ],
        after: { blocks: [{ type: 'text', text: 'Unreached.' }] },
      });
      await send('Fail, please');
      await chat.locator(id('item-error')).last().waitFor({ timeout: 90_000 });
      await shot(`agent-${short}-5-refused`);
      server.setScenario(text('Better now.'));
      await send('And again');
      await answer('Better now.');

      // A killed agent costs its turn; the next prompt starts it anew and it knows the conversation.
      server.setScenario(slow('A doomed answer'));
      await send('Go slowly, and die');
      await chat
        .locator(id('item-text'))
        .filter({ hasText: 'A doomed answer' })
        .waitFor({ timeout: 60_000 });
      const own = () => app.host.processes().filter((entry) => agent.isMatch(entry.command));
      assert.ok(own().length > 0, 'the agent runs');
      for (const { pid } of own()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      await chat
        .locator(id('item-error'))
        .filter({ hasText: 'ended early' })
        .waitFor({ timeout: 30_000 });
      await shot(`agent-${short}-6-killed`);
      server.setScenario(text('Alive again.'));
      await send('Are you there?');
      await answer('Alive again.');

      // After a reload the agent's own session goes on.
      await app.reload();
      chat = await app.openChat(id('item-user'));
      await answer('Alive again.');
      server.setScenario(text('I remember the notes.'));
      await send('What do you remember?');
      await answer('I remember the notes.');
      assert.ok(told(server, 'Change the notes'), 'the model has the conversation');
      // An agent that cannot take up a session again is told what was said; one that can is not.
      assert.equal(told(server, 'conversation_so_far'), agent.forgets === true);
      await shot(`agent-${short}-7-resumed`);

      // The folder's own settings had no effect.
      assert.deepEqual(readdirSync(planted), []);

      // No child outlives the host.
      const children = own();
      assert.ok(children.length > 0, 'the agent is there while the host is');
      const sockets = children.flatMap(({ pid }) => toolSocketOf(pid));
      process.kill(app.host.extensionHost().pid, 'SIGKILL');
      await becomes(
        () => children.filter(({ pid }) => isAlive(pid)).length,
        0,
        'a killed extension host leaves no agent',
      );
      await becomes(
        () => sockets.filter((socket) => existsSync(path.dirname(socket))).length,
        0,
        'nothing is left of a socket',
      );
    },
    { timeoutMs: 480_000 },
  );
}

/** What of these tools is neither ours nor harmless; the rest that Codex keeps cannot touch anything by itself. */
function ownToolsIn(tools) {
  const names = tools.map((tool) => tool.name ?? tool.function?.name ?? tool.type);
  const isOurs = (name) => /^(mcp__patchbay__|patchbay_)/.test(name) || ourTools.includes(name);
  return names.filter(
    (name) =>
      !isOurs(name) &&
      /read|write|edit|bash|shell|exec_command|task|agent|glob|grep|fetch/i.test(name),
  );
}

const ourTools = [
  'read_file',
  'list_files',
  'find_files',
  'search_text',
  'write_file',
  'edit_file',
  'run_command',
  'read_output',
  'ask_user',
  'update_plan',
];

/** The private socket that a process was given, if any. */
function toolSocketOf(pid) {
  const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  return variables.flatMap((line) => /^PATCHBAY_TOOL_SOCKET=(.+)$/.exec(line)?.[1] ?? []);
}

function auditRecords(app) {
  const folder = path.join(app.host.dirs.user, 'User/globalStorage/patchbay.patchbay/audit');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .flatMap((name) => readFileSync(path.join(folder, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line).record);
}
