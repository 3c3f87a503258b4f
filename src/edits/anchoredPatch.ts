import type { PatchOutcome } from './filePatch';
import { byteOrderMark, dominantLineEnding, splitLines, textOfLines } from './lines';
import { LineSearch } from './lineSearch';
import { findNearMatch } from './matcher';

interface AnchoredHunk {
  /** Lines of the file that come before the place, the outermost first. */
  readonly anchors: string[];
  readonly lines: { readonly mark: ' ' | '-' | '+'; readonly content: string }[];
  isAtEnd: boolean;
}

/**
 * Applies the hunks of an `apply_patch` update to a text: `@@ line of the file` narrows the place down, ` `, `-` and `+`
 * mark lines, `*** End of File` binds a hunk to the end. Line endings are not compared; new lines get those of the file,
 * and a missing final line break stays missing. Blanks at the ends of lines may differ where nothing fits exactly.
 *
 * A hunk without an anchor must fit at one place only behind the hunk before it; with one, the first behind the anchor
 * counts. Lines to add without any context go behind the anchor, or to the end of the file.
 */
export function applyAnchoredHunks(baseText: string, hunks: string): PatchOutcome {
  const parsed = parseHunks(hunks);
  if (typeof parsed === 'string') {
    return { kind: 'failed', message: parsed };
  }
  const base = splitLines(baseText);
  const lines = base.contents.slice(0, base.fileLineCount);
  const search = new LineSearch(lines);
  const result: ResultLine[] = [];
  const keep = (from: number, to: number): void => {
    for (let line = from; line < to; line++) {
      const content = lines[line] ?? '';
      const whole = textOfLines(base, line, line + 1);
      result.push({ content, ending: whole.slice(whole.length - endingLength(whole)) });
    }
  };
  let cursor = 0;
  for (const [index, hunk] of parsed.entries()) {
    const where =
      parsed.length === 1 ? '' : `Hunk ${String(index + 1)} of ${String(parsed.length)}: `;
    const place = placeOf(hunk, search, cursor);
    if (typeof place !== 'number') {
      return { kind: 'failed', message: where + failure(place, hunk, baseText) };
    }
    keep(cursor, place);
    let at = place;
    for (const { mark, content } of hunk.lines) {
      if (mark === '+') {
        result.push({ content, ending: undefined });
      } else {
        if (mark === ' ') {
          keep(at, at + 1);
        }
        at++;
      }
    }
    cursor = at;
  }
  keep(cursor, lines.length);
  const hasFinalBreak = lines.length === 0 || base.fileLineCount < base.lineCount;
  const mark = baseText.startsWith(byteOrderMark) ? byteOrderMark : '';
  const ending = dominantLineEnding(baseText) ?? '\n';
  return { kind: 'patched', text: mark + joinLines(result, ending, hasFinalBreak) };
}

interface ResultLine {
  readonly content: string;
  /** Undefined for a new line. */
  readonly ending: string | undefined;
}

function joinLines(lines: readonly ResultLine[], ending: string, hasFinalBreak: boolean): string {
  return lines
    .map((line, index) => {
      const isLast = index === lines.length - 1;
      const own = line.ending === undefined || line.ending === '' ? ending : line.ending;
      return line.content + (isLast && !hasFinalBreak ? '' : own);
    })
    .join('');
}

function endingLength(line: string): number {
  return line.endsWith('\r\n') ? 2 : line.endsWith('\n') || line.endsWith('\r') ? 1 : 0;
}

/** A sentence where the text is no such patch. */
function parseHunks(text: string): readonly AnchoredHunk[] | string {
  const hunks: AnchoredHunk[] = [];
  const current = (): AnchoredHunk => {
    const last = hunks.at(-1);
    if (last !== undefined) {
      return last;
    }
    const first: AnchoredHunk = { anchors: [], lines: [], isAtEnd: false };
    hunks.push(first);
    return first;
  };
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') {
    lines.pop();
  }
  for (const line of lines) {
    const mark = line[0];
    if (line.startsWith('@@')) {
      const last = hunks.at(-1);
      const anchor = line.slice(2).trim();
      const isOpen = last?.lines.length === 0 && !last.isAtEnd;
      const hunk = isOpen ? last : { anchors: [], lines: [], isAtEnd: false };
      if (!isOpen) {
        hunks.push(hunk);
      }
      if (anchor !== '') {
        hunk.anchors.push(anchor);
      }
    } else if (line.trimEnd() === '*** End of File') {
      current().isAtEnd = true;
    } else if (mark === ' ' || mark === '-' || mark === '+') {
      current().lines.push({ mark, content: line.slice(1) });
    } else if (line === '') {
      // An empty line of context whose blank was stripped on the way.
      current().lines.push({ mark: ' ', content: '' });
    } else if (mark !== '\\') {
      return `A line of a hunk must begin with a blank (stays), "-" (goes) or "+" (comes), or be an "@@" line; this one does not: ${line.slice(0, 80)}`;
    }
  }
  return hunks.some(({ lines: own }) => own.some(({ mark }) => mark !== ' '))
    ? hunks.filter(({ lines: own }) => own.length > 0)
    : 'The patch of this file adds and removes nothing. Mark removed lines with "-" and new ones with "+".';
}

type Misfit =
  | { readonly kind: 'nowhere' }
  | { readonly kind: 'anchor'; readonly anchor: string }
  | { readonly kind: 'ambiguous'; readonly linesOneBased: readonly number[] };

function placeOf(hunk: AnchoredHunk, search: LineSearch, cursor: number): number | Misfit {
  let from = cursor;
  let missing: string | undefined;
  let anchorAt: number | undefined;
  for (const anchor of hunk.anchors) {
    const found = search.findTrimmed(anchor, anchorAt === undefined ? from : anchorAt + 1);
    if (found === undefined) {
      missing ??= anchor;
    } else {
      anchorAt = found;
      from = found;
    }
  }
  const old = hunk.lines.flatMap(({ mark, content }) => (mark === '+' ? [] : [content]));
  if (old.length === 0) {
    return missing !== undefined
      ? { kind: 'anchor', anchor: missing }
      : anchorAt === undefined || hunk.isAtEnd
        ? search.length
        : anchorAt + 1;
  }
  const places = search.find(old, from, hunk.isAtEnd);
  const [first, second] = places;
  if (first === undefined) {
    return missing === undefined ? { kind: 'nowhere' } : { kind: 'anchor', anchor: missing };
  }
  if (second !== undefined && (anchorAt === undefined || missing !== undefined)) {
    return { kind: 'ambiguous', linesOneBased: places.map((place) => place + 1) };
  }
  return first;
}

function failure(misfit: Misfit, hunk: AnchoredHunk, baseText: string): string {
  switch (misfit.kind) {
    case 'ambiguous':
      return `the lines fit at several places (lines ${misfit.linesOneBased.slice(0, 5).join(', ')}). Add lines of context, or an "@@" line with a line of the file that comes before the place.`;
    case 'anchor':
      return `there is no line "${misfit.anchor}" behind the place of the hunk before, as its "@@" line says. Copy a whole line of the file, or leave it out and give more context.`;
    case 'nowhere': {
      const old = hunk.lines.filter(({ mark }) => mark !== '+').map(({ content }) => content);
      const near = findNearMatch(baseText, old.join('\n'));
      const end = hunk.isAtEnd ? ' at the end of the file' : ' behind the hunk before';
      return near === undefined
        ? `its lines do not occur${end}, and nothing is similar. Read the file again and make the patch from its present text.`
        : `its lines do not occur${end}. The nearest place is line ${String(near.lineOneBased)}:\n${near.text}\nCopy the lines exactly as they are there, in the order of the file.`;
    }
  }
}
