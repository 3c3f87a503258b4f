// One conversation over the runtimes of a day: an API, Claude Code, Codex, another API, pi, and back, with the real
// programs. What each of them is told is read at the scripted model server.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setUpAgents } from '../support/agent-env.mjs';
import { e2e } from '../support/e2e.mjs';
import { copyProject } from '../support/patchbay.mjs';
import { assertWholePairs, earlierTexts, newestWords } from '../support/request-pairs.mjs';

const id = (name) => `[data-testid="${name}"]`;
const text = (words) => ({ blocks: [{ type: 'text', text: words }] });
const frame = 'conversation_so_far';
/** What an agent is told of a conversation is at most this long, whatever was said. */
const mostToldChars = 30_000;

const models = {
  anthropic: 'anthropic/claude-haiku-4-5',
  claude: 'claude-cli/default',
  codex: 'codex-cli/default',
  openai: 'openai/gpt-5.5',
  pi: 'pi/default',
  chat: 'endpoint:Scripted/scripted',
};

e2e(
  '[R105] [R106] [R107] one conversation goes from an API to Claude Code, Codex, another API, pi and back, and on after a crash',
  async ({ start, modelServer, shot, onEnd }) => {
    const folder = copyProject();
    const home = mkdtempSync(path.join(tmpdir(), 'patchbay-home-'));
    onEnd(() =>
      [path.dirname(folder), home].forEach((dir) => rmSync(dir, { recursive: true, force: true })),
    );
    const server = await modelServer({ scenario: { turns: [], after: text('Ready.') } });
    const setup = setUpAgents({
      url: server.url,
      home,
      adapters: ['claude-cli', 'codex-cli', 'pi'],
    });
    const app = await start({
      folder,
      home,
      settings: {
        ...setup.settings,
        'patchbay.providerUrls': { anthropic: server.url, openai: `${server.url}/v1` },
        'patchbay.endpoints': [
          { name: 'Scripted', url: `${server.url}/v1`, models: [{ model: 'scripted' }] },
        ],
        'patchbay.defaultModel': models.anthropic,
      },
      env: {
        ...setup.env,
        HOME: home,
        ANTHROPIC_API_KEY: 'sk-test-0123456789abcdefghij',
        OPENAI_API_KEY: 'sk-test-0123456789abcdefghij',
      },
    });
    let chat = await app.openChat(id('empty-state'));
    /** What was said, in its order: the transcript that the panel is to have. */
    const said = [];
    const pairsSeen = { anthropic: 0, responses: 0, chat: 0 };

    const idle = () => chat.locator(id('stop')).waitFor({ state: 'hidden', timeout: 90_000 });
    const choose = async (model) => {
      await app.command('Patchbay: Choose Model');
      const option = chat.locator(`[data-model-id="${model}"]`);
      const name = await option.locator('.option-name').innerText();
      await option.click();
      await chat.locator(id('model-search')).waitFor({ state: 'detached' });
      // What is said of it comes with the same news.
      await chat.locator(`${id('composer')}[placeholder="Ask ${name}"]`).waitFor();
    };
    const send = async (words) => {
      await chat.locator(id('composer')).fill(words);
      await chat.locator(id('composer')).press('Enter');
      said.push(words);
    };
    const answer = (words) =>
      chat.locator(id('item-text')).filter({ hasText: words }).last().waitFor({ timeout: 90_000 });
    /** The requests of the model of the turn; each of them has whole pairs. */
    const requests = () => {
      const made = server.requests.filter(({ kind }) => kind === 'turn');
      for (const request of made) pairsSeen[request.dialect] += assertWholePairs(request);
      return made;
    };
    /** A turn with these blocks before the answer; the first request that it made. */
    const ask = async (question, reply, { blocks, asks = false } = {}) => {
      server.setScenario({ turns: blocks === undefined ? [] : [{ blocks }], after: text(reply) });
      await send(question);
      if (asks) {
        await chat.locator(id('prompt-card')).waitFor({ timeout: 90_000 });
        await chat.locator(id('allow-once')).click();
      }
      await answer(reply);
      await idle();
      said.push(reply);
      const [first] = requests();
      assert.ok(
        newestWords(first).endsWith(question),
        `the question ends the request: ${question}`,
      );
      return first;
    };
    const price = async (expected) => {
      await chat.locator(id('handover')).filter({ hasText: expected }).waitFor();
    };
    const noPrice = async () => {
      await chat.locator(id('handover')).waitFor({ state: 'detached' });
    };
    const hasAll = (told, words) =>
      words.forEach((word) => assert.ok(told.includes(word), `it is told "${word}"`));
    const hasNone = (told, words) =>
      words.forEach((word) => assert.ok(!told.includes(word), `it is not told "${word}"`));
    const read = { type: 'tool', tool: 'read', path: path.join(folder, 'notes.md') };

    // The first runtime is an API: nothing is handed over, and nothing has a price.
    await noPrice();
    const long = 'the long reply of the first API. ';
    server.setScenario({
      turns: [
        { blocks: [read] },
        {
          chunk: 4000,
          blocks: [
            { type: 'text', text: 'Reply-1 begins. ' },
            { type: 'text', repeat: { text: long, times: 1500 } },
            { type: 'text', text: 'Reply-1 ends.' },
          ],
        },
      ],
    });
    await send('Question-1, please');
    await idle();
    await answer('Reply-1 ends.');
    said.push('Reply-1 begins.');
    requests();

    // Claude Code was not there: what it will be told has its price before, is bounded, and reaches the model.
    await choose(models.claude);
    await price(/^Claude Code was not in this conversation\..*shortened: about [\d,]+ tokens\.$/);
    await shot('switch-1-price');
    const toClaude = newestWords(
      await ask('Question-2, please', 'Reply-2 of Claude Code.', { blocks: [read] }),
    );
    hasAll(toClaude, [frame, 'Question-1', 'Reply-1 begins.', 'Reply-1 ends.', '… (shortened) …']);
    assert.ok(toClaude.length < mostToldChars, `${toClaude.length} characters`);

    // Codex is told both.
    await choose(models.codex);
    await price(/^Codex was not in this conversation\..*about [\d,]+ tokens\.$/);
    const toCodex = newestWords(
      await ask('Question-3, please', 'Reply-3 of Codex.', { blocks: [read], asks: true }),
    );
    hasAll(toCodex, [frame, 'Question-1', 'Question-2', 'Reply-2 of Claude Code.']);

    // An API reads it all; what the agents ran is told as words. A command that the user stops has a result.
    await choose(models.openai);
    await price(/^OpenAI reads this conversation with your next message.*: about [\d,]+ tokens\.$/);
    server.setScenario({
      turns: [{ blocks: [{ type: 'tool', tool: 'shell', command: 'touch never' }] }],
      after: text('Unreached.'),
    });
    await send('Question-4, please');
    await chat.locator(id('prompt-card')).waitFor();
    await chat.locator(id('stop')).click();
    await chat.locator(id('item-notice'), { hasText: 'Stopped.' }).waitFor();
    await idle();
    requests();
    const toOpenai = JSON.stringify(
      (await ask('Question-5, please', 'Reply-5 of an API.', { blocks: [read] })).body.input,
    );
    hasAll(toOpenai, ['Question-1', 'Reply-2 of Claude Code.', 'Reply-3 of Codex.', 'Question-4']);
    assert.match(toOpenai, /the agent claude-cli ran these calls itself/);
    assert.match(toOpenai, /function_call_output/, 'with what became of the stopped command');

    // pi is told what the four said.
    await choose(models.pi);
    await price(/^pi was not in this conversation\./);
    const toPi = newestWords(await ask('Question-6, please', 'Reply-6 of pi.', { blocks: [read] }));
    hasAll(toPi, [frame, 'Question-2', 'Reply-3 of Codex.', 'Question-4', 'Reply-5 of an API.']);
    assert.ok(toPi.length < mostToldChars, `${toPi.length} characters`);

    // Back to Claude Code: it goes on in its own session and is told what was said elsewhere since, and only that.
    const sinceClaude = ['Question-3', 'Reply-3', 'Question-4', 'Question-5', 'Reply-5', 'Reply-6'];
    await choose(models.claude);
    await price(/^Claude Code goes on in its own session\..*about [\d,]+ tokens\.$/);
    await shot('switch-2-back');
    const back = await ask('Question-7, please', 'Reply-7 of Claude Code.');
    hasAll(newestWords(back), [frame, ...sinceClaude]);
    hasNone(newestWords(back), ['Question-1', 'Question-2', 'Reply-2']);
    hasAll(earlierTexts(back).join('\n'), ['Question-2, please', 'Reply-2 of Claude Code.']);

    // Away and back with nothing said between: it is resumed, and nothing is handed over again.
    await choose(models.codex);
    await price(/^Codex goes on in its own session\./);
    await choose(models.claude);
    await noPrice();
    const again = await ask('Question-8, please', 'Reply-8 of Claude Code.');
    hasNone(newestWords(again), [frame]);
    hasAll(earlierTexts(again).join('\n'), ['Reply-2 of Claude Code.', 'Reply-7 of Claude Code.']);

    // One transcript, in its order, also after a reload of the window; the agent’s session is resumed by a new process.
    assert.deepEqual(await transcript(chat), said);
    await app.reload();
    chat = await app.openChat(id('item-user'));
    await answer('Reply-8 of Claude Code.');
    assert.deepEqual(await transcript(chat), said);
    await shot('switch-3-after-reload');
    await noPrice();
    const resumed = await ask('Question-9, please', 'Reply-9 of Claude Code.');
    hasNone(newestWords(resumed), [frame]);
    hasAll(earlierTexts(resumed).join('\n'), ['Question-2, please', 'Reply-8 of Claude Code.']);

    // The host is killed in the middle of a turn of Codex: the turn is marked and nothing runs again by itself.
    await choose(models.codex);
    server.setScenario({
      turns: [{ blocks: [read] }],
      after: {
        delayMs: 100,
        chunk: 12,
        ...text('A doomed reply that goes on and on. '.repeat(60)),
      },
    });
    await send('Question-10, please');
    await chat.locator(id('prompt-card')).waitFor({ timeout: 90_000 });
    await chat.locator(id('allow-once')).click();
    await answer('A doomed reply that goes on and on. A doomed reply');
    said.push('A doomed reply');
    const requestCount = server.requests.length;
    process.kill(app.host.extensionHost().pid, 'SIGKILL');
    await app.reload();
    chat = await app.openChat(id('item-user'));
    await chat.getByText('This turn was interrupted.').waitFor();
    assert.deepEqual(await transcript(chat), said);
    assert.equal(server.requests.length, requestCount, 'nothing runs again by itself');
    const doomed = chat.locator('.row').filter({ hasText: 'A doomed reply' });
    const done = Number(await doomed.getAttribute('data-index')) - 1;
    await chat.locator(`.row[data-index="${done}"] ${id('tool-card')}[data-state="ok"]`).waitFor();
    await shot('switch-4-interrupted');

    // Each runtime goes on from there. Codex was told already, with the question that was cut.
    await noPrice();
    const onCodex = await ask('Question-11, please', 'Reply-11 of Codex.');
    assert.equal(requests().length, 1, 'nor with the next question');
    hasNone(newestWords(onCodex), [frame]);
    hasAll(JSON.stringify(onCodex.body.input), ['Question-3', 'Question-10', 'Reply-9 of Claude']);
    await choose(models.claude);
    const onClaude = newestWords(await ask('Question-12, please', 'Reply-12 of Claude Code.'));
    hasAll(onClaude, [frame, 'Question-10', 'A doomed reply', 'Reply-11 of Codex.']);
    hasNone(onClaude, ['Question-9']);
    const cut = onClaude.slice(onClaude.indexOf('Question-10'), onClaude.indexOf('Question-11'));
    assert.match(cut, /\[called .*notes\.md/, 'what it did is told too');
    await choose(models.pi);
    const onPi = newestWords(await ask('Question-13, please', 'Reply-13 of pi.'));
    hasAll(onPi, [frame, 'Question-7', 'Question-10', 'Reply-12 of Claude Code.']);
    hasNone(onPi, ['Question-5']);
    await choose(models.chat);
    const onChat = await ask('Question-14, please', 'Reply-14 of an endpoint.', { blocks: [read] });
    hasAll(JSON.stringify(onChat.body.messages), ['Question-1', 'Question-10', 'Reply-13 of pi.']);
    await choose(models.anthropic);
    const onAnthropic = await ask('Question-15, please', 'Reply-15 of an API.');
    hasAll(JSON.stringify(onAnthropic.body.messages), ['Question-1', 'Reply-14 of an endpoint.']);

    assert.deepEqual(await transcript(chat), said);
    for (const [dialect, count] of Object.entries(pairsSeen)) {
      assert.ok(count > 0, `calls were seen in requests of the dialect ${dialect}`);
    }
    await shot('switch-5-end');
  },
  { timeoutMs: 600_000 },
);

e2e(
  'two sessions work at once, each with a child of its own; the one in the background says when it waits and when it is done',
  async ({ start, modelServer, shot, onEnd }) => {
    const home = mkdtempSync(path.join(tmpdir(), 'patchbay-home-'));
    onEnd(() => rmSync(home, { recursive: true, force: true }));
    const server = await modelServer({
      scenario: {
        turns: [
          { waitMs: 9000, blocks: [{ type: 'tool', tool: 'shell', command: 'touch made' }] },
          text('The short answer.'),
          { waitMs: 4000, ...text('The long answer.') },
        ],
      },
    });
    const setup = setUpAgents({ url: server.url, home, adapters: ['claude-cli'] });
    const app = await start({
      home,
      settings: { ...setup.settings, 'patchbay.defaultModel': models.claude },
      env: { ...setup.env, HOME: home },
    });
    const chat = await app.openChat(id('empty-state'));
    const send = async (words) => {
      await chat.locator(id('composer')).fill(words);
      await chat.locator(id('composer')).press('Enter');
    };
    const children = () =>
      app.host
        .processes()
        .filter(({ command }) => /(^|\/)claude\b/.test(command) && command.includes('stream-json'))
        .map(({ pid }) => pid);
    await chat
      .locator(id('runtime-claude-cli'))
      .filter({ hasText: /\d+\.\d+\.\d+/ })
      .waitFor({ timeout: 60_000 });
    await send('a long question');
    await chat.locator(id('stop')).waitFor();
    while (!server.requests.some(({ kind }) => kind === 'turn')) {
      await app.page.waitForTimeout(50);
    }
    const [first] = children();
    await app.command('Patchbay: New Session');
    await chat.locator(id('empty-state')).waitFor();
    await send('a short question');
    await chat.getByText('The short answer.').waitFor({ timeout: 60_000 });
    const both = children();
    assert.equal(both.length, 2, 'a child for each session');
    assert.ok(both.includes(first));

    await app.answerNotification('“a long question” waits for you', 'Open');
    await shot('switch-6-waits');
    await chat.locator(id('prompt-card')).waitFor();
    assert.throws(() => app.bytes('made'), /ENOENT/);
    await chat.locator(id('allow-once')).click();
    await chat.locator(id('prompt-card')).waitFor({ state: 'detached' });
    await app.command('Patchbay: Open Earlier Session');
    await chat.locator(id('history-list')).getByText('a short question').first().click();
    await chat.getByText('The short answer.').waitFor();
    await app.answerNotification('“a long question” is done', 'Open');
    await chat.getByText('The long answer.').waitFor();
    app.bytes('made');
    assert.equal(await chat.getByText('The short answer.').count(), 0);
    assert.ok(children().includes(first), 'the same child did both parts of its turn');
  },
);

/** The texts of the conversation from its first row to its last; each as far as the test names it. */
async function transcript(chat) {
  return chat.locator(id('message-list')).evaluate(async (scroller) => {
    const frames = (count) =>
      new Promise((done) => {
        const next = (left) => (left === 0 ? done() : requestAnimationFrame(() => next(left - 1)));
        next(count);
      });
    const texts = new Map();
    const take = () => {
      for (const row of scroller.querySelectorAll('.row')) {
        const item = row.querySelector('[data-testid="item-user"], [data-testid="item-text"]');
        const named = /Question-\d+, please|Reply-\d+ (?:begins|of [^.]*)\.|A doomed reply/;
        const [words] = named.exec(item?.innerText ?? '') ?? [];
        if (words !== undefined) texts.set(Number(row.dataset.index), words);
      }
    };
    scroller.scrollTop = 0;
    for (;;) {
      await frames(3);
      take();
      const before = scroller.scrollTop;
      scroller.scrollTop += scroller.clientHeight * 0.7;
      await frames(1);
      if (scroller.scrollTop <= before) break;
    }
    return [...texts].sort(([a], [b]) => a - b).map(([, words]) => words);
  });
}
