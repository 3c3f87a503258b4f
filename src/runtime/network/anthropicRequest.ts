import { append } from '../../base/append';
import { isString } from '../../base/guard';
import type { ImageContent } from '../../events/message';
import type { ExchangeOptions, ModelRef, ToolSpec, TurnContext } from '../contract';
import { handOver, type HandoverBlock, type HandoverMessage } from '../handover';
import { planThinking, type AnthropicEffort, type AnthropicThinking } from './anthropicThinking';

/** Optional parts of a request that a server (or a model) may refuse; the request is then sent again without. */
export type AnthropicPart =
  'thinking' | 'effort' | 'temperature' | 'metadata' | 'caching' | 'signatures';

interface CacheControl {
  type: 'ephemeral';
  ttl?: '1h';
}

type Cached<T> = T & { cache_control?: CacheControl };
type TextBlock = Cached<{ type: 'text'; text: string }>;
type ImageBlock = Cached<{
  type: 'image';
  source: { type: 'base64'; media_type: ImageContent['mediaType']; data: string };
}>;
type UserBlock =
  | TextBlock
  | ImageBlock
  | Cached<{ type: 'tool_result'; tool_use_id: string; content: string; is_error?: boolean }>;
type AssistantBlock =
  | { type: 'text'; text: string }
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'redacted_thinking'; data: string }
  | { type: 'tool_use'; id: string; name: string; input: unknown };

/** The body of a streaming Messages request; checked against the SDK's type where it is sent. */
export interface AnthropicBody {
  model: string;
  max_tokens: number;
  stream: true;
  messages: (
    { role: 'user'; content: UserBlock[] } | { role: 'assistant'; content: AssistantBlock[] }
  )[];
  system?: TextBlock[];
  tools?: {
    name: string;
    description: string;
    input_schema: { type: 'object'; [field: string]: unknown };
    cache_control?: CacheControl;
  }[];
  thinking?: AnthropicThinking;
  output_config?: { effort: AnthropicEffort };
  temperature?: number;
  metadata?: { user_id: string };
}

/** Asked for when the caller named no number; large enough for a whole file, bounded by the model's own maximum. */
const defaultMaxTokens = 32_000;
/** For a model whose maximum nobody knows: every model of this API takes it. */
const safeMaxTokens = 8_192;
const maxCallIdLength = 64;

/** Builds the body of one turn. Pure. */
export function anthropicBody(
  model: ModelRef,
  context: TurnContext,
  options: ExchangeOptions,
  without: ReadonlySet<AnthropicPart> = new Set(),
): AnthropicBody {
  const maxTokens = boundedMaxTokens(model, options);
  const plan = planThinking({
    model: model.model,
    supportsReasoning: without.has('thinking') ? false : model.supportsReasoning,
    effort: options.reasoning,
    maxTokens,
  });
  const cache = without.has('caching') ? undefined : cacheControl(options);
  const messages = handOver(context.messages, {
    api: model.api,
    provider: model.provider,
    model: model.model,
    maxCallIdLength,
    withoutSignatures: without.has('signatures') || without.has('thinking'),
  });
  const userId = options.metadata?.user_id;
  return {
    model: model.model,
    max_tokens: maxTokens,
    stream: true,
    messages: toWireMessages(messages, cache),
    ...(context.systemPrompt.trim() === ''
      ? {}
      : { system: [{ type: 'text', text: context.systemPrompt, ...cached(cache) }] }),
    ...(context.tools.length === 0
      ? {}
      : {
          // Tools come first in the prefix: the mark of the system prompt covers them, where there is one.
          tools: context.tools.map((tool, index) => ({
            ...toWireTool(tool),
            ...(index === context.tools.length - 1 && context.systemPrompt.trim() === ''
              ? cached(cache)
              : {}),
          })),
        }),
    ...(plan.thinking === undefined ? {} : { thinking: plan.thinking }),
    ...(plan.effort === undefined || without.has('effort')
      ? {}
      : { output_config: { effort: plan.effort } }),
    ...(options.temperature === undefined || !plan.takesTemperature || without.has('temperature')
      ? {}
      : { temperature: options.temperature }),
    ...(userId === undefined || without.has('metadata') ? {} : { metadata: { user_id: userId } }),
  };
}

/** What the caller asked for, else a generous default; never above the model's own maximum. */
function boundedMaxTokens(model: ModelRef, options: Pick<ExchangeOptions, 'maxTokens'>): number {
  const wanted =
    options.maxTokens ?? (model.maxOutputTokens === undefined ? safeMaxTokens : defaultMaxTokens);
  return Math.max(1, Math.min(wanted, model.maxOutputTokens ?? wanted));
}

function cacheControl(options: ExchangeOptions): CacheControl | undefined {
  switch (options.cacheRetention ?? 'short') {
    case 'none':
      return undefined;
    case 'short':
      return { type: 'ephemeral' };
    case 'long':
      return { type: 'ephemeral', ttl: '1h' };
  }
}

function cached(cache: CacheControl | undefined): { cache_control?: CacheControl } {
  return cache === undefined ? {} : { cache_control: cache };
}

/** Results and the words after them share one user message, results first. */
function toWireMessages(
  messages: readonly HandoverMessage[],
  cache: CacheControl | undefined,
): AnthropicBody['messages'] {
  const wire: AnthropicBody['messages'] = [];
  for (const message of messages) {
    if (message.role === 'assistant') {
      wire.push({ role: 'assistant', content: message.blocks.map(toWireBlock) });
      continue;
    }
    const content = toUserBlocks(message);
    const last = wire.at(-1);
    if (last?.role === 'user') {
      append(last.content, content);
    } else {
      wire.push({ role: 'user', content });
    }
  }
  // The end of this request is written for the next one; the end of the one before is where it was written last. Both
  // are marked, because the service looks back from a mark over a few blocks only, and a round may have many.
  const users = wire.filter((message) => message.role === 'user');
  for (const user of users.slice(-2)) {
    const lastBlock = user.content.at(-1);
    if (lastBlock !== undefined) {
      user.content[user.content.length - 1] = { ...lastBlock, ...cached(cache) };
    }
  }
  return wire;
}

function toUserBlocks(message: Exclude<HandoverMessage, { role: 'assistant' }>): UserBlock[] {
  return message.role === 'user'
    ? [
        ...(message.images ?? []).map(toImageBlock),
        ...message.texts.map((text): TextBlock => ({ type: 'text', text })),
      ]
    : message.results.map((result) => ({
        type: 'tool_result',
        tool_use_id: result.callId,
        content: result.text,
        ...(result.isError ? { is_error: true } : {}),
      }));
}

function toImageBlock({ mediaType, data }: ImageContent): ImageBlock {
  return { type: 'image', source: { type: 'base64', media_type: mediaType, data } };
}

function toWireBlock(block: HandoverBlock): AssistantBlock {
  switch (block.kind) {
    case 'text':
      return { type: 'text', text: block.text };
    case 'thinking':
      return block.isRedacted
        ? { type: 'redacted_thinking', data: block.signature }
        : { type: 'thinking', thinking: block.text, signature: block.signature };
    case 'call':
      return { type: 'tool_use', id: block.id, name: block.name, input: block.arguments };
  }
}

function toWireTool(tool: ToolSpec): {
  name: string;
  description: string;
  input_schema: { type: 'object'; [field: string]: unknown };
} {
  const { required, ...schema } = tool.inputSchema;
  const names = Array.isArray(required) ? required.filter(isString) : [];
  return {
    name: tool.name,
    description: tool.description,
    input_schema: { ...schema, type: 'object', ...(names.length === 0 ? {} : { required: names }) },
  };
}
