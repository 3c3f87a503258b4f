import type { Failure } from '../../src/events/failure';
import type { AssistantMessage, ContentBlock } from '../../src/events/message';
import type { NormalizedEvent } from '../../src/events/normalizedEvent';
import type { Observation } from '../../src/events/observation';
import type { Usage } from '../../src/events/usage';
import type {
  ExchangeOptions,
  ExchangeStream,
  ModelRef,
  TurnContext,
} from '../../src/runtime/contract';

export type ScriptStep =
  | NormalizedEvent
  | { readonly kind: 'observation'; readonly observation: Observation }
  /** Runs while the exchange is in flight, for instance to wait for a permission answer. */
  | { readonly kind: 'do'; readonly run: (opts: ExchangeOptions) => Promise<void> };

/** A runtime that plays one script per exchange and notes what it was asked with. Behaves like both arms do. */
export class ScriptedExchange {
  readonly contexts: TurnContext[] = [];
  readonly models: ModelRef[] = [];

  constructor(private readonly scripts: (readonly ScriptStep[])[]) {}

  readonly exchange = (
    model: ModelRef,
    context: TurnContext,
    opts: ExchangeOptions,
  ): ExchangeStream => {
    this.contexts.push({ ...context, messages: [...context.messages] });
    this.models.push(model);
    const script = this.scripts.shift() ?? [{ kind: 'finish', reason: 'stop' }];
    const message = this.play(script, model, opts);
    return {
      result: () => message,
      async *[Symbol.asyncIterator]() {
        const final = await message;
        yield final.stopReason === 'error' || final.stopReason === 'aborted'
          ? { type: 'error', reason: final.stopReason, message: final }
          : { type: 'done', reason: final.stopReason, message: final };
      },
    };
  };

  private async play(
    script: readonly ScriptStep[],
    model: ModelRef,
    opts: ExchangeOptions,
  ): Promise<AssistantMessage> {
    const content: ContentBlock[] = [];
    let end: { stopReason: AssistantMessage['stopReason']; failure?: Failure } = {
      stopReason: 'stop',
    };
    let usage: Usage | undefined;
    for (const step of script) {
      await Promise.resolve();
      if (opts.signal.aborted) {
        end = {
          stopReason: 'aborted',
          failure: { code: 'aborted', message: 'Stopped.', aborted: true },
        };
        break;
      }
      if (step.kind === 'do') {
        await step.run(opts);
      } else if (step.kind === 'observation') {
        if (step.observation.kind === 'usage') {
          usage = { ...usage, ...step.observation.usage };
        }
        opts.observe(step.observation);
      } else {
        opts.onEvent?.(step);
        if (step.kind === 'text' || step.kind === 'thinking') {
          content.push({ kind: step.kind, text: step.delta });
        } else if (step.kind === 'tool_call') {
          content.push({ kind: 'tool_call', call: step.call });
        } else if (step.kind === 'finish') {
          end = { stopReason: step.reason };
        } else if (step.kind === 'failed') {
          end = {
            stopReason: step.failure.aborted === true ? 'aborted' : 'error',
            failure: step.failure,
          };
        }
      }
    }
    return {
      role: 'assistant',
      content,
      api: model.api,
      provider: model.provider,
      model: model.id,
      createdAtMs: 0,
      ...end,
      ...(usage === undefined ? {} : { usage }),
      ...(end.failure === undefined ? {} : { errorMessage: end.failure.message }),
    };
  }
}
