import type { ComponentChildren, JSX } from 'preact';
import { Icon, Visible } from '../controls';
import { visibleText } from '../visibleText';

export interface CardHeadProps {
  readonly icon: string;
  readonly verb: string;
  /** The tooltip of the verb, where it can be too long to be read whole. */
  readonly title?: string | undefined;
  /** For screen readers: what the card is, in words. */
  readonly name: string;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  /** What stands behind the verb: what the card is about, its numbers and its state. */
  readonly children: ComponentChildren;
}

/** The line of a card that opens and folds it. */
export function CardHead(props: CardHeadProps): JSX.Element {
  const { icon, verb, title, name, isOpen, onToggle, children } = props;
  return (
    <div class="card-head is-clickable" onClick={onToggle}>
      <button
        type="button"
        class="card-toggle"
        aria-expanded={isOpen}
        aria-label={name}
        title={title}
        onClick={(event) => {
          event.stopPropagation();
          onToggle();
        }}
      >
        <Icon name={icon} />
        <span class="card-verb">{verb}</span>
      </button>
      {children}
    </div>
  );
}

/** The file that a card is about. */
export function CardFile(props: {
  readonly label: string;
  readonly path: string;
  readonly onOpen: () => void;
}): JSX.Element {
  const { label, path, onOpen } = props;
  return (
    <button
      type="button"
      class="card-object link-button"
      title={`Open ${visibleText(path)}`}
      onClick={(event) => {
        event.stopPropagation();
        onOpen();
      }}
    >
      <Visible text={label} isOneLine />
    </button>
  );
}

/** `+3 −1`, and what else stands there. */
export function CardCounts(props: {
  readonly added: number;
  readonly removed: number;
  readonly children?: ComponentChildren;
}): JSX.Element {
  const { added, removed, children } = props;
  return (
    <span class="card-summary">
      {added > 0 && <span class="added">+{added} </span>}
      {removed > 0 && <span class="removed">−{removed} </span>}
      {children}
    </span>
  );
}
