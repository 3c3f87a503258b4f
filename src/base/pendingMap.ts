import { Deferred } from './deferred';

/** Questions that wait for another party's answer, by id. `rejectAll` settles the rest when the connection closes. */
export class PendingMap<Key, Value> {
  private readonly waiting = new Map<Key, Deferred<Value>>();
  private closedWith: { readonly error: unknown } | undefined;

  get size(): number {
    return this.waiting.size;
  }

  /** Registers a wait. After `rejectAll` it rejects at once; an id that is already waiting throws. */
  wait(key: Key): Promise<Value> {
    if (this.closedWith !== undefined) {
      return Promise.reject(
        this.closedWith.error instanceof Error ? this.closedWith.error : new Error('closed'),
      );
    }
    if (this.waiting.has(key)) {
      throw new Error(`already waiting for ${String(key)}`);
    }
    const deferred = new Deferred<Value>();
    this.waiting.set(key, deferred);
    return deferred.promise;
  }

  /** False when nobody waits for this id: a late, repeated or unknown answer. */
  resolve(key: Key, value: Value): boolean {
    const deferred = this.waiting.get(key);
    this.waiting.delete(key);
    deferred?.resolve(value);
    return deferred !== undefined;
  }

  reject(key: Key, error: unknown): boolean {
    const deferred = this.waiting.get(key);
    this.waiting.delete(key);
    deferred?.reject(error);
    return deferred !== undefined;
  }

  rejectAll(error: unknown): void {
    this.closedWith = { error };
    const all = [...this.waiting.values()];
    this.waiting.clear();
    for (const deferred of all) {
      deferred.reject(error);
    }
  }
}
