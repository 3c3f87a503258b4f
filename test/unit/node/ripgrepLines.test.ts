import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RipgrepLines } from '../../../src/node/ripgrepLines';
import type { TextMatch } from '../../../src/tools/contract';

function read(chunks: readonly Uint8Array[], maxResults = Infinity): readonly TextMatch[] {
  const matches: TextMatch[] = [];
  const lines = new RipgrepLines(
    (name) => (name.startsWith('out/') ? undefined : name),
    (match) => {
      matches.push(match);
      return matches.length < maxResults;
    },
  );
  chunks.every((chunk) => lines.push(chunk));
  return matches;
}

const output = Buffer.concat([
  Buffer.from('a.ts\x001:first:2\r\na.ts\x0012:Grüße 💡\nout/b.ts\x003:left out\n'),
  Buffer.from('a.bin: binary file matches (found "\\0" byte around offset 4)\n'),
  Buffer.from([0x66, 0xff, 0x00]),
  Buffer.from('1:a name that is not UTF-8\n'),
  Buffer.from('c.ts\x007:'),
  Buffer.from([0x78, 0xff]),
  Buffer.from(`\nd.ts\x009:${'é'.repeat(1001)}\ne.ts\x001:\n`),
]);
const expected: readonly TextMatch[] = [
  { path: 'a.ts', lineOneBased: 1, line: 'first:2' },
  { path: 'a.ts', lineOneBased: 12, line: 'Grüße 💡' },
  { path: 'c.ts', lineOneBased: 7, line: 'x\ufffd' },
  { path: 'd.ts', lineOneBased: 9, line: `${'é'.repeat(1000)}…` },
  { path: 'e.ts', lineOneBased: 1, line: '' },
];

describe('the lines of ripgrep', () => {
  it('are matches with the file’s path, the line’s number and its text', () => {
    expect(read([output])).toEqual(expected);
  });

  it('are the same however they are cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(output.length), { maxLength: 12 }), (places) => {
        const cuts = [0, ...places.toSorted((a, b) => a - b), output.length];
        const chunks = cuts.slice(1).map((end, i) => output.subarray(cuts[i], end));
        expect(read(chunks)).toEqual(expected);
      }),
    );
    expect(read(Array.from(output, (byte) => Uint8Array.of(byte)))).toEqual(expected);
  });

  it('that are very long are held as far as they are shown', () => {
    const chunk = Buffer.alloc(60_000, 'x');
    const chunks = [Buffer.from('a.ts\x001:'), ...Array.from({ length: 200 }, () => chunk)];
    expect(read([...chunks, Buffer.from('\nb.ts\x002:b\n')])).toEqual([
      { path: 'a.ts', lineOneBased: 1, line: `${'x'.repeat(1000)}…` },
      { path: 'b.ts', lineOneBased: 2, line: 'b' },
    ]);
  });

  it('are read until enough of them were', () => {
    expect(read([output, output], 2)).toEqual(expected.slice(0, 2));
  });
});
