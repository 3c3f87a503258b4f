import { AsciiStore } from './asciiStore';
import { BigLine, copyOf, isBlank } from './bigLine';
import {
  createDecodeSingleBytes,
  createDecodeUtf8,
  type DecodeSingleBytes,
  type DecodeUtf8,
} from './decodeBytes';
import { looksLikeJson } from './jsonShape';
import { ByteLines, LikeLines } from './likeLines';
import { PatchbayError } from './patchbayError';

/** What a line may have at most, in bytes without its LF, when nobody says otherwise. */
const defaultMaxLineBytes = 32 * 1024 * 1024;

export interface JsonLinesOptions {
  readonly maxLineBytes?: number;
  /** These are the platform's own where that is faster. */
  readonly decode?: DecodeUtf8;
  readonly decodeSingleBytes?: DecodeSingleBytes;
  /** Room for the beginning of a line: best of the class that the chunks are of. */
  readonly allocate?: (size: number) => Uint8Array;
}

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
 * Every byte is looked at once: the pieces of a line that spans chunks are decoded as they come. A line above 64 KiB
 * that comes in pieces is also parsed as they come (see `BigLine`), so that a line of many megabytes costs no single
 * long step. Parts that are equal in neighbouring messages may be one object (see `LikeLines`).
 */
export class JsonLinesDecoder {
  private readonly maxLineBytes: number;
  private readonly decode: DecodeUtf8;
  private readonly decodeSingleBytes: DecodeSingleBytes;
  private readonly allocate: (size: number) => Uint8Array;
  private readonly likeLines = new LikeLines();
  private readonly longStrings: AsciiStore;
  private openText = '';
  /** The beginning of a character of the open line whose rest is still to come. */
  private cutCharacter: Uint8Array | undefined;
  /** The open line, once it is long. */
  private big: BigLine | undefined;
  private openBytes = 0;
  /** Small pieces of the open line wait here, so that a stream of single bytes makes no chain of tiny strings. */
  private small: Uint8Array | undefined;
  private smallBytes = 0;
  private isFirstLine = true;
  private isOver = false;

  constructor(
    private readonly handlers: JsonLinesHandlers,
    options: JsonLinesOptions = {},
  ) {
    this.decode = options.decode ?? createDecodeUtf8();
    this.decodeSingleBytes = options.decodeSingleBytes ?? createDecodeSingleBytes();
    this.allocate = options.allocate ?? ((size) => new Uint8Array(size));
    this.longStrings = new AsciiStore(this.decodeSingleBytes);
    this.maxLineBytes = options.maxLineBytes ?? defaultMaxLineBytes;
  }

  /** How long the line is that goes on in the next chunk, so far. */
  get openLineBytes(): number {
    return this.openBytes;
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
      this.longStrings.release();
    }
  }

  /** Gives back the memory that is kept from one big line to the next: for when nothing has come for a while. */
  relax(): void {
    if (this.big === undefined) {
      this.longStrings.release();
    }
  }

  /** Lines without the LF of the last one. */
  private acceptWholeLines(bytes: Uint8Array): void {
    const lines = new ByteLines(bytes, this.decodeSingleBytes, this.decode);
    const { likeLines } = this;
    let start = 0;
    while (start <= bytes.length) {
      const message = likeLines.read(lines, start);
      if (message !== undefined) {
        this.checkLength(likeLines.end - start);
        this.isFirstLine = false;
        start = likeLines.end + 1;
        this.handlers.onMessage(message);
        continue;
      }
      const next = bytes.indexOf(lineFeed, start);
      const end = next === -1 ? bytes.length : next;
      this.checkLength(end - start);
      // Line by line: a letter beyond Latin-1 anywhere would make every line of a common text twice as wide.
      this.acceptLine(this.decode(bytes, start, end));
      start = end + 1;
    }
  }

  private addToOpenLine(piece: Uint8Array): void {
    this.openBytes += piece.length;
    this.checkLength(this.openBytes);
    if (piece.length >= smallPieceBytes) {
      this.flushSmall();
      this.addText(this.decodeWhole(piece));
      return;
    }
    if (this.smallBytes + piece.length > smallPieceBytes) {
      this.flushSmall();
    }
    this.small ??= this.allocate(smallPieceBytes);
    this.small.set(piece, this.smallBytes);
    this.smallBytes += piece.length;
  }

  private flushSmall(): void {
    if (this.small !== undefined && this.smallBytes > 0) {
      const bytes = this.small.subarray(0, this.smallBytes);
      this.addText(this.decodeWhole(bytes));
      this.smallBytes = 0;
    }
  }

  /**
   * The whole characters of the open line so far. The platform's own decoder of streams makes text that is twice as
   * wide of everything, and takes its time.
   */
  private decodeWhole(piece: Uint8Array): string {
    const cut = this.cutCharacter;
    let bytes = piece;
    if (cut !== undefined) {
      bytes = new Uint8Array(cut.length + piece.length);
      bytes.set(cut);
      bytes.set(piece, cut.length);
    }
    const end = endOfCharacters(bytes);
    this.cutCharacter = end === bytes.length ? undefined : Uint8Array.from(bytes.subarray(end));
    return this.decode(bytes, 0, end);
  }

  private addText(text: string): void {
    if (this.big !== undefined) {
      this.big.push(text);
      return;
    }
    this.openText += text;
    if (this.openBytes > bigLineBytes) {
      this.big = new BigLine(this.longStrings);
      this.big.push(this.withoutMark(this.openText));
      this.openText = '';
    }
  }

  private finishOpenLine(): void {
    if (this.small !== undefined && this.smallBytes === this.openBytes) {
      // All of it is here as bytes: it is read like a line that came in one piece.
      const line = this.small.subarray(0, this.smallBytes);
      this.openBytes = 0;
      this.smallBytes = 0;
      this.acceptWholeLines(line);
      return;
    }
    this.flushSmall();
    const rest =
      this.cutCharacter === undefined
        ? ''
        : this.decode(this.cutCharacter, 0, this.cutCharacter.length);
    this.cutCharacter = undefined;
    const { big } = this;
    this.openBytes = 0;
    if (big === undefined) {
      const line = this.openText + rest;
      this.openText = '';
      this.acceptLine(line);
      return;
    }
    this.big = undefined;
    big.push(rest);
    const result = big.finish();
    if (result.kind === 'message') {
      this.handlers.onMessage(result.message);
    } else if (result.kind === 'invalid') {
      this.handlers.onInvalidLine(excerptOf(result.head));
    }
  }

  private checkLength(lineBytes: number): void {
    if (lineBytes > this.maxLineBytes) {
      this.isOver = true;
      this.openText = '';
      this.cutCharacter = undefined;
      this.big = undefined;
      this.small = undefined;
      this.longStrings.release();
      throw new PatchbayError(
        'line_too_long',
        `A line of more than ${Math.floor(this.maxLineBytes / 1024)} KiB came; the rest was not read.`,
      );
    }
  }

  private acceptLine(raw: string): void {
    const line = this.withoutMark(raw);
    if (isBlank(line)) {
      return;
    }
    if (!looksLikeJson(line)) {
      this.handlers.onInvalidLine(excerptOf(line));
      return;
    }
    let message: unknown;
    try {
      message = this.likeLines.parseWhole(line); // a CR at the end is white space to it
    } catch {
      this.handlers.onInvalidLine(excerptOf(line)); // reported: one bad line costs that line only
      return;
    }
    this.handlers.onMessage(message);
  }

  /** The byte order mark that the very first line may begin with is no part of it. */
  private withoutMark(line: string): string {
    const isMarked = this.isFirstLine && line.startsWith('\uFEFF');
    this.isFirstLine = false;
    return isMarked ? line.slice(1) : line;
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

/** Where the last character begins when its end is missing; the length when nothing is. */
function endOfCharacters(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let size = 1; size <= Math.min(3, length); size += 1) {
    const byte = bytes[length - size] ?? 0;
    if (byte < 0x80) {
      return length;
    }
    if (byte >= 0xc0) {
      const wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return wanted > size ? length - size : length;
    }
  }
  return length;
}

const lineFeed = 0x0a;
const smallPieceBytes = 16 * 1024;
const bigLineBytes = 64 * 1024;

const excerptChars = 200;

function excerptOf(line: string): string {
  const head = line.replace(/\r$/, '').slice(0, excerptChars);
  const isCut = line.length > excerptChars + 1;
  return copyOf(head) + (isCut ? '…' : '');
}
