import { arrayField, isRecord, numberField, recordField, stringField } from '../../base/guard';
import { createId } from '../../base/ids';
import type { Usage } from '../../events/usage';
import { reasoningFieldNames } from './chatRequest';
import type { EventParser } from './eventStream';
import { failureOfFault, type EndpointNames } from './httpFailure';
import { notice, type ProducerOutput } from './producer';
import { filteredFailure } from './responsesEvents';
import { brokenInputFailure, readToolInput } from './toolInput';
import { countField } from '../usageCounts';

interface PendingCall {
  readonly index: number | undefined;
  id: string;
  name: string;
  json: string;
}

/**
 * Parses the chunks of a streaming Chat Completions answer, as OpenAI and the many servers that imitate it send them:
 * tool calls in pieces by index (or without one), missing call ids, reasoning under several names, usage in its own
 * chunk or in the last one, an end with or without `[DONE]`. Calls are yielded when the answer has ended.
 */
export class ChatEventParser implements EventParser {
  private readonly calls: PendingCall[] = [];
  private finishReason: string | undefined;
  private usage: Usage | undefined;
  private thinkingField: string | undefined;

  constructor(private readonly names: EndpointNames) {}

  accept(chunk: unknown): readonly ProducerOutput[] {
    const error = isRecord(chunk) ? chunk.error : undefined;
    if (error !== undefined && error !== null) {
      return this.fail(error);
    }
    this.noteUsage(recordField(chunk, 'usage'));
    const choice = arrayField(chunk, 'choices')?.[0];
    const delta = recordField(choice, 'delta') ?? recordField(choice, 'message');
    const outputs = [...this.thinking(delta), ...this.text(delta)];
    for (const part of arrayField(delta, 'tool_calls') ?? []) {
      this.notePart(part);
    }
    this.finishReason = stringField(choice, 'finish_reason') ?? this.finishReason;
    return outputs.length > 0 ? outputs : active;
  }

  /** The body ended: the answer is whole when it had a finish reason. */
  end(): readonly ProducerOutput[] {
    return this.finishReason === undefined ? [] : this.finish(this.finishReason);
  }

  /** `[DONE]` closes the answer also for servers that never give a finish reason. */
  done(): readonly ProducerOutput[] {
    return this.finish(this.finishReason ?? 'stop');
  }

  private thinking(delta: unknown): readonly ProducerOutput[] {
    for (const field of reasoningFieldNames) {
      const text = stringField(delta, field);
      if (text !== undefined && text !== '') {
        const isFirst = this.thinkingField !== field;
        this.thinkingField = field;
        return [{ kind: 'thinking', delta: text, ...(isFirst ? { signature: field } : {}) }];
      }
    }
    return [];
  }

  private text(delta: unknown): readonly ProducerOutput[] {
    const text = stringField(delta, 'content') ?? stringField(delta, 'refusal') ?? '';
    if (text === '') {
      return [];
    }
    this.thinkingField = undefined;
    return [{ kind: 'text', delta: text }];
  }

  private notePart(part: unknown): void {
    const call = this.callOf(part);
    const fn = recordField(part, 'function');
    call.id = call.id === '' ? (stringField(part, 'id') ?? '') : call.id;
    // A name comes whole; some servers repeat it on every piece.
    call.name = call.name === '' ? (stringField(fn, 'name') ?? '') : call.name;
    const args = fn?.arguments;
    call.json += typeof args === 'string' ? args : isRecord(args) ? JSON.stringify(args) : '';
  }

  /**
   * The newest call with the piece's index (or, without one, simply the newest) goes on, unless the piece brings
   * another id: some servers give every call of an answer the index 0.
   */
  private callOf(part: unknown): PendingCall {
    const id = stringField(part, 'id') ?? '';
    const index = numberField(part, 'index');
    const known = this.calls.findLast((call) => index === undefined || call.index === index);
    if (known !== undefined && (id === '' || known.id === '' || known.id === id)) {
      return known;
    }
    const call = { index, id: '', name: '', json: '' };
    this.calls.push(call);
    return call;
  }

  private finish(reason: string): readonly ProducerOutput[] {
    const outputs: ProducerOutput[] = [];
    const isLength = reason === 'length';
    let callCount = 0;
    for (const call of this.calls) {
      const input = readToolInput(call.json);
      if (input.kind === 'ok' && call.name !== '') {
        callCount += 1;
        const id = call.id === '' ? createId('call') : call.id;
        outputs.push({
          kind: 'tool_call',
          call: { id, name: call.name, arguments: input.input, executedBy: 'host' },
        });
      } else if (isLength) {
        outputs.push(
          notice(
            `The answer reached its length limit inside a call of ${call.name}; that call was left out.`,
            'call_cut',
            'warning',
          ),
        );
      } else {
        return [
          ...this.usageOutputs(),
          { kind: 'failed', failure: brokenInputFailure(this.names.model, call.name || 'a tool') },
        ];
      }
    }
    outputs.push(...this.usageOutputs());
    if (reason === 'content_filter') {
      return [...this.usageOutputs(), { kind: 'failed', failure: filteredFailure(this.names) }];
    }
    outputs.push({
      kind: 'finish',
      reason: isLength ? 'length' : callCount > 0 ? 'toolUse' : 'stop',
    });
    return outputs;
  }

  private fail(error: unknown): readonly ProducerOutput[] {
    const message =
      typeof error === 'string' ? error : (stringField(error, 'message') ?? 'no reason given');
    const status = numberField(error, 'code');
    const type = stringField(error, 'code') ?? stringField(error, 'type');
    const fault = {
      message,
      ...(type === undefined ? {} : { type }),
      ...(status === undefined || status < 400 ? {} : { status }),
    };
    return [...this.usageOutputs(), { kind: 'failed', failure: failureOfFault(fault, this.names) }];
  }

  private noteUsage(usage: unknown): void {
    const input = countField(usage, 'prompt_tokens');
    const outputTokens = countField(usage, 'completion_tokens');
    if (input === undefined && outputTokens === undefined) {
      return;
    }
    const cached = countField(recordField(usage, 'prompt_tokens_details'), 'cached_tokens');
    const costUsd = countField(usage, 'cost');
    this.usage = {
      // This API counts cached tokens among the input; ours are apart, so that the sum is the context.
      ...(input === undefined ? {} : { inputTokens: Math.max(0, input - (cached ?? 0)) }),
      ...(outputTokens === undefined ? {} : { outputTokens }),
      ...(cached === undefined ? {} : { cacheReadTokens: cached }),
      ...(costUsd === undefined ? {} : { costUsd }),
      reportedBy: 'provider',
    };
  }

  private usageOutputs(): readonly ProducerOutput[] {
    return this.usage === undefined
      ? []
      : [{ kind: 'observation', observation: { kind: 'usage', usage: this.usage } }];
  }
}

const active: readonly ProducerOutput[] = [{ kind: 'activity' }];
