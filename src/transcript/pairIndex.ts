import type { Turn } from './turn';

/**
 * Which result belongs to which call, by id and not by neighbourhood: a steering message may stand between them. An id
 * that is used again belongs to the newest call that has it. A result that came before any call of its id belongs to
 * the first call that follows.
 */
export class PairIndex {
  private readonly newestCaller = new Map<string, number>();
  private readonly callers = new Map<number, number>();
  private readonly results = new Map<number, number[]>();
  /** Newest result without a call, by id. */
  private readonly early = new Map<string, number>();

  /** Takes in a turn at its place; turns come in order. */
  add(turn: Turn, slot: number): void {
    if (turn.role === 'assistant') {
      for (const { id } of turn.toolCalls ?? []) {
        this.newestCaller.set(id, slot);
        const result = this.early.get(id);
        if (result !== undefined) {
          this.early.delete(id);
          this.link(slot, result);
        }
      }
    }
    if (turn.role !== 'tool' || turn.toolCallId === undefined) {
      return;
    }
    const caller = this.newestCaller.get(turn.toolCallId);
    if (caller === undefined) {
      this.early.set(turn.toolCallId, slot);
    } else {
      this.link(caller, slot);
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
    if (turn.role === 'assistant') {
      for (const { id } of turn.toolCalls ?? []) {
        if (this.newestCaller.get(id) === slot) {
          this.newestCaller.delete(id);
        }
      }
      this.results.delete(slot);
    } else if (turn.role === 'tool') {
      this.callers.delete(slot);
      if (turn.toolCallId !== undefined && this.early.get(turn.toolCallId) === slot) {
        this.early.delete(turn.toolCallId);
      }
    }
  }

  /** The same pairs with other places; `newSlot` gives undefined for what is gone. */
  moved(newSlot: (slot: number) => number | undefined): PairIndex {
    const moved = new PairIndex();
    const carry = <Key>(from: ReadonlyMap<Key, number>, to: Map<Key, number>): void => {
      for (const [key, slot] of from) {
        const at = newSlot(slot);
        if (at !== undefined) {
          to.set(key, at);
        }
      }
    };
    carry(this.newestCaller, moved.newestCaller);
    carry(this.early, moved.early);
    for (const [result, caller] of this.callers) {
      const from = newSlot(result);
      const to = newSlot(caller);
      if (from !== undefined && to !== undefined) {
        moved.link(to, from);
      }
    }
    return moved;
  }

  private link(caller: number, result: number): void {
    this.callers.set(result, caller);
    const known = this.results.get(caller);
    if (known === undefined) {
      this.results.set(caller, [result]);
    } else {
      known.push(result);
    }
  }
}
