import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import { createId } from '../base/ids';
import { errorMessage } from '../base/patchbayError';
import type { SecretFilter } from '../base/secretFilter';
import { abortedFailure, type Failure } from '../events/failure';
import type { AssistantMessage, ImageContent, Message, UserMessage } from '../events/message';
import type { NormalizedEvent } from '../events/normalizedEvent';
import type { Observation, RetryWait } from '../events/observation';
import type { SessionItem } from '../events/sessionItem';
import type { ToolCall, ToolResult } from '../events/toolCall';
import type { Usage } from '../events/usage';
import {
  isAnythingTold,
  noUsage,
  plusUsage,
  totalOfOne,
  type UsageTotal,
} from '../events/usageTotal';
import type { PermissionMode } from '../gate/contract';
import type { ExchangeOptions, ExchangeStream, ModelRef, TurnContext } from '../runtime/contract';
import type { CallProgress, ToolOrchestrator } from '../tools/contract';
import type { PromptPlace } from './branchTree';
import { compactCommand, isCompactCommand, runCompaction } from './compactionTurn';
import type { SessionActivity, SessionChange, SessionPhase, SessionSnapshot } from './contract';
import { ArrivedCalls, signCutAnswers, type Arrived } from './cutAnswer';
import { failureItem } from './failureItem';
import { ItemReducer } from './itemReducer';
import { offeredTools } from './offeredTools';
import {
  isAlone,
  PromptQueue,
  type PromptKind,
  type QueuedPrompt,
  type QueueDelivery,
} from './promptQueue';
import { itemsBefore, type ItemPage } from './itemPages';
import { findDetail } from './callDetail';
import { Conversation } from './conversation';
import type { CallTexts } from './storedTexts';
import { compactionItem, restoreItems } from './restoreItems';
import { SessionContext, usageOf, type ContextServices } from './sessionContext';
import type { PrivateCommand } from './sessionRecord';
import { faultOf, type SessionFault, type SessionSignal, type TurnOutcome } from './signals';
import { runOwnCall, runTurn, type TurnListener, type TurnDeps, type TurnSetup } from './turnLoop';
import {
  commandCall,
  commandText,
  parseUserCommand,
  type RanCommand,
  type UserCommand,
} from './userCommand';

/** What a session writes down as it goes. Implemented on the session file; calls return at once, `flush` waits. */
export interface SessionLog {
  turnStarted(turnId: string): void;
  message(turnId: string, message: Message): void;
  /** Streamed text that is not yet in a message, so that a crash in the middle of a turn loses next to nothing. */
  partial(turnId: string, kind: 'text' | 'thinking', delta: string): void;
  /** A call of an agent or its result, before the answer that holds them: a crash does not hide what was done. */
  arrived?(turnId: string, what: Arrived): void;
  turnEnded(turnId: string): void;
  titled(title: string): void;
  modelChosen(modelId: string): void;
  modeChosen(mode: PermissionMode): void;
  /** What waits now, whole: it is there again when the window was closed in between. */
  queueChanged?(prompts: readonly QueuedPrompt[]): void;
  /** Something was paid for that is in no message; `usage` undefined: nobody told how much. */
  spent?(usage: Usage | undefined): void;
  /** A command that no model is told of. */
  privateCommand?(command: RanCommand): void;
  /** Why the last write failed, for people; undefined when it did not. */
  readonly problem?: string | undefined;
  flush(): Promise<void>;
}

/** The tree that a session's entries are. */
export interface SessionBranches {
  /** The entry that the next one will follow. */
  readonly leafId: string | null;
  /** The messages of the user on the active branch, the oldest first. */
  prompts(): readonly PromptPlace[];
  /** The last of them, found without the others. */
  newestPrompt(): PromptPlace | undefined;
  /** Where a turn branched off; undefined: there is no such turn. */
  beforeTurn(turnId: string): string | null | undefined;
  /** The newest end of a branch through this entry. */
  tipOf(entryId: string): string;
  /** The conversation goes on from there (null: from the start); false when there is no such entry. */
  branchFrom(entryId: string | null): boolean;
}

/** What was stored of a session, in order. `interrupted`: its last turn has no end. */
export interface StoredSession {
  readonly id: string;
  readonly title: string;
  readonly messages: readonly Message[];
  readonly modelId?: string;
  readonly mode?: PermissionMode;
  readonly privateCommands?: readonly PrivateCommand[];
  /** What waited when it was last written. */
  readonly queued?: readonly QueuedPrompt[];
  readonly interrupted: boolean;
  /** Made just now of a session that another window has: a turn without an end may still run there. */
  readonly isCopy?: boolean;
  /** The turns that the user's messages began, in order; absent: not known. */
  readonly turnIds?: readonly (string | undefined)[];
  /** What was paid in this session for what is not in `messages`: on other branches, say. */
  readonly spentElsewhere?: UsageTotal;
}

export interface SubmitOptions {
  /** What becomes of it while a turn runs. Default `followUp`. */
  readonly kind?: PromptKind;
  readonly images?: readonly ImageContent[];
}

export interface SubmitOutcome {
  readonly accepted: boolean;
  readonly problem?: string;
  readonly how?: 'started' | 'steered' | 'queued';
}

export interface ChatSessionDeps {
  readonly exchange: (
    model: ModelRef,
    context: TurnContext,
    opts: ExchangeOptions,
  ) => ExchangeStream;
  readonly orchestrator: ToolOrchestrator;
  readonly watchChanges?: TurnDeps['watchChanges'];
  readonly log: SessionLog;
  /** Where long inputs and outputs are found again; absent: all of them stay in memory. */
  readonly texts?: CallTexts;
  readonly branches?: SessionBranches;
  /** Gives the agent's running turn more words; false when it takes none now. */
  readonly steer?: (sessionId: string, text: string) => boolean;
  readonly queueDelivery?: () => QueueDelivery;
  /** Why this model cannot be sent pictures; undefined when it can. */
  readonly imageProblem?: (model: ModelRef) => string | undefined;
  readonly findModel: (modelId: string) => ModelRef | undefined;
  /** What stands in the way of a turn with this model right now: no trust, no folder, no key. */
  readonly guard: (model: ModelRef) => Promise<Failure | undefined>;
  /** Makes tools ready that are not always there. Gives sentences for the user about what is left out; never rejects. */
  readonly prepare?: (model: ModelRef, signal: AbortSignal) => Promise<readonly string[]>;
  readonly keyFor: (model: ModelRef) => Promise<string | undefined>;
  readonly systemPrompt: (model: ModelRef, mode: PermissionMode) => Promise<SystemPrompt>;
  readonly cwd: (model: ModelRef) => string | undefined;
  readonly turnOptions: (model: ModelRef) => TurnSetup['options'];
  /** What of the conversation an agent is told; of a model whose requests we make, `context` knows. */
  readonly window: (messages: readonly Message[], model: ModelRef) => readonly Message[];
  /** Counts and limits what is sent. Absent: nothing is counted and nothing summarised. */
  readonly context?: ContextServices;
  /** Whether an agent makes its own conversation smaller when it is sent `/compact`. */
  readonly takesCompact?: (model: ModelRef) => boolean;
  readonly runtimeName: (model: ModelRef) => string;
  readonly relativize: (path: string) => string;
  /** Takes secrets out of what the panel shows. What goes to a model is as it is. Default: nothing is taken out. */
  readonly secrets?: SecretFilter;
  readonly nowMs: () => number;
  /** Closes the questions that still wait when a turn ends. */
  readonly withdraw: (sessionId: string) => void;
  /** What came of edits that the agent did not wait for; it is told once, with the next message. */
  readonly takeNotes?: (sessionId: string) => readonly string[];
  /** Until edits that are being written have their notes, for a short while; undefined when none is. Never rejects. */
  readonly whenNoted?: (sessionId: string, signal: AbortSignal) => Promise<void> | undefined;
}

interface SystemPrompt {
  readonly text: string;
  /** The instruction files in it, as they are shown; and their text, word for word. */
  readonly files: readonly string[];
  readonly instructions?: string;
}

/**
 * One conversation. `submit` starts a turn or queues behind the running one; `stop` keeps what has arrived. State is an
 * immutable snapshot; every change is announced with the item deltas that lead to it.
 */
export class ChatSession implements Disposable {
  private readonly didChange = new Emitter<SessionChange>();
  readonly onDidChange = this.didChange.event;
  private readonly reducer: ItemReducer;
  private readonly conversationLog: Conversation;
  private readonly context: SessionContext | undefined;
  /** What the running turn used. */
  private turnUsage = noUsage;
  private readonly didSignal = new Emitter<SessionSignal>();
  /** What happens, as values of our own; see `SessionSignal`. */
  readonly onDidSignal = this.didSignal.event;
  private readonly queue = new PromptQueue();
  /** Given to the agent, and not yet part of the conversation: it may still refuse them. */
  private steered: readonly QueuedPrompt[] = [];
  /** Shown, and not yet part of the conversation: notes are still to come with it. */
  private held: readonly QueuedPrompt[] = [];
  /** The entry of each message of the user, by the item that shows it. */
  private readonly promptEntries = new Map<string, string>();
  private fault: SessionFault | undefined;
  /** What failed last was a summary that the user wanted: that is what is tried again. */
  private hasFailedCompact = false;
  private running: AbortController | undefined;
  /** The turn whose events still count: what a program says after its turn has ended changes nothing any more. */
  private openTurn: string | undefined;
  /** The model of the running turn takes words in between, by its agent or between two rounds of tools. */
  private takesSteering: 'agent' | 'rounds' | undefined;
  /** The window ends: a turn that runs is left without its end mark, so that it is found as interrupted. */
  private isEnding = false;
  private turn: Promise<void> = Promise.resolve();
  private phase: SessionPhase = 'idle';
  private activity: SessionActivity | undefined;
  private usage: Usage | undefined;
  private title: string;
  private currentModelId: string;
  private currentMode: PermissionMode;
  private files: readonly string[] = [];
  readonly id: string;

  constructor(
    private readonly deps: ChatSessionDeps,
    start: StoredSession,
    defaults: { readonly modelId: string; readonly mode: PermissionMode },
  ) {
    this.id = start.id;
    this.title = start.title;
    this.currentModelId = start.modelId ?? defaults.modelId;
    this.conversationLog = new Conversation(
      signCutAnswers(start.messages, (modelId) =>
        deps.findModel(modelId === '' ? this.currentModelId : modelId),
      ),
      deps.texts,
    );
    this.currentMode = start.mode ?? defaults.mode;
    this.context = deps.context && new SessionContext(deps.context, start.id);
    this.context?.restore(
      start.messages,
      deps.findModel(this.currentModelId),
      start.spentElsewhere,
    );
    this.reducer = new ItemReducer({ nowMs: deps.nowMs, relativize: deps.relativize });
    const promptItems = restoreItems(this.reducer, start.messages, start.interrupted, {
      turnIds: start.turnIds,
      privateCommands: start.privateCommands,
    });
    deps.branches?.prompts().forEach((place, index) => {
      this.notePlace(promptItems[index], place);
    });
    if (deps.secrets !== undefined) {
      this.reducer.redactWith(deps.secrets);
    }
    this.reducer.lightenWith(deps.texts);
    if (start.interrupted) {
      this.reducer.beginTurn('interrupted');
      this.reducer.add({
        kind: 'notice',
        id: this.reducer.nextId(),
        level: 'warning',
        text:
          start.isCopy === true
            ? 'This turn had no end yet when the copy was made. If it still runs, it goes on in the other window.'
            : 'This turn was interrupted. What had arrived is kept; nothing runs again by itself.',
      });
    }
    for (const prompt of start.queued ?? []) {
      this.queue.add(prompt);
    }
    this.reducer.showQueue(this.queue.list.map(queuedItem));
    this.reducer.takeDeltas();
  }

  get modelId(): string {
    return this.currentModelId;
  }

  get mode(): PermissionMode {
    return this.currentMode;
  }

  get isBusy(): boolean {
    return this.running !== undefined;
  }

  get isEmpty(): boolean {
    return this.reducer.items.length === 0;
  }

  /** Instruction files in the system prompt of the latest turn. */
  get instructionFiles(): readonly string[] {
    return this.files;
  }

  snapshot(): SessionSnapshot {
    return { ...this.live(), items: [...this.reducer.items] };
  }

  /** Like `snapshot()`, but `items` is the live list: cheap, not to be kept. */
  live(): SessionSnapshot {
    return {
      id: this.id,
      title: this.title,
      items: this.reducer.items,
      phase: this.phase,
      modelId: this.currentModelId,
      mode: this.currentMode,
      ...(this.activity === undefined ? {} : { activity: this.activity }),
      head: this.head,
      ...(this.usage === undefined ? {} : { usage: this.usage }),
      ...this.contextState(),
      ...(this.fault === undefined ? {} : { fault: this.fault }),
      queuedCount: this.queue.list.length,
      isQueueHeld: !this.isBusy && this.queue.list.length > 0,
    };
  }

  /** The entry that the next one follows. */
  get head(): string | null {
    return this.deps.branches?.leafId ?? null;
  }

  /** The conversation on the active branch, as models are told of it. */
  get conversation(): readonly Message[] {
    return this.conversationLog.messages;
  }

  /** The prompts that wait, in the order in which they go. */
  get queued(): readonly QueuedPrompt[] {
    return this.queue.list;
  }

  /** The entry of the message of the user that an item shows. */
  promptPlace(itemId: string): PromptPlace | undefined {
    const entryId = this.promptEntries.get(itemId);
    return this.deps.branches?.prompts().find((place) => place.entryId === entryId);
  }

  /**
   * Sends a prompt, or a command of the user's (`!` with the model, `!!` without). While a turn runs it waits: a
   * `steer` joins the turn as soon as that takes words. Nothing is ever dropped.
   */
  submit(text: string, options: SubmitOptions = {}): SubmitOutcome {
    const { images = [], kind = 'followUp' } = options;
    if (text.trim() === '' && images.length === 0) {
      return { accepted: false, problem: 'The message is empty.' };
    }
    const problem = this.problemWith(text, images);
    if (problem !== undefined) {
      return { accepted: false, problem };
    }
    if (this.title === '' && !isCompactCommand(text)) {
      this.rename(titleOf(text === '' ? 'A picture' : (this.deps.secrets?.redact(text) ?? text)));
    }
    const prompt: QueuedPrompt = { id: createId('queued'), kind, text, images };
    if (!this.isBusy) {
      this.startPrompts([prompt]);
      return { accepted: true, how: 'started' };
    }
    this.queue.add(prompt);
    this.steerNow();
    this.showQueue();
    const isWaiting = this.queue.list.some(({ id }) => id === prompt.id);
    return { accepted: true, how: isWaiting ? 'queued' : 'steered' };
  }

  /** Runs the last turn again, after a failure. False when there is nothing to run again. */
  retry(): boolean {
    if (this.isBusy || this.conversation.every((message) => message.role !== 'user')) {
      return false;
    }
    // What it used stands behind it, and stays: it was paid.
    const last = this.reducer.items.findLast(({ kind }) => kind !== 'usage');
    if (last?.kind === 'error') {
      this.reducer.remove(last.id);
    }
    this.start(
      this.hasFailedCompact
        ? { id: createId('queued'), kind: 'followUp', text: compactCommand, images: [] }
        : undefined,
    );
    return true;
  }

  /** Takes a queued prompt out; its text, for the composer. */
  removeQueued(itemId: string): string | undefined {
    const prompt = this.queue.remove(itemId);
    if (prompt !== undefined) {
      this.showQueue();
    }
    return prompt?.text;
  }

  /** The prompt that was queued last, taken out for the composer. */
  takeBackQueued(): QueuedPrompt | undefined {
    const prompt = this.queue.takeBack();
    if (prompt !== undefined) {
      this.showQueue();
    }
    return prompt;
  }

  /** False when it waits no longer, or would be empty: nothing changes then. */
  editQueued(itemId: string, text: string): boolean {
    const isEdited = text.trim() !== '' && this.queue.edit(itemId, text);
    if (isEdited) {
      this.showQueue();
    }
    return isEdited;
  }

  /** A waiting prompt is to join the running turn; without one it is sent. */
  steerQueued(itemId: string): void {
    const prompt = this.queue.remove(itemId);
    if (prompt === undefined) {
      return;
    }
    if (this.isBusy) {
      this.queue.add({ ...prompt, kind: 'steer' });
      this.steerNow();
      this.showQueue();
    } else {
      this.showQueue();
      this.startPrompts([prompt]);
    }
  }

  /** Sends what waits for the user after a stop, a failure or a restart. */
  sendQueued(): void {
    if (!this.isBusy) {
      this.startNext();
    }
  }

  stop(): void {
    this.running?.abort();
  }

  setModel(modelId: string): void {
    if (modelId !== this.currentModelId) {
      this.currentModelId = modelId;
      this.deps.log.modelChosen(modelId);
      this.announce();
    }
  }

  setMode(mode: PermissionMode): void {
    if (mode !== this.currentMode) {
      this.currentMode = mode;
      this.deps.log.modeChosen(mode);
      this.announce();
    }
  }

  rename(title: string): void {
    this.title = oneTitle(this.deps.secrets?.redact(title) ?? title);
    this.deps.log.titled(this.title);
    this.announce();
  }

  /** The whole input or output of a card; of what is not there any more, a sentence that says so. Never rejects. */
  detail(callId: string, part: 'input' | 'output'): Promise<string | undefined> {
    return findDetail(
      {
        conversation: this.conversationLog,
        texts: this.deps.texts,
        item: () => this.reducer.tool(callId),
        running: () => this.reducer.wholeOutput(callId),
      },
      callId,
      part,
    );
  }

  /** The items before one, as they are shown, and how many there are before these. Undefined: it is not there any more. */
  itemsBefore(itemId: string, count: number): Promise<ItemPage | undefined> {
    return itemsBefore(this.reducer, this.deps.texts, itemId, count);
  }

  /** Resolves when no turn runs and nothing is queued. */
  async whenIdle(): Promise<void> {
    while (this.isBusy) {
      await this.turn;
    }
  }

  /** The window ends, not the user's turn: what has arrived is kept, and the turn counts as interrupted. */
  interrupt(): void {
    this.isEnding = this.isBusy;
    this.stop();
  }

  dispose(): void {
    this.isEnding = this.isBusy;
    this.stop();
    this.didChange.dispose();
    this.didSignal.dispose();
  }

  private problemWith(text: string, images: readonly ImageContent[]): string | undefined {
    if (parseUserCommand(text) !== undefined) {
      return images.length === 0 ? undefined : 'A command takes no pictures. Remove them first.';
    }
    const model = this.deps.findModel(this.currentModelId);
    if (model === undefined) {
      return 'Choose a model or an agent first.';
    }
    if (isCompactCommand(text)) {
      return images.length === 0
        ? this.compactProblem(model)
        : '/compact takes no pictures. Remove them first.';
    }
    return images.length === 0 ? undefined : this.deps.imageProblem?.(model);
  }

  private delivery(): QueueDelivery {
    return this.deps.queueDelivery?.() ?? 'one-at-a-time';
  }

  private startNext(): void {
    const prompts = this.queue.takeNext(this.delivery());
    // Written down first: on a branch from here it waits no longer.
    this.showQueue();
    this.startPrompts(prompts);
  }

  /** Begins a turn with these prompts, or runs the command that the first of them is. */
  private startPrompts(prompts: readonly QueuedPrompt[]): void {
    const [first] = prompts;
    if (first === undefined) {
      return;
    }
    const command = parseUserCommand(first.text);
    if (command !== undefined) {
      this.startCommand(command);
      return;
    }
    this.start({
      ...first,
      text: prompts.map(({ text }) => text).join('\n\n'),
      images: prompts.flatMap(({ images }) => images),
    });
  }

  private start(prompt: QueuedPrompt | undefined): void {
    const turnId = this.begin();
    const compacts = isCompactCommand(prompt?.text) && this.compactsItself();
    let kept: Promise<void> | undefined;
    if (prompt !== undefined && !compacts) {
      kept = this.sayNoted(turnId, prompt);
      this.didSignal.fire({ kind: 'prompt', turnId, text: prompt.text });
    }
    this.phase = 'streaming';
    const model = this.deps.findModel(this.currentModelId);
    this.go(turnId, async (signal) => {
      if (kept !== undefined) {
        await kept;
      }
      return await this.run(turnId, signal, compacts, model);
    });
  }

  /** The first words of a turn. Notes of edits that are being written go with them: until then they are kept as waiting. */
  private sayNoted(turnId: string, prompt: QueuedPrompt): Promise<void> | undefined {
    const signal = this.running?.signal ?? AbortSignal.abort();
    const noted = takesNotes(prompt) ? this.deps.whenNoted?.(this.id, signal) : undefined;
    if (noted === undefined) {
      this.say(turnId, prompt, { turnId });
      return undefined;
    }
    const itemId = this.showPrompt(prompt, { turnId });
    this.activity = { text: 'carrying out what you decided', sinceMs: this.deps.nowMs() };
    this.held = [prompt];
    this.showQueue();
    return noted.then(() => {
      this.keepPrompt(turnId, itemId, prompt, this.notesFor(prompt));
      this.held = [];
      this.showQueue();
    });
  }

  private startCommand(command: UserCommand): void {
    const turnId = this.begin();
    this.didSignal.fire({ kind: 'prompt', turnId, text: command.line });
    this.phase = 'tooling';
    this.go(turnId, (signal) => this.runCommand(turnId, command, signal));
  }

  private begin(): string {
    const turnId = createId('turn');
    this.openTurn = turnId;
    this.running = new AbortController();
    this.fault = undefined;
    this.hasFailedCompact = false;
    this.turnUsage = noUsage;
    this.reducer.beginTurn(turnId);
    this.deps.log.turnStarted(turnId);
    return turnId;
  }

  private go(turnId: string, work: (signal: AbortSignal) => Promise<TurnOutcome>): void {
    const signal = this.running?.signal ?? AbortSignal.abort();
    this.announce();
    this.turn = work(signal)
      .catch((error: unknown) => this.breakDown(error))
      .then((outcome) => this.end(turnId, outcome));
  }

  private end(turnId: string, outcome: TurnOutcome): void {
    this.keepSteered(turnId);
    const wasStopped = this.running?.signal.aborted === true;
    this.openTurn = undefined;
    this.running = undefined;
    this.takesSteering = undefined;
    if (!this.isEnding) {
      this.deps.log.turnEnded(turnId);
    }
    this.reducer.endTurn();
    if (isAnythingTold(this.turnUsage)) {
      this.reducer.add({ kind: 'usage', id: this.reducer.nextId(), total: this.turnUsage });
    }
    this.activity = undefined;
    this.didSignal.fire({ kind: 'turn_end', turnId, outcome, usage: this.turnUsage });
    void this.tellPersisted(turnId);
    // After a stop or a failure the user decides what is sent next.
    if (outcome === 'done' && !wasStopped && !this.isEnding && this.queue.list.length > 0) {
      this.startNext();
      return;
    }
    this.announce();
    this.signalQueue();
    this.didSignal.fire({ kind: 'idle' });
  }

  private breakDown(error: unknown, api = ''): TurnOutcome {
    const message = `The turn failed: ${errorMessage(error)}. What had arrived is kept.`;
    return this.fail({ code: 'unknown', message }, api, { kind: 'tool', message });
  }

  private async tellPersisted(turnId: string): Promise<void> {
    await this.deps.log.flush();
    const { problem } = this.deps.log;
    this.didSignal.fire(
      problem === undefined
        ? { kind: 'persisted', turnId }
        : { kind: 'fault', fault: { kind: 'persistence', message: problem } },
    );
  }

  /** Words of the user, shown and kept. */
  private say(
    turnId: string,
    prompt: Pick<QueuedPrompt, 'text' | 'images'>,
    more: PromptNotes,
  ): void {
    const itemId = this.showPrompt(prompt, more);
    this.keepPrompt(turnId, itemId, prompt, this.notesFor(prompt));
  }

  private notesFor(prompt: Pick<QueuedPrompt, 'text'>): readonly string[] {
    return takesNotes(prompt) ? (this.deps.takeNotes?.(this.id) ?? []) : [];
  }

  private showPrompt(
    { text, images }: Pick<QueuedPrompt, 'text' | 'images'>,
    more: PromptNotes,
  ): string {
    const id = this.reducer.nextId();
    const imageCount = images.length;
    this.reducer.userPrompt({
      kind: 'user',
      id,
      text,
      ...(imageCount === 0 ? {} : { imageCount }),
      ...more,
    });
    return id;
  }

  private keepPrompt(
    turnId: string,
    itemId: string,
    { text, images }: Pick<QueuedPrompt, 'text' | 'images'>,
    notes: readonly string[] = [],
  ): void {
    this.keepUser(turnId, itemId, {
      role: 'user',
      text,
      ...(images.length === 0 ? {} : { images }),
      ...(notes.length === 0 ? {} : { notes }),
      createdAtMs: this.deps.nowMs(),
    });
  }

  private keepUser(turnId: string, itemId: string, message: UserMessage): void {
    this.keep(turnId, message);
    this.notePlace(itemId, this.deps.branches?.newestPrompt());
  }

  /** An item is the message of this entry; what else was asked in its place is a switch beside it. */
  private notePlace(itemId: string | undefined, place: PromptPlace | undefined): void {
    const item = this.reducer.find(itemId ?? '');
    if (itemId === undefined || place === undefined || item === undefined) {
      return;
    }
    this.promptEntries.set(itemId, place.entryId);
    const { siblings } = place;
    if (item.kind === 'user' && siblings.length > 1) {
      const branch = { index: siblings.indexOf(place.entryId), count: siblings.length };
      this.reducer.replace({ ...item, branch });
    }
  }

  /** Hands waiting words to the agent, where it takes them now. */
  private steerNow(): void {
    if (this.takesSteering !== 'agent' || this.running?.signal.aborted !== false) {
      return;
    }
    for (const prompt of this.queue.list) {
      if (prompt.kind !== 'steer' || isAlone(prompt) || prompt.images.length > 0) {
        continue;
      }
      if (this.deps.steer?.(this.id, prompt.text) !== true) {
        return;
      }
      this.queue.remove(prompt.id);
      const id = this.showPrompt(prompt, { wasSteered: true });
      this.steered = [...this.steered, { ...prompt, id }];
    }
  }

  /** Between two rounds of a model: what is to join the turn stands behind the tools' results. */
  private steerRound(turnId: string): void {
    const prompts = this.queue.takeSteering();
    for (const prompt of prompts) {
      this.say(turnId, prompt, { wasSteered: true });
    }
    if (prompts.length > 0) {
      this.showQueue();
    }
  }

  /** What the agent has taken is part of the conversation from now on. */
  private keepSteered(turnId: string): void {
    const prompts = this.steered;
    this.steered = [];
    for (const prompt of prompts) {
      this.keepPrompt(turnId, prompt.id, prompt);
    }
    if (prompts.length > 0) {
      this.showQueue();
    }
  }

  /** The agent did not take what was handed to it last: it waits again. */
  private takeSteeredBack(): void {
    const prompt = this.steered.at(-1);
    if (prompt !== undefined) {
      this.steered = this.steered.slice(0, -1);
      this.reducer.remove(prompt.id);
      this.queue.putBack({ ...prompt, id: createId('queued'), kind: 'followUp' });
      this.showQueue();
    }
  }

  private showQueue(): void {
    this.reducer.showQueue(this.queue.list.map(queuedItem));
    this.deps.log.queueChanged?.([...this.steered, ...this.held, ...this.queue.list]);
    this.announce();
    this.signalQueue();
  }

  private signalQueue(): void {
    const { length } = this.queue.list;
    this.didSignal.fire({ kind: 'queue', count: length, isHeld: length > 0 && !this.isBusy });
  }

  /** A command of the user's own: past the same gate as a model's, its output kept for the model or for nobody. */
  private async runCommand(
    turnId: string,
    command: UserCommand,
    signal: AbortSignal,
  ): Promise<TurnOutcome> {
    const callId = createId('own');
    const call = commandCall(command, callId);
    this.reducer.ownCommand(call, command.isShared);
    this.announce();
    const model = this.deps.findModel(this.currentModelId);
    const cwd = model === undefined ? undefined : this.deps.cwd(model);
    const listener = this.listener(turnId, 'You', model);
    this.didSignal.fire({ kind: 'tool_start', callId, toolName: call.name });
    const result = await runOwnCall(this.deps.orchestrator, call, {
      sessionId: this.id,
      turnId,
      modelId: '',
      asker: 'You',
      mode: this.currentMode,
      ...(cwd === undefined ? {} : { cwd }),
      signal,
      onProgress: (progress) => listener.onProgress(callId, progress),
    });
    listener.onToolResult(call, result);
    const ran: RanCommand = { ...command, callId, result };
    if (command.isShared) {
      this.keepUser(turnId, callId, {
        role: 'user',
        text: commandText(ran),
        command: { callId, line: command.line, result },
        createdAtMs: this.deps.nowMs(),
      });
    } else {
      this.deps.log.privateCommand?.(ran);
    }
    this.deps.withdraw(this.id);
    this.phase = 'idle';
    return signal.aborted ? 'aborted' : 'done';
  }

  private async run(
    turnId: string,
    signal: AbortSignal,
    compacts: boolean,
    model: ModelRef | undefined,
  ): Promise<TurnOutcome> {
    if (model === undefined) {
      return this.fail(
        {
          code: 'model_not_found',
          message: 'This model is not there any more. Choose another one, then try again.',
        },
        'playground',
      );
    }
    if (!compacts) {
      this.takesSteering = model.runtime === undefined ? 'rounds' : 'agent';
    }
    const asker = this.deps.runtimeName(model);
    this.activity = { text: `waiting for ${asker}`, sinceMs: this.deps.nowMs() };
    this.announce();
    try {
      const failure = await this.deps.guard(model);
      if (failure !== undefined) {
        return this.fail(failure, model.api);
      }
      for (const text of (await this.deps.prepare?.(model, signal)) ?? []) {
        this.note('warning', text);
      }
      const prompt = await this.deps.systemPrompt(model, this.currentMode);
      this.files = prompt.files;
      const apiKey = await this.deps.keyFor(model);
      const failed = await this.compact(compacts ? 'manual' : 'auto', {
        turnId,
        model,
        prompt,
        apiKey,
        signal,
      });
      if (failed !== undefined) {
        this.hasFailedCompact = true;
        const message = `The conversation was not summarised, and is as it was. ${failed.message}`;
        return this.fail({ ...failed, message }, model.api);
      }
      if (compacts) {
        this.phase = 'idle';
        return signal.aborted ? 'aborted' : 'done';
      }
      const message = await runTurn(
        {
          exchange: (target, request, options) => {
            const { instructions } = prompt;
            this.context?.noteRequest({
              ...request,
              ...(instructions === undefined ? {} : { instructions }),
            });
            return this.deps.exchange(target, request, options);
          },
          orchestrator: this.deps.orchestrator,
          messages: () =>
            this.context === undefined || model.runtime !== undefined
              ? this.deps.window(this.conversation, model)
              : this.context.messagesFor(model, this.conversation),
          beforeNextRound: () => this.steerRound(turnId),
          nowMs: this.deps.nowMs,
          ...(this.deps.watchChanges === undefined ? {} : { watchChanges: this.deps.watchChanges }),
        },
        {
          turnId,
          sessionId: this.id,
          model,
          asker,
          mode: () => this.currentMode,
          systemPrompt: prompt.text,
          cwd: this.deps.cwd(model),
          signal,
          apiKey,
          options: {
            ...this.deps.turnOptions(model),
            isCallIdTaken: (id) => this.reducer.tool(id) !== undefined,
          },
        },
        this.listener(turnId, asker, model),
      );
      return this.conclude(message, model);
    } catch (error) {
      return this.breakDown(error, model.api);
    } finally {
      this.deps.withdraw(this.id);
    }
  }

  private conclude(message: AssistantMessage, model: ModelRef): TurnOutcome {
    switch (message.stopReason) {
      case 'error':
        return this.fail(
          message.failure ?? {
            code: 'unknown',
            message: message.errorMessage ?? 'The turn failed.',
          },
          model.api,
        );
      case 'aborted':
        return this.fail(abortedFailure(), model.api);
      case 'length':
        this.note(
          'warning',
          'The answer was cut at the model’s output limit. Send “go on” to continue.',
        );
        break;
      case 'stop':
        if (message.content.length === 0 && !this.isLastCompact()) {
          this.note('info', 'The model gave an empty answer.');
        }
        break;
      case 'toolUse':
        break;
    }
    this.phase = 'idle';
    return 'done';
  }

  private listener(turnId: string, asker: string, model: ModelRef | undefined): TurnListener {
    /** What an agent has called: its answer comes at the end of its turn, ours after each round. */
    const arrived =
      model?.runtime === undefined
        ? undefined
        : new ArrivedCalls((what) => this.deps.log.arrived?.(turnId, what));
    const inTurn =
      <Args extends readonly unknown[]>(take: (...args: Args) => void) =>
      (...args: Args): void => {
        if (this.openTurn === turnId) {
          take(...args);
        }
      };
    return {
      onEvent: inTurn((event: NormalizedEvent) => {
        this.reducer.event(event);
        this.activity = this.activity?.retry === undefined ? this.activity : undefined;
        if (event.kind === 'text' || event.kind === 'thinking') {
          this.phase = 'streaming';
          this.activity = undefined;
          if (event.delta !== '' && event.parentCallId === undefined) {
            this.deps.log.partial(turnId, event.kind, event.delta);
          }
          if (event.delta !== '') {
            this.didSignal.fire({ kind: event.kind, delta: event.delta });
          }
        } else if (event.kind === 'tool_call') {
          const { id, name } = event.call;
          this.didSignal.fire({ kind: 'tool_start', callId: id, toolName: name });
          arrived?.call(event.call);
          this.steerQueue();
        }
        this.announce();
      }),
      onObservation: inTurn((observation: Observation, kept?: ToolResult) => {
        this.reducer.observation(observation, kept);
        if (observation.kind === 'usage') {
          this.usage = observation.usage;
        } else if (observation.kind === 'notice') {
          this.notice(observation.code, observation.retry);
        } else if (observation.kind === 'tool_result') {
          const { callId, result } = observation;
          this.didSignal.fire({ kind: 'tool_end', callId, ok: result.ok });
          arrived?.result(callId, kept ?? result);
          this.steerQueue();
        } else if (observation.kind === 'permission_request') {
          this.askItem(observation.request);
        }
        this.announce();
      }),
      onProgress: inTurn((callId: string, progress: CallProgress) => {
        this.phase = 'tooling';
        this.reducer.progress(callId, progress);
        this.activity =
          progress.kind === 'awaiting'
            ? { text: 'waiting for you', sinceMs: this.deps.nowMs() }
            : undefined;
        this.announce();
      }),
      onToolResult: inTurn((call: ToolCall, result: ToolResult) => {
        this.reducer.toolResult(call.id, result);
        this.didSignal.fire({ kind: 'tool_end', callId: call.id, ok: result.ok });
        this.announce();
      }),
      onMessage: (message: Message) => {
        if (message.role === 'tool') {
          this.activity = { text: `waiting for ${asker}`, sinceMs: this.deps.nowMs() };
        } else if (message.role === 'assistant') {
          this.keepSteered(turnId);
          if (model !== undefined) {
            this.context?.noteAnswer(turnId, model, message);
          }
        }
        this.turnUsage = plusUsage(this.turnUsage, usageOf(message));
        this.keep(turnId, message);
      },
    };
  }

  /** A moment at which an agent takes words that it did not take before. */
  private steerQueue(): void {
    const { length } = this.queue.list;
    this.steerNow();
    if (this.queue.list.length !== length) {
      this.showQueue();
    }
  }

  private notice(code: string | undefined, retry: RetryWait | undefined): void {
    if (retry !== undefined) {
      const sinceMs = this.deps.nowMs();
      const { attempt, of, reason } = retry;
      this.activity = {
        text: this.deps.secrets?.redact(reason) ?? reason,
        sinceMs,
        retry: { atMs: sinceMs + retry.delayMs, attempt, ...(of === undefined ? {} : { of }) },
      };
    } else if (code === 'steer_rejected') {
      this.takeSteeredBack();
    } else if (code === 'compacted') {
      this.didSignal.fire({ kind: 'compacted', by: 'agent' });
    }
  }

  private askItem(request: {
    readonly callId: string;
    readonly toolName: string;
    readonly input: ToolCall['arguments'];
  }): void {
    if (this.reducer.tool(request.callId) === undefined) {
      this.reducer.toolCall({
        id: request.callId,
        name: request.toolName,
        arguments: request.input,
        executedBy: 'child',
      });
    }
  }

  /** Makes the conversation smaller where it has to be, or because the user wants it; why that failed. */
  private async compact(
    trigger: 'auto' | 'manual',
    turn: {
      readonly turnId: string;
      readonly model: ModelRef;
      readonly prompt: SystemPrompt;
      readonly apiKey: string | undefined;
      readonly signal: AbortSignal;
    },
  ): Promise<Failure | undefined> {
    const { turnId, model, prompt, apiKey, signal } = turn;
    if (this.context === undefined || model.runtime !== undefined) {
      return undefined;
    }
    const phase = this.phase;
    const activity = this.activity;
    const outcome = await runCompaction({
      context: this.context,
      exchange: this.deps.exchange,
      model,
      turnId,
      messages: this.conversation,
      request: {
        systemPrompt: prompt.text,
        tools: offeredTools(this.deps.orchestrator, model, this.currentMode),
        ...(prompt.instructions === undefined ? {} : { instructions: prompt.instructions }),
      },
      options: {
        ...this.deps.turnOptions(model),
        signal,
        sessionId: this.id,
        ...(apiKey === undefined ? {} : { apiKey }),
      },
      trigger,
      nowMs: this.deps.nowMs,
      onStart: () => {
        this.phase = 'condensing';
        this.activity = { text: 'summarising the conversation', sinceMs: this.deps.nowMs() };
        this.announce();
      },
    });
    this.phase = phase;
    this.activity = activity;
    if (outcome.kind !== 'compacted' && outcome.unused !== undefined) {
      this.turnUsage = plusUsage(this.turnUsage, totalOfOne(outcome.unused.usage));
      this.deps.log.spent?.(outcome.unused.usage);
    }
    if (outcome.kind === 'compacted') {
      this.turnUsage = plusUsage(this.turnUsage, usageOf(outcome.message));
      this.keep(turnId, outcome.message);
      this.addItem(compactionItem(this.reducer.nextId(), outcome.message));
      if (outcome.failure !== undefined) {
        this.note(
          'warning',
          `${model.name} wrote no summary, so this one was made without it. ${outcome.failure.message}`,
        );
      }
      this.didSignal.fire({ kind: 'compacted', by: 'patchbay' });
    } else if (outcome.kind === 'failed') {
      return outcome.failure;
    } else if (trigger === 'manual') {
      this.note(
        'info',
        outcome.kind === 'aborted'
          ? 'Stopped. Nothing was summarised.'
          : 'There is nothing to summarise yet: only the last message and its answer are there.',
      );
    }
    return undefined;
  }

  /** Why `/compact` cannot be done with the chosen model. */
  private compactProblem(model: ModelRef): string | undefined {
    if (model.runtime === undefined || this.deps.takesCompact === undefined) {
      return undefined;
    }
    return this.deps.takesCompact(model)
      ? undefined
      : `${this.deps.runtimeName(model)} keeps its own context and has no command to make it smaller.`;
  }

  /** We summarise for models whose requests we make; an agent does it by itself. */
  private compactsItself(): boolean {
    const model = this.deps.findModel(this.currentModelId);
    return this.context !== undefined && model !== undefined && model.runtime === undefined;
  }

  /** The newest message asked the agent to make its conversation smaller, which has no answer. */
  private isLastCompact(): boolean {
    const last = this.conversation.findLast(({ role }) => role === 'user');
    return last?.role === 'user' && isCompactCommand(last.text);
  }

  private contextState(): Pick<SessionSnapshot, 'context' | 'spent'> {
    const model = this.deps.findModel(this.currentModelId);
    const context = model === undefined ? undefined : this.context?.use(model);
    const spent = this.context?.total;
    return {
      ...(context === undefined ? {} : { context }),
      ...(spent === undefined || spent.exchanges === 0 ? {} : { spent }),
    };
  }

  private keep(turnId: string, message: Message): void {
    this.conversationLog.push(message);
    this.deps.log.message(turnId, message);
    if (message.role === 'tool') {
      this.reducer.forgetOutput(message.callId);
    }
  }

  private note(level: 'info' | 'warning', text: string): void {
    this.addItem({ kind: 'notice', id: this.reducer.nextId(), level, text });
  }

  private fail(failure: Failure, api: string, fault = faultOf(failure)): TurnOutcome {
    this.didSignal.fire({ kind: 'fault', fault });
    if (fault.kind === 'aborted') {
      this.note('info', 'Stopped.');
      this.phase = 'idle';
      return 'aborted';
    }
    this.phase = 'faulted';
    this.fault = fault;
    this.addItem(failureItem(this.reducer.nextId(), failure, api));
    return 'failed';
  }

  private addItem(item: SessionItem): void {
    this.reducer.endTurn();
    this.reducer.add(item);
    this.announce();
  }

  private announce(): void {
    this.didChange.fire({ deltas: this.reducer.takeDeltas(), snapshot: this.live() });
  }
}

/** What is shown beside words of the user. */
type PromptNotes = Pick<Extract<SessionItem, { kind: 'user' }>, 'wasSteered' | 'turnId'>;

function queuedItem({
  id,
  text,
  kind,
  images,
}: QueuedPrompt): Extract<SessionItem, { kind: 'user' }> {
  return {
    kind: 'user',
    id,
    text,
    isQueued: true,
    ...(kind === 'steer' ? { isSteering: true } : {}),
    ...(images.length === 0 ? {} : { imageCount: images.length }),
  };
}

/** A command of the agent's own must begin its message: notes wait for ordinary words. */
function takesNotes({ text }: Pick<QueuedPrompt, 'text'>): boolean {
  return !text.startsWith('/');
}

function oneTitle(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

function titleOf(text: string): string {
  return oneTitle(text.split('\n').find((line) => line.trim() !== '') ?? text);
}
