import type { ExchangeOptions, ModelRef, TurnContext } from '../contract';
import { handOver, type HandoverMessage } from '../handover';
import { withoutPictures } from '../pictures';
import { clampOpenAiEffort } from './openaiEffort';
import { boundedTokens, dataUrl } from './responsesRequest';

/** Optional parts of a Chat Completions request that one or another compatible server refuses. */
export type ChatPart =
  'streamOptions' | 'effort' | 'temperature' | 'maxTokens' | 'reasoningText' | 'tools' | 'pictures';

interface AssistantMessage {
  role: 'assistant';
  content: string | null;
  tool_calls?: { id: string; type: 'function'; function: { name: string; arguments: string } }[];
  reasoning_content?: string;
  reasoning?: string;
  reasoning_text?: string;
}

type ChatPictureOrText =
  { type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string } };

/** The body of a streaming Chat Completions request; checked against the SDK's type where it is sent. */
export interface ChatBody {
  model: string;
  stream: true;
  messages: (
    | { role: 'system' | 'user'; content: string }
    | { role: 'user'; content: ChatPictureOrText[] }
    | AssistantMessage
    | { role: 'tool'; tool_call_id: string; content: string }
  )[];
  stream_options?: { include_usage: true };
  tools?: {
    type: 'function';
    function: { name: string; description: string; parameters: Record<string, unknown> };
  }[];
  max_tokens?: number;
  max_completion_tokens?: number;
  temperature?: number;
  reasoning_effort?: NonNullable<ExchangeOptions['reasoning']>;
}

/** The fields in which servers stream their reasoning; the name found is kept as the thinking block's signature. */
export const reasoningFieldNames = ['reasoning_content', 'reasoning', 'reasoning_text'] as const;

/** OpenAI's own limit; other servers take more. */
const maxCallIdLength = 40;

/** Builds the body of one turn. Pure. `isOpenAiHost` chooses the name of the token limit: others know only the old one. */
export function chatBody(
  model: ModelRef,
  context: TurnContext,
  options: ExchangeOptions,
  isOpenAiHost: boolean,
  without: ReadonlySet<ChatPart> = new Set(),
): ChatBody {
  const told = without.has('pictures') ? withoutPictures(context.messages) : context.messages;
  const messages = handOver(told, {
    api: model.api,
    provider: model.provider,
    model: model.model,
    maxCallIdLength,
    keepsOwnCallIds: true,
    withoutSignatures: without.has('reasoningText'),
  });
  const maxTokens = without.has('maxTokens') ? undefined : boundedTokens(model, options);
  const hasTools = context.tools.length > 0 && !without.has('tools');
  return {
    model: model.model,
    stream: true,
    messages: [
      ...(context.systemPrompt.trim() === ''
        ? []
        : [{ role: 'system' as const, content: context.systemPrompt }]),
      ...messages.flatMap(toWireMessages),
    ],
    ...(without.has('streamOptions') ? {} : { stream_options: { include_usage: true } }),
    ...(hasTools
      ? {
          tools: context.tools.map((tool) => ({
            type: 'function' as const,
            function: {
              name: tool.name,
              description: tool.description,
              parameters: { ...tool.inputSchema },
            },
          })),
        }
      : {}),
    ...(maxTokens === undefined
      ? {}
      : isOpenAiHost
        ? { max_completion_tokens: maxTokens }
        : { max_tokens: maxTokens }),
    ...(options.temperature === undefined || without.has('temperature')
      ? {}
      : { temperature: options.temperature }),
    ...(options.reasoning === undefined ||
    model.supportsReasoning === false ||
    without.has('effort')
      ? {}
      : { reasoning_effort: clampOpenAiEffort(model.model, options.reasoning) }),
  };
}

function toWireMessages(message: HandoverMessage): ChatBody['messages'] {
  switch (message.role) {
    case 'user':
      return [toUser(message)];
    case 'assistant':
      return [toAssistant(message)];
    case 'tool':
      return message.results.map((result) => ({
        role: 'tool',
        tool_call_id: result.callId,
        content: result.isError ? `Error: ${result.text}` : result.text,
      }));
  }
}

/** Plain text where there are no pictures: many servers know nothing else. */
function toUser({
  texts,
  images = [],
}: Extract<HandoverMessage, { role: 'user' }>): ChatBody['messages'][number] {
  if (images.length === 0) {
    return { role: 'user', content: texts.join('\n\n') };
  }
  const pictures = images.map((image): ChatPictureOrText => ({
    type: 'image_url',
    image_url: { url: dataUrl(image) },
  }));
  const words = texts.map((text): ChatPictureOrText => ({ type: 'text', text }));
  return { role: 'user', content: [...pictures, ...words] };
}

function toAssistant(message: Extract<HandoverMessage, { role: 'assistant' }>): AssistantMessage {
  const text = message.blocks
    .flatMap((block) => (block.kind === 'text' ? [block.text] : []))
    .join('\n\n');
  const calls = message.blocks.flatMap((block) =>
    block.kind === 'call'
      ? [
          {
            id: block.id,
            type: 'function' as const,
            function: { name: block.name, arguments: JSON.stringify(block.arguments) },
          },
        ]
      : [],
  );
  const wire: AssistantMessage = {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
  };
  for (const block of message.blocks) {
    const field =
      block.kind === 'thinking'
        ? reasoningFieldNames.find((name) => name === block.signature)
        : undefined;
    if (field !== undefined && block.kind === 'thinking') {
      wire[field] = `${wire[field] ?? ''}${block.text}`;
    }
  }
  if (calls.length > 0) {
    wire.tool_calls = calls;
  }
  return wire;
}
