/**
 * Text of an agent (a command, a path, a title) must look like what it is. Characters that draw nothing, reorder
 * what is around them, or look like a blank without being one are shown by their code point. Line feeds and tabs
 * stay where the text has lines.
 */
export interface TextPart {
  readonly text: string;
  /** Made visible: drawn apart from the text around it. */
  readonly isMark: boolean;
}

const hiddenCharacters =
  // C0 without tab and line feed, DEL and C1; blanks that are no space; joiners, bidi marks and isolates; fillers;
  // variation selectors; byte order mark, annotations; musical and tag characters; lone surrogates.
  /[\u{0}-\u{8}\u{B}-\u{1F}\u{7F}-\u{9F}\u{A0}\u{AD}\u{34F}\u{61C}\u{115F}\u{1160}\u{1680}\u{17B4}\u{17B5}\u{180B}-\u{180F}\u{2000}-\u{200F}\u{2028}-\u{202F}\u{205F}-\u{206F}\u{2800}\u{3000}\u{3164}\u{FE00}-\u{FE0F}\u{FEFF}\u{FFA0}\u{FFF0}-\u{FFFB}\u{1BCA0}-\u{1BCA3}\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}\p{Cs}]/gu;

/** The text in order, cut where a hidden character is. One part when there is none. */
export function visibleParts(text: string, options: { readonly isOneLine: boolean }): readonly TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  const cut = (start: number, stop: number, mark: string): void => {
    if (start > end) {
      parts.push({ text: text.slice(end, start), isMark: false });
    }
    const last = parts.at(-1);
    if (last?.isMark === true) {
      parts[parts.length - 1] = { text: last.text + mark, isMark: true };
    } else {
      parts.push({ text: mark, isMark: true });
    }
    end = stop;
  };
  const pattern = options.isOneLine
    ? new RegExp(`${hiddenCharacters.source}|[\\n\\t]`, 'gu')
    : hiddenCharacters;
  for (const match of text.matchAll(pattern)) {
    cut(match.index, match.index + match[0].length, nameOf(match[0]));
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

const shortNames: Readonly<Record<string, string>> = {
  '\n': '⏎',
  '\t': '⇥',
  '\r': '␍',
  '\u001b': '␛',
};

function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return shortNames[character] ?? `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`;
}
