import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { SessionItem } from '../../src/events/sessionItem';
import { Button, Icon, IconButton } from '../controls';
import { usePanel } from '../panel';
import { queuedPrompts } from '../rows';
import { isRunning, type LiveState } from '../store';
import { visibleText } from '../visibleText';
import { counted } from '../words';
import { PromptEditor } from './promptEditor';

type UserItem = Extract<SessionItem, { kind: 'user' }>;

/** The prompts that wait: behind the running turn, or for the user when that was stopped or has failed. */
export function QueueList({ state }: { readonly state: LiveState }): JSX.Element | null {
  const { link } = usePanel();
  const queued = useMemo(() => queuedPrompts(state.items), [state.order]);
  const running = isRunning(state.status);
  if (queued.length === 0) {
    return null;
  }
  return (
    <div class="queue" data-testid="queue">
      {!running && (
        <div class="queue-head">
          <span>{counted(queued.length, 'prompt')} not sent</span>
          <Button onClick={() => link.command('queue/send', {})} testId="queue-send">
            Send
          </Button>
        </div>
      )}
      <ul aria-label="Queued prompts">
        {queued.map((item) => (
          <QueuedPrompt key={item.id} item={item} isTurnRunning={running} />
        ))}
      </ul>
    </div>
  );
}

function QueuedPrompt(props: {
  readonly item: UserItem;
  readonly isTurnRunning: boolean;
}): JSX.Element {
  const { item, isTurnRunning } = props;
  const { link } = usePanel();
  const [isEditing, setEditing] = useState(false);
  const quoted = `“${visibleText(item.text.slice(0, 60))}${item.text.length > 60 ? '…' : ''}”`;
  if (isEditing) {
    return (
      <li class="queue-item is-editing" tabIndex={-1} data-testid="queued">
        <PromptEditor
          label="Queued prompt"
          text={item.text}
          sendLabel="Save"
          testId="queued-editor"
          onCancel={() => setEditing(false)}
          onSend={async (text) => {
            const { ok } = await link.request('queue/edit', { itemId: item.id, text });
            setEditing(false);
            return ok ? undefined : 'This prompt was sent already.';
          }}
        />
      </li>
    );
  }
  return (
    <li class="queue-item" tabIndex={-1} data-testid="queued" data-steering={item.isSteering}>
      <Icon name={item.isSteering === true ? 'zap' : 'clock'} />
      <span class="queue-text" title={item.text.slice(0, 500)}>
        {item.text.slice(0, 200)}
      </span>
      {item.isSteering === true && isTurnRunning && (
        <span class="queue-note" title="It joins the running turn as soon as that takes words">
          joins this turn
        </span>
      )}
      {isTurnRunning && item.isSteering !== true && (
        <IconButton
          icon="zap"
          label={`Steer: let ${quoted} join the running turn`}
          onClick={() => link.command('queue/steer', { itemId: item.id })}
          testId="queued-steer"
        />
      )}
      <IconButton
        icon="edit"
        label={`Edit ${quoted}`}
        onClick={() => setEditing(true)}
        testId="queued-edit"
      />
      <IconButton
        icon="close"
        label={`Remove ${quoted} from the queue`}
        onClick={() => link.command('queue/remove', { itemId: item.id })}
        testId="queued-remove"
      />
    </li>
  );
}
