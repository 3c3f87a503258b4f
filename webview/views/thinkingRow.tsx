import type { JSX } from 'preact';
import type { SessionItem } from '../../src/events/sessionItem';
import { Icon } from '../controls';
import { useFlag } from '../panel';
import { duration } from '../words';
import { MarkdownRow } from './markdownRow';

type ThinkingItem = Extract<SessionItem, { kind: 'thinking' }>;

/** One line, `Thought for 4 s`; opens to the text. */
export function ThinkingRow({ item }: { readonly item: ThinkingItem }): JSX.Element {
  const [isOpen, setOpen] = useFlag(`open:${item.id}`);
  const hasText = item.text !== '';
  const title = item.isOpen
    ? 'Thinking'
    : item.durationMs === undefined
      ? 'Thought'
      : `Thought for ${duration(item.durationMs)}`;
  return (
    <div class="thinking" data-testid="item-thinking">
      <button
        type="button"
        class="disclosure"
        aria-expanded={isOpen}
        disabled={!hasText}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name={isOpen ? 'chevron-down' : 'chevron-right'} />
        {title}
      </button>
      {isOpen && hasText && (
        <div class="thinking-text">
          <MarkdownRow text={item.text} isOpen={item.isOpen} />
        </div>
      )}
    </div>
  );
}
