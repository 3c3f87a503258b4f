import type { Tree } from '@vscode/tree-sitter-wasm';
import type { TreeReading } from './bashTree';
import type { CommandWord } from './contract';
import { collectCommands } from './treeWalk';

/** The commands of a PowerShell text as the grammar's tree has them. */
export function readPowershellTree(tree: Tree, text: string): TreeReading {
  const parts = collectCommands(tree, (cursor, parent, begin) => {
    const type = cursor.nodeType;
    if (type === 'command') {
      return begin();
    }
    if (type === 'command_elements') {
      return parent;
    }
    if (parent !== undefined && cursor.nodeIsNamed && !notWords.has(type)) {
      parent.push(powershellWord(text.slice(cursor.startIndex, cursor.endIndex)));
    }
    return undefined;
  });
  return { hasError: tree.rootNode.hasError, parts, inputs: [] };
}

/** The value of one raw word; undefined when it is known only when it runs. */
export function powershellWord(raw: string): CommandWord {
  const single = /^['\u2018-\u201b]((?:[^']|'')*)['\u2018-\u201b]$/.exec(raw)?.[1];
  if (single !== undefined) {
    return single.replace(/''/g, "'");
  }
  const double = /^"([^"`$]*)"$/.exec(raw)?.[1];
  if (double !== undefined) {
    return double;
  }
  const plain = raw
    .replace(/["\u201c-\u201e]/g, '')
    .replace(/`(.)/g, '$1')
    .replace(/'/g, '');
  if (/[$({]|^@/.test(plain)) {
    return /[\\/]([\w.+-]+)$/.exec(plain)?.[0];
  }
  return plain;
}

const notWords: ReadonlySet<string> = new Set([
  'command_argument_sep',
  'command_invokation_operator',
  'redirection',
  'redirections',
  'foreach_command',
]);
