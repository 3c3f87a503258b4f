import { toDisposable, type Disposable } from '../base/disposable';

/** Listeners that a disposer takes out exactly once; one that throws does not stop the others. */
export class Listeners<T> {
  private readonly all = new Set<(value: T) => void>();
  /** The same in a list that is never changed: who is told stays who was there when the telling began. */
  private list: readonly ((value: T) => void)[] = [];

  get size(): number {
    return this.all.size;
  }

  add(listener: (value: T) => void): Disposable {
    const own = (value: T): void => listener(value);
    this.all.add(own);
    this.list = [...this.all];
    return toDisposable(() => {
      this.all.delete(own);
      this.list = [...this.all];
    });
  }

  fire(value: T, onError: (error: unknown) => void): void {
    for (const listener of this.list) {
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
    this.list = [];
  }
}
