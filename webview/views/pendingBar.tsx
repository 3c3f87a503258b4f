import type { JSX } from 'preact';
import type { EditView } from '../../src/protocol/methods';
import { memo } from '../memo';
import { usePanel } from '../panel';
import { counted } from '../words';
import { ReviewBar } from './reviewBar';

const actions = [
  { decision: 'approve', icon: 'check-all', label: 'Approve all' },
  { decision: 'deny', icon: 'close-all', label: 'Deny all' },
] as const;

/** `2 files · 3 hunks to review`, only when something waits; opens the review. */
export const PendingBar = memo(function PendingBar({
  edits,
}: {
  readonly edits: readonly EditView[];
}): JSX.Element | null {
  const { link } = usePanel();
  const open = edits.filter((edit) => edit.state === 'open');
  if (open.length === 0) {
    return null;
  }
  const hunkCount = open
    .flatMap((edit) => edit.hunks)
    .filter(({ decision }) => decision.kind === 'pending').length;
  return (
    <ReviewBar
      testId="pending"
      label="Changes to review"
      icon="diff"
      fileCount={new Set(open.map((edit) => edit.path)).size}
      what={`${counted(hunkCount, 'hunk')} to review`}
      openTitle="Review the next change in the editor"
      onOpen={() => link.command('action/run', { action: 'reviewNext' })}
      actions={actions.map(({ decision, icon, label }) => ({
        testId: `pending-${decision}-all`,
        icon,
        label,
        title: `${label} of this session's open changes`,
        onRun: () => link.command('edit/decideAll', { decision }),
      }))}
    />
  );
});
