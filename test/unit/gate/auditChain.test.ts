import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditChain, verifyAuditLines, type AuditLines } from '../../../src/gate/auditChain';
import { verifyAuditFile } from '../../../src/gate/auditVerify';
import { chainedFile, decisionRecord, outcomeRecord, toLines } from '../../fakes/auditFiles';

const host = '2026-01-02T03-04-00Z-abcdef';
const records = [1, 2, 3, 4].flatMap((n) => [decisionRecord(`c${n}`), outcomeRecord(`c${n}`)]);
const { lines } = chainedFile(host, records);
const verify = (changed: readonly (string | undefined)[], hasTornEnd = false) =>
  verifyAuditLines(toLines(changed, hasTornEnd));
const lineOf = (changed: readonly (string | undefined)[]): number | undefined => {
  const verdict = verify(changed);
  return verdict.kind === 'broken' ? verdict.lineOneBased : undefined;
};
const replaced = (index: number, line: string): readonly string[] => lines.with(index, line);

describe('the chain of an audit file', () => {
  it('[R177] is whole as it was written, and says what it holds', () => {
    expect(verify(lines)).toMatchObject({
      kind: 'whole',
      host,
      part: 1,
      lineCount: 9,
      decisionCount: 4,
      outcomeCount: 4,
      before: { seq: 0 },
      last: { seq: 9 },
      firstAt: '2026-01-02T03:04:00.000Z',
      lastAt: '2026-01-02T03:04:06.000Z',
      isClosed: false,
    });
  });

  it('[R177] can be checked with nothing but SHA-256 over the line before, the number and the record', () => {
    const [first = '', second = ''] = lines;
    const { hash: prev } = JSON.parse(first) as { readonly hash: string };
    const record = second.slice(second.indexOf('"record":') + '"record":'.length, -1);
    const hash = createHash('sha256').update(`${prev}\n2\n${record}`).digest('hex');
    expect(second).toBe(`{"seq":2,"prev":"${prev}","hash":"${hash}","record":${record}}`);
  });

  it('[R177] names the first line that was changed, removed, inserted, repeated or moved', () => {
    expect(lineOf(replaced(3, (lines[3] ?? '').replace('npm test', 'rm -rf /')))).toBe(4);
    expect(lineOf(lines.toSpliced(3, 1))).toBe(4);
    expect(lineOf(lines.toSpliced(3, 0, lines[3] ?? ''))).toBe(5);
    expect(lineOf(lines.toSpliced(3, 2, lines[4] ?? '', lines[3] ?? ''))).toBe(4);
    expect(lineOf(lines.slice(1))).toBe(1);
    expect(lineOf(lines.toSpliced(2, 0, 'not JSON'))).toBe(3);
    expect(lineOf(lines.toSpliced(2, 0, ''))).toBe(3);
    expect(lineOf(lines.toSpliced(2, 1, undefined as never))).toBe(3);
    expect(lineOf([...lines, '{"kind":"decision"}'])).toBe(10);
  });

  it('[R177] takes a blank, a doubled key or another line end for a change', () => {
    const line = lines[3] ?? '';
    for (const changed of [
      ` ${line}`,
      `${line}\r`,
      line.replace('"record":{', '"record":{"decision":"deny",'),
      line.replace('"seq":', '"seq": '),
      line.replace('npm test', 'npm\\u0020test'),
    ]) {
      expect(lineOf(replaced(3, changed)), changed).toBe(4);
    }
  });

  it('[R177] breaks at the next line where a line was replaced with a hash of its own', () => {
    const before = JSON.parse(lines[3] ?? '') as { readonly seq: number; readonly hash: string };
    const forged = auditChain.link(before, JSON.stringify(decisionRecord('forged')));
    expect(verify(replaced(4, forged.line))).toEqual({
      kind: 'broken',
      lineOneBased: 6,
      why: 'it does not follow from the line before: one of the two was replaced',
    });
  });

  it('[R177] says of an empty and of a torn file what it is, and passes neither', () => {
    expect(verify([])).toEqual({ kind: 'broken', lineOneBased: 1, why: 'the file is empty' });
    expect(verify([], true)).toMatchObject({ kind: 'broken', lineOneBased: 1 });
    expect(verify(lines, true)).toMatchObject({
      kind: 'broken',
      lineOneBased: 10,
      why: expect.stringContaining('line end is missing') as unknown,
    });
  });

  it('[R177] takes nothing after the end of a file, and no second beginning', () => {
    const end = { kind: 'end', at: '2026-01-02T03:04:07.000Z', why: 'closed' };
    expect(verify(chainedFile(host, [...records, end]).lines)).toMatchObject({ isClosed: true });
    expect(verify(chainedFile(host, [end, ...records]).lines)).toMatchObject({ lineOneBased: 3 });
    expect(
      verify(chainedFile(host, [{ kind: 'start', at: '', host, part: 1 }]).lines),
    ).toMatchObject({
      lineOneBased: 2,
    });
  });

  it('[R177] begins at the genesis of its host, or names the file that it continues', () => {
    const line = auditChain.link(
      auditChain.genesis('another'),
      JSON.stringify({ kind: 'start', at: '', host, part: 1 }),
    ).line;
    expect(verify([line])).toMatchObject({ why: expect.stringContaining('genesis') as unknown });
    const later = auditChain.link(
      { seq: 7, hash: 'a'.repeat(64) },
      JSON.stringify({ kind: 'start', at: '', host, part: 2 }),
    ).line;
    expect(verify([later])).toMatchObject({ why: expect.stringContaining('continues') as unknown });
  });

  it('[R177] shows every change of one byte at its own line', () => {
    const text = `${lines.join('\n')}\n`;
    fc.assert(
      fc.property(fc.nat(text.length - 2), fc.integer({ min: 0x20, max: 0x7e }), (at, code) => {
        const character = String.fromCharCode(code);
        fc.pre(text[at] !== '\n' && text[at] !== character);
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        const line = text.slice(0, at).split('\n').length;
        expect(lineOf(changed.split('\n').slice(0, -1))).toBe(line);
      }),
      { numRuns: 500 },
    );
  });

  it('[R177] shows every selection and order of lines but a shorter beginning', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(lines.length - 1), { minLength: 1, maxLength: 12 }), (order) => {
        const isBeginning = order.every((line, index) => line === index);
        const firstWrong = order.findIndex((line, index) => line !== index) + 1;
        expect(lineOf(order.map((index) => lines[index]))).toBe(
          isBeginning ? undefined : firstWrong,
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('a file beside others', () => {
  const first = chainedFile(host, records);
  const second = chainedFile(host, [decisionRecord('later')], first);
  const folder =
    (files: Readonly<Record<string, readonly string[]>>) =>
    (name: string): Promise<AuditLines | undefined> => {
      const found = files[name];
      return Promise.resolve(found === undefined ? undefined : toLines(found));
    };

  it('[R177] is joined with the one before and the one after it', async () => {
    const read = folder({ [first.name]: first.lines, [second.name]: second.lines });
    expect(await verifyAuditFile(first.name, read)).toMatchObject({
      kind: 'whole',
      previous: 'none',
      next: 'joined',
    });
    expect(await verifyAuditFile(second.name, read)).toMatchObject({
      kind: 'whole',
      after: first.name,
      previous: 'joined',
      next: 'none',
    });
  });

  it('[R177] shows lines that were cut off its end by what follows', async () => {
    const read = folder({ [first.name]: first.lines.slice(0, -2), [second.name]: second.lines });
    expect(await verifyAuditFile(first.name, read)).toMatchObject({
      kind: 'broken',
      lineOneBased: 8,
      why: expect.stringContaining(second.name) as unknown,
    });
    expect(await verifyAuditFile(second.name, read)).toMatchObject({
      kind: 'broken',
      lineOneBased: 1,
      why: expect.stringContaining(first.name) as unknown,
    });
  });

  it('says when the one before is not there any more, and when it is not there itself', async () => {
    const read = folder({ [second.name]: second.lines });
    expect(await verifyAuditFile(second.name, read)).toMatchObject({ previous: 'missing' });
    expect(await verifyAuditFile('nothing', read)).toMatchObject({
      kind: 'broken',
      why: 'there is no such file',
    });
  });

  it('never leads out of its folder by a name that stands in it', async () => {
    const evil = chainedFile('../../x', records);
    const asked: string[] = [];
    await verifyAuditFile('own', (name) => {
      asked.push(name);
      return Promise.resolve(toLines(evil.lines));
    });
    expect(asked).toEqual(['own']);
  });
});
