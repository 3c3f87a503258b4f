import { isNumber, isRecord, isString } from '../src/base/guard';

/** The part of VS Code's webview API that the panel uses. It can be acquired once per page. */
export interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: LayoutState): void;
}

declare global {
  /** Given by VS Code to the page of every webview. */
  function acquireVsCodeApi(): VsCodeApi;
}

/** The only things the view keeps for itself: the draft, and where the user was reading. */
export interface LayoutState {
  readonly sessionId: string;
  readonly draft: string;
  /** Absent: at the end. `offsetPx` is how far the item's top is above the edge of the view. */
  readonly anchor?: { readonly itemId: string; readonly offsetPx: number };
}

export const emptyLayout: LayoutState = { sessionId: '', draft: '' };

/** What an earlier page of this view has left, however old its version. */
export function toLayoutState(value: unknown): LayoutState {
  if (!isRecord(value) || !isString(value.sessionId) || !isString(value.draft)) {
    return emptyLayout;
  }
  const { sessionId, draft, anchor } = value;
  return isRecord(anchor) && isString(anchor.itemId) && isNumber(anchor.offsetPx)
    ? { sessionId, draft, anchor: { itemId: anchor.itemId, offsetPx: anchor.offsetPx } }
    : { sessionId, draft };
}
