import { rename } from 'node:fs/promises';
import type { Redactor } from '../base/redact';
import type { AuditRecord, AuditSink } from '../gate/contract';
import { appendLines, openPrivately } from './privateFile';
import { SerialQueue } from './serialQueue';

export interface AuditFileOptions {
  /** Absolute; the file before it, after a rotation, has `.1` behind its name. */
  readonly path: string;
  readonly redact: Redactor;
  /** At this size the file is put aside, and the one put aside before it goes. Default 10 MiB. */
  readonly maxBytes?: number;
}

/**
 * The audit log as a file: one JSON line per record, appended in the order of the calls, mode 600, never through a link.
 * The texts of a record are redacted before they are written. Rejects when the disk does; the next record is tried anew.
 */
export function createAuditFile(options: AuditFileOptions): AuditSink {
  const queue = new SerialQueue<'file'>();
  return {
    write: (record) => {
      const line = auditLine(record, options.redact);
      return queue.run('file', () => appendLine(options, line));
    },
  };
}

/** One line, with its LF. Only the values are redacted, so that the line stays JSON. */
function auditLine(record: AuditRecord, redact: Redactor): string {
  const json = JSON.stringify(record, (_key, value: unknown) =>
    typeof value === 'string' ? redact(value) : value,
  );
  return `${json}\n`;
}

async function appendLine(options: AuditFileOptions, line: string): Promise<void> {
  const maxBytes = options.maxBytes ?? 10 * 1024 * 1024;
  let file = await openPrivately(options.path, 'append');
  try {
    const { size } = await file.stat();
    if (size > 0 && size + Buffer.byteLength(line) > maxBytes) {
      await file.close();
      await rename(options.path, `${options.path}.1`);
      file = await openPrivately(options.path, 'append');
    }
    await appendLines(file, line);
  } finally {
    await file.close();
  }
}
