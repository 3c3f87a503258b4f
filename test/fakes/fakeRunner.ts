import { Deferred } from '../../src/base/deferred';
import type { CommandOutcome, CommandRunner } from '../../src/tools/contract';

type RunOptions = Parameters<CommandRunner['run']>[0];

/** Runs nothing: remembers what it was given and ends as told; an abort kills what runs. */
export class FakeRunner implements CommandRunner {
  readonly runs: RunOptions[] = [];
  /** What a command comes to; a pending one runs until it is aborted. */
  outcomeOf: (command: string) => CommandOutcome | 'pending' = (command) =>
    exited(`ran ${command}\n`);

  run(options: RunOptions): Promise<CommandOutcome> {
    this.runs.push(options);
    const outcome = this.outcomeOf(options.command);
    if (outcome !== 'pending') {
      options.onOutput?.(outcome.output);
      return Promise.resolve(outcome);
    }
    const ended = new Deferred<CommandOutcome>();
    const kill = (): void =>
      ended.resolve({ exitCode: null, signal: 'SIGKILL', output: 'partial\n', end: 'aborted' });
    if (options.signal.aborted) {
      kill();
    }
    options.signal.addEventListener('abort', kill, { once: true });
    return ended.promise;
  }

  get commands(): readonly string[] {
    return this.runs.map(({ command }) => command);
  }
}

export function exited(output: string, exitCode = 0): CommandOutcome {
  return { exitCode, signal: null, output, end: 'exited' };
}
