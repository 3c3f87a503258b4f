import {
  arrayField,
  isNumber,
  isRecord,
  isString,
  numberField,
  recordField,
  stringField,
} from '../../base/guard';
import { abortedFailure, oneLine, type Failure } from '../../events/failure';
import type { Usage } from '../../events/usage';
import type { ChildExit } from '../contract';
import { refusal } from './claudeCliVersion';
import { countField, sumCounts } from '../usageCounts';

/** What the end of a turn can be judged by, besides the message itself. */
export interface ResultContext {
  readonly wasInterrupted: boolean;
  /** The session was announced (`system/init`) before. */
  readonly hasInit: boolean;
  readonly resume: string | undefined;
}

/**
 * The failure in a `result` message, or undefined when the turn went well. `subtype: "success"` with `is_error: true` is
 * the usual shape of an API error; the texts of `errors` are diagnostics and not for people.
 */
export function resultFailure(message: unknown, context: ResultContext): Failure | undefined {
  if (!isRecord(message)) {
    return undefined;
  }
  const subtype = stringField(message, 'subtype');
  const terminalReason = stringField(message, 'terminal_reason') ?? '';
  const isFine = subtype === 'success' && (message.is_error ?? false) === false;
  if (isFine) {
    return undefined;
  }
  if (context.wasInterrupted || terminalReason.startsWith('aborted_')) {
    return abortedFailure();
  }
  const errors = (arrayField(message, 'errors') ?? []).filter(isString);
  const text = stringField(message, 'result') ?? '';
  const said = [text, ...errors].filter((part) => part !== '').join('\n');
  if (context.resume !== undefined && !context.hasInit && isUnknownSession(said)) {
    return resumeRejected(said);
  }
  const status = numberField(message, 'api_error_status');
  if (subtype === 'error_max_turns' || terminalReason === 'max_turns') {
    return {
      code: 'unknown',
      message: 'Claude Code stopped at its limit of steps. Send "go on" to continue.',
      detail: said,
    };
  }
  if (subtype === 'error_max_budget_usd') {
    return {
      code: 'unknown',
      message: 'Claude Code stopped at its cost limit. Raise the limit or start a new session.',
      detail: said,
    };
  }
  if (terminalReason === 'prompt_too_long' || /prompt is too long/i.test(said)) {
    return contextOverflow(said);
  }
  return apiFailure(said, status);
}

/** Options that every launch has: a version that does not know one is too old. */
const ownOptions =
  /^--(output-format|input-format|include-partial-messages|permission-prompt-tool|permission-mode|setting-sources|strict-mcp-config|effort|add-dir|resume|fork-session)/;

/** The failure that an exit without a `result` means; undefined when stderr says nothing that we know. */
export function exitFailure(exit: ChildExit, resume: string | undefined): Failure | undefined {
  const said = exit.stderrTail;
  if (resume !== undefined && isUnknownSession(said)) {
    return resumeRejected(said);
  }
  if (isSignedOut(said)) {
    return signedOut(said);
  }
  const option = /unknown option '?([^'\n]+)'?/i.exec(said)?.[1];
  if (option !== undefined && !ownOptions.test(option)) {
    return {
      code: 'binary_broken',
      message: `Claude Code does not know ${oneLine(option)}. Take it out of the agent’s arguments in the settings, or update Claude Code (claude update).`,
      detail: said,
    };
  }
  if (option !== undefined) {
    return refusal(undefined, `It does not know ${oneLine(option)}. ${said}`);
  }
  return undefined;
}

/**
 * Numbers of one turn, from the turn's own table per model where there is one: `total_cost_usd` and `modelUsage` count
 * over the whole session, `usage` leaves sub-agents and stopped requests out. A turn without a request has no numbers.
 */
export function resultUsage(message: unknown): Usage | undefined {
  const models = Object.values(recordField(message, 'model_usage_since_last_result') ?? {});
  const usage = recordField(message, 'usage');
  const sum = (name: string): number | undefined => {
    const numbers = models.map((model) => countField(model, name)).filter(isNumber);
    return numbers.length === 0 ? undefined : sumCounts(numbers);
  };
  const counts = {
    inputTokens: sum('inputTokens') ?? countField(usage, 'input_tokens'),
    outputTokens: sum('outputTokens') ?? countField(usage, 'output_tokens'),
    cacheReadTokens: sum('cacheReadInputTokens') ?? countField(usage, 'cache_read_input_tokens'),
    cacheWriteTokens:
      sum('cacheCreationInputTokens') ?? countField(usage, 'cache_creation_input_tokens'),
    costUsd: sum('costUSD'),
  };
  const known = Object.entries(counts).filter(([, value]) => value !== undefined);
  if (known.every(([, value]) => value === 0)) {
    return undefined;
  }
  const windows = Object.values(recordField(message, 'modelUsage') ?? {})
    .map((model) => countField(model, 'contextWindow'))
    .filter(isNumber);
  return {
    ...Object.fromEntries(known),
    ...(windows.length === 0
      ? {}
      : { contextWindowTokens: windows.reduce((most, window) => Math.max(most, window)) }),
    reportedBy: 'child',
  };
}

/** All that went into one request, as its answer says; undefined when it does not. */
export function requestTokens(usage: unknown): number | undefined {
  const input = countField(usage, 'input_tokens');
  return input === undefined
    ? undefined
    : sumCounts([
        input,
        countField(usage, 'cache_read_input_tokens') ?? 0,
        countField(usage, 'cache_creation_input_tokens') ?? 0,
      ]);
}

/** Numbers of two results of one exchange together; what only one of them has stays. */
export function addUsage(before: Usage | undefined, more: Usage): Usage {
  if (before === undefined) {
    return more;
  }
  const counts = [
    'inputTokens',
    'outputTokens',
    'cacheReadTokens',
    'cacheWriteTokens',
    'costUsd',
  ] as const;
  const sums = counts.flatMap((name) =>
    before[name] === undefined && more[name] === undefined
      ? []
      : [[name, sumCounts([before[name] ?? 0, more[name] ?? 0])] as const],
  );
  return { ...before, ...more, ...Object.fromEntries(sums) };
}

function apiFailure(said: string, status: number | undefined): Failure {
  const common = { detail: said, ...(status === undefined ? {} : { status }) };
  const words = oneLine(said.split('\n')[0] ?? '');
  if (isSignedOut(said) || status === 401 || status === 403) {
    return { ...signedOut(said), ...common };
  }
  if (status === 429) {
    return {
      code: 'rate_limited',
      message: `Claude Code has reached a rate limit or the end of its quota. Wait, or choose another model. ${words}`,
      ...common,
    };
  }
  if (status === 529 || (status !== undefined && status >= 500)) {
    return {
      code: 'overloaded',
      message: `The service behind Claude Code is overloaded or failing (${status}). Try again in a moment.`,
      ...common,
    };
  }
  if (
    status === 404 ||
    /issue with the selected model|model.{0,40}not.{0,10}(found|exist|available)/i.test(said)
  ) {
    return {
      code: 'model_not_found',
      message: `Claude Code cannot use the chosen model. Choose another one. ${words}`,
      ...common,
    };
  }
  if (status !== undefined && status >= 400) {
    return {
      code: 'invalid_request',
      message: `The service behind Claude Code refused the request. What has arrived is kept. It said: ${words}`,
      ...common,
    };
  }
  if (
    /unable to connect|connection (error|refused)|ECONN|ENOTFOUND|fetch failed|network/i.test(said)
  ) {
    return {
      code: 'network',
      message: `Claude Code cannot reach its service. Check the connection and the proxy settings, then try again. ${words}`,
      ...common,
    };
  }
  if (words === '' || said.includes('[ede_diagnostic]')) {
    return {
      code: 'unknown',
      message: 'Claude Code ended the turn with an error. What has arrived is kept; try again.',
      ...common,
    };
  }
  return {
    code: 'unknown',
    message: `Claude Code failed. What has arrived is kept; try again. It said: ${words}`,
    ...common,
  };
}

function isSignedOut(said: string): boolean {
  return /not logged in|please run \/login|invalid api key|oauth token (has expired|revoked)|authentication_error/i.test(
    said,
  );
}

function signedOut(said: string): Failure {
  return {
    code: 'auth_required',
    message:
      'Claude Code is not signed in, or its key was refused. Sign in with its own login, then send the prompt again.',
    ...(said === '' ? {} : { detail: said }),
  };
}

function isUnknownSession(said: string): boolean {
  return /no conversation found|session id .{0,200}? (not found|does not exist)|--resume requires a valid session/i.test(
    said,
  );
}

function resumeRejected(said: string): Failure {
  return {
    code: 'resume_rejected',
    message: 'Claude Code no longer knows this session. Start a new one.',
    detail: said,
  };
}

function contextOverflow(said: string): Failure {
  return {
    code: 'context_overflow',
    message: 'The conversation no longer fits the model. Send /compact, or start a new session.',
    detail: said,
  };
}
