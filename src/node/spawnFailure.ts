import { errorMessage, PatchbayError } from '../base/patchbayError';
import type { Failure } from '../events/failure';
import { outputClosedCode } from './muteChild';

/** For people: what is started, and how one gets it. */
export interface ProgramWords {
  /** `claude`, or the path that the user set. */
  readonly program: string;
  /** `Install it with "npm install -g …".` */
  readonly installHint?: string;
}

export function missingProgram(words: ProgramWords, why: string): Failure {
  return {
    code: 'binary_missing',
    message: joinSentences(
      why,
      words.installHint ??
        `Install "${words.program}", or set its path in the settings of Patchbay.`,
    ),
  };
}

export function brokenProgram(why: string): Failure {
  return { code: 'binary_broken', message: why };
}

/** What the failed end of an existing program means. `code` is the system's name of it, or one of ours. */
export function spawnFailure(
  words: ProgramWords,
  path: string,
  code: string,
  detail: string,
): Failure {
  switch (code) {
    case 'ENOENT':
      return brokenProgram(
        `The program at ${path} could not be started: it is gone, or the interpreter that its first line names is missing. Install it again.`,
      );
    case 'EACCES':
    case 'EPERM':
      return brokenProgram(
        `The system did not allow ${path} to be started. Check its permissions.`,
      );
    case 'ENOEXEC':
    case 'UNKNOWN':
      return brokenProgram(`${path} is not a program that this system can run. Install it again.`);
    case 'E2BIG':
      return {
        code: 'invalid_request',
        message: `The arguments for "${words.program}" are too long for this system.`,
      };
    case outputClosedCode:
      return {
        code: 'child_exited',
        message: `"${words.program}" closed its output in the middle of the turn and lived on, so it was ended. What has arrived is kept; send the prompt again to go on.`,
      };
    case 'EAGAIN':
    case 'ENOMEM':
    case 'EMFILE':
    case 'ENFILE':
      return {
        code: 'unknown',
        message: `The system has no room for another process (${code}). Close some programs and try again.`,
        detail,
      };
    default:
      return {
        code: 'unknown',
        message: `"${words.program}" could not be started (${code}).`,
        detail,
      };
  }
}

function joinSentences(first: string, second: string): string {
  return `${first.replace(/\.?$/, '.')} ${second}`;
}

/** Output that cannot be taken: a line above the limit, which no sender means. */
export function unreadableOutput(error: unknown): Failure {
  const isTooLong = PatchbayError.is(error, 'line_too_long');
  return {
    code: isTooLong ? 'line_too_long' : 'unknown',
    message: `The agent's output could not be read: ${errorMessage(error)} What has arrived is kept. Try again; if it happens again, look at the log.`,
  };
}
