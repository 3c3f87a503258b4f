import {
  auditChain,
  isJoined,
  parseChainLine,
  ChainCheck,
  type AuditLines,
  type BrokenChain,
  type ChainVerdict,
  type WholeChain,
} from './auditChain';

/** A file that is whole in itself and fits its neighbours, as far as they are there. */
export interface WholeFile extends WholeChain {
  /** `missing`: the file before this one is not beside it; its age may have taken it. */
  readonly previous: 'none' | 'joined' | 'missing';
  readonly next: 'none' | 'joined';
}

export type FileVerdict = WholeFile | BrokenChain;

/**
 * Checks one file of the audit log and its joints with the files of the same host that lie beside it. `read` gives the
 * lines of a file of that folder; undefined when there is none. `pause` is awaited every few hundred lines, so that a
 * large file does not hold up a window. Rejects only where `read` does.
 */
export async function verifyAuditFile(
  name: string,
  read: (name: string) => Promise<AuditLines | undefined>,
  pause: () => Promise<void> = () => Promise.resolve(),
): Promise<FileVerdict> {
  const own = await read(name);
  if (own === undefined) {
    return { kind: 'broken', lineOneBased: 1, why: 'there is no such file' };
  }
  const chain = await checkChain(own, pause);
  if (chain.kind === 'broken') {
    return chain;
  }
  const beside = async (other: string): Promise<AuditLines | undefined> =>
    other !== name && isPlainName(other) ? await read(other) : undefined;
  const previous = chain.after === undefined ? undefined : await beside(chain.after);
  if (previous !== undefined && !endsBefore(previous, chain)) {
    return {
      kind: 'broken',
      lineOneBased: 1,
      why: `it does not continue the last line of ${chain.after ?? ''}: lines were cut off there, or one of the two files was replaced`,
    };
  }
  const nextName = auditChain.fileName(chain.host, chain.part + 1);
  const next = await beside(nextName);
  const [nextLine] = (next?.lines ?? []).map(parseChainLine);
  if (nextLine !== undefined && !('why' in nextLine) && !isJoined(chain.last, nextLine)) {
    return {
      kind: 'broken',
      lineOneBased: chain.lineCount + 1,
      why: `lines are missing at the end, or were added: ${nextName} does not continue from here`,
    };
  }
  return {
    ...chain,
    previous: chain.after === undefined ? 'none' : previous === undefined ? 'missing' : 'joined',
    next: nextLine === undefined || 'why' in nextLine ? 'none' : 'joined',
  };
}

async function checkChain(
  { lines, hasTornEnd }: AuditLines,
  pause: () => Promise<void>,
): Promise<ChainVerdict> {
  const check = new ChainCheck();
  for (const [index, line] of lines.entries()) {
    if (!check.take(line)) {
      break;
    }
    if (index % linesBetweenPauses === 0) {
      await pause();
    }
  }
  return check.end(hasTornEnd);
}

const linesBetweenPauses = 200;

/** The newest line of the file before must be the one that this file begins after. */
function endsBefore(previous: AuditLines, { before }: WholeChain): boolean {
  const last = parseChainLine(previous.lines.at(-1));
  return !('why' in last) && last.seq === before.seq && last.hash === before.hash;
}

/** Names come out of the file that is checked; they lead to its own folder only. */
function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9._-]{1,150}$/.test(name);
}
