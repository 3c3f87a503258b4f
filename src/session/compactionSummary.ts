import type { Message } from '../events/message';
import type { Usage } from '../events/usage';
import type { ExchangeOptions, ExchangeStream, ModelRef, TurnContext } from '../runtime/contract';
import { completeSummary, digestOf, formatSummary, summaryRequest } from '../transcript/summary';

export interface SummaryTask {
  readonly model: ModelRef;
  /** The request that the conversation was sent with last: the same beginning is read from the provider's cache. */
  readonly request: Pick<TurnContext, 'systemPrompt' | 'tools'>;
  /** What is to be summarised, within the model's window. */
  readonly sent: readonly Message[];
  /** All of what is to be summarised. */
  readonly summarized: readonly Message[];
  readonly options: Omit<ExchangeOptions, 'observe' | 'onEvent' | 'maxTokens'>;
  readonly nowMs: () => number;
}

export type Summary =
  | {
      readonly kind: 'written';
      readonly text: string;
      readonly writtenBy: 'model' | 'digest';
      /** Of the model's answer, where there was one. */
      readonly usage?: Usage;
      readonly wasAsked: boolean;
    }
  | { readonly kind: 'aborted'; readonly usage?: Usage; readonly wasAsked: boolean };

const maxSummaryTokens = 3000;

/**
 * Has the model summarise its own conversation. Without an answer of it (an error, an empty one, a model that calls tools
 * instead) the local digest stands in, so that there is a summary always, but after a stop. Never throws.
 */
export async function summarize(
  exchange: (model: ModelRef, context: TurnContext, opts: ExchangeOptions) => ExchangeStream,
  task: SummaryTask,
): Promise<Summary> {
  const digest = digestOf(task.summarized);
  const answer = await ask(exchange, task);
  const usage = answer.usage === undefined ? {} : { usage: answer.usage };
  if (task.options.signal.aborted) {
    return { kind: 'aborted', wasAsked: answer.wasAsked, ...usage };
  }
  return answer.text === ''
    ? {
        kind: 'written',
        text: formatSummary(digest),
        writtenBy: 'digest',
        wasAsked: answer.wasAsked,
        ...usage,
      }
    : {
        kind: 'written',
        text: formatSummary(completeSummary(answer.text, digest)),
        writtenBy: 'model',
        wasAsked: answer.wasAsked,
        ...usage,
      };
}

async function ask(
  exchange: (model: ModelRef, context: TurnContext, opts: ExchangeOptions) => ExchangeStream,
  { model, request, sent, options, nowMs }: SummaryTask,
): Promise<{ readonly text: string; readonly usage?: Usage; readonly wasAsked: boolean }> {
  try {
    const message = await exchange(
      model,
      {
        ...request,
        messages: [...sent, { role: 'user', text: summaryRequest, createdAtMs: nowMs() }],
      },
      { ...options, maxTokens: maxSummaryTokens, observe: () => undefined },
    ).result();
    const isWhole = message.stopReason === 'stop' || message.stopReason === 'length';
    const text = message.content.map((block) => (block.kind === 'text' ? block.text : '')).join('');
    return {
      text: isWhole ? text.trim() : '',
      wasAsked: message.usage !== undefined || message.content.length > 0,
      ...(message.usage === undefined ? {} : { usage: message.usage }),
    };
  } catch {
    // An exchange never throws; a bridge of another extension may. The digest stands in.
    return { text: '', wasAsked: false };
  }
}
