import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/logger';
import { ChangeFiles } from '../../../src/node/changeFiles';
import { CheckpointFiles } from '../../../src/node/checkpointFiles';
import { WorkspaceImages } from '../../../src/node/diskImages';
import { Checkpoints } from '../../../src/session/checkpoints';
import { FakeClock } from '../../fakes/fakeClock';
import { removeFolder } from '../../fakes/removeFolder';

const isPosix = process.platform !== 'win32';

describe('checkpoints on disk', () => {
  let base: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'patchbay-checkpoints-'));
  });
  afterEach(() => removeFolder(base));

  function place(more: { readonly maxBytes?: number; readonly maxCheckpoints?: number } = {}) {
    const folders = [join(base, 'one'), join(base, 'two')];
    folders.forEach((folder) => mkdirSync(folder, { recursive: true }));
    const store = new CheckpointFiles({ folder: join(base, 'store'), ...more });
    const images = new WorkspaceImages({ folders: () => folders, maxBytes: 1000 });
    const clock = new FakeClock();
    const notices: string[] = [];
    let restores = 0;
    const checkpoints = new Checkpoints({
      store,
      files: images,
      clock,
      logger: silentLogger,
      createTurnId: () => `restore-${++restores}`,
      onNotice: (text) => notices.push(text),
    });
    const put = (path: string, bytes: Uint8Array | string, mode = 0o644): void => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
      chmodSync(path, mode);
    };
    /** A turn that writes these, each after what was there was kept. */
    const turn = async (turnId: string, writes: () => void, paths: readonly string[]) => {
      await clock.advance(1);
      for (const path of paths) {
        await checkpoints.noteWrite({ sessionId: 's', turnId }, path);
      }
      writes();
      await checkpoints.endTurns([turnId]);
    };
    const restore = async (turnIds: readonly string[]) =>
      await checkpoints.restore('s', await checkpoints.plan(turnIds));
    return { folders, store, images, clock, notices, checkpoints, put, turn, restore };
  }

  /** Every file with its bytes and, where there are such, its mode bits. */
  function tree(folder: string): Readonly<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const name of readdirSync(folder, { recursive: true }).map(String).sort()) {
      const path = join(folder, name);
      const stat = lstatSync(path);
      if (stat.isFile()) {
        found[name] =
          `${isPosix ? (stat.mode & 0o777).toString(8) : ''} ${readFileSync(path).toString('hex')}`;
      }
    }
    return found;
  }

  it('[R235] restore random trees of two folders byte for byte, to before any turn, and back again', async () => {
    const file = fc.record({
      folder: fc.nat(1),
      name: fc.constantFrom('a', 'b', 'sub/c', 'sub/deep/d', 'sub/deep/e', 'f.sh'),
      bytes: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }),
      isExecutable: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { maxLength: 8 }),
        fc.array(fc.array(file, { maxLength: 5 }), { minLength: 1, maxLength: 4 }),
        fc.nat(3),
        async (start, turns, chosen) => {
          removeFolder(base);
          mkdirSync(base);
          const { folders, turn, put, restore, checkpoints } = place();
          const pathOf = (one: { readonly folder: number; readonly name: string }): string =>
            join(folders[one.folder] ?? '', one.name);
          const write = (one: (typeof start)[number]): void => {
            if (one.bytes === undefined) {
              rmSync(pathOf(one), { force: true });
            } else {
              put(pathOf(one), one.bytes, one.isExecutable ? 0o755 : 0o644);
            }
          };
          start.forEach(write);
          const trees = [];
          for (const [index, writes] of turns.entries()) {
            trees.push(folders.map(tree));
            await turn(`t${index}`, () => writes.forEach(write), writes.map(pathOf));
          }
          const end = folders.map(tree);
          const at = chosen % turns.length;
          const { problems } = await restore(turns.map((_, index) => `t${index}`).slice(at));
          expect(problems).toEqual([]);
          expect(folders.map(tree)).toEqual(trees[at]);
          const back = await checkpoints.planUndo('s');
          await checkpoints.restore('s', back ?? []);
          if (JSON.stringify(end) !== JSON.stringify(trees[at])) {
            expect(folders.map(tree)).toEqual(end);
          }
        },
      ),
      { numRuns: 30 },
    );
  }, 60_000);

  it('[R235] say before a restore what changes, what was changed since, and what cannot be restored', async () => {
    const { folders, put, turn, checkpoints } = place();
    const at = (name: string): string => join(folders[0] ?? '', name);
    put(at('changed'), 'before');
    put(at('deleted'), 'before');
    put(at('large'), 'x'.repeat(2000));
    put(at('same'), 'same');
    const names = ['changed', 'deleted', 'large', 'made', 'same'];
    await turn(
      't1',
      () => {
        put(at('changed'), 'by the turn');
        rmSync(at('deleted'));
        put(at('large'), 'small');
        put(at('made'), 'new');
      },
      names.map(at),
    );
    put(at('changed'), 'and by the user');
    const plan = await checkpoints.plan(['t1']);
    expect(
      plan.map((step) => [
        step.path,
        step.kind,
        step.kind === 'impossible' ? step.why : step.isChangedSince,
      ]),
    ).toEqual([
      [at('changed'), 'change', true],
      [at('deleted'), 'create', false],
      [at('large'), 'impossible', 'it is too large to be kept'],
      [at('made'), 'delete', false],
    ]);
    // What the user wrote is in the checkpoint of the restore.
    await checkpoints.restore('s', plan);
    expect(readFileSync(at('changed'), 'utf8')).toBe('before');
    await checkpoints.restore('s', (await checkpoints.planUndo('s')) ?? []);
    expect(readFileSync(at('changed'), 'utf8')).toBe('and by the user');
  });

  it('[R235] keep all of a turn when an edit of it is approved after its end', async () => {
    const { folders, put, turn, restore, checkpoints, clock } = place();
    const at = (name: string): string => join(folders[0] ?? '', name);
    const names = ['a', 'b', 'late', 'later'];
    names.forEach((name) => put(at(name), `${name} before`));
    const write = (name: string, text: string) => () => put(at(name), text);
    await turn('t1', () => ['a', 'b'].forEach((name) => put(at(name), `${name} by t1`)), [
      at('a'),
      at('b'),
    ]);
    await turn('t2', write('late', 'late by t2'), [at('late')]);
    put(at('b'), 'b by the user');
    // Approved late: the files' own images before them are those that count.
    await turn('t1', write('a', 'a approved late'), [at('a')]);
    await turn('t1', write('late', 'late approved late'), [at('late')]);
    await turn('t1', write('later', 'later approved late'), [at('later')]);
    const plan = await checkpoints.plan(['t1', 't2']);
    expect(
      plan.map((step) => [step.path, 'isChangedSince' in step && step.isChangedSince]),
    ).toEqual([
      [at('a'), false],
      [at('b'), true],
      [at('late'), false],
      [at('later'), false],
    ]);
    await clock.advance(1);
    expect((await restore(['t1', 't2'])).problems).toEqual([]);
    expect(names.map((name) => readFileSync(at(name), 'utf8'))).toEqual(
      names.map((name) => `${name} before`),
    );
  });

  it('[R235] of files that change together are written together, and the others are read once', async () => {
    const { folders, store, put, checkpoints } = place();
    const names = Array.from({ length: 100 }, (_, index) => join(folders[0] ?? '', `f${index}`));
    names.forEach((name) => put(name, 'before'));
    const written: number[] = [];
    const putWhole = store.put.bind(store);
    store.put = (checkpoint) => {
      written.push(checkpoint.files.length);
      return putWhole(checkpoint);
    };
    await store.put({ sessionId: 's', turnId: 'old', kind: 'turn', createdAtMs: 0, files: [] });
    // What cannot be read would fail whoever read it again.
    mkdirSync(join(base, 'store/turns/s/folder.json'));
    const turn = { sessionId: 's', turnId: 't1' };
    const image = { kind: 'file', bytes: Buffer.from('before'), mode: 0o644 } as const;
    await Promise.all(names.map((name) => checkpoints.noteBefore(turn, name, image)));
    expect(written).toEqual([0, 100]);
    await checkpoints.endTurns(['t1']);
    rmSync(join(base, 'store/turns/s/folder.json'), { recursive: true });
    names.forEach((name) => put(name, 'after'));
    expect(await checkpoints.plan(['t1'])).toHaveLength(100);
  });

  it('[R235] have a step for a file whose changes are not saved yet', async () => {
    const { folders, put, turn, checkpoints } = place();
    const path = join(folders[0] ?? '', 'a');
    put(path, 'before');
    await turn('t1', () => undefined, [path]);
    expect(await checkpoints.plan(['t1'])).toEqual([]);
    expect(await checkpoints.plan(['t1'], (name) => name === path)).toMatchObject([
      { kind: 'change', path, isChangedSince: false },
    ]);
  });

  it('[R235] take away what a killed host was about to write, and so do the changes that wait', async () => {
    const { store } = place();
    const inStore = ['blobs', 'turns/s', 'changes'].map((name) => join(base, 'store', name));
    for (const folder of inStore) {
      mkdirSync(folder, { recursive: true });
      ['old.tmp', 'young.tmp'].forEach((name) => writeFileSync(join(folder, name), 'half'));
      utimesSync(join(folder, 'old.tmp'), 1, 1);
    }
    await store.put({ sessionId: 's', turnId: 't1', kind: 'turn', createdAtMs: 0, files: [] });
    expect(await new ChangeFiles(join(base, 'store/changes')).load()).toEqual([]);
    expect(inStore.map((folder) => readdirSync(folder).sort())).toEqual([
      ['young.tmp'],
      ['t1.json', 'young.tmp'],
      ['young.tmp'],
    ]);
  });

  it('[R235] take away folders that a turn made, and none that hold something else', async () => {
    const { folders, put, turn, restore } = place();
    const [folder = ''] = folders;
    const made = join(folder, 'new/deep/file');
    await turn('t1', () => put(made, 'x'), [made]);
    await restore(['t1']);
    expect(readdirSync(folder)).toEqual([]);
    const again = join(folder, 'new/file');
    await turn('t2', () => put(again, 'x'), [again]);
    put(join(folder, 'new/mine'), 'mine');
    await restore(['t2']);
    expect(readdirSync(join(folder, 'new'))).toEqual(['mine']);
  });

  it.runIf(isPosix)(
    '[R235] never write outside of the workspace, also where a folder became a link since',
    async () => {
      const { folders, put, turn, restore } = place();
      const [folder = ''] = folders;
      const inside = join(folder, 'sub/file');
      put(inside, 'before');
      await turn('t1', () => put(inside, 'after'), [inside]);
      const outside = join(base, 'outside');
      put(join(outside, 'file'), 'theirs');
      rmSync(join(folder, 'sub'), { recursive: true });
      symlinkSync(outside, join(folder, 'sub'));
      const { restored, problems } = await restore(['t1']);
      expect(restored).toEqual([]);
      expect(problems[0]).toContain('a link leads from there to');
      expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('theirs');
    },
  );

  it.runIf(isPosix)(
    '[R235] never write through a link that was laid since, also to another place of the workspace',
    async () => {
      const { folders, put, turn, restore } = place();
      const [folder = ''] = folders;
      const tool = join(folder, 'tool.sh');
      const config = join(folder, 'd/config');
      const hook = join(folder, '.git/hooks/pre-commit');
      put(tool, 'before');
      await turn('t1', () => put(tool, 'after'), [tool]);
      await turn('t2', () => put(config, 'made'), [config]);
      put(hook, 'the hook');
      put(join(folder, '.git/config'), 'the config');
      rmSync(tool);
      symlinkSync(hook, tool);
      rmSync(join(folder, 'd'), { recursive: true });
      symlinkSync(join(folder, '.git'), join(folder, 'd'));
      const { restored, problems } = await restore(['t1', 't2']);
      expect(restored).toEqual([]);
      expect(problems).toHaveLength(2);
      expect(readFileSync(hook, 'utf8')).toBe('the hook');
      expect(readFileSync(join(folder, '.git/config'), 'utf8')).toBe('the config');
    },
  );

  it('[R235] are found by their turns, also for a copy of the session', async () => {
    const { folders, put, turn, store } = place();
    const path = join(folders[0] ?? '', 'a');
    await turn('t1', () => put(path, 'one'), [path]);
    await turn('t2', () => put(path, 'two'), [path]);
    expect((await store.find(['t2', 'none'])).map(({ turnId }) => turnId)).toEqual(['t2']);
    expect((await store.find(['t2', 't1'])).map(({ turnId }) => turnId)).toEqual(['t1', 't2']);
    await store.removeSession('s');
    expect(await store.find(['t1', 't2'])).toEqual([]);
  });

  it('[R235] restore nothing that may not be recorded', async () => {
    const { folders, put, turn, checkpoints } = place();
    const path = join(folders[0] ?? '', 'a');
    put(path, 'before');
    await turn('t1', () => put(path, 'after'), [path]);
    const { restored, problems } = await checkpoints.restore(
      's',
      await checkpoints.plan(['t1']),
      () => Promise.resolve('the audit log cannot be written'),
    );
    expect(restored).toEqual([]);
    expect(problems).toEqual([`${path} stays as it is: the audit log cannot be written.`]);
    expect(readFileSync(path, 'utf8')).toBe('after');
  });

  it.runIf(isPosix)('[R235] are private, and hold equal bytes once', async () => {
    const { folders, put, turn, store } = place();
    const paths = ['a', 'b'].map((name) => join(folders[0] ?? '', name));
    paths.forEach((path) => put(path, 'equal'));
    await turn('t1', () => paths.forEach((path) => put(path, 'other')), paths);
    const blobs = join(base, 'store/blobs');
    expect(readdirSync(blobs)).toHaveLength(1);
    for (const path of [join(base, 'store/turns/s'), blobs]) {
      expect(statSync(path).mode & 0o777).toBe(0o700);
      for (const name of readdirSync(path)) {
        expect(statSync(join(path, name)).mode & 0o777).toBe(0o600);
      }
    }
    expect(await store.usage()).toEqual({
      checkpoints: 1,
      files: 2,
      bytes: 5,
      maxBytes: 128 * 1024 * 1024,
    });
  });

  it('[R235] stay below their bound: the oldest go with their bytes, and the user is told once', async () => {
    const { folders, put, turn, store, checkpoints, notices } = place({ maxBytes: 250 });
    const path = join(folders[0] ?? '', 'a');
    for (let index = 0; index < 6; index++) {
      put(path, String(index).repeat(100));
      await turn(`t${index}`, () => put(path, 'x'), [path]);
      expect((await store.usage()).bytes).toBeLessThanOrEqual(250);
    }
    expect((await store.list('s')).map(({ turnId }) => turnId)).toEqual(['t4', 't5']);
    expect(notices).toEqual([expect.stringContaining('can no longer be restored')]);
    await checkpoints.removeSession('s');
    expect(await store.usage()).toMatchObject({ checkpoints: 0, bytes: 0 });
    expect(existsSync(join(base, 'store/turns/s'))).toBe(false);
  });

  it('[R235] whose bytes are damaged restore nothing and say so', async () => {
    const { folders, put, turn, restore } = place();
    const path = join(folders[0] ?? '', 'a');
    put(path, 'before');
    await turn('t1', () => put(path, 'after'), [path]);
    const blobs = join(base, 'store/blobs');
    writeFileSync(join(blobs, readdirSync(blobs)[0] ?? ''), 'damage');
    const { problems } = await restore(['t1']);
    expect(problems[0]).toContain('no longer in the checkpoints');
    expect(readFileSync(path, 'utf8')).toBe('after');
  });
});
