import { Emitter } from '../base/emitter';
import type { Message } from '../events/message';
import { compressToolResults, type SummaryTemplate } from './compression';
import { planEviction, startCursor, type EvictionCursor } from './eviction';
import { PairIndex } from './pairIndex';
import { repairPairs } from './pairs';
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
 */
export class TranscriptStore implements Iterable<Turn> {
  readonly budgetTokens: number;
  private slots: (Turn | undefined)[] = [];
  private holes = 0;
  private tokens = 0;
  private cursor: EvictionCursor = startCursor;
  private pairs = new PairIndex();
  private newestUser = -1;
  private overflow = 0;
  private readonly didEvict = new Emitter<Eviction>();
  readonly onDidEvict = this.didEvict.event;

  constructor(options: TranscriptOptions = {}) {
    this.budgetTokens = options.budgetTokens ?? defaultBudgetTokens;
  }

  /** A store with these turns, in order; the totals are the same. */
  static fromTurns(turns: readonly Turn[], options: TranscriptOptions = {}): TranscriptStore {
    const store = new TranscriptStore(options);
    for (const turn of turns) {
      store.append(turn);
    }
    return store;
  }

  /** A store with these messages, broken call/result pairs repaired; `repairs` says what was wrong. */
  static fromMessages(
    messages: readonly Message[],
    options: TranscriptOptions & { readonly toTurn?: (message: Message) => Turn } = {},
  ): { readonly store: TranscriptStore; readonly repairs: readonly string[] } {
    const repaired = repairPairs(messages);
    const turns = repaired.messages.map(options.toTurn ?? turnFromMessage);
    return { store: TranscriptStore.fromTurns(turns, options), repairs: repaired.repairs };
  }

  get length(): number {
    return this.slots.length - this.holes;
  }

  /** Sum of the turns' tokens. */
  get tokenCount(): number {
    return this.tokens;
  }

  /** Tokens above the budget that the last eviction could not remove. */
  get overflowTokens(): number {
    return this.overflow;
  }

  /** Used share of a budget, for a gauge: above 1 when over it, 0 for a budget of 0. */
  budgetRatio(maxTokens: number = this.budgetTokens): number {
    return maxTokens <= 0 ? 0 : this.tokens / maxTokens;
  }

  /** Adds at the end. Never evicts. */
  append(turn: Turn): void {
    this.index(turn, this.slots.length);
    this.slots.push(Object.isFrozen(turn) ? turn : Object.freeze({ ...turn }));
    this.tokens += turn.tokens;
  }

  appendMessage(message: Message): Turn {
    const turn = turnFromMessage(message);
    this.append(turn);
    return turn;
  }

  /** Puts a system turn at the front, in place of the one that is there. */
  prependSystem(content: string): void {
    const turn = createTurn({ role: 'system', content });
    this.compact();
    const first = this.slots[0];
    if (first?.role === 'system') {
      this.tokens -= first.tokens;
      this.slots[0] = turn;
    } else {
      this.slots.unshift(turn);
      this.cursor = startCursor;
      this.reindex();
    }
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
    const plan = planEviction(
      {
        slots: this.slots,
        pairs: this.pairs,
        keepFrom: this.newestUser < 0 ? this.slots.length : this.newestUser,
        budgetTokens,
      },
      this.cursor,
      this.tokens - budgetTokens,
    );
    this.cursor = plan.cursor;
    const dropped: Turn[] = [];
    for (const slot of [...plan.dropped].sort((a, b) => a - b)) {
      const turn = this.slots[slot];
      if (turn !== undefined) {
        this.slots[slot] = undefined;
        this.holes++;
        this.tokens -= turn.tokens;
        this.pairs.forget(turn, slot);
        dropped.push(turn);
      }
    }
    this.overflow = Math.max(0, this.tokens - budgetTokens);
    if (this.holes > 64 && this.holes > this.length) {
      this.compact();
    }
    if (dropped.length > 0 || this.overflow > 0) {
      this.didEvict.fire({ dropped, overflowTokens: this.overflow });
    }
    return dropped.length;
  }

  /** Replaces long results of tools by a summary each, oldest first, until within the budget; returns how many. */
  replaceOldestToolResults(
    template: SummaryTemplate,
    budgetTokens: number = this.budgetTokens,
  ): number {
    const replaced = compressToolResults(
      this.slots,
      this.pairs,
      this.tokens - budgetTokens,
      template,
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

  private index(turn: Turn, slot: number): void {
    if (turn.role === 'user') {
      this.newestUser = slot;
    }
    this.pairs.add(turn, slot);
  }

  /** Takes the holes out; what was looked at by eviction stays looked at. */
  private compact(): void {
    if (this.holes === 0) {
      return;
    }
    const before = (slot: number): number => {
      let kept = 0;
      for (let at = 0; at < slot; at++) {
        kept += this.slots[at] === undefined ? 0 : 1;
      }
      return kept;
    };
    const { at, exchange } = this.cursor;
    this.cursor = {
      at: before(at),
      ...(exchange === undefined
        ? {}
        : {
            exchange: {
              ...exchange,
              end: before(exchange.end),
              head: exchange.head === undefined ? undefined : before(exchange.head),
            },
          }),
    };
    this.slots = this.slots.filter((turn) => turn !== undefined);
    this.holes = 0;
    this.reindex();
  }

  private reindex(): void {
    this.pairs = new PairIndex();
    this.newestUser = -1;
    this.slots.forEach((turn, slot) => {
      if (turn !== undefined) {
        this.index(turn, slot);
      }
    });
  }
}
