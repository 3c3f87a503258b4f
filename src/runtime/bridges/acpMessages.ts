const maxErrorChars = 4000;

/**
 * The messages of the model within one prompt, by the agent's own ids, to take back what is void. claude-agent-acp sends a
 * `usage_update` at the end of every message; one that is followed by another without it, and without a call, was cut
 * and is told again (seen with 0.100.0). opencode goes on under the same id and gemini-cli has no ids: there nothing shows.
 */
export class AcpMessages {
  private current: { readonly id: string; readonly blockIds: Set<string> } | undefined;
  private isClosed = true;
  private hasSeenUsage = false;
  private last: { readonly blockId: string; text: string } | undefined;

  /** One piece of text or thinking; gives the blocks that are void because of it. */
  piece(messageId: string, blockId: string, delta: string): readonly string[] {
    const before = this.current;
    let voided: readonly string[] = [];
    if (before?.id !== messageId) {
      if (before !== undefined && !this.isClosed && this.hasSeenUsage) {
        voided = [...before.blockIds];
      }
      this.current = { id: messageId, blockIds: new Set() };
    }
    this.isClosed = false;
    this.current?.blockIds.add(blockId);
    if (this.last?.blockId === blockId) {
      // Longer than any error: then it is none.
      this.last.text =
        this.last.text.length > maxErrorChars ? this.last.text : this.last.text + delta;
    } else {
      this.last = { blockId, text: delta };
    }
    return voided;
  }

  usage(): void {
    this.hasSeenUsage = true;
    this.isClosed = true;
  }

  /** A call, or a new prompt: what was said before it stays. */
  close(): void {
    this.isClosed = true;
  }

  /** The last block, when all of it is what the error says again. */
  repeatedBy(errorText: string): string | undefined {
    const text = this.last?.text.trim() ?? '';
    return text !== '' && errorText.includes(text) ? this.last?.blockId : undefined;
  }
}
