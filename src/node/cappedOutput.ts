/**
 * Keeps the beginning and the end of a long text, with a mark in between that says how much is missing. Sizes count
 * UTF-16 units; the result is at most `maxChars` long.
 */
export class CappedOutput {
  private head = '';
  private tail: string[] = [];
  private tailChars = 0;
  private droppedChars = 0;
  private readonly headChars: number;
  private readonly maxTailChars: number;

  constructor(maxChars: number) {
    const forText = Math.max(maxChars - markRoom, 2);
    this.headChars = Math.floor(forText / 2);
    this.maxTailChars = forText - this.headChars;
  }

  push(text: string): void {
    const room = this.headChars - this.head.length;
    if (room > 0) {
      this.head += text.slice(0, room);
    }
    const rest = text.slice(Math.max(room, 0));
    if (rest === '') {
      return;
    }
    this.tail.push(rest);
    this.tailChars += rest.length;
    // Cut back only when it has doubled: constant work per character.
    if (this.tailChars > this.maxTailChars * 2 || this.tail.length > 4096) {
      this.cutTail();
    }
  }

  text(): string {
    this.cutTail();
    const tail = this.tail.join('');
    if (this.droppedChars === 0) {
      return this.head + tail;
    }
    return `${withoutHalfPair(this.head)}\n… ${this.droppedChars} characters left out …\n${tail.replace(/^[\udc00-\udfff]/, '')}`;
  }

  private cutTail(): void {
    const joined = this.tail.join('');
    const kept = joined.slice(-this.maxTailChars);
    this.droppedChars += joined.length - kept.length;
    this.tail = kept === '' ? [] : [kept];
    this.tailChars = kept.length;
  }
}

const markRoom = 64;

function withoutHalfPair(text: string): string {
  return text.replace(/[\ud800-\udbff]$/, '');
}
