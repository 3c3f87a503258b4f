import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateTextTokens, TokenAnchor } from '../../../src/transcript/tokenEstimate';
import { createTurn } from '../../../src/transcript/turn';

describe('token estimate', () => {
  it('[R201] counts about 3.6 characters as a token, rounded up, and ideographs higher', () => {
    expect(estimateTextTokens('')).toBe(0);
    expect(estimateTextTokens('a')).toBe(1);
    const code = 'export function isOpen(file: FileHandle): boolean {\n  return file.fd > 0;\n}\n';
    for (const text of [code, code.repeat(50), 'x'.repeat(3600)]) {
      expect(text.length / estimateTextTokens(text)).toBeGreaterThan(3);
      expect(text.length / estimateTextTokens(text)).toBeLessThan(4.2);
    }
    expect(estimateTextTokens('漢字かな')).toBe(4);
    expect(estimateTextTokens('한국어')).toBeGreaterThan(estimateTextTokens('abc'));
    expect(estimateTextTokens('漢'.repeat(360))).toBeGreaterThan(
      estimateTextTokens('x'.repeat(360)),
    );
  });

  it('[R201] is never less for more text, and never negative, whatever the characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        const tokens = estimateTextTokens(one);
        expect(Number.isSafeInteger(tokens)).toBe(true);
        expect(tokens === 0).toBe(one === '');
        // A word that goes on, or a space before it, may save a token or two.
        expect(estimateTextTokens(`${one}${other}`)).toBeGreaterThanOrEqual(tokens - 3);
      }),
      { seed: 34 },
    );
  });

  it('[R201] adds framing per message and a flat number per image', () => {
    const plain = createTurn({ role: 'user', content: '' }).tokens;
    expect(plain).toBeGreaterThan(0);
    const image = createTurn({
      role: 'user',
      content: '',
      blocks: [{ kind: 'image', mediaType: 'image/png', sizeBytes: 5_000_000 }],
    });
    expect(image.tokens).toBe(plain + 1024);
  });

  it('[R201] is anchored by what the provider counted', () => {
    const anchor = new TokenAnchor();
    expect(anchor.correct(1000)).toBe(1000);
    anchor.noteUsage(0, 1000);
    anchor.noteUsage(500, 0);
    expect(anchor.correct(1000)).toBe(1000);
    anchor.noteUsage(1200, 1000);
    expect(anchor.correct(1000)).toBe(1200);
    expect(anchor.correct(1500)).toBe(1800);
    expect(anchor.correct(500)).toBe(600);
    anchor.noteUsage(100_000, 1000);
    expect(anchor.correct(1100)).toBe(100_300);
  });
});
