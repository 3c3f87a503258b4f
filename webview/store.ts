import { assertNever } from '../src/base/assertNever';
import type { SessionItem } from '../src/events/sessionItem';
import type { NotificationMessage } from '../src/protocol/envelope';
import { emptySnapshot } from '../src/protocol/emptySnapshot';
import { applyDeltas } from '../src/protocol/itemList';
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
  /** The end of the conversation. */
  readonly items: readonly SessionItem[];
  /** How many items the host has before these. */
  readonly before: number;
  /** How often items at the start were let go. */
  readonly trims: number;
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
  ...emptySnapshot,
  kind: 'live',
  isBehind: false,
  before: 0,
  trims: 0,
  order: [],
};

/** The notifications that change the state; the rest are commands to the page. */
export type StateMessage = NotificationMessage<
  | 'state/snapshot'
  | 'turn/events'
  | 'turn/text'
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
    case 'turn/text': {
      const { seq, id, delta } = message.params;
      return afterDeltas(state, { seq, deltas: [{ op: 'text', id, delta }] });
    }
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
    before: snapshot.itemsBefore ?? 0,
    trims: 0,
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
  const held = params.seq === state.seq + 1 ? applyDeltas(state, params.deltas) : undefined;
  if (held === undefined) {
    return { ...state, isBehind: true };
  }
  const { items, before } = held;
  const order = params.deltas.every((delta) => delta.op === 'text') ? state.order : items;
  return { ...state, seq: params.seq, items, before, order, status: params.status ?? state.status };
}

/** More items are not kept while the end is read: so many at the end stay, the host has the others. */
export const heldItems = { max: 1000, after: 700 } as const;

/** Lets the items at the start of a long list go. */
export function trimmed(state: LiveState): LiveState {
  const gone = state.items.length - heldItems.after;
  if (state.items.length <= heldItems.max) {
    return state;
  }
  const items = state.items.slice(gone);
  return { ...state, items, order: items, before: state.before + gone, trims: state.trims + 1 };
}

/** With items that stand before `firstId`; the same state when that is not the first one any more. */
export function withItemsBefore(
  state: LiveState,
  firstId: string,
  page: { readonly items: readonly SessionItem[]; readonly before: number },
): LiveState {
  if (state.items[0]?.id !== firstId) {
    return state;
  }
  const items = [...page.items, ...state.items];
  return { ...state, items, order: items, before: page.before };
}

export function isRunning(status: StatusView): boolean {
  return (
    status.phase === 'streaming' || status.phase === 'tooling' || status.phase === 'condensing'
  );
}
