import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { PendingEditsApi } from '../../session/contract';
import { fromWorkspaceUri, toWorkspaceUri } from '../workspaceUri';
import { fileBadge, waitingFiles } from './fileBadges';

/** Marks files that have something to review, wherever the editor names files; folders above them get the colour. */
export class ReviewDecorations implements vscode.FileDecorationProvider, Disposable {
  private readonly store = new DisposableStore();
  private readonly didChange = this.store.add(new vscode.EventEmitter<vscode.Uri[]>());
  readonly onDidChangeFileDecorations = this.didChange.event;
  private shown: ReadonlyMap<string, string>;

  constructor(private readonly edits: PendingEditsApi) {
    this.shown = this.tooltips();
    this.store.add(vscode.window.registerFileDecorationProvider(this));
    this.store.add(edits.onDidChange(() => this.follow()));
  }

  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    const path = fromWorkspaceUri(uri);
    const file = path === undefined ? undefined : waitingFiles(this.edits.list()).get(path);
    if (file === undefined) {
      return undefined;
    }
    const { badge, tooltip } = fileBadge(file);
    const decoration = new vscode.FileDecoration(
      badge,
      tooltip,
      new vscode.ThemeColor('patchbay.pendingEditForeground'),
    );
    decoration.propagate = true;
    return decoration;
  }

  dispose(): void {
    this.store.dispose();
  }

  private follow(): void {
    const before = this.shown;
    this.shown = this.tooltips();
    const changed = [...new Set([...before.keys(), ...this.shown.keys()])].filter(
      (path) => before.get(path) !== this.shown.get(path),
    );
    if (changed.length > 0) {
      this.didChange.fire(changed.map(toWorkspaceUri));
    }
  }

  private tooltips(): ReadonlyMap<string, string> {
    return new Map(
      [...waitingFiles(this.edits.list())].map(([path, file]) => [path, fileBadge(file).tooltip]),
    );
  }
}
