import { Deferred } from '../base/deferred';
import { toDisposable, type Disposable } from '../base/disposable';
import type { AssistantMessageEvent } from './assistantMessageEvent';
import type { AssistantMessage } from './message';

export interface EventStreamOptions {
  /** How many events a branch holds apart before deltas of the same block merge. Default 256. */
  readonly queueLimit?: number;
  /** How many past events `getHistory` keeps. Default 0. */
  readonly historyLimit?: number;
  /** Told about a listener that threw; the other listeners are not disturbed. */
  readonly onListenerError?: (error: unknown) => void;
}

/**
 * The events of one assistant message. Events pushed before anybody iterates are kept. Exactly one terminal event
 * (`done` or `error`): what is pushed after it is ignored. `result()` resolves with the final message on both and never
 * rejects.
 *
 * Several consumers are an explicit choice: iterating the stream itself takes its own first branch, once; `branch()`
 * gives another branch that begins with the events still to come; `subscribe` is called synchronously.
 * A slow branch is bounded by merging: beyond `queueLimit` waiting events the deltas of one block become one event, so
 * that at most three events (start, delta, end) per block wait. No event kind and no text is ever dropped.
 */
export class AssistantMessageEventStream implements AsyncIterable<AssistantMessageEvent> {
  private readonly queueLimit: number;
  private readonly historyLimit: number;
  private readonly onListenerError: (error: unknown) => void;
  private readonly own: EventQueue;
  private readonly branches = new Set<EventQueue>();
  private readonly listeners = new Set<(event: AssistantMessageEvent) => void>();
  private readonly history: AssistantMessageEvent[] = [];
  private readonly settled = new Deferred<AssistantMessage>();
  private isOwnTaken = false;
  private isEnded = false;

  constructor(options: EventStreamOptions = {}) {
    this.queueLimit = options.queueLimit ?? 256;
    this.historyLimit = options.historyLimit ?? 0;
    this.onListenerError = options.onListenerError ?? (() => undefined);
    this.own = new EventQueue(this.queueLimit);
    this.branches.add(this.own);
  }

  /** True after the terminal event or `end()`. */
  get hasEnded(): boolean {
    return this.isEnded;
  }

  push(event: AssistantMessageEvent): void {
    if (this.isEnded) {
      return;
    }
    const isTerminal = event.type === 'done' || event.type === 'error';
    if (isTerminal) {
      this.isEnded = true;
    }
    this.remember(event);
    for (const branch of this.branches) {
      branch.push(event);
      if (isTerminal) {
        branch.end();
      }
    }
    for (const listener of [...this.listeners]) {
      try {
        listener(event);
      } catch (error) {
        this.onListenerError(error);
      }
    }
    if (isTerminal) {
      this.listeners.clear();
      this.settled.resolve(event.message);
    }
  }

  /**
   * Ends the stream without a terminal event, for a writer that goes away: waiters are released, iterations end, and
   * `result()` resolves with `message` (the empty message of nobody when none is given). No-op after the terminal event.
   */
  end(message?: AssistantMessage): void {
    if (this.isEnded) {
      return;
    }
    this.isEnded = true;
    for (const branch of this.branches) {
      branch.end();
    }
    this.listeners.clear();
    this.settled.resolve(message ?? nobodysMessage);
  }

  result(): Promise<AssistantMessage> {
    return this.settled.promise;
  }

  /** The final message, or undefined when it is not there after `timeoutMs`. */
  async resultWithTimeout(timeoutMs: number): Promise<AssistantMessage | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), timeoutMs);
    });
    try {
      return await Promise.race([this.settled.promise, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The newest events, at most `historyLimit` of them; all that are kept when no limit is given. */
  getHistory(historyLimit: number = this.historyLimit): readonly AssistantMessageEvent[] {
    return historyLimit <= 0 ? [] : this.history.slice(-historyLimit);
  }

  /** Throws when the first branch was taken before: two loops over one queue would each see half of the events. */
  [Symbol.asyncIterator](): AsyncIterator<AssistantMessageEvent> {
    if (this.isOwnTaken) {
      throw new Error('this stream is iterated already: ask for a branch()');
    }
    this.isOwnTaken = true;
    return this.iterate(this.own);
  }

  /** One more consumer, from now on. After the end it is empty. */
  branch(): AsyncIterable<AssistantMessageEvent> {
    const queue = new EventQueue(this.queueLimit);
    if (this.isEnded) {
      queue.end();
    } else {
      this.branches.add(queue);
    }
    return { [Symbol.asyncIterator]: () => this.iterate(queue) };
  }

  /** Called synchronously with every event from now on. A listener that throws disturbs nobody. */
  subscribe(listener: (event: AssistantMessageEvent) => void): Disposable {
    const own = (event: AssistantMessageEvent): void => listener(event);
    if (!this.isEnded) {
      this.listeners.add(own);
    }
    return toDisposable(() => this.listeners.delete(own));
  }

  /** A branch with only the events that pass. */
  filter(test: (event: AssistantMessageEvent) => boolean): AsyncIterable<AssistantMessageEvent> {
    return filtered(this.branch(), test);
  }

  /** A branch with every event turned into something else. */
  map<T>(convert: (event: AssistantMessageEvent) => T): AsyncIterable<T> {
    return mapped(this.branch(), convert);
  }

  private remember(event: AssistantMessageEvent): void {
    if (this.historyLimit > 0) {
      this.history.push(event);
      if (this.history.length > this.historyLimit) {
        this.history.shift();
      }
    }
  }

  private iterate(queue: EventQueue): AsyncIterator<AssistantMessageEvent> {
    return {
      next: () => queue.next(),
      return: () => {
        this.branches.delete(queue);
        queue.end();
        queue.clear();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }
}

const nobodysMessage: AssistantMessage = Object.freeze({
  role: 'assistant',
  content: [],
  api: '',
  provider: '',
  model: '',
  stopReason: 'error',
  errorMessage: 'The answer ended without a last word.',
  createdAtMs: 0,
});

/** The waiting events of one consumer. */
class EventQueue {
  private events: AssistantMessageEvent[] = [];
  private head = 0;
  private waiting: Deferred<IteratorResult<AssistantMessageEvent>>[] = [];
  private hasEnded = false;

  constructor(private readonly limit: number) {}

  push(event: AssistantMessageEvent): void {
    const waiter = this.waiting.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value: event });
      return;
    }
    const size = this.events.length - this.head;
    if (size < this.limit) {
      this.events.push(event);
      return;
    }
    if (size === this.limit) {
      // The first time it is full, what waits is merged once; from here on each delta merges on arrival.
      this.events = mergeDeltas(this.events.slice(this.head));
      this.head = 0;
    }
    const last = this.events.at(-1);
    const merged = last === undefined ? undefined : mergedDelta(last, event);
    if (merged === undefined) {
      this.events.push(event);
    } else {
      this.events[this.events.length - 1] = merged;
    }
  }

  next(): Promise<IteratorResult<AssistantMessageEvent>> {
    const event = this.events[this.head];
    if (event !== undefined) {
      this.head += 1;
      if (this.head === this.events.length) {
        this.clear();
      } else if (this.head >= 1024) {
        this.events = this.events.slice(this.head);
        this.head = 0;
      }
      return Promise.resolve({ done: false, value: event });
    }
    if (this.hasEnded) {
      return Promise.resolve({ done: true, value: undefined });
    }
    const waiter = new Deferred<IteratorResult<AssistantMessageEvent>>();
    this.waiting.push(waiter);
    return waiter.promise;
  }

  end(): void {
    this.hasEnded = true;
    for (const waiter of this.waiting.splice(0)) {
      waiter.resolve({ done: true, value: undefined });
    }
  }

  clear(): void {
    this.events = [];
    this.head = 0;
  }
}

function mergeDeltas(events: readonly AssistantMessageEvent[]): AssistantMessageEvent[] {
  const out: AssistantMessageEvent[] = [];
  for (const event of events) {
    const last = out.at(-1);
    const merged = last === undefined ? undefined : mergedDelta(last, event);
    if (merged === undefined) {
      out.push(event);
    } else {
      out[out.length - 1] = merged;
    }
  }
  return out;
}

function mergedDelta(
  first: AssistantMessageEvent,
  second: AssistantMessageEvent,
): AssistantMessageEvent | undefined {
  return isDelta(first) &&
    isDelta(second) &&
    first.type === second.type &&
    first.contentIndex === second.contentIndex
    ? { ...first, delta: first.delta + second.delta }
    : undefined;
}

type DeltaEvent = Extract<AssistantMessageEvent, { readonly delta: string }>;

function isDelta(event: AssistantMessageEvent): event is DeltaEvent {
  return (
    event.type === 'text_delta' ||
    event.type === 'thinking_delta' ||
    event.type === 'toolcall_delta'
  );
}

async function* filtered<T>(
  source: AsyncIterable<T>,
  test: (value: T) => boolean,
): AsyncIterable<T> {
  for await (const value of source) {
    if (test(value)) {
      yield value;
    }
  }
}

async function* mapped<T, U>(source: AsyncIterable<T>, convert: (value: T) => U): AsyncIterable<U> {
  for await (const value of source) {
    yield convert(value);
  }
}
