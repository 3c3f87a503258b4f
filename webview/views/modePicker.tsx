import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { modeList, type ModeView } from '../../src/protocol/viewTypes';
import { Icon } from '../controls';
import { modeWords } from '../modeWords';
import { usePanel } from '../panel';

export interface ModePickerProps {
  readonly current: ModeView;
  readonly onDone: () => void;
}

export function ModePicker({ current, onDone }: ModePickerProps): JSX.Element {
  const { link } = usePanel();
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    list.current?.querySelector<HTMLElement>('[aria-checked="true"]')?.focus();
  }, []);
  return (
    <div
      ref={list}
      class="menu"
      role="menu"
      onKeyDown={(event) => {
        const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
        const all = [...(list.current?.querySelectorAll<HTMLElement>('[role]') ?? [])];
        if (step !== 0 && document.activeElement instanceof HTMLElement) {
          event.preventDefault();
          all[(all.indexOf(document.activeElement) + step + all.length) % all.length]?.focus();
        }
      }}
    >
      {modeList.map((mode) => (
        <button
          key={mode}
          type="button"
          class="option"
          role="menuitemradio"
          aria-checked={mode === current}
          data-testid={`mode-${mode}`}
          onClick={() => {
            link.command('mode/choose', { mode });
            onDone();
            document.getElementById('composer')?.focus();
          }}
        >
          <Icon name={mode === current ? 'check' : 'blank'} />
          <span class="option-words">
            <span class="option-name">{modeWords[mode].name}</span>
            <span class="option-note">{modeWords[mode].note}</span>
          </span>
        </button>
      ))}
    </div>
  );
}
