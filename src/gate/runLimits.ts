import type { Decision } from './contract';

/** How far a run may go unattended. 0: no limit. */
export interface RunLimitValues {
  /** Calls that ran without a question. */
  readonly calls: number;
  /** US dollars, as far as the provider or the agent reports them. */
  readonly costUsd: number;
  /** The same call with the same arguments. */
  readonly repeatedCalls: number;
}

export const defaultRunLimits: RunLimitValues = { calls: 100, costUsd: 5, repeatedCalls: 5 };

/**
 * Counts what a run (one turn) did since the user last said yes to something in it. In auto mode a call that would run
 * without a question asks once a limit is reached; any yes of the user starts the count again.
 */
export class RunLimits {
  private readonly runs = new Map<string, Run>();

  constructor(private readonly values: () => RunLimitValues) {}

  /** The question that stops the run; undefined while it may go on. `costUsd`: of the whole turn, undefined when unknown. */
  check(turnId: string, callKey: string, costUsd: number | undefined): Decision | undefined {
    const { calls, costUsd: maxCostUsd, repeatedCalls } = this.values();
    const run = this.runs.get(turnId) ?? noRun;
    if (calls > 0 && run.calls >= calls) {
      return stop('limit.calls', `this run made ${run.calls} calls without a question`);
    }
    const same = run.byKey.get(callKey) ?? 0;
    if (repeatedCalls > 0 && same >= repeatedCalls) {
      return stop('limit.repeated', `this run made the same call ${same} times`);
    }
    const spent = costUsd === undefined ? 0 : costUsd - run.costBeforeUsd;
    if (maxCostUsd > 0 && spent >= maxCostUsd) {
      return stop('limit.cost', `this run cost ${spent.toFixed(2)} US dollars without a question`);
    }
    return undefined;
  }

  /** A call was let through: by a rule or mode, or (`byUser`) by the user, who is there then. */
  note(turnId: string, callKey: string, byUser: boolean, costUsd: number | undefined): void {
    if (byUser) {
      this.remember(turnId, { ...noRun, costBeforeUsd: costUsd ?? 0 });
      return;
    }
    const run = this.runs.get(turnId) ?? noRun;
    const byKey = new Map(run.byKey).set(callKey, (run.byKey.get(callKey) ?? 0) + 1);
    this.remember(turnId, { ...run, calls: run.calls + 1, byKey });
  }

  private remember(turnId: string, run: Run): void {
    // The newest at the end; turns long over go first.
    this.runs.delete(turnId);
    this.runs.set(turnId, run);
    const [oldest] = this.runs.keys();
    if (this.runs.size > maxRuns && oldest !== undefined) {
      this.runs.delete(oldest);
    }
  }
}

interface Run {
  readonly calls: number;
  readonly byKey: ReadonlyMap<string, number>;
  /** What the turn had cost when the user last said yes. */
  readonly costBeforeUsd: number;
}

const noRun: Run = { calls: 0, byKey: new Map<string, number>(), costBeforeUsd: 0 };
const maxRuns = 64;

function stop(ruleId: string, why: string): Decision {
  return {
    verdict: 'ask',
    ruleId,
    reason: `${why}, which is its limit; it goes on when you allow it`,
  };
}
