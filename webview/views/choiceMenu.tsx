import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from '../controls';

export interface MenuChoice<V extends string> {
  readonly value: V;
  readonly name: string;
  readonly note?: string;
  /** Why it cannot be chosen: shown in the place of the note, and it is greyed. */
  readonly problem?: string | undefined;
}

export interface ChoiceMenuProps<V extends string> {
  readonly label: string;
  readonly current: V;
  readonly choices: readonly MenuChoice<V>[];
  /** Why none can be chosen; said once, above all of them. */
  readonly problem?: string | undefined;
  /** In front of the values: `mode-ask`. */
  readonly testId: string;
  readonly onChoose: (value: V) => void;
}

/** One of a few. What is greyed keeps its place and takes the focus, so that its reason can be read by everybody. */
export function ChoiceMenu<V extends string>(props: ChoiceMenuProps<V>): JSX.Element {
  const { label, current, choices, problem, testId, onChoose } = props;
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    list.current?.querySelector<HTMLElement>('[aria-checked="true"]')?.focus();
  }, []);
  const problemId = `${testId}-problem`;
  return (
    <>
      {problem !== undefined && (
        <p class="menu-problem" id={problemId} data-testid={problemId}>
          <Icon name="info" />
          <span>{problem}</span>
        </p>
      )}
      <div
        ref={list}
        class="menu"
        role="menu"
        aria-label={label}
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
        {choices.map(({ value, name, note, problem: own }) => {
          const isGrey = own !== undefined || problem !== undefined;
          const words = problem === undefined ? (own ?? note) : undefined;
          return (
            <button
              key={value}
              type="button"
              class="option"
              role="menuitemradio"
              aria-checked={value === current}
              aria-disabled={isGrey}
              aria-describedby={problem === undefined ? undefined : problemId}
              title={own ?? problem}
              data-testid={`${testId}-${value}`}
              onClick={() => {
                if (!isGrey) {
                  onChoose(value);
                }
              }}
            >
              <Icon name={value === current ? 'check' : 'blank'} />
              <span class="option-words">
                <span class="option-name">{name}</span>
                {words !== undefined && <span class="option-note">{words}</span>}
              </span>
            </button>
          );
        })}
      </div>
    </>
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
