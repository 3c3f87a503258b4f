import { arrayField, isRecord, stringField } from '../../base/guard';
import type { ImageContent } from '../../events/message';
import type { ExchangeOptions, ModelRef, TurnContext } from '../contract';
import { handOver, type HandoverBlock, type HandoverMessage } from '../handover';
import { withoutPictures } from '../pictures';
import { clampOpenAiEffort, isOpenAiReasoner } from './openaiEffort';

/** Optional parts of a Responses request that a server may refuse. */
export type ResponsesPart =
  | 'summary'
  | 'effort'
  | 'reasoning'
  | 'signatures'
  | 'temperature'
  | 'metadata'
  | 'caching'
  | 'pictures';

interface ReasoningItem {
  type: 'reasoning';
  id: string;
  summary: { type: 'summary_text'; text: string }[];
  encrypted_content: string;
}

type InputPart =
  { type: 'input_text'; text: string } | { type: 'input_image'; image_url: string; detail: 'auto' };

type InputItem =
  | { role: 'user' | 'assistant'; content: string }
  | { role: 'user'; content: InputPart[] }
  | ReasoningItem
  | { type: 'function_call'; call_id: string; name: string; arguments: string }
  | { type: 'function_call_output'; call_id: string; output: string };

/** The body of a streaming Responses request; checked against the SDK's type where it is sent. */
export interface ResponsesBody {
  model: string;
  stream: true;
  store: false;
  input: InputItem[];
  instructions?: string;
  tools?: {
    type: 'function';
    name: string;
    description: string;
    parameters: Record<string, unknown>;
    strict: false;
  }[];
  include?: 'reasoning.encrypted_content'[];
  reasoning?: { effort?: NonNullable<ExchangeOptions['reasoning']>; summary?: 'auto' };
  max_output_tokens?: number;
  temperature?: number;
  metadata?: Record<string, string>;
  prompt_cache_key?: string;
  prompt_cache_retention?: '24h';
}

const maxCallIdLength = 64;
/** The API takes no smaller limit. */
const minOutputTokens = 16;

/** Builds the body of one turn. Pure. Nothing is stored at the server: reasoning goes back as the encrypted item it gave. */
export function responsesBody(
  model: ModelRef,
  context: TurnContext,
  options: ExchangeOptions,
  without: ReadonlySet<ResponsesPart> = new Set(),
): ResponsesBody {
  const told = without.has('pictures') ? withoutPictures(context.messages) : context.messages;
  const messages = handOver(told, {
    api: model.api,
    provider: model.provider,
    model: model.model,
    maxCallIdLength,
    withoutSignatures: without.has('signatures') || without.has('reasoning'),
  });
  const maxTokens = boundedTokens(model, options);
  const caches = !without.has('caching') && options.cacheRetention !== 'none';
  return {
    model: model.model,
    stream: true,
    store: false,
    input: messages.flatMap(toInputItems),
    ...(context.systemPrompt.trim() === '' ? {} : { instructions: context.systemPrompt }),
    ...(context.tools.length === 0
      ? {}
      : {
          tools: context.tools.map((tool) => ({
            type: 'function' as const,
            name: tool.name,
            description: tool.description,
            parameters: { ...tool.inputSchema },
            strict: false as const,
          })),
        }),
    ...reasoningFields(model, options, without),
    ...(maxTokens === undefined ? {} : { max_output_tokens: Math.max(minOutputTokens, maxTokens) }),
    ...(options.temperature === undefined || without.has('temperature') || isOpenAiReasoner(model)
      ? {}
      : { temperature: options.temperature }),
    ...(options.metadata === undefined || without.has('metadata')
      ? {}
      : { metadata: { ...options.metadata } }),
    ...(caches ? { prompt_cache_key: options.sessionId.slice(0, 64) } : {}),
    ...(caches && options.cacheRetention === 'long' ? { prompt_cache_retention: '24h' } : {}),
  };
}

/** What the caller asked for, never above the model's own maximum; undefined leaves it to the server. */
export function boundedTokens(
  model: ModelRef,
  options: Pick<ExchangeOptions, 'maxTokens'>,
): number | undefined {
  return options.maxTokens === undefined
    ? undefined
    : Math.min(options.maxTokens, model.maxOutputTokens ?? options.maxTokens);
}

function reasoningFields(
  model: ModelRef,
  options: ExchangeOptions,
  without: ReadonlySet<ResponsesPart>,
): Pick<ResponsesBody, 'reasoning' | 'include'> {
  const wants =
    isOpenAiReasoner(model) ||
    (options.reasoning !== undefined && model.supportsReasoning !== false);
  if (!wants || without.has('reasoning')) {
    return {};
  }
  const effort =
    options.reasoning === undefined || without.has('effort')
      ? {}
      : { effort: clampOpenAiEffort(model.model, options.reasoning) };
  const summary = without.has('summary') ? {} : { summary: 'auto' as const };
  return { reasoning: { ...effort, ...summary }, include: ['reasoning.encrypted_content'] };
}

function toInputItems(message: HandoverMessage): InputItem[] {
  switch (message.role) {
    case 'user':
      return [toUserItem(message)];
    case 'assistant':
      return message.blocks.flatMap(toAssistantItem);
    case 'tool':
      return message.results.map((result) => ({
        type: 'function_call_output',
        call_id: result.callId,
        // The API has no error mark: the words have to say it.
        output: result.isError ? `Error: ${result.text}` : result.text,
      }));
  }
}

/** Plain text where there are no pictures: every compatible server takes that. */
function toUserItem({ texts, images = [] }: Extract<HandoverMessage, { role: 'user' }>): InputItem {
  if (images.length === 0) {
    return { role: 'user', content: texts.join('\n\n') };
  }
  const pictures = images.map((image): InputPart => ({
    type: 'input_image',
    image_url: dataUrl(image),
    detail: 'auto',
  }));
  const words = texts.map((text): InputPart => ({ type: 'input_text', text }));
  return { role: 'user', content: [...pictures, ...words] };
}

/** A picture as both OpenAI dialects take it. */
export function dataUrl({ mediaType, data }: ImageContent): string {
  return `data:${mediaType};base64,${data}`;
}

function toAssistantItem(block: HandoverBlock): InputItem[] {
  switch (block.kind) {
    case 'text':
      return [{ role: 'assistant', content: block.text }];
    case 'call':
      return [
        {
          type: 'function_call',
          call_id: block.id,
          name: block.name,
          arguments: JSON.stringify(block.arguments),
        },
      ];
    case 'thinking': {
      const item = readReasoningSignature(block.signature);
      return item === undefined ? [] : [item];
    }
  }
}

/** Packs a finished reasoning item into the opaque signature of its thinking block; undefined when it cannot go back. */
export function reasoningSignature(item: unknown): string | undefined {
  const id = stringField(item, 'id');
  const encrypted = stringField(item, 'encrypted_content');
  if (id === undefined || encrypted === undefined) {
    return undefined;
  }
  const summary = (arrayField(item, 'summary') ?? []).flatMap((part) => {
    const text = stringField(part, 'text');
    return text === undefined ? [] : [{ type: 'summary_text', text }];
  });
  return JSON.stringify({ type: 'reasoning', id, summary, encrypted_content: encrypted });
}

function readReasoningSignature(signature: string): ReasoningItem | undefined {
  let value: unknown;
  try {
    value = JSON.parse(signature);
  } catch {
    // Not one of ours (an older session, another API): the model goes on without it.
    return undefined;
  }
  const id = stringField(value, 'id');
  const encrypted = stringField(value, 'encrypted_content');
  if (!isRecord(value) || id === undefined || encrypted === undefined) {
    return undefined;
  }
  const summary = (arrayField(value, 'summary') ?? []).map((part) => ({
    type: 'summary_text' as const,
    text: stringField(part, 'text') ?? '',
  }));
  return { type: 'reasoning', id, summary, encrypted_content: encrypted };
}
