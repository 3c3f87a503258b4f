import type { ComponentChildren, JSX } from 'preact';
import type { HunkDecisionView, HunkMarksView, HunkView } from '../../src/protocol/viewTypes';
import { useFlag } from '../panel';
import { HunkText } from './hunkText';

export interface HunkFrameProps {
  /** What the hunk belongs to: an edit or a change. */
  readonly ownerId: string;
  readonly hunk: HunkView;
  readonly marks?: HunkMarksView | undefined;
  readonly decision: HunkDecisionView['kind'];
  readonly place: number;
  readonly count: number;
  readonly testId: string;
  readonly label: string;
  /** What each key does with the hunk; the focus goes on to the next one then. */
  readonly keys: Readonly<Record<string, () => void>>;
  /** Says which of the keys do something now; undefined: none. */
  readonly keyNames: string | undefined;
  readonly placeTitle: string;
  readonly onPlace: () => void;
  /** Behind the place: the actions, or what was decided. */
  readonly head: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** A hunk as a row of a card. With the focus on it its keys decide, up and down go to the hunks beside it. */
export function HunkFrame(props: HunkFrameProps): JSX.Element {
  const { ownerId, hunk, place, count, keys } = props;
  const [isWhole, setWhole] = useFlag(`hunk-whole:${ownerId}:${hunk.id}`);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (onHunkKey(event.key, event.currentTarget, keys)) {
      event.preventDefault();
    }
  };
  return (
    <div
      class="hunk"
      role="listitem"
      tabIndex={0}
      data-decision={props.decision}
      data-testid={props.testId}
      aria-label={props.label}
      aria-keyshortcuts={props.keyNames}
      onKeyDown={onKeyDown}
    >
      <div class="hunk-head">
        <button type="button" class="hunk-place" title={props.placeTitle} onClick={props.onPlace}>
          @@ {hunk.newStart}
          {count > 1 && <span class="hunk-count">{` · ${place} of ${count}`}</span>}
        </button>
        {props.head}
      </div>
      <HunkText hunk={hunk} marks={props.marks} isWhole={isWhole} onWhole={() => setWhole(true)} />
      {props.children}
    </div>
  );
}

/** True when the key meant something. */
function onHunkKey(
  key: string,
  row: EventTarget | null,
  keys: Readonly<Record<string, () => void>>,
): boolean {
  if (key === 'ArrowDown' || key === 'ArrowUp') {
    return focusNeighbour(row, key === 'ArrowDown' ? 1 : -1);
  }
  const action = Object.hasOwn(keys, key) ? keys[key] : undefined;
  if (action === undefined) {
    return false;
  }
  action();
  focusNeighbour(row, 1);
  return true;
}

/** True when there is a hunk beside this one. */
function focusNeighbour(row: EventTarget | null, step: 1 | -1): boolean {
  if (!(row instanceof HTMLElement)) {
    return false;
  }
  const all = [...(row.parentElement?.querySelectorAll<HTMLElement>(':scope > .hunk') ?? [])];
  const next = all[all.indexOf(row) + step];
  next?.focus();
  return next !== undefined;
}
