/**
 * What is known of a program: which of its options may never run by themselves, and which of its words are paths. Options
 * are written as they are typed, separated by blanks; a long one also stands for its abbreviations.
 */
export interface ToolTable {
  readonly names: string;
  /** Options that run programs, or code. */
  readonly runs?: string;
  /** Options that choose a shell, a pager, a configuration, a repository or another place to work in. */
  readonly chooses?: string;
  /** Options that write a file. */
  readonly writes?: string;
  readonly deletes?: string;
  /** Options that read operands or instructions from elsewhere. */
  readonly reads?: string;
  /** Other options with a separate value that may be a path. */
  readonly values?: string;
  /** Other options whose value is text, never a path; they always have one. */
  readonly texts?: string;
  /** Options whose value behind `=` is text; without `=` they have none. */
  readonly attachedTexts?: string;
  /** Set: every option is a danger but these and `values` and `texts`. For programs with many dangerous options. */
  readonly only?: string;
  /** How many operands in front are text: the pattern of `grep`. */
  readonly textOperands?: number;
  /** With one of these options no operand is text. */
  readonly textsElsewhere?: string;
  /** Operands are text: `echo`. */
  readonly isTextOnly?: boolean;
  /** It changes nothing: protected files may be named. */
  readonly isReader?: boolean;
  /** Its operands are not there any more afterwards, and with a folder all that is in it. */
  readonly takesAway?: 'move' | 'delete';
  /** What it is given comes to lie in a folder that it is given, or gets its name: `mv`, `cp`. */
  readonly puts?: boolean;
  /** Options are also read behind `--` or behind operands in ways that the usual rules do not know: `find`. */
  readonly isUnusual?: boolean;
  /** Long options may be written with one dash, `npm`; `always`: there are no clusters of letters, `go`. */
  readonly hasOneDash?: boolean | 'always';
  /** It can never run by itself, in words behind "gives": `runs what it is given`. */
  readonly always?: string;
  /** More than so many operands are a danger, because the next is a file to write: `uniq`. */
  readonly maxOperands?: number;
  /** Why the parsed command is a danger, in words behind "the command". */
  readonly check?: (parsed: ParsedArguments) => string | undefined;
}

/** The words of a command, told apart. */
export interface ParsedArguments {
  readonly words: readonly string[];
  readonly options: readonly ParsedOption[];
  readonly operands: readonly {
    readonly word: string;
    readonly index: number;
    readonly isText: boolean;
  }[];
}

export interface ParsedOption {
  /** `--output`, `-o`; of a cluster each letter by itself. */
  readonly name: string;
  readonly value?: string;
  readonly isTextValue: boolean;
  /** As written. */
  readonly word: string;
}
