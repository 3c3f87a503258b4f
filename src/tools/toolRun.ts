import { withDeadline, type Clock } from '../base/clock';
import { errorMessage } from '../base/patchbayError';
import { toolError, type ToolResult } from '../events/toolCall';
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
  const controller = new AbortController();
  const running = startWork(work, AbortSignal.any([signal, controller.signal]));
  const outcome = await withDeadline(
    clock,
    running,
    timeoutMs === 0 ? maxTimerMs : timeoutMs,
    signal,
  );
  if (outcome.kind === 'value') {
    return signal.aborted && !outcome.value.ok ? abortedEnd(outcome.value) : toEnd(outcome.value);
  }
  controller.abort();
  const late = await withDeadline(clock, running, graceMs);
  const partial = late.kind === 'value' ? late.value : toolError('');
  if (outcome.kind === 'aborted') {
    return abortedEnd(partial);
  }
  const text = `Tool '${toolName}' timed out after ${timeoutMs / 1000}s`;
  return failedEnd(
    text,
    { ...partial.details, outcome: 'timeout', summary: 'timed out' },
    partial.output,
  );
}

const graceMs = 500;
const maxTimerMs = 2_147_483_647;

async function startWork(
  work: (signal: AbortSignal) => Promise<ToolResult>,
  signal: AbortSignal,
): Promise<ToolResult> {
  try {
    return await work(signal);
  } catch (error) {
    // Also a timeout error of the tool's own: it is the tool's error, not our deadline.
    return toolError(errorMessage(error));
  }
}

function toEnd(result: ToolResult): CallEnd {
  return { result, outcome: result.details?.outcome ?? (result.ok ? 'ok' : 'error') };
}

function abortedEnd(partial: ToolResult): CallEnd {
  return failedEnd(
    'Stopped by the user.',
    { ...partial.details, outcome: 'aborted', summary: 'stopped' },
    partial.output,
  );
}
