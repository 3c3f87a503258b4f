/** Where the lines of a file begin and end, without the text of any of them. */
export interface LineIndex {
  readonly count: number;
  /** The file ends in the middle of a line. */
  readonly isTorn: boolean;
  /** The text of a line without its end; a string of its own, so that it keeps no part of the file alive. */
  textAt(line: number): string;
}

const lineFeed = 0x0a;

/** Finds the lines of a file; the last one may have no end. */
export function indexLines(bytes: Uint8Array): LineIndex {
  const ends: number[] = [];
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) {
    ends.push(at);
  }
  const whole = ends.at(-1);
  const isTorn = bytes.length > 0 && whole !== bytes.length - 1;
  if (isTorn) {
    ends.push(bytes.length);
  }
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    count: ends.length,
    isTorn,
    textAt: (line) =>
      line === 0
        ? withoutByteOrderMark(decoder.decode(bytes.subarray(0, ends[0] ?? 0)))
        : decoder.decode(bytes.subarray((ends[line - 1] ?? 0) + 1, ends[line] ?? 0)),
  };
}

/** An editor may have put it at the beginning of a file; anywhere else it belongs to the text. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
