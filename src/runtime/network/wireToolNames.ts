import type { ContentBlock, Message } from '../../events/message';
import type { TurnContext } from '../contract';
import { createToolNames, type ToolNames } from '../toolNames';
import type { NetworkOutput } from './producer';

/** The turn as the APIs take it: every tool has a name that is valid there, in what is offered and in what was said. */
export function toWireContext(context: TurnContext): {
  readonly context: TurnContext;
  readonly names: ToolNames;
} {
  const names = createToolNames([
    ...context.tools.map(({ name }) => name),
    ...context.messages.flatMap(namesIn),
  ]);
  return {
    names,
    context: {
      ...context,
      tools: context.tools.map((tool) => ({ ...tool, name: names.toWire(tool.name) })),
      messages: context.messages.map((message) => toWireMessage(message, names)),
    },
  };
}

/** Our own names in what comes back. */
export function fromWireOutput(output: NetworkOutput, names: ToolNames): NetworkOutput {
  return output.kind === 'tool_call'
    ? { ...output, call: { ...output.call, name: names.fromWire(output.call.name) } }
    : output;
}

/** Only calls that were ours go back as calls; those of an agent are told in words. */
function namesIn(message: Message): readonly string[] {
  return message.role === 'assistant'
    ? message.content.flatMap((block) => (isOurCall(block) ? [block.call.name] : []))
    : [];
}

function toWireMessage(message: Message, names: ToolNames): Message {
  return message.role === 'assistant' && message.content.some(isOurCall)
    ? {
        ...message,
        content: message.content.map((block) =>
          isOurCall(block)
            ? { ...block, call: { ...block.call, name: names.toWire(block.call.name) } }
            : block,
        ),
      }
    : message;
}

function isOurCall(
  block: ContentBlock,
): block is Extract<ContentBlock, { readonly kind: 'tool_call' }> {
  return block.kind === 'tool_call' && block.call.executedBy === 'host';
}
