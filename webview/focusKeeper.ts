import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

/** What a lost focus goes back to, the innermost first. Those with a `tabindex` take it themselves. */
const homeSelector = '.hunk, .card, .history-item, .queue-item, .user, .header, .popover';

/** Cards that the user decides one after the other: an open question or edit, a change that nobody reviewed. */
const askingSelectors = ['[data-waiting]', '.change'] as const;

interface Home {
  readonly element: Element;
  readonly parent: Element | null;
  /** Its place in the parent: once it is gone, what moved up into it stands there. */
  readonly index: number;
  /** What it was of the cards to decide; one that is decided is no home any more. */
  readonly asking: string | undefined;
}

interface Focused {
  readonly element: HTMLElement;
  readonly homes: readonly Home[];
  /** The button that `element` took the place of, by test id: drawn anew it gets the focus back. */
  readonly opener: string | undefined;
}

/**
 * A focused element that is taken out of the page, or disabled, leaves the focus on the body, where no key means
 * anything and a screen reader starts from the top. Then the focus goes to the button that had opened what is gone;
 * else to what stands around it or in its place; after a decision to the next card that waits for one; at last to the
 * composer.
 */
export function useFocusKeeper(panel: RefObject<HTMLElement>): void {
  useEffect(() => {
    let last: Focused | undefined;
    const remember = ({ target }: Event): void => {
      if (target instanceof HTMLElement) {
        last = focusedNow(target, last);
      }
    };
    const keep = (): void => {
      const { activeElement } = document;
      if (
        last !== undefined &&
        !canHoldFocus(last.element) &&
        (activeElement === document.body || activeElement === last.element) &&
        document.hasFocus()
      ) {
        focusAfter(last);
      }
    };
    const forget = ({ relatedTarget }: FocusEvent): void => {
      // Taken away with its element, or by a click beside it? A moment later one can tell.
      queueMicrotask(() => {
        const isGone = relatedTarget === null && document.activeElement === document.body;
        if (isGone && last !== undefined && canHoldFocus(last.element)) {
          last = undefined;
        }
      });
    };
    const removals = new MutationObserver(keep);
    if (panel.current !== null) {
      removals.observe(panel.current, {
        childList: true,
        subtree: true,
        attributeFilter: ['disabled'],
      });
    }
    document.addEventListener('focusin', remember);
    document.addEventListener('focusout', forget);
    // What went while the user was elsewhere in the editor.
    window.addEventListener('focus', keep);
    return () => {
      removals.disconnect();
      document.removeEventListener('focusin', remember);
      document.removeEventListener('focusout', forget);
      window.removeEventListener('focus', keep);
    };
  }, [panel]);
}

function canHoldFocus(element: HTMLElement): boolean {
  return element.isConnected && !element.hasAttribute('disabled');
}

function focusedNow(element: HTMLElement, before: Focused | undefined): Focused {
  const homes = homesOf(element);
  if (before === undefined || !isSameHome(before.homes[0], homes[0])) {
    return { element, homes, opener: undefined };
  }
  const opener = before.element.isConnected ? before.opener : before.element.dataset.testid;
  return { element, homes, opener };
}

/** A row that is drawn anew is the same; another card in the place of one that was decided is not. */
function isSameHome(before: Home | undefined, now: Home | undefined): boolean {
  return (
    before !== undefined &&
    now !== undefined &&
    (before.element === now.element ||
      (before.asking === undefined && inPlaceOf(before) === now.element))
  );
}

function inPlaceOf({ element, parent, index }: Home): Element | undefined {
  return element.isConnected ? element : parent?.children[index];
}

function homesOf(inner: Element): readonly Home[] {
  const element = inner.closest(homeSelector);
  if (element === null) {
    return [];
  }
  const { parentElement: parent } = element;
  const home = {
    element,
    parent,
    index: parent === null ? 0 : [...parent.children].indexOf(element),
    asking: askingSelectors.find((selector) => element.matches(selector)),
  };
  return parent === null ? [home] : [home, ...homesOf(parent)];
}

function focusAfter({ homes, opener }: Focused): void {
  for (const home of homes) {
    const target = targetIn(home, opener);
    if (target !== undefined) {
      target.focus({ preventScroll: target === home.element });
      return;
    }
  }
  (nextAsking(homes) ?? document.getElementById('composer'))?.focus();
}

function targetIn(home: Home, opener: string | undefined): HTMLElement | undefined {
  const here = inPlaceOf(home);
  if (
    !(here instanceof HTMLElement) ||
    !here.isConnected ||
    !here.matches(homeSelector) ||
    (home.asking !== undefined && !here.matches(home.asking))
  ) {
    return undefined;
  }
  const again =
    opener === undefined
      ? null
      : here.querySelector<HTMLElement>(`[data-testid="${CSS.escape(opener)}"]`);
  return again ?? (here.hasAttribute('tabindex') ? undecidedFrom(here) : undefined);
}

/** A hunk that is decided hands on to the next one that is not. */
function undecidedFrom(home: HTMLElement): HTMLElement {
  const hunks = [...(home.parentElement?.querySelectorAll<HTMLElement>(':scope > .hunk') ?? [])];
  const at = hunks.indexOf(home);
  const isPending = (hunk: HTMLElement): boolean => hunk.dataset.decision === 'pending';
  return at < 0 ? home : (hunks.slice(at).find(isPending) ?? hunks.find(isPending) ?? home);
}

/** The card to decide after the one that was, in the order of the page. */
function nextAsking(homes: readonly Home[]): HTMLElement | undefined {
  const decided = homes.find(({ asking }) => asking !== undefined);
  if (decided?.asking === undefined) {
    return undefined;
  }
  const { element, parent, asking } = decided;
  const place = element.isConnected ? element : parent;
  const cards = [...document.querySelectorAll<HTMLElement>(asking)];
  const isAfter = (card: HTMLElement): boolean =>
    place !== null &&
    (place.compareDocumentPosition(card) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
  return cards.find(isAfter) ?? cards[0];
}
