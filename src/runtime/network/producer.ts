import type { NormalizedEvent } from '../../events/normalizedEvent';
import type { Observation } from '../../events/observation';
import type { ExchangeOptions, ModelRef, TurnContext } from '../contract';

/** What the network arm yields: events of the closed union and, beside them, observations. */
export type NetworkOutput =
  NormalizedEvent | { readonly kind: 'observation'; readonly observation: Observation };

/**
 * What one provider yields. `activity` says that the server is at work without having anything to show yet (a tool
 * call's input arriving piece by piece); it feeds the idle deadline and goes no further.
 */
export type ProducerOutput = NetworkOutput | { readonly kind: 'activity' };

/**
 * One family of network APIs. Yields at most one terminal event (`finish` or `failed`) and nothing after it; never
 * retries; may throw. Any `NetworkProvider` of the contract is one.
 */
export interface NetworkProducer {
  stream(
    model: ModelRef,
    context: TurnContext,
    options: ExchangeOptions,
  ): AsyncIterable<ProducerOutput>;
}

/** The platform's `fetch`, as a parameter. */
export type FetchFunction = (
  input: string | URL | Request,
  init?: RequestInit,
) => Promise<Response>;

export function notice(
  text: string,
  code: string,
  level: 'info' | 'warning' = 'info',
): NetworkOutput {
  return { kind: 'observation', observation: { kind: 'notice', level, text, code } };
}
