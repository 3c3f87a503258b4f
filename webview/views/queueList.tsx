import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { SessionItem } from '../../src/events/sessionItem';
import { Icon, IconButton } from '../controls';
import { usePanel } from '../panel';
import { queuedPrompts } from '../rows';

/** The prompts that wait behind the running turn. */
export function QueueList({
  items,
  order,
}: {
  readonly items: readonly SessionItem[];
  readonly order: object;
}): JSX.Element | null {
  const { link } = usePanel();
  const queued = useMemo(() => queuedPrompts(items), [order]);
  return queued.length === 0 ? null : (
    <ul class="queue" aria-label="Queued prompts">
      {queued.map((item) => (
        <li key={item.id} class="queue-item" data-testid="queued">
          <Icon name="clock" />
          <span class="queue-text" title={item.text.slice(0, 500)}>
            {item.text.slice(0, 200)}
          </span>
          <IconButton
            icon="close"
            label="Remove from the queue"
            onClick={() => link.command('queue/remove', { itemId: item.id })}
          />
        </li>
      ))}
    </ul>
  );
}
