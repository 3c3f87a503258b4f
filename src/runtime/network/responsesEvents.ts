import { numberField, recordField, stringField } from '../../base/guard';
import type { Failure } from '../../events/failure';
import type { EventParser } from './eventStream';
import { failureOfFault, type EndpointNames } from './httpFailure';
import { notice, type ProducerOutput } from './producer';
import { reasoningSignature } from './responsesRequest';
import { brokenInputFailure, readToolInput } from './toolInput';
import { countField } from '../usageCounts';

/**
 * Parses the events of a streaming Responses answer. Reasoning summaries are thinking, closed by the encrypted item
 * as its signature; function calls are yielded when their item is done; unknown events and items are skipped.
 *
 * Source: the streaming reference of the Responses API.
 */
export class ResponsesEventParser implements EventParser {
  private hasCalls = false;
  private brokenCall: string | undefined;
  private readonly summaryParts = new Set<string>();

  constructor(private readonly names: EndpointNames) {}

  accept(event: unknown): readonly ProducerOutput[] {
    const type = stringField(event, 'type');
    switch (type) {
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        return [
          {
            kind: 'text',
            delta: stringField(event, 'delta') ?? '',
            blockId: `${itemId(event)}:${numberField(event, 'content_index') ?? 0}`,
          },
        ];
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return this.thinking(event);
      case 'response.output_item.done':
        return this.itemDone(recordField(event, 'item'));
      case 'response.completed':
      case 'response.incomplete':
        return this.finish(recordField(event, 'response'));
      case 'response.failed':
        return this.fail(recordField(recordField(event, 'response'), 'error'));
      case 'error':
        return this.fail(recordField(event, 'error') ?? event);
      default:
        return type === undefined ? this.untyped(event) : active;
    }
  }

  /** A Responses answer always ends with one of its closing events. */
  end(): readonly ProducerOutput[] {
    return [];
  }

  private thinking(event: unknown): readonly ProducerOutput[] {
    const blockId = itemId(event);
    const part = `${blockId}:${numberField(event, 'summary_index') ?? numberField(event, 'content_index') ?? 0}`;
    const isNewPart = !this.summaryParts.has(part);
    const follows =
      isNewPart && [...this.summaryParts].some((seen) => seen.startsWith(`${blockId}:`));
    this.summaryParts.add(part);
    const delta = stringField(event, 'delta') ?? '';
    return [{ kind: 'thinking', delta: follows ? `\n\n${delta}` : delta, blockId }];
  }

  private itemDone(item: unknown): readonly ProducerOutput[] {
    switch (stringField(item, 'type')) {
      case 'reasoning': {
        const signature = reasoningSignature(item);
        return signature === undefined
          ? active
          : [{ kind: 'thinking', delta: '', blockId: stringField(item, 'id') ?? '', signature }];
      }
      case 'function_call':
        return this.call(item);
      default:
        return active;
    }
  }

  private call(item: unknown): readonly ProducerOutput[] {
    const name = stringField(item, 'name') ?? '';
    const input = readToolInput(stringField(item, 'arguments') ?? '');
    if (input.kind === 'broken' || stringField(item, 'status') === 'incomplete') {
      this.brokenCall = name;
      return active;
    }
    this.hasCalls = true;
    const id = stringField(item, 'call_id') ?? stringField(item, 'id') ?? '';
    return [{ kind: 'tool_call', call: { id, name, arguments: input.input, executedBy: 'host' } }];
  }

  private finish(response: unknown): readonly ProducerOutput[] {
    const usage = usageOutputs(recordField(response, 'usage'));
    const why = stringField(recordField(response, 'incomplete_details'), 'reason');
    if (why === 'content_filter') {
      return [...usage, { kind: 'failed', failure: filteredFailure(this.names) }];
    }
    const isLength = why !== undefined || stringField(response, 'status') === 'incomplete';
    if (this.brokenCall !== undefined && !isLength) {
      return [
        ...usage,
        { kind: 'failed', failure: brokenInputFailure(this.names.model, this.brokenCall) },
      ];
    }
    const cut =
      this.brokenCall === undefined
        ? []
        : [
            notice(
              `The answer reached its length limit inside a call of ${this.brokenCall}; that call was left out.`,
              'call_cut',
              'warning',
            ),
          ];
    return [
      ...cut,
      ...usage,
      { kind: 'finish', reason: isLength ? 'length' : this.hasCalls ? 'toolUse' : 'stop' },
    ];
  }

  /** Some compatible servers send a bare error object. */
  private untyped(event: unknown): readonly ProducerOutput[] {
    const error = recordField(event, 'error');
    return error === undefined ? [] : this.fail(error);
  }

  private fail(error: unknown): readonly ProducerOutput[] {
    const type = stringField(error, 'code') ?? stringField(error, 'type');
    const message = stringField(error, 'message') ?? 'no reason given';
    const failure = failureOfFault(
      { message, ...(type === undefined ? {} : { type }) },
      this.names,
    );
    return [{ kind: 'failed', failure }];
  }
}

export function filteredFailure(names: EndpointNames): Failure {
  return {
    code: 'invalid_request',
    message: `${names.provider} stopped the answer with its content filter. What arrived is kept; word the request differently, or choose another model.`,
  };
}

function usageOutputs(usage: unknown): readonly ProducerOutput[] {
  const inputTokens = countField(usage, 'input_tokens');
  const outputTokens = countField(usage, 'output_tokens');
  if (inputTokens === undefined && outputTokens === undefined) {
    return [];
  }
  const cached = countField(recordField(usage, 'input_tokens_details'), 'cached_tokens');
  return [
    {
      kind: 'observation',
      observation: {
        kind: 'usage',
        usage: {
          // This API counts cached tokens among the input; ours are apart, so that the sum is the context.
          ...(inputTokens === undefined
            ? {}
            : { inputTokens: Math.max(0, inputTokens - (cached ?? 0)) }),
          ...(outputTokens === undefined ? {} : { outputTokens }),
          ...(cached === undefined ? {} : { cacheReadTokens: cached }),
          reportedBy: 'provider',
        },
      },
    },
  ];
}

function itemId(event: unknown): string {
  return stringField(event, 'item_id') ?? `item-${numberField(event, 'output_index') ?? 0}`;
}

const active: readonly ProducerOutput[] = [{ kind: 'activity' }];
