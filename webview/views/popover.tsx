import type { ComponentChildren, JSX, RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export interface PopoverProps {
  readonly label: string;
  /** The button that opened it: gets the focus back. */
  readonly anchor: RefObject<HTMLElement>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A panel above the composer. Escape, a click elsewhere, or leaving it by keyboard closes it. */
export function Popover({ label, anchor, onClose, children }: PopoverProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The path goes through the shadow trees of the toolkit's elements, which `contains` does not see into.
    const onPointer = (event: Event): void => {
      const path = event.composedPath();
      const isInside = [box.current, anchor.current].some(
        (own) => own !== null && path.includes(own),
      );
      if (!isInside) {
        onClose();
      }
    };
    document.addEventListener('pointerdown', onPointer);
    return () => document.removeEventListener('pointerdown', onPointer);
  }, [anchor, onClose]);
  return (
    <div
      ref={box}
      class="popover"
      tabIndex={-1}
      role="dialog"
      aria-label={label}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented) {
          event.preventDefault();
          event.stopPropagation();
          onClose();
          anchor.current?.focus();
        }
      }}
      onFocusOut={(event) => {
        const { relatedTarget } = event;
        if (
          relatedTarget instanceof Node &&
          box.current?.contains(relatedTarget) === false &&
          anchor.current?.contains(relatedTarget) !== true
        ) {
          onClose();
        }
      }}
    >
      {children}
    </div>
  );
}
