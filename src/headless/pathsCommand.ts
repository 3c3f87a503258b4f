import { arrayField, isOneOf, stringField } from '../base/guard';
import type { JsonObject } from '../base/json';
import type { PathProbe, WorkspaceFolder, WorkspaceRoots } from '../gate/contract';
import { readUri } from '../gate/fileUri';
import type { PathUse } from '../gate/pathClass';
import { noLinks } from '../gate/pathLinks';
import { resolvePath, resolveUri, stricterOf, type ResolvedPath } from '../gate/paths';
import { syntaxOf } from '../gate/pathSyntax';
import { idOf } from './jsonLineCommand';

/**
 * One line of `headless paths`: the class of a path as the gate sees it. POSIX paths are resolved on the disk that
 * `probe` looks at; those of Windows and macOS by their names. Throws on a line that does not say what it asks.
 */
export async function classifyPath(input: JsonObject, probe: PathProbe): Promise<JsonObject> {
  const platform = oneOf(input, 'platform', ['posix', 'win32', 'darwin'] as const);
  const operation = oneOf(input, 'op', ['read', 'write', 'delete', 'rename', 'extract'] as const);
  const inputKind =
    input.inputKind === undefined ? 'path' : oneOf(input, 'inputKind', ['path', 'uri'] as const);
  const roots: WorkspaceRoots = {
    folders: rootsOf(input, platform),
    home: stringField(input, 'home') ?? '',
    platform,
  };
  const context = { roots, probe: platform === 'posix' ? probe : noLinks };
  const look = (path: string, use: PathUse): Promise<ResolvedPath> =>
    inputKind === 'uri' ? resolveUri(path, use, context) : resolvePath(path, use, context);
  const path = textOf(input, 'path');
  const resolved =
    operation === 'rename'
      ? stricterOf(await look(path, 'move'), await look(textOf(input, 'renameTo'), 'write'))
      : await look(path, operation);
  return { ...idOf(input), class: resolved.pathClass, target: resolved.target };
}

/** A root may be a URI: of a file, or of a folder that is not on this disk. Folders have no names of their own here. */
function rootsOf(input: JsonObject, platform: WorkspaceRoots['platform']): WorkspaceFolder[] {
  return (arrayField(input, 'roots') ?? missing('roots', 'a list of paths')).map((root) => {
    if (typeof root !== 'string' || root === '') {
      return missing('roots', 'a list of paths');
    }
    if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(root)) {
      return { name: '', path: root };
    }
    const place = readUri(root, syntaxOf(platform));
    switch (place.kind) {
      case 'file':
        return { name: '', path: place.path };
      case 'elsewhere':
        return { name: '', path: place.path, origin: place.origin };
      case 'unusable':
        return missing('roots', 'a list of paths');
    }
  });
}

function textOf(input: JsonObject, name: string): string {
  return stringField(input, name) ?? missing(name, 'a text');
}

function oneOf<const T extends string>(input: JsonObject, name: string, values: readonly T[]): T {
  const value = input[name];
  return isOneOf(...values)(value) ? value : missing(name, `one of ${values.join(', ')}`);
}

function missing(name: string, what: string): never {
  throw new Error(`"${name}" must be ${what}`);
}
