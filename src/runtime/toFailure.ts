import { errorMessage, PatchbayError } from '../base/patchbayError';
import { oneLine, type Failure, type FailureCode } from '../events/failure';

const codes: Readonly<Record<FailureCode, true>> = {
  aborted: true,
  auth_required: true,
  binary_missing: true,
  binary_broken: true,
  not_trusted: true,
  no_folder: true,
  rate_limited: true,
  overloaded: true,
  network: true,
  timeout: true,
  model_not_found: true,
  invalid_request: true,
  context_overflow: true,
  stream_cut: true,
  child_exited: true,
  line_too_long: true,
  resume_rejected: true,
  runtime_missing: true,
  wrong_dialect: true,
  agent_too_old: true,
  consent_needed: true,
  unknown: true,
};

function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(codes, code);
}

/** What a thrown value means for the turn. A PatchbayError keeps its code where it is one of ours. */
export function toFailure(error: unknown): Failure {
  const message = oneLine(errorMessage(error));
  if (PatchbayError.is(error) && isFailureCode(error.code)) {
    return { code: error.code, message, ...(error.code === 'aborted' ? { aborted: true } : {}) };
  }
  const cause =
    error instanceof Error && error.cause !== undefined ? errorMessage(error.cause) : undefined;
  return { code: 'unknown', message, ...(cause === undefined ? {} : { detail: cause }) };
}
