/** What a Windows command file starts. Paths are absolute, or relative to the folder of the file. */
export type ShimTarget =
  | { readonly kind: 'program'; readonly path: string }
  /** A Node script, with the options for Node that stand before it. */
  | { readonly kind: 'script'; readonly path: string; readonly nodeArgs: readonly string[] }
  /** Another command file. */
  | { readonly kind: 'shim'; readonly path: string }
  /** A version manager that is found by name; `args` come before all others. */
  | { readonly kind: 'manager'; readonly program: string; readonly args: readonly string[] };

/**
 * Sees through the command files that package and version managers write, so that no command interpreter ever reads
 * our arguments: npm, pnpm and yarn (the last quoted path below the file's own folder), scoop (one absolute path),
 * volta and mise (the manager and the tool's name). Undefined for any other command file.
 */
export function parseCommandShim(text: string, shimName = ''): ShimTarget | undefined {
  return managed(text, shimName) ?? absolute(text) ?? belowOwnFolder(text);
}

function managed(text: string, shimName: string): ShimTarget | undefined {
  const own = shimName.replace(/\.[^.]*$/, '');
  const tool = (name: string | undefined): string =>
    name === undefined || name === '%~n0' ? own : name;
  const volta = /^\s*@?"?volta(?:\.exe)?"?\s+run\s+(%~n0|[\w@./-]+)\s+%\*/im.exec(text);
  if (volta !== null && tool(volta[1]) !== '') {
    return { kind: 'manager', program: 'volta', args: ['run', tool(volta[1])] };
  }
  const mise = /^\s*@?"?mise(?:\.exe)?"?\s+x\s+--\s+(%~n0|[\w@./-]+)\s+%\*/im.exec(text);
  return mise !== null && tool(mise[1]) !== ''
    ? { kind: 'manager', program: 'mise', args: ['x', '--', tool(mise[1])] }
    : undefined;
}

function absolute(text: string): ShimTarget | undefined {
  const path = /^\s*@?"([A-Za-z]:\\[^"%\r\n]+)"\s+%\*/m.exec(text)?.[1];
  return path === undefined ? undefined : target(path, '');
}

function belowOwnFolder(text: string): ShimTarget | undefined {
  let found: ShimTarget | undefined;
  for (const match of text.matchAll(pathBelowOwnFolder)) {
    const [, nodeArgs = '', path = ''] = match;
    if (!/(?:^|\\)node\.exe$/i.test(path)) {
      found = target(path, nodeArgs) ?? found;
    }
  }
  return found;
}

/** `"%_prog%" --options "%dp0%\path.js"`, or the quoted path alone. */
const pathBelowOwnFolder =
  /(?:(?:"[^"\r\n]*(?:_prog%|node(?:\.exe)?)"|\bnode(?:\.exe)?)[ \t]+((?:--?[^\s"%]+[ \t]+)*))?"%(?:~dp0|dp0%)\\?([^"%\r\n]+?\.(?:exe|cmd|bat|[cm]?js))"/gi;

function target(path: string, nodeArgs: string): ShimTarget | undefined {
  switch (/\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase()) {
    case 'exe':
      return { kind: 'program', path };
    case 'cmd':
    case 'bat':
      return { kind: 'shim', path };
    case 'js':
    case 'mjs':
    case 'cjs':
      return { kind: 'script', path, nodeArgs: nodeArgs.split(/\s+/).filter((arg) => arg !== '') };
    default:
      return undefined;
  }
}
