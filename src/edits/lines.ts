/**
 * A text cut the way the editor cuts it: LF, CRLF and a lone CR end a line; U+2028 and U+2029 do not. `contents` are
 * the lines as the editor knows them, without endings and without a byte order mark; there is always at least one, and
 * after a final line break the last is empty. `starts[i]` is the offset of line i in the text, `starts[length]` the
 * text's length, so that `text.slice(starts[i], starts[i + 1])` is the line with its ending, byte for byte.
 */
export interface SplitText {
  readonly text: string;
  readonly contents: readonly string[];
  readonly starts: Uint32Array;
  /**
   * Lines in the sense of a file: the empty one after a final line break does not count, an empty text has none.
   * Always `contents.length` or one less.
   */
  readonly fileLineCount: number;
}

export const byteOrderMark = '\uFEFF';

const lineFeed = 10;
const carriageReturn = 13;

export function splitLines(text: string): SplitText {
  const contents: string[] = [];
  const starts: number[] = [];
  const hasMark = text.startsWith(byteOrderMark);
  const hasCarriageReturn = text.includes('\r');
  let lineStart = 0;
  let contentStart = hasMark ? 1 : 0;
  const endLine = (contentEnd: number, next: number): void => {
    contents.push(text.slice(contentStart, contentEnd));
    starts.push(lineStart);
    lineStart = next;
    contentStart = next;
  };
  if (hasCarriageReturn) {
    for (let at = contentStart; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === lineFeed) {
        endLine(at, at + 1);
      } else if (code === carriageReturn) {
        const next = text.charCodeAt(at + 1) === lineFeed ? at + 2 : at + 1;
        endLine(at, next);
        at = next - 1;
      }
    }
  } else {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
      endLine(at, at + 1);
    }
  }
  const isLastEmpty = lineStart === text.length;
  endLine(text.length, text.length);
  starts.push(text.length);
  return {
    text,
    contents,
    starts: Uint32Array.from(starts),
    fileLineCount: isLastEmpty ? contents.length - 1 : contents.length,
  };
}

/** Lines `from` to `to` (zero-based, end exclusive) with their endings. */
export function textOfLines(split: SplitText, from: number, to: number): string {
  return split.text.slice(offsetOfLine(split, from), offsetOfLine(split, to));
}

/** Offset of a zero-based line; the text's length for every line behind the last. */
export function offsetOfLine(split: SplitText, line: number): number {
  return split.starts[line] ?? split.text.length;
}

export type LineEnding = '\n' | '\r\n' | '\r';

/** The line ending used most; the first seen wins a tie; undefined when the text has none. */
export function dominantLineEnding(text: string): LineEnding | undefined {
  const counts: Record<LineEnding, number> = { '\n': 0, '\r\n': 0, '\r': 0 };
  let best: LineEnding | undefined;
  for (const match of text.matchAll(/\r\n|\n|\r/g)) {
    const ending = match[0] === '\r\n' ? '\r\n' : match[0] === '\n' ? '\n' : '\r';
    counts[ending]++;
    best ??= ending;
  }
  for (const ending of ['\n', '\r\n', '\r'] as const) {
    if (best !== undefined && counts[ending] > counts[best]) {
      best = ending;
    }
  }
  return best;
}

/** Gives every line break of the text the same ending. */
export function withLineEnding(text: string, ending: LineEnding): string {
  return text.replace(/\r\n|\n|\r/g, ending);
}
