import { childEnvironment } from './childEnvironment';
import { runProgram } from './programRunner';
import type { SupervisorOptions } from './supervisedProcess';

export interface NodeVersionOptions extends SupervisorOptions {
  readonly inheritedEnv: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Default 3000. */
  readonly timeoutMs?: number;
}

/** Asks a Node for its version (`v22.11.0`), each one once; undefined when it does not say. */
export function createNodeVersion(
  options: NodeVersionOptions,
): (node: string) => Promise<string | undefined> {
  const answers = new Map<string, Promise<string | undefined>>();
  return (node) => {
    const answer = answers.get(node) ?? askNode(node, options);
    answers.set(node, answer);
    return answer;
  };
}

async function askNode(node: string, options: NodeVersionOptions): Promise<string | undefined> {
  const outcome = await runProgram(
    {
      launch: { file: node, argsBefore: [] },
      args: ['--version'],
      env: childEnvironment({
        inherited: options.inheritedEnv,
        isWindows: options.platform === 'win32',
      }),
      timeoutMs: options.timeoutMs ?? 3000,
    },
    options,
  );
  return outcome.kind === 'exited' ? /^v\d+\.\d+\.\d+/.exec(outcome.stdout.trim())?.[0] : undefined;
}
