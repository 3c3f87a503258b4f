import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visibleParts, visibleText } from '../../webview/visibleText';

describe('visibleText', () => {
  it('names what reorders, hides or imitates', () => {
    expect(visibleText('rm \u202e-rf\u202c')).toBe('rm ‹U+202E›-rf‹U+202C›');
    expect(visibleText('a\u200bb\ufeff')).toBe('a‹U+200B›b‹U+FEFF›');
    expect(visibleText('ls\u00a0-l')).toBe('ls‹U+00A0›-l');
    expect(visibleText('\u001b[2Jx\r')).toBe('␛[2Jx␍');
    expect(visibleText('tag\u{e0041}')).toBe('tag‹U+E0041›');
    expect(visibleText('half \ud800!')).toBe('half ‹U+D800›!');
    expect(visibleText('one\ntwo\t')).toBe('one⏎two⇥');
  });

  it('leaves ordinary text of any script alone', () => {
    const text = 'grüße, 你好, שלום, नमस्ते, 🎉, a-b_c $HOME "x"';
    expect(visibleText(text)).toBe(text);
    expect(visibleText('')).toBe('');
  });
});

describe('visibleParts', () => {
  it('keeps lines and tabs where the text has lines', () => {
    expect(visibleParts('a\n\tb\u200b\u200cc', { isOneLine: false })).toEqual([
      { text: 'a\n\tb', isMark: false },
      { text: '‹U+200B›‹U+200C›', isMark: true },
      { text: 'c', isMark: false },
    ]);
  });

  it('shows only characters that are seen, whatever the text', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0x10ffff), { maxLength: 30 }), (codePoints) => {
        const text = String.fromCodePoint(...codePoints);
        const shown = visibleText(text);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
        const kept = visibleParts(text, { isOneLine: true }).filter((part) => !part.isMark);
        expect(kept.every((part) => text.includes(part.text))).toBe(true);
      }),
    );
  });
});
