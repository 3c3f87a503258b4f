import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { ChangeFollower } from '../../session/changeFollower';
import { fromWorkspaceUri, openDocument, toWorkspaceUri } from '../workspaceUri';

/** Longer documents cost too much to be compared at each key. */
const maxChars = 1_000_000;
/** The editor's own save actions run before extensions hear of the save; they take no longer than this. */
const saveActionsMs = 3000;

/** The buffer of a document that is open; undefined when it is not, or is too long. */
export function openTextOf(path: string): string | undefined {
  const document = openDocument(toWorkspaceUri(path));
  return document === undefined ? undefined : document.getText();
}

/** What is known about who wrote the unsaved part of a document. */
interface Typing {
  /** The text after the last change that a person was seen to make; undefined: none since the last save. */
  userText: string | undefined;
  /** A later change that nobody was seen to make: a formatter at work, or another extension. */
  unseenSinceMs: number | undefined;
  /** The text when the save was announced, without what saving had made of it by then. */
  savingText: string | undefined;
}

/**
 * Tells what a person typed from what saving made of it. The editor runs its formatter, its code actions and its
 * trimming before it announces a save and says nothing of it; but typing moves a cursor by keyboard or mouse, and they
 * do not. Seen in 1.139; the in-host test of the interleaving tells.
 */
export class SaveFollower implements Disposable {
  private readonly store = new DisposableStore();
  private readonly typing = new Map<string, Typing>();

  constructor(
    private readonly follower: Pick<ChangeFollower, 'saved' | 'reloaded' | 'isWriting'>,
    private readonly onDidType: (path: string) => void,
  ) {
    const { workspace, window } = vscode;
    this.store.add(workspace.onDidChangeTextDocument((event) => this.changed(event)));
    this.store.add(window.onDidChangeTextEditorSelection((event) => this.selected(event)));
    this.store.add(workspace.onWillSaveTextDocument(({ document }) => this.willSave(document)));
    this.store.add(workspace.onDidSaveTextDocument((document) => this.didSave(document)));
    this.store.add(
      workspace.onDidCloseTextDocument(({ uri }) => void this.typing.delete(uri.toString())),
    );
  }

  dispose(): void {
    this.store.dispose();
  }

  private changed({ document, contentChanges, reason }: vscode.TextDocumentChangeEvent): void {
    const path = fromWorkspaceUri(document.uri);
    if (path === undefined || contentChanges.length === 0) {
      return;
    }
    if (!document.isDirty) {
      // Taken anew from the disk; or the first letter in a clean document, for which a look costs nothing.
      void this.follower.reloaded(path);
    }
    const text = document.getText();
    if (text.length <= maxChars) {
      const known = this.typing.get(document.uri.toString());
      // Undo and redo are the user's; so is what we write with the user's word.
      if (reason !== undefined || this.follower.isWriting(path)) {
        this.typed(document, text);
      } else if (known === undefined) {
        this.typing.set(document.uri.toString(), {
          userText: undefined,
          unseenSinceMs: Date.now(),
          savingText: undefined,
        });
      } else {
        known.unseenSinceMs ??= Date.now();
      }
    }
    this.onDidType(path);
  }

  private selected({ textEditor, kind }: vscode.TextEditorSelectionChangeEvent): void {
    const { document } = textEditor;
    const isByPerson =
      kind === vscode.TextEditorSelectionChangeKind.Keyboard ||
      kind === vscode.TextEditorSelectionChangeKind.Mouse;
    if (isByPerson && this.typing.get(document.uri.toString())?.unseenSinceMs !== undefined) {
      this.typed(document, document.getText());
    }
  }

  private typed(document: vscode.TextDocument, userText: string): void {
    this.typing.set(document.uri.toString(), {
      userText,
      unseenSinceMs: undefined,
      savingText: undefined,
    });
  }

  private willSave(document: vscode.TextDocument): void {
    const known = this.typing.get(document.uri.toString());
    const text = document.getText();
    if (known === undefined) {
      this.typing.set(document.uri.toString(), {
        userText: text,
        unseenSinceMs: undefined,
        savingText: text,
      });
      return;
    }
    const since = known.unseenSinceMs;
    const isMadeBySaving = since !== undefined && Date.now() - since <= saveActionsMs;
    known.savingText = isMadeBySaving ? known.userText : text;
  }

  private didSave(document: vscode.TextDocument): void {
    const path = fromWorkspaceUri(document.uri);
    const text = document.getText();
    const known = this.typing.get(document.uri.toString());
    this.typing.delete(document.uri.toString());
    if (path !== undefined) {
      void this.follower.saved(path, known === undefined ? text : known.savingText, text);
    }
  }
}
