import { describe, expect, it } from 'vitest';
import { settle } from '../../fakes/fakeClock';
import { createBench } from '../../fakes/orchestratorBench';

const start = {
  files: {
    '/w/app/a.ts': 'one\ntwo\nthree\n',
    '/w/app/b.ts': 'alpha\nbeta\n',
    '/w/app/old.ts': 'gone\n',
    '/w/app/.env': 'TOKEN=hidden-token\n',
  },
};
const wrap = (...lines: readonly string[]) => ({
  patch: ['*** Begin Patch', ...lines, '*** End Patch'].join('\n'),
});
const several = wrap(
  '*** Update File: a.ts',
  '@@',
  '-two',
  '+TWO',
  '*** Add File: new.ts',
  '+fresh',
  '*** Delete File: old.ts',
  '*** Update File: b.ts',
  '*** Move to: lib/b.ts',
  '@@ alpha',
  '-beta',
  '+BETA',
);

describe('apply_patch', () => {
  it('[R223] reviews every file by itself, all at once, and writes each as it is decided', async () => {
    const bench = createBench(start);
    bench.reviewer.script = ['pending'];
    const stop = new AbortController();
    const waiting = bench.run('apply_patch', several, { signal: stop.signal });
    await settle();
    // The old place of the moved file waits for the new one.
    expect(bench.reviewer.proposals.map(({ edit }) => [edit.kind, edit.path])).toEqual([
      ['edit', '/w/app/a.ts'],
      ['create', '/w/app/new.ts'],
      ['delete', '/w/app/old.ts'],
      ['create', '/w/app/lib/b.ts'],
    ]);
    stop.abort();
    expect(await waiting).toMatchObject({ ok: false, details: { outcome: 'aborted' } });
    expect(bench.files.writes).toEqual([]);
  });

  it('changes, creates, deletes and moves, and says so for each file', async () => {
    const bench = createBench(start);
    const result = await bench.run('apply_patch', several);
    expect(bench.files.disk('/w/app/a.ts')).toBe('one\nTWO\nthree\n');
    expect(bench.files.disk('/w/app/new.ts')).toBe('fresh\n');
    expect(bench.files.disk('/w/app/old.ts')).toBeUndefined();
    expect(bench.files.disk('/w/app/lib/b.ts')).toBe('alpha\nBETA\n');
    expect(bench.files.disk('/w/app/b.ts')).toBeUndefined();
    expect(result).toMatchObject({ ok: true, details: { summary: '5 of 5 files' } });
    for (const told of [
      'Changed a.ts.',
      'Created new.ts.',
      'Deleted old.ts.',
      'Created lib/b.ts.',
      'Deleted b.ts.',
    ]) {
      expect(result.output).toContain(told);
    }
    expect(bench.sink.decisions).toHaveLength(5);
    expect(bench.sink.outcomes.map(({ outcome }) => outcome)).toEqual([
      'ok',
      'ok',
      'ok',
      'ok',
      'ok',
    ]);
  });

  it('[R227] one file denied and one that does not fit leave the others, and each is told', async () => {
    const bench = createBench(start);
    bench.reviewer.script = [{ deny: 'keep two' }, 'approve'];
    const result = await bench.run(
      'apply_patch',
      wrap(
        '*** Update File: a.ts',
        '@@',
        '-two',
        '+TWO',
        '*** Update File: b.ts',
        '@@',
        '-gamma',
        '+GAMMA',
        '*** Add File: c.ts',
        '+c',
      ),
    );
    expect(result.ok).toBe(true);
    expect(result.output).toContain('1 of 3 changes were made; the others were not.');
    expect(result.output).toContain("a.ts: Tool 'apply_patch' denied: the user said no: keep two");
    expect(result.output).toContain('b.ts: its lines do not occur');
    expect(result.output).toContain('Created c.ts.');
    expect(bench.files.disk('/w/app/a.ts')).toBe(start.files['/w/app/a.ts']);
    expect(bench.files.disk('/w/app/c.ts')).toBe('c\n');
  });

  it('a moved file stays where its new place was denied or exists', async () => {
    const move = wrap('*** Update File: b.ts', '*** Move to: c.ts');
    const denied = createBench(start);
    denied.reviewer.script = [{ deny: undefined }, 'approve'];
    expect(await denied.run('apply_patch', move)).toMatchObject({ ok: false });
    expect(denied.files.disk('/w/app/b.ts')).toBe('alpha\nbeta\n');
    const taken = createBench(start);
    const result = await taken.run(
      'apply_patch',
      wrap('*** Update File: b.ts', '*** Move to: a.ts'),
    );
    expect(result.ok ? '' : result.error).toContain('a.ts exists already; nothing was moved.');
    expect(taken.files.disk('/w/app/b.ts')).toBe('alpha\nbeta\n');
  });

  it('[R231] a move is one question: the old place goes with what is approved whole at the new one', async () => {
    for (const [tool, args] of [
      ['apply_patch', wrap('*** Update File: b.ts', '*** Move to: c.ts', '-beta', '+BETA')],
      ['rename_file', { path: 'b.ts', newPath: 'c.ts' }],
    ] as const) {
      const bench = createBench(start);
      const result = await bench.run(tool, args);
      expect(bench.reviewer.proposals.map(({ reason, edit }) => [reason, edit.path])).toEqual([
        ['edits ask in this mode; moves here from b.ts, which goes with it', '/w/app/c.ts'],
      ]);
      expect(result).toMatchObject({ ok: true, details: { summary: '2 of 2 files' } });
      expect(bench.files.disk('/w/app/b.ts')).toBeUndefined();
      expect(bench.files.disk('/w/app/c.ts')).toMatch(/^alpha\n(beta|BETA)\n$/);
      expect(bench.sink.decisions.at(-1)).toMatchObject({
        decision: 'allow',
        by: 'user',
        reason: 'approved by you with its new place',
      });
    }
  });

  it('[R225] [R231] a move is one step where the editor can do it, judged and recorded for both places before it happens', async () => {
    const bench = createBench(start);
    const moves: (readonly string[])[] = [];
    const files = Object.assign(bench.files, {
      moveText: (from: string, to: string, text: string, expectedText: string) => {
        moves.push([from, to, text, expectedText]);
        expect(bench.sink.decisions).toHaveLength(1);
        bench.files.remove(from);
        bench.files.put(to, text);
        return Promise.resolve({ isSaved: true });
      },
    });
    const result = await bench.run('rename_file', { path: 'b.ts', newPath: 'c.ts' });
    expect(result).toMatchObject({ ok: true, details: { summary: '2 of 2 files' } });
    expect(moves).toEqual([['/w/app/b.ts', '/w/app/c.ts', 'alpha\nbeta\n', 'alpha\nbeta\n']]);
    expect(files.writes).toEqual([]);
    expect(
      bench.sink.decisions.map(({ by, effects }) => [
        by,
        effects.map((effect) => (effect.kind === 'write' ? effect.path : effect.kind)),
      ]),
    ).toEqual([
      ['user', ['/w/app/c.ts', '/w/app/b.ts']],
      ['user', ['/w/app/b.ts']],
    ]);
    expect(bench.sink.outcomes.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
  });

  it('[R231] a file that changed after its move was approved is asked about before it goes', async () => {
    const bench = createBench(start);
    bench.files.beforeWrite = () => bench.files.put('/w/app/b.ts', 'typed meanwhile\n');
    bench.reviewer.script = ['approve', { deny: 'not that' }];
    await bench.run('rename_file', { path: 'b.ts', newPath: 'c.ts' });
    expect(bench.reviewer.proposals.map(({ edit }) => edit.kind)).toEqual(['create', 'delete']);
    expect(bench.files.disk('/w/app/b.ts')).toBe('typed meanwhile\n');
    expect(bench.files.disk('/w/app/c.ts')).toBe('alpha\nbeta\n');
  });

  it('[R231] a deletion is reviewed with the text that goes; a denied one and a denied move leave everything', async () => {
    const bench = createBench(start);
    bench.reviewer.script = [{ deny: 'still used' }, { deny: undefined }, 'approve'];
    expect(await bench.run('delete_file', { path: 'b.ts' })).toMatchObject({
      ok: false,
      error: "Tool 'delete_file' denied: the user said no: still used",
    });
    expect(await bench.run('rename_file', { path: 'b.ts', newPath: 'c.ts' })).toMatchObject({
      ok: false,
    });
    expect(bench.files.snapshot()).toEqual(start.files);
    expect((await bench.run('delete_file', { path: 'b.ts' })).ok).toBe(true);
    expect(bench.reviewer.proposals.map(({ edit }) => [edit.kind, edit.baseText])).toEqual([
      ['delete', 'alpha\nbeta\n'],
      ['create', ''],
      ['delete', 'alpha\nbeta\n'],
    ]);
    expect(bench.files.disk('/w/app/b.ts')).toBeUndefined();
  });

  it('[R231] read-only, binary and notebook files are refused with a sentence, and nobody is asked', async () => {
    const bench = createBench({ files: { ...start.files, '/w/app/n.ipynb': '{}' } });
    bench.files.setReadOnly('/w/app/a.ts');
    bench.files.setBinary('/w/app/b.ts');
    const errors: string[] = [];
    for (const [tool, args] of [
      ['delete_file', { path: 'a.ts' }],
      ['write_file', { path: 'b.ts', content: 'x' }],
      ['write_file', { path: 'n.ipynb', content: '{"cells":[]}' }],
      ['rename_file', { path: 'n.ipynb', newPath: 'm.ipynb' }],
    ] as const) {
      const result = await bench.run(tool, args);
      errors.push(result.ok ? 'ok' : result.error);
    }
    expect(errors).toEqual([
      expect.stringContaining('a.ts is read-only; nothing was changed. Make it writable first.'),
      expect.stringContaining('is not a text file'),
      expect.stringContaining('n.ipynb is a notebook; its cells are not changed here.'),
      expect.stringContaining('m.ipynb is a notebook'),
    ]);
    expect(bench.reviewer.proposals).toEqual([]);
    expect(bench.asked).toEqual([]);
    expect(bench.files.writes).toEqual([]);
  });

  it('[R231] nothing is asked about a folder whose file system takes no writes: not to make, change, move or delete there', async () => {
    const bench = createBench({ files: { ...start.files, '/w/app/far/c.ts': 'c\n' } });
    bench.files.setReadOnlySystem('/w/app/far');
    const errors: string[] = [];
    for (const [tool, args] of [
      ['write_file', { path: 'far/new.ts', content: 'x' }],
      ['write_file', { path: 'far/c.ts', content: 'x' }],
      ['delete_file', { path: 'far/c.ts' }],
      ['rename_file', { path: 'far/c.ts', newPath: 'c.ts' }],
      ['rename_file', { path: 'a.ts', newPath: 'far/a.ts' }],
    ] as const) {
      const result = await bench.run(tool, args);
      errors.push(result.ok ? 'ok' : result.error);
    }
    expect(errors).toHaveLength(5);
    for (const error of errors) {
      expect(error).toContain('in a folder whose file system is read-only; nothing was changed.');
    }
    expect(bench.reviewer.proposals).toEqual([]);
    expect(bench.asked).toEqual([]);
    expect(bench.files.writes).toEqual([]);
  });

  it('the same file twice is changed in order, the second on what the first left', async () => {
    const bench = createBench(start);
    await bench.run(
      'apply_patch',
      wrap('*** Update File: a.ts', '-two', '+2', '*** Update File: a.ts', ' 2', '-three', '+3'),
    );
    expect(bench.files.disk('/w/app/a.ts')).toBe('one\n2\n3\n');
  });

  it('does not become a way to read: a moved secret asks, and its text is not told', async () => {
    const bench = createBench(start);
    const result = await bench.run(
      'apply_patch',
      wrap('*** Update File: .env', '*** Move to: plain.txt'),
      { mode: 'accept-edits' },
    );
    expect(bench.reviewer.proposals.map(({ edit }) => edit.path)).toEqual([
      '/w/app/plain.txt',
      '/w/app/.env',
    ]);
    expect(JSON.stringify([result.output])).not.toContain('hidden-token');
    const guess = await bench.run(
      'apply_patch',
      wrap('*** Update File: plain.txt', '*** Move to: q.txt', '@@', '-TOKEN=hidden-toke', '+x'),
    );
    expect(guess.ok).toBe(false);
  });

  it('a file that exists is not added over, and a patch that is none says what to send', async () => {
    const bench = createBench(start);
    const add = await bench.run('apply_patch', wrap('*** Add File: a.ts', '+x'));
    expect(add.ok ? '' : add.error).toContain('The file exists already.');
    const none = await bench.run('apply_patch', { patch: 'please change a.ts' });
    expect(none.ok ? '' : none.error).toContain('*** Begin Patch');
    expect(bench.files.writes).toEqual([]);
    expect(bench.asked).toEqual([]);
  });

  it('takes a unified diff, and is denied whole where one of its files is', async () => {
    const bench = createBench(start);
    const diff = '--- a/a.ts\n+++ b/a.ts\n@@ -2 +2 @@\n-two\n+TWO\n';
    expect(await bench.run('apply_patch', { patch: diff })).toMatchObject({ ok: true });
    expect(bench.files.disk('/w/app/a.ts')).toBe('one\nTWO\nthree\n');
    expect(await bench.run('apply_patch', several, { mode: 'plan' })).toMatchObject({
      ok: false,
      details: { outcome: 'denied' },
    });
    expect(bench.files.disk('/w/app/old.ts')).toBe('gone\n');
  });
});
