import { isRecord, stringField } from '../base/guard';
import { makeVisible } from '../gate/visible';

/** The newest records of the audit file, for reading. Lines that are no records are counted, not shown. */
export function auditText(
  ndjson: string,
  options: { readonly filePath: string; readonly isCut: boolean },
): string {
  const records: string[] = [];
  let bad = 0;
  for (const line of ndjson.split('\n')) {
    const record = line.trim() === '' ? undefined : parse(line);
    if (record !== undefined) {
      records.push(recordLine(record));
    } else if (line.trim() !== '') {
      bad += 1;
    }
  }
  const head = [
    'Patchbay audit log: what was asked, who decided, what came of it. Newest last.',
    `File: ${options.filePath}`,
    ...(options.isCut ? ['Older records are in the file only.'] : []),
    ...(bad > 0
      ? [
          `${bad} ${bad === 1 ? 'line is no record and is' : 'lines are no records and are'} not shown.`,
        ]
      : []),
  ];
  return [...head, '', ...(records.length === 0 ? ['Nothing was decided yet.'] : records), ''].join(
    '\n',
  );
}

type Fields = Readonly<Record<string, unknown>>;

function parse(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    // A hash-chained file may wrap the record.
    const record = isRecord(value) && isRecord(value.record) ? value.record : value;
    return isRecord(record) && stringField(record, 'kind') !== undefined ? record : undefined;
  } catch {
    return undefined; // counted by the caller: a torn last line is ordinary
  }
}

function recordLine(record: Fields): string {
  const field = (name: string): string => stringField(record, name) ?? '';
  const who = `${field('tool')} (${field('modelId')}${field('executedBy') === 'child' ? ', run by the agent' : ''})`;
  const at = field('at');
  if (field('kind') === 'decision') {
    const verdict = field('decision') === 'allow' ? 'allowed' : 'denied ';
    const effects = Array.isArray(record.effects) ? record.effects.map(effectLine).join('; ') : '';
    return visible(
      `${at}  ${verdict}  ${who}  by ${field('by')}: ${field('reason')}  ${effects}  [mode ${field('mode')}]`,
    );
  }
  const details = field('detail') === '' ? '' : `  ${field('detail')}`;
  const duration = typeof record.durationMs === 'number' ? `${record.durationMs} ms` : '';
  return visible(`${at}  ${field('outcome').padEnd(8)} ${who}  ${duration}${details}`);
}

function effectLine(effect: unknown): string {
  const field = (name: string): string => stringField(effect, name) ?? '';
  const object =
    field('target') ||
    field('command') ||
    field('url') ||
    [field('server'), field('tool')].join(' ').trim();
  return `${field('kind')} ${object || field('description')}`.trim();
}

/** One line, with nothing in it that the editor would not show. */
function visible(line: string): string {
  return makeVisible(line.replace(/\r?\n/g, '⏎'));
}
