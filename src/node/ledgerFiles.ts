import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerCodec, LedgerEntry, LedgerReading, LedgerStore } from '../session/costLedger';
import { appendLines, openPrivately } from './privateFile';

export interface LedgerFilesOptions {
  /** Absolute; shared by all windows, created when it is needed. */
  readonly folder: string;
  /** This window's own name: letters, digits and dashes. */
  readonly host: string;
  readonly codec: LedgerCodec;
  readonly nowMs: () => number;
  /** Older months go. Default 24. */
  readonly maxMonths?: number;
}

/** No month of a window is as large; what is beyond is not read. */
const maxFileBytes = 64 * 1024 * 1024;

/**
 * The cost ledger as files: one per window and month, append-only, mode 600, never through a link. Months that are over
 * for long become one file each, and the oldest go. A window that dies in between leaves an entry twice at most, and
 * an entry counts once.
 */
export function createLedgerFiles(options: LedgerFilesOptions): LedgerStore {
  const { folder, host, codec } = options;
  let hasTidied = false;
  return {
    append: async (entry) => {
      await appendTo(join(folder, fileName(monthOf(entry.atMs), host)), codec.encode(entry));
      if (!hasTidied) {
        hasTidied = true;
        // Beside the entry, not before it. A folder that cannot be tidied is tidied by the next window.
        void tidy(options).catch(() => undefined);
      }
    },
    read: async () => readFiles(folder, await listFiles(folder), codec),
  };
}

/** Merges the months before the last one and removes those that are too old. */
async function tidy({
  folder,
  host,
  codec,
  nowMs,
  maxMonths = 24,
}: LedgerFilesOptions): Promise<void> {
  const names = await listFiles(folder);
  const mergedBefore = monthOf(nowMs(), -1);
  const keptFrom = monthOf(nowMs(), 1 - maxMonths);
  const byMonth = new Map<string, string[]>();
  for (const name of names) {
    const month = name.slice(prefix.length, prefix.length + 7);
    byMonth.set(month, [...(byMonth.get(month) ?? []), name]);
  }
  for (const [month, files] of byMonth) {
    if (month < keptFrom) {
      await removeAll(folder, files);
    } else if (month < mergedBefore && files.length > 1) {
      const { entries, problems } = await readFiles(folder, files, codec);
      if (problems.length === 0) {
        const merged = `${prefix}${month}.all-${host}.jsonl`;
        await appendTo(join(folder, merged), entries.map((entry) => codec.encode(entry)).join(''));
        await removeAll(
          folder,
          files.filter((name) => name !== merged),
        );
      }
    }
  }
}

const prefix = 'cost-';

function fileName(month: string, host: string): string {
  return `${prefix}${month}.${host}.jsonl`;
}

/** `2026-11`, in universal time; `plus` months later. */
function monthOf(atMs: number, plus = 0): string {
  const at = new Date(atMs);
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + plus, 1))
    .toISOString()
    .slice(0, 7);
}

async function listFiles(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => /^cost-\d{4}-\d\d\.[A-Za-z0-9-]+\.jsonl$/.test(name)).sort();
  } catch (error) {
    if (isAbsent(error)) {
      return [];
    }
    throw error;
  }
}

async function readFiles(
  folder: string,
  names: readonly string[],
  codec: LedgerCodec,
): Promise<LedgerReading> {
  const entries: LedgerEntry[] = [];
  const problems: string[] = [];
  for (const name of names) {
    try {
      const text = await readText(join(folder, name));
      let unreadable = 0;
      for (const line of text.split('\n')) {
        const entry = line === '' ? undefined : codec.decode(line);
        if (entry !== undefined) {
          entries.push(entry);
        } else if (line !== '') {
          unreadable += 1;
        }
      }
      if (unreadable > 0) {
        problems.push(
          `${name}: lines that cannot be read, and are not counted: ${String(unreadable)}.`,
        );
      }
    } catch (error) {
      // Another window has just merged it.
      if (!isAbsent(error)) {
        problems.push(`${name}: ${error instanceof Error ? error.message : 'it cannot be read'}`);
      }
    }
  }
  return { entries: codec.unique(entries), problems };
}

async function readText(path: string): Promise<string> {
  const file = await openPrivately(path, 'read');
  try {
    const { size } = await file.stat();
    if (size > maxFileBytes) {
      throw new Error(`it has ${String(size)} bytes, more than is read`);
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

async function appendTo(path: string, lines: string): Promise<void> {
  const file = await openPrivately(path, 'append');
  try {
    await appendLines(file, lines);
  } finally {
    await file.close();
  }
}

async function removeAll(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await unlink(join(folder, name)).catch((error: unknown) => {
      if (!isAbsent(error)) {
        throw error;
      }
    });
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
