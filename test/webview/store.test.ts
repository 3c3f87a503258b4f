import { describe, expect, it } from 'vitest';
import type { SessionDelta, SessionItem } from '../../src/events/sessionItem';
import { notificationMessage } from '../../src/protocol/envelope';
import type { Notifications, PanelSnapshot } from '../../src/protocol/methods';
import { applyDeltas } from '../../src/protocol/itemList';
import { blankState, reduce, type LiveState, type PanelState } from '../../webview/store';

const text = (id: string, words: string, isOpen = true): SessionItem => ({
  kind: 'text',
  id,
  text: words,
  isOpen,
});
const user = (id: string): SessionItem => ({ kind: 'user', id, text: id });

const snapshot: PanelSnapshot = {
  version: 1,
  seq: 7,
  sessionId: 's',
  title: 'T',
  items: [user('u'), text('a', 'one')],
  prompts: [],
  edits: [],
  changes: [],
  status: {
    phase: 'streaming',
    title: 'T',
    modelId: 'm',
    modelName: 'M',
    runtimeName: 'R',
    mode: 'ask',
    queuedCount: 0,
    instructionFiles: [],
  },
  setup: blankState.setup,
  draft: 'half',
};

function live(change: Partial<PanelSnapshot> = {}): LiveState {
  const state = reduce(
    { kind: 'waiting' },
    notificationMessage('state/snapshot', { ...snapshot, ...change }),
  );
  if (state.kind !== 'live') {
    throw new Error(state.kind);
  }
  return state;
}

function afterEvents(state: PanelState, params: Notifications['turn/events']): PanelState {
  return reduce(state, notificationMessage('turn/events', params));
}

describe('reduce', () => {
  it('takes everything from a snapshot and forgets what was there', () => {
    const old = afterEvents(live(), { seq: 9, deltas: [] });
    const state = reduce(old, notificationMessage('state/snapshot', { ...snapshot, seq: 20 }));
    expect(state).toEqual({
      kind: 'live',
      seq: 20,
      isBehind: false,
      sessionId: 's',
      items: snapshot.items,
      before: 0,
      trims: 0,
      order: snapshot.items,
      prompts: [],
      edits: [],
      changes: [],
      status: snapshot.status,
      setup: snapshot.setup,
      draft: 'half',
    });
  });

  it('tells text from what changes which items there are', () => {
    const start = live();
    const grown = afterEvents(start, { seq: 8, deltas: [{ op: 'text', id: 'a', delta: 'x' }] });
    const added = afterEvents(grown, { seq: 9, deltas: [{ op: 'add', item: user('b') }] });
    expect(grown.kind === 'live' && grown.order).toBe(start.order);
    expect(added.kind === 'live' && added.order).not.toBe(start.order);
  });

  it('asks for a reload when the host speaks another version', () => {
    expect(
      reduce(
        { kind: 'waiting' },
        notificationMessage('state/snapshot', { ...snapshot, version: 2 }),
      ),
    ).toEqual({ kind: 'foreign' });
  });

  it('applies the next delta and takes the status that comes with it', () => {
    const status = { ...snapshot.status, phase: 'idle' as const };
    const state = afterEvents(live(), {
      seq: 8,
      deltas: [{ op: 'text', id: 'a', delta: ' two' }],
      status,
    });
    expect(state).toMatchObject({ seq: 8, status, items: [user('u'), text('a', 'one two')] });
  });

  it('[R220] loses and doubles no delta: a repeated one is ignored, a missed one stops until the snapshot', () => {
    const next = { seq: 8, deltas: [{ op: 'text', id: 'a', delta: ' two' }] } as const;
    const once = afterEvents(live(), next);
    expect(afterEvents(once, next)).toBe(once);

    const behind = afterEvents(once, {
      seq: 10,
      deltas: [{ op: 'text', id: 'a', delta: ' four' }],
    });
    expect(behind).toMatchObject({
      seq: 8,
      isBehind: true,
      items: [user('u'), text('a', 'one two')],
    });
    expect(
      afterEvents(behind, { seq: 9, deltas: [{ op: 'text', id: 'a', delta: ' three' }] }),
    ).toBe(behind);

    const items = [user('u'), text('a', 'one two three four')];
    const healed = reduce(
      behind,
      notificationMessage('state/snapshot', { ...snapshot, seq: 10, items }),
    );
    expect(healed).toMatchObject({ seq: 10, isBehind: false, items });
  });

  it('is behind when a delta speaks of an item that it does not have', () => {
    expect(
      afterEvents(live(), { seq: 8, deltas: [{ op: 'text', id: 'gone', delta: 'x' }] }),
    ).toMatchObject({ seq: 7, isBehind: true });
    expect(
      afterEvents(live(), { seq: 8, deltas: [{ op: 'replace', item: user('gone') }] }),
    ).toMatchObject({ seq: 7, isBehind: true });
  });

  it('takes prompts, edits and setup at once, also while it is behind', () => {
    const behind = afterEvents(live(), { seq: 12, deltas: [] });
    const setup = { ...snapshot.setup, isProbing: true };
    expect(reduce(behind, notificationMessage('setup/changed', setup))).toMatchObject({ setup });
  });

  it('waits for the first snapshot and drops what comes before it', () => {
    const waiting: PanelState = { kind: 'waiting' };
    expect(afterEvents(waiting, { seq: 1, deltas: [] })).toBe(waiting);
    expect(reduce(waiting, notificationMessage('prompt/changed', { prompts: [] }))).toBe(waiting);
  });
});

function apply(
  items: readonly SessionItem[],
  deltas: readonly SessionDelta[],
): readonly SessionItem[] | undefined {
  return applyDeltas({ items, before: 0 }, deltas)?.items;
}

describe('applyDeltas', () => {
  it('closes a text or a thought, which keeps what it says, and nothing else', () => {
    const thought: SessionItem = { kind: 'thinking', id: 't', text: 'hm', isOpen: true };
    expect(
      apply(
        [text('a', 'x'), thought],
        [
          { op: 'close', id: 'a' },
          { op: 'close', id: 't', durationMs: 5 },
        ],
      ),
    ).toEqual([text('a', 'x', false), { ...thought, isOpen: false, durationMs: 5 }]);
    expect(apply([user('u')], [{ op: 'close', id: 'u' }])).toBeUndefined();
  });

  it('adds at the end or at the place it is told, and a known id replaces', () => {
    const items = [user('a'), user('b')];
    expect(
      apply(items, [
        { op: 'add', item: user('d') },
        { op: 'add', item: user('c'), index: 2 },
        { op: 'add', item: text('a', 'new') },
      ]),
    ).toEqual([text('a', 'new'), user('b'), user('c'), user('d')]);
  });

  it('removes, also what is not there any more', () => {
    expect(
      apply(
        [user('a')],
        [
          { op: 'remove', id: 'a' },
          { op: 'remove', id: 'a' },
        ],
      ),
    ).toEqual([]);
  });

  it('leaves the list it was given alone and keeps the items that did not change', () => {
    const items = [user('a'), text('b', 'x')];
    const next = apply(items, [{ op: 'text', id: 'b', delta: 'y' }]);
    expect(items).toEqual([user('a'), text('b', 'x')]);
    expect(next?.[0]).toBe(items[0]);
  });
});
