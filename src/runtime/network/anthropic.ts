import { BaseAnthropic } from '@anthropic-ai/sdk';
import type { MessageCreateParamsStreaming } from '@anthropic-ai/sdk/resources/messages';
import { abortedFailure } from '../../events/failure';
import type { ExchangeOptions, ModelRef, TurnContext } from '../contract';
import { AnthropicEventParser } from './anthropicEvents';
import { anthropicBody, type AnthropicPart } from './anthropicRequest';
import { claudeVersion } from './anthropicThinking';
import { parseEventStream } from './eventStream';
import { createGuardedFetch } from './guardedFetch';
import { displayName, failureOfThrown, type EndpointNames } from './httpFailure';
import { notice, type FetchFunction, type NetworkProducer, type ProducerOutput } from './producer';
import { refusedNotice, sendTolerantly, type OptionalPart } from './tolerantSend';

export const anthropicAddress = 'https://api.anthropic.com';

const optionalParts: readonly OptionalPart<AnthropicPart>[] = [
  { part: 'temperature', refusal: /temperature/i },
  { part: 'effort', refusal: /output_config|effort/i },
  { part: 'signatures', refusal: /signature|redacted|thinking.{0,40}block|block.{0,40}thinking/i },
  { part: 'thinking', refusal: /thinking|budget_tokens/i },
  { part: 'metadata', refusal: /metadata/i },
  { part: 'caching', refusal: /cache_control/i },
];

/** Own deadlines are kept by the network stream: the SDK's are moved out of the way. */
const noTimeoutMs = 2_147_483_647;

/**
 * The Messages API over the Anthropic SDK: the SDK sends, this module's parser reads. What a server refused of the
 * optional parts is remembered per address and model, for as long as this provider lives.
 */
export function createAnthropicProvider(fetch: FetchFunction): NetworkProducer {
  const refusedBy = new Map<string, Set<AnthropicPart>>();
  return {
    stream: (model, context, options) => {
      const place = `${model.address ?? ''} ${model.model}`;
      const refused = refusedBy.get(place) ?? new Set();
      refusedBy.set(place, refused);
      return exchange({ fetch, refused, model, context, options });
    },
  };
}

interface Exchange {
  readonly fetch: FetchFunction;
  readonly refused: Set<AnthropicPart>;
  readonly model: ModelRef;
  readonly context: TurnContext;
  readonly options: ExchangeOptions;
}

async function* exchange({
  fetch,
  refused,
  model,
  context,
  options,
}: Exchange): AsyncGenerator<ProducerOutput> {
  const { signal } = options;
  const names = endpointNames(model, options);
  if (signal.aborted) {
    yield { kind: 'failed', failure: abortedFailure() };
    return;
  }
  if (names.key === undefined && names.address === anthropicAddress) {
    yield { kind: 'failed', failure: missingKey() };
    return;
  }
  const given = new Set(refused);
  let response: Response;
  try {
    const client = createClient(fetch, names, options);
    response = await sendTolerantly({
      parts: optionalParts,
      refused: given,
      send: (without) => {
        const body: MessageCreateParamsStreaming = anthropicBody(model, context, options, without);
        return client
          .post('/v1/messages', { body, stream: true, signal, headers: betaHeaders(body, names) })
          .asResponse();
      },
    });
  } catch (error) {
    yield { kind: 'failed', failure: failureOfThrown(error, names, signal) };
    return;
  }
  const news = [...given].filter((part) => !refused.has(part));
  if (news.length > 0) {
    yield notice(refusedNotice(names.provider, news), 'part_refused');
  }
  // Signatures belong to a conversation, the other parts to the server.
  news.filter((part) => part !== 'signatures').forEach((part) => refused.add(part));
  yield* parseEventStream(response, new AnthropicEventParser(names), names, signal);
}

function createClient(
  fetch: FetchFunction,
  names: EndpointNames,
  options: ExchangeOptions,
): BaseAnthropic {
  return new BaseAnthropic({
    // The key is put on by the guarded fetch alone; this keeps the SDK from looking for one of its own.
    apiKey: 'set-by-patchbay',
    webhookKey: null,
    baseURL: names.address,
    maxRetries: 0,
    timeout: noTimeoutMs,
    logLevel: 'off',
    openTelemetry: false,
    fetch: createGuardedFetch({
      fetch,
      baseUrl: names.address,
      ...(names.key === undefined ? {} : { keyHeader: { name: 'x-api-key', value: names.key } }),
      ...(options.headers === undefined ? {} : { headers: options.headers }),
    }),
  });
}

function endpointNames(model: ModelRef, options: ExchangeOptions): EndpointNames {
  // The SDK adds `/v1/messages`; people paste addresses with `/v1` as other APIs want them.
  const address = (model.address ?? anthropicAddress)
    .replace(/(?<!\/)\/+$/, '')
    .replace(/\/v1$/, '');
  return {
    provider: model.provider === 'anthropic' ? 'Anthropic' : displayName(model),
    model: model.model,
    address,
    ...(options.apiKey === undefined || options.apiKey === '' ? {} : { key: options.apiKey }),
  };
}

/** Models with a thinking budget think between tool calls only when asked; the adaptive ones do by themselves. */
function betaHeaders(
  body: MessageCreateParamsStreaming,
  names: EndpointNames,
): Record<string, string> {
  const wantsInterleaving =
    body.thinking?.type === 'enabled' &&
    names.address === anthropicAddress &&
    (claudeVersion(body.model) ?? 0) >= 4;
  return wantsInterleaving ? { 'anthropic-beta': 'interleaved-thinking-2025-05-14' } : {};
}

function missingKey(): { readonly code: 'auth_required'; readonly message: string } {
  return {
    code: 'auth_required',
    message:
      'Anthropic wants a key and none is set. Your message is kept. Set a key for Anthropic, then try again.',
  };
}
