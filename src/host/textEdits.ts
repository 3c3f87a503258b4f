import type { Hunk } from '../edits/fileEdit';

/** A replacement in a text, by UTF-16 offsets of the text before any replacement. */
export interface OffsetEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export type LineEndings = 'none' | 'lf' | 'crlf' | 'mixed';

/** Which line endings a text has. A lone CR counts as mixed: an editor buffer cannot keep it. */
export function lineEndings(text: string): LineEndings {
  const crlf = count(text, /\r\n/g);
  const lf = count(text, /(?<!\r)\n/g);
  const cr = count(text, /\r(?!\n)/g);
  if (cr > 0 || (crlf > 0 && lf > 0)) {
    return 'mixed';
  }
  if (crlf > 0) {
    return 'crlf';
  }
  return lf > 0 ? 'lf' : 'none';
}

export function normalizeEndings(text: string, ending: '\n' | '\r\n' = '\n'): string {
  return text.replace(/\r\n|\r|\n/g, ending);
}

/** True when the texts differ in nothing but their line endings. */
export function isSameButEndings(one: string, other: string): boolean {
  return one === other || normalizeEndings(one) === normalizeEndings(other);
}

/**
 * The smallest whole-line replacements that make `after` of `before`: those of the hunks when they do, else one range
 * between the equal first and last lines. Equal texts give none.
 */
export function minimalEdits(
  before: string,
  after: string,
  hunks: readonly Hunk[],
): readonly OffsetEdit[] {
  if (before === after) {
    return [];
  }
  const byHunk = hunkEdits(before, hunks);
  return applyOffsetEdits(before, byHunk) === after ? byHunk : [oneEdit(before, after)];
}

export function applyOffsetEdits(text: string, edits: readonly OffsetEdit[]): string {
  let result = '';
  let from = 0;
  for (const edit of edits) {
    result += text.slice(from, edit.start) + edit.text;
    from = edit.end;
  }
  return result + text.slice(from);
}

/**
 * What the user made of a text in an editor, with the line endings that the editor could not keep: lines before and
 * after the changed part get theirs back, changed lines get the ending that `original` uses most.
 */
export function withOriginalEndings(original: string, edited: string): string {
  const before = splitLines(original);
  const after = splitLines(edited);
  const main = count(original, /\r\n/g) * 2 > count(original, /\r\n|\r|\n/g) ? '\r\n' : '\n';
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head]?.body === after[head]?.body) {
    head += 1;
  }
  let tail = 0;
  while (
    tail < shorter - head &&
    before[before.length - 1 - tail]?.body === after[after.length - 1 - tail]?.body
  ) {
    tail += 1;
  }
  return after
    .map((line, index) => {
      const fromEnd = after.length - index;
      const source =
        index < head
          ? before[index]
          : fromEnd <= tail
            ? before[before.length - fromEnd]
            : undefined;
      if (line.ending === '') {
        return line.body;
      }
      return line.body + (source === undefined || source.ending === '' ? main : source.ending);
    })
    .join('');
}

function hunkEdits(before: string, hunks: readonly Hunk[]): readonly OffsetEdit[] {
  const starts = lineStarts(before);
  return hunks.map((hunk) => {
    const firstLine = hunk.oldLines === 0 ? hunk.oldStart : hunk.oldStart - 1;
    const start = starts[firstLine] ?? before.length;
    return { start, end: start + hunk.oldText.length, text: hunk.newText };
  });
}

function oneEdit(before: string, after: string): OffsetEdit {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  for (let at = 0; at < shorter && before[at] === after[at]; at += 1) {
    head = before[at] === '\n' ? at + 1 : head;
  }
  let tail = 0;
  for (let at = 1; at <= shorter - head && before.at(-at) === after.at(-at); at += 1) {
    const isLineStart = (text: string): boolean => text.length === at || text.at(-at - 1) === '\n';
    tail = isLineStart(before) && isLineStart(after) ? at : tail;
  }
  return { start: head, end: before.length - tail, text: after.slice(head, after.length - tail) };
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\r|\n/g)) {
    starts.push(match.index + match[0].length);
  }
  return starts;
}

function splitLines(text: string): readonly { readonly body: string; readonly ending: string }[] {
  const lines: { body: string; ending: string }[] = [];
  let from = 0;
  for (const match of text.matchAll(/\r\n|\r|\n/g)) {
    lines.push({ body: text.slice(from, match.index), ending: match[0] });
    from = match.index + match[0].length;
  }
  lines.push({ body: text.slice(from), ending: '' });
  return lines;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
