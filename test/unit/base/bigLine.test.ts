import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { AsciiStore } from '../../../src/base/asciiStore';
import { BigLine, type BigLineResult, type BigLineSizes } from '../../../src/base/bigLine';
import { createDecodeSingleBytes } from '../../../src/base/decodeBytes';
import { JsonLinesDecoder } from '../../../src/base/jsonLines';

/** One for all lines, as a decoder has it. */
const store = new AsciiStore(createDecodeSingleBytes());

/** So small that everything is taken out and put back many times. */
const tiny: BigLineSizes = { runChars: 6, stringChars: 3 };

function read(line: string, cuts: readonly number[], sizes?: BigLineSizes): BigLineResult {
  const big = new BigLine(store, sizes);
  let at = 0;
  for (let turn = 0; at < line.length; turn += 1) {
    const size = cuts[turn % cuts.length] ?? 1;
    big.push(line.slice(at, at + size));
    at += size;
  }
  return big.finish();
}

/** What `JSON.parse` makes of the line, in the words of a big line; members in their order. */
function parsed(line: string): unknown {
  if (/^[ \t\r]*$/.test(line)) {
    return { kind: 'blank' };
  }
  try {
    return { kind: 'message', text: JSON.stringify(JSON.parse(line)) };
  } catch {
    return { kind: 'invalid' };
  }
}

function told(result: BigLineResult): unknown {
  return result.kind === 'message'
    ? { kind: 'message', text: JSON.stringify(result.message) }
    : { kind: result.kind };
}

const cutsOf = fc.array(fc.integer({ min: 1, max: 23 }), { minLength: 1, maxLength: 8 });

/** JSON text with all the freedom that writers have: spaces, escapes of any kind, repeated and odd names. */
const oddText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text).slice(1, -1)),
      fc.constantFrom(
        '\\u0041',
        '\\ud83d\\ude00',
        '\\ud83d',
        '\\ude00',
        '\\\\',
        '\\"',
        '\\/',
        '\\n\\t\\b\\f\\r',
        '\u2028\u2029',
        '💡',
        'taken-out-0',
      ),
    ),
  )
  .map((parts) => `"${parts.join('')}"`);
const space = fc.constantFrom('', '', ' ', '\t \r');
const json = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    oddText,
    fc.constantFrom('0', '-0', '1e400', '-1.5E+3', 'true', 'false', 'null', '[]', '{}', '[ ]'),
    tie('list'),
    tie('object'),
  ),
  list: fc
    .tuple(fc.array(tie('value')), space)
    .map(([items, gap]) => `[${items.join(`${gap},${gap}`)}${gap}]`),
  object: fc
    .tuple(
      fc.array(
        fc.tuple(
          fc.oneof(oddText, fc.constantFrom('"a"', '"__proto__"', '"constructor"', '"1"', '"0"')),
          tie('value'),
        ),
      ),
      space,
    )
    .map(
      ([members, gap]) =>
        `{${gap}${members.map(([name, value]) => `${name}${gap}:${gap}${value}`).join(`${gap},`)}}`,
    ),
})).value;

describe('reading one long line as it comes', () => {
  it('[R69] gives what JSON.parse gives, for any JSON, cut anywhere', () => {
    fc.assert(
      fc.property(json, cutsOf, (line, cuts) => {
        expect(told(read(line, cuts, tiny))).toEqual(parsed(line));
        const result = read(line, cuts, tiny);
        expect(result.kind === 'message' && result.message).toEqual(JSON.parse(line));
      }),
      { numRuns: 1500 },
    );
  });

  it('[R70] refuses what JSON.parse refuses: one thing wrong anywhere in the line', () => {
    const wrong = fc.constantFrom(
      '',
      ',',
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      ':',
      '\u0001',
      'x',
      '1',
      ' ',
    );
    fc.assert(
      fc.property(json, fc.nat(), fc.nat(2), wrong, cutsOf, (line, place, dropped, put, cuts) => {
        const at = place % (line.length + 1);
        const broken = line.slice(0, at) + put + line.slice(at + dropped);
        expect(told(read(broken, cuts, tiny))).toEqual(parsed(broken));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['a member without a name', '{"a":1,:2}'],
    ['a comma at the end of a list', '[[1,2,3,4,5,6,7,8,],1]'],
    ['a comma at the end of an object', '{"a":{"b":1,"c":2,"d":3,},"e":1}'],
    ['a comma at the beginning', '[,1,2,3,4,5,6,7]'],
    ['brackets that cross', '[1,2,3,{"a":4,5]}'],
    ['a list closed as an object', '[1,2,3,4,5,6}'],
    ['more closed than opened', '[1,2,3,4,5,6]]'],
    ['two values', '{"a":1111111} {"b":2}'],
    ['two values in a list', '[1111111 "bbbbbbbbb"]'],
    ['a list outside of its brackets', '1],[222222222'],
    ['words', 'hello, this is {no} [json], is it'],
    ['an escape that does not exist', '"aaaaaaaaaaaaa\\q"'],
    ['half an escape at the end', '"aaaaaaaaaaaaa\\u12"'],
    ['a control character in a string', '["aaaaaaaaaa\u0001aaaaaaaaaa"]'],
    ['a string without its end', '{"a":"aaaaaaaaaaaaaaaaaa'],
  ])('refuses %s', (_name, line) => {
    expect(parsed(line)).toEqual({ kind: 'invalid' });
    for (const size of [1, 2, 3, 7, 1000]) {
      expect(told(read(line, [size], tiny))).toEqual({ kind: 'invalid' });
    }
  });

  it('keeps the last of repeated names at the place of the first, and makes __proto__ an ordinary name', () => {
    const line = '{"b":[1,2,3,4,5,6,7],"a":"xxxxxxxxxxx","__proto__":{"x":[1,2,3,4]},"b":"last"}';
    const result = read(line, [5], tiny);
    expect(told(result)).toEqual(parsed(line));
    const message = result.kind === 'message' ? result.message : undefined;
    expect(Object.keys(message as object)).toEqual(['b', 'a', '__proto__']);
    expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
    expect('x' in {}).toBe(false);
  });

  it('takes a very long name', () => {
    const line = `{"a":1,"${'n\\u0041'.repeat(50)}" : {"${'m'.repeat(99)}":[1,2,3]},"z":0}`;
    expect(told(read(line, [9], tiny))).toEqual(parsed(line));
  });

  it('takes deep nesting, and refuses only what no sender means', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    const depthOf = (value: unknown): number => {
      let depth = 0;
      for (let item = value; Array.isArray(item); item = (item as readonly unknown[])[0]) {
        depth += 1;
      }
      return depth;
    };
    const deep = read(nested(50_000), [4096]);
    expect(deep.kind === 'message' && depthOf(deep.message)).toBe(50_000);
    expect(read(nested(200_000), [4096]).kind).toBe('invalid');
  });

  it('keeps only the beginning of a line that is not JSON', () => {
    expect(read(`no ${'x'.repeat(100_000)}`, [4096])).toEqual({
      kind: 'invalid',
      head: `no ${'x'.repeat(253)}`,
    });
  });
});

describe('a long line in a stream', () => {
  const toBytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const big = {
    text: 'a "quoted" line — with 💡\n'.repeat(20_000),
    list: Array.from({ length: 20_000 }, (_, n) => ({ n, name: `item ${n}`, tags: ['x', null] })),
  };

  it('[R69] comes in its place between the others, in pieces of any size', () => {
    const bytes = toBytes(
      `\uFEFF${JSON.stringify(big)}\n{"n":1}\n${'x'.repeat(100_000)}\r\n${' '.repeat(100_000)}\n${JSON.stringify(big)}\r\n{"n":2}`,
    );
    for (const size of [977, 16_384, 65_536, 1_000_000, bytes.length]) {
      const seen: unknown[] = [];
      const decoder = new JsonLinesDecoder({
        onMessage: (message) => seen.push(message),
        onInvalidLine: (excerpt) => seen.push(excerpt),
      });
      for (let at = 0; at < bytes.length; at += size) {
        decoder.push(bytes.subarray(at, at + size));
      }
      decoder.end();
      expect(seen).toHaveLength(5);
      expect(seen).toEqual([big, { n: 1 }, `${'x'.repeat(200)}…`, big, { n: 2 }]);
    }
  });

  it('is never decoded or parsed in one step: no step sees more than a piece of it', () => {
    const line = toBytes(`${JSON.stringify({ list: Array(6).fill(big) })}\n`);
    const pieceBytes = 65_536;
    const utf8 = new TextDecoder();
    let decodedBytes = 0;
    const parse = vi.spyOn(JSON, 'parse');
    const seen: unknown[] = [];
    const decoder = new JsonLinesDecoder(
      { onMessage: (message) => seen.push(message), onInvalidLine: () => seen.push('invalid') },
      {
        decode: (bytes, start, end) => {
          decodedBytes = Math.max(decodedBytes, end - start);
          return utf8.decode(bytes.subarray(start, end));
        },
      },
    );
    for (let at = 0; at < line.length; at += pieceBytes) {
      decoder.push(line.subarray(at, at + pieceBytes));
    }
    const parsedChars = Math.max(0, ...parse.mock.calls.map(([text]) => text.length));
    parse.mockRestore();
    expect(line.length).toBeGreaterThan(50 * pieceBytes);
    expect(seen).toEqual([{ list: Array(6).fill(big) }]);
    expect(decodedBytes).toBeLessThanOrEqual(2 * pieceBytes);
    expect(parsedChars).toBeLessThanOrEqual(2 * pieceBytes);
  });
});
