import { arrayField, isRecord, numberField, recordField, stringField } from '../../base/guard';
import { abortedFailure, type Failure } from '../../events/failure';
import type {
  AgentInfo,
  ChildExit,
  ExchangeParser,
  ExchangeParserContext,
  ParseStep,
} from '../contract';
import { isCompactPrompt, turnText } from '../preamble';
import {
  exitFailure,
  notRead,
  resumeRejected,
  serviceFailure,
  wrongDialect,
} from './indusagiCliFailures';
import { availableCommands, availableModels, UsageSum } from './indusagiCliRpcAnswers';
import { StreamedMessage } from './indusagiCliRpcBlocks';
import { RpcCalls } from './indusagiCliRpcCalls';
import { RpcDialogs } from './indusagiCliRpcDialogs';
import {
  compactedNotice,
  compactingNotice,
  retryNotice,
  terminalOf,
  warning,
  type AnswerEnd,
} from './indusagiCliRpcNotices';
import { RpcRequests, type RpcAnswer } from './indusagiCliRpcRequests';
import { failed, observation, type Item } from './indusagiCliSteps';
import { countField } from '../usageCounts';
import { UnknownKinds } from '../unknownKinds';

export interface RpcParserOptions {
  /** For people: `pi`. */
  readonly agentName: string;
  /** Our extension must be there: without its sign of life nothing is prompted. It asks for the system prompt itself. */
  readonly needsGate: boolean;
  readonly hasOtherForms: boolean;
}

/** What is kept of a child from one exchange to the next. */
const noteNames = {
  gate: 'peer.gate',
  contextWindow: 'peer.contextWindow',
} as const;

/** How long the peer may take to say that nothing follows, once its run has ended. */
const settleMs = 2000;

/** How long it may take to answer the prompt and what comes before it, where the exchange sets no time. */
const preparationMs = 30_000;

/**
 * One exchange in the rpc form: commands and answers `{type, id?}`, events without id (pi 0.73.1, recorded in
 * test/fixtures/pi-rpc; the first generation of Indusagi is documented to speak the same).
 *
 * `agent_end` is not the end: a retry or a compaction that runs the agent again is announced right after it. So its end
 * is asked for with `get_state`, whose answer comes after such an announcement.
 */
export class PeerRpcParser implements ExchangeParser {
  private readonly requests: RpcRequests;
  private readonly dialogs: RpcDialogs;
  private readonly message = new StreamedMessage();
  private readonly usage = new UsageSum();
  private readonly calls: RpcCalls;
  private readonly unknownKinds = new UnknownKinds();
  private readonly setup: (() => unknown)[] = [];
  private phase: 'preparing' | 'running' | 'over' = 'preparing';
  private hasSpoken = false;
  /** The agent works on the prompt, whether its command was answered or not. */
  private hasBegun = false;
  private heardCount = 0;
  private hasDialect = false;
  private wasInterrupted = false;
  private isRetrying = false;
  private isCompacting = false;
  private hasCompacted = false;
  private token: string | undefined;
  private lastEnd: AnswerEnd | undefined;
  /** Set while the agent's run has ended. */
  private end: AnswerEnd | undefined;
  private endCount = 0;

  constructor(
    private readonly context: ExchangeParserContext,
    private readonly options: RpcParserOptions,
  ) {
    this.requests = new RpcRequests(context.notes);
    this.dialogs = new RpcDialogs(context, {
      systemPrompt: options.needsGate ? context.context.systemPrompt : '',
      isStopped: () => this.wasInterrupted,
    });
    this.calls = new RpcCalls({
      cwd: context.opts.cwd ?? '',
      howStopped: (callId) =>
        this.dialogs.wasDenied(callId) ? 'denied' : this.wasInterrupted ? 'aborted' : undefined,
    });
  }

  /** How often each kind of message came that this parser does not know. */
  get unknownMessages(): ReadonlyMap<string, number> {
    return this.unknownKinds.byKind;
  }

  /** Everything at once where nothing has to be waited for: a peer that knows only `prompt` then works too. */
  open(): readonly unknown[] {
    const { resume, isContinuation } = this.context;
    const mustWait = (resume !== undefined || this.options.needsGate) && !isContinuation;
    if (!isContinuation) {
      if (resume !== undefined) {
        this.setup.push(() => this.requests.make('switch_session', { sessionPath: resume }));
      }
      this.setup.push(() => this.requests.make('get_state'));
    }
    if (mustWait) {
      this.context.later?.(this.answerMs, () =>
        this.phase === 'preparing' ? this.mute() : { out: [] },
      );
      return [this.setup.shift()?.()];
    }
    return [...this.setup.splice(0).map((make) => make()), this.prompt(), ...this.infoRequests()];
  }

  interrupt(): readonly unknown[] {
    this.wasInterrupted = true;
    return [this.requests.make('abort')];
  }

  steer(text: string): readonly unknown[] | undefined {
    return this.phase !== 'running' || this.end !== undefined || this.wasInterrupted
      ? undefined
      : [this.requests.make('steer', { message: text })];
  }

  explainExit(exit: ChildExit): Failure | undefined {
    return exitFailure(exit, {
      agentName: this.options.agentName,
      hasSpoken: this.hasSpoken,
      resume: this.context.resume,
      hasOtherForms: this.options.hasOtherForms,
    });
  }

  /** Its run had ended, and nothing that would follow was announced. */
  endAtExit(): ParseStep | undefined {
    return this.phase !== 'running' ||
      this.end === undefined ||
      this.isRetrying ||
      this.isCompacting ||
      this.wasInterrupted
      ? undefined
      : this.finish(this.end, []);
  }

  accept(message: unknown): ParseStep {
    if (this.phase === 'over') {
      return { out: [] };
    }
    const settled = this.dialogs.takeSettled();
    const step = this.read(message);
    return settled.length === 0 ? step : { ...step, out: [...settled, ...step.out] };
  }

  private read(message: unknown): ParseStep {
    const type = stringField(message, 'type');
    if (type === undefined && isRecord(message) && !this.hasDialect && 'jsonrpc' in message) {
      return this.over([failed(wrongDialect(this.options.agentName, ''))]);
    }
    this.hasSpoken = true;
    this.heardCount += 1;
    this.hasDialect ||= type !== undefined;
    this.hasBegun ||= type !== undefined && signsOfWork.has(type);
    switch (type) {
      case 'response':
        return this.response(message);
      case 'message_start':
        if (isAssistant(message)) {
          this.end = undefined;
          this.message.begin();
        }
        return { out: [] };
      case 'message_update':
        return {
          out: this.calls.announced(
            this.message.update(recordField(message, 'assistantMessageEvent')),
          ),
        };
      case 'message_end':
        return { out: this.messageEnd(message) };
      case 'tool_execution_start':
        return { out: this.calls.start(message) };
      case 'tool_execution_update':
        return { out: this.calls.progress(message) };
      case 'tool_execution_end':
        return { out: this.calls.end(message) };
      case 'agent_start':
        this.end = undefined;
        this.isRetrying = false;
        return { out: [] };
      case 'agent_end':
        return this.agentEnd(message);
      case 'auto_retry_start':
        this.isRetrying = true;
        this.end = undefined;
        return { out: [...this.takeBack(), retryNotice(this.options.agentName, message)] };
      case 'auto_retry_end':
        return this.retryEnd(message);
      case 'auto_compaction_start':
      case 'compaction_start':
        this.isCompacting = true;
        this.hasCompacted = true;
        return { out: [compactingNotice(this.options.agentName)] };
      case 'auto_compaction_end':
      case 'compaction_end':
        return this.compactionEnd(message);
      case 'extension_ui_request':
        return this.dialog(message);
      case 'extension_error':
        return {
          out: [
            warning(
              this.options.agentName,
              'agent_error',
              stringField(message, 'error') ?? 'an extension failed',
            ),
          ],
        };
      case 'turn_start':
      case 'turn_end':
      case 'queue_update':
        return { out: [] };
      default:
        return this.unknown(type ?? 'nothing');
    }
  }

  private response(message: unknown): ParseStep {
    const unread = this.requests.unread(message);
    if (unread !== undefined) {
      return this.unread(unread);
    }
    const answer = this.requests.take(message);
    if (answer === undefined) {
      return { out: [] };
    }
    switch (answer.command) {
      case 'switch_session':
        return answer.isSuccess && !isCancelled(answer.data)
          ? this.next()
          : this.over([failed(resumeRejected(this.options.agentName, answer.error))]);
      case 'get_state':
        return this.state(answer);
      case 'prompt':
        return answer.isSuccess || this.end !== undefined
          ? { out: [] }
          : this.over([failed(serviceFailure(this.options.agentName, answer.error))]);
      case 'compact':
        // Too little to summarise is an error to it; there is nothing to be done about it.
        return this.over([
          ...(answer.isSuccess
            ? []
            : [warning(this.options.agentName, 'compaction_failed', answer.error)]),
          { kind: 'finish', reason: 'stop' },
        ]);
      case 'abort':
        return this.over([failed(abortedFailure())]);
      case 'steer':
        return {
          out: answer.isSuccess
            ? []
            : [
                warning(
                  this.options.agentName,
                  'steer_rejected',
                  `your words were not taken: ${answer.error}`,
                ),
              ],
        };
      case 'get_available_models':
        this.tell(answer, { models: availableModels(answer.data) });
        return { out: [] };
      case 'get_commands':
        this.tell(answer, { commands: availableCommands(answer.data) });
        return { out: [] };
      default:
        return { out: [] };
    }
  }

  /** Which line it was is not told: before the agent works it was one that the prompt needs, or the prompt itself. */
  private unread(said: string): ParseStep {
    const { agentName } = this.options;
    if (this.isWaiting()) {
      return this.over([failed(notRead(agentName, said))]);
    }
    const text = `a message of Patchbay came to it broken: ${said === '' ? 'it did not say why' : said}`;
    return { out: [warning(agentName, 'message_not_read', text)] };
  }

  /** Nothing has come of the prompt yet, not even its answer. */
  private isWaiting(): boolean {
    return (
      this.phase === 'preparing' ||
      (this.phase === 'running' &&
        !this.hasBegun &&
        (this.requests.isOpen('prompt') || this.requests.isOpen('compact')))
    );
  }

  private tell(answer: RpcAnswer, info: AgentInfo): void {
    if (answer.isSuccess) {
      this.context.opts.onAgentInfo?.(info);
    }
  }

  private state({ data }: RpcAnswer): ParseStep {
    const { notes, resume, isContinuation } = this.context;
    const sessionFile = stringField(data, 'sessionFile');
    notes.set(noteNames.contextWindow, countField(recordField(data, 'model'), 'contextWindow'));
    if (this.phase === 'preparing') {
      const isEmpty = numberField(data, 'messageCount') === 0;
      if (
        resume !== undefined &&
        !isContinuation &&
        (isEmpty || (sessionFile ?? resume) !== resume)
      ) {
        return this.over([failed(resumeRejected(this.options.agentName))]);
      }
      if (this.options.needsGate && notes.get(noteNames.gate) !== true) {
        return this.over([failed(this.gateMissing())]);
      }
    }
    const out = this.resumeToken(sessionFile);
    if (this.phase === 'preparing') {
      return this.next(out);
    }
    // Words that waited for a compaction start the agent again a moment after it; if they do not, the timer ends the turn.
    const isMore =
      this.hasCompacted &&
      this.context.later !== undefined &&
      (numberField(data, 'pendingMessageCount') ?? 0) > 0;
    return this.end === undefined || this.isRetrying || this.isCompacting || isMore
      ? { out }
      : this.finish(this.end, out);
  }

  private resumeToken(token: string | undefined): readonly Item[] {
    if (token === undefined || token === '' || token === this.token) {
      return [];
    }
    this.token = token;
    return [{ kind: 'resume', token }];
  }

  /** The next command of the preparation; the prompt after the last one. */
  private next(out: readonly Item[] = []): ParseStep {
    if (this.phase !== 'preparing' || this.wasInterrupted) {
      return { out };
    }
    const make = this.setup.shift();
    if (make !== undefined) {
      return { out, send: [make()] };
    }
    return { out, send: [this.prompt(), ...this.infoRequests()] };
  }

  private infoRequests(): readonly unknown[] {
    const { isContinuation, opts } = this.context;
    return isContinuation || opts.onAgentInfo === undefined
      ? []
      : [this.requests.make('get_available_models'), this.requests.make('get_commands')];
  }

  private prompt(): unknown {
    const { context, model, resume, isContinuation } = this.context;
    this.phase = 'running';
    this.watchPrompt();
    if (isCompactPrompt(context)) {
      return this.requests.make('compact');
    }
    const text = turnText(context, model, isContinuation || resume !== undefined);
    const instructions =
      isContinuation || this.options.needsGate || context.systemPrompt === ''
        ? ''
        : `<instructions>\n${context.systemPrompt}\n</instructions>\n\n`;
    const newest = context.messages.findLast(({ role }) => role === 'user');
    const images = (newest?.role === 'user' ? newest.images : undefined) ?? [];
    return this.requests.make('prompt', {
      message: `${instructions}${text}`,
      ...(images.length === 0
        ? {}
        : {
            images: images.map(({ mediaType, data }) => ({
              type: 'image',
              data,
              mimeType: mediaType,
            })),
          }),
    });
  }

  /** A prompt that was lost is answered never. It may wait for a compaction, or for a person. */
  private watchPrompt(): void {
    const heard = this.heardCount;
    this.context.later?.(this.answerMs, () => {
      // A compaction that was asked for takes its time, and may be silent.
      if (!this.isWaiting() || !this.requests.isOpen('prompt') || this.wasInterrupted) {
        return { out: [] };
      }
      if (heard === this.heardCount && !this.isCompacting && !this.dialogs.isAsking) {
        return this.mute();
      }
      this.watchPrompt();
      return { out: [] };
    });
  }

  private get answerMs(): number {
    return this.context.opts.startTimeoutMs ?? preparationMs;
  }

  private messageEnd(message: unknown): readonly Item[] {
    const body = recordField(message, 'message');
    if (!isAssistant(message)) {
      return [];
    }
    const stopReason = stringField(body, 'stopReason') ?? 'stop';
    const error = stringField(body, 'errorMessage') ?? '';
    this.usage.add(recordField(body, 'usage'));
    this.lastEnd = { stopReason, error };
    return stopReason === 'error' || stopReason === 'aborted'
      ? []
      : this.calls.announced(this.message.end(body));
  }

  private agentEnd(message: unknown): ParseStep {
    const last = (arrayField(message, 'messages') ?? []).findLast(
      (item) => stringField(item, 'role') === 'assistant',
    );
    const stopReason = stringField(last, 'stopReason');
    this.end =
      stopReason === undefined
        ? (this.lastEnd ?? { stopReason: 'stop', error: '' })
        : { stopReason, error: stringField(last, 'errorMessage') ?? '' };
    return this.settleSoon();
  }

  /** Asks whether anything follows. Where nobody may answer, a while of silence is the answer. */
  private settleSoon(): ParseStep {
    if (this.wasInterrupted && this.requests.isOpen('abort')) {
      return { out: [] };
    }
    this.endCount += 1;
    const count = this.endCount;
    // Before the driver calls that silence a failure.
    const waitMs = Math.min(settleMs, (this.context.opts.idleTimeoutMs ?? Infinity) / 2);
    const timer = this.context.later?.(waitMs, () =>
      this.phase === 'running' &&
      count === this.endCount &&
      this.end !== undefined &&
      !this.isRetrying &&
      !this.isCompacting
        ? this.finish(this.end, [])
        : { out: [] },
    );
    if (timer === undefined && this.end !== undefined && !this.hasAnsweredState()) {
      return this.finish(this.end, []);
    }
    return this.requests.isOpen('get_state')
      ? { out: [] }
      : { out: [], send: [this.requests.make('get_state')] };
  }

  private hasAnsweredState(): boolean {
    return this.context.notes.has(noteNames.contextWindow);
  }

  private finish(end: AnswerEnd, out: readonly Item[]): ParseStep {
    return this.over([...out, terminalOf(this.options.agentName, end)]);
  }

  private over(out: readonly Item[]): ParseStep {
    this.phase = 'over';
    const contextWindow = this.context.notes.get(noteNames.contextWindow);
    const usage = this.usage.total(typeof contextWindow === 'number' ? contextWindow : undefined);
    const terminal = out.at(-1);
    return {
      out: [
        ...out.slice(0, -1),
        ...(usage === undefined ? [] : [observation({ kind: 'usage', usage })]),
        ...(terminal === undefined ? [] : [terminal]),
      ],
      isOver: true,
    };
  }

  /** The answer that failed is said again: its half text and its calls, which never ran, are taken back. */
  private takeBack(): readonly Item[] {
    return [...this.message.retract(), ...this.calls.cut(this.message.callIds)];
  }

  private retryEnd(message: unknown): ParseStep {
    this.isRetrying = false;
    if (!isRecord(message) || message.success !== false) {
      return { out: [] };
    }
    const error = stringField(message, 'finalError') ?? this.lastEnd?.error ?? '';
    this.end ??= { stopReason: 'error', error };
    return this.settleSoon();
  }

  private compactionEnd(message: unknown): ParseStep {
    this.isCompacting = false;
    const out = compactedNotice(this.options.agentName, message);
    if (isRecord(message) && message.willRetry === true) {
      this.end = undefined;
      return { out: [...this.takeBack(), ...out] };
    }
    if (this.end === undefined) {
      return { out };
    }
    const step = this.settleSoon();
    return { ...step, out: [...out, ...step.out] };
  }

  private dialog(message: unknown): ParseStep {
    if (this.dialogs.isGateSign(message)) {
      this.context.notes.set(noteNames.gate, true);
      return { out: [] };
    }
    const step = this.dialogs.accept(message);
    for (const item of step.out) {
      if (item.kind === 'observation' && item.observation.kind === 'permission_request') {
        this.calls.asked(item.observation.request);
      }
    }
    return step;
  }

  /** It has spoken, or the start deadline would have ended it, but it does not answer. */
  private mute(): ParseStep {
    return this.over([
      failed({
        code: 'timeout',
        message: `${this.options.agentName} did not answer ${this.phase === 'preparing' ? 'before the prompt' : 'to the prompt'}. Try again, or look at the log.`,
      }),
    ]);
  }

  private gateMissing(): Failure {
    return {
      code: 'binary_broken',
      message: `This version of ${this.options.agentName} does not let Patchbay see its calls. Update it and try again.`,
    };
  }

  private unknown(kind: string): ParseStep {
    this.unknownKinds.add(kind);
    return { out: [] };
  }
}

/** What comes of a prompt that was taken. */
const signsOfWork: ReadonlySet<string> = new Set([
  'agent_start',
  'turn_start',
  'message_start',
  'message_update',
  'message_end',
  'tool_execution_start',
  'agent_end',
]);

function isAssistant(message: unknown): boolean {
  return stringField(recordField(message, 'message'), 'role') === 'assistant';
}

function isCancelled(data: unknown): boolean {
  return isRecord(data) && data.cancelled === true;
}
