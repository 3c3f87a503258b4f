import { fenceFor } from '../base/markdownFence';
import type { ToolCall, ToolResult } from '../events/toolCall';

/** A shell line of the user. `isShared`: its output goes to the model with the next prompt. */
export interface UserCommand {
  readonly line: string;
  readonly isShared: boolean;
}

/** A shell line that has run. The call is the user's: no model made it. */
export interface RanCommand extends UserCommand {
  readonly callId: string;
  readonly result: ToolResult;
}

/** The tag of a command that no model sees, among the custom entries of a session. */
export const privateCommandTag = 'user-command';

/** `!git status` and `!!git status`; undefined for every other text, also for a lone mark. */
export function parseUserCommand(text: string): UserCommand | undefined {
  const found = /^\s*(!{1,2})(?!!)([\s\S]*)$/.exec(text);
  const line = found?.[2]?.trim() ?? '';
  return line === '' ? undefined : { line, isShared: found?.[1] === '!' };
}

export function commandCall(command: UserCommand, callId: string): ToolCall {
  return {
    id: callId,
    name: 'run_command',
    arguments: { command: command.line },
    executedBy: 'host',
  };
}

/** How a model is told of a command: words of the user, because no model asked for it. */
export function commandText({ line, result }: RanCommand): string {
  const output = result.ok
    ? result.output
    : [result.error, result.output].filter((part) => part !== '').join('\n');
  const fence = fenceFor(output);
  const shown = output.trim() === '' ? '(no output)' : output.replace(/\n$/, '');
  return `I ran this command myself: ${line}\n${fence}\n${shown}\n${fence}`;
}
