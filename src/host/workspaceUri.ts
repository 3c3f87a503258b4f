import * as vscode from 'vscode';
import type { WorkspaceRoots } from '../gate/contract';

/** The URI of an absolute path: in a virtual workspace that of the folder it lies in, else a file. */
export function toWorkspaceUri(path: string): vscode.Uri {
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    const root = folder.uri.path.replace(/\/$/, '');
    if (folder.uri.scheme !== 'file' && (path === folder.uri.path || path.startsWith(`${root}/`))) {
      return folder.uri.with({ path });
    }
  }
  return vscode.Uri.file(path);
}

/** The absolute path of a file that the workspace can name; undefined for documents that are no files of it. */
export function fromWorkspaceUri(uri: vscode.Uri): string | undefined {
  if (uri.scheme === 'file') {
    return uri.fsPath;
  }
  const isOfFolder = (vscode.workspace.workspaceFolders ?? []).some(
    (folder) => folder.uri.scheme === uri.scheme && folder.uri.authority === uri.authority,
  );
  return isOfFolder ? uri.path : undefined;
}

export function workspaceFolders(): WorkspaceRoots['folders'] {
  return (vscode.workspace.workspaceFolders ?? []).map((folder) => ({
    name: folder.name,
    path: folderPath(folder),
  }));
}

/** How a folder is named by a path: a virtual one by the path of its address. */
export function folderPath({ uri }: Pick<vscode.WorkspaceFolder, 'uri'>): string {
  return uri.scheme === 'file' ? uri.fsPath : uri.path;
}

/** False for what another file system of the editor holds: the disk may have something else at that path. */
export function isOnDisk(path: string): boolean {
  return toWorkspaceUri(path).scheme === 'file';
}

/** The open text document of a URI, whether or not an editor shows it. */
export function openDocument(uri: vscode.Uri): vscode.TextDocument | undefined {
  const wanted = uri.toString();
  return vscode.workspace.textDocuments.find((document) => document.uri.toString() === wanted);
}

export function isFileNotFound(error: unknown): boolean {
  return error instanceof vscode.FileSystemError && error.code === 'FileNotFound';
}
