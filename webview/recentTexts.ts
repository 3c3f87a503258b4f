/** More letters than these are not remembered: what was set first goes first. */
const maxChars = 4 * 1024 * 1024;

/** What rows remember beyond their items, outputs that were fetched among it; bounded. */
export class RecentTexts extends Map<string, string> {
  private chars = 0;

  override set(key: string, text: string): this {
    this.delete(key);
    super.set(key, text);
    this.chars += text.length;
    for (const oldest of this.keys()) {
      if (this.chars <= maxChars || oldest === key) {
        break;
      }
      this.delete(oldest);
    }
    return this;
  }

  override delete(key: string): boolean {
    this.chars -= this.get(key)?.length ?? 0;
    return super.delete(key);
  }

  override clear(): void {
    this.chars = 0;
    super.clear();
  }
}
