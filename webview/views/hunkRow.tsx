import type { JSX } from 'preact';
import type { HunkDecisionView, HunkMarksView, HunkView } from '../../src/protocol/viewTypes';
import { IconButton } from '../controls';
import { hunkLabel } from '../hunkLines';
import { useFlag, usePanel } from '../panel';
import { DenyWithReason } from './denyWithReason';
import { HunkFrame } from './hunkFrame';

export interface HunkRowProps {
  readonly editId: string;
  readonly hunk: HunkView;
  readonly decision: HunkDecisionView;
  readonly marks?: HunkMarksView | undefined;
  /** The edit still takes decisions. */
  readonly isOpen: boolean;
  readonly place: number;
  readonly count: number;
}

/** One hunk with its decision. `a` approves, `d` denies. */
export function HunkRow(props: HunkRowProps): JSX.Element {
  const { editId, hunk, decision, marks, place, count } = props;
  const { link } = usePanel();
  const [isSayingWhy, setSayingWhy] = useFlag(`deny-open:${editId}:${hunk.id}`);
  const canDecide = props.isOpen && decision.kind === 'pending';
  const decide = (verdict: 'approve' | 'deny', reason = ''): void => {
    if (canDecide) {
      link.command('hunk/decide', {
        editId,
        hunkIds: [hunk.id],
        decision: verdict,
        ...(reason === '' ? {} : { reason }),
      });
    }
  };
  return (
    <HunkFrame
      ownerId={editId}
      hunk={hunk}
      marks={marks}
      decision={decision.kind}
      place={place}
      count={count}
      testId="hunk"
      label={hunkLabel(hunk, decision, place, count, props.isOpen)}
      keys={{ a: () => decide('approve'), d: () => decide('deny') }}
      keyNames={canDecide ? 'a d' : undefined}
      placeTitle="Show this place in the review"
      onPlace={() => link.command('edit/open', { editId, hunkId: hunk.id })}
      head={
        <>
          {canDecide && !isSayingWhy && (
            <span class="hunk-actions">
              <IconButton
                icon="check"
                label="Approve this change (a)"
                onClick={() => decide('approve')}
                className="is-approve"
                testId="hunk-approve"
              />
              <IconButton
                icon="close"
                label="Deny this change (d)"
                onClick={() => decide('deny')}
                className="is-deny"
                testId="hunk-deny"
              />
              <IconButton
                icon="comment"
                label="Deny this change, say why"
                onClick={() => setSayingWhy(true)}
                testId="hunk-deny-reason"
              />
            </span>
          )}
          <HunkVerdict decision={decision} />
        </>
      }
    >
      {isSayingWhy && canDecide && (
        <DenyWithReason
          id={`${editId}:${hunk.id}`}
          onDeny={(reason) => decide('deny', reason)}
          onCancel={() => setSayingWhy(false)}
        />
      )}
    </HunkFrame>
  );
}

function HunkVerdict({ decision }: { readonly decision: HunkDecisionView }): JSX.Element | null {
  switch (decision.kind) {
    case 'pending':
      return null;
    case 'approved':
      return <span class="hunk-verdict">Approved</span>;
    case 'denied':
      return (
        <span class="hunk-verdict">
          Denied{decision.reason === undefined ? '' : `: ${decision.reason}`}
        </span>
      );
  }
}
