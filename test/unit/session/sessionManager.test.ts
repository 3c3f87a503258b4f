import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/events/message';
import type { ModelRef } from '../../../src/runtime/contract';
import {
  SessionManager,
  type OpenedSession,
  type SessionStore,
} from '../../../src/session/sessionManager';
import { ScriptedExchange } from '../../fakes/scriptedExchange';
import { ScriptedOrchestrator } from '../../fakes/scriptedOrchestrator';

const model: ModelRef = {
  id: 'net/one',
  api: 'openai-chat',
  provider: 'net',
  model: 'one',
  name: 'One',
};

/** Sessions in memory, written and read like those on disk. */
class MemoryStore implements SessionStore {
  readonly kept = new Map<string, Message[]>();
  private count = 0;

  create(): OpenedSession {
    this.count += 1;
    return this.opened(`s${this.count}`, []);
  }

  open(sessionId: string): Promise<OpenedSession | undefined> {
    const messages = this.kept.get(sessionId);
    return Promise.resolve(
      messages === undefined ? undefined : this.opened(sessionId, [...messages]),
    );
  }

  list() {
    return Promise.resolve([...this.kept.keys()].map((id) => ({ id, title: id, updatedAtMs: 0 })));
  }

  remove(sessionId: string) {
    this.kept.delete(sessionId);
    return Promise.resolve();
  }

  rename(): Promise<void> {
    return Promise.reject(new Error('nothing here renames'));
  }

  fork(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  private opened(id: string, messages: readonly Message[]): OpenedSession {
    return {
      stored: { id, title: '', messages, interrupted: false },
      branches: {
        leafId: null,
        prompts: () => [],
        newestPrompt: () => undefined,
        beforeTurn: () => undefined,
        tipOf: (entryId) => entryId,
        branchFrom: () => false,
      },
      readAt: () => Promise.resolve(undefined),
      resume: { find: () => undefined, save: () => undefined },
      log: {
        turnStarted: () => undefined,
        message: (_turn, message) => this.kept.set(id, [...(this.kept.get(id) ?? []), message]),
        partial: () => undefined,
        turnEnded: () => undefined,
        titled: () => undefined,
        modelChosen: () => undefined,
        modeChosen: () => undefined,
        flush: () => Promise.resolve(),
      },
    };
  }
}

function setUp() {
  const store = new MemoryStore();
  const runtime = new ScriptedExchange([]);
  const manager = new SessionManager({
    store,
    defaults: () => ({ modelId: model.id, mode: 'ask' }),
    session: {
      exchange: runtime.exchange,
      orchestrator: new ScriptedOrchestrator(),
      findModel: (id) => (id === model.id ? model : undefined),
      guard: () => Promise.resolve(undefined),
      keyFor: () => Promise.resolve(undefined),
      systemPrompt: () => Promise.resolve({ text: '', files: [] }),
      cwd: () => undefined,
      turnOptions: () => ({}),
      window: (messages) => messages,
      runtimeName: () => 'One',
      relativize: (path) => path,
      nowMs: () => 0,
      withdraw: () => undefined,
    },
  });
  return { store, manager };
}

describe('the session manager', () => {
  it('goes on with a stored conversation after another one was shown', async () => {
    const { manager } = setUp();
    manager.current.submit('first question');
    await manager.current.whenIdle();
    const { id } = manager.current;
    manager.current.setMode('plan');
    manager.create();
    expect(manager.current.id).not.toBe(id);
    expect(manager.current.mode).toBe('plan');
    expect(await manager.open(id)).toBe(true);
    expect(manager.current.snapshot().items[0]).toMatchObject({
      kind: 'user',
      text: 'first question',
    });
  });

  it('shows the conversation from before at its start', async () => {
    const { manager, store } = setUp();
    store.kept.set('before', [{ role: 'user', text: 'what was said', createdAtMs: 0 }]);
    expect(await manager.restore('before')).toBe(true);
    expect(manager.current.id).toBe('before');
  });

  it('does not show the conversation from before over one that was begun while it is read', async () => {
    const { manager, store } = setUp();
    store.kept.set('before', [{ role: 'user', text: 'what was said', createdAtMs: 0 }]);
    const { id } = manager.current;
    const restoring = manager.restore('before');
    manager.current.submit('something new');
    expect(await restoring).toBe(false);
    expect(manager.current.id).toBe(id);
  });

  it('keeps an empty conversation instead of piling up new ones', () => {
    const { manager } = setUp();
    const { id } = manager.current;
    expect(manager.create().id).toBe(id);
  });

  it('keeps the one that is shown when another cannot be read', async () => {
    const { manager } = setUp();
    const { id } = manager.current;
    expect(await manager.open('nowhere')).toBe(false);
    expect(manager.current.id).toBe(id);
  });

  it('removes the shown conversation and shows a new one', async () => {
    const { manager, store } = setUp();
    manager.current.submit('go');
    await manager.current.whenIdle();
    const { id } = manager.current;
    await manager.remove(id);
    expect(store.kept.has(id)).toBe(false);
    expect(manager.current.id).not.toBe(id);
    expect(manager.current.isEmpty).toBe(true);
  });

  it('announces changes of the shown conversation only', async () => {
    const { manager } = setUp();
    const first = manager.current;
    first.submit('go');
    const changes: string[] = [];
    manager.create();
    manager.onDidChange(({ snapshot }) => changes.push(snapshot.id));
    await first.whenIdle();
    expect(changes.filter((id) => id === first.id)).toEqual([]);
  });
});
