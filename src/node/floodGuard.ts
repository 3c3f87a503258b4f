/** Notices a sender of much more than anybody needs: so many bytes or messages within one span of time. */
export class FloodGuard {
  private startedAtMs = 0;
  private bytes = 0;
  private messages = 0;

  constructor(
    private readonly limits: {
      readonly spanMs: number;
      readonly maxBytes: number;
      readonly maxMessages: number;
    },
    private readonly nowMs: () => number,
  ) {}

  /** False when it is a flood. */
  note(bytes: number, messages: number): boolean {
    const now = this.nowMs();
    if (now - this.startedAtMs > this.limits.spanMs) {
      this.startedAtMs = now;
      this.bytes = 0;
      this.messages = 0;
    }
    this.bytes += bytes;
    this.messages += messages;
    return this.bytes <= this.limits.maxBytes && this.messages <= this.limits.maxMessages;
  }
}
