import { describe, expect, it } from 'vitest';
import { PatchbayError } from '../../../src/base/patchbayError';
import { toolError, toolOk, type ToolCall } from '../../../src/events/toolCall';
import type { ToolIntent } from '../../../src/events/toolIntent';
import { permissionModes } from '../../../src/gate/contract';
import { settle } from '../../fakes/fakeClock';
import { createBench } from '../../fakes/orchestratorBench';

const containing = (text: string): unknown => expect.stringContaining(text);
const base = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n';
const start = { files: { '/w/app/a.ts': base, '/w/app/b.ts': 'b\n' } };
const edit: ToolIntent = {
  kind: 'write',
  path: '/w/app/a.ts',
  change: {
    kind: 'edits',
    edits: [
      { search: 'two\n', replace: 'TWO\n' },
      { search: 'seven\n', replace: 'SEVEN\n' },
    ],
  },
};
const edited = base.replace('two\n', 'TWO\n').replace('seven\n', 'SEVEN\n');
const childCall: ToolCall = { id: 'child-1', name: 'Edit', arguments: {}, executedBy: 'child' };

describe('a call that a child runs itself', () => {
  it('[R141] gets the same decision, question and audit as a call of ours', async () => {
    const ours = createBench({ ...start, answer: { kind: 'allowOnce' } });
    await ours.run('run_command', { command: 'npm test' });
    const theirs = createBench({ ...start, answer: { kind: 'allowOnce' } });
    expect(
      await theirs.authorize(
        'Bash',
        [{ kind: 'command', command: 'npm test' }],
        {},
        { input: { command: 'npm test' } },
      ),
    ).toEqual({ kind: 'allow' });
    for (const field of ['effects', 'reason', 'inputText', 'offers'] as const) {
      expect(theirs.asked[0]?.[field]).toEqual(ours.asked[0]?.[field]);
    }
    const { decision, by, reason, effects, mode } = ours.sink.decisions[0] ?? {};
    expect(theirs.sink.decisions[0]).toMatchObject({
      decision,
      by,
      reason,
      effects,
      mode,
      tool: 'Bash',
      bridge: 'claude-cli',
    });
    expect(theirs.runner.commands).toEqual([]);
  });

  it('[R141] is decided in every mode as ours is', async () => {
    const intents: readonly ToolIntent[] = [
      { kind: 'read', path: 'a.ts' },
      { kind: 'read', path: '/etc/passwd' },
      { kind: 'command', command: 'ls' },
      { kind: 'network', url: 'https://a.example' },
      { kind: 'mcp', server: 's', tool: 't', input: {} },
      { kind: 'unknown', description: 'x' },
      { kind: 'none' },
      edit,
    ];
    for (const mode of permissionModes) {
      for (const intent of intents) {
        const bench = createBench({ ...start, answer: { kind: 'deny' } });
        bench.reviewer.script = [{ deny: undefined }];
        const answer = await bench.authorize('X', [intent], { mode });
        const isAsked = bench.asked.length + bench.reviewer.proposals.length > 0;
        const isFree =
          intent.kind === 'none' ||
          (intent.kind === 'read' && intent.path === 'a.ts') ||
          (intent === edit && (mode === 'accept-edits' || mode === 'auto'));
        const isRefused =
          mode === 'plan' && ['command', 'network', 'mcp', 'write'].includes(intent.kind);
        expect([mode, intent.kind, answer.kind, isAsked]).toEqual([
          mode,
          intent.kind,
          isFree ? 'allow' : 'deny',
          !isFree && !isRefused,
        ]);
      }
    }
  });

  it('is denied with the user’s words, in the sentence every runtime gets', async () => {
    const bench = createBench({ answer: { kind: 'deny', reason: 'use pnpm' } });
    expect(await bench.authorize('Bash', [{ kind: 'command', command: 'npm i' }])).toEqual({
      kind: 'deny',
      message: "Tool 'Bash' denied: the user said no: use pnpm",
      saysMore: true,
    });
    expect(bench.progress.at(-1)).toEqual({ kind: 'denied', why: 'the user said no: use pnpm' });
  });

  it('asks for what nobody can translate, and shows the input whole', async () => {
    const bench = createBench({ answer: { kind: 'allowOnce' } });
    await bench.authorize(
      'Teleport',
      [{ kind: 'unknown', description: 'Teleport' }],
      {},
      { input: { to: 'x\u202e' }, description: 'trust me\u200b' },
    );
    expect(bench.asked).toMatchObject([
      {
        toolName: 'Teleport',
        reason: 'what it would do is not known',
        inputText: '{\n  "to": "x⟨U+202E⟩"\n}',
        description: 'trust me⟨U+200B⟩',
      },
    ]);
    expect(bench.asked[0]?.offers).toBeUndefined();
    const silent = createBench({ answer: { kind: 'deny' } });
    expect((await silent.authorize('Silent', [])).kind).toBe('deny');
  });

  it('has its question to the user answered in their words', async () => {
    const questions = [{ question: 'Which?', options: [{ label: 'A' }, { label: 'B' }] }];
    const bench = createBench({ answer: { kind: 'answers', answers: { 'Which?': 'B' } } });
    expect(await bench.authorize('AskUserQuestion', [{ kind: 'question', questions }])).toEqual({
      kind: 'allow',
      answers: { 'Which?': 'B' },
    });
    const denied = createBench({ answer: { kind: 'deny' } });
    expect(
      await denied.authorize('AskUserQuestion', [{ kind: 'question', questions }]),
    ).toMatchObject({ kind: 'deny', message: containing('did not answer') });
  });

  it('is denied when its turn is stopped while it asks', async () => {
    const bench = createBench(start);
    bench.reviewer.script = ['pending'];
    const controller = new AbortController();
    const command = bench.authorize('Bash', [{ kind: 'command', command: 'ls' }], {
      signal: controller.signal,
    });
    const write = bench.authorize('Edit', [edit], { signal: controller.signal });
    await settle();
    controller.abort();
    expect((await command).kind).toBe('deny');
    expect((await write).kind).toBe('deny');
    expect(bench.permissions.list()).toEqual([]);
  });

  it('is denied when anything fails on the way', async () => {
    const bench = createBench({
      ...start,
      rules: () => {
        throw new Error('broken rules');
      },
    });
    expect(await bench.authorize('Read', [{ kind: 'read', path: 'a.ts' }])).toMatchObject({
      kind: 'deny',
      message: containing('broken rules'),
    });
  });

  it('[R176] that could not be judged is in the log as denied, once', async () => {
    const bench = createBench({
      rules: () => {
        throw new Error('rules');
      },
    });
    expect(await bench.authorize('Read', [{ kind: 'read', path: 'a.ts' }])).toMatchObject({
      kind: 'deny',
    });
    await bench.orchestrator.noteChildResult(
      { id: 'child-1', name: 'Read', arguments: {}, executedBy: 'child' },
      toolError('denied'),
      bench.context({ bridge: 'claude-cli' }),
    );
    expect(bench.sink.decisions).toMatchObject([
      { callId: 'child-1', executedBy: 'child', decision: 'deny', by: 'default.failed' },
    ]);
    expect(bench.sink.outcomes.map(({ outcome }) => outcome)).toEqual(['denied']);
  });

  it('[R176] is audited with its outcome, also when it never asked', async () => {
    const bench = createBench({ answer: { kind: 'allowOnce' } });
    await bench.authorize('Bash', [{ kind: 'command', command: 'ls' }]);
    await bench.clock.advance(250);
    await bench.orchestrator.noteChildResult(
      { ...childCall, name: 'Bash' },
      toolOk('a\nb'),
      bench.context({ bridge: 'claude-cli' }),
    );
    await bench.orchestrator.noteChildResult(
      { ...childCall, id: 'child-2', name: 'Grep' },
      toolError('no'),
      bench.context({ bridge: 'claude-cli' }),
    );
    expect(
      bench.sink.records.map((record) => [
        record.callId,
        record.executedBy,
        record.bridge,
        record.kind === 'decision'
          ? record.by
          : [record.outcome, record.durationMs, record.resultChars],
      ]),
    ).toEqual([
      ['child-1', 'child', 'claude-cli', 'user'],
      ['child-1', 'child', 'claude-cli', ['ok', 250, 3]],
      ['child-2', 'child', 'claude-cli', 'child'],
      ['child-2', 'child', 'claude-cli', ['error', 0, 0]],
    ]);
  });
});

describe('an edit that a child writes itself', () => {
  it('is given exactly the approved text', async () => {
    const bench = createBench(start);
    expect(await bench.authorize('Edit', [edit])).toEqual({
      kind: 'allow',
      approved: { path: '/w/app/a.ts', baseText: base, text: edited },
    });
    expect(bench.reviewer.proposals).toMatchObject([
      { callId: 'child-1', reason: 'edits ask in this mode' },
    ]);
    expect(bench.asked).toEqual([]);
    expect(bench.files.writes).toEqual([]);
  });

  it('[R235] is given its yes only when what it overwrites could be kept', async () => {
    const kept: unknown[] = [];
    const bench = createBench({
      ...start,
      services: {
        beforeChildWrite: async ({ sessionId, turnId, path, text }) => {
          await settle();
          kept.push([sessionId, turnId, path, bench.files.disk(path), text]);
        },
      },
    });
    expect((await bench.authorize('Edit', [edit])).kind).toBe('allow');
    expect(kept).toEqual([['s1', 't1', '/w/app/a.ts', base, edited]]);
    bench.reviewer.script = [{ deny: undefined }];
    expect((await bench.authorize('Edit', [edit])).kind).toBe('deny');
    expect(kept).toHaveLength(1);
  });

  it('[R227] approved in part comes with which hunks were denied and the user’s words', async () => {
    const bench = createBench(start);
    bench.reviewer.script = [{ perHunk: ['leave two alone', true] }];
    const answer = await bench.authorize('Edit', [edit]);
    expect(answer).toEqual({
      kind: 'allow',
      approved: { path: '/w/app/a.ts', baseText: base, text: base.replace('seven\n', 'SEVEN\n') },
      message:
        'The user approved 1 of 2 hunks of the edit of a.ts; only what was approved is in the file. Denied:\n@@ -2,1 +2,1 @@ the user said: leave two alone\n-two\n+TWO',
    });
  });

  it('denied whole is denied with the words', async () => {
    const bench = createBench(start);
    bench.reviewer.script = [{ deny: 'wrong file' }];
    expect(await bench.authorize('Edit', [edit])).toEqual({
      kind: 'deny',
      message: "Tool 'Edit' denied: the user said no: wrong file",
    });
  });

  it('for a new file is given the text and an empty base', async () => {
    const bench = createBench(start);
    const intent: ToolIntent = {
      kind: 'write',
      path: 'n.ts',
      change: { kind: 'content', content: 'n\n' },
    };
    expect(await bench.authorize('Write', [intent])).toEqual({
      kind: 'allow',
      approved: { path: '/w/app/n.ts', baseText: '', text: 'n\n' },
    });
  });

  it('is reviewed again when the file changed while the user looked', async () => {
    const bench = createBench(start);
    let looks = 0;
    bench.reviewer.whileOpen = () => {
      looks += 1;
      if (looks === 1) {
        bench.files.put('/w/app/a.ts', `zero\n${base}`);
      }
    };
    expect(await bench.authorize('Edit', [edit])).toMatchObject({
      kind: 'allow',
      approved: { baseText: `zero\n${base}`, text: `zero\n${edited}` },
    });
    expect(looks).toBe(2);
  });

  it('of a document with unsaved changes asks about them first', async () => {
    const save = createBench({
      ...start,
      answer: ({ questions }) => ({
        kind: 'answers',
        answers: { [questions?.[0]?.question ?? '']: questions?.[0]?.options[0]?.label ?? '' },
      }),
    });
    save.files.type('/w/app/a.ts', `typed\n${base}`);
    expect(await save.authorize('Edit', [edit])).toMatchObject({
      kind: 'allow',
      approved: { baseText: `typed\n${base}` },
    });
    expect(save.asked[0]?.questions?.[0]?.question).toContain('a.ts has unsaved changes');
    expect(save.files.disk('/w/app/a.ts')).toBe(`typed\n${base}`);

    const cancel = createBench({ ...start, answer: { kind: 'deny' } });
    cancel.files.type('/w/app/a.ts', `typed\n${base}`);
    expect(await cancel.authorize('Edit', [edit])).toMatchObject({
      kind: 'deny',
      message: containing('unsaved changes'),
    });
    expect(cancel.reviewer.proposals).toEqual([]);
    expect(cancel.files.disk('/w/app/a.ts')).toBe(base);

    const stuck = createBench({
      ...start,
      answer: ({ questions }) => ({
        kind: 'answers',
        answers: { [questions?.[0]?.question ?? '']: 'Save and continue' },
      }),
      services: { saveDocument: () => Promise.resolve(false) },
    });
    stuck.files.type('/w/app/a.ts', `typed\n${base}`);
    expect(await stuck.authorize('Edit', [edit])).toMatchObject({
      kind: 'deny',
      message: containing('could not be saved'),
    });
  });

  it('[R226] of a document with unsaved changes may go on over what is on disk, when the user discards them', async () => {
    const bench = createBench({
      ...start,
      answer: ({ questions }) => ({
        kind: 'answers',
        answers: { [questions?.[0]?.question ?? '']: 'Discard them and continue' },
      }),
      services: {
        discardChanges: (path) => {
          bench.files.put(path, base);
          bench.files.type(path, base);
          return bench.files.save(path);
        },
      },
    });
    bench.files.type('/w/app/a.ts', `typed\n${base}`);
    expect(await bench.authorize('Edit', [edit])).toMatchObject({
      kind: 'allow',
      approved: { baseText: base },
    });
    expect(bench.asked[0]?.questions?.[0]?.options.map(({ label }) => label)).toEqual([
      'Save and continue',
      'Discard them and continue',
      'Cancel the edit',
    ]);
    expect(bench.files.disk('/w/app/a.ts')).toBe(base);
  });

  describe('of a document with unsaved changes, in a dialect of yes and no,', () => {
    const whole = { takesWholeEditsOnly: true };
    const typed = `typed\n${base}`;

    it('[R225][R226] is written by us beside them and not saved, without a question', async () => {
      const bench = createBench(start);
      bench.files.type('/w/app/a.ts', typed);
      const answer = await bench.authorize('fileChange', [edit], {}, whole);
      expect(answer).toMatchObject({
        kind: 'deny',
        saysMore: true,
        message: containing('a.ts had unsaved changes of the user'),
      });
      expect(answer).toMatchObject({ message: containing('do not make this edit again') });
      expect(bench.asked).toEqual([]);
      expect(await bench.files.readText('/w/app/a.ts')).toEqual({
        text: `typed\n${edited}`,
        isDirty: true,
        isOpen: true,
      });
      expect(bench.files.disk('/w/app/a.ts')).toBe(base);
    });

    it('[R226] keeps them also when the agent sends a whole text that it made from the disk', async () => {
      const content: ToolIntent = {
        kind: 'write',
        path: 'a.ts',
        change: { kind: 'content', content: edited },
      };
      const bench = createBench(start);
      bench.files.type('/w/app/a.ts', `${base}typed\n`);
      await bench.authorize('write', [content], {}, whole);
      expect(bench.reviewer.proposals[0]?.edit.proposedText).toBe(`${edited}typed\n`);
      expect((await bench.files.readText('/w/app/a.ts')).text).toBe(`${edited}typed\n`);
      expect(bench.files.disk('/w/app/a.ts')).toBe(base);
    });

    it('[R226] takes a whole text as it is when it was made from the unsaved one', async () => {
      const content: ToolIntent = {
        kind: 'write',
        path: 'a.ts',
        change: { kind: 'content', content: `${edited}typed\n` },
      };
      const bench = createBench(start);
      bench.files.type('/w/app/a.ts', `${base}typed\n`);
      await bench.authorize('write', [content], {}, whole);
      expect((await bench.files.readText('/w/app/a.ts')).text).toBe(`${edited}typed\n`);
    });

    it('[R226] asks about them where nobody can say what of a whole text is meant', async () => {
      const content: ToolIntent = {
        kind: 'write',
        path: 'a.ts',
        change: { kind: 'content', content: base.replace('seven', 'SEVEN') },
      };
      const bench = createBench({ ...start, answer: { kind: 'deny' } });
      bench.files.type('/w/app/a.ts', base.replace('seven', 'draft'));
      expect(await bench.authorize('write', [content], {}, whole)).toMatchObject({ kind: 'deny' });
      expect(bench.asked[0]?.questions?.[0]?.question).toContain('a.ts has unsaved changes');
      expect(bench.reviewer.proposals).toEqual([]);
    });
  });

  it('[R231] of a notebook or a read-only file is refused with a sentence, without a question', async () => {
    const bench = createBench({ ...start, answer: { kind: 'allowOnce' } });
    bench.files.setReadOnly('/w/app/a.ts');
    const notebook: ToolIntent = {
      kind: 'write',
      path: 'n.ipynb',
      change: { kind: 'edits', edits: [] },
    };
    expect(await bench.authorize('NotebookEdit', [notebook])).toMatchObject({
      kind: 'deny',
      saysMore: true,
      message: containing('n.ipynb is a notebook'),
    });
    expect(await bench.authorize('Edit', [edit])).toMatchObject({
      kind: 'deny',
      message: containing('a.ts is read-only'),
    });
    expect(bench.asked).toEqual([]);
    expect(bench.reviewer.proposals).toEqual([]);
  });

  it('of a workspace folder behind a link is one file, whichever of its names is said', async () => {
    const bench = createBench({
      folders: [{ name: 'app', path: '/w/link' }],
      links: { '/w/link': '/w/app' },
      ...start,
    });
    expect(await bench.authorize('Edit', [edit])).toMatchObject({ kind: 'allow' });
    await bench.run('edit_file', {
      path: '/w/app/a.ts',
      edits: [{ search: 'two\n', replace: 'TWO\n' }],
    });
    expect(bench.reviewer.proposals.map((proposal) => proposal.edit.path)).toEqual([
      '/w/link/a.ts',
      '/w/link/a.ts',
    ]);
    const reads: string[] = [];
    bench.files.onRead = (path) => void reads.push(path);
    expect((await bench.run('read_file', { path: '/w/app/b.ts' })).output).toContain('b');
    expect(reads).toContain('/w/link/b.ts');
    expect(reads).not.toContain('/w/app/b.ts');
  });

  it('written by us comes with what is to be known about the write', async () => {
    const note = 'Undo in the editor does not take this back.';
    const bench = createBench({
      ...start,
      services: { aroundWrite: async (_write, run) => ({ ...(await run()), note }) },
    });
    bench.reviewer.script = [{ perHunk: [true, 'no'] }];
    const answer = await bench.authorize('Edit', [edit], {}, { takesWholeEditsOnly: true });
    expect(answer).toMatchObject({ kind: 'deny', message: containing(`a.ts: ${note}`) });
  });

  it('written by us is stopped between two files: the second is not written, and the child hears so', async () => {
    const bench = createBench(start);
    const controller = new AbortController();
    bench.reviewer.script = [{ perHunk: [true, 'no'] }, 'approve'];
    bench.files.beforeWrite = () => controller.abort();
    const two = {
      kind: 'write',
      path: 'b.ts',
      change: { kind: 'content', content: 'B\n' },
    } as const;
    const answer = await bench.authorize(
      'fileChange',
      [edit, two],
      { signal: controller.signal },
      { takesWholeEditsOnly: true },
    );
    expect(answer).toMatchObject({ kind: 'deny', message: containing('b.ts: the approved part') });
    expect(bench.files.disk('/w/app/a.ts')).toContain('TWO');
    expect(bench.files.disk('/w/app/b.ts')).toBe('b\n');
  });

  it('of a file that is not UTF-8 on disk is refused with a sentence, without a question; it may be deleted', async () => {
    const notUtf8 = (): Promise<never> =>
      Promise.reject(new PatchbayError('not_text', 'is not a UTF-8 text file'));
    const remove: ToolIntent = { kind: 'write', path: 'a.ts', change: { kind: 'delete' } };
    const move: ToolIntent = {
      kind: 'write',
      path: 'new.ts',
      change: { kind: 'patch', hunks: '', from: 'a.ts' },
    };
    const bench = createBench({ ...start, services: { readDisk: notUtf8 } });
    for (const intents of [[edit], [move, remove]]) {
      expect(await bench.authorize('Edit', intents)).toMatchObject({
        kind: 'deny',
        message: containing('a.ts is not UTF-8 on disk'),
        saysMore: true,
      });
    }
    expect(bench.reviewer.proposals).toEqual([]);
    expect(await bench.authorize('Edit', [remove])).toMatchObject({ kind: 'allow' });
  });

  it('whose file cannot be read after is not taken for deleted', async () => {
    let isReadable = true;
    const known: unknown[] = [];
    const bench = createBench({
      ...start,
      services: {
        readDisk: () =>
          isReadable
            ? Promise.resolve(base)
            : Promise.reject(new PatchbayError('not_text', 'is not a UTF-8 text file')),
        onKnownWrite: (path, text) => {
          known.push([path, text]);
          return Promise.resolve();
        },
      },
    });
    await bench.authorize('Edit', [edit]);
    isReadable = false;
    await bench.orchestrator.noteChildResult(childCall, toolOk(''), bench.context());
    expect(known).toEqual([]);
    expect(bench.unexpected).toEqual([]);
  });

  describe('that moves a file', () => {
    const moved: readonly ToolIntent[] = [
      { kind: 'write', path: 'new/a.ts', change: { kind: 'patch', hunks: '', from: 'a.ts' } },
      { kind: 'write', path: 'a.ts', change: { kind: 'delete' } },
    ];
    const whole = { takesWholeEditsOnly: true };

    it('[R226][R231] is one question, and the child does it when it is approved whole', async () => {
      const bench = createBench(start);
      expect(await bench.authorize('fileChange', moved, {}, whole)).toEqual({ kind: 'allow' });
      expect(bench.reviewer.proposals.map(({ edit: { kind } }) => kind)).toEqual(['create']);
    });

    it('[R226] never loses it: a new place that is denied or approved in part keeps the old one', async () => {
      const denied = createBench(start);
      denied.reviewer.script = [{ deny: 'not there' }, 'approve'];
      expect(await denied.authorize('fileChange', moved, {}, whole)).toMatchObject({
        kind: 'deny',
        message: containing('not there'),
      });
      expect(denied.files.snapshot()).toEqual(start.files);

      const changed = createBench(start);
      changed.reviewer.script = [
        ({ edit: { baseText } }) => ({
          kind: 'decided',
          verdict: {
            kind: 'approved',
            baseText,
            text: 'only this\n',
            approvedCount: 1,
            deniedHunks: [],
            userChange: '@@\n+only this',
          },
        }),
        'approve',
      ];
      expect(await changed.authorize('fileChange', moved, {}, whole)).toMatchObject({
        kind: 'deny',
        message: containing('a.ts stays: its new place was not approved whole'),
      });
      expect(changed.files.disk('/w/app/new/a.ts')).toBe('only this\n');
      expect(changed.files.disk('/w/app/a.ts')).toBe(base);
    });

    const secret: readonly ToolIntent[] = [
      { kind: 'write', path: 'notes.txt', change: { kind: 'patch', hunks: '', from: '.env' } },
      { kind: 'write', path: '.env', change: { kind: 'delete' } },
    ];
    const key = Array.from({ length: 12 }, (_, index) => `KEY${index}=abc\n`).join('');

    it('[R226] from a secret name to a plain one asks in every mode that writes, for it could be read there', async () => {
      for (const mode of ['accept-edits', 'auto'] as const) {
        const bench = createBench({ files: { '/w/app/.env': key } });
        bench.reviewer.script = [{ deny: undefined }];
        expect(await bench.authorize('fileChange', secret, { mode }, whole)).toMatchObject({
          kind: 'deny',
        });
        expect(bench.reviewer.proposals.map(({ edit: { path } }) => path)).toEqual([
          '/w/app/notes.txt',
        ]);
      }
    });

    it('[R226] from a name that a rule denies to read is denied without a question', async () => {
      const bench = createBench({
        files: { '/w/app/.env': key },
        rules: [
          {
            id: 'user.1',
            verdict: 'deny',
            scope: 'user',
            match: { kind: 'readGlob', glob: '**/.env' },
          },
        ],
      });
      expect((await bench.authorize('fileChange', secret, {}, whole)).kind).toBe('deny');
      expect(bench.reviewer.proposals).toEqual([]);
    });

    it('[R226] from a secret name that is approved in part tells nothing of its text', async () => {
      const bench = createBench({ files: { '/w/app/.env': key } });
      const hunk = {
        id: 'h',
        oldStart: 0,
        oldLines: 0,
        newStart: 1,
        newLines: 1,
        oldText: '',
        newText: 'KEY1=abc\n',
      };
      bench.reviewer.script = [
        ({ edit: { baseText } }) => ({
          kind: 'decided',
          verdict: {
            kind: 'partly',
            baseText,
            text: 'KEY0=abc\n',
            approvedCount: 1,
            deniedHunks: [{ hunk, reason: 'not that' }],
          },
        }),
      ];
      const answer = await bench.authorize('fileChange', secret, {}, whole);
      expect(answer).toMatchObject({ kind: 'deny', message: containing('not that') });
      expect(answer.message).not.toContain('abc');
    });

    it('[R226][R231] of several, of which one is denied, is moved by us in one step, recorded for both places before', async () => {
      const several = [
        ...moved,
        { kind: 'write', path: 'b.ts', change: { kind: 'content', content: 'B\n' } },
      ] as const;
      const bench = createBench(start);
      bench.reviewer.script = ['approve', { deny: 'no b' }];
      const moves: (readonly string[])[] = [];
      Object.assign(bench.files, {
        moveText: (from: string, to: string, text: string, expectedText: string) => {
          moves.push([from, to, text, expectedText]);
          expect(bench.sink.decisions).toHaveLength(2);
          bench.files.remove(from);
          bench.files.put(to, text);
          return Promise.resolve({ isSaved: true });
        },
      });
      const answer = await bench.authorize('fileChange', several, {}, whole);
      expect(answer).toMatchObject({ kind: 'deny', message: containing('no b') });
      expect(moves).toEqual([['/w/app/a.ts', '/w/app/new/a.ts', base, base]]);
      expect(bench.files.writes).toEqual([]);
      expect(bench.files.disk('/w/app/a.ts')).toBeUndefined();
      expect(bench.files.disk('/w/app/new/a.ts')).toBe(base);
      expect(bench.sink.outcomes.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
    });

    it('[R226] of several, of which one is denied, is written by us; the old place stays when the new one cannot be written', async () => {
      const several = [
        ...moved,
        { kind: 'write', path: 'b.ts', change: { kind: 'content', content: 'B\n' } },
      ] as const;
      const bench = createBench(start);
      bench.reviewer.script = ['approve', { deny: 'no b' }];
      bench.files.beforeWrite = (path) => {
        if (path === '/w/app/new/a.ts') {
          throw new Error('the disk is full');
        }
      };
      const answer = await bench.authorize('fileChange', several, {}, whole);
      expect(answer).toMatchObject({ kind: 'deny', message: containing('the disk is full') });
      expect(answer.message).toContain('its new place was not written, so it stays');
      expect(bench.files.disk('/w/app/a.ts')).toBe(base);
    });
  });

  it('is asked as a plain question with the raw input when it cannot be shown as hunks, in every mode that could allow it', async () => {
    const lost: ToolIntent = {
      kind: 'write',
      path: 'a.ts',
      change: { kind: 'edits', edits: [{ search: 'nowhere', replace: 'x' }] },
    };
    for (const mode of ['ask', 'accept-edits', 'auto'] as const) {
      const bench = createBench({ ...start, answer: { kind: 'allowOnce' } });
      expect(
        await bench.authorize('Edit', [lost], { mode }, { input: { old_string: 'nowhere' } }),
      ).toEqual({ kind: 'allow' });
      expect(bench.asked).toMatchObject([
        {
          reason: containing('cannot be shown as hunks'),
          inputText: '{\n  "old_string": "nowhere"\n}',
        },
      ]);
      expect(bench.asked[0]?.offers).toBeUndefined();
      const no = createBench({ ...start, answer: { kind: 'deny' } });
      expect((await no.authorize('Edit', [lost], { mode })).kind).toBe('deny');
    }
  });

  it('over several files runs only whole', async () => {
    const both: readonly ToolIntent[] = [
      edit,
      { kind: 'write', path: 'b.ts', change: { kind: 'content', content: 'B\n' } },
    ];
    const all = createBench(start);
    expect(await all.authorize('fileChange', both)).toEqual({ kind: 'allow' });
    expect(all.reviewer.proposals.map(({ edit: { path } }) => path)).toEqual([
      '/w/app/a.ts',
      '/w/app/b.ts',
    ]);
    const part = createBench(start);
    part.reviewer.script = [{ perHunk: [true, 'no'] }, 'approve'];
    expect(await part.authorize('fileChange', both)).toMatchObject({
      kind: 'deny',
      message: containing('approved only a part'),
    });
    const second = createBench(start);
    second.reviewer.script = ['approve', { deny: 'not b' }];
    expect(await second.authorize('fileChange', both)).toMatchObject({
      kind: 'deny',
      message: containing('not b'),
    });
  });

  it('beside a command asks for the command too', async () => {
    const bench = createBench({ ...start, answer: { kind: 'deny' } });
    expect(
      (
        await bench.authorize('Both', [edit, { kind: 'command', command: 'rm x' }], {
          mode: 'accept-edits',
        })
      ).kind,
    ).toBe('deny');
    expect(bench.asked).toHaveLength(1);
  });

  it('is denied when the path leads elsewhere after the review', async () => {
    const bench = createBench({ ...start, links: { '/w/app/l.ts': 'a.ts' } });
    bench.reviewer.whileOpen = () => bench.files.link('/w/app/l.ts', 'b.ts');
    const intent: ToolIntent = {
      kind: 'write',
      path: 'l.ts',
      change: { kind: 'content', content: 'x' },
    };
    expect((await bench.authorize('Write', [intent])).kind).toBe('deny');
  });

  it('is compared with what was approved after the child has written', async () => {
    const write = async (
      text: string | undefined,
      isOk: boolean,
      mode: 'ask' | 'accept-edits' = 'ask',
    ) => {
      const bench = createBench(start);
      await bench.authorize('Edit', [edit], { mode });
      if (text === undefined) {
        bench.files.remove('/w/app/a.ts');
      } else {
        bench.files.put('/w/app/a.ts', text);
      }
      await bench.orchestrator.noteChildResult(
        childCall,
        isOk ? toolOk('') : toolError('x'),
        bench.context(),
      );
      return bench;
    };
    const head = {
      sessionId: 's1',
      turnId: 't1',
      asker: 'Test model',
      callId: 'child-1',
      path: '/w/app/a.ts',
    };
    expect((await write(edited, true)).unexpected).toEqual([]);
    expect((await write(`${edited}more\n`, true)).unexpected).toEqual([
      { ...head, expectedText: edited, actualText: `${edited}more\n` },
    ]);
    expect((await write(undefined, true)).unexpected).toEqual([
      { ...head, expectedText: edited, actualText: undefined },
    ]);
    expect((await write(base, true)).unexpected).toEqual([
      { ...head, expectedText: edited, actualText: base },
    ]);
    expect((await write(base, false)).unexpected).toEqual([]);
    expect((await write(edited, false)).unexpected).toEqual([]);
    expect((await write('half', false)).unexpected).toEqual([
      { ...head, expectedText: base, actualText: 'half' },
    ]);
    const free = await write(edited, true, 'accept-edits');
    expect(free.unexpected).toEqual([]);
    expect(free.reviewer.written).toMatchObject([
      {
        why: 'accept-edits mode writes inside the workspace',
        proposal: { edit: { baseText: base, proposedText: edited } },
      },
    ]);
  });

  it('[R233] is known to the user as it was approved, not as the child wrote it', async () => {
    const knownAfter = async (text: string, isOk: boolean) => {
      const known: (string | undefined)[] = [];
      const onKnownWrite = (_path: string, now: string | undefined): Promise<void> =>
        Promise.resolve(void known.push(now));
      const bench = createBench({ ...start, services: { onKnownWrite } });
      await bench.authorize('Edit', [edit]);
      bench.files.put('/w/app/a.ts', text);
      const result = isOk ? toolOk('') : toolError('x');
      await bench.orchestrator.noteChildResult(childCall, result, bench.context());
      return known;
    };
    expect(await knownAfter(edited, true)).toEqual([edited]);
    expect(await knownAfter(`${edited}more\n`, true)).toEqual([edited]);
    expect(await knownAfter(base, false)).toEqual([base]);
    expect(await knownAfter(edited, false)).toEqual([edited]);
    expect(await knownAfter('half', false)).toEqual([base]);
  });

  it('of which the child reports nothing more is forgotten with the oldest', async () => {
    const bench = createBench({ answer: { kind: 'allowOnce' } });
    for (let index = 0; index < 501; index++) {
      await bench.authorize('Read', [{ kind: 'none' }], {}, { callId: `c${index}` });
    }
    const before = bench.sink.decisions.length;
    await bench.orchestrator.noteChildResult(
      { ...childCall, id: 'c0' },
      toolOk(''),
      bench.context(),
    );
    await bench.orchestrator.noteChildResult(
      { ...childCall, id: 'c500' },
      toolOk(''),
      bench.context(),
    );
    expect(bench.sink.decisions.slice(before).map(({ callId, by }) => [callId, by])).toEqual([
      ['c0', 'child'],
    ]);
  });
});
