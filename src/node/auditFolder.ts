import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { lstat, readdir, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isRecord, numberField, recordField, stringField } from '../base/guard';
import type { AuditLines } from '../gate/auditChain';
import type { AuditFileText, ParsedAudit } from '../gate/auditRecords';
import { readFileTail } from './fileTail';
import { openPrivately } from './privateFile';
import { unlessAbsent } from './unlessAbsent';

interface AuditFileInfo {
  readonly name: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

/** The files of all hosts, by the time of their last record, oldest first. A folder that is not there has none. */
export async function listAuditFiles(folder: string): Promise<readonly AuditFileInfo[]> {
  const names = (await unlessAbsent(readdir(folder))) ?? [];
  const found = await Promise.all(
    names.filter(isAuditFileName).map(async (name) => {
      const info = await unlessAbsent(lstat(join(folder, name)));
      return info?.isFile() === true ? [{ name, sizeBytes: info.size, mtimeMs: info.mtimeMs }] : [];
    }),
  );
  return found.flat().sort((a, b) => a.mtimeMs - b.mtimeMs || (a.name < b.name ? -1 : 1));
}

export interface AuditReading extends ParsedAudit {
  readonly fileCount: number;
  /** Older records are in the files only. */
  readonly isCut: boolean;
  /** Files that cannot be read, with the reason. */
  readonly problems: readonly string[];
}

/**
 * The newest records of all hosts, newest last, from at most `maxBytes` of the ends of the files. Every file gets an equal
 * share, and what small ones leave goes to the others, the newest first, so that no host hides another. `parse` is
 * `parseAuditFiles`.
 */
export async function readAuditRecords(
  folder: string,
  options: {
    readonly maxBytes: number;
    readonly parse: (files: readonly AuditFileText[]) => ParsedAudit;
  },
): Promise<AuditReading> {
  const files = [...(await listAuditFiles(folder))].reverse();
  const shares = shareBytes(files, options.maxBytes);
  const texts: AuditFileText[] = [];
  const problems: string[] = [];
  let isCut = false;
  for (const [index, { name }] of files.entries()) {
    try {
      const tail = await readFileTail(join(folder, name), shares[index] ?? 0);
      texts.push({ file: name, text: tail.text });
      isCut ||= tail.isCut;
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message : 'it cannot be read'}`);
    }
  }
  return { ...options.parse(texts), fileCount: files.length, isCut, problems };
}

/** The lines of one file for the check of its chain; undefined when there is none of that name. */
export async function readAuditLines(path: string): Promise<AuditLines | undefined> {
  const file = await unlessAbsent(openPrivately(path, 'read'));
  if (file === undefined) {
    return undefined;
  }
  try {
    const { size } = await file.stat();
    if (size > maxVerifiedBytes) {
      throw new Error(
        `the file has ${size} bytes; no audit file has more than ${maxVerifiedBytes}`,
      );
    }
    return splitLines(await file.readFile());
  } finally {
    await file.close();
  }
}

export interface PruneOptions {
  /** The file that is written to. */
  readonly keep: string;
  /** Other files of this host are finished, however they end. */
  readonly ownPrefix: string;
  readonly maxTotalBytes: number;
  readonly maxFiles: number;
  readonly nowMs: number;
  /** For tests. */
  readonly isAlive?: (pid: number) => boolean;
}

/**
 * Removes the oldest finished files until the rest is within the bounds. Finished: it ends with its `end`, or it is an
 * earlier file of this host, or the process that wrote it is gone. A file of another machine, or one that does not say
 * whose it is, counts as finished when nothing came to it for 30 days.
 */
export async function pruneAuditFiles(folder: string, options: PruneOptions): Promise<void> {
  const files = await listAuditFiles(folder);
  let totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  let count = files.length;
  for (const file of files) {
    if (totalBytes <= options.maxTotalBytes && count <= options.maxFiles) {
      return;
    }
    // What cannot be looked at stays: it may be somebody's who lives.
    const mayGo =
      file.name !== options.keep && (await isFinished(folder, file, options).catch(() => false));
    if (mayGo) {
      await unlessAbsent(unlink(join(folder, file.name)));
      totalBytes -= file.sizeBytes;
      count -= 1;
    }
  }
}

/** Tells machines apart without naming them. */
export function machineDigest(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 12);
}

const maxVerifiedBytes = 256 * 1024 * 1024;
const forgottenAfterMs = 30 * 24 * 3600 * 1000;

function isAuditFileName(name: string): boolean {
  return /^audit-[A-Za-z0-9._-]{1,100}\.ndjson$/.test(name);
}

function splitLines(bytes: Buffer): AuditLines {
  const lines: (string | undefined)[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
    const line = bytes.subarray(start, end);
    lines.push(isUtf8(line) ? line.toString('utf8') : undefined);
    start = end + 1;
  }
  return { lines, hasTornEnd: start < bytes.length };
}

/** How much of the end of each file is read. */
function shareBytes(files: readonly AuditFileInfo[], maxBytes: number): readonly number[] {
  const fair = Math.floor(maxBytes / Math.max(1, files.length));
  const shares = files.map(({ sizeBytes }) => Math.min(sizeBytes, fair));
  let rest = maxBytes - shares.reduce((sum, share) => sum + share, 0);
  return files.map(({ sizeBytes }, index) => {
    const share = shares[index] ?? 0;
    const more = Math.min(rest, sizeBytes - share);
    rest -= more;
    return share + more;
  });
}

async function isFinished(
  folder: string,
  file: AuditFileInfo,
  options: PruneOptions,
): Promise<boolean> {
  if (file.name.startsWith(options.ownPrefix)) {
    return true;
  }
  const path = join(folder, file.name);
  const tail = await readFileTail(path, markBytes);
  if (stringField(markIn(tail.text.trimEnd().split('\n').at(-1)), 'kind') === 'end') {
    return true;
  }
  const start = markIn(await readFirstLine(path));
  const pid = numberField(start, 'pid');
  if (pid !== undefined && stringField(start, 'machine') === machineDigest()) {
    return !(options.isAlive ?? isProcessAlive)(pid);
  }
  return options.nowMs - file.mtimeMs > forgottenAfterMs;
}

/** Starts and ends of files are short. */
const markBytes = 4096;

function markIn(line: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line ?? '');
    return isRecord(value) ? recordField(value, 'record') : undefined;
  } catch {
    return undefined;
  }
}

async function readFirstLine(path: string): Promise<string | undefined> {
  const file = await unlessAbsent(openPrivately(path, 'read'));
  if (file === undefined) {
    return undefined;
  }
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(markBytes), 0, markBytes, 0);
    return buffer.toString('utf8', 0, bytesRead).split('\n')[0];
  } finally {
    await file.close();
  }
}

function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not ours to signal is alive.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
