import type { Redactor } from '../base/redact';
import { stripEscapes } from '../base/escapeSequences';

/**
 * Keeps the end of a byte stream. What is given out has no colours and no other words for a terminal; it is redacted first
 * and cut after it, so that the cut cannot take away the beginning by which a secret is known: for that, twice as much is
 * kept as is shown.
 */
export class OutputTail {
  private chunks: Uint8Array[] = [];
  private keptBytes = 0;
  private seenBytes = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly redact: Redactor,
  ) {}

  push(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.keptBytes += chunk.length;
    this.seenBytes += chunk.length;
    // Joined only when it has doubled: constant work per byte.
    if (this.keptBytes > this.maxBytes * 4 || this.chunks.length > 256) {
      const tail = Buffer.concat(this.chunks).subarray(-this.maxBytes * 2);
      this.chunks = [Uint8Array.from(tail)]; // a copy: a view would keep everything alive
      this.keptBytes = tail.length;
    }
  }

  /** At most `maxBytes` bytes of UTF-8. */
  text(): string {
    const kept = stripEscapes(
      new TextDecoder().decode(Buffer.concat(this.chunks).subarray(-this.maxBytes * 2)),
    );
    const redacted = this.redact(
      this.seenBytes > this.maxBytes * 2 ? withoutFirstWord(kept) : kept,
    );
    const bytes = Buffer.from(redacted, 'utf8');
    if (bytes.length <= this.maxBytes) {
      return redacted;
    }
    let start = bytes.length - this.maxBytes;
    while (start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) {
      start += 1; // not in the middle of a character
    }
    return bytes.subarray(start).toString('utf8');
  }
}

/** The first word may be the second half of a secret. */
function withoutFirstWord(text: string): string {
  const end = text.search(/\s/);
  return end === -1 ? '' : text.slice(end);
}
