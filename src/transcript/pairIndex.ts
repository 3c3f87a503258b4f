import type { Turn } from './turn';

/**
 * Which result belongs to which call, by id and not by neighbourhood: a steering message may stand between them. An id
 * that is used again belongs to the newest call that has it. Results that came before any call of their id belong to
 * the first call that follows.
 */
export class PairIndex {
  private readonly newestCaller = new Map<string, number>();
  /** Of an id that was used again: its other callers, oldest first. */
  private readonly olderCallers = new Map<string, Set<number>>();
  /** By place: of a result the place of its caller, of a caller those of its results. */
  private callers: (number | undefined)[] = [];
  private results: (number[] | undefined)[] = [];
  /** Results without a call, by id. */
  private readonly early = new Map<string, Set<number>>();

  /** Takes in a turn at its place; turns come in order. */
  add(turn: Turn, slot: number): void {
    this.callers.push(undefined);
    this.results.push(undefined);
    if (turn.role === 'assistant') {
      for (const { id } of turn.toolCalls ?? []) {
        const older = this.newestCaller.get(id);
        if (older !== undefined && older !== slot) {
          addTo(this.olderCallers, id, older);
        }
        this.newestCaller.set(id, slot);
        for (const result of this.early.get(id) ?? []) {
          this.link(slot, result);
        }
        this.early.delete(id);
      }
    }
    if (turn.role !== 'tool' || turn.toolCallId === undefined) {
      return;
    }
    const caller = this.newestCaller.get(turn.toolCallId);
    if (caller === undefined) {
      addTo(this.early, turn.toolCallId, slot);
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
      if (turn.toolCallId !== undefined) {
        removeFrom(this.early, turn.toolCallId, slot);
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
    for (const index of [this.olderCallers, this.early]) {
      for (const [id, slots] of index) {
        const left = [...slots].map(placeOf).filter((at) => at !== undefined);
        if (left.length === 0) {
          index.delete(id);
        } else {
          index.set(id, new Set(left));
        }
      }
    }
    for (const [id, slot] of this.newestCaller) {
      const place = places[slot];
      if (place === undefined) {
        this.newestCaller.delete(id);
      } else {
        this.newestCaller.set(id, place);
      }
    }
  }

  /** An older call of the same id is the newest one then. */
  private forgetCaller(id: string, slot: number): void {
    if (this.newestCaller.get(id) !== slot) {
      removeFrom(this.olderCallers, id, slot);
      return;
    }
    // The oldest go first: that others of its id are left is rare.
    const newest = [...(this.olderCallers.get(id) ?? [])].at(-1);
    if (newest === undefined) {
      this.newestCaller.delete(id);
    } else {
      this.newestCaller.set(id, newest);
      removeFrom(this.olderCallers, id, newest);
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

function addTo(index: Map<string, Set<number>>, id: string, slot: number): void {
  const known = index.get(id);
  if (known === undefined) {
    index.set(id, new Set([slot]));
  } else {
    known.add(slot);
  }
}

function removeFrom(index: Map<string, Set<number>>, id: string, slot: number): void {
  const known = index.get(id);
  known?.delete(slot);
  if (known?.size === 0) {
    index.delete(id);
  }
}
