import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import type { Message } from '../../../src/events/message';
import type { UsageTotal } from '../../../src/events/usageTotal';
import { BranchTree } from '../../../src/session/branchTree';
import { totalOfEntries, type LedgerEntry } from '../../../src/session/costLedger';
import type { EntryLine } from '../../../src/session/sessionEntry';
import { settle } from '../../fakes/fakeClock';
import type { ScriptStep } from '../../fakes/scriptedExchange';
import { answer, holdStep, outline, sessionBench } from '../../fakes/sessionBench';

const promptItem = (
  items: readonly { readonly kind: string; readonly id: string }[],
  at = 0,
): string => items.filter(({ kind }) => kind === 'user')[at]?.id ?? '';

async function say(
  bench: ReturnType<typeof sessionBench>,
  ...texts: readonly string[]
): Promise<void> {
  for (const text of texts) {
    bench.manager.current.submit(text);
    await bench.manager.current.whenIdle();
  }
}

describe('branches of a conversation', () => {
  it('[R204] asks an earlier message anew and keeps the old branch behind a switch', async () => {
    const bench = sessionBench([answer('a1'), answer('a2'), answer('b1')]);
    const { manager, runtime } = bench;
    await say(bench, 'one', 'two');
    const { id } = manager.current;
    const outcome = await manager.resend(promptItem(manager.current.live().items), 'other');
    expect(outcome).toEqual({ accepted: true, how: 'started' });
    await manager.current.whenIdle();
    expect(manager.current.id).toBe(id);
    expect(outline(manager.current.live().items)).toEqual(['user other (2 of 2)', 'text b1']);
    expect(runtime.contexts[2]?.messages).toMatchObject([{ role: 'user', text: 'other' }]);

    expect(await manager.chooseBranch(promptItem(manager.current.live().items), 0)).toEqual({
      ok: true,
    });
    expect(outline(manager.current.live().items)).toEqual([
      'user one (1 of 2)',
      'text a1',
      'user two',
      'text a2',
    ]);
    await manager.flush();
    expect((await bench.store.open(id))?.stored.messages).toHaveLength(4);
  });

  it('goes on on the branch that is shown, with the model and mode of now', async () => {
    const bench = sessionBench([answer('a1'), answer('b1'), answer('b2')]);
    const { manager, runtime } = bench;
    await say(bench, 'one');
    manager.current.setMode('plan');
    await manager.resend(promptItem(manager.current.live().items), 'other');
    await manager.current.whenIdle();
    expect(manager.current.mode).toBe('plan');
    await say(bench, 'more');
    expect(runtime.contexts[2]?.messages.map((m) => (m.role === 'user' ? m.text : m.role))).toEqual(
      ['other', 'assistant', 'more'],
    );
  });

  it('is refused while a turn runs, and changes nothing then', async () => {
    const hold = holdStep();
    const bench = sessionBench([answer('a1'), [hold.step, { kind: 'finish', reason: 'stop' }]]);
    await say(bench, 'one');
    bench.manager.current.submit('two');
    await hold.reached;
    const { items } = bench.manager.current.snapshot();
    expect(await bench.manager.resend(promptItem(items), 'x')).toEqual({
      accepted: false,
      problem: 'A turn is running. Stop it first, then try again.',
    });
    expect(bench.manager.current.snapshot().items).toEqual(items);
    hold.letGo();
    await bench.manager.current.whenIdle();
  });

  it('stays on its branch while the conversation could not be written', async () => {
    const bench = sessionBench([answer('a1'), answer('a2')]);
    await say(bench, 'one');
    await bench.manager.flush();
    bench.storage.failure = new Error('no space left');
    await say(bench, 'two');
    const before = bench.manager.current.snapshot();
    expect(await bench.manager.resend(promptItem(before.items), 'x')).toMatchObject({
      accepted: false,
    });
    expect(bench.manager.current.snapshot().items).toEqual(before.items);
    expect(bench.manager.current.head).toBe(before.head);
  });

  it('[R204] keeps a prompt that is sent while the file is read, and its answer', async () => {
    const bench = sessionBench([answer('a1'), answer('a2')]);
    const { manager, storage } = bench;
    await say(bench, 'one');
    const { id } = manager.current;
    const gone = new Deferred<void>();
    storage.slowReads.set(id, gone.promise);
    const resent = manager.resend(promptItem(manager.current.live().items), 'other');
    await settle();
    manager.current.submit('meanwhile');
    gone.resolve();
    expect(await resent).toEqual({
      accepted: false,
      problem: 'The conversation went on while its file was read, and stays as it is. Try again.',
    });
    await manager.current.whenIdle();
    const whole = ['user one', 'text a1', 'user meanwhile', 'text a2'];
    expect(outline(manager.current.live().items)).toEqual(whole);
    await manager.flush();
    expect((await bench.store.open(id))?.stored.messages).toHaveLength(4);
  });

  it('writes nothing into a session that was closed while it was read', async () => {
    const bench = sessionBench([answer('a1'), answer('a2')]);
    const { manager, storage, clock } = bench;
    await say(bench, 'one');
    const { id } = manager.current;
    await clock.advance(50);
    const before = storage.files.get(id)?.text;
    const gone = new Deferred<void>();
    storage.slowReads.set(id, gone.promise);
    const resent = manager.resend(promptItem(manager.current.live().items), 'other');
    await settle();
    manager.create();
    await settle();
    gone.resolve();
    expect(await resent).toMatchObject({ accepted: false });
    await clock.advance(50);
    expect(storage.files.get(id)?.text).toBe(before);
  });

  it('does not bring back what waited at the time of the branch', async () => {
    const hold = holdStep();
    const bench = sessionBench([[hold.step, ...answer('a1')], answer('a2'), answer('b1')]);
    const { manager } = bench;
    manager.current.submit('one');
    await hold.reached;
    manager.current.submit('two');
    hold.letGo();
    await manager.current.whenIdle();
    await manager.resend(promptItem(manager.current.live().items, 1), 'other');
    await manager.current.whenIdle();
    await manager.flush();
    expect((await bench.store.open(manager.current.id))?.stored.queued).toEqual([]);
  });

  it('forks a session before a message, with its words for the composer', async () => {
    const bench = sessionBench([answer('a1'), answer('a2')]);
    const { manager } = bench;
    await say(bench, 'one', 'two');
    const original = manager.current.id;
    expect(await manager.forkBefore(promptItem(manager.current.live().items, 1))).toEqual({
      text: 'two',
      images: [],
    });
    expect(manager.current.id).not.toBe(original);
    expect(outline(manager.current.live().items)).toEqual(['user one', 'text a1']);
    await manager.open(original);
    expect(outline(manager.current.live().items)).toHaveLength(4);
  });

  it('keeps the pictures of a message that is asked anew or copied from', async () => {
    const bench = sessionBench([answer('a1'), answer('a2'), answer('b1')]);
    const { manager, runtime } = bench;
    const images = [{ mediaType: 'image/png', data: 'AAAA' }] as const;
    await say(bench, 'one');
    manager.current.submit('look', { images });
    await manager.current.whenIdle();
    const item = (): string => promptItem(manager.current.live().items, 1);
    await manager.resend(item(), 'look again');
    await manager.current.whenIdle();
    expect(runtime.contexts[2]?.messages.at(-1)).toMatchObject({ text: 'look again', images });
    expect(await manager.forkBefore(item())).toEqual({ text: 'look again', images });
  });

  it('forks a whole session, and nothing out of an empty one', async () => {
    const bench = sessionBench([answer('a1')]);
    expect(await bench.manager.forkWhole()).toBe(false);
    await say(bench, 'one');
    const { id } = bench.manager.current;
    expect(await bench.manager.forkWhole()).toBe(true);
    expect(bench.manager.current.id).not.toBe(id);
    expect(outline(bench.manager.current.live().items)).toEqual(['user one', 'text a1']);
  });

  it('goes back to where a turn began, for those who restore its files', async () => {
    const bench = sessionBench([answer('a1'), answer('a2')]);
    const { manager, signals } = bench;
    await say(bench, 'one', 'two');
    const turns = signals.flatMap(({ signal }) =>
      signal.kind === 'prompt' ? [signal.turnId] : [],
    );
    const { id } = manager.current;
    expect(await manager.branchBeforeTurn(id, turns[1] ?? '')).toEqual({ ok: true });
    expect(outline(manager.current.live().items)).toEqual(['user one', 'text a1']);
    expect(await manager.branchBeforeTurn(id, 'none')).toMatchObject({ ok: false });
    expect(await manager.branchAt(id, 'no-such-entry')).toMatchObject({ ok: false });
  });

  it('renames a session that is not open', async () => {
    const bench = sessionBench([answer('a1')]);
    await say(bench, 'one');
    const { id } = bench.manager.current;
    await bench.manager.flush();
    bench.manager.create();
    await bench.manager.flush();
    expect(await bench.manager.rename(id, 'Another title')).toBe(true);
    expect(await bench.manager.list()).toMatchObject([{ id, title: 'Another title' }]);
    expect(await bench.manager.rename('nobody', 'x')).toBe(false);
  });
});

/** Two stored sessions and an empty one that is shown; reading a stored one takes until it is let go. */
async function slowSessions() {
  const bench = sessionBench([answer('a1'), answer('b1'), answer('c1')]);
  const { manager, storage, clock } = bench;
  await say(bench, 'one');
  const one = manager.current.id;
  manager.create();
  await say(bench, 'two');
  const two = manager.current.id;
  manager.create();
  await clock.advance(50);
  const letGo: Record<string, () => void> = {};
  for (const id of [one, two]) {
    const gone = new Deferred<void>();
    storage.slowReads.set(id, gone.promise);
    letGo[id] = () => gone.resolve();
  }
  return { ...bench, one, two, letGo: (id: string) => letGo[id]?.() };
}

describe('a choice that is made while a session is read', () => {
  it('sends a prompt in the session that is shown, and leaves it shown', async () => {
    const { manager, one, letGo } = await slowSessions();
    const blank = manager.current.id;
    const opening = manager.open(one);
    await settle();
    expect(manager.submit('explain this')).toEqual({ accepted: true, how: 'started' });
    letGo(one);
    expect(await opening).toBe(true);
    expect(manager.current.id).toBe(blank);
    await manager.current.whenIdle();
    expect(outline(manager.current.live().items)).toEqual(['user explain this', 'text c1']);
  });

  it('shows the new session that was asked for meanwhile', async () => {
    const { manager, one, letGo } = await slowSessions();
    const opening = manager.open(one);
    await settle();
    const created = manager.create();
    letGo(one);
    await opening;
    expect(manager.current.id).toBe(created.id);
    expect(manager.find(one)).toBeUndefined();
  });

  it('shows the one that was clicked last, however long the one before takes', async () => {
    const { manager, one, two, letGo } = await slowSessions();
    const first = manager.open(one);
    const second = manager.open(two);
    letGo(two);
    await second;
    expect(manager.current.id).toBe(two);
    letGo(one);
    await first;
    expect(manager.current.id).toBe(two);
    const again = [manager.open(one), manager.open(two), manager.open(one)];
    await Promise.all(again);
    expect(manager.current.id).toBe(one);
  });

  it('gives the session back that is not shown after all', async () => {
    const { manager, storage, one, letGo } = await slowSessions();
    const released: string[] = [];
    Object.assign(storage, {
      claim: () => Promise.resolve(true),
      release: (id: string) => Promise.resolve(void released.push(id)),
    });
    const opening = manager.open(one);
    await settle();
    manager.create();
    letGo(one);
    await opening;
    expect(released).toEqual([one]);
  });
});

describe('a session that cannot be written', () => {
  it('is there whole when it is shown again, and is written as soon as that works', async () => {
    const bench = sessionBench([answer('a1'), answer('a2'), answer('other')]);
    const { manager, storage, clock } = bench;
    await say(bench, 'one');
    await clock.advance(50);
    const { id } = manager.current;
    storage.failure = new Error('no space left');
    await say(bench, 'two');
    manager.create();
    await clock.advance(50);
    expect(await manager.open(id)).toBe(true);
    const whole = ['user one', 'text a1', 'user two', 'text a2'];
    expect(outline(manager.current.live().items)).toEqual(whole);

    manager.create();
    await settle();
    storage.failure = undefined;
    await clock.advance(5000);
    expect((await bench.store.open(id))?.stored.messages).toHaveLength(4);
    // The next time that something else is shown, it is given back.
    await say(bench, 'other');
    await manager.open(id);
    manager.create();
    await settle();
    expect(manager.find(id)).toBeUndefined();
    expect(clock.pendingCount).toBe(0);
  });

  it('is not written again after it was removed', async () => {
    const bench = sessionBench([answer('a1')]);
    const { manager, storage, clock } = bench;
    storage.failure = new Error('no space left');
    await say(bench, 'one');
    const { id } = manager.current;
    await clock.advance(50);
    await manager.remove(id);
    storage.failure = undefined;
    await clock.advance(60_000);
    expect(storage.files.has(id)).toBe(false);
  });
});

describe('several sessions at once', () => {
  it('[R206] are listed with the titles and models that they show', async () => {
    const hold = holdStep();
    const bench = sessionBench([answer('a1'), [hold.step, ...answer('a2')]]);
    const { manager } = bench;
    await say(bench, 'one');
    manager.current.submit('two');
    await hold.reached;
    manager.current.rename('Another title');
    manager.current.setModel('claude-cli/default');
    manager.current.submit('x'.repeat(9000));
    await bench.clock.advance(50);
    expect(await manager.list()).toMatchObject([
      { title: 'Another title', modelId: 'claude-cli/default' },
    ]);
    hold.letGo();
    await manager.current.whenIdle();
  });

  it('lets one run while another is shown, and tells when it is done', async () => {
    const hold = holdStep();
    const bench = sessionBench([[hold.step, ...answer('late')], answer('other')]);
    const { manager, signals } = bench;
    const first = manager.current;
    first.submit('one');
    await hold.reached;
    manager.create();
    await say(bench, 'two');
    expect(outline(manager.current.live().items)).toEqual(['user two', 'text other']);
    expect(first.isBusy).toBe(true);
    hold.letGo();
    await first.whenIdle();
    expect(
      signals.flatMap(({ session, signal }) =>
        session === first && signal.kind === 'turn_end' ? [signal.outcome] : [],
      ),
    ).toEqual(['done']);
    await manager.flush();
    expect(await manager.open(first.id)).toBe(true);
    expect(outline(manager.current.live().items)).toEqual(['user one', 'text late']);
  });
});

describe('a message that joined a running turn', () => {
  it('is asked anew, or copied from, without a word of an interruption', async () => {
    const bench = sessionBench([answer('b1')]);
    const { manager, store } = bench;
    const { log, stored } = store.create();
    const user = (text: string): Message => ({ role: 'user', text, createdAtMs: 0 });
    log.turnStarted('turn-1');
    log.message('turn-1', user('one'));
    log.message('turn-1', user('joined'));
    log.turnEnded('turn-1');
    await log.flush();
    await manager.open(stored.id);
    const joined = promptItem(manager.current.live().items, 1);
    expect(await manager.resend(joined, 'other')).toMatchObject({ accepted: true });
    await manager.current.whenIdle();
    expect(outline(manager.current.live().items)).toEqual([
      'user one',
      'user other (2 of 2)',
      'text b1',
    ]);
    await manager.forkBefore(promptItem(manager.current.live().items, 1));
    expect(outline(manager.current.live().items)).toEqual(['user one']);
  });
});

describe('the tree of a session', () => {
  const entry = (
    id: string,
    parent: string | null,
    body: 'user' | 'assistant' | 'turnStart',
  ): EntryLine =>
    body === 'turnStart'
      ? { type: 'entry', id, parent, atMs: 0, kind: 'turnStart', turn: `turn-${id}` }
      : {
          type: 'entry',
          id,
          parent,
          atMs: 0,
          kind: 'message',
          message:
            body === 'user'
              ? { role: 'user', text: id, createdAtMs: 0 }
              : {
                  role: 'assistant',
                  content: [],
                  api: '',
                  provider: '',
                  model: '',
                  stopReason: 'stop',
                  createdAtMs: 0,
                },
        };

  it('[R204] walks any tree: places stand on the branch, siblings share their place, a tip leads back', () => {
    const grown = fc.array(
      fc.record({
        parent: fc.nat(1000),
        body: fc.constantFrom('user' as const, 'assistant' as const, 'turnStart' as const),
      }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(grown, fc.nat(1000), (steps, leafAt) => {
        const tree = new BranchTree();
        const parents = new Map<string, string | null>();
        const users = new Set<string>();
        steps.forEach(({ parent, body }, index) => {
          const known = [null, ...parents.keys()];
          const above = known[parent % known.length] ?? null;
          tree.add(entry(`n${index}`, above, body));
          parents.set(`n${index}`, above);
          if (body === 'user') {
            users.add(`n${index}`);
          }
        });
        const pathTo = (leaf: string | null): readonly string[] => {
          const path: string[] = [];
          for (let id = leaf; id !== null; id = parents.get(id) ?? null) {
            path.unshift(id);
          }
          return path;
        };
        const ids = [...parents.keys()];
        const leaf = ids[leafAt % ids.length] ?? null;
        const places = tree.promptsTo(leaf);
        expect(places.map(({ entryId }) => entryId)).toEqual(
          pathTo(leaf).filter((id) => users.has(id)),
        );
        for (const { entryId, branchPoint, siblings } of places) {
          expect(siblings).toContain(entryId);
          expect(siblings.every((id) => users.has(id))).toBe(true);
          expect(branchPoint === null || pathTo(entryId).includes(branchPoint)).toBe(true);
          expect(branchPoint).not.toBe(entryId);
          for (const sibling of siblings) {
            expect(pathTo(tree.tipOf(sibling))).toContain(sibling);
          }
        }
      }),
    );
  });
});

describe('what a conversation cost', () => {
  const paid = (text: string, costUsd: number): readonly ScriptStep[] => [
    { kind: 'text', delta: text },
    {
      kind: 'observation',
      observation: {
        kind: 'usage',
        usage: { inputTokens: 100, outputTokens: 10, costUsd, reportedBy: 'provider' },
      },
    },
    { kind: 'finish', reason: 'stop' },
  ];

  it('[R204] [R214] counts what was paid on every branch, before and after it is read again', async () => {
    const ledger: LedgerEntry[] = [];
    const bench = sessionBench(
      [paid('a1', 0.01), paid('a2', 0.02), paid('b1', 0.04)],
      {},
      undefined,
      (entry) => ledger.push(entry),
    );
    const { manager } = bench;
    const spent = (): UsageTotal | undefined => manager.current.live().spent;
    await say(bench, 'one', 'two');
    await manager.resend(promptItem(manager.current.live().items), 'other');
    await manager.current.whenIdle();
    expect(spent()).toMatchObject({
      exchanges: 3,
      inputTokens: { known: 300 },
      costNanoUsd: { known: 70_000_000 },
    });
    expect(spent()).toEqual(totalOfEntries(ledger));
    await manager.chooseBranch(promptItem(manager.current.live().items), 0);
    expect(spent()).toEqual(totalOfEntries(ledger));

    const { id } = manager.current;
    manager.create();
    await manager.flush();
    await manager.open(id);
    expect(spent()).toEqual(totalOfEntries(ledger));
  });

  it('[R214] counts a summary that was paid for and stopped', async () => {
    const ledger: LedgerEntry[] = [];
    const stopping: ScriptStep = {
      kind: 'do',
      run: async () => manager.current.stop(),
    };
    const [text, usage, finish] = paid('never used', 0.08);
    const bench = sessionBench(
      [
        paid('word '.repeat(4000), 0.01),
        paid('a2', 0.02),
        [text, usage, stopping, finish].flatMap((step) => step ?? []),
      ],
      {},
      undefined,
      (entry) => ledger.push(entry),
    );
    const { manager } = bench;
    await say(bench, 'one', 'two', '/compact');
    expect(manager.current.live().spent?.costNanoUsd.known).toBe(110_000_000);
    const { id } = manager.current;
    manager.create();
    await manager.flush();
    await manager.open(id);
    expect(ledger.map(({ purpose }) => purpose)).toEqual(['turn', 'turn', 'compaction']);
    expect(manager.current.live().spent).toEqual(totalOfEntries(ledger));
  });
});
