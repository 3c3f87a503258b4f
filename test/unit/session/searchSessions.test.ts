import { expect, it } from 'vitest';
import { searchSessions, type SessionMatch } from '../../../src/session/searchSessions';
import { encodeLine } from '../../../src/session/sessionEntry';
import { FakeClock } from '../../fakes/fakeClock';
import { MemorySessionStorage } from '../../fakes/memorySessionStorage';

it('finds a text in the messages of all sessions, whatever its case, and stops when told', async () => {
  const clock = new FakeClock();
  const storage = new MemorySessionStorage(clock);
  const say = async (sessionId: string, id: string, text: string): Promise<void> => {
    await storage.append(
      sessionId,
      encodeLine({
        type: 'entry',
        id,
        parent: null,
        atMs: clock.nowMs(),
        kind: 'message',
        message: { role: 'user', text, createdAtMs: 0 },
      }),
    );
    await clock.advance(10);
  };
  await say('old', 'a', `${'x'.repeat(200)} where is "parseFile"\nin src? ${'y'.repeat(200)}`);
  await say('new', 'b', 'PARSEFILE');
  await say('new', 'b', 'PARSEFILE');
  await say('new', 'c', 'nothing here, though the line has "message"');
  await storage.append('new', '{"torn":"parsefile');
  const find = async (query: string, signal: AbortSignal): Promise<readonly SessionMatch[]> => {
    const found: SessionMatch[] = [];
    for await (const match of searchSessions(storage, query, signal)) {
      found.push(match);
    }
    return found;
  };
  const { signal } = new AbortController();
  expect((await find('parsefile', signal)).map(({ entryId }) => entryId)).toEqual(['b', 'a']);
  expect((await find('"parseFile"\nin', signal))[0]).toMatchObject({
    sessionId: 'old',
    role: 'user',
    excerpt: expect.stringMatching(/^…x+ where is "parseFile" in src\? y+…$/) as string,
  });
  expect(await find('"role"', signal)).toEqual([]);
  expect(await find('  ', signal)).toEqual([]);
  expect(await find('parsefile', AbortSignal.abort())).toEqual([]);
});

it('[R206] finds what the others hold when a file cannot be read', async () => {
  const clock = new FakeClock();
  const storage = new MemorySessionStorage(clock);
  for (const sessionId of ['first', 'locked', 'last']) {
    await storage.append(
      sessionId,
      encodeLine({
        type: 'entry',
        id: 'a',
        parent: null,
        atMs: clock.nowMs(),
        kind: 'message',
        message: { role: 'user', text: 'wanted', createdAtMs: 0 },
      }),
    );
    await clock.advance(10);
  }
  const readRange = storage.readRange.bind(storage);
  storage.readRange = (sessionId, ...place) =>
    sessionId === 'locked'
      ? Promise.reject(new Error('EACCES: permission denied'))
      : readRange(sessionId, ...place);
  const found: string[] = [];
  for await (const match of searchSessions(storage, 'wanted', new AbortController().signal)) {
    found.push(match.sessionId);
  }
  expect(found).toEqual(['last', 'first']);
});
