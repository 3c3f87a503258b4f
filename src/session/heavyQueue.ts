/** Up to so many letters of long outputs and arguments are kept in memory, the newest; then the older ones go down to this. */
export const heavyLimits = { maxChars: 4 * 1024 * 1024, afterChars: 2 * 1024 * 1024 } as const;

export interface HeavyLimits {
  readonly maxChars: number;
  readonly afterChars: number;
}

/**
 * Which of the long things in memory have to go, the oldest first. They go many at a time and seldom: what a model was
 * sent stays as it was meanwhile, and so does its provider's cache of it.
 */
export class HeavyQueue<Key> {
  private waiting: { readonly key: Key; readonly chars: number }[] = [];
  private chars = 0;

  constructor(private readonly limits: HeavyLimits = heavyLimits) {}

  /** Letters that are kept now. */
  get total(): number {
    return this.chars;
  }

  /** Gives what has to go now. `mayGo`: it can be had again; what comes behind one that cannot, stays too. */
  add(key: Key, chars: number, mayGo: (key: Key) => boolean = () => true): readonly Key[] {
    if (chars > 0) {
      this.waiting.push({ key, chars });
      this.chars += chars;
    }
    return this.chars > this.limits.maxChars ? this.take(mayGo) : [];
  }

  private take(mayGo: (key: Key) => boolean): readonly Key[] {
    let count = 0;
    for (const { key, chars } of this.waiting) {
      if (this.chars <= this.limits.afterChars || !mayGo(key)) {
        break;
      }
      this.chars -= chars;
      count += 1;
    }
    return this.waiting.splice(0, count).map(({ key }) => key);
  }
}
