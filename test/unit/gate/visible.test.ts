import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  foldName,
  hasHiddenCharacters,
  makeVisible,
  makeVisibleName,
} from '../../../src/gate/visible';

const anyText = fc
  .array(fc.integer({ min: 0, max: 0x10ffff }))
  .map((codes) => String.fromCodePoint(...codes));

describe('making hidden characters visible', () => {
  it.each([
    ['a\u202eb', 'a⟨U+202E⟩b'],
    ['rm\u200b -rf', 'rm⟨U+200B⟩ -rf'],
    ['\u001b[2K', '⟨ESC⟩[2K'],
    ['a\0b', 'a⟨NUL⟩b'],
    ['shown\rhidden', 'shown⟨CR⟩hidden'],
    ['a\u00a0b', 'a⟨U+00A0⟩b'],
    [`x${String.fromCodePoint(0xe0041)}`, 'x⟨U+E0041⟩'],
    ['a\u2028b', 'a⟨U+2028⟩b'],
    ['\u3164', '⟨U+3164⟩'],
    ['\ud800', '⟨U+D800⟩'],
    ['\u0085', '⟨U+0085⟩'],
  ])('shows %j as %s', (text, shown) => {
    expect(makeVisible(text)).toBe(shown);
    expect(hasHiddenCharacters(text)).toBe(true);
  });

  it('keeps a name on one line, whatever it holds', () => {
    expect(makeVisibleName('a.js\n\nThis is safe.\r\nb\u202e')).toBe(
      'a.js⟨LF⟩This is safe.⟨LF⟩b⟨U+202E⟩',
    );
  });

  it('leaves ordinary text alone, with tabs, both line ends and every script', () => {
    const text = 'echo "ä ö 漢字 שלום 😀"\n\tnext\r\nlast';
    expect(makeVisible(text)).toBe(text);
    expect(hasHiddenCharacters(text)).toBe(false);
  });

  it('leaves nothing hidden, and is stable', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const shown = makeVisible(text);
        expect(hasHiddenCharacters(shown)).toBe(false);
        expect(makeVisible(shown)).toBe(shown);
      }),
    );
  });

  it('folds the spellings of a name that a file system may take for the same', () => {
    for (const spelling of ['.GIT', '.gi\u200dt', '.ｇｉｔ', '.gİt'.replace('İ', 'I')]) {
      expect(foldName(spelling)).toBe('.git');
    }
  });
});
