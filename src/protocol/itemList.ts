import { assertNever } from '../base/assertNever';
import type { SessionDelta, SessionItem } from '../events/sessionItem';

/**
 * Applies deltas in order; undefined when one speaks of an item that is not there. The cost of a message does not
 * depend on how long the session is but for one copy of the list of references: what changes is near its end, and
 * is looked for from there.
 */
export function applyDeltas(
  items: readonly SessionItem[],
  deltas: readonly SessionDelta[],
): readonly SessionItem[] | undefined {
  if (deltas.length === 0) {
    return items;
  }
  const next = items.slice();
  for (const delta of deltas) {
    if (!applyDelta(next, delta)) {
      return undefined;
    }
  }
  return next;
}

function applyDelta(items: SessionItem[], delta: SessionDelta): boolean {
  switch (delta.op) {
    case 'add': {
      const known = indexOfItem(items, delta.item.id);
      if (known >= 0) {
        items[known] = delta.item;
      } else {
        items.splice(delta.index ?? items.length, 0, delta.item);
      }
      return true;
    }
    case 'text': {
      const index = indexOfItem(items, delta.id);
      const item = items[index];
      if (item?.kind !== 'text' && item?.kind !== 'thinking') {
        return false;
      }
      items[index] = { ...item, text: item.text + delta.delta };
      return true;
    }
    case 'close': {
      const index = indexOfItem(items, delta.id);
      const closed = closedItem(items[index], delta.durationMs);
      if (closed === undefined) {
        return false;
      }
      items[index] = closed;
      return true;
    }
    case 'replace': {
      const index = indexOfItem(items, delta.item.id);
      if (index < 0) {
        return false;
      }
      items[index] = delta.item;
      return true;
    }
    case 'remove': {
      const index = indexOfItem(items, delta.id);
      if (index >= 0) {
        items.splice(index, 1);
      }
      return true;
    }
    default:
      return assertNever(delta);
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
