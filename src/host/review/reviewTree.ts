import * as vscode from 'vscode';
import type { Clock } from '../../base/clock';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { PendingEditsApi, UnreviewedChangesApi } from '../../session/contract';
import type { CommandId } from '../commandIds';
import { count } from '../mcpWords';
import { editsViewId } from '../frontDoor';
import { toWorkspaceUri } from '../workspaceUri';
import { buildTree, changedRows, waitingCount, type TreeModel } from './editTree';
import type { TreeNode } from './editTreeRows';
import { hunkFence } from './hunkMarkdown';

/** One decision makes many events; the tree is drawn once for all of them. */
const settleMs = 30;

export interface ReviewTreeOptions {
  readonly edits: PendingEditsApi;
  readonly changes: UnreviewedChangesApi | undefined;
  readonly sessionTitle: (sessionId: string) => string | undefined;
  readonly clock: Clock;
}

/** The tree "Pending Edits": its elements are the keys of rows. Draws again only what looks different. */
export class ReviewTree implements vscode.TreeDataProvider<string>, Disposable {
  private readonly store = new DisposableStore();
  private readonly didChangeTreeData = this.store.add(
    new vscode.EventEmitter<string | string[] | undefined>(),
  );
  readonly onDidChangeTreeData = this.didChangeTreeData.event;
  private current: TreeModel;
  private view: vscode.TreeView<string> | undefined;
  private timer: Disposable | undefined;

  constructor(private readonly options: ReviewTreeOptions) {
    this.current = this.build();
    const soon = (): void => {
      this.timer ??= options.clock.schedule(settleMs, () => this.refresh());
    };
    this.store.add(options.edits.onDidChange(soon));
    if (options.changes !== undefined) {
      this.store.add(options.changes.onDidChange(soon));
    }
  }

  get model(): TreeModel {
    return this.current;
  }

  /** The view that shows the tree; it was made before anybody had loaded us. */
  attach(view: vscode.TreeView<string>): void {
    this.view = view;
    this.showCount();
  }

  getChildren(key?: string): string[] {
    return [
      ...(key === undefined
        ? this.current.rootKeys
        : (this.current.rows.get(key)?.childKeys ?? [])),
    ];
  }

  getParent(key: string): string | undefined {
    return this.current.rows.get(key)?.parentKey;
  }

  getTreeItem(key: string): vscode.TreeItem {
    const row = this.current.rows.get(key);
    const item = new vscode.TreeItem(row?.label ?? '');
    item.id = key;
    if (row === undefined) {
      return item; // gone while the editor asked; the refresh that takes it away is on its way
    }
    item.description = row.description;
    item.contextValue = row.context;
    item.accessibilityInformation = { label: row.spoken };
    item.iconPath =
      row.path === undefined
        ? new vscode.ThemeIcon(
            row.icon,
            row.color === undefined ? undefined : new vscode.ThemeColor(row.color),
          )
        : vscode.ThemeIcon.File;
    if (row.path !== undefined) {
      item.resourceUri = toWorkspaceUri(row.path);
    }
    item.collapsibleState =
      row.childKeys.length === 0
        ? vscode.TreeItemCollapsibleState.None
        : row.isOpen
          ? vscode.TreeItemCollapsibleState.Expanded
          : vscode.TreeItemCollapsibleState.Collapsed;
    if (opens(row.node)) {
      item.command = { command: openCommand, title: 'Show the difference', arguments: [key] };
    }
    return item;
  }

  /** The hunk itself is put together only for the row that is hovered. */
  resolveTreeItem(item: vscode.TreeItem, key: string): vscode.TreeItem {
    const row = this.current.rows.get(key);
    const hunk = row === undefined ? undefined : this.hunkOf(row.node);
    // No command works from here: the lines come from a model.
    item.tooltip =
      hunk === undefined
        ? row?.spoken
        : new vscode.MarkdownString(
            `${hunkFence(hunk)}\n\nF7 in the review reads it line by line.`,
          );
    return item;
  }

  /**
   * The row with the focus, or the whole selection when it is part of it. The stable API knows the selection only:
   * taking the focused row in or out of it and looking at the difference tells which one it is.
   */
  async focusedKeys(): Promise<readonly string[]> {
    const { view } = this;
    if (view === undefined) {
      return [];
    }
    const before = view.selection;
    await vscode.commands.executeCommand('list.toggleSelection');
    const after = view.selection;
    await vscode.commands.executeCommand('list.toggleSelection');
    if (after.length < before.length) {
      return before;
    }
    const added = after.filter((key) => !before.includes(key));
    return added.length === 1 ? added : [];
  }

  /** Puts the focus of the tree on a row that is still there. */
  async focus(key: string): Promise<void> {
    this.refresh();
    if (this.current.rows.has(key)) {
      await this.view?.reveal(key, { select: false, focus: true });
    }
  }

  /** Opens the view with the focus on its first row: a view that was folded has no row with the focus yet. */
  async show(): Promise<void> {
    await vscode.commands.executeCommand(`${editsViewId}.focus`);
    this.refresh();
    const [first] = this.current.rootKeys;
    if (first !== undefined) {
      await this.focus(first);
    }
  }

  dispose(): void {
    this.timer?.dispose();
    this.store.dispose();
  }

  private refresh(): void {
    this.timer?.dispose();
    this.timer = undefined;
    const before = this.current;
    this.current = this.build();
    const changed = changedRows(before, this.current);
    if (changed === 'all') {
      this.didChangeTreeData.fire(undefined);
    } else if (changed.length > 0) {
      this.didChangeTreeData.fire([...changed]);
    }
    this.showCount();
  }

  private build(): TreeModel {
    return buildTree({ ...this.waiting(), sessionTitle: this.options.sessionTitle });
  }

  private waiting(): Parameters<typeof waitingCount>[0] {
    return {
      edits: this.options.edits.list(),
      changes: this.options.changes?.list() ?? [],
    };
  }

  private showCount(): void {
    if (this.view === undefined) {
      return;
    }
    const waiting = waitingCount(this.waiting());
    const words = [
      ...(waiting.edits > 0 ? [`${count(waiting.edits, 'edit')} to review`] : []),
      ...(waiting.changes > 0 ? [`${count(waiting.changes, 'change')} without review`] : []),
    ].join(', ');
    this.view.description = words;
    this.view.badge =
      words === '' ? undefined : { value: waiting.edits + waiting.changes, tooltip: words };
  }

  private hunkOf(
    node: TreeNode,
  ): { readonly oldText: string; readonly newText: string } | undefined {
    switch (node.kind) {
      case 'hunk':
        return this.options.edits
          .get(node.editId)
          ?.hunks.find(({ hunk }) => hunk.id === node.hunkId)?.hunk;
      case 'changedHunk':
        return this.options.changes
          ?.get(node.changeId)
          ?.hunks.find(({ hunk }) => hunk.id === node.hunkId)?.hunk;
      default:
        return undefined;
    }
  }
}

const openCommand: CommandId = 'patchbay.treeOpen';

function opens({ kind }: TreeNode): boolean {
  return kind === 'file' || kind === 'hunk' || kind === 'changedFile' || kind === 'changedHunk';
}
