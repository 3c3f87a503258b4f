import type { LayoutState } from './vscodeApi';

/**
 * The draft to start with. Before the session is known: what the page kept. Then what was `typed` meanwhile, else the
 * page's own when it is of this session, because it has the last keys too, else the host's.
 */
export function draftAtStart(
  layout: LayoutState,
  state: { readonly sessionId: string; readonly draft: string },
  typed: string | undefined,
): string {
  if (state.sessionId === '' || typed !== undefined) {
    return typed ?? layout.draft;
  }
  return layout.sessionId === state.sessionId && layout.draft !== '' ? layout.draft : state.draft;
}

/** What stays in the composer after `sent` was taken: the user may have typed on meanwhile. */
export function restAfterSend(sent: string, current: string): string {
  return current.startsWith(sent) ? current.slice(sent.length).trimStart() : current;
}

/** The draft with text from the host after it, on its own line. */
export function withInserted(draft: string, text: string): string {
  return draft === '' || draft.endsWith('\n') ? `${draft}${text}` : `${draft}\n${text}`;
}
