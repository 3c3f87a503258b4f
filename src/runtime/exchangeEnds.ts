import { abortedFailure, oneLine, type Failure } from '../events/failure';
import type { ChildExit } from './contract';

/** What a stop of the user is called: the agent's own words where it said that it stopped. */
export function stopped(failure?: Failure): Failure {
  return abortedFailure(failure?.aborted === true ? failure.message : undefined);
}

/** An agent that ended, or was done, without a last word. `exit` is undefined when its process still lives. */
export function earlyEnd(agentName: string, exit: ChildExit | undefined): Failure {
  const detail = exit?.stderrTail ?? '';
  const lastWords = oneLine(detail.trim().split('\n').slice(-3).join(' '));
  return {
    code: 'child_exited',
    message: oneLine(
      `${agentName} ended early${howItEnded(exit)}. What has arrived is kept; send the prompt again to go on.` +
        (lastWords === '' ? '' : ` It said: ${lastWords}`),
    ),
    ...(detail === '' ? {} : { detail }),
  };
}

/** An agent that said nothing for too long, at its start or in the middle. */
export function silence(agentName: string, phase: 'start' | 'idle', timeoutMs: number): Failure {
  const what = phase === 'start' ? 'did not begin to answer within' : 'has said nothing for';
  return {
    code: 'timeout',
    message: `${agentName} ${what} ${formatSeconds(timeoutMs)}. What has arrived is kept; try again, or look at the log.`,
  };
}

function howItEnded(exit: ChildExit | undefined): string {
  if (exit === undefined) {
    return '';
  }
  return exit.signal === null
    ? ` (exit code ${exit.code ?? 'unknown'})`
    : ` (ended by ${exit.signal})`;
}

function formatSeconds(timeoutMs: number): string {
  return timeoutMs < 1000 ? `${timeoutMs} ms` : `${Math.round(timeoutMs / 100) / 10} s`;
}
