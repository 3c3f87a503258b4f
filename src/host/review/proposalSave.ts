import * as vscode from 'vscode';
import { isAnythingElseUnsaved, revertDocument } from '../revertDocument';

/** Takes the dirty mark from proposals whose text is taken over already. Text and undo stack stay as they are. */
export class ProposalSave {
  /** An extension changes what is saved, or somebody typed meanwhile: either way not again. */
  private isChangedBySaving = false;

  /**
   * Saved to us, who take no bytes; where saving would change the text, read again from us, which gives the same text,
   * but only while nothing else is unsaved: the editor's command for that may hit another editor.
   */
  async makeClean(document: vscode.TextDocument): Promise<void> {
    if (!this.isChangedBySaving && !changesOnSave(document)) {
      const { version } = document;
      await document.save();
      this.isChangedBySaving = document.version !== version;
    } else if (!isAnythingElseUnsaved(document)) {
      await revertDocument(document);
    }
  }
}

/** Whether the editor's own save actions may change this document. */
function changesOnSave(document: vscode.TextDocument): boolean {
  const editor = vscode.workspace.getConfiguration('editor', document);
  const files = vscode.workspace.getConfiguration('files', document);
  const actions = editor.get<unknown>('codeActionsOnSave');
  return (
    editor.get<boolean>('formatOnSave') === true ||
    (typeof actions === 'object' && actions !== null && Object.keys(actions).length > 0) ||
    ['trimTrailingWhitespace', 'trimFinalNewlines', 'insertFinalNewline'].some(
      (name) => files.get<boolean>(name) === true,
    )
  );
}
