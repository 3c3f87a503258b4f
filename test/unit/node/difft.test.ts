import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDifft } from '../../../src/node/difft';
import type { ExecutableLookup } from '../../../src/node/executables';
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
