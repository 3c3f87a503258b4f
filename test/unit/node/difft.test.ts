import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/base/clock';
import { describeWrite } from '../../../src/edits/structuralDiff';
import { createDifft } from '../../../src/node/difft';
import { createExecutableLookup, type ExecutableLookup } from '../../../src/node/executables';
import { diskProgramFiles } from '../../../src/node/programFile';
import { Workbench } from '../../fakes/realChildren';

const bench = new Workbench();
let supervisorPath = '';

beforeAll(async () => {
  supervisorPath = await bench.supervisor();
});

afterAll(() => bench.remove());

function program(name: string, script: string): ExecutableLookup {
  const path = join(bench.path, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return {
    kind: 'found',
    path,
    launch: { file: path, argsBefore: [] },
    isInsideWorkspace: false,
    searchPath: process.env.PATH ?? '',
  };
}

const compare = (found: ExecutableLookup, isTrusted = true) =>
  createDifft({
    supervisor: { supervisorPath },
    lookup: () => Promise.resolve(found),
    isTrusted: () => isTrusted,
    inheritedEnv: process.env,
  }).compare({
    before: 'one\n',
    after: 'two\n',
    fileName: 'a.ts',
    signal: new AbortController().signal,
  });

describe('the semantic diff program', () => {
  it('[R161] is given the text before and the new text as two files of that name, and leaves nothing behind', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('patchbay-'));
    const shown = await compare(
      program('difft', 'shift 3; for f in "$@"; do basename "$f"; cat "$f"; done'),
    );
    expect(shown).toBe('a.ts\none\na.ts\ntwo\n');
    const left = readdirSync(tmpdir()).filter((name) => name.startsWith('patchbay-'));
    expect(left.filter((name) => !before.includes(name))).toEqual([]);
  });

  it('[R160] is found on the PATH and comes first, 30 lines and a count; without it the line diff is told', async () => {
    const folder = join(bench.path, 'bin');
    mkdirSync(folder);
    const describeWith = (path: string) =>
      describeWrite(
        {
          tool: createDifft({
            supervisor: { supervisorPath },
            lookup: createExecutableLookup({
              files: diskProgramFiles,
              platform: process.platform,
              homeDirectory: bench.path,
              path,
              workspaceFolders: () => [],
              loginShellPath: () => Promise.resolve(undefined),
              nodeVersion: () => Promise.resolve(undefined),
            }),
            isTrusted: () => true,
            inheritedEnv: process.env,
          }),
          clock: systemClock,
        },
        { path: 'src/a.ts', before: 'one\n', after: 'two\n' },
      );
    const lines = { kind: 'lines', text: expect.stringContaining('-one\n+two') as unknown };
    expect(await describeWith(folder)).toEqual(lines);
    program('bin/difft', 'i=0; while [ $i -lt 42 ]; do i=$((i+1)); echo "row $i"; done');
    const { kind, text } = await describeWith(folder);
    expect(kind).toBe('structural');
    expect(text.split('\n')).toHaveLength(31);
    expect(text).toMatch(/^row 1\n(.*\n)*row 30\n… 12 more lines$/);
    program('bin/difft', 'echo shown; exit 3');
    expect(await describeWith(folder)).toEqual(lines);
  });

  it('[R160] is ended with its children as soon as nobody waits for it', async () => {
    const started = join(bench.path, 'started');
    const stop = new AbortController();
    const running = createDifft({
      supervisor: { supervisorPath },
      lookup: () => Promise.resolve(program('difft-slow', `sleep 60 & echo $! > ${started}; wait`)),
      isTrusted: () => true,
      inheritedEnv: process.env,
    }).compare({ before: 'a', after: 'b', fileName: 'a.ts', signal: stop.signal });
    const pid = await vi.waitFor(
      () => {
        const text = readFileSync(started, 'utf8').trim();
        expect(text).not.toBe('');
        return Number(text);
      },
      { timeout: 5000, interval: 20 },
    );
    stop.abort();
    expect(await running).toBeUndefined();
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), { timeout: 3000 });
  });

  it('gives nothing when it fails, is missing, lies in the workspace or the folder is not trusted', async () => {
    const good = program('difft-good', 'echo shown');
    expect(await compare(good)).toBe('shown\n');
    expect(await compare(program('difft-bad', 'echo shown; exit 2'))).toBeUndefined();
    expect(await compare({ kind: 'missing', message: 'no' })).toBeUndefined();
    expect(
      good.kind === 'found' && (await compare({ ...good, isInsideWorkspace: true })),
    ).toBeUndefined();
    expect(await compare(good, false)).toBeUndefined();
  });
});
