import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { SessionSummaryView } from '../../src/protocol/methods';
import { Button, Icon, IconButton, TextField, Visible } from '../controls';
import { usePanel } from '../panel';
import { visibleText } from '../visibleText';
import { ago } from '../words';

export interface HistoryItemProps {
  readonly session: SessionSummaryView;
  readonly modelName: string | undefined;
  /** Where the word that is looked for stands. */
  readonly excerpts: readonly string[];
  readonly onOpen: () => void;
  readonly onRename: (title: string) => void;
  readonly onExport: () => void;
  readonly onRemove: () => void;
}

/** One session of the list. It is renamed in its place, and deleted after a question there. */
export function HistoryItem(props: HistoryItemProps): JSX.Element {
  const { session } = props;
  const shownTitle = session.title === '' ? 'Untitled' : session.title;
  const quoted = `“${visibleText(shownTitle)}”`;
  const [isAsking, setAsking] = useState(false);
  const [title, setTitle] = useState<string | undefined>(undefined);
  /** Taking the field away takes its focus too: that is no further wish. */
  const isOver = useRef(false);
  if (isAsking) {
    return (
      <li
        class="history-item is-asking"
        tabIndex={-1}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            event.preventDefault();
            setAsking(false);
          }
        }}
      >
        <span role="alert">Delete this session and all its branches for good?</span>
        <span class="actions">
          <Button onClick={props.onRemove} testId="history-remove-confirm">
            Delete
          </Button>
          <Button onClick={() => setAsking(false)} takesFocus testId="history-keep">
            Keep
          </Button>
        </span>
      </li>
    );
  }
  if (title !== undefined) {
    const end = (): void => {
      isOver.current = true;
      setTitle(undefined);
    };
    const save = (): void => {
      if (isOver.current) {
        return;
      }
      end();
      const wanted = title.trim();
      if (wanted !== '' && wanted !== session.title) {
        props.onRename(wanted);
      }
    };
    return (
      // A place of its own: the button that was pressed is not in it, and its focus is not the field's.
      <li key="renaming" class="history-item is-renaming" onFocusOut={save}>
        <TextField
          label="Session title"
          value={title}
          onInput={setTitle}
          onEnter={save}
          onEscape={end}
          takesFocus
          testId="history-rename-field"
        />
      </li>
    );
  }
  return (
    <li class="history-item" tabIndex={-1} aria-current={session.isCurrent ? true : undefined}>
      <button
        type="button"
        class="history-open"
        onClick={props.onOpen}
        data-session-id={session.id}
      >
        <span class="history-title">
          <Visible text={shownTitle} isOneLine />
        </span>
        {props.excerpts.length === 0 && session.preview !== undefined && (
          <span class="history-preview">
            <Visible text={session.preview} isOneLine />
          </span>
        )}
        {props.excerpts.map((excerpt, index) => (
          <span key={index} class="history-preview" data-testid="history-excerpt">
            <Visible text={excerpt} isOneLine />
          </span>
        ))}
        <HistoryFacts session={session} modelName={props.modelName} />
      </button>
      <span class="history-actions">
        {session.isNewer !== true && (
          <>
            <IconButton
              icon="edit"
              label={`Rename ${quoted}`}
              onClick={() => {
                isOver.current = false;
                setTitle(session.title);
              }}
              testId="history-rename"
            />
            <IconButton
              icon="export"
              label={`Export ${quoted}`}
              onClick={props.onExport}
              testId="history-export"
            />
          </>
        )}
        <IconButton
          icon="trash"
          label={`Delete ${quoted}`}
          onClick={() => setAsking(true)}
          testId="history-remove"
        />
      </span>
    </li>
  );
}

const stateLooks = {
  running: { icon: 'circle-filled', word: 'running' },
  waiting: { icon: 'question', word: 'waits for you' },
} as const;

function HistoryFacts({
  session,
  modelName,
}: Pick<HistoryItemProps, 'session' | 'modelName'>): JSX.Element {
  const { nowMs } = usePanel();
  const look = session.state === undefined ? undefined : stateLooks[session.state];
  return (
    <span class="history-facts">
      {session.isCurrent && (
        <>
          <Icon name="circle-filled" /> open{' · '}
        </>
      )}
      {look !== undefined && (
        <span class="history-state" data-state={session.state} data-testid="history-state">
          <Icon name={look.icon} /> {look.word}
          {' · '}
        </span>
      )}
      {ago(session.updatedAtMs, nowMs())}
      {modelName !== undefined && ` · ${modelName}`}
    </span>
  );
}
