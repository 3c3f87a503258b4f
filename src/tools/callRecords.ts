import type { ToolResult, ToolResultDetails } from '../events/toolCall';
import { toolError } from '../events/toolCall';
import type { OutcomeEntry } from '../gate/audit';
import type { Effect } from '../gate/contract';
import { sha256Hex } from '../gate/digest';
import { callKey, denialText, type GatedCall, type Grant } from './callGate';
import type { OrchestratorServices } from './services';

/** How a call ended, with what its caller gets. */
export interface CallEnd {
  readonly result: ToolResult;
  readonly outcome: OutcomeEntry['outcome'];
  readonly detail?: string;
}

/** Writes the two audit records of a call, the one before its effect and the one after its end. */
export class CallRecords {
  constructor(
    private readonly services: Pick<OrchestratorServices, 'audit' | 'clock' | 'limits'>,
  ) {}

  async decision(call: GatedCall, effects: readonly Effect[], grant: Grant): Promise<void> {
    const { context } = call;
    if (grant.kind === 'allow' && context.mode === 'auto') {
      const isByUser = grant.by === 'user';
      const key = callKey(call, effects);
      this.services.limits.note(context.turnId, key, isByUser, context.runCostUsd?.());
    }
    await this.services.audit.decision(call.subject, {
      decision: grant.kind,
      by: grant.by,
      reason: grant.reason,
      effects,
      arguments: call.input,
      mode: call.context.mode,
    });
  }

  /** `given` is what the caller gets, where that is a shortened form of the result. */
  async outcome(call: GatedCall, end: CallEnd, given: ToolResult = end.result): Promise<void> {
    await this.services.audit.outcome(call.subject, {
      outcome: end.outcome,
      durationMs: this.services.clock.nowMs() - call.startedAtMs,
      resultChars: end.result.output.length,
      resultDigest: given.output.length > maxDigestChars ? undefined : sha256Hex(given.output),
      detail: end.detail ?? (end.result.ok ? undefined : end.result.error),
    });
  }

  /** Both records of a call that does not run, and its result. */
  async denied(
    call: GatedCall,
    effects: readonly Effect[],
    grant: Grant & { readonly kind: 'deny' },
  ): Promise<ToolResult> {
    const end = toDenial(call, grant);
    await this.decision(call, effects, grant);
    await this.outcome(call, end);
    return end.result;
  }
}

/** A child's result may be of any size; hashing must not hold up the window. */
const maxDigestChars = 200_000;

export function toDenial(call: GatedCall, grant: Grant): CallEnd {
  const outcome = call.context.signal.aborted ? 'aborted' : 'denied';
  call.context.onProgress({ kind: 'denied', why: grant.reason });
  return {
    result: toolError(denialText(call.subject.tool, grant.reason), { outcome, summary: outcome }),
    outcome,
  };
}

export function failedEnd(error: string, details?: ToolResultDetails, output = ''): CallEnd {
  const outcome = details?.outcome ?? 'error';
  return { result: toolError(error, details, output), outcome };
}
