import { delay, type Clock } from '../../base/clock';
import { errorMessage } from '../../base/patchbayError';
import { abortedFailure, oneLine, type Failure } from '../../events/failure';
import type {
  ExchangeOptions,
  ModelApi,
  ModelRef,
  NetworkProvider,
  TurnContext,
} from '../contract';
import { nextRetryDelayMs, retryNotice, retryWait, type RetryPolicy } from '../retry';
import { createCallIds } from './callIds';
import { watch } from './deadlines';
import type { NetworkOutput, NetworkProducer } from './producer';
import { fromWireOutput, toWireContext } from './wireToolNames';

/** Each API family behind a lazy import; a family that this composition does not have is left out. */
export type NetworkLoaders = {
  readonly [Api in Exclude<ModelApi, 'external'>]?: () => Promise<NetworkProducer>;
};

export interface NetworkStreamOptions {
  readonly load: NetworkLoaders;
  readonly retry: RetryPolicy;
  readonly clock: Clock;
}

/** The network arm as the broker takes it. */
export type NetworkStream = NetworkProvider['stream'];

/**
 * Gives tools their wire names and takes them back, makes the ids of calls unique in the conversation, chooses the
 * provider by `model.api`, loads it when it is first needed, retries faults that pass by themselves (never after anything
 * of the answer was yielded), and keeps the deadlines of the options. Yields exactly one terminal event,
 * as the last one; never throws. A stop yields `failed` with `aborted`; an already aborted signal loads and sends
 * nothing.
 */
export function createNetworkStream(options: NetworkStreamOptions): NetworkStream {
  return (model, context, exchange) => run(options, model, context, exchange);
}

async function* run(
  { load, retry, clock }: NetworkStreamOptions,
  model: ModelRef,
  context: TurnContext,
  exchange: ExchangeOptions,
): AsyncGenerator<NetworkOutput> {
  if (exchange.signal.aborted) {
    yield { kind: 'failed', failure: abortedFailure() };
    return;
  }
  const producer = await loadProducer(load, model);
  if (producer.kind === 'failed') {
    yield producer;
    return;
  }
  const wire = toWireContext(context);
  const toNewIds = createCallIds(context.messages, exchange.isCallIdTaken);
  for (let retries = 0; ; retries += 1) {
    const attempt = attemptOnce(producer.producer, model, wire.context, exchange, clock);
    let outcome = await attempt.next();
    while (outcome.done !== true) {
      yield toNewIds(fromWireOutput(outcome.value, wire.names));
      outcome = await attempt.next();
    }
    const { failure, hasShown } = outcome.value;
    if (failure === undefined) {
      return;
    }
    const delayMs = hasShown ? undefined : nextRetryDelayMs(retry, failure, retries);
    if (delayMs === undefined) {
      yield { kind: 'failed', failure };
      return;
    }
    yield {
      kind: 'observation',
      observation: {
        kind: 'notice',
        level: 'info',
        code: 'retry',
        text: retryNotice(failure, delayMs),
        retry: retryWait(retry, failure, retries, delayMs),
      },
    };
    await delay(clock, delayMs, exchange.signal);
    if (isAborted(exchange.signal)) {
      yield { kind: 'failed', failure: abortedFailure() };
      return;
    }
  }
}

/** Asked anew after every wait: the compiler believes that an earlier answer still holds. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

type Loaded =
  | { readonly kind: 'loaded'; readonly producer: NetworkProducer }
  | { readonly kind: 'failed'; readonly failure: Failure };

async function loadProducer(load: NetworkLoaders, model: ModelRef): Promise<Loaded> {
  const loader = model.api === 'external' ? undefined : load[model.api];
  if (loader === undefined) {
    const message = `${model.name} cannot be reached from here: nothing in this Patchbay speaks "${model.api}". Choose another model.`;
    return { kind: 'failed', failure: { code: 'runtime_missing', message } };
  }
  try {
    return { kind: 'loaded', producer: await loader() };
  } catch (error) {
    const message = oneLine(
      `The part of Patchbay that talks to ${model.name} could not be loaded: ${errorMessage(error)}. Reinstall the extension, or choose another model.`,
    );
    return { kind: 'failed', failure: { code: 'runtime_missing', message } };
  }
}

/** How one attempt ended; `failure` is held back, because the caller may try again. */
interface AttemptEnd {
  readonly failure?: Failure;
  readonly hasShown: boolean;
}

async function* attemptOnce(
  producer: NetworkProducer,
  model: ModelRef,
  context: TurnContext,
  exchange: ExchangeOptions,
  clock: Clock,
): AsyncGenerator<NetworkOutput, AttemptEnd> {
  let hasShown = false;
  const open = (signal: AbortSignal) => producer.stream(model, context, { ...exchange, signal });
  for await (const next of watch(open, {
    clock,
    ...deadlinesOf(exchange),
    signal: exchange.signal,
  })) {
    switch (next.kind) {
      case 'value':
        break;
      case 'end':
        return { failure: endedEarly(model), hasShown };
      case 'aborted':
        return { failure: abortedFailure(), hasShown };
      case 'timeout':
        return { failure: timeoutFailure(model, next.phase, next.limitMs), hasShown };
      case 'thrown':
        return { failure: thrownFailure(model, next.error), hasShown };
    }
    const output = next.value;
    switch (output.kind) {
      case 'activity':
        break;
      case 'failed':
        return { failure: output.failure, hasShown };
      case 'finish':
        yield output;
        return { hasShown };
      case 'text':
      case 'thinking':
        // An empty piece shows nothing; it matters only when it brings a signature.
        if (output.delta !== '' || ('signature' in output && output.signature !== undefined)) {
          hasShown = true;
          yield output;
        }
        break;
      case 'tool_call':
        hasShown = true;
        yield output;
        break;
      default:
        yield output;
    }
  }
  return { failure: endedEarly(model), hasShown };
}

function deadlinesOf(exchange: ExchangeOptions): {
  startTimeoutMs?: number;
  idleTimeoutMs?: number;
} {
  return {
    ...(exchange.startTimeoutMs === undefined ? {} : { startTimeoutMs: exchange.startTimeoutMs }),
    ...(exchange.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: exchange.idleTimeoutMs }),
  };
}

function timeoutFailure(model: ModelRef, phase: 'start' | 'idle', limitMs: number): Failure {
  const within = limitMs < 1000 ? `${limitMs} ms` : `${Math.round(limitMs / 1000)} s`;
  const what =
    phase === 'start'
      ? `${model.name} did not begin to answer within ${within}`
      : `${model.name} fell silent for ${within}`;
  return {
    code: 'timeout',
    message: `${what}. Your message and what has arrived are kept; try again, or raise the limit in the settings.`,
  };
}

function endedEarly(model: ModelRef): Failure {
  return {
    code: 'stream_cut',
    message: `The answer of ${model.name} ended early. What arrived is kept; send your message again to go on.`,
  };
}

function thrownFailure(model: ModelRef, error: unknown): Failure {
  return {
    code: 'unknown',
    message: oneLine(
      `${model.name} failed: ${errorMessage(error)}. What arrived is kept; try again.`,
    ),
  };
}
