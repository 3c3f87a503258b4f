import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { PendingEdit } from '../../session/contract';
import { toWorkspaceUri } from '../workspaceUri';
import { toProposalUri } from './proposalUri';

/** The editor opens every document of the list at once; above this it takes too long, and nobody reads it. */
export const maxFilesAtOnce = 50;

// The class of such a tab is no stable API: it is known by this title.
const title = 'Patchbay: edits to review';

/**
 * One editor with all files that waited when it was opened, on the same documents as the review of one file. Its list
 * is fixed; opening it again takes the place of the one before.
 */
export class MultiReview implements Disposable {
  private readonly store = new DisposableStore();
  private shownIds: readonly string[] = [];
  private isInFront = false;

  constructor() {
    this.store.add(vscode.window.tabGroups.onDidChangeTabs(() => this.follow()));
    this.store.add(vscode.window.tabGroups.onDidChangeTabGroups(() => this.follow()));
  }

  /** The edits in it, as long as its tab is there. */
  get editIds(): readonly string[] {
    return ownTabs().length === 0 ? [] : this.shownIds;
  }

  isShowing(): boolean {
    return ownTabs().some((tab) => tab.isActive);
  }

  async open(edits: readonly PendingEdit[]): Promise<void> {
    this.shownIds = edits.map(({ id }) => id);
    await vscode.commands.executeCommand(
      'vscode.changes',
      title,
      edits.map((edit) => [
        toWorkspaceUri(edit.path),
        edit.kind === 'create' ? undefined : toWorkspaceUri(edit.path),
        toProposalUri(edit),
      ]),
    );
  }

  /** True when it was in front. Also closes what a reload brought back. */
  async close(): Promise<boolean> {
    const wasInFront = this.isShowing();
    this.shownIds = [];
    await vscode.window.tabGroups.close([...ownTabs()], true);
    return wasInFront;
  }

  dispose(): void {
    this.store.dispose();
  }

  private follow(): void {
    const isInFront = vscode.window.tabGroups.activeTabGroup.activeTab?.label.startsWith(title);
    if (this.isInFront !== (isInFront === true)) {
      this.isInFront = isInFront === true;
      void vscode.commands.executeCommand('setContext', 'patchbay.inMultiReview', this.isInFront);
    }
  }
}

function ownTabs(): readonly vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter(
      ({ label, input }) =>
        label.startsWith(title) &&
        !(input instanceof vscode.TabInputText) &&
        !(input instanceof vscode.TabInputTextDiff) &&
        !(input instanceof vscode.TabInputCustom) &&
        !(input instanceof vscode.TabInputNotebook) &&
        !(input instanceof vscode.TabInputWebview),
    );
}
