import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { errorMessage } from '../../src/base/patchbayError';
import type { SessionSummaryView } from '../../src/protocol/methods';
import { Button, Icon, IconButton, Visible } from '../controls';
import { usePanel } from '../panel';
import { ago } from '../words';

/** Earlier sessions: open one, or remove it after a question in its place. */
export function HistoryList({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const { link } = usePanel();
  const [sessions, setSessions] = useState<readonly SessionSummaryView[] | undefined>(undefined);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    link
      .request('session/list', {})
      .then((result) => setSessions(result.sessions))
      .catch((error: unknown) => setProblem(errorMessage(error)));
  }, [link]);
  const remove = (sessionId: string): void => {
    link.command('session/remove', { sessionId });
    setSessions((before) => before?.filter((session) => session.id !== sessionId));
  };
  return (
    <main
      class="history"
      data-testid="history-list"
      onKeyDown={(event) => {
        if (event.key === 'Escape') {
          event.preventDefault();
          onClose();
        }
      }}
    >
      <div class="history-head">
        <IconButton icon="arrow-left" label="Back to the session" onClick={onClose} />
        <h2>Sessions</h2>
      </div>
      {problem !== '' && <p class="history-note">{problem}</p>}
      {sessions?.length === 0 && <p class="history-note">No earlier sessions in this folder.</p>}
      <ul class="history-items" aria-label="Sessions">
        {sessions?.map((session) => (
          <HistoryItem
            key={session.id}
            session={session}
            onOpen={() => {
              link.command('session/open', { sessionId: session.id });
              onClose();
            }}
            onRemove={() => remove(session.id)}
          />
        ))}
      </ul>
    </main>
  );
}

interface HistoryItemProps {
  readonly session: SessionSummaryView;
  readonly onOpen: () => void;
  readonly onRemove: () => void;
}

function HistoryItem({ session, onOpen, onRemove }: HistoryItemProps): JSX.Element {
  const { nowMs } = usePanel();
  const [isAsking, setAsking] = useState(false);
  if (isAsking) {
    return (
      <li class="history-item is-asking">
        <span>Remove this session for good?</span>
        <span class="actions">
          <Button onClick={onRemove} testId="history-remove-confirm">
            Remove
          </Button>
          <Button onClick={() => setAsking(false)}>Keep</Button>
        </span>
      </li>
    );
  }
  return (
    <li class="history-item" aria-current={session.isCurrent ? true : undefined}>
      <button type="button" class="history-open" onClick={onOpen} data-session-id={session.id}>
        <span class="history-title">
          <Visible text={session.title === '' ? 'Untitled' : session.title} isOneLine />
        </span>
        {session.preview !== undefined && (
          <span class="history-preview">
            <Visible text={session.preview} isOneLine />
          </span>
        )}
        <span class="history-facts">
          {ago(session.updatedAtMs, nowMs())}
          {session.modelId !== undefined && ` · ${session.modelId}`}
          {session.isCurrent && (
            <>
              {' · '}
              <Icon name="circle-filled" /> open
            </>
          )}
        </span>
      </button>
      <IconButton
        icon="trash"
        label="Remove this session"
        onClick={() => setAsking(true)}
        testId="history-remove"
      />
    </li>
  );
}
