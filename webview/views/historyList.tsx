import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { errorMessage } from '../../src/base/patchbayError';
import type { ModelView, Requests, SessionSummaryView } from '../../src/protocol/methods';
import { Icon, IconButton, TextField } from '../controls';
import { usePanel } from '../panel';
import { counted } from '../words';
import { HistoryItem } from './historyItem';

type SearchResult = Requests['session/search']['result'];

/** A word is looked for this long after its last letter. */
const searchDelayMs = 250;

/** The sessions: open, find, rename, export or delete one. */
export function HistoryList({
  models,
  onClose,
}: {
  readonly models: readonly ModelView[];
  readonly onClose: () => void;
}): JSX.Element {
  const { link } = usePanel();
  const [sessions, setSessions] = useState<readonly SessionSummaryView[] | undefined>(undefined);
  const [problem, setProblem] = useState('');
  const [query, setQuery] = useState('');
  const found = useSearch(query, setProblem);
  useEffect(() => {
    link
      .request('session/list', {})
      .then((result) => setSessions(result.sessions))
      .catch((error: unknown) =>
        setProblem(`The sessions could not be read; nothing was changed. ${errorMessage(error)}`),
      );
  }, [link]);
  const shown = sessions?.filter((session) => isWanted(session, query, found));
  const change = (id: string, next: (session: SessionSummaryView) => SessionSummaryView): void =>
    setSessions((before) =>
      before?.map((session) => (session.id === id ? next(session) : session)),
    );
  return (
    <main class="history" data-testid="history-list">
      <div class="history-head">
        <IconButton icon="arrow-left" label="Back to the session" onClick={onClose} />
        <h2>Sessions</h2>
      </div>
      <div class="history-search">
        <Icon name="search" />
        <TextField
          label="Search in all sessions"
          placeholder="Search in all sessions"
          value={query}
          onInput={setQuery}
          takesFocus
          testId="history-search"
        />
      </div>
      {problem !== '' && <p class="history-note">{problem}</p>}
      {sessions?.length === 0 && <p class="history-note">No earlier sessions in this folder.</p>}
      {sessions !== undefined && sessions.length > 0 && query.trim() !== '' && (
        <p class="history-note" role="status" data-testid="history-count">
          {found === 'searching' ? 'Searching…' : foundWords(shown?.length ?? 0, found)}
        </p>
      )}
      <ul class="history-items" aria-label="Sessions">
        {shown?.map((session) => (
          <HistoryItem
            key={session.id}
            session={session}
            modelName={nameOf(models, session.modelId)}
            excerpts={excerptsOf(session, found)}
            onOpen={() => {
              link.command('session/open', { sessionId: session.id });
              onClose();
            }}
            onRename={(title) => {
              link.command('session/rename', { sessionId: session.id, title });
              change(session.id, (before) => ({ ...before, title }));
            }}
            onExport={() => link.command('session/export', { sessionId: session.id })}
            onRemove={() => {
              link.command('session/remove', { sessionId: session.id });
              setSessions((before) => before?.filter(({ id }) => id !== session.id));
            }}
          />
        ))}
      </ul>
    </main>
  );
}

type Found = SearchResult | 'searching' | undefined;

/** What the texts of the sessions hold; a word that is being typed is not looked for yet. */
function useSearch(query: string, onProblem: (problem: string) => void): Found {
  const { link } = usePanel();
  const [found, setFound] = useState<Found>(undefined);
  useEffect(() => {
    if (query.trim() === '') {
      setFound(undefined);
      return undefined;
    }
    let isOld = false;
    setFound('searching');
    const timer = setTimeout(() => {
      link
        .request('session/search', { query: query.trim() })
        .then((result) => {
          if (!isOld) {
            setFound(result);
          }
        })
        .catch((error: unknown) => onProblem(`The search failed: ${errorMessage(error)}`));
    }, searchDelayMs);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [query, link]);
  return found;
}

/** A model that is no longer offered has no name but its id. */
function nameOf(models: readonly ModelView[], modelId: string | undefined): string | undefined {
  return models.find(({ id }) => id === modelId)?.name ?? modelId;
}

function isWanted(session: SessionSummaryView, query: string, found: Found): boolean {
  const wanted = query.trim().toLowerCase();
  return (
    wanted === '' ||
    session.title.toLowerCase().includes(wanted) ||
    excerptsOf(session, found).length > 0
  );
}

/** The first places in a session; one opens it and reads on there. */
const shownExcerpts = 3;

function excerptsOf(session: SessionSummaryView, found: Found): readonly string[] {
  return found === undefined || found === 'searching'
    ? []
    : found.matches
        .filter(({ sessionId }) => sessionId === session.id)
        .slice(0, shownExcerpts)
        .map(({ excerpt }) => excerpt);
}

function foundWords(count: number, found: SearchResult | undefined): string {
  if (count === 0) {
    return 'Nothing was found.';
  }
  const more = found?.isTruncated === true ? '; there is more than is shown' : '';
  return `${counted(count, 'session')}${more}`;
}
