import type { JSX } from 'preact';
import type { EditView } from '../../src/protocol/methods';
import { Icon } from '../controls';
import { memo } from '../memo';
import { usePanel } from '../panel';
import { counted } from '../words';

/** `2 files · 3 hunks to review`, only when something waits; opens the review. */
export const PendingBar = memo(function PendingBar({
  edits,
}: {
  readonly edits: readonly EditView[];
}): JSX.Element | null {
  const { link } = usePanel();
  const open = edits.filter((edit) => edit.state === 'open');
  const hunkCount = open
    .flatMap((edit) => edit.hunks)
    .filter(({ decision }) => decision.kind === 'pending').length;
  if (open.length === 0) {
    return null;
  }
  const fileCount = new Set(open.map((edit) => edit.path)).size;
  return (
    <section class="pending" data-testid="pending-bar" aria-label="Changes to review">
      <button
        type="button"
        class="pending-open"
        title="Review the next change in the editor"
        onClick={() => link.command('action/run', { action: 'reviewNext' })}
        data-testid="pending-open"
      >
        <Icon name="diff" />
        <span>
          {counted(fileCount, 'file')} · {counted(hunkCount, 'hunk')} to review
        </span>
      </button>
      <PendingAction decision="approve" icon="check-all" label="Approve all" />
      <PendingAction decision="deny" icon="close-all" label="Deny all" />
    </section>
  );
});

function PendingAction(props: {
  readonly decision: 'approve' | 'deny';
  readonly icon: string;
  readonly label: string;
}): JSX.Element {
  const { link } = usePanel();
  return (
    <button
      type="button"
      class="pending-action"
      title={`${props.label} of this session's open changes`}
      onClick={() => link.command('edit/decideAll', { decision: props.decision })}
      data-testid={`pending-${props.decision}-all`}
    >
      <Icon name={props.icon} />
      <span class="pending-word">{props.label}</span>
    </button>
  );
}
