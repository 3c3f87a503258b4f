import * as vscode from 'vscode';
import { globTreeMatcher } from '../base/glob';
import { toWorkspaceUri } from './workspaceUri';

interface Entry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'other';
}

/**
 * The files of folders that another file system of the editor holds, for a search. The editor's own `findFiles` finds
 * nothing there: only proposed API lets such a file system offer a search. What the user's `files.exclude` and
 * `search.exclude` hide is left out.
 */
export const virtualWalk = {
  list: async (folder: string, path: string): Promise<readonly Entry[]> => {
    try {
      const entries = await vscode.workspace.fs.readDirectory(uriOf(folder, path));
      return entries.map(([name, type]) => ({ name, kind: kindOf(type) }));
    } catch {
      return []; // not ours to look into, or gone meanwhile: left out, as on the disk
    }
  },
  read: async (
    folder: string,
    path: string,
    maxBytes: number,
    isHeadEnough: boolean,
  ): Promise<Uint8Array | 'too_large' | undefined> => {
    const uri = uriOf(folder, path);
    try {
      if ((await vscode.workspace.fs.stat(uri)).size > maxBytes && !isHeadEnough) {
        return 'too_large';
      }
      const bytes = await vscode.workspace.fs.readFile(uri);
      return isHeadEnough ? bytes.subarray(0, maxBytes) : bytes;
    } catch {
      return undefined; // unreadable: as if it were not there
    }
  },
  excludes: (folder: string): ((path: string) => boolean) => {
    const fits = excludedGlobs(folder).map(globTreeMatcher);
    return (path) => fits.some((fit) => fit(path));
  },
};

function uriOf(folder: string, path: string): vscode.Uri {
  const uri = toWorkspaceUri(folder);
  return path === '' ? uri : vscode.Uri.joinPath(uri, ...path.split('/'));
}

/** Links are left out: nobody can tell whether they lead out of the folder. */
function kindOf(type: vscode.FileType): Entry['kind'] {
  switch (type) {
    case vscode.FileType.Directory:
      return 'directory';
    case vscode.FileType.File:
      return 'file';
    default:
      return 'other';
  }
}

/** Without a `/` the editor means the folder itself and nothing deeper. */
function excludedGlobs(folder: string): readonly string[] {
  const scope = toWorkspaceUri(folder);
  return ['files', 'search'].flatMap((section) => {
    const globs = vscode.workspace.getConfiguration(section, scope).get<unknown>('exclude');
    return typeof globs === 'object' && globs !== null
      ? Object.entries(globs).flatMap(([glob, isOn]) =>
          isOn === true ? [glob.includes('/') ? glob : `./${glob}`] : [],
        )
      : [];
  });
}
