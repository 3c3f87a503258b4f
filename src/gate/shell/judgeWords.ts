import { parseArguments } from './parseArguments';
import { pathWords, placesPut } from './pathWords';
import { programName, splitNames } from './programNames';
import type { ShellKind } from './contract';
import { fileTools } from './tools/fileTools';
import { readGit } from './tools/gitTool';
import { forbidden, interpreters, otherTools } from './tools/otherTools';
import { powershellDanger, isPowershellReader } from './tools/powershellTool';
import type { ParsedArguments, ToolTable } from './tools/toolTable';
import { wrappers } from './wrapperTable';

/** What the tables say about one plain command. */
export interface WordsJudgement {
  /** In words behind "the command". */
  readonly danger?: string;
  /** How many words a rule must name at least. */
  readonly wordsToCover: number;
  /** Texts that could be paths, relative to the folder of the command. */
  readonly paths: readonly string[];
  /** Protected files may be named: it changes nothing. */
  readonly isReader: boolean;
  /** It moves or deletes what its paths name. */
  readonly takesAway?: 'move' | 'delete';
  /** Folders that something comes to lie in. */
  readonly putsInto?: readonly string[];
}

/** Judges the words of one plain command; where they are is not looked at here. */
export function judgeWords(words: readonly string[], shell: ShellKind): WordsJudgement {
  const word = words[0] ?? '';
  const name = programName(word) ?? '';
  if (!isPlainName(word)) {
    return danger('names its program by a path or in an unusual way');
  }
  const never = forbidden.get(name);
  if (never !== undefined) {
    return danger(`uses ${name}, which ${never}`);
  }
  if (shell === 'powershell') {
    const why = powershellDanger(words);
    if (why !== undefined) {
      return danger(why);
    }
  }
  if (shell === 'cmd') {
    return judgeCmd(words, name);
  }
  return judgeProgram(words, name, shell);
}

/** A name that is looked up on the PATH, in characters that cannot be taken for others. */
export function isPlainName(word: string): boolean {
  return /^(?:[A-Za-z0-9_][A-Za-z0-9_.+-]*|:)$/.test(word);
}

function judgeProgram(words: readonly string[], name: string, shell: ShellKind): WordsJudgement {
  const wrapped = judgeWrapper(words, name, shell);
  if (wrapped !== undefined) {
    return wrapped;
  }
  const interpreter = interpreters.get(name);
  if (interpreter !== undefined) {
    return judgeInterpreter(words, name, interpreter);
  }
  if (name === 'git') {
    const { parsed, puts, ...read } = readGit(words);
    return { ...read, ...pathsOf(parsed, puts) };
  }
  const table = tables.get(name);
  if (table === undefined && wrappers.has(name)) {
    return danger(`uses ${name}, which runs what it is given`);
  }
  return judgeTable(words, name, table ?? anyTool, {
    isReader: table?.isReader ?? (shell === 'powershell' && isPowershellReader(name)),
    wordsToCover: runsByName.has(name) && words.length > 1 ? coverOfRunner(words) : 1,
  });
}

function judgeTable(
  words: readonly string[],
  name: string,
  table: ToolTable,
  known: Pick<WordsJudgement, 'isReader' | 'wordsToCover'>,
): WordsJudgement {
  const parsed = parseArguments(words, 1, table);
  if (table.always !== undefined) {
    return danger(`uses ${name}, which ${table.always}`);
  }
  if (parsed.danger !== undefined) {
    const { why, option } = parsed.danger;
    return danger(`gives ${name} an option that ${why} (${option})`);
  }
  if (table.maxOperands !== undefined && parsed.operands.length > table.maxOperands) {
    return danger(`gives ${name} a file to write`);
  }
  const why = table.check?.(parsed);
  if (why !== undefined) {
    return danger(why);
  }
  return {
    ...known,
    ...(table.takesAway === undefined ? {} : { takesAway: table.takesAway }),
    ...pathsOf(parsed, table.puts === true),
  };
}

function pathsOf(
  parsed: ParsedArguments,
  puts: boolean,
): Pick<WordsJudgement, 'paths' | 'putsInto'> {
  if (!puts) {
    return { paths: pathWords(parsed) };
  }
  const { folders, files } = placesPut(parsed);
  return { paths: [...pathWords(parsed), ...files], putsInto: folders };
}

/** Programs that only start another: the rule has to name the other one too, and no option may stand between. */
function judgeWrapper(
  words: readonly string[],
  name: string,
  shell: ShellKind,
): WordsJudgement | undefined {
  const wrapper = plainWrappers.get(name);
  if (wrapper === undefined) {
    return undefined;
  }
  let at = 1;
  if (name === 'command' && ['-v', '-V'].includes(words[1] ?? '')) {
    return { wordsToCover: 2, paths: [], isReader: true };
  }
  if (wrapper.verbs.size > 0) {
    if (!wrapper.verbs.has(words[1] ?? '')) {
      // Not a word that runs something: judged by its own table.
      return words.slice(1).some((word) => wrapper.verbs.has(word))
        ? danger(`gives ${name} options before what it runs`)
        : undefined;
    }
    at = 2;
  }
  if (words.length === 1) {
    return name === 'env'
      ? { wordsToCover: 1, paths: [], isReader: true }
      : danger(`uses ${name} without a command`);
  }
  at += wrapper.operands;
  const inner = words.slice(at);
  const before = words.slice(1, at + 1);
  if (inner.length === 0 || before.some((word) => word.startsWith('-') || word.includes('='))) {
    return danger(`gives ${name} options or variables before what it runs`);
  }
  const judged = judgeWords(inner, shell);
  return { ...judged, wordsToCover: at + judged.wordsToCover };
}

function judgeInterpreter(
  words: readonly string[],
  name: string,
  interpreter: { readonly options: string; readonly info: string },
): WordsJudgement {
  const harmless = new Set(splitNames(`${interpreter.options} ${interpreter.info}`));
  const info = new Set(splitNames(interpreter.info));
  if (words.length === 2 && info.has(words[1] ?? '')) {
    return { wordsToCover: 2, paths: [], isReader: true };
  }
  let at = 1;
  while (words[at]?.startsWith('-') === true && words[at] !== '-m') {
    if (!harmless.has(words[at] ?? '')) {
      return danger(`gives ${name} an option that could run code (${words[at] ?? ''})`);
    }
    at += 1;
  }
  const isModule = words[at] === '-m' && name.startsWith('python');
  if (words[at] === '-m') {
    at += isModule ? 1 : 0;
  } else if (name === 'deno' && ['run', 'test', 'check', 'lint', 'fmt'].includes(words[at] ?? '')) {
    at += 1;
  }
  const script = words[at];
  if (script === undefined || script.startsWith('-')) {
    return danger(`gives ${name} code that is in no named file`);
  }
  const table = isModule ? (tables.get(script) ?? anyTool) : scriptArguments;
  const rest = judgeTable([script, ...words.slice(at + 1)], script, table, {
    isReader: false,
    wordsToCover: at + 1,
  });
  return {
    ...rest,
    wordsToCover: at + 1,
    paths: isModule ? rest.paths : [script, ...rest.paths],
  };
}

/** In cmd a word like `/b` is an option; those that delete may have none. */
function judgeCmd(words: readonly string[], name: string): WordsJudgement {
  const isSwitch = (word: string): boolean => /^\/[A-Za-z?]$/.test(word);
  const [first = '', ...rest] = words;
  if (cmdDangers.has(name) || (cmdDeletes.has(name) && rest.some(isSwitch))) {
    return danger(`uses ${name}, which runs programs, deletes or changes the shell`);
  }
  return judgeProgram([first, ...rest.filter((word) => !isSwitch(word))], name, 'cmd');
}

function coverOfRunner(words: readonly string[]): number {
  const verb = words[1] ?? '';
  return ['init', 'create', 'innit'].includes(verb)
    ? 3
    : builtInVerbs.has(verb) || verb.startsWith('-')
      ? 1
      : 2;
}

function danger(why: string): WordsJudgement {
  return { danger: why, wordsToCover: 1, paths: [], isReader: false };
}

const tables: ReadonlyMap<string, ToolTable> = new Map(
  [...fileTools, ...otherTools].flatMap((table) =>
    splitNames(table.names).map((name) => [name, table] as const),
  ),
);

/** What is asked of a program that nobody listed: the names that mean the same nearly everywhere. */
const anyTool: ToolTable = {
  names: '',
  runs: '--exec --execute --eval --command --shell --pager --editor --plugin --require --script --hook',
  chooses: '--config --config-file --configuration --settings --rcfile',
  writes: '--output --output-file --outfile --log-file',
  deletes: '--delete',
  reads: '--files-from --file-list --args-file',
  check: ({ operands }) => {
    const odd = operands.find(({ word }) => word.startsWith('@'));
    return odd === undefined ? undefined : `gives words from a file (${odd.word})`;
  },
};

/** A script's own options mean what the script says; only its paths are looked at. */
const scriptArguments: ToolTable = { names: '' };

interface PlainWrapper {
  readonly operands: number;
  readonly verbs: ReadonlySet<string>;
}

const plainWrappers: ReadonlyMap<string, PlainWrapper> = new Map(
  (
    [
      ['env nohup time command stdbuf nice setsid ionice chronic caffeinate', 0, ''],
      ['timeout gtimeout chrt taskset', 1, ''],
      ['npx bunx uvx', 0, ''],
      ['npm', 0, 'exec x'],
      ['pnpm yarn', 0, 'exec dlx'],
      ['bun', 0, 'x'],
      ['uv poetry pipenv hatch pdm rye conda mamba pipx', 0, 'run'],
      ['bundle rbenv pyenv nodenv', 0, 'exec'],
    ] as const
  ).flatMap(([names, operands, verbs]) =>
    splitNames(names).map(
      (name) =>
        [name, { operands, verbs: new Set(verbs === '' ? [] : splitNames(verbs)) }] as const,
    ),
  ),
);

/** Here an unknown first word is the name of something to run. */
const runsByName: ReadonlySet<string> = new Set([
  'npm',
  'pnpm',
  'yarn',
  'bun',
  'cargo',
  'gh',
  'docker',
  'kubectl',
]);

const builtInVerbs: ReadonlySet<string> = new Set(
  splitNames(
    'run run-script test t tst start stop restart install i ci add remove uninstall rm update upgrade up outdated list ls why explain audit pack version view info show root bin prefix help search rebuild dedupe prune doctor ping whoami fund query sbom diff docs repo bugs cache config get completion workspaces workspace licenses import store fetch deploy check build bench clippy fmt doc tree metadata clean new verify-project locate-project vendor generate-lockfile fix login logout pr issue release status label project ruleset org auth api ps images logs inspect port top stats events history image container volume network compose system kubectl get describe explain api-resources api-versions cluster-info rollout auth',
  ),
);

const cmdDangers: ReadonlySet<string> = new Set(
  splitNames(
    'for if set path assoc ftype mklink subst goto shift setlocal endlocal prompt format diskpart net sc reg attrib icacls takeown robocopy xcopy',
  ),
);
const cmdDeletes: ReadonlySet<string> = new Set(
  splitNames('del erase rd rmdir move copy ren rename'),
);
