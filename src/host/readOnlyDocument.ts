import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';

/** A report as a read-only document of the editor: one document, its text replaced at each showing. */
export class ReadOnlyDocument implements vscode.TextDocumentContentProvider, Disposable {
  private readonly store = new DisposableStore();
  private readonly uri: vscode.Uri;
  private readonly didChange = this.store.add(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidChange = this.didChange.event;
  private text = '';

  /** `scheme` is ours alone; `title` is the name on the tab. */
  constructor(scheme: string, title: string) {
    this.uri = vscode.Uri.from({ scheme, path: `/${title}` });
    this.store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
  }

  provideTextDocumentContent(): string {
    return this.text;
  }

  async show(text: string, options: { readonly preserveFocus?: boolean } = {}): Promise<void> {
    this.text = text;
    this.didChange.fire(this.uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(this.uri), {
      preview: true,
      ...options,
    });
  }

  dispose(): void {
    this.store.dispose();
  }
}
