import type { Tree } from '@vscode/tree-sitter-wasm';
import { bashWords } from './bashWords';
import type { CommandWord } from './contract';

/** What the grammar's tree says of a bash text. */
export interface TreeReading {
  readonly hasError: boolean;
  /** Every command anywhere, in the order of the text. */
  readonly parts: readonly (readonly CommandWord[])[];
  /** Texts that a shell of this command may get as its input: bodies of here-documents and here-strings. */
  readonly inputs: readonly string[];
}

export function readBashTree(tree: Tree, text: string): TreeReading {
  const parts: CommandWord[][] = [];
  const inputs: string[] = [];
  const cursor = tree.walk();
  // For each level of the walk: the command whose direct children are there.
  const open: (CommandWord[] | undefined)[] = [];
  const enter = (parent: CommandWord[] | undefined): CommandWord[] | undefined => {
    const type = cursor.nodeType;
    const raw = (): string => text.slice(cursor.startIndex, cursor.endIndex);
    if (parent !== undefined && isWord(type, cursor.nodeIsNamed)) {
      parent.push(...bashWords(raw()));
    }
    if (type === 'heredoc_body') {
      inputs.push(raw());
    } else if (type === 'herestring_redirect') {
      inputs.push(
        ...bashWords(raw().replace(/^[0-9]*<<<\s*/, '')).filter((word) => word !== undefined),
      );
    }
    if (type === 'command' || type === 'declaration_command' || type === 'unset_command') {
      const words: CommandWord[] = [];
      parts.push(words);
      return words;
    }
    return undefined;
  };
  try {
    let parent = enter(undefined);
    for (;;) {
      if (cursor.gotoFirstChild()) {
        open.push(parent);
        parent = enter(parent);
        continue;
      }
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent()) {
          return {
            hasError: tree.rootNode.hasError,
            parts: parts.filter((words) => words.length > 0),
            inputs,
          };
        }
        open.pop();
      }
      parent = enter(open.at(-1));
    }
  } finally {
    cursor.delete();
  }
}

function isWord(type: string, isNamed: boolean): boolean {
  return isNamed ? !notWords.has(type) : declarations.has(type);
}

const notWords: ReadonlySet<string> = new Set([
  'file_redirect',
  'heredoc_redirect',
  'herestring_redirect',
  'variable_assignment',
  'comment',
]);

const declarations: ReadonlySet<string> = new Set([
  'declare',
  'typeset',
  'export',
  'readonly',
  'local',
  'unset',
  'unsetenv',
]);
