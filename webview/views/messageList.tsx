import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Icon } from '../controls';
import { usePanel } from '../panel';
import { depthOf, estimatedHeight, queuedPrompts, rowsOf, type Row } from '../rows';
import { heldItems, isRunning, type LiveState } from '../store';
import { endThresholdPx, useStickToEnd, useVirtualList, type RowVirtualizer } from '../virtualList';
import type { LayoutStore } from '../panel';
import { ActivityLine } from './activityLine';
import { RowView } from './rowView';

/** Room below the last row: the activity line comes and goes there without moving anything. */
const activityRoomPx = 34;

/** How long the reader stays at the end before items far above are let go. */
const trimDelayMs = 1000;

/** Nearer to the first row than this, those before it are asked for. */
const rowsToStart = 20;

export function MessageList({ state }: { readonly state: LiveState }): JSX.Element {
  const { layout, history, memory } = usePanel();
  const scroller = useRef<HTMLDivElement>(null);
  const hasQueued = useMemo(() => queuedPrompts(state.items).length > 0, [state.order]);
  const rows = rowsOf(state, hasQueued);
  const [startIndex] = useState(() => anchoredIndex(rows, layout));
  const paused = useRef(false);
  const virtualizer = useVirtualList({
    keys: useMemo(
      () => rows.map((row) => row.id),
      [state.order, state.prompts, state.edits, state.changes],
    ),
    estimate: (index, widthPx) => estimate(rows[index], widthPx),
    scroller: () => scroller.current,
    paddingEnd: activityRoomPx,
    follows: () => !paused.current,
    startIndex,
  });
  useStartPosition(virtualizer, startIndex, layout);
  const atEnd = virtualizer.isAtEnd(endThresholdPx);
  const hasNew = useNewBelow(state, atEnd);
  const notePosition = useRememberedPosition(virtualizer, rows, layout);
  const firstDrawn = virtualizer.getVirtualItems()[0]?.index ?? 0;
  /** A list that begins in its middle is at its end only when the reader went there: not before it has been scrolled. */
  const isPlaced = useRef(startIndex === undefined);
  useEffect(() => {
    isPlaced.current ||= !atEnd;
    if (!atEnd && state.before > 0 && firstDrawn < rowsToStart) {
      history.loadBefore();
    }
  }, [atEnd, firstDrawn, state.order, state.before]);
  const stick = useStickToEnd(virtualizer, scroller, startIndex === undefined, paused);
  const mayTrim = state.items.length > heldItems.max && isPlaced.current;
  useTrim(mayTrim, stick.follows, [state.order, atEnd], () => {
    // What the user has the focus in must not be drawn anew.
    if (!hasFocus(scroller.current)) {
      // The list is drawn anew, and begins at the end.
      layout.update({ anchor: undefined });
      history.trim();
    }
  });
  useEffect(() => {
    const unfolding = memory.unfolds.event(stick.pause);
    return () => unfolding.dispose();
  }, [memory, virtualizer]);
  useLayoutEffect(() => {
    if (!atEnd) {
      stick.hold();
    }
  });
  return (
    <main class="conversation">
      <div
        ref={scroller}
        class="scroller"
        tabIndex={-1}
        onScroll={() => {
          stick.onScroll();
          notePosition();
        }}
        data-testid="message-list"
      >
        <div class="rows" style={{ height: `${virtualizer.getTotalSize()}px` }}>
          <div role="list" aria-label="Conversation">
            {virtualizer.getVirtualItems().map(({ index, start }) => {
              const row = rows[index];
              return row === undefined ? null : (
                <div
                  key={row.id}
                  ref={virtualizer.measureElement}
                  class="row"
                  role="listitem"
                  aria-setsize={state.before + rows.length}
                  aria-posinset={state.before + index + 1}
                  data-index={index}
                  data-render-id={row.id}
                  data-depth={depthOf(rows, index)}
                  style={{ transform: `translateY(${start}px)` }}
                >
                  <RowView
                    row={row}
                    prompts={state.prompts}
                    edits={state.edits}
                    changes={state.changes}
                  />
                </div>
              );
            })}
          </div>
          {isRunning(state.status) && state.status.activity !== undefined && (
            <ActivityLine {...state.status.activity} />
          )}
        </div>
      </div>
      {!atEnd && (
        <EndPill
          isAsked={state.prompts.length > 0}
          hasNew={hasNew}
          onClick={() => {
            const asked = rows.findIndex((row) => isAskedIn(row, state));
            if (asked < 0) {
              virtualizer.scrollToEnd();
            } else {
              virtualizer.scrollToIndex(asked, { align: 'center' });
            }
          }}
        />
      )}
    </main>
  );
}

/** The way back down: to what waits for the user, to what is new, or just to the end. */
function EndPill(props: {
  readonly isAsked: boolean;
  readonly hasNew: boolean;
  readonly onClick: () => void;
}): JSX.Element {
  const word = props.isAsked ? 'Question' : props.hasNew ? 'New' : '';
  return (
    <button
      type="button"
      class={`new-pill ${word === '' ? 'is-quiet' : ''}`}
      aria-label={word === '' ? 'To the end' : `${word}, below`}
      title={props.isAsked ? 'Show the question' : 'To the end'}
      onClick={props.onClick}
      data-testid="to-end"
    >
      <Icon name="arrow-down" />
      {word}
    </button>
  );
}

function hasFocus(element: HTMLElement | null): boolean {
  return (
    element !== null &&
    element !== document.activeElement &&
    element.contains(document.activeElement)
  );
}

function isAskedIn(row: Row, state: LiveState): boolean {
  return (
    row.kind === 'prompt' ||
    (row.kind === 'tool' && state.prompts.some((prompt) => prompt.callId === row.id))
  );
}

function estimate(row: Row | undefined, widthPx: number): number {
  return row === undefined ? 40 : estimatedHeight(row, widthPx);
}

/** The row that was at the top when the page was last here; undefined: the end. */
function anchoredIndex(rows: readonly Row[], layout: LayoutStore): number | undefined {
  const itemId = layout.current.anchor?.itemId;
  const index = itemId === undefined ? -1 : rows.findIndex((row) => row.id === itemId);
  return index < 0 ? undefined : index;
}

/** Starts where the user was reading when the page was last here, else at the end. */
function useStartPosition(
  virtualizer: RowVirtualizer,
  startIndex: number | undefined,
  layout: LayoutStore,
): void {
  useLayoutEffect(() => {
    if (startIndex === undefined) {
      virtualizer.scrollToEnd();
      return undefined;
    }
    const offsetPx = layout.current.anchor?.offsetPx ?? 0;
    virtualizer.scrollToIndex(startIndex, { align: 'start' });
    const frame = requestAnimationFrame(() => virtualizer.scrollBy(offsetPx));
    return () => cancelAnimationFrame(frame);
    // Once: later changes follow the reader and not the memory.
  }, [virtualizer]);
}

/** Notes the first visible row, so that a reload of the page comes back to it. */
function useRememberedPosition(
  virtualizer: RowVirtualizer,
  rows: readonly Row[],
  layout: LayoutStore,
): () => void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const offset = virtualizer.scrollOffset ?? 0;
      const first = virtualizer.isAtEnd(endThresholdPx)
        ? undefined
        : virtualizer.getVirtualItemForOffset(offset);
      const row = first === undefined ? undefined : rows[first.index];
      layout.update({
        anchor:
          first === undefined || row === undefined
            ? undefined
            : { itemId: row.id, offsetPx: Math.round(offset - first.start) },
      });
    }, 150);
  };
}

/**
 * Lets go of what is far above a reader who stays at the end. Not at once: it draws the list anew, which must wait neither
 * for the first picture of a long session nor for the scrolling that brought the reader here.
 */
function useTrim(
  mayTrim: boolean,
  follows: () => boolean,
  changes: readonly unknown[],
  trim: () => void,
): void {
  const newest = useRef(trim);
  newest.current = trim;
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    // Not whether the end is in view: while something is added all the time it is a frame behind.
    if (!mayTrim || !follows()) {
      clearTimeout(timer.current);
      timer.current = undefined;
      return;
    }
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      if (follows()) {
        newest.current();
      }
    }, trimDelayMs);
  }, [mayTrim, ...changes]);
}

/** True when something was added or has grown below since the reader left the end. */
function useNewBelow(state: LiveState, atEnd: boolean): boolean {
  const seen = useRef({ seq: state.seq, prompts: state.prompts });
  const [hasNew, setHasNew] = useState(false);
  useEffect(() => {
    if (atEnd) {
      seen.current = { seq: state.seq, prompts: state.prompts };
      setHasNew(false);
    } else if (seen.current.seq !== state.seq || seen.current.prompts !== state.prompts) {
      setHasNew(true);
    }
  }, [atEnd, state.seq, state.prompts]);
  return hasNew;
}
