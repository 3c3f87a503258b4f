import { describe, expect, it } from 'vitest';
import { mentionAt, withMention } from '../../webview/mention';

describe('a mention', () => {
  it('begins with an @ at the beginning of a word and ends at the caret', () => {
    expect(mentionAt('see @src/pa', 11)).toEqual({ start: 4, query: 'src/pa' });
    expect(mentionAt('@', 1)).toEqual({ start: 0, query: '' });
    expect(mentionAt('(@x)', 3)).toEqual({ start: 1, query: 'x' });
    expect(mentionAt('see @src/pa and more', 8)).toEqual({ start: 4, query: 'src' });
  });

  it('is not an address, nor what stands behind a blank', () => {
    expect(mentionAt('me@example.com', 14)).toBeUndefined();
    expect(mentionAt('@src/a.ts then', 14)).toBeUndefined();
    expect(mentionAt('plain', 5)).toBeUndefined();
  });

  it('is written out with the caret behind it, quoted where a path has blanks', () => {
    expect(withMention('see @pa now', { start: 4, query: 'pa' }, 'src/parser.ts')).toEqual({
      text: 'see @src/parser.ts now',
      caret: 19,
    });
    expect(withMention('@m', { start: 0, query: 'm' }, 'my notes.md')).toEqual({
      text: '@"my notes.md" ',
      caret: 15,
    });
  });
});
