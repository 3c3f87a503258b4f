import { describe, expect, it } from 'vitest';
import { asSentence } from '../../../src/base/sentence';

describe('a text before another sentence', () => {
  it.each([
    ['fetch failed', 'fetch failed.'],
    ['It failed. ', 'It failed.'],
    ['Really?', 'Really?'],
    ['loading…', 'loading…'],
    ['', ''],
  ])('%j is %j', (text, sentence) => {
    expect(asSentence(text)).toBe(sentence);
  });
});
