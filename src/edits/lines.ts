/**
 * A text cut the way the editor cuts it: LF, CRLF and a lone CR end a line; U+2028 and U+2029 do not. There is always
 * at least one line, and after a final line break the last is empty. `starts[i]` is the offset of line i in the text,
 * `starts[lineCount]` the text's length, so that `text.slice(starts[i], starts[i + 1])` is the line with its ending,
 * byte for byte.
 *
 * It may stand for a part of a text: then line numbers count from the part's first line, offsets from the beginning of
 * the text, and an empty last line is there at the end of the text only.
 */
export interface LineStarts {
  readonly text: string;
  readonly starts: Uint32Array;
  readonly lineCount: number;
  /**
   * Lines in the sense of a file: the empty one after a final line break does not count, an empty text has none.
   * Always `lineCount` or one less.
   */
  readonly fileLineCount: number;
}

/** `contents` are the lines as the editor knows them, without endings and without a byte order mark. */
export interface SplitText extends LineStarts {
  readonly contents: readonly string[];
}

export const byteOrderMark = '\uFEFF';

const byteOrderMarkCode = 0xfeff;
const lineFeed = 10;
const carriageReturn = 13;

export function splitLines(text: string): SplitText {
  const lines = findLines(text);
  const contents: string[] = [];
  for (let line = 0; line < lines.lineCount; line++) {
    contents.push(contentOfLine(lines, line));
  }
  return { ...lines, contents };
}

/** The lines from one offset to another; both are an end of the text or lie right behind a line feed. */
export function findLines(text: string, from = 0, to = text.length): LineStarts {
  let starts = new Uint32Array(256 + ((to - from) >> 4));
  let lineCount = 0;
  const begin = (offset: number): void => {
    if (lineCount === starts.length) {
      const larger = new Uint32Array(starts.length * 2);
      larger.set(starts);
      starts = larger;
    }
    starts[lineCount] = offset;
    lineCount++;
  };
  begin(from);
  forEachLineEnd(text, from, to, begin);
  const isLastEmpty = starts[lineCount - 1] === to;
  const isPhantom = isLastEmpty && to !== text.length && lineCount > 1;
  if (isPhantom) {
    lineCount--;
  } else {
    begin(to);
    lineCount--;
  }
  return {
    text,
    starts: starts.slice(0, lineCount + 1),
    lineCount,
    fileLineCount: isLastEmpty && !isPhantom ? lineCount - 1 : lineCount,
  };
}

/** How many line endings there are between two offsets. */
export function countLineEnds(text: string, from: number, to: number): number {
  let count = 0;
  forEachLineEnd(text, from, to, () => {
    count++;
  });
  return count;
}

function forEachLineEnd(
  text: string,
  from: number,
  to: number,
  report: (next: number) => void,
): void {
  const carriageReturnAt = text.indexOf('\r', from);
  if (carriageReturnAt === -1 || carriageReturnAt >= to) {
    for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) {
      report(at + 1);
    }
    return;
  }
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code === lineFeed || (code === carriageReturn && text.charCodeAt(at + 1) !== lineFeed)) {
      report(at + 1);
    }
  }
}

/** Offset where the editor's text of a line begins: behind the byte order mark. */
export function contentStart({ text, starts }: LineStarts, line: number): number {
  const start = starts[line] ?? text.length;
  return start === 0 && text.charCodeAt(0) === byteOrderMarkCode ? 1 : start;
}

/** Offset where the editor's text of a line ends: before the line break. */
export function contentEnd({ text, starts }: LineStarts, line: number): number {
  const start = starts[line] ?? text.length;
  let end = starts[line + 1] ?? text.length;
  if (end > start && text.charCodeAt(end - 1) === lineFeed) {
    end--;
  }
  return end > start && text.charCodeAt(end - 1) === carriageReturn ? end - 1 : end;
}

export function contentOfLine(lines: LineStarts, line: number): string {
  return lines.text.slice(contentStart(lines, line), contentEnd(lines, line));
}

/** Lines `from` to `to` (zero-based, end exclusive) with their endings. */
export function textOfLines(split: LineStarts, from: number, to: number): string {
  return split.text.slice(offsetOfLine(split, from), offsetOfLine(split, to));
}

/** Offset of a zero-based line; the text's length for every line behind the last. */
export function offsetOfLine(split: LineStarts, line: number): number {
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
