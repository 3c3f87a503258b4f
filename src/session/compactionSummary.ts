import { errorMessage } from '../base/patchbayError';
import type { Failure } from '../events/failure';
import type { AssistantMessage, Message } from '../events/message';
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
      /** Of a digest: why the model's own words are not there. */
      readonly failure?: Failure;
    }
  | { readonly kind: 'aborted'; readonly usage?: Usage; readonly wasAsked: boolean };

const summaryTokens = 3000;
/** What a model may think before it writes; its provider counts that with the answer. */
const thinkingTokens = 13_000;
const unknownThinkingTokens = 5000;

/** How much a summary may take: room to think for all but those that are known not to, within their window. */
export function summaryLimit({
  supportsReasoning,
  contextWindowTokens,
}: Pick<ModelRef, 'supportsReasoning' | 'contextWindowTokens'>): number {
  if (supportsReasoning === false) {
    return summaryTokens;
  }
  // The conversation fills the rest of the window.
  const room =
    contextWindowTokens === undefined
      ? unknownThinkingTokens
      : Math.min(thinkingTokens, Math.floor(contextWindowTokens * 0.1));
  return summaryTokens + room;
}

/**
 * Has the model summarise its own conversation. Without an answer of it (an error, an empty one, a model that calls tools
 * instead) the local digest stands in, with the reason, so that there is a summary always, but after a stop. Never
 * throws.
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
        ...(answer.failure === undefined ? {} : { failure: answer.failure }),
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

interface Answer {
  readonly text: string;
  readonly usage?: Usage;
  readonly wasAsked: boolean;
  /** Of an answer without text. */
  readonly failure?: Failure;
}

async function ask(
  exchange: (model: ModelRef, context: TurnContext, opts: ExchangeOptions) => ExchangeStream,
  { model, request, sent, options, nowMs }: SummaryTask,
): Promise<Answer> {
  try {
    const message = await exchange(
      model,
      {
        ...request,
        messages: [...sent, { role: 'user', text: summaryRequest, createdAtMs: nowMs() }],
      },
      { ...options, maxTokens: summaryLimit(model), observe: () => undefined },
    ).result();
    const isWhole = message.stopReason === 'stop' || message.stopReason === 'length';
    const text = message.content.map((block) => (block.kind === 'text' ? block.text : '')).join('');
    const summary = isWhole ? text.trim() : '';
    return {
      text: summary,
      ...(summary === '' ? { failure: message.failure ?? emptyFailure(message) } : {}),
      wasAsked: message.usage !== undefined || message.content.length > 0,
      ...(message.usage === undefined ? {} : { usage: message.usage }),
    };
  } catch (error) {
    // An exchange never throws; a bridge of another extension may. The digest stands in.
    return {
      text: '',
      wasAsked: false,
      failure: {
        code: 'unknown',
        message: `The model could not be asked: ${errorMessage(error)}.`,
      },
    };
  }
}

function emptyFailure({ stopReason, content }: AssistantMessage): Failure {
  const message =
    stopReason === 'toolUse'
      ? 'The model called tools instead of writing a summary.'
      : stopReason === 'length'
        ? `The model wrote nothing${content.length === 0 ? '' : ' but its thinking'} before it reached its limit.`
        : 'The model gave an empty summary.';
  return { code: 'unknown', message };
}
