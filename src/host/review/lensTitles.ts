import type { PendingEdit } from '../../session/contract';
import type { CommandId } from '../commandIds';
import type { HunkRow } from './hunkRows';

/** One entry of the row above a hunk. Without a command it is plain text. */
export interface LensEntry {
  readonly title: string;
  readonly tooltip?: string;
  readonly command?: CommandId;
  readonly args?: readonly [editId: string, hunkId?: string];
}

const keyboardHint =
  'F7 reads the changes one by one. The command "Show CodeLens Commands for Current Line" lists these actions.';

// A plain space after an icon is swallowed by the editor.
const gap = '\u00a0';

/** The row above one hunk; nothing once the edit is over. `isPlainEditor`: outside the diff, where the new text is not seen. */
export function lensEntries(
  edit: PendingEdit,
  row: HunkRow,
  isPlainEditor: boolean,
): readonly LensEntry[] {
  if (edit.state !== 'open') {
    return [];
  }
  const args = [edit.id, row.hunkId] as const;
  switch (row.decision.kind) {
    case 'pending':
      return [
        {
          title: `$(check)${gap}Approve`,
          tooltip: 'Approve this edit',
          command: 'patchbay.approveHunk',
          args,
        },
        {
          title: `$(close)${gap}Deny`,
          tooltip: 'Deny this edit',
          command: 'patchbay.denyHunk',
          args,
        },
        {
          title: 'Deny, say why',
          tooltip: 'Deny this edit and tell the agent why',
          command: 'patchbay.denyHunkWithReason',
          args,
        },
        ...(isPlainEditor
          ? [
              {
                title: 'Show',
                tooltip: 'Show what would change, below this line',
                command: 'patchbay.showHunk',
                args,
              } as const,
              {
                title: 'Review',
                tooltip: 'Show the difference',
                command: 'patchbay.openReview',
                args,
              } as const,
            ]
          : []),
        ...allInFile(edit, row),
        info(edit, row),
      ];
    case 'approved':
      return [
        { title: `$(check)${gap}Approved` },
        undo(args),
        ...allInFile(edit, row),
        info(edit, row),
      ];
    case 'denied':
      return [
        {
          title: `$(close)${gap}Denied${row.decision.reason === undefined ? '' : `: ${shorten(row.decision.reason)}`}`,
        },
        undo(args),
        ...allInFile(edit, row),
        info(edit, row),
      ];
  }
}

/** `edit 1 of 3 · +5 −1 · Claude Code` */
export function summary(edit: PendingEdit, row: HunkRow): string {
  return `edit ${row.position} of ${row.count} · +${row.added} −${row.removed} · ${plain(edit.asker)}`;
}

/** The numbers; on the first row also that the ground moved, with the sentence on hover. */
function info(edit: PendingEdit, row: HunkRow): LensEntry {
  const title = summary(edit, row);
  return edit.note === undefined || row.position > 1
    ? { title, tooltip: keyboardHint }
    : { title: `${title} · file changed meanwhile`, tooltip: edit.note };
}

function allInFile(edit: PendingEdit, row: HunkRow): readonly LensEntry[] {
  return row.position === 1 && row.count > 1
    ? [
        {
          title: `$(check-all)${gap}All in file`,
          tooltip: 'Approve every undecided edit in this file',
          command: 'patchbay.approveFile',
          args: [edit.id],
        },
      ]
    : [];
}

function undo(args: readonly [string, string]): LensEntry {
  return {
    title: 'Undo',
    tooltip: 'Take the decision back',
    command: 'patchbay.undoDecision',
    args,
  };
}

/** Words from elsewhere cannot bring icons into a title. */
function plain(words: string): string {
  return words.replaceAll('$(', '$ (');
}

function shorten(words: string): string {
  const line = plain(words).replace(/\s+/g, ' ').trim();
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}
