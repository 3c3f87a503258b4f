/**
 * Makes every character visible that a prompt would otherwise swallow or obey: controls and escapes, zero-width and
 * other default-ignorable characters, direction marks, tags, unusual blanks and line ends, lone surrogates. Each
 * becomes `⟨NAME⟩` or `⟨U+XXXX⟩`. Tab, LF and CR LF stay as they are.
 */
export function makeVisible(text: string): string {
  return text.replace(hiddenCharacters, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `⟨${shortNames.get(code) ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`}⟩`;
  });
}

/** The same for a name that has to stay on one line: a file's name may hold line breaks and pretend to be several. */
export function makeVisibleName(name: string): string {
  return makeVisible(name).replace(/[\r\n]+/g, '⟨LF⟩');
}

/** True when `makeVisible` would change the text. */
export function hasHiddenCharacters(text: string): boolean {
  return text.search(hiddenCharacters) >= 0;
}

/** True for what no path may contain: controls, direction marks, tags, line separators, lone surrogates. */
export function hasForbiddenPathCharacters(path: string): boolean {
  return /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u.test(
    path,
  );
}

/** One form for every spelling of a name that a file system may take for the same: case, width, ignorable characters. */
export function foldName(name: string): string {
  return name
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toUpperCase()
    .toLowerCase();
}

// CR counts only when no LF follows; LF and tab never. The last class is blanks that are not the plain one.
const hiddenCharacters =
  /\r(?!\n)|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

const shortNames: ReadonlyMap<number, string> = new Map([
  [0x00, 'NUL'],
  [0x07, 'BEL'],
  [0x08, 'BS'],
  [0x0d, 'CR'],
  [0x1b, 'ESC'],
  [0x7f, 'DEL'],
]);
