import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Rule } from '../gate/contract';
import {
  allAsks,
  parseRepositoryRules,
  repositoryRulesFolder,
  repositoryRulesPath,
  type RepositoryRules,
} from '../gate/repositoryRules';
import { folderPath } from './workspaceUri';

const maxBytes = 256 * 1024;

/**
 * The rules that the folders' own files add: they can only ask or deny. Read at the start and whenever a file changes;
 * until a folder was read, everything in it asks.
 */
export class RepositoryRuleFiles implements Disposable {
  private readonly store = new DisposableStore();
  private readonly byFolder = new Map<string, RepositoryRules>();
  private readonly told = new Set<string>();

  /** `tell` shows a sentence to the user. */
  constructor(private readonly tell: (problem: string) => void) {
    const watcher = this.store.add(
      // The folder too: a file that comes with its folder is not always announced by itself.
      vscode.workspace.createFileSystemWatcher(`**/${repositoryRulesFolder}{,/**}`),
    );
    for (const onDidHappen of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete]) {
      this.store.add(onDidHappen(() => void this.readAll()));
    }
    this.store.add(vscode.workspace.onDidChangeWorkspaceFolders(() => void this.readAll()));
    void this.readAll();
  }

  rules(folder: string): readonly Rule[] {
    return (this.byFolder.get(folder) ?? allAsks('was not read yet')).rules;
  }

  /** Never rejects. */
  async readAll(): Promise<void> {
    await Promise.all((vscode.workspace.workspaceFolders ?? []).map((folder) => this.read(folder)));
  }

  dispose(): void {
    this.store.dispose();
  }

  private async read(folder: vscode.WorkspaceFolder): Promise<void> {
    const read = await readRules(vscode.Uri.joinPath(folder.uri, repositoryRulesPath));
    this.byFolder.set(folderPath(folder), read);
    for (const problem of read.problems) {
      if (!this.told.has(problem)) {
        this.told.add(problem);
        this.tell(problem);
      }
    }
  }
}

async function readRules(uri: vscode.Uri): Promise<RepositoryRules> {
  try {
    const { size } = await vscode.workspace.fs.stat(uri);
    return size > maxBytes
      ? allAsks('is larger than 256 kB')
      : parseRepositoryRules(new TextDecoder().decode(await vscode.workspace.fs.readFile(uri)));
  } catch (error) {
    return error instanceof vscode.FileSystemError && error.code === 'FileNotFound'
      ? { rules: [], problems: [] }
      : allAsks('cannot be read');
  }
}
