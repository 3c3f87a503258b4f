import type { AsciiStore } from './asciiStore';

/**
 * The inside of a JSON string literal that comes in pieces, cut anywhere. Each piece is decoded as it comes; control
 * characters and unknown escapes make `add` or `finish` throw a SyntaxError, as `JSON.parse` does.
 *
 * What is decoded waits in the store; text that is not ASCII waits as text.
 */
export class LongString {
  /** What came before the bytes in the store. */
  private text = '';
  /** The beginning of an escape whose rest is still to come. */
  private openEscape = '';

  /** The store is this string's alone until it is finished, or the next one begins. */
  constructor(private readonly store: AsciiStore) {
    store.clear();
  }

  add(raw: string): void {
    const whole = this.openEscape + raw;
    const cut = startOfOpenEscape(whole);
    if (cut > 0) {
      this.keep(decoded(whole.slice(0, cut)));
    }
    this.openEscape = whole.slice(cut);
  }

  /** Adds a piece unless it holds the string's end, or something that no string may hold: then nothing is added. */
  tryAdd(raw: string): boolean {
    try {
      this.add(raw);
      return true;
    } catch {
      return false; // a quote in the middle is no end of the piece: the caller looks where it is
    }
  }

  /** The last piece ended in a backslash whose letter is still to come. */
  get isEscaped(): boolean {
    return this.openEscape === '\\';
  }

  /** The whole string; the last call. */
  finish(): string {
    if (this.openEscape !== '') {
      this.keep(decoded(this.openEscape));
    }
    this.takeStored();
    return this.text;
  }

  private keep(piece: string): void {
    if (!this.store.add(piece)) {
      this.takeStored();
      this.text += piece;
    }
  }

  private takeStored(): void {
    this.text += this.store.take();
  }
}

function decoded(raw: string): string {
  const value: unknown = JSON.parse(`"${raw}"`);
  return typeof value === 'string' ? value : '';
}

/** Index of an escape at the end of the text that is not whole yet; the text's length when there is none. */
function startOfOpenEscape(text: string): number {
  const at = text.lastIndexOf('\\');
  if (at === -1 || at < text.length - longestEscape) {
    return text.length;
  }
  let first = at;
  while (first > 0 && text[first - 1] === '\\') {
    first -= 1;
  }
  if ((at - first) % 2 === 1) {
    return text.length; // an escaped backslash
  }
  const size = text[at + 1] === 'u' ? longestEscape : 2;
  return at + size > text.length ? at : text.length;
}

/** `\u0000` */
const longestEscape = 6;
