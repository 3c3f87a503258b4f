import { describe, expect, it } from 'vitest';
import type { StoredAuditRecord } from '../../../src/gate/auditRecords';
import type { AuditRecord } from '../../../src/gate/contract';
import { filterText, matchesFilter, toEntries } from '../../../src/host/auditEntries';
import { toCsv, toJsonLines } from '../../../src/host/auditExport';
import { auditPage, type AuditTextInfo } from '../../../src/host/auditText';
import { verdictPage } from '../../../src/host/auditVerdictText';
import { decisionRecord, outcomeRecord } from '../../fakes/auditFiles';

const stored = (records: readonly AuditRecord[], file = 'audit-h.ndjson'): StoredAuditRecord[] =>
  records.map((record, index) => ({ record, file, seq: index + 2 }));
const entriesOf = (...records: readonly AuditRecord[]) => toEntries(stored(records));
const info: AuditTextInfo = {
  folder: '/s/audit',
  home: '/home/ann',
  fileCount: 1,
  totalCount: 1,
  isCut: false,
  badLineCount: 0,
  failureCount: 0,
  problems: [],
};

describe('the calls of the audit log', () => {
  it('[R174] are a decision with its outcome, in the order of the decisions', () => {
    const entries = entriesOf(
      decisionRecord('a'),
      decisionRecord('b'),
      outcomeRecord('b', { outcome: 'timeout' }),
      outcomeRecord('a', { outcome: 'error' }),
    );
    expect(entries.map(({ state, head }) => [head.callId, state])).toEqual([
      ['a', 'failed'],
      ['b', 'timed out'],
    ]);
  });

  it('[R175] show a decision without outcome and an outcome without decision for what they are', () => {
    const entries = entriesOf(
      outcomeRecord('old'),
      decisionRecord('killed'),
      decisionRecord('no', { decision: 'deny' }),
      outcomeRecord('no', { outcome: 'denied' }),
      decisionRecord('stop'),
      outcomeRecord('stop', { outcome: 'aborted' }),
      decisionRecord('hit'),
      outcomeRecord('hit', { outcome: 'cache_hit' }),
    );
    expect(entries.map(({ state }) => state)).toEqual([
      'undecided',
      'unfinished',
      'denied',
      'stopped',
      'ok',
    ]);
  });

  it('[R176] are told apart by who runs them, and by window', () => {
    const child = { executedBy: 'child' } as const;
    const entries = toEntries([
      ...stored([decisionRecord('a', child), decisionRecord('a')]),
      ...stored([decisionRecord('a')], 'audit-other.ndjson'),
      ...stored([outcomeRecord('a')], 'audit-h.2.ndjson'),
    ]);
    expect(entries.map(({ state }) => state)).toEqual(['unfinished', 'ok', 'unfinished']);
  });

  it('are found by session, tool, verdict, rule, agent, time and text, all together', () => {
    const [entry] = entriesOf(
      decisionRecord('a', { bridge: 'acp', by: 'settings.1', arguments: '{"x":"Needle"}' }),
      outcomeRecord('a'),
    );
    if (entry === undefined) {
      throw new Error('no entry');
    }
    const filter = {
      sessionId: 's',
      tool: 'run_command',
      state: 'ok',
      by: 'settings.1',
      agent: 'acp',
      text: 'nEEdle',
      sinceMs: Date.UTC(2026, 0, 2),
    } as const;
    expect(matchesFilter(entry, {})).toBe(true);
    expect(matchesFilter(entry, filter)).toBe(true);
    for (const other of [
      { sessionId: 'x' },
      { tool: 'x' },
      { state: 'denied' as const },
      { by: 'user' },
      { agent: 'test/model' },
      { text: 'haystack' },
      { sinceMs: Date.UTC(2027, 0, 1) },
    ]) {
      expect(matchesFilter(entry, { ...filter, ...other }), JSON.stringify(other)).toBe(false);
    }
    expect(filterText({})).toBeUndefined();
    expect(filterText(filter)).toBe(
      'tool run_command, ok, decided by settings.1, agent acp, session s, since 2026-01-02T00:00Z, contains "nEEdle"',
    );
  });
});

describe('the audit log for reading', () => {
  it('has one line per call and everything behind it below, indented to be folded', () => {
    const { text, links } = auditPage(
      entriesOf(
        decisionRecord('a', { executedBy: 'child', bridge: 'claude-cli' }),
        outcomeRecord('a', { executedBy: 'child', bridge: 'claude-cli', detail: 'exit 0' }),
      ),
      info,
    );
    expect(text.split('\n').slice(4, -1)).toEqual([
      '2026-01-02T03:04:05.000Z  ok          run_command  command npm test in /w',
      '    allowed   by user: allowed by you [mode ask]',
      '    effect    command npm test in /w',
      '    arguments {"command":"npm test"}',
      '    outcome   ok after 1000 ms, 3 characters: exit 0',
      '    who       test/model, run by the agent for claude-cli',
      '    where     session s, turn t, call a',
      '    record    2 in audit-h.ndjson',
    ]);
    expect(links).toEqual([]);
  });

  it('shows hidden characters, and lets no text look like a line of its own', () => {
    const { text } = auditPage(
      entriesOf(
        decisionRecord('a', {
          reason: 'no\n2026-01-02T03:04:05.000Z  ok  forged',
          effects: [
            { kind: 'command', command: 'rm -rf \u202ex\nls', cwd: '/w', cwdClass: 'inside' },
          ],
        }),
      ),
      info,
    );
    expect(text).toContain('command rm -rf ⟨U+202E⟩x⏎ls in /w');
    expect(text).not.toMatch(/^2026.*forged/m);
    expect(text).not.toContain('\u202e');
  });

  it('says what is filtered, cut, broken, unwritten and unread', () => {
    const { text } = auditPage([], {
      ...info,
      totalCount: 5,
      filter: 'tool x',
      isCut: true,
      badLineCount: 2,
      failureCount: 1,
      problems: ['audit-x.ndjson: EACCES'],
    });
    for (const words of [
      'Folder: /s/audit (1 file)',
      'Filter: tool x. 0 of 5 calls.',
      'Older records are in the files only.',
      '2 lines are no records and are not shown.',
      '1 record of this window could not be written.',
      'Not read: audit-x.ndjson: EACCES',
      'No call matches the filter.',
    ]) {
      expect(text).toContain(words);
    }
    expect(auditPage([], { ...info, totalCount: 0 }).text).toContain('Nothing was decided yet.');
  });

  it('links files of the workspace, at home too, and nothing else', () => {
    const at = (target: string, pathClass: 'inside' | 'outside') =>
      ({ kind: 'read', path: target, target, pathClass }) as const;
    const { text, links } = auditPage(
      entriesOf(
        decisionRecord('a', {
          effects: [
            at('/w/a.ts', 'inside'),
            at('~/w/b.ts', 'inside'),
            at('/etc/passwd', 'outside'),
            at('//server/share', 'inside'),
            at('\\\\server\\share', 'inside'),
            at('/w/hid\u200bden', 'inside'),
          ],
        }),
      ),
      info,
    );
    const lines = text.split('\n');
    expect(
      links.map(({ line, start, end, path }) => [lines[line]?.slice(start, end), path]),
    ).toEqual([
      ['/w/a.ts', '/w/a.ts'],
      ['~/w/b.ts', '/home/ann/w/b.ts'],
    ]);
  });
});

describe('the audit log exported', () => {
  it('is JSON lines with every record whole and its place', () => {
    const [decision, outcome] = [decisionRecord('a'), outcomeRecord('a')];
    const lines = toJsonLines(entriesOf(decision, outcome)).split('\n');
    expect(lines.slice(0, -1).map((line) => JSON.parse(line) as unknown)).toEqual([
      { ...decision, file: 'audit-h.ndjson', seq: 2 },
      { ...outcome, file: 'audit-h.ndjson' },
    ]);
    expect(lines.at(-1)).toBe('');
  });

  it('is CSV in which every cell is quoted and no cell is a formula', () => {
    const starts = ['=', '+', '-', '@', '\t=', ' =', '\r=', '\n=', '＝', '＠'];
    for (const start of starts) {
      const csv = toCsv(entriesOf(decisionRecord('a', { arguments: `${start}cmd|'/C calc'!A0` })));
      const row = csv.slice(csv.indexOf('\r\n') + 2);
      const shown = row.split('","').find((cellText) => cellText.includes('calc'));
      expect(shown?.startsWith("'"), JSON.stringify(start)).toBe(true);
    }
  });

  it('is CSV that a reader takes apart again', () => {
    const nasty = 'a "quoted", comma\nand line \u202e end';
    const csv = toCsv(
      entriesOf(decisionRecord('a', { reason: nasty }), outcomeRecord('a'), decisionRecord('b')),
    );
    const rows = readCsv(csv);
    expect(rows).toHaveLength(3);
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([22]));
    const [names = [], first = []] = rows;
    expect(first[names.indexOf('reason')]).toBe('a "quoted", comma\nand line ⟨U+202E⟩ end');
    expect(first[names.indexOf('durationMs')]).toBe('1000');
  });
});

/** A reader of RFC 4180 with every cell quoted. */
function readCsv(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [[]];
  for (const match of text.matchAll(/"((?:[^"]|"")*)"(,|\r\n)/g)) {
    rows.at(-1)?.push((match[1] ?? '').replaceAll('""', '"'));
    if (match[2] === '\r\n') {
      rows.push([]);
    }
  }
  return rows.slice(0, -1);
}

describe('the check of the audit log', () => {
  const whole = {
    kind: 'whole',
    host: 'h',
    part: 2,
    after: 'audit-h.ndjson',
    before: { seq: 1, hash: '' },
    last: { seq: 9, hash: '' },
    lineCount: 8,
    decisionCount: 4,
    outcomeCount: 3,
    firstAt: 'A',
    lastAt: 'B',
    isClosed: false,
    previous: 'missing',
    next: 'none',
  } as const;

  it('names the first broken line of the first broken file', () => {
    const page = verdictPage(
      [
        { name: 'audit-h.2.ndjson', verdict: whole },
        {
          name: 'audit-i.ndjson',
          verdict: { kind: 'broken', lineOneBased: 7, why: 'it is not JSON' },
        },
      ],
      '/s/audit',
    );
    expect(page.isWhole).toBe(false);
    expect(page.summary).toBe(
      'The audit log is broken in 1 of 2 files. audit-i.ndjson, line 7: it is not JSON.',
    );
    expect(page.text).toContain('audit-i.ndjson: BROKEN at line 7: it is not JSON');
    expect(page.text).toContain(
      'audit-h.2.ndjson: whole, 4 decisions and 3 outcomes from A to B; continues audit-h.ndjson, which is not there any more; not closed: its window is open, or was ended by force',
    );
  });

  it('says when all is whole', () => {
    expect(verdictPage([{ name: 'x', verdict: whole }], '/s').summary).toBe(
      'The audit log is whole: 1 file checked.',
    );
  });
});
