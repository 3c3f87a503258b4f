import { withDeadline, type Clock } from '../base/clock';
import type { JsonObject } from '../base/json';
import { isOneOf, isRecord, isString } from '../base/guard';
import { errorMessage } from '../base/patchbayError';
import { toolError, toolOk, type ToolResult } from '../events/toolCall';
import type { CallEnd } from './callRecords';
import { failedEnd } from './callRecords';

/**
 * Runs work with a signal and a deadline. A timeout or an abort is told to the work through its signal; it has a short
 * grace to give back what it has, then it is left behind. Never rejects. `timeoutMs` 0: no deadline.
 */
export async function runWithDeadline(
  toolName: string,
  timeoutMs: number,
  signal: AbortSignal,
  clock: Clock,
  work: (signal: AbortSignal) => Promise<ToolResult>,
): Promise<CallEnd> {
  const isStopped = (): boolean => signal.aborted;
  if (isStopped()) {
    // It was stopped while it waited for its turn: then nothing begins.
    return abortedEnd(toolError(''));
  }
  const controller = new AbortController();
  const running = startWork(toolName, work, AbortSignal.any([signal, controller.signal]));
  try {
    const outcome = await withDeadline(
      clock,
      running,
      timeoutMs === 0 ? maxTimerMs : timeoutMs,
      signal,
    );
    if (outcome.kind === 'value') {
      return isStopped() && !outcome.value.ok ? abortedEnd(outcome.value) : toEnd(outcome.value);
    }
    controller.abort();
    const late = await withDeadline(clock, running, graceMs);
    const partial = late.kind === 'value' ? late.value : toolError('');
    return outcome.kind === 'aborted'
      ? abortedEnd(partial)
      : timedOutEnd(toolName, timeoutMs, partial);
  } catch (error) {
    // Without a clock there is no deadline, and nothing runs without one.
    controller.abort();
    return failedEnd(errorMessage(error));
  }
}

/** For people: the command line that a call runs, else the tool's name. */
export function describeCall(toolName: string, input: JsonObject): string {
  const command = input.command ?? input.cmd;
  const words = Array.isArray(command) && command.every(isString) ? command.join(' ') : command;
  return isString(words) && words.trim() !== '' ? words.trim().slice(0, 200) : toolName;
}

const graceMs = 500;
const maxTimerMs = 2_147_483_647;

async function startWork(
  toolName: string,
  work: (signal: AbortSignal) => Promise<ToolResult>,
  signal: AbortSignal,
): Promise<ToolResult> {
  try {
    return toSoundResult(toolName, await work(signal));
  } catch (error) {
    // Also a timeout error of the tool's own: it is the tool's error, not our deadline.
    return toolError(errorMessage(error));
  }
}

/** Tools come from other extensions and servers too; what they give back is what they say only after a look. */
function toSoundResult(toolName: string, given: ToolResult): ToolResult {
  const value: unknown = given;
  if (!isRecord(value) || !isString(value.output)) {
    return toolError(`Tool '${toolName}' gave nothing that is a result.`);
  }
  const { ok, error, output } = value;
  const details = isRecord(value.details) ? given.details : undefined;
  if (ok === true && error === undefined) {
    return toolOk(output, details);
  }
  return ok === false && isString(error)
    ? toolError(error, details, output)
    : toolError(
        `Tool '${toolName}' gave a result that says neither ok nor error.`,
        undefined,
        output,
      );
}

function toEnd(result: ToolResult): CallEnd {
  const said = result.details?.outcome;
  return { result, outcome: isOutcome(said) ? said : result.ok ? 'ok' : 'error' };
}

const isOutcome = isOneOf('denied', 'timeout', 'aborted', 'cache_hit');

function timedOutEnd(toolName: string, timeoutMs: number, partial: ToolResult): CallEnd {
  return failedEnd(
    `Tool '${toolName}' timed out after ${timeoutMs / 1000}s`,
    { ...partial.details, outcome: 'timeout', summary: 'timed out' },
    partial.output,
  );
}

function abortedEnd(partial: ToolResult): CallEnd {
  return failedEnd(
    'Stopped by the user.',
    { ...partial.details, outcome: 'aborted', summary: 'stopped' },
    partial.output,
  );
}
