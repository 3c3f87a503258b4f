import {
  auditChain,
  type AuditLines,
  type ChainHead,
  type FileStart,
} from '../../src/gate/auditChain';
import type { AuditRecord } from '../../src/gate/contract';

type DecisionRecord = AuditRecord & { readonly kind: 'decision' };
type OutcomeRecord = AuditRecord & { readonly kind: 'outcome' };

/** A decision and an outcome of one call, as the log holds them. */
export function decisionRecord(callId: string, more: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    kind: 'decision',
    at: '2026-01-02T03:04:05.000Z',
    sessionId: 's',
    turnId: 't',
    callId,
    tool: 'run_command',
    modelId: 'test/model',
    executedBy: 'host',
    decision: 'allow',
    by: 'user',
    reason: 'allowed by you',
    effects: [{ kind: 'command', command: 'npm test', cwd: '/w', cwdClass: 'inside' }],
    arguments: '{"command":"npm test"}',
    mode: 'ask',
    ...more,
  };
}

export function outcomeRecord(callId: string, more: Partial<OutcomeRecord> = {}): OutcomeRecord {
  return {
    kind: 'outcome',
    at: '2026-01-02T03:04:06.000Z',
    sessionId: 's',
    turnId: 't',
    callId,
    tool: 'run_command',
    modelId: 'test/model',
    executedBy: 'host',
    outcome: 'ok',
    durationMs: 1000,
    resultChars: 3,
    ...more,
  };
}

export interface MadeFile {
  readonly name: string;
  readonly lines: readonly string[];
  readonly head: ChainHead;
}

/** One file of a host with these records, chained as the writer does it; `after` is the file that it continues. */
export function chainedFile(host: string, records: readonly object[], after?: MadeFile): MadeFile {
  const part = after === undefined ? 1 : 2;
  const start: FileStart = {
    kind: 'start',
    at: '2026-01-02T03:04:00.000Z',
    host,
    part,
    pid: 1,
    machine: 'm',
    ...(after === undefined ? {} : { after: after.name }),
  };
  let head = after?.head ?? auditChain.genesis(host);
  const lines = [start, ...records].map((record) => {
    const linked = auditChain.link(head, JSON.stringify(record));
    head = linked.head;
    return linked.line;
  });
  return { name: auditChain.fileName(host, part), lines, head };
}

export function toLines(lines: readonly (string | undefined)[], hasTornEnd = false): AuditLines {
  return { lines, hasTornEnd };
}
