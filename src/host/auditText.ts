import { assertNever } from '../base/assertNever';
import type { Effect } from '../gate/contract';
import { makeVisible } from '../gate/visible';
import type { AuditEntry } from './auditEntries';

export interface AuditTextInfo {
  readonly folder: string;
  /** The home directory, which stands as `~` in the records. */
  readonly home: string;
  readonly fileCount: number;
  /** Calls that were read, before the filter. */
  readonly totalCount: number;
  readonly filter?: string | undefined;
  readonly isCut: boolean;
  readonly badLineCount: number;
  /** Records that this window could not write. */
  readonly failureCount: number;
  readonly problems: readonly string[];
}

/** A place of the text that leads to a file. Lines and columns are zero-based. */
export interface AuditLink {
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly path: string;
}

export interface AuditPage {
  readonly text: string;
  readonly links: readonly AuditLink[];
}

/**
 * The log for reading: one line per call, newest last, with what is behind it indented below, so that the editor can
 * fold it. Nothing in it is invisible, and no record can look like two.
 */
export function auditPage(entries: readonly AuditEntry[], info: AuditTextInfo): AuditPage {
  const lines = [...headLines(entries.length, info), ''];
  const links: AuditLink[] = [];
  for (const entry of entries) {
    lines.push(summaryLine(entry));
    for (const { label, text, path } of details(entry)) {
      const before = `    ${label.padEnd(10)}`;
      const shown = visible(text);
      const start = path === undefined ? -1 : shown.indexOf(path);
      if (path !== undefined && start >= 0) {
        const column = before.length + start;
        links.push({
          line: lines.length,
          start: column,
          end: column + path.length,
          path: path.replace(/^~(?=[\\/])/, () => info.home),
        });
      }
      lines.push(`${before}${shown}`);
    }
  }
  if (entries.length === 0) {
    lines.push(info.totalCount === 0 ? 'Nothing was decided yet.' : 'No call matches the filter.');
  }
  return { text: `${lines.join('\n')}\n`, links };
}

/** An effect in words: `write /w/a.ts (protected)`. */
export function effectText(effect: Effect): string {
  switch (effect.kind) {
    case 'read':
    case 'write': {
      const place = effect.pathClass === 'inside' ? '' : ` (${effect.pathClass})`;
      const via = effect.path === effect.target ? '' : ` through ${effect.path}`;
      return `${effect.kind} ${effect.target}${place}${via}`;
    }
    case 'command':
      return `command ${effect.command} in ${effect.cwd}`;
    case 'network':
      return `network ${effect.url}`;
    case 'mcp':
      return `mcp ${effect.server} ${effect.tool}`;
    case 'question':
      return 'a question to you';
    case 'none':
      return 'nothing';
    case 'unknown':
      return `unknown ${effect.description}`;
    default:
      return assertNever(effect);
  }
}

function headLines(shownCount: number, info: AuditTextInfo): readonly string[] {
  const { totalCount, filter, fileCount, badLineCount, failureCount } = info;
  return [
    'Patchbay audit log: what was asked, who decided, what came of it. Newest last, times are UTC.',
    `Folder: ${visible(info.folder)} (${plural(fileCount, 'file')})`,
    filter === undefined
      ? `${plural(totalCount, 'call')}.`
      : `Filter: ${visible(filter)}. ${shownCount} of ${plural(totalCount, 'call')}.`,
    ...(info.isCut ? ['Older records are in the files only.'] : []),
    ...(badLineCount > 0
      ? [
          `${badLineCount} ${badLineCount === 1 ? 'line is no record and is' : 'lines are no records and are'} not shown. "Patchbay: Verify Audit Log" names the first one.`,
        ]
      : []),
    ...(failureCount > 0
      ? [`${plural(failureCount, 'record')} of this window could not be written.`]
      : []),
    ...info.problems.map((problem) => `Not read: ${visible(problem)}`),
  ];
}

function summaryLine(entry: AuditEntry): string {
  const { head, decision } = entry;
  const [effect] = decision?.effects ?? [];
  const more = (decision?.effects.length ?? 0) > 1 ? ' …' : '';
  const what = effect === undefined ? '' : cut(visible(effectText(effect)), maxSummaryChars) + more;
  return `${visible(head.at)}  ${entry.state.padEnd(10)}  ${visible(head.tool)}  ${what}`.trimEnd();
}

interface Detail {
  readonly label: string;
  readonly text: string;
  /** Stands in the text. */
  readonly path?: string;
}

function details(entry: AuditEntry): readonly Detail[] {
  const { head, decision, outcome } = entry;
  const who = head.executedBy === 'child' ? 'run by the agent' : 'run by Patchbay';
  const bridge = head.bridge === undefined ? '' : ` for ${head.bridge}`;
  return [
    decision === undefined
      ? { label: 'decided', text: 'the decision is not in what was read' }
      : {
          label: decision.decision === 'allow' ? 'allowed' : 'denied',
          text: `by ${decision.by}: ${decision.reason} [mode ${decision.mode}]`,
        },
    ...(decision?.effects ?? []).map(effectDetail),
    ...(decision === undefined ? [] : [{ label: 'arguments', text: decision.arguments }]),
    outcome === undefined
      ? { label: 'outcome', text: 'none: the call still runs, or its window was ended' }
      : {
          label: 'outcome',
          text: [
            `${outcome.outcome} after ${outcome.durationMs} ms, ${plural(outcome.resultChars, 'character')}`,
            outcome.resultDigest === undefined ? '' : `, SHA-256 ${outcome.resultDigest}`,
            outcome.detail === undefined ? '' : `: ${outcome.detail}`,
          ].join(''),
        },
    { label: 'who', text: `${head.modelId}, ${who}${bridge}` },
    { label: 'where', text: `session ${head.sessionId}, turn ${head.turnId}, call ${head.callId}` },
    { label: 'record', text: `${entry.seq} in ${entry.file}` },
  ];
}

/** Only what lies in the workspace is a link: nothing else should be one click away. */
function effectDetail(effect: Effect): Detail {
  const isLink =
    (effect.kind === 'read' || effect.kind === 'write') &&
    effect.pathClass === 'inside' &&
    /^(?:~[\\/]|\/(?!\/)|[A-Za-z]:[\\/])/.test(effect.target);
  return {
    label: 'effect',
    text: effectText(effect),
    ...(isLink ? { path: effect.target } : {}),
  };
}

const maxSummaryChars = 120;

function cut(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars)}…`;
}

/** One line, with nothing in it that the editor would not show. */
function visible(text: string): string {
  return makeVisible(text.replace(/\r?\n/g, '⏎'));
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
