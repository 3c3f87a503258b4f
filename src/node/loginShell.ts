import { basename } from 'node:path';
import { childEnvironment } from './childEnvironment';
import { runProgram } from './programRunner';
import type { SupervisorOptions } from './supervisedProcess';

export interface LoginShellOptions extends SupervisorOptions {
  readonly inheritedEnv: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly platform: NodeJS.Platform;
  /** Default 3000: a start-up file may wait for somebody who is not there. */
  readonly timeoutMs?: number;
}

/**
 * A question for the PATH of the user's login shell, asked at most once; a programs started from a desktop often has a
 * shorter one. Undefined on Windows, for a shell we do not know, and when it does not answer in time.
 */
export function createLoginShellPath(
  options: LoginShellOptions,
): () => Promise<string | undefined> {
  let answer: Promise<string | undefined> | undefined;
  return () => {
    answer ??= askShell(options);
    return answer;
  };
}

const knownShells: ReadonlySet<string> = new Set(['bash', 'zsh', 'sh', 'dash', 'ksh', 'fish']);
const mark = '__patchbay_path__';

async function askShell(options: LoginShellOptions): Promise<string | undefined> {
  const shell = options.inheritedEnv.SHELL ?? '';
  if (options.platform === 'win32' || !shell.startsWith('/') || !knownShells.has(basename(shell))) {
    return undefined;
  }
  const outcome = await runProgram(
    {
      launch: { file: shell, argsBefore: [] },
      // Login and interactive: people set their PATH in either kind of start-up file. All of these shells know these words.
      args: ['-l', '-i', '-c', `printf '%s' '${mark}'; printenv PATH; printf '%s' '${mark}'`],
      env: childEnvironment({ inherited: options.inheritedEnv }),
      cwd: options.homeDirectory,
      timeoutMs: options.timeoutMs ?? 3000,
    },
    options,
  );
  return outcome.kind === 'exited' ? pathFromOutput(outcome.stdout) : undefined;
}

/** What stands between the marks; start-up files may print around them. */
export function pathFromOutput(stdout: string): string | undefined {
  const path = stdout.split(mark)[1]?.trim();
  return path === undefined || path === '' || path.includes('\n') ? undefined : path;
}
