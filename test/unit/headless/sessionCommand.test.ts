import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { parseHeadlessArgs } from '../../../src/headless/args';
import { runSession } from '../../../src/headless/sessionCommand';
import { Workbench } from '../../fakes/realChildren';

const bench = new Workbench();
afterAll(() => bench.remove());

/** A file as it was written when sessions could neither be copied nor claimed. */
const file = [
  '{"schema":"patchbay.session/1","type":"head","session":"s1","title":"Rename it","createdAtMs":1,"preview":"rename it"}',
  '{"schema":"patchbay.session/1","type":"entry","id":"e1","parent":null,"atMs":1,"kind":"turnStart","turn":"t1"}',
  '{"schema":"patchbay.session/1","type":"entry","id":"e2","parent":"e1","atMs":2,"kind":"message","turn":"t1","message":{"role":"user","text":"rename <b>it</b>","createdAtMs":2}}',
  '{"schema":"patchbay.session/1","type":"entry","id":"e3","parent":"e2","atMs":3,"kind":"message","turn":"t1","message":{"role":"assistant","content":[{"kind":"text","text":"done"}],"api":"a","provider":"p","model":"m","stopReason":"stop","createdAtMs":3}}',
  '{"schema":"patchbay.session/1","type":"entry","id":"e4","parent":"e3","atMs":4,"kind":"turnEnd","turn":"t1"}',
  '',
].join('\n');

describe('headless session', () => {
  it('[R203] lists, shows, verifies and exports what is in a folder, as it was always written', async () => {
    const folder = join(bench.path, 'sessions');
    mkdirSync(folder);
    expect(await run('list', folder)).toEqual({ status: 0, lines: [] });
    writeFileSync(join(folder, 's1.ndjson'), file);
    expect(await run('list', folder, '--deep')).toMatchObject({
      status: 0,
      lines: [{ id: 's1', title: 'Rename it', sizeBytes: file.length, entryCount: 4 }],
    });
    const shown = await run('show', folder, 's1');
    expect(shown.lines.map((line) => (line as { id: string }).id)).toEqual([
      'e1',
      'e2',
      'e3',
      'e4',
    ]);
    expect((await run('show', folder, 's1', '--last', '1')).lines).toMatchObject([
      { id: 'e3' },
      { id: 'e4' },
    ]);
    expect(await run('verify', folder)).toMatchObject({
      status: 0,
      lines: [{ id: 's1', ok: true }],
    });
    expect((await text('export', folder, 's1', '--format', 'html')).text).toContain(
      'rename &#60;b&#62;it&#60;/b&#62;',
    );
    expect((await text('export', folder, 's1')).text).toContain('# Rename it');

    writeFileSync(join(folder, 's2.ndjson'), `${file}{"schema":"patch`);
    expect(await run('verify', folder, 's2')).toMatchObject({
      status: 1,
      lines: [
        {
          file: join(folder, 's2.ndjson'),
          line: 1,
          why: expect.stringContaining('another session') as string,
        },
        {
          file: join(folder, 's2.ndjson'),
          line: 6,
          why: expect.stringContaining('cut off') as string,
        },
      ],
    });
    expect((await run('verify', folder)).status).toBe(1);
    expect(await run('verify', folder, 's3')).toMatchObject({ status: 1, lines: [{ line: 0 }] });
    expect((await run('show', folder, 's3')).status).toBe(1);
  });

  it('[R203] a line whose values are no times or texts, and a name that leads nowhere, cost themselves only', async () => {
    const folder = join(bench.path, 'odd');
    mkdirSync(folder);
    const odd = [
      '{"schema":"patchbay.session/1","type":"entry","id":"e5","parent":"e4","atMs":5,"kind":"message","turn":"t2","message":{"role":"user","text":"late","createdAtMs":9e15}}',
      '{"schema":"patchbay.session/1","type":"entry","id":"e6","parent":"e4","atMs":6,"kind":"message","turn":"t2","message":{"role":"tool","callId":"c","toolName":"t","result":{"ok":true,"output":"o","details":{"diff":5}},"createdAtMs":6}}',
    ];
    writeFileSync(join(folder, 's1.ndjson'), `${file}${odd.join('\n')}\n`);
    symlinkSync('loop.ndjson', join(folder, 'loop.ndjson'));
    for (const format of ['markdown', 'json', 'html']) {
      const exported = await text('export', folder, 's1', '--format', format);
      expect(exported).toMatchObject({ status: 0, problem: '' });
      expect(exported.text).toContain('done');
    }
    expect(await run('list', folder)).toMatchObject({ status: 0, lines: [{ id: 's1' }] });
    const verified = await run('verify', folder);
    expect(verified.status).toBe(1);
    expect(verified.lines).toMatchObject([
      { id: 's1', line: 6 },
      { id: 's1', line: 7 },
      { id: 'loop', line: 0 },
    ]);
  });

  it('[R203][R206] leaves a name that is no session of ours out of every answer alike, and says so', async () => {
    const folder = join(bench.path, 'strange');
    mkdirSync(folder);
    writeFileSync(join(folder, 's1.ndjson'), file);
    writeFileSync(join(folder, 'twice.ndjson'), file.replaceAll('"s1"', '"twice"'));
    linkSync(join(folder, 'twice.ndjson'), join(folder, 'again.ndjson'));
    symlinkSync('s1.ndjson', join(folder, 'linked.ndjson'));
    mkdirSync(join(folder, 'folder.ndjson'));
    execFileSync('mkfifo', [join(folder, 'pipe.ndjson')]);
    writeFileSync(join(folder, 'grün.ndjson'), file);
    const strange = {
      again: /second name/,
      folder: /a folder/,
      grün: /not the id of a session/,
      linked: /a link/,
      pipe: /no plain file/,
      twice: /second name/,
    };
    for (const argv of [
      ['list', folder],
      ['list', folder, '--deep'],
    ]) {
      const listed = await text(...argv);
      expect(listed.text.split('\n')).toHaveLength(2);
      expect(listed).toMatchObject({ status: 0, text: expect.stringContaining('"s1"') as string });
      for (const [name, why] of Object.entries(strange)) {
        expect(listed.problem).toMatch(new RegExp(`${name}\\.ndjson: left out, .*${why.source}`));
      }
    }
    expect((await text('search', folder, 'rename')).text).not.toContain('twice');
    await expect(text('show', folder, 'twice')).rejects.toThrow(/was not read: .*second name/);
    const verified = await run('verify', folder);
    expect(verified.status).toBe(1);
    expect(verified.lines[0]).toEqual({ id: 's1', file: join(folder, 's1.ndjson'), ok: true });
    expect(verified.lines.slice(1)).toEqual(
      Object.entries(strange).map(([id, why]) => ({
        id,
        file: join(folder, `${id}.ndjson`),
        line: 0,
        why: expect.stringMatching(why) as string,
      })),
    );
  });

  it('[R203] does not lose the first line of a file to a byte order mark that an editor has put there', async () => {
    const folder = join(bench.path, 'marked');
    mkdirSync(folder);
    writeFileSync(join(folder, 's1.ndjson'), `\uFEFF${file}`);
    expect(await run('verify', folder)).toMatchObject({ status: 0, lines: [{ ok: true }] });
    for (const argv of [
      ['list', folder],
      ['list', folder, '--deep'],
    ]) {
      expect((await run(...argv)).lines).toMatchObject([{ title: 'Rename it' }]);
    }
    expect((await run('show', folder, 's1')).lines).toHaveLength(4);
    expect((await run('show', folder, 's1', '--last', '9')).lines).toHaveLength(4);
  });

  it('[R206] takes several folders, and one that is not there stops before anything is said', async () => {
    const [one, two] = [join(bench.path, 'one'), join(bench.path, 'two')];
    mkdirSync(one);
    mkdirSync(two);
    writeFileSync(join(one, 's1.ndjson'), file);
    writeFileSync(join(two, 's2.ndjson'), `${file.replaceAll('"s1"', '"s2"')}{"schema":"patch`);
    expect((await run('list', one, two)).lines).toMatchObject([
      { id: 's1', folder: one },
      { id: 's2', folder: two },
    ]);
    expect(await run('verify', one, two)).toMatchObject({
      status: 1,
      lines: [
        { id: 's1', ok: true },
        { id: 's2', line: 6 },
      ],
    });
    expect(await run('verify', two, one)).toMatchObject({ status: 1 });
    expect(await run('verify', one, one)).toMatchObject({ status: 0 });
    expect(await run('verify', one, join(bench.path, 'none'), two)).toEqual({
      status: 64,
      lines: [],
    });
    expect(await run('verify', one, 's1.ndjson')).toMatchObject({ status: 0 });
    await expect(run('show', one, two)).rejects.toThrow(/is not the id of a session/);
  });

  it('[R203] names a session that only a newer version can read', async () => {
    const folder = join(bench.path, 'newer');
    mkdirSync(folder);
    writeFileSync(join(folder, 'n.ndjson'), file.replaceAll('session/1', 'session/99'));
    for (const argv of [
      ['list', folder],
      ['list', folder, '--deep'],
    ]) {
      expect((await run(...argv)).lines).toMatchObject([
        { id: 'n', title: 'Written by a newer version of Patchbay', isNewer: true },
      ]);
    }
    for (const verb of ['show', 'export']) {
      expect(await text(verb, folder, 'n')).toMatchObject({
        status: 1,
        problem: expect.stringContaining('written by a newer version') as string,
      });
    }
  });

  it('[R203] any value in any field of any line costs at most that line, for every verb and every other session', async () => {
    const folder = join(bench.path, 'any');
    mkdirSync(folder);
    writeFileSync(join(folder, 'whole.ndjson'), file.replaceAll('"s1"', '"whole"'));
    const own = join(folder, 's1.ndjson');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...places),
        fc.oneof(fc.constantFrom(...oddValues), fc.jsonValue()),
        async (place, value) => {
          const lines = richLines.map((line, index) =>
            JSON.stringify(index === place[0] ? withValue(line, place.slice(1), value) : line),
          );
          writeFileSync(own, `${lines.join('\n')}\n`);
          for (const argv of [
            ['list', folder],
            ['list', folder, '--deep'],
            ['search', folder, 'rename'],
            ['verify', folder],
          ]) {
            const { status, lines: told } = await run(...argv);
            expect(argv[0] === 'verify' ? [0, 1] : [0]).toContain(status);
            expect(told.some((line) => JSON.stringify(line).includes('"whole"'))).toBe(true);
          }
          for (const argv of [
            ['show', folder, 's1'],
            ['show', folder, 's1', '--last', '1'],
            ['verify', folder, 's1'],
          ]) {
            const { status, lines: told } = await run(...argv);
            expect([0, 1]).toContain(status);
            expect({ argv, hasLines: told.length > 0 }).toEqual({ argv, hasLines: true });
          }
          // The other fields say where a line stands in the tree.
          const isInBody = place[1] === 'message' || place[1] === 'data' || place[1] === 'atMs';
          for (const format of ['markdown', 'json', 'html']) {
            const exported = await text('export', folder, 's1', '--format', format);
            expect(exported).toMatchObject({ status: 0, problem: '' });
            const rest = said.filter(([line]) => line !== place[0]).map(([, words]) => words);
            expect(isInBody ? rest.filter((words) => !exported.text.includes(words)) : []).toEqual(
              [],
            );
          }
        },
      ),
      { numRuns: 120, seed: 38 },
    );
  }, 120_000);

  it.each(['list', 'search', 'show', 'verify', 'export'])(
    'refuses to %s what is in a folder that is not there, and says so',
    async (verb) => {
      const folder = join(bench.path, 'nowhere');
      const file = join(bench.path, 'a-file');
      writeFileSync(file, '');
      for (const place of [folder, file]) {
        const argv = verb === 'list' || verb === 'verify' ? [verb, place] : [verb, place, 's1'];
        expect(await text(...argv)).toEqual({
          status: 64,
          text: '',
          problem: `session ${verb}: there is no folder ${place}\n`,
        });
      }
    },
  );

  it('says how it is used', () => {
    for (const argv of [
      ['session'],
      ['session', 'list'],
      ['session', 'show', 'dir'],
      ['session', 'show', 'dir', '../x'],
      ['session', 'export', 'dir', 'id', '--format', 'pdf'],
      ['session', 'list', 'dir', '--format', 'json'],
      ['session', 'dance', 'dir'],
    ]) {
      expect(parseHeadlessArgs(argv, [])).toMatchObject({ kind: 'usage' });
    }
  });
});

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Lines with every field that a line may have. */
const richLines: readonly Json[] = (() => {
  const entry = (id: number, body: { readonly [key: string]: Json }): Json => ({
    schema: 'patchbay.session/1',
    type: 'entry',
    id: `e${String(id)}`,
    parent: id === 1 ? null : `e${String(id - 1)}`,
    atMs: id,
    ...body,
  });
  const message = (id: number, body: { readonly [key: string]: Json }): Json =>
    entry(id, { kind: 'message', turn: 't1', message: { ...body, createdAtMs: id } });
  const result = {
    ok: true,
    output: 'an output',
    details: { summary: 's', diff: '-a\n+b', outputId: 'o', exitCode: 0, wholeChars: 9 },
  };
  const image = { mediaType: 'image/png', data: 'aaaa' };
  const answer = { role: 'assistant', api: 'a', provider: 'p', model: 'm' };
  const usage = { inputTokens: 1, outputTokens: 2, costNanoUsd: 3, reportedBy: 'provider' };
  const compaction = {
    trigger: 'manual',
    writtenBy: 'digest',
    keptMessages: 2,
    tokensBefore: 9,
    tokensAfter: 3,
    usage,
  };
  return [
    {
      schema: 'patchbay.session/1',
      type: 'head',
      session: 's1',
      title: 'Rename it',
      createdAtMs: 1,
      modelId: 'm',
      mode: 'ask',
      preview: 'rename it',
      forkedFrom: 's0',
    },
    entry(1, { kind: 'turnStart', turn: 't1' }),
    message(2, { role: 'user', text: 'rename first', notes: ['a note'], images: [image] }),
    message(3, {
      ...answer,
      stopReason: 'toolUse',
      usage,
      content: [
        { kind: 'thinking', text: 'a thought', signature: 's' },
        { kind: 'text', text: 'words of the call' },
        {
          kind: 'tool_call',
          call: { id: 'c1', name: 'read_file', arguments: { path: 'a' }, executedBy: 'host' },
        },
      ],
    }),
    message(4, { role: 'tool', callId: 'c1', toolName: 'read_file', result }),
    message(5, {
      ...answer,
      stopReason: 'stop',
      content: [{ kind: 'text', text: 'words of the end' }],
    }),
    entry(6, { kind: 'turnEnd', turn: 't1' }),
    entry(7, {
      kind: 'custom',
      tag: 'external-runtime-link',
      data: { resumeToken: 't', at: 'now' },
    }),
    entry(8, { kind: 'title', title: 'Renamed' }),
    entry(9, { kind: 'model', modelId: 'm2' }),
    entry(10, { kind: 'mode', mode: 'plan' }),
    message(11, { role: 'user', text: '', command: { callId: 'c2', line: 'ls', result } }),
    message(12, { role: 'user', text: 'a summary', compaction }),
    message(13, {
      ...answer,
      stopReason: 'error',
      errorMessage: 'it broke',
      failure: { code: 'network', message: 'it broke' },
      content: [{ kind: 'text', text: 'words of the fault' }],
    }),
    message(14, { role: 'user', text: 'rename last' }),
    {
      schema: 'patchbay.session/1',
      type: 'partial',
      turn: 't9',
      part: 1,
      block: 'text',
      text: 'p',
    },
  ];
})();

/** What the export has to say of which line. */
const said = [
  [2, 'rename first'],
  [3, 'words of the call'],
  [5, 'words of the end'],
  [13, 'words of the fault'],
  [14, 'rename last'],
] as const;

const oddValues: readonly Json[] = [
  ...[null, true, '', 'x', [], {}, [null], 0, -1, 0.5, 9e15, -9e15, 1e300, 2 ** 53],
  '__proto__',
  '\u0000\ud800\n',
  ['x', 5],
  { kind: 'text' },
  { length: 3 },
];

/** All places of all lines: the line, then the names and indexes that lead there. */
const places: readonly (readonly [number, ...(string | number)[]])[] = richLines.flatMap(
  (line, index) => placesIn(line).map((path): [number, ...(string | number)[]] => [index, ...path]),
);

function placesIn(value: Json): readonly (readonly (string | number)[])[] {
  if (value === null || typeof value !== 'object') {
    return [[]];
  }
  return [
    [],
    ...Object.entries(value).flatMap(([key, inner]) =>
      placesIn(inner).map((path) => [key, ...path]),
    ),
  ];
}

function withValue(value: Json, path: readonly (string | number)[], put: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined || value === null || typeof value !== 'object') {
    return put;
  }
  const changed = Object.entries(value).map(([name, inner]): [string, unknown] => [
    name,
    name === String(key) ? withValue(inner, rest, put) : inner,
  ]);
  return Array.isArray(value) ? changed.map(([, inner]) => inner) : Object.fromEntries(changed);
}

async function text(
  ...argv: readonly string[]
): Promise<{ readonly status: number; readonly text: string; readonly problem: string }> {
  const command = parseHeadlessArgs(['session', ...argv], []);
  if (command.kind !== 'session') {
    throw new Error(JSON.stringify(command));
  }
  let written = '';
  let problem = '';
  const take = (piece: unknown): boolean => {
    written += String(piece);
    return true;
  };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation(take);
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((piece) => {
    problem += String(piece);
    return true;
  });
  try {
    return { status: await runSession(command), text: written, problem };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

async function run(
  ...argv: readonly string[]
): Promise<{ readonly status: number; readonly lines: readonly unknown[] }> {
  const { status, text: written } = await text(...argv);
  return {
    status,
    lines: written
      .split('\n')
      .filter((line) => line !== '')
      .map((line): unknown => JSON.parse(line)),
  };
}
