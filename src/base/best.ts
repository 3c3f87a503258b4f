/**
 * The best few of many: what is not better than the worst kept one costs one comparison. Of equal scores the lower id is
 * first, so that the result does not depend on the order in which they are offered.
 */
export class Best {
  private readonly ids: number[] = [];
  private readonly scores: number[] = [];
  private worst: number;

  constructor(private readonly maxCount: number) {
    this.worst = maxCount > 0 ? -Infinity : Infinity;
  }

  get isFull(): boolean {
    return this.ids.length >= this.maxCount;
  }

  /** What a score must reach to be kept. */
  get least(): number {
    return this.worst;
  }

  /**
   * An id that is offered again keeps its best score. False when it is too late: then one with the same score or a lower
   * one and a higher id is too late from here on.
   */
  offer(id: number, score: number): boolean {
    if (score < this.worst) {
      return false;
    }
    const { ids, scores } = this;
    const known = ids.indexOf(id);
    if (known >= 0) {
      if ((scores[known] ?? 0) >= score) {
        return true;
      }
      ids.splice(known, 1);
      scores.splice(known, 1);
    }
    let place = scores.length;
    while (place > 0 && isBefore(score, id, scores[place - 1] ?? 0, ids[place - 1] ?? 0)) {
      place--;
    }
    if (place >= this.maxCount) {
      return false;
    }
    scores.splice(place, 0, score);
    ids.splice(place, 0, id);
    if (ids.length > this.maxCount) {
      ids.pop();
      scores.pop();
    }
    if (this.isFull) {
      this.worst = scores.at(-1) ?? Infinity;
    }
    return true;
  }

  list(): readonly number[] {
    return this.ids;
  }
}

function isBefore(score: number, id: number, otherScore: number, otherId: number): boolean {
  return score > otherScore || (score === otherScore && id < otherId);
}
