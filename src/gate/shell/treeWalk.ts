import type { Tree, TreeCursor } from '@vscode/tree-sitter-wasm';
import type { CommandWord } from './contract';

/** A command whose words are being collected. */
type OpenCommand = CommandWord[];

/**
 * Walks every node of the tree, in the order of the text. `enter` is told the command whose direct child the cursor
 * stands on, and gives the one whose children come next; `begin` makes a new one. The commands that have words come back.
 */
export function collectCommands(
  tree: Tree,
  enter: (
    cursor: TreeCursor,
    parent: OpenCommand | undefined,
    begin: () => OpenCommand,
  ) => OpenCommand | undefined,
): readonly OpenCommand[] {
  const commands: OpenCommand[] = [];
  const begin = (): OpenCommand => {
    const words: OpenCommand = [];
    commands.push(words);
    return words;
  };
  const cursor = tree.walk();
  // For each level of the walk: the command whose direct children are there.
  const open: (OpenCommand | undefined)[] = [];
  try {
    let parent = enter(cursor, undefined, begin);
    for (;;) {
      if (cursor.gotoFirstChild()) {
        open.push(parent);
        parent = enter(cursor, parent, begin);
        continue;
      }
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent()) {
          return commands.filter((words) => words.length > 0);
        }
        open.pop();
      }
      parent = enter(cursor, open.at(-1), begin);
    }
  } finally {
    cursor.delete();
  }
}
