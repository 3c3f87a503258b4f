import { Deferred } from '../base/deferred';

/**
 * Who may run now, in the order of asking: up to `limit` shared holders together, or one exclusive holder alone. An
 * exclusive one that waits is not overtaken.
 */
export class Slots {
  private sharedCount = 0;
  private hasExclusive = false;
  private readonly queue: Waiter[] = [];

  constructor(private readonly limit: number) {}

  /** Resolves with the release function; undefined when the signal aborted first. */
  async acquire(
    kind: 'shared' | 'exclusive',
    signal: AbortSignal,
  ): Promise<(() => void) | undefined> {
    if (signal.aborted) {
      return undefined;
    }
    const waiter: Waiter = { kind, turn: new Deferred<boolean>() };
    this.queue.push(waiter);
    const onAbort = (): void => {
      const index = this.queue.indexOf(waiter);
      if (index >= 0) {
        this.queue.splice(index, 1);
        waiter.turn.resolve(false);
        this.admit();
      }
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.admit();
    const isAdmitted = await waiter.turn.promise;
    signal.removeEventListener('abort', onAbort);
    return isAdmitted ? this.releaseOnce(kind) : undefined;
  }

  private admit(): void {
    for (
      let next = this.queue[0];
      next !== undefined && this.hasRoomFor(next.kind);
      next = this.queue[0]
    ) {
      this.queue.shift();
      if (next.kind === 'exclusive') {
        this.hasExclusive = true;
      } else {
        this.sharedCount += 1;
      }
      next.turn.resolve(true);
    }
  }

  private hasRoomFor(kind: 'shared' | 'exclusive'): boolean {
    return (
      !this.hasExclusive &&
      (kind === 'exclusive' ? this.sharedCount === 0 : this.sharedCount < this.limit)
    );
  }

  private releaseOnce(kind: 'shared' | 'exclusive'): () => void {
    let isReleased = false;
    return () => {
      if (isReleased) {
        return;
      }
      isReleased = true;
      if (kind === 'exclusive') {
        this.hasExclusive = false;
      } else {
        this.sharedCount -= 1;
      }
      this.admit();
    };
  }
}

interface Waiter {
  readonly kind: 'shared' | 'exclusive';
  readonly turn: Deferred<boolean>;
}
