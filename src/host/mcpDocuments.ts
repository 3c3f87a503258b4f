import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';

const scheme = 'patchbay-mcp';
const maxKept = 40;

/** Read-only texts about MCP servers: definitions, and tools as they were accepted beside how they are now. */
export class McpDocuments implements vscode.TextDocumentContentProvider, Disposable {
  private readonly store = new DisposableStore();
  private readonly texts = new Map<string, string>();
  private count = 0;

  constructor() {
    this.store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? 'This text is not kept any more. Show it again.';
  }

  async show(title: string, text: string): Promise<void> {
    const document = await vscode.workspace.openTextDocument(this.keep(title, text));
    await vscode.window.showTextDocument(document, { preview: true });
  }

  async compare(title: string, before: string, now: string): Promise<void> {
    await vscode.commands.executeCommand(
      'vscode.diff',
      this.keep(`${title}, accepted`, before),
      this.keep(`${title}, now`, now),
      title,
      { preview: true },
    );
  }

  dispose(): void {
    this.store.dispose();
  }

  /** Each text has an address of its own: what the user looks at never changes under them. */
  private keep(title: string, text: string): vscode.Uri {
    this.count += 1;
    const name = title.replace(/[\\/?#]/g, '-');
    const uri = vscode.Uri.from({ scheme, path: `/${name}`, query: String(this.count) });
    this.texts.set(uri.toString(), text);
    const [oldest] = this.texts.keys();
    if (this.texts.size > maxKept && oldest !== undefined) {
      this.texts.delete(oldest);
    }
    return uri;
  }
}
