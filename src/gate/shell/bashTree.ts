import { append } from '../../base/append';
import type { Tree } from '@vscode/tree-sitter-wasm';
import { bashWords } from './bashWords';
import type { CommandWord } from './contract';
import { collectCommands } from './treeWalk';

/** What the grammar's tree says of a bash text. */
export interface TreeReading {
  readonly hasError: boolean;
  /** Every command anywhere, in the order of the text. */
  readonly parts: readonly (readonly CommandWord[])[];
  /** Texts that a shell of this command may get as its input: bodies of here-documents and here-strings. */
  readonly inputs: readonly string[];
}

export function readBashTree(tree: Tree, text: string): TreeReading {
  const inputs: string[] = [];
  const parts = collectCommands(tree, (cursor, parent, begin) => {
    const type = cursor.nodeType;
    const raw = (): string => text.slice(cursor.startIndex, cursor.endIndex);
    if (parent !== undefined && isWord(type, cursor.nodeIsNamed)) {
      append(parent, bashWords(raw()));
    }
    if (type === 'heredoc_body') {
      inputs.push(raw());
    } else if (type === 'herestring_redirect') {
      append(
        inputs,
        bashWords(raw().replace(/^[0-9]*<<<\s*/, '')).filter((word) => word !== undefined),
      );
    }
    return type === 'command' || type === 'declaration_command' || type === 'unset_command'
      ? begin()
      : undefined;
  });
  return { hasError: tree.rootNode.hasError, parts, inputs };
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
