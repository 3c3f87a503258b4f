import { describe, expect, it } from 'vitest';
import { ChildPool, type ChildLease } from '../../../src/runtime/childPool';
import { FakeClock, settle } from '../../fakes/fakeClock';
import { FakeTransport } from '../../fakes/fakeTransport';

const request = { sessionId: 's', adapter: 'a', leaseKey: 'k', resume: undefined };

class SlowTransport extends FakeTransport {
  finish: () => void = () => undefined;
  override close(): Promise<void> {
    void super.close();
    return new Promise((resolve) => (this.finish = resolve));
  }
}

/** A lease that nobody stopped waiting for. */
async function lent(
  pool: ChildPool,
  ...wanted: Parameters<ChildPool['acquire']>
): Promise<ChildLease> {
  const lease = await pool.acquire(...wanted);
  if (lease === undefined) {
    throw new Error('nothing was lent');
  }
  return lease;
}

describe('ChildPool', () => {
  it('[R71] lends the same child again while it is fit, and marks the second lease as a continuation', async () => {
    const pool = new ChildPool({ clock: new FakeClock() });
    const transport = new FakeTransport();
    const first = await lent(pool, request, () => transport);
    first.noteToken('tok');
    first.release();
    first.release();
    const second = await lent(pool, { ...request, resume: 'tok' }, () => new FakeTransport());
    expect(second.transport).toBe(transport);
    expect([first.isContinuation, second.isContinuation]).toEqual([false, true]);
    await first.close();
    expect(transport.closeCount).toBe(0);
  });

  it('makes a second exchange of a session wait for the first, and the successor wait for the end of the child', async () => {
    const pool = new ChildPool({ clock: new FakeClock() });
    const slow = new SlowTransport();
    const lease = await lent(pool, request, () => slow);
    const started: FakeTransport[] = [];
    const next = lent(pool, request, () => {
      const transport = new FakeTransport();
      started.push(transport);
      return transport;
    });
    await settle();
    expect(started).toEqual([]);
    void lease.close();
    await settle();
    expect(started).toEqual([]);
    slow.finish();
    expect((await next).transport).toBe(started[0]);
  });

  it('[R64] hears a stop while it waits for a busy child: nothing is opened or lent, and the next one waits in peace', async () => {
    const pool = new ChildPool({ clock: new FakeClock() });
    const child = new FakeTransport();
    const lease = await lent(pool, request, () => child);
    const opened: FakeTransport[] = [];
    const open = () => {
      opened.push(new FakeTransport());
      return opened.at(-1) ?? child;
    };
    const stop = new AbortController();
    const stopped = pool.acquire(request, open, stop.signal);
    const patient = lent(pool, request, open, new AbortController().signal);
    await settle();
    stop.abort();
    expect(await stopped).toBeUndefined();
    lease.release();
    const next = await patient;
    expect([next.transport === child, next.isContinuation, opened.length]).toEqual([true, true, 0]);
    expect(child.closeCount).toBe(0);
    next.release();
    expect((await lent(pool, request, open)).transport).toBe(child);
  });

  it('[R64] hears a stop while it waits for the end of a child that does not fit; that end goes on', async () => {
    const pool = new ChildPool({ clock: new FakeClock() });
    const slow = new SlowTransport();
    (await lent(pool, request, () => slow)).release();
    const stop = new AbortController();
    const stopped = pool.acquire(
      { ...request, leaseKey: 'other' },
      () => new FakeTransport(),
      stop.signal,
    );
    await settle();
    expect(slow.closeCount).toBe(1);
    stop.abort();
    expect(await stopped).toBeUndefined();
    const fresh = new FakeTransport();
    const next = lent(pool, { ...request, leaseKey: 'other' }, () => fresh);
    await settle();
    slow.finish();
    expect((await next).transport).toBe(fresh);
  });

  it('never shares a child without a key', async () => {
    const pool = new ChildPool({ clock: new FakeClock() });
    const transports = [new FakeTransport(), new FakeTransport()];
    for (const transport of transports) {
      const lease = await lent(pool, { ...request, leaseKey: undefined }, () => transport);
      expect(lease.isContinuation).toBe(false);
      lease.release();
    }
    expect(transports.map((transport) => transport.closeCount)).toEqual([1, 1]);
  });

  it('keeps the children of sessions and adapters apart and closes those of one session', async () => {
    const pool = new ChildPool({ clock: new FakeClock() });
    const children = new Map<string, FakeTransport>();
    for (const [sessionId, adapter] of [
      ['s', 'a'],
      ['s', 'b'],
      ['s2', 'a'],
    ] as const) {
      const transport = new FakeTransport();
      children.set(`${sessionId}/${adapter}`, transport);
      (await lent(pool, { ...request, sessionId, adapter }, () => transport)).release();
    }
    await pool.closeSession('s');
    expect([...children].map(([name, transport]) => [name, transport.closeCount])).toEqual([
      ['s/a', 1],
      ['s/b', 1],
      ['s2/a', 0],
    ]);
    await pool.closeAll();
    expect(children.get('s2/a')?.closeCount).toBe(1);
  });

  it('passes a start that throws on and is free for the next one', async () => {
    const pool = new ChildPool({ clock: new FakeClock() });
    await expect(
      lent(pool, request, () => {
        throw new Error('no program');
      }),
    ).rejects.toThrow('no program');
    expect((await lent(pool, request, () => new FakeTransport())).isContinuation).toBe(false);
  });

  it('reports a child that does not close and goes on', async () => {
    const errors: unknown[] = [];
    const pool = new ChildPool({
      clock: new FakeClock(),
      onCloseError: (error) => errors.push(error),
    });
    class Stuck extends FakeTransport {
      override close(): Promise<void> {
        return Promise.reject(new Error('stuck'));
      }
    }
    const lease = await lent(pool, request, () => new Stuck());
    await lease.close();
    await pool.closeAll();
    expect(errors).toHaveLength(1);
  });
});
