import { isRecord, numberField, stringField } from '../../base/guard';
import { abortedFailure, oneLine } from '../../events/failure';
import { serviceFailure } from './indusagiCliFailures';
import { failed, notice, type Item } from './indusagiCliSteps';

/** How an answer of the model ended, in the peer's words. */
export interface AnswerEnd {
  readonly stopReason: string;
  readonly error: string;
}

/** `toolUse` too is a stop: the peer has run its own calls. */
export function terminalOf(agentName: string, end: AnswerEnd): Item {
  switch (end.stopReason) {
    case 'error':
      return failed(serviceFailure(agentName, end.error));
    case 'aborted':
      return failed(abortedFailure());
    case 'length':
      return { kind: 'finish', reason: 'length' };
    default:
      return { kind: 'finish', reason: 'stop' };
  }
}

/** `auto_retry_start`: the peer asks its service again after a while. */
export function retryNotice(agentName: string, message: unknown): Item {
  const seconds = Math.ceil((numberField(message, 'delayMs') ?? 0) / 1000);
  const attempt = numberField(message, 'attempt');
  const most = numberField(message, 'maxAttempts');
  const count =
    attempt === undefined ? '' : ` (attempt ${attempt}${most === undefined ? '' : ` of ${most}`})`;
  const why = oneLine(stringField(message, 'errorMessage') ?? 'the answer was cut');
  return {
    kind: 'observation',
    observation: {
      kind: 'notice',
      level: 'info',
      code: 'api_retry',
      text: `${agentName} tries again in ${seconds} s${count}: ${why}`,
      retry: {
        attempt: attempt ?? 1,
        ...(most === undefined ? {} : { of: most }),
        delayMs: numberField(message, 'delayMs') ?? 0,
        reason: why,
      },
    },
  };
}

export function compactingNotice(agentName: string): Item {
  return notice('info', 'compacting', `${agentName} is summarising the conversation to make room.`);
}

export function compactedNotice(agentName: string, message: unknown): readonly Item[] {
  const error = stringField(message, 'errorMessage');
  if (error !== undefined) {
    return [warning(agentName, 'compaction_failed', error)];
  }
  return isRecord(message) && message.aborted === true
    ? []
    : [notice('info', 'compacted', `${agentName} has summarised the conversation to make room.`)];
}

export function warning(agentName: string, code: string, text: string): Item {
  return notice('warning', code, oneLine(`${agentName}: ${text}`));
}
