import { idField, isNumber, isRecord, isString, recordField, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import { abortedFailure, oneLine, type Failure } from '../../events/failure';
import type { NormalizedEvent } from '../../events/normalizedEvent';
import type { Observation } from '../../events/observation';
import { codexArguments, codexFailure, codexExit, isLengthLimit } from '../codexItems';
import type { ChildExit, ExchangeParser, ExchangeParserContext, ParseStep } from '../contract';
import { worksWithOurTools } from '../delegatedTools';
import { isCompactPrompt } from '../preamble';
import { JsonRpcPeer, rpcErrors, type RpcId, type RpcIncoming } from '../jsonRpcPeer';
import { CodexCalls } from './codexAppServerCalls';
import { CodexDelegatedCalls } from './codexAppServerDelegated';
import { appServerExit, listedModels, serverVersion, tooOld } from './codexAppServerInfo';
import { isCallItem, turnPlan } from './codexAppServerItems';
import { CodexPreparation, preparationMs } from './codexAppServerPreparation';
import { CodexQuestions } from './codexAppServerQuestions';
import { initializeParams, threadParams, turnParams, userInputs } from './codexAppServerRequests';
import { CodexTexts } from './codexAppServerTexts';
import { CodexTurnUsage } from './codexAppServerUsage';
import { UnknownKinds } from '../unknownKinds';
import { UnnamedIds } from '../unnamedIds';

type Item = ParseStep['out'][number];

/** So long the end of a turn waits for the answer to words that were sent into it. */
const steerAnswerMs = 1000;

const notes = {
  isInitialized: 'codex.isInitialized',
  threadId: 'codex.threadId',
  version: 'codex.version',
} as const;

/**
 * One exchange in the dialect of `codex app-server` (0.169.0): initialize, a thread (new or resumed), one turn. Only
 * `turn/completed` of this turn ends it. A leased child keeps its thread from one exchange to the next. Notifications of
 * other threads are those of sub-agents: their calls are nested, their text is left out.
 */
export class CodexAppServerParser implements ExchangeParser {
  private readonly peer: JsonRpcPeer;
  private readonly questions: CodexQuestions;
  private readonly delegated: CodexDelegatedCalls;
  private readonly texts = new CodexTexts();
  private readonly usage = new CodexTurnUsage();
  private readonly calls: CodexCalls;
  private readonly preparation: CodexPreparation;
  /** For calls that come without an id. */
  private readonly unnamed = new UnnamedIds();
  private readonly unknownKinds = new UnknownKinds();
  private turnId: string | undefined;
  private hasBegun = false;
  private hasTold = false;
  private wasInterrupted = false;
  private isOver = false;
  /** Words in between that Codex has neither taken nor refused yet. */
  private openSteers = 0;
  /** The turn's end, which waits until it is known whether those words were read. */
  private heldEnd: Extract<Item, { kind: 'finish' | 'failed' }> | undefined;
  private lastError: Failure | undefined;

  constructor(private readonly context: ExchangeParserContext) {
    this.peer = new JsonRpcPeer({ hasVersionField: false, notes: context.notes });
    this.questions = new CodexQuestions({
      answer: (id, result) => this.sendLate(this.peer.result(id, result)),
      tell: (text) => {
        for (const message of this.steer(text) ?? []) {
          this.sendLate(message);
        }
      },
      callOf: (itemId) => this.calls.callOf(itemId),
      changesOf: (itemId) => this.calls.changesOf(itemId),
      newestOf: (toolName) => this.calls.newestOf(toolName),
      parentOf: (threadId) => this.calls.parentOf(threadId),
    });
    const isOurTools = worksWithOurTools(context.model);
    this.preparation = new CodexPreparation({ cwd: context.opts.cwd, isOurTools });
    this.calls = new CodexCalls({
      howStopped: (callId) =>
        this.questions.wasDenied(callId) ? 'denied' : this.wasInterrupted ? 'aborted' : undefined,
      ownResult: (callId) => this.delegated.resultOf(callId),
    });
    this.delegated = new CodexDelegatedCalls({
      tools: isOurTools ? context.context.tools : [],
      delegate: context.opts.delegate,
      answer: (id, result) => this.sendLate(this.peer.result(id, result)),
    });
  }

  /** How often each kind of message came that this parser does not know. */
  get unknownMessages(): ReadonlyMap<string, number> {
    return this.unknownKinds.byKind;
  }

  open(): readonly unknown[] {
    if (this.context.notes.get(notes.isInitialized) !== true) {
      return [this.request('initialize', initializeParams(this.context))];
    }
    const threadId = this.threadId();
    const { resume } = this.context;
    return threadId !== undefined && (resume === undefined || resume === threadId)
      ? [this.turnStart(threadId)]
      : this.prepare();
  }

  interrupt(): readonly unknown[] {
    this.wasInterrupted = true;
    const threadId = this.threadId();
    return threadId === undefined || this.turnId === undefined
      ? []
      : [this.request('turn/interrupt', { threadId, turnId: this.turnId })];
  }

  /** The words join the running turn; the model reads them with its next request. */
  steer(text: string): readonly unknown[] | undefined {
    const threadId = this.threadId();
    const isEnding = this.wasInterrupted || this.isOver || this.heldEnd !== undefined;
    if (threadId === undefined || this.turnId === undefined || isEnding) {
      return undefined;
    }
    this.openSteers += 1;
    const params = { threadId, expectedTurnId: this.turnId, input: userInputs(text) };
    return [this.request('turn/steer', params)];
  }

  explainExit(exit: ChildExit): Failure {
    return appServerExit(exit) ?? codexExit(exit, this.lastError);
  }

  accept(message: unknown): ParseStep {
    if (this.isOver) {
      return { out: [] };
    }
    const incoming = this.peer.accept(message);
    if ('method' in incoming && incoming.method === 'turn/steer') {
      this.openSteers -= 1;
    }
    return this.ended(this.acceptIncoming(incoming));
  }

  /** A refusal may come behind the turn's end (the two cross): the end waits for it, so that the words are not lost. */
  private ended(step: ParseStep): ParseStep {
    const end = this.heldEnd ?? step.out.find(isEnd);
    if (end === undefined) {
      return step;
    }
    const out = step.out.filter((item) => !isEnd(item));
    if (this.openSteers > 0) {
      const isNew = this.heldEnd === undefined;
      this.heldEnd = end;
      if (!isNew || this.context.later?.(steerAnswerMs, () => this.endUnanswered()) !== undefined) {
        return { ...step, out };
      }
    }
    this.isOver = true;
    return { ...step, out: [...out, ...this.refusedSteers(), end], isOver: true };
  }

  private endUnanswered(): ParseStep {
    if (this.isOver || this.heldEnd === undefined) {
      return { out: [] };
    }
    this.isOver = true;
    return { out: [...this.refusedSteers(), this.heldEnd], isOver: true };
  }

  /** What was never answered was not read. */
  private refusedSteers(): readonly Item[] {
    return Array.from({ length: this.openSteers }, () => steerRejected('its turn had ended.'));
  }

  private acceptIncoming(incoming: RpcIncoming): ParseStep {
    switch (incoming.kind) {
      case 'request':
        return this.serverRequest(incoming.id, incoming.method, incoming.params);
      case 'notification':
        return { out: this.notification(incoming.method, incoming.params) };
      case 'result':
        return this.result(incoming.method, incoming.result);
      case 'error':
        return this.rpcError(incoming.method, incoming.message);
      case 'other':
        return { out: this.unknown('other') };
    }
  }

  private result(method: string, result: unknown): ParseStep {
    switch (method) {
      case 'initialize':
        return this.initialized(result);
      case 'model/list': {
        const models = listedModels(result);
        if (models.length > 0) {
          this.context.opts.onAgentInfo?.({ models, ...this.agentVersion() });
        }
        return { out: [] };
      }
      case 'thread/start':
      case 'thread/resume': {
        const threadId = stringField(recordField(result, 'thread'), 'id');
        if (threadId === undefined) {
          return failedStep(codexFailure('its answer names no session.'));
        }
        this.context.notes.set(notes.threadId, threadId);
        return { out: this.resumeToken(), send: [this.turnStart(threadId)] };
      }
      case 'thread/compact/start':
        return { out: this.resumeToken() };
      case 'turn/start':
        this.turnId ??= stringField(recordField(result, 'turn'), 'id');
        return { out: this.resumeToken() };
      default:
        return this.preparation.accept(method, result) ? this.beginThread() : { out: [] };
    }
  }

  private initialized(result: unknown): ParseStep {
    const version = serverVersion(result);
    const refusal =
      version === undefined ? undefined : tooOld(version, worksWithOurTools(this.context.model));
    if (refusal !== undefined) {
      return failedStep(refusal);
    }
    this.context.notes.set(notes.isInitialized, true);
    if (version !== undefined) {
      this.context.notes.set(notes.version, version);
      this.context.opts.onAgentInfo?.({ agentVersion: version });
    }
    return {
      out: [],
      send: [
        this.peer.notification('initialized'),
        this.request('model/list', {}),
        ...this.prepare(),
      ],
    };
  }

  private rpcError(method: string, message: string): ParseStep {
    switch (method) {
      case 'initialize':
        // The answer to the first one came too late for the exchange that asked.
        if (/already initialized/i.test(message)) {
          this.context.notes.set(notes.isInitialized, true);
          return { out: [], send: this.prepare() };
        }
        return failedStep(codexFailure(message));
      case 'thread/resume':
        return failedStep({
          code: 'resume_rejected',
          message: 'Codex no longer knows this session. Start a new one.',
          detail: message,
        });
      case 'thread/start':
      case 'turn/start':
      case 'thread/compact/start':
        return failedStep(codexFailure(message));
      case 'turn/steer':
        return { out: [steerRejected(message)] };
      default:
        return this.preparation.accept(method, undefined) ? this.beginThread() : { out: [] };
    }
  }

  private prepare(): readonly unknown[] {
    this.context.later?.(preparationMs, () => this.ended(this.beginThread()));
    return this.preparation.requests().map(({ method, params }) => this.request(method, params));
  }

  /** Once, with whatever of the preparation was answered. */
  private beginThread(): ParseStep {
    if (this.hasBegun) {
      return { out: [] };
    }
    this.hasBegun = true;
    return this.preparation.isSafe
      ? { out: [], send: [this.threadRequest()] }
      : failedStep({
          code: 'binary_broken',
          message:
            'This version of Codex does not say which MCP servers it starts, so Patchbay cannot offer it only its own tools. Update Codex, or let it use its own tools.',
        });
  }

  private serverRequest(id: RpcId, method: string, params: unknown): ParseStep {
    if (method === 'item/tool/call') {
      return { out: this.delegate(id, params) };
    }
    const step = this.questions.accept(id, method, params);
    switch (step?.kind) {
      case 'ask':
        return { out: [observation(step.observation)] };
      case 'answer':
        return {
          out: step.notice === undefined ? [] : [notice('info', 'declined', step.notice)],
          send: [this.peer.result(id, step.result)],
        };
      case 'nothing':
        return { out: [] };
      case undefined:
        this.unknown(method);
        return {
          out: [],
          send: [this.peer.error(id, rpcErrors.methodNotFound, 'Patchbay does not offer this.')],
        };
    }
  }

  private delegate(id: RpcId, params: unknown): readonly Item[] {
    const callId = stringField(params, 'callId') ?? `${id}`;
    const toolName = stringField(params, 'tool') ?? '';
    const input = codexArguments(isRecord(params) ? params.arguments : undefined);
    const out = this.calls.begin(
      callId,
      { name: toolName, input },
      [],
      stringField(params, 'threadId'),
    );
    this.delegated.accept(id, { callId, toolName, input });
    return out;
  }

  private notification(method: string, params: unknown): readonly Item[] {
    const threadId = stringField(params, 'threadId');
    const isOurs = threadId === undefined || threadId === this.threadId();
    switch (method) {
      case 'item/started':
        return this.itemStarted(recordField(params, 'item'), threadId);
      case 'item/completed':
        return this.itemCompleted(recordField(params, 'item'), threadId, isOurs);
      case 'item/commandExecution/outputDelta':
        return this.calls.output(params);
      case 'item/mcpToolCall/progress':
        return this.calls.message(params);
      case 'item/fileChange/patchUpdated':
        this.calls.patchUpdated(params);
        return [];
      case 'serverRequest/resolved':
        return this.resolved(params);
      case 'warning':
      case 'configWarning':
      case 'guardianWarning':
      case 'deprecationNotice':
        return warningNotice(params);
      default:
        return isOurs ? this.ownNotification(method, params) : [];
    }
  }

  private ownNotification(method: string, params: unknown): readonly Item[] {
    switch (method) {
      case 'item/agentMessage/delta':
      case 'item/plan/delta':
        return this.texts.textDelta(params);
      case 'item/reasoning/summaryTextDelta':
        return this.texts.thinkingDelta(params, 'summaryIndex');
      case 'item/reasoning/textDelta':
        return this.texts.thinkingDelta(params, 'contentIndex');
      case 'turn/started':
        this.turnId ??= stringField(recordField(params, 'turn'), 'id');
        return [];
      case 'turn/plan/updated':
        return [observation({ kind: 'plan', items: turnPlan(params) })];
      case 'thread/tokenUsage/updated':
        return this.tokens(params);
      case 'error':
        return this.error(params);
      case 'turn/completed':
        return this.turnCompleted(recordField(params, 'turn'));
      case 'model/rerouted':
        return [
          notice(
            'warning',
            'model_rerouted',
            `Codex answers with ${stringField(params, 'toModel') ?? 'another model'} in place of ${stringField(params, 'fromModel') ?? 'the chosen one'}.`,
          ),
        ];
      case 'thread/closed':
        return this.isTurnRunning() ? [failed(codexFailure('the session was closed.'))] : [];
      default:
        return silentMethods.has(method) ? [] : this.unknown(method);
    }
  }

  private itemStarted(item: unknown, threadId: string | undefined): readonly Item[] {
    const type = stringField(item, 'type') ?? 'nothing';
    if (type === 'contextCompaction') {
      return [notice('info', 'compacting', 'Codex is summarising the conversation to make room.')];
    }
    return isCallItem(type)
      ? this.calls.started(
          idField(item, 'id') ?? this.unnamed.current(this.unnamedOf(type)),
          item,
          threadId,
        )
      : this.otherItem(type);
  }

  /** Ids of calls are unique in a conversation. */
  private unnamedOf(type: string): string {
    return `${type}-${this.context.context.messages.length}`;
  }

  private otherItem(type: string): readonly Item[] {
    return silentItems.has(type) ? [] : this.unknown(`item ${type}`);
  }

  private itemCompleted(
    item: unknown,
    threadId: string | undefined,
    isOurs: boolean,
  ): readonly Item[] {
    const type = stringField(item, 'type') ?? 'nothing';
    switch (type) {
      case 'agentMessage':
      case 'plan':
        return isOurs ? this.texts.completedText(item) : [];
      case 'reasoning':
        return isOurs ? this.texts.completedThoughts(item) : [];
      default:
        return isCallItem(type)
          ? this.calls.completed(
              idField(item, 'id') ?? this.unnamed.last(this.unnamedOf(type)),
              item,
              threadId,
            )
          : this.otherItem(type);
    }
  }

  private resolved(params: unknown): readonly Item[] {
    const id = isRecord(params) ? params.requestId : undefined;
    if (!isString(id) && !isNumber(id)) {
      return [];
    }
    this.delegated.resolved(id);
    const requestId = this.questions.resolved(id);
    return requestId === undefined
      ? []
      : [observation({ kind: 'permission_withdrawn', requestId })];
  }

  private tokens(params: unknown): readonly Item[] {
    const turnId = stringField(params, 'turnId');
    // A thread that is taken up again repeats what its last turn had used.
    const isOfThisTurn = turnId === undefined || turnId === this.turnId;
    const usage = isOfThisTurn ? this.usage.accept(recordField(params, 'tokenUsage')) : undefined;
    return usage === undefined ? [] : [observation({ kind: 'usage', usage })];
  }

  /** What the failed attempt had begun to say is void: the next attempt says it again under other names. */
  private error(params: unknown): readonly Item[] {
    const error = recordField(params, 'error');
    const message = stringField(error, 'message') ?? 'unknown error';
    if (!isRecord(params) || params.willRetry !== true) {
      this.lastError = codexFailure(message, error?.codexErrorInfo);
      return [];
    }
    return [
      ...this.texts.retractOpen(),
      notice(
        'info',
        'api_retry',
        `Codex tries again: ${[message, stringField(error, 'additionalDetails') ?? ''].join(' ')}`,
      ),
    ];
  }

  private turnCompleted(turn: unknown): readonly Item[] {
    const id = stringField(turn, 'id');
    if (this.turnId !== undefined && id !== undefined && id !== this.turnId) {
      return [];
    }
    const status = stringField(turn, 'status');
    const error = recordField(turn, 'error');
    const message = stringField(error, 'message') ?? '';
    switch (status) {
      case 'completed':
        return [...this.calls.closeAll('background'), { kind: 'finish', reason: 'stop' }];
      case 'interrupted':
        return [...this.calls.closeAll('aborted'), failed(abortedFailure())];
      case 'failed':
        return isLengthLimit(message)
          ? [...this.calls.closeAll('aborted'), { kind: 'finish', reason: 'length' }]
          : [
              ...this.calls.closeAll('aborted'),
              failed(
                message === '' && this.lastError !== undefined
                  ? this.lastError
                  : codexFailure(message, error?.codexErrorInfo),
              ),
            ];
      default:
        // It is over, whatever it meant; to wait on would be for ever.
        return [
          ...this.unknown(`turn/completed ${status ?? 'without status'}`),
          ...this.calls.closeAll('aborted'),
          failed({
            code: 'unknown',
            message:
              'Codex ended the turn in a way that Patchbay does not know. What has arrived is kept; try again.',
          }),
        ];
    }
  }

  private threadId(): string | undefined {
    const id = this.context.notes.get(notes.threadId);
    return isString(id) ? id : undefined;
  }

  private agentVersion(): { readonly agentVersion?: string } {
    const version = this.context.notes.get(notes.version);
    return isString(version) ? { agentVersion: version } : {};
  }

  private isTurnRunning(): boolean {
    return this.turnId !== undefined;
  }

  private resumeToken(): readonly Item[] {
    const token = this.threadId();
    if (token === undefined || this.hasTold) {
      return [];
    }
    this.hasTold = true;
    return [{ kind: 'resume', token, ...this.agentVersion() }];
  }

  private threadRequest(): unknown {
    const { resume } = this.context;
    const config = this.preparation.threadConfig();
    const params = {
      ...threadParams(this.context),
      ...(config === undefined ? {} : { config }),
    };
    return resume === undefined
      ? this.request('thread/start', params)
      : this.request('thread/resume', { threadId: resume, excludeTurns: true, ...params });
  }

  private turnStart(threadId: string): unknown {
    return isCompactPrompt(this.context.context)
      ? this.request('thread/compact/start', { threadId })
      : this.request('turn/start', turnParams(this.context, threadId));
  }

  private request(method: string, params: JsonObject): unknown {
    return this.peer.request(method, params).message;
  }

  private sendLate(message: unknown): void {
    if (!this.isOver) {
      this.context.send(message);
    }
  }

  private unknown(kind: string): readonly Item[] {
    this.unknownKinds.add(kind);
    return [];
  }
}

/** Items that are known and no calls, and whose beginning, or end, nobody has to see. */
const silentItems: ReadonlySet<string> = new Set([
  'userMessage',
  'agentMessage',
  'plan',
  'reasoning',
  'contextCompaction',
  'enteredReviewMode',
  'exitedReviewMode',
  'hookPrompt',
]);

/** Known, and nothing that anybody has to see. */
const silentMethods: ReadonlySet<string> = new Set([
  'thread/started',
  'thread/status/changed',
  'thread/name/updated',
  'thread/settings/updated',
  'turn/diff/updated',
  'account/rateLimits/updated',
  'remoteControl/status/changed',
  'item/reasoning/summaryPartAdded',
  'mcpServer/startupStatus/updated',
]);

function warningNotice(params: unknown): readonly Item[] {
  const text = stringField(params, 'message') ?? stringField(params, 'summary');
  return text === undefined ? [] : [notice('info', 'agent_warning', `Codex: ${text}`)];
}

function observation(value: Observation): Item {
  return { kind: 'observation', observation: value };
}

function notice(level: 'info' | 'warning', code: string, text: string): Item {
  return observation({ kind: 'notice', level, code, text: oneLine(text) });
}

function failed(failure: Failure): Extract<NormalizedEvent, { readonly kind: 'failed' }> {
  return { kind: 'failed', failure };
}

function failedStep(failure: Failure): ParseStep {
  return { out: [failed(failure)] };
}

function isEnd(item: Item): item is Extract<Item, { kind: 'finish' | 'failed' }> {
  return item.kind === 'finish' || item.kind === 'failed';
}

function steerRejected(why: string): Item {
  return notice('warning', 'steer_rejected', `Codex did not take the words in between: ${why}`);
}
