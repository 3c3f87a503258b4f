import type { Turn } from './turn';

/**
 * Which result belongs to which call, by id and not by neighbourhood: a steering message may stand between them. An id
 * that is used again belongs to the newest call that has it. A result that came before any call of its id belongs to
 * the first call that follows.
 */
export class PairIndex {
  private readonly newestCaller = new Map<string, number>();
  /** Of an id that was used again: its other callers, oldest first. */
  private readonly olderCallers = new Map<string, number[]>();
  /** By place: of a result the place of its caller, of a caller those of its results. */
  private callers: (number | undefined)[] = [];
  private results: (number[] | undefined)[] = [];
  /** Newest result without a call, by id. */
  private readonly early = new Map<string, number>();

  /** Takes in a turn at its place; turns come in order. */
  add(turn: Turn, slot: number): void {
    this.callers.push(undefined);
    this.results.push(undefined);
    if (turn.role === 'assistant') {
      for (const { id } of turn.toolCalls ?? []) {
        const older = this.newestCaller.get(id);
        if (older !== undefined && older !== slot) {
          this.olderCallers.set(id, [...(this.olderCallers.get(id) ?? []), older]);
        }
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
    return this.callers[resultSlot];
  }

  /** Places of the results of an assistant turn's calls. */
  resultsOf(callerSlot: number): readonly number[] {
    return this.results[callerSlot] ?? none;
  }

  /** The turn at a place is gone. */
  forget(turn: Turn, slot: number): void {
    if (turn.role === 'assistant') {
      for (const { id } of turn.toolCalls ?? []) {
        this.forgetCaller(id, slot);
      }
      this.results[slot] = undefined;
    } else if (turn.role === 'tool') {
      this.callers[slot] = undefined;
      if (turn.toolCallId !== undefined && this.early.get(turn.toolCallId) === slot) {
        this.early.delete(turn.toolCallId);
      }
    }
  }

  /**
   * The turns have other places now: `places` says where each is, in order; what is gone has none. `length` is how
   * many places there are.
   */
  move(places: readonly (number | undefined)[], length: number): void {
    const placeOf = (slot: number): number | undefined => places[slot];
    const callers = new Array<number | undefined>(length).fill(undefined);
    const results = new Array<number[] | undefined>(length).fill(undefined);
    places.forEach((place, slot) => {
      if (place !== undefined) {
        const caller = this.callers[slot];
        callers[place] = caller === undefined ? undefined : places[caller];
        results[place] = this.results[slot]?.map(placeOf).filter((at) => at !== undefined);
      }
    });
    this.callers = callers;
    this.results = results;
    for (const [id, slots] of this.olderCallers) {
      const left = slots.map(placeOf).filter((at) => at !== undefined);
      this.olderCallers.set(id, left);
    }
    for (const index of [this.newestCaller, this.early]) {
      for (const [id, slot] of index) {
        const place = places[slot];
        if (place === undefined) {
          index.delete(id);
        } else {
          index.set(id, place);
        }
      }
    }
  }

  /** An older call of the same id is the newest one then. */
  private forgetCaller(id: string, slot: number): void {
    const older = this.olderCallers.get(id)?.filter((caller) => caller !== slot) ?? [];
    if (this.newestCaller.get(id) === slot) {
      const newest = older.pop();
      if (newest === undefined) {
        this.newestCaller.delete(id);
      } else {
        this.newestCaller.set(id, newest);
      }
    }
    if (older.length === 0) {
      this.olderCallers.delete(id);
    } else {
      this.olderCallers.set(id, older);
    }
  }

  private link(caller: number, result: number): void {
    this.callers[result] = caller;
    const known = this.results[caller];
    if (known === undefined) {
      this.results[caller] = [result];
    } else {
      known.push(result);
    }
  }
}

const none: readonly number[] = [];
