import { basename, dirname, join } from 'node:path';
import { errorMessage } from '../base/patchbayError';
import { verifyAuditFile } from '../gate/auditVerify';
import { readAuditLines } from '../node/auditFolder';
import type { AuditVerifyCommand } from './args';

export interface AuditVerification {
  readonly exitCode: 0 | 1;
  readonly line: Readonly<Record<string, unknown>>;
}

/**
 * `audit verify FILE`: checks the chain of one file, and its joints with the files of the same host beside it. One JSON
 * line; 0 when it is whole, 1 with the first broken line (`line`, counted from 1) and `why`. Never rejects.
 */
export async function verifyAudit({ file }: AuditVerifyCommand): Promise<AuditVerification> {
  try {
    const folder = dirname(file);
    const verdict = await verifyAuditFile(basename(file), (name) =>
      readAuditLines(join(folder, name)),
    );
    if (verdict.kind === 'broken') {
      return broken({ file, line: verdict.lineOneBased, why: verdict.why });
    }
    const { kind: _whole, before: _before, last, ...checked } = verdict;
    return {
      exitCode: 0,
      line: { ok: true, file, ...checked, lastSeq: last.seq, lastHash: last.hash },
    };
  } catch (error) {
    return broken({ file, line: 1, why: `it could not be read: ${errorMessage(error)}` });
  }
}

function broken(found: {
  readonly file: string;
  readonly line: number;
  readonly why: string;
}): AuditVerification {
  return { exitCode: 1, line: { ok: false, ...found } };
}
