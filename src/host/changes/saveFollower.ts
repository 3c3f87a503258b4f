import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { ChangeFollower } from '../../session/changeFollower';
import { fromWorkspaceUri, openDocument, toWorkspaceUri } from '../workspaceUri';
import { TypingLog } from './typingLog';

/** Longer documents cost too much to be compared at each key. */
const maxChars = 1_000_000;

/** The buffer of a document with unsaved text; undefined where the disk has all there is. */
export function unsavedTextOf(path: string): string | undefined {
  const document = openDocument(toWorkspaceUri(path));
  return document?.isDirty === true ? document.getText() : undefined;
}

/**
 * Tells what a person typed from what saving made of it. The editor runs its formatter, its code actions and its
 * trimming before it announces a save and says nothing of it; but typing moves a cursor by keyboard or mouse, and they
 * do not. Seen in 1.139; the in-host test of the interleaving tells.
 */
export class SaveFollower implements Disposable {
  private readonly store = new DisposableStore();
  private readonly typing = new TypingLog(Date.now);

  constructor(
    private readonly follower: Pick<ChangeFollower, 'saved' | 'reloaded' | 'isWriting'>,
    private readonly onDidType: (path: string) => void,
  ) {
    const { workspace, window } = vscode;
    this.store.add(workspace.onDidChangeTextDocument((event) => this.changed(event)));
    this.store.add(window.onDidChangeTextEditorSelection((event) => this.selected(event)));
    this.store.add(
      workspace.onWillSaveTextDocument(({ document }) =>
        this.typing.saving(document.uri.toString(), document.getText()),
      ),
    );
    this.store.add(workspace.onDidSaveTextDocument((document) => this.didSave(document)));
    this.store.add(
      workspace.onDidCloseTextDocument(({ uri }) => this.typing.forget(uri.toString())),
    );
  }

  dispose(): void {
    this.store.dispose();
  }

  private changed({ document, contentChanges, reason }: vscode.TextDocumentChangeEvent): void {
    const path = fromWorkspaceUri(document.uri);
    if (path === undefined) {
      return;
    }
    if (contentChanges.length === 0) {
      // It has unsaved text now, or has none any more: told a moment after the first letter.
      this.onDidType(path);
      return;
    }
    if (!document.isDirty) {
      // Taken anew from the disk; or the first letter in a clean document, for which a look costs nothing.
      void this.follower.reloaded(path);
    }
    const text = document.getText();
    if (text.length <= maxChars) {
      const key = document.uri.toString();
      // Undo and redo are the user's; so is what we write with the user's word.
      if (reason !== undefined || this.follower.isWriting(path)) {
        this.typing.typed(key, text);
      } else {
        this.typing.changed(key);
      }
    }
    this.onDidType(path);
  }

  private selected({ textEditor, kind }: vscode.TextEditorSelectionChangeEvent): void {
    const { document } = textEditor;
    const isByPerson =
      kind === vscode.TextEditorSelectionChangeKind.Keyboard ||
      kind === vscode.TextEditorSelectionChangeKind.Mouse;
    if (isByPerson && this.typing.hasUnseen(document.uri.toString())) {
      this.typing.typed(document.uri.toString(), document.getText());
    }
  }

  private didSave(document: vscode.TextDocument): void {
    const path = fromWorkspaceUri(document.uri);
    const text = document.getText();
    const typedText = this.typing.saved(document.uri.toString(), text);
    if (path !== undefined) {
      void this.follower.saved(path, typedText, text);
    }
  }
}
