/** Something that can be released. Disposing twice does no harm. */
export interface Disposable {
  dispose(): void;
}

/** Wraps a release function; it runs at most once. */
export function toDisposable(release: () => void): Disposable {
  let isDisposed = false;
  return {
    dispose: () => {
      if (!isDisposed) {
        isDisposed = true;
        release();
      }
    },
  };
}

/** Owns disposables and releases them in reverse order. Adding to a disposed store disposes at once. */
export class DisposableStore implements Disposable {
  private readonly items: Disposable[] = [];
  private disposed = false;

  get isDisposed(): boolean {
    return this.disposed;
  }

  add<T extends Disposable>(item: T): T {
    if (this.disposed) {
      item.dispose();
    } else {
      this.items.push(item);
    }
    return item;
  }

  /** Releases every item even when one throws; the first error is thrown at the end. */
  dispose(): void {
    if (this.disposed) {
      return;
    }
    this.disposed = true;
    let failure: unknown;
    let hasFailed = false;
    for (let item = this.items.pop(); item !== undefined; item = this.items.pop()) {
      try {
        item.dispose();
      } catch (error) {
        failure = hasFailed ? failure : error;
        hasFailed = true;
      }
    }
    if (hasFailed) {
      throw failure;
    }
  }
}
