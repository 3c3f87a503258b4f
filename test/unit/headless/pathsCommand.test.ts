import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { isJsonObject } from '../../../src/base/guard';
import type { JsonObject } from '../../../src/base/json';
import { classifyPath } from '../../../src/headless/pathsCommand';
import { diskPathProbe } from '../../../src/node/pathProbe';
import { removeFolder } from '../../fakes/removeFolder';

const stage = realpathSync(mkdtempSync(join(tmpdir(), 'patchbay-paths-')));
const work = join(stage, 'work');
afterAll(() => removeFolder(stage));

for (const folder of ['work/src', 'out', 'work/sub/.git', 'work/.git', 'work/plain']) {
  mkdirSync(join(stage, folder), { recursive: true });
}
for (const file of ['work/src/a.ts', 'work/.env', 'out/x']) {
  writeFileSync(join(stage, file), '');
}
const links: Readonly<Record<string, string>> = {
  'work/pw': '/etc/passwd',
  'work/out': join(stage, 'out'),
  'work/dangle': 'nowhere',
  'work/dangleabs': '/nowhere/x',
  'work/notes.txt': '.env',
  'work/innocent': '.git',
  'work/a': 'b',
  'work/b': 'a',
  'work/link': 'src',
  'work/link2': 'link',
  wl: work,
  'out/in': join(work, 'src/a.ts'),
  'work/null': '/dev/null',
  'work/dl': '../out/newfile',
  'work/cwd': '/proc/self/cwd',
  'work/rootlink': '/',
  'work/hook.txt': '.git/hooks/pre-commit',
};
Object.entries(links).forEach(([path, target]) => symlinkSync(target, join(stage, path)));

const corpus: readonly JsonObject[] = readFileSync(
  join(__dirname, '../../fixtures/gate/paths.ndjson'),
  'utf8',
)
  .replaceAll('$W', work)
  .replaceAll('$T', stage)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as unknown)
  .filter((row) => isJsonObject(row));

const look = (input: JsonObject): Promise<JsonObject> => classifyPath(input, diskPathProbe);
const inWork = (path: string, op = 'read'): Promise<JsonObject> =>
  look({ id: 1, platform: 'posix', roots: [work], home: stage, op, path, inputKind: 'path' });

describe('the corpus of paths', () => {
  it('has at least 150 rows, each with its source', () => {
    expect(corpus.length).toBeGreaterThan(150);
    expect(corpus.filter((row) => typeof row.source !== 'string' || row.source === '')).toEqual([]);
  });

  it('[R143] is classed row by row as section 5 of the security model says', async () => {
    const wrong = [];
    for (const row of corpus) {
      const answer = await look(row);
      if (answer.class !== row.class || answer.id !== row.id) {
        wrong.push({ row, answer });
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('headless paths', () => {
  it('gives the real target, for a rename that of the stricter end', async () => {
    expect(await inWork('link2/new.ts', 'write')).toEqual({
      id: 1,
      class: 'inside',
      target: join(work, 'src/new.ts'),
    });
    expect(await inWork('out/../x')).toMatchObject({ class: 'outside', target: join(stage, 'x') });
    const rename = { platform: 'posix', roots: [work], op: 'rename', path: 'src/a.ts' };
    expect(await look({ ...rename, renameTo: 'out/b.ts' })).toEqual({
      class: 'outside',
      target: join(stage, 'out/b.ts'),
    });
  });

  it('refuses a line that does not say what it asks', async () => {
    for (const line of [
      {},
      { platform: 'os2', roots: [], op: 'read', path: 'a' },
      { platform: 'posix', roots: 'x', op: 'read', path: 'a' },
      { platform: 'posix', roots: [1], op: 'read', path: 'a' },
      { platform: 'posix', roots: [], op: 'read' },
      { platform: 'posix', roots: [], op: 'rename', path: 'a' },
      { platform: 'posix', roots: [], op: 'read', path: 'a', inputKind: 'glob' },
    ]) {
      await expect(look(line)).rejects.toThrow(/must be/);
    }
  });
});

describe('random link farms on the real disk', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'D');
  const target = fc.oneof(
    fc
      .array(fc.constantFrom('..', 'a', 'b', 'c'), { minLength: 1, maxLength: 4 })
      .map((names) => names.join('/')),
    fc.constantFrom('$F/in', '$F/out', '$F/in/a', '$F/out/b', '$F/in/.git', '.git', '/'),
  );
  const farm = fc.array(
    fc.tuple(fc.constantFrom('in', 'out'), fc.array(name, { minLength: 1, maxLength: 2 }), target),
    {
      maxLength: 8,
    },
  );
  const input = fc
    .array(fc.oneof(name, fc.constantFrom('..', '.', 'new')), { minLength: 1, maxLength: 5 })
    .map((names) => names.join('/'));
  let count = 0;

  /** A folder with what could be made of the farm: a name that is taken stays as it is. */
  function build(rows: readonly (readonly [string, readonly string[], string])[]): string {
    const folder = join(stage, `farm-${(count += 1)}`);
    mkdirSync(join(folder, 'in/.git/hooks'), { recursive: true });
    mkdirSync(join(folder, 'out'));
    for (const [side, names, goal] of rows) {
      const path = join(folder, side, ...names);
      try {
        mkdirSync(dirname(path), { recursive: true });
        symlinkSync(goal.replace('$F', folder), path);
      } catch {
        // taken by an earlier row, or below a link that leads nowhere
      }
    }
    return folder;
  }

  it('[R143] are never classed inside when the file that is written is outside, and protected is never missed', async () => {
    await fc.assert(
      fc.asyncProperty(farm, input, async (rows, path) => {
        const folder = build(rows);
        const root = join(folder, 'in');
        const { class: pathClass } = await look({
          platform: 'posix',
          roots: [root],
          op: 'write',
          path,
        });
        const written = writeAndFind(`${root}/${path}`);
        if (written !== undefined) {
          const isInside = written === root || written.startsWith(root + sep);
          expect(pathClass === 'inside' && !isInside, `${path} was written to ${written}`).toBe(
            false,
          );
          expect(pathClass === 'inside' && written.includes('/.git/'), written).toBe(false);
        }
        removeFolder(folder);
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  /** Where a write really ends: the kernel decides. The text is joined, not normalised, as a program would open it. */
  function writeAndFind(path: string): string | undefined {
    try {
      writeFileSync(path, 'x', { flag: 'a' });
      return realpathSync.native(path);
    } catch {
      return undefined; // a folder, a loop, no such folder: nothing was written
    }
  }

  it('[R143] protected names are found in every case, width and with ignorable letters', async () => {
    const spelled = fc
      .tuple(
        fc.constantFrom('.git', '.vscode', '.husky', '.npmrc', '.claude', '.gitmodules', '.bashrc'),
        fc.array(fc.constantFrom('lower', 'upper', 'wide', 'ignorable'), {
          minLength: 12,
          maxLength: 12,
        }),
      )
      .map(([word, ways]) =>
        Array.from(word, (letter, index) => spell(letter, ways[index] ?? 'lower')).join(''),
      );
    await fc.assert(
      fc.asyncProperty(
        spelled,
        fc.constantFrom('posix', 'win32', 'darwin'),
        async (spelling, platform) => {
          const roots = platform === 'win32' ? ['C:\\app'] : ['/nowhere/app'];
          for (const path of [spelling, `src/${spelling}`, `${spelling}/x`]) {
            expect(await look({ platform, roots, op: 'write', path })).toMatchObject({
              class: 'protected',
            });
          }
        },
      ),
    );
  });

  function spell(letter: string, way: string): string {
    switch (way) {
      case 'upper':
        return letter.toUpperCase();
      case 'wide':
        return String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0);
      case 'ignorable':
        return `${letter}\u200c`;
      default:
        return letter;
    }
  }
});
