import { changeWords } from '../../session/changedMode';
import type { UnreviewedChange, UnreviewedHunk } from '../../session/contract';

/** A hunk as a place in the file as it is now. Lines are zero-based. */
export interface ChangeRow {
  readonly change: UnreviewedChange;
  readonly entry: UnreviewedHunk;
  /** The line above which the row of actions stands. */
  readonly line: number;
  readonly endLine: number;
  /** One-based, among all that waits in the file. */
  readonly position: number;
  readonly count: number;
}

/** What waits in one file, from the top. */
export function changeRows(
  changes: readonly UnreviewedChange[],
  lineCount: number,
): readonly ChangeRow[] {
  const last = Math.max(0, lineCount - 1);
  const all = changes
    .flatMap((change) => change.hunks.map((entry) => ({ change, entry })))
    .sort((a, b) => a.entry.hunk.newStart - b.entry.hunk.newStart);
  return all.map(({ change, entry }, index) => {
    const { newStart, newLines } = entry.hunk;
    const line = Math.min(last, Math.max(0, newLines === 0 ? newStart : newStart - 1));
    return {
      change,
      entry,
      line,
      endLine: Math.min(last, line + Math.max(0, newLines - 1)),
      position: index + 1,
      count: all.length,
    };
  });
}

/** `during "npm test" · 1 of 3`; words from elsewhere cannot bring icons into it. */
export function rowWords({ entry, position, count }: ChangeRow): string {
  return `${changeWords(entry).replaceAll('$(', '$ (')} · ${position} of ${count}`;
}

/** The row at a line; one without lines of its own is there for the lines it touches. */
export function changeAtLine(rows: readonly ChangeRow[], line: number): ChangeRow | undefined {
  return (
    rows.find(
      ({ entry, line: first, endLine }) =>
        entry.hunk.newLines > 0 && line >= first && line <= endLine,
    ) ??
    rows.find(
      ({ entry, line: first }) =>
        entry.hunk.newLines === 0 && (line === first || line === first - 1),
    )
  );
}
