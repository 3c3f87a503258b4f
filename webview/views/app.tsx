import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Event } from '../../src/base/emitter';
import { useFocusKeeper } from '../focusKeeper';
import { useMarkdown, usePanel } from '../panel';
import type { PanelStore } from '../panelStore';
import { blankState, isRunning, type LiveState } from '../store';
import type { Surface } from '../surface';
import { Composer } from './composer';
import { EmptyState } from './emptyState';
import { Header } from './header';
import { HistoryList } from './historyList';
import { LiveRegion } from './liveRegion';
import { MessageList } from './messageList';
import { ChangesBar } from './changesBar';
import { PendingBar } from './pendingBar';

export interface AppProps {
  readonly store: PanelStore;
  readonly onShow: Event<Surface>;
}

export function App({ store, onShow }: AppProps): JSX.Element {
  const [state, setState] = useState(store.state);
  const [surface, setSurface] = useState<Surface>('chat');
  const panel = useRef<HTMLDivElement>(null);
  useFocusKeeper(panel);
  useEffect(() => {
    const listening = store.onDidChange(setState);
    setState(store.state);
    return () => listening.dispose();
  }, [store]);
  useEffect(() => {
    const listening = onShow(setSurface);
    return () => listening.dispose();
  }, [onShow]);
  return (
    <div ref={panel} class="panel">
      {state.kind === 'foreign' ? (
        <main class="foreign">
          This view and the extension are of different versions. Run &quot;Developer: Reload
          Window&quot; from the command palette.
        </main>
      ) : (
        <Session
          state={state.kind === 'live' ? state : blankState}
          surface={surface}
          onSurface={setSurface}
        />
      )}
      <LiveRegion onAnnounce={store.onDidAnnounce} />
    </div>
  );
}

interface SessionProps {
  readonly state: LiveState;
  readonly surface: Surface;
  readonly onSurface: (surface: Surface) => void;
}

function Session({ state, surface, onSurface }: SessionProps): JSX.Element {
  const { link } = usePanel();
  const markdown = useMarkdown();
  const running = isRunning(state.status);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) {
        return;
      }
      // What lies over the conversation goes first: who closes it does not mean the turn.
      if (surface !== 'chat') {
        event.preventDefault();
        onSurface('chat');
      } else if (running) {
        event.preventDefault();
        link.command('turn/stop', {});
      }
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [link, running, surface, onSurface]);
  const isEmpty = state.items.length === 0 && state.prompts.length === 0;
  useLeavingHistory(state, surface, onSurface);
  return (
    <>
      <Header status={state.status} isEmpty={isEmpty} isBlank={state === blankState} />
      {surface === 'history' ? (
        <HistoryList models={state.setup.models} onClose={() => onSurface('chat')} />
      ) : state === blankState ? (
        <main class="conversation" />
      ) : isEmpty ? (
        <EmptyState setup={state.setup} modelId={state.status.modelId} />
      ) : markdown === 'loading' ? (
        <main class="conversation" />
      ) : (
        <MessageList key={`${state.sessionId} ${state.trims}`} state={state} />
      )}
      <footer class="footer">
        <PendingBar edits={state.edits} />
        <ChangesBar changes={state.changes} />
        <Composer state={state} surface={surface} onSurface={onSurface} />
      </footer>
    </>
  );
}

/** Another session that is opened, from wherever, is seen: the list is left for it. */
function useLeavingHistory(
  { sessionId, items }: LiveState,
  surface: Surface,
  onSurface: (surface: Surface) => void,
): void {
  const shown = useRef(sessionId);
  useEffect(() => {
    const isOther = shown.current !== sessionId;
    shown.current = sessionId;
    // The new, empty session in the place of a deleted one leaves the list open.
    if (isOther && items.length > 0 && surface === 'history') {
      onSurface('chat');
    }
  }, [sessionId]);
}
