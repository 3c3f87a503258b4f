/** A piece of a text that was made visible. */
export interface TextPart {
  readonly text: string;
  /** Stands for a hidden character: drawn apart from the text around it. */
  readonly isMark: boolean;
}

/**
 * Text of an agent (a command, a path, a title) must look like what it is: characters that draw nothing, reorder what
 * is around them, or look like a blank without being one are named by their code point. Line feeds and tabs stay where
 * the text has lines. The parts are in order; there is always at least one.
 */
export function visibleParts(
  text: string,
  options: { readonly isOneLine: boolean },
): readonly TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(options.isOneLine ? hiddenInLine : hidden)) {
    if (match.index > end) {
      parts.push({ text: text.slice(end, match.index), isMark: false });
    }
    parts.push({ text: Array.from(match[0], nameOf).join(''), isMark: true });
    end = match.index + match[0].length;
  }
  if (end < text.length || parts.length === 0) {
    parts.push({ text: text.slice(end), isMark: false });
  }
  return parts;
}

/** The same as one string, for labels and tooltips. */
export function visibleText(text: string): string {
  return visibleParts(text, { isOneLine: true })
    .map((part) => part.text)
    .join('');
}

/** First and last code point of what is hidden. */
const hiddenRanges: readonly (readonly [number, number])[] = [
  [0x00, 0x08], // control characters but tab and line feed
  [0x0b, 0x1f],
  [0x7f, 0xa0], // delete, C1, no-break space
  [0xad, 0xad], // soft hyphen
  [0x34f, 0x34f], // grapheme joiner
  [0x61c, 0x61c], // Arabic letter mark
  [0x115f, 0x1160], // Hangul fillers
  [0x1680, 0x1680], // Ogham space
  [0x17b4, 0x17b5], // Khmer vowels that draw nothing
  [0x180b, 0x180f], // Mongolian selectors
  [0x2000, 0x200f], // wide and thin spaces, zero width, direction marks
  [0x2028, 0x202f], // separators, direction overrides, narrow space
  [0x205f, 0x206f], // isolates, invisible operators
  [0x2800, 0x2800], // empty Braille pattern
  [0x3000, 0x3000], // ideographic space
  [0x3164, 0x3164], // Hangul filler
  [0xd800, 0xdfff], // half of a surrogate pair
  [0xfe00, 0xfe0f], // variation selectors
  [0xfeff, 0xfeff], // byte order mark
  [0xffa0, 0xffa0], // half-width filler
  [0xfff0, 0xfffb], // annotations
  [0x1bca0, 0x1bca3], // shorthand controls
  [0x1d173, 0x1d17a], // musical controls
  [0xe0000, 0xe0fff], // tags and more selectors
];

const codePoint = (value: number): string => `\\u{${value.toString(16)}}`;
const characterClass = hiddenRanges
  .map(([first, last]) => `${codePoint(first)}-${codePoint(last)}`)
  .join('');
const hidden = new RegExp(`[${characterClass}]+`, 'gu');
const hiddenInLine = new RegExp(`[${characterClass}\\n\\t]+`, 'gu');

const shortNames: ReadonlyMap<string, string> = new Map([
  ['\n', '⏎'],
  ['\t', '⇥'],
  ['\r', '␍'],
  ['\u001b', '␛'],
]);

function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return shortNames.get(character) ?? `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`;
}
