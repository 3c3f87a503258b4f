// The built panel in a real browser, for those who use it by keyboard or screen reader: what things are called, and
// that the focus is never lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frames, id, notify, open, usePanelPage } from '../support/panel-page/pages.mjs';

usePanelPage();

const showHistory = async (page) => {
  await notify(page, 'view/show', { what: 'history' });
  await id(page, 'history-remove').first().waitFor();
};

test('each text field is named by what is written into it', async (t) => {
  const { page } = await open(t, 'prompt');
  const fieldNamed = (name) => page.getByRole('textbox', { name, exact: true }).waitFor();
  await id(page, 'deny-reason').click();
  await fieldNamed('Why you deny it; the agent reads this');
  await id(page, 'session-title').click();
  await fieldNamed('Session title');
  await showHistory(page);
  await fieldNamed('Search in all sessions');
  await id(page, 'history-rename').first().click();
  await fieldNamed('Session title');
  const question = await open(t, 'question');
  await question.page
    .getByRole('textbox', { name: 'Own words for: What else should be renamed?' })
    .waitFor();
  assert.equal(await question.page.getByRole('textbox', { name: 'Text field' }).count(), 0);
});

test('an option of a question is read with a pause before its description', async (t) => {
  const { page } = await open(t, 'question');
  await page.getByRole('radio', { name: 'parse, as it is today', exact: true }).waitFor();
});

test('mode and model say what they are, and the keys of a menu go through the modes', async (t) => {
  const { page } = await open(t, 'chosen');
  await page.getByRole('button', { name: 'Model or agent: Claude Code', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Mode: Ask', exact: true }).click();
  await page.getByRole('menu', { name: 'Mode', exact: true }).waitFor();
  const mode = () => page.evaluate(() => document.activeElement.dataset.testid);
  const seen = [await mode()];
  for (const key of ['End', 'ArrowDown', 'ArrowUp', 'Home']) {
    await page.keyboard.press(key);
    seen.push(await mode());
  }
  const modes = await page
    .getByRole('menuitemradio')
    .evaluateAll((all) => all.map((option) => option.dataset.testid));
  assert.deepEqual(seen, [modes[0], modes.at(-1), modes[0], modes.at(-1), modes[0]]);
});

test('cards are no landmarks, and the conversation’s list holds its rows only', async (t) => {
  for (const scene of ['answer', 'plan', 'error', 'loop']) {
    const { page } = await open(t, scene);
    await page.locator('.row').first().waitFor();
    await frames(page);
    assert.equal(await page.locator('main').getByRole('region').count(), 0, scene);
    const roles = await page
      .getByRole('list', { name: 'Conversation' })
      .evaluate((list) => [...new Set([...list.children].map((child) => child.role))]);
    assert.deepEqual(roles, ['listitem'], scene);
  }
});

test('the buttons of a row say which row they are about', async (t) => {
  const { page } = await open(t, 'loop');
  await page
    .getByRole('button', { name: 'Remove “leave the tests alone” from the queue', exact: true })
    .waitFor();
  await showHistory(page);
  for (const verb of ['Rename', 'Export', 'Delete']) {
    await page.getByRole('button', { name: `${verb} “Add a dark icon”`, exact: true }).waitFor();
  }
});
