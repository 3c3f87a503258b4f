// The built panel in a real browser, for those who use it by keyboard or screen reader: what things are called, and
// that the focus is never lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  deltas,
  focused,
  frames,
  id,
  notify,
  open,
  posted,
  postedSoon,
  usePanelPage,
} from '../support/panel-page/pages.mjs';
import { scenes } from '../support/panel-page/scenes.mjs';
import { themes } from '../support/panel-page/serve.mjs';

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

const untakenStatus = scenes.untaken.snapshot.status;
const taken = { ...untakenStatus, untaken: undefined };
const pastePicture = (page) =>
  id(page, 'composer').evaluate((area) => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([new Uint8Array(4)], 'red.png', { type: 'image/png' }));
    area.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
    );
  });

test('[R94] an effort that is not taken is greyed, can be read by keyboard, and stays chosen', async (t) => {
  const { page } = await open(t, 'untaken');
  const reason = 'Small Agent takes no thinking effort from here.';
  const picker = page.getByRole('button', {
    name: `Thinking effort: High. ${reason}`,
    exact: true,
  });
  await picker.press('Enter');
  await id(page, 'effort-problem').filter({ hasText: reason }).waitFor();
  assert.equal(await focused(page), 'effort-high');
  const high = page.getByRole('menuitemradio', { name: 'High', exact: true, disabled: true });
  assert.equal(await high.getAttribute('aria-checked'), 'true');
  for (const key of ['ArrowUp', 'Enter', ' ']) {
    await page.keyboard.press(key);
  }
  assert.equal(await focused(page), 'effort-medium');
  assert.deepEqual(await posted(page, 'effort/choose'), []);
  // Another model that takes it: only the change is told, and what was chosen counts.
  await deltas(page, 1, [], taken);
  await id(page, 'effort-problem').waitFor({ state: 'detached' });
  await page.keyboard.press('Enter');
  assert.deepEqual(await postedSoon(page, 'effort/choose'), [{ effort: 'medium' }]);
  assert.equal(await focused(page), 'composer');
  await page.getByRole('button', { name: 'Thinking effort: High', exact: true }).click();
  await id(page, 'effort-default').click();
  assert.deepEqual((await postedSoon(page, 'effort/choose', 2)).at(-1), {});
});

test('[R94] plan mode and a model that cannot be chosen are greyed with their reasons, the others are chosen', async (t) => {
  const { page } = await open(t, 'untaken');
  await id(page, 'mode-picker').click();
  const plan = page.getByRole('menuitemradio', {
    name: 'Plan Small Agent cannot be kept from changing files and running commands.',
    disabled: true,
  });
  await plan.press('Enter');
  assert.equal(await page.getByRole('menuitemradio', { disabled: true }).count(), 1);
  await id(page, 'mode-auto').click();
  assert.deepEqual(await postedSoon(page, 'mode/choose'), [{ mode: 'auto' }]);
  await id(page, 'model-picker').click();
  await page.keyboard.type('Small Agent (Other)');
  const option = page.getByRole('option', { disabled: true });
  await option.getByText('Small Agent does not let its model be chosen from here.').waitFor();
  await page.keyboard.press('Enter');
  await option.click({ force: true });
  assert.deepEqual(await posted(page, 'model/choose'), []);
});

test('[R94] a picture is refused in words where none is taken, and one that waits is greyed', async (t) => {
  const { page } = await open(t, 'untaken');
  const refusal = page.locator('.problem');
  await page.getByText('Small Agent works in the first folder of this workspace only.').waitFor();
  await pastePicture(page);
  await refusal.filter({ hasText: 'Small Agent takes no pictures. Choose another' }).waitFor();
  assert.equal(await id(page, 'attachment').count(), 0);
  await deltas(page, 1, [], taken);
  await refusal.waitFor({ state: 'detached' });
  assert.equal(await id(page, 'folders-untaken').count(), 0);
  await pastePicture(page);
  await id(page, 'attachment').waitFor();
  assert.equal(await id(page, 'attachments-problem').count(), 0);
  await deltas(page, 2, [], untakenStatus);
  await id(page, 'attachments-problem').filter({ hasText: 'takes no pictures' }).waitFor();
  const list = page.getByRole('list', { name: 'Pictures for the next prompt' });
  assert.equal(
    await list.getAttribute('aria-describedby'),
    await id(page, 'attachments-problem').getAttribute('id'),
  );
  assert.equal(await id(page, 'attachment').count(), 1, 'it is kept');
});

test('[R94] what is greyed looks so in every theme, also while it is open', async (t) => {
  for (const theme of themes) {
    const { page } = await open(t, 'untaken', { theme });
    const picker = id(page, 'effort-picker');
    const color = () => picker.evaluate((button) => getComputedStyle(button).color);
    const grey = await color();
    await picker.click();
    const looks = [await color()];
    looks.push(
      await page
        .locator('[data-testid="effort-low"] .option-name')
        .evaluate((name) => getComputedStyle(name).color),
    );
    await deltas(page, 1, [], taken);
    await id(page, 'effort-problem').waitFor({ state: 'detached' });
    assert.deepEqual(looks, [grey, grey], theme);
    assert.notEqual(await color(), grey, theme);
    await page.context().close();
  }
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

/** Waits for the focus, which an element may take a frame later; fails with where it is instead. */
async function focusIs(page, wanted, what) {
  await page
    .waitForFunction((name) => document.activeElement?.dataset.testid === name, wanted, {
      timeout: 2000,
    })
    .catch(() => {});
  await frames(page);
  assert.equal(await focused(page), wanted, what);
}
const press = async (button, key = 'Enter') => {
  await button.focus();
  await button.page().keyboard.press(key);
};
/** The edits of a scene with some hunks of the first open one approved. */
const approved = (scene, hunkIds, state = 'open') =>
  scenes[scene].snapshot.edits.map((edit) =>
    edit.id === 'e1'
      ? {
          ...edit,
          state,
          hunks: edit.hunks.map((one) =>
            hunkIds.includes(one.hunk.id) ? { ...one, decision: { kind: 'approved' } } : one,
          ),
        }
      : edit,
  );

test('a hunk that was decided by its button hands the focus to the next, the last one to the next card', async (t) => {
  const { page } = await open(t, 'edits');
  const hunk = (hunkId) =>
    page.evaluate((n) => document.activeElement.ariaLabel.includes(n), hunkId);
  await press(id(page, 'hunk-approve').first());
  await postedSoon(page, 'hunk/decide');
  await notify(page, 'edit/changed', { edits: approved('edits', ['h1']) });
  await focusIs(page, 'hunk', 'after the first');
  assert.ok(await hunk('Change 2 of 2'));
  await press(id(page, 'hunk-approve').first());
  await notify(page, 'edit/changed', { edits: approved('edits', ['h1', 'h2'], 'approved') });
  await focusIs(page, 'edit-card', 'after the last');
  assert.ok(await hunk('Edit .vscode/settings.json'));
});

test('when nothing more waits, a decision hands the focus to the composer', async (t) => {
  const { page } = await open(t, 'edit');
  await press(id(page, 'approve-all'));
  await notify(page, 'edit/changed', { edits: approved('edit', ['h1', 'h2'], 'approved') });
  await focusIs(page, 'composer', 'after all at once');
  const byKey = (await open(t, 'edit')).page;
  await press(id(byKey, 'hunk').last(), 'a');
  await notify(byKey, 'edit/changed', { edits: approved('edit', ['h1', 'h2'], 'approved') });
  await focusIs(byKey, 'composer', 'after the last by its key');
});

test('of two questions the other one gets the focus, on its card', async (t) => {
  const { page } = await open(t, 'prompts');
  await press(id(page, 'deny').first());
  await notify(page, 'prompt/changed', { prompts: scenes.prompts.snapshot.prompts.slice(1) });
  await focusIs(page, 'prompt-card');
});

const change = (label, hunkIds) => ({
  id: label,
  turnId: 't',
  path: `/a/${label}`,
  label,
  kind: 'edit',
  added: 1,
  removed: 1,
  hunks: hunkIds.map((hunkId, at) => ({
    hunk: {
      id: hunkId,
      oldStart: at * 9 + 1,
      oldLines: 1,
      newStart: at * 9 + 1,
      newLines: 1,
      oldText: 'a\n',
      newText: 'b\n',
    },
    origin: 'during "npm test"',
  })),
});

test('a change that was kept hands the focus to the next hunk, the next card, and then the composer', async (t) => {
  const { page } = await open(t, 'answer');
  const show = (...changes) => notify(page, 'change/changed', { changes });
  const place = () => page.evaluate(() => document.activeElement.ariaLabel);
  await show(change('a.txt', ['h1', 'h2', 'h3']), change('b.txt', ['h4']));
  await press(id(page, 'change-keep').first());
  await show(change('a.txt', ['h2', 'h3']), change('b.txt', ['h4']));
  await focusIs(page, 'change-hunk');
  assert.match(await place(), /^Change 1 of 2/);
  await page.keyboard.press('k');
  await show(change('a.txt', ['h3']), change('b.txt', ['h4']));
  await focusIs(page, 'change-hunk');
  await page.keyboard.press('k');
  await show(change('b.txt', ['h4']));
  await focusIs(page, 'change-card');
  assert.match(await place(), /b\.txt, not reviewed/);
  await press(id(page, 'change-keep-file'));
  await show();
  await focusIs(page, 'composer');
});

test('who leaves a field that a button opened is on that button again', async (t) => {
  const cases = [
    ['prompt', 'deny-reason', 'deny-reason-field'],
    ['edit', 'hunk-deny-reason', 'deny-reason-field'],
    ['edit', 'deny-all-reason', 'deny-reason-field'],
    ['answer', 'session-title', 'rename-field'],
    ['answer', 'message-edit', 'message-editor'],
    ['loop', 'queued-edit', 'queued-editor'],
  ];
  for (const [scene, button, field] of cases) {
    const { page } = await open(t, scene);
    await press(id(page, button).first());
    await focusIs(page, field, `${button} opens its field`);
    await page.keyboard.press('Escape');
    await focusIs(page, button, `Escape in ${field}`);
    assert.deepEqual(await posted(page, 'turn/stop'), [], field);
    await page.context().close();
  }
  const { page } = await open(t, 'prompt');
  await press(id(page, 'deny-reason'));
  await focusIs(page, 'deny-reason-field');
  await press(page.locator('.deny-words vscode-button', { hasText: 'Cancel' }));
  await focusIs(page, 'deny-reason', 'Cancel');
});

test('a prompt that leaves the queue and a button that is disabled lose no focus', async (t) => {
  const { page } = await open(t, 'loop');
  await press(id(page, 'queued-remove').first());
  await deltas(page, 1, [{ op: 'remove', id: 'q1' }]);
  await focusIs(page, 'queued');
  const [user] = scenes.loop.snapshot.items;
  await press(id(page, 'branch-previous'));
  await deltas(page, 2, [{ op: 'replace', item: { ...user, branch: { index: 0, count: 2 } } }]);
  await focusIs(page, 'item-user');
});

test('a click beside everything leaves the focus alone, also when what had it goes', async (t) => {
  const { page } = await open(t, 'prompt');
  await id(page, 'prompt-card').focus();
  await id(page, 'runtime-badge').click();
  assert.equal(await focused(page), 'BODY');
  await notify(page, 'prompt/changed', { prompts: [] });
  await id(page, 'prompt-card').waitFor({ state: 'detached' });
  await frames(page);
  assert.equal(await focused(page), 'BODY');
});

test('the list of sessions takes the focus; Escape closes it, as it does a popover, and stops no turn', async (t) => {
  const { page } = await open(t, 'streaming');
  await id(page, 'composer').focus();
  await showHistory(page);
  await focusIs(page, 'history-search');
  await id(page, 'composer').press('Escape');
  await id(page, 'history-list').waitFor({ state: 'detached' });
  await showHistory(page);
  await focusIs(page, 'history-search');
  await page.keyboard.press('Escape');
  await focusIs(page, 'composer', 'after the list');
  const { status } = scenes.streaming.snapshot;
  const context = { usedTokens: 1000, windowTokens: 2000, basis: 'reported' };
  await deltas(page, 1, [], { ...status, context });
  await press(id(page, 'context-gauge'));
  await page.getByRole('dialog').waitFor();
  await id(page, 'context-gauge').press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.deepEqual(await posted(page, 'turn/stop'), []);
});

test('Escape at the question before a session is deleted keeps it, and stops no turn', async (t) => {
  const { page } = await open(t, 'streaming');
  await showHistory(page);
  await focusIs(page, 'history-search');
  const wanted = id(page, 'history-remove').nth(2);
  await press(wanted);
  await focusIs(page, 'history-keep');
  await page.keyboard.press('Escape');
  await focusIs(page, 'history-remove');
  assert.ok(await wanted.evaluate((button) => button === document.activeElement), 'its own button');
  await press(wanted);
  await press(id(page, 'history-keep'));
  await focusIs(page, 'history-remove');
  await press(id(page, 'history-rename').nth(1));
  await focusIs(page, 'history-rename-field');
  await page.keyboard.press('Escape');
  await focusIs(page, 'history-rename');
  await press(wanted);
  await press(id(page, 'history-remove-confirm'));
  assert.deepEqual(await postedSoon(page, 'session/remove'), [{ sessionId: 'session-3' }]);
  await focusIs(page, 'history-remove', 'after the deletion');
  const next = await page.evaluate(() => document.activeElement.ariaLabel);
  assert.match(next, /^Delete “A title that is much longer/, 'of the session in its place');
  assert.deepEqual(await posted(page, 'turn/stop'), []);
  await id(page, 'history-list').waitFor();
});

test('what the user opens at the end of the conversation stays where it was pressed', async (t) => {
  const top = (locator) => locator.evaluate((e) => Math.round(e.getBoundingClientRect().top));
  const opens = async (scene, size, button, looked) => {
    const { page } = await open(t, scene, size);
    const list = id(page, 'message-list');
    await list.evaluate((e) => e.scrollTo(0, e.scrollHeight));
    await frames(page, 4);
    const before = await top(looked(page));
    await button(page).click();
    await id(page, 'to-end').waitFor();
    await frames(page, 4);
    assert.equal(await top(looked(page)), before, scene);
    return page;
  };
  const lastToggle = (page) => page.locator('.tool .card-toggle').last();
  const page = await opens('plan', { width: 300, height: 420 }, lastToggle, lastToggle);
  await lastToggle(page).click();
  await id(page, 'to-end').waitFor({ state: 'detached' });
  // The end is followed again.
  await deltas(page, 1, [{ op: 'add', item: { kind: 'text', id: 'n', text: 'New. '.repeat(99) } }]);
  await frames(page, 4);
  assert.equal(await id(page, 'to-end').count(), 0);
  await opens(
    'prompt',
    { width: 300, height: 560 },
    (view) => id(view, 'allow-always'),
    (view) => view.locator('.prompt .block'),
  );
});

test('the whole output of a call opens below its head', async (t) => {
  const { page } = await open(t, 'prompt', { width: 300, height: 420 });
  await notify(page, 'prompt/changed', { prompts: [] });
  const card = id(page, 'tool-card').first();
  await card.getByRole('button', { name: /^Read/ }).click();
  await id(page, 'message-list').evaluate((e) => e.scrollTo(0, e.scrollHeight));
  await frames(page, 4);
  const head = card.locator('.detail-head').last();
  const before = await head.boundingBox();
  await card.getByText(/Show all/).click();
  await card.getByText('the whole output').waitFor();
  await frames(page, 4);
  assert.deepEqual((await head.boundingBox())?.y, before?.y);
});
