import type { Turn } from './turn';

/**
 * Which result belongs to which call, by id and not by neighbourhood: a steering message may stand between them. An id
 * that is used again belongs to the newest call that has it.
 */
export class PairIndex {
  private readonly newestCaller = new Map<string, number>();
  private readonly callers = new Map<number, number>();
  private readonly results = new Map<number, number[]>();

  /** Takes in a turn at its place; turns come in order. */
  add(turn: Turn, slot: number): void {
    for (const call of turn.toolCalls ?? []) {
      this.newestCaller.set(call.id, slot);
    }
    const caller =
      turn.toolCallId === undefined ? undefined : this.newestCaller.get(turn.toolCallId);
    if (turn.role === 'tool' && caller !== undefined) {
      this.callers.set(slot, caller);
      const known = this.results.get(caller);
      if (known === undefined) {
        this.results.set(caller, [slot]);
      } else {
        known.push(slot);
      }
    }
  }

  /** Place of the assistant turn that made the call of a result. */
  callerOf(resultSlot: number): number | undefined {
    return this.callers.get(resultSlot);
  }

  /** Places of the results of an assistant turn's calls. */
  resultsOf(callerSlot: number): readonly number[] {
    return this.results.get(callerSlot) ?? [];
  }

  /** The turn at a place is gone. */
  forget(turn: Turn, slot: number): void {
    for (const call of turn.toolCalls ?? []) {
      if (this.newestCaller.get(call.id) === slot) {
        this.newestCaller.delete(call.id);
      }
    }
    this.results.delete(slot);
    this.callers.delete(slot);
  }
}
