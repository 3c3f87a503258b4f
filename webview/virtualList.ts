import {
  defaultRangeExtractor,
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type Range,
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface VirtualListOptions {
  /** The rows' ids in order. The same array object as long as the order is the same. */
  readonly keys: readonly string[];
  /** A guess in pixels for a row that was not drawn yet. Called for every row at the start: it must be cheap. */
  readonly estimate: (index: number, widthPx: number) => number;
  readonly scroller: () => HTMLElement | null;
  /** Room below the last row, in pixels. */
  readonly paddingEnd: number;
  /** Growth is followed at the end; what the user opens is not. */
  readonly follows: () => boolean;
  /** Where to start: the row at the top of the view, or the end. */
  readonly startIndex: number | undefined;
}

export type RowVirtualizer = Virtualizer<HTMLElement, HTMLElement>;

/** Distance from the end, in pixels, that still counts as being there. */
export const endThresholdPx = 32;

/**
 * The windowed list: only rows near the view are in the page, their heights are measured as they come and change. At
 * the end it stays at the end; elsewhere nothing that grows or arrives below moves what is being read.
 */
export function useVirtualList(options: VirtualListOptions): RowVirtualizer {
  const { keys, estimate, scroller, paddingEnd, follows, startIndex } = options;
  const [, redraw] = useState(0);
  const measured = useRef<RowVirtualizer | undefined>(undefined);
  const [view] = useState(() => ({ width: window.innerWidth, height: window.innerHeight }));
  const widthPx = (): number => measured.current?.scrollRect?.width ?? view.width;
  const keyAt = useKeyAt(keys);
  const settings = {
    count: keys.length,
    getScrollElement: scroller,
    // The width as it was measured with the view: asking the page here would lay it out for every row.
    estimateSize: (index: number) => estimate(index, widthPx()),
    // A new function makes the virtualizer forget every position, so it is new only with a new order.
    getItemKey: keyAt,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    overscan: useOverscan(),
    paddingEnd,
    anchorTo: anchorOf(follows()),
    followOnAppend: true,
    scrollEndThreshold: endThresholdPx,
    rangeExtractor: (range: Range) => withFocusedRow(range, scroller()),
    onChange: () => redraw((count) => count + 1),
    // A guess at the view, so that the first drawing is of the rows that will be seen and of no others.
    initialRect: view,
    initialOffset: () => heightBefore(startIndex ?? keys.length, estimate, widthPx()),
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLElement, HTMLElement>(settings));
  measured.current = virtualizer;
  virtualizer.setOptions(settings);
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());
  return virtualizer;
}

function anchorOf(follows: boolean): 'start' | 'end' {
  return follows ? 'end' : 'start';
}

const afterFirstPaintMs = 150;

/**
 * Stays at the end when the view itself becomes smaller (a bar appears, the composer grows): the virtualizer looks at
 * the rows only. Whoever scrolls up leaves the end. Gives the handler for the view's scroll event, and what brings a reader
 * who never left the end back to it when rows that were guessed too small have pushed it away. `pause`: until the next
 * picture is drawn the end is not followed, since the user opens something and looks at that.
 */
export function useStickToEnd(
  virtualizer: RowVirtualizer,
  scroller: RefObject<HTMLElement>,
  startsAtEnd: boolean,
  paused: { current: boolean },
): {
  readonly onScroll: () => void;
  readonly hold: () => void;
  readonly pause: () => void;
  /** The reader is at the end, and stays there when something is added. */
  readonly follows: () => boolean;
} {
  const isAtEnd = useRef(startsAtEnd);
  const lastTop = useRef(0);
  const lastHeight = useRef(0);
  useEffect(() => {
    const view = scroller.current;
    if (view === null) {
      return undefined;
    }
    const resizes = new ResizeObserver(() => {
      if (isAtEnd.current && distanceFromEnd(view) > 0) {
        virtualizer.scrollToEnd();
      }
    });
    resizes.observe(view);
    return () => resizes.disconnect();
  }, [virtualizer, scroller]);
  const hold = (): void => {
    const view = scroller.current;
    if (view !== null && isAtEnd.current && distanceFromEnd(view) > endThresholdPx) {
      virtualizer.scrollToEnd();
    }
  };
  const onScroll = (): void => {
    const view = scroller.current;
    if (view !== null) {
      const isNear = distanceFromEnd(view) <= endThresholdPx;
      // Rows that turn out smaller than guessed move the view up as much; that is nobody's wish to leave.
      const shrunkPx = Math.max(0, lastHeight.current - view.scrollHeight);
      isAtEnd.current = isNear || (isAtEnd.current && view.scrollTop >= lastTop.current - shrunkPx);
      lastTop.current = view.scrollTop;
      lastHeight.current = view.scrollHeight;
    }
  };
  const pause = (): void => {
    isAtEnd.current = false;
    if (paused.current) {
      return;
    }
    const follow = (follows: boolean): void => {
      paused.current = !follows;
      virtualizer.setOptions({ ...virtualizer.options, anchorTo: anchorOf(follows) });
    };
    follow(false);
    // The row is drawn before the first frame and measured after it.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const view = scroller.current;
        follow(true);
        isAtEnd.current = view !== null && distanceFromEnd(view) <= endThresholdPx;
        // What was folded again may be at the end without a movement that would say so.
        virtualizer.options.onChange(virtualizer, false);
      }),
    );
  };
  return { onScroll, hold, pause, follows: () => isAtEnd.current };
}

function distanceFromEnd(view: HTMLElement): number {
  return view.scrollHeight - view.clientHeight - view.scrollTop;
}

/** Rows beyond the edges that are kept ready: none for the first drawing, so that the first picture comes soonest. */
function useOverscan(): number {
  const [overscan, setOverscan] = useState(0);
  useEffect(() => {
    const soon = setTimeout(() => setOverscan(4), afterFirstPaintMs);
    return () => clearTimeout(soon);
  }, []);
  return overscan;
}

function useKeyAt(keys: readonly string[]): (index: number) => string {
  const made = useRef<{ keys: readonly string[]; keyAt: (index: number) => string } | undefined>(
    undefined,
  );
  if (made.current?.keys !== keys) {
    made.current = { keys, keyAt: (index) => keys[index] ?? String(index) };
  }
  return made.current.keyAt;
}

function heightBefore(
  index: number,
  estimate: VirtualListOptions['estimate'],
  widthPx: number,
): number {
  let height = 0;
  for (let before = 0; before < index; before++) {
    height += estimate(before, widthPx);
  }
  return height;
}

/** The row that has the focus stays in the page while the user scrolls: else the focus and what they type are lost. */
function withFocusedRow(range: Range, scroller: HTMLElement | null): number[] {
  const indexes = defaultRangeExtractor(range);
  const focused = scroller?.contains(document.activeElement)
    ? document.activeElement?.closest<HTMLElement>('[data-index]')?.dataset.index
    : undefined;
  const index = Number(focused ?? -1);
  return index < 0 || index >= range.count || indexes.includes(index)
    ? indexes
    : [...indexes, index].sort((a, b) => a - b);
}
