import type { Memento } from 'vscode';
import { describe, expect, it } from 'vitest';
import { isNumber } from '../../../src/base/guard';
import { ShownSession, StateStore, StoredDraft } from '../../../src/host/stateStore';
import { FakeClock } from '../../fakes/fakeClock';

class MemoryMemento implements Memento {
  readonly values = new Map<string, unknown>();
  writes = 0;

  keys(): readonly string[] {
    return [...this.values.keys()];
  }

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- VS Code's own signature
  get<T>(key: string): T | undefined;
  get<T>(key: string, fallback: T): T;
  get(key: string, fallback?: unknown): unknown {
    return this.values.get(key) ?? fallback;
  }

  update(key: string, value: unknown): Promise<void> {
    this.writes += 1;
    this.values.set(key, value);
    return Promise.resolve();
  }
}

describe('what outlives the window', () => {
  it('is checked when it is read', async () => {
    const memento = new MemoryMemento();
    const state = new StateStore(memento);
    await state.set('count', 'three');
    expect(state.get('count', isNumber)).toBeUndefined();
    await state.set('count', 3);
    expect(state.get('count', isNumber)).toBe(3);
  });

  it('has the draft, written a moment after the last key and found by the next window', async () => {
    const memento = new MemoryMemento();
    const clock = new FakeClock();
    const draft = new StoredDraft(new StateStore(memento), clock);
    for (const text of ['h', 'he', 'hello']) {
      draft.write(text);
    }
    expect(draft.read()).toBe('hello');
    expect(memento.writes).toBe(0);
    await clock.advance(300);
    expect(memento.writes).toBe(1);
    expect(new StoredDraft(new StateStore(memento), clock).read()).toBe('hello');
  });

  it('has the draft also when the window closes before that moment', () => {
    const memento = new MemoryMemento();
    const draft = new StoredDraft(new StateStore(memento), new FakeClock());
    draft.write('almost lost');
    draft.dispose();
    expect(memento.values.get('draft')).toBe('almost lost');
  });

  it('has the session that was used last, written when another is shown and each time it is used', async () => {
    const written: string[] = [];
    const problems: unknown[] = [];
    const store = {
      read: () => Promise.resolve(written.at(-1)),
      write: (id: string) =>
        id === 'full'
          ? Promise.reject(new Error('disk full'))
          : Promise.resolve(void written.push(id)),
    };
    const shown = new ShownSession(store, (error) => problems.push(error));
    expect(await shown.last()).toBeUndefined();
    shown.noteChange('s1');
    shown.noteChange('s1');
    expect(written).toEqual(['s1']);
    shown.note('s1'); // another window may have written meanwhile
    expect(written).toEqual(['s1', 's1']);
    shown.noteChange('full');
    await Promise.resolve();
    expect(problems).toEqual([new Error('disk full')]);
    expect(await new ShownSession(store, () => undefined).last()).toBe('s1');
  });
});
