import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redactor } from '../base/redact';
import type { AuditChain, ChainHead, StoredRecord } from '../gate/auditChain';
import type { AuditRecord, AuditSink } from '../gate/contract';
import { machineDigest, pruneAuditFiles } from './auditFolder';
import { openPrivately } from './privateFile';
import { SerialQueue } from '../base/serialQueue';

export interface AuditFileOptions {
  /** Absolute; shared by all hosts, created when it is needed. */
  readonly folder: string;
  /** This host's own name: see `auditHostName`. */
  readonly host: string;
  readonly redact: Redactor;
  readonly chain: AuditChain;
  readonly nowMs: () => number;
  /** At this size the next file is begun. Default 10 MiB. */
  readonly maxFileBytes?: number;
  /** What the finished files of all hosts may take together. Default 100 MiB in 100 files. */
  readonly maxTotalBytes?: number;
  readonly maxFiles?: number;
}

export interface AuditFile extends AuditSink {
  /** Writes the end of the file and closes it. A record that comes later begins the next file. */
  close(): Promise<void>;
}

/**
 * The audit log of one host as files: a hash chain (see `auditChain`), one append per record in the order of the calls,
 * mode 600, never through a link. `write` resolves when the operating system has the line, so that it outlives this
 * process; it is not forced to the disk. It rejects when the line is not in the file; the next record is tried anew.
 * A file that is not as this host left it (changed, cut, removed) is left alone, and the chain goes on in the next one.
 */
export function createAuditFile(options: AuditFileOptions): AuditFile {
  const writer = new Writer(options);
  const queue = new SerialQueue<'file'>();
  return {
    write: (record) => queue.run('file', () => writer.write(record)),
    close: () => queue.run('file', () => writer.close()),
  };
}

/** Sortable by start; the random part keeps hosts apart that start within one second. */
export function auditHostName(startedAtMs: number, randomId: string): string {
  const time = new Date(startedAtMs).toISOString().slice(0, 19).replaceAll(':', '-');
  return `${time}Z-${randomId}`;
}

interface OpenFile {
  readonly name: string;
  readonly handle: FileHandle;
  /** What the file must measure, or somebody else was there. */
  sizeBytes: number;
}

class Writer {
  private head: ChainHead;
  private part = 0;
  private lastName: string | undefined;
  private file: OpenFile | undefined;

  constructor(private readonly options: AuditFileOptions) {
    this.head = options.chain.genesis(options.host);
  }

  async write(record: AuditRecord): Promise<void> {
    const json = this.toJson(record);
    const file = await this.fileFor(json);
    await this.append(file, json);
  }

  async close(): Promise<void> {
    if (this.file !== undefined) {
      await this.finish(this.file, 'closed');
    }
  }

  /** The open file when it is as we left it and has room, else the next one, which is begun. */
  private async fileFor(json: string): Promise<OpenFile> {
    const { file } = this;
    if (file !== undefined) {
      const isOurs = await isAsLeft(file);
      const hasRoom = file.sizeBytes + Buffer.byteLength(json) + linkBytes <= this.maxFileBytes();
      if (isOurs && hasRoom) {
        return file;
      }
      if (isOurs) {
        await this.finish(file, 'full');
      } else {
        await this.release(file);
      }
    }
    return await this.begin();
  }

  private async begin(): Promise<OpenFile> {
    const { chain, folder, host } = this.options;
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      this.part += 1;
      const name = chain.fileName(host, this.part);
      const handle = await openPrivately(join(folder, name), 'append').catch((error: unknown) => {
        // The same place is tried again: nothing of ours is in it yet.
        this.part -= 1;
        throw error;
      });
      const file: OpenFile = { name, handle, sizeBytes: 0 };
      // A file that is there already is not ours, whatever it is.
      if ((await handle.stat()).size > 0) {
        await handle.close();
        continue;
      }
      const start: StoredRecord = {
        kind: 'start',
        at: this.now(),
        host,
        part: this.part,
        pid: process.pid,
        machine: machineDigest(),
        ...(this.lastName === undefined ? {} : { after: this.lastName }),
      };
      try {
        await this.append(file, JSON.stringify(start));
      } catch (error) {
        this.part -= 1;
        await handle.close();
        throw error;
      }
      this.file = file;
      this.lastName = name;
      this.prune(name);
      return file;
    }
    throw new Error(`the places for the next file of ${host} are taken`);
  }

  /** One line. The chain moves on only when all of it is in the file; a part of it is taken back. */
  private async append(file: OpenFile, json: string): Promise<void> {
    const { line, head } = this.options.chain.link(this.head, json);
    const bytes = Buffer.from(`${line}\n`, 'utf8');
    try {
      let rest: Uint8Array = bytes;
      while (rest.length > 0) {
        const { bytesWritten } = await file.handle.write(rest);
        rest = rest.subarray(bytesWritten);
      }
    } catch (error) {
      // Where this fails too, the size tells it at the next record.
      await file.handle.truncate(file.sizeBytes).catch(() => undefined);
      throw error;
    }
    file.sizeBytes += bytes.length;
    this.head = head;
  }

  /** The end is a service to those who prune and read; without it the file counts as that of a host that was killed. */
  private async finish(file: OpenFile, why: 'full' | 'closed'): Promise<void> {
    const end: StoredRecord = { kind: 'end', at: this.now(), why };
    if (await isAsLeft(file)) {
      await this.append(file, JSON.stringify(end)).catch(() => undefined);
    }
    await this.release(file);
  }

  private async release(file: OpenFile): Promise<void> {
    this.file = undefined;
    // The lines are written; a handle that does not close costs nothing of them.
    await file.handle.close().catch(() => undefined);
  }

  /** Beside the record that waits, not before it. A folder that cannot be tidied is tidied the next time. */
  private prune(name: string): void {
    const { folder, host, maxTotalBytes, maxFiles } = this.options;
    void pruneAuditFiles(folder, {
      keep: name,
      ownPrefix: `audit-${host}.`,
      maxTotalBytes: maxTotalBytes ?? 100 * 1024 * 1024,
      maxFiles: maxFiles ?? 100,
      nowMs: this.options.nowMs(),
    }).catch(() => undefined);
  }

  /** Only values are redacted, so that the line stays JSON. */
  private toJson(record: AuditRecord): string {
    const { redact } = this.options;
    return JSON.stringify(record, (_key, value: unknown) =>
      typeof value === 'string' ? redact(value) : value,
    );
  }

  private now(): string {
    return new Date(this.options.nowMs()).toISOString();
  }

  private maxFileBytes(): number {
    return this.options.maxFileBytes ?? 10 * 1024 * 1024;
  }
}

/** Room for number, hashes and the words around the record. */
const linkBytes = 200;
const maxAttempts = 20;

/** False when it was removed, cut, or somebody else wrote. */
async function isAsLeft(file: OpenFile): Promise<boolean> {
  try {
    const { size, nlink } = await file.handle.stat();
    return size === file.sizeBytes && nlink > 0;
  } catch {
    return false;
  }
}
