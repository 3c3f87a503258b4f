import type { Clock } from '../base/clock';
import { createId } from '../base/ids';
import type { AuditLog } from '../gate/audit';
import type { ChangeAction } from './unreviewedChanges';

/** What the user did with files by hand: keep, undo, or a restore of a checkpoint. */
export interface UserAction extends Omit<ChangeAction, 'kind'> {
  readonly kind: ChangeAction['kind'] | 'restore';
}

/**
 * Both records of something that the user did to a file, around the doing. `run` resolves with why it was not done;
 * in strict mode nothing is done without the record.
 */
export async function auditUserChange(
  audit: AuditLog,
  clock: Clock,
  action: UserAction,
  run: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const { kind, sessionId, turnId, path, hunkCount, origins } = action;
  const subject = {
    sessionId,
    turnId,
    callId: createId('user'),
    tool: `user_${kind}`,
    modelId: 'user',
    executedBy: 'host',
  } as const;
  const startedAtMs = clock.nowMs();
  const refusal = await audit.decision(subject, {
    decision: 'allow',
    by: 'user',
    reason: 'done by the user',
    effects:
      kind === 'keep'
        ? [{ kind: 'none' }]
        : [{ kind: 'write', path, target: path, pathClass: 'inside', change: 'content' }],
    arguments: { path, hunks: hunkCount, origins },
    mode: 'ask',
  });
  const problem = refusal ?? (await run());
  await audit.outcome(subject, {
    outcome: problem === undefined ? 'ok' : refusal === undefined ? 'error' : 'denied',
    durationMs: clock.nowMs() - startedAtMs,
    resultChars: problem?.length ?? 0,
    ...(problem === undefined ? {} : { detail: problem }),
  });
  return problem;
}
