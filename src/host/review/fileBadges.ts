import { makeVisibleName } from '../../gate/visible';
import type { PendingEdit } from '../../session/contract';
import { count } from '../mcpWords';

/** What waits in one file; several edits may be about it. */
export interface WaitingFile {
  readonly hunkCount: number;
  readonly askers: readonly string[];
}

/** By path: the files with an undecided hunk. */
export function waitingFiles(edits: readonly PendingEdit[]): ReadonlyMap<string, WaitingFile> {
  const files = new Map<string, WaitingFile>();
  for (const edit of edits) {
    const own = edit.hunks.filter(({ decision }) => decision.kind === 'pending').length;
    if (edit.state === 'open' && own > 0) {
      const known = files.get(edit.path);
      files.set(edit.path, {
        hunkCount: own + (known?.hunkCount ?? 0),
        askers: [...new Set([...(known?.askers ?? []), edit.asker])],
      });
    }
  }
  return files;
}

/** A badge has room for two characters. */
export function fileBadge({ hunkCount, askers }: WaitingFile): {
  readonly badge: string;
  readonly tooltip: string;
} {
  return {
    badge: hunkCount > 99 ? '9+' : String(hunkCount),
    tooltip: `${count(hunkCount, 'edit')} of ${askers.map(makeVisibleName).join(' and ')} to review`,
  };
}
