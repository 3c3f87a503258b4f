import { PatchbayError } from './patchbayError';

/** What a line may have at most, in bytes without its LF, when nobody says otherwise. */
const defaultMaxLineBytes = 32 * 1024 * 1024;

/** Receives what a stream of JSON lines holds, in order, synchronously from `push` and `end`. */
export interface JsonLinesHandlers {
  onMessage(message: unknown): void;
  /** A line that was not JSON: its beginning, at most 200 characters. It is skipped. */
  onInvalidLine(excerpt: string): void;
}

/**
 * Splits a byte stream into JSON lines. LF ends a line, a CR before it is dropped, blank lines are skipped, a last line
 * without LF counts; U+2028 and U+2029 are ordinary characters. Characters may be cut at any byte between two chunks.
 *
 * A line above `maxLineBytes` makes `push` throw a PatchbayError with code `line_too_long`, after the lines before it
 * were handed over; from then on everything is ignored. At most one line and one chunk are held.
 *
 * Every byte is looked at once: whole lines of a chunk are decoded in one go, the pieces of a line that spans chunks
 * are decoded as they come, so that a line of many megabytes costs no single long step before it is parsed.
 */
export class JsonLinesDecoder {
  private readonly maxLineBytes: number;
  private readonly wholeLines = new TextDecoder('utf-8', { ignoreBOM: true });
  private readonly openLine = new TextDecoder('utf-8', { ignoreBOM: true });
  private openText = '';
  private openBytes = 0;
  /** Small pieces of the open line wait here, so that a stream of single bytes makes no chain of tiny strings. */
  private small: Uint8Array | undefined;
  private smallBytes = 0;
  private isFirstLine = true;
  private isOver = false;

  constructor(
    private readonly handlers: JsonLinesHandlers,
    options: { readonly maxLineBytes?: number } = {},
  ) {
    this.maxLineBytes = options.maxLineBytes ?? defaultMaxLineBytes;
  }

  push(chunk: Uint8Array): void {
    if (this.isOver || chunk.length === 0) {
      return;
    }
    let start = 0;
    if (this.openBytes > 0) {
      const end = chunk.indexOf(lineFeed);
      if (end === -1) {
        this.addToOpenLine(chunk);
        return;
      }
      this.addToOpenLine(chunk.subarray(0, end));
      this.finishOpenLine();
      start = end + 1;
    }
    const last = chunk.lastIndexOf(lineFeed);
    if (last >= start) {
      this.acceptWholeLines(chunk.subarray(start, last));
      start = last + 1;
    }
    if (start < chunk.length) {
      this.addToOpenLine(chunk.subarray(start));
    }
  }

  /** The stream is over: what is left is the last line. */
  end(): void {
    if (!this.isOver) {
      this.finishOpenLine();
      this.isOver = true;
    }
  }

  /** Lines without the LF of the last one. */
  private acceptWholeLines(bytes: Uint8Array): void {
    if (bytes.length > this.maxLineBytes) {
      this.acceptOneByOne(bytes);
      return;
    }
    // One split is measurably faster than a slice per line.
    for (const line of this.wholeLines.decode(bytes).split('\n')) {
      this.acceptLine(line);
    }
  }

  private acceptOneByOne(bytes: Uint8Array): void {
    let start = 0;
    while (start <= bytes.length) {
      const next = bytes.indexOf(lineFeed, start);
      const end = next === -1 ? bytes.length : next;
      this.checkLength(end - start);
      this.acceptLine(this.wholeLines.decode(bytes.subarray(start, end)));
      start = end + 1;
    }
  }

  private addToOpenLine(piece: Uint8Array): void {
    this.openBytes += piece.length;
    this.checkLength(this.openBytes);
    if (piece.length >= smallPieceBytes) {
      this.flushSmall();
      this.openText += this.openLine.decode(piece, { stream: true });
      return;
    }
    if (this.smallBytes + piece.length > smallPieceBytes) {
      this.flushSmall();
    }
    this.small ??= new Uint8Array(smallPieceBytes);
    this.small.set(piece, this.smallBytes);
    this.smallBytes += piece.length;
  }

  private flushSmall(): void {
    if (this.small !== undefined && this.smallBytes > 0) {
      this.openText += this.openLine.decode(this.small.subarray(0, this.smallBytes), {
        stream: true,
      });
      this.smallBytes = 0;
    }
  }

  private finishOpenLine(): void {
    this.flushSmall();
    const line = this.openText + this.openLine.decode();
    this.openText = '';
    this.openBytes = 0;
    this.acceptLine(line);
  }

  private checkLength(lineBytes: number): void {
    if (lineBytes > this.maxLineBytes) {
      this.isOver = true;
      this.openText = '';
      this.small = undefined;
      throw new PatchbayError(
        'line_too_long',
        `A line of more than ${Math.floor(this.maxLineBytes / 1024)} KiB came; the rest was not read.`,
      );
    }
  }

  private acceptLine(raw: string): void {
    const line = this.isFirstLine && raw.startsWith('\uFEFF') ? raw.slice(1) : raw;
    this.isFirstLine = false;
    if (isBlank(line)) {
      return;
    }
    let message: unknown;
    try {
      message = JSON.parse(line); // a CR at the end is white space to it
    } catch {
      this.handlers.onInvalidLine(excerptOf(line)); // reported: one bad line costs that line only
      return;
    }
    this.handlers.onMessage(message);
  }
}

/**
 * One line for a child, with its LF. U+2028 and U+2029 are escaped, because some readers take them for line ends.
 * Throws a TypeError for what JSON cannot say (undefined, a function, a circle).
 */
export function encodeJsonLine(message: unknown): string {
  const json: unknown = JSON.stringify(message);
  if (typeof json !== 'string') {
    throw new TypeError(`not a JSON value: ${typeof message}`);
  }
  return `${json.replace(/[\u2028\u2029]/g, (mark) => (mark === '\u2028' ? '\\u2028' : '\\u2029'))}\n`;
}

const lineFeed = 0x0a;
const smallPieceBytes = 16 * 1024;
const excerptChars = 200;

function isBlank(line: string): boolean {
  for (let index = 0; index < line.length; index += 1) {
    const code = line.charCodeAt(index);
    if (code !== 0x20 && code !== 0x0d && code !== 0x09) {
      return false;
    }
  }
  return true;
}

/** A copy of the beginning: a slice would keep the whole line alive. */
function excerptOf(line: string): string {
  const head = line.replace(/\r$/, '').slice(0, excerptChars);
  const isCut = line.length > excerptChars + 1;
  return Array.from(head).join('') + (isCut ? '…' : '');
}
