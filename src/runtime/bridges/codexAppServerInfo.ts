import { arrayField, isRecord, stringField } from '../../base/guard';
import { oneLine, type Failure } from '../../events/failure';
import type { AgentInfo, ChildExit } from '../contract';

type Version = readonly [number, number, number];

/** The oldest version whose app-server was seen to do what this bridge needs; 0.97.0 cannot be told a user's words in between. */
const oldest: Version = [0, 100, 0];

/** The oldest version that was seen to be left with nothing of its own that acts unasked. */
const oldestWithOurTools: Version = [0, 169, 0];

/** `initialize` names the version only in the user agent: `patchbay/0.169.0 (Linux; x86_64) …`. */
export function serverVersion(initialized: unknown): string | undefined {
  return /^[^/]*\/(\d+\.\d+\.\d+[^\s]*)/.exec(stringField(initialized, 'userAgent') ?? '')?.[1];
}

export function tooOld(version: string, isOurTools: boolean): Failure | undefined {
  const needed = isOurTools ? oldestWithOurTools : oldest;
  const parts = version.split(/[.+-]/).map(Number);
  for (const [index, wanted] of needed.entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) {
      return part < wanted ? tooOldFailure(version, needed) : undefined;
    }
  }
  return undefined;
}

/** The models that `model/list` shows to people. */
export function listedModels(result: unknown): NonNullable<AgentInfo['models']> {
  return (arrayField(result, 'data') ?? []).flatMap((entry) => {
    const id = stringField(entry, 'model') ?? stringField(entry, 'id');
    return id === undefined || (isRecord(entry) && entry.hidden === true)
      ? []
      : [{ id, name: stringField(entry, 'displayName') ?? id }];
  });
}

/** What an exit without a word on stdout means: wrong arguments, a version without app-server, a broken configuration. */
export function appServerExit(exit: ChildExit): Failure | undefined {
  const { stderrTail } = exit;
  if (
    /unrecognized subcommand|unexpected argument|invalid value/.test(stderrTail) &&
    exit.code === 2
  ) {
    return firstLine(stderrTail).includes('app-server')
      ? tooOldFailure(undefined, oldest)
      : {
          code: 'binary_broken',
          message: oneLine(
            `Codex does not take its arguments: ${firstLine(stderrTail)} Look at the arguments in the settings of this agent.`,
          ),
          detail: stderrTail,
        };
  }
  if (/config\.toml|error loading config/i.test(stderrTail) && exit.code === 1) {
    return {
      code: 'binary_broken',
      message: oneLine(
        `Codex could not read its configuration: ${firstLine(stderrTail)} Correct it, then send the prompt again.`,
      ),
      detail: stderrTail,
    };
  }
  return undefined;
}

function tooOldFailure(version: string | undefined, needed: Version): Failure {
  return {
    code: 'agent_too_old',
    message: `${version === undefined ? 'This version of Codex' : `Codex ${version}`} is too old for Patchbay, which needs ${needed.join('.')} or newer. Update Codex (npm install -g @openai/codex), then send the prompt again.`,
  };
}

function firstLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const line = lines.find((part) => /error/i.test(part)) ?? lines.find((part) => part !== '') ?? '';
  return line.replace(/^error: /i, '').replace(/([^.])$/, '$1.');
}
