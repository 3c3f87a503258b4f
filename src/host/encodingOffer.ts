import * as vscode from 'vscode';
import type { Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import { fittingEncodings } from './encodings';
import { openDocument, toWorkspaceUri } from './workspaceUri';

const choose = 'Choose Encoding…';

/** The way on for a file that was opened in a wrong encoding, of which no edit can be exact. */
export class EncodingOffer {
  /** Files whose message is on the screen: an agent that tries again adds none. */
  private readonly offered = new Set<string>();

  constructor(private readonly log: Logger) {}

  /** Says why the file was not edited, and offers to open it in another encoding. */
  readonly offer = (path: string): void => {
    if (this.offered.has(path)) {
      return;
    }
    this.offered.add(path);
    void this.ask(path)
      .catch((error: unknown) => {
        this.log.warn(`encoding of ${path}: ${errorMessage(error)}`);
        void vscode.window.showWarningMessage(`Patchbay: ${errorMessage(error)}`);
      })
      .finally(() => this.offered.delete(path));
  };

  private async ask(path: string): Promise<void> {
    const uri = toWorkspaceUri(path);
    const name = vscode.workspace.asRelativePath(uri);
    const answer = await vscode.window.showWarningMessage(
      `Patchbay: ${name} was not edited. It is not in the encoding that it is opened in, so saving it would change other bytes as well. Open it in its own encoding, then let the agent try again.`,
      choose,
    );
    if (answer === choose) {
      await this.reopen(uri, name);
    }
  }

  private async reopen(uri: vscode.Uri, name: string): Promise<void> {
    const fitting = await fittingEncodings(uri, await vscode.workspace.fs.readFile(uri));
    const others = { label: 'Another encoding…', id: undefined };
    const picked = await vscode.window.showQuickPick(
      [
        ...fitting.map(({ id, name: label, sample }) => ({ label, detail: sample, id })),
        { label: '', kind: vscode.QuickPickItemKind.Separator, id: undefined },
        others,
      ],
      {
        title: `Encoding of ${name}`,
        placeHolder: 'Choose the one in which the line below it reads right',
        matchOnDetail: true,
      },
    );
    if (picked === undefined) {
      return;
    }
    if (picked === others) {
      await vscode.window.showTextDocument(uri, { preview: false });
      await vscode.commands.executeCommand('workbench.action.editor.changeEncoding');
      return;
    }
    await openInEncoding(uri, picked.id ?? '');
  }
}

/** The document stays open in an editor: closed, it would be read in the old encoding the next time. */
export async function openInEncoding(uri: vscode.Uri, encoding: string): Promise<void> {
  if (openDocument(uri)?.isDirty === true) {
    throw new Error(
      `${vscode.workspace.asRelativePath(uri)} has unsaved changes, which were typed in the wrong encoding. Save or revert them first; nothing was changed.`,
    );
  }
  const document = await vscode.workspace.openTextDocument(uri, { encoding });
  await vscode.window.showTextDocument(document, { preview: false });
}
