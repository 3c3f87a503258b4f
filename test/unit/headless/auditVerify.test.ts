import { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseHeadlessArgs } from '../../../src/headless/args';
import { verifyAudit } from '../../../src/headless/auditVerify';
import { chainedFile, decisionRecord, outcomeRecord } from '../../fakes/auditFiles';
import { Workbench } from '../../fakes/realChildren';

const bench = new Workbench();
afterAll(() => bench.remove());
const made = chainedFile('h', [decisionRecord('a'), outcomeRecord('a'), decisionRecord('b')]);
const text = `${made.lines.join('\n')}\n`;
const fileOf = (content: string | Uint8Array, name: string): string => {
  const path = join(bench.path, name);
  writeFileSync(path, content);
  return path;
};
const verify = (file: string) => verifyAudit({ kind: 'auditVerify', file });

describe('audit verify FILE', () => {
  it('is one command with one file', () => {
    expect(parseHeadlessArgs(['audit', 'verify', '/x/audit.ndjson'], [])).toEqual({
      kind: 'auditVerify',
      file: '/x/audit.ndjson',
    });
    for (const argv of [
      ['audit'],
      ['audit', 'verify'],
      ['audit', 'show', 'f'],
      ['audit', 'verify', 'a', 'b'],
    ]) {
      expect(parseHeadlessArgs(argv, []), argv.join(' ')).toEqual({
        kind: 'usage',
        message: 'usage: audit verify FILE',
      });
    }
  });

  it('[R177] says what a whole file holds, with 0', async () => {
    const file = fileOf(text, 'whole.ndjson');
    expect(await verify(file)).toEqual({
      exitCode: 0,
      line: {
        ok: true,
        file,
        host: 'h',
        part: 1,
        lineCount: 4,
        decisionCount: 2,
        outcomeCount: 1,
        firstAt: '2026-01-02T03:04:00.000Z',
        lastAt: '2026-01-02T03:04:05.000Z',
        isClosed: false,
        previous: 'none',
        next: 'none',
        lastSeq: 4,
        lastHash: made.head.hash,
      },
    });
  });

  it('[R177] names the first broken line, with 1', async () => {
    const lines = [...made.lines];
    const at = async (content: string | Uint8Array) =>
      (await verify(fileOf(content, 'broken.ndjson'))).line.line;
    expect(await at('')).toBe(1);
    expect(await at(text.slice(0, -1))).toBe(4);
    expect(await at(text.replace('npm test', 'npm  test'))).toBe(2);
    expect(await at(`${lines.toSpliced(1, 1).join('\n')}\n`)).toBe(2);
    expect(await at(Buffer.concat([Buffer.from(text), Buffer.from([0xff, 0x0a])]))).toBe(5);
    const { exitCode, line } = await verify(fileOf(`${text}{}\n`, 'broken.ndjson'));
    expect({ exitCode, line }).toMatchObject({ exitCode: 1, line: { ok: false, line: 5 } });
  });

  it('[R177] checks the joint with the file that it continues and the one that continues it', async () => {
    const folder = join(bench.path, 'joint');
    mkdirSync(folder);
    const second = chainedFile('h', [outcomeRecord('b')], made);
    const [one, two] = [join(folder, made.name), join(folder, second.name)];
    writeFileSync(one, text);
    writeFileSync(two, `${second.lines.join('\n')}\n`);
    expect((await verify(one)).line).toMatchObject({ ok: true, next: 'joined' });
    expect((await verify(two)).line).toMatchObject({ ok: true, previous: 'joined' });
    writeFileSync(one, `${made.lines.slice(0, -1).join('\n')}\n`);
    expect(await verify(one)).toMatchObject({ exitCode: 1, line: { line: 4 } });
    expect(await verify(two)).toMatchObject({ exitCode: 1, line: { line: 1 } });
    appendFileSync(one, readFileSync(two));
    expect(await verify(one)).toMatchObject({ exitCode: 1, line: { line: 4 } });
  });

  it('says so of what is not there, is a folder or a link', async () => {
    expect(await verify(join(bench.path, 'nothing'))).toMatchObject({
      exitCode: 1,
      line: { ok: false, line: 1, why: 'there is no such file' },
    });
    expect((await verify(bench.path)).exitCode).toBe(1);
    const link = join(bench.path, 'link.ndjson');
    symlinkSync(fileOf(text, 'target.ndjson'), link);
    expect((await verify(link)).exitCode).toBe(1);
  });
});
