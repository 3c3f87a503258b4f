import { isNumber, isRecord, isString, stringField } from '../base/guard';
import type { AuditRecord } from './contract';
import { sha256Hex } from './digest';

/**
 * The form of the audit log on disk. Each extension host process has files and a chain of its own; two windows never
 * share one. A file is UTF-8, one line per record, each ended by LF:
 *
 *     {"seq":7,"prev":"<hash of line 6>","hash":"<hash of this line>","record":{…}}
 *
 * `hash` is the SHA-256 (hex) of `<prev> LF <seq> LF <the record's JSON as it stands in the line>`. A line is exactly what
 * `JSON.stringify` makes of it, so that a blank or a doubled key is a change too. The first record of a file is its
 * `start`, the last one of a file that was finished properly its `end`. The first file of a host begins with `seq` 1
 * and the genesis of that host's name as `prev`; the next file goes on with the number and the hash of the last line
 * before it, and its `start` names that file (`after`).
 *
 * What the chain shows: every change, removal, insertion, repetition or move of lines within a file, and lines cut off
 * its end once the next file or the `end` exists. What it cannot show: lines cut off the end of the newest file, and a
 * chain that was made anew as a whole by somebody who can write the folder.
 */
export type StoredRecord = AuditRecord | FileStart | FileEnd;

export interface FileStart {
  readonly kind: 'start';
  readonly at: string;
  /** Start time and a random id; all files of one host share it. */
  readonly host: string;
  readonly part: number;
  readonly pid: number;
  /** A short digest of the machine's name: a pid says nothing about another machine. */
  readonly machine: string;
  /** The file before this one. */
  readonly after?: string;
}

export interface FileEnd {
  readonly kind: 'end';
  readonly at: string;
  readonly why: 'full' | 'closed';
}

/** The last line so far. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** What a writer of files needs of the chain; a port, because the room of the files knows no code of the gate. */
export interface AuditChain {
  /** The place before the first line of a host. */
  genesis(host: string): ChainHead;
  /** The next line, without its LF. `recordJson` comes from `JSON.stringify`. */
  link(head: ChainHead, recordJson: string): { readonly line: string; readonly head: ChainHead };
  fileName(host: string, part: number): string;
}

export const auditChain: AuditChain = {
  genesis: (host) => ({ seq: 0, hash: sha256Hex(`patchbay audit log of ${host}`) }),
  link: (head, recordJson) => {
    const seq = head.seq + 1;
    const hash = hashOf(head.hash, seq, recordJson);
    const line = `{"seq":${seq},"prev":"${head.hash}","hash":"${hash}","record":${recordJson}}`;
    return { line, head: { seq, hash } };
  },
  fileName: (host, part) => `audit-${host}${part === 1 ? '' : `.${part}`}.ndjson`,
};

export interface ChainLine {
  readonly seq: number;
  readonly prev: string;
  readonly hash: string;
  readonly record: Readonly<Record<string, unknown>>;
}

/** A line as it was written, or why it is none. Its place in the chain is not looked at. */
export function parseChainLine(line: string | undefined): ChainLine | { readonly why: string } {
  if (line === undefined) {
    return { why: 'it is not UTF-8 text' };
  }
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { why: line === '' ? 'it is empty' : 'it is not JSON' };
  }
  if (
    !isRecord(value) ||
    !isNumber(value.seq) ||
    !isHash(value.prev) ||
    !isHash(value.hash) ||
    !isRecord(value.record)
  ) {
    return { why: 'it is not a line of the audit log' };
  }
  const { seq, prev, hash, record } = value;
  return JSON.stringify({ seq, prev, hash, record }) === line
    ? { seq, prev, hash, record }
    : { why: 'it is not in the form in which it was written' };
}

/** A file taken apart at its line ends. A line that is not UTF-8 is undefined. */
export interface AuditLines {
  readonly lines: readonly (string | undefined)[];
  /** Bytes follow the last line end; they are not among the lines. */
  readonly hasTornEnd: boolean;
}

export type ChainVerdict = WholeChain | BrokenChain;

export interface WholeChain {
  readonly kind: 'whole';
  readonly host: string;
  readonly part: number;
  /** The file that this one continues. */
  readonly after?: string;
  /** Where the line before the first one stood. */
  readonly before: ChainHead;
  readonly last: ChainHead;
  readonly lineCount: number;
  readonly decisionCount: number;
  readonly outcomeCount: number;
  readonly firstAt: string;
  readonly lastAt: string;
  /** False for the file of a living host, and of one that was ended by force. */
  readonly isClosed: boolean;
}

export interface BrokenChain {
  readonly kind: 'broken';
  readonly lineOneBased: number;
  /** Behind "line 7:". */
  readonly why: string;
}

/**
 * Checks the chain of one file. An incomplete last line is named as broken: a host that was ended while it wrote and a
 * file that somebody cut look the same, and neither is to pass in silence.
 */
export function verifyAuditLines({ lines, hasTornEnd }: AuditLines): ChainVerdict {
  const check = new ChainCheck();
  for (const line of lines) {
    check.take(line);
  }
  return check.end(hasTornEnd);
}

/** The same, line by line: for whoever must not hold up a window with a large file. */
export class ChainCheck {
  private state: FileState | undefined;
  private count = 0;
  private problem: BrokenChain | undefined;

  /** False when the chain is broken; what comes then is not looked at. */
  take(text: string | undefined): boolean {
    if (this.problem !== undefined) {
      return false;
    }
    this.count += 1;
    const line = parseChainLine(text);
    if ('why' in line) {
      this.problem = broken(this.count, line.why);
      return false;
    }
    const why = this.state === undefined ? problemOfFirst(line) : problemOfNext(line, this.state);
    if (why !== undefined) {
      this.problem = broken(this.count, why);
      return false;
    }
    this.state = advance(this.state, line);
    return true;
  }

  end(hasTornEnd: boolean): ChainVerdict {
    if (this.problem !== undefined) {
      return this.problem;
    }
    if (hasTornEnd) {
      return broken(
        this.count + 1,
        'it is incomplete: its line end is missing. Its writer was ended in the middle of it, or the file was cut; everything before it is whole',
      );
    }
    if (this.state === undefined) {
      return broken(1, 'the file is empty');
    }
    const { start, ...counts } = this.state;
    return {
      kind: 'whole',
      host: stringField(start, 'host') ?? '',
      part: partOf(start),
      ...(isString(start.after) ? { after: start.after } : {}),
      ...counts,
      lineCount: this.count,
    };
  }
}

/** Whether a line follows directly on that place. */
export function isJoined(
  before: ChainHead,
  after: { readonly seq: number; readonly prev: string },
): boolean {
  return after.seq === before.seq + 1 && after.prev === before.hash;
}

interface FileState {
  readonly start: Readonly<Record<string, unknown>>;
  readonly before: ChainHead;
  readonly last: ChainHead;
  readonly decisionCount: number;
  readonly outcomeCount: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly isClosed: boolean;
}

function advance(state: FileState | undefined, line: ChainLine): FileState {
  const at = stringField(line.record, 'at') ?? '';
  const { kind } = line.record;
  return {
    start: state?.start ?? line.record,
    before: state?.before ?? { seq: line.seq - 1, hash: line.prev },
    last: { seq: line.seq, hash: line.hash },
    decisionCount: (state?.decisionCount ?? 0) + (kind === 'decision' ? 1 : 0),
    outcomeCount: (state?.outcomeCount ?? 0) + (kind === 'outcome' ? 1 : 0),
    firstAt: state?.firstAt ?? at,
    lastAt: at,
    isClosed: kind === 'end',
  };
}

function problemOfFirst(line: ChainLine): string | undefined {
  const { record } = line;
  const host = stringField(record, 'host');
  if (record.kind !== 'start' || host === undefined) {
    return 'it is not the start of an audit file: lines before it were removed';
  }
  const isFirstOfHost = line.seq === 1;
  if (isFirstOfHost && !isJoined(auditChain.genesis(host), line)) {
    return 'it does not begin at the genesis of its host';
  }
  if (!isFirstOfHost && !isString(record.after)) {
    return 'it does not name the file that it continues';
  }
  return problemOfHash(line);
}

function problemOfNext(line: ChainLine, { last, isClosed }: FileState): string | undefined {
  if (isClosed) {
    return 'it stands after the end of the file';
  }
  if (line.seq !== last.seq + 1) {
    return `its number is ${line.seq} where ${last.seq + 1} comes next: lines were removed, added or moved`;
  }
  if (line.prev !== last.hash) {
    return 'it does not follow from the line before: one of the two was replaced';
  }
  return line.record.kind === 'start' ? 'it is the start of another file' : problemOfHash(line);
}

function problemOfHash({ seq, prev, hash, record }: ChainLine): string | undefined {
  return hashOf(prev, seq, JSON.stringify(record)) === hash
    ? undefined
    : 'its content does not match its hash: it was changed';
}

function hashOf(prev: string, seq: number, recordJson: string): string {
  return sha256Hex(`${prev}\n${seq}\n${recordJson}`);
}

function partOf(start: Readonly<Record<string, unknown>>): number {
  return isNumber(start.part) ? start.part : 1;
}

function broken(lineOneBased: number, why: string): BrokenChain {
  return { kind: 'broken', lineOneBased, why };
}

function isHash(value: unknown): value is string {
  return isString(value) && /^[0-9a-f]{64}$/.test(value);
}
