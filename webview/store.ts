import { assertNever } from '../src/base/assertNever';
import type { SessionDelta, SessionItem } from '../src/events/sessionItem';
import type { NotificationMessage } from '../src/protocol/envelope';
import {
  protocolVersion,
  type ChangeView,
  type EditView,
  type Notifications,
  type PanelSnapshot,
  type PromptView,
  type SetupView,
  type StatusView,
} from '../src/protocol/methods';

/** What the panel draws. It is a copy: the host owns it and a snapshot replaces it whole. */
export type PanelState =
  /** No snapshot yet. */
  | { readonly kind: 'waiting' }
  /** The host speaks another version of the protocol: only a reload helps. */
  | { readonly kind: 'foreign' }
  | LiveState;

export interface LiveState {
  readonly kind: 'live';
  /** Number of the last delta message that is in `items`. */
  readonly seq: number;
  /** A delta was missed: nothing more is applied until the snapshot comes. */
  readonly isBehind: boolean;
  readonly sessionId: string;
  readonly items: readonly SessionItem[];
  /** Another object whenever more than text was added: what depends only on which items there are need not look again. */
  readonly order: object;
  readonly prompts: readonly PromptView[];
  readonly edits: readonly EditView[];
  readonly changes: readonly ChangeView[];
  readonly status: StatusView;
  readonly setup: SetupView;
  /** The host's draft as of the snapshot. */
  readonly draft: string;
}

/** Drawn until the first snapshot: the frame and the composer, which can be typed into. */
export const blankState: LiveState = {
  kind: 'live',
  seq: 0,
  isBehind: false,
  sessionId: '',
  items: [],
  order: [],
  prompts: [],
  edits: [],
  changes: [],
  status: {
    phase: 'idle',
    title: '',
    modelId: '',
    modelName: '',
    runtimeName: '',
    mode: 'ask',
    queuedCount: 0,
    instructionFiles: [],
  },
  setup: {
    isTrusted: true,
    hasFolder: true,
    isProbing: false,
    runtimes: [],
    models: [],
    examples: [],
  },
  draft: '',
};

/** The notifications that change the state; the rest are commands to the page. */
export type StateMessage = NotificationMessage<
  | 'state/snapshot'
  | 'turn/events'
  | 'prompt/changed'
  | 'edit/changed'
  | 'change/changed'
  | 'setup/changed'
>;

/** Pure: the state after a message. A repeated delta changes nothing, a missed one sets `isBehind`. */
export function reduce(state: PanelState, message: StateMessage): PanelState {
  if (message.method === 'state/snapshot') {
    return fromSnapshot(message.params);
  }
  if (state.kind !== 'live') {
    return state; // the snapshot that is on its way holds this already
  }
  switch (message.method) {
    case 'turn/events':
      return afterDeltas(state, message.params);
    case 'prompt/changed':
      return { ...state, prompts: message.params.prompts };
    case 'edit/changed':
      return { ...state, edits: message.params.edits };
    case 'change/changed':
      return { ...state, changes: message.params.changes };
    case 'setup/changed':
      return { ...state, setup: message.params };
    default:
      return assertNever(message);
  }
}

function fromSnapshot(snapshot: PanelSnapshot): PanelState {
  if (snapshot.version !== protocolVersion) {
    return { kind: 'foreign' };
  }
  const { seq, sessionId, items, prompts, edits, changes, status, setup, draft } = snapshot;
  return {
    kind: 'live',
    seq,
    isBehind: false,
    sessionId,
    items,
    order: items,
    prompts,
    edits,
    changes,
    status,
    setup,
    draft,
  };
}

function afterDeltas(state: LiveState, params: Notifications['turn/events']): LiveState {
  if (state.isBehind || params.seq <= state.seq) {
    return state;
  }
  const items = params.seq === state.seq + 1 ? applyDeltas(state.items, params.deltas) : undefined;
  if (items === undefined) {
    return { ...state, isBehind: true };
  }
  const order = params.deltas.every((delta) => delta.op === 'text') ? state.order : items;
  return { ...state, seq: params.seq, items, order, status: params.status ?? state.status };
}

/**
 * Applies deltas in order; undefined when one speaks of an item that is not there. The cost of a message does not
 * depend on how long the session is but for one copy of the list of references: what changes is near its end, and
 * is looked for from there.
 */
export function applyDeltas(
  items: readonly SessionItem[],
  deltas: readonly SessionDelta[],
): readonly SessionItem[] | undefined {
  if (deltas.length === 0) {
    return items;
  }
  const next = items.slice();
  for (const delta of deltas) {
    if (!applyDelta(next, delta)) {
      return undefined;
    }
  }
  return next;
}

function applyDelta(items: SessionItem[], delta: SessionDelta): boolean {
  switch (delta.op) {
    case 'add': {
      const known = indexOfItem(items, delta.item.id);
      if (known >= 0) {
        items[known] = delta.item;
      } else {
        items.splice(delta.index ?? items.length, 0, delta.item);
      }
      return true;
    }
    case 'text': {
      const index = indexOfItem(items, delta.id);
      const item = items[index];
      if (item?.kind !== 'text' && item?.kind !== 'thinking') {
        return false;
      }
      items[index] = { ...item, text: item.text + delta.delta };
      return true;
    }
    case 'replace': {
      const index = indexOfItem(items, delta.item.id);
      if (index < 0) {
        return false;
      }
      items[index] = delta.item;
      return true;
    }
    case 'remove': {
      const index = indexOfItem(items, delta.id);
      if (index >= 0) {
        items.splice(index, 1);
      }
      return true;
    }
    default:
      return assertNever(delta);
  }
}

function indexOfItem(items: readonly SessionItem[], id: string): number {
  return items.findLastIndex((item) => item.id === id);
}

export function isRunning(status: StatusView): boolean {
  return (
    status.phase === 'streaming' || status.phase === 'tooling' || status.phase === 'condensing'
  );
}
