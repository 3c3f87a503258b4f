import { firstLine, maxLineChars } from './firstLine';
import type { TextMatch } from '../tools/contract';

/** A line of ripgrep's that is longer is cut: its path, its number, and as much of the text as is shown. */
const maxHeldBytes = 64 * 1024;
/** Each character has at most four bytes: enough of a line to show all that is shown, and to see that it is longer. */
const maxShownBytes = 4 * (maxLineChars + 1);

const lineFeed = 0x0a;
const colon = 0x3a;

/**
 * Reads what `rg --null --line-number --no-heading --with-filename` prints (`path NUL number:text`, a line each). Matches
 * of a file stand together, so its name is read once. What does not look like a match (`binary file matches`) is left
 * out, and so is a file whose name is not UTF-8.
 */
export class RipgrepLines {
  private readonly nameDecoder = new TextDecoder('utf-8', { fatal: true });
  /** The beginning of a line whose rest is still to come. */
  private open: Buffer = Buffer.alloc(0);
  /** The rest of the open line is of no use. */
  private isSkipping = false;
  private nameBytes: Buffer = Buffer.alloc(0);
  /** Undefined: the file is not wanted. */
  private path: string | undefined;

  /**
   * @param toPath the path to give for a file's name; undefined leaves the file out
   * @param accept false ends the reading
   */
  constructor(
    private readonly toPath: (name: string) => string | undefined,
    private readonly accept: (match: TextMatch) => boolean,
  ) {}

  /** False when enough was read. */
  push(chunk: Uint8Array): boolean {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.isSkipping) {
      const end = bytes.indexOf(lineFeed);
      if (end < 0) {
        return true;
      }
      this.isSkipping = false;
      // The line was cut before its end: its beginning, then what comes after it.
      if (!this.readLine(this.open, 0, this.open.length)) {
        return false;
      }
      this.open = Buffer.alloc(0);
      bytes = bytes.subarray(end + 1);
    }
    if (this.open.length > 0) {
      bytes = Buffer.concat([this.open, bytes]);
    }
    let start = 0;
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
      if (!this.readLine(bytes, start, end)) {
        return false;
      }
      start = end + 1;
    }
    this.isSkipping = bytes.length - start > maxHeldBytes;
    // A copy: the chunk's memory is not ours.
    this.open = Buffer.from(bytes.subarray(start, start + maxHeldBytes));
    return true;
  }

  private readLine(bytes: Buffer, start: number, end: number): boolean {
    const nameEnd = bytes.indexOf(0, start);
    if (nameEnd < 0 || nameEnd >= end) {
      return true;
    }
    let lineOneBased = 0;
    let at = nameEnd + 1;
    for (let digit = digitAt(bytes, at); digit >= 0; digit = digitAt(bytes, at)) {
      lineOneBased = lineOneBased * 10 + digit;
      at++;
    }
    if (bytes[at] !== colon || at === nameEnd + 1) {
      return true;
    }
    this.readName(bytes, start, nameEnd);
    if (this.path === undefined) {
      return true;
    }
    const text = bytes.toString('utf8', at + 1, Math.min(end, at + 1 + maxShownBytes));
    return this.accept({ path: this.path, lineOneBased, line: firstLine(text) });
  }

  private readName(bytes: Buffer, start: number, end: number): void {
    const { nameBytes } = this;
    const isSame =
      nameBytes.length === end - start &&
      nameBytes.length > 0 &&
      bytes.compare(nameBytes, 0, nameBytes.length, start, end) === 0;
    if (!isSame) {
      this.nameBytes = Buffer.from(bytes.subarray(start, end));
      this.path = this.pathOf(this.nameBytes);
    }
  }

  private pathOf(name: Buffer): string | undefined {
    try {
      return this.toPath(this.nameDecoder.decode(name));
    } catch {
      return undefined; // not UTF-8: there is no string that would open the file
    }
  }
}

/** -1: no digit. */
function digitAt(bytes: Buffer, at: number): number {
  const byte = bytes[at] ?? 0;
  return byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : -1;
}
