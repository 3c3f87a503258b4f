import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import { readServerFile, serverFiles, type ServerFile } from '../tools/plugins/configFiles';
import type { ServerEntries } from '../tools/plugins/serverConfig';

const maxBytes = 256 * 1024;

/** What the files of the workspace say about MCP servers; reading them starts nothing. */
export interface FileServers {
  readonly places: readonly ServerEntries[];
  /** Files that could not be used, in sentences. */
  readonly problems: readonly string[];
}

/** Reads `.vscode/mcp.json` and `.mcp.json` of every workspace folder, now and whenever one of them changes. */
export class McpFiles implements Disposable {
  private readonly store = new DisposableStore();
  private readonly didChange = this.store.add(new Emitter<FileServers>());
  readonly onDidChange = this.didChange.event;
  private reading: Promise<void> = Promise.resolve();
  private watchers = new DisposableStore();

  constructor() {
    this.store.add(vscode.workspace.onDidChangeWorkspaceFolders(() => this.watch()));
  }

  /** Begins to watch, and reads for the first time. */
  watch(): void {
    this.watchers.dispose();
    this.watchers = new DisposableStore();
    for (const folder of folders()) {
      for (const { path } of serverFiles) {
        const pattern = new vscode.RelativePattern(folder, path.join('/'));
        const watcher = this.watchers.add(vscode.workspace.createFileSystemWatcher(pattern));
        for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete]) {
          this.watchers.add(event(() => this.read()));
        }
      }
    }
    this.read();
  }

  /** Resolves when what was last asked for is read. */
  async whenRead(): Promise<void> {
    await this.reading;
  }

  dispose(): void {
    this.watchers.dispose();
    this.store.dispose();
  }

  /** One after the other: the last one read is the newest. */
  private read(): void {
    this.reading = this.reading.then(async () => {
      const found = await Promise.all(
        folders().flatMap((folder) => serverFiles.map((file) => readOne(folder, file))),
      );
      const places = found.flatMap((one) => (typeof one === 'object' ? [one] : []));
      const problems = found.filter((one) => typeof one === 'string');
      this.didChange.fire({ places, problems });
    });
  }
}

function folders(): readonly vscode.WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
}

/** Undefined: there is no such file. A sentence: it cannot be used. */
async function readOne(
  folder: vscode.WorkspaceFolder,
  file: ServerFile,
): Promise<ServerEntries | string | undefined> {
  const uri = vscode.Uri.joinPath(folder.uri, ...file.path);
  const name = `${folder.name}/${file.label}`;
  let text: string;
  try {
    if ((await vscode.workspace.fs.stat(uri)).size > maxBytes) {
      return `${name} is larger than 256 KiB and was not read.`;
    }
    text = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch {
    return undefined; // it is not there, which is the usual case
  }
  const read = readServerFile(file, text, {
    kind: 'workspace',
    folder: folder.uri.fsPath,
    folderName: folder.name,
    file: uri.fsPath,
    label: file.label,
  });
  return read.kind === 'entries' ? read.entries : read.problem;
}
