import type { JSX, RefObject } from 'preact';
import type { StatusView } from '../../src/protocol/methods';
import { effortList } from '../../src/protocol/viewTypes';
import { Icon } from '../controls';
import { effortTitle, effortWords, type EffortChoice } from '../effortWords';
import { usePanel } from '../panel';
import { ChoiceMenu } from './choiceMenu';

export interface EffortButtonProps {
  readonly status: StatusView;
  readonly anchor: RefObject<HTMLButtonElement>;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

/** How much the model thinks. Greyed where the model takes no word about it: it still opens, and says why. */
export function EffortButton(props: EffortButtonProps): JSX.Element {
  const { effort, untaken } = props.status;
  return (
    <button
      ref={props.anchor}
      type="button"
      class={`picker-button is-effort ${untaken?.effort === undefined ? '' : 'is-untaken'}`}
      aria-haspopup="dialog"
      aria-expanded={props.isOpen}
      aria-label={effortTitle(props.status)}
      title={effortTitle(props.status)}
      onClick={props.onToggle}
      data-testid="effort-picker"
    >
      <Icon name="thinking" />
      {effort !== undefined && <span class="picker-name">{effortWords[effort].name}</span>}
    </button>
  );
}

const levels: readonly EffortChoice[] = ['default', ...effortList];

export function EffortPicker(props: {
  readonly status: StatusView;
  readonly onDone: () => void;
}): JSX.Element {
  const { effort = 'default', untaken } = props.status;
  const { link } = usePanel();
  return (
    <ChoiceMenu
      label="Thinking effort"
      current={effort}
      choices={levels.map((value) => ({ value, ...effortWords[value] }))}
      problem={untaken?.effort}
      testId="effort"
      onChoose={(value) => {
        link.command('effort/choose', value === 'default' ? {} : { effort: value });
        props.onDone();
        document.getElementById('composer')?.focus();
      }}
    />
  );
}
