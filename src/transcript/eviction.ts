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
  /** Start of the oldest exchange that stays only because a result of it lies behind the newest question. */
  readonly retryAt?: number;
}

export const startCursor: EvictionCursor = { at: 0 };

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
  let { at, exchange, retryAt } = cursor;
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
      if (found.isHeldBack) {
        retryAt ??= found.start;
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
          if (isHeldBackAt(view, at)) {
            // Its result came after the exchange was looked at.
            retryAt ??= exchange.head ?? at;
          }
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
  return {
    dropped,
    cursor: {
      at,
      ...(exchange === undefined ? {} : { exchange }),
      ...(retryAt === undefined ? {} : { retryAt }),
    },
  };
}

interface FoundExchange {
  readonly start: number;
  readonly end: number;
  readonly head: number | undefined;
  /** It is no larger than the budget and nothing in it has to stay (but system turns): all of it may go at once. */
  readonly isWhole: boolean;
  /** Something of it stays only until the next question. */
  readonly isHeldBack: boolean;
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
  let isHeldBack = false;
  let end = start;
  for (; end < view.keepFrom; end++) {
    const turn = view.slots[end];
    if (turn === undefined || gone.has(end)) {
      continue;
    }
    if (turn.role === 'user' && end > start) {
      break;
    }
    tokens += turn.tokens;
    const caller = liveCaller(view, end, gone);
    if (caller !== undefined && caller >= start && caller < end) {
      continue; // its call is in this exchange and speaks for it
    }
    const group = groupAt(view, end, gone);
    if (group === undefined) {
      isFree &&= turn.role === 'system';
      isHeldBack ||= isHeldBackAt(view, end);
    } else {
      groups.push(group);
    }
  }
  // Without its question an exchange that is taken apart would leave an answer at the front.
  const isHuge =
    tokens > view.budgetTokens &&
    view.slots[start]?.role === 'user' &&
    groups.some((group) => group.length > 1);
  return { start, end, head, isWhole: isFree && !isHuge, isHeldBack, groups };
}

/**
 * The slots that go together with this one; undefined when they have to stay. Where the call of a result stands before
 * it and is still there, it was looked at and stays. A result that came before its call goes with it, or alone.
 */
function groupAt(
  view: EvictionView,
  slot: number,
  gone: ReadonlySet<number>,
): readonly number[] | undefined {
  const caller = liveCaller(view, slot, gone);
  if (caller !== undefined && caller < slot) {
    return undefined;
  }
  const members = membersAt(view, caller ?? slot);
  if (!members.some((member) => hasToStay(view, member))) {
    return members;
  }
  return caller === undefined || hasToStay(view, slot) ? undefined : [slot];
}

/** It stays only until the next question. */
function isHeldBackAt(view: EvictionView, slot: number): boolean {
  return membersAt(view, slot).some((member) => member >= view.keepFrom);
}

function membersAt(view: EvictionView, callerSlot: number): readonly number[] {
  const members = [callerSlot];
  for (const result of view.pairs.resultsOf(callerSlot)) {
    if (view.slots[result] !== undefined) {
      members.push(result);
    }
  }
  return members;
}

function hasToStay(view: EvictionView, slot: number): boolean {
  const turn = view.slots[slot];
  return (
    turn !== undefined &&
    (slot >= view.keepFrom || turn.role === 'system' || turn.nonDroppable === true)
  );
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
