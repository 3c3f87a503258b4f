import { createId } from '../base/ids';
import type { ContextUse } from '../events/contextUse';
import type { AssistantMessage, CompactionMark, Message } from '../events/message';
import type { Usage } from '../events/usage';
import { noUsage, plusUsage, totalOfOne, type UsageTotal } from '../events/usageTotal';
import type { ModelRef } from '../runtime/contract';
import {
  compactionLimit,
  keptTailTokens,
  planCompaction,
  type CompactionPlan,
} from '../transcript/compaction';
import { isSummary, messagesInUse, type SummaryMessage } from '../transcript/compactionView';
import { answerReserveTokens } from '../transcript/limits';
import {
  createMessageEstimator,
  createPartEstimator,
  scaleParts,
  sumOfParts,
  type PartRules,
  type RequestParts,
  type SizedRequest,
} from '../transcript/requestParts';
import { TokenAnchor } from '../transcript/tokenEstimate';
import type { TokenFactors } from '../transcript/tokenFactors';
import { budgetForWindow, createWindow } from '../transcript/window';
import type { LedgerEntry } from './costLedger';

/** What all conversations share. */
export interface ContextServices {
  readonly factors: TokenFactors;
  /** The factors changed: they are kept for the next window. */
  readonly onDidLearn: () => void;
  readonly ledger: { record(entry: LedgerEntry): void };
  readonly partRules: PartRules;
  readonly nowMs: () => number;
}

/** What a summary by itself has to make room for; less in a small window. */
const leastGainTokens = 1000;

/**
 * What one conversation's requests are made of, what they used, and when they have grown too large. Numbers of a model
 * whose requests we make are ours, set right by what its provider counts; of an agent there is what it tells.
 */
export class SessionContext {
  private readonly window = createWindow();
  private readonly partsOf: (request: SizedRequest) => RequestParts;
  private readonly tokensOf = createMessageEstimator();
  private readonly anchors = new Map<string, TokenAnchor>();
  /** The parts of the newest request, estimated; undefined before the first. */
  private latest: { readonly parts: RequestParts; readonly overhead: number } | undefined;
  /** Tokens of an answer that no request holds yet. */
  private answered = 0;
  /** What the newest answer said of the context, by model. */
  private readonly reported = new Map<string, Usage>();
  private sum: UsageTotal = noUsage;

  constructor(
    private readonly services: ContextServices,
    private readonly sessionId: string,
  ) {
    this.partsOf = createPartEstimator(services.partRules);
  }

  /** Tokens and cost of this conversation, its earlier turns included. */
  get total(): UsageTotal {
    return this.sum;
  }

  /**
   * The messages of a stored conversation: what they used counts, and what the last one said of the context.
   * `elsewhere` was paid for what is not among them.
   */
  restore(
    messages: readonly Message[],
    model: ModelRef | undefined,
    elsewhere: UsageTotal = noUsage,
  ): void {
    this.sum = messages.reduce((sum, message) => plusUsage(sum, usageOf(message)), elsewhere);
    const last = messages.findLast((message) => message.role === 'assistant' || isSummary(message));
    const isOfModel =
      last?.role === 'assistant' && last.provider === model?.provider && last.model === model.model;
    if (isOfModel && last.usage !== undefined) {
      this.reported.set(model.id, last.usage);
    }
  }

  /** What of the conversation is sent to a model whose requests we make. */
  messagesFor(model: ModelRef, messages: readonly Message[]): readonly Message[] {
    const facts = {
      factor: this.services.factors.of(model.id),
      overheadTokens: this.anchorOf(model.id).correct(this.latest?.overhead ?? 0),
    };
    return this.window(messagesInUse(messages), budgetForWindow(model.contextWindowTokens, facts))
      .messages;
  }

  /** A request that is about to be sent; the last answer is part of it. */
  noteRequest(request: SizedRequest): void {
    this.answered = 0;
    const parts = this.partsOf(request);
    this.latest = { parts, overhead: parts.system + parts.tools + parts.mcp };
  }

  /** An exchange is over: its usage is written down, and the estimate learns from it. */
  noteAnswer(turnId: string, model: ModelRef, message: AssistantMessage): void {
    const { usage } = message;
    if (usage === undefined && message.content.length === 0) {
      return; // nothing was produced, and nobody says that it was paid for
    }
    this.record(turnId, model, 'turn', usage);
    if (usage === undefined) {
      return;
    }
    this.reported.set(model.id, usage);
    const input = contextInput(usage);
    this.answered = input === undefined ? 0 : (usage.outputTokens ?? 0);
    if (model.runtime === undefined && input !== undefined && this.latest !== undefined) {
      const estimated = sumOfParts(this.latest.parts);
      this.anchorOf(model.id).noteUsage(input, estimated);
      if (this.services.factors.learn(model.id, input, estimated)) {
        this.services.onDidLearn();
      }
    }
  }

  /** A summary was written by this model, or tried to be. */
  noteSummary(turnId: string, model: ModelRef, usage: Usage | undefined): void {
    this.record(turnId, model, 'compaction', usage);
  }

  /** The conversation and what goes with it, in the model's tokens as far as they are known. */
  requestTokens(model: ModelRef, request: SizedRequest): number {
    return this.anchorOf(model.id).correct(
      sumOfParts(this.partsOf({ ...request, messages: messagesInUse(request.messages) })),
    );
  }

  /** Where to cut; undefined when there is nothing to summarise. */
  plan(
    model: ModelRef,
    messages: readonly Message[],
    trigger: CompactionMark['trigger'],
  ): CompactionPlan | undefined {
    const limit = compactionLimit(model.contextWindowTokens);
    const factor = this.services.factors.of(model.id);
    const plan = planCompaction(
      messagesInUse(messages),
      trigger === 'manual'
        ? { kind: 'lastUserTurn' }
        : { kind: 'tokens', tokens: Math.min(keptTailTokens, limit / 2) / factor },
      this.tokensOf,
    );
    if (plan === undefined || trigger === 'manual') {
      return plan;
    }
    // Where system prompt and tools fill the window, a summary each turn would cost much and give nothing: what does not
    // fit is left out without it.
    const gain = plan.summarized.reduce(
      (sum, message) => sum + (isSummary(message) ? 0 : this.tokensOf(message)),
      0,
    );
    return gain * factor < Math.min(leastGainTokens, limit / 5) ? undefined : plan;
  }

  /** The message that stands for what was summarised; undefined when it would not be smaller. */
  summaryMessage(
    plan: CompactionPlan,
    text: string,
    how: Pick<CompactionMark, 'trigger' | 'writtenBy' | 'usage'>,
  ): SummaryMessage | undefined {
    const tokens = (all: readonly Message[]): number =>
      all.reduce((sum, message) => sum + this.tokensOf(message), 0);
    const kept = tokens(plan.kept);
    const before = tokens(plan.summarized) + kept;
    const plain = { role: 'user', text, createdAtMs: this.services.nowMs() } as const;
    const after = this.tokensOf(plain) + kept;
    return after >= before
      ? undefined
      : {
          ...plain,
          compaction: {
            ...how,
            keptMessages: plan.kept.length,
            tokensBefore: before,
            tokensAfter: after,
          },
        };
  }

  /** The conversation was made smaller: what was reported before is about more than what is sent now. */
  startAnew(request: SizedRequest): void {
    this.reported.clear();
    this.anchors.clear();
    this.noteRequest({ ...request, messages: messagesInUse(request.messages) });
  }

  /** For the gauge; undefined when nothing is known. */
  use(model: ModelRef): ContextUse | undefined {
    const usage = this.reported.get(model.id);
    return model.runtime === undefined ? this.ownUse(model, usage) : agentUse(model, usage);
  }

  private ownUse(model: ModelRef, usage: Usage | undefined): ContextUse | undefined {
    const windowTokens = model.contextWindowTokens;
    const frame = {
      ...(windowTokens === undefined ? {} : { windowTokens, reserveTokens: answerReserveTokens }),
      limitTokens: Math.floor(compactionLimit(windowTokens)),
    };
    const parts = this.latest?.parts;
    const input = usage === undefined ? undefined : contextInput(usage);
    if (parts === undefined) {
      return input === undefined
        ? windowTokens === undefined
          ? undefined
          : { ...frame, basis: 'estimated' }
        : { ...frame, usedTokens: input + (usage?.outputTokens ?? 0), basis: 'reported' };
    }
    const inRequest = this.anchorOf(model.id).correct(sumOfParts(parts));
    const scaled = scaleParts(parts, inRequest);
    // The answer is part of the next request.
    const { answered } = this;
    return {
      ...frame,
      usedTokens: inRequest + answered,
      parts: { ...scaled, conversation: scaled.conversation + answered },
      basis: input === undefined ? 'estimated' : 'reported',
    };
  }

  private anchorOf(modelId: string): TokenAnchor {
    const known = this.anchors.get(modelId) ?? new TokenAnchor(this.services.factors.of(modelId));
    this.anchors.set(modelId, known);
    return known;
  }

  private record(
    turnId: string,
    model: ModelRef,
    purpose: LedgerEntry['purpose'],
    usage: Usage | undefined,
  ): void {
    this.sum = plusUsage(this.sum, totalOfOne(usage));
    this.services.ledger.record({
      id: createId('use'),
      atMs: this.services.nowMs(),
      sessionId: this.sessionId,
      turnId,
      modelId: model.id,
      runtime: model.runtime?.adapter ?? model.provider,
      purpose,
      ...(usage === undefined ? {} : { usage }),
    });
  }
}

/** What a message of the conversation used: an answer, or the writing of a summary. */
export function usageOf(message: Message): UsageTotal {
  if (message.role === 'assistant') {
    return message.usage === undefined && message.content.length === 0
      ? noUsage
      : totalOfOne(message.usage);
  }
  return message.role === 'user' && message.compaction?.usage !== undefined
    ? totalOfOne(message.compaction.usage)
    : noUsage;
}

/** All that went in; what a cache held is part of the context. */
function contextInput(usage: Usage): number | undefined {
  const { inputTokens, cacheReadTokens = 0, cacheWriteTokens = 0 } = usage;
  return inputTokens === undefined ? undefined : inputTokens + cacheReadTokens + cacheWriteTokens;
}

function agentUse(model: ModelRef, usage: Usage | undefined): ContextUse | undefined {
  const windowTokens = usage?.contextWindowTokens ?? model.contextWindowTokens;
  const usedTokens = usage?.contextTokens;
  return windowTokens === undefined && usedTokens === undefined
    ? undefined
    : {
        ...(usedTokens === undefined ? {} : { usedTokens }),
        ...(windowTokens === undefined ? {} : { windowTokens }),
        basis: 'reported',
      };
}
