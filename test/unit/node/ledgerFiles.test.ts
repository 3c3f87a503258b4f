import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createLedgerFiles } from '../../../src/node/ledgerFiles';
import { ledgerCodec, type LedgerEntry } from '../../../src/session/costLedger';
import { removeFolder } from '../../fakes/removeFolder';

const folders: string[] = [];
const newFolder = (): string => {
  const folder = join(mkdtempSync(join(tmpdir(), 'patchbay-ledger-')), 'ledger');
  folders.push(folder);
  return folder;
};
afterEach(() => {
  for (const folder of folders.splice(0)) {
    removeFolder(join(folder, '..'));
  }
});

const november = Date.UTC(2026, 10, 21);
const store = (folder: string, host: string, maxMonths?: number) =>
  createLedgerFiles({
    folder,
    host,
    codec: ledgerCodec,
    nowMs: () => november,
    ...(maxMonths === undefined ? {} : { maxMonths }),
  });
const entry = (id: string, atMs = november): LedgerEntry => ({
  id,
  atMs,
  sessionId: 's',
  turnId: 't',
  modelId: 'm',
  runtime: 'r',
  purpose: 'turn',
  usage: { inputTokens: 1, reportedBy: 'provider' },
});
const idsOf = async (folder: string): Promise<readonly string[]> =>
  (await store(folder, 'reader').read()).entries.map(({ id }) => id);

describe('the files of the cost ledger', () => {
  it('are one per window and month, private, and read together', async () => {
    const folder = newFolder();
    const [one, two] = [store(folder, 'aa'), store(folder, 'bb')];
    await Promise.all([
      one.append(entry('1')),
      two.append(entry('2', november + 1)),
      one.append(entry('3', november + 2)),
    ]);
    expect(readdirSync(folder).sort()).toEqual(['cost-2026-11.aa.jsonl', 'cost-2026-11.bb.jsonl']);
    expect(statSync(join(folder, 'cost-2026-11.aa.jsonl')).mode & 0o777).toBe(0o600);
    expect(await idsOf(folder)).toEqual(['1', '2', '3']);
  });

  it('lose a torn line only, and the next entry is whole', async () => {
    const folder = newFolder();
    const files = store(folder, 'aa');
    await files.append(entry('1'));
    appendFileSync(
      join(folder, 'cost-2026-11.aa.jsonl'),
      '{"schema":"patchbay.ledger/1","id":"2","at',
    );
    await files.append(entry('3'));
    const { entries, problems } = await files.read();
    expect(entries.map(({ id }) => id)).toEqual(['1', '3']);
    expect(problems).toEqual([
      'cost-2026-11.aa.jsonl: lines that cannot be read, and are not counted: 1.',
    ]);
  });

  it('of months that are over become one, entries that stand in two count once, and old months go', async () => {
    const folder = newFolder();
    const july = Date.UTC(2026, 6, 3);
    mkdirSync(folder, { mode: 0o700 });
    const put = (name: string, ...entries: readonly LedgerEntry[]): void =>
      writeFileSync(join(folder, name), entries.map(ledgerCodec.encode).join(''), { mode: 0o600 });
    put('cost-2024-01.aa.jsonl', entry('old', Date.UTC(2024, 0, 1)));
    put('cost-2026-07.aa.jsonl', entry('1', july));
    put('cost-2026-07.bb.jsonl', entry('2', july + 1), entry('1', july));
    await store(folder, 'dd').append(entry('3'));
    await expect
      .poll(() => readdirSync(folder).sort())
      .toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^cost-2026-07\.all-/),
          'cost-2026-11.dd.jsonl',
        ]),
      );
    await expect.poll(() => readdirSync(folder).length).toBe(2);
    expect(await idsOf(folder)).toEqual(['1', '2', '3']);
  });

  it('are never read or written through a link', async () => {
    const folder = newFolder();
    await store(folder, 'aa').append(entry('1'));
    const elsewhere = join(folder, '..', 'elsewhere');
    writeFileSync(elsewhere, '');
    symlinkSync(elsewhere, join(folder, 'cost-2026-11.bb.jsonl'));
    await expect(store(folder, 'bb').append(entry('2'))).rejects.toThrow('link');
    const { entries, problems } = await store(folder, 'cc').read();
    expect(entries.map(({ id }) => id)).toEqual(['1']);
    expect(problems).toHaveLength(1);
  });

  it('are none where there is no folder', async () => {
    expect(await store(newFolder(), 'aa').read()).toEqual({ entries: [], problems: [] });
  });
});
