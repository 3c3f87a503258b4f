import assert from 'node:assert/strict';
import { e2e } from '../support/e2e.mjs';

const id = (name) => `[data-testid="${name}"]`;
const key = 'sk-test-0123456789abcdefghij';

async function send(chat, text) {
  await chat.locator(id('composer')).fill(text);
  await chat.locator(id('composer')).press('Enter');
}

const bodyOf = (request) => JSON.stringify(request.body);

const headings = ['Objective', 'Constraints', 'Status', 'Rationale', 'Plan', 'Carry-over'];
const summary = headings.map((name) => `## ${name}\nThe words under ${name}.`).join('\n\n');
const long = { type: 'text', repeat: { text: 'The fence is twelve metres long. ', times: 400 } };

/** The lines of the popover, as `name -> text`. */
const linesOf = async (chat, testId) =>
  Object.fromEntries(
    await chat
      .locator(`${id(testId)} .context-line`)
      .evaluateAll((lines) =>
        lines.map((line) => [
          line.querySelector('dt').textContent,
          line.querySelector('dd').textContent,
        ]),
      ),
  );

const toNumber = (text) => Number(text.replaceAll(',', ''));

e2e(
  '[R198] [R207] the gauge has numbers and parts, /compact summarises by hand, and the ledger has what the server sent',
  async ({ start, modelServer, shot }) => {
    const usage = { input_tokens: 3000, cache_read_input_tokens: 1000, output_tokens: 500 };
    const server = await modelServer({
      scenario: {
        turns: [
          { blocks: [long], usage },
          { blocks: [{ type: 'text', text: 'Two coats are enough.' }], usage },
          { blocks: [{ type: 'text', text: summary }], usage: { ...usage, output_tokens: 200 } },
          { blocks: [{ type: 'text', text: 'Going on from the summary.' }], usage },
        ],
      },
    });
    const price = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 };
    const app = await start({
      settings: {
        'patchbay.providerUrls': { anthropic: server.url },
        'patchbay.defaultModel': 'anthropic/claude-haiku-4-5',
        'patchbay.prices': { 'anthropic/claude-haiku-4-5': price },
      },
      env: { ANTHROPIC_API_KEY: key },
    });
    const chat = await app.openChat(id('empty-state'));
    await send(chat, 'How long is the fence?');
    await chat.locator(id('turn-usage')).first().waitFor();
    await send(chat, 'And how many coats?');
    await chat.getByText('Two coats are enough.').waitFor();
    await chat.locator(id('turn-usage')).nth(1).waitFor();
    assert.match(
      await chat.locator(id('turn-usage')).first().innerText(),
      /^3k in · 500 out · 1k from cache · \$0\.0168$/,
      'what the turn used, with the cost by the user’s prices',
    );

    const gauge = chat.locator(id('context-gauge'));
    assert.equal(await gauge.getAttribute('aria-label'), 'Context: 4,500 tokens of 200,000');
    assert.equal(await gauge.innerText(), '2\u00a0%');
    await gauge.focus();
    await gauge.press('Enter');
    await chat.locator(id('context-panel')).waitFor();
    const parts = await linesOf(chat, 'context-parts');
    assert.deepEqual(Object.keys(parts), [
      'System prompt',
      'Tools',
      'MCP definitions',
      'Files',
      'Conversation',
      'Kept for the answer',
      'Free',
    ]);
    const numbers = Object.values(parts).map(toNumber);
    assert.equal(
      numbers.slice(0, 5).reduce((sum, tokens) => sum + tokens, 0),
      4500,
      'the parts together are what is used',
    );
    assert.equal(
      numbers.reduce((sum, tokens) => sum + tokens, 0),
      200_000,
    );
    assert.ok(toNumber(parts['System prompt']) > 0 && toNumber(parts.Tools) > 0);
    assert.deepEqual(await linesOf(chat, 'context-spent'), {
      'Tokens in': '6,000',
      'Tokens out': '1,000',
      'Read from cache': '2,000',
      'Written to cache': '0',
      Cost: '$0.0336',
    });
    await shot('context-1-gauge');
    await chat.locator(id('context-panel')).press('Escape');
    await chat.locator(id('context-panel')).waitFor({ state: 'hidden' });

    await send(chat, '/compact');
    const card = chat.locator(id('item-compaction'));
    await card.waitFor();
    assert.match(
      await card.innerText(),
      /^Earlier messages summarised: [\d.]+k → [\d.]+k? tokens$/,
    );
    assert.match(bodyOf(server.requests.at(-1)), /Summarise the conversation above/);
    await card.locator('button').click();
    await card.getByText('The words under Carry-over.').waitFor();
    assert.equal(await chat.locator(id('item-user')).count(), 2, 'nothing is removed');
    await shot('context-2-compacted');

    await send(chat, 'Go on');
    await chat.getByText('Going on from the summary.').waitFor();
    const sent = bodyOf(server.requests.at(-1));
    assert.match(sent, /Summary of the conversation so far/);
    assert.match(sent, /And how many coats/, 'the last turn before it stays as it was');
    assert.doesNotMatch(sent, /How long is the fence/);
    assert.equal(sent.match(/cache_control/g).length, 3, 'the prefix is marked for the cache');

    await app.command('Patchbay: Show Cost');
    const editor = app.page.locator('.monaco-editor .view-lines').first();
    await editor.getByText('Patchbay cost').first().waitFor();
    const text = (await editor.innerText()).replaceAll('\u00a0', ' ');
    assert.match(
      text,
      /\| anthropic\/claude-haiku-4-5 \| +4 \| 12,000 \| 1,700 \| +4,000 \| +0 \| \$0\.0627 \|/,
    );
    await shot('context-3-cost');

    await app.reload();
    const again = await app.openChat(id('item-compaction'));
    assert.equal(await again.locator(id('turn-usage')).count(), 4);
    await again.locator(id('context-gauge')).click();
    assert.equal((await linesOf(again, 'context-spent'))['Tokens in'], '12,000');
  },
);

e2e(
  '[R207] [R214] a conversation that has grown beyond its limit is summarised before the next turn, and a stop ends that',
  async ({ start, modelServer, shot }) => {
    const usage = { prompt_tokens: 5000, completion_tokens: 100 };
    const huge = {
      type: 'text',
      repeat: { text: 'The fence is twelve metres long. ', times: 2500 },
    };
    const server = await modelServer({
      scenario: {
        turns: [
          { blocks: [huge], usage },
          { blocks: [{ type: 'text', text: summary }], usage, waitMs: 60_000 },
          { blocks: [{ type: 'text', text: summary }], usage },
          { blocks: [{ type: 'text', text: 'Smaller now.' }], usage },
        ],
      },
    });
    const model = { model: 'scripted', contextWindowTokens: 24_000 };
    const app = await start({
      settings: {
        'patchbay.endpoints': [{ name: 'Scripted', url: `${server.url}/v1`, models: [model] }],
        'patchbay.defaultModel': 'endpoint:Scripted/scripted',
        'workbench.colorTheme': 'Default Light Modern',
      },
      width: 1000,
    });
    const chat = await app.openChat(id('empty-state'));
    await send(chat, 'Tell me about the fence');
    await chat.locator(id('turn-usage')).first().waitFor();

    await send(chat, 'What next?');
    await chat.getByText('summarising the conversation').first().waitFor();
    await shot('context-4-condensing');
    await chat.locator(id('stop')).click();
    await chat.locator(id('item-notice'), { hasText: 'Stopped.' }).waitFor();
    assert.equal(
      await chat.locator(id('item-compaction')).count(),
      0,
      'a stop leaves all as it is',
    );

    await send(chat, 'What now?');
    await chat.getByText('Smaller now.').waitFor();
    await chat.locator(id('item-compaction')).waitFor();
    const sent = bodyOf(server.requests.at(-1));
    assert.match(sent, /Summary of the conversation so far/);
    assert.doesNotMatch(sent, /twelve metres long\. The fence is twelve/);
    await chat.locator(id('context-gauge')).click();
    await chat.locator(id('context-panel')).waitFor();
    assert.equal((await linesOf(chat, 'context-spent')).Cost, 'unknown', 'no price, no number');
    await shot('context-5-automatic');
  },
);
