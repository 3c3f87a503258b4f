import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/base/redact';
import { RedactingStream } from '../../../src/base/redactingStream';
import { redactLine } from '../../../src/headless/redactCommand';
import { stringField } from '../../../src/base/guard';

const redact = createRedactor();

// A mark in the middle of each made-up secret keeps scanners of repositories quiet.
const cases = readFileSync(join(__dirname, '../../fixtures/redaction/cases.ndjson'), 'utf8')
  .replaceAll('⁞', '')
  .trim()
  .split('\n')
  .map((line): unknown => JSON.parse(line))
  .map((row) => ({ text: stringField(row, 'text') ?? '', secret: stringField(row, 'secret') }));
const harmless = cases.filter(({ secret }) => secret === undefined).map(({ text }) => text);
const secretive = cases.flatMap(({ text, secret }) =>
  secret === undefined ? [] : [{ text, secret }],
);

describe('the corpus of redaction', () => {
  it('[R178] takes every secret out, by itself, in the middle of a log and inside JSON', () => {
    expect(secretive.length).toBeGreaterThan(100);
    for (const { text, secret } of secretive) {
      for (const place of [text, `a log\n${text}\nits end`]) {
        const once = redact(place);
        expect(once).not.toContain(secret);
        expect(redact(once)).toBe(once);
      }
    }
  });

  it('leaves code, prose, ids and placeholders byte for byte', () => {
    expect(harmless.length).toBeGreaterThan(100);
    for (const text of harmless) {
      expect(redact(text)).toBe(text);
    }
    const all = harmless.join('\n');
    expect(redact(all)).toBe(all);
  });
});

describe('known secrets', () => {
  const letters = 'abcXYZ019+/=!@#$%^&*()\'"\\<> ~.-_é€';
  const secret = fc
    .array(fc.constantFrom(...Array.from(letters)), { minLength: 9, maxLength: 40 })
    .map((list) => list.join('').trim())
    .filter((text) => text.length >= 8 && !'[redacted]'.includes(text));
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const encodings: readonly ((text: string) => string)[] = [
    (text) => text,
    (text) => JSON.stringify(text).slice(1, -1),
    (text) => JSON.stringify(JSON.stringify(text)).slice(1, -1),
    encodeURIComponent,
    (text) => encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    (text) => new URLSearchParams({ q: text }).toString().slice(2),
    base64,
    (text) => base64(text).replace(/=+$/, ''),
    (text) => Buffer.from(text).toString('base64url'),
    (text) => Buffer.from(text).toString('hex'),
    (text) => `'${text.replaceAll("'", `'\\''`)}'`,
    (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  ];

  it('[R178] never survive, in any encoding, anywhere, cut into any writes', () => {
    fc.assert(
      fc.property(
        secret,
        fc.constantFrom(...encodings),
        fc.string(),
        fc.string(),
        fc.array(fc.nat(200), { maxLength: 6 }),
        (value, encode, before, after, cuts) => {
          const encoded = encode(value);
          const text = `${before} ${encoded} ${after}`;
          const places = [0, ...cuts.map((cut) => cut % text.length), text.length].sort(
            (a, b) => a - b,
          );
          const writes = places.slice(1).map((end, index) => text.slice(places[index], end));
          const given = redactLine({ id: 'x', writes, known: [value] });
          expect(given).toEqual(redactLine({ id: 'x', text, known: [value] }));
          expect(given.text).not.toContain(encoded);
          const stream = new RedactingStream(createRedactor([value]));
          const shown = writes.map((piece) => stream.push(piece)).join('') + stream.end();
          expect(shown).not.toContain(encoded);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('[R178] are found in Base64 of something longer, as in `user:secret`', () => {
    fc.assert(
      fc.property(
        secret,
        fc.string({ maxLength: 5 }),
        fc.string({ maxLength: 5 }),
        (value, before, after) => {
          const encoded = base64(before + value + after);
          const given = createRedactor([value])(`x ${encoded} y`);
          // What is left is less than what the letters around the secret take.
          expect(Buffer.from(given.slice(2, -2), 'base64').toString('latin1')).not.toContain(
            Buffer.from(value).toString('latin1'),
          );
          expect(given).not.toContain(encoded);
        },
      ),
    );
  });

  it('[R178] of several lines go line by line too', () => {
    const own = createRedactor([
      '-----BEGIN X-----\nabcdefghijklmnop\nqrstuvwxyz012345\n-----END X-----',
    ]);
    expect(own('- qrstuvwxyz012345\r\n+ abcdefghijklmnop')).toBe('- [redacted]\r\n+ [redacted]');
  });

  it('leave a text without them byte for byte', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(redact(text) === text);
        expect(createRedactor(['a-known-value-that-is-not-there'])(text)).toBe(text);
      }),
    );
  });
});

describe('a stream of pieces', () => {
  const feed = (pieces: readonly string[]): readonly string[] => {
    const stream = new RedactingStream(redact);
    return [...pieces.map((piece) => stream.push(piece)), stream.end()];
  };

  it('gives whole lines out at once and keeps the open one', () => {
    expect(feed(['one\ntw', 'o\n', 'three'])).toEqual(['one\n', 'two\n', '', 'three']);
  });

  it('[R178] holds a key back until its last line, and a value that is on the line below its name', () => {
    const key = '-----BEGIN PRIVATE KEY-----\nMIIEvQ\nabcd\n-----END PRIVATE KEY-----\n';
    for (let cut = 1; cut < key.length; cut++) {
      expect(feed([`a\n${key.slice(0, cut)}`, `${key.slice(cut)}b\n`]).join('')).toBe(
        'a\n[redacted]\nb\n',
      );
    }
    expect(feed(['machine h\n', 'login u\n', 'password hunter2\n']).join('')).not.toContain(
      'hunter2',
    );
    expect(feed(['- name: DB_PASSWORD\n', '  value: hunter2\n']).join('')).not.toContain('hunter2');
    expect(feed(['password: |\n', '  hunter2\n', 'next: 1\n']).join('')).not.toContain('hunter2');
  });

  it('[R178] says of the corpus what the joined text says, cut at every place', () => {
    for (const { text, secret } of secretive) {
      for (let cut = 1; cut < text.length; cut++) {
        expect(feed([text.slice(0, cut), text.slice(cut), '\nend\n']).join('')).not.toContain(
          secret,
        );
      }
    }
  });

  it('gives a line without an end out in parts, and no half of a secret', () => {
    const token = `ghp_${'a1'.repeat(18)}`;
    const stream = new RedactingStream(redact);
    let shown = '';
    for (let count = 0; count < 3000; count++) {
      shown += stream.push(`word ${token.slice(0, 20)}`) + stream.push(`${token.slice(20)} `);
    }
    expect(shown).not.toBe('');
    shown += stream.end();
    expect(shown).toBe('word [redacted] '.repeat(3000));
  });
});

describe('the line of headless redact', () => {
  it('refuses what has no text, or two', () => {
    for (const line of [
      {},
      { text: 1 },
      { writes: 'x' },
      { writes: [1] },
      { text: '', writes: [] },
      { text: '', known: 'x' },
    ]) {
      expect(() => redactLine(line)).toThrow(/text/);
    }
    expect(redactLine({ id: 3, text: 'a' })).toEqual({ id: 3, text: 'a' });
  });
});
