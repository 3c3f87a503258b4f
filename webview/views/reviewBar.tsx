import type { JSX } from 'preact';
import { Icon } from '../controls';
import { counted } from '../words';

export interface ReviewBarAction {
  readonly testId: string;
  readonly icon: string;
  readonly label: string;
  readonly title: string;
  readonly onRun: () => void;
}

export interface ReviewBarProps {
  /** Prefix of the test ids: `pending` gives `pending-bar` and `pending-open`. */
  readonly testId: string;
  readonly label: string;
  readonly icon: string;
  readonly fileCount: number;
  /** What is counted beside the files, and what has to happen with it. */
  readonly what: string;
  readonly openTitle: string;
  readonly onOpen: () => void;
  readonly actions: readonly ReviewBarAction[];
}

/** `2 files · 3 hunks to review`: opens the first of them, and decides all of them. */
export function ReviewBar(props: ReviewBarProps): JSX.Element {
  const files = counted(props.fileCount, 'file');
  return (
    <section class="pending" data-testid={`${props.testId}-bar`} aria-label={props.label}>
      <button
        type="button"
        class="pending-open"
        title={`${files} · ${props.what}. ${props.openTitle}`}
        onClick={props.onOpen}
        data-testid={`${props.testId}-open`}
      >
        <Icon name={props.icon} />
        <span>
          <span class="pending-files">{files} · </span>
          {props.what}
        </span>
      </button>
      {props.actions.map(({ testId, icon, label, title, onRun }) => (
        <button
          key={testId}
          type="button"
          class="pending-action"
          title={title}
          onClick={onRun}
          data-testid={testId}
        >
          <Icon name={icon} />
          <span class="pending-word">{label}</span>
        </button>
      ))}
    </section>
  );
}
