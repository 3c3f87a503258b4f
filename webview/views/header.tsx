import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { StatusView } from '../../src/protocol/methods';
import { Icon, TextField, Visible } from '../controls';
import { memo } from '../memo';
import { usePanel } from '../panel';

export interface HeaderProps {
  readonly status: StatusView;
  readonly isEmpty: boolean;
  /** Nothing is known yet, also not that the session is new. */
  readonly isBlank: boolean;
}

/** Session title, a click renames it; and where the turns are produced, with what the gate sees of it. */
export const Header = memo(function Header({ status, isEmpty, isBlank }: HeaderProps): JSX.Element {
  const [draft, setDraft] = useState<string | undefined>(undefined);
  const { link } = usePanel();
  /** Taking the field away takes its focus too: that is no further wish. */
  const isOver = useRef(true);
  const end = (): void => {
    isOver.current = true;
    setDraft(undefined);
  };
  const save = (): void => {
    if (isOver.current) {
      return;
    }
    end();
    const title = draft?.trim() ?? '';
    if (title !== '' && title !== status.title) {
      link.command('session/rename', { title });
    }
  };
  return (
    <header class="header">
      {draft === undefined ? (
        <h1 class="header-title">
          <button
            type="button"
            class="title-button"
            title="Rename this session"
            disabled={isEmpty}
            onClick={() => {
              isOver.current = false;
              setDraft(status.title);
            }}
            data-testid="session-title"
          >
            <Visible
              text={status.title === '' && !isBlank ? 'New session' : status.title}
              isOneLine
            />
          </button>
        </h1>
      ) : (
        <div class="header-rename" onFocusOut={save}>
          <TextField
            label="Session title"
            value={draft}
            onInput={setDraft}
            onEnter={save}
            onEscape={end}
            takesFocus
            testId="rename-field"
          />
        </div>
      )}
      {status.instructionFiles.length > 0 && <Instructions files={status.instructionFiles} />}
      {status.runtimeName !== '' && <RuntimeBadge status={status} />}
    </header>
  );
});

/** The project's own instructions that the model was given with the latest turn. */
function Instructions({ files }: { readonly files: readonly string[] }): JSX.Element {
  const tooltip = `Given to the model as the project's instructions: ${files.join(', ')}`;
  return (
    <span class="badge instructions" title={tooltip} data-testid="instructions">
      <Icon name="book" />
      <span class="badge-name" aria-hidden="true">
        {files.length === 1 ? files[0] : `${files.length} files`}
      </span>
      <span class="only-spoken">{tooltip}</span>
    </span>
  );
}

const coverageWords = {
  all: { icon: 'workspace-trusted', text: 'Every tool call asks here' },
  asks: { icon: 'workspace-unknown', text: 'Only what the agent chooses to ask is asked here' },
  none: { icon: 'workspace-untrusted', text: 'The agent does not ask before it acts' },
} as const;

function RuntimeBadge({ status }: { readonly status: StatusView }): JSX.Element {
  const { coverage, runtimeName } = status;
  const words = coverage === undefined ? undefined : coverageWords[coverage.level];
  const note = coverage?.note ?? '';
  const tooltip =
    words === undefined ? runtimeName : `${words.text}${note === '' ? '' : `. ${note}`}`;
  return (
    <span class="badge" data-level={coverage?.level} title={tooltip} data-testid="runtime-badge">
      {words !== undefined && <Icon name={words.icon} />}
      <span class="badge-name">{runtimeName}</span>
      {words !== undefined && <span class="only-spoken">{tooltip}</span>}
    </span>
  );
}
