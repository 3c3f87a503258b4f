import { assertNever } from '../base/assertNever';
import type { Failure } from '../events/failure';
import type { ErrorAction, SessionItem } from '../events/sessionItem';
import type { ModelApi } from '../runtime/contract';

const externalApi: ModelApi = 'external';
const editorApi: ModelApi = 'editor';

/** The error card of a failed turn: the sentence, the detail folded, and the actions that help. */
export function failureItem(id: string, failure: Failure, api: string): SessionItem {
  return {
    kind: 'error',
    id,
    message: failure.message,
    ...(failure.detail === undefined || failure.detail === '' ? {} : { detail: failure.detail }),
    code: failure.code,
    actions: actionsFor(failure, api),
  };
}

function actionsFor(failure: Failure, api: string): readonly ErrorAction[] {
  switch (failure.code) {
    case 'auth_required':
      // The editor's own models are allowed in its dialog, which the next try shows again.
      return api === editorApi
        ? ['retry', 'chooseModel']
        : [api === externalApi ? 'signIn' : 'setKey', 'retry'];
    case 'binary_missing':
    case 'agent_too_old':
      return ['install', 'openSettings', 'chooseModel'];
    case 'binary_broken':
    case 'wrong_dialect':
      return ['openSettings', 'showLog', 'chooseModel'];
    case 'not_trusted':
      return ['trustFolder'];
    case 'no_folder':
      return ['openFolder'];
    case 'consent_needed':
      return ['retry', 'chooseModel'];
    case 'model_not_found':
    case 'runtime_missing':
      return ['chooseModel'];
    case 'context_overflow':
      return ['newSession', 'chooseModel'];
    case 'network':
      return ['retry', 'openSettings'];
    case 'child_exited':
    case 'line_too_long':
      return ['retry', 'showLog'];
    case 'aborted':
    case 'rate_limited':
    case 'overloaded':
    case 'timeout':
    case 'stream_cut':
    case 'resume_rejected':
    case 'invalid_request':
    case 'unknown':
      return ['retry'];
    default:
      return assertNever(failure.code);
  }
}
