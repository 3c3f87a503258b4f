import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSecretFilter } from '../../../src/base/secretFilter';
import type { NormalizedEvent } from '../../../src/events/normalizedEvent';
import type { SessionDelta, SessionItem } from '../../../src/events/sessionItem';
import { ItemReducer } from '../../../src/session/itemReducer';
import { restoreItems } from '../../../src/session/restoreItems';
import { createSessionStore } from '../../../src/session/sessionStore';
import { FakeClock } from '../../fakes/fakeClock';
import { MemorySessionStorage } from '../../fakes/memorySessionStorage';

const known = 'sk-test-0123456789abcdefghij';
const token = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
const filter = createSecretFilter([known]);

function createReducer(): ItemReducer {
  const reducer = new ItemReducer({ nowMs: () => 0, relativize: (path) => path });
  reducer.redactWith(filter);
  reducer.beginTurn('turn');
  return reducer;
}

/** The panel's copy, from the deltas alone. */
class Panel {
  readonly items: SessionItem[] = [];

  apply(deltas: readonly SessionDelta[]): void {
    for (const delta of deltas) {
      const id = delta.op === 'add' || delta.op === 'replace' ? delta.item.id : delta.id;
      const at = this.items.findIndex((item) => item.id === id);
      const item = this.items[at];
      if (delta.op === 'add') {
        this.items.splice(delta.index ?? this.items.length, 0, delta.item);
      } else if (delta.op === 'replace') {
        this.items[at] = delta.item;
      } else if (delta.op === 'remove') {
        this.items.splice(at, 1);
      } else if (item?.kind === 'text' || item?.kind === 'thinking') {
        this.items[at] =
          delta.op === 'text'
            ? { ...item, text: item.text + delta.delta }
            : { ...item, isOpen: false };
      }
    }
  }

  get texts(): readonly string[] {
    return this.items.map((item) => ('text' in item ? item.text : ''));
  }
}

describe('the conversation that a panel shows', () => {
  it('[R178] has no secret in streamed text and thinking, and shows words with the piece they came in', () => {
    const reducer = createReducer();
    const panel = new Panel();
    const say = (event: NormalizedEvent): readonly string[] => {
      reducer.event(event);
      panel.apply(reducer.takeDeltas());
      return panel.texts;
    };
    expect(say({ kind: 'thinking', delta: 'It is sk-te' })).toEqual(['It is ']);
    say({ kind: 'thinking', delta: 'st-0123456789abcdefghij' });
    expect(say({ kind: 'text', delta: 'Hello' })).toEqual(['It is [redacted]', 'Hello']);
    expect(say({ kind: 'text', delta: ' world: ghp_01234567' })).toEqual([
      'It is [redacted]',
      'Hello world: ',
    ]);
    say({ kind: 'text', delta: '89abcdefghijABCDEFGHIJ012345 is it' });
    reducer.endTurn();
    panel.apply(reducer.takeDeltas());
    expect(panel.texts).toEqual(['It is [redacted]', 'Hello world: [redacted] is it']);
  });

  it('[R178] loses nothing of what was held back when a turn is stopped', () => {
    const reducer = createReducer();
    reducer.event({ kind: 'text', delta: 'The key begins with sk-te' });
    expect(reducer.items).toMatchObject([{ text: 'The key begins with ' }]);
    reducer.endTurn();
    expect(reducer.items).toMatchObject([{ text: 'The key begins with sk-te', isOpen: false }]);
  });

  it('[R178] a prompt with a key in it is shown without it, also while it waits', () => {
    const reducer = createReducer();
    reducer.add({ kind: 'user', id: 'u1', text: `use ${known}` });
    reducer.add({ kind: 'user', id: 'q1', text: `then ${token}`, isQueued: true });
    expect(JSON.stringify(reducer.items)).not.toMatch(/sk-test|ghp_/);
  });

  const piece = fc.oneof(
    fc.constantFrom(known, token, 'password: ', ' and ', '\n', 'the key is ', '"', 'word '),
    fc.stringMatching(/^[ -~\n]{0,10}$/),
  );
  const sizes = fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 9 });

  it('[R178] is the same streamed, in a snapshot and restored from its file, however it was cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { minLength: 1, maxLength: 15 }),
        sizes,
        async (parts, cuts) => {
          const text = parts.join('') + 'end';
          const reducer = createReducer();
          const panel = new Panel();
          const clock = new FakeClock();
          const storage = new MemorySessionStorage(clock);
          const store = createSessionStore({ storage, clock, ...filter });
          const { log, stored } = store.create();
          log.turnStarted('turn');
          log.message('turn', { role: 'user', text: 'go', createdAtMs: 0 });
          for (let at = 0, turn = 0; at < text.length; turn++) {
            const delta = text.slice(at, at + (cuts[turn % cuts.length] ?? 1));
            reducer.event({ kind: 'text', delta });
            log.partial('turn', 'text', delta);
            panel.apply(reducer.takeDeltas());
            expect(panel.items).toEqual(reducer.items);
            await (turn % 3 === 0 ? log.flush() : undefined);
            expect(JSON.stringify(panel.items)).not.toContain(known.slice(0, 8));
            at += delta.length;
          }
          reducer.endTurn();
          panel.apply(reducer.takeDeltas());
          expect(panel.texts).toEqual([filter.redact(text)]);
          expect(reducer.items).toEqual(panel.items);

          log.message('turn', {
            role: 'assistant',
            content: [{ kind: 'text', text }],
            api: 'openai-chat',
            provider: 'net',
            model: 'one',
            stopReason: 'stop',
            createdAtMs: 0,
          });
          log.turnEnded('turn');
          await log.flush();
          const file = storage.files.get(stored.id)?.text ?? '';
          expect(file).not.toContain(known.slice(0, 8));
          // Behind another letter or digit it is no token, but a part of something else.
          const isToken = !filter.redact(text).includes(token.slice(0, 16));
          expect(isToken && file.includes(token.slice(0, 16))).toBe(false);
          const again = await store.open(stored.id);
          const restored = new ItemReducer({ nowMs: () => 0, relativize: (path) => path });
          restoreItems(restored, again?.stored.messages ?? [], false);
          const [, answer] = restored.items;
          expect(answer).toMatchObject({ kind: 'text', text: filter.redact(text) });
        },
      ),
      { numRuns: 100 },
    );
  });

  it('[R178] a value that its name calls secret is not in the file when the host dies in the middle', async () => {
    const clock = new FakeClock();
    const storage = new MemorySessionStorage(clock);
    const store = createSessionStore({ storage, clock, ...filter });
    const { log, stored } = store.create();
    log.turnStarted('turn');
    log.message('turn', { role: 'user', text: 'go', createdAtMs: 0 });
    for (const delta of ['Set it:\n', 'password:', ' ', 'hunter22', '\nand', ' go on', ' then']) {
      log.partial('turn', 'text', delta);
      await log.flush();
    }
    expect(storage.files.get(stored.id)?.text).not.toContain('hunter');
    const again = await store.open(stored.id);
    expect(again?.stored.messages.at(-1)).toMatchObject({
      content: [{ kind: 'text', text: 'Set it:\npassword: [redacted]\nand go on then' }],
    });
  });
});
