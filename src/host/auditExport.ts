import { makeVisible } from '../gate/visible';
import { agentOf, type AuditEntry } from './auditEntries';
import { effectText } from './auditText';

/** The records as they are in the log, one JSON object per line, each with its place. A copy: the chain stays in the files. */
export function toJsonLines(entries: readonly AuditEntry[]): string {
  return entries
    .flatMap(({ decision, outcome, file, seq }) => [
      ...(decision === undefined ? [] : [{ ...decision, file, seq }]),
      ...(outcome === undefined ? [] : [{ ...outcome, file }]),
    ])
    .map((record) => `${JSON.stringify(record)}\n`)
    .join('');
}

/**
 * One row per call, as RFC 4180 has it: every cell quoted, CR LF. A cell that a spreadsheet would take for a formula gets
 * an apostrophe in front; hidden characters are made visible.
 */
export function toCsv(entries: readonly AuditEntry[]): string {
  const rows = entries.map((entry) => columns.map(([, value]) => value(entry)));
  return [columns.map(([name]) => name), ...rows]
    .map((row) => `${row.map(cell).join(',')}\r\n`)
    .join('');
}

const columns: readonly (readonly [string, (entry: AuditEntry) => string])[] = [
  ['at', ({ head }) => head.at],
  ['state', ({ state }) => state],
  ['tool', ({ head }) => head.tool],
  ['decision', ({ decision }) => decision?.decision ?? ''],
  ['by', ({ decision }) => decision?.by ?? ''],
  ['reason', ({ decision }) => decision?.reason ?? ''],
  ['mode', ({ decision }) => decision?.mode ?? ''],
  ['effects', ({ decision }) => (decision?.effects ?? []).map(effectText).join('\n')],
  ['arguments', ({ decision }) => decision?.arguments ?? ''],
  ['outcome', ({ outcome }) => outcome?.outcome ?? ''],
  ['durationMs', ({ outcome }) => (outcome === undefined ? '' : String(outcome.durationMs))],
  ['resultChars', ({ outcome }) => (outcome === undefined ? '' : String(outcome.resultChars))],
  ['resultSha256', ({ outcome }) => outcome?.resultDigest ?? ''],
  ['detail', ({ outcome }) => outcome?.detail ?? ''],
  ['agent', agentOf],
  ['model', ({ head }) => head.modelId],
  ['executedBy', ({ head }) => head.executedBy],
  ['session', ({ head }) => head.sessionId],
  ['turn', ({ head }) => head.turnId],
  ['call', ({ head }) => head.callId],
  ['file', ({ file }) => file],
  ['seq', ({ seq }) => String(seq)],
];

/** Also behind blanks, and in the full-width forms that some spreadsheets take for the plain ones. */
const formulaStart = /^(?:\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])/;

function cell(text: string): string {
  const shown = makeVisible(text);
  const safe = formulaStart.test(text) || formulaStart.test(shown) ? `'${shown}` : shown;
  return `"${safe.replaceAll('"', '""')}"`;
}
