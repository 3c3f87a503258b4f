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
      aria-label="Mode"
      onKeyDown={(event) => {
        const all = [...(list.current?.querySelectorAll<HTMLElement>('[role]') ?? [])];
        const at = all.findIndex((option) => option === document.activeElement);
        const next = neighbourOf(event.key, at, all.length);
        if (next !== undefined) {
          event.preventDefault();
          all[next]?.focus();
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

/** Where a key goes in a menu of `count`, around its ends; undefined: the key is none of the menu's. */
function neighbourOf(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return (at + 1) % count;
    case 'ArrowUp':
      return (at + count - 1) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
