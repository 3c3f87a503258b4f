/** Runs pieces of work for one key after the other, in the order they were given; keys do not wait for each other. */
export class SerialQueue<Key> {
  private readonly last = new Map<Key, Promise<void>>();

  run<T>(key: Key, work: () => Promise<T>): Promise<T> {
    const before = this.last.get(key) ?? Promise.resolve();
    const result = before.then(work);
    // A failure is its caller's; the next piece of work runs all the same.
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    this.last.set(key, settled);
    void settled.then(() => {
      if (this.last.get(key) === settled) {
        this.last.delete(key);
      }
    });
    return result;
  }
}
