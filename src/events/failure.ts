/** Why a turn failed, for code: each has one action that helps. */
export type FailureCode =
  | 'aborted'
  | 'auth_required'
  | 'binary_missing'
  | 'binary_broken'
  | 'not_trusted'
  | 'no_folder'
  | 'rate_limited'
  | 'overloaded'
  | 'network'
  | 'timeout'
  | 'model_not_found'
  | 'invalid_request'
  | 'context_overflow'
  | 'stream_cut'
  | 'child_exited'
  | 'line_too_long'
  | 'resume_rejected'
  | 'runtime_missing'
  | 'wrong_dialect'
  | 'agent_too_old'
  | 'consent_needed'
  | 'unknown';

/**
 * How a turn failed, for people and code. `message` is one line: what failed and what to do next. `detail` may be long
 * (stderr tail, response body), redacted. `aborted` is true when the user stopped it; then nothing red is shown.
 */
export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
  readonly detail?: string;
  readonly aborted?: boolean;
  /** HTTP status where there was one. */
  readonly status?: number;
  /** Milliseconds after which a retry makes sense, as the server said. */
  readonly retryAfterMs?: number;
}

export function abortedFailure(message = 'Stopped.'): Failure {
  return { code: 'aborted', message, aborted: true };
}

/** One line: line breaks and runs of blanks become one space; cut at 500 characters with a mark. */
export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 500 ? `${line.slice(0, 499)}…` : line;
}
