import type { SessionItem } from '../src/events/sessionItem';
import type { ChangeView, EditView, PromptView } from '../src/protocol/methods';
import type { LiveState } from './store';

/** One row of the conversation: an item, or a question or edit whose call is not in the list. */
export type Row =
  | SessionItem
  | { readonly kind: 'prompt'; readonly id: string; readonly prompt: PromptView }
  | { readonly kind: 'edit'; readonly id: string; readonly edit: EditView }
  | { readonly kind: 'change'; readonly id: string; readonly change: ChangeView };

/** The rows in order. Queued prompts (`hasQueued`: there are some) are shown above the composer instead. */
export function rowsOf(state: LiveState, hasQueued: boolean): readonly Row[] {
  const { items, prompts, edits, changes } = state;
  const said = hasQueued ? items.filter((item) => !isQueued(item)) : items;
  const lost: Row[] = [
    ...prompts
      .filter((prompt) => !hasCall(items, prompt.callId))
      .map((prompt): Row => ({ kind: 'prompt', id: `prompt:${prompt.id}`, prompt })),
    ...edits
      .filter((edit) => edit.state === 'open')
      .filter((edit) => !hasCall(items, edit.callId, edit.id))
      .map((edit): Row => ({ kind: 'edit', id: `edit:${edit.id}`, edit })),
    ...changes
      // Far up in a long conversation, its call may be among the items that are not here.
      .filter(
        ({ callId }) => callId === undefined || (state.before === 0 && !hasCall(items, callId)),
      )
      .map((change): Row => ({ kind: 'change', id: `change:${change.id}`, change })),
  ];
  return lost.length === 0 ? said : [...said, ...lost];
}

export function queuedPrompts(
  items: readonly SessionItem[],
): readonly Extract<SessionItem, { kind: 'user' }>[] {
  return items.filter(isQueued);
}

function isQueued(item: SessionItem): item is Extract<SessionItem, { kind: 'user' }> {
  return item.kind === 'user' && item.isQueued === true;
}

function hasCall(items: readonly SessionItem[], callId: string, editId?: string): boolean {
  return (
    items.findLastIndex(
      (item) =>
        item.kind === 'tool' &&
        (item.id === callId || (editId !== undefined && item.editId === editId)),
    ) >= 0
  );
}

/** How deep a row sits below the calls of sub-agents; at most 3 are drawn. */
export function depthOf(rows: readonly Row[], index: number): number {
  let depth = 0;
  let at = index;
  for (let parent = parentOf(rows[index]); parent !== undefined && depth < 3; depth++) {
    const callId = parent;
    at = rows.findLastIndex((row, place) => place < at && row.id === callId);
    parent = at < 0 ? undefined : parentOf(rows[at]);
  }
  return depth;
}

function parentOf(row: Row | undefined): string | undefined {
  return row?.kind === 'text' || row?.kind === 'thinking' || row?.kind === 'tool'
    ? row.parentCallId
    : undefined;
}

/** Height before it is measured, in pixels: near enough that the scroll bar does not jump. */
export function estimatedHeight(row: Row, widthPx: number): number {
  const charsPerLine = Math.max(20, widthPx / 7);
  switch (row.kind) {
    case 'user':
      return 46 + lines(row.text, charsPerLine) * 18;
    case 'text':
      return 14 + lines(row.text, charsPerLine) * 20;
    case 'thinking':
      return 28;
    case 'usage':
      return 22;
    case 'tool':
      return row.editId === undefined ? 38 : 180;
    case 'plan':
      return 40 + row.items.length * 22;
    case 'prompt':
    case 'edit':
    case 'change':
      return 180;
    default:
      return 48;
  }
}

function lines(text: string, charsPerLine: number): number {
  return Math.min(400, Math.ceil(text.length / charsPerLine) + 1);
}
