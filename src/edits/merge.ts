import { computeHunks, firstLine } from './hunks';
import type { Hunk } from './fileEdit';
import { offsetOfLine, splitLines } from './lines';

/**
 * Three-way merge by lines: what `theirs` changed since `base`, put into `ours`. Undefined when a change of one side
 * overlaps or touches a change of the other, because then nobody can say which was meant.
 */
export function mergeTexts(base: string, ours: string, theirs: string): string | undefined {
  const ourHunks = computeHunks(base, ours);
  const theirHunks = computeHunks(base, theirs);
  if (ourHunks.some((our) => theirHunks.some((their) => touches(our, their)))) {
    return undefined;
  }
  const split = splitLines(base);
  const parts: string[] = [];
  let at = 0;
  for (const hunk of [...ourHunks, ...theirHunks].sort((a, b) => firstLine(a) - firstLine(b))) {
    const start = offsetOfLine(split, firstLine(hunk));
    parts.push(base.slice(at, start), hunk.newText);
    at = start + hunk.oldText.length;
  }
  parts.push(base.slice(at));
  return parts.join('');
}

function touches(a: Hunk, b: Hunk): boolean {
  return firstLine(a) <= firstLine(b) + b.oldLines && firstLine(b) <= firstLine(a) + a.oldLines;
}
