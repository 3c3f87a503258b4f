import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import { Emitter } from '../../../src/base/emitter';
import type { SessionDelta, SessionItem } from '../../../src/events/sessionItem';
import { addDelta, PanelFeed } from '../../../src/host/panelFeed';
import type { PanelChange, PanelContent, PanelSource } from '../../../src/host/panelSource';
import type { NotificationMessage } from '../../../src/protocol/envelope';
import { applyDeltas } from '../../../src/protocol/itemList';
import { checkHostMessage } from '../../../src/protocol/hostMessageGuard';
import type {
  ChangeView,
  DraftPicture,
  EditView,
  HostMessage,
  NotificationMethod,
  PromptView,
  SetupView,
  StatusView,
} from '../../../src/protocol/methods';
import { FakeClock } from '../../fakes/fakeClock';

const status: StatusView = {
  phase: 'idle',
  title: '',
  modelId: 'm',
  modelName: 'M',
  runtimeName: 'R',
  mode: 'ask',
  queuedCount: 0,
  instructionFiles: [],
};
const setup: SetupView = {
  isTrusted: true,
  hasFolder: true,
  isProbing: false,
  runtimes: [],
  models: [],
  examples: [],
};
const prompt: PromptView = {
  id: 'q',
  digest: 'd',
  callId: 'c',
  asker: 'A',
  toolName: 'run_command',
  effects: [],
  reason: 'commands always ask',
  inputText: '{}',
};

/** A conversation of texts that can grow, with the announcements the view lives on. */
class FakeSource implements PanelSource {
  readonly session = new Emitter<PanelChange>();
  readonly replaced = new Emitter<void>();
  readonly prompts = new Emitter<readonly PromptView[]>();
  readonly edits = new Emitter<readonly EditView[]>();
  readonly setup = new Emitter<SetupView>();
  readonly onDidChangeSession = this.session.event;
  readonly onDidReplaceSession = this.replaced.event;
  readonly onDidChangePrompts = this.prompts.event;
  readonly onDidChangeEdits = this.edits.event;
  readonly onDidChangeChanges = new Emitter<readonly ChangeView[]>().event;
  readonly onDidChangeSetup = this.setup.event;
  items: readonly SessionItem[] = [];
  open: readonly PromptView[] = [];

  get requests(): never {
    throw new Error('not used here');
  }
  get commands(): never {
    throw new Error('not used here');
  }

  content(): PanelContent {
    return {
      sessionId: 's',
      title: '',
      items: this.items,
      prompts: this.open,
      edits: [],
      changes: [],
      status,
      setup,
    };
  }

  change(...deltas: readonly SessionDelta[]): void {
    this.items = applied(this.items, deltas);
    this.session.fire({ deltas });
  }
}

function applied(
  items: readonly SessionItem[],
  deltas: readonly SessionDelta[],
): readonly SessionItem[] {
  return applyDeltas({ items, before: 0 }, deltas)?.items ?? [];
}

const text = (id: string, value = ''): SessionItem => ({
  kind: 'text',
  id,
  text: value,
  isOpen: true,
});

function start(pictures: Promise<readonly DraftPicture[]> = Promise.resolve([])) {
  const source = new FakeSource();
  const clock = new FakeClock();
  const posted: HostMessage[] = [];
  const feed = new PanelFeed({
    source,
    clock,
    draft: { read: () => 'my draft', write: () => undefined },
    pictures: { list: () => pictures },
    post: (message) => void posted.push(message),
  });
  const of = (method: NotificationMethod): readonly unknown[] =>
    posted.map(notification).flatMap((sent) => (sent?.method === method ? [sent.params] : []));
  return { source, clock, posted, feed, of };
}

describe('what the host tells the view', () => {
  it('is nothing before the view is ready, then everything at once with the draft', () => {
    const { source, feed, posted, of } = start();
    source.change({ op: 'add', item: text('a', 'early') });
    expect(posted).toEqual([]);
    feed.ready();
    expect(of('state/snapshot')).toEqual([
      { ...source.content(), version: 1, seq: 0, draft: 'my draft' },
    ]);
  });

  it('is at most one numbered message per frame, with the text deltas of a block joined', async () => {
    const { source, clock, feed, of } = start();
    feed.ready();
    source.change({ op: 'add', item: text('a') });
    for (const delta of ['one ', 'two ', 'three']) {
      source.change({ op: 'text', id: 'a', delta });
    }
    expect(of('turn/events')).toEqual([]);
    await clock.advance(16);
    source.change({ op: 'text', id: 'a', delta: '!' });
    await clock.advance(48);
    expect(of('turn/events')).toEqual([
      {
        seq: 1,
        deltas: [
          { op: 'add', item: text('a') },
          { op: 'text', id: 'a', delta: 'one two three' },
        ],
      },
    ]);
    expect(of('turn/text')).toEqual([{ seq: 2, id: 'a', delta: '!' }]);
  });

  it('is text alone some frames later, but the first of it, much of it and all else in the next frame', async () => {
    const { source, clock, feed, of } = start();
    feed.ready();
    source.change({ op: 'add', item: text('a') });
    await clock.advance(1000);
    source.change({ op: 'text', id: 'a', delta: 'first' });
    await clock.advance(16);
    expect(of('turn/text')).toHaveLength(1);
    source.change({ op: 'text', id: 'a', delta: 'second' });
    await clock.advance(16);
    expect(of('turn/text')).toHaveLength(1);
    source.change({ op: 'text', id: 'a', delta: 'x'.repeat(1024) });
    await clock.advance(16);
    expect(of('turn/text')).toHaveLength(2);
    source.change({ op: 'text', id: 'a', delta: 'last' });
    source.change({ op: 'replace', item: text('a', 'whole') });
    await clock.advance(16);
    expect(of('turn/events')).toHaveLength(2);
  });

  it('tells the status again only when it is another one', async () => {
    const { source, clock, feed, of } = start();
    feed.ready();
    source.session.fire({ deltas: [], status: { ...status } });
    await clock.advance(100);
    expect(of('turn/events')).toEqual([]);
    const streaming: StatusView = { ...status, phase: 'streaming' };
    source.session.fire({ deltas: [], status: streaming });
    source.session.fire({ deltas: [], status: { ...streaming } });
    await clock.advance(100);
    expect(of('turn/events')).toEqual([{ seq: 1, deltas: [], status: streaming }]);
  });

  it('is a prompt at once, while deltas still wait for their frame', () => {
    const { source, feed, posted } = start();
    feed.ready();
    source.change({ op: 'text', id: 'a', delta: 'a lot of text' });
    source.prompts.fire([prompt]);
    expect(posted.at(-1)).toEqual({
      type: 'notification',
      method: 'prompt/changed',
      params: { prompts: [prompt] },
    });
  });

  it('shows an open prompt again, once, to a view that was hidden or killed meanwhile', () => {
    const { source, feed, of } = start();
    feed.ready();
    feed.hidden();
    source.open = [prompt];
    source.prompts.fire(source.open);
    expect(of('prompt/changed')).toEqual([]);
    feed.ready();
    expect(of('state/snapshot')).toMatchObject([{ prompts: [] }, { prompts: [prompt] }]);
  });

  it('is nothing while the view is hidden: no delta, no timer', async () => {
    const { source, clock, feed, posted } = start();
    feed.ready();
    source.change({ op: 'add', item: text('a') });
    feed.hidden();
    const before = posted.length;
    source.change({ op: 'text', id: 'a', delta: 'x' });
    expect(clock.pendingCount).toBe(0);
    await clock.advance(1000);
    expect(posted).toHaveLength(before);
  });

  it('keeps what was asked of a view that is not there yet', () => {
    const { feed, posted, of } = start();
    feed.request('composer/insert', { text: 'from the editor' });
    expect(posted).toEqual([]);
    feed.ready();
    expect(of('composer/insert')).toEqual([{ text: 'from the editor' }]);
    expect(posted[0]).toMatchObject({ method: 'state/snapshot' });
  });

  it('[R220] puts the pictures of the draft back behind the snapshot, to the page that is there by then', async () => {
    const picture = (id: string): DraftPicture => ({
      id,
      name: `${id}.png`,
      mediaType: 'image/png',
      data: 'aGVsbG8=',
    });
    const kept = new Deferred<readonly DraftPicture[]>();
    const { feed, posted, of } = start(kept.promise);
    feed.ready();
    feed.hidden();
    feed.ready();
    kept.resolve([picture('a'), picture('b')]);
    await kept.promise;
    await Promise.resolve();
    expect(of('composer/picture')).toEqual([picture('a'), picture('b')]);
    expect(posted[0]).toMatchObject({ method: 'state/snapshot' });
    feed.snapshot();
    await Promise.resolve();
    expect(of('composer/picture')).toHaveLength(2);
  });

  it('[R220] rebuilds the same state in the view, whenever it is closed, reloaded or asks again', async () => {
    const step = fc.oneof(
      fc.constant('add'),
      fc.constant('text'),
      fc.constant('frame'),
      fc.constant('hide'),
      fc.constant('ready'),
      fc.constant('resync'),
      fc.constant('switch'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { source, clock, feed, posted } = start();
        let count = 0;
        for (const name of [...steps, 'ready', 'text', 'rest']) {
          switch (name) {
            case 'add':
              source.change({ op: 'add', item: text(`i${count++}`) });
              break;
            case 'text': {
              const id = source.items.at(-1)?.id;
              if (id !== undefined) {
                source.change({ op: 'text', id, delta: `${count++},` });
              }
              break;
            }
            case 'frame':
              await clock.advance(16);
              break;
            case 'rest':
              await clock.advance(100);
              break;
            case 'hide':
              feed.hidden();
              break;
            case 'ready':
              feed.ready();
              break;
            case 'resync':
              feed.snapshot();
              break;
            default:
              source.items = [text(`other${count++}`)];
              source.replaced.fire();
          }
        }
        const view = replay(posted);
        expect(view.gaps).toBe(0);
        expect(view.items).toEqual(source.items);
      }),
    );
  });
});

/** Everything that is posted has to pass the view's own guard. */
function notification(message: HostMessage): NotificationMessage | undefined {
  const checked = checkHostMessage(message);
  if (!checked.ok) {
    throw new Error(checked.problem);
  }
  return checked.message.type === 'notification' ? checked.message : undefined;
}

/** A view: takes a snapshot as it is, deltas only in sequence. */
function replay(posted: readonly HostMessage[]): {
  readonly items: readonly SessionItem[];
  readonly gaps: number;
} {
  let items: readonly SessionItem[] = [];
  let seq = 0;
  let gaps = 0;
  for (const message of posted.map(notification)) {
    if (message?.method === 'state/snapshot') {
      ({ items, seq } = message.params);
    } else if (message?.method === 'turn/events') {
      gaps += message.params.seq === seq + 1 ? 0 : 1;
      seq = message.params.seq;
      items = applied(items, message.params.deltas);
    } else if (message?.method === 'turn/text') {
      gaps += message.params.seq === seq + 1 ? 0 : 1;
      seq = message.params.seq;
      const { id, delta } = message.params;
      items = applied(items, [{ op: 'text', id, delta }]);
    }
  }
  return { items, gaps };
}

describe('merging deltas', () => {
  it('joins neighbours only, so that their order stays', () => {
    const deltas: SessionDelta[] = [];
    for (const [id, delta] of [
      ['a', '1'],
      ['a', '2'],
      ['b', '3'],
      ['a', '4'],
    ] as const) {
      addDelta(deltas, { op: 'text', id, delta });
    }
    addDelta(deltas, { op: 'replace', item: text('b', 'x') });
    addDelta(deltas, { op: 'replace', item: text('b', 'y') });
    expect(deltas).toEqual([
      { op: 'text', id: 'a', delta: '12' },
      { op: 'text', id: 'b', delta: '3' },
      { op: 'text', id: 'a', delta: '4' },
      { op: 'replace', item: text('b', 'y') },
    ]);
  });
});
