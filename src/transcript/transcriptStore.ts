import { Emitter } from '../base/emitter';
import type { Message } from '../events/message';
import { compressToolResults, type SummaryTemplate } from './compression';
import { planEviction, startCursor, type EvictionCursor } from './eviction';
import { PairIndex } from './pairIndex';
import { repairPairs, repairTurnPairs } from './pairs';
import { messageFromTurn, turnFromMessage } from './serialize';
import { createTurn, type Turn } from './turn';

export const defaultBudgetTokens = 120_000;

export interface TranscriptOptions {
  readonly budgetTokens?: number;
}

export interface Eviction {
  readonly dropped: readonly Turn[];
  /** Tokens that are still above the budget because the rest has to stay; 0 when it fits. */
  readonly overflowTokens: number;
}

/**
 * The live window of one conversation: append-only, with a token budget. Turns go in as they come; `maybeEvict` drops
 * the oldest exchanges. What goes from here stays on disk. No model is called and nothing is read or written.
 * Appending, and dropping a turn, cost the same however long the conversation is.
 */
export class TranscriptStore implements Iterable<Turn> {
  readonly budgetTokens: number;
  /** Turns in order, with holes where some were dropped; the cursor is where eviction goes on. */
  private slots: (Turn | undefined)[] = [];
  private holes = 0;
  private tokens = 0;
  private cursor: EvictionCursor = startCursor;
  private readonly pairs = new PairIndex();
  private newestUser = -1;
  /** Budget of the last eviction, and what it had to leave above it. */
  private evictedTo = Number.POSITIVE_INFINITY;
  private unevictable = 0;
  private readonly didEvict = new Emitter<Eviction>();
  readonly onDidEvict = this.didEvict.event;

  constructor(options: TranscriptOptions = {}) {
    this.budgetTokens = options.budgetTokens ?? defaultBudgetTokens;
  }

  /**
   * A store with these turns, in order; the totals are the same. Broken call/result pairs are repaired, which changes
   * them: `onRepairs` is told what was wrong.
   */
  static fromTurns(
    turns: readonly Turn[],
    options: TranscriptOptions & { readonly onRepairs?: (repairs: readonly string[]) => void } = {},
  ): TranscriptStore {
    const repaired = repairTurnPairs(turns);
    if (repaired.repairs.length > 0) {
      options.onRepairs?.(repaired.repairs);
    }
    return TranscriptStore.of(repaired.items, options);
  }

  /** A store with these messages, broken call/result pairs repaired; `repairs` says what was wrong. */
  static fromMessages(
    messages: readonly Message[],
    options: TranscriptOptions & { readonly toTurn?: (message: Message) => Turn } = {},
  ): { readonly store: TranscriptStore; readonly repairs: readonly string[] } {
    const repaired = repairPairs(messages);
    const turns = repaired.messages.map(options.toTurn ?? turnFromMessage);
    return { store: TranscriptStore.of(turns, options), repairs: repaired.repairs };
  }

  private static of(turns: readonly Turn[], options: TranscriptOptions): TranscriptStore {
    const store = new TranscriptStore(options);
    for (const turn of turns) {
      store.append(turn);
    }
    return store;
  }

  get length(): number {
    return this.slots.length - this.holes;
  }

  /** Sum of the turns' tokens. */
  get tokenCount(): number {
    return this.tokens;
  }

  /** Tokens above the budget of the last eviction that it could not remove, and that are still there. */
  get overflowTokens(): number {
    return Math.max(0, Math.min(this.unevictable, this.tokens - this.evictedTo));
  }

  /** Used share of a budget, for a gauge: above 1 when over it, 0 for a budget of 0. */
  budgetRatio(maxTokens: number = this.budgetTokens): number {
    return maxTokens <= 0 ? 0 : this.tokens / maxTokens;
  }

  /** Adds at the end. Never evicts. Throws for a turn whose tokens are no whole number: the total would not be one. */
  append(turn: Turn): void {
    const tokens = this.tokens + turn.tokens;
    if (turn.tokens < 0 || !Number.isSafeInteger(turn.tokens) || !Number.isSafeInteger(tokens)) {
      throw new RangeError(`a turn of ${String(turn.tokens)} tokens`);
    }
    const slot = this.slots.length;
    if (turn.role === 'user') {
      this.noteQuestion(slot);
    }
    this.pairs.add(turn, slot);
    this.slots.push(Object.isFrozen(turn) ? turn : Object.freeze({ ...turn }));
    this.tokens = tokens;
  }

  appendMessage(message: Message): Turn {
    const turn = turnFromMessage(message);
    this.append(turn);
    return turn;
  }

  /** Puts a system turn at the front, in place of those that are there: one is left. */
  prependSystem(content: string): void {
    const turn = createTurn({ role: 'system', content });
    let front: number | undefined;
    for (let slot = 0; slot < this.slots.length; slot++) {
      const known = this.slots[slot];
      if (known === undefined) {
        continue;
      }
      if (known.role !== 'system') {
        break;
      }
      this.tokens -= known.tokens;
      if (front === undefined) {
        front = slot;
      } else {
        this.slots[slot] = undefined;
        this.holes++;
      }
    }
    if (front === undefined) {
      this.move(1);
      this.holes--;
      front = 0;
    }
    this.slots[front] = turn;
    this.tokens += turn.tokens;
  }

  /** Keeps a turn word for word until `release`. False when it is not in the window. */
  protect(turnId: string, reason: string): boolean {
    return this.replace(turnId, (turn) =>
      createTurn({ ...turn, nonDroppable: true, nonDroppableReason: reason }),
    );
  }

  release(turnId: string): boolean {
    return this.replace(turnId, ({ nonDroppable: _mark, nonDroppableReason: _reason, ...rest }) =>
      createTurn(rest),
    );
  }

  /** Drops the oldest exchanges until within the budget; returns how many turns went. See `overflowTokens` when that is not possible. */
  maybeEvict(budgetTokens: number = this.budgetTokens): number {
    this.evictedTo = Math.max(0, budgetTokens);
    if (this.tokens <= this.evictedTo) {
      this.unevictable = 0;
      return 0;
    }
    const plan = planEviction(
      {
        slots: this.slots,
        pairs: this.pairs,
        keepFrom: this.newestUser < 0 ? this.slots.length : this.newestUser,
        budgetTokens: this.evictedTo,
      },
      this.cursor,
      this.tokens - this.evictedTo,
    );
    this.cursor = plan.cursor;
    const dropped = this.drop([...plan.dropped].sort((a, b) => a - b));
    this.unevictable = Math.max(0, this.tokens - this.evictedTo);
    if (this.holes > 64 && this.holes > this.length) {
      this.move(0);
    }
    if (dropped.length > 0 || this.unevictable > 0) {
      this.didEvict.fire({ dropped, overflowTokens: this.unevictable });
    }
    return dropped.length;
  }

  /**
   * Replaces long results of tools by a summary each, oldest first, until within the budget; returns how many.
   * `keepsUnread`: results that no answer came after stay whole, as a model that never saw them would ask again.
   */
  replaceOldestToolResults(
    template: SummaryTemplate,
    budgetTokens: number = this.budgetTokens,
    { keepsUnread = false }: { readonly keepsUnread?: boolean } = {},
  ): number {
    const replaced = compressToolResults(
      this.slots,
      this.pairs,
      this.tokens - budgetTokens,
      template,
      keepsUnread ? this.slots.findLastIndex((turn) => turn?.role === 'assistant') : undefined,
    );
    for (const [slot, turn] of replaced) {
      this.tokens += turn.tokens - (this.slots[slot]?.tokens ?? 0);
      this.slots[slot] = turn;
    }
    return replaced.length;
  }

  *[Symbol.iterator](): Iterator<Turn> {
    for (const turn of this.slots) {
      if (turn !== undefined) {
        yield turn;
      }
    }
  }

  /** A snapshot that later changes do not touch. */
  toTurns(): readonly Turn[] {
    return [...this];
  }

  /**
   * The window as messages to send: pairs whole, and the first is a user message. System turns are not among them.
   */
  messages(): readonly Message[] {
    const all = [...this].flatMap((turn) => messageFromTurn(turn) ?? []);
    const first = all.findIndex((message) => message.role === 'user');
    return first < 0 ? [] : repairPairs(all.slice(first)).messages;
  }

  private replace(turnId: string, change: (turn: Turn) => Turn): boolean {
    const slot = this.slots.findIndex((turn) => turn?.id === turnId);
    const turn = this.slots[slot];
    if (turn === undefined) {
      return false;
    }
    const next = change(turn);
    this.slots[slot] = next;
    this.tokens += next.tokens - turn.tokens;
    this.cursor = startCursor;
    return true;
  }

  /** What stayed only because it reaches behind the question before may go now. */
  private noteQuestion(slot: number): void {
    this.newestUser = slot;
    if (this.cursor.retryAt !== undefined) {
      this.cursor = { at: this.cursor.retryAt };
    }
  }

  private drop(slots: readonly number[]): readonly Turn[] {
    const dropped: Turn[] = [];
    for (const slot of slots) {
      const turn = this.slots[slot];
      if (turn !== undefined) {
        this.slots[slot] = undefined;
        this.holes++;
        this.tokens -= turn.tokens;
        this.pairs.forget(turn, slot);
        dropped.push(turn);
      }
    }
    return dropped;
  }

  /** Takes the holes out and leaves some in front. What was looked at by eviction stays looked at. */
  private move(holesInFront: number): void {
    const places = new Array<number>(this.slots.length + 1);
    const moved: (Turn | undefined)[] = new Array<undefined>(holesInFront);
    this.slots.forEach((turn, slot) => {
      places[slot] = moved.length;
      if (turn !== undefined) {
        moved.push(turn);
      }
    });
    places[this.slots.length] = moved.length;
    const placeOf = (slot: number): number => places[slot] ?? moved.length;
    const { at, exchange, retryAt } = this.cursor;
    this.cursor = {
      at: placeOf(at),
      ...(retryAt === undefined ? {} : { retryAt: placeOf(retryAt) }),
      ...(exchange === undefined
        ? {}
        : {
            exchange: {
              ...exchange,
              end: placeOf(exchange.end),
              head: exchange.head === undefined ? undefined : placeOf(exchange.head),
            },
          }),
    };
    this.pairs.move(
      this.slots.map((turn, slot) => (turn === undefined ? undefined : placeOf(slot))),
      moved.length,
    );
    this.newestUser = this.newestUser < 0 ? -1 : placeOf(this.newestUser);
    this.slots = moved;
    this.holes = holesInFront;
  }
}
