import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { commandIds, type CommandId } from './commandIds';

export const chatViewId = 'patchbay.chat';
export const editsViewId = 'patchbay.edits';
export const proposalScheme = 'patchbay';

/** The proposals' texts; a folder's operations end at the door. */
export type Proposals = Pick<
  vscode.FileSystemProvider,
  'onDidChangeFile' | 'stat' | 'readFile' | 'writeFile'
>;

/** The tree of what waits, by the keys of its rows. */
export interface EditTree extends vscode.TreeDataProvider<string> {
  readonly onDidChangeTreeData: vscode.Event<string | string[] | undefined>;
  /** Gives the application the view that shows the tree: for its badge, its selection and its focus. */
  attach(view: vscode.TreeView<string>): void;
}

/** What lies behind the door: the application, as far as the editor calls it. */
export interface Application {
  readonly view: vscode.WebviewViewProvider;
  readonly proposals: Proposals;
  readonly editTree: EditTree;
  run(command: CommandId, args: readonly unknown[]): Promise<void>;
}

/**
 * Registers what the editor may call before anything else is loaded: the view, the commands, the documents of pending
 * proposals. The first call loads the application; all wait for the same load.
 */
export function openFrontDoor(loadApplication: () => Promise<Application>): Disposable {
  const store = new DisposableStore();
  const load = openEditTree(loadApplication, store);
  store.add(
    vscode.window.registerWebviewViewProvider(chatViewId, {
      resolveWebviewView: async (view, context, token) =>
        (await load()).view.resolveWebviewView(view, context, token),
    }),
  );
  for (const id of commandIds) {
    store.add(
      vscode.commands.registerCommand(id, async (...args: readonly unknown[]) =>
        (await load()).run(id, args),
      ),
    );
  }
  const files = store.add(new ProposalFiles(load));
  store.add(
    vscode.workspace.registerFileSystemProvider(proposalScheme, files, { isCaseSensitive: true }),
  );
  return store;
}

/** Registers the tree; gives a `load` that hands the view to the application as soon as it is there. */
function openEditTree(
  loadApplication: () => Promise<Application>,
  store: DisposableStore,
): () => Promise<Application> {
  const didChange = store.add(new vscode.EventEmitter<string | string[] | undefined>());
  let loading: Promise<Application> | undefined;
  const load = (): Promise<Application> => {
    loading ??= loadApplication().then((application) => {
      store.add(application.editTree.onDidChangeTreeData((keys) => didChange.fire(keys)));
      application.editTree.attach(view);
      return application;
    });
    return loading;
  };
  const tree = async (): Promise<EditTree> => (await load()).editTree;
  const view = store.add(
    vscode.window.createTreeView<string>(editsViewId, {
      treeDataProvider: {
        onDidChangeTreeData: didChange.event,
        getChildren: async (key) => (await tree()).getChildren(key),
        getTreeItem: async (key) => (await tree()).getTreeItem(key),
        getParent: async (key) => (await tree()).getParent?.(key),
        resolveTreeItem: async (item, key, token) =>
          (await tree()).resolveTreeItem?.(item, key, token),
      },
      canSelectMany: true,
      showCollapseAll: true,
    }),
  );
  return load;
}

/** The proposals' file system, loaded with its first call: a reload may bring review tabs back before all else. */
class ProposalFiles implements vscode.FileSystemProvider, Disposable {
  private readonly didChangeFile = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.didChangeFile.event;
  private loading: Promise<Proposals> | undefined;

  constructor(private readonly load: () => Promise<Application>) {}

  watch(): vscode.Disposable {
    void this.files();
    return new vscode.Disposable(() => undefined); // every change is announced anyway
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    return (await this.files()).stat(uri);
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return (await this.files()).readFile(uri);
  }

  async writeFile(
    uri: vscode.Uri,
    content: Uint8Array,
    options: { readonly create: boolean; readonly overwrite: boolean },
  ): Promise<void> {
    await (await this.files()).writeFile(uri, content, options);
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  dispose(): void {
    this.didChangeFile.dispose();
  }

  private files(): Promise<Proposals> {
    this.loading ??= this.load().then(({ proposals }) => {
      proposals.onDidChangeFile((changes) => this.didChangeFile.fire(changes));
      return proposals;
    });
    return this.loading;
  }
}
