import { describe, expect, it } from 'vitest';
import { ChildPool } from '../../../src/runtime/childPool';
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

describe('ChildPool', () => {
  it('[R71] lends the same child again while it is fit, and marks the second lease as a continuation', async () => {
    const pool = new ChildPool({ clock: new FakeClock() });
    const transport = new FakeTransport();
    const first = await pool.acquire(request, () => transport);
    first.noteToken('tok');
    first.release();
    first.release();
    const second = await pool.acquire({ ...request, resume: 'tok' }, () => new FakeTransport());
    expect(second.transport).toBe(transport);
    expect([first.isContinuation, second.isContinuation]).toEqual([false, true]);
    await first.close();
    expect(transport.closeCount).toBe(0);
  });

  it('makes a second exchange of a session wait for the first, and the successor wait for the end of the child', async () => {
    const pool = new ChildPool({ clock: new FakeClock() });
    const slow = new SlowTransport();
    const lease = await pool.acquire(request, () => slow);
    const started: FakeTransport[] = [];
    const next = pool.acquire(request, () => {
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

  it('never shares a child without a key', async () => {
    const pool = new ChildPool({ clock: new FakeClock() });
    const transports = [new FakeTransport(), new FakeTransport()];
    for (const transport of transports) {
      const lease = await pool.acquire({ ...request, leaseKey: undefined }, () => transport);
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
      (await pool.acquire({ ...request, sessionId, adapter }, () => transport)).release();
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
      pool.acquire(request, () => {
        throw new Error('no program');
      }),
    ).rejects.toThrow('no program');
    expect((await pool.acquire(request, () => new FakeTransport())).isContinuation).toBe(false);
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
    const lease = await pool.acquire(request, () => new Stuck());
    await lease.close();
    await pool.closeAll();
    expect(errors).toHaveLength(1);
  });
});
