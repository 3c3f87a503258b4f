import type { DecodeSingleBytes } from './decodeBytes';

/**
 * The inside of a JSON string literal that comes in pieces, cut anywhere. Each piece is decoded as it comes; control
 * characters and unknown escapes make `add` or `finish` throw a SyntaxError, as `JSON.parse` does.
 *
 * What is decoded waits as bytes, outside of the heap, and Node keeps the text that is made of many of them there too:
 * in the heap, all of it would go from one generation to the next and make the first one grow for good. Text that is
 * not ASCII waits as text.
 */
export class LongString {
  private readonly store = new AsciiStore();
  /** What came before the bytes in the store. */
  private text = '';
  /** The beginning of an escape whose rest is still to come. */
  private openEscape = '';

  constructor(private readonly decode: DecodeSingleBytes) {}

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
    this.text += this.store.take(this.decode);
  }
}

/** Bytes of ASCII text, one piece behind the other. */
class AsciiStore {
  private bytes: Uint8Array | undefined;
  private size = 0;

  /** False for a piece that is not ASCII: it is not added. */
  add(piece: string): boolean {
    const bytes = this.room(piece.length);
    const { read, written } = encoder.encodeInto(piece, bytes.subarray(this.size));
    if (read !== piece.length || written !== piece.length) {
      return false;
    }
    this.size += written;
    return true;
  }

  /** What was added, and nothing of it is held any more. */
  take(decode: DecodeSingleBytes): string {
    const { bytes, size } = this;
    if (bytes === undefined) {
      return '';
    }
    this.bytes = undefined;
    this.size = 0;
    spare = new WeakRef(bytes);
    return size === 0 ? '' : decode(bytes.subarray(0, size));
  }

  private room(more: number): Uint8Array {
    let bytes = this.bytes ?? takeSpare();
    if (this.size + more > bytes.length) {
      const larger = new Uint8Array(2 ** Math.ceil(Math.log2(this.size + more)));
      larger.set(bytes.subarray(0, this.size));
      bytes = larger;
    }
    this.bytes = bytes;
    return bytes;
  }
}

/**
 * The bytes of the last long string, for the next one: fresh memory costs more than filling it. The collector may take
 * them.
 */
let spare: WeakRef<Uint8Array> | undefined;

function takeSpare(): Uint8Array {
  const bytes = spare?.deref() ?? new Uint8Array(firstStoreBytes);
  spare = undefined;
  return bytes;
}

const firstStoreBytes = 128 * 1024;
const encoder = new TextEncoder();

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
