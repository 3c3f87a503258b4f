import { joinBytes } from '../base/joinBytes';
import type { SessionStorage } from './contract';
import { withoutByteOrderMark } from './lineIndex';

/** Where a line stands in its file, in bytes; its end is counted with it. */
export interface LinePlace {
  readonly start: number;
  readonly bytes: number;
}

export interface StoredLine extends LinePlace {
  readonly text: string;
  /** The file ends in the middle of it. */
  readonly isTorn: boolean;
}

const blockBytes = 1024 * 1024;
const lineFeed = 0x0a;

/**
 * The lines of a session's file, some at a time and in order, so that no more of it is in memory than that: a file may
 * be larger than what a process can hold. Nothing when there is no such file. What is appended meanwhile may be missing.
 */
export async function* storedLines(
  storage: Pick<SessionStorage, 'readRange'>,
  sessionId: string,
): AsyncGenerator<readonly StoredLine[]> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const toLine = (bytes: Uint8Array, start: number, isTorn: boolean): StoredLine => {
    const text = decoder.decode(isTorn ? bytes : bytes.subarray(0, -1));
    return {
      text: start === 0 ? withoutByteOrderMark(text) : text,
      start,
      bytes: bytes.length,
      isTorn,
    };
  };
  // The pieces of a line that is longer than a block.
  let pieces: Uint8Array[] = [];
  let lineStart = 0;
  let at = 0;
  for (;;) {
    const read = await storage.readRange(sessionId, at, blockBytes);
    if (read === undefined || read.bytes.length === 0) {
      break;
    }
    const lines: StoredLine[] = [];
    let from = 0;
    for (let end = read.bytes.indexOf(lineFeed); end >= 0;) {
      const piece = read.bytes.subarray(from, end + 1);
      const whole = pieces.length === 0 ? piece : joinBytes([...pieces, piece]);
      pieces = [];
      lines.push(toLine(whole, lineStart, false));
      from = end + 1;
      lineStart = at + from;
      end = read.bytes.indexOf(lineFeed, from);
    }
    if (from < read.bytes.length) {
      pieces.push(read.bytes.subarray(from));
    }
    at += read.bytes.length;
    if (lines.length > 0) {
      yield lines;
    }
  }
  if (pieces.length > 0) {
    yield [toLine(joinBytes(pieces), lineStart, true)];
  }
}

/** The text of the line that stood at this place; undefined when the file is not that long any more. */
export async function lineAt(
  storage: Pick<SessionStorage, 'readRange'>,
  sessionId: string,
  { start, bytes }: LinePlace,
): Promise<string | undefined> {
  const read = await storage.readRange(sessionId, start, bytes);
  return read?.bytes.length === bytes ? new TextDecoder().decode(read.bytes) : undefined;
}
