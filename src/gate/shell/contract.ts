/** The shells whose command lines are judged. `cmd` is never parsed: only a plain list of literal words can pass. */
export type ShellKind = 'bash' | 'powershell' | 'cmd';

/** One word of a command as the shell would hand it on; `undefined` where that is known only when it runs. */
export type CommandWord = string | undefined;

/**
 * What a parser says about one command line: data only, no judgement about programs or paths.
 *
 * Source of the rules: SECURITY-MODEL section 4.
 */
export interface ParsedCommand {
  readonly shell: ShellKind;
  /**
   * The plain commands in order, as literal argv, when the whole text is nothing but plain commands joined by `&&`,
   * `||`, `;`, `|` or newline, without errors. Absent otherwise.
   */
  readonly plain?: readonly (readonly string[])[];
  /** Why there is no `plain`, in words that fit behind "the command": `contains a substitution`. Set exactly when `plain` is absent. */
  readonly obstacle?: string;
  /** Every command found anywhere, also inside substitutions, groups, control structures and heredocs. For deny rules. */
  readonly parts: readonly (readonly CommandWord[])[];
}

/** Parses one command line. Never rejects: a failing or late parser gives an obstacle. At most 300 ms. */
export type ShellParser = (command: string, shell: ShellKind) => Promise<ParsedCommand>;

/**
 * What the gate knows of a command when it decides; made by `analyzeCommand`, which adds the option tables, the wrappers
 * and the path operands to what the parser says. Pure data.
 */
export interface CommandAnalysis {
  readonly shell: ShellKind;
  /** The plain commands as literal argv; absent when there is a danger. A rule must cover each of them. */
  readonly plain?: readonly (readonly string[])[];
  /**
   * For each plain command how many of its first words a rule must name at least: 1, or more where the first words only
   * run what the later ones name (`timeout 5 ls`: 3, `node x.js`: 2). Set exactly when `plain` is.
   */
  readonly wordsToCover?: readonly number[];
  /**
   * Why it must ask whatever the allow rules say, in words behind "the command": `contains a substitution`, `gives find an option that
   * runs programs (-exec)`, `names /etc/passwd, which is outside the workspace`. Set exactly when `plain` is absent.
   */
  readonly danger?: string;
  /** All commands anywhere, wrappers (`sudo`, `env`, `xargs`, `bash -c` …) unwrapped beside the wrapper itself. For deny and ask rules. */
  readonly parts: readonly (readonly CommandWord[])[];
}
