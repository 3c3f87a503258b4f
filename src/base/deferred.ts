/** A promise whose settling is in the hands of its holder; settling twice is a no-op. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  private settled = false;
  private resolvePromise!: (value: T) => void;
  private rejectPromise!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolvePromise = resolve;
      this.rejectPromise = reject;
    });
  }

  get isSettled(): boolean {
    return this.settled;
  }

  resolve(value: T): void {
    this.settled = true;
    this.resolvePromise(value);
  }

  reject(error: unknown): void {
    this.settled = true;
    this.rejectPromise(error);
  }
}
