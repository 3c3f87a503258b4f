import type { ReplayDialect, WireId } from './replayDialect';
import type { ScriptedProcess, ScriptedPrompt, ScriptedRequest } from './replayScript';

/** Where the replay is: which process, which of its lines comes next. */
export interface ReplayPlace {
  processIndex: number;
  position: number;
}

export interface ReplayRequestsOptions {
  readonly dialect: ReplayDialect;
  readonly script: readonly ScriptedProcess[];
  readonly place: Readonly<ReplayPlace>;
  /** Every message of the bridge. */
  readonly onSend: (message: unknown) => void;
}

/**
 * What our bridge writes, matched with what the recorded client wrote: by what it asks for, in order. The agent's answers
 * get the ids that our bridge gave; a request that the recording lacks is answered so that the bridge goes on.
 */
export class ReplayRequests {
  /** The turn that is being played. */
  prompt: ScriptedPrompt | undefined;
  private count = 0;
  private genericCount = 0;
  /** Answers, to be given when the agent is not in the middle of a line. */
  private outbox: unknown[] = [];
  /** The bridge's own prompt that no line of the recording stands for. */
  private looseId: WireId | undefined;
  private hasHeardLoosePrompt = false;

  constructor(private readonly options: ReplayRequestsOptions) {}

  /** How many messages the bridge has written. */
  get heardCount(): number {
    return this.count;
  }

  get hasAnswers(): boolean {
    return this.outbox.length > 0;
  }

  takeAnswers(): readonly unknown[] {
    return this.outbox.splice(0);
  }

  beginTurn(prompt: ScriptedPrompt): void {
    this.prompt = prompt;
    this.hasHeardLoosePrompt = false;
  }

  /** Another child: what the one before was still to be told is nobody's. */
  beginChild(): void {
    this.outbox = [];
    this.looseId = undefined;
  }

  /** No line of the recording says when the bridge has written the turn's prompt, and it has not. */
  get lacksPrompt(): boolean {
    return (
      this.prompt !== undefined && this.prompt.request === undefined && !this.hasHeardLoosePrompt
    );
  }

  /** A message of the bridge: matched with the recorded one by what it asks for, in order. */
  heard(message: unknown): void {
    this.count += 1;
    this.options.onSend(message);
    const word = this.options.dialect.toWord(message);
    if (word.kind === 'answer' || word.kind === 'other') {
      return;
    }
    const request = this.expected(word.kind, word.key);
    if (request === undefined) {
      this.answerUnrecorded(word, message);
      return;
    }
    request.sent = { id: word.id, message };
    if (word.kind === 'prompt' && request.word.id === undefined) {
      this.looseId = word.id;
    }
    const prompt = this.process()?.prompts.find((item) => item.request === request);
    if (prompt !== undefined) {
      prompt.isUsed = true;
    }
    const { answer } = request;
    if (
      word.id !== undefined &&
      answer !== undefined &&
      answer.entryIndex < this.options.place.position
    ) {
      this.outbox.push(this.options.dialect.withAnsweredId(answer.message, word.id));
    }
  }

  private expected(kind: 'prompt' | 'interrupt' | 'request', key: string) {
    const own = this.prompt?.request;
    if (kind === 'prompt' && own !== undefined && own.sent === undefined) {
      return this.prompt?.processIndex === this.options.place.processIndex ? own : undefined;
    }
    return [...(this.process()?.requests.values() ?? [])].find(
      ({ word, sent }) => word.kind === kind && word.key === key && sent === undefined,
    );
  }

  private answerUnrecorded(word: ScriptedRequest['word'], message: unknown): void {
    const { dialect, script } = this.options;
    if (word.kind === 'prompt') {
      this.looseId = word.id;
      this.hasHeardLoosePrompt = true;
      if (
        this.process()?.looseAnswers.some((index) => index >= this.options.place.position) === true
      ) {
        return; // the agent's own answer to it comes
      }
    }
    if (word.id === undefined || this.genericCount >= maxGenericAnswers) {
      return;
    }
    this.genericCount += 1;
    // A new child of the same agent says what the one before said.
    const alike = script
      .slice(0, this.options.place.processIndex + 1)
      .flatMap((process) => [...process.requests.values()])
      .findLast(
        (request) =>
          request.word.kind === 'request' &&
          word.kind === 'request' &&
          request.word.key === word.key &&
          request.answer !== undefined,
      );
    const answer =
      alike?.answer === undefined
        ? dialect.genericAnswer(word, message, this.ahead())
        : dialect.withAnsweredId(alike.answer.message, word.id);
    if (answer !== undefined) {
      this.outbox.push(answer);
    }
  }

  /** The bridge asked in another order than the recorded client, or an answer is lost: what it waits for is told now. */
  answerEarly(): boolean {
    const { dialect } = this.options;
    for (const request of this.process()?.requests.values() ?? []) {
      const { answer, sent, word } = request;
      const isOpen = answer === undefined || answer.entryIndex >= this.options.place.position;
      if (
        word.kind === 'request' &&
        sent?.id !== undefined &&
        isOpen &&
        !request.wasAnsweredEarly
      ) {
        request.wasAnsweredEarly = true;
        const told =
          answer === undefined
            ? dialect.genericAnswer({ ...word, id: sent.id }, sent.message, this.ahead())
            : dialect.withAnsweredId(answer.message, sent.id);
        if (told !== undefined) {
          this.outbox.push(told);
          return true;
        }
      }
    }
    return false;
  }

  /** A line with the id that the bridge gave its request. Undefined: it was said before. */
  addressed(message: unknown, index: number): unknown {
    const { dialect } = this.options;
    const id = dialect.answeredId(message);
    if (id === undefined) {
      return message;
    }
    const asked = [...(this.process()?.requests.values() ?? [])].findLast(
      (request) => request.word.id === id && request.entryIndex < index,
    );
    if (asked === undefined) {
      // Never as it is: the number may be one that the bridge has given to something else.
      return dialect.withAnsweredId(message, this.looseId ?? `recorded-${id}`);
    }
    if (asked.wasAnsweredEarly && asked.answer?.entryIndex === index) {
      return undefined;
    }
    return dialect.withAnsweredId(message, asked.sent?.id ?? `recorded-${id}`);
  }

  /** The agent's lines from here on. */
  *ahead(from = this.options.place.position): Iterable<unknown> {
    const { entries } = this.process() ?? { entries: [] };
    for (let at = from; at < entries.length; at += 1) {
      const entry = entries[at];
      if (entry?.kind === 'agent' && 'message' in entry.line) {
        yield entry.line.message;
      }
    }
  }

  private process(): ScriptedProcess | undefined {
    return this.options.script[this.options.place.processIndex];
  }
}

const maxGenericAnswers = 1000;
