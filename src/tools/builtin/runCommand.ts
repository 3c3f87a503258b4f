import { numberField, stringField } from '../../base/guard';
import { toolError, toolOk, type ToolResult } from '../../events/toolCall';
import type { CommandOutcome, CommandRunner, Tool } from '../contract';
import { nonEmptyText, objectSchema, pathParameter } from './toolParts';

const defaultCommandTimeoutMs = 120_000;
const maxCommandTimeoutMs = 600_000;
/** The tool's own kill comes first and keeps the output; the orchestrator's deadline is the second wall. */
const deadlineMarginMs = 10_000;

export function createRunCommand(runner: CommandRunner): Tool {
  return {
    name: 'run_command',
    description:
      'Runs one shell command and gives its output and exit code. It runs without a terminal and without input, so use non-interactive options. It ends after timeoutMs (default 120000, at most 600000).',
    inputSchema: objectSchema(
      {
        command: nonEmptyText('The complete command line.'),
        cwd: pathParameter('The folder to run in. Default: the workspace folder.'),
        timeoutMs: {
          type: 'number',
          description: 'Milliseconds after which the command is killed.',
        },
      },
      ['command'],
    ),
    kind: 'command',
    timeoutMs: maxCommandTimeoutMs + deadlineMarginMs,
    intents: (args) => {
      const cwd = stringField(args, 'cwd');
      return [
        {
          kind: 'command',
          command: stringField(args, 'command') ?? '',
          ...(cwd === undefined ? {} : { cwd }),
        },
      ];
    },
    run: async (args, context) => {
      const asked = numberField(args, 'timeoutMs') ?? defaultCommandTimeoutMs;
      const timeoutMs = Math.min(Math.max(asked, 1000), maxCommandTimeoutMs);
      const outcome = await runner.run({
        command: stringField(args, 'command') ?? '',
        cwd: context.resolvePath(stringField(args, 'cwd') ?? '.'),
        timeoutMs,
        signal: context.signal,
        onOutput: (text) => context.onProgress({ kind: 'output', text }),
      });
      return toResult(outcome, timeoutMs);
    },
  };
}

function toResult(outcome: CommandOutcome, timeoutMs: number): ToolResult {
  const output = outcome.output === '' ? '[no output]' : outcome.output;
  switch (outcome.end) {
    case 'exited':
      if (outcome.exitCode === 0) {
        return toolOk(output, { summary: 'exit 0', exitCode: 0 });
      }
      return outcome.exitCode === null
        ? toolError(
            `The command was ended by the signal ${outcome.signal ?? 'unknown'}.`,
            { summary: outcome.signal ?? 'killed' },
            output,
          )
        : toolError(
            `The command ended with exit code ${outcome.exitCode}.`,
            { summary: `exit ${outcome.exitCode}`, exitCode: outcome.exitCode },
            output,
          );
    case 'timeout':
      return toolError(
        `The command did not end within ${timeoutMs / 1000}s and was killed. Give a longer timeoutMs or a shorter command.`,
        { summary: 'timed out', outcome: 'timeout' },
        output,
      );
    case 'aborted':
      return toolError('Stopped by the user.', { summary: 'stopped', outcome: 'aborted' }, output);
    case 'spawn_failed':
      return toolError(`The command could not be started. ${outcome.output}`.trim(), {
        summary: 'not started',
      });
  }
}
