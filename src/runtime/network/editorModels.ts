import { errorMessage, PatchbayError } from '../../base/patchbayError';
import type { JsonObject } from '../../base/json';
import { abortedFailure, oneLine, type Failure } from '../../events/failure';
import type { ExchangeOptions, ModelRef, ToolSpec, TurnContext } from '../contract';
import { handOver, type HandoverMessage } from '../handover';
import type { EditorModelInfo } from '../modelCatalog';
import type { NetworkProducer, ProducerOutput } from './producer';

/** The editor's own language models, as a port. `send` throws PatchbayError of an `EditorModelFault`. */
export interface EditorModelsPort {
  list(): Promise<readonly EditorModelInfo[]>;
  /** May ask the user for consent; only ever called for a prompt that the user sent. */
  send(request: EditorModelRequest, signal: AbortSignal): AsyncIterable<EditorModelPart>;
}

export type EditorModelFault = 'no_consent' | 'blocked' | 'not_found' | 'failed';

export interface EditorModelRequest {
  readonly modelId: string;
  readonly messages: readonly EditorModelMessage[];
  readonly tools: readonly ToolSpec[];
}

export interface EditorModelMessage {
  readonly role: 'user' | 'assistant';
  readonly parts: readonly EditorMessagePart[];
}

export type EditorMessagePart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'call';
      readonly id: string;
      readonly name: string;
      readonly input: JsonObject;
    }
  | { readonly kind: 'result'; readonly callId: string; readonly text: string };

export type EditorModelPart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'call';
      readonly id: string;
      readonly name: string;
      readonly input: JsonObject;
    };

const maxCallIdLength = 64;

/** Turns of the editor's own models. They report no usage and no reason why they stop: a call means `toolUse`. */
export function createEditorModelsProvider(port: EditorModelsPort): NetworkProducer {
  return { stream: (model, context, options) => exchange(port, model, context, options) };
}

async function* exchange(
  port: EditorModelsPort,
  model: ModelRef,
  context: TurnContext,
  options: ExchangeOptions,
): AsyncGenerator<ProducerOutput> {
  const { signal } = options;
  if (signal.aborted) {
    yield { kind: 'failed', failure: abortedFailure() };
    return;
  }
  let hasCalls = false;
  try {
    const request = {
      modelId: model.model,
      messages: editorMessages(model, context),
      tools: context.tools,
    };
    for await (const part of port.send(request, signal)) {
      if (part.kind === 'text') {
        yield { kind: 'text', delta: part.text };
        continue;
      }
      hasCalls = true;
      const { id, name, input } = part;
      yield { kind: 'tool_call', call: { id, name, arguments: input, executedBy: 'host' } };
    }
  } catch (error) {
    yield { kind: 'failed', failure: editorFailure(error, model, options.signal) };
    return;
  }
  yield { kind: 'finish', reason: hasCalls ? 'toolUse' : 'stop' };
}

/** These models know no system role: the system prompt opens the first user message. Pure. */
export function editorMessages(
  model: ModelRef,
  context: TurnContext,
): readonly EditorModelMessage[] {
  const conversation = handOver(context.messages, {
    api: model.api,
    provider: model.provider,
    model: model.model,
    maxCallIdLength,
  });
  const wire: EditorModelMessage[] = [];
  const add = (role: EditorModelMessage['role'], parts: readonly EditorMessagePart[]): void => {
    const last = wire.at(-1);
    if (last?.role === role) {
      wire[wire.length - 1] = { role, parts: [...last.parts, ...parts] };
    } else {
      wire.push({ role, parts });
    }
  };
  if (context.systemPrompt.trim() !== '') {
    add('user', [{ kind: 'text', text: context.systemPrompt }]);
  }
  conversation.forEach((message) =>
    add(message.role === 'assistant' ? 'assistant' : 'user', toParts(message)),
  );
  return wire;
}

function toParts(message: HandoverMessage): readonly EditorMessagePart[] {
  switch (message.role) {
    case 'user':
      return message.texts.map((text) => ({ kind: 'text', text }));
    case 'tool':
      return message.results.map(({ callId, text, isError }) => ({
        kind: 'result',
        callId,
        text: isError ? `Error: ${text}` : text,
      }));
    case 'assistant':
      return message.blocks.flatMap((block): readonly EditorMessagePart[] => {
        switch (block.kind) {
          case 'text':
            return [{ kind: 'text', text: block.text }];
          case 'call':
            return [{ kind: 'call', id: block.id, name: block.name, input: block.arguments }];
          case 'thinking':
            return [];
        }
      });
  }
}

function editorFailure(error: unknown, model: ModelRef, signal: AbortSignal): Failure {
  if (signal.aborted) {
    return abortedFailure();
  }
  const said = oneLine(errorMessage(error));
  if (PatchbayError.is<EditorModelFault>(error, 'no_consent')) {
    return {
      code: 'auth_required',
      message: `The editor has not allowed Patchbay to use ${model.name}. Your message is kept. Send it again and allow it, or manage language model access under Accounts.`,
      detail: said,
    };
  }
  if (PatchbayError.is<EditorModelFault>(error, 'not_found')) {
    return {
      code: 'model_not_found',
      message: `The editor no longer offers ${model.name}. Your message is kept. Sign in to its provider, or choose another model.`,
      detail: said,
    };
  }
  if (PatchbayError.is<EditorModelFault>(error, 'blocked')) {
    return {
      code: 'rate_limited',
      message: oneLine(
        `The editor blocked the request to ${model.name}: a quota is used up or a filter stopped it. What arrived is kept. Try again later, or choose another model. It says: ${said}`,
      ),
      detail: said,
    };
  }
  return {
    code: 'unknown',
    message: oneLine(
      `${model.name} failed in the editor: ${said}. What arrived is kept; try again, or choose another model.`,
    ),
  };
}
