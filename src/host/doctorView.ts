import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';

const scheme = 'patchbay-doctor';
const copy = 'Copy';

/** Shows the doctor's text as a read-only document, made anew each time, and offers to copy it. */
export class DoctorView implements vscode.TextDocumentContentProvider, Disposable {
  private readonly store = new DisposableStore();
  private readonly uri = vscode.Uri.from({ scheme, path: '/Patchbay doctor' });
  private readonly didChange = this.store.add(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidChange = this.didChange.event;
  private text = '';

  constructor(private readonly examine: () => Promise<string>) {
    this.store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
  }

  provideTextDocumentContent(): string {
    return this.text;
  }

  async show(): Promise<void> {
    this.text = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: 'Patchbay looks for agents' },
      () => this.examine(),
    );
    this.didChange.fire(this.uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(this.uri), {
      preview: true,
    });
    void this.offerCopy();
  }

  dispose(): void {
    this.store.dispose();
  }

  private async offerCopy(): Promise<void> {
    const picked = await vscode.window.showInformationMessage(
      'The report names programs, versions and variables, never their values.',
      copy,
    );
    if (picked === copy) {
      await vscode.env.clipboard.writeText(this.text);
    }
  }
}
