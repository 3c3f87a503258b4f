import * as vscode from 'vscode';
import { minimalEdits } from './textEdits';

/** Unsaved text that must not go, and what its document had when it was clean last, if that was seen. */
interface Unsaved {
  readonly text: string;
  readonly cleanText?: string;
}

/**
 * Reads a document anew from its file: its unsaved text goes. The editor has no such command for a document, only for
 * what is active, or selected in the list of open editors, when the command arrives there; and the user may be
 * elsewhere by then. So it is not run while something is unsaved that could not be brought back, and every other text
 * that it takes, also what is typed into this document meanwhile, is put back. False when the document was left as it is.
 */
export async function revertDocument(document: vscode.TextDocument): Promise<boolean> {
  if (hasUnsavedBesideText() || !isActive(document)) {
    return false;
  }
  const watch = new UnsavedTexts(document);
  try {
    await vscode.commands.executeCommand('workbench.action.files.revert');
  } finally {
    watch.dispose();
    await watch.putBack();
  }
  return !document.isDirty;
}

/** Whether any other editor has something unsaved. */
export function isAnythingElseUnsaved(document: vscode.TextDocument): boolean {
  return (
    hasUnsavedBesideText() ||
    vscode.workspace.textDocuments.some((other) => other !== document && other.isDirty)
  );
}

/** Knows the unsaved texts as they are, key by key, until it is disposed. */
class UnsavedTexts {
  private readonly unsaved = new Map<vscode.TextDocument, Unsaved>();
  private readonly cleanTexts = new Map<vscode.TextDocument, string>();
  private readonly listening: vscode.Disposable;

  constructor(reverted: vscode.TextDocument) {
    const given = reverted.getText();
    for (const document of vscode.workspace.textDocuments) {
      const text = document.getText();
      if (!document.isDirty) {
        this.cleanTexts.set(document, text);
      } else if (document !== reverted) {
        this.unsaved.set(document, { text });
      }
    }
    this.listening = vscode.Disposable.from(
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges, reason }) => {
        const text = document.getText();
        if (contentChanges.length === 0 || (document === reverted && text === given)) {
          return;
        }
        const cleanText = this.cleanTexts.get(document);
        if (reason !== undefined && !document.isDirty) {
          this.unsaved.delete(document); // the user undid all of it
        } else if (document.isDirty) {
          this.unsaved.set(document, { text });
        } else if (cleanText !== undefined && !this.unsaved.has(document)) {
          // The first key in a clean document: it is called unsaved only a moment later.
          this.unsaved.set(document, { text, cleanText });
        }
      }),
      vscode.workspace.onDidSaveTextDocument((document) => this.unsaved.delete(document)),
    );
  }

  dispose(): void {
    this.listening.dispose();
  }

  async putBack(): Promise<void> {
    for (const [document, { text, cleanText }] of this.unsaved) {
      const now = document.getText();
      const isTaken = !document.isDirty && now !== text && now === (cleanText ?? now);
      if (isTaken && !document.isClosed) {
        const change = new vscode.WorkspaceEdit();
        change.set(
          document.uri,
          minimalEdits(now, text, []).map(({ start, end, text: newText }) =>
            vscode.TextEdit.replace(
              new vscode.Range(document.positionAt(start), document.positionAt(end)),
              newText,
            ),
          ),
        );
        await vscode.workspace.applyEdit(change);
      }
    }
  }
}

/** A notebook, an editor of an extension, a text too large for us: what is unsaved there could not be put back. */
function hasUnsavedBesideText(): boolean {
  const known = new Set(vscode.workspace.textDocuments.map(({ uri }) => uri.toString()));
  const isKnown = (uri: vscode.Uri): boolean => known.has(uri.toString());
  const canBePutBack = ({ input }: vscode.Tab): boolean =>
    (input instanceof vscode.TabInputText && isKnown(input.uri)) ||
    (input instanceof vscode.TabInputTextDiff &&
      isKnown(input.original) &&
      isKnown(input.modified));
  return (
    vscode.workspace.notebookDocuments.some(({ isDirty }) => isDirty) ||
    vscode.window.tabGroups.all.some(({ tabs }) =>
      tabs.some((tab) => tab.isDirty && !canBePutBack(tab)),
    )
  );
}

function isActive(document: vscode.TextDocument): boolean {
  return vscode.window.activeTextEditor?.document === document;
}
