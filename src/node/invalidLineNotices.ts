/**
 * Says which lines of a child were not JSON: the first few each, then only how many there were, each time their number
 * has doubled, so that a child that floods nonsense does not flood the user.
 */
export class InvalidLineNotices {
  private count = 0;
  private saidCount = 0;

  constructor(
    private readonly say: (text: string) => void,
    /** For what is shown; not each of a million lines is looked through. */
    private readonly redact: (text: string) => string,
  ) {}

  add(excerpt: string): void {
    this.count += 1;
    if (this.count <= shownLines) {
      this.saidCount = this.count;
      this.say(`Skipped a line that is not JSON: ${this.redact(excerpt)}`);
    } else if (this.count >= this.saidCount * 2) {
      this.sayCount();
    }
  }

  /** The last count, when lines came since it was said. */
  end(): void {
    if (this.count > this.saidCount) {
      this.sayCount();
    }
  }

  private sayCount(): void {
    this.saidCount = this.count;
    this.say(`Skipped ${this.count} lines so far that are not JSON.`);
  }
}

const shownLines = 5;
