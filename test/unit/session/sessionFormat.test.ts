import { describe, expect, it } from 'vitest';
import { stringField } from '../../../src/base/guard';
import { decodeLine } from '../../../src/session/sessionEntry';
import { sessionSchema, toCurrentLine, type Migration } from '../../../src/session/sessionFormat';
import { createSessionStore } from '../../../src/session/sessionStore';
import { FakeClock } from '../../fakes/fakeClock';
import { MemorySessionStorage } from '../../fakes/memorySessionStorage';

/** A history that could have been: `name` became `title`, later `when` became `atMs`. */
const migrations: readonly Migration[] = [
  ({ name, ...line }) => (name === undefined ? line : { ...line, title: name }),
  ({ when, ...line }) => (when === undefined ? line : { ...line, atMs: Number(when) * 1000 }),
];

/** As the oldest version wrote it. */
const oldest = [
  { type: 'head', session: 's', name: 'Fence', createdAtMs: 1 },
  { type: 'entry', id: 'e1', parent: null, when: 2, kind: 'title', name: 'Gate' },
  { type: 'entry', id: 'e2', parent: 'e1', when: 3, kind: 'model', modelId: 'm' },
];

describe('the format of a session file', () => {
  it('[R203] brings lines of every older version up to the current one, step by step', () => {
    const lines = oldest.map((line) => JSON.stringify({ schema: 'patchbay.session/1', ...line }));
    expect(lines.map((line) => decodeLine(line, migrations))).toEqual([
      {
        kind: 'line',
        line: {
          schema: 'patchbay.session/3',
          type: 'head',
          session: 's',
          title: 'Fence',
          createdAtMs: 1,
        },
      },
      {
        kind: 'line',
        line: {
          schema: 'patchbay.session/3',
          type: 'entry',
          id: 'e1',
          parent: null,
          atMs: 2000,
          kind: 'title',
          title: 'Gate',
        },
      },
      {
        kind: 'line',
        line: {
          schema: 'patchbay.session/3',
          type: 'entry',
          id: 'e2',
          parent: 'e1',
          atMs: 3000,
          kind: 'model',
          modelId: 'm',
        },
      },
    ]);
    const second = { schema: 'patchbay.session/2', when: 4, name: 'kept as it is' };
    expect(toCurrentLine(second, migrations)).toEqual({
      kind: 'current',
      line: { schema: 'patchbay.session/3', atMs: 4000, name: 'kept as it is' },
    });
  });

  it('[R203] leaves a migrated line to the guard, and knows a newer version from a foreign one', () => {
    expect(decodeLine('{"schema":"patchbay.session/1","type":"entry"}', migrations)).toEqual({
      kind: 'malformed',
    });
    expect(toCurrentLine({ schema: 'patchbay.session/4' }, migrations)).toEqual({
      kind: 'foreign',
      isNewer: true,
    });
    for (const schema of ['patchbay.session/0', 'patchbay.session/x', 'other/1', '']) {
      expect(toCurrentLine({ schema }, migrations)).toEqual({ kind: 'foreign', isNewer: false });
    }
    expect(toCurrentLine({ schema: 1 })).toEqual({ kind: 'malformed' });
    expect(sessionSchema).toBe('patchbay.session/1');
  });

  it('[R203] shows a session that a newer version wrote in as far as it can, and writes what follows into a copy', async () => {
    const { store, storage, notices, id, before } = await writtenByNewer();

    const opened = await store.open(id);
    expect(opened?.copyOf).toBe(id);
    expect(opened?.stored.messages).toHaveLength(1);
    expect(notices.at(-1)).toMatch(/^A newer version of Patchbay wrote in this session\..*a copy/);
    opened?.log.turnStarted('t2');
    opened?.log.message('t2', { role: 'user', text: 'on', createdAtMs: 2 });
    await opened?.log.flush();
    expect(storage.files.get(id)?.text).toBe(before);
    const copy = await store.open(opened?.stored.id ?? '');
    expect(copy?.stored.messages.map((message) => stringField(message, 'text'))).toEqual([
      'hello',
      'on',
    ]);
  });

  it('[R203] does not open a session that only a newer version can read, says so, and leaves it as it is', async () => {
    const { store, storage, notices } = setUp();
    const line = '{"schema":"patchbay.session/99","type":"head","session":"s1"}\n';
    await storage.append('s1', line);
    for (const isOwn of [false, true]) {
      await expect(store.open('s1', { isOwn })).rejects.toMatchObject({
        code: 'newer_session',
        message:
          'This session was written by a newer version of Patchbay, and this one cannot read it. It was left as it is. Update Patchbay to open it.',
      });
    }
    expect(notices).toEqual([]);
    expect(await store.fork('s1')).toBeUndefined();
    expect(storage.files.get('s1')?.text).toBe(line);
  });

  it('[R203][R206] lists a session that only a newer version can read, with a note for a title', async () => {
    const { store, storage } = setUp();
    const line = (type: string, more = '') =>
      `{"schema":"patchbay.session/99","type":"${type}","session":"s1"${more}}\n`;
    await storage.append('short', line('head'));
    const long = line('head') + line('entry', `,"text":"${'x'.repeat(9000)}"`) + line('end');
    await storage.append('long', long);
    await storage.append('unread head', line('head', `,"title":"${'x'.repeat(9000)}"`));
    const reads: string[] = [];
    const readRange = storage.readRange.bind(storage);
    storage.readRange = (id, ...place) => {
      reads.push(id);
      return readRange(id, ...place);
    };
    for (const isDeep of [false, true]) {
      const listed = await store.list({ isDeep });
      expect(listed.map(({ id, title, isNewer }) => [id, title, isNewer]).sort()).toEqual(
        ['long', 'short', 'unread head'].map((id) => [
          id,
          'Written by a newer version of Patchbay',
          true,
        ]),
      );
      if (!isDeep) {
        expect(new Set(reads)).toEqual(new Set(['unread head']));
      }
    }
    expect(storage.files.get('long')?.text).toBe(long);
  });

  it('[R203] gives no other title to a session that a newer version wrote in, and says why', async () => {
    const { store, storage, id, before } = await writtenByNewer();
    await expect(store.open(id, { isOwn: true })).rejects.toMatchObject({
      code: 'newer_session',
      message: expect.stringMatching(
        /^A newer version of Patchbay wrote in this session\./,
      ) as string,
    });
    expect(storage.files.get(id)?.text).toBe(before);
  });
});

function setUp() {
  const clock = new FakeClock();
  const storage = new MemorySessionStorage(clock);
  const notices: string[] = [];
  const store = createSessionStore({
    storage,
    clock,
    redact: (text) => text,
    onNotice: (_sessionId, text) => notices.push(text),
  });
  return { store, storage, notices };
}

/** A session that a newer version wrote a line in after us. */
async function writtenByNewer() {
  const stage = setUp();
  const session = stage.store.create();
  const { id } = session.stored;
  session.log.turnStarted('t1');
  session.log.message('t1', { role: 'user', text: 'hello', createdAtMs: 1 });
  session.log.turnEnded('t1');
  await session.log.flush();
  await stage.storage.append(id, '{"schema":"patchbay.session/99","type":"entry","id":"x"}\n');
  return { ...stage, id, before: stage.storage.files.get(id)?.text };
}
