import { errorMessage } from '../base/patchbayError';
import { tick } from './replayClock';
import type { ReplayDialect } from './replayDialect';
import type { RecordedEntry } from './replayRecording';
import { ReplayRequests, type ReplayPlace } from './replayRequests';
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
  private readonly place: ReplayPlace = { processIndex: 0, position: 0 };
  private readonly requests: ReplayRequests;
  private transport: ReplayTransport | undefined;
  private killedBy: string | null = null;

  constructor(private readonly options: ReplayPlayerOptions) {
    this.chunks = new Rechunker(options.nextChunkBytes, (chunk) => this.transport?.push(chunk));
    this.requests = new ReplayRequests({ ...options, place: this.place });
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
      this.enter(this.place.processIndex + 1);
    }
    this.chunks.flush();
    this.requests.beginChild();
    const transport = new ReplayTransport({
      takesNoMessages,
      onSend: (message) => this.requests.heard(message),
    });
    this.transport = transport;
    return transport;
  }

  /** Plays until the turn is over; at the end of the process the agent ends. */
  async playTurn(prompt: ScriptedPrompt, turn: PlayedTurn): Promise<void> {
    this.requests.beginTurn(prompt);
    if (prompt.processIndex !== this.place.processIndex) {
      this.enter(prompt.processIndex);
    }
    await this.quiet();
    while (!turn.isOver()) {
      const entry = this.process()?.entries[this.place.position];
      if (entry === undefined) {
        const { transport } = this;
        await this.endProcess(null);
        if (transport === this.transport) {
          break; // no other child was started: nothing more comes
        }
      } else {
        const index = this.place.position;
        this.place.position += 1;
        await this.step(entry, index, turn);
        await this.rest(index);
      }
    }
    prompt.isUsed = true;
    this.requests.prompt = undefined;
  }

  /** Plays what comes between two turns: late lines, which nobody must hear. Undefined: to the end. */
  async playUntil(prompt: ScriptedPrompt | undefined): Promise<void> {
    for (;;) {
      if (
        prompt?.processIndex === this.place.processIndex &&
        this.place.position >= prompt.entryIndex
      ) {
        this.chunks.flush();
        return;
      }
      const entry = this.process()?.entries[this.place.position];
      if (entry === undefined) {
        await this.endProcess(null);
        if (!this.hasNextProcess()) {
          return;
        }
        this.enter(this.place.processIndex + 1);
      } else {
        const index = this.place.position;
        this.place.position += 1;
        await this.step(entry, index, undefined);
        await this.rest(index);
      }
    }
  }

  /** Lets the bridge, the gate and the turn do all that they can do now. */
  async quiet(): Promise<void> {
    let idle = 0;
    for (let round = 0; idle < 2 && round < maxRounds; round += 1) {
      const before = this.requests.heardCount;
      for (const message of this.requests.takeAnswers()) {
        this.chunks.flush();
        this.write(`${JSON.stringify(message)}\n`);
        this.chunks.flush();
      }
      await tick();
      const isIdle = this.requests.heardCount === before && !this.requests.hasAnswers;
      idle = isIdle ? idle + 1 : 0;
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
    if (this.requests.lacksPrompt && this.transport?.takesMessages === true) {
      this.chunks.flush();
      await this.quiet();
    }
    if (!('message' in entry.line)) {
      this.write(`${entry.line.raw}${end}`);
      return;
    }
    const message = this.requests.addressed(entry.line.message, index);
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
      ? this.options.dialect.filesBefore(message, answer?.message, this.requests.ahead(index + 1))
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
        if (prompt === this.requests.prompt || prompt?.isUsed === true) {
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
      if (isSent(request) || turn.isOver() || !this.requests.answerEarly()) {
        return;
      }
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
    this.place.processIndex = processIndex;
    this.place.position = 0;
    this.killedBy = null;
  }

  private write(text: string): void {
    this.chunks.write(this.encoder.encode(text));
  }

  private process(): ScriptedProcess | undefined {
    return this.options.script[this.place.processIndex];
  }

  private hasNextProcess(): boolean {
    return this.place.processIndex + 1 < this.options.script.length;
  }

  private hasPromptAhead(): boolean {
    return (
      this.requests.prompt?.processIndex === this.place.processIndex &&
      this.requests.prompt.request?.sent === undefined
    );
  }

  /** Lets others run now and then; after each line while a prompt waits, so that its turn can begin behind the right one. */
  private async rest(index: number): Promise<void> {
    const hasQueued = this.process()?.prompts.some(
      (prompt) =>
        !prompt.isUsed &&
        prompt !== this.requests.prompt &&
        prompt.entryIndex < this.place.position,
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
const linesBetweenRests = 100;
