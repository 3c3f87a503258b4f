import { errorMessage } from '../base/patchbayError';
import { tick } from './replayClock';
import type { ReplayDialect } from './replayDialect';
import type { RecordedEntry } from './replayRecording';
import type {
  ScriptedProcess,
  ScriptedPrompt,
  ScriptedQuestion,
  ScriptedRequest,
} from './replayScript';
import type { ReplayFiles } from './replayFiles';
import { Rechunker, ReplayTransport } from './replayTransport';
import type { ReplayUser } from './replayUser';

export interface ReplayPlayerOptions {
  readonly dialect: ReplayDialect;
  readonly script: readonly ScriptedProcess[];
  readonly user: ReplayUser;
  readonly files: ReplayFiles;
  /** How many bytes of the agent's output come at once, asked anew for each chunk. */
  readonly nextChunkBytes: () => number;
  /** Every message of the bridge. */
  readonly onSend: (message: unknown) => void;
  /** A line that cannot be played. */
  readonly onBadLine: (why: string) => void;
  /** Waits while the output is full. */
  readonly pace: () => Promise<void>;
}

/** The turn that is being played. */
export interface PlayedTurn {
  isOver(): boolean;
  /** The user stops it. */
  abort(): void;
}

/**
 * Plays the agent of a recording: its lines in order, without waiting for the clock. It waits only where the recorded
 * agent waited for a line of its client, and there only as long as our bridge has something to say; a bridge that never
 * says that line does not hold it up.
 */
export class ReplayPlayer {
  private readonly chunks: Rechunker;
  private readonly encoder = new TextEncoder();
  /** Answers to requests, to be given when the agent is not in the middle of a line. */
  private outbox: unknown[] = [];
  private processIndex = 0;
  private position = 0;
  private transport: ReplayTransport | undefined;
  private prompt: ScriptedPrompt | undefined;
  /** The bridge's own prompt that no line of the recording stands for. */
  private looseId: string | number | undefined;
  private hasHeardPrompt = false;
  private sentCount = 0;
  private genericCount = 0;
  private killedBy: string | null = null;

  constructor(private readonly options: ReplayPlayerOptions) {
    this.chunks = new Rechunker(options.nextChunkBytes, (chunk) => this.transport?.push(chunk));
  }

  /** The next turn, in the order of the recording. */
  nextPrompt(): ScriptedPrompt | undefined {
    return this.options.script
      .flatMap((process) => process.prompts)
      .find((prompt) => !prompt.isUsed);
  }

  /** The bridge starts a child: the process that the replay has come to, or the one behind it when that one is done. */
  open(takesNoMessages: boolean): ReplayTransport {
    if (this.transport !== undefined && !this.hasPromptAhead() && this.hasNextProcess()) {
      this.enter(this.processIndex + 1);
    }
    this.chunks.flush();
    this.outbox = [];
    const transport = new ReplayTransport({
      takesNoMessages,
      onSend: (message) => this.heard(message),
    });
    this.transport = transport;
    return transport;
  }

  /** Plays until the turn is over; at the end of the process the agent ends. */
  async playTurn(prompt: ScriptedPrompt, turn: PlayedTurn): Promise<void> {
    this.prompt = prompt;
    this.hasHeardPrompt = false;
    if (prompt.processIndex !== this.processIndex) {
      this.enter(prompt.processIndex);
    }
    await this.quiet();
    while (!turn.isOver()) {
      const entry = this.process()?.entries[this.position];
      if (entry === undefined) {
        const { transport } = this;
        await this.endProcess(null);
        if (transport === this.transport) {
          break; // no other child was started: nothing more comes
        }
      } else {
        const index = this.position;
        this.position += 1;
        await this.step(entry, index, turn);
        await this.rest(index);
      }
    }
    prompt.isUsed = true;
    this.prompt = undefined;
  }

  /** Plays what comes between two turns: late lines, which nobody must hear. Undefined: to the end. */
  async playUntil(prompt: ScriptedPrompt | undefined): Promise<void> {
    for (;;) {
      if (prompt?.processIndex === this.processIndex && this.position >= prompt.entryIndex) {
        this.chunks.flush();
        return;
      }
      const entry = this.process()?.entries[this.position];
      if (entry === undefined) {
        await this.endProcess(null);
        if (!this.hasNextProcess()) {
          return;
        }
        this.enter(this.processIndex + 1);
      } else {
        const index = this.position;
        this.position += 1;
        await this.step(entry, index, undefined);
        await this.rest(index);
      }
    }
  }

  /** Lets the bridge, the gate and the turn do all that they can do now. */
  async quiet(): Promise<void> {
    let idle = 0;
    for (let round = 0; idle < 2 && round < maxRounds; round += 1) {
      const before = this.sentCount;
      for (const message of this.outbox.splice(0)) {
        this.chunks.flush();
        this.write(`${JSON.stringify(message)}\n`);
        this.chunks.flush();
      }
      await tick();
      idle = this.sentCount === before && this.outbox.length === 0 ? idle + 1 : 0;
    }
  }

  private async step(
    entry: RecordedEntry,
    index: number,
    turn: PlayedTurn | undefined,
  ): Promise<void> {
    switch (entry.kind) {
      case 'agent':
        await this.agentLine(entry, index);
        return;
      case 'stderr':
        this.transport?.pushStderr(entry.text);
        return;
      case 'client':
        await this.clientLine(index, turn);
        return;
      case 'kill':
        this.killedBy = entry.signal;
        return;
      case 'exit':
        await this.endProcess(entry);
        return;
      default:
        return;
    }
  }

  private async agentLine(
    entry: RecordedEntry & { readonly kind: 'agent' },
    index: number,
  ): Promise<void> {
    const end = entry.isUnterminated ? '' : '\n';
    if (this.lacksPrompt()) {
      this.chunks.flush();
      await this.quiet();
    }
    if (!('message' in entry.line)) {
      this.write(`${entry.line.raw}${end}`);
      return;
    }
    const message = this.addressed(entry.line.message, index);
    if (message === undefined) {
      return;
    }
    let text: string;
    try {
      text = JSON.stringify(message);
    } catch (error) {
      this.options.onBadLine(`A line of the agent cannot be played: ${errorMessage(error)}`);
      return;
    }
    const question = this.process()?.questions.get(index);
    if (question === undefined) {
      this.write(`${text}${end}`);
      return;
    }
    this.chunks.flush();
    this.options.user.begin(question.number, question.decision);
    for (const file of this.filesBefore(question, index)) {
      this.options.files.set(file.path, file.text);
    }
    this.write(`${text}${end}`);
    this.chunks.flush();
    await this.quiet();
  }

  private filesBefore(question: ScriptedQuestion, index: number) {
    const { base, message, answer } = question;
    return base === undefined
      ? this.options.dialect.filesBefore(message, answer?.message, this.ahead(index + 1))
      : [base];
  }

  private async clientLine(index: number, turn: PlayedTurn | undefined): Promise<void> {
    const process = this.process();
    this.chunks.flush();
    const question = process?.answers.get(index);
    if (question?.decision !== undefined) {
      await this.quiet();
      this.options.user.decide(question.number, question.decision);
      await this.quiet();
      return;
    }
    const request = process?.requests.get(index);
    if (request === undefined || turn === undefined) {
      return;
    }
    switch (request.word.kind) {
      case 'interrupt':
        turn.abort();
        await this.waitFor(request, turn);
        return;
      case 'prompt': {
        const prompt = process?.prompts.find((item) => item.request === request);
        if (prompt === this.prompt || prompt?.isUsed === true) {
          await this.waitFor(request, turn);
          return;
        }
        await this.quiet();
        if (prompt !== undefined && this.options.dialect.steers && !turn.isOver()) {
          prompt.isUsed = true;
        }
        return;
      }
      case 'request':
        await this.waitFor(request, turn);
        return;
      default:
        return;
    }
  }

  /** Until the bridge has sent it, or has nothing more to say. */
  private async waitFor(request: ScriptedRequest, turn: PlayedTurn): Promise<void> {
    while (request.sent === undefined) {
      await this.quiet();
      if (isSent(request) || turn.isOver() || !this.answerEarly()) {
        return;
      }
    }
  }

  /** The bridge asked in another order than the recorded client, or an answer is lost: what it waits for is told now. */
  private answerEarly(): boolean {
    const { dialect } = this.options;
    for (const request of this.process()?.requests.values() ?? []) {
      const { answer, sent, word } = request;
      const isOpen = answer === undefined || answer.entryIndex >= this.position;
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

  /** The agent's lines from here on. */
  private *ahead(from = this.position): Iterable<unknown> {
    const { entries } = this.process() ?? { entries: [] };
    for (let at = from; at < entries.length; at += 1) {
      const entry = entries[at];
      if (entry?.kind === 'agent' && 'message' in entry.line) {
        yield entry.line.message;
      }
    }
  }

  /** A line with the id that the bridge gave its request. Undefined: it was said before. */
  private addressed(message: unknown, index: number): unknown {
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

  /** A message of the bridge: matched with the recorded one by what it asks for, in order. */
  private heard(message: unknown): void {
    this.sentCount += 1;
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
    if (word.id !== undefined && answer !== undefined && answer.entryIndex < this.position) {
      this.outbox.push(this.options.dialect.withAnsweredId(answer.message, word.id));
    }
  }

  private expected(kind: 'prompt' | 'interrupt' | 'request', key: string) {
    const own = this.prompt?.request;
    if (kind === 'prompt' && own !== undefined && own.sent === undefined) {
      return this.prompt?.processIndex === this.processIndex ? own : undefined;
    }
    return [...(this.process()?.requests.values() ?? [])].find(
      ({ word, sent }) => word.kind === kind && word.key === key && sent === undefined,
    );
  }

  private answerUnrecorded(word: ScriptedRequest['word'], message: unknown): void {
    const { dialect, script } = this.options;
    if (word.kind === 'prompt') {
      this.looseId = word.id;
      this.hasHeardPrompt = true;
      if (this.process()?.looseAnswers.some((index) => index >= this.position) === true) {
        return; // the agent's own answer to it comes
      }
    }
    if (word.id === undefined || this.genericCount >= maxGenericAnswers) {
      return;
    }
    this.genericCount += 1;
    // A new child of the same agent says what the one before said.
    const alike = script
      .slice(0, this.processIndex + 1)
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

  /** The bridge has the time to say its last words to the agent, and to hear what it would have been told. */
  private async endProcess(
    exit: (RecordedEntry & { readonly kind: 'exit' }) | null,
  ): Promise<void> {
    const { transport } = this;
    this.chunks.flush();
    await this.quiet();
    if (transport === this.transport) {
      transport?.end(exit?.code ?? null, exit?.signal ?? this.killedBy);
      await this.quiet();
    }
  }

  private enter(processIndex: number): void {
    this.chunks.flush();
    this.processIndex = processIndex;
    this.position = 0;
    this.killedBy = null;
    this.looseId = undefined;
  }

  /** No line of the recording says when the bridge has written its prompt: it gets the time for it before each line. */
  private lacksPrompt(): boolean {
    return (
      this.prompt !== undefined &&
      this.prompt.request === undefined &&
      !this.hasHeardPrompt &&
      this.transport?.takesMessages === true
    );
  }

  private write(text: string): void {
    this.chunks.write(this.encoder.encode(text));
  }

  private process(): ScriptedProcess | undefined {
    return this.options.script[this.processIndex];
  }

  private hasNextProcess(): boolean {
    return this.processIndex + 1 < this.options.script.length;
  }

  private hasPromptAhead(): boolean {
    return (
      this.prompt?.processIndex === this.processIndex && this.prompt.request?.sent === undefined
    );
  }

  /** Lets others run now and then; after each line while a prompt waits, so that its turn can begin behind the right one. */
  private async rest(index: number): Promise<void> {
    const hasQueued = this.process()?.prompts.some(
      (prompt) => !prompt.isUsed && prompt !== this.prompt && prompt.entryIndex < this.position,
    );
    if (hasQueued === true) {
      this.chunks.flush();
      await this.quiet();
    } else if (index % linesBetweenRests === 0) {
      await tick();
    }
    await this.options.pace();
  }
}

/** Apart, because the compiler does not know that it changes while one waits. */
function isSent(request: ScriptedRequest): boolean {
  return request.sent !== undefined;
}

const maxRounds = 1000;
const maxGenericAnswers = 1000;
const linesBetweenRests = 100;
