import { noUsage, plusUsage, type Tally, type UsageTotal } from '../events/usageTotal';
import {
  groupEntries,
  localDay,
  totalOfEntries,
  type LedgerGroup,
  type LedgerReading,
} from '../session/costLedger';

export interface CostTextOptions {
  readonly reading: LedgerReading;
  readonly sessionTitle: (sessionId: string) => string | undefined;
  readonly runtimeName: (runtime: string) => string;
  readonly nowMs: number;
}

const maxRows = 60;

/** The cost ledger as text: one table per day, session, model and runtime. What nobody told is said to be unknown. */
export function costText({ reading, sessionTitle, runtimeName, nowMs }: CostTextOptions): string {
  const { entries, problems } = reading;
  if (entries.length === 0) {
    return ['# Patchbay cost', '', 'Nothing was used yet.', ...problemLines(problems), ''].join(
      '\n',
    );
  }
  const today = localDay(nowMs);
  const byTime = (a: LedgerGroup, b: LedgerGroup): number => b.lastAtMs - a.lastAtMs;
  const bySize = (a: LedgerGroup, b: LedgerGroup): number =>
    b.total.costNanoUsd.known - a.total.costNanoUsd.known ||
    b.total.inputTokens.known - a.total.inputTokens.known;
  const table = (
    heading: string,
    groups: readonly LedgerGroup[],
    nameOf: (key: string) => string,
  ): readonly string[] => [
    '',
    `## ${heading}`,
    '',
    ...formatTable([
      [heading, ...columns],
      ...groups.slice(0, maxRows).map(({ key, total }) => [nameOf(key), ...cells(total)]),
      ...(groups.length > maxRows
        ? [[`${String(groups.length - maxRows)} more`, ...cells(restOf(groups))]]
        : []),
      ['All', ...cells(totalOfEntries(entries))],
    ]),
  ];
  const compactions = entries.filter(({ purpose }) => purpose === 'compaction').length;
  return [
    '# Patchbay cost',
    '',
    'What providers and agents reported. "unknown" was not told; "at least" has parts that were not told.',
    'Input that came from a cache, or went into one, is not among "in". Cost is in US dollars, as reported, or by your own prices (patchbay.prices).',
    ...(compactions === 0
      ? []
      : [`Exchanges that summarised a conversation are among it: ${String(compactions)}.`]),
    ...table(
      'Day',
      [...groupEntries(entries, ({ atMs }) => localDay(atMs))].sort((a, b) =>
        a.key < b.key ? 1 : -1,
      ),
      (day) => (day === today ? `${day} (today)` : day),
    ),
    ...table(
      'Session',
      [...groupEntries(entries, ({ sessionId }) => sessionId)].sort(byTime),
      (sessionId) => sessionTitle(sessionId) ?? `${sessionId} (elsewhere, or removed)`,
    ),
    ...table(
      'Model',
      [...groupEntries(entries, ({ modelId }) => modelId)].sort(bySize),
      (id) => id,
    ),
    ...table(
      'Runtime',
      [...groupEntries(entries, ({ runtime }) => runtime)].sort(bySize),
      runtimeName,
    ),
    ...problemLines(problems),
    '',
  ].join('\n');
}

const columns = ['exchanges', 'in', 'out', 'cache read', 'cache written', 'cost'];

function cells(total: UsageTotal): readonly string[] {
  return [
    count(total.exchanges),
    tokens(total.inputTokens, total.exchanges),
    tokens(total.outputTokens, total.exchanges),
    tokens(total.cacheReadTokens, total.exchanges),
    tokens(total.cacheWriteTokens, total.exchanges),
    told(total.costNanoUsd, total.exchanges, (nano) => `$${(nano / 1e9).toFixed(4)}`),
  ];
}

function tokens(tally: Tally, exchanges: number): string {
  return told(tally, exchanges, count);
}

function told(tally: Tally, exchanges: number, format: (known: number) => string): string {
  if (tally.untold >= exchanges) {
    return 'unknown';
  }
  return tally.untold === 0 ? format(tally.known) : `at least ${format(tally.known)}`;
}

function restOf(groups: readonly LedgerGroup[]): UsageTotal {
  return groups.slice(maxRows).reduce((sum, { total }) => plusUsage(sum, total), noUsage);
}

function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

function problemLines(problems: readonly string[]): readonly string[] {
  return problems.length === 0 ? [] : ['', ...problems.map((problem) => `! ${problem}`)];
}

/** Columns of equal width; numbers to the right. */
function formatTable(rows: readonly (readonly string[])[]): readonly string[] {
  const clean = rows.map((row) => row.map((cell) => short(cell.replace(/[|\s]+/g, ' '))));
  const widths = (clean[0] ?? []).map((_, column) =>
    Math.max(...clean.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join(' | ')} |`;
  const rule = `|${widths
    .map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`))
    .join('|')}|`;
  return clean.flatMap((row, index) => (index === 0 ? [line(row), rule] : [line(row)]));
}

function short(cell: string): string {
  return cell.length > 60 ? `${cell.slice(0, 59)}…` : cell;
}
