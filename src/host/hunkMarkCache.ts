import type { Hunk } from '../edits/fileEdit';
import { markHunk, type HunkMarks } from '../edits/hunkMarks';

/** Larger hunks are read as whole lines, and comparing their characters would hold up the window. */
const maxLines = 100;
const maxChars = 6_000;
/** An edit has marks in its first hunks only. */
export const maxMarkedHunks = 200;

/** The marks within the lines of hunks; each hunk is compared once, as long as somebody still has it. */
export class HunkMarkCache {
  private readonly known = new WeakMap<Hunk, { readonly marks: HunkMarks | undefined }>();

  marksOf(hunk: Hunk): HunkMarks | undefined {
    const known = this.known.get(hunk);
    if (known !== undefined) {
      return known.marks;
    }
    const isSmall =
      hunk.oldLines + hunk.newLines <= maxLines &&
      hunk.oldText.length + hunk.newText.length <= maxChars;
    const marks = isSmall ? markHunk(hunk) : undefined;
    this.known.set(hunk, { marks });
    return marks;
  }
}
