import type { JSX } from 'preact';
import type { StatusView } from '../../src/protocol/methods';
import { modeList } from '../../src/protocol/viewTypes';
import { modeProblem, modeWords } from '../modeWords';
import { usePanel } from '../panel';
import { ChoiceMenu } from './choiceMenu';

export interface ModePickerProps {
  readonly status: StatusView;
  readonly onDone: () => void;
}

export function ModePicker({ status, onDone }: ModePickerProps): JSX.Element {
  const { link } = usePanel();
  return (
    <ChoiceMenu
      label="Mode"
      current={status.mode}
      choices={modeList.map((mode) => ({
        value: mode,
        ...modeWords[mode],
        problem: modeProblem(mode, status.untaken),
      }))}
      testId="mode"
      onChoose={(mode) => {
        link.command('mode/choose', { mode });
        onDone();
        document.getElementById('composer')?.focus();
      }}
    />
  );
}
