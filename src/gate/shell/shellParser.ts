import { Language, Parser } from '@vscode/tree-sitter-wasm';
import { readBashTree, type TreeReading } from './bashTree';
import type { CommandWord, ParsedCommand, ShellKind, ShellParser } from './contract';
import { readLiteralBash, type LiteralReading } from './literalBash';
import { maxJudgeMs } from './limits';
import { readLiteralList } from './literalList';
import { readPowershellTree } from './powershellTree';
import { roughParts, substitutedParts } from './roughParts';
import { unparsed } from './unparsed';

/** The compiled grammars as bytes, read when they are first needed. */
export interface ShellParserOptions {
  readonly treeSitterWasm: () => Uint8Array;
  readonly bashWasm: () => Uint8Array;
  readonly powershellWasm: () => Uint8Array;
  /** Any clock in milliseconds: parsing is given up after 300 of them. */
  readonly nowMs: () => number;
}

/**
 * The parser of command lines over tree-sitter. Nothing is loaded before the first command. It never rejects: what
 * fails or takes too long has an obstacle, and its parts are then the rough ones.
 *
 * Plain is what a strict reader takes for plain and the grammar reads in the same way: where two readers differ, one
 * of them differs from the shell.
 */
export function createShellParser(options: ShellParserOptions): ShellParser {
  let parser: Promise<Parser> | undefined;
  const languages = new Map<ShellKind, Promise<Language>>();

  const languageOf = (shell: 'bash' | 'powershell'): Promise<Language> => {
    const known = languages.get(shell);
    if (known !== undefined) {
      return known;
    }
    const wasm = shell === 'bash' ? options.bashWasm : options.powershellWasm;
    const loading = Promise.resolve().then(() => Language.load(wasm()));
    languages.set(shell, loading);
    return loading;
  };

  const readTree = async (
    text: string,
    shell: 'bash' | 'powershell',
  ): Promise<TreeReading | undefined> => {
    parser ??= startParser(options);
    const started = await parser;
    const language = await languageOf(shell);
    const deadlineMs = options.nowMs() + maxJudgeMs;
    started.setLanguage(language);
    started.reset();
    const tree = started.parse(text, null, {
      progressCallback: () => options.nowMs() > deadlineMs,
    });
    if (tree === null) {
      return undefined;
    }
    try {
      return shell === 'bash' ? readBashTree(tree, text) : readPowershellTree(tree, text);
    } finally {
      tree.delete();
    }
  };

  return async (command, shell) => {
    if (shell === 'cmd') {
      return merge(shell, readLiteralList(command), roughParts(command, shell));
    }
    try {
      const reading = await readTree(command, shell);
      if (reading === undefined) {
        return unparsed(command, shell, 'could not be parsed in time');
      }
      const judged = judge(command, shell, reading);
      // The grammar takes a continued line for two words, a shell for one.
      const joined = command.replace(shell === 'bash' ? /\\\n/g : /`\r?\n/g, '');
      const rest = joined === command ? undefined : await readTree(joined, shell);
      return rest === undefined ? judged : { ...judged, parts: [...judged.parts, ...rest.parts] };
    } catch {
      // A grammar that fails says nothing; the next command starts with a fresh one.
      parser = undefined;
      languages.clear();
      return unparsed(command, shell, 'could not be parsed');
    }
  };
}

async function startParser(options: ShellParserOptions): Promise<Parser> {
  // The library's types do not know that its module takes its bytes like this.
  const moduleOptions = {
    locateFile: (file: string) => file,
    wasmBinary: options.treeSitterWasm(),
  };
  await Parser.init(moduleOptions);
  return new Parser();
}

function judge(command: string, shell: 'bash' | 'powershell', reading: TreeReading): ParsedCommand {
  const literal = shell === 'bash' ? readLiteralBash(command) : readLiteralList(command);
  const parts = [
    ...reading.parts,
    ...(literal.kind === 'plain' ? literal.commands : []),
    ...(reading.hasError ? roughParts(command, shell) : []),
    ...(shell === 'bash' ? substitutedParts(command) : []),
    // A here-document is the program of a shell that reads it.
    ...(reading.parts.some(readsProgram) ? reading.inputs.map((text) => ['eval', text]) : []),
  ];
  if (literal.kind === 'plain' && reading.hasError) {
    return { shell, obstacle: 'does not parse', parts };
  }
  return literal.kind === 'plain' && shell === 'bash' && !isSame(literal.commands, reading.parts)
    ? { shell, obstacle: 'can be read in more than one way', parts }
    : merge(shell, literal, parts);
}

function merge(
  shell: ShellKind,
  literal: LiteralReading,
  parts: readonly (readonly CommandWord[])[],
): ParsedCommand {
  return literal.kind === 'plain'
    ? { shell, plain: literal.commands, parts: parts.length > 0 ? parts : literal.commands }
    : { shell, obstacle: literal.obstacle, parts };
}

function isSame(
  one: readonly (readonly CommandWord[])[],
  other: readonly (readonly CommandWord[])[],
): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function readsProgram(words: readonly CommandWord[]): boolean {
  return words.some(
    (word) => word !== undefined && /(?:^|[\\/])(?:\w*sh|source|\.|eval)$/.test(word),
  );
}
