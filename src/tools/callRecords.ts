import type { ToolResult, ToolResultDetails } from '../events/toolCall';
import { toolError } from '../events/toolCall';
import type { AuditSubject, OutcomeEntry } from '../gate/audit';
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

/**
 * Writes the two audit records of a call, the one before its effect and the one after its end, and knows which of them
 * a call has, so that a call that fails in an unforeseen place still gets both.
 */
export class CallRecords {
  /** The calls whose last record is a decision without an outcome (`decided`), or that have both. */
  private readonly states = new WeakMap<AuditSubject, 'decided' | 'ended'>();

  constructor(
    private readonly services: Pick<OrchestratorServices, 'audit' | 'clock' | 'limits'>,
  ) {}

  /**
   * Gives back what holds: the grant itself, or a denial when the record of an allowed call is not written and the audit
   * log is strict. Nothing may run before this resolved.
   */
  async decision(call: GatedCall, effects: readonly Effect[], grant: Grant): Promise<Grant> {
    this.states.set(call.subject, 'decided');
    const { context } = call;
    if (grant.kind === 'allow' && context.mode === 'auto') {
      const isByUser = grant.by === 'user';
      const key = callKey(call, effects);
      this.services.limits.note(context.turnId, key, isByUser, context.runCostUsd?.());
    }
    const refusal = await this.services.audit.decision(call.subject, {
      decision: grant.kind,
      by: grant.by,
      reason: grant.reason,
      effects,
      arguments: call.input,
      mode: call.context.mode,
    });
    return refusal === undefined || grant.kind === 'deny'
      ? grant
      : { kind: 'deny', by: 'audit.strict', reason: refusal };
  }

  /** `given` is what the caller gets, where that is a shortened form of the result. */
  async outcome(call: GatedCall, end: CallEnd, given: ToolResult = end.result): Promise<void> {
    this.states.set(call.subject, 'ended');
    await this.services.audit.outcome(call.subject, {
      outcome: end.outcome,
      durationMs: this.elapsedMs(call),
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
    await this.decision(call, effects, grant);
    return await this.refused(call, grant);
  }

  /** The outcome of a call whose decision is recorded and that does not run, and its result. */
  async refused(call: GatedCall, grant: Grant & { readonly kind: 'deny' }): Promise<ToolResult> {
    const end = toDenial(call, grant);
    await this.outcome(call, end);
    return end.result;
  }

  /** A call that failed before it could be judged is denied, and says so. */
  async undecided(call: GatedCall, error: string): Promise<void> {
    if (!this.states.has(call.subject)) {
      const reason = `it could not be judged: ${error}`;
      await this.decision(call, [{ kind: 'unknown', description: reason }], {
        kind: 'deny',
        by: 'default.failed',
        reason,
      });
    }
  }

  /** Whatever record a call of ours still lacks when it failed where nobody expected it. */
  async failed(call: GatedCall, error: string): Promise<void> {
    await this.undecided(call, error);
    if (this.states.get(call.subject) === 'decided') {
      await this.outcome(call, failedEnd(error));
    }
  }

  /** After the effect nothing may keep the record from being written, not even a broken clock. */
  private elapsedMs(call: GatedCall): number {
    try {
      return this.services.clock.nowMs() - call.startedAtMs;
    } catch {
      return 0;
    }
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
