import { hostOf, type StoredAuditRecord } from '../gate/auditRecords';
import type { AuditRecord } from '../gate/contract';

/** How a call stands, in one word for the list and the filter. */
export const auditStates = [
  'ok',
  'denied',
  'failed',
  'timed out',
  'stopped',
  'unfinished',
  'undecided',
] as const;

export type AuditState = (typeof auditStates)[number];

/**
 * The two records of one call together. `unfinished`: no outcome, the call runs still or its host was killed;
 * `undecided`: an outcome whose decision is not in what was read.
 */
export interface AuditEntry {
  readonly state: AuditState;
  readonly head: AuditRecord;
  readonly file: string;
  readonly seq: number;
  readonly decision?: AuditRecord & { readonly kind: 'decision' };
  readonly outcome?: AuditRecord & { readonly kind: 'outcome' };
}

/** Everything that is set must hold. */
export interface AuditFilter {
  readonly sessionId?: string;
  readonly tool?: string;
  readonly state?: AuditState;
  /** `user`, or the id of a rule. */
  readonly by?: string;
  /** See `agentOf`. */
  readonly agent?: string;
  /** Anywhere in the two records, whatever the letter case. */
  readonly text?: string;
  readonly sinceMs?: number;
}

/** Who made the call: the agent's adapter, or the model that called our own tools. */
export function agentOf({ head }: AuditEntry): string {
  return head.bridge ?? head.modelId;
}

/** Pairs each outcome with the oldest open decision of its call. In the order of the decisions, oldest first. */
export function toEntries(records: readonly StoredAuditRecord[]): readonly AuditEntry[] {
  const entries: AuditEntry[] = [];
  const open = new Map<string, number[]>();
  for (const { record, file, seq } of records) {
    const key = JSON.stringify([
      hostOf(file),
      record.sessionId,
      record.turnId,
      record.callId,
      record.tool,
      record.executedBy,
    ]);
    if (record.kind === 'decision') {
      open.set(key, [...(open.get(key) ?? []), entries.length]);
      entries.push({ state: 'unfinished', head: record, file, seq, decision: record });
      continue;
    }
    const [index, ...rest] = open.get(key) ?? [];
    const decided = index === undefined ? undefined : entries[index];
    if (index === undefined || decided === undefined) {
      entries.push({ state: 'undecided', head: record, file, seq, outcome: record });
    } else {
      open.set(key, rest);
      entries[index] = { ...decided, state: stateOf(record), outcome: record };
    }
  }
  return entries;
}

export function matchesFilter(entry: AuditEntry, filter: AuditFilter): boolean {
  const { head, decision } = entry;
  return (
    isSame(filter.sessionId, head.sessionId) &&
    isSame(filter.tool, head.tool) &&
    isSame(filter.state, entry.state) &&
    isSame(filter.by, decision?.by) &&
    isSame(filter.agent, agentOf(entry)) &&
    (filter.sinceMs === undefined || Date.parse(head.at) >= filter.sinceMs) &&
    (filter.text === undefined || textOf(entry).includes(filter.text.toLowerCase()))
  );
}

/** What is filtered by, in words; undefined when everything is shown. */
export function filterText(filter: AuditFilter): string | undefined {
  const parts = [
    filter.tool === undefined ? undefined : `tool ${filter.tool}`,
    filter.state,
    filter.by === undefined ? undefined : `decided by ${filter.by}`,
    filter.agent === undefined ? undefined : `agent ${filter.agent}`,
    filter.sessionId === undefined ? undefined : `session ${filter.sessionId}`,
    filter.sinceMs === undefined
      ? undefined
      : `since ${new Date(filter.sinceMs).toISOString().slice(0, 16)}Z`,
    filter.text === undefined ? undefined : `contains "${filter.text}"`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(', ');
}

function stateOf({ outcome }: AuditRecord & { readonly kind: 'outcome' }): AuditState {
  switch (outcome) {
    case 'ok':
    case 'cache_hit':
      return 'ok';
    case 'error':
      return 'failed';
    case 'timeout':
      return 'timed out';
    case 'aborted':
      return 'stopped';
    case 'denied':
      return 'denied';
  }
}

function isSame(wanted: string | undefined, found: string | undefined): boolean {
  return wanted === undefined || wanted === found;
}

function textOf({ decision, outcome }: AuditEntry): string {
  return JSON.stringify([decision, outcome]).toLowerCase();
}
