import { createElement, render } from 'preact';
import { systemClock } from '../src/base/clock';
import { Emitter } from '../src/base/emitter';
import { notificationMessage } from '../src/protocol/envelope';
import {
  protocolVersion,
  type DraftPicture,
  type NotificationHandlers,
  type PromptImage,
} from '../src/protocol/methods';
import { createCodePainter } from './codePainter';
import {
  PanelContext,
  type HistoryLoader,
  type LayoutStore,
  type MarkdownLoader,
  type Panel,
} from './panel';
import { PanelStore } from './panelStore';
import { RowMemory } from './rowMemory';
import { HostLink } from './rpc';
import { emptyLayout, toLayoutState, type LayoutState, type VsCodeApi } from './vscodeApi';
import type { Surface } from './surface';
import { App } from './views/app';

/** Colours come when the text is there and read, not with it. */
const colourDelayMs = 120;

/** How often a snapshot is asked for while a missed delta keeps the panel from following. */
const resyncEveryMs = 5000;

/** Builds every object of the page and draws it. */
function start(vscode: VsCodeApi, root: HTMLElement): void {
  const store = new PanelStore({ nextFrame: (run) => requestAnimationFrame(run) });
  const memory = new RowMemory();
  const shows = new Emitter<Surface>();
  const inserts = new Emitter<string>();
  const pictures = new Emitter<readonly PromptImage[]>();
  const putBacks = new Emitter<DraftPicture>();
  const focuses = new Emitter<void>();
  const handlers: NotificationHandlers = {
    'state/snapshot': (params) => {
      memory.show(params.sessionId);
      store.accept(notificationMessage('state/snapshot', params));
    },
    'turn/events': (params) => store.accept(notificationMessage('turn/events', params)),
    'turn/text': (params) => store.accept(notificationMessage('turn/text', params)),
    'prompt/changed': (params) => store.accept(notificationMessage('prompt/changed', params)),
    'change/changed': (params) => store.accept(notificationMessage('change/changed', params)),
    'edit/changed': (params) => store.accept(notificationMessage('edit/changed', params)),
    'setup/changed': (params) => store.accept(notificationMessage('setup/changed', params)),
    'composer/insert': ({ text }) => inserts.fire(text),
    'composer/picture': (picture) => putBacks.fire(picture),
    'composer/focus': () => {
      shows.fire('chat'); // whoever is to write sees what they write to
      focuses.fire();
    },
    'view/show': ({ what }) => shows.fire(what),
  };
  const layout = createLayoutStore(vscode);
  const anchor = (): { readonly anchorId?: string } => {
    const { itemId } = layout.current.anchor ?? {};
    return itemId === undefined ? {} : { anchorId: itemId };
  };
  const resync = (): void => {
    const { state } = store;
    if (state.kind === 'live' && state.isBehind) {
      link.command('view/resync', { lastSeq: state.seq, ...anchor() });
      systemClock.schedule(resyncEveryMs, resync);
    }
  };
  const link = new HostLink({
    post: (message) => vscode.postMessage(message),
    clock: systemClock,
    handlers,
    // What does not fit may have been a delta: the snapshot tells.
    onBroken: () => {
      const { state } = store;
      if (state.kind === 'live' && !state.isBehind) {
        link.command('view/resync', { lastSeq: state.seq, ...anchor() });
      }
    },
  });
  store.onDidFallBehind(resync);
  window.addEventListener('message', (event) => link.accept(event.data));

  const markdown = loadMarkdown();
  const panel: Panel = {
    link,
    markdown,
    codePainter: createCodePainter(
      () => (markdown.current === 'loading' ? undefined : markdown.current),
      async () => (await import('./highlight')).createHighlighter(),
      (run) => setTimeout(() => requestIdleCallback(run, { timeout: 1000 }), colourDelayMs),
    ),
    memory,
    history: createHistoryLoader(store, link),
    layout,
    onInsert: inserts.event,
    onFocusComposer: focuses.event,
    insertPrompt: (text) => inserts.fire(text),
    insertPictures: (images) => pictures.fire(images),
    onInsertPictures: pictures.event,
    onPutBackPicture: putBacks.event,
    nowMs: () => Date.now(),
  };
  render(
    createElement(PanelContext.Provider, {
      value: panel,
      children: createElement(App, { store, onShow: shows.event }),
    }),
    root,
  );
  link.command('view/ready', { version: protocolVersion, ...anchor() });
  afterFirstPaint(() => void upgradeControls());
}

function loadMarkdown(): MarkdownLoader {
  const loads = new Emitter<void>();
  let current: MarkdownLoader['current'] = 'loading';
  import('./markdown')
    .then(({ createMarkdownRenderer }) => {
      const renderer = createMarkdownRenderer(window);
      current = renderer;
      // While the host makes its snapshot there is time.
      requestIdleCallback(() => renderer.warmUp());
    })
    .catch(() => {
      current = undefined; // texts are shown as they are written
    })
    .finally(() => loads.fire());
  return {
    get current() {
      return current;
    },
    onDidLoad: loads.event,
  };
}

/** Items of one request: a few screens of them. */
const pageItems = 100;

function createHistoryLoader(store: PanelStore, link: HostLink): HistoryLoader {
  let isLoading = false;
  const load = async (): Promise<void> => {
    const { state } = store;
    const [first] = state.kind === 'live' ? state.items : [];
    if (state.kind !== 'live' || state.before === 0 || first === undefined || isLoading) {
      return;
    }
    isLoading = true;
    try {
      const page = await link.request('item/before', { itemId: first.id, count: pageItems });
      store.prepend(state.sessionId, first.id, page);
    } catch {
      // The extension did not answer: the next movement of the list asks again.
    } finally {
      isLoading = false;
    }
  };
  return { loadBefore: () => void load(), trim: () => store.trim() };
}

function createLayoutStore(vscode: VsCodeApi): LayoutStore {
  let current: LayoutState = toLayoutState(vscode.getState() ?? emptyLayout);
  return {
    get current() {
      return current;
    },
    update: (change) => {
      current = { ...current, ...change };
      vscode.setState(current);
    },
  };
}

function afterFirstPaint(run: () => void): void {
  requestAnimationFrame(() => setTimeout(run, 0));
}

async function upgradeControls(): Promise<void> {
  try {
    (await import('./toolkit')).upgradeControls();
  } catch {
    // The plain look stays, and the elements take keys through the fallback of `plainControls`.
    (await import('./plainControls')).definePlainControls();
  }
}

const root = document.getElementById('root');
if (root !== null) {
  start(acquireVsCodeApi(), root);
}
