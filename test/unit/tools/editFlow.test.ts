import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import type { FileProblem } from '../../../src/tools/contract';
import { createDiagnosticsHook } from '../../../src/tools/postWriteHooks';
import { settle } from '../../fakes/fakeClock';
import { createBench } from '../../fakes/orchestratorBench';

const containing = (text: string): unknown => expect.stringContaining(text);
const lines = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`);
const base = `${lines.join('\n')}\n`;
const twoHunks = {
  path: 'a.ts',
  edits: [
    { search: 'line 3\n', replace: 'LINE 3\n' },
    { search: 'line 25\n', replace: 'LINE 25\n' },
  ],
};
const start = {
  files: { '/w/app/a.ts': base, '/w/app/.npmrc': 'a=1\n', '/etc/hosts': 'secret-host\n' },
};

describe('an edit of ours', () => {
  it('[R223] is written after its review, which is the only question', async () => {
    const bench = createBench(start);
    const result = await bench.run('edit_file', twoHunks);
    expect(bench.files.disk('/w/app/a.ts')).toBe(
      base.replace('line 3\n', 'LINE 3\n').replace('line 25\n', 'LINE 25\n'),
    );
    expect(bench.reviewer.proposals).toHaveLength(1);
    expect(bench.reviewer.proposals[0]).toMatchObject({
      asker: 'Test model',
      callId: 'call-1',
      reason: 'edits ask in this mode',
      edit: { kind: 'edit', path: '/w/app/a.ts', baseText: base },
    });
    expect(bench.asked).toEqual([]);
    expect(result).toMatchObject({
      ok: true,
      output: containing('Changed a.ts.'),
      details: { summary: '+2 −2' },
    });
    expect(bench.sink.decisions).toMatchObject([
      { decision: 'allow', by: 'user', reason: 'approved by you' },
    ]);
  });

  it('leaves file and buffer untouched until the decision, and after a denial', async () => {
    const bench = createBench(start);
    bench.reviewer.script = ['pending'];
    const controller = new AbortController();
    const result = bench.run('edit_file', twoHunks, { signal: controller.signal });
    await settle();
    const before = await bench.files.stat('/w/app/a.ts');
    expect(bench.files.writes).toEqual([]);
    controller.abort();
    expect(await result).toMatchObject({ ok: false, details: { outcome: 'aborted' } });
    bench.reviewer.script = [{ deny: 'keep the old names' }];
    expect(await bench.run('edit_file', twoHunks)).toMatchObject({
      ok: false,
      error: "Tool 'edit_file' denied: the user said no: keep the old names",
    });
    expect(bench.files.writes).toEqual([]);
    expect(await bench.files.stat('/w/app/a.ts')).toEqual(before);
    expect(bench.sink.outcomes.map(({ outcome }) => outcome)).toEqual(['aborted', 'denied']);
  });

  it('[R227] that is approved in part writes exactly that part and tells which hunks were denied and why', async () => {
    const bench = createBench(start);
    bench.reviewer.script = [{ perHunk: [true, 'not this one'] }];
    const result = await bench.run('edit_file', twoHunks);
    expect(bench.files.disk('/w/app/a.ts')).toBe(base.replace('line 3\n', 'LINE 3\n'));
    expect(result.ok).toBe(true);
    expect(result.output).toContain('Changed a.ts in part: 1 of 2 hunks applied.');
    expect(result.output).toContain(
      '@@ -25,1 +25,1 @@ the user said: not this one\n-line 25\n+LINE 25',
    );
    expect(result.output).not.toContain('-line 3\n+LINE 3\n@@');
    expect(result.details?.summary).toBe('1 of 2 hunks · +1 −1');
    expect(bench.sink.decisions).toMatchObject([{ reason: 'you approved 1 of 2 hunks' }]);
  });

  it('[R227] that the user changed before approving is written so, and the difference is told', async () => {
    const bench = createBench(start);
    bench.reviewer.script = [
      ({ edit }) => ({
        kind: 'decided',
        verdict: {
          kind: 'approved',
          baseText: edit.baseText,
          text: `${edit.proposedText}mine\n`,
          approvedCount: 3,
          deniedHunks: [],
          userChange: '@@\n+mine',
        },
      }),
    ];
    const result = await bench.run('edit_file', twoHunks);
    expect(bench.files.disk('/w/app/a.ts')).toMatch(/mine\n$/);
    expect(result.output).toContain(
      'The user changed the proposal before approving it; the difference to what you proposed:\n@@\n+mine',
    );
  });

  it('[R228] whose base changed meanwhile is compared anew and asked again', async () => {
    const bench = createBench(start);
    let looks = 0;
    bench.reviewer.whileOpen = () => {
      looks += 1;
      if (looks === 1) {
        bench.files.put('/w/app/a.ts', `first\n${base}`);
      }
    };
    const result = await bench.run('edit_file', twoHunks);
    expect(result.ok).toBe(true);
    expect(bench.reviewer.proposals.map(({ reason }) => reason)).toEqual([
      'edits ask in this mode',
      'edits ask in this mode; the file changed meanwhile, these are the new differences',
    ]);
    expect(bench.files.disk('/w/app/a.ts')).toBe(
      `first\n${base}`.replace('line 3\n', 'LINE 3\n').replace('line 25\n', 'LINE 25\n'),
    );
    expect(bench.files.writes).toHaveLength(1);
  });

  it('[R174] gives up on a file that never stands still, and writes nothing', async () => {
    const bench = createBench(start);
    let count = 0;
    bench.reviewer.whileOpen = () => bench.files.put('/w/app/a.ts', `${base}${++count}\n`);
    expect(await bench.run('edit_file', twoHunks)).toMatchObject({
      ok: false,
      error: containing('kept changing'),
    });
    expect(bench.files.writes).toEqual([]);
    // Every yes was a decision, and none of them came to anything.
    expect(bench.sink.records.map(({ kind }) => kind)).toEqual(
      [1, 2, 3, 4, 5].flatMap(() => ['decision', 'outcome']),
    );
  });

  it('writes nothing when the path leads elsewhere after the review', async () => {
    const bench = createBench({ ...start, links: { '/w/app/l.ts': 'a.ts' } });
    bench.reviewer.whileOpen = () => bench.files.link('/w/app/l.ts', '/etc/hosts');
    expect(await bench.run('write_file', { path: 'l.ts', content: 'x' })).toMatchObject({
      ok: false,
      error: containing('leads elsewhere'),
    });
    expect(bench.files.snapshot()).toEqual(start.files);
  });

  it('writes nothing when a link is moved between the last look and the write', async () => {
    for (const mode of ['ask', 'accept-edits'] as const) {
      const bench = createBench({ ...start, links: { '/w/app/l.ts': 'a.ts' } });
      bench.files.beforeWrite = () => bench.files.link('/w/app/l.ts', '/etc/hosts');
      expect(await bench.run('write_file', { path: 'l.ts', content: 'x' }, { mode })).toMatchObject(
        { ok: false, error: containing('leads elsewhere') },
      );
      expect(bench.files.snapshot()).toEqual(start.files);
      expect(bench.sink.outcomes).toMatchObject([{ outcome: 'error' }]);
    }
  });

  it('is written without a question where the mode says so, and kept for review', async () => {
    for (const mode of ['accept-edits', 'auto'] as const) {
      const bench = createBench(start);
      expect((await bench.run('edit_file', twoHunks, { mode })).ok).toBe(true);
      expect(bench.reviewer.proposals).toEqual([]);
      expect(bench.reviewer.written).toMatchObject([
        {
          why: `${mode} mode writes inside the workspace`,
          proposal: { edit: { path: '/w/app/a.ts', baseText: base } },
        },
      ]);
    }
  });

  it('[R223] of a protected or an outside file is one review with the reason on it, in every mode that writes', async () => {
    for (const mode of ['ask', 'accept-edits', 'auto'] as const) {
      const bench = createBench(start);
      await bench.run('write_file', { path: '.npmrc', content: 'a=2\n' }, { mode });
      await bench.run('write_file', { path: '/etc/hosts', content: 'x\n' }, { mode });
      expect(bench.reviewer.proposals.map(({ reason }) => reason)).toEqual([
        containing('protected file'),
        'outside the workspace',
      ]);
      expect(bench.asked).toEqual([]);
    }
    const plan = createBench(start);
    await plan.run('write_file', { path: '.npmrc', content: 'a=2\n' }, { mode: 'plan' });
    expect(plan.reviewer.proposals).toEqual([]);
    expect(plan.files.snapshot()).toEqual(start.files);
  });

  it('gives away nothing of a file outside that it cannot show as hunks', async () => {
    const bench = createBench({ ...start, answer: { kind: 'deny' } });
    const result = await bench.run('edit_file', {
      path: '/etc/hosts',
      edits: [
        { search: 'secret', replace: 'x' },
        { search: 'nope', replace: 'y' },
      ],
    });
    expect(bench.asked).toMatchObject([{ reason: containing('outside the workspace') }]);
    expect(bench.asked[0]?.offers).toBeUndefined();
    expect(result).toMatchObject({
      ok: false,
      output: '',
      error: "Tool 'edit_file' denied: the user said no",
    });
  });

  it('gives away nothing of a secret file, neither by an error nor by the diff of an edit that is let through', async () => {
    const bench = createBench({
      files: { '/w/app/.env': 'A=1\nKEY=hunter2\nB=2\nKEY2=hunter3\n' },
      answer: { kind: 'deny' },
    });
    const mode = 'accept-edits';
    const failed = await bench.run(
      'edit_file',
      {
        path: '.env',
        edits: [
          { search: 'KEY=hunter', replace: '' },
          { search: 'KEY=hunter1', replace: '' },
        ],
      },
      { mode },
    );
    const same = await bench.run(
      'write_file',
      { path: '.env', content: 'A=1\nKEY=hunter2\nB=2\nKEY2=hunter3\n' },
      { mode },
    );
    expect([failed, same].map((result) => (result.ok ? '' : result.error))).toEqual([
      "Tool 'edit_file' denied: the user said no",
      "Tool 'write_file' denied: the user said no",
    ]);
    const written = await bench.run(
      'edit_file',
      { path: '.env', edits: [{ search: 'A=1', replace: 'A=2' }] },
      { mode },
    );
    bench.reviewer.script = [{ perHunk: [true, 'keep the key'] }];
    bench.files.put('/w/app/.env', `A=1\nKEY=hunter2\n${'x\n'.repeat(20)}KEY2=hunter3\n`);
    const partly = await bench.run('write_file', {
      path: '.env',
      content: `A=3\nKEY=hunter2\n${'x\n'.repeat(20)}KEY2=\n`,
    });
    expect(written.output).toBe('Changed .env.');
    expect(partly.output).toContain('the user said: keep the key');
    for (const { output } of [failed, same, written, partly]) {
      expect(output).not.toContain('hunter');
    }
  });

  it('tells the model what to change when a search text is not found, and asks nobody', async () => {
    const bench = createBench(start);
    const result = await bench.run('edit_file', {
      path: 'a.ts',
      edits: [{ search: 'line 3 \n', replace: 'x' }],
    });
    expect(result).toMatchObject({ ok: false, error: containing('does not occur') });
    expect(bench.reviewer.proposals).toEqual([]);
    expect(await bench.run('write_file', { path: 'a.ts', content: base })).toMatchObject({
      ok: true,
      output: containing('already has this content'),
    });
    expect(bench.files.writes).toEqual([]);
  });

  it('creates a file in a folder that is not there yet', async () => {
    const bench = createBench(start);
    expect(await bench.run('write_file', { path: 'new/deep/b.ts', content: 'b\n' })).toMatchObject({
      ok: true,
      output: containing('Created new/deep/b.ts.'),
      details: { summary: '+1 −0' },
    });
    expect(bench.reviewer.proposals[0]?.edit.kind).toBe('create');
    expect(bench.files.disk('/w/app/new/deep/b.ts')).toBe('b\n');
  });

  it('does not create over a file that has come to be meanwhile', async () => {
    const bench = createBench(start);
    let looks = 0;
    bench.reviewer.whileOpen = () => {
      looks += 1;
      if (looks === 1) {
        bench.files.put('/w/app/n.ts', 'theirs\n');
      }
    };
    bench.reviewer.script = ['approve', { deny: undefined }];
    expect((await bench.run('write_file', { path: 'n.ts', content: 'ours\n' })).ok).toBe(false);
    expect(bench.reviewer.proposals.map(({ edit }) => edit.kind)).toEqual(['create', 'edit']);
    expect(bench.files.disk('/w/app/n.ts')).toBe('theirs\n');
  });

  it.each([
    ['read-only', 'is read-only'],
    ['binary', 'not a text file'],
    ['a folder', 'is not a file'],
  ])('refuses a file that is %s with a clear sentence', async (what, words) => {
    const bench = createBench({ files: { '/w/app/x/y': 'x' } });
    if (what === 'read-only') {
      bench.files.setReadOnly('/w/app/x/y');
    } else if (what === 'binary') {
      bench.files.setBinary('/w/app/x/y');
    }
    expect(
      await bench.run('write_file', { path: what === 'a folder' ? 'x' : 'x/y', content: 'z' }),
    ).toMatchObject({ ok: false, error: containing(words) });
    expect(bench.reviewer.proposals).toEqual([]);
    expect(bench.files.writes).toEqual([]);
  });

  it('[R225] refuses what would make a file too large, and nobody is asked', async () => {
    const bench = createBench({ files: { '/w/app/big.txt': 'x'.repeat(1024) } });
    const refused = await bench.run('write_file', {
      path: 'big.txt',
      content: 'z'.repeat(50 * 1024 * 1024 + 1),
    });
    expect(refused).toMatchObject({ ok: false, error: containing('would be larger than 50 MB') });
    expect(bench.reviewer.proposals).toEqual([]);
    expect(bench.files.writes).toEqual([]);
  }, 60_000);

  it('works on the unsaved text of an open document and leaves it unsaved', async () => {
    const bench = createBench(start);
    bench.files.type('/w/app/a.ts', `typed\n${base}`);
    const result = await bench.run('edit_file', twoHunks);
    expect(result.output).toContain('is in the editor and not saved yet');
    expect(bench.files.disk('/w/app/a.ts')).toBe(base);
    expect(bench.files.dirtyText('/w/app/a.ts')).toMatch(/^typed\nline 1\nline 2\nLINE 3\n/);
  });

  it('tells what saving changed further', async () => {
    const bench = createBench(start);
    bench.files.onSave = (text) => text.toLowerCase();
    const result = await bench.run('edit_file', {
      path: 'a.ts',
      edits: [{ search: 'line 3\n', replace: 'Three\n' }],
    });
    expect(result.output).toMatch(/Saving changed the file further[^]*-Three\n\+three/);
    expect(result.details?.diff).toContain('+three');
  });

  it('[R162] tells what is to be known about the write itself', async () => {
    const note = 'Undo in the editor does not take this back.';
    const bench = createBench({
      ...start,
      services: { aroundWrite: async (_write, run) => ({ ...(await run()), note }) },
    });
    expect((await bench.run('edit_file', twoHunks)).output).toContain(note);
  });

  it('is stopped by its turn before the write', async () => {
    const bench = createBench(start);
    const controller = new AbortController();
    bench.reviewer.whileOpen = () => controller.abort();
    expect((await bench.run('edit_file', twoHunks, { signal: controller.signal })).ok).toBe(false);
    expect(bench.files.writes).toEqual([]);
  });

  it('that is stopped while something else is waited for before the write is never written', async () => {
    const kept = new Deferred<void>();
    const bench = createBench({
      ...start,
      services: {
        aroundWrite: async (_write, run) => {
          await kept.promise;
          return await run();
        },
      },
    });
    const controller = new AbortController();
    const result = bench.run('edit_file', twoHunks, { signal: controller.signal });
    await settle();
    controller.abort();
    await bench.clock.advance(1000);
    expect(await result).toMatchObject({ ok: false, details: { outcome: 'aborted' } });
    kept.resolve();
    await settle();
    expect(bench.files.disk('/w/app/a.ts')).toBe(base);
    expect(bench.files.writes).toEqual([]);
  });

  it('that is stopped while it is written is told as written, in the log too, and kept for review', async () => {
    const bench = createBench(start);
    const disk = new Deferred<void>();
    bench.files.beforeWrite = () => disk.promise;
    const controller = new AbortController();
    const result = bench.run('edit_file', twoHunks, {
      mode: 'accept-edits',
      signal: controller.signal,
    });
    await settle();
    controller.abort();
    await bench.clock.advance(1000);
    disk.resolve();
    expect(await result).toMatchObject({ ok: true, output: containing('Changed a.ts.') });
    expect(bench.sink.outcomes).toMatchObject([{ outcome: 'ok' }]);
    expect(bench.reviewer.written).toHaveLength(1);
    expect(bench.files.disk('/w/app/a.ts')).toContain('LINE 25');
  });

  it('[R127] that comes into the file after its time was over was said to be unknown, and is kept for review', async () => {
    const bench = createBench(start);
    const disk = new Deferred<void>();
    bench.files.beforeWrite = () => disk.promise;
    const result = bench.run('edit_file', twoHunks, { mode: 'accept-edits' });
    await bench.clock.advance(31_000);
    expect(await result).toMatchObject({
      error: "Tool 'edit_file' timed out after 30s",
      output: containing('Read it before you go on'),
    });
    expect(bench.reviewer.written).toEqual([]);
    disk.resolve();
    await settle();
    expect(bench.reviewer.written).toHaveLength(1);
  });

  it('[R127] times out when the write hangs', async () => {
    const bench = createBench(start);
    bench.files.beforeWrite = () => new Promise(() => undefined);
    const result = bench.run('edit_file', twoHunks);
    await bench.clock.advance(31_000);
    expect(await result).toMatchObject({
      ok: false,
      error: "Tool 'edit_file' timed out after 30s",
    });
    expect(bench.sink.outcomes).toMatchObject([{ outcome: 'timeout' }]);
  });

  it('[R223] never writes a byte that the user did not approve', async () => {
    const decisions = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(decisions, async (yes) => {
        const bench = createBench(start);
        const at = [2, 10, 18, 26];
        bench.reviewer.script = [{ perHunk: yes.map((isApproved) => isApproved || 'no') }];
        const edits = at.map((line) => ({
          search: `line ${line}\n`,
          replace: `changed ${line}\n`,
        }));
        await bench.run('edit_file', { path: 'a.ts', edits });
        const expected = at.reduce(
          (text, line, index) =>
            yes[index] === true ? text.replace(`line ${line}\n`, `changed ${line}\n`) : text,
          base,
        );
        expect(bench.files.disk('/w/app/a.ts')).toBe(expected);
        expect(bench.files.writes.length).toBe(yes.includes(true) ? 1 : 0);
      }),
    );
  });
});

describe('after a write', () => {
  const problem = (
    message: string,
    lineOneBased = 1,
    severity: FileProblem['severity'] = 'error',
  ): FileProblem => ({ severity, message, lineOneBased });

  it('[R236] tells the problems that are new since the proposal, and not the old ones', async () => {
    const bench = createBench(start);
    let isWritten = false;
    bench.files.beforeWrite = () => {
      isWritten = true;
    };
    bench.hooks.add(
      createDiagnosticsHook({
        snapshot: () => [problem('old', 3), problem('twice', 5)],
        settled: (path) =>
          Promise.resolve(
            isWritten && path === '/w/app/a.ts'
              ? [
                  problem('old', 9),
                  problem('twice', 5),
                  problem('twice', 6),
                  problem('new', 7, 'warning'),
                  problem('hint', 8, 'info'),
                ]
              : [],
          ),
      }),
    );
    const result = await bench.run('edit_file', twoHunks);
    expect(result.output).toContain(
      'New problems since this edit:\nline 6: error: twice\nline 7: warning: new',
    );
    expect(result.output).not.toContain('old');
    expect(result.output).not.toContain('hint');
  });

  it('[R159] lets the services look at the written file again before it tells their errors', async () => {
    const bench = createBench(start);
    const asked: unknown[] = [];
    bench.hooks.add(
      createDiagnosticsHook({
        snapshot: (path) => {
          asked.push(['before', path, bench.files.disk(path) === base]);
          return [];
        },
        settled: (path, timeoutMs) => {
          asked.push(['after', path, bench.files.disk(path) === base, timeoutMs]);
          return Promise.resolve([problem('type does not fit', 3)]);
        },
      }),
    );
    const { output } = await bench.run('edit_file', twoHunks);
    expect(asked).toEqual([
      ['before', '/w/app/a.ts', true],
      ['after', '/w/app/a.ts', false, 3000],
    ]);
    expect(output).toMatch(/New problems since this edit:\nline 3: error: type does not fit$/);
  });

  it('[R159] has kept what the file was before it writes, for the way back', async () => {
    const kept: unknown[] = [];
    const bench = createBench({
      ...start,
      services: {
        aroundWrite: async (write, run) => {
          kept.push([write.turnId, write.path, bench.files.disk(write.path)]);
          return await run();
        },
      },
    });
    await bench.run('edit_file', twoHunks);
    expect(kept).toEqual([['t1', '/w/app/a.ts', base]]);
    expect(bench.files.disk('/w/app/a.ts')).not.toBe(base);
  });

  it('[R156] runs hooks only when something was written', async () => {
    const bench = createBench({ ...start, answer: { kind: 'allowOnce' } });
    const finished: string[] = [];
    bench.hooks.add({
      name: 'h',
      begin: () => (write) => {
        finished.push(write.path);
        return Promise.resolve(undefined);
      },
    });
    bench.reviewer.script = [{ deny: undefined }, 'approve'];
    await bench.run('edit_file', twoHunks);
    await bench.run('edit_file', { path: 'a.ts', edits: [{ search: 'nowhere', replace: '' }] });
    await bench.run('read_file', { path: 'a.ts' });
    bench.files.setReadOnly('/w/app/.npmrc');
    await bench.run('write_file', { path: '.npmrc', content: 'x' });
    expect(bench.asked).toHaveLength(1);
    expect(finished).toEqual([]);
    await bench.run('edit_file', twoHunks);
    expect(finished).toEqual(['/w/app/a.ts']);
  });

  it('[R157] takes more hooks and lets each fail, hang or be taken away without harm', async () => {
    const bench = createBench(start);
    bench.hooks.add({ name: 'throws', begin: () => () => Promise.reject(new Error('no')) });
    bench.hooks.add({
      name: 'throws early',
      begin: () => {
        throw new Error('no');
      },
    });
    let hangingSignal: AbortSignal | undefined;
    bench.hooks.add({
      name: 'hangs',
      begin: () => (_, signal) => {
        hangingSignal = signal;
        return new Promise(() => undefined);
      },
    });
    bench.hooks.add({ name: 'works', begin: () => () => Promise.resolve('indexed') });
    bench.hooks.add({ name: 'gone', begin: () => () => Promise.resolve('gone') }).dispose();
    const result = bench.run('edit_file', twoHunks);
    await bench.clock.advance(6000);
    expect((await result).output).toMatch(/indexed$/);
    expect((await result).output).not.toContain('gone');
    expect(hangingSignal?.aborted).toBe(true);
  });

  it('[R158] gives hooks the workspace folder of the path, not where anything runs', async () => {
    const folders = [
      { name: 'one', path: '/w/one' },
      { name: 'two', path: '/w/two' },
    ];
    const bench = createBench({ folders, files: { '/w/two/a': 'a' } });
    const seen: unknown[] = [];
    bench.hooks.add({
      name: 'h',
      begin: (target) => (write) => {
        seen.push(target, write);
        return Promise.resolve(undefined);
      },
    });
    await bench.run('write_file', { path: 'two/a', content: 'b' }, { cwd: '/w/one' });
    const target = { path: '/w/two/a', folder: '/w/two' };
    expect(seen).toEqual([
      target,
      {
        ...target,
        beforeText: 'a',
        afterText: 'b',
        checkPlace: expect.any(Function) as unknown,
      },
    ]);
  });

  it('[R162][R163] describes this write in a short form for the model and whole for the card', async () => {
    const bench = createBench(start);
    const content = lines.map((line) => `${line} changed a little`).join('\n');
    const { output, details } = await bench.run('write_file', { path: 'a.ts', content });
    const diff = output.slice(output.indexOf('---'));
    expect(diff.length).toBeLessThanOrEqual(500);
    expect(diff).toMatch(/^--- a\.ts\n\+\+\+ a\.ts\n@@ /);
    expect(diff).toMatch(/… \d+ more lines$/);
    expect(details?.diff?.match(/^\+line/gm)).toHaveLength(30);
    const second = await bench.run('edit_file', {
      path: 'a.ts',
      edits: [{ search: 'line 3 changed', replace: 'line 3 again' }],
    });
    expect(second.details?.diff?.match(/^[-+]line/gm)).toHaveLength(2);
  });

  it('[R161] gives the semantic comparison of both texts first, also for a new file', async () => {
    const compared: string[] = [];
    const bench = createBench({
      ...start,
      services: {
        structuralDiff: {
          compare: ({ before, after, fileName }) => {
            compared.push(`${fileName}: ${before.length} -> ${after.length}`);
            return Promise.resolve(
              Array.from({ length: 40 }, (_, index) => `row ${index + 1}`).join('\n'),
            );
          },
        },
      },
    });
    const { output } = await bench.run('write_file', { path: 'new.ts', content: 'abc' });
    expect(compared).toEqual(['new.ts: 0 -> 3']);
    expect(output).toMatch(/row 30\n… 10 more lines$/);
  });

  it('[R160] a comparison that crashes, or hangs, costs neither the write nor its result', async () => {
    for (const compare of [
      () => Promise.reject(new Error('crashed')),
      (): never => {
        throw new Error('no temporary folder');
      },
      () => new Promise<undefined>(() => undefined),
    ]) {
      const bench = createBench({ ...start, services: { structuralDiff: { compare } } });
      const running = bench.run('edit_file', twoHunks);
      await bench.clock.advance(10_000);
      const { ok, output } = await running;
      expect(ok).toBe(true);
      const diff = output.slice(output.indexOf('---'));
      expect(diff).toContain('-line 3\n+LINE 3');
      expect(diff.length).toBeLessThanOrEqual(500);
    }
  });

  it('[R164] does not wait long for the comparison', async () => {
    const bench = createBench({
      ...start,
      services: { structuralDiff: { compare: () => new Promise(() => undefined) } },
    });
    const result = bench.run('edit_file', twoHunks);
    await settle();
    expect(bench.sink.outcomes).toHaveLength(1);
    await bench.clock.advance(3000);
    expect((await result).output).toContain('+LINE 3');
  });

  it('[R152] forgets what the cache had of the file, whether the write succeeded or not', async () => {
    const bench = createBench(start);
    const read = async () => (await bench.run('read_file', { path: 'a.ts' })).details?.outcome;
    for (const fail of [
      undefined,
      () => Promise.reject(new Error('disk full')),
      () => new Promise<void>(() => undefined),
    ]) {
      await read();
      expect(await read()).toBe('cache_hit');
      bench.files.beforeWrite = fail ?? (() => undefined);
      const written = bench.run('write_file', {
        path: 'a.ts',
        content: `${Math.PI} ${fail === undefined}\n`,
      });
      await bench.clock.advance(40_000);
      await written;
      expect(await read()).toBeUndefined();
    }
  });
});
