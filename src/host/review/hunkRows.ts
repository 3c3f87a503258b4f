import type { HunkDecision } from '../../edits/fileEdit';
import type { PendingEdit } from '../../session/contract';

/** Which text the rows stand in: the proposal, or the file as it is. */
export type ReviewSide = 'proposal' | 'file';

/** One hunk as a place in a document. Lines are zero-based; `endLine` is the last line of the hunk. */
export interface HunkRow {
  readonly editId: string;
  readonly hunkId: string;
  /** The line above which the row of actions stands. */
  readonly line: number;
  readonly endLine: number;
  /** The hunk has no lines on this side: it stands between `line - 1` and `line`. */
  readonly isGap: boolean;
  /** One-based, among `count` hunks of the edit. */
  readonly position: number;
  readonly count: number;
  readonly added: number;
  readonly removed: number;
  readonly decision: HunkDecision;
}

export function hunkRows(
  edit: PendingEdit,
  side: ReviewSide,
  lineCount: number,
): readonly HunkRow[] {
  const last = Math.max(0, lineCount - 1);
  return edit.hunks.map(({ hunk, decision }, index) => {
    const start = side === 'proposal' ? hunk.newStart : hunk.oldStart;
    const lines = side === 'proposal' ? hunk.newLines : hunk.oldLines;
    const line = Math.min(last, Math.max(0, lines === 0 ? start : start - 1));
    return {
      editId: edit.id,
      hunkId: hunk.id,
      line,
      endLine: Math.min(last, line + Math.max(0, lines - 1)),
      isGap: lines === 0,
      position: index + 1,
      count: edit.hunks.length,
      added: hunk.newLines,
      removed: hunk.oldLines,
      decision,
    };
  });
}

/** The row at a line: one whose lines hold it, else a gap that touches it. */
export function rowAtLine(rows: readonly HunkRow[], line: number): HunkRow | undefined {
  return (
    rows.find((row) => !row.isGap && line >= row.line && line <= row.endLine) ??
    rows.find((row) => row.isGap && (line === row.line || line === row.line - 1))
  );
}

/** The next undecided row below (or above) a line of the same document; undefined when there is none. */
export function nextRow(
  rows: readonly HunkRow[],
  line: number,
  direction: 1 | -1,
): HunkRow | undefined {
  const undecided = rows.filter((row) => row.decision.kind === 'pending');
  return direction === 1
    ? undecided.find((row) => row.line > line)
    : undecided.findLast((row) => row.endLine < line);
}

/** Which hunk comes first or last among the undecided ones of an edit. */
export function edgeHunk(edit: PendingEdit, direction: 1 | -1): string | undefined {
  const undecided = edit.hunks.filter(({ decision }) => decision.kind === 'pending');
  return (direction === 1 ? undecided[0] : undecided.at(-1))?.hunk.id;
}

/** The open edit after (or before) one in the order of the list, around its end; undefined when there is no other. */
export function neighbourEdit(
  edits: readonly PendingEdit[],
  editId: string | undefined,
  direction: 1 | -1,
): PendingEdit | undefined {
  const candidates = edits.filter(
    (edit) => edit.id === editId || (edit.state === 'open' && edgeHunk(edit, 1) !== undefined),
  );
  const at = candidates.findIndex((edit) => edit.id === editId);
  if (at < 0) {
    return direction === 1 ? candidates[0] : candidates.at(-1);
  }
  const next = candidates[(at + direction + candidates.length) % candidates.length];
  return next?.id === editId ? undefined : next;
}
