// The turn loop as a person sees it: what waits, what steers, branches, commands of the user, sessions side by side.
import assert from 'node:assert/strict';
import { e2e } from '../support/e2e.mjs';

const id = (name) => `[data-testid="${name}"]`;
const say = (text, more = {}) => ({ ...more, blocks: [{ type: 'text', text }] });

/** Opens the chat with the scripted Anthropic server, and chooses it with one click. */
async function openWith(start, server, options = {}) {
  const app = await start({
    settings: { 'patchbay.providerUrls': { anthropic: server.url }, ...options.settings },
    env: { ANTHROPIC_API_KEY: 'sk-test-0123456789abcdefghij' },
    ...options.start,
  });
  const chat = await app.openChat(id('empty-state'));
  await chat.locator(id('runtime-anthropic')).click();
  return { app, chat };
}

async function send(chat, text, key = 'Enter') {
  await chat.locator(id('composer')).fill(text);
  await chat.locator(id('composer')).press(key);
}

const items = (chat, text) => chat.locator(id('item-user')).filter({ hasText: text });
const queued = (chat, text) => chat.locator(id('queued')).filter({ hasText: text });
const lastRequest = (server) => JSON.stringify(server.requests.at(-1).body.messages);

e2e(
  'prompts that wait can be edited, removed, taken back and held by a stop',
  async ({ start, modelServer, shot }) => {
    const server = await modelServer({
      scenario: {
        turns: [
          say('A slow answer that goes on. '.repeat(40), { delayMs: 250, chunk: 8 }),
          say('Second answer.'),
        ],
      },
    });
    const { app, chat } = await openWith(start, server);
    await send(chat, 'first question');
    await chat.locator(id('stop')).waitFor();
    for (const text of ['second question', 'third question', 'fourth question']) {
      await send(chat, text);
      await queued(chat, text).waitFor();
    }
    await shot('loop-1-queue');

    // By keyboard alone: the buttons of a row are reached and said by name.
    const edit = queued(chat, 'second').getByRole('button', { name: 'Edit “' });
    await edit.focus();
    await app.page.keyboard.press('Enter');
    const editor = chat.locator(id('queued-editor'));
    await editor.fill('second question, better');
    await shot('loop-2-queue-edit');
    await editor.press('Enter');
    await queued(chat, 'second question, better').waitFor();

    await queued(chat, 'third').getByRole('button', { name: 'Remove “' }).click();
    await queued(chat, 'third').waitFor({ state: 'detached' });

    await chat.locator(id('composer')).focus();
    await app.page.keyboard.press('ArrowUp');
    await queued(chat, 'fourth').waitFor({ state: 'detached' });
    assert.equal(await chat.locator(id('composer')).inputValue(), 'fourth question');

    await chat.locator(id('stop')).click();
    await chat.locator(id('queue')).getByText('1 prompt not sent').waitFor();
    assert.equal(server.requests.length, 1, 'nothing is sent by itself after a stop');
    await shot('loop-3-queue-held');
    await app.reload();
    const again = await app.chatFrame(id('queue-send'));
    await queued(again, 'second question, better').waitFor();
    assert.equal(server.requests.length, 1, 'nor after a reload');
    await again.locator(id('queue-send')).click();
    await again.getByText('Second answer.').waitFor();
    assert.match(lastRequest(server), /second question, better/);
  },
);

e2e(
  'words that steer join the running turn after its tools',
  async ({ start, modelServer, shot }) => {
    const server = await modelServer({
      scenario: {
        turns: [
          {
            waitMs: 2500,
            blocks: [{ type: 'tool', name: 'read_file', input: { path: 'notes.md' } }],
          },
          say('Steered to the left.'),
        ],
      },
    });
    const { chat } = await openWith(start, server);
    await send(chat, 'Read the notes');
    await chat.locator(id('stop')).waitFor();
    await send(chat, 'only the colours, please', 'Control+Enter');
    await queued(chat, 'only the colours').getByText('joins this turn').waitFor();
    await chat.getByText('Steered to the left.').waitFor();
    await items(chat, 'only the colours').locator(id('steered')).waitFor();
    assert.equal(server.requests.length, 2, 'no turn of its own');
    assert.match(lastRequest(server), /tool_result.*only the colours, please/);
    await shot('loop-4-steered');
  },
);

e2e(
  'an earlier message is asked anew on a branch of its own, and a session is forked before one',
  async ({ start, modelServer, shot }) => {
    const server = await modelServer({
      scenario: { turns: [say('Answer A1.'), say('Answer A2.'), say('Answer B1.')] },
    });
    const { app, chat } = await openWith(start, server);
    await send(chat, 'question one');
    await chat.getByText('Answer A1.').waitFor();
    await send(chat, 'question two');
    await chat.getByText('Answer A2.').waitFor();

    await items(chat, 'question one').hover();
    await items(chat, 'question one').locator(id('message-edit')).click();
    const editor = chat.locator(id('message-editor'));
    await editor.fill('question one, asked better');
    await shot('loop-5-message-edit');
    await editor.press('Enter');
    await chat.getByText('Answer B1.').waitFor();
    assert.equal(await chat.getByText('Answer A2.').count(), 0);
    assert.doesNotMatch(lastRequest(server), /Answer A1/);
    await chat.locator(id('branches')).getByText('2 of 2').waitFor();
    await shot('loop-6-branch');

    await chat.locator(id('branch-previous')).click();
    await chat.getByText('Answer A2.').waitFor();
    await chat.locator(id('branches')).getByText('1 of 2').waitFor();

    // The branch that is shown is the one that a reload shows.
    await app.reload();
    const again = await app.chatFrame(id('branches'));
    await again.getByText('Answer A2.').waitFor();

    await items(again, 'question two').hover();
    await items(again, 'question two').locator(id('message-fork')).click();
    await again.getByText('Answer A2.').waitFor({ state: 'detached' });
    await again.getByText('Answer A1.').waitFor();
    await again.waitForFunction(
      () => document.querySelector('[data-testid="composer"]').value === 'question two',
    );
    await shot('loop-7-fork');
  },
);

e2e(
  'a command of the user passes the gate: one runs and is told to the model, one is denied',
  async ({ start, modelServer, shot }) => {
    const server = await modelServer({ scenario: { turns: [say('Seen.')] } });
    const { app, chat } = await openWith(start, server, {
      settings: {
        'patchbay.rules': [{ verdict: 'deny', commandsBeginningWith: 'rm' }],
      },
    });
    await send(chat, '!touch made-by-me && echo own-$((40 + 2))');
    await chat.locator(id('prompt-card')).waitFor();
    await shot('loop-8-own-command-asks');
    await chat.locator(id('allow-once')).click();
    const card = chat.locator(id('tool-card')).filter({ hasText: 'touch made-by-me' });
    await card.and(chat.locator('[data-state="ok"]')).waitFor();
    app.bytes('made-by-me');
    assert.equal(server.requests.length, 0, 'a command asks no model');

    await send(chat, '!!echo private-$((1 + 1))');
    await chat.locator(id('prompt-card')).filter({ hasText: 'private-' }).waitFor();
    await chat.locator(id('allow-once')).click();
    const second = chat.locator(id('tool-card')).filter({ hasText: 'private-' });
    await second.and(chat.locator('[data-state="ok"]')).waitFor();
    await second.getByText('you, not shared').waitFor();

    await send(chat, '!rm made-by-me');
    const denied = chat.locator(id('tool-card')).filter({ hasText: 'rm made-by-me' });
    await denied.and(chat.locator('[data-state="denied"]')).waitFor();
    app.bytes('made-by-me');

    await send(chat, 'What did I run?');
    await chat.getByText('Seen.').waitFor();
    assert.match(lastRequest(server), /own-42/);
    assert.doesNotMatch(lastRequest(server), /private-2/);
    await shot('loop-9-own-commands');
  },
);

e2e(
  'two sessions work at once, and the one in the background says when it is done',
  async ({ start, modelServer, shot }) => {
    const server = await modelServer({
      scenario: { turns: [say('The long answer.', { waitMs: 9000 }), say('The short answer.')] },
    });
    const { app, chat } = await openWith(start, server);
    await send(chat, 'a long question');
    await chat.locator(id('stop')).waitFor();
    await app.command('Patchbay: New Session');
    await chat.locator(id('empty-state')).waitFor();
    await app.command('Patchbay: Open Earlier Session');
    await chat.locator(id('history-state')).getByText('running').waitFor();
    await shot('loop-10-history-running');
    await chat.getByRole('button', { name: 'Back to the session' }).click();
    await send(chat, 'a short question');
    await chat.getByText('The short answer.').waitFor();
    await app.answerNotification('“a long question” is done', 'Open');
    await chat.getByText('The long answer.').waitFor();
    await app.command('Patchbay: Open Earlier Session');
    await chat.locator(id('history-search')).locator('input').fill('short answer');
    await chat.locator(id('history-excerpt')).getByText('The short answer.').waitFor();
    await shot('loop-11-history-search');
  },
);

e2e(
  'a wait before the next try counts down, and can be stopped',
  async ({ start, modelServer, shot }) => {
    const server = await modelServer({
      scenario: {
        turns: [
          {
            fault: {
              kind: 'http',
              status: 429,
              type: 'rate_limit_error',
              headers: { 'retry-after': '6' },
              times: 2,
            },
          },
          say('Never asked for.'),
        ],
      },
    });
    const { chat } = await openWith(start, server);
    await send(chat, 'hello');
    const line = chat.locator(id('retry-line'));
    await line.getByText(/Rate limited, retrying in [3-6] s \(1 of 2\)/).waitFor();
    await shot('loop-12-retry');
    await line.getByText(/retrying in [12] s \(1 of 2\)/).waitFor();
    await line.getByText(/\(2 of 2\)/).waitFor();
    await chat.locator(id('retry-stop')).click();
    await chat.locator(id('item-notice'), { hasText: 'Stopped.' }).waitFor();
    await line.waitFor({ state: 'detached' });
    assert.equal(server.requests.length, 2);
  },
);

e2e(
  'a pasted picture goes to the model, and what is no picture is refused in words',
  async ({ start, modelServer, shot }) => {
    const server = await modelServer({ scenario: { turns: [say('One red pixel.')] } });
    const { chat } = await openWith(start, server);
    const red =
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
    const paste = (name, type, base64) =>
      chat.locator(id('composer')).evaluate(
        (area, [fileName, fileType, data]) => {
          const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File([bytes], fileName, { type: fileType }));
          area.dispatchEvent(
            new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
          );
        },
        [name, type, base64],
      );
    await paste('notes.svg', 'image/svg+xml', 'PHN2Zy8+');
    await chat.getByText('notes.svg is no picture that models take.').waitFor();
    await paste('red.png', 'image/png', red);
    await chat.locator(id('attachment')).getByText('red.png').waitFor();
    await shot('loop-13-picture');
    await send(chat, 'What is this?');
    await chat.getByText('One red pixel.').waitFor();
    assert.equal(await chat.locator(id('attachment')).count(), 0);
    await items(chat, 'What is this?').getByText('1 picture').waitFor();
    assert.ok(lastRequest(server).includes(red), 'the model got its bytes');
  },
);
