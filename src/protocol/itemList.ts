import { assertNever } from '../base/assertNever';
import type { SessionDelta, SessionItem } from '../events/sessionItem';

/** The end of a conversation's items. `before`: how many the host has before them. */
export interface HeldItems {
  readonly items: readonly SessionItem[];
  readonly before: number;
}

/**
 * Applies deltas in order; undefined when one speaks of an item that is not there. Where items before these were left
 * out, it may be one of them, and nothing of what is held changes. The cost of a message does not depend on how long
 * the session is but for one copy of the list of references: what changes is near its end, and is looked for from there.
 */
export function applyDeltas(
  held: HeldItems,
  deltas: readonly SessionDelta[],
): HeldItems | undefined {
  if (deltas.length === 0) {
    return held;
  }
  const next = { items: held.items.slice(), before: held.before };
  for (const delta of deltas) {
    if (!applyDelta(next, delta)) {
      return undefined;
    }
  }
  return next;
}

interface Draft {
  readonly items: SessionItem[];
  before: number;
}

function applyDelta(draft: Draft, delta: SessionDelta): boolean {
  const { items } = draft;
  switch (delta.op) {
    case 'add':
      add(draft, delta);
      return true;
    case 'text': {
      const index = indexOfItem(items, delta.id);
      const item = items[index];
      if (item === undefined) {
        return draft.before > 0;
      }
      if (item.kind !== 'text' && item.kind !== 'thinking') {
        return false;
      }
      items[index] = { ...item, text: item.text + delta.delta };
      return true;
    }
    case 'close': {
      const index = indexOfItem(items, delta.id);
      const item = items[index];
      const closed = closedItem(item, delta.durationMs);
      if (closed === undefined) {
        return item === undefined && draft.before > 0;
      }
      items[index] = closed;
      return true;
    }
    case 'replace': {
      const index = indexOfItem(items, delta.item.id);
      if (index < 0) {
        return draft.before > 0;
      }
      items[index] = delta.item;
      return true;
    }
    case 'remove': {
      const index = indexOfItem(items, delta.id);
      if (index >= 0) {
        items.splice(index, 1);
      } else {
        draft.before = Math.max(0, draft.before - 1);
      }
      return true;
    }
    default:
      return assertNever(delta);
  }
}

/** `index` counts from the start of the conversation. */
function add(draft: Draft, { item, index }: Extract<SessionDelta, { op: 'add' }>): void {
  const { items, before } = draft;
  const known = indexOfItem(items, item.id);
  if (known >= 0) {
    items[known] = item;
  } else if (index !== undefined && index < before) {
    draft.before += 1;
  } else {
    items.splice(index === undefined ? items.length : index - before, 0, item);
  }
}

/** A text or thinking item that grows no more; undefined for any other. */
function closedItem(
  item: SessionItem | undefined,
  durationMs: number | undefined,
): SessionItem | undefined {
  switch (item?.kind) {
    case 'text':
      return { ...item, isOpen: false };
    case 'thinking':
      return { ...item, isOpen: false, ...(durationMs === undefined ? {} : { durationMs }) };
    default:
      return undefined;
  }
}

function indexOfItem(items: readonly SessionItem[], id: string): number {
  return items.findLastIndex((item) => item.id === id);
}
