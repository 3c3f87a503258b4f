import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import { keptEditText, parseKeptEdit } from '../../../src/session/keptEditRecord';
import type { ToolIntent } from '../../../src/events/toolIntent';
import { createDiagnosticsHook } from '../../../src/tools/postWriteHooks';
import { takenBack, type FileProblem } from '../../../src/tools/contract';
import { settle } from '../../fakes/fakeClock';
import { createPendingStage, MemoryPending, type StageOptions } from '../../fakes/pendingStage';
import { answer, sessionBench } from '../../fakes/sessionBench';

const file = '/w/app/a.ts';
const base = Array.from({ length: 30 }, (_, index) => `line ${index + 1}\n`).join('');
const first = { search: 'line 3\n', replace: 'LINE 3\n' };
const second = { search: 'line 25\n', replace: 'LINE 25\n' };
const onlyFirst = base.replace('line 3\n', 'LINE 3\n');
const both = onlyFirst.replace('line 25\n', 'LINE 25\n');
const start: StageOptions = { files: { [file]: base } };

/** An edit of two hunks that waits, and the abort of its turn. */
async function waiting(options: StageOptions = start) {
  const stage = await createPendingStage(options);
  const turn = new AbortController();
  const result = stage.run(
    'edit_file',
    { path: 'a.ts', edits: [first, second] },
    { signal: turn.signal },
  );
  await settle();
  const id = stage.edits.listOpen()[0]?.id ?? '';
  const hunkId = (index: number): string =>
    stage.edits.get(id)?.hunks[index]?.hunk.id ?? 'no such hunk';
  return { ...stage, turn, result, id, hunkId };
}

/** The next window: the same files and storage, everything else new. */
async function nextWindow(before: Awaited<ReturnType<typeof waiting>>, text?: string) {
  const stage = await createPendingStage({
    files: { [file]: text ?? before.files.disk(file) ?? '' },
    storage: before.storage,
  });
  await settle();
  return stage;
}

describe('an edit whose agent does not wait any more', () => {
  it('[R142][R223] stays open after a stop that closes its question; nothing of the part approved so far is written', async () => {
    const stage = await waiting();
    stage.edits.decide(stage.id, [stage.hunkId(0)], 'approve');
    const stat = await stage.files.stat(file);
    stage.turn.abort();
    expect(await stage.result).toMatchObject({ ok: false, details: { outcome: 'aborted' } });
    expect(stage.edits.get(stage.id)).toMatchObject({
      state: 'open',
      detached: 'agentGone',
      note: expect.stringContaining('No agent waits') as unknown,
    });
    expect(stage.files.writes).toEqual([]);
    expect(await stage.files.stat(file)).toEqual(stat);
    expect(stage.detached.takeNotes('s1')).toEqual([]);
  });

  it('[R229] is written by us when it is approved, with both audit records, and the agent is told once', async () => {
    const stage = await waiting();
    stage.turn.abort();
    await stage.result;
    stage.edits.decide(stage.id, [stage.hunkId(0)], 'approve');
    stage.edits.decide(stage.id, [stage.hunkId(1)], 'deny', 'leave that one');
    await stage.detached.flush();
    expect(stage.files.disk(file)).toBe(onlyFirst);
    expect(stage.edits.get(stage.id)?.state).toBe('partly');
    expect(stage.sink.decisions.at(-1)).toMatchObject({
      decision: 'allow',
      by: 'user',
      reason: 'you approved 1 of 2 hunks; the agent did not wait',
    });
    expect(stage.sink.outcomes.at(-1)).toMatchObject({ outcome: 'ok' });
    const notes = stage.detached.takeNotes('s1');
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain('The user has decided on your edit of a.ts.');
    expect(notes[0]).toContain('1 of 2 hunks applied');
    expect(notes[0]).toContain('the user said: leave that one\n-line 25\n+LINE 25');
    expect(stage.detached.takeNotes('s1')).toEqual([]);
  });

  it.each([
    { when: 'after a stop', isNonBlocking: false },
    { when: 'while the agent goes on', isNonBlocking: true },
  ])(
    '[R159][R236] written $when tells the problems that are new since the proposal, not since the decision',
    async ({ isNonBlocking }) => {
      const stage = await createPendingStage({ ...start, isNonBlocking });
      const problem = (message: string): FileProblem => ({
        severity: 'error',
        message,
        lineOneBased: 3,
      });
      let problems = [problem('there before')];
      stage.hooks.add(
        createDiagnosticsHook({
          snapshot: () => problems,
          settled: () => Promise.resolve(problems),
        }),
      );
      const turn = new AbortController();
      const result = stage.run(
        'edit_file',
        { path: 'a.ts', edits: [first] },
        { signal: turn.signal },
      );
      await settle();
      const id = stage.edits.listOpen()[0]?.id ?? '';
      turn.abort();
      await result;
      problems = [problem('there before'), problem('came meanwhile')];
      stage.edits.decide(
        id,
        stage.edits.get(id)?.hunks.map(({ hunk }) => hunk.id) ?? [],
        'approve',
      );
      await stage.detached.flush();
      const told = stage.detached.takeNotes('s1').join('\n');
      expect(told).toContain('New problems since this edit:\nline 3: error: came meanwhile');
      expect(told).not.toContain('there before');
    },
  );

  it('[R224][R229] that is denied leaves the file as it was, and the agent hears the words', async () => {
    const stage = await waiting();
    const stat = await stage.files.stat(file);
    stage.turn.abort();
    await stage.result;
    stage.edits.decide(stage.id, 'all', 'deny', 'wrong file');
    await stage.detached.flush();
    expect(stage.files.writes).toEqual([]);
    expect(await stage.files.stat(file)).toEqual(stat);
    expect(stage.detached.takeNotes('s1')).toEqual([
      'Your edit of a.ts was denied: the user said no: wrong file.',
    ]);
    await stage.detached.flush();
    expect(stage.storage.kept.size).toBe(0);
  });

  it('[R229] comes back in the next window with its denials and the text as the user left it; a yes is asked again', async () => {
    const before = await waiting();
    before.edits.decide(before.id, [before.hunkId(0)], 'approve');
    before.edits.updateProposal(before.id, both.replace('LINE 25', 'Line 25'));
    await before.detached.flush();
    // The host is killed: no abort, no dispose.
    const after = await nextWindow(before);
    const [edit] = after.edits.listOpen();
    expect(edit).toMatchObject({
      id: before.id,
      sessionId: 's1',
      detached: 'agentGone',
      proposedText: both.replace('LINE 25', 'Line 25'),
    });
    expect(edit?.note).toContain('approve again');
    expect(edit?.hunks.map(({ decision }) => decision.kind)).toEqual(['pending', 'pending']);
    after.edits.decide(before.id, 'all', 'approve');
    await after.detached.flush();
    expect(after.files.disk(file)).toBe(both.replace('LINE 25', 'Line 25'));
    expect(after.storage.kept.size).toBe(1); // what the agent is to be told
    const [note] = after.detached.takeNotes('s1');
    expect(note).toContain('The user changed the proposal before approving it');
    expect(note).toContain('-LINE 25\n+Line 25');
    await after.detached.flush();
    expect(after.storage.kept.size).toBe(0);
  });

  it('[R229] comes back with what was denied, and what is approved then is written', async () => {
    const before = await waiting();
    before.edits.decide(before.id, [before.hunkId(1)], 'deny', 'not that');
    await before.detached.flush();
    const after = await nextWindow(before);
    expect(after.edits.listOpen()[0]?.hunks.map(({ decision }) => decision.kind)).toEqual([
      'pending',
      'denied',
    ]);
    after.edits.decide(before.id, 'all', 'approve');
    await after.detached.flush();
    expect(after.files.disk(file)).toBe(onlyFirst);
  });

  it.each([
    { where: 'all of it', changes: (text: string): string => text },
    {
      where: 'all that is left when the file has the rest by now',
      changes: (text: string): string => text.replace('line 25\n', 'LINE 25\n'),
    },
  ])(
    '[R223][R229] that its record calls approved, $where, is never written without a click',
    async ({ changes }) => {
      const before = await waiting();
      before.edits.decide(before.id, [before.hunkId(0)], 'deny', 'never');
      await before.detached.flush();
      const record = parseKeptEdit(before.storage.kept.get(before.id) ?? '');
      expect(record?.decisions).toHaveLength(1);
      const yes = { kind: 'approved' } as const;
      const decisions = [before.hunkId(0), before.hunkId(1)].map((id) => [id, yes] as const);
      if (record !== undefined) {
        before.storage.kept.set(before.id, keptEditText({ ...record, decisions }));
      }
      const after = await nextWindow(before, changes(base));
      await after.detached.flush();
      expect(after.files.writes).toEqual([]);
      expect(after.sink.decisions).toEqual([]);
      expect(after.edits.listOpen()).toMatchObject([{ id: before.id }]);
    },
  );

  it('[R223] of which only what was approved is left, as the file has the rest by now, waits for one more click', async () => {
    const stage = await waiting();
    stage.turn.abort();
    await stage.result;
    stage.edits.decide(stage.id, [stage.hunkId(0)], 'approve');
    const other = base.replace('line 25\n', 'LINE 25\n');
    stage.files.put(file, other);
    stage.edits.updateBase(stage.id, other);
    await stage.detached.flush();
    expect(stage.files.writes).toEqual([]);
    expect(stage.edits.get(stage.id)).toMatchObject({
      state: 'open',
      note: expect.stringContaining('once more') as unknown,
      hunks: [{ decision: { kind: 'pending' } }],
    });
    stage.edits.decide(stage.id, 'all', 'approve');
    await stage.detached.flush();
    expect(stage.files.disk(file)).toBe(both);
  });

  it('[R229] survives an orderly end of the window too, which closes its question', async () => {
    const before = await waiting();
    before.edits.dispose();
    before.turn.abort();
    expect((await before.result).ok).toBe(false);
    await before.detached.flush();
    expect((await nextWindow(before)).edits.listOpen().map(({ id }) => id)).toEqual([before.id]);
  });

  it('[R228][R229] is merged with what changed between the windows, or asked again where both changed the same', async () => {
    const before = await waiting();
    before.edits.decide(before.id, [before.hunkId(0)], 'approve');
    await before.detached.flush();
    const merged = await nextWindow(before, `top\n${base}`);
    expect(merged.edits.listOpen()).toMatchObject([
      { baseText: `top\n${base}`, proposedText: `top\n${both}` },
    ]);
    expect(merged.edits.listOpen()[0]?.note).toContain('merged');
    expect(merged.edits.listOpen()[0]?.hunks.map(({ decision }) => decision.kind)).toEqual([
      'pending',
      'pending',
    ]);
    const again = await waiting();
    await again.detached.flush();
    const conflict = await nextWindow(again, base.replace('line 3\n', 'mine\n'));
    expect(conflict.edits.listOpen()[0]?.note).toContain('check them again');
    expect(conflict.files.writes).toEqual([]);
  });

  it('[R228] whose file changes right before the write is not written but asked again', async () => {
    const stage = await waiting();
    stage.turn.abort();
    await stage.result;
    stage.files.beforeWrite = () => {
      stage.files.beforeWrite = () => undefined;
      stage.files.put(file, `top\n${base}`);
    };
    stage.edits.decide(stage.id, 'all', 'approve');
    await stage.detached.flush();
    expect(stage.files.disk(file)).toBe(`top\n${base}`);
    expect(stage.edits.get(stage.id)).toMatchObject({ state: 'open', baseText: `top\n${base}` });
    stage.edits.decide(stage.id, 'all', 'approve');
    await stage.detached.flush();
    expect(stage.files.disk(file)).toBe(`top\n${both}`);
  });

  it('[R229] that cannot be written opens again with the reason, and is still there in the next window', async () => {
    const stage = await waiting();
    stage.turn.abort();
    await stage.result;
    stage.files.link(file, '/etc/hosts');
    stage.edits.decide(stage.id, 'all', 'approve');
    await stage.detached.flush();
    expect(stage.edits.get(stage.id)).toMatchObject({
      state: 'open',
      note: expect.stringContaining('leads elsewhere') as unknown,
    });
    expect(stage.files.writes).toEqual([]);
    expect(stage.storage.kept.has(stage.id)).toBe(true);
    expect(stage.sink.decisions.at(-1)).toMatchObject({ decision: 'deny', by: 'path.moved' });
  });

  it('[R229] whose write takes longer than a call may is waited for, and the agent is told of it', async () => {
    const stage = await waiting();
    stage.turn.abort();
    await stage.result;
    const disk = new Deferred<void>();
    stage.files.beforeWrite = () => disk.promise;
    stage.edits.decide(stage.id, 'all', 'approve');
    await stage.clock.advance(40_000);
    expect(stage.edits.listOpen()).toEqual([]);
    disk.resolve();
    await stage.detached.flush();
    expect(stage.files.disk(file)).toBe(both);
    expect(stage.edits.listOpen()).toEqual([]);
    expect(stage.detached.takeNotes('s1').join()).toContain('Changed a.ts.');
  });

  it('[R229] is refused by a rule that was made in the meantime', async () => {
    let isDenied = false;
    const stage = await waiting({
      ...start,
      rules: () =>
        isDenied
          ? [
              {
                id: 'user.1',
                verdict: 'deny',
                scope: 'user',
                match: { kind: 'writeGlob', glob: '**/a.ts' },
              },
            ]
          : [],
    });
    stage.turn.abort();
    await stage.result;
    isDenied = true;
    stage.edits.decide(stage.id, 'all', 'approve');
    await stage.detached.flush();
    expect(stage.files.disk(file)).toBe(base);
    expect(stage.edits.get(stage.id)?.state).toBe('open');
    expect(stage.sink.decisions.at(-1)).toMatchObject({ decision: 'deny' });
  });

  it('[R226] that moves a file goes with its question: later its old place would stay', async () => {
    const stage = await createPendingStage(start);
    const turn = new AbortController();
    const patch =
      '*** Begin Patch\n*** Update File: a.ts\n*** Move to: b.ts\n@@\n-line 3\n+LINE 3\n*** End Patch';
    const ours = stage.run('apply_patch', { patch }, { signal: turn.signal });
    const whole = { takesWholeEditsOnly: true };
    const intents: readonly ToolIntent[] = [
      { kind: 'write', path: 'c.ts', change: { kind: 'patch', hunks: '', from: 'a.ts' } },
      { kind: 'write', path: 'a.ts', change: { kind: 'delete' } },
    ];
    const childs = stage.authorize(
      'fileChange',
      intents,
      { signal: turn.signal, sessionId: 's2' },
      whole,
    );
    await settle();
    expect(
      stage.edits
        .listOpen()
        .map(({ label }) => label)
        .sort(),
    ).toEqual(['b.ts', 'c.ts']);
    turn.abort();
    await Promise.all([ours, childs]);
    expect(stage.edits.listOpen()).toEqual([]);
    await stage.detached.flush();
    expect(stage.storage.kept.size).toBe(0);
  });

  it('[R226] that ends a moved file, asked by itself, goes with its question as well', async () => {
    const stage = await createPendingStage({ files: { '/w/app/.gitattributes': base } });
    const turn = new AbortController();
    const answer = stage.authorize(
      'fileChange',
      [
        {
          kind: 'write',
          path: 'c.ts',
          change: { kind: 'patch', hunks: '', from: '.gitattributes' },
        },
        { kind: 'write', path: '.gitattributes', change: { kind: 'delete' } },
      ],
      { signal: turn.signal, mode: 'accept-edits' },
      { takesWholeEditsOnly: true },
    );
    await settle();
    expect(stage.edits.listOpen().map(({ kind }) => kind)).toEqual(['delete']);
    turn.abort();
    await answer;
    expect(stage.edits.listOpen()).toEqual([]);
  });

  it('that deletes a file which is gone by now ends with the first approval, and the agent is told', async () => {
    const stage = await createPendingStage(start);
    const turn = new AbortController();
    const deleted = stage.run(
      'apply_patch',
      { patch: '*** Begin Patch\n*** Delete File: a.ts\n*** End Patch' },
      { signal: turn.signal },
    );
    await settle();
    turn.abort();
    await deleted;
    stage.files.remove(file);
    stage.edits.decide(stage.edits.listOpen()[0]?.id ?? '', 'all', 'approve');
    await stage.detached.flush();
    expect(stage.edits.listOpen()).toEqual([]);
    expect(stage.detached.takeNotes('s1')).toEqual([
      `You proposed to delete ${file}; it was gone before the user decided.`,
    ]);
  });

  it('creates and deletes as it was proposed, and creates anew what was deleted meanwhile', async () => {
    const stage = await createPendingStage({ files: { [file]: base, '/w/app/old.ts': 'x\n' } });
    const turn = new AbortController();
    const created = stage.run(
      'write_file',
      { path: 'new.ts', content: 'n\n' },
      { signal: turn.signal },
    );
    const gone = stage.run(
      'edit_file',
      { path: 'a.ts', edits: [first] },
      { signal: turn.signal, sessionId: 's2' },
    );
    const deleted = stage.run(
      'apply_patch',
      { patch: '*** Begin Patch\n*** Delete File: old.ts\n*** End Patch' },
      { signal: turn.signal, sessionId: 's3' },
    );
    await settle();
    turn.abort();
    await Promise.all([created, gone, deleted]);
    stage.files.remove(file);
    for (const edit of stage.edits.listOpen()) {
      stage.edits.decide(edit.id, 'all', 'approve');
    }
    await stage.detached.flush();
    expect(stage.files.disk('/w/app/new.ts')).toBe('n\n');
    expect(stage.files.disk('/w/app/old.ts')).toBeUndefined();
    const [left] = stage.edits.listOpen();
    expect(left).toMatchObject({ kind: 'create', proposedText: onlyFirst });
    expect(left?.note).toContain('was deleted meanwhile');
    stage.edits.decide(left?.id ?? '', 'all', 'approve');
    await stage.detached.flush();
    expect(stage.files.disk(file)).toBe(onlyFirst);
  });

  it('goes with its question when the agent itself takes that back, and with its session', async () => {
    const stage = await waiting();
    stage.turn.abort(takenBack);
    await stage.result;
    expect(stage.edits.get(stage.id)?.state).toBe('withdrawn');
    await stage.detached.flush();
    expect(stage.storage.kept.size).toBe(0);
    const removed = await waiting();
    removed.turn.abort();
    await removed.result;
    removed.detached.forgetSession('s1');
    await removed.detached.flush();
    expect(removed.edits.listOpen()).toEqual([]);
    expect(removed.storage.kept.size).toBe(0);
  });

  it('keeps texts exactly as they are: secrets, a byte order mark, endings, half a surrogate pair', async () => {
    const odd = '\ufeffpassword=hunter2hunter2\r\na\rb\u2028\ud83d\r\n';
    const before = await createPendingStage({ files: { [file]: odd } });
    void before.run('write_file', { path: 'a.ts', content: `${odd}sk-ant-1234567890abcdef\n` });
    await settle();
    const proposed = before.edits.listOpen()[0]?.proposedText;
    await before.detached.flush();
    const after = await createPendingStage({ files: { [file]: odd }, storage: before.storage });
    expect(after.edits.listOpen()).toMatchObject([{ baseText: odd, proposedText: proposed }]);
  });

  it('of which too many wait loses the oldest, with a notice', async () => {
    const stage = await createPendingStage({
      ...start,
      waitLimits: { maxEdits: 2, maxChars: 1e9 },
    });
    const turn = new AbortController();
    const runs = ['1.ts', '2.ts', '3.ts'].map(async (path) => {
      await stage.run('write_file', { path, content: 'x\n' }, { signal: turn.signal });
    });
    await settle();
    turn.abort();
    await Promise.all(runs);
    expect(stage.edits.listOpen().map(({ label }) => label)).toEqual(['2.ts', '3.ts']);
    expect(stage.notices).toEqual([expect.stringContaining('the oldest, of 1.ts, was withdrawn')]);
  });

  it('that is stored damaged is left out with a notice, and a storage that fails keeps it open here', async () => {
    const storage = new MemoryPending();
    storage.kept.set('edit-x', '{"schema":"patchbay.pending/1"');
    const before = await waiting({ ...start, storage });
    await before.detached.flush();
    expect(before.notices).toEqual([expect.stringContaining('could not be read')]);
    const kept = storage.kept.get(before.id) ?? '';
    storage.kept.set(before.id, kept.replace('line 7', 'line seven'));
    expect((await nextWindow(before)).edits.listOpen()).toEqual([]);
    const failing = new MemoryPending();
    failing.failure = 'disk full';
    const stage = await waiting({ ...start, storage: failing });
    await stage.detached.flush();
    expect(stage.edits.listOpen()).toHaveLength(1);
    expect(stage.notices).toEqual([expect.stringContaining('disk full')]);
  });
});

describe('a review that is not waited for', () => {
  const nonBlocking: StageOptions = { ...start, isNonBlocking: true };

  it('[R230] lets the call end at once; the file changes when the user decides, and the agent is told at its next turn', async () => {
    const stage = await createPendingStage(nonBlocking);
    const result = await stage.run('edit_file', { path: 'a.ts', edits: [first] });
    expect(result).toMatchObject({ ok: true, details: { summary: 'waits for review' } });
    expect(result.output).toContain('nothing is written yet');
    expect(stage.files.disk(file)).toBe(base);
    expect(stage.edits.listOpen()).toMatchObject([{ detached: 'goesOn', path: file }]);
    stage.edits.decide(stage.edits.listOpen()[0]?.id ?? '', 'all', 'approve');
    await stage.detached.flush();
    expect(stage.files.disk(file)).toBe(onlyFirst);
    expect(stage.detached.takeNotes('s1')).toEqual([
      expect.stringContaining('The user has decided on your edit of a.ts.\nChanged a.ts.'),
    ]);
  });

  it('[R229] a message sent right after the approval has the note with it, although the hooks still run', async () => {
    const stage = await createPendingStage(nonBlocking);
    const checked = new Deferred<string>();
    stage.hooks.add({ name: 'check', begin: () => () => checked.promise });
    const { manager, runtime } = sessionBench([answer('fine')], {
      takeNotes: () => stage.detached.takeNotes('s1'),
      whenNoted: (_id, signal) => stage.detached.whenNoted('s1', signal),
    });
    await stage.run('edit_file', { path: 'a.ts', edits: [first] });
    stage.edits.decide(stage.edits.listOpen()[0]?.id ?? '', 'all', 'approve');
    manager.current.submit('go on');
    await settle();
    expect(stage.files.disk(file)).toBe(onlyFirst);
    expect(runtime.contexts).toEqual([]);
    checked.resolve('No problems.');
    await manager.current.whenIdle();
    expect(runtime.contexts[0]?.messages).toMatchObject([
      { role: 'user', text: 'go on', notes: [expect.stringContaining('No problems.')] },
    ]);
    expect(stage.detached.whenNoted('s1', AbortSignal.abort())).toBeUndefined();
  });

  it('[R229] holds a message back for six seconds at most, and none of another session', async () => {
    const stage = await createPendingStage(nonBlocking);
    const checked = new Deferred<void>();
    stage.files.beforeWrite = () => checked.promise;
    await stage.run('edit_file', { path: 'a.ts', edits: [first] });
    stage.edits.decide(stage.edits.listOpen()[0]?.id ?? '', 'all', 'approve');
    const { signal } = new AbortController();
    expect(stage.detached.whenNoted('s2', signal)).toBeUndefined();
    let isOver = false;
    const noted = stage.detached.whenNoted('s1', signal)?.then(() => (isOver = true));
    await stage.clock.advance(5999);
    expect(isOver).toBe(false);
    await stage.clock.advance(1);
    await noted;
    expect(isOver).toBe(true);
    expect(stage.detached.takeNotes('s1')).toEqual([]);
    checked.resolve();
    await stage.detached.flush();
    expect(stage.detached.takeNotes('s1')).toHaveLength(1);
  });

  it('[R230] later edits of the file go on top of the pending text, which this session alone reads', async () => {
    const stage = await createPendingStage(nonBlocking);
    await stage.run('edit_file', { path: 'a.ts', edits: [first] });
    expect((await stage.run('read_file', { path: 'a.ts' })).output).toBe(onlyFirst);
    expect((await stage.run('read_file', { path: 'a.ts' }, { sessionId: 's2' })).output).toBe(base);
    const stacked = await stage.run('edit_file', {
      path: 'a.ts',
      edits: [{ search: 'LINE 3\n', replace: 'LINE THREE\n' }, second],
    });
    expect(stacked.output).toContain('added to your earlier one');
    expect(stage.edits.listOpen()).toHaveLength(1);
    expect(stage.edits.listOpen()[0]).toMatchObject({
      baseText: base,
      proposedText: both.replace('LINE 3', 'LINE THREE'),
    });
    stage.edits.decide(stage.edits.listOpen()[0]?.id ?? '', 'all', 'approve');
    await stage.detached.flush();
    expect(stage.files.disk(file)).toBe(both.replace('LINE 3', 'LINE THREE'));
    expect((await stage.run('read_file', { path: 'a.ts' })).output).toBe(stage.files.disk(file));
  });

  it('[R227][R230] what was denied or changed before more came stays so, and is told', async () => {
    const stage = await createPendingStage(nonBlocking);
    await stage.run('edit_file', { path: 'a.ts', edits: [first, second] });
    const id = stage.edits.listOpen()[0]?.id ?? '';
    const [one] = stage.edits.get(id)?.hunks ?? [];
    stage.edits.decide(id, [one?.hunk.id ?? ''], 'deny', 'keep it small');
    stage.edits.updateProposal(id, both.replace('LINE 25', 'Line 25'));
    await stage.run('edit_file', {
      path: 'a.ts',
      edits: [{ search: 'line 10\n', replace: 'LINE 10\n' }],
    });
    stage.edits.decide(id, 'all', 'approve');
    await stage.detached.flush();
    expect(stage.files.disk(file)).toBe(
      base.replace('line 25\n', 'Line 25\n').replace('line 10\n', 'LINE 10\n'),
    );
    const [note] = stage.detached.takeNotes('s1');
    expect(note).toContain('the user said: keep it small');
    expect(note).toContain('-LINE 25\n+Line 25');
  });

  it('[R230] a deletion or a move of a file with pending text is refused with the way on; nothing is lost', async () => {
    const stage = await createPendingStage(nonBlocking);
    await stage.run('edit_file', { path: 'a.ts', edits: [first] });
    const before = stage.edits.list();
    for (const patch of [
      '*** Begin Patch\n*** Delete File: a.ts\n*** End Patch',
      '*** Begin Patch\n*** Update File: a.ts\n*** Move to: b.ts\n@@\n-line 5\n+LINE 5\n*** End Patch',
    ]) {
      const running = stage.run('apply_patch', { patch });
      await settle();
      stage.edits.decide(
        stage.edits.listOpen().find(({ path }) => path !== file)?.id ?? '',
        'all',
        'deny',
      );
      expect((await running).ok).toBe(false);
    }
    expect(stage.edits.list().filter(({ path }) => path === file)).toEqual(before);
    expect(stage.files.disk(file)).toBe(base);
  });

  it('[R230] is bounded: what is over the bound is waited for as ever', async () => {
    const stage = await createPendingStage({
      ...nonBlocking,
      waitLimits: { maxEdits: 1, maxChars: 1e9 },
    });
    await stage.run('edit_file', { path: 'a.ts', edits: [first] });
    const blocked = stage.run('write_file', { path: 'b.ts', content: 'b\n' });
    await settle();
    const open = stage.edits.listOpen();
    expect(open.map(({ detached }) => detached)).toEqual(['goesOn', undefined]);
    stage.edits.decide(open[1]?.id ?? '', 'all', 'approve');
    expect(await blocked).toMatchObject({ ok: true });
    expect(stage.files.disk('/w/app/b.ts')).toBe('b\n');
  });

  it('[R230] a child that works on the disk is said to miss the edit; one that writes itself waits', async () => {
    const stage = await createPendingStage(nonBlocking);
    await stage.run('edit_file', { path: 'a.ts', edits: [first] }, { bridge: 'claude-cli' });
    expect(stage.edits.listOpen()[0]?.note).toContain('reads from the disk by itself does not');
    const asked = stage.authorize('Write', [
      { kind: 'write', path: '/w/app/b.ts', change: { kind: 'content', content: 'b\n' } },
    ]);
    await settle();
    const own = stage.edits.listOpen().find(({ path }) => path === '/w/app/b.ts');
    expect(own?.detached).toBeUndefined();
    stage.edits.decide(own?.id ?? '', 'all', 'approve');
    expect(await asked).toMatchObject({ kind: 'allow' });
  });

  it('[R230] survives a reload still stacked on', async () => {
    const before = await createPendingStage(nonBlocking);
    await before.run('edit_file', { path: 'a.ts', edits: [first] });
    await before.detached.flush();
    const after = await createPendingStage({ ...nonBlocking, storage: before.storage });
    await settle();
    await after.run('edit_file', { path: 'a.ts', edits: [second] });
    expect(after.edits.listOpen()).toMatchObject([{ proposedText: both, detached: 'goesOn' }]);
  });
});
