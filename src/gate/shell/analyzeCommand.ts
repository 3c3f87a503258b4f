import { withDeadline, type Clock } from '../../base/clock';
import type { PathClass } from '../contract';
import { hasHiddenCharacters } from '../visible';
import type { CommandAnalyzer, CommandPlace } from './analyzer';
import type { CommandAnalysis, CommandWord, ShellKind, ShellParser } from './contract';
import { judgeWords, type WordsJudgement } from './judgeWords';
import { isShellName, programName } from './programNames';
import { roughParts } from './roughParts';
import { maxJudgeMs } from './limits';
import { powershellNames } from './tools/powershellTool';
import { unwrap } from './unwrap';

export interface CommandAnalyzerOptions {
  readonly parse: ShellParser;
  readonly clock: Clock;
  /** The shell that will run it. */
  readonly shell: ShellKind;
  /** Shells that may run it as well, where a child decides: their reading of it counts for deny rules too. */
  readonly otherShells?: readonly ShellKind[];
  /** Awaited before the time of a verdict counts: a parser that has to be started first. */
  readonly prepare?: () => Promise<void>;
}

/**
 * What the gate knows of a command: whether all of it is plain and harmless as far as the tables know, and every part
 * of it for deny rules. Never rejects; what fails or is late is a danger.
 */
export function createCommandAnalyzer(options: CommandAnalyzerOptions): CommandAnalyzer {
  return async (command, place) => {
    await options.prepare?.();
    return await analyzeCommand(command, place, options);
  };
}

export async function analyzeCommand(
  command: string,
  place: CommandPlace,
  options: CommandAnalyzerOptions,
): Promise<CommandAnalysis> {
  const { clock, shell } = options;
  const parts = new PartList();
  const endMs = clock.nowMs() + maxJudgeMs;
  const late = (): CommandAnalysis => ({
    shell,
    danger: 'could not be judged in time',
    parts: [...parts.list(), ...roughParts(command, shell)],
  });
  try {
    const work = analyze(command, place, options, parts, () => clock.nowMs() > endMs);
    const outcome = await withDeadline(clock, work, maxJudgeMs);
    return outcome.kind === 'value' && clock.nowMs() <= endMs ? outcome.value : late();
  } catch {
    return { ...late(), danger: 'could not be judged' };
  }
}

async function analyze(
  command: string,
  place: CommandPlace,
  options: CommandAnalyzerOptions,
  parts: PartList,
  isLate: () => boolean,
): Promise<CommandAnalysis> {
  const { shell, parse } = options;
  const parsed = await parse(command, shell);
  parts.add(parsed.parts, shell);
  for (const other of options.otherShells ?? []) {
    parts.add((await parse(command, other)).parts, other);
  }
  await parts.unwrapAll(parse, isLate);
  const danger = (why: string): CommandAnalysis => ({ shell, danger: why, parts: parts.list() });
  if (parsed.plain === undefined) {
    return danger(parsed.obstacle ?? 'could not be parsed');
  }
  // Tabs too: between words a line break is the only control character.
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  if (/[\u0000-\u0009\u000b-\u001f\u007f]/.test(command) || hasHiddenCharacters(command)) {
    return danger('contains control or hidden characters');
  }
  if (new TextEncoder().encode(command).length > maxUnaskedBytes) {
    return danger('is longer than 8 KiB');
  }
  const wordsToCover: number[] = [];
  const { plain } = parsed;
  for (const [index, words] of plain.entries()) {
    const judged = judgeWords(words, shell);
    const why =
      judged.danger ??
      folderDanger(words, index, plain) ??
      (await pathDanger(judged, shell, place));
    if (why !== undefined) {
      return danger(why);
    }
    wordsToCover.push(judged.wordsToCover);
  }
  return { shell, plain, wordsToCover, parts: parts.list() };
}

/** After `cd` every path and every configuration of what follows is another one. */
function folderDanger(
  words: readonly string[],
  index: number,
  plain: readonly (readonly string[])[],
): string | undefined {
  // `command cd` too.
  return words.slice(0, 3).includes('cd') && index + 1 < plain.length
    ? 'changes the folder for what follows'
    : undefined;
}

async function pathDanger(
  judged: WordsJudgement,
  shell: ShellKind,
  place: CommandPlace,
): Promise<string | undefined> {
  for (const written of judged.paths) {
    const path = shell === 'bash' ? written : written.replaceAll('\\', '/');
    const read = await place.resolve(path, 'read');
    if (read !== 'inside') {
      return `names ${written}, ${whatIsWrong(read)}`;
    }
    // With a folder goes what is in it: a protected file below counts too.
    const uses = judged.isReader
      ? []
      : ['write' as const, ...(judged.takesAway === undefined ? [] : [judged.takesAway])];
    for (const use of uses) {
      const found = await place.resolve(path, use);
      if (found !== 'inside') {
        return `names ${written}, ${whatIsWrong(found)}`;
      }
    }
  }
  for (const written of judged.putsInto ?? []) {
    const found = await place.resolve(
      shell === 'bash' ? written : written.replaceAll('\\', '/'),
      'put',
    );
    if (found !== 'inside') {
      return `puts something into ${written}, where it could be configuration`;
    }
  }
  return undefined;
}

function whatIsWrong(pathClass: Exclude<PathClass, 'inside'>): string {
  switch (pathClass) {
    case 'outside':
      return 'which is outside the workspace';
    case 'secret':
      return 'which usually holds keys or passwords';
    case 'protected':
      return 'a protected file or folder';
    case 'invalid':
      return 'which is not usable as a path';
  }
}

/** The parts of a command as they are found, each once. */
class PartList {
  private readonly found = new Map<string, readonly CommandWord[]>();
  private todo: { readonly words: readonly CommandWord[]; readonly shell: ShellKind }[] = [];
  private readonly texts = new Set<string>();

  add(parts: readonly (readonly CommandWord[])[], shell: ShellKind): void {
    for (const words of parts) {
      const key = words.map((word) => word ?? '\u0001').join('\0');
      if (words.length > 0 && !this.found.has(key)) {
        this.found.set(key, words);
        this.todo.push({ words, shell });
      }
    }
  }

  /** Takes wrappers off, layer by layer, and reads the texts that they give to a shell. */
  async unwrapAll(parse: ShellParser, isLate: () => boolean): Promise<void> {
    for (let isPiped = false; ; isPiped = true) {
      for (let next = this.todo.pop(); next !== undefined; next = this.todo.pop()) {
        if (isLate()) {
          return;
        }
        const { argvs, texts } = unwrap(next.words, next.shell);
        this.add(argvs, next.shell);
        for (const { text, shell } of texts) {
          await this.read(text, shell, parse);
        }
        this.add(otherNames(next.words, next.shell), next.shell);
      }
      if (isPiped) {
        return;
      }
      // What is printed may go into a shell: `echo 'rm x' | sh`.
      for (const text of this.isReadByShell() ? this.printed() : []) {
        await this.read(text, 'bash', parse);
      }
    }
  }

  list(): readonly (readonly CommandWord[])[] {
    return [...this.found.values()];
  }

  private async read(text: string, shell: ShellKind, parse: ShellParser): Promise<void> {
    const key = `${shell} ${text}`;
    if (!this.texts.has(key)) {
      this.texts.add(key);
      this.add((await parse(text, shell)).parts, shell);
    }
  }

  private isReadByShell(): boolean {
    return this.list().some(
      (words) =>
        (isShellName(programName(words[0])) || ['.', 'source', 'eval'].includes(words[0] ?? '')) &&
        words.slice(1).every((word) => word === undefined || /^-|^\{\}$/.test(word)),
    );
  }

  private printed(): readonly string[] {
    return this.list()
      .filter((words) => ['echo', 'printf'].includes(programName(words[0]) ?? ''))
      .map((words) =>
        words
          .slice(1)
          .map((word) => (word ?? '').replace(/\\n/g, '\n'))
          .filter((word) => !/^-[neE]+$/.test(word))
          .join(' '),
      );
  }
}

/** The same command under the other names that its shell has for it. */
function otherNames(
  words: readonly CommandWord[],
  shell: ShellKind,
): readonly (readonly CommandWord[])[] {
  const name = programName(words[0]);
  if (name === undefined || shell === 'bash') {
    return [];
  }
  return powershellNames(name)
    .filter((other) => other !== name)
    .map((other) => [other, ...words.slice(1)]);
}

const maxUnaskedBytes = 8 * 1024;
