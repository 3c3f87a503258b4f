import type { PairIndex } from './pairIndex';
import type { Turn } from './turn';

/** What eviction looks at. `slots` are the turns in order, with holes where some were dropped. */
export interface EvictionView {
  readonly slots: readonly (Turn | undefined)[];
  readonly pairs: PairIndex;
  /** Slot of the newest user turn; the number of slots when there is none. It and all behind it stay. */
  readonly keepFrom: number;
  readonly budgetTokens: number;
}

/**
 * Where eviction goes on. Everything before `at` was looked at and is gone or stays for good. `exchange` is set while an
 * exchange is taken apart group by group: its user turn goes last, and stays as long as anything of it does.
 */
export interface EvictionCursor {
  readonly at: number;
  readonly exchange?: {
    readonly head: number | undefined;
    readonly end: number;
    readonly hasSurvivors: boolean;
  };
}

export const startCursor: EvictionCursor = { at: 0 };

/** An exchange with tool calls above this share of the budget is taken apart instead of dropped whole. */
const hugeShare = 0.25;

/**
 * Which slots to drop so that `excessTokens` go, oldest first. The unit is the exchange: a user turn up to the next. A
 * call goes together with all its results, found by id. System turns, protected turns and pairs of which one half
 * stays, stay. Each slot is looked at a bounded number of times over all calls with the cursor that came back.
 */
export function planEviction(
  view: EvictionView,
  cursor: EvictionCursor,
  excessTokens: number,
): { readonly dropped: readonly number[]; readonly cursor: EvictionCursor } {
  const dropped: number[] = [];
  const gone = new Set<number>();
  let excess = excessTokens;
  let { at } = cursor;
  let exchange = cursor.exchange;
  const drop = (slots: readonly number[]): void => {
    for (const slot of slots) {
      if (!gone.has(slot)) {
        gone.add(slot);
        dropped.push(slot);
        excess -= view.slots[slot]?.tokens ?? 0;
      }
    }
  };
  while (excess > 0 && (at < view.keepFrom || exchange !== undefined)) {
    if (exchange === undefined) {
      const found = nextExchange(view, at, gone);
      if (found === undefined) {
        at = view.keepFrom;
        break;
      }
      if (found.isWhole) {
        for (const group of found.groups) {
          drop(group);
        }
        at = found.end;
        continue;
      }
      exchange = { head: found.head, end: found.end, hasSurvivors: false };
      at = found.head === undefined ? found.start : found.head + 1;
    }
    while (excess > 0 && at < exchange.end) {
      const turn = view.slots[at];
      if (turn !== undefined && !gone.has(at)) {
        const group = groupAt(view, at, gone);
        if (group === undefined) {
          exchange = { ...exchange, hasSurvivors: exchange.hasSurvivors || turn.role !== 'system' };
        } else {
          drop(group);
        }
      }
      at++;
    }
    if (
      at >= exchange.end &&
      (excess > 0 || exchange.hasSurvivors || exchange.head === undefined)
    ) {
      if (excess > 0 && !exchange.hasSurvivors && exchange.head !== undefined) {
        drop([exchange.head]);
      }
      exchange = undefined;
    }
  }
  return { dropped, cursor: exchange === undefined ? { at } : { at, exchange } };
}

interface FoundExchange {
  readonly start: number;
  readonly end: number;
  readonly head: number | undefined;
  /** It is small and nothing in it has to stay (but system turns): all of it may go at once. */
  readonly isWhole: boolean;
  readonly groups: readonly (readonly number[])[];
}

function nextExchange(
  view: EvictionView,
  from: number,
  gone: ReadonlySet<number>,
): FoundExchange | undefined {
  let start = from;
  while (start < view.keepFrom && (view.slots[start] === undefined || gone.has(start))) {
    start++;
  }
  if (start >= view.keepFrom) {
    return undefined;
  }
  const head = isFreeUser(view.slots[start]) ? start : undefined;
  const groups: (readonly number[])[] = [];
  let tokens = 0;
  let isFree = true;
  let end = start;
  for (; end < view.keepFrom; end++) {
    const turn = view.slots[end];
    if (turn === undefined || gone.has(end)) {
      continue;
    }
    if (turn.role === 'user' && end > start) {
      break;
    }
    if ((liveCaller(view, end, gone) ?? -1) >= start) {
      // Its call is in this exchange and speaks for it.
      tokens += turn.tokens;
      continue;
    }
    const group = groupAt(view, end, gone);
    if (group === undefined) {
      isFree &&= turn.role === 'system';
    } else {
      groups.push(group);
      tokens += turn.tokens;
    }
  }
  const isHuge = tokens > view.budgetTokens * hugeShare && groups.some((group) => group.length > 1);
  return { start, end, head, isWhole: isFree && !isHuge, groups };
}

/**
 * The slots that go together with this one; undefined when they have to stay. A result goes with its call, which comes
 * before it: where the call is still there, it was looked at and stays.
 */
function groupAt(
  view: EvictionView,
  slot: number,
  gone: ReadonlySet<number>,
): readonly number[] | undefined {
  if (liveCaller(view, slot, gone) !== undefined) {
    return undefined;
  }
  const members = [slot, ...view.pairs.resultsOf(slot)];
  const hasToStay = members.some((member) => {
    const turn = view.slots[member];
    return (
      turn !== undefined &&
      (member >= view.keepFrom || turn.role === 'system' || turn.nonDroppable === true)
    );
  });
  return hasToStay ? undefined : members.filter((member) => view.slots[member] !== undefined);
}

function liveCaller(
  view: EvictionView,
  slot: number,
  gone: ReadonlySet<number>,
): number | undefined {
  const caller = view.pairs.callerOf(slot);
  return caller !== undefined && view.slots[caller] !== undefined && !gone.has(caller)
    ? caller
    : undefined;
}

function isFreeUser(turn: Turn | undefined): boolean {
  return turn?.role === 'user' && turn.nonDroppable !== true;
}
