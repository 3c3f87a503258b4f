/**
 * How much Markdown is drawn as such. Past one of these limits a text goes on as it is written: reading it costs more
 * than a page may stand still for, and nobody wrote it to be read. What a text costs is seen from the text alone, so that
 * the same text always looks the same.
 */

/** Lists and quotes in each other, in one place: each level reads all below it again. */
export const maxDepth = 20;

/** Elements of one text, about as many as a table of 2,000 rows with two columns. */
export const maxElements = 6_000;

/** Length of what stands together without a blank line where it could be cut. Fenced code has no such limit. */
export const maxBlockLength = 64 * 1024;

/** Length of one paragraph, cell or heading in which emphasis, code and links are looked for. */
export const maxInlineLength = 8 * 1024;

/** Length of a text without its fenced code. */
export const maxLength = 256 * 1024;

/** Links that are defined elsewhere need the text whole; in a longer one they stay as they are written. */
export const maxLengthWithDefinitions = 128 * 1024;

/** A long text is read in pieces of this length, so that its limits are met before all of it is read. */
export const pieceLength = 16 * 1024;

/**
 * The length of what comes before the first line that is nested too deeply, or that of the whole text. A line is nested
 * as deeply as there are list markers to the left of its own text that no line has ended since, and quote signs in
 * itself. It is only counted, not understood: code that looks like lists counts as well.
 */
export function readableLength(text: string): number {
  /** Columns of the markers that a further one would be nested in. */
  const columns: number[] = [];
  let lineStart = 0;
  while (lineStart < text.length) {
    const lineEnd = text.indexOf('\n', lineStart);
    const end = lineEnd < 0 ? text.length : lineEnd;
    if (depthOfLine(text, lineStart, end, columns) > maxDepth) {
      return lineStart;
    }
    lineStart = end + 1;
  }
  return text.length;
}

/** Takes the line's own markers into `columns`. */
function depthOfLine(text: string, start: number, end: number, columns: number[]): number {
  let quotes = 0;
  let column = 0;
  let isFirst = true;
  for (let at = start; at < end;) {
    const char = text.charAt(at);
    if (char === ' ' || char === '\t') {
      column += char === ' ' ? 1 : 4 - (column % 4);
      at += 1;
      continue;
    }
    if (char === '>') {
      quotes += 1;
      column += 1;
      at += 1;
      continue;
    }
    const length = markerLength(text, at);
    if (length === 0) {
      break;
    }
    while (isFirst && columns.length > 0 && (columns.at(-1) ?? 0) >= column) {
      columns.pop();
    }
    isFirst = false;
    columns.push(column);
    column += length;
    at += length;
  }
  return quotes + columns.length;
}

const marker = /(?:[-*+]|\d{1,9}[.)])(?=[ \t\n])/y;

function markerLength(text: string, at: number): number {
  marker.lastIndex = at;
  return marker.exec(text)?.[0].length ?? 0;
}

/** Elements in what `toHtml` gave: there every `<` that is not the panel's own is escaped. */
export function countElements(html: string): number {
  let count = 0;
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', at + 1)) {
    if (html.charAt(at + 1) !== '/') {
      count += 1;
    }
  }
  return count;
}
