import { arrayField, isArrayOf, isString, stringField } from '../../base/guard';

/** A command as an agent gives it to our terminal, made one line for a POSIX shell; or why it cannot be. */
export type ShellLine =
  | { readonly kind: 'line'; readonly command: string }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * With arguments, every word is quoted, so that it reaches the program as it is. Without, the command is a line of shell
 * already, as agents that have one string send it. Variables go in front, where the question shows them.
 */
export function shellLine(params: unknown): ShellLine {
  const command = stringField(params, 'command') ?? '';
  const args = arrayField(params, 'args') ?? [];
  if (command.trim() === '') {
    return refused('there is no command');
  }
  if (!isArrayOf(isString)(args)) {
    return refused('an argument is no text');
  }
  const assignments: string[] = [];
  for (const variable of arrayField(params, 'env') ?? []) {
    const name = stringField(variable, 'name') ?? '';
    const value = stringField(variable, 'value');
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || value === undefined) {
      return refused(`the environment variable ${JSON.stringify(name)} cannot be set`);
    }
    assignments.push(`${name}=${quoteWord(value)}`);
  }
  const words = args.length === 0 ? [command] : [command, ...args].map(quoteWord);
  const line = [...assignments, ...words].join(' ');
  if (line.includes('\0')) {
    return refused('it holds a NUL character');
  }
  if (assignments.length > 0 && args.length === 0 && /[\n;&|]/.test(command)) {
    return refused('variables can only be set for a single program with its arguments');
  }
  return { kind: 'line', command: line };
}

/** One word of a POSIX shell; plain ones stay readable. */
export function quoteWord(word: string): string {
  return /^(--?[A-Za-z][\w-]*=)?[A-Za-z0-9_@%+:,./-]+$/.test(word)
    ? word
    : `'${word.replaceAll("'", `'\\''`)}'`;
}

function refused(why: string): ShellLine {
  return { kind: 'refused', why: `Patchbay did not run the command: ${why}.` };
}
