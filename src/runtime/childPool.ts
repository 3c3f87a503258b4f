import type { Clock } from '../base/clock';
import { Deferred } from '../base/deferred';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { ChildTransport } from './contract';

/** A child for one exchange. Exactly one of `release` and `close` counts; both may be called any number of times. */
export interface ChildLease {
  readonly transport: ChildTransport;
  /** True when this child has served an exchange before. */
  readonly isContinuation: boolean;
  /** The bridge's own notes of this child. */
  readonly notes: Map<string, unknown>;
  /** The child told its resume token. */
  noteToken(token: string): void;
  /** The child is idle again: kept for the next exchange, or closed when it may not be shared. */
  release(): void;
  /** Ends the child; resolves when it is gone. Never rejects. */
  close(): Promise<void>;
}

export interface LeaseRequest {
  readonly sessionId: string;
  readonly adapter: string;
  /** Two launches with equal keys may share a child; undefined: never shared. */
  readonly leaseKey: string | undefined;
  /** The child must know exactly this conversation; undefined: a fresh one. */
  readonly resume: string | undefined;
}

export interface ChildPoolOptions {
  readonly clock: Clock;
  /** How long an idle child is kept. Default 5 minutes. */
  readonly idleMs?: number;
  readonly onCloseError?: (error: unknown) => void;
}

/**
 * The children that outlive an exchange: at most one per session and adapter. One is used again only when the launch is
 * the same, it is alive, it remembers exactly the conversation that is asked for, and it was silent since its last
 * exchange (one that spoke is busy with something of its own: it is closed, and its successor resumes the session).
 */
export class ChildPool {
  private readonly slots = new Map<string, Slot>();
  private readonly closing = new Set<Promise<void>>();
  private readonly idleMs: number;

  constructor(private readonly options: ChildPoolOptions) {
    this.idleMs = options.idleMs ?? 300_000;
  }

  /**
   * Waits while the session's child is still ending an earlier exchange; undefined when `signal` has ended that wait:
   * then nothing was lent or opened. Throws what `open` throws.
   */
  async acquire(
    request: LeaseRequest,
    open: () => ChildTransport,
    signal?: AbortSignal,
  ): Promise<ChildLease | undefined> {
    const { leaseKey } = request;
    if (leaseKey === undefined) {
      return this.lend(new Slot(open(), undefined, request.resume, false), undefined);
    }
    const slotKey = JSON.stringify([request.sessionId, request.adapter]);
    let slot = this.slots.get(slotKey);
    while (slot !== undefined) {
      if (slot.busy === undefined && slot.isFitFor(leaseKey, request.resume)) {
        slot.stopIdling();
        return this.lend(slot, slotKey);
      }
      await settledOrAborted(slot.busy?.promise ?? this.drop(slot, slotKey), signal);
      if (signal?.aborted === true) {
        return undefined;
      }
      slot = this.slots.get(slotKey);
    }
    const fresh = new Slot(open(), leaseKey, request.resume, true);
    this.slots.set(slotKey, fresh);
    return this.lend(fresh, slotKey);
  }

  /** Ends the children of one session. */
  async closeSession(sessionId: string): Promise<void> {
    const prefix = `${JSON.stringify([sessionId]).slice(0, -1)},`;
    await Promise.all(
      [...this.slots]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, slot]) => this.drop(slot, key)),
    );
  }

  /** Ends every child, lent or idle, and resolves when all are gone. Never rejects. */
  async closeAll(): Promise<void> {
    await Promise.all([...this.slots].map(([key, slot]) => this.drop(slot, key)));
    await Promise.all([...this.closing]);
  }

  private lend(slot: Slot, slotKey: string | undefined): ChildLease {
    const busy = new Deferred<void>();
    const isContinuation = slot.servedCount > 0;
    slot.busy = busy;
    slot.servedCount += 1;
    let closed: Promise<void> | undefined;
    const close = (): Promise<void> => {
      closed ??= busy.isSettled ? Promise.resolve() : this.drop(slot, slotKey);
      return closed;
    };
    return {
      transport: slot.transport,
      isContinuation,
      notes: slot.notes,
      noteToken: (token) => {
        slot.token = token;
      },
      close,
      release: () => {
        if (slotKey === undefined || slot.hasExited) {
          void close();
        } else if (closed === undefined && !busy.isSettled) {
          slot.busy = undefined;
          slot.idle(this.options.clock, this.idleMs, () => void this.drop(slot, slotKey));
          busy.resolve();
        }
      },
    };
  }

  /** The slot stays taken until its child is gone, so that no successor resumes a session that is still being written. */
  private drop(slot: Slot, slotKey: string | undefined): Promise<void> {
    slot.busy ??= new Deferred<void>();
    const busy = slot.busy;
    const closed = slot
      .close()
      .catch((error: unknown) => this.options.onCloseError?.(error))
      .then(() => {
        if (slotKey !== undefined && this.slots.get(slotKey) === slot) {
          this.slots.delete(slotKey);
        }
        this.closing.delete(closed);
        busy.resolve();
      });
    this.closing.add(closed);
    return closed;
  }
}

/** Resolves with whichever comes first. */
async function settledOrAborted(
  settled: Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const aborted = new Deferred<void>();
  const onAbort = (): void => aborted.resolve();
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) {
    onAbort();
  }
  await Promise.race([settled, aborted.promise]);
  signal?.removeEventListener('abort', onAbort);
}

class Slot {
  busy: Deferred<void> | undefined;
  servedCount = 0;
  readonly notes = new Map<string, unknown>();
  private exited = false;
  private hasSpoken = false;
  private readonly idling: Disposable[] = [];
  private readonly store = new DisposableStore();
  private closed: Promise<void> | undefined;

  constructor(
    readonly transport: ChildTransport,
    readonly leaseKey: string | undefined,
    public token: string | undefined,
    watchesExit: boolean,
  ) {
    if (watchesExit) {
      this.store.add(
        transport.onExit(() => {
          this.exited = true;
        }),
      );
    }
  }

  get hasExited(): boolean {
    return this.exited;
  }

  isFitFor(leaseKey: string, resume: string | undefined): boolean {
    return !this.exited && !this.hasSpoken && this.leaseKey === leaseKey && this.token === resume;
  }

  idle(clock: Clock, idleMs: number, onTimeout: () => void): void {
    this.idling.push(
      clock.schedule(idleMs, onTimeout),
      this.transport.onMessage(() => {
        this.hasSpoken = true;
      }),
    );
  }

  stopIdling(): void {
    for (const item of this.idling.splice(0)) {
      item.dispose();
    }
  }

  close(): Promise<void> {
    this.stopIdling();
    this.store.dispose();
    this.closed ??= this.transport.close();
    return this.closed;
  }
}
