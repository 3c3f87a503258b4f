import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isProtectedName } from '../../../src/gate/sensitiveNames';
import { ProtectedFileWalk, type ProtectedFileLimits } from '../../../src/node/protectedFiles';
import { removeFolder } from '../../fakes/removeFolder';

describe('the protected files of a folder', () => {
  let base: string;
  beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'patchbay-protected-'))));
  afterEach(() => removeFolder(base));

  const make = (...names: readonly string[]): void => {
    for (const name of names) {
      mkdirSync(dirname(join(base, name)), { recursive: true });
      writeFileSync(join(base, name), name);
    }
  };
  const list = (limits?: ProtectedFileLimits, signal = new AbortController().signal) =>
    new ProtectedFileWalk({
      isProtected: (names) => isProtectedName(names, 'posix'),
      ...(limits === undefined ? {} : { limits }),
    }).list(base, signal);

  it('[R233] are found in every folder, with all that lies below a protected one', async () => {
    make('a.ts', '.npmrc', 'one/.envrc', 'one/two/.vscode/tasks.json', 'one/two/.vscode/x/y.json');
    make('.claude/settings.local.json', '.claude/hooks/run.sh', '.github/prompts/x.md');
    make('.claude/worktrees/fix/.npmrc', 'node_modules/a/.npmrc', '.yarn/cache/a.zip');
    make('.gradle/8.0/state.bin', '.gradle/config.properties', 'Dockerfile');
    const found = await list();
    expect([...found.paths].sort()).toEqual([
      '.claude/hooks/run.sh',
      '.claude/settings.local.json',
      '.github/prompts/x.md',
      '.gradle/config.properties',
      '.npmrc',
      'Dockerfile',
      'one/.envrc',
      'one/two/.vscode/tasks.json',
      'one/two/.vscode/x/y.json',
    ]);
    expect(found.isComplete).toBe(true);
  });

  it('[R233] are of a repository what makes it run something, also of those inside it, and nothing that every commit changes', async () => {
    make('.git/HEAD', '.git/index', '.git/objects/ab/cd', '.git/logs/HEAD', '.git/refs/heads/main');
    make('.git/config', '.git/config.worktree', '.git/hooks/post-commit', '.git/hooks/d/inner');
    make('.git/info/attributes', '.git/info/exclude', '.git/info/sparse-checkout');
    make(
      '.git/modules/libs/one/HEAD',
      '.git/modules/libs/one/config',
      '.git/modules/libs/one/index',
    );
    make('.git/modules/libs/one/hooks/post-checkout', '.git/modules/libs/one/modules/two/HEAD');
    make('.git/modules/libs/one/modules/two/config', 'deps/a/.git/hooks/post-merge', 'b/.git');
    make('.hg/hgrc', '.hg/store/data', '.jj/repo/config.toml', '.jj/repo/store/x', '.svn/wc.db');
    expect([...(await list()).paths].sort()).toEqual([
      '.git/config',
      '.git/config.worktree',
      '.git/hooks/d/inner',
      '.git/hooks/post-commit',
      '.git/info/attributes',
      '.git/info/exclude',
      '.git/modules/libs/one/config',
      '.git/modules/libs/one/hooks/post-checkout',
      '.git/modules/libs/one/modules/two/config',
      '.hg/hgrc',
      '.jj/repo/config.toml',
      'b/.git',
      'deps/a/.git/hooks/post-merge',
    ]);
  });

  it('[R233] are told apart from links in their place, which are not followed', async () => {
    make('.git/hooks/real', 'elsewhere/tasks.json');
    symlinkSync('/tmp/evil', join(base, '.git/hooks/post-commit'));
    symlinkSync('elsewhere', join(base, '.vscode'));
    symlinkSync('.', join(base, 'loop'));
    const { paths, links } = await list();
    expect([...paths]).toEqual(['.git/hooks/real']);
    expect([...links].sort()).toEqual([
      ['.git/hooks/post-commit', '/tmp/evil'],
      ['.vscode', 'elsewhere'],
    ]);
  });

  it('are bounded, the upper folders first, and say when there may be more', async () => {
    make('.npmrc', 'a/.npmrc', 'a/b/.npmrc', '.vscode/1', '.vscode/2', '.vscode/3');
    const limits = { folders: 100, entries: 1000, filesPerFolder: 100 };
    expect(await list({ ...limits, folders: 3 })).toMatchObject({
      paths: ['.npmrc', '.vscode/1', '.vscode/2', '.vscode/3', 'a/.npmrc'],
      isComplete: false,
    });
    expect(await list({ ...limits, filesPerFolder: 2 })).toMatchObject({
      paths: ['.npmrc', '.vscode/1', '.vscode/2', 'a/.npmrc', 'a/b/.npmrc'],
      isComplete: false,
    });
    expect((await list({ ...limits, entries: 2 })).isComplete).toBe(false);
    const stopped = await list(limits, AbortSignal.abort());
    expect([stopped.paths, stopped.isComplete]).toEqual([[], false]);
  });
});
