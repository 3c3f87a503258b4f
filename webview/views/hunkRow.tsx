import type { JSX } from 'preact';
import type { HunkDecisionView, HunkMarksView, HunkView } from '../../src/protocol/viewTypes';
import { IconButton, Visible } from '../controls';
import { hunkLabel, hunkLines, linePieces, type HunkLine } from '../hunkLines';
import { useFlag, usePanel } from '../panel';
import { counted } from '../words';
import { DenyWithReason } from './denyWithReason';

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

/** More lines than this are folded to head and tail. */
const shownLines = 16;

/**
 * One hunk with its decision. With the focus on it `a` approves, `d` denies, up and down go to the hunks beside it.
 */
export function HunkRow(props: HunkRowProps): JSX.Element {
  const { editId, hunk, decision, place, count } = props;
  const { link } = usePanel();
  const [isWhole, setWhole] = useFlag(`hunk-whole:${editId}:${hunk.id}`);
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
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (onHunkKey(event.key, event.currentTarget, decide)) {
      event.preventDefault();
    }
  };
  return (
    <div
      class="hunk"
      role="listitem"
      tabIndex={0}
      data-decision={decision.kind}
      data-testid="hunk"
      aria-label={hunkLabel(hunk, decision, place, count, props.isOpen)}
      aria-keyshortcuts={canDecide ? 'a d' : undefined}
      onKeyDown={onKeyDown}
    >
      <div class="hunk-head">
        <button
          type="button"
          class="hunk-place"
          title="Show this place in the review"
          onClick={() => link.command('edit/open', { editId, hunkId: hunk.id })}
        >
          @@ {hunk.newStart}
          {count > 1 && <span class="hunk-count">{` · ${place} of ${count}`}</span>}
        </button>
        {canDecide && !isSayingWhy && (
          <span class="hunk-actions">
            <IconButton
              icon="comment"
              label="Deny this change, say why"
              onClick={() => setSayingWhy(true)}
              testId="hunk-deny-reason"
            />
            <IconButton
              icon="close"
              label="Deny this change (d)"
              onClick={() => decide('deny')}
              className="is-deny"
              testId="hunk-deny"
            />
            <IconButton
              icon="check"
              label="Approve this change (a)"
              onClick={() => decide('approve')}
              className="is-approve"
              testId="hunk-approve"
            />
          </span>
        )}
        <HunkVerdict decision={decision} />
      </div>
      <HunkText hunk={hunk} marks={props.marks} isWhole={isWhole} onWhole={() => setWhole(true)} />
      {isSayingWhy && canDecide && (
        <DenyWithReason
          id={`${editId}:${hunk.id}`}
          onDeny={(reason) => decide('deny', reason)}
          onCancel={() => setSayingWhy(false)}
        />
      )}
    </div>
  );
}

/** True when the key meant something. */
function onHunkKey(
  key: string,
  row: EventTarget | null,
  decide: (verdict: 'approve' | 'deny') => void,
): boolean {
  switch (key) {
    case 'a':
      decide('approve');
      focusNeighbour(row, 1);
      return true;
    case 'd':
      decide('deny');
      focusNeighbour(row, 1);
      return true;
    case 'ArrowDown':
      return focusNeighbour(row, 1);
    case 'ArrowUp':
      return focusNeighbour(row, -1);
    default:
      return false;
  }
}

/** True when there is a hunk beside this one. */
export function focusNeighbour(row: EventTarget | null, step: 1 | -1): boolean {
  if (!(row instanceof HTMLElement)) {
    return false;
  }
  const all = [...(row.parentElement?.querySelectorAll<HTMLElement>(':scope > .hunk') ?? [])];
  const next = all[all.indexOf(row) + step];
  next?.focus();
  return next !== undefined;
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

interface HunkTextProps {
  readonly hunk: HunkView;
  readonly marks: HunkMarksView | undefined;
  readonly isWhole: boolean;
  readonly onWhole: () => void;
}

/** Removed lines, then added ones; a long hunk is folded. */
export function HunkText({ hunk, marks, isWhole, onWhole }: HunkTextProps): JSX.Element {
  const lines = hunkLines(hunk, marks);
  const isFolded = !isWhole && lines.length > shownLines + 4;
  const head = isFolded ? lines.slice(0, shownLines / 2) : lines;
  const tail = isFolded ? lines.slice(-shownLines / 2) : [];
  return (
    <div class="hunk-text">
      <div class="hunk-lines">{head.map(Line)}</div>
      {isFolded && (
        <button type="button" class="text-button hunk-more" onClick={onWhole}>
          {counted(lines.length - head.length - tail.length, 'more line')}
        </button>
      )}
      {tail.length > 0 && <div class="hunk-lines">{tail.map(Line)}</div>}
    </div>
  );
}

function Line(line: HunkLine): JSX.Element {
  return (
    <div
      key={`${line.sign}${line.lineOneBased}`}
      class="hunk-line"
      data-sign={line.sign}
      data-marked={line.marks === undefined ? undefined : 'true'}
    >
      <span class="hunk-number" aria-hidden="true">
        {line.lineOneBased}
      </span>
      <span class="hunk-sign">{line.sign}</span>
      <span class="hunk-code">
        {linePieces(line).map(({ text, isChanged }, index) =>
          isChanged ? (
            <span key={index} class="hunk-changed">
              <Visible text={text} />
            </span>
          ) : (
            <Visible key={index} text={text} />
          ),
        )}
      </span>
    </div>
  );
}
