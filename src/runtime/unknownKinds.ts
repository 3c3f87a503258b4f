/**
 * How often each kind of message came that a parser does not know. The names are the child's, so both their number and
 * their length are bounded: what is beyond counts as `others`.
 */
export class UnknownKinds {
  private readonly counts = new Map<string, number>();

  get byKind(): ReadonlyMap<string, number> {
    return this.counts;
  }

  add(kind: string): void {
    const name = kind.slice(0, maxNameChars);
    const counted = this.counts.has(name) || this.counts.size < maxKinds - 1 ? name : 'others';
    this.counts.set(counted, (this.counts.get(counted) ?? 0) + 1);
  }
}

const maxKinds = 200;
const maxNameChars = 100;
