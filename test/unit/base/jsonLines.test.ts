import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeJsonLine, JsonLinesDecoder } from '../../../src/base/jsonLines';
import { looksLikeJson } from '../../../src/base/jsonShape';
import { PatchbayError } from '../../../src/base/patchbayError';

const toBytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Seen {
  readonly messages: unknown[];
  readonly invalid: string[];
  error?: unknown;
}

function decode(chunks: Iterable<Uint8Array>, maxLineBytes?: number): Seen {
  const seen: Seen = { messages: [], invalid: [] };
  const decoder = new JsonLinesDecoder(
    {
      onMessage: (message) => seen.messages.push(message),
      onInvalidLine: (excerpt) => seen.invalid.push(excerpt),
    },
    maxLineBytes === undefined ? {} : { maxLineBytes },
  );
  try {
    for (const chunk of chunks) {
      decoder.push(chunk);
    }
    decoder.end();
  } catch (error) {
    seen.error = error;
  }
  return seen;
}

function inChunksOf(size: number, bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.slice(index * size, (index + 1) * size),
  );
}

const awkward = [
  '{"text":"Grüße 💡 \u2028 and \u2029"}',
  '',
  '  \t',
  '{"crlf":true}\r',
  '\r',
  'not json: ü💡',
  '[1,2,{"deep":[null]}]',
  '"a string"',
  '0',
  'null',
  '{"last":"no line end €"}',
].join('\n');

const expected: Seen = {
  messages: [
    { text: 'Grüße 💡 \u2028 and \u2029' },
    { crlf: true },
    [1, 2, { deep: [null] }],
    'a string',
    0,
    null,
    { last: 'no line end €' },
  ],
  invalid: ['not json: ü💡'],
};

describe('splitting a byte stream into JSON lines', () => {
  it('[R69][R70] gives the same messages whatever the size of the chunks', () => {
    const bytes = toBytes(awkward);
    for (let size = 1; size <= bytes.length; size += 1) {
      expect(decode(inChunksOf(size, bytes))).toEqual(expected);
    }
  });

  it('[R69] gives the same messages for any cut of any lines, also with chunks reused by their owner', () => {
    const line = fc.oneof(
      fc.json().map((json) => json.replace(/[\n\r]/g, ' ')),
      fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
      fc.constant(''),
      fc.constant('\r'),
      fc.constant('not json'),
    );
    fc.assert(
      fc.property(
        fc.array(line),
        fc.array(fc.integer({ min: 1, max: 40 })),
        fc.boolean(),
        (lines, sizes, isTerminated) => {
          const bytes = toBytes(lines.join('\n') + (isTerminated ? '\n' : ''));
          const chunks: Uint8Array[] = [];
          let at = 0;
          for (let turn = 0; at < bytes.length; turn += 1) {
            const size = sizes[turn % Math.max(sizes.length, 1)] ?? 7;
            chunks.push(bytes.slice(at, at + size));
            at += size;
          }
          const reused = (function* (): Generator<Uint8Array> {
            const buffer = new Uint8Array(64);
            for (const chunk of chunks) {
              buffer.set(chunk);
              yield buffer.subarray(0, chunk.length);
              buffer.fill(0x78);
            }
          })();
          const whole = lines.filter(
            (text) => !['', '\r', 'not json'].includes(text) && text.trim() !== '',
          );
          const seen = decode(reused);
          expect(seen.messages).toEqual(whole.map((text) => JSON.parse(text) as unknown));
          expect(seen.invalid).toEqual(lines.filter((text) => text === 'not json'));
        },
      ),
    );
  });

  it('[R69] gives what JSON.parse gives for lines that look alike, wherever they are cut', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom('plain', 'to — there', '\\ "both" — ü', '\u2028', '\uFEFF', '\u0000'),
    );
    const ids = fc.record({
      text,
      uuid: fc.uuid(),
      index: fc.nat(),
      of: fc.constantFrom('a', 'b'),
    });
    fc.assert(
      fc.property(fc.array(ids), fc.integer({ min: 1, max: 700 }), (given, size) => {
        const sent = given.map(({ text: words, uuid, index, of }) => ({
          type: 'stream_event',
          event: { type: 'content_block_delta', index, delta: { type: 'text_delta', text: words } },
          list: [1, { words }],
          of,
          uuid,
        }));
        const lines = sent.map((message) => `${JSON.stringify(message)}\n`);
        const seen = decode(inChunksOf(size, toBytes(lines.join(''))));
        expect(seen.invalid).toEqual([]);
        expect(seen.messages.map((message) => JSON.stringify(message))).toEqual(
          lines.map((one) => JSON.stringify(JSON.parse(one))),
        );
      }),
    );
  });

  it('[R69] drops a byte order mark at the start of the stream only', () => {
    expect(decode([toBytes('\uFEFF{"a":1}\n"\uFEFF"\n')])).toEqual({
      messages: [{ a: 1 }, '\uFEFF'],
      invalid: [],
    });
    expect(decode(inChunksOf(1, toBytes('\uFEFF{"a":1}'))).messages).toEqual([{ a: 1 }]);
  });

  it('goes on after bytes that are not UTF-8', () => {
    const seen = decode([
      Uint8Array.from([0x22, 0xff, 0x22, 0x0a, 0xc3, 0x0a]),
      toBytes('{"ok":1}\n'),
    ]);
    expect(seen).toEqual({ messages: ['\uFFFD', { ok: 1 }], invalid: ['\uFFFD'] });
  });

  it('[R70] knows most lines that are no JSON by their ends, and never takes JSON for one', () => {
    const isJson = (line: string): boolean => {
      try {
        JSON.parse(line);
        return true;
      } catch {
        return false;
      }
    };
    const pieces = [...'{}[]"-+.0123eEtfn:,ax \t\r\u00a0'.split(''), 'true', 'false', 'null'];
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join('')),
          fc
            .tuple(fc.json(), fc.constantFrom('', ' ', '\t', '\r'))
            .map(([json, end]) => end + json + end),
        ),
        (line) => !isJson(line) || looksLikeJson(line),
      ),
      { numRuns: 2000 },
    );
    const nonsense = [
      'not json',
      '[INFO] up',
      'nul',
      'true.',
      '{"cut":"of',
      '{x}',
      '12:30 up',
      '-',
      '"',
      '😀',
    ];
    expect(nonsense.filter(looksLikeJson)).toEqual([]);
    expect(decode([toBytes(`${nonsense.join('\n')}\n{"a":1}`)])).toEqual({
      messages: [{ a: 1 }],
      invalid: nonsense,
    });
  });

  it('shortens the report of a long line that is not JSON', () => {
    const seen = decode([toBytes(`${'z'.repeat(100_000)}\n`)]);
    expect(seen.invalid).toEqual([`${'z'.repeat(200)}…`]);
  });

  it('[R70] fails with line_too_long after the lines before it, at any chunk size, and reads no further', () => {
    const bytes = toBytes(`{"a":1}\n"${'x'.repeat(30)}"\n{"never":1}\n`);
    for (let size = 1; size <= bytes.length; size += 1) {
      const seen = decode(inChunksOf(size, bytes), 16);
      expect(seen.messages).toEqual([{ a: 1 }]);
      expect(PatchbayError.is(seen.error, 'line_too_long')).toBe(true);
    }
  });

  it('[R70] counts bytes, without the line end: a line of exactly the limit passes', () => {
    expect(decode([toBytes('"ü345"\n')], 7)).toEqual({ messages: ['ü345'], invalid: [] });
    expect(decode([toBytes('"ü3456"\n')], 7).error).toBeDefined();
  });

  it('ignores everything after it has failed or ended', () => {
    const messages: unknown[] = [];
    const decoder = new JsonLinesDecoder(
      { onMessage: (message) => messages.push(message), onInvalidLine: () => undefined },
      { maxLineBytes: 4 },
    );
    expect(() => decoder.push(toBytes('123456'))).toThrow();
    decoder.push(toBytes('1\n'));
    decoder.end();
    expect(messages).toEqual([]);
  });

  it('[R70] holds no more than the limit of a line that never ends', () => {
    const decoder = new JsonLinesDecoder(
      { onMessage: () => undefined, onInvalidLine: () => undefined },
      { maxLineBytes: 8 * 1024 * 1024 },
    );
    const chunk = new Uint8Array(65536).fill(0x78);
    let pushed = 0;
    const flood = (): void => {
      for (; pushed < 1000; pushed += 1) {
        decoder.push(chunk);
      }
    };
    expect(flood).toThrow(/8192 KiB/);
    expect(pushed).toBe(128);
  });

  it('takes time in proportion to the bytes of a line, not to their square', () => {
    const time = (count: number): number => {
      const chunk = new Uint8Array(1024).fill(0x78);
      const decoder = new JsonLinesDecoder({
        onMessage: () => undefined,
        onInvalidLine: () => undefined,
      });
      const startedAt = performance.now();
      for (let index = 0; index < count; index += 1) {
        decoder.push(chunk);
      }
      decoder.end();
      return performance.now() - startedAt;
    };
    time(2000);
    const best = (count: number): number => Math.min(time(count), time(count), time(count));
    // 16 times the bytes; a scan of the whole line per chunk would take 256 times as long.
    expect(best(16_000) / Math.max(best(1000), 0.05)).toBeLessThan(100);
  });
});

describe('writing a JSON line', () => {
  it('[R69] escapes the two line separators that some readers split at, and ends with one LF', () => {
    expect(encodeJsonLine({ text: 'a\u2028b\u2029c\nd' })).toBe(
      '{"text":"a\\u2028b\\u2029c\\nd"}\n',
    );
  });

  it('[R69] is read back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const line = encodeJsonLine(value);
        expect(line.slice(0, -1)).not.toMatch(/[\n\r\u2028\u2029]/);
        expect(decode([toBytes(line)]).messages).toEqual([JSON.parse(JSON.stringify(value))]);
      }),
    );
  });

  it('refuses what JSON cannot say', () => {
    expect(() => encodeJsonLine(undefined)).toThrow(TypeError);
    expect(() => encodeJsonLine(() => 1)).toThrow(TypeError);
  });
});
