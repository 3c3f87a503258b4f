import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../../src/base/clock';
import { silentLogger } from '../../../src/base/logger';
import { createChanges } from '../../../src/changes';
import { originWords } from '../../../src/edits/changeOrigin';
import { AuditLog } from '../../../src/gate/audit';
import { DiskFiles } from '../../../src/node/diskFiles';
import { changeWords } from '../../../src/session/changedMode';
import { createWorkspaceSearch } from '../../../src/node/search';
import { FakeClock } from '../../fakes/fakeClock';
import { removeFolder } from '../../fakes/removeFolder';

const turn = { sessionId: 's', turnId: 't' };

describe('following a turn', () => {
  let base: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'patchbay-follow-'));
    mkdirSync(join(base, 'app'));
  });
  afterEach(() => removeFolder(base));

  function place(clock: Clock = systemClock) {
    const notices: string[] = [];
    const folder = join(base, 'app');
    const files = new DiskFiles({
      folders: [{ name: 'app', path: folder }],
      home: base,
      platform: 'posix',
    });
    const changes = createChanges({
      folder: join(base, 'storage'),
      join: (...parts) => join(...parts),
      files,
      search: createWorkspaceSearch({ rgPaths: [], isTrusted: () => false, inheritedEnv: {} }),
      labelFor: (path) => path.slice(folder.length + 1),
      audit: new AuditLog({
        sink: { write: () => Promise.resolve() },
        clock: systemClock,
        redact: (text) => text,
        onFirstFailure: () => undefined,
      }),
      clock,
      logger: silentLogger,
      onNotice: (text) => notices.push(text),
      unsavedText: () => undefined,
    });
    const at = (name: string): string => join(folder, name);
    const command = (callId: string, what: string, run: () => void): Promise<void> =>
      changes.follower.aroundCall(
        { ...turn, callId, what, asker: 'Model', signal: new AbortController().signal },
        () => {
          run();
          return Promise.resolve();
        },
      );
    const rows = () =>
      changes.unreviewed
        .list()
        .flatMap(({ label, kind, hunks }) =>
          hunks.map(({ hunk, origin }) => [label, kind, originWords(origin), hunk.newText]),
        );
    return { changes, files, at, command, rows, notices };
  }

  it('[R233][R234] shows what a command of ours changed, and nothing of an edit that was approved', async () => {
    const { changes, files, at, command, rows } = place();
    writeFileSync(at('a.txt'), 'a\nb\n');
    writeFileSync(at('gone.txt'), 'g\n');
    await changes.follower.aroundWrite(
      { ...turn, callId: 'edit', path: at('a.txt'), text: 'a\nb\napproved\n' },
      () => files.writeText(at('a.txt'), 'a\nb\napproved\n', 'a\nb\n'),
    );
    await command('call-1', 'npm test', () => {
      writeFileSync(at('a.txt'), 'A\nb\napproved\n');
      writeFileSync(at('new.txt'), 'n\n');
      unlinkSync(at('gone.txt'));
    });
    expect(rows()).toEqual([
      ['a.txt', 'edit', 'during "npm test"', 'A\n'],
      ['gone.txt', 'delete', 'during "npm test"', ''],
      ['new.txt', 'create', 'during "npm test"', 'n\n'],
    ]);
    await changes.follower.endTurn('s');
    expect(await changes.unreviewed.undo({ kind: 'turn', ...turn })).toEqual({
      undone: 3,
      problems: [],
    });
    expect(readFileSync(at('a.txt'), 'utf8')).toBe('a\nb\napproved\n');
    expect(readFileSync(at('gone.txt'), 'utf8')).toBe('g\n');
  });

  it('[R233][R234] shows what a command did to hooks and configuration that nobody lists, and takes it back', async () => {
    const { changes, at, command, rows } = place();
    mkdirSync(at('.git/hooks'), { recursive: true });
    mkdirSync(at('.git/objects/ab'), { recursive: true });
    writeFileSync(at('.gitignore'), '.vscode\n.envrc\n');
    writeFileSync(at('.git/config'), '[core]\n');
    writeFileSync(at('.git/hooks/pre-push'), '#!/bin/sh\n');
    chmodSync(at('.git/hooks/pre-push'), 0o755);
    writeFileSync(at('.git/index'), 'i');
    await command('call-1', 'make', () => {
      writeFileSync(at('.git/config'), '[core]\n\thooksPath = x\n');
      writeFileSync(at('.git/hooks/post-commit'), '#!/bin/sh\nevil\n');
      unlinkSync(at('.git/hooks/pre-push'));
      writeFileSync(at('.git/index'), 'j');
      writeFileSync(at('.git/objects/ab/cd'), 'o');
      mkdirSync(at('.vscode'));
      writeFileSync(at('.vscode/tasks.json'), '{}\n');
      writeFileSync(at('.envrc'), 'evil\n');
    });
    expect(rows()).toEqual([
      ['.envrc', 'create', 'during "make"', 'evil\n'],
      ['.git/config', 'edit', 'during "make"', '\thooksPath = x\n'],
      ['.git/hooks/post-commit', 'create', 'during "make"', '#!/bin/sh\nevil\n'],
      ['.git/hooks/pre-push', 'delete', 'during "make"', ''],
      ['.vscode/tasks.json', 'create', 'during "make"', '{}\n'],
    ]);
    await changes.follower.endTurn('s');
    expect(await changes.unreviewed.undo({ kind: 'turn', ...turn })).toEqual({
      undone: 5,
      problems: [],
    });
    expect(readFileSync(at('.git/config'), 'utf8')).toBe('[core]\n');
    expect(statSync(at('.git/hooks/pre-push')).mode & 0o777).toBe(0o755);
    expect([
      existsSync(at('.envrc')),
      existsSync(at('.git/hooks/post-commit')),
      existsSync(at('.vscode/tasks.json')),
    ]).toEqual([false, false, false]);
  });

  it('[R233] says in words what became of protected files where there are no lines to show', async () => {
    const clock = new FakeClock();
    const { at, command, rows, notices } = place({
      nowMs: () => systemClock.nowMs(),
      schedule: (delayMs, run) => clock.schedule(delayMs, run),
    });
    mkdirSync(at('.git/hooks'), { recursive: true });
    await command('call-1', 'make', () => {
      symlinkSync('/tmp/evil', at('.git/hooks/post-commit'));
      writeFileSync(at('.git/hooks/pre-push'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0]));
      writeFileSync(at('image.bin'), Buffer.from([0, 1]));
    });
    await clock.advance(500);
    expect(rows()).toEqual([]);
    expect(notices).toEqual([
      'Protected files were changed without a question, and it cannot be shown as lines: .git/hooks/post-commit (now a link to /tmp/evil, during "make"), .git/hooks/pre-push (changed, during "make"). Look at them before you go on; "Restore to Before a Turn" brings back what is kept of them.',
    ]);
  });

  it('[R159][R235] keeps what the files were before the turn, whoever of its calls changed them, byte for byte', async () => {
    const { changes, files, at, command } = place();
    const mixed = Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0x0d, 0x0a, 0x62, 0x0a]);
    const binary = Buffer.from([0, 1, 2, 0xff]);
    writeFileSync(at('mixed.txt'), mixed);
    writeFileSync(at('image.bin'), binary);
    await command('call-1', 'make', () => writeFileSync(at('image.bin'), 'text'));
    const { text } = await files.readText(at('mixed.txt'));
    await changes.follower.aroundWrite(
      { ...turn, callId: 'edit', path: at('mixed.txt'), text: 'x' },
      () => files.writeText(at('mixed.txt'), 'x', text),
    );
    await command('call-2', 'make', () => writeFileSync(at('mixed.txt'), 'y'));
    await changes.follower.endTurn('s');
    const plan = await changes.checkpoints.plan(['t']);
    expect(plan.map(({ path, kind }) => [path, kind])).toEqual([
      [at('image.bin'), 'change'],
      [at('mixed.txt'), 'change'],
    ]);
    await changes.checkpoints.restore('s', plan);
    expect(readFileSync(at('mixed.txt'))).toEqual(mixed);
    expect(readFileSync(at('image.bin'))).toEqual(binary);
  });

  it('[R233] takes what an agent wrote as approved for known, and keeps what was there before', async () => {
    const { changes, at, rows } = place();
    writeFileSync(at('a.txt'), 'before\n');
    const watch = await changes.follower.beginTurn({
      ...turn,
      asker: 'Agent',
      signal: new AbortController().signal,
    });
    watch.callStarted('call-1', 'Edit');
    writeFileSync(at('a.txt'), 'approved\n');
    await changes.follower.accept(at('a.txt'), 'approved\n', turn);
    writeFileSync(at('b.txt'), 'beside\n');
    watch.callEnded('call-1');
    await watch.end('call-1');
    await changes.follower.endTurn('s');
    expect(rows()).toEqual([['b.txt', 'create', 'during "Edit"', 'beside\n']]);
    await changes.checkpoints.restore('s', await changes.checkpoints.plan(['t']));
    expect(readFileSync(at('a.txt'), 'utf8')).toBe('before\n');
  });

  it('[R233] gives a formatter’s part of a save to the save, in a file of the turn only', async () => {
    const { changes, at, command, rows } = place();
    writeFileSync(at('a.txt'), 'a\nb\nc\n');
    writeFileSync(at('mine.txt'), 'm\n');
    await command('call-1', 'make', () => writeFileSync(at('a.txt'), 'A\nb\nc\n'));
    writeFileSync(at('a.txt'), 'A\nb typed\nC\n');
    await changes.follower.saved(at('a.txt'), 'A\nb typed\nc\n', 'A\nb typed\nC\n');
    writeFileSync(at('mine.txt'), 'M\n');
    await changes.follower.saved(at('mine.txt'), 'm\n', 'M\n');
    await changes.follower.endTurn('s');
    expect(rows()).toEqual([
      ['a.txt', 'edit', 'during "make"', 'A\n'],
      ['a.txt', 'edit', 'on save', 'C\n'],
    ]);
  });

  it('[R234] takes no file away that is ignored or lies elsewhere, when the user types in it during a turn', async () => {
    const { changes, at, rows } = place();
    writeFileSync(at('.gitignore'), '.env\n');
    writeFileSync(at('.env'), 'SECRET=1\n');
    mkdirSync(at('.git'));
    writeFileSync(at('.git/COMMIT_EDITMSG'), 'words\n');
    writeFileSync(join(base, 'elsewhere.txt'), 'e\n');
    const watch = await changes.follower.beginTurn({
      ...turn,
      asker: 'Agent',
      signal: new AbortController().signal,
    });
    const paths = [at('.env'), at('.git/COMMIT_EDITMSG'), join(base, 'elsewhere.txt')];
    for (const path of paths) {
      await changes.follower.reloaded(path);
      await changes.follower.saved(path, 'typed\n', 'typed\n');
      writeFileSync(path, 'typed\n');
    }
    await watch.end(undefined);
    await changes.follower.endTurn('s');
    expect(rows()).toEqual([]);
    await changes.unreviewed.undo({ kind: 'turn', ...turn });
    expect(paths.map((path) => readFileSync(path, 'utf8'))).toEqual(paths.map(() => 'typed\n'));
    expect(await changes.checkpoints.plan(['t'])).toEqual([]);
  });

  it('[R159][R235] keeps what an ignored file was before an approved write, by us or by an agent', async () => {
    const { changes, files, at, command, rows } = place();
    writeFileSync(at('.gitignore'), '.env*\n');
    writeFileSync(at('.env'), 'SECRET=1\n');
    writeFileSync(at('.env.local'), 'SECRET=2\n');
    await command('call-1', 'true', () => undefined);
    await changes.follower.aroundWrite(
      { ...turn, callId: 'edit', path: at('.env'), text: 'SECRET=1\nMORE=2\n' },
      () => files.writeText(at('.env'), 'SECRET=1\nMORE=2\n', 'SECRET=1\n'),
    );
    await changes.services.beforeChildWrite?.({
      ...turn,
      callId: 'edit',
      path: at('.env.local'),
      text: 'approved\n',
    });
    writeFileSync(at('.env.local'), 'approved\n');
    await changes.services.onKnownWrite?.(at('.env.local'), 'approved\n', turn);
    await changes.follower.endTurn('s');
    expect(rows()).toEqual([]);
    const plan = await changes.checkpoints.plan(['t']);
    expect(plan.map(({ path, kind }) => [path, kind])).toEqual([
      [at('.env'), 'change'],
      [at('.env.local'), 'change'],
    ]);
    await changes.checkpoints.restore('s', plan);
    expect(readFileSync(at('.env'), 'utf8')).toBe('SECRET=1\n');
    expect(readFileSync(at('.env.local'), 'utf8')).toBe('SECRET=2\n');
  });

  it('[R233] shows what an agent wrote other than approved, also where something waits in the file', async () => {
    const { changes, at, command, rows } = place();
    const path = at('a.txt');
    writeFileSync(path, '1\n2\n3\n4\n5\n');
    await command('call-1', 'make', () => writeFileSync(path, 'one\n2\n3\n4\n5\n'));
    const approved = 'one\n2\nthree\n4\n5\n';
    writeFileSync(path, 'one\n2\nthree\n4\nfive\n');
    const { onKnownWrite, onUnexpectedChange } = changes.services;
    await onKnownWrite?.(path, approved, turn);
    onUnexpectedChange({
      ...turn,
      callId: 'edit',
      asker: 'Agent',
      path,
      expectedText: approved,
      actualText: 'one\n2\nthree\n4\nfive\n',
    });
    expect(rows()).toEqual([
      ['a.txt', 'edit', 'during "make"', 'one\n'],
      ['a.txt', 'edit', 'during "Agent, other than approved"', 'five\n'],
    ]);
    await changes.follower.endTurn('s');
    await changes.unreviewed.undo({ kind: 'turn', ...turn });
    expect(readFileSync(path, 'utf8')).toBe('1\n2\nthree\n4\n5\n');
  });

  it('[R233] shows nothing of an approved write that the editor sees before the agent tells of it', async () => {
    const { changes, at, rows } = place();
    const path = at('a.txt');
    writeFileSync(path, '1\n2\n3\n');
    const watch = await changes.follower.beginTurn({
      ...turn,
      asker: 'Agent',
      signal: new AbortController().signal,
    });
    const write = (file: string, text: string | undefined) =>
      changes.services.beforeChildWrite?.({ ...turn, callId: 'edit', path: file, text });
    await write(path, '1\ntwo\n3\n');
    writeFileSync(path, '1\ntwo\n3\n');
    await changes.follower.reloaded(path);
    expect(rows()).toEqual([]);
    await changes.services.onKnownWrite?.(path, '1\ntwo\n3\n', turn);
    await write(at('new.txt'), 'approved\n');
    writeFileSync(at('new.txt'), 'approved\nand more\n');
    await changes.follower.reloaded(at('new.txt'));
    expect(rows()).toEqual([['new.txt', 'edit', 'during "Agent"', 'and more\n']]);
    await write(path, undefined);
    unlinkSync(path);
    await changes.follower.reloaded(path);
    expect(rows()).toHaveLength(1);
    // What the agent has not told of in its turn is over with it.
    await watch.end(undefined);
    await changes.follower.endTurn('s');
    await changes.unreviewed.undo({ kind: 'turn', ...turn });
    expect(readFileSync(at('new.txt'), 'utf8')).toBe('approved\n');
    await changes.checkpoints.restore('s', await changes.checkpoints.plan(['t']));
    expect(readFileSync(path, 'utf8')).toBe('1\n2\n3\n');
  });

  it('[R234] gives a deleted file back byte for byte and with its mode, unless it was changed before', async () => {
    const { changes, files, at, command } = place();
    const bytes = Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0x0d, 0x0a, 0x62, 0x0a]);
    writeFileSync(at('run.sh'), bytes);
    chmodSync(at('run.sh'), 0o755);
    writeFileSync(at('edited.txt'), 'before\n');
    await changes.follower.aroundWrite(
      { ...turn, callId: 'edit', path: at('edited.txt'), text: 'approved\n' },
      () => files.writeText(at('edited.txt'), 'approved\n', 'before\n'),
    );
    await command('call-1', 'make clean', () => {
      unlinkSync(at('run.sh'));
      unlinkSync(at('edited.txt'));
    });
    await changes.follower.endTurn('s');
    expect(await changes.unreviewed.undo({ kind: 'turn', ...turn })).toEqual({
      undone: 2,
      problems: [],
    });
    expect(readFileSync(at('run.sh'))).toEqual(bytes);
    if (process.platform !== 'win32') {
      expect(statSync(at('run.sh')).mode & 0o777).toBe(0o755);
    }
    expect(readFileSync(at('edited.txt'), 'utf8')).toBe('approved\n');
    expect(changes.unreviewed.list()).toEqual([]);
  });

  it('[R233] gives what the editor reads anew to the command while one is watched, and to the user when none is', async () => {
    const { changes, at, command, rows } = place();
    writeFileSync(at('a.txt'), 'one\ntwo\n');
    await command('call-1', 'make', () => writeFileSync(at('a.txt'), 'ONE\ntwo\n'));
    await command('call-2', 'npm test', () => {
      writeFileSync(at('a.txt'), 'ONE\ntwo\nthree\n');
    });
    await changes.follower.reloaded(at('a.txt'));
    const waiting = [
      ['a.txt', 'edit', 'during "make"', 'ONE\n'],
      ['a.txt', 'edit', 'during "npm test"', 'three\n'],
    ];
    expect(rows()).toEqual(waiting);
    await changes.follower.endTurn('s');
    writeFileSync(at('a.txt'), 'mine\nONE\ntwo\nthree\n');
    await changes.follower.reloaded(at('a.txt'));
    expect(rows()).toEqual(waiting);
    expect(changes.unreviewed.list()[0]?.baseText).toBe('mine\none\ntwo\n');
  });

  it('[R233][R234] shows that a command made a hook or a program executable, and takes just that back', async () => {
    const { changes, at, command, notices } = place();
    mkdirSync(at('.git/hooks'), { recursive: true });
    const files = ['.git/hooks/pre-commit', 'run.sh', 'tool.bin', 'edited.sh'] as const;
    for (const name of files) {
      writeFileSync(at(name), name === 'tool.bin' ? '\0' : 'echo\n');
      chmodSync(at(name), 0o644);
    }
    const before = statSync(at('.git/hooks/pre-commit'));
    await command('call-1', 'make', () => {
      files.forEach((name) => chmodSync(at(name), 0o755));
      writeFileSync(at('edited.sh'), 'evil\n');
    });
    const rows = () =>
      changes.unreviewed
        .list()
        .flatMap(({ label, hunks }) =>
          hunks.map((entry) => [label, changeWords(entry), entry.hunk.newText]),
        );
    const made = (label: string): readonly string[] => [label, 'made executable during "make"', ''];
    expect(rows()).toEqual([
      made('.git/hooks/pre-commit'),
      ['edited.sh', 'during "make"', 'evil\n'],
      made('edited.sh'),
      made('run.sh'),
      made('tool.bin'),
    ]);
    expect(notices).toEqual([]);
    expect(await changes.unreviewed.undo({ kind: 'all' })).toEqual({ undone: 5, problems: [] });
    for (const name of files) {
      expect(statSync(at(name)).mode & 0o777).toBe(0o644);
    }
    const { mtimeMs, ino } = statSync(at('.git/hooks/pre-commit'));
    expect({ mtimeMs, ino }).toEqual({ mtimeMs: before.mtimeMs, ino: before.ino });
    expect(readFileSync(at('edited.sh'), 'utf8')).toBe('echo\n');
    await changes.follower.endTurn('s');
    expect(rows()).toEqual([]);

    // An agent writes what was approved, and makes it executable besides.
    const turn2 = { sessionId: 's', turnId: 't2' };
    const watch = await changes.follower.beginTurn({
      ...turn2,
      asker: 'Agent',
      signal: new AbortController().signal,
    });
    const write = { ...turn2, callId: 'c', path: at('run.sh'), text: 'approved\n' };
    await changes.services.beforeChildWrite?.(write);
    writeFileSync(at('run.sh'), 'approved\n');
    chmodSync(at('run.sh'), 0o755);
    await changes.services.onKnownWrite?.(at('run.sh'), 'approved\n', turn2);
    await watch.end('c');
    expect(rows()).toEqual([['run.sh', 'made executable during "an approved write"', '']]);

    // A link in its place is never changed.
    unlinkSync(at('run.sh'));
    symlinkSync(at('tool.bin'), at('run.sh'));
    chmodSync(at('tool.bin'), 0o755);
    const { undone, problems } = await changes.unreviewed.undo({ kind: 'all' });
    expect([undone, problems[0]]).toEqual([0, expect.stringContaining('a link leads from there')]);
    expect(statSync(at('tool.bin')).mode & 0o777).toBe(0o755);
  });

  it('[R233][R234] shows what was done to the hooks of a repository that is kept elsewhere, and takes it back', async () => {
    const main = join(base, 'main', '.git');
    const own = join(main, 'worktrees', 'app');
    mkdirSync(join(main, 'hooks'), { recursive: true });
    mkdirSync(own, { recursive: true });
    writeFileSync(join(main, 'HEAD'), 'ref: refs/heads/main\n');
    writeFileSync(join(main, 'config'), '[core]\n');
    writeFileSync(join(main, 'hooks', 'pre-push'), 'exit 0\n');
    writeFileSync(join(own, 'HEAD'), 'ref: refs/heads/app\n');
    writeFileSync(join(own, 'commondir'), '../..\n');
    const { changes, at, command, notices } = place();
    writeFileSync(at('.git'), `gitdir: ${own}\n`);
    const rows = () =>
      changes.unreviewed
        .list()
        .flatMap(({ path, kind, hunks }) =>
          hunks.map((entry) => [path.slice(base.length + 1), kind, changeWords(entry)]),
        );
    await command('call-1', 'make', () => {
      writeFileSync(join(main, 'config'), '[core]\n\thooksPath = evil\n');
      writeFileSync(join(main, 'hooks', 'post-checkout'), 'evil\n');
      chmodSync(join(main, 'hooks', 'pre-push'), 0o755);
      writeFileSync(join(main, 'HEAD'), 'ref: refs/heads/other\n');
      writeFileSync(join(base, 'elsewhere.txt'), 'not followed\n');
    });
    expect(rows()).toEqual([
      ['main/.git/config', 'edit', 'during "make"'],
      ['main/.git/hooks/post-checkout', 'create', 'during "make"'],
      ['main/.git/hooks/pre-push', 'edit', 'made executable during "make"'],
    ]);
    const { undone, problems } = await changes.unreviewed.undo({ kind: 'all' });
    expect({ undone, problems }).toEqual({ undone: 3, problems: [] });
    expect(readFileSync(join(main, 'config'), 'utf8')).toBe('[core]\n');
    expect(existsSync(join(main, 'hooks', 'post-checkout'))).toBe(false);
    expect(statSync(join(main, 'hooks', 'pre-push')).mode & 0o111).toBe(0);

    // An approved one is no news, also where the file is new.
    const hook = join(main, 'hooks', 'commit-msg');
    await changes.services.aroundWrite?.(
      { ...turn, callId: 'c', path: hook, text: 'approved\n' },
      () => {
        writeFileSync(hook, 'approved\n');
        return Promise.resolve({ isSaved: true });
      },
    );
    await command('call-2', 'ls', () => undefined);
    expect(rows()).toEqual([]);
    await changes.follower.endTurn('s');

    // Byte for byte as it was before the turn, which is more than the undo of one change.
    await command('call-3', 'make', () => writeFileSync(join(main, 'config'), 'evil\n'));
    await changes.follower.endTurn('s');
    const plan = await changes.checkpoints.plan(['t']);
    expect((await changes.checkpoints.restore('s', plan)).problems).toEqual([]);
    expect(readFileSync(join(main, 'config'), 'utf8')).toBe('[core]\n');
    expect(notices).toEqual([]);
  });

  it('[R235] leaves nothing waiting of a file that was restored, also while its buffer is the old one', async () => {
    const { changes, files, at, command, rows } = place();
    writeFileSync(at('a.txt'), 'before\n');
    await command('call-1', 'make', () => writeFileSync(at('a.txt'), 'after\n'));
    await changes.follower.endTurn('s');
    files.readText = () => Promise.resolve({ text: 'after\n', isDirty: false, isOpen: true });
    await changes.checkpoints.restore('s', await changes.checkpoints.plan(['t']));
    await changes.acceptFromDisk(at('a.txt'));
    expect(rows()).toEqual([]);
  });
});
