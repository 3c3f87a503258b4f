import type { EditView, PromptView } from '../src/protocol/methods';
import { compactionSentence } from './contextWords';
import { promptHeadline } from './promptWords';
import { isRunning, type LiveState, type PanelState } from './store';
import { counted } from './words';

/** What a screen reader is told about a change, once: prompts and edits that are new, the end of a turn, errors. */
export function announcements(before: PanelState, after: PanelState): readonly string[] {
  if (after.kind !== 'live') {
    return [];
  }
  // Another session or a first snapshot is no change of this conversation: only what waits for the user is said.
  const known = before.kind === 'live' && before.sessionId === after.sessionId ? before : undefined;
  return [
    ...newPrompts(known?.prompts ?? [], after.prompts).map(
      (prompt) => `${prompt.asker} ${promptHeadline(prompt).sentence}`,
    ),
    ...newEdits(known?.edits ?? [], after.edits).map(
      (edit) =>
        `${edit.asker} proposes ${counted(edit.hunks.length, 'change')} in ${edit.label}, waiting for review`,
    ),
    ...(known === undefined ? [] : turnEnd(known, after)),
  ];
}

function newPrompts(
  before: readonly PromptView[],
  after: readonly PromptView[],
): readonly PromptView[] {
  return after.filter((prompt) => !before.some((known) => known.id === prompt.id));
}

function newEdits(before: readonly EditView[], after: readonly EditView[]): readonly EditView[] {
  return after.filter(
    (edit) =>
      edit.state === 'open' &&
      !before.some((known) => known.id === edit.id && known.state === 'open'),
  );
}

function turnEnd(before: LiveState, after: LiveState): readonly string[] {
  if (!isRunning(before.status) || isRunning(after.status)) {
    return [];
  }
  const last = after.items.findLast((item) => item.kind !== 'user' && item.kind !== 'usage');
  switch (last?.kind) {
    case 'error':
      return [last.message];
    case 'compaction':
      return [compactionSentence(last)];
    default:
      return ['Answer finished'];
  }
}
