import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AsciiStore } from '../../../src/base/asciiStore';
import { createDecodeSingleBytes } from '../../../src/base/decodeBytes';
import { LongString } from '../../../src/base/longString';

/** Mostly ASCII pieces, so that both ways of waiting follow each other in one string. */
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 5 }) },
);

function read(store: AsciiStore, raw: string, size: number): string {
  const long = new LongString(store);
  for (let at = 0; at < raw.length; at += size) {
    long.add(raw.slice(at, at + size));
  }
  return long.finish();
}

describe('LongString', () => {
  it('gives what JSON.parse gives for one string after the other from one store, cut anywhere', () => {
    const store = new AsciiStore(createDecodeSingleBytes());
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }),
        fc.integer({ min: 1, max: 30 }),
        (parts, size) => {
          const text = parts.join('');
          expect(read(store, JSON.stringify(text).slice(1, -1), size)).toBe(text);
        },
      ),
    );
  });

  it('leaves nothing of a string that was given up to the next one', () => {
    const store = new AsciiStore(createDecodeSingleBytes());
    const broken = new LongString(store);
    broken.add('the beginning of');
    expect(() => broken.add('a line\nthat is none')).toThrow(SyntaxError);
    expect(read(store, 'another', 3)).toBe('another');
  });
});

describe('AsciiStore', () => {
  it('grows with what is added and says no to a piece that is not ASCII, of which it keeps nothing', () => {
    const store = new AsciiStore(createDecodeSingleBytes());
    const long = 'cord and jack; '.repeat(20_000);
    expect([store.add(long), store.add('fünf'), store.add('—'), store.add(long)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(store.take()).toBe(long + long);
    expect(store.take()).toBe('');
  });

  it('takes more than it has reserved, and works on after a long text was taken', () => {
    const store = new AsciiStore(createDecodeSingleBytes());
    const long = 'x'.repeat(20 * 1024 * 1024);
    expect([store.add(long), store.add('and'), store.add(long)]).toEqual([true, true, true]);
    expect(store.take() === `${long}and${long}`).toBe(true);
    expect(store.add('short')).toBe(true);
    expect(store.take()).toBe('short');
  });

  it('works on after its memory was given back', () => {
    const store = new AsciiStore(createDecodeSingleBytes());
    store.add('gone');
    store.release();
    store.add('here');
    expect(store.take()).toBe('here');
  });
});
