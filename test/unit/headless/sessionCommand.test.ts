import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
    expect(verified.lines).toMatchObject([{ line: 6 }, { line: 7 }]);
  });

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
  const status = await runSession(command);
  out.mockRestore();
  err.mockRestore();
  return { status, text: written, problem };
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
