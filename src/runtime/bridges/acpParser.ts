import { idField, isNumber, isRecord, isString, stringField } from '../../base/guard';
import { abortedFailure, oneLine, type Failure } from '../../events/failure';
import type { NormalizedEvent } from '../../events/normalizedEvent';
import type { Observation } from '../../events/observation';
import type {
  AgentInfo,
  ChildExit,
  ExchangeParser,
  ExchangeParserContext,
  ParseStep,
  ToolCallEvent,
} from '../contract';
import { toolsNotTaken, worksWithOurTools } from '../delegatedTools';
import { JsonRpcPeer, type RpcId, type RpcIncoming } from '../jsonRpcPeer';
import { AcpCalls, type AcpCall } from './acpCalls';
import { AcpChild } from './acpChild';
import { AcpClient } from './acpClient';
import { acpOwnName, AcpDelegatedTools } from './acpDelegated';
import { acpFailure, isAuthError, type AcpError } from './acpFailure';
import { acpIntents } from './acpIntents';
import type { AcpAgentProfile } from './acpProfiles';
import { AcpQuestions, notOffered, type Denial } from './acpQuestions';
import {
  acpProtocolVersion,
  initializeParams,
  leftOutImages,
  promptBlocks,
  sessionParams,
} from './acpRequests';
import {
  agentModels,
  effortProblem,
  mergeSettings,
  nextSetting,
  readSettings,
  type SettingRequest,
} from './acpSession';
import { AcpUpdates } from './acpUpdates';
import { AcpUsage } from './acpUsage';
import { UnknownKinds } from '../unknownKinds';

type Item = ParseStep['out'][number];
type Answer = Extract<RpcIncoming, { readonly kind: 'result' | 'error' }>;

/** The agent's own model is meant. */
const defaultModel = 'default';

/** The words of the user that the agent is told behind its turn; more rounds than this are a quarrel. */
const maxFollowUps = 8;

/**
 * One exchange in the Agent Client Protocol, version 1: `initialize` and a session (new, or taken up again without its
 * replay), then one prompt, whose answer is the end of the turn. A no with words is told the agent in a prompt of our own
 * within the same exchange, because the protocol's rejection carries none.
 */
export class AcpParser implements ExchangeParser {
  private readonly peer: JsonRpcPeer;
  private readonly child: AcpChild;
  private readonly calls: AcpCalls;
  private readonly questions: AcpQuestions;
  private readonly client: AcpClient | undefined;
  /** Set where the agent works with our tools. */
  private readonly delegated: AcpDelegatedTools | undefined;
  private readonly usage: AcpUsage;
  private readonly updates: AcpUpdates;
  private readonly unknownKinds = new UnknownKinds();
  private readonly settingsTried = new Set<string>();
  /** Goes out with the next message of the agent. */
  private readonly waiting: Item[] = [];
  private readonly words: string[] = [];
  private setting: SettingRequest | undefined;
  private phase: 'opening' | 'session' | 'settings' | 'prompt' | 'over' = 'opening';
  private remembers: boolean;
  private isStopping = false;
  private followUps = 0;

  constructor(
    private readonly context: ExchangeParserContext,
    private readonly profile: AcpAgentProfile,
  ) {
    this.peer = new JsonRpcPeer({ hasVersionField: true, notes: context.notes });
    this.child = AcpChild.of(context.notes, profile.kind);
    this.remembers = context.isContinuation || context.resume !== undefined;
    const isOurTools = worksWithOurTools(context.model);
    this.calls = new AcpCalls(
      () => this.child.quirks,
      `call-of-turn-${context.context.messages.length}`,
      isOurTools
        ? { nameOf: acpOwnName, takeResult: (callId) => this.delegated?.takeResult(callId) }
        : undefined,
    );
    this.usage = new AcpUsage(context.notes, () => this.child.isNewSession);
    this.updates = new AcpUpdates({
      child: this.child,
      calls: this.calls,
      usage: this.usage,
      tell: (info) => this.tell(info),
      onUnknown: (kind) => this.unknown(kind),
      isPrompting: () => this.phase === 'prompt',
    });
    const send = (message: unknown): void => context.send(message);
    const cwd = context.opts.cwd ?? '';
    this.questions = new AcpQuestions({
      peer: this.peer,
      send,
      intentsOf: (call) => acpIntents(call, this.child.kind, this.child.quirks, cwd),
      onDenied: (denial) => this.denied(denial),
      onNote: (call, message) => this.words.push(about(call, message)),
      isStopping: () => this.isStopping,
    });
    const { delegate } = context.opts;
    const { toolRelay } = context;
    this.delegated =
      isOurTools && toolRelay !== undefined
        ? new AcpDelegatedTools({
            tools: context.context.tools,
            delegate,
            relay: toolRelay,
            calls: this.calls,
            turnNumber: context.context.messages.length,
            later: context.later?.bind(context),
            onListed: () => {
              this.child.knowsOurTools = true;
            },
            showLater: (item) => this.waiting.push(item),
          })
        : undefined;
    this.client =
      delegate === undefined || isOurTools
        ? undefined
        : new AcpClient({
            peer: this.peer,
            calls: this.calls,
            quirks: () => this.child.quirks,
            delegate,
            cwd,
            turnNumber: context.context.messages.length,
            send,
            later: (item) => this.waiting.push(item),
          });
  }

  /** How often each kind of message came that this parser does not know. */
  get unknownMessages(): ReadonlyMap<string, number> {
    return this.unknownKinds.byKind;
  }

  open(): readonly unknown[] {
    if (this.context.isContinuation && this.child.sessionId !== undefined) {
      return this.proceed().send ?? [];
    }
    return [this.peer.request('initialize', initializeParams(this.context)).message];
  }

  interrupt(): readonly unknown[] {
    this.isStopping = true;
    const { sessionId } = this.child;
    if (this.phase !== 'prompt' || sessionId === undefined) {
      return [];
    }
    return [this.peer.notification('session/cancel', { sessionId }), ...this.questions.cancelAll()];
  }

  explainExit(exit: ChildExit): Failure | undefined {
    if (this.phase === 'prompt' || this.phase === 'over') {
      return undefined;
    }
    const error: AcpError = { code: 0, message: exit.stderrTail, data: undefined };
    return isAuthError(error) ? acpFailure(error, this.agentName, this.child.quirks) : undefined;
  }

  heldCalls(): readonly ToolCallEvent[] {
    return this.calls.reportAll();
  }

  accept(message: unknown): ParseStep {
    if (this.phase === 'over') {
      return { out: [] };
    }
    return this.withWaiting(this.matched(this.step(this.peer.accept(message))));
  }

  acceptRelayed(message: unknown, connection: string): ParseStep {
    const out = this.delegated?.accept(message, connection) ?? [];
    return this.phase === 'over' ? { out: [] } : this.withWaiting({ out });
  }

  private withWaiting(step: ParseStep): ParseStep {
    const waiting = this.waiting.splice(0);
    return waiting.length === 0 ? step : { ...step, out: [...waiting, ...step.out] };
  }

  /** What came through the relay may have waited for this report of its call. */
  private matched(step: ParseStep): ParseStep {
    const run = this.phase === 'over' ? [] : (this.delegated?.match() ?? []);
    return run.length === 0 ? step : { ...step, out: [...step.out, ...run] };
  }

  private step(incoming: RpcIncoming): ParseStep {
    switch (incoming.kind) {
      case 'result':
        return this.answered(incoming.method, incoming.result);
      case 'error':
        return this.refused(incoming);
      case 'request':
        return this.asked(incoming.id, incoming.method, incoming.params);
      case 'notification':
        return { out: this.notified(incoming.method, incoming.params) };
      default:
        return { out: this.unknown('no message of the protocol') };
    }
  }

  private answered(method: string, result: unknown): ParseStep {
    switch (method) {
      case 'initialize':
        return this.initialized(result);
      case 'session/new':
      case 'session/load':
      case 'session/resume':
        return this.sessionUp(method, result);
      case 'session/prompt':
        return this.promptDone(result);
      default:
        return this.settingDone(result);
    }
  }

  private initialized(result: unknown): ParseStep {
    const version = isRecord(result) ? result.protocolVersion : undefined;
    if (version !== acpProtocolVersion) {
      return this.fail({
        code: version === 0 || version === undefined ? 'agent_too_old' : 'binary_broken',
        message: `${this.agentName} speaks ${versionText(version)} of the Agent Client Protocol; Patchbay speaks version ${acpProtocolVersion}. Install a version of the agent that fits.`,
      });
    }
    if (worksWithOurTools(this.context.model) && this.delegated === undefined) {
      return this.fail({
        code: 'runtime_missing',
        message: `Patchbay’s tools cannot be given to ${this.agentName} here. Choose it with its own tools.`,
      });
    }
    this.child.introduce(result);
    if (this.child.version !== undefined) {
      this.tell({ agentVersion: this.child.version });
    }
    const { resume } = this.context;
    const { canLoad, canResume } = this.child;
    if (resume === undefined) {
      return this.newSession([]);
    }
    if (!canLoad && !canResume) {
      this.remembers = false;
      return this.newSession([
        notice(
          'info',
          'resume_unsupported',
          `${this.agentName} cannot take up an earlier session. It was told what was said so far.`,
        ),
      ]);
    }
    this.phase = 'session';
    const method = canResume ? 'session/resume' : 'session/load';
    const params = { sessionId: resume, ...sessionParams(this.context, this.child) };
    return { out: [], send: [this.peer.request(method, params).message] };
  }

  private newSession(out: readonly Item[]): ParseStep {
    this.phase = 'session';
    const params = sessionParams(this.context, this.child);
    return { out, send: [this.peer.request('session/new', params).message] };
  }

  private sessionUp(method: string, result: unknown): ParseStep {
    const isNew = method === 'session/new';
    const sessionId = stringField(result, 'sessionId') ?? (isNew ? undefined : this.context.resume);
    if (sessionId === undefined) {
      return this.fail({
        code: 'binary_broken',
        message: `${this.agentName} opened a session without a name. Update the agent and try again.`,
      });
    }
    this.child.begin(sessionId, readSettings(result), isNew);
    const models = agentModels(this.child.settings);
    if (models !== undefined) {
      this.tell({ models });
    }
    const { version } = this.child;
    const resume: NormalizedEvent = {
      kind: 'resume',
      token: sessionId,
      ...(version === undefined ? {} : { agentVersion: version }),
    };
    const step = this.proceed();
    return { ...step, out: [resume, ...step.out] };
  }

  /** The next setting, or the prompt when everything is as the user chose. */
  private proceed(): ParseStep {
    const { context, child } = this;
    const { sessionId } = child;
    if (sessionId === undefined) {
      return this.newSession([]);
    }
    const wantedModel = wantedModelOf(context);
    const next = nextSetting(
      sessionId,
      child.settings,
      {
        model: wantedModel,
        startModel: child.startModel,
        startMode: child.startMode,
        reasoning: context.opts.reasoning,
        mode: this.planningMode(),
      },
      child.quirks,
      this.settingsTried,
    );
    if (next !== undefined) {
      this.phase = 'settings';
      this.setting = next;
      this.settingsTried.add(next.what);
      return { out: [], send: [this.peer.request(next.method, next.params).message] };
    }
    this.tellControls();
    const out: Item[] = [];
    const untaken = effortProblem(child.settings, context.opts.reasoning, this.agentName);
    // Of an agent that is known for it, it was said before it was started.
    if (untaken !== undefined && this.profile.takesReasoning) {
      out.push(notice('info', 'not_taken', untaken));
    }
    if (wantedModel !== undefined && child.settings.model === undefined) {
      out.push(
        notice(
          'warning',
          'model_fixed',
          `${this.agentName} does not let its model be chosen from here; it uses its own.`,
        ),
      );
    }
    const images = leftOutImages(context, child);
    if (images > 0) {
      out.push(
        notice(
          'warning',
          'images_left_out',
          `${this.agentName} takes no images; ${images} left out.`,
        ),
      );
    }
    return this.prompt(promptBlocks(context, child, this.remembers), out);
  }

  /** Only an open session shows what can be set; some of it depends on the model that was set. */
  private tellControls(): void {
    const { settings, takesImages, takesFolders } = this.child;
    this.tell({
      controls: {
        model: settings.model !== undefined,
        reasoning: settings.effort !== undefined,
        extraFolders: takesFolders,
        images: takesImages,
      },
    });
  }

  /** Its own planning asks for tools that it does not have next to ours. */
  private planningMode(): ExchangeParserContext['opts']['mode'] {
    const { model, opts } = this.context;
    return worksWithOurTools(model) && opts.mode === 'plan' ? 'ask' : opts.mode;
  }

  private prompt(blocks: readonly unknown[], out: readonly Item[]): ParseStep {
    this.phase = 'prompt';
    this.updates.begin();
    const params = { sessionId: this.child.sessionId, prompt: blocks };
    return { out, send: [this.peer.request('session/prompt', params).message] };
  }

  private settingDone(result: unknown): ParseStep {
    const { setting, child } = this;
    this.setting = undefined;
    if (setting === undefined) {
      return { out: [] };
    }
    const chooser = child.settings[setting.what];
    child.settings = mergeSettings(
      chooser === undefined
        ? child.settings
        : { ...child.settings, [setting.what]: { ...chooser, current: setting.value } },
      result,
    );
    return this.proceed();
  }

  private promptDone(result: unknown): ParseStep {
    this.usage.prompt(result);
    const reason = stringField(result, 'stopReason');
    if (this.isStopping || reason === 'cancelled') {
      return this.fail(abortedFailure());
    }
    if (reason === 'refusal') {
      return this.fail({
        code: 'unknown',
        message: `The model behind ${this.agentName} declined to answer. Put the request in other words, or choose another model.`,
      });
    }
    const words = this.words.splice(0);
    if (words.length > 0 && this.followUps < maxFollowUps) {
      this.followUps += 1;
      return this.prompt([{ type: 'text', text: words.join('\n\n') }], []);
    }
    if (reason === undefined) {
      return this.fail({
        code: 'unknown',
        message: `${this.agentName} ended the turn without saying why. What has arrived is kept; try again.`,
      });
    }
    const isCutShort = reason === 'max_tokens' || reason === 'max_turn_requests';
    const step = this.end({ kind: 'finish', reason: isCutShort ? 'length' : 'stop' });
    return this.delegated === undefined || this.child.knowsOurTools
      ? step
      : { ...step, out: [observation(toolsNotTaken(this.agentName)), ...step.out] };
  }

  private refused(answer: Extract<Answer, { readonly kind: 'error' }>): ParseStep {
    const { method, code, message, data } = answer;
    const error: AcpError = { code, message, data };
    const displayName = this.agentName;
    const failure = acpFailure(error, displayName, this.child.quirks);
    switch (method) {
      case 'session/load':
      case 'session/resume':
        return this.fail(
          isAuthError(error)
            ? this.withLogin(failure)
            : {
                code: 'resume_rejected',
                message: `${displayName} no longer knows this session. Start a new one.`,
                ...(failure.detail === undefined ? {} : { detail: failure.detail }),
              },
        );
      case 'initialize':
      case 'session/new':
        return this.fail(this.withLogin(failure));
      case 'session/prompt': {
        const repeated = this.updates.repeatedBy(`${message} ${failure.message}`);
        const step = this.fail(this.isStopping ? abortedFailure() : this.withLogin(failure));
        return { ...step, out: [...repeated, ...step.out] };
      }
      default:
        return this.settingRefused(failure);
    }
  }

  private settingRefused(failure: Failure): ParseStep {
    const { setting } = this;
    this.setting = undefined;
    const why = oneLine(failure.detail ?? failure.message);
    if (setting?.what === 'model') {
      return this.fail({
        code: 'model_not_found',
        message: oneLine(
          `${this.agentName} cannot use the model ${setting.value}. Choose another one.`,
        ),
        detail: why,
      });
    }
    const step = this.proceed();
    const what = setting?.what === 'mode' ? 'its mode' : 'how hard it thinks';
    return {
      ...step,
      out: [
        notice(
          'warning',
          'setting_refused',
          `${this.agentName} did not take a change of ${what}: ${why}`,
        ),
        ...step.out,
      ],
    };
  }

  private asked(id: RpcId, method: string, params: unknown): ParseStep {
    if (method === 'session/request_permission') {
      return this.permission(id, params);
    }
    if (method === 'elicitation/create') {
      const callId = idField(params, 'toolCallId') ?? `question-${String(id)}`;
      const form = this.questions.form(id, params, callId);
      if (form !== undefined) {
        return { out: [...this.calls.report(callId), observation(form)] };
      }
    } else if (this.client !== undefined && AcpClient.serves(method)) {
      return this.client.accept(id, method, params);
    }
    this.unknown(method);
    return { out: [], send: [notOffered(this.peer, id, method)] };
  }

  private permission(id: RpcId, params: unknown): ParseStep {
    const toolCall = isRecord(params) ? params.toolCall : undefined;
    const named = idField(toolCall, 'toolCallId');
    const known =
      this.calls.asked(toolCall) ??
      this.calls.asked({
        ...(isRecord(toolCall) ? toolCall : {}),
        toolCallId: `call-${String(id)}`,
      });
    if (known === undefined) {
      return { out: [], send: [this.peer.result(id, { outcome: { outcome: 'cancelled' } })] };
    }
    if (this.delegated !== undefined) {
      const settled = this.settleOwn(id, params, known);
      if (settled !== undefined) {
        return settled;
      }
    }
    const ask = this.questions.permission(id, params, known.call);
    if (named === undefined) {
      this.unknown('question without a call');
    }
    return { out: [...known.out, ...(ask === undefined ? [] : [observation(ask)])] };
  }

  /**
   * With our tools there is nothing to ask: a call of ours is judged when it is handed to us; others are not on offer.
   * How an unknown agent names its calls nobody knows, so what looks like ours there is asked about all the same.
   */
  private settleOwn(
    id: RpcId,
    params: unknown,
    { call, out }: { readonly call: AcpCall; readonly out: readonly Item[] },
  ): ParseStep | undefined {
    const { tools } = this.context.context;
    if (call.kind === 'other' && tools.some(({ name }) => name === call.ownName)) {
      if (this.child.kind === 'other') {
        return undefined;
      }
      return { out, send: [this.questions.answer(id, params, 'allow_once')] };
    }
    const why = `${call.name} is not on offer here: this conversation works with Patchbay’s tools only.`;
    return {
      out: [...out, ...this.calls.deny(call.id, why)],
      send: [this.questions.answer(id, params, 'reject_once')],
    };
  }

  private denied({ call, message, isWorded, interrupts }: Denial): void {
    if (call !== undefined) {
      this.waiting.push(...this.calls.deny(call.id, message));
      if (isWorded && !this.isStopping && !interrupts) {
        this.words.push(about(call, message));
      }
    }
    if (interrupts && !this.isStopping && this.phase === 'prompt') {
      const { sessionId } = this.child;
      this.isStopping = true;
      // The answer to this question goes out behind: an agent ends its turn in either order.
      this.context.send(this.peer.notification('session/cancel', { sessionId }));
      for (const answer of this.questions.cancelAll()) {
        this.context.send(answer);
      }
    }
  }

  private notified(method: string, params: unknown): readonly Item[] {
    if (method === '$/cancel_request') {
      const requestId = this.questions.withdraw(isRecord(params) ? params.requestId : undefined);
      return requestId === undefined
        ? []
        : [observation({ kind: 'permission_withdrawn', requestId })];
    }
    if (method !== 'session/update') {
      return this.unknown(method);
    }
    const update = isRecord(params) ? params.update : undefined;
    const sessionId = stringField(params, 'sessionId');
    const isOther =
      sessionId !== undefined &&
      this.child.sessionId !== undefined &&
      sessionId !== this.child.sessionId;
    return isOther ? this.unknown('update of another session') : this.updates.accept(update);
  }

  private fail(failure: Failure): ParseStep {
    return this.end({ kind: 'failed', failure });
  }

  private end(terminal: NormalizedEvent): ParseStep {
    this.phase = 'over';
    this.client?.close();
    const usage = this.usage.total();
    return {
      out: [...(usage === undefined ? [] : [observation({ kind: 'usage', usage })]), terminal],
      send: this.questions.cancelAll(),
      isOver: true,
    };
  }

  private withLogin(failure: Failure): Failure {
    const { loginHint } = this.child;
    return failure.code !== 'auth_required' || loginHint === ''
      ? failure
      : { ...failure, message: oneLine(`${failure.message} Its ways to sign in: ${loginHint}.`) };
  }

  /** For people: the profile's, or what an agent that nobody knows calls itself. */
  private get agentName(): string {
    const { profile, child } = this;
    return profile.kind === 'other' && child.name !== undefined
      ? oneLine(child.name).slice(0, 40)
      : profile.displayName;
  }

  private tell(info: AgentInfo): void {
    this.context.opts.onAgentInfo?.(info);
  }

  private unknown(kind: string): readonly Item[] {
    this.unknownKinds.add(kind);
    return [];
  }
}

/** A version is a number; what else may stand in its place can be of any size. */
function versionText(version: unknown): string {
  const text = isString(version) || isNumber(version) ? oneLine(String(version)) : '';
  return text === '' || text.length > 20 ? 'an unknown version' : `version ${text}`;
}

function wantedModelOf(context: ExchangeParserContext): string | undefined {
  const { model } = context.model;
  return model === '' || model === defaultModel ? undefined : model;
}

function about(call: AcpCall, message: string): string {
  const [path] = call.paths;
  const what =
    call.kind === 'execute'
      ? `command ${oneLine(stringField(call.input, 'command') ?? call.title)}`
      : call.kind === 'edit'
        ? `edit${path === undefined ? '' : ` of ${path}`}`
        : `call of ${call.name}${path === undefined ? '' : ` for ${path}`}`;
  return `About your ${what}: ${message}`;
}

function notice(level: 'info' | 'warning', code: string, text: string): Item {
  return observation({ kind: 'notice', level, code, text });
}

function observation(value: Observation): Item {
  return { kind: 'observation', observation: value };
}
