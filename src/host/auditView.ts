import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { auditText } from './auditText';

const scheme = 'patchbay-audit';
const shownBytes = 256 * 1024;

export interface AuditFile {
  readonly path: string;
  /** The last bytes of the file as text, from the beginning of a line; '' when there is none yet. */
  readTail(maxBytes: number): Promise<{ readonly text: string; readonly isCut: boolean }>;
}

/** Shows the audit log as a read-only document, newest record last; each showing reads it again. */
export class AuditView implements vscode.TextDocumentContentProvider, Disposable {
  private readonly store = new DisposableStore();
  private readonly uri = vscode.Uri.from({ scheme, path: '/Patchbay audit log' });
  private readonly didChange = this.store.add(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidChange = this.didChange.event;

  constructor(private readonly file: AuditFile) {
    this.store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
  }

  async provideTextDocumentContent(): Promise<string> {
    const { text, isCut } = await this.file.readTail(shownBytes);
    return auditText(text, { filePath: this.file.path, isCut });
  }

  async show(): Promise<void> {
    this.didChange.fire(this.uri);
    const document = await vscode.workspace.openTextDocument(this.uri);
    const end = document.lineAt(document.lineCount - 1).range.end;
    await vscode.window.showTextDocument(document, {
      preview: true,
      selection: new vscode.Range(end, end),
    });
  }

  dispose(): void {
    this.store.dispose();
  }
}
