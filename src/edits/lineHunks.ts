import { computeHunks, firstLine } from './hunks';
import type { Hunk } from './fileEdit';

/** A hunk without a name: see `Hunk` for what the numbers mean. */
export type LineHunk = Omit<Hunk, 'id'>;

/**
 * The hunks of two texts where lines are compared with their endings: a changed ending, byte order mark or final line
 * break is a changed line like any other, and changed lines that follow each other are one hunk.
 */
export function computeLineHunks(base: string, proposed: string): readonly LineHunk[] {
  const joined: LineHunk[] = [];
  for (const { id: _id, ...hunk } of computeHunks(base, proposed)) {
    const last = joined.at(-1);
    if (last === undefined || firstLine(last) + last.oldLines < firstLine(hunk)) {
      joined.push(hunk);
      continue;
    }
    const oldLines = last.oldLines + hunk.oldLines;
    const newLines = last.newLines + hunk.newLines;
    joined[joined.length - 1] = {
      oldStart: firstLine(last) + (oldLines === 0 ? 0 : 1),
      oldLines,
      newStart: last.newStart - (last.newLines === 0 ? 0 : 1) + (newLines === 0 ? 0 : 1),
      newLines,
      oldText: last.oldText + hunk.oldText,
      newText: last.newText + hunk.newText,
    };
  }
  return joined;
}
