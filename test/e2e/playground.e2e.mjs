import assert from 'node:assert/strict';
import { e2e } from '../support/e2e.mjs';

const id = (name) => `[data-testid="${name}"]`;

e2e(
  'the playground tour goes through question, stream, command, review and plan',
  async ({ start, shot }) => {
    const app = await start();
    const chat = await app.openChat(id('empty-state'));
    await chat.locator(id('runtime-playground')).waitFor();
    await shot('playground-1-empty-state');

    await app.command('Patchbay: Start Playground');
    const question = chat.locator(id('prompt-card'));
    await question.waitFor();
    await shot('playground-2-question');
    await question.getByText('Go on', { exact: true }).click();
    await question.locator(id('answer')).click();

    const command = chat.locator(id('prompt-card')).filter({ hasText: 'npm test' });
    await command.waitFor();
    assert.match(
      await chat
        .locator(id('item-text'))
        .allInnerTexts()
        .then((all) => all.join('\n')),
      /Streaming/,
    );
    assert.equal(
      await command.evaluate(
        (card) => card.ownerDocument.activeElement?.closest('button') === null,
      ),
      true,
    );
    await shot('playground-3-command');
    await command.locator(id('allow-once')).click();

    const edit = chat.locator(id('edit-card')).last();
    await edit.waitFor({ timeout: 60_000 });
    const before = app.text('src', 'paint.js');
    await shot('playground-4-review');
    assert.equal(await edit.locator(id('hunk-approve')).count(), 2);
    await edit.locator(id('hunk-approve')).first().click();
    assert.equal(
      app.text('src', 'paint.js'),
      before,
      'nothing is written before the last decision',
    );
    await edit.locator(id('hunk-deny')).last().click();

    await chat.locator(id('item-plan')).waitFor();
    await chat.getByText('That was the tour.').waitFor();
    await shot('playground-5-end');
    assert.equal(
      app.text('src', 'paint.js'),
      before.replace('one litre covers. */', 'one litre covers, on smooth wood. */'),
    );
  },
);
