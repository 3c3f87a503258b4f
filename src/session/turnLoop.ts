import { createId } from '../base/ids';
import { errorMessage } from '../base/patchbayError';
import type { AssistantMessage, Message, ToolResultMessage } from '../events/message';
import type { NormalizedEvent } from '../events/normalizedEvent';
import type { Observation, PermissionRequest } from '../events/observation';
import { toolError, type ToolCall, type ToolResult } from '../events/toolCall';
import type { PermissionMode } from '../gate/contract';
import type {
  DelegatedCall,
  ExchangeOptions,
  ExchangeStream,
  ModelRef,
  TurnContext,
} from '../runtime/contract';
import type { ChangeWatch } from '../tools/changeWatch';
import {
  takenBack,
  type CallContext,
  type CallProgress,
  type ToolOrchestrator,
} from '../tools/contract';
import { describeCall } from '../tools/toolRun';
import { offeredTools } from './offeredTools';
import { keptResult } from './toolItems';

/** What a turn is made with. One object per turn: model, mode and key are those of its start (the broker is asked every turn). */
export interface TurnSetup {
  readonly turnId: string;
  readonly sessionId: string;
  readonly model: ModelRef;
  readonly asker: string;
  readonly mode: () => PermissionMode;
  readonly systemPrompt: string;
  readonly cwd: string | undefined;
  readonly signal: AbortSignal;
  readonly apiKey: string | undefined;
  readonly options: Partial<
    Pick<
      ExchangeOptions,
      | 'reasoning'
      | 'extraFolders'
      | 'onAgentInfo'
      | 'startTimeoutMs'
      | 'idleTimeoutMs'
      | 'closeTimeoutMs'
      | 'resume'
      | 'maxTokens'
      | 'isCallIdTaken'
    >
  >;
}

/** Where a turn's news go, in order. Messages are final: the transcript and the session file take them from here. */
export interface TurnListener {
  onEvent(event: NormalizedEvent): void;
  /** `kept`: of a tool's result, what the turn keeps of it. */
  onObservation(observation: Observation, kept?: ToolResult): void;
  onProgress(callId: string, progress: CallProgress): void;
  onToolResult(call: ToolCall, result: ToolResult): void;
  onMessage(message: Message): void;
}

export interface TurnDeps {
  readonly exchange: (
    model: ModelRef,
    context: TurnContext,
    opts: ExchangeOptions,
  ) => ExchangeStream;
  readonly orchestrator: ToolOrchestrator;
  /** The messages to send: the window of the conversation within budget. */
  readonly messages: () => readonly Message[];
  /** Before the next request of the running turn: what the user said meanwhile is put behind the tools' results. */
  readonly beforeNextRound?: () => void;
  readonly nowMs: () => number;
  /** Follows what an agent changes without asking; undefined for a model that cannot. */
  readonly watchChanges?: (setup: TurnSetup) => Promise<ChangeWatch | undefined>;
}

/** A run of a model that never stops calling tools ends here and asks. */
export const maxRoundsPerTurn = 100;

/**
 * Produces one turn: exchange, our tools, exchange again, until the model stops. A child's own calls are authorized and
 * audited, never executed. Resolves with the last assistant message; never rejects.
 */
export async function runTurn(
  deps: TurnDeps,
  setup: TurnSetup,
  listener: TurnListener,
): Promise<AssistantMessage> {
  const cost = new TurnCost();
  for (let round = 1; ; round += 1) {
    const message = await runExchange(deps, { ...setup, cost }, listener);
    const calls = message.content.flatMap((block) =>
      block.kind === 'tool_call' && block.call.executedBy === 'host' ? [block.call] : [],
    );
    if (message.stopReason !== 'toolUse' || calls.length === 0) {
      // Calls of a message that did not end in their use are never run; the pair stays whole for the next request.
      for (const call of calls) {
        settle(
          deps,
          listener,
          call,
          toolError('Not run: the turn ended before this call.', { outcome: 'aborted' }),
        );
      }
      return message;
    }
    const results = await deps.orchestrator.executeAll(calls, (call) => ({
      ...callContext({ ...setup, cost }, listener, call),
      // On another branch of the conversation a model may well use an id again.
      claimId: `${setup.turnId}/${round}/${call.id}`,
    }));
    calls.forEach((call, index) => {
      settle(deps, listener, call, results[index] ?? toolError('The tool gave no result.'));
    });
    if (setup.signal.aborted) {
      return { ...message, stopReason: 'aborted', errorMessage: 'Stopped.' };
    }
    if (round >= maxRoundsPerTurn) {
      listener.onObservation({
        kind: 'notice',
        level: 'warning',
        text: `Paused after ${maxRoundsPerTurn} rounds of tool calls. Send a message to go on.`,
      });
      return message;
    }
    deps.beforeNextRound?.();
  }
}

/** Runs a call that the user made, on the one way that a model's calls take too: rules, question, audit. Never rejects. */
export function runOwnCall(
  orchestrator: ToolOrchestrator,
  call: ToolCall,
  context: CallContext,
): Promise<ToolResult> {
  return orchestrator.execute(call, context);
}

/** What a turn has cost, as far as anybody says: the exchanges that are over, and the newest word of the running one. */
class TurnCost {
  private beforeUsd: number | undefined;
  private runningUsd: number | undefined;

  usd(): number | undefined {
    return this.beforeUsd === undefined && this.runningUsd === undefined
      ? undefined
      : (this.beforeUsd ?? 0) + (this.runningUsd ?? 0);
  }

  noteUsage(costUsd: number | undefined): void {
    this.runningUsd = costUsd ?? this.runningUsd;
  }

  endExchange(costUsd: number | undefined): void {
    this.noteUsage(costUsd);
    this.beforeUsd = this.usd();
    this.runningUsd = undefined;
  }
}

interface RunningTurn extends TurnSetup {
  readonly cost: TurnCost;
}

async function runExchange(
  deps: TurnDeps,
  setup: RunningTurn,
  listener: TurnListener,
): Promise<AssistantMessage> {
  const isExternal = setup.model.runtime !== undefined;
  const watch = isExternal ? await deps.watchChanges?.(setup) : undefined;
  try {
    return await runWatched(deps, setup, listener, watch);
  } catch (error) {
    // A watch that is never ended would take everything that follows for the agent's.
    await watch?.end(undefined);
    throw error;
  }
}

async function runWatched(
  deps: TurnDeps,
  setup: RunningTurn,
  listener: TurnListener,
  watch: ChangeWatch | undefined,
): Promise<AssistantMessage> {
  const isExternal = setup.model.runtime !== undefined;
  let lastCallId: string | undefined;
  const childResults = new Map<string, ToolResult>();
  const childCalls = new Map<string, ToolCall>();
  const questions = new Map<string, AbortController>();
  const background: Promise<void>[] = [];

  const asked = new Set<string>();

  const authorize = async (request: PermissionRequest): Promise<void> => {
    const withdrawn = new AbortController();
    questions.set(request.requestId, withdrawn);
    asked.add(request.callId);
    const call: ToolCall = {
      id: request.callId,
      name: request.toolName,
      arguments: request.input,
      executedBy: 'child',
    };
    childCalls.set(call.id, childCalls.get(call.id) ?? call);
    const context = callContext(
      setup,
      listener,
      call,
      AbortSignal.any([setup.signal, withdrawn.signal]),
    );
    try {
      request.reply(await deps.orchestrator.authorize(request, context));
    } catch (error) {
      request.reply({
        kind: 'deny',
        message: `Denied: the permission check failed (${errorMessage(error)}).`,
      });
    } finally {
      questions.delete(request.requestId);
    }
  };

  /** The tools of ours that ran for a call of the agent. */
  const delegated = new Set<string>();
  /** A call that we ran for without its own question was audited when that was done. */
  const isSettledByUs = (callId: string): boolean => delegated.has(callId) && !asked.has(callId);
  /** Nobody waits for a delegated call of an exchange that is over. */
  const ended = new AbortController();
  const delegate = (call: DelegatedCall): Promise<ToolResult> => {
    delegated.add(call.callId);
    const signal = AbortSignal.any([
      setup.signal,
      ended.signal,
      ...(call.signal === undefined ? [] : [takenBackBy(call.signal)]),
    ]);
    const own: ToolCall = {
      id: call.callId,
      name: call.toolName,
      arguments: call.input,
      executedBy: 'host',
    };
    const context = callContext(setup, listener, own, signal);
    return deps.orchestrator.execute(own, {
      ...context,
      claimId: createId('delegated'),
      onProgress: (progress) => {
        if (progress.kind === 'output') {
          call.onOutput?.(progress.text);
        }
        context.onProgress(progress);
      },
    });
  };

  const stream = deps.exchange(
    setup.model,
    {
      systemPrompt: setup.systemPrompt,
      messages: deps.messages(),
      tools: offeredTools(deps.orchestrator, setup.model, setup.mode()),
    },
    {
      ...setup.options,
      signal: setup.signal,
      sessionId: setup.sessionId,
      mode: setup.mode(),
      ...(isExternal ? { delegate } : {}),
      ...(setup.cwd === undefined ? {} : { cwd: setup.cwd }),
      ...(setup.apiKey === undefined ? {} : { apiKey: setup.apiKey }),
      onEvent: (event) => {
        if (event.kind === 'tool_call' && event.call.executedBy === 'child') {
          childCalls.set(event.call.id, event.call);
          lastCallId = event.call.id;
          watch?.callStarted(event.call.id, describeCall(event.call.name, event.call.arguments));
        }
        listener.onEvent(event);
      },
      observe: (observation) => {
        const kept =
          observation.kind === 'tool_result' ? keptResult(observation.result) : undefined;
        listener.onObservation(observation, kept);
        if (observation.kind === 'usage') {
          setup.cost.noteUsage(observation.usage.costUsd);
        }
        if (observation.kind === 'permission_request') {
          background.push(authorize(observation.request));
        } else if (observation.kind === 'permission_withdrawn') {
          questions.get(observation.requestId)?.abort(takenBack);
        } else if (observation.kind === 'file_change') {
          watch?.note(observation.callId ?? lastCallId ?? setup.turnId, observation.paths);
        } else if (observation.kind === 'tool_result') {
          childResults.set(observation.callId, kept ?? observation.result);
          watch?.callEnded(observation.callId);
          const call = childCalls.get(observation.callId);
          if (call !== undefined && !isSettledByUs(call.id)) {
            background.push(
              deps.orchestrator.noteChildResult(
                call,
                observation.result,
                callContext(setup, listener, call),
              ),
            );
          }
        }
      },
    },
  );

  const message = await stream.result();
  setup.cost.endExchange(message.usage?.costUsd);
  ended.abort();
  for (const question of questions.values()) {
    question.abort();
  }
  await Promise.allSettled(background);
  const noResult = toolError('The agent reported no result.', { outcome: 'aborted' });
  for (const call of childCalls.values()) {
    if (!childResults.has(call.id) && !isSettledByUs(call.id)) {
      // Every decision gets its outcome in the audit log, also for an agent that died in between.
      await deps.orchestrator.noteChildResult(call, noResult, callContext(setup, listener, call));
    }
  }
  await watch?.end(lastCallId);
  listener.onMessage(message);
  for (const block of message.content) {
    if (block.kind === 'tool_call' && block.call.executedBy === 'child') {
      const result = childResults.get(block.call.id) ?? noResult;
      listener.onMessage(resultMessage(deps, block.call, result));
    }
  }
  return message;
}

/** Ends with a call that the agent itself gave up: what it proposed goes with it. */
function takenBackBy(signal: AbortSignal): AbortSignal {
  const own = new AbortController();
  const end = (): void => own.abort(takenBack);
  if (signal.aborted) {
    end();
  } else {
    signal.addEventListener('abort', end, { once: true });
  }
  return own.signal;
}

function settle(deps: TurnDeps, listener: TurnListener, call: ToolCall, result: ToolResult): void {
  listener.onToolResult(call, result);
  listener.onMessage(resultMessage(deps, call, result));
}

function resultMessage(deps: TurnDeps, call: ToolCall, result: ToolResult): ToolResultMessage {
  return { role: 'tool', callId: call.id, toolName: call.name, result, createdAtMs: deps.nowMs() };
}

function callContext(
  setup: RunningTurn,
  listener: TurnListener,
  call: ToolCall,
  signal: AbortSignal = setup.signal,
): CallContext {
  return {
    sessionId: setup.sessionId,
    turnId: setup.turnId,
    modelId: setup.model.id,
    asker: setup.asker,
    ...(setup.model.runtime === undefined ? {} : { bridge: setup.model.runtime.adapter }),
    mode: setup.mode(),
    ...(setup.cwd === undefined ? {} : { cwd: setup.cwd }),
    signal,
    runCostUsd: () => setup.cost.usd(),
    onProgress: (progress) => listener.onProgress(call.id, progress),
  };
}
