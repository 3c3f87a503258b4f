import OpenAI from 'openai';
import type { ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import type { ResponseCreateParamsStreaming } from 'openai/resources/responses/responses';
import { abortedFailure } from '../../events/failure';
import type { ExchangeOptions, ModelRef, TurnContext } from '../contract';
import { ChatEventParser } from './chatEvents';
import { chatBody, type ChatPart } from './chatRequest';
import { parseEventStream, type EventParser } from './eventStream';
import { createGuardedFetch } from './guardedFetch';
import { displayName, failureOfThrown, type EndpointNames } from './httpFailure';
import { notice, type FetchFunction, type NetworkProducer, type ProducerOutput } from './producer';
import { ResponsesEventParser } from './responsesEvents';
import { responsesBody, type ResponsesPart } from './responsesRequest';
import { refusedNotice, sendTolerantly, type OptionalPart } from './tolerantSend';

export const openaiAddress = 'https://api.openai.com/v1';

/** A model that takes text alone, in the words of OpenAI, Ollama, vLLM, llama.cpp and OpenRouter. */
const picturesRefusal =
  /(not|n't) support.{0,30}(image|vision|multimodal|picture)|(image|vision|multimodal)[^.]{0,40}(not|n't) support|(not|n't) a (multimodal|vision)|missing data required for image|unknown variant .?image_url|no endpoints found that support image/i;

/** Own deadlines are kept by the network stream: the SDK's are moved out of the way. */
const noTimeoutMs = 2_147_483_647;

/** The Responses API over the OpenAI SDK: the SDK sends, this room's parser reads. */
export function createResponsesProvider(fetch: FetchFunction): NetworkProducer {
  return createProvider<ResponsesPart>(fetch, {
    parts: [
      { part: 'summary', refusal: /summar|verified/i },
      { part: 'effort', refusal: /effort/i },
      { part: 'temperature', refusal: /temperature/i },
      { part: 'signatures', refusal: /encrypted|reasoning.{0,20}item|item.{0,60}reasoning/i },
      { part: 'reasoning', refusal: /reasoning|include/i },
      { part: 'metadata', refusal: /metadata/i },
      { part: 'caching', refusal: /prompt_cache/i },
      { part: 'pictures', refusal: picturesRefusal },
    ],
    ofConversation: ['signatures', 'pictures'],
    send: (client, { model, context, options }, without) => {
      const body: ResponseCreateParamsStreaming = responsesBody(model, context, options, without);
      return client.responses.create(body, { signal: options.signal }).asResponse();
    },
    parser: (names) => new ResponsesEventParser(names),
  });
}

/** Chat Completions at any compatible base URL: OpenAI, Ollama, LM Studio, vLLM, OpenRouter and their like. */
export function createChatProvider(fetch: FetchFunction): NetworkProducer {
  return createProvider<ChatPart>(fetch, {
    parts: [
      { part: 'streamOptions', refusal: /stream_options|include_usage/i },
      { part: 'effort', refusal: /reasoning_effort|effort|does not support thinking/i },
      { part: 'temperature', refusal: /temperature/i },
      { part: 'maxTokens', refusal: /max_(completion_)?tokens/i },
      { part: 'reasoningText', refusal: /reasoning_content|reasoning_text|'?reasoning'?/i },
      {
        part: 'tools',
        refusal:
          /(not|n't) support.{0,30}(tool|function)|(tool|function).{0,40}not support|no endpoints found that support tool/i,
      },
      { part: 'pictures', refusal: picturesRefusal },
    ],
    // Each time, so that the user is told of new ones too.
    ofConversation: ['pictures'],
    send: (client, { model, context, options }, without) => {
      const isOpenAiHost = (model.address ?? openaiAddress) === openaiAddress;
      const body: ChatCompletionCreateParamsStreaming = chatBody(
        model,
        context,
        options,
        isOpenAiHost,
        without,
      );
      return client.chat.completions.create(body, { signal: options.signal }).asResponse();
    },
    parser: (names) => new ChatEventParser(names),
  });
}

interface Turn {
  readonly model: ModelRef;
  readonly context: TurnContext;
  readonly options: ExchangeOptions;
}

interface Dialect<Part extends string> {
  readonly parts: readonly OptionalPart<Part>[];
  /** Parts whose refusal says something about this conversation only, not about the server. */
  readonly ofConversation: readonly Part[];
  readonly send: (client: OpenAI, turn: Turn, without: ReadonlySet<Part>) => Promise<Response>;
  readonly parser: (names: EndpointNames) => EventParser;
}

/** What a server refused of the optional parts is remembered per address and model, while this provider lives. */
function createProvider<Part extends string>(
  fetch: FetchFunction,
  dialect: Dialect<Part>,
): NetworkProducer {
  const refusedBy = new Map<string, Set<Part>>();
  return {
    stream: (model, context, options) => {
      const place = `${model.address ?? ''} ${model.model}`;
      const refused = refusedBy.get(place) ?? new Set();
      refusedBy.set(place, refused);
      return exchange(fetch, dialect, refused, { model, context, options });
    },
  };
}

async function* exchange<Part extends string>(
  fetch: FetchFunction,
  dialect: Dialect<Part>,
  refused: Set<Part>,
  turn: Turn,
): AsyncGenerator<ProducerOutput> {
  const { signal } = turn.options;
  const names = endpointNames(turn);
  if (signal.aborted) {
    yield { kind: 'failed', failure: abortedFailure() };
    return;
  }
  if (names.key === undefined && names.address === openaiAddress) {
    const message =
      'OpenAI wants a key and none is set. Your message is kept. Set a key for OpenAI, then try again.';
    yield { kind: 'failed', failure: { code: 'auth_required', message } };
    return;
  }
  const given = new Set(refused);
  let response: Response;
  try {
    const client = createClient(fetch, names, turn.options);
    response = await sendTolerantly({
      parts: dialect.parts,
      refused: given,
      send: (without) => dialect.send(client, turn, without),
    });
  } catch (error) {
    yield { kind: 'failed', failure: failureOfThrown(error, names, signal) };
    return;
  }
  const news = [...given].filter((part) => !refused.has(part));
  if (news.length > 0) {
    yield notice(refusedNotice(names.provider, news), 'part_refused');
  }
  news
    .filter((part) => !dialect.ofConversation.includes(part))
    .forEach((part) => refused.add(part));
  yield* parseEventStream(response, dialect.parser(names), names, signal);
}

function createClient(
  fetch: FetchFunction,
  names: EndpointNames,
  options: ExchangeOptions,
): OpenAI {
  return new OpenAI({
    // The key is put on by the guarded fetch alone; this keeps the SDK from looking for one of its own.
    apiKey: 'set-by-patchbay',
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    baseURL: names.address,
    maxRetries: 0,
    timeout: noTimeoutMs,
    logLevel: 'off',
    fetch: createGuardedFetch({
      fetch,
      baseUrl: names.address,
      ...(names.key === undefined
        ? {}
        : { keyHeader: { name: 'authorization', value: `Bearer ${names.key}` } }),
      ...(options.headers === undefined ? {} : { headers: options.headers }),
    }),
  });
}

function endpointNames({ model, options }: Turn): EndpointNames {
  return {
    provider: model.provider === 'openai' ? 'OpenAI' : displayName(model),
    model: model.model,
    address: (model.address ?? openaiAddress).replace(/(?<!\/)\/+$/, ''),
    ...(options.apiKey === undefined || options.apiKey === '' ? {} : { key: options.apiKey }),
  };
}
