import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/base/redact';
import { CappedOutput } from '../../../src/node/cappedOutput';
import { EscapeStripper, stripEscapes } from '../../../src/base/escapeSequences';
import { InvalidLineNotices } from '../../../src/node/invalidLineNotices';
import { OutputTail } from '../../../src/node/outputTail';

describe('escape sequences', () => {
  it.each([
    ['colours', '\x1b[1;38;5;196mred\x1b[0m', 'red'],
    ['cursor movement and modes', 'a\x1b[2K\x1b[1G\x1b[?25lb\x1b[10;20Hc', 'abc'],
    ['titles, by either terminator', '\x1b]0;title\x07a\x1b]2;other\x1b\\b', 'ab'],
    ['hyperlinks', '\x1b]8;;https://x.y\x1b\\text\x1b]8;;\x1b\\', 'text'],
    ['device control strings', '\x1bPq#0;2;0\x1b\\a', 'a'],
    ['charsets and two-character escapes', '\x1b(Ba\x1b7b\x1b=c', 'abc'],
    ['eight-bit forms', '\x9b31ma', 'a'],
    ['bells, backspaces and other controls', 'a\x07\x08\x00b\x7fc', 'abc'],
    ['an escape that begins nothing', 'a\x1b', 'a'],
    [
      'a string that never ends, but not the lines behind it',
      '\x1b]0;no end\nnext line',
      '0;no end\nnext line',
    ],
    ['carriage returns', 'a\r\nb\r\r\nc 10%\rc 20%', 'a\nb\nc 10%\nc 20%'],
  ])('%s are taken out', (_name, text, expected) => {
    expect(stripEscapes(text)).toBe(expected);
  });

  it('keep tabs, line ends and every printable character', () => {
    expect(stripEscapes('a\tb\n ü💡[31m ]0;')).toBe('a\tb\n ü💡[31m ]0;');
  });

  it('are found also when they arrive in pieces', () => {
    const part = fc.constantFrom(
      '\x1b',
      '[',
      '31',
      'm',
      ']0;',
      '\x07',
      '\\',
      '\r',
      '\n',
      'text',
      ';',
      '\x9b',
      '\x9c',
      '\x9d',
      '\x90',
      'P',
      '(',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const stripper = new EscapeStripper();
        const inPieces = parts.map((piece) => stripper.push(piece)).join('') + stripper.end();
        expect(inPieces).toBe(stripEscapes(parts.join('')));
      }),
    );
  });

  it.each([
    ['titles that never end', '\x9d'],
    ['titles that never end, in the long form', '\x1b]'],
    ['device controls that never end', '\x90\x98\x9e\x9f'],
    ['cursor movements that never end', '\x9b'],
    ['carriage returns', '\r'],
  ])('are taken out of many %s in a time that grows with them', (_name, piece) => {
    const hostile = piece.repeat(60_000 / piece.length);
    const start = performance.now();
    const stripper = new EscapeStripper();
    expect(stripper.push(`${hostile}x`) + stripper.push(hostile) + stripper.end()).toBe(
      stripEscapes(`${hostile}x${hostile}`),
    );
    expect(performance.now() - start).toBeLessThan(3000);
  });

  it('hold nothing back for ever', () => {
    const stripper = new EscapeStripper();
    let shown = 0;
    for (let turn = 0; turn < 100; turn += 1) {
      shown += stripper.push(turn === 0 ? '\x1b]0;' : 'x'.repeat(100)).length;
    }
    expect(shown).toBeGreaterThan(5000);
  });
});

describe('capped output', () => {
  it('is the text itself as long as it fits, in any pieces', () => {
    const output = new CappedOutput(1000);
    output.push('a'.repeat(400));
    output.push('b'.repeat(400));
    expect(output.text()).toBe('a'.repeat(400) + 'b'.repeat(400));
  });

  it('never is longer than its limit, keeps both ends, counts what is missing, and cuts no pair in two', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 60 })),
        fc.integer({ min: 100, max: 300 }),
        (pieces, limit) => {
          const output = new CappedOutput(limit);
          pieces.forEach((piece) => output.push(piece));
          const whole = pieces.join('');
          const text = output.text();
          expect(text.length).toBeLessThanOrEqual(Math.max(limit, 0));
          expect(/\p{Surrogate}/u.test(text)).toBe(false);
          const mark = /\n… (\d+) characters left out …\n/.exec(text);
          if (mark === null) {
            expect(text).toBe(whole);
          } else {
            const [head = '', tail = ''] = text.split(mark[0]);
            expect(whole.startsWith(head) && whole.endsWith(tail)).toBe(true);
            expect(
              Math.abs(whole.length - head.length - tail.length - Number(mark[1])),
            ).toBeLessThanOrEqual(2);
          }
        },
      ),
    );
  });
});

describe('the tail of stderr', () => {
  it('is the last bytes, whole characters only', () => {
    const tail = new OutputTail(10, createRedactor());
    for (const char of 'abc€€€€€') {
      tail.push(new TextEncoder().encode(char));
    }
    expect(tail.text()).toBe('€€€');
  });

  it('has no colours and nothing else that is meant for a terminal', () => {
    const tail = new OutputTail(100, createRedactor());
    tail.push(new TextEncoder().encode('\u001b[31mError:\u001b[0m out of cheese\r\n'));
    expect(tail.text()).toBe('Error: out of cheese\n');
  });

  it('is redacted before it is cut, so that no half of a secret remains', () => {
    const secret = `sk-ant-${'s'.repeat(60)}`;
    for (let cut = 0; cut < 300; cut += 1) {
      const tail = new OutputTail(100, createRedactor());
      tail.push(new TextEncoder().encode(`${'x'.repeat(50)} ${secret} ${'y'.repeat(20 + cut)}`));
      expect(tail.text()).not.toContain('ssss');
    }
  });

  it('holds a bounded part of a flood', () => {
    const tail = new OutputTail(8192, createRedactor());
    const chunk = new TextEncoder().encode('0123456789abcde\n'.repeat(64));
    for (let turn = 0; turn < 10_000; turn += 1) {
      tail.push(chunk);
    }
    tail.push(new TextEncoder().encode('END'));
    expect(tail.text().endsWith('cde\nEND')).toBe(true);
    expect(tail.text()).toHaveLength(8192);
  });
});

describe('what is said of lines that are not JSON', () => {
  it('[R70] only what is shown is looked through for secrets, however many lines come', () => {
    const said: string[] = [];
    const seen: string[] = [];
    const notices = new InvalidLineNotices(
      (text) => said.push(text),
      (text) => {
        seen.push(text);
        return text.toUpperCase();
      },
    );
    for (let count = 0; count < 100_000; count += 1) {
      notices.add(`line ${count}`);
    }
    notices.end();
    expect(seen).toEqual(['line 0', 'line 1', 'line 2', 'line 3', 'line 4']);
    expect(said[0]).toBe('Skipped a line that is not JSON: LINE 0');
    expect(said.length).toBeLessThan(25);
    expect(said.at(-1)).toBe('Skipped 100000 lines so far that are not JSON.');
  });
});
