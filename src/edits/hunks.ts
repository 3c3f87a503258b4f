import { append } from '../base/append';
import { PatchbayError } from '../base/patchbayError';
import type { Change } from './alignment';
import { defaultDiffLimits, diffTexts, type DiffLimits } from './editorDiff';
import type { Hunk } from './fileEdit';
import { findLines, offsetOfLine, textOfLines, type LineStarts } from './lines';
import { hashTexts } from './textHash';

/**
 * The hunks from one text to another, in order, never overlapping: those that VS Code's diff editor draws, and one
 * hunk for each run of lines that differ only in what the editor does not show (line endings, byte order mark). The
 * empty line that the editor shows after a final line break is no line here; a line that gains or loses its final line
 * break belongs to the hunk. Any subset of the hunks can be applied (`applyDecisions`); all of them give `proposed`.
 *
 * The cost is limited by size, not by time; beyond the limit hunks get coarser, never wrong.
 */
export function computeHunks(
  base: string,
  proposed: string,
  limits: DiffLimits = defaultDiffLimits,
): readonly Hunk[] {
  if (base === proposed) {
    return [];
  }
  const { part, changes } = diffTexts(base, proposed, limits);
  const { before, after } = part;
  const used = new Set<string>();
  return withUnseenChanges(before, after, changes).map((change) => {
    const hunk = toHunk(before, after, change, part.skippedHead);
    let id = hunk.id;
    for (let copy = 2; used.has(id); copy++) {
      id = `${hunk.id}-${String(copy)}`;
    }
    used.add(id);
    return id === hunk.id ? hunk : { ...hunk, id };
  });
}

/**
 * The base with exactly the named hunks applied; ids that no hunk has are ignored. Throws PatchbayError `stale_hunks`
 * when a hunk does not belong to this base.
 */
export function applyDecisions(
  base: string,
  hunks: readonly Hunk[],
  approvedIds: Iterable<string>,
): string {
  const approved = new Set(approvedIds);
  if (!hunks.some((hunk) => approved.has(hunk.id))) {
    return base;
  }
  const split = findLines(base);
  const parts: string[] = [];
  let at = 0;
  for (const hunk of hunks) {
    const start = offsetOfLine(split, firstLine(hunk));
    if (start < at || !base.startsWith(hunk.oldText, start)) {
      throw new PatchbayError(
        'stale_hunks',
        `The hunk at line ${String(hunk.oldStart)} does not fit this text.`,
      );
    }
    if (approved.has(hunk.id)) {
      parts.push(base.slice(at, start), hunk.newText);
      at = start + hunk.oldText.length;
    }
  }
  parts.push(base.slice(at));
  return parts.join('');
}

/** Zero-based line of the base where the hunk begins; with no old lines, the line it stands in front of. */
export function firstLine(hunk: Pick<Hunk, 'oldStart' | 'oldLines'>): number {
  return hunk.oldLines === 0 ? hunk.oldStart : hunk.oldStart - 1;
}

function toHunk(before: LineStarts, after: LineStarts, change: Change, skippedLines: number): Hunk {
  const oldText = textOfLines(before, change.oldStart, change.oldEnd);
  const newText = textOfLines(after, change.newStart, change.newEnd);
  const oldLines = change.oldEnd - change.oldStart;
  const newLines = change.newEnd - change.newStart;
  const oldStart = skippedLines + change.oldStart + (oldLines === 0 ? 0 : 1);
  return {
    // Without the new position: a hunk keeps its id when another one before it changes.
    id: `h${hashTexts(String(oldStart), String(oldLines), oldText, newText)}`,
    oldStart,
    oldLines,
    newStart: skippedLines + change.newStart + (newLines === 0 ? 0 : 1),
    newLines,
    oldText,
    newText,
  };
}

/** Adds to the drawn changes what the editor does not show, and turns editor lines into lines of the file. */
function withUnseenChanges(
  before: LineStarts,
  after: LineStarts,
  drawn: readonly Change[],
): readonly Change[] {
  const changes: Change[] = [];
  let oldAt = 0;
  let newAt = 0;
  for (const change of [...drawn, endOf(before, after)]) {
    const unseen = unseenChanges(before, after, oldAt, newAt, change.oldStart);
    const last = unseen.at(-1);
    if (last !== undefined && breaksOffAtTheEnd(before, after, last) && !isEmpty(change)) {
      append(changes, unseen.slice(0, -1));
      changes.push({ ...change, oldStart: last.oldStart, newStart: last.newStart });
    } else {
      append(changes, unseen);
      changes.push(change);
    }
    oldAt = change.oldEnd;
    newAt = change.newEnd;
  }
  return changes
    .map((change) => ({
      oldStart: Math.min(change.oldStart, before.fileLineCount),
      oldEnd: Math.min(change.oldEnd, before.fileLineCount),
      newStart: Math.min(change.newStart, after.fileLineCount),
      newEnd: Math.min(change.newEnd, after.fileLineCount),
    }))
    .filter((change) => !isEmpty(change));
}

function endOf(before: LineStarts, after: LineStarts): Change {
  const oldEnd = before.lineCount;
  const newEnd = after.lineCount;
  return { oldStart: oldEnd, oldEnd, newStart: newEnd, newEnd };
}

/** Runs of lines, among those the editor takes for equal, whose bytes differ. */
function unseenChanges(
  before: LineStarts,
  after: LineStarts,
  oldFrom: number,
  newFrom: number,
  oldTo: number,
): Change[] {
  const changes: Change[] = [];
  for (let oldLine = oldFrom, newLine = newFrom; oldLine < oldTo; oldLine++, newLine++) {
    if (hasEqualBytes(before, oldLine, after, newLine)) {
      continue;
    }
    const change = {
      oldStart: oldLine,
      oldEnd: oldLine + 1,
      newStart: newLine,
      newEnd: newLine + 1,
    };
    const last = changes.at(-1);
    if (last?.oldEnd === oldLine && !breaksOffAtTheEnd(before, after, change)) {
      changes[changes.length - 1] = { ...last, oldEnd: change.oldEnd, newEnd: change.newEnd };
    } else {
      changes.push(change);
    }
  }
  return changes;
}

/**
 * One side ends here without a line break and the other does not: what follows on the other side cannot be applied
 * without it.
 */
function breaksOffAtTheEnd(before: LineStarts, after: LineStarts, change: Change): boolean {
  return (change.oldEnd === before.lineCount) !== (change.newEnd === after.lineCount);
}

function hasEqualBytes(
  before: LineStarts,
  oldLine: number,
  after: LineStarts,
  newLine: number,
): boolean {
  const oldStart = offsetOfLine(before, oldLine);
  const newStart = offsetOfLine(after, newLine);
  const oldLength = offsetOfLine(before, oldLine + 1) - oldStart;
  const newLength = offsetOfLine(after, newLine + 1) - newStart;
  if (oldLength !== newLength || oldLength === 0) {
    return oldLength === newLength;
  }
  // The contents are known to be equal: only the ending and, in front of the first line, the mark can differ.
  return (
    before.text.charCodeAt(oldStart + oldLength - 1) ===
      after.text.charCodeAt(newStart + newLength - 1) &&
    (oldLength < 2 ||
      before.text.charCodeAt(oldStart + oldLength - 2) ===
        after.text.charCodeAt(newStart + newLength - 2)) &&
    before.text.charCodeAt(oldStart) === after.text.charCodeAt(newStart)
  );
}

function isEmpty(change: Change): boolean {
  return change.oldStart === change.oldEnd && change.newStart === change.newEnd;
}
