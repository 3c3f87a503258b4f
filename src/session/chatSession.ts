import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import { createId } from '../base/ids';
import { errorMessage } from '../base/patchbayError';
import type { SecretFilter } from '../base/secretFilter';
import type { Failure } from '../events/failure';
import type { AssistantMessage, Message, ToolResultMessage } from '../events/message';
import type { NormalizedEvent } from '../events/normalizedEvent';
import type { Observation } from '../events/observation';
import type { SessionItem } from '../events/sessionItem';
import type { ToolCall, ToolResult } from '../events/toolCall';
import type { Usage } from '../events/usage';
import { isAnythingTold, noUsage, plusUsage } from '../events/usageTotal';
import type { PermissionMode } from '../gate/contract';
import type { ExchangeOptions, ExchangeStream, ModelRef, TurnContext } from '../runtime/contract';
import type { CallProgress, ToolOrchestrator } from '../tools/contract';
import { isCompactCommand, runCompaction } from './compactionTurn';
import type { SessionChange, SessionPhase, SessionSnapshot } from './contract';
import { failureItem } from './failureItem';
import { ItemReducer } from './itemReducer';
import { offeredTools } from './offeredTools';
import { compactionItem, restoreItems } from './restoreItems';
import { SessionContext, usageOf, type ContextServices } from './sessionContext';
import { inputText } from './toolItems';
import { runTurn, type TurnListener, type TurnDeps, type TurnSetup } from './turnLoop';

/** What a session writes down as it goes. Implemented on the session file; calls return at once, `flush` waits. */
export interface SessionLog {
  turnStarted(turnId: string): void;
  message(turnId: string, message: Message): void;
  /** Streamed text that is not yet in a message, so that a crash in the middle of a turn loses next to nothing. */
  partial(turnId: string, kind: 'text' | 'thinking', delta: string): void;
  turnEnded(turnId: string): void;
  titled(title: string): void;
  modelChosen(modelId: string): void;
  modeChosen(mode: PermissionMode): void;
  flush(): Promise<void>;
}

/** What was stored of a session, in order. `interrupted`: its last turn has no end. */
export interface StoredSession {
  readonly id: string;
  readonly title: string;
  readonly messages: readonly Message[];
  readonly modelId?: string;
  readonly mode?: PermissionMode;
  readonly interrupted: boolean;
  /** The turns that the user's messages began, in order; absent: not known. */
  readonly turnIds?: readonly (string | undefined)[];
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
  readonly findModel: (modelId: string) => ModelRef | undefined;
  /** What stands in the way of a turn with this model right now: no trust, no folder, no key. */
  readonly guard: (model: ModelRef) => Promise<Failure | undefined>;
  /** Makes tools ready that are not always there. Gives sentences for the user about what is left out; never rejects. */
  readonly prepare?: (model: ModelRef, signal: AbortSignal) => Promise<readonly string[]>;
  readonly keyFor: (model: ModelRef) => Promise<string | undefined>;
  readonly systemPrompt: (model: ModelRef) => Promise<SystemPrompt>;
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
  private readonly messages: Message[];
  private readonly context: SessionContext | undefined;
  /** What the running turn used. */
  private turnUsage = noUsage;
  private readonly queue: { readonly itemId: string; readonly text: string }[] = [];
  private running: AbortController | undefined;
  /** The window ends: a turn that runs is left without its end mark, so that it is found as interrupted. */
  private isEnding = false;
  private turn: Promise<void> = Promise.resolve();
  private phase: SessionPhase = 'idle';
  private activity: SessionSnapshot['activity'];
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
    this.messages = [...start.messages];
    this.currentModelId = start.modelId ?? defaults.modelId;
    this.currentMode = start.mode ?? defaults.mode;
    this.context = deps.context && new SessionContext(deps.context, start.id);
    this.context?.restore(start.messages, deps.findModel(this.currentModelId));
    this.reducer = new ItemReducer({ nowMs: deps.nowMs, relativize: deps.relativize });
    restoreItems(this.reducer, start.messages, start.interrupted, start.turnIds);
    if (deps.secrets !== undefined) {
      this.reducer.redactWith(deps.secrets);
    }
    if (start.interrupted) {
      this.reducer.beginTurn('interrupted');
      this.reducer.add({
        kind: 'notice',
        id: this.reducer.nextId(),
        level: 'warning',
        text: 'This turn was interrupted. What had arrived is kept; nothing runs again by itself.',
      });
      this.reducer.takeDeltas();
    }
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
      ...(this.usage === undefined ? {} : { usage: this.usage }),
      ...this.contextState(),
      queuedCount: this.queue.length,
    };
  }

  submit(text: string): { readonly accepted: boolean; readonly problem?: string } {
    if (text.trim() === '') {
      return { accepted: false, problem: 'The message is empty.' };
    }
    if (this.deps.findModel(this.currentModelId) === undefined) {
      return { accepted: false, problem: 'Choose a model or an agent first.' };
    }
    const problem = isCompactCommand(text) ? this.compactProblem() : undefined;
    if (problem !== undefined) {
      return { accepted: false, problem };
    }
    if (this.title === '' && !isCompactCommand(text)) {
      this.rename(titleOf(this.deps.secrets?.redact(text) ?? text));
    }
    if (this.isBusy) {
      const itemId = createId('queued');
      this.queue.push({ itemId, text });
      this.reducer.add({ kind: 'user', id: itemId, text, isQueued: true });
      this.announce();
    } else {
      this.start(text);
    }
    return { accepted: true };
  }

  /** Runs the last turn again, after a failure. False when there is nothing to run again. */
  retry(): boolean {
    if (this.isBusy || this.messages.every((message) => message.role !== 'user')) {
      return false;
    }
    const last = this.reducer.items.at(-1);
    if (last?.kind === 'error') {
      this.reducer.remove(last.id);
    }
    this.start(undefined);
    return true;
  }

  /** Takes a queued prompt back; its text, for the composer. */
  removeQueued(itemId: string): string | undefined {
    const index = this.queue.findIndex((entry) => entry.itemId === itemId);
    const [entry] = index < 0 ? [] : this.queue.splice(index, 1);
    if (entry !== undefined) {
      this.reducer.remove(itemId);
      this.announce();
    }
    return entry?.text;
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

  /** The whole input or output of a card. */
  detail(callId: string, part: 'input' | 'output'): string | undefined {
    for (const message of [...this.messages].reverse()) {
      if (part === 'output' && message.role === 'tool' && message.callId === callId) {
        return message.result.output !== '' || message.result.ok
          ? message.result.output
          : message.result.error;
      }
      if (part === 'input' && message.role === 'assistant') {
        const block = message.content.find(
          (item) => item.kind === 'tool_call' && item.call.id === callId,
        );
        if (block?.kind === 'tool_call') {
          return inputText(block.call);
        }
      }
    }
    const item = this.reducer.tool(callId);
    return part === 'output' ? (this.reducer.wholeOutput(callId) ?? item?.output) : item?.input;
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
    this.queue.length = 0;
    this.stop();
  }

  dispose(): void {
    this.queue.length = 0;
    this.stop();
    this.didChange.dispose();
  }

  private start(text: string | undefined): void {
    const turnId = createId('turn');
    const abort = new AbortController();
    this.running = abort;
    this.reducer.beginTurn(turnId);
    this.deps.log.turnStarted(turnId);
    this.turnUsage = noUsage;
    const compacts = isCompactCommand(text) && this.compactsItself();
    if (text !== undefined && !compacts) {
      this.reducer.add({ kind: 'user', id: this.reducer.nextId(), text, turnId });
      // A command of the agent's own must begin its message: notes wait for ordinary words.
      const notes = text.startsWith('/') ? [] : (this.deps.takeNotes?.(this.id) ?? []);
      this.keep(turnId, {
        role: 'user',
        text,
        ...(notes.length === 0 ? {} : { notes }),
        createdAtMs: this.deps.nowMs(),
      });
    }
    this.phase = 'streaming';
    this.announce();
    this.turn = this.run(turnId, abort.signal, compacts).finally(() => {
      this.running = undefined;
      if (!this.isEnding) {
        this.deps.log.turnEnded(turnId);
      }
      this.reducer.endTurn();
      if (isAnythingTold(this.turnUsage)) {
        this.reducer.add({ kind: 'usage', id: this.reducer.nextId(), total: this.turnUsage });
      }
      this.activity = undefined;
      const next = this.queue.shift();
      if (next !== undefined) {
        this.reducer.remove(next.itemId);
        this.start(next.text);
      } else {
        this.announce();
      }
    });
  }

  private async run(turnId: string, signal: AbortSignal, compacts: boolean): Promise<void> {
    const model = this.deps.findModel(this.currentModelId);
    if (model === undefined) {
      this.phase = 'faulted';
      return;
    }
    const asker = this.deps.runtimeName(model);
    this.activity = { text: `waiting for ${asker}`, sinceMs: this.deps.nowMs() };
    this.announce();
    try {
      const failure = await this.deps.guard(model);
      if (failure !== undefined) {
        this.fail(failure, model);
        return;
      }
      for (const text of (await this.deps.prepare?.(model, signal)) ?? []) {
        this.note('warning', text);
      }
      const prompt = await this.deps.systemPrompt(model);
      this.files = prompt.files;
      const apiKey = await this.deps.keyFor(model);
      await this.compact(compacts ? 'manual' : 'auto', { turnId, model, prompt, apiKey, signal });
      if (compacts) {
        this.phase = 'idle';
        return;
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
              ? this.deps.window(this.messages, model)
              : this.context.messagesFor(model, this.messages),
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
          options: this.deps.turnOptions(model),
        },
        this.listener(turnId, asker, model),
      );
      this.conclude(message, model);
    } catch (error) {
      this.fail(
        {
          code: 'unknown',
          message: `The turn failed: ${errorMessage(error)}. What had arrived is kept.`,
        },
        model,
      );
    } finally {
      this.deps.withdraw(this.id);
    }
  }

  private conclude(message: AssistantMessage, model: ModelRef): void {
    switch (message.stopReason) {
      case 'error':
        this.fail(
          message.failure ?? {
            code: 'unknown',
            message: message.errorMessage ?? 'The turn failed.',
          },
          model,
        );
        return;
      case 'aborted':
        this.note('info', 'Stopped.');
        break;
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
  }

  private listener(turnId: string, asker: string, model: ModelRef): TurnListener {
    return {
      onEvent: (event: NormalizedEvent) => {
        this.reducer.event(event);
        if (event.kind === 'text' || event.kind === 'thinking') {
          this.phase = 'streaming';
          this.activity = undefined;
          if (event.delta !== '' && event.parentCallId === undefined) {
            this.deps.log.partial(turnId, event.kind, event.delta);
          }
        }
        this.announce();
      },
      onObservation: (observation: Observation, kept?: ToolResult) => {
        this.reducer.observation(observation, kept);
        if (observation.kind === 'usage') {
          this.usage = observation.usage;
        } else if (observation.kind === 'permission_request') {
          this.askItem(observation.request);
        }
        this.announce();
      },
      onProgress: (callId: string, progress: CallProgress) => {
        this.phase = 'tooling';
        this.reducer.progress(callId, progress);
        this.activity =
          progress.kind === 'awaiting'
            ? { text: 'waiting for you', sinceMs: this.deps.nowMs() }
            : undefined;
        this.announce();
      },
      onToolResult: (call: ToolCall, result: ToolResult) => {
        this.reducer.toolResult(call.id, result);
        this.announce();
      },
      onMessage: (message: AssistantMessage | ToolResultMessage | Message) => {
        if (message.role === 'tool') {
          this.activity = { text: `waiting for ${asker}`, sinceMs: this.deps.nowMs() };
        } else if (message.role === 'assistant') {
          this.context?.noteAnswer(turnId, model, message);
        }
        this.turnUsage = plusUsage(this.turnUsage, usageOf(message));
        this.keep(turnId, message);
      },
    };
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

  /** Makes the conversation smaller where it has to be, or because the user wants it. */
  private async compact(
    trigger: 'auto' | 'manual',
    turn: {
      readonly turnId: string;
      readonly model: ModelRef;
      readonly prompt: SystemPrompt;
      readonly apiKey: string | undefined;
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const { turnId, model, prompt, apiKey, signal } = turn;
    if (this.context === undefined || model.runtime !== undefined) {
      return;
    }
    const phase = this.phase;
    const activity = this.activity;
    const outcome = await runCompaction({
      context: this.context,
      exchange: this.deps.exchange,
      model,
      turnId,
      messages: this.messages,
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
    if (outcome.kind === 'compacted') {
      this.turnUsage = plusUsage(this.turnUsage, usageOf(outcome.message));
      this.keep(turnId, outcome.message);
      this.addItem(compactionItem(this.reducer.nextId(), outcome.message));
    } else if (trigger === 'manual') {
      this.note(
        'info',
        outcome.kind === 'aborted'
          ? 'Stopped. Nothing was summarised.'
          : 'There is nothing to summarise yet: only the last message and its answer are there.',
      );
    }
  }

  /** Why `/compact` cannot be done with the chosen model. */
  private compactProblem(): string | undefined {
    const model = this.deps.findModel(this.currentModelId);
    if (model?.runtime === undefined || this.deps.takesCompact === undefined) {
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
    const last = this.messages.findLast(({ role }) => role === 'user');
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
    this.messages.push(message);
    this.deps.log.message(turnId, message);
  }

  private note(level: 'info' | 'warning', text: string): void {
    this.addItem({ kind: 'notice', id: this.reducer.nextId(), level, text });
  }

  private fail(failure: Failure, model: ModelRef): void {
    if (failure.aborted === true) {
      this.note('info', 'Stopped.');
      this.phase = 'idle';
      return;
    }
    this.phase = 'faulted';
    this.addItem(failureItem(this.reducer.nextId(), failure, model.api));
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

function oneTitle(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

function titleOf(text: string): string {
  return oneTitle(text.split('\n').find((line) => line.trim() !== '') ?? text);
}
