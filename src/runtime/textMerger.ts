import type { NormalizedEvent } from '../events/normalizedEvent';

export type TextEvent = Extract<NormalizedEvent, { readonly kind: 'text' | 'thinking' }>;

/**
 * Makes one event of the small pieces of a block that come together, in one turn of the event loop: what is behind it
 * then works once per chunk of an agent's output and not once per token. Nothing is held longer than to the end of the
 * running task; whoever passes something else on in between calls `flush` first.
 */
export class TextMerger {
  private waiting: TextEvent | undefined;
  /** A list, not a sum: a sum would stay a chain of its pieces for as long as anybody keeps the text. */
  private pieces: string[] = [];

  constructor(private readonly pass: (event: TextEvent) => void) {}

  add(event: TextEvent): void {
    if (this.waiting !== undefined && isOneBlock(this.waiting, event)) {
      this.pieces.push(event.delta);
      return;
    }
    this.flush();
    this.waiting = event;
    this.pieces = [event.delta];
    void taskEnd.then(() => this.flush());
  }

  flush(): void {
    const { waiting, pieces } = this;
    if (waiting !== undefined) {
      this.waiting = undefined;
      this.pieces = [];
      this.pass(pieces.length === 1 ? waiting : { ...waiting, delta: pieces.join('') });
    }
  }
}

/** Settled: what waits for it comes at the end of the running task. Node makes more of `queueMicrotask`. */
const taskEnd = Promise.resolve();

function isOneBlock(first: TextEvent, second: TextEvent): boolean {
  return (
    first.kind === second.kind &&
    first.blockId === second.blockId &&
    first.parentCallId === second.parentCallId &&
    isPlain(first) &&
    isPlain(second)
  );
}

/** A piece that brings more than its words stays alone. */
function isPlain(event: TextEvent): boolean {
  return event.kind === 'text' || (event.signature === undefined && event.isRedacted === undefined);
}
