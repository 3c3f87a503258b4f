import { oneLine, type Failure } from '../../events/failure';
import type { ChildExit } from '../contract';

/**
 * What an exit of `codex exec` without a JSON line means: these errors are told on stderr alone (0.169.0). `resume` is
 * the token that was asked for, when the thread was never announced.
 */
export function execExit(exit: ChildExit, resume: string | undefined): Failure | undefined {
  const { stderrTail: detail } = exit;
  if (
    resume !== undefined &&
    exit.code !== 0 &&
    /no rollout found|session not found|thread not found|no (saved )?session|thread\/resume failed|error resuming|not found with id/i.test(
      detail,
    )
  ) {
    return resumeRejected(detail);
  }
  if (exit.code === 2 && /^error:/m.test(detail)) {
    return {
      code: 'binary_broken',
      message: oneLine(
        `Codex does not take its arguments: ${line(detail, /^error:/)} Look at the arguments in the settings of this agent, or update Codex (npm install -g @openai/codex).`,
      ),
      detail,
    };
  }
  if (/not inside a trusted directory/i.test(detail)) {
    return {
      code: 'not_trusted',
      message: 'Codex does not trust this folder. Trust it in Codex, then send the prompt again.',
      detail,
    };
  }
  if (exit.code === 1 && /error loading config|config\.toml/i.test(detail)) {
    return {
      code: 'binary_broken',
      message: oneLine(
        `Codex could not read its configuration: ${line(detail, /config/i)} Correct it, then send the prompt again.`,
      ),
      detail,
    };
  }
  return undefined;
}

export function resumeRejected(detail: string): Failure {
  return {
    code: 'resume_rejected',
    message: 'Codex no longer knows this session. Start a new one.',
    ...(detail === '' ? {} : { detail }),
  };
}

function line(text: string, pattern: RegExp): string {
  return (
    text
      .split('\n')
      .map((part) => part.trim())
      .find((part) => pattern.test(part))
      ?.replace(/^error: /i, '')
      .replace(/([^.])$/, '$1.') ?? ''
  );
}
