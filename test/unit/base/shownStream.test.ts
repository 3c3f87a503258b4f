import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSecretFilter } from '../../../src/base/secretFilter';
import { ShownStream } from '../../../src/base/shownStream';

const known = ['sk-test-0123456789abcdefghij', 'correct horse battery staple', 'hunter2-of-mine'];
const filter = createSecretFilter(known, { homeDirectory: '/home/somebody' });

/** What a reader sees after each piece, and at the end. */
function watch(pieces: readonly string[]): {
  readonly seen: readonly string[];
  readonly end: string;
} {
  const stream = new ShownStream(filter);
  let shown = '';
  const seen = pieces.map((piece) => {
    const { drop, add } = stream.push(piece);
    shown = shown.slice(0, shown.length - drop) + add;
    return shown;
  });
  return { seen, end: stream.end() };
}

const letters = (text: string): readonly string[] => text.split('');

const secrets = [
  ...known,
  'sk-ant-api03-abcdefABCDEF-0123456789',
  'ghp_0123456789abcdefghijABCDEFGHIJ012345',
  'AKIAIOSFODNN7EXAMPLE',
  'xoxb-123456789012-abcdefGHIJKL',
];

describe('a text that is watched while it grows', () => {
  it('shows ordinary words with the piece they come in', () => {
    const pieces = [
      'The ',
      'quick',
      ' brown fox,',
      ' don’t',
      ' you',
      ' see? It',
      ' jumps',
      '.\n',
      '日本語',
    ];
    const { seen, end } = watch(pieces);
    expect(seen).toEqual(pieces.map((_, index) => pieces.slice(0, index + 1).join('')));
    expect(end).toBe(pieces.join(''));
  });

  it('shows a line of code no later than its next word', () => {
    const { seen } = watch(['const', ' total', ' =', ' itemCount', ' *', ' 2', ';', '\n']);
    expect(seen.at(4)).toBe('const total = itemCount *');
    expect(seen.at(-1)).toBe('const total = itemCount * 2;\n');
  });

  it.each(secrets)('never shows more than how %s begins, letter by letter', (secret) => {
    const { seen, end } = watch(letters(`It is ${secret}, really. And more`));
    const shownAtMost = known.includes(secret) ? 2 : 4; // `ghp_` is no secret, only what follows is
    const parts = letters(secret)
      .map((_, at) => secret.slice(at, at + 3))
      .filter((part, at) => at + part.length > shownAtMost && part.length === 3)
      .filter((part) => !'It is [redacted], really. And more'.includes(part));
    expect(seen.filter((text) => parts.some((part) => text.includes(part)))).toEqual([]);
    expect(end).toBe('It is [redacted], really. And more');
    expect(seen.at(-1)).toBe(end);
  });

  it.each([
    ['password: hunter22\n', 'hunter22'],
    ['export MY_API_KEY="abcdef ghi"\n', 'abcdef ghi'],
    ['curl -H "Authorization: token 0123abcd" x\n', '0123abcd'],
    ['{"clientSecret" : "swordfish"}\n', 'swordfish'],
    ['postgres://me:pa55w0rd@db.host/x\n', 'pa55w0rd'],
    [
      '-----BEGIN RSA PRIVATE KEY-----\nMIIabc\nAAAAB3Nza\n-----END RSA PRIVATE KEY-----\nx',
      'MIIabc',
    ],
  ])('holds the value in %j until it can be judged', (text, value) => {
    const { seen, end } = watch(letters(text));
    const part = value.slice(0, 4);
    expect(seen.filter((shown) => shown.includes(part))).toEqual([]);
    expect(end).toBe(filter.redact(text));
  });

  it('gives the text back that only looked like the beginning of a secret', () => {
    const { seen, end } = watch(['a sk-te', 'st run of correct hor', 'ses, ', 'done']);
    expect(seen.at(-1)).toBe('a sk-test run of correct horses, done');
    expect(end).toBe(seen.at(-1));
  });

  const piece = fc.oneof(
    fc.constantFrom(...secrets),
    fc.constantFrom(
      ' and ',
      '\n',
      'the house ',
      '"',
      ': ',
      '= ',
      'password: ',
      'token=',
      '/home/somebody/x ',
      'Bearer ',
      '`',
      '{"key": "',
      '日本',
      '. ',
      'https://u:',
      '@host/ ',
      '-----BEGIN RSA PRIVATE KEY-----\n',
    ),
    fc.stringMatching(/^[ -~\n]{0,12}$/),
  );

  it('ends as the whole text without its secrets, however it was cut, and shows none of the known ones before', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }).map((parts) => parts.join('')),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 12 }),
        (text, sizes) => {
          const pieces: string[] = [];
          for (let at = 0, turn = 0; at < text.length; turn++) {
            const size = sizes[turn % sizes.length] ?? 1;
            pieces.push(text.slice(at, at + size));
            at += size;
          }
          const { seen, end } = watch(pieces);
          expect(end).toBe(filter.redact(text));
          for (const shown of seen) {
            for (const secret of known) {
              // A text that is cut in the middle of a secret may hold its beginning as ordinary words.
              expect(shown).not.toContain(secret.slice(0, 8));
            }
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('costs the same for each piece of a long text as of a short one', () => {
    const line = 'It sets `token` to "2": the key of items_total is kept, as said above.\n';
    const cost = (lines: number): number => {
      let judged = 0;
      const stream = new ShownStream({
        ...filter,
        redact: (text) => {
          judged += text.length;
          return filter.redact(text);
        },
      });
      for (let index = 0; index < lines; index++) {
        for (let at = 0; at < line.length; at += 5) {
          stream.push(line.slice(at, at + 5));
        }
      }
      return judged / lines;
    };
    expect(cost(200) / cost(20)).toBeLessThan(1.05);
  });
});
