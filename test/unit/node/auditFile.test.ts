import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/base/redact';
import { auditChain } from '../../../src/gate/auditChain';
import { parseAuditFiles } from '../../../src/gate/auditRecords';
import { verifyAuditFile, type FileVerdict } from '../../../src/gate/auditVerify';
import { auditHostName, createAuditFile, type AuditFileOptions } from '../../../src/node/auditFile';
import { pruneAuditFiles, readAuditLines, readAuditRecords } from '../../../src/node/auditFolder';
import { decisionRecord, outcomeRecord } from '../../fakes/auditFiles';
import { Workbench } from '../../fakes/realChildren';

const bench = new Workbench();
const opened = new Set<ReturnType<typeof createAuditFile>>();
afterAll(async () => {
  await Promise.all([...opened].map((sink) => sink.close()));
  bench.remove();
});
let folderCount = 0;
const freshFolder = (): string => join(bench.path, `audit-${(folderCount += 1)}`);
const host = '2026-01-02T03-04-05Z-abc123';
const firstName = `audit-${host}.ndjson`;

const open = (folder: string, more: Partial<AuditFileOptions> = {}) => {
  const sink = createAuditFile({
    folder,
    host,
    redact: (text) => text,
    chain: auditChain,
    nowMs: () => Date.UTC(2026, 0, 2, 3, 4, 5),
    ...more,
  });
  opened.add(sink);
  return sink;
};
const verify = (folder: string, name: string): Promise<FileVerdict> =>
  verifyAuditFile(name, (other) => readAuditLines(join(folder, other)));
const read = (folder: string, maxBytes = 1_000_000) =>
  readAuditRecords(folder, { maxBytes, parse: parseAuditFiles });
const callIds = async (folder: string, maxBytes?: number): Promise<readonly string[]> =>
  (await read(folder, maxBytes)).records.map(({ record }) => record.callId);
const kinds = (folder: string, name: string): readonly unknown[] =>
  readFileSync(join(folder, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map(
      (line) => (JSON.parse(line) as { readonly record: { readonly kind: unknown } }).record.kind,
    );

describe('the audit file', () => {
  it('[R177] is a chain of one line per record, in the order of the calls, for its owner only', async () => {
    const folder = freshFolder();
    const sink = open(folder);
    const records = Array.from({ length: 50 }, (_, index) =>
      decisionRecord(`c${index}`, { reason: 'two\nlines \u2028 and more' }),
    );
    await Promise.all(records.map((record) => sink.write(record)));
    expect((await read(folder)).records.map(({ record }) => record)).toEqual(records);
    expect(await verify(folder, firstName)).toMatchObject({ kind: 'whole', decisionCount: 50 });
    expect(statSync(join(folder, firstName)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await sink.close();
    expect(await verify(folder, firstName)).toMatchObject({ kind: 'whole', isClosed: true });
  });

  it('[R177] is one per host: two windows that write at once never share a file or a chain', async () => {
    const folder = freshFolder();
    const other = auditHostName(Date.UTC(2026, 0, 2, 3, 4, 5), 'def456');
    const [one, two] = [open(folder), open(folder, { host: other })];
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? one : two).write(decisionRecord(`c${index}`)),
      ),
    );
    expect(readdirSync(folder).sort()).toEqual([firstName, `audit-${other}.ndjson`]);
    for (const name of readdirSync(folder)) {
      expect(await verify(folder, name)).toMatchObject({ kind: 'whole', decisionCount: 10 });
    }
    await Promise.all([one.close(), two.close()]);
  });

  it('is not made before there is something to write', async () => {
    const folder = freshFolder();
    await open(folder).close();
    expect(existsSync(folder)).toBe(false);
  });

  it('[R177] has each line in the file when its write resolves, the first one too', async () => {
    const folder = freshFolder();
    const sink = open(folder);
    for (const id of ['a', 'b']) {
      await sink.write(decisionRecord(id));
      expect(kinds(folder, firstName).at(-1)).toBe('decision');
      await sink.write(outcomeRecord(id));
      expect(kinds(folder, firstName).at(-1)).toBe('outcome');
    }
    await sink.close();
  });

  it('[R178] has no secret in any value, and is JSON all the same', async () => {
    const folder = freshFolder();
    const sink = open(folder, {
      redact: createRedactor(['known "secret"'], { homeDirectory: '/home/ann' }),
    });
    const command =
      'curl -H "Authorization: Bearer abcdefghijk" --data \'known "secret"\' sk-ant-api03-0123456789abcdef\nDB_PASSWORD=hunter22';
    await sink.write(
      decisionRecord('c', {
        effects: [{ kind: 'command', command, cwd: '/home/ann/x', cwdClass: 'inside' }],
        arguments: JSON.stringify({ command }),
      }),
    );
    const text = readFileSync(join(folder, firstName), 'utf8');
    expect(text).not.toMatch(/abcdefghijk|known|sk-ant|hunter22|home\/ann/);
    expect((await read(folder)).records).toMatchObject([{ record: { effects: [{ cwd: '~/x' }] } }]);
    await sink.close();
  });

  it('[R177] goes on in the next file when it is full, and the chain goes on with it', async () => {
    const folder = freshFolder();
    const sink = open(folder, { maxFileBytes: 2400 });
    for (let index = 0; index < 9; index += 1) {
      await sink.write(decisionRecord(`c${index}`));
    }
    await sink.close();
    const names = [firstName, `audit-${host}.2.ndjson`, `audit-${host}.3.ndjson`];
    expect(readdirSync(folder).sort()).toEqual([...names].sort());
    for (const name of names) {
      expect(statSync(join(folder, name)).size).toBeLessThan(2700);
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    }
    expect(await verify(folder, names[0] ?? '')).toMatchObject({
      previous: 'none',
      next: 'joined',
    });
    expect(await verify(folder, names[1] ?? '')).toMatchObject({
      previous: 'joined',
      next: 'joined',
      after: firstName,
    });
    expect(await verify(folder, names[2] ?? '')).toMatchObject({
      previous: 'joined',
      next: 'none',
    });
    expect(await callIds(folder)).toEqual(Array.from({ length: 9 }, (_, index) => `c${index}`));
  });

  it('[R177] that somebody else changed, cut or removed is left as it is, and the chain shows it', async () => {
    const folder = freshFolder();
    const sink = open(folder);
    await sink.write(decisionRecord('a'));
    appendFileSync(join(folder, firstName), '{"forged":true}\n');
    await sink.write(decisionRecord('b'));
    expect(await verify(folder, firstName)).toMatchObject({ kind: 'broken', lineOneBased: 3 });
    const second = `audit-${host}.2.ndjson`;
    await sink.write(decisionRecord('c'));
    truncateSync(join(folder, second), statSync(join(folder, second)).size - 5);
    await sink.write(decisionRecord('d'));
    expect(await verify(folder, second)).toMatchObject({ kind: 'broken', lineOneBased: 3 });
    const third = `audit-${host}.3.ndjson`;
    unlinkSync(join(folder, third));
    await sink.write(decisionRecord('e'));
    await sink.close();
    const last = `audit-${host}.4.ndjson`;
    expect(await verify(folder, last)).toMatchObject({ kind: 'whole', previous: 'missing' });
    expect(await callIds(folder)).toEqual(['a', 'b', 'e']);
  });

  it('begins the next file for a record that comes after its end', async () => {
    const folder = freshFolder();
    const sink = open(folder);
    await sink.write(decisionRecord('a'));
    await sink.close();
    await sink.write(outcomeRecord('a'));
    expect(await verify(folder, `audit-${host}.2.ndjson`)).toMatchObject({
      kind: 'whole',
      previous: 'joined',
    });
    await sink.close();
  });

  it('does not write through a planted link, into a pipe or over a folder, and works again when it is gone', async () => {
    const folder = freshFolder();
    mkdirSync(folder);
    const path = join(folder, firstName);
    const victim = bench.file('victim-of-audit', 'mine');
    symlinkSync(victim, path);
    const sink = open(folder);
    await expect(sink.write(decisionRecord('c1'))).rejects.toMatchObject({ code: 'unsafe_file' });
    expect(readFileSync(victim, 'utf8')).toBe('mine');
    execFileSync('rm', [path]);
    execFileSync('mkfifo', [path]);
    await expect(sink.write(decisionRecord('c2'))).rejects.toMatchObject({ code: 'unsafe_file' });
    execFileSync('rm', [path]);
    await sink.write(decisionRecord('c3'));
    expect(await verify(folder, firstName)).toMatchObject({ kind: 'whole', decisionCount: 1 });
    await sink.close();
  });

  it('[R177] does not go on in a file that lies in its place', async () => {
    const folder = freshFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, firstName), 'planted\n');
    const sink = open(folder);
    await sink.write(decisionRecord('c'));
    await sink.close();
    expect(readFileSync(join(folder, firstName), 'utf8')).toBe('planted\n');
    expect(await verify(folder, `audit-${host}.2.ndjson`)).toMatchObject({ kind: 'whole' });
  });
});

describe('reading the audit files', () => {
  it('merges all hosts by time, newest last, and counts what is no record', async () => {
    const folder = freshFolder();
    const [one, two] = [open(folder), open(folder, { host: '2026-01-02T03-04-05Z-zzz' })];
    await one.write(decisionRecord('first', { at: '2026-01-02T00:00:01.000Z' }));
    await one.write(outcomeRecord('first', { at: '2026-01-02T00:00:03.000Z' }));
    await two.write(decisionRecord('second', { at: '2026-01-02T00:00:02.000Z' }));
    await Promise.all([one.close(), two.close()]);
    appendFileSync(
      join(folder, firstName),
      'nonsense\n{"seq":9,"record":{"kind":"decision"}}\n{"to',
    );
    writeFileSync(join(folder, 'notes.txt'), 'not ours');
    const reading = await read(folder);
    expect(reading.records.map(({ record, file }) => [record.callId, record.kind, file])).toEqual([
      ['first', 'decision', firstName],
      ['second', 'decision', 'audit-2026-01-02T03-04-05Z-zzz.ndjson'],
      ['first', 'outcome', firstName],
    ]);
    expect(reading).toMatchObject({ badLineCount: 3, fileCount: 2, isCut: false, problems: [] });
  });

  it('reads no more than it was asked for, the ends of all files, from whole lines', async () => {
    const folder = freshFolder();
    for (const id of ['aaa', 'bbb', 'ccc']) {
      const sink = open(folder, { host: `2026-01-02T03-04-05Z-${id}` });
      for (let index = 0; index < 100; index += 1) {
        await sink.write(
          decisionRecord(`${id}${index}`, { at: `2026-01-02T00:00:00.${100 + index}Z` }),
        );
      }
      await sink.close();
    }
    const reading = await read(folder, 10_000);
    expect(reading).toMatchObject({ isCut: true, badLineCount: 0, fileCount: 3 });
    expect(reading.records.length).toBeGreaterThan(9);
    expect(reading.records.length).toBeLessThan(25);
    expect(reading.records.slice(-3).map(({ record }) => record.callId)).toEqual(
      expect.arrayContaining(['aaa99', 'bbb99', 'ccc99']),
    );
  });

  it('has nothing where there is no folder, and names a file that it cannot read', async () => {
    const folder = freshFolder();
    expect(await read(folder)).toMatchObject({ records: [], fileCount: 0 });
    expect(await readAuditLines(join(folder, 'x'))).toBeUndefined();
  });

  it('tells a line that is not UTF-8 from one that is, and an incomplete end', async () => {
    const folder = freshFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, 'f'), Buffer.from([0x61, 0x0a, 0xff, 0x0a, 0xef, 0xbb, 0xbf, 0x62]));
    expect(await readAuditLines(join(folder, 'f'))).toEqual({
      lines: ['a', undefined],
      hasTornEnd: true,
    });
  });
});

describe('old audit files', () => {
  const hostNamed = (id: string): string => `2026-01-01T00-00-00Z-${id}`;
  const nowMs = Date.UTC(2026, 5, 1);
  const bounds = { keep: '', ownPrefix: 'audit-none.', maxTotalBytes: 1e9, maxFiles: 1, nowMs };
  let order = 0;
  const make = async (folder: string, id: string, isClosed: boolean): Promise<string> => {
    const sink = open(folder, { host: hostNamed(id) });
    await sink.write(decisionRecord(id));
    if (isClosed) {
      await sink.close();
    }
    const name = `audit-${hostNamed(id)}.ndjson`;
    order += 1;
    utimesSync(join(folder, name), order, order);
    return name;
  };

  it('go when they are finished, the oldest first; one of a living host never does', async () => {
    const folder = freshFolder();
    const living = await make(folder, 'living', false);
    await make(folder, 'old', true);
    await make(folder, 'older', true);
    const newest = await make(folder, 'newest', true);
    await pruneAuditFiles(folder, { ...bounds, maxFiles: 2 });
    expect(readdirSync(folder).sort()).toEqual([living, newest].sort());
    await pruneAuditFiles(folder, { ...bounds, maxTotalBytes: 0 });
    expect(readdirSync(folder)).toEqual([living]);
  });

  it('of a host that was killed are finished, of another machine only after a month', async () => {
    const folder = freshFolder();
    const killed = await make(folder, 'killed', false);
    const foreign = await make(folder, 'foreign', false);
    const text = readFileSync(join(folder, foreign), 'utf8');
    writeFileSync(join(folder, foreign), text.replace(/"machine":"\w+"/, '"machine":"other"'));
    const recentSeconds = nowMs / 1000 - 3600;
    utimesSync(join(folder, foreign), recentSeconds, recentSeconds);
    await pruneAuditFiles(folder, { ...bounds, maxFiles: 0, isAlive: () => false });
    expect(readdirSync(folder)).toEqual([foreign]);
    expect(readdirSync(folder)).not.toContain(killed);
    utimesSync(join(folder, foreign), 1000, 1000);
    await pruneAuditFiles(folder, { ...bounds, maxFiles: 0, isAlive: () => true });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of this host go too once it writes to another, and links are left alone', async () => {
    const folder = freshFolder();
    const own = await make(folder, 'own', false);
    symlinkSync(bench.file('linked', 'mine'), join(folder, 'audit-link.ndjson'));
    await pruneAuditFiles(folder, {
      ...bounds,
      maxFiles: 0,
      keep: `audit-${hostNamed('own')}.2.ndjson`,
      ownPrefix: `audit-${hostNamed('own')}.`,
    });
    expect(readdirSync(folder)).toEqual(['audit-link.ndjson']);
    expect(own).not.toBe('');
  });

  it('are bounded while a host writes', async () => {
    const folder = freshFolder();
    const sink = open(folder, { maxFileBytes: 1500, maxFiles: 3 });
    for (let index = 0; index < 30; index += 1) {
      await sink.write(decisionRecord(`c${index}`));
    }
    await sink.close();
    await expect.poll(() => readdirSync(folder).length).toBeLessThanOrEqual(4);
    expect((await callIds(folder)).at(-1)).toBe('c29');
  });
});
