import type { Failure } from '../events/failure';
import type { CompactionMark, Message } from '../events/message';
import type { Usage } from '../events/usage';
import type { ExchangeOptions, ExchangeStream, ModelRef, TurnContext } from '../runtime/contract';
import type { SummaryMessage } from '../transcript/compactionView';
import { needsCompaction } from '../transcript/compaction';
import { digestOf, formatSummary } from '../transcript/summary';
import type { SizedRequest } from '../transcript/requestParts';
import { summarize, type Summary } from './compactionSummary';
import type { SessionContext } from './sessionContext';

/** What the user types to have the conversation made smaller. */
export const compactCommand = '/compact';

export function isCompactCommand(text: string | undefined): boolean {
  return text?.trim() === compactCommand;
}

export interface CompactionRun {
  readonly context: SessionContext;
  readonly exchange: (
    model: ModelRef,
    context: TurnContext,
    opts: ExchangeOptions,
  ) => ExchangeStream;
  readonly model: ModelRef;
  readonly turnId: string;
  /** The whole conversation. */
  readonly messages: readonly Message[];
  readonly request: Pick<SizedRequest, 'systemPrompt' | 'instructions'> &
    Pick<TurnContext, 'tools'>;
  readonly options: Omit<ExchangeOptions, 'observe' | 'onEvent' | 'maxTokens'>;
  readonly trigger: CompactionMark['trigger'];
  readonly nowMs: () => number;
  /** It begins: shown, because it takes a while. */
  readonly onStart: () => void;
}

export type CompactionOutcome =
  /** `failure`: why it is the local digest and not the model's summary. */
  | {
      readonly kind: 'compacted';
      readonly message: SummaryMessage;
      readonly failure?: Failure;
    }
  /** The model wrote none: the conversation stays as it was. */
  | ({ readonly kind: 'failed'; readonly failure: Failure } & PaidInVain)
  | ({ readonly kind: 'nothing' } & PaidInVain)
  | ({ readonly kind: 'aborted' } & PaidInVain);

/** A summary that was asked for and not used; its `usage` undefined: nobody told how much. */
interface PaidInVain {
  readonly unused?: { readonly usage: Usage | undefined };
}

/**
 * Makes a conversation with a model whose requests we make smaller: when it has grown beyond its limit (`auto`), or
 * because the user wants it (`manual`). Nothing is removed: the message stands behind those that it is about. Where the
 * model writes nothing, the local digest stands in before a turn, and a summary that the user wanted fails. Never throws.
 */
export async function runCompaction(run: CompactionRun): Promise<CompactionOutcome> {
  const { context, model, messages, request, trigger, turnId } = run;
  const sized: SizedRequest = { ...request, messages };
  if (
    trigger === 'auto' &&
    !needsCompaction(context.requestTokens(model, sized), model.contextWindowTokens)
  ) {
    return { kind: 'nothing' };
  }
  const plan = context.plan(model, messages, trigger);
  if (plan === undefined) {
    return { kind: 'nothing' };
  }
  run.onStart();
  const summary = await write(run, plan.summarized);
  if (summary.wasAsked) {
    context.noteSummary(turnId, model, summary.usage);
  }
  const unused = summary.wasAsked ? { unused: { usage: summary.usage } } : {};
  if (summary.kind === 'aborted') {
    return { kind: 'aborted', ...unused };
  }
  const { text, writtenBy, usage, failure } = summary;
  // Whoever asked for a summary can ask again; a turn that has no room left cannot wait.
  if (failure !== undefined && trigger === 'manual') {
    return { kind: 'failed', failure, ...unused };
  }
  const how = { trigger, writtenBy, ...(usage === undefined ? {} : { usage }) };
  const message = context.summaryMessage(plan, text, how);
  if (message === undefined) {
    return { kind: 'nothing', ...unused };
  }
  context.startAnew({ ...request, messages: [...messages, message] });
  return { kind: 'compacted', message, ...(failure === undefined ? {} : { failure }) };
}

async function write(run: CompactionRun, summarized: readonly Message[]): Promise<Summary> {
  if (run.model.api === 'playground') {
    // It follows a script and cannot be asked.
    return {
      kind: 'written',
      text: formatSummary(digestOf(summarized)),
      writtenBy: 'digest',
      wasAsked: false,
    };
  }
  const { systemPrompt, tools } = run.request;
  return await summarize(run.exchange, {
    model: run.model,
    request: { systemPrompt, tools },
    sent: run.context.messagesFor(run.model, summarized),
    summarized,
    options: run.options,
    nowMs: run.nowMs,
  });
}
