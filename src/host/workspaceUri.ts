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
    path: folder.uri.scheme === 'file' ? folder.uri.fsPath : folder.uri.path,
  }));
}

/** The open text document of a URI, whether or not an editor shows it. */
export function openDocument(uri: vscode.Uri): vscode.TextDocument | undefined {
  const wanted = uri.toString();
  return vscode.workspace.textDocuments.find((document) => document.uri.toString() === wanted);
}

export function isFileNotFound(error: unknown): boolean {
  return error instanceof vscode.FileSystemError && error.code === 'FileNotFound';
}
