import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon, Visible } from '../controls';
import { mentionAt, withMention, type OpenMention } from '../mention';
import { usePanel } from '../panel';
import { visibleText } from '../visibleText';

export interface Mentions {
  /** The list above the composer; null while nothing is mentioned. */
  readonly list: JSX.Element | null;
  /** Looks at the text again: after each input and each move of the caret. */
  readonly look: () => void;
  /** True when the key was the list's. */
  readonly onKeyDown: (event: KeyboardEvent) => boolean;
}

/** Files by `@` and a few letters. Arrows move the choice, Enter and Tab take it, Escape closes; the text keeps the focus. */
export function useMentions(
  area: { readonly current: HTMLTextAreaElement | null },
  onChanged: () => void,
): Mentions {
  const { link } = usePanel();
  const [open, setOpen] = useState<OpenMention | undefined>(undefined);
  const [paths, setPaths] = useState<readonly string[]>([]);
  const [active, setActive] = useState(0);
  const asked = useRef(0);
  const closedAt = useRef(-1);
  const close = (): void => {
    asked.current++;
    setOpen(undefined);
    setPaths([]);
  };
  const look = (): void => {
    const text = area.current?.value ?? '';
    const caret = area.current?.selectionStart ?? 0;
    const found = mentionAt(text, caret);
    if (found === undefined || found.start === closedAt.current) {
      closedAt.current = found === undefined ? -1 : closedAt.current;
      close();
      return;
    }
    if (found.start === open?.start && found.query === open.query) {
      return;
    }
    setOpen(found);
    const number = ++asked.current;
    link.request('file/find', { query: found.query }).then(
      (result) => {
        // Of several questions on their way only the newest one's answer counts.
        if (number === asked.current) {
          setPaths(result.paths);
          setActive(0);
        }
      },
      () => {
        if (number === asked.current) {
          close(); // no list is no reason to stop typing
        }
      },
    );
  };
  const take = (path: string): void => {
    if (area.current === null || open === undefined) {
      return;
    }
    const written = withMention(area.current.value, open, path);
    area.current.value = written.text;
    area.current.setSelectionRange(written.caret, written.caret);
    area.current.focus();
    close();
    onChanged();
  };
  const onKeyDown = (event: KeyboardEvent): boolean => {
    if (open === undefined || paths.length === 0 || event.isComposing) {
      return false;
    }
    const path = paths[active];
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const step = event.key === 'ArrowDown' ? 1 : -1;
      setActive((active + step + paths.length) % paths.length);
    } else if ((event.key === 'Enter' || event.key === 'Tab') && path !== undefined) {
      take(path);
    } else if (event.key === 'Escape') {
      closedAt.current = open.start;
      close();
    } else {
      return false;
    }
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  const list =
    open === undefined || paths.length === 0 ? null : (
      <MentionList paths={paths} active={active} onTake={take} />
    );
  useEffect(() => {
    const field = area.current;
    field?.setAttribute('aria-autocomplete', 'list');
    if (list === null) {
      field?.removeAttribute('aria-activedescendant');
      field?.removeAttribute('aria-controls');
    } else {
      field?.setAttribute('aria-controls', 'mention-options');
      field?.setAttribute('aria-activedescendant', optionId(active));
    }
  }, [list === null, active]);
  return { list, look, onKeyDown };
}

interface MentionListProps {
  readonly paths: readonly string[];
  readonly active: number;
  readonly onTake: (path: string) => void;
}

function MentionList({ paths, active, onTake }: MentionListProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    box.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [active, paths]);
  return (
    <div class="popover">
      <div
        ref={box}
        class="options"
        id="mention-options"
        role="listbox"
        aria-label="Files"
        data-testid="mention-list"
      >
        {paths.map((path, index) => (
          <div
            key={path}
            id={optionId(index)}
            class="option"
            role="option"
            aria-selected={index === active}
            title={visibleText(path)}
            // The press and not the click: the text keeps the focus.
            onMouseDown={(event) => {
              event.preventDefault();
              onTake(path);
            }}
          >
            <Icon name="file" />
            <span class="option-words">
              <span class="option-name">
                <Visible text={path.slice(path.lastIndexOf('/') + 1)} isOneLine />
              </span>
              {path.includes('/') && (
                <span class="option-note">
                  <Visible text={path.slice(0, path.lastIndexOf('/'))} isOneLine />
                </span>
              )}
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}

function optionId(index: number): string {
  return `mention-option-${index}`;
}
