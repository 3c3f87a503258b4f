import type { Hunk } from '../edits/fileEdit';
import { markHunk, type HunkMarks } from '../edits/hunkMarks';

/** A hunk with more marks than this is read as whole lines; an edit has marks in its first hunks only. */
const maxMarksPerHunk = 400;
export const maxMarkedHunks = 200;

/** The marks within the lines of hunks; each hunk is compared once, as long as somebody still has it. */
export class HunkMarkCache {
  private readonly known = new WeakMap<Hunk, { readonly marks: HunkMarks | undefined }>();

  marksOf(hunk: Hunk): HunkMarks | undefined {
    const known = this.known.get(hunk);
    if (known !== undefined) {
      return known.marks;
    }
    const all = markHunk(hunk);
    const isMany = all !== undefined && all.removed.length + all.added.length > maxMarksPerHunk;
    const marks = isMany ? undefined : all;
    this.known.set(hunk, { marks });
    return marks;
  }
}
