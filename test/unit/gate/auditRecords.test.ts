import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutText, parseAuditFiles, toAuditRecord, toEffect } from '../../../src/gate/auditRecords';
import type { Effect } from '../../../src/gate/contract';
import { chainedFile, decisionRecord, outcomeRecord } from '../../fakes/auditFiles';

const effects: readonly Effect[] = [
  { kind: 'read', path: '/w/a', target: '/w/b', pathClass: 'inside', relative: 'b' },
  { kind: 'write', path: '/w/a', target: '/w/a', pathClass: 'protected', change: 'edits' },
  { kind: 'command', command: 'git status', cwd: '/w', cwdClass: 'inside' },
  { kind: 'network', url: 'https://example.com' },
  { kind: 'mcp', server: 's', tool: 't' },
  { kind: 'question' },
  { kind: 'none' },
  { kind: 'unknown', description: 'x' },
];

describe('records of the audit log', () => {
  it('[R174] come back as they were written, with every kind of effect', () => {
    const records = [
      decisionRecord('a', { effects, bridge: 'acp', executedBy: 'child' }),
      outcomeRecord('a', { resultDigest: 'f'.repeat(64), detail: 'exit 1', outcome: 'error' }),
    ];
    const { name, lines } = chainedFile('h', records);
    expect(parseAuditFiles([{ file: name, text: `${lines.join('\n')}\n` }])).toEqual({
      records: records.map((record, index) => ({ record, file: name, seq: index + 2 })),
      badLineCount: 0,
    });
  });

  it('are never made of something else, and a line that is none is counted', () => {
    const { badLineCount, records } = parseAuditFiles([
      { file: 'f', text: 'x\n[]\n{"record":null}\n{"record":{"kind":"decision"}}\n\n{"to' },
    ]);
    expect({ badLineCount, records }).toEqual({ badLineCount: 5, records: [] });
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(toAuditRecord(value)).toBeUndefined();
      }),
    );
  });

  it('name an effect that they do not hold whole as unknown', () => {
    const made = toAuditRecord({ ...decisionRecord('a'), effects: [{ kind: 'teleport' }, 5] });
    expect(made).toMatchObject({ effects: [{ kind: 'unknown' }, { kind: 'unknown' }] });
  });
});

describe('an effect read back', () => {
  it('is the effect that was recorded', () => {
    expect(effects.map((effect) => toEffect(JSON.parse(JSON.stringify(effect))))).toEqual(effects);
  });

  it('is nothing when a part is missing, strange or was cut', () => {
    for (const value of [
      undefined,
      'read',
      {},
      { kind: 'read', path: '/a', target: '/a' },
      { kind: 'write', path: '/a', target: '/a', pathClass: 'inside', change: 'burn' },
      { kind: 'command', command: 'ls', cwd: '/w', cwdClass: 'somewhere' },
      { kind: 'command', command: cutText('x'.repeat(5000), 4096), cwd: '/', cwdClass: 'inside' },
      { kind: 'network' },
      { kind: 'mcp', server: 's' },
    ]) {
      expect(toEffect(value), JSON.stringify(value)).toBeUndefined();
    }
  });

  it('has the home directory back in paths, and nothing changed in a command', () => {
    expect(
      toEffect({ kind: 'read', path: '~/a', target: '~', pathClass: 'outside' }, '/home/ann'),
    ).toMatchObject({ path: '/home/ann/a', target: '/home/ann' });
    expect(
      toEffect({ kind: 'command', command: 'ls ~/a', cwd: '~/w', cwdClass: 'inside' }, '/home/ann'),
    ).toMatchObject({ command: 'ls ~/a', cwd: '/home/ann/w' });
    expect(
      toEffect({ kind: 'read', path: '~x/a', target: '/~/a', pathClass: 'outside' }, '/home/ann'),
    ).toMatchObject({ path: '~x/a', target: '/~/a' });
  });
});
