import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/logger';
import { PatchbayError } from '../../../src/base/patchbayError';
import type { ChangeOrigin } from '../../../src/edits/changeOrigin';
import { changeWords } from '../../../src/session/changedMode';
import { createChangeStore } from '../../../src/session/storedChanges';
import {
  UnreviewedChanges,
  type ChangeAction,
  type ChangeLimits,
} from '../../../src/session/unreviewedChanges';
import { FakeClock } from '../../fakes/fakeClock';
import { MemoryFiles } from '../../fakes/memoryFiles';

const npmTest: ChangeOrigin = { kind: 'during', callId: 'call-1', what: 'npm test' };
const onSave: ChangeOrigin = { kind: 'onSave' };
const path = '/w/app/a.ts';

function place(
  given: Readonly<Record<string, string>>,
  more: { readonly limits?: ChangeLimits; readonly texts?: Map<string, string> } = {},
) {
  const files = new MemoryFiles({ files: given });
  const texts = more.texts ?? new Map<string, string>();
  const audited: (ChangeAction & { readonly problem?: string | undefined })[] = [];
  const notices: string[] = [];
  const open = new Map<string, string>();
  const settled: string[] = [];
  const linked = new Set<string>();
  const modes = new Map<string, number>();
  const clock = new FakeClock();
  const changes = new UnreviewedChanges({
    files,
    unsavedText: (name) => open.get(name),
    labelFor: (name) => name.slice('/w/app/'.length),
    settle: (name) => {
      settled.push(name);
      return Promise.resolve();
    },
    accept: () => Promise.resolve(),
    checkPlace: (name) =>
      linked.has(name)
        ? Promise.reject(new Error('a link leads from there to /home/.bashrc; nothing was written'))
        : Promise.resolve(),
    repositories: () => Promise.resolve([]),
    changeMode: (name, toMode) => {
      modes.set(name, toMode(modes.get(name) ?? 0o644));
      return Promise.resolve();
    },
    clock,
    logger: silentLogger,
    store: createChangeStore({
      load: () => Promise.resolve([...texts.values()]),
      save: (key, text) => Promise.resolve(void texts.set(key, text)),
      remove: (key) => Promise.resolve(void texts.delete(key)),
    }),
    audit: async (action, run) => {
      const problem = await run();
      audited.push({ ...action, ...(problem === undefined ? {} : { problem }) });
      return problem;
    },
    onNotice: (text) => notices.push(text),
    ...(more.limits === undefined ? {} : { limits: more.limits }),
  });
  /** Somebody changed the file on the disk, and it was noticed. */
  const change = (
    name: string,
    text: string | undefined,
    origin: ChangeOrigin = npmTest,
    turnId = 't1',
  ): void => {
    const before = files.disk(name);
    if (text === undefined) {
      files.remove(name);
    } else {
      files.put(name, text);
    }
    changes.note({
      sessionId: 's',
      turnId,
      origin,
      path: name,
      beforeText: before,
      afterText: text,
      existedBefore: before !== undefined,
      existsAfter: text !== undefined,
    });
  };
  const rows = () =>
    changes
      .list()
      .flatMap(({ label, kind, hunks }) =>
        hunks.map(({ hunk, origin }) => [label, kind, hunk.oldText, hunk.newText, origin.kind]),
      );
  return {
    files,
    changes,
    change,
    rows,
    texts,
    audited,
    notices,
    open,
    settled,
    linked,
    modes,
    clock,
  };
}

describe('changes that nobody approved', () => {
  it('[R233] undo never writes where a link leads, and says so', async () => {
    const { files, changes, change, linked } = place({ [path]: 'one\n' });
    change(path, 'one\ntwo\n');
    linked.add(path);
    const changeId = changes.list()[0]?.id ?? '';
    const { undone, problems } = await changes.undo({ kind: 'file', changeId });
    expect(undone).toBe(0);
    expect(problems[0]).toContain('a link leads from there to');
    expect(files.disk(path)).toBe('one\ntwo\n');
  });

  it('[R234] wait as hunks with their origin, are undone one by one, and the rest of the file keeps its bytes', async () => {
    const { files, changes, change, rows, audited } = place({ [path]: '1\n2\n3\n4\n5\n6\n7\n' });
    change(path, 'one\n2\n3\n4\n5\n6\nseven\n');
    expect(rows()).toEqual([
      ['a.ts', 'edit', '1\n', 'one\n', 'during'],
      ['a.ts', 'edit', '7\n', 'seven\n', 'during'],
    ]);
    const [waiting] = changes.list();
    const [first, second] = waiting?.hunks ?? [];
    const changeId = waiting?.id ?? '';
    expect(
      await changes.undo({ kind: 'hunks', changeId, hunkIds: [first?.hunk.id ?? ''] }),
    ).toEqual({ undone: 1, problems: [] });
    expect(files.disk(path)).toBe('1\n2\n3\n4\n5\n6\nseven\n');
    expect(changes.keep({ kind: 'hunks', changeId, hunkIds: [second?.hunk.id ?? ''] })).toBe(true);
    expect(changes.list()).toEqual([]);
    expect(files.disk(path)).toBe('1\n2\n3\n4\n5\n6\nseven\n');
    expect(changes.keep({ kind: 'all' })).toBe(false);
    await changes.flush();
    expect(audited.map(({ kind, hunkCount, origins }) => [kind, hunkCount, origins])).toEqual([
      ['undo', 1, [npmTest]],
      ['keep', 1, [npmTest]],
    ]);
  });

  it('[R234] of one origin are undone alone: what a formatter, the user and an approved edit wrote stays', async () => {
    const { files, changes, change } = place({ [path]: 'a\nb\nc\nd\n' });
    change(path, 'a\nB by command\nc\nd\n');
    files.put(path, 'a\nB by command\nc\nd\nby the user\n');
    changes.noteKnown(path, 'a\nB by command\nc\nd\nby the user\n');
    const saved = 'a\nB by command\nC by formatter\nd\nby the user\n';
    files.put(path, saved);
    changes.noteSaved(path, 'a\nB by command\nc\nd\nby the user\n', saved, {
      sessionId: 's',
      turnId: 't1',
    });
    await changes.undo({ kind: 'origin', sessionId: 's', origin: npmTest });
    expect(files.disk(path)).toBe('a\nb\nC by formatter\nd\nby the user\n');
    expect(changes.list()[0]?.hunks.map(({ origin }) => origin)).toEqual([onSave]);
    await changes.undo({ kind: 'file', changeId: changes.list()[0]?.id ?? '' });
    expect(files.disk(path)).toBe('a\nb\nc\nd\nby the user\n');
  });

  it('[R234] are kept and undone by turn, also where two turns changed one file', async () => {
    const other = '/w/app/b.ts';
    const { files, changes, change } = place({ [path]: 'a\n', [other]: 'x\n' });
    change(path, 'a\nfirst\n', npmTest, 't1');
    change(other, 'X\n', npmTest, 't1');
    change(path, 'a\nfirst\nsecond\n', npmTest, 't2');
    expect(changes.list()).toHaveLength(3);
    await changes.undo({ kind: 'turn', sessionId: 's', turnId: 't1' });
    expect([files.disk(path), files.disk(other)]).toEqual(['a\nsecond\n', 'x\n']);
    expect(changes.keep({ kind: 'turn', sessionId: 's', turnId: 't2' })).toBe(true);
    expect(changes.list()).toEqual([]);
  });

  it('[R234] take a new file away and bring a deleted one back, empty ones too; a new one that the user wrote in stays', async () => {
    const [made, empty, mine] = ['/w/app/made', '/w/app/empty', '/w/app/mine'];
    const { files, changes, change, rows } = place({ [path]: 'a\n' });
    change(path, undefined);
    change(made, 'new\n');
    change(empty, '');
    change(mine, 'new\n');
    files.put(mine, 'new\nand mine\n');
    changes.noteKnown(mine, 'new\nand mine\n');
    expect(rows().map(([label, kind]) => [label, kind])).toEqual([
      ['a.ts', 'delete'],
      ['made', 'create'],
      ['empty', 'create'],
      ['mine', 'edit'],
    ]);
    expect(await changes.undo({ kind: 'all' })).toEqual({ undone: 4, problems: [] });
    expect([path, made, empty, mine].map((name) => files.disk(name))).toEqual([
      'a\n',
      undefined,
      undefined,
      'and mine\n',
    ]);
    expect(changes.list()).toEqual([]);
  });

  it('[R233] never have what the user types, saved or not, and stand where the lines are now', async () => {
    const { files, changes, change, open, settled } = place({ [path]: 'a\nb\nc\n' });
    change(path, 'a\nB\nc\n');
    open.set(path, 'typed\na\nB\nc\n');
    files.type(path, 'typed\na\nB\nc\n');
    changes.refresh(path);
    const [waiting] = changes.list();
    expect(waiting?.hunks.map(({ hunk }) => [hunk.newStart, hunk.oldText, hunk.newText])).toEqual([
      [3, 'b\n', 'B\n'],
    ]);
    expect(waiting?.baseText).toBe('typed\na\nb\nc\n');
    await changes.undo({ kind: 'all' });
    expect(settled).toEqual([path]);
    expect((await files.readText(path)).text).toBe('typed\na\nb\nc\n');
    expect(files.disk(path)).toBe('a\nB\nc\n');
  });

  it('[R233] are not what the user or another program made of the file when nobody watched, as soon as its editor reads it', async () => {
    const { files, changes, change, rows } = place({ [path]: '1\n2\n3\n' });
    change(path, '1\ntwo\n3\n');
    files.put(path, 'mine\n1\ntwo\n3\n');
    await changes.noteDisk(path);
    expect(rows()).toEqual([['a.ts', 'edit', '2\n', 'two\n', 'during']]);
    expect(changes.list()[0]?.baseText).toBe('mine\n1\n2\n3\n');

    files.type(path, 'unsaved\n');
    await changes.noteDisk(path);
    expect(changes.list()[0]?.currentText).toBe('mine\n1\ntwo\n3\n');
    await changes.noteDisk('/w/app/other.ts');
    expect(rows()).toHaveLength(1);
  });

  it('[R233] stay what they are when the disk is looked at in the moment in which more of them come', async () => {
    const { files, changes, change, rows } = place({ [path]: '1\n2\n3\n' });
    change(path, '1\ntwo\n3\n');
    const readText = files.readText.bind(files);
    const old = await readText(path);
    files.readText = (name) => {
      files.readText = readText;
      change(path, '1\ntwo\nthree\n');
      return name === path ? Promise.resolve(old) : readText(name);
    };
    await changes.noteDisk(path);
    expect(rows()).toEqual([
      ['a.ts', 'edit', '2\n', 'two\n', 'during'],
      ['a.ts', 'edit', '3\n', 'three\n', 'during'],
    ]);
  });

  it('[R233][R234] have beside the lines that a file can be run now, which is kept and undone by itself', async () => {
    const texts = new Map<string, string>();
    const { files, changes, change, modes, audited } = place({ [path]: '1\n2\n' }, { texts });
    const by = { sessionId: 's', turnId: 't1', origin: npmTest };
    const words = (among = changes) =>
      among.list().map(({ label, hunks }) => [label, ...hunks.map(changeWords)]);
    const noteMode = (before: number, after: number, name = path): void => {
      modes.set(name, after);
      changes.noteMode({ path: name, text: files.disk(name), before, after }, by);
    };
    noteMode(0o644, 0o755);
    expect(words()).toEqual([['a.ts', 'made executable during "npm test"']]);
    noteMode(0o755, 0o600);
    expect(words()).toEqual([]);

    change(path, 'one\n2\n');
    noteMode(0o600, 0o700);
    const other = '/w/app/b';
    files.put(other, '');
    noteMode(0o755, 0o6755, other);
    expect(words()).toEqual([
      ['a.ts', 'during "npm test"', 'made executable during "npm test"'],
      ['b', 'permissions changed from 755 to 6755 during "npm test"'],
    ]);
    await changes.flush();
    const later = place({ [path]: 'one\n2\n', [other]: '' }, { texts });
    await later.changes.restore();
    expect(words(later.changes)).toEqual(words());

    const [first] = changes.list();
    const hunkIds = [first?.hunks[1]?.hunk.id ?? ''];
    const changeId = first?.id ?? '';
    modes.set(path, 0o751); // by the user's own hand, meanwhile
    expect(await changes.undo({ kind: 'hunks', changeId, hunkIds })).toEqual({
      undone: 1,
      problems: [],
    });
    expect(modes.get(path)).toBe(0o640);
    expect(files.disk(path)).toBe('one\n2\n');
    expect(words()).toContainEqual(['a.ts', 'during "npm test"']);
    expect(audited.at(-1)).toMatchObject({ kind: 'undo', path, hunkCount: 1 });

    const readText = files.readText.bind(files);
    files.readText = (name) =>
      name === other ? Promise.reject(new PatchbayError('not_text', 'no text')) : readText(name);
    expect((await changes.undo({ kind: 'all' })).problems).toEqual([]);
    expect([files.disk(path), modes.get(other)]).toEqual(['1\n2\n', 0o755]);

    noteMode(0o640, 0o740);
    expect(changes.keep({ kind: 'all' })).toBe(true);
    expect([changes.list(), modes.get(path)]).toEqual([[], 0o740]);
  });

  it('[R234] stay, with a sentence, where the file changed in this moment or cannot be written', async () => {
    const { files, changes, change, audited } = place({ [path]: 'a\n' });
    change(path, 'A\n');
    files.beforeWrite = () => {
      throw new PatchbayError('stale', 'a.ts changed meanwhile; nothing was written.');
    };
    const { undone, problems } = await changes.undo({ kind: 'all' });
    expect(undone).toBe(0);
    expect(problems).toEqual([
      'a.ts stays as it is: it changed in this moment. Look at it and try again.',
    ]);
    expect(changes.list()).toHaveLength(1);
    expect(audited[0]?.problem).toBe(problems[0]);
  });

  it('[R234] stay, with a sentence, in a file outside of the workspace folders', async () => {
    const elsewhere = '/home/user/notes.txt';
    const { files, changes, change } = place({ [elsewhere]: 'a\n' });
    change(elsewhere, 'A\n');
    const { undone, problems } = await changes.undo({ kind: 'all' });
    expect([undone, problems.length]).toEqual([0, 1]);
    expect(problems[0]).toContain('it is outside of the workspace folders');
    expect(files.disk(elsewhere)).toBe('A\n');
    expect(changes.list()).toHaveLength(1);
  });

  it('[R233][R234] of a turn are not what the user changed elsewhere before it, where something waits already', async () => {
    const [gone, back] = ['/w/app/gone', '/w/app/back'];
    const { files, changes, change, rows } = place({ [path]: '1\n2\n3\n', [back]: 'b\n' });
    change(path, 'one\n2\n3\n', npmTest, 't1');
    change(gone, 'made\n', npmTest, 't1');
    change(back, undefined, npmTest, 't1');
    files.put(path, 'one\n2\n3\nmine\n');
    files.remove(gone);
    files.put(back, 'mine\n');
    change(path, 'one\ntwo\n3\nmine\n', npmTest, 't2');
    change(gone, 'made anew\n', npmTest, 't2');
    change(back, 'mine\nand theirs\n', npmTest, 't2');
    await changes.undo({ kind: 'turn', sessionId: 's', turnId: 't2' });
    expect([path, gone, back].map((name) => files.disk(name))).toEqual([
      'one\n2\n3\nmine\n',
      undefined,
      'mine\n',
    ]);
    expect(rows()).toEqual([
      ['a.ts', 'edit', '1\n', 'one\n', 'during'],
      ['back', 'edit', 'b\n', '', 'during'],
    ]);
  });

  it('[R234] outlive the window; what was written meanwhile is not taken for theirs', async () => {
    const texts = new Map<string, string>();
    const before = place({ [path]: 'a\nb\nc\n' }, { texts });
    before.change(path, 'a\nB\nc\n');
    await before.changes.flush();
    texts.set('damaged', '{"schema":"patchbay.change/1","pa');
    const after = place({ [path]: 'a\nB\nc\nwritten meanwhile\n' }, { texts });
    await after.changes.restore();
    expect(after.rows()).toEqual([['a.ts', 'edit', 'b\n', 'B\n', 'during']]);
    await after.changes.undo({ kind: 'all' });
    expect(after.files.disk(path)).toBe('a\nb\nc\nwritten meanwhile\n');
    await after.changes.flush();
    expect([...texts.keys()]).toEqual(['damaged']);
  });

  it('[R234] are bounded: the oldest are no longer listed, and the user is told, once for a burst', async () => {
    const { change, changes, notices, clock } = place({}, { limits: { files: 2, chars: 1000 } });
    for (const name of ['one', 'two', 'three']) {
      change(`/w/app/${name}`, `${name}\n`);
    }
    expect(changes.list().map(({ label }) => label)).toEqual(['two', 'three']);
    await clock.advance(500);
    expect(notices).toEqual([expect.stringContaining('those of one are no longer listed')]);
    for (const name of ['four', 'five', 'six']) {
      change(`/w/app/${name}`, `${name}\n`);
    }
    await clock.advance(500);
    expect(notices.slice(1)).toEqual([
      expect.stringContaining('those of two and 2 more files are no longer listed'),
    ]);
  });

  it('are made once for a file that stays as it is, however many others change', () => {
    const { change, changes } = place({});
    change(path, 'a\n');
    const [first] = changes.list();
    change('/w/app/b.ts', 'b\n');
    expect(changes.list()).toHaveLength(2);
    expect(changes.list()[0]).toBe(first);
  });

  it('are none where a program took its change back, or the user deleted the file', () => {
    const { change, changes } = place({ [path]: 'a\nb\n' });
    change(path, 'a\nB\n');
    change(path, 'a\nb\n');
    expect(changes.list()).toEqual([]);
    change(path, 'a\n');
    changes.noteKnown(path, undefined);
    expect(changes.list()).toEqual([]);
  });
});
