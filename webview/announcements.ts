import type { ChangeView, EditView, PromptView } from '../src/protocol/methods';
import { compactionSentence } from './contextWords';
import { promptHeadline } from './promptWords';
import { isRunning, type LiveState, type PanelState } from './store';
import { counted, duration } from './words';

/**
 * What a screen reader is told about a change, once: prompts, edits and changes that are new, a wait before another
 * attempt, the end of a turn with what it left.
 */
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
    ...(known === undefined
      ? []
      : [
          ...newChanges(known.changes, after.changes),
          ...newRetry(known, after),
          ...turnEnd(known, after),
        ]),
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

/** One sentence, also for a command that has changed a hundred files. */
function newChanges(
  before: readonly ChangeView[],
  after: readonly ChangeView[],
): readonly string[] {
  const known = new Set(before.flatMap(hunkKeys));
  const grown = after
    .map((change) => ({
      label: change.label,
      count: hunkKeys(change).filter((key) => !known.has(key)).length,
    }))
    .filter(({ count }) => count > 0);
  const [first] = grown;
  if (first === undefined) {
    return [];
  }
  const total = grown.reduce((sum, { count }) => sum + count, 0);
  const where = grown.length === 1 ? first.label : counted(grown.length, 'file');
  return [`${counted(total, 'change')} in ${where}, not reviewed`];
}

function hunkKeys({ id, hunks }: ChangeView): readonly string[] {
  return hunks.map(({ hunk }) => `${id} ${hunk.id}`);
}

function newRetry(before: LiveState, after: LiveState): readonly string[] {
  const { activity } = after.status;
  return activity?.retry === undefined ||
    activity.retry.atMs === before.status.activity?.retry?.atMs
    ? []
    : [`${activity.text}, retrying in ${duration(activity.retry.atMs - activity.sinceMs)}`];
}

function turnEnd(before: LiveState, after: LiveState): readonly string[] {
  if (!isRunning(before.status) || isRunning(after.status)) {
    return [];
  }
  return after.status.isQueueHeld === true
    ? [endOf(after), `${counted(after.status.queuedCount, 'prompt')} not sent`]
    : [endOf(after)];
}

function endOf(after: LiveState): string {
  const last = after.items.findLast((item) => item.kind !== 'user' && item.kind !== 'usage');
  switch (last?.kind) {
    case 'error':
      return last.message;
    case 'compaction':
      return compactionSentence(last);
    case 'notice':
      return last.text;
    default:
      return 'Answer finished';
  }
}
