/** More letters are not kept: the oldest outputs go first. */
const maxChars = 16 * 1024 * 1024;

/** Whole outputs of calls whose results are not in the conversation yet, bounded. */
export class RecentOutputs {
  private readonly outputs = new Map<string, string>();
  private chars = 0;

  get(callId: string): string | undefined {
    return this.outputs.get(callId);
  }

  set(callId: string, output: string): void {
    this.delete(callId);
    this.outputs.set(callId, output);
    this.chars += output.length;
    for (const oldest of this.outputs.keys()) {
      if (this.chars <= maxChars || oldest === callId) {
        break;
      }
      this.delete(oldest);
    }
  }

  delete(callId: string): void {
    this.chars -= this.outputs.get(callId)?.length ?? 0;
    this.outputs.delete(callId);
  }
}
