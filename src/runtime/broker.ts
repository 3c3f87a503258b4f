import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Event } from '../base/emitter';
import type { Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import { AssistantMessageEventStream } from '../events/eventStream';
import { abortedFailure, type Failure } from '../events/failure';
import { MessageSink } from '../events/messageSink';
import type { NormalizedEvent } from '../events/normalizedEvent';
import type { Observation } from '../events/observation';
import type { Usage } from '../events/usage';
import { BridgeRegistry } from './bridgeRegistry';
import { ChildPool } from './childPool';
import { isBeyondPlan } from './choices';
import type {
  Bridge,
  BridgeControls,
  ExchangeOptions,
  ExchangeStream,
  ExternalRuntimeSpec,
  ModelRef,
  TransportFactory,
  TurnContext,
} from './contract';
import {
  driveExchange,
  type DrivenExchange,
  type ExchangeOutlet,
  type TerminalEvent,
} from './exchange';
import { childKeyEnvironment, type KeyProvider } from './credentials';
import { driveFramework, type FrameworkStream } from './frameworkArm';
import { countPictures, takesPictures, withoutPictures } from './pictures';
import type { ResumeStore } from './resumeLink';
import { tapToken } from './resumeTap';
import { ResumeLinks } from './runtimeLinks';
import {
  adapterOfAddress,
  emptySpecTable,
  resolveRuntimeSpec,
  type RuntimeSpecTable,
} from './specs';
import { toFailure } from './toFailure';

export type Route =
  | { readonly kind: 'framework' }
  | { readonly kind: 'external'; readonly bridge: Bridge; readonly spec: ExternalRuntimeSpec };

export interface RuntimeBrokerOptions {
  readonly framework: FrameworkStream;
  /** Absent where no process may be started: an external model then ends in a typed error. */
  readonly transport?: TransportFactory;
  /** The user's own specs, read anew at every question. */
  readonly specs?: () => RuntimeSpecTable;
  /** The resume records of one session; undefined: that session never resumes. */
  readonly resumeStore?: (sessionId: string) => ResumeStore | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The version of an agent's program where it is known: what was found out about a dialect holds for that version. */
  readonly agentVersion?: (spec: ExternalRuntimeSpec) => string | undefined;
  /** Completes what was told about an exchange by what else is known: a price. */
  readonly completeUsage?: (model: ModelRef, usage: Usage) => Usage;
  /** Whose key a model takes: for a runtime that works with a key of ours. Absent: no key goes to any child. */
  readonly keyProviderOf?: (model: ModelRef) => Pick<KeyProvider, 'envVariable'> | undefined;
  /** How long an idle agent is kept between turns. Default 5 minutes. */
  readonly idleChildMs?: number;
}

/**
 * Decides, per turn and per model, where the turn is produced, and drives it there. Both arms return the same stream,
 * synchronously; nothing throws out of `exchange`.
 */
export class RuntimeBroker {
  private readonly registry = new BridgeRegistry();
  private readonly pool: ChildPool;
  private readonly running = new Set<Promise<void>>();
  private readonly drivenBySession = new Map<string, DrivenExchange>();
  private readonly formByProgram = new Map<string, string>();
  private readonly lastFailures = new Map<string, Failure>();
  private readonly toldUntaken = new Set<string>();

  constructor(private readonly options: RuntimeBrokerOptions) {
    this.pool = new ChildPool({
      clock: options.clock,
      ...(options.idleChildMs === undefined ? {} : { idleMs: options.idleChildMs }),
      onCloseError: (error) =>
        options.logger.warn(`an agent did not close: ${errorMessage(error)}`),
    });
  }

  /** A bridge came or went. */
  get onDidChangeBridges(): Event<void> {
    return this.registry.onDidChange;
  }

  register(bridge: Bridge): Disposable {
    return this.registry.register(bridge);
  }

  bridges(): readonly Bridge[] {
    return this.registry.list();
  }

  /** No side effect. Undefined for a network model. */
  resolveSpec(model: ModelRef): ExternalRuntimeSpec | undefined {
    return resolveRuntimeSpec(model, this.options.specs?.() ?? emptySpecTable);
  }

  /** Depends on the model alone; context and options are for callers that pass them everywhere. No side effect. */
  route(model: ModelRef, _context?: TurnContext, _opts?: ExchangeOptions): Route {
    const spec = this.resolveSpec(model);
    const bridge = spec === undefined ? undefined : this.registry.get(spec.adapter);
    return spec === undefined || bridge === undefined
      ? { kind: 'framework' }
      : { kind: 'external', bridge, spec };
  }

  /** Whether this runtime needs a key of ours: its bridge decides, else the spec's way of signing in. */
  requiresCredential(spec: ExternalRuntimeSpec): boolean {
    return this.registry.get(spec.adapter)?.requiresCredential(spec) ?? spec.authMode === 'api-key';
  }

  exchange(model: ModelRef, context: TurnContext, opts: ExchangeOptions): ExchangeStream {
    const { clock, logger } = this.options;
    const stream = new AssistantMessageEventStream({
      onListenerError: (error) =>
        logger.warn(`a listener of the answer failed: ${errorMessage(error)}`),
    });
    const sink = new MessageSink(stream, {
      api: model.api,
      provider: model.provider,
      model: model.model,
      ...(model.toolSource === undefined ? {} : { toolSource: model.toolSource }),
      createdAtMs: clock.nowMs(),
    });
    const tap = (event: NormalizedEvent): void => {
      try {
        opts.onEvent?.(event);
      } catch (error) {
        logger.warn(`a tap of the answer failed: ${errorMessage(error)}`);
      }
    };
    const outlet: ExchangeOutlet = {
      event: (event) => {
        sink.emit(event);
        tap(event);
      },
      observation: (told) => {
        const observation = this.completed(model, told);
        this.fold(sink, observation);
        try {
          opts.observe(observation);
        } catch (error) {
          logger.warn(`an observer of the answer failed: ${errorMessage(error)}`);
        }
      },
    };
    const finish = (terminal: TerminalEvent): void => {
      sink.emit(terminal);
      tap(terminal);
    };
    // The await comes before anything is started: nothing settles inside the call that returned the stream.
    void Promise.resolve()
      .then(() => this.produce(model, context, opts, outlet, sink))
      .catch((error: unknown): TerminalEvent => ({ kind: 'failed', failure: toFailure(error) }))
      .then(finish);
    return stream;
  }

  /** More words for the agent's running turn of this session; false when there is none that takes them now. */
  steer(sessionId: string, text: string): boolean {
    return this.drivenBySession.get(sessionId)?.steer(text) ?? false;
  }

  /** Ends the idle agent of a session, for instance when the session is closed. */
  closeSession(sessionId: string): Promise<void> {
    return this.pool.closeSession(sessionId);
  }

  /** Ends every agent and resolves when all are gone. Never rejects. */
  async closeAll(): Promise<void> {
    await this.pool.closeAll();
    await Promise.allSettled([...this.running]);
  }

  private completed(model: ModelRef, observation: Observation): Observation {
    const { completeUsage } = this.options;
    return observation.kind === 'usage' && completeUsage !== undefined
      ? { ...observation, usage: completeUsage(model, observation.usage) }
      : observation;
  }

  private fold(sink: MessageSink, observation: Observation): void {
    if (observation.kind === 'retract') {
      sink.retract(observation.blockId);
    } else if (observation.kind === 'usage') {
      sink.usage(observation.usage);
    }
  }

  private async produce(
    model: ModelRef,
    context: TurnContext,
    opts: ExchangeOptions,
    outlet: ExchangeOutlet,
    sink: MessageSink,
  ): Promise<TerminalEvent> {
    if (opts.signal.aborted) {
      return { kind: 'failed', failure: abortedFailure() };
    }
    const route = this.route(model, context, opts);
    const { transport } = this.options;
    const bridge = route.kind === 'external' ? route.bridge : undefined;
    const told = takesPictures(model, bridge)
      ? context
      : this.withoutPictures(context, { model, bridge, opts, outlet });
    if (route.kind === 'external' && transport !== undefined) {
      const keyed = { ...route, spec: this.withKey(route.spec, model, opts.apiKey) };
      return this.produceExternal({
        route: keyed,
        transport,
        model,
        context: told,
        opts,
        outlet,
        sink,
      });
    }
    const adapter = this.resolveSpec(model)?.adapter ?? adapterOfAddress(model.address);
    if (adapter !== undefined) {
      return { kind: 'failed', failure: missingRuntime(adapter, route.kind === 'external') };
    }
    const { framework } = this.options;
    return driveFramework({ framework, model, context: told, opts, outlet });
  }

  /** Pictures stay away from a model that takes none; it is told, and so is the user, whenever there are more of them. */
  private withoutPictures(
    context: TurnContext,
    {
      model,
      bridge,
      opts,
      outlet,
    }: Pick<ExternalTurn, 'model' | 'opts' | 'outlet'> & { readonly bridge: Bridge | undefined },
  ): TurnContext {
    const count = countPictures(context.messages);
    if (count === 0) {
      return context;
    }
    const key = JSON.stringify([opts.sessionId, model.id, 'pictures', count]);
    if (!this.toldUntaken.has(key)) {
      this.toldUntaken.add(key);
      const name = bridge?.displayName ?? model.name;
      outlet.observation({
        kind: 'notice',
        level: 'warning',
        code: 'not_taken',
        text: `${name} takes no pictures: ${count === 1 ? 'the picture' : `the ${String(count)} pictures`} of this conversation ${count === 1 ? 'was' : 'were'} not sent to it. It was told that ${count === 1 ? 'one is' : 'they are'} missing.`,
      });
    }
    return { ...context, messages: withoutPictures(context.messages) };
  }

  /** What the user set for the agent stands before the key. */
  private withKey(
    spec: ExternalRuntimeSpec,
    model: ModelRef,
    apiKey: string | undefined,
  ): ExternalRuntimeSpec {
    const provider = this.options.keyProviderOf?.(model) ?? {};
    const env = childKeyEnvironment(spec, provider, apiKey);
    return Object.keys(env).length === 0 ? spec : { ...spec, env: { ...env, ...spec.env } };
  }

  /** Why the last failed turn of this agent failed, since this object was made. */
  lastFailure(adapter: string): Failure | undefined {
    return this.lastFailures.get(adapter);
  }

  private async produceExternal(turn: ExternalTurn): Promise<TerminalEvent> {
    const terminal = await this.produceResumed(turn);
    if (terminal.kind === 'failed' && terminal.failure.aborted !== true) {
      this.lastFailures.set(turn.route.spec.adapter, terminal.failure);
    }
    return terminal;
  }

  private async produceResumed(turn: ExternalTurn): Promise<TerminalEvent> {
    const { opts, outlet, route, model } = turn;
    const links = new ResumeLinks({
      store: this.options.resumeStore?.(opts.sessionId),
      clock: this.options.clock,
      logger: this.options.logger,
      model,
      adapter: route.spec.adapter,
      cwd: opts.cwd,
      signal: opts.signal,
    });
    if (opts.mode === 'plan' && isBeyondPlan(route.bridge, model)) {
      return { kind: 'failed', failure: cannotPlan(route.bridge.displayName) };
    }
    this.tellUntaken(turn);
    const resume = opts.resume ?? (await links.find());
    if (opts.signal.aborted) {
      return { kind: 'failed', failure: abortedFailure() };
    }
    const terminal = await this.attemptForms(turn, links, resume);
    const isStale = terminal.kind === 'failed' && terminal.failure.code === 'resume_rejected';
    if (!isStale || resume === undefined || turn.sink.hasContent || turn.opts.signal.aborted) {
      return terminal;
    }
    outlet.observation({
      kind: 'notice',
      level: 'warning',
      code: 'resume_rejected',
      text: `${route.bridge.displayName} no longer knows its earlier session. A new one was started and told what was said so far.`,
    });
    return this.attemptForms(turn, links, undefined);
  }

  /** A choice of the user's that the dialect has no word for is said once per session, never dropped in silence. */
  private tellUntaken({ route, opts, outlet }: ExternalTurn): void {
    const { adapter, displayName } = route.bridge;
    // A bridge of another extension may declare some only: of the rest nobody knows.
    const controls: Partial<BridgeControls> = route.bridge.controls ?? {};
    const untaken = [
      opts.reasoning !== undefined && controls.reasoning === false
        ? 'the reasoning effort'
        : undefined,
      (opts.extraFolders ?? []).length > 0 && controls.extraFolders === false
        ? 'the further folders of this workspace'
        : undefined,
    ].filter((what) => what !== undefined);
    const key = JSON.stringify([opts.sessionId, adapter, untaken]);
    if (untaken.length === 0 || this.toldUntaken.has(key)) {
      return;
    }
    this.toldUntaken.add(key);
    outlet.observation({
      kind: 'notice',
      level: 'info',
      code: 'not_taken',
      text: `${displayName} has no way to be told ${untaken.join(' and ')}; it works without.`,
    });
  }

  /** What an open agent turned out not to take is said once per session, too. */
  private isNews(sessionId: string, adapter: string, observation: Observation): boolean {
    if (observation.kind !== 'notice' || observation.code !== 'not_taken') {
      return true;
    }
    const key = JSON.stringify([sessionId, adapter, observation.text]);
    const isNews = !this.toldUntaken.has(key);
    this.toldUntaken.add(key);
    return isNews;
  }

  /** One fresh child per form of the dialect until one is understood; that one comes first from then on. */
  private async attemptForms(
    turn: ExternalTurn,
    links: ResumeLinks,
    resume: string | undefined,
  ): Promise<TerminalEvent> {
    const { bridge, spec } = turn.route;
    const forms = bridge.forms?.(spec) ?? [];
    if (forms.length === 0) {
      return this.attempt(turn, links, resume, undefined);
    }
    const program = JSON.stringify([
      spec.adapter,
      spec.binaryPath,
      spec.args,
      this.options.agentVersion?.(spec),
    ]);
    const known = this.formByProgram.get(program);
    const order = [...forms].sort((a, b) => Number(b === known) - Number(a === known));
    let last: TerminalEvent | undefined;
    for (const form of order) {
      last = await this.attempt(turn, links, resume, form);
      const isMisunderstood =
        last.kind === 'failed' &&
        !turn.sink.hasContent &&
        (last.failure.code === 'wrong_dialect' || last.failure.code === 'timeout');
      if (!isMisunderstood) {
        this.formByProgram.set(program, form);
        return last;
      }
      if (turn.opts.signal.aborted) {
        return last;
      }
    }
    return last ?? { kind: 'failed', failure: missingRuntime(spec.adapter, true) };
  }

  private async attempt(
    turn: ExternalTurn,
    links: ResumeLinks,
    resume: string | undefined,
    form: string | undefined,
  ): Promise<TerminalEvent> {
    const { model, context, route, transport, outlet } = turn;
    const { bridge, spec } = route;
    const { resume: _asked, ...rest } = turn.opts;
    const opts: ExchangeOptions = resume === undefined ? rest : { ...rest, resume };
    const launch = bridge.launch(spec, {
      model,
      context,
      opts,
      resume,
      ...(form === undefined ? {} : { form }),
    });
    const lease = await this.pool.acquire(
      { sessionId: opts.sessionId, adapter: spec.adapter, leaseKey: launch.leaseKey, resume },
      () => transport({ spec, model, opts, resume, launch }),
      opts.signal,
    );
    if (lease === undefined) {
      return { kind: 'failed', failure: abortedFailure() };
    }
    const run = driveExchange({
      clock: this.options.clock,
      logger: this.options.logger,
      agentName: bridge.displayName,
      lease,
      opts,
      createParser: (send, later) =>
        bridge.createParser({
          model,
          context,
          opts,
          resume,
          isContinuation: lease.isContinuation,
          notes: lease.notes,
          ...(form === undefined ? {} : { form }),
          spec,
          send,
          ...(lease.transport.toolRelay === undefined
            ? {}
            : { toolRelay: lease.transport.toolRelay }),
          later,
        }),
      outlet: {
        observation: (observation) => {
          if (this.isNews(opts.sessionId, spec.adapter, observation)) {
            outlet.observation(observation);
          }
        },
        event: (event) => {
          if (event.kind === 'resume') {
            links.note(event.token, event.agentVersion);
          }
          outlet.event(event);
        },
      },
    });
    // Behind the driver, whose are the messages that came before anybody listened.
    const tap = tapToken(lease.transport, (token) => links.note(token, undefined));
    this.running.add(run.over);
    this.drivenBySession.set(opts.sessionId, run);
    void run.over.then(() => {
      tap.dispose();
      this.running.delete(run.over);
      if (this.drivenBySession.get(opts.sessionId) === run) {
        this.drivenBySession.delete(opts.sessionId);
      }
    });
    return run.terminal;
  }
}

interface ExternalTurn {
  readonly route: Extract<Route, { readonly kind: 'external' }>;
  readonly transport: TransportFactory;
  readonly model: ModelRef;
  readonly context: TurnContext;
  readonly opts: ExchangeOptions;
  readonly outlet: ExchangeOutlet;
  readonly sink: MessageSink;
}

function cannotPlan(agentName: string): Failure {
  return {
    code: 'consent_needed',
    message: `${agentName} was not started: it cannot be kept from changing files and running commands, which plan mode denies. Choose another mode or another agent.`,
  };
}

function missingRuntime(adapter: string, hasBridge: boolean): Failure {
  return {
    code: 'runtime_missing',
    message: hasBridge
      ? `The agent "${adapter}" cannot be started here: processes are switched off. Choose another model, or open a trusted folder on this machine.`
      : `There is no bridge for the agent "${adapter}". Choose another model or agent, or install an extension that brings this one.`,
  };
}
