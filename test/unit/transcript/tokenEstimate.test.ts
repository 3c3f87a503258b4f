import { describe, expect, it } from 'vitest';
import { estimateTextTokens, TokenAnchor } from '../../../src/transcript/tokenEstimate';
import { createTurn } from '../../../src/transcript/turn';

describe('token estimate', () => {
  it('[R201] counts about 3.6 characters as a token, rounded up, and ideographs higher', () => {
    expect(estimateTextTokens('')).toBe(0);
    expect(estimateTextTokens('a')).toBe(1);
    expect(estimateTextTokens('x'.repeat(36))).toBe(10);
    expect(estimateTextTokens('x'.repeat(37))).toBe(11);
    expect(estimateTextTokens('漢字かな')).toBe(5);
    expect(estimateTextTokens('한국어')).toBeGreaterThan(estimateTextTokens('abc'));
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
