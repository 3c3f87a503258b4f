import { isRecord, numberField, recordField, stringField } from '../../base/guard';
import type { Failure } from '../../events/failure';
import type { FinishReason } from '../../events/normalizedEvent';
import type { Usage } from '../../events/usage';
import { failureOfFault, type EndpointNames } from './httpFailure';
import { notice, type ProducerOutput } from './producer';
import type { EventParser } from './eventStream';
import { brokenInputFailure, readToolInput } from './toolInput';
import { countField } from '../usageCounts';

interface OpenBlock {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  json: string;
}

/**
 * Parses the events of a streaming Messages answer. Tool calls are yielded when their block is complete; unknown
 * events, blocks and deltas are skipped.
 *
 * Source: the streaming reference of the Messages API.
 */
export class AnthropicEventParser implements EventParser {
  private readonly blocks = new Map<number, OpenBlock>();
  private messageId = 'message';
  private usage: Usage = { reportedBy: 'provider' };
  private stopReason: string | undefined;
  private hasCalls = false;
  private brokenCall: string | undefined;

  constructor(private readonly names: EndpointNames) {}

  accept(event: unknown): readonly ProducerOutput[] {
    switch (stringField(event, 'type')) {
      case 'message_start':
        return this.messageStart(recordField(event, 'message'));
      case 'content_block_start':
        return this.blockStart(
          numberField(event, 'index') ?? 0,
          recordField(event, 'content_block'),
        );
      case 'content_block_delta':
        return this.blockDelta(numberField(event, 'index') ?? 0, recordField(event, 'delta'));
      case 'content_block_stop':
        return this.blockStop(numberField(event, 'index') ?? 0);
      case 'message_delta':
        this.stopReason =
          stringField(recordField(event, 'delta'), 'stop_reason') ?? this.stopReason;
        this.noteUsage(recordField(event, 'usage'));
        return this.stopReason === 'refusal'
          ? this.refused(recordField(recordField(event, 'delta'), 'stop_details'))
          : active;
      case 'message_stop':
        return this.finish();
      case 'error': {
        const error = recordField(event, 'error');
        const type = stringField(error, 'type');
        const message = stringField(error, 'message') ?? 'no reason given';
        return this.fail(
          failureOfFault({ message, ...(type === undefined ? {} : { type }) }, this.names),
        );
      }
      default:
        return [];
    }
  }

  /** A Messages answer always ends with `message_stop`. */
  end(): readonly ProducerOutput[] {
    return [];
  }

  private messageStart(message: unknown): readonly ProducerOutput[] {
    this.messageId = stringField(message, 'id') ?? this.messageId;
    this.noteUsage(recordField(message, 'usage'));
    return active;
  }

  private blockStart(index: number, block: unknown): readonly ProducerOutput[] {
    const type = stringField(block, 'type') ?? '';
    this.blocks.set(index, {
      type,
      id: stringField(block, 'id') ?? '',
      name: stringField(block, 'name') ?? '',
      json: '',
    });
    const blockId = this.blockId(index);
    switch (type) {
      case 'text':
        return [{ kind: 'text', delta: stringField(block, 'text') ?? '', blockId }];
      case 'thinking':
        return [{ kind: 'thinking', delta: stringField(block, 'thinking') ?? '', blockId }];
      case 'redacted_thinking': {
        const signature = stringField(block, 'data') ?? '';
        return [{ kind: 'thinking', delta: '', blockId, signature, isRedacted: true }];
      }
      default:
        return active;
    }
  }

  private blockDelta(index: number, delta: unknown): readonly ProducerOutput[] {
    const blockId = this.blockId(index);
    switch (stringField(delta, 'type')) {
      case 'text_delta':
        return [{ kind: 'text', delta: stringField(delta, 'text') ?? '', blockId }];
      case 'thinking_delta':
        return [{ kind: 'thinking', delta: stringField(delta, 'thinking') ?? '', blockId }];
      case 'signature_delta':
        return [
          {
            kind: 'thinking',
            delta: '',
            blockId,
            signature: stringField(delta, 'signature') ?? '',
          },
        ];
      case 'input_json_delta': {
        const block = this.blocks.get(index);
        if (block !== undefined) {
          block.json += stringField(delta, 'partial_json') ?? '';
        }
        return active;
      }
      default:
        return active;
    }
  }

  private blockStop(index: number): readonly ProducerOutput[] {
    const block = this.blocks.get(index);
    this.blocks.delete(index);
    if (block?.type !== 'tool_use') {
      return active;
    }
    const input = readToolInput(block.json);
    if (input.kind === 'broken') {
      // Whether the model wrote nonsense or was cut by its token limit is only known at the end.
      this.brokenCall = block.name;
      return active;
    }
    this.hasCalls = true;
    return [
      {
        kind: 'tool_call',
        call: { id: block.id, name: block.name, arguments: input.input, executedBy: 'host' },
      },
    ];
  }

  private finish(): readonly ProducerOutput[] {
    const reason = this.finishReason();
    if (this.brokenCall === undefined) {
      return [this.usageOutput(), { kind: 'finish', reason }];
    }
    if (reason === 'length') {
      const text = `The answer reached its length limit inside a call of ${this.brokenCall}; that call was left out.`;
      return [notice(text, 'call_cut', 'warning'), this.usageOutput(), { kind: 'finish', reason }];
    }
    return this.fail(brokenInputFailure(this.names.model, this.brokenCall));
  }

  private finishReason(): FinishReason {
    switch (this.stopReason) {
      case 'max_tokens':
      case 'model_context_window_exceeded':
        return 'length';
      default:
        return this.hasCalls ? 'toolUse' : 'stop';
    }
  }

  private refused(details: unknown): readonly ProducerOutput[] {
    const why = stringField(details, 'explanation') ?? stringField(details, 'category');
    return this.fail({
      code: 'invalid_request',
      message: `${this.names.model} declined this request${why === undefined ? '' : `: ${why}`}. What arrived is kept; word it differently, or choose another model.`,
    });
  }

  private fail(failure: Failure): readonly ProducerOutput[] {
    return [this.usageOutput(), { kind: 'failed', failure }];
  }

  private noteUsage(usage: unknown): void {
    if (!isRecord(usage)) {
      return;
    }
    const inputTokens = countField(usage, 'input_tokens');
    const outputTokens = countField(usage, 'output_tokens');
    const cacheReadTokens = countField(usage, 'cache_read_input_tokens');
    const cacheWriteTokens = countField(usage, 'cache_creation_input_tokens');
    this.usage = {
      ...this.usage,
      ...(inputTokens === undefined ? {} : { inputTokens }),
      ...(outputTokens === undefined ? {} : { outputTokens }),
      ...(cacheReadTokens === undefined ? {} : { cacheReadTokens }),
      ...(cacheWriteTokens === undefined ? {} : { cacheWriteTokens }),
    };
  }

  private usageOutput(): ProducerOutput {
    return { kind: 'observation', observation: { kind: 'usage', usage: this.usage } };
  }

  private blockId(index: number): string {
    return `${this.messageId}:${index}`;
  }
}

const active: readonly ProducerOutput[] = [{ kind: 'activity' }];
