import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/base/clock';
import type { NotificationHandlers, ViewMessage } from '../../src/protocol/methods';
import { PanelStore } from '../../webview/panelStore';
import { HostLink } from '../../webview/rpc';
import { blankState } from '../../webview/store';
import { notificationMessage } from '../../src/protocol/envelope';

class HandClock implements Clock {
  private readonly due: { atMs: number; run: () => void }[] = [];
  private now = 0;

  nowMs(): number {
    return this.now;
  }

  schedule(delayMs: number, run: () => void) {
    const entry = { atMs: this.now + delayMs, run };
    this.due.push(entry);
    return { dispose: () => void this.due.splice(this.due.indexOf(entry), 1) };
  }

  get waiting(): number {
    return this.due.length;
  }

  advance(ms: number): void {
    this.now += ms;
    for (const entry of this.due.filter(({ atMs }) => atMs <= this.now)) {
      this.due.splice(this.due.indexOf(entry), 1);
      entry.run();
    }
  }
}

function linked() {
  const posts: ViewMessage[] = [];
  const heard: string[] = [];
  const problems: string[] = [];
  const note = (name: string) => () => void heard.push(name);
  const handlers: NotificationHandlers = {
    'state/snapshot': note('snapshot'),
    'turn/events': note('events'),
    'turn/text': note('text'),
    'prompt/changed': note('prompts'),
    'edit/changed': note('edits'),
    'change/changed': note('changes'),
    'setup/changed': note('setup'),
    'composer/insert': ({ text }) => void heard.push(`insert ${text}`),
    'composer/picture': note('picture'),
    'composer/focus': note('focus'),
    'view/show': ({ what }) => void heard.push(`show ${what}`),
  };
  const clock = new HandClock();
  const link = new HostLink({
    post: (message) => void posts.push(message),
    clock,
    handlers,
    onBroken: (problem) => void problems.push(problem),
  });
  return { link, posts, heard, problems, clock };
}

describe('HostLink', () => {
  it('gives each request its own answer, in whatever order they come', async () => {
    const { link, posts, clock } = linked();
    const first = link.request('prompt/submit', { text: 'a' });
    const second = link.request('session/list', {});
    expect(posts.map((post) => post.method)).toEqual(['prompt/submit', 'session/list']);
    link.accept({ type: 'response', id: 2, result: { sessions: [] } });
    link.accept({ type: 'response', id: 1, result: { accepted: true } });
    expect(await Promise.all([first, second])).toEqual([{ accepted: true }, { sessions: [] }]);
    expect(clock.waiting).toBe(0);
  });

  it('rejects with the host’s sentence, and for an answer of another shape', async () => {
    const { link } = linked();
    const refused = link.request('prompt/submit', { text: 'a' });
    link.accept({ type: 'response', id: 1, error: 'Not now.' });
    await expect(refused).rejects.toThrow('Not now.');
    const odd = link.request('prompt/submit', { text: 'a' });
    link.accept({ type: 'response', id: 2, result: { accepted: 'yes' } });
    await expect(odd).rejects.toThrow('Reload the window');
  });

  it('stops waiting for an answer that does not come', async () => {
    const { link, clock } = linked();
    const silent = link.request('session/list', {});
    clock.advance(60_000);
    await expect(silent).rejects.toThrow('did not answer');
  });

  it('hears notifications and drops what does not fit the contract', () => {
    const { link, heard, problems } = linked();
    link.accept({ type: 'notification', method: 'composer/insert', params: { text: 'x' } });
    link.accept({ type: 'notification', method: 'view/show', params: { what: 'secrets' } });
    link.accept({ type: 'notification', method: 'toString', params: {} });
    link.accept('hello');
    expect(heard).toEqual(['insert x']);
    expect(problems).toHaveLength(3);
  });
});

describe('PanelStore', () => {
  const snapshot = {
    version: 1,
    seq: 0,
    sessionId: 's',
    title: '',
    items: [{ kind: 'text', id: 'a', text: '', isOpen: true }],
    prompts: [],
    edits: [],
    changes: [],
    status: {
      phase: 'streaming',
      title: '',
      modelId: 'm',
      modelName: 'M',
      runtimeName: 'R',
      mode: 'ask',
      queuedCount: 0,
      instructionFiles: [],
    },
    setup: blankState.setup,
    draft: '',
  } as const;
  const prompt = {
    id: 'p',
    digest: 'd',
    callId: 'c',
    asker: 'A',
    toolName: 'Bash',
    effects: [],
    reason: '',
    inputText: '',
  };

  function watched() {
    const pendingFrames: (() => void)[] = [];
    const store = new PanelStore({ nextFrame: (run) => void pendingFrames.push(run) });
    const seen: string[] = [];
    store.onDidChange((state) => {
      const item = state.kind === 'live' ? state.items[0] : undefined;
      seen.push(
        `${item?.kind === 'text' ? item.text : ''}|${state.kind === 'live' ? state.prompts.length : ''}`,
      );
    });
    store.accept(notificationMessage('state/snapshot', snapshot));
    const text = (seq: number, delta: string): void =>
      store.accept(
        notificationMessage('turn/events', { seq, deltas: [{ op: 'text', id: 'a', delta }] }),
      );
    return { store, seen, text, pendingFrames };
  }

  it('draws streamed text once per frame', () => {
    const { seen, text, pendingFrames } = watched();
    text(1, 'a');
    text(2, 'b');
    text(3, 'c');
    expect([seen, pendingFrames.length]).toEqual([['|0'], 1]);
    pendingFrames[0]?.();
    expect(seen).toEqual(['|0', 'abc|0']);
  });

  it('shows a question at once, with the text that came before it', () => {
    const { store, seen, text } = watched();
    text(1, 'a');
    store.accept(notificationMessage('prompt/changed', { prompts: [prompt] }));
    expect(seen).toEqual(['|0', 'a|1']);
  });

  it('tells once when it falls behind', () => {
    const { store, text } = watched();
    const behind: number[] = [];
    store.onDidFallBehind((seq) => void behind.push(seq));
    text(1, 'a');
    text(3, 'c');
    text(4, 'd');
    expect(behind).toEqual([1]);
  });
});
