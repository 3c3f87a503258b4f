import type { JSX } from 'preact';
import type { SessionItem } from '../../src/events/sessionItem';
import type { UsageTotal } from '../../src/events/usageTotal';
import { compactionSentence, usageLines, usageSentence } from '../contextWords';
import { Icon } from '../controls';
import { useFlag } from '../panel';
import { MarkdownRow } from './markdownRow';

type CompactionItem = Extract<SessionItem, { kind: 'compaction' }>;

/** Where the conversation was made smaller: one line with the numbers, opens to the summary. */
export function CompactionRow({ item }: { readonly item: CompactionItem }): JSX.Element {
  const [isOpen, setOpen] = useFlag(`open:${item.id}`);
  return (
    <div class="compaction" data-testid="item-compaction">
      <button
        type="button"
        class="disclosure"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name={isOpen ? 'chevron-down' : 'chevron-right'} />
        {compactionSentence(item)}
      </button>
      {isOpen && (
        <div class="compaction-text">
          <MarkdownRow text={item.text} isOpen={false} />
        </div>
      )}
    </div>
  );
}

/** Under a turn: what it used, as far as it was told. */
export function TurnUsage({ total }: { readonly total: UsageTotal }): JSX.Element {
  const details = usageLines(total).map(({ name, text }) => `${name}: ${text}`);
  return (
    <div class="turn-usage" title={details.join('\n')} data-testid="turn-usage">
      {usageSentence(total)}
    </div>
  );
}
