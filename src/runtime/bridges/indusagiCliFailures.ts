import { abortedFailure, oneLine, type Failure } from '../../events/failure';
import type { ChildExit } from '../contract';

/** How an answer of the peer ended; `said` is the service's own text, or the peer's. */
export function serviceFailure(agentName: string, said: string): Failure {
  const status = /\b([45]\d\d)\b/.exec(said)?.[1];
  const code = status === undefined ? undefined : Number(status);
  const common = {
    ...(said === '' ? {} : { detail: said }),
    ...(code === undefined ? {} : { status: code }),
  };
  const words = oneLine(said.split('\n')[0] ?? '');
  if (/request (was )?aborted|operation aborted|aborted by user/i.test(said)) {
    return abortedFailure();
  }
  if (
    /context.?(length|window)|prompt is too long|too many tokens|maximum context|exceeds the (context|limit)/i.test(
      said,
    )
  ) {
    return {
      code: 'context_overflow',
      message: 'The conversation no longer fits the model. Start a new session.',
      ...common,
    };
  }
  if (code === 401 || code === 403 || isSignedOut(said)) {
    return {
      code: 'auth_required',
      message:
        `${agentName} is not signed in, or its key was refused. Sign in with its own login, then send the prompt again. ${words}`.trim(),
      ...common,
    };
  }
  if (code === 429 || /rate.?limit|too many requests|quota/i.test(said)) {
    return {
      code: 'rate_limited',
      message:
        `${agentName} has reached a rate limit or the end of its quota. Wait, or choose another model. ${words}`.trim(),
      ...common,
    };
  }
  if (code === 404 || /model.{0,40}not.{0,10}(found|exist|available|supported)/i.test(said)) {
    return {
      code: 'model_not_found',
      message: `${agentName} cannot use the chosen model. Choose another one. ${words}`.trim(),
      ...common,
    };
  }
  if ((code !== undefined && code >= 500) || /overloaded|internal server error/i.test(said)) {
    return {
      code: 'overloaded',
      message:
        `The service behind ${agentName} is overloaded or failing. Try again in a moment. ${words}`.trim(),
      ...common,
    };
  }
  if (code !== undefined) {
    return {
      code: 'invalid_request',
      message: `The service behind ${agentName} refused the request. What has arrived is kept. It said: ${words}`,
      ...common,
    };
  }
  if (
    /ECONN|ENOTFOUND|ETIMEDOUT|fetch failed|connection error|network|socket hang up|timed? out/i.test(
      said,
    )
  ) {
    return {
      code: 'network',
      message: `${agentName} cannot reach its service. Check the connection and the proxy settings, then try again. ${words}`,
      ...common,
    };
  }
  if (
    /terminated|ended without|premature|stream.{0,20}(closed|ended)|other side closed/i.test(said)
  ) {
    return {
      code: 'stream_cut',
      message: `The answer of ${agentName} was cut. What has arrived is kept; try again.`,
      ...common,
    };
  }
  return {
    code: 'unknown',
    message:
      words === ''
        ? `${agentName} ended the turn with an error. What has arrived is kept; try again.`
        : `${agentName} failed: ${words}`,
    ...common,
  };
}

export function wrongDialect(agentName: string, detail: string): Failure {
  return {
    code: 'wrong_dialect',
    message: `The program set for ${agentName} does not speak a dialect that Patchbay knows. Check its path and its version in the settings.`,
    ...(detail === '' ? {} : { detail }),
  };
}

export function resumeRejected(agentName: string, detail = ''): Failure {
  return {
    code: 'resume_rejected',
    message: `${agentName} no longer knows this session. Start a new one.`,
    ...(detail === '' ? {} : { detail }),
  };
}

export interface ExitContext {
  readonly agentName: string;
  /** Anything of the dialect was heard before. */
  readonly hasSpoken: boolean;
  readonly resume: string | undefined;
  /** There is another form of the dialect that a fresh child could be started in. */
  readonly hasOtherForms: boolean;
}

/** The failure that an exit without a last word means; undefined when stderr says nothing that we know. */
export function exitFailure(exit: ChildExit, context: ExitContext): Failure | undefined {
  const said = exit.stderrTail;
  const { agentName } = context;
  if (
    context.resume !== undefined &&
    /session.{0,80}(not found|does not exist)|no session found/i.test(said)
  ) {
    return resumeRejected(agentName, said);
  }
  const option =
    /(?:unknown|unrecogni[sz]ed|unexpected|invalid) (?:option|argument|flag|command)s?:?\s*'?([^\s',]*)/i.exec(
      said,
    );
  if (!context.hasSpoken && (option !== null || /^usage:/im.test(said))) {
    return context.hasOtherForms
      ? wrongDialect(agentName, said)
      : {
          code: 'binary_broken',
          message: `This version of ${agentName} does not know ${option?.[1] === undefined || option[1] === '' ? 'its options' : oneLine(option[1])}. Update it and try again.`,
          detail: said,
        };
  }
  if (/failed to load extension|extension path does not exist/i.test(said)) {
    return {
      code: 'binary_broken',
      message: `${agentName} did not load the part of Patchbay that shows its calls, so it was not started. Update it and try again.`,
      detail: said,
    };
  }
  if (/unknown provider|model.{0,80}not found|no model.{0,40}match/i.test(said)) {
    return {
      code: 'model_not_found',
      message: `${agentName} cannot use the chosen model. Choose another one. ${lastLine(said)}`,
      detail: said,
    };
  }
  if (isSignedOut(said) || /no models available/i.test(said)) {
    return {
      code: 'auth_required',
      message: `${agentName} has no model that it may use. Sign in with its own login, or set its key, then send the prompt again.`,
      detail: said,
    };
  }
  return undefined;
}

function lastLine(said: string): string {
  return oneLine(said.trim().split('\n').at(-1) ?? '');
}

/** What we sent did not arrive as it was sent: the prompt, or a command before it. */
export function notRead(agentName: string, said: string): Failure {
  const words = oneLine(said.split('\n')[0] ?? '');
  return {
    code: 'unknown',
    message: `${agentName} could not read what Patchbay sent${words === '' ? '' : `: ${words}`}. Nothing was done; send the prompt again.`,
    ...(said === '' ? {} : { detail: said }),
  };
}

function isSignedOut(said: string): boolean {
  return /no api key|not logged in|invalid api key|incorrect api key|authentication (failed|error)|unauthorized|use \/login/i.test(
    said,
  );
}
