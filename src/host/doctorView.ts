import * as vscode from 'vscode';
import type { Disposable } from '../base/disposable';
import { ReadOnlyDocument } from './readOnlyDocument';

const copy = 'Copy';

/** Shows the doctor's text as a read-only document, made anew each time, and offers to copy it. */
export class DoctorView implements Disposable {
  private readonly document = new ReadOnlyDocument('patchbay-doctor', 'Patchbay doctor');

  constructor(private readonly examine: () => Promise<string>) {}

  async show(): Promise<void> {
    const text = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: 'Patchbay looks for agents' },
      () => this.examine(),
    );
    await this.document.show(text);
    void offerCopy(text);
  }

  dispose(): void {
    this.document.dispose();
  }
}

async function offerCopy(text: string): Promise<void> {
  const picked = await vscode.window.showInformationMessage(
    'The report names programs, versions and variables, never their values.',
    copy,
  );
  if (picked === copy) {
    await vscode.env.clipboard.writeText(text);
  }
}
