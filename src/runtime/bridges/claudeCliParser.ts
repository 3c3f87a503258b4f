import {
  idField,
  arrayField,
  isRecord,
  isString,
  recordField,
  stringField,
} from '../../base/guard';
import type { JsonObject } from '../../base/json';
import { abortedFailure, oneLine, type Failure } from '../../events/failure';
import type { NormalizedEvent } from '../../events/normalizedEvent';
import type { Observation, PermissionRequest } from '../../events/observation';
import { toolError, toolOk } from '../../events/toolCall';
import type { Usage } from '../../events/usage';
import type { ChildExit, ExchangeParser, ExchangeParserContext, ParseStep } from '../contract';
import { toolsNotTaken, worksWithOurTools } from '../delegatedTools';
import { promptText } from '../preamble';
import { StreamedBlocks, type NewText } from './claudeCliBlocks';
import { agentInfo, ClaudeChild, wantedSettings } from './claudeCliChild';
import { ClaudeDelegatedTools, ownServerAnnouncement } from './claudeCliDelegated';
import { compactionNotice, rateLimitNotice, resetNotice, retryNotice } from './claudeCliNotices';
import { newUserLine, userLine } from './claudeCliPrompt';
import { ClaudeQuestions, hookAnnouncement, wireIdOf } from './claudeCliPermissions';
import {
  addUsage,
  exitFailure,
  requestTokens,
  resultFailure,
  resultUsage,
} from './claudeCliResult';
import { isLaunchReport, toolResults } from './claudeCliResults';
import { inputObject, todoPlan } from './claudeCliTools';
import { refusal, tooOld } from './claudeCliVersion';
import { countField, sumCounts } from '../usageCounts';
import { UnknownKinds } from '../unknownKinds';
import { UnnamedIds } from '../unnamedIds';

type Item = ParseStep['out'][number];
type End = Extract<Item, { readonly kind: 'finish' | 'failed' }>;

interface SeenCall {
  readonly toolName: string;
  readonly parentCallId: string | undefined;
  /** Let go when the call has its result: a day's writes are not kept. */
  readonly input: JsonObject | undefined;
}

/** What one exchange remembers of each kind at most; the oldest goes first. */
const most = {
  calls: 5_000,
  subAgents: 200,
  agents: 1_000,
  lines: 1_000,
  askedCalls: 100,
} as const;

/** How long a child that has given its result may be silent before that is its end. */
const settleMs = 5_000;

const initializeId = 'patchbay-initialize';
const interruptId = 'patchbay-interrupt';

/**
 * One exchange in Claude Code's stream-json dialect (2.1; 1.0.128 and 2.0.77 were compared). Only `result` ends it: one
 * exchange holds many API messages. A child that tells its state (`session_state_changed`, asked for by a variable of
 * the launch) may give several results in one exchange: to words that came while it was busy, and to sub-agents that
 * end in the background. Then the last one counts, and `idle` says that it was the last. Unknown messages are counted
 * and skipped.
 */
export class ClaudeCliParser implements ExchangeParser {
  /** What was streamed of the agent itself. */
  private readonly mainBlocks = new StreamedBlocks();
  /** The same of its sub-agents, by the call that each works for. */
  private readonly subAgentBlocks = new Map<string, StreamedBlocks>();
  private readonly calls = new Map<string, SeenCall>();
  private readonly openCalls = new Set<string>();
  /** The newest calls that came as questions. */
  private readonly askedCalls = new Map<string, Pick<PermissionRequest, 'toolName' | 'input'>>();
  /** The ids of the whole messages that came. */
  private readonly wholeLines = new Map<string, true>();
  private readonly questions: ClaudeQuestions;
  /** Set where Claude works with our tools. */
  private readonly ownTools: ClaudeDelegatedTools | undefined;
  private readonly child: ClaudeChild;
  /** The call of each sub-agent, by the agent's id. */
  private readonly agents = new Map<string, string>();
  /** Calls whose sub-agent works in the background: their result comes with its notification. */
  private readonly launched = new Set<string>();
  /** Later words of the user that the child has not confirmed yet. */
  private readonly unconfirmed = new Set<string>();
  private hasSteered = false;
  private confirmsLines = false;
  private reportsState = false;
  /** The newest result, while the child is still busy with something of this exchange. */
  private held: End | undefined;
  /** Another answer has begun since the newest result. */
  private hasMoreBegun = false;
  private heardCount = 0;
  private heldCount = 0;
  private resultCount = 0;
  /** Its work in the background that has not ended. */
  private readonly openTasks = new Set<string>();
  private usage: Usage | undefined;
  /** What the newest request of the conversation itself and its answer hold; its sub-agents have contexts of their own. */
  private contextTokens: number | undefined;
  /** Ids of calls are unique in a conversation. */
  private readonly unnamedCall: string;
  private readonly unnamed = new UnnamedIds();
  private readonly unknownKinds = new UnknownKinds();
  private wasInterrupted = false;
  private hasInit = false;
  private token: string | undefined;
  private stopReason: string | undefined;
  private lastError: string | undefined;
  /** Text of the CLI's own: versions before 2.1 give an API error so, unmarked, and repeat it in `result`. */
  private lastSynthetic: NewText | undefined;

  constructor(private readonly context: ExchangeParserContext) {
    this.child = ClaudeChild.of(context.notes);
    this.unnamedCall = `call-of-turn-${context.context.messages.length}`;
    const openCalls = (toolName: string): readonly string[] =>
      [...this.openCalls].filter((callId) => this.calls.get(callId)?.toolName === toolName);
    const ownTools = worksWithOurTools(context.model)
      ? new ClaudeDelegatedTools({
          tools: context.context.tools,
          delegate: context.opts.delegate,
          send: (message) => context.send(message),
          openCalls,
          onListed: () => {
            this.child.knowsOurTools = true;
          },
        })
      : undefined;
    this.ownTools = ownTools;
    this.questions = new ClaudeQuestions({
      cwd: context.opts.cwd ?? '',
      send: (message) => context.send(message),
      parentOf: (callId, agentId) =>
        this.calls.get(callId)?.parentCallId ??
        (agentId === undefined ? undefined : this.agents.get(agentId)),
      inputOf: (callId) => this.calls.get(callId)?.input,
      guessCallId: (toolName) => openCalls(toolName).at(-1),
      ...(ownTools === undefined
        ? {}
        : { isOwnTool: (toolName) => ownTools.ownName(toolName) !== undefined }),
    });
  }

  /** How often each kind of message came that this parser does not know. */
  get unknownMessages(): ReadonlyMap<string, number> {
    return this.unknownKinds.byKind;
  }

  open(): readonly unknown[] {
    const { context, model, opts, resume, isContinuation } = this.context;
    const prompt = userLine(
      context,
      promptText(this.context, isContinuation || resume !== undefined),
    );
    const wanted = wantedSettings(model, opts);
    if (isContinuation) {
      return [...this.child.change(wanted), prompt];
    }
    this.child.begin(wanted);
    const { systemPrompt } = context;
    const initialize = {
      type: 'control_request',
      request_id: initializeId,
      request: {
        subtype: 'initialize',
        hooks: hookAnnouncement,
        forwardSubagentText: true,
        ...(this.ownTools === undefined ? {} : ownServerAnnouncement),
        ...(systemPrompt === '' ? {} : { appendSystemPrompt: systemPrompt }),
      },
    };
    return [initialize, prompt];
  }

  interrupt(): readonly unknown[] {
    this.wasInterrupted = true;
    if (this.held !== undefined) {
      // The answer is there; what is stopped works in the background.
      this.held = { kind: 'failed', failure: abortedFailure() };
    }
    const request = this.hasSteered
      ? { subtype: 'interrupt', cancel_queued: true }
      : { subtype: 'interrupt' };
    return [{ type: 'control_request', request_id: interruptId, request }];
  }

  /** Claude takes the words up with the next tool result, or answers them in a turn of their own after this one. */
  steer(text: string): readonly unknown[] | undefined {
    if (!this.reportsState || this.wasInterrupted) {
      return undefined;
    }
    const { line, id } = newUserLine(text);
    this.hasSteered = true;
    if (this.confirmsLines) {
      this.unconfirmed.add(id);
    }
    return [line];
  }

  explainExit(exit: ChildExit): Failure | undefined {
    const known = exitFailure(exit, this.hasInit ? undefined : this.context.resume);
    if (known !== undefined || this.lastError === undefined) {
      return known;
    }
    return {
      code: 'child_exited',
      message: `Claude Code ended early. What has arrived is kept; try again. It said: ${this.lastError}`,
      detail: exit.stderrTail,
    };
  }

  /** The answer was there, and nothing was under way any more: it left without saying that it was idle. */
  endAtExit(): ParseStep | undefined {
    return this.held === undefined || this.isBusy()
      ? undefined
      : { out: [this.held], isOver: true };
  }

  /**
   * Where every token of an answer passes, fields are read by their name in the code: V8 finds those at once. What comes
   * seldom is apart: V8 takes its code back, and makes it anew, when something comes by that it has not seen there yet.
   */
  accept(message: unknown): ParseStep {
    const type = isRecord(message) ? message.type : undefined;
    this.heardCount += 1;
    return type === 'stream_event'
      ? { out: this.streamEvent(message) }
      : this.acceptOther(type, message);
  }

  private acceptOther(type: unknown, message: unknown): ParseStep {
    switch (type) {
      case 'assistant':
        return { out: this.assistant(message) };
      case 'user':
        return { out: this.user(message) };
      case 'system':
        return this.system(message);
      case 'result':
        return this.result(message);
      case 'conversation_reset':
        this.child.tasks.clear();
        return { out: [observation(resetNotice())] };
      case 'command_lifecycle':
        this.unconfirmed.delete(stringField(message, 'command_uuid') ?? '');
        return { out: [] };
      case 'control_request':
        return this.controlRequest(message);
      case 'control_cancel_request':
        return { out: this.withdrawn(message) };
      case 'control_response':
        return this.controlResponse(message);
      case 'rate_limit_event':
        return { out: rateLimitNotice(message).map(observation) };
      case 'error':
        return { out: this.error(message) };
      default:
        return { out: this.unknown(isString(type) ? type : 'nothing') };
    }
  }

  private streamEvent(message: unknown): readonly Item[] {
    const event = isRecord(message) && isRecord(message.event) ? message.event : undefined;
    const parent = parentOf(message);
    if (event?.type !== 'content_block_delta') {
      return this.otherEvent(event, parent);
    }
    const added = this.speaker(parent).accept(event);
    return added === undefined ? [] : [textEvent(added, parent)];
  }

  private otherEvent(
    event: Readonly<Record<string, unknown>> | undefined,
    parent: string | undefined,
  ): readonly Item[] {
    const speaker = this.speaker(parent);
    switch (event?.type) {
      case 'message_start': {
        this.hasMoreBegun ||= parent === undefined;
        const id = stringField(recordField(event, 'message'), 'id') ?? '';
        if (parent === undefined) {
          this.contextTokens = requestTokens(recordField(recordField(event, 'message'), 'usage'));
        }
        return speaker.begin(id).map(retract);
      }
      case 'message_delta': {
        const stopReason = stringField(recordField(event, 'delta'), 'stop_reason');
        if (stopReason !== undefined) {
          speaker.complete();
        }
        if (parent === undefined && stopReason !== undefined) {
          this.stopReason = stopReason;
        }
        if (parent === undefined && this.contextTokens !== undefined) {
          this.contextTokens = sumCounts([
            this.contextTokens,
            countField(recordField(event, 'usage'), 'output_tokens') ?? 0,
          ]);
        }
        return [];
      }
      case 'error':
        return this.error(event);
      default: {
        const added = speaker.accept(event);
        return added === undefined ? [] : [textEvent(added, parent)];
      }
    }
  }

  /** Whole messages: calls always come from here; text only as far as it was not streamed. */
  private assistant(message: unknown): readonly Item[] {
    const body = recordField(message, 'message');
    const parent = parentOf(message);
    const speaker = this.speaker(parent);
    this.hasMoreBegun ||= parent === undefined;
    const id = stringField(body, 'id') ?? '';
    const isSynthetic = stringField(body, 'model') === '<synthetic>';
    if (isSynthetic && stringField(message, 'error') !== undefined) {
      // The words of an API error: `result` brings them as the failure. What was streamed before stays.
      return [];
    }
    if (this.isSecondTime(stringField(message, 'uuid'))) {
      return [];
    }
    // Another message than the one in the stream: that one was cut, and this is what came instead.
    const out: Item[] =
      !isSynthetic && id !== '' && speaker.isOther(id) ? speaker.takeUnfinished().map(retract) : [];
    const stopReason = stringField(body, 'stop_reason');
    if (parent === undefined && stopReason !== undefined) {
      this.stopReason = stopReason;
    }
    const words = stringField(body, 'content');
    const blocks =
      words === undefined ? arrayField(body, 'content') : [{ type: 'text', text: words }];
    for (const block of blocks ?? []) {
      const type = stringField(block, 'type');
      if (type === 'tool_use') {
        out.push(...this.toolCall(block, parent));
      } else if (type === 'text' || type === 'thinking') {
        const { retracted, added } = speaker.confirm(id, type, stringField(block, type) ?? '');
        if (retracted !== undefined) {
          out.push(retract(retracted));
        }
        if (added !== undefined) {
          out.push(textEvent(added, parent));
          this.lastSynthetic = isSynthetic ? added : undefined;
        }
      }
    }
    return out;
  }

  /** Every line of the conversation has an id of its own (2.1). */
  private isSecondTime(lineId: string | undefined): boolean {
    if (lineId === undefined || lineId === '') {
      return false;
    }
    const isKnown = this.wholeLines.has(lineId);
    keep(this.wholeLines, lineId, true, most.lines);
    return isKnown;
  }

  private toolCall(block: unknown, parent: string | undefined): readonly Item[] {
    const wireName = stringField(block, 'name');
    const id = idField(block, 'id') ?? this.unnamed.last(this.unnamedCall);
    if (wireName === undefined || this.calls.has(id)) {
      return [];
    }
    const name = this.ownTools?.ownName(wireName) ?? wireName;
    const input = inputObject(block, 'input');
    keep(this.calls, id, { toolName: name, parentCallId: parent, input }, most.calls);
    this.openCalls.add(id);
    const plan = todoPlan(name, input);
    const nested = parent === undefined ? {} : { parentCallId: parent };
    return [
      {
        kind: 'tool_call',
        call: { id, name, arguments: input, executedBy: 'child', ...nested },
        ...nested,
      },
      ...(plan === undefined ? [] : [observation({ kind: 'plan', items: plan, ...nested })]),
    ];
  }

  /** Of user messages only the tool results count: the rest is the CLI talking to its model. */
  private user(message: unknown): readonly Item[] {
    const parent = parentOf(message);
    const nested = parent === undefined ? {} : { parentCallId: parent };
    const out: Item[] = [];
    const isLaunch = this.reportsState && isLaunchReport(message);
    for (const found of toolResults(message, (callId) => this.howStopped(callId))) {
      const { callId, changedPaths } = found;
      out.push(...this.unseenCall(callId, parent));
      const result = this.ownTools?.takeResult(callId) ?? found.result;
      this.openCalls.delete(callId);
      const call = this.calls.get(callId);
      if (call !== undefined) {
        this.calls.set(callId, { ...call, input: undefined });
      }
      if (isLaunch) {
        this.launched.add(callId);
        continue;
      }
      out.push(observation({ kind: 'tool_result', callId, result, ...nested }));
      if (changedPaths.length > 0) {
        out.push(observation({ kind: 'file_change', callId, paths: changedPaths, ...nested }));
      }
    }
    const plan =
      out.length === 0 || isLaunch
        ? undefined
        : this.child.tasks.accept(recordField(message, 'tool_use_result'));
    return plan === undefined ? out : [...out, observation(plan)];
  }

  /** The message with this call was lost: what ran is shown and audited all the same, by what a question told of it. */
  private unseenCall(id: string, parent: string | undefined): readonly Item[] {
    const { toolName, input } = this.askedCalls.get(id) ?? { toolName: 'unknown tool', input: {} };
    return this.calls.has(id)
      ? []
      : this.toolCall({ type: 'tool_use', id, name: toolName, input }, parent);
  }

  private howStopped(callId: string): 'denied' | 'aborted' | undefined {
    return this.questions.wasDenied(callId)
      ? 'denied'
      : this.wasInterrupted
        ? 'aborted'
        : undefined;
  }

  private system(message: unknown): ParseStep {
    const subtype = stringField(message, 'subtype') ?? 'nothing';
    switch (subtype) {
      case 'init':
        return this.init(message);
      case 'session_state_changed':
        return this.stateChanged(stringField(message, 'state'));
      case 'api_retry':
        return {
          out: [
            ...[this.mainBlocks, ...this.subAgentBlocks.values()]
              .flatMap((speaker) => speaker.takeUnfinished())
              .map(retract),
            observation(retryNotice(message)),
          ],
        };
      case 'status':
        this.noteMode(message);
        return { out: compactionNotice(message).map(observation) };
      case 'compact_boundary':
        return { out: compactionNotice(message).map(observation) };
      case 'task_progress': {
        const callId = stringField(message, 'tool_use_id');
        const text = stringField(message, 'description');
        return callId === undefined || text === undefined
          ? { out: [] }
          : { out: [observation({ kind: 'tool_progress', callId, text })] };
      }
      case 'task_started': {
        const agentId = stringField(message, 'task_id');
        const callId = stringField(message, 'tool_use_id');
        if (agentId !== undefined && callId !== undefined) {
          keep(this.agents, agentId, callId, most.agents);
        }
        if (agentId !== undefined) {
          this.openTasks.add(agentId);
        }
        return { out: [] };
      }
      case 'task_notification':
        this.openTasks.delete(stringField(message, 'task_id') ?? '');
        return { out: this.agentEnded(message) };
      case 'thinking_tokens':
      case 'task_updated':
      case 'background_tasks_changed':
        return { out: [] };
      default:
        return { out: this.unknown(`system/${subtype}`) };
    }
  }

  private init(message: unknown): ParseStep {
    this.hasInit = true;
    const version = stringField(message, 'claude_code_version');
    // Every real one names where its key comes from; 1.0 names no version.
    if (version !== undefined || stringField(message, 'apiKeySource') !== undefined) {
      const failure = tooOld(version);
      if (failure !== undefined) {
        return { out: [{ kind: 'failed', failure }], isOver: true };
      }
    }
    if (version !== undefined && version !== this.child.version) {
      this.child.version = version;
      this.context.opts.onAgentInfo?.({ agentVersion: version });
    }
    this.noteMode(message);
    this.confirmsLines ||= (arrayField(message, 'capabilities') ?? []).includes('msg_lifecycle_v1');
    return { out: this.resumeToken(stringField(message, 'session_id'), version) };
  }

  private noteMode(message: unknown): void {
    const mode = stringField(message, 'permissionMode');
    if (mode !== undefined) {
      this.child.noteMode(mode);
    }
  }

  private stateChanged(state: string | undefined): ParseStep {
    this.reportsState ||= state === 'running';
    const { held } = this;
    // Words that crossed with "idle" are still to be answered; after a stop they are not.
    const hasMore = this.unconfirmed.size > 0 && !this.wasInterrupted;
    return state === 'idle' && held !== undefined && !hasMore
      ? { out: [held], isOver: true }
      : { out: [] };
  }

  /** A sub-agent in the background has ended: its report is the result of the call that started it. */
  private agentEnded(message: unknown): readonly Item[] {
    const callId = stringField(message, 'tool_use_id');
    if (callId === undefined || !this.launched.delete(callId)) {
      return [];
    }
    const summary = stringField(message, 'summary') ?? '';
    const status = stringField(message, 'status');
    const result =
      status === 'completed'
        ? toolOk(summary)
        : status === 'failed'
          ? toolError(summary === '' ? 'The sub-agent failed.' : summary)
          : toolError('The sub-agent was stopped.', { outcome: 'aborted' });
    return [observation({ kind: 'tool_result', callId, result })];
  }

  private result(message: unknown): ParseStep {
    const failure = resultFailure(message, {
      wasInterrupted: this.wasInterrupted,
      hasInit: this.hasInit,
      resume: this.context.resume,
    });
    if (failure?.code === 'resume_rejected') {
      return { out: [{ kind: 'failed', failure }], isOver: true };
    }
    const out = [
      ...this.takeRepeated(message, failure),
      ...(failure === undefined ? this.onlyText(message) : []),
      ...this.usageOf(message),
    ];
    this.mainBlocks.settle();
    if (failure !== undefined) {
      return this.end(out, { kind: 'failed', failure });
    }
    if (this.ownTools !== undefined && !this.child.knowsOurTools) {
      out.push(observation(toolsNotTaken('Claude Code')));
    }
    const isCutShort = (this.stopReason ?? stringField(message, 'stop_reason')) === 'max_tokens';
    this.stopReason = undefined;
    out.push(...this.resumeToken(stringField(message, 'session_id'), undefined));
    return this.end(out, { kind: 'finish', reason: isCutShort ? 'length' : 'stop' });
  }

  /** An end waits while the child tells its state, until that is idle; an error does not: such a child is given up. */
  private end(out: readonly Item[], end: End): ParseStep {
    const isError = end.kind === 'failed' && end.failure.aborted !== true;
    if (!this.reportsState || isError) {
      return { out: [...out, end], isOver: true };
    }
    // What was stopped stays stopped, also when words that were queued behind it are still answered.
    this.held = this.held?.kind === 'failed' ? this.held : end;
    this.hasMoreBegun = false;
    this.heldCount += 1;
    this.settleAfterSilence(this.heldCount);
    return { out };
  }

  /** Something is under way of which more would come. */
  private isBusy(): boolean {
    return this.hasMoreBegun || this.launched.size > 0 || this.unconfirmed.size > 0;
  }

  /** The word that it is idle may be lost; then silence says it, while nothing of its own is still running. */
  private settleAfterSilence(heldCount: number): void {
    const heard = this.heardCount;
    // Before the driver calls that silence a failure.
    const waitMs = Math.min(settleMs, (this.context.opts.idleTimeoutMs ?? Infinity) / 2);
    this.context.later?.(waitMs, () => {
      if (heldCount !== this.heldCount || this.hasMoreBegun) {
        return { out: [] };
      }
      const isAtRest = !this.isBusy() && this.openCalls.size === 0 && this.openTasks.size === 0;
      if (this.held !== undefined && isAtRest && heard === this.heardCount) {
        return { out: [this.held], isOver: true };
      }
      this.settleAfterSilence(heldCount);
      return { out: [] };
    });
  }

  /** The answer where none of its own messages came. */
  private onlyText(message: unknown): readonly Item[] {
    const delta = stringField(message, 'result') ?? '';
    this.resultCount += 1;
    return delta === '' || this.mainBlocks.hasText
      ? []
      : [{ kind: 'text', delta, blockId: `result-${this.resultCount}` }];
  }

  private takeRepeated(message: unknown, failure: Failure | undefined): readonly Item[] {
    const { lastSynthetic } = this;
    const isRepeated =
      failure !== undefined &&
      lastSynthetic !== undefined &&
      lastSynthetic.delta === stringField(message, 'result');
    return isRepeated ? [retract(lastSynthetic.blockId)] : [];
  }

  /** The exchange's numbers so far: each result counts from the one before. */
  private usageOf(message: unknown): readonly Item[] {
    const usage = resultUsage(message);
    if (usage === undefined) {
      return [];
    }
    this.usage = addUsage(this.usage, usage);
    const { contextTokens } = this;
    return [
      observation({
        kind: 'usage',
        usage: { ...this.usage, ...(contextTokens === undefined ? {} : { contextTokens }) },
      }),
    ];
  }

  private resumeToken(
    token: string | undefined,
    agentVersion: string | undefined,
  ): readonly Item[] {
    if (token === undefined || token === this.token) {
      return [];
    }
    this.token = token;
    return [{ kind: 'resume', token, ...(agentVersion === undefined ? {} : { agentVersion }) }];
  }

  private controlRequest(message: unknown): ParseStep {
    const requestId = wireIdOf(message);
    const request = recordField(message, 'request');
    if (requestId !== undefined && stringField(request, 'subtype') === 'mcp_message') {
      if (this.ownTools?.accept(requestId, request) === true) {
        return { out: [] };
      }
    }
    const { ask, send } = this.questions.accept(message);
    if (ask?.kind === 'permission_request') {
      const { callId, toolName, input } = ask.request;
      keep(this.askedCalls, callId, { toolName, input }, most.askedCalls);
    }
    return {
      out: ask === undefined ? [] : [observation(ask)],
      ...(send === undefined ? {} : { send: [send] }),
    };
  }

  private controlResponse(message: unknown): ParseStep {
    const response = recordField(message, 'response');
    const requestId = stringField(response, 'request_id');
    const isError = stringField(response, 'subtype') === 'error';
    const why = oneLine(stringField(response, 'error') ?? '');
    if (requestId === initializeId) {
      return isError ? { out: this.unhooked(why), isOver: true } : this.initialized(response);
    }
    const text = isError ? this.child.refused(requestId) : undefined;
    return text === undefined
      ? { out: [] }
      : {
          out: [
            observation({
              kind: 'notice',
              level: 'warning',
              code: 'not_changed',
              text: `${text} ${why}`.trim(),
            }),
          ],
        };
  }

  private initialized(response: unknown): ParseStep {
    const info = agentInfo(recordField(response, 'response'));
    const { agentVersion } = info;
    const failure = agentVersion === undefined ? undefined : tooOld(agentVersion);
    if (failure !== undefined) {
      return { out: [{ kind: 'failed', failure }], isOver: true };
    }
    this.child.version = agentVersion;
    if (Object.keys(info).length > 0) {
      this.context.opts.onAgentInfo?.(info);
    }
    return { out: [] };
  }

  /** Without its hooks the agent would run calls that nobody has decided about: then the exchange does not go on. */
  private unhooked(why: string): readonly Item[] {
    return [{ kind: 'failed', failure: refusal(this.child.version, why) }];
  }

  private withdrawn(message: unknown): readonly Item[] {
    const requestId = this.questions.withdraw(message);
    return requestId === undefined
      ? []
      : [observation({ kind: 'permission_withdrawn', requestId })];
  }

  private error(message: unknown): readonly Item[] {
    const error = isRecord(message) ? message.error : undefined;
    const text = oneLine(
      stringField(error, 'message') ?? (typeof error === 'string' ? error : 'unknown error'),
    );
    this.lastError = text;
    return [
      observation({
        kind: 'notice',
        level: 'warning',
        code: 'agent_error',
        text: `Claude Code: ${text}`,
      }),
    ];
  }

  private unknown(kind: string): readonly Item[] {
    this.unknownKinds.add(kind);
    return [];
  }

  private speaker(parent: string | undefined): StreamedBlocks {
    return parent === undefined ? this.mainBlocks : this.subAgent(parent);
  }

  private subAgent(parent: string): StreamedBlocks {
    const known = this.subAgentBlocks.get(parent);
    if (known !== undefined) {
      return known;
    }
    const fresh = new StreamedBlocks();
    keep(this.subAgentBlocks, parent, fresh, most.subAgents);
    return fresh;
  }
}

function keep<V>(map: Map<string, V>, key: string, value: V, limit: number): void {
  const [oldest] = map.keys();
  if (oldest !== undefined && map.size >= limit && !map.has(key)) {
    map.delete(oldest);
  }
  map.set(key, value);
}

function parentOf(message: unknown): string | undefined {
  const parent = isRecord(message) ? message.parent_tool_use_id : undefined;
  return isString(parent) && parent !== '' ? parent : undefined;
}

function textEvent(added: NewText, parent: string | undefined): NormalizedEvent {
  return parent === undefined ? added : { ...added, parentCallId: parent };
}

function observation(value: Observation): Item {
  return { kind: 'observation', observation: value };
}

function retract(blockId: string): Item {
  return observation({ kind: 'retract', blockId });
}
