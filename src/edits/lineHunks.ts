import { computeHunks, firstLine } from './hunks';
import type { Hunk } from './fileEdit';
import { findLines, textOfLines } from './lines';

/** A hunk without a name: see `Hunk` for what the numbers mean. */
export type LineHunk = Omit<Hunk, 'id'>;

/**
 * The hunks of two texts where lines are compared with their endings: a changed ending, byte order mark or final line
 * break is a changed line like any other, and changed lines that follow each other are one hunk. Its first and last
 * lines differ, also where the editor draws one more than has changed.
 */
export function computeLineHunks(base: string, proposed: string): readonly LineHunk[] {
  const joined: LineHunk[] = [];
  for (const { id: _id, ...hunk } of computeHunks(base, proposed)) {
    const last = joined.at(-1);
    if (last === undefined || firstLine(last) + last.oldLines < firstLine(hunk)) {
      joined.push(hunk);
      continue;
    }
    joined[joined.length - 1] = hunkAt(
      { old: firstLine(last), new: firstNewLine(last) },
      {
        oldLines: last.oldLines + hunk.oldLines,
        newLines: last.newLines + hunk.newLines,
        oldText: last.oldText + hunk.oldText,
        newText: last.newText + hunk.newText,
      },
    );
  }
  return joined.map(withoutEqualEnds);
}

function withoutEqualEnds(hunk: LineHunk): LineHunk {
  const before = findLines(hunk.oldText);
  const after = findLines(hunk.newText);
  const { oldLines, newLines } = hunk;
  const isEqual = (oldLine: number, newLine: number): boolean =>
    textOfLines(before, oldLine, oldLine + 1) === textOfLines(after, newLine, newLine + 1);
  const most = Math.min(oldLines, newLines);
  let head = 0;
  while (head < most && isEqual(head, head)) {
    head++;
  }
  let tail = 0;
  while (tail < most - head && isEqual(oldLines - 1 - tail, newLines - 1 - tail)) {
    tail++;
  }
  return hunkAt(
    { old: firstLine(hunk) + head, new: firstNewLine(hunk) + head },
    {
      oldLines: oldLines - head - tail,
      newLines: newLines - head - tail,
      oldText: textOfLines(before, head, oldLines - tail),
      newText: textOfLines(after, head, newLines - tail),
    },
  );
}

/** Lines count from 0 here; a hunk without lines on a side names the line before. */
function hunkAt(
  first: { readonly old: number; readonly new: number },
  hunk: Omit<LineHunk, 'oldStart' | 'newStart'>,
): LineHunk {
  return {
    oldStart: first.old + (hunk.oldLines === 0 ? 0 : 1),
    newStart: first.new + (hunk.newLines === 0 ? 0 : 1),
    ...hunk,
  };
}

function firstNewLine(hunk: Pick<Hunk, 'newStart' | 'newLines'>): number {
  return hunk.newLines === 0 ? hunk.newStart : hunk.newStart - 1;
}
