import * as vscode from 'vscode';
import { makeVisibleName } from '../gate/visible';
import {
  agentOf,
  auditStates,
  filterText,
  matchesFilter,
  type AuditEntry,
  type AuditFilter,
} from './auditEntries';

/**
 * Lets the user put a filter together, one criterion at a time; each choice counts at once. Ends with Escape. What is
 * offered is what the log holds under the other criteria.
 */
export async function pickFilter(
  entries: readonly AuditEntry[],
  start: AuditFilter,
  nowMs: number,
  apply: (filter: AuditFilter) => void,
): Promise<void> {
  let filter = start;
  for (;;) {
    const next = await pickCriterion(entries, filter, nowMs);
    if (next === undefined) {
      return;
    }
    filter = next;
    apply(filter);
  }
}

type Criterion = 'tool' | 'state' | 'by' | 'agent' | 'sessionId';

const criteria: readonly {
  readonly key: Criterion;
  readonly label: string;
  readonly valueOf: (entry: AuditEntry) => string | undefined;
}[] = [
  { key: 'tool', label: 'Tool', valueOf: ({ head }) => head.tool },
  { key: 'state', label: 'Verdict', valueOf: ({ state }) => state },
  { key: 'by', label: 'Decided by', valueOf: ({ decision }) => decision?.by },
  { key: 'agent', label: 'Agent or model', valueOf: agentOf },
  { key: 'sessionId', label: 'Session', valueOf: ({ head }) => head.sessionId },
];

const any = 'any';

interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

async function pickCriterion(
  entries: readonly AuditEntry[],
  filter: AuditFilter,
  nowMs: number,
): Promise<AuditFilter | undefined> {
  const count = entries.filter((entry) => matchesFilter(entry, filter)).length;
  const choices: Choice<() => Promise<AuditFilter | undefined>>[] = [
    ...criteria.map(({ key, label, valueOf }) => ({
      label,
      description: makeVisibleName(filter[key] ?? any),
      value: () => pickValue(entries, filter, key, label, valueOf),
    })),
    {
      label: 'Contains',
      description: filter.text === undefined ? any : makeVisibleName(filter.text),
      value: () => pickText(filter),
    },
    {
      label: 'Time',
      description:
        filter.sinceMs === undefined
          ? any
          : `since ${new Date(filter.sinceMs).toISOString().slice(0, 16)}Z`,
      value: () => pickTime(filter, nowMs),
    },
    ...(filterText(filter) === undefined
      ? []
      : [{ label: 'Show All', description: 'no filter', value: () => Promise.resolve({}) }]),
  ];
  const picked = await vscode.window.showQuickPick(choices, {
    title: 'Filter Audit Log',
    placeHolder: `${count} of ${entries.length} calls are shown; choose what to filter by`,
  });
  // Escape in the second list leads back to the first one.
  return picked === undefined ? undefined : ((await picked.value()) ?? filter);
}

async function pickValue(
  entries: readonly AuditEntry[],
  filter: AuditFilter,
  key: Criterion,
  label: string,
  valueOf: (entry: AuditEntry) => string | undefined,
): Promise<AuditFilter | undefined> {
  const { [key]: _own, ...others } = filter;
  const counts = new Map<string, number>();
  for (const entry of entries.filter((candidate) => matchesFilter(candidate, others))) {
    const value = valueOf(entry);
    if (value !== undefined) {
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }
  const choices: Choice<string | undefined>[] = [
    { label: 'Any', value: undefined },
    ...[...counts]
      .sort((a, b) => b[1] - a[1])
      .map(([value, count]) => ({
        label: makeVisibleName(value),
        description: `${count}`,
        value,
      })),
  ];
  const picked = await vscode.window.showQuickPick(choices, { title: `Filter by ${label}` });
  if (picked === undefined) {
    return undefined;
  }
  const { value } = picked;
  if (value === undefined) {
    return others;
  }
  if (key !== 'state') {
    return { ...others, [key]: value };
  }
  const state = auditStates.find((known) => known === value);
  return state === undefined ? undefined : { ...others, state };
}

async function pickText(filter: AuditFilter): Promise<AuditFilter | undefined> {
  const { text: before, ...others } = filter;
  const text = await vscode.window.showInputBox({
    title: 'Filter by Text',
    prompt: 'Anywhere in a call: its command, paths, arguments, reason. Empty: any.',
    value: before ?? '',
  });
  return text === undefined ? undefined : text === '' ? others : { ...others, text };
}

async function pickTime(filter: AuditFilter, nowMs: number): Promise<AuditFilter | undefined> {
  const { sinceMs: _before, ...others } = filter;
  const hourMs = 3_600_000;
  const choices: Choice<number | undefined>[] = [
    { label: 'Any time', value: undefined },
    { label: 'The last hour', value: nowMs - hourMs },
    { label: 'The last 24 hours', value: nowMs - 24 * hourMs },
    { label: 'The last 7 days', value: nowMs - 7 * 24 * hourMs },
  ];
  const picked = await vscode.window.showQuickPick(choices, { title: 'Filter by Time' });
  return picked === undefined
    ? undefined
    : picked.value === undefined
      ? others
      : { ...others, sinceMs: picked.value };
}
