import { assertNever } from '../base/assertNever';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { Deferred } from '../base/deferred';
import type { Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import { oneLine, type Failure } from '../events/failure';
import type { NormalizedEvent } from '../events/normalizedEvent';
import type { Observation, PermissionRequest } from '../events/observation';
import { toolError } from '../events/toolCall';
import type { ChildLease } from './childPool';
import type { ChildExit, ExchangeOptions, ExchangeParser, ParseStep } from './contract';
import { earlyEnd, silence, stopped } from './exchangeEnds';
import { TextMerger, type TextEvent } from './textMerger';
import { toFailure } from './toFailure';

export type TerminalEvent = Extract<NormalizedEvent, { readonly kind: 'finish' | 'failed' }>;

/** Where the events and observations of a driven exchange go; nothing comes after `terminal` has resolved. */
export interface ExchangeOutlet {
  event(event: Exclude<NormalizedEvent, TerminalEvent>): void;
  observation(observation: Observation): void;
}

export interface DriveOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** For people: `Claude Code`. */
  readonly agentName: string;
  readonly lease: ChildLease;
  readonly createParser: (
    send: (message: unknown) => void,
    later: (delayMs: number, run: () => ParseStep) => Disposable,
  ) => ExchangeParser;
  readonly opts: Pick<ExchangeOptions, 'signal' | 'startTimeoutMs' | 'idleTimeoutMs'>;
  readonly outlet: ExchangeOutlet;
}

export interface DrivenExchange {
  /** How it ended; never rejects. */
  readonly terminal: Promise<TerminalEvent>;
  /** Gives the running turn more words of the user; false when it takes none now. */
  steer(text: string): boolean;
  /** The child is idle again or gone: later than `terminal` after a stop. Never rejects. */
  readonly over: Promise<void>;
}

export const exchangeDefaults = {
  startTimeoutMs: 30_000,
  /** How long a stopped agent may take to come to rest before it is terminated. */
  interruptMs: 2_000,
  /** How long the user waits for the agent's own last word after a stop. */
  stopAnswerMs: 750,
  /** The transport bounds its notices itself; this is for one that does not. */
  noticesShown: 20,
  /** What a dialect tells again and again is told so often, and then only how often it came. */
  noticesOfACode: 50,
} as const;

/**
 * Drives one exchange over a leased child: opens it, feeds the parser, minds the deadlines, and ends it exactly once.
 * A stop goes out as the dialect's interrupt; an agent that does not come to rest is terminated, then killed, by the
 * transport. Late messages are dropped, late questions are denied. The lease is released when the exchange finished or
 * was stopped in the dialect's own words, and closed in every other case.
 */
export function driveExchange(options: DriveOptions): DrivenExchange {
  const run = new ExchangeRun(options);
  run.start();
  return {
    terminal: run.terminal.promise,
    over: run.over.promise,
    steer: (text) => run.steer(text),
  };
}

/** Settled: what waits for it comes at the end of the running task. */
const taskEnd = Promise.resolve();

class ExchangeRun {
  readonly terminal = new Deferred<TerminalEvent>();
  readonly over = new Deferred<void>();
  private readonly subscriptions: Disposable[] = [];
  private readonly timers = new Set<Disposable>();
  private readonly openQuestions = new Set<string>();
  private readonly runningTools = new Set<string>();
  private readonly texts = new TextMerger((event) => {
    if (!this.terminal.isSettled) {
      this.options.outlet.event(event);
    }
  });
  private parser: ExchangeParser | undefined;
  private startTimer: Disposable | undefined;
  private lastSignMs: number;
  private hasSignInTask = false;
  private noticeCount = 0;
  /** How often each code came; the codes are ours. */
  private readonly noticesByCode = new Map<string, number>();
  private isStopping = false;
  private readonly onAbort = (): void => this.stop();

  constructor(private readonly options: DriveOptions) {
    this.lastSignMs = options.clock.nowMs();
  }

  start(): void {
    const { lease, opts } = this.options;
    const { transport } = lease;
    try {
      this.parser = this.options.createParser(
        (message) => this.send(message),
        (delayMs, run) => this.schedule(delayMs, () => this.apply(run)),
      );
    } catch (error) {
      this.fail(toFailure(error));
      return;
    }
    this.subscriptions.push(
      transport.onExit((exit) => this.onExit(exit)),
      transport.onNotice((text) => this.onNotice(text)),
      transport.onMessage((message) => this.onMessage(message)),
    );
    if (transport.toolRelay !== undefined) {
      this.subscriptions.push(
        transport.toolRelay.onMessage((message, connection) => {
          this.noteSign();
          this.apply(() => this.parser?.acceptRelayed?.(message, connection) ?? { out: [] });
        }),
      );
    }
    if (this.over.isSettled) {
      this.release();
      return;
    }
    if (opts.signal.aborted) {
      this.settle(failed(stopped()));
      this.closeChild();
      return;
    }
    opts.signal.addEventListener('abort', this.onAbort, { once: true });
    const startMs = opts.startTimeoutMs ?? exchangeDefaults.startTimeoutMs;
    this.startTimer = this.schedule(startMs, () => this.onSilence('start', startMs));
    if (opts.idleTimeoutMs !== undefined) {
      this.watchIdle(opts.idleTimeoutMs, opts.idleTimeoutMs);
    }
    void this.open(this.parser);
  }

  steer(text: string): boolean {
    if (this.terminal.isSettled || this.isStopping) {
      return false;
    }
    const messages = this.parser?.steer?.(text);
    for (const message of messages ?? []) {
      this.send(message);
    }
    return messages !== undefined;
  }

  private async open(parser: ExchangeParser): Promise<void> {
    try {
      for (const message of parser.open()) {
        await this.options.lease.transport.send(message);
      }
    } catch (error) {
      if (!this.terminal.isSettled) {
        const failure = toFailure(error);
        this.fail({
          ...failure,
          code: failure.code === 'unknown' ? 'child_exited' : failure.code,
          message: `${this.options.agentName} did not take the prompt: ${failure.message} Try again.`,
        });
      }
    }
  }

  private send(message: unknown): void {
    this.options.lease.transport.send(message).catch((error: unknown) => {
      this.options.logger.warn(
        `a message to ${this.options.agentName} was not taken: ${errorMessage(error)}`,
      );
    });
  }

  private onMessage(message: unknown): void {
    const { parser } = this;
    if (this.over.isSettled || parser === undefined) {
      return;
    }
    this.noteSign();
    let step: ParseStep;
    try {
      step = parser.accept(message);
    } catch (error) {
      this.misunderstood(error);
      return;
    }
    this.take(step);
  }

  /** A sign of life. Hundreds of messages may come in one task: the clock is asked once for them. */
  private noteSign(): void {
    if (this.hasSignInTask) {
      return;
    }
    this.hasSignInTask = true;
    void taskEnd.then(() => (this.hasSignInTask = false));
    this.lastSignMs = this.options.clock.nowMs();
    this.startTimer?.dispose();
  }

  private apply(produce: () => ParseStep): void {
    if (this.over.isSettled) {
      return;
    }
    let step: ParseStep;
    try {
      step = produce();
    } catch (error) {
      this.misunderstood(error);
      return;
    }
    this.take(step);
  }

  private misunderstood(error: unknown): void {
    this.fail({
      code: 'unknown',
      message: `A message of ${this.options.agentName} could not be understood: ${oneLine(errorMessage(error))} The text so far is kept.`,
    });
  }

  /** What every token of an answer is comes first; the rest is apart, so that V8 need not make this anew for it. */
  private take(step: ParseStep): void {
    if (step.send !== undefined) {
      for (const reply of step.send) {
        this.send(reply);
      }
    }
    let end: TerminalEvent | undefined;
    for (const item of step.out) {
      if (item.kind === 'text' || item.kind === 'thinking') {
        if (!this.terminal.isSettled) {
          this.texts.add(item);
        }
      } else {
        const terminal = this.takeOther(item);
        end ??= terminal;
      }
    }
    if (end !== undefined || step.isOver === true) {
      this.endAfter(end);
    }
  }

  /** Gives back what ends the exchange. */
  private takeOther(item: Exclude<ParseStep['out'][number], TextEvent>): TerminalEvent | undefined {
    switch (item.kind) {
      case 'finish':
      case 'failed':
        this.settle(
          this.isStopping && item.kind === 'failed' ? failed(stopped(item.failure)) : item,
        );
        return item;
      case 'observation':
        this.observe(item.observation);
        return undefined;
      case 'tool_call':
      case 'resume':
        this.emit(item);
        return undefined;
      default:
        return assertNever(item);
    }
  }

  private endAfter(end: TerminalEvent | undefined): void {
    this.settle(failed(this.isStopping ? stopped() : earlyEnd(this.options.agentName, undefined)));
    // After a failure the next exchange gets a fresh child: this one may hold on to what failed (a login, a connection).
    const isReusable = end?.kind === 'finish' || this.isStopping || end?.failure.aborted === true;
    this.endExchange(() => {
      if (isReusable) {
        this.options.lease.release();
      } else {
        void this.options.lease.close();
      }
    });
  }

  private emit(event: Exclude<NormalizedEvent, TerminalEvent | TextEvent>): void {
    if (event.kind === 'resume') {
      this.options.lease.noteToken(event.token);
    }
    if (this.terminal.isSettled) {
      return;
    }
    if (event.kind === 'tool_call' && event.call.executedBy === 'child') {
      this.runningTools.add(event.call.id);
    }
    this.texts.flush();
    this.options.outlet.event(event);
  }

  private observe(observation: Observation): void {
    switch (observation.kind) {
      case 'permission_request':
        this.ask(observation.request, observation.parentCallId);
        return;
      case 'permission_withdrawn':
        if (!this.openQuestions.delete(observation.requestId)) {
          return;
        }
        break;
      case 'tool_result':
        this.runningTools.delete(observation.callId);
        break;
      case 'notice': {
        const code = observation.code ?? '';
        const count = (this.noticesByCode.get(code) ?? 0) + 1;
        this.noticesByCode.set(code, count);
        if (count > exchangeDefaults.noticesOfACode) {
          return;
        }
        break;
      }
      default:
        break;
    }
    if (!this.terminal.isSettled) {
      this.tellObservation(observation);
    }
  }

  /** A question after the stop or the end is denied at once, so that the agent does not wait for a reader that is gone. */
  private ask(request: PermissionRequest, parentCallId: string | undefined): void {
    if (this.terminal.isSettled || this.isStopping) {
      request.reply({ kind: 'deny', message: 'The user stopped this turn.', interrupts: true });
      return;
    }
    const { requestId } = request;
    this.openQuestions.add(requestId);
    this.tellObservation({
      kind: 'permission_request',
      ...(parentCallId === undefined ? {} : { parentCallId }),
      request: {
        ...request,
        reply: (answer) => {
          if (this.openQuestions.delete(requestId)) {
            this.lastSignMs = this.options.clock.nowMs();
            request.reply(answer);
          }
        },
      },
    });
  }

  private onNotice(text: string): void {
    this.noticeCount += 1;
    if (!this.terminal.isSettled && this.noticeCount <= exchangeDefaults.noticesShown) {
      this.notice(text);
    }
  }

  private tellObservation(observation: Observation): void {
    this.texts.flush();
    this.options.outlet.observation(observation);
  }

  private notice(text: string): void {
    this.tellObservation({
      kind: 'notice',
      level: 'warning',
      code: 'bad_line',
      text: oneLine(text),
    });
  }

  private onExit(exit: ChildExit): void {
    if (!this.terminal.isSettled && !this.isStopping && exit.spawnError === undefined) {
      this.apply(() => this.parser?.endAtExit?.(exit) ?? { out: [] });
    }
    if (!this.terminal.isSettled) {
      this.settle(failed(this.isStopping ? stopped() : this.explain(exit)));
    }
    this.closeChild();
  }

  private explain(exit: ChildExit): Failure {
    if (exit.spawnError !== undefined) {
      return exit.spawnError;
    }
    try {
      const explained = this.parser?.explainExit?.(exit);
      if (explained !== undefined) {
        return explained;
      }
    } catch (error) {
      this.options.logger.warn(
        `the exit of ${this.options.agentName} was not explained: ${errorMessage(error)}`,
      );
    }
    return earlyEnd(this.options.agentName, exit);
  }

  private onSilence(phase: 'start' | 'idle', timeoutMs: number): void {
    this.fail(silence(this.options.agentName, phase, timeoutMs));
  }

  /** Silence does not count while the user is asked or a tool runs. */
  private watchIdle(timeoutMs: number, delayMs: number): void {
    this.schedule(delayMs, () => {
      const silentMs = this.options.clock.nowMs() - this.lastSignMs;
      if (this.openQuestions.size > 0 || this.runningTools.size > 0) {
        this.lastSignMs = this.options.clock.nowMs();
        this.watchIdle(timeoutMs, timeoutMs);
      } else if (silentMs >= timeoutMs) {
        this.onSilence('idle', timeoutMs);
      } else {
        this.watchIdle(timeoutMs, timeoutMs - silentMs);
      }
    });
  }

  private stop(): void {
    if (this.isStopping || this.terminal.isSettled) {
      return;
    }
    this.isStopping = true;
    this.withdrawQuestions();
    let interrupt: readonly unknown[] = [];
    try {
      interrupt = this.parser?.interrupt() ?? [];
    } catch (error) {
      this.options.logger.warn(
        `${this.options.agentName} has no interrupt now: ${errorMessage(error)}`,
      );
    }
    for (const message of interrupt) {
      this.send(message);
    }
    if (interrupt.length === 0) {
      this.settle(failed(stopped()));
      this.closeChild();
      return;
    }
    this.schedule(exchangeDefaults.stopAnswerMs, () => this.settle(failed(stopped())));
    this.schedule(exchangeDefaults.interruptMs, () => {
      this.settle(failed(stopped()));
      this.closeChild();
    });
  }

  private fail(failure: Failure): void {
    this.settle(failed(this.isStopping ? stopped() : failure));
    this.closeChild();
  }

  /** The exchange's last word, once: open questions are withdrawn and open calls closed before it. */
  private settle(terminal: TerminalEvent): void {
    if (this.terminal.isSettled) {
      return;
    }
    this.tellHeldCalls();
    this.withdrawQuestions();
    for (const callId of this.runningTools) {
      this.tellObservation({
        kind: 'tool_result',
        callId,
        result: toolError('The call had no result when its turn ended.', { outcome: 'aborted' }),
      });
    }
    this.runningTools.clear();
    const hidden = this.noticeCount - exchangeDefaults.noticesShown;
    if (hidden > 0) {
      this.notice(`${hidden} more lines of ${this.options.agentName} could not be read.`);
    }
    this.tellHiddenNotices();
    this.texts.flush();
    this.terminal.resolve(terminal);
    this.options.opts.signal.removeEventListener('abort', this.onAbort);
    this.startTimer?.dispose();
  }

  private tellHiddenNotices(): void {
    const hidden = [...this.noticesByCode.values()].reduce(
      (sum, count) => sum + Math.max(0, count - exchangeDefaults.noticesOfACode),
      0,
    );
    if (hidden > 0) {
      this.tellObservation({
        kind: 'notice',
        level: 'info',
        code: 'notices_left_out',
        text: `${hidden} more notices of ${this.options.agentName} were left out.`,
      });
    }
  }

  private tellHeldCalls(): void {
    try {
      this.parser?.heldCalls?.().forEach((call) => this.emit(call));
    } catch (error) {
      this.options.logger.warn(
        `the last calls of ${this.options.agentName} were not told: ${errorMessage(error)}`,
      );
    }
  }

  private withdrawQuestions(): void {
    const open = [...this.openQuestions];
    this.openQuestions.clear();
    for (const requestId of open) {
      this.tellObservation({ kind: 'permission_withdrawn', requestId });
    }
  }

  private closeChild(): void {
    this.endExchange(() => void this.options.lease.close());
  }

  private endExchange(giveBack: () => void): void {
    if (this.over.isSettled) {
      return;
    }
    this.release();
    giveBack();
    this.over.resolve();
  }

  private release(): void {
    for (const item of [...this.subscriptions.splice(0), ...this.timers]) {
      item.dispose();
    }
    this.timers.clear();
  }

  private schedule(delayMs: number, run: () => void): Disposable {
    const timer = this.options.clock.schedule(delayMs, () => {
      this.timers.delete(timer);
      run();
    });
    this.timers.add(timer);
    return timer;
  }
}

function failed(failure: Failure): TerminalEvent {
  return { kind: 'failed', failure };
}
