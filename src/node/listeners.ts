import { toDisposable, type Disposable } from '../base/disposable';

/** Listeners that a disposer takes out exactly once; one that throws does not stop the others. */
export class Listeners<T> {
  private readonly all = new Set<(value: T) => void>();

  get size(): number {
    return this.all.size;
  }

  add(listener: (value: T) => void): Disposable {
    const own = (value: T): void => listener(value);
    this.all.add(own);
    return toDisposable(() => this.all.delete(own));
  }

  fire(value: T, onError: (error: unknown) => void): void {
    for (const listener of [...this.all]) {
      if (this.all.has(listener)) {
        try {
          listener(value);
        } catch (error) {
          onError(error);
        }
      }
    }
  }

  clear(): void {
    this.all.clear();
  }
}
