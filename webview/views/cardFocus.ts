import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/** How long after a key stroke the user counts as typing, even in an empty composer. */
const typingPauseMs = 1500;

/**
 * A card that waits for the user takes the focus on itself, never on a button, so that a key pressed by chance allows
 * nothing. It does not when the user is typing or is elsewhere in the editor.
 */
export function useCardFocus(card: RefObject<HTMLElement>, isWaiting: boolean): void {
  useLayoutEffect(() => {
    const element = card.current;
    if (isWaiting && document.hasFocus() && !isBusy(document.activeElement)) {
      element?.focus({ preventScroll: true });
    }
  }, [card, isWaiting]);
}

/** Typing, or at another card that waits. */
function isBusy(active: Element | null): boolean {
  if (active instanceof HTMLTextAreaElement) {
    const lastKeyMs = Number(active.dataset.lastKeyMs ?? '0');
    return active.value !== '' || performance.now() - lastKeyMs < typingPauseMs;
  }
  return (
    active instanceof HTMLInputElement ||
    active?.tagName === 'VSCODE-TEXT-FIELD' ||
    (active?.closest('[data-waiting]') ?? null) !== null
  );
}
