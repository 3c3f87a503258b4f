import * as vscode from 'vscode';
import type { PathProbe } from '../gate/contract';
import { isFileNotFound, isOnDisk, toWorkspaceUri } from './workspaceUri';

/**
 * Where a path leads: asked of the disk for files, and of its own file system for a path of a virtual folder, which the
 * disk knows nothing of. Such a file system shows no links.
 */
export function createWorkspaceProbe(disk: PathProbe): PathProbe {
  return {
    realPath: async (path) =>
      isOnDisk(path) ? await disk.realPath(path) : (await exists(path)) ? path : undefined,
    readLink: async (path) => (isOnDisk(path) ? await disk.readLink(path) : undefined),
    entriesOf: async (path) => (isOnDisk(path) ? await disk.entriesOf(path) : await list(path)),
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(toWorkspaceUri(path));
    return true;
  } catch (error) {
    if (isFileNotFound(error)) {
      return false;
    }
    throw error;
  }
}

async function list(path: string): ReturnType<PathProbe['entriesOf']> {
  try {
    const entries = await vscode.workspace.fs.readDirectory(toWorkspaceUri(path));
    return entries.map(([name, type]) => ({ name, isFolder: type === vscode.FileType.Directory }));
  } catch (error) {
    if (isFileNotFound(error)) {
      return [];
    }
    throw error;
  }
}
