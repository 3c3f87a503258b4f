/**
 * Letters as the path picker compares them: seven bits of a lower-case letter, and a high bit where a word begins
 * (`panelController` has two words, `a-b_c2` four). What is beyond ASCII shares the places of the control characters.
 */
export const wordStart = 0x80;
export const letterBits = 0x7f;
export const slash = 0x2f;
export const dot = 0x2e;
const dash = 0x2d;
const underscore = 0x5f;

/** The letters of a word that is looked for. */
export function lettersOf(word: string): Uint8Array {
  return Uint8Array.from(word.replaceAll('\\', '/'), (character) =>
    toLetter(character.toLowerCase().charCodeAt(0)),
  );
}

/** Writes the letters of `path` into `text` from `start` on, one for each of its code units, with the beginnings of words. */
export function writeLetters(path: string, text: Uint8Array, start: number): void {
  let before = slash;
  for (let i = 0; i < path.length; i++) {
    const unit = path.charCodeAt(i);
    const isUpper = isUpperUnit(unit);
    const isStart =
      !isWordUnit(before) ||
      (isUpper && !isUpperUnit(before)) ||
      (isDigit(unit) && !isDigit(before));
    const letter = isUpper ? unit + 0x20 : toLetter(unit >= 0x80 ? lowerUnit(unit) : unit);
    text[start + i] = isStart && isWordUnit(unit) ? letter | wordStart : letter;
    before = unit;
  }
}

/**
 * A letter's bit: those of the alphabet and the slash have one each, digits share three, the rest two. A text without all
 * bits of a word cannot hold it.
 */
export function bitOf(letter: number): number {
  if (letter >= 0x61 && letter <= 0x7a) {
    return 1 << (letter - 0x61);
  }
  if (isDigit(letter)) {
    return 1 << (26 + (letter % 3));
  }
  return letter === slash ? 1 << 31 : letter === dash || letter === underscore ? 1 << 30 : 1 << 29;
}

/** The bit of two letters side by side. Other pairs have the same one: it says no for certain, and yes perhaps. */
export function pairBitOf(first: number, second: number): number {
  return 1 << ((first * 11 + second) & 31);
}

/** Of a letter of a text, without its mark: what is beyond ASCII is part of words. */
export function isWordLetter(letter: number): boolean {
  return (letter >= 0x61 && letter <= 0x7a) || isDigit(letter) || letter < 0x20;
}

/** What is beyond ASCII lies below the blank. */
function toLetter(unit: number): number {
  return unit < 0x80 ? unit : 1 + (unit % 31);
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

function isUpperUnit(unit: number): boolean {
  return unit >= 0x41 && unit <= 0x5a;
}

function isWordUnit(unit: number): boolean {
  return (unit >= 0x61 && unit <= 0x7a) || isUpperUnit(unit) || isDigit(unit) || unit >= 0x80;
}

function lowerUnit(unit: number): number {
  return String.fromCharCode(unit).toLowerCase().charCodeAt(0);
}
