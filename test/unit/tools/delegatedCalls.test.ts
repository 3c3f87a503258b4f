import { describe, expect, it } from 'vitest';
import { toolOk } from '../../../src/events/toolCall';
import type { ToolIntent } from '../../../src/events/toolIntent';
import { createBench } from '../../fakes/orchestratorBench';

const base = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n';
const edited = base.replace('two', 'TWO').replace('seven', 'SEVEN');
const start = { files: { '/w/app/a.ts': base, '/w/app/b.ts': 'b\n' } };
const whole = { takesWholeEditsOnly: true };
const acp = { bridge: 'acp' };
const edit: ToolIntent = {
  kind: 'write',
  path: '/w/app/a.ts',
  change: { kind: 'content', content: edited },
};
const editB: ToolIntent = {
  kind: 'write',
  path: '/w/app/b.ts',
  change: { kind: 'content', content: 'B\n' },
};

describe('an edit of an agent that can only be answered yes or no', () => {
  it('is allowed when every hunk is approved, and written by the agent', async () => {
    const bench = createBench(start);
    const answer = await bench.authorize('edit', [edit], {}, whole);
    expect(answer.kind).toBe('allow');
    expect(bench.files.disk('/w/app/a.ts')).toBe(base);
  });

  it('[R227] approved in part is written by us, exactly, and denied with the words that say so', async () => {
    const bench = createBench(start);
    bench.reviewer.script = [{ perHunk: [true, 'keep seven'] }];
    const answer = await bench.authorize('edit', [edit], {}, whole);
    expect(bench.files.disk('/w/app/a.ts')).toBe(base.replace('two', 'TWO'));
    expect(answer).toMatchObject({ kind: 'deny', saysMore: true });
    const message = answer.kind === 'deny' ? answer.message : '';
    expect(message).toContain('Patchbay has written that part');
    expect(message).toContain('1 of 2 hunks');
    expect(message).toContain('keep seven');
    expect(bench.sink.decisions.map(({ tool, decision }) => [tool, decision])).toEqual([
      ['write_file', 'allow'],
      ['edit', 'deny'],
    ]);
    expect(bench.progress.at(-1)).toMatchObject({ kind: 'denied', why: /part/ });
  });

  it('of two files, one approved and one denied, is written for the one', async () => {
    const bench = createBench(start);
    bench.reviewer.script = ['approve', { deny: 'not b' }];
    const answer = await bench.authorize('edit', [edit, editB], {}, whole);
    expect(bench.files.disk('/w/app/a.ts')).toBe(edited);
    expect(bench.files.disk('/w/app/b.ts')).toBe('b\n');
    const message = answer.kind === 'deny' ? answer.message : '';
    expect(message).toContain('a.ts was approved whole');
    expect(message).toContain('not b');
  });

  it('denied whole writes nothing; bare when the user said nothing', async () => {
    const bench = createBench(start);
    bench.reviewer.script = [{ deny: undefined }];
    const answer = await bench.authorize('edit', [edit], {}, whole);
    expect(answer).toEqual({
      kind: 'deny',
      message: "Tool 'edit' denied: the user said no to every hunk",
    });
    expect(bench.files.disk('/w/app/a.ts')).toBe(base);
  });

  it('withdrawn in the middle writes nothing', async () => {
    const bench = createBench(start);
    const stop = new AbortController();
    bench.reviewer.script = ['approve', 'pending'];
    const answer = bench.authorize('edit', [edit, editB], { signal: stop.signal }, whole);
    while (bench.reviewer.proposals.length < 2) {
      await Promise.resolve();
    }
    stop.abort();
    expect((await answer).kind).toBe('deny');
    expect(bench.files.disk('/w/app/a.ts')).toBe(base);
  });

  it('is kept for reading where a mode let a file through that we wrote', async () => {
    const bench = createBench(start);
    const guarded: ToolIntent = {
      kind: 'write',
      path: '/w/app/.vscode/settings.json',
      change: { kind: 'content', content: '{}\n' },
    };
    bench.reviewer.script = [{ deny: 'not that' }];
    await bench.authorize('edit', [edit, guarded], { mode: 'accept-edits' }, whole);
    expect(bench.files.disk('/w/app/a.ts')).toBe(edited);
    expect(bench.reviewer.written.map(({ proposal }) => proposal.edit.path)).toEqual([
      '/w/app/a.ts',
    ]);
  });

  it('says which approved file is not written, because it has no hunks', async () => {
    const bench = createBench({ ...start, answer: { kind: 'allowOnce' } });
    const unreadable: ToolIntent = {
      kind: 'write',
      path: '/w/app/b.ts',
      change: { kind: 'edits', edits: [{ search: 'not there', replace: 'x' }] },
    };
    bench.reviewer.script = [{ perHunk: [true, ''] }];
    const answer = await bench.authorize('edit', [edit, unreadable], {}, whole);
    const message = answer.kind === 'deny' ? answer.message : '';
    expect(message).toContain('b.ts is not written');
  });

  it('says so when the approved part could not be written', async () => {
    const bench = createBench(start);
    bench.reviewer.script = [{ perHunk: [true, ''] }];
    bench.files.writeText = () => Promise.reject(new Error('disk full'));
    const answer = await bench.authorize('edit', [edit], {}, whole);
    expect(answer).toMatchObject({ kind: 'deny', message: /could not be written: disk full/ });
    expect(bench.sink.outcomes.map(({ outcome }) => outcome)).toContain('error');
  });
});

describe('a write that an agent leaves to us', () => {
  const write = { path: '/w/app/a.ts', content: edited };

  it('of exactly what was approved when it asked is not asked again', async () => {
    const bench = createBench(start);
    await bench.authorize('edit', [edit], acp, whole);
    const result = await bench.run('write_file', write, acp);
    expect(result.ok).toBe(true);
    expect(bench.reviewer.proposals).toHaveLength(1);
    expect(bench.files.disk('/w/app/a.ts')).toBe(edited);
  });

  it('[R176] leaves a decision and an outcome for the agent’s call and for our write, and is no surprise', async () => {
    const bench = createBench(start);
    await bench.authorize('edit', [edit], acp, whole);
    await bench.run('write_file', write, acp);
    await bench.files.writeText('/w/app/a.ts', 'mine\n', edited);
    await bench.orchestrator.noteChildResult(
      { id: 'child-1', name: 'edit', arguments: {}, executedBy: 'child' },
      toolOk(''),
      bench.context(acp),
    );
    expect(
      bench.sink.records.map(({ kind, tool, executedBy }) => [kind, tool, executedBy]),
    ).toEqual([
      ['decision', 'edit', 'child'],
      ['decision', 'write_file', 'host'],
      ['outcome', 'write_file', 'host'],
      ['outcome', 'edit', 'child'],
    ]);
    expect(bench.unexpected).toEqual([]);
  });

  it.each([
    ['another text', { ...write, content: 'else\n' }, acp],
    ['another turn', write, { ...acp, turnId: 't2' }],
    ['another session', write, { ...acp, sessionId: 's2' }],
  ])('of %s is asked', async (_what, args, context) => {
    const bench = createBench(start);
    await bench.authorize('edit', [edit], acp, whole);
    bench.reviewer.script = [{ deny: 'no' }];
    expect((await bench.run('write_file', args, context)).ok).toBe(false);
    expect(bench.reviewer.proposals).toHaveLength(2);
    expect(bench.files.disk('/w/app/a.ts')).toBe(base);
  });

  it('is asked the second time, for a yes is for one write', async () => {
    const bench = createBench(start);
    await bench.authorize('edit', [edit], acp, whole);
    await bench.run('write_file', write, acp);
    await bench.files.writeText('/w/app/a.ts', base, edited);
    await bench.run('write_file', write, acp);
    expect(bench.reviewer.proposals).toHaveLength(2);
  });

  it('is asked when the file is another than the one that was shown', async () => {
    const bench = createBench(start);
    await bench.authorize('edit', [edit], acp, whole);
    await bench.files.writeText('/w/app/a.ts', `${base}mine\n`, base);
    bench.reviewer.script = [{ deny: 'no' }];
    expect((await bench.run('write_file', write, acp)).ok).toBe(false);
    expect(bench.files.disk('/w/app/a.ts')).toBe(`${base}mine\n`);
  });

  it('is asked when the agent has made its own call already', async () => {
    const bench = createBench(start);
    await bench.authorize('edit', [edit], acp, whole);
    const [decided] = bench.sink.decisions;
    await bench.orchestrator.noteChildResult(
      { id: decided?.callId ?? '', name: 'edit', arguments: {}, executedBy: 'child' },
      toolOk(''),
      bench.context(acp),
    );
    bench.reviewer.script = [{ deny: 'no' }];
    expect((await bench.run('write_file', write, acp)).ok).toBe(false);
    expect(bench.files.disk('/w/app/a.ts')).toBe(base);
  });

  it('is never let through where a rule denies it', async () => {
    const bench = createBench(start);
    await bench.authorize('edit', [edit], acp, whole);
    expect((await bench.run('write_file', write, { ...acp, mode: 'plan' })).ok).toBe(false);
    expect(bench.files.disk('/w/app/a.ts')).toBe(base);
  });

  it('of the text that is there already changes nothing and asks nothing', async () => {
    const bench = createBench(start);
    const result = await bench.run('write_file', { path: '/w/app/a.ts', content: base }, acp);
    expect(result.ok).toBe(true);
    expect(bench.reviewer.proposals).toEqual([]);
  });

  it('may share its id with the agent’s own call, as long as its claim is its own', async () => {
    const bench = createBench(start);
    const call = bench.call('read_text', { path: 'b.ts' }, 'tool-1');
    const run = (claimId: string) =>
      bench.orchestrator.execute(call, bench.context({ ...acp, claimId }));
    expect(await run('x')).toMatchObject({ ok: true, output: 'b\n' });
    expect((await run('y')).ok).toBe(true);
    expect((await run('x')).ok).toBe(false);
  });
});

describe('the exact text of a file', () => {
  it('comes whole or by lines, from the editor’s buffer', async () => {
    const bench = createBench({ files: { '/w/app/a.ts': base, '/w/app/empty.ts': '' } });
    const read = async (args: Readonly<Record<string, string | number>>) =>
      (await bench.run('read_text', { path: 'a.ts', ...args }, acp)).output;
    expect(await read({})).toBe(base);
    expect(await read({ startLine: 2, lineCount: 2 })).toBe('two\nthree\n');
    expect(await read({ startLine: 8 })).toBe('eight\n');
    expect(await read({ startLine: 99 })).toBe('');
    expect(await read({ path: 'empty.ts' })).toBe('');
  });

  it('is not capped', async () => {
    const text = 'x'.repeat(400_000);
    const bench = createBench({ files: { '/w/app/big.txt': text } });
    expect((await bench.run('read_text', { path: 'big.txt' }, acp)).output).toBe(text);
  });

  it('says when there is no such file', async () => {
    const result = await createBench().run('read_text', { path: 'no.ts' }, acp);
    expect(result).toMatchObject({ ok: false, details: { summary: 'not found' } });
  });

  it('is for agents that read through us; a model that names the tool is refused', async () => {
    const bench = createBench(start);
    expect((await bench.run('read_text', { path: 'b.ts' })).ok).toBe(false);
  });
});

describe('a command that an agent has us run', () => {
  it('does not hold up what the agent reads and writes beside it', async () => {
    const bench = createBench({ ...start, answer: { kind: 'allowOnce' } });
    const stop = new AbortController();
    let isRunning = false;
    bench.runner.run = ({ signal }) =>
      new Promise((resolve) => {
        isRunning = true;
        signal.addEventListener('abort', () =>
          resolve({ exitCode: null, signal: 'SIGTERM', output: '', end: 'aborted' }),
        );
      });
    const running = bench.run(
      'run_command',
      { command: 'npm run dev' },
      { ...acp, signal: stop.signal },
    );
    while (!isRunning) {
      await Promise.resolve();
    }
    expect((await bench.run('read_text', { path: 'b.ts' }, acp)).ok).toBe(true);
    const written = await bench.run('write_file', { path: '/w/app/b.ts', content: 'x\n' }, acp);
    expect(written.ok).toBe(true);
    stop.abort();
    expect((await running).details?.outcome).toBe('aborted');
  });
});
