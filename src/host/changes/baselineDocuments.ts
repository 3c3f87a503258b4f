import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { UnreviewedChange, UnreviewedChangesApi } from '../../session/contract';
import { toWorkspaceUri } from '../workspaceUri';

export const baselineScheme = 'patchbay-baseline';

/** The left side of a change's diff: the file without what waits, read-only. Its path is the file's. */
export class BaselineDocuments implements vscode.TextDocumentContentProvider, Disposable {
  private readonly store = new DisposableStore();
  private readonly didChange = this.store.add(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidChange = this.didChange.event;
  private readonly lastTexts = new Map<string, string>();

  constructor(private readonly changes: UnreviewedChangesApi) {
    this.store.add(vscode.workspace.registerTextDocumentContentProvider(baselineScheme, this));
    this.store.add(
      changes.onDidChange(() => {
        for (const { uri } of vscode.workspace.textDocuments) {
          if (uri.scheme === baselineScheme) {
            this.didChange.fire(uri);
          }
        }
      }),
    );
    this.store.add(
      vscode.workspace.onDidCloseTextDocument(
        ({ uri }) => void this.lastTexts.delete(uri.toString()),
      ),
    );
  }

  uriOf(change: UnreviewedChange): vscode.Uri {
    return vscode.Uri.from({
      scheme: baselineScheme,
      path: toWorkspaceUri(change.path).path,
      query: change.id,
    });
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const change = this.changes.get(uri.query);
    const key = uri.toString();
    if (change !== undefined) {
      this.lastTexts.set(key, change.baseText);
      return change.baseText;
    }
    // Nothing waits any more: both sides are the file. What was shown last stays until the tab is closed.
    const open = vscode.workspace.textDocuments.find(
      (document) => document.uri.path === uri.path && document.uri.scheme !== baselineScheme,
    );
    return open?.getText() ?? this.lastTexts.get(key) ?? '';
  }

  dispose(): void {
    this.store.dispose();
  }
}
