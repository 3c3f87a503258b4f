// The edits of the real agents, those that write by themselves and those that write through us: what is approved, and
// nothing else, gets written.
import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { editJob, id } from './edits.mjs';

const plain = 'alpha\nbeta\ngamma\ndelta\n';
const both = 'ALPHA\nbeta\ngamma\nDELTA\n';
const hunks = ['@@', '-alpha', '+ALPHA', ' beta', ' gamma', '-delta', '+DELTA'];
const patch = (...lines) => ({
  type: 'tool',
  tool: 'patch',
  patch: ['*** Begin Patch', ...lines, '*** End Patch'].join('\n'),
});

const claude = {
  readsFirst: true,
  files: { 'whole.txt': plain, 'n.ipynb': notebook('1') },
};

/** `Write` over a file is decided by hunk; a notebook is refused without a question. */
async function claudeOnly(at) {
  await at.ask('Over it', [at.write('whole.txt', both)], 'Over it: done.');
  const card = await at.card('whole.txt');
  await card.locator(id('hunk-approve')).first().click();
  await card.locator(id('hunk-deny')).last().click();
  await at.done('Over it: done.');
  assert.equal(at.text('whole.txt'), plain.replace('alpha', 'ALPHA'));

  const input = { notebook_path: at.inFolder('n.ipynb'), cell_id: 'a', new_source: '2' };
  const calls = [at.read('n.ipynb'), { type: 'tool', name: 'NotebookEdit', input }];
  await at.ask('Notebook', calls, 'Notebook: done.');
  await at.done('Notebook: done.');
  await at.isTold('is a notebook; its cells are not changed here');
  assert.equal(at.text('n.ipynb'), notebook('1'));
}

/** One patch may change, add, delete and move: each file is decided, and a yes to all of it is Codex's own write. */
async function codexOnly(at) {
  const put = (...names) => names.forEach((name) => writeFileSync(at.inFolder(name), plain));
  put('a.txt', 'b.txt', 'c.txt');
  const kept = statSync(at.inFolder('b.txt'));
  const several = ['*** Update File: a.txt', ...hunks, '*** Delete File: b.txt'];
  await at.ask('Several', [patch(...several, '*** Add File: d.txt', '+new')], 'Several: done.');
  const card = await at.card('a.txt');
  await card.locator(id('hunk-approve')).first().click();
  await card.locator(id('hunk-deny')).last().click();
  await at.deny('b.txt');
  assert.equal(at.text('a.txt'), plain, 'nothing is written before the last decision');
  await at.approve('d.txt');
  await at.done('Several: done.');
  assert.equal(at.text('a.txt'), plain.replace('alpha', 'ALPHA'));
  const { ino, mtimeMs } = statSync(at.inFolder('b.txt'));
  assert.deepEqual([ino, mtimeMs], [kept.ino, kept.mtimeMs], 'what was denied was never touched');
  assert.equal(at.text('d.txt'), 'new\n');
  await at.isTold('1 of 2 hunks');

  // All of it: the old place of a moved file is not asked again.
  put('a.txt');
  const all = ['*** Update File: c.txt', '*** Move to: moved/c.txt', ...hunks];
  await at.ask('All', [patch('*** Delete File: a.txt', ...all)], 'All: done.');
  await at.approve('a.txt');
  await at.approve('moved/c.txt');
  await at.done('All: done.');
  assert.deepEqual([at.exists('a.txt'), at.exists('c.txt')], [false, false]);
  assert.equal(at.text('moved/c.txt'), both);

  // A moved file that is not approved at its new place stays at its old one.
  await at.ask(
    'Back',
    [patch('*** Update File: moved/c.txt', '*** Move to: back.txt', '@@', '-ALPHA', '+alpha')],
    'Back: done.',
  );
  await at.deny('back.txt');
  await at.done('Back: done.');
  assert.equal(at.exists('back.txt'), false);
  assert.equal(at.text('moved/c.txt'), both);
}

function notebook(source) {
  const cell = { id: 'a', cell_type: 'code', source: [source], metadata: {}, outputs: [] };
  return JSON.stringify({
    cells: [{ ...cell, execution_count: null }],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
  });
}

const jobs = [
  {
    ...claude,
    title: 'Claude Code',
    adapter: 'claude-cli',
    savesFirst: true,
    more: claudeOnly,
  },
  { title: 'Codex', adapter: 'codex-cli', more: codexOnly },
  { title: 'Gemini CLI', adapter: 'acp:gemini' },
  { ...claude, title: 'claude-agent-acp', adapter: 'acp:claude-agent-acp', more: claudeOnly },
  { title: 'opencode', adapter: 'acp:opencode', readsFirst: true, stopsAtNo: true },
];
// One agent of each kind of dialect by itself; PATCHBAY_AGENT=opencode another one, PATCHBAY_AGENT=acp all of a kind.
const only = process.env.PATCHBAY_AGENT;
const usual = ['claude-cli', 'codex-cli', 'acp:gemini'];
jobs
  .filter(({ adapter }) =>
    only === undefined ? usual.some((name) => adapter.startsWith(name)) : adapter.includes(only),
  )
  .forEach(editJob);
