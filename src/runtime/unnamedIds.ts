/**
 * Ids for what a child tells without one, so that nothing of it is lost. Things of one kind come one after the other: what
 * is told between two ends is about the same one.
 */
export class UnnamedIds {
  private readonly ended = new Map<string, number>();

  /** Of the one that goes on now, or begins. */
  current(kind: string): string {
    const count = this.ended.get(kind) ?? 0;
    return count === 0 ? kind : `${kind}.${count + 1}`;
  }

  /** Of the one that ends with this. */
  last(kind: string): string {
    const id = this.current(kind);
    this.ended.set(kind, (this.ended.get(kind) ?? 0) + 1);
    return id;
  }
}
