import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteLines, LikeLines } from '../../../src/base/likeLines';

/** What a parser makes of a line: its value with members in order, or that it refuses. */
function outcome(parse: (line: string) => unknown, line: string): string {
  try {
    const value = parse(line);
    return `${JSON.stringify(value)} ${String(Object.getPrototypeOf(value ?? 0) === Object.prototype)}`;
  } catch (error) {
    return error instanceof SyntaxError ? 'refused' : String(error);
  }
}

const piece = fc.oneof(
  fc.string({ maxLength: 30 }).map((text) => JSON.stringify(text).slice(1, -1)),
  fc.constantFrom(
    '',
    'plain text',
    'long enough to be a part of another string',
    '\\n',
    '\\"quoted\\"',
    '\\\\',
    '\\u00e9 \\ud83d\\ude00',
    '\u2028',
    'Grüße 💡',
    'variable-7f1c3e-0',
    '\\q',
    '\u0001',
    '"',
    '","uuid":"',
    '\\',
  ),
);

const number = fc.oneof(
  fc.nat().map(String),
  fc.constantFrom(
    '0',
    '-1',
    '1.5',
    '1e5',
    '007',
    '9007199254740993',
    '1234567890123456789',
    '',
    '1 2',
    '"1"',
    '-',
  ),
);

/** Lines of an answer: the same but for two strings, and now and then something else. */
const line = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(piece, piece)
      .map(
        ([text, id]) =>
          `{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"text":"${text}"}},"uuid":"${id}","rest":[1,{"a":null}]}`,
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(piece, piece)
      .map(
        ([text, name]) =>
          `{"type":"stream_event","event":{"type":"content_block_delta","index":1,"delta":{"${name}":"${text}"}}}`,
      ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(piece, fc.nat())
      .map(
        ([text, n]) =>
          `{"type":"stream_event","event":{"type":"content_block_delta","n":${n},"delta":["${text}"]}}\r`,
      ),
  },
  {
    weight: 1,
    arbitrary: piece.map(
      (text) =>
        `{"type":"stream_event","type":"content_block_delta_and_more","a":"${text}","a":"x","__proto__":{"b":"${text}"}}`,
    ),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(piece, number, number)
      .map(
        ([text, n, m]) =>
          `{"object":"chat.completion.chunk","created":17415699,"sequence":${n},"choices":[{"index":0,"delta":{"content":"${text}"},"more":[1,${m}]}]}`,
      ),
  },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: piece },
);

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const singleBytes = new TextDecoder('windows-1252');

/** The lines as they lie in one chunk. */
function inChunk(lines: readonly string[]): ByteLines {
  return new ByteLines(
    new TextEncoder().encode(lines.join('\n')),
    (bytes) => singleBytes.decode(bytes),
    (bytes, start, end) => utf8.decode(bytes.subarray(start, end)),
  );
}

/** Every line of a chunk, read where it lies when it is like an earlier one, else parsed. */
function readAll(
  like: LikeLines,
  chunk: ByteLines,
): { readonly line: string; readonly outcome: string; readonly wasRead: boolean }[] {
  const found = [];
  for (let start = 0; start <= chunk.bytes.length;) {
    const next = chunk.bytes.indexOf(10, start);
    const end = next === -1 ? chunk.bytes.length : next;
    const text = chunk.decode(chunk.bytes, start, end);
    const message = like.read(chunk, start);
    const wasRead = message !== undefined;
    if (wasRead) {
      expect(like.end).toBe(end);
    }
    const parse = wasRead ? () => message : (one: string) => like.parse(one);
    found.push({ line: text, outcome: outcome(parse, text), wasRead });
    start = end + 1;
  }
  return found;
}

describe('reading lines that look alike where they lie', () => {
  it('[R69] gives for each line of any chunk what JSON.parse gives, and refuses what it refuses', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 2, maxLength: 30 }), (lines) => {
        for (const { line: text, outcome: found } of readAll(new LikeLines(), inChunk(lines))) {
          expect(found).toBe(outcome((one) => JSON.parse(one) as unknown, text));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('parses neither a third line of a kind nor those of the next answer', () => {
    const of = (id: string, kind: string, text: string): string =>
      `{"type":"stream_event","event":{"type":"content_block_${kind}","text":"${text}"},"uuid":"${text} and more than a few letters","of":"${id}"}`;
    const lines = ['a', 'b', 'c'].flatMap((id) => [
      of(id, 'start', 'same'),
      ...['one', 'Grüße 💡', 'th\\nree\\u00e9', '\\"four\\"', 'five'].map((text) =>
        of(id, 'delta', text),
      ),
      of(id, 'stop', 'same'),
    ]);
    const read = readAll(new LikeLines(), inChunk(lines));
    expect(read.map(({ outcome: found }) => found)).toEqual(
      lines.map((text) => outcome((one) => JSON.parse(one) as unknown, text)),
    );
    expect(read.slice(3, 6).map(({ wasRead }) => wasRead)).toEqual([true, true, true]);
    expect(read.slice(15, 20).map(({ wasRead }) => wasRead)).toEqual([
      true,
      true,
      true,
      true,
      true,
    ]);
  });

  it('takes a line with bytes that are no UTF-8 as the decoder gives it', () => {
    const lines = ['one', 'two', '\u0001\u0001', 'four'].map(
      (text) => `{"type":"a line with a long beginning","text":"${text}"}`,
    );
    const chunk = inChunk(lines);
    const bytes = chunk.bytes.map((byte) => (byte === 1 ? 0xe2 : byte));
    const broken = new ByteLines(bytes, (given) => singleBytes.decode(given), chunk.decode);
    const read = readAll(new LikeLines(), broken);
    expect(read[2]).toMatchObject({
      wasRead: true,
      outcome: outcome(
        (one) => JSON.parse(one) as unknown,
        lines[2]?.replaceAll('\u0001', '\uFFFD') ?? '',
      ),
    });
  });
});

describe('parsing lines that look alike', () => {
  it('[R69] gives for each line of any sequence what JSON.parse gives, and refuses what it refuses', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 2, maxLength: 30 }), (lines) => {
        const like = new LikeLines();
        for (const text of lines) {
          expect(outcome((one) => like.parse(one), text)).toBe(
            outcome((one) => JSON.parse(one) as unknown, text),
          );
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('does not parse a line whole that differs from the ones before in a string only', () => {
    const like = new LikeLines();
    const shared = (n: number): unknown =>
      (
        like.parse(
          `{"type":"delta with a long beginning of its own","text":"${n}","meta":{"a":1}}`,
        ) as { meta: unknown }
      ).meta;
    shared(1);
    const second = shared(2);
    expect(shared(3)).toBe(second); // what is equal was not made again
    expect(shared(4)).toEqual({ a: 1 });
  });

  it('gives values that later lines do not change', () => {
    const like = new LikeLines();
    const text = (n: number): string =>
      `{"type":"delta with a long beginning of its own","of":{"text":"${n}"}}`;
    const values = [1, 2, 3, 4, 5].map((n) => like.parse(text(n)));
    expect(values).toEqual([1, 2, 3, 4, 5].map((n) => JSON.parse(text(n)) as unknown));
  });
});
