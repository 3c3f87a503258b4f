import type { ParsedCommand, ShellKind } from './contract';
import { roughParts } from './roughParts';

/** What is known of a command whose parser failed. */
export function unparsed(command: string, shell: ShellKind, obstacle: string): ParsedCommand {
  return { shell, obstacle, parts: roughParts(command, shell) };
}
