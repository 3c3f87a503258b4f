import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isProtectedName } from '../../../src/gate/sensitiveNames';
import { gitDirectories } from '../../../src/node/gitDirectories';
import { ProtectedFileWalk } from '../../../src/node/protectedFiles';

describe('a repository that is not kept in the folder', () => {
  let base: string;
  beforeEach(() => (base = realpathSync(mkdtempSync(join(tmpdir(), 'patchbay-gitdir-')))));
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  const put = (name: string, text = name): void => {
    mkdirSync(dirname(join(base, name)), { recursive: true });
    writeFileSync(join(base, name), text);
  };
  const found = async (folder: string): Promise<readonly string[]> =>
    (await gitDirectories(join(base, folder))).map((path) => path.slice(base.length + 1));
  const listed = async (folder: string) => {
    const walk = new ProtectedFileWalk({
      isProtected: (names) => isProtectedName(names, 'posix'),
    });
    const { paths, ...listing } = await walk.list(join(base, folder), new AbortController().signal);
    return { paths: [...paths].sort(), ...listing };
  };

  it('[R233] is found above the folder, behind the pointer of a working copy or a submodule, and where it was put aside', async () => {
    put('main/.git/HEAD');
    mkdirSync(join(base, 'main/sub/deep'), { recursive: true });
    expect(await found('main')).toEqual([]);
    expect(await found('main/sub/deep')).toEqual(['main/.git']);

    put('copy/.git', `gitdir: ${join(base, 'main/.git/worktrees/copy')}\n`);
    put('main/.git/worktrees/copy/HEAD');
    put('main/.git/worktrees/copy/commondir', '../..\n');
    expect(await found('copy')).toEqual(['main/.git/worktrees/copy', 'main/.git']);

    put('main/lib/.git', 'gitdir: ../.git/modules/lib\n');
    put('main/.git/modules/lib/HEAD');
    expect(await found('main/lib')).toEqual(['main/.git/modules/lib']);

    put('aside/.git', 'gitdir: ../data\r\n');
    put('data/HEAD');
    expect(await found('aside')).toEqual(['data']);
    symlinkSync(join(base, 'main/sub'), join(base, 'link'));
    expect(await found('link')).toEqual(['main/.git']);
  });

  it('[R233] is none where the pointer leads to something else, or to nothing', async () => {
    put('home/.ssh/config');
    for (const pointer of ['gitdir: ../home/.ssh\n', 'gitdir: ../absent\n', '../data\n', '']) {
      put('evil/.git', pointer);
      expect(await found('evil')).toEqual([]);
    }
    put('evil/.git', `gitdir: ../${'x/'.repeat(3000)}\n`);
    expect(await found('evil')).toEqual([]);
    expect(await found('absent')).toEqual([]);
  });

  it('[R233] has its hooks and its configuration among the protected files of the folder', async () => {
    put('main/.git/HEAD');
    put('main/.git/index');
    put('main/.git/config');
    put('main/.git/hooks/pre-commit');
    put('main/.git/info/attributes');
    put('main/.git/worktrees/copy/HEAD');
    put('main/.git/worktrees/copy/commondir', '../..');
    put('main/.git/worktrees/copy/config.worktree');
    symlinkSync('/tmp/evil', join(base, 'main/.git/hooks/post-merge'));
    put('copy/.git', `gitdir: ${join(base, 'main/.git/worktrees/copy')}\n`);
    put('copy/.npmrc');
    put('copy/src/a.ts');
    expect(await listed('copy')).toEqual({
      paths: [
        '../main/.git/config',
        '../main/.git/hooks/pre-commit',
        '../main/.git/info/attributes',
        '../main/.git/worktrees/copy/commondir',
        '../main/.git/worktrees/copy/config.worktree',
        '.git',
        '.npmrc',
      ],
      links: new Map([['../main/.git/hooks/post-merge', '/tmp/evil']]),
      isComplete: true,
      elsewhere: [join(base, 'main/.git/worktrees/copy'), join(base, 'main/.git')],
    });
    put('main/sub/a.ts');
    expect((await listed('main/sub')).paths).toEqual([
      '../.git/config',
      '../.git/hooks/pre-commit',
      '../.git/info/attributes',
    ]);
  });
});
