import { append } from '../base/append';
import { computeHunks } from './hunks';
import type { Hunk } from './fileEdit';
import { splitLines, textOfLines, type SplitText } from './lines';

/** What the text of a diff may have at most; what is left out is counted in a last line. */
export interface DiffTextLimits {
  readonly maxChars?: number;
}

/** The form for a model: it costs tokens. */
export const shortDiffLimits: DiffTextLimits = { maxChars: 500 };

/**
 * The difference of two texts in unified form, '' when they are equal. `label` names the file in two header lines; there
 * are none without it.
 * Lines are shown without their carriage return; a hunk that changes nothing but line endings says so in one line
 * instead of showing each line twice.
 */
export function unifiedDiff(
  before: string,
  after: string,
  label?: string,
  contextLines = 3,
  limits: DiffTextLimits = {},
): string {
  return unifiedDiffOfHunks(
    before,
    after,
    computeHunks(before, after),
    label,
    contextLines,
    limits,
  );
}

/** `unifiedDiff` for hunks that are already there. `after` is the base with all of them applied. */
export function unifiedDiffOfHunks(
  before: string,
  after: string,
  hunks: readonly Hunk[],
  label?: string,
  contextLines = 3,
  limits: DiffTextLimits = {},
): string {
  if (hunks.length === 0) {
    return '';
  }
  const oldSide = splitLines(before);
  const newSide = splitLines(after);
  const lines =
    label === undefined
      ? []
      : [`--- ${before === '' ? '/dev/null' : label}`, `+++ ${after === '' ? '/dev/null' : label}`];
  for (const group of groupsWithContext(hunks, contextLines)) {
    append(lines, groupLines(oldSide, newSide, group, contextLines));
  }
  return cutLines(lines, limits.maxChars ?? Infinity);
}

/** Lines added and removed, for `+5 −1`. Lines whose ending alone changes count on both sides. */
export function countChangedLines(hunks: readonly Hunk[]): {
  readonly added: number;
  readonly removed: number;
} {
  return {
    added: hunks.reduce((sum, hunk) => sum + hunk.newLines, 0),
    removed: hunks.reduce((sum, hunk) => sum + hunk.oldLines, 0),
  };
}

/** Hunks whose context would overlap are shown together. */
function groupsWithContext(
  hunks: readonly Hunk[],
  contextLines: number,
): readonly (readonly Hunk[])[] {
  const groups: Hunk[][] = [];
  let previousEnd = -Infinity;
  for (const hunk of hunks) {
    const start = rangeOf(hunk).oldFrom;
    const group = groups.at(-1);
    if (group !== undefined && start - previousEnd <= 2 * contextLines) {
      group.push(hunk);
    } else {
      groups.push([hunk]);
    }
    previousEnd = start + hunk.oldLines;
  }
  return groups;
}

function groupLines(
  before: SplitText,
  after: SplitText,
  group: readonly Hunk[],
  contextLines: number,
): readonly string[] {
  const first = group[0];
  const last = group.at(-1);
  if (first === undefined || last === undefined) {
    return [];
  }
  const start = rangeOf(first);
  const end = rangeOf(last);
  const head = Math.min(contextLines, start.oldFrom);
  const tail = Math.min(contextLines, before.fileLineCount - end.oldTo);
  const oldFrom = start.oldFrom - head;
  const newFrom = start.newFrom - head;
  const oldCount = end.oldTo + tail - oldFrom;
  const newCount = end.newTo + tail - newFrom;
  const lines = [`@@ -${headerRange(oldFrom, oldCount)} +${headerRange(newFrom, newCount)} @@`];
  let oldAt = oldFrom;
  for (const hunk of group) {
    const range = rangeOf(hunk);
    append(lines, markedLines(' ', before, oldAt, range.oldFrom));
    append(lines, hunkLines(before, after, hunk));
    oldAt = range.oldTo;
  }
  append(lines, markedLines(' ', before, oldAt, oldAt + tail));
  return lines;
}

function hunkLines(before: SplitText, after: SplitText, hunk: Hunk): readonly string[] {
  const range = rangeOf(hunk);
  const oldEndings = endingsOf(hunk.oldText);
  const newEndings = endingsOf(hunk.newText);
  if (
    hunk.oldLines === hunk.newLines &&
    oldEndings !== newEndings &&
    visible(hunk.oldText) === visible(hunk.newText)
  ) {
    const count = hunk.oldLines === 1 ? '1 line' : `${String(hunk.oldLines)} lines`;
    return [`\\ Line endings of ${count}: ${oldEndings} -> ${newEndings}`];
  }
  return [
    ...markedLines('-', before, range.oldFrom, range.oldTo),
    ...markedLines('+', after, range.newFrom, range.newTo),
  ];
}

function markedLines(mark: string, side: SplitText, from: number, to: number): readonly string[] {
  const lines: string[] = [];
  for (let line = from; line < to; line++) {
    const text = textOfLines(side, line, line + 1);
    const content = text.replace(/(?:\r\n|\n|\r)$/, '');
    lines.push(mark + content);
    if (content === text) {
      lines.push('\\ No newline at end of file');
    }
  }
  return lines;
}

function visible(text: string): string {
  return text
    .replace(/\r\n|\n|\r/g, '\n')
    .replace(/^\uFEFF/, '')
    .replace(/\n$/, '');
}

function endingsOf(text: string): string {
  const found = new Set<string>();
  for (const [ending] of text.matchAll(/\r\n|\n|\r/g)) {
    found.add(ending === '\r\n' ? 'CRLF' : ending === '\n' ? 'LF' : 'CR');
  }
  const mark = text.startsWith('\uFEFF') ? 'BOM, ' : '';
  return mark + (found.size === 0 ? 'none' : [...found].join(' and '));
}

function rangeOf(hunk: Hunk): {
  readonly oldFrom: number;
  readonly oldTo: number;
  readonly newFrom: number;
  readonly newTo: number;
} {
  const oldFrom = hunk.oldLines === 0 ? hunk.oldStart : hunk.oldStart - 1;
  const newFrom = hunk.newLines === 0 ? hunk.newStart : hunk.newStart - 1;
  return { oldFrom, oldTo: oldFrom + hunk.oldLines, newFrom, newTo: newFrom + hunk.newLines };
}

function headerRange(from: number, count: number): string {
  const start = count === 0 ? from : from + 1;
  return count === 1 ? String(start) : `${String(start)},${String(count)}`;
}

/** Cuts between lines (a first line that is too long within it) and says how many are missing. */
function cutLines(lines: readonly string[], maxChars: number): string {
  const whole = lines.join('\n');
  if (whole.length <= maxChars) {
    return whole;
  }
  const kept: string[] = [];
  let chars = 0;
  for (const [index, line] of lines.entries()) {
    const rest = `… ${String(lines.length - index)} more lines`;
    if (chars + line.length + 1 + rest.length > maxChars) {
      const room = maxChars - chars - rest.length - 2;
      // One very long line would otherwise hide that there is a change at all.
      if (room > 20 && line.length > 200) {
        kept.push(`${line.slice(0, room)}…`);
      }
      kept.push(rest);
      break;
    }
    kept.push(line);
    chars += line.length + 1;
  }
  return kept.join('\n').slice(0, maxChars);
}
