import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { PendingEdit, PendingEditsApi } from '../../session/contract';
import type { Proposals } from '../frontDoor';
import { isSameButEndings } from '../textEdits';
import { openDocument } from '../workspaceUri';
import { fromProposalUri, toProposalUri } from './proposalUri';

/**
 * The proposals as files: what would stand in each file if every hunk was approved. The pending set owns the texts;
 * what a save brings is only taken as "the document is clean now", because saving may format it.
 */
export class ProposalFileSystem implements Proposals, Disposable {
  private readonly store = new DisposableStore();
  private readonly didChangeFile = this.store.add(
    new vscode.EventEmitter<vscode.FileChangeEvent[]>(),
  );
  readonly onDidChangeFile = this.didChangeFile.event;
  /**
   * By edit id. Goes down by one with each change that does not come from the document itself: another time makes the
   * editor read again, and one that is not newer makes no save fail as a conflict.
   */
  private readonly mtimes = new Map<string, number>();

  constructor(
    private readonly edits: PendingEditsApi,
    private readonly onDidSave: (uri: vscode.Uri) => void,
    /** The edits that the window before left are there; its tabs ask for them at once. */
    private readonly ready: Promise<void> = Promise.resolve(),
  ) {
    this.store.add(edits.onDidChange(({ editId, edit }) => this.follow(editId, edit)));
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    await this.ready;
    const { edit, text, isEditable } = this.find(uri);
    const bytes = await encode(uri, text);
    return {
      type: vscode.FileType.File,
      ctime: edit.createdAtMs,
      mtime: this.mtimes.get(edit.id) ?? edit.createdAtMs,
      size: bytes.length,
      ...(isEditable ? {} : { permissions: vscode.FilePermission.Readonly }),
    };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    await this.ready;
    return await encode(uri, this.find(uri).text);
  }

  /** The bytes are not taken, see above. Works for a decided edit too, so that a dirty tab of it can be closed. */
  writeFile(uri: vscode.Uri): void {
    if (!this.find(uri).isEditable) {
      throw vscode.FileSystemError.NoPermissions(uri);
    }
    this.onDidSave(uri);
  }

  dispose(): void {
    this.store.dispose();
  }

  private find(uri: vscode.Uri): {
    readonly edit: PendingEdit;
    readonly text: string;
    readonly isEditable: boolean;
  } {
    const ref = fromProposalUri(uri);
    const edit = ref === undefined ? undefined : this.edits.get(ref.editId);
    if (ref === undefined || edit?.sessionId !== ref.sessionId) {
      throw vscode.FileSystemError.FileNotFound(uri);
    }
    const isEmptySide = ref.side === 'empty';
    return {
      edit,
      text: isEmptySide ? '' : edit.proposedText,
      isEditable: !isEmptySide && edit.kind !== 'delete',
    };
  }

  /** A clean document follows in place; the user's own typing, which is in the document already, announces nothing. */
  private follow(editId: string, edit: PendingEdit | undefined): void {
    if (edit === undefined) {
      this.mtimes.delete(editId);
      return;
    }
    const uri = toProposalUri(edit);
    const document = openDocument(uri);
    if (document === undefined || !isSameButEndings(document.getText(), edit.proposedText)) {
      this.mtimes.set(editId, (this.mtimes.get(editId) ?? edit.createdAtMs) - 1);
      this.didChangeFile.fire([{ type: vscode.FileChangeType.Changed, uri }]);
    }
  }
}

/** In the encoding the editor will read this file with; marked as UTF-8 where that one cannot hold the text. */
async function encode(uri: vscode.Uri, text: string): Promise<Uint8Array> {
  const bytes = await vscode.workspace.encode(text, { uri });
  if ((await vscode.workspace.decode(bytes, { uri })) === text) {
    return bytes;
  }
  return await vscode.workspace.encode(text, { encoding: 'utf8bom' });
}
