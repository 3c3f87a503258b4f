import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import { PatchbayError } from '../base/patchbayError';
import type { Hunk } from '../edits/fileEdit';
import type { WorkspaceRoots } from '../gate/contract';
import type {
  DirectoryEntry,
  FileStat,
  PlaceCheck,
  TextFile,
  WorkspaceFiles,
  WriteOutcome,
} from '../tools/contract';
import { moveThroughBuffer } from './documentMove';
import { writeThroughBuffer } from './documentWrite';
import { hasReplaced, isMisread } from './encodings';
import { decodeFile, isSameBytes } from './textCodec';
import {
  fromWorkspaceUri,
  isFileNotFound,
  openDocument,
  toWorkspaceUri,
  workspaceFolders,
} from './workspaceUri';

const maxFileBytes = 50 * 1024 * 1024;
/** A document that changes while its file is read is read once more. */
const maxReads = 3;

export interface WorkspaceFilesOptions {
  readonly home: string;
  readonly platform: WorkspaceRoots['platform'];
  /** The line hunks of two texts: a write replaces only these ranges. */
  readonly hunks: (baseText: string, text: string) => readonly Hunk[];
  /** True when the disk refuses writes to this file; the editor's file API does not tell. */
  readonly isWriteProtected?: (path: string) => Promise<boolean>;
}

/** The files of the workspace, through the editor: unsaved text beats the disk, and a write is one undo step. */
export class EditorWorkspaceFiles implements WorkspaceFiles, Disposable {
  private readonly store = new DisposableStore();
  private readonly didChange = this.store.add(new Emitter<string | undefined>());
  private isWatching = false;

  constructor(private readonly options: WorkspaceFilesOptions) {}

  roots(): WorkspaceRoots {
    return {
      folders: workspaceFolders(),
      home: this.options.home,
      platform: this.options.platform,
    };
  }

  async stat(path: string): Promise<FileStat | undefined> {
    const uri = toWorkspaceUri(path);
    const stat = await statOf(uri);
    if (stat === undefined) {
      return undefined;
    }
    return {
      kind: kindOf(stat.type),
      sizeBytes: stat.size,
      mtimeMs: stat.mtime,
      isReadOnly: await this.isReadOnly(path, uri, stat),
    };
  }

  isInReadOnlySystem(path: string): boolean {
    return isReadOnlySystem(toWorkspaceUri(path));
  }

  async readText(path: string): Promise<TextFile> {
    const uri = toWorkspaceUri(path);
    for (let attempts = 1; ; attempts++) {
      const before = openDocument(uri);
      const version = before?.version;
      const onDisk = before?.isDirty === true ? undefined : await readDisk(uri, before?.encoding);
      // Asked again after the wait: the user opens, types and saves meanwhile.
      const document = openDocument(uri);
      if (document?.isDirty === true) {
        const text = document.getText();
        return { text, isDirty: true, isOpen: true, ...(await misreadMark(uri, text)) };
      }
      // Without unsaved text the file is what the disk has: the buffer may not have been read anew yet, and keeps only
      // one kind of line ending.
      const isSteady = document === before && document?.version === version;
      if (onDisk !== undefined && (isSteady || attempts >= maxReads)) {
        const misread = await misreadMark(uri, onDisk.text, onDisk.bytes);
        return { text: onDisk.text, isDirty: false, isOpen: document !== undefined, ...misread };
      }
    }
  }

  async writeText(
    path: string,
    text: string,
    expectedText: string | undefined,
    checkPlace?: PlaceCheck,
  ): Promise<WriteOutcome> {
    const uri = toWorkspaceUri(path);
    if (text.includes('\0')) {
      throw nulCharacters(uri);
    }
    refuseNotebook(uri);
    const stat = await statOf(uri);
    if (stat === undefined) {
      return await createFile(uri, text, expectedText, checkPlace);
    }
    if (expectedText === undefined) {
      throw stale(uri, 'exists by now');
    }
    refuseUnreadable(uri, stat);
    if (await this.isReadOnly(path, uri, stat)) {
      throw readOnly(uri);
    }
    return await writeThroughBuffer({
      uri,
      text,
      expectedText,
      hunks: this.options.hunks,
      checkPlace,
    });
  }

  async deleteFile(path: string, expectedText: string, checkPlace?: PlaceCheck): Promise<void> {
    const uri = toWorkspaceUri(path);
    const present = await this.readText(path);
    if (present.text !== expectedText) {
      throw stale(uri, 'changed meanwhile');
    }
    const edit = new vscode.WorkspaceEdit();
    edit.deleteFile(uri, { recursive: false });
    await checkPlace?.();
    await vscode.workspace.applyEdit(edit);
    if ((await statOf(uri)) !== undefined) {
      throw new PatchbayError(
        'read_only',
        `${vscode.workspace.asRelativePath(uri)} could not be deleted; it is still there.`,
      );
    }
  }

  async moveText(
    from: string,
    to: string,
    text: string,
    expectedText: string,
    checkPlace?: PlaceCheck,
  ): Promise<WriteOutcome> {
    const source = toWorkspaceUri(from);
    const target = toWorkspaceUri(to);
    if ((await statOf(target)) !== undefined) {
      throw stale(target, 'exists by now');
    }
    const present = await this.readText(from);
    if (present.text !== expectedText) {
      throw stale(source, 'changed meanwhile');
    }
    if (text !== expectedText) {
      if (text.includes('\0')) {
        throw nulCharacters(target);
      }
      const stat = await statOf(source);
      if (stat !== undefined && (await this.isReadOnly(from, source, stat))) {
        throw readOnly(source);
      }
    }
    const { hunks } = this.options;
    return await moveThroughBuffer({ source, target, text, expectedText, hunks, checkPlace });
  }

  async list(path: string): Promise<readonly DirectoryEntry[]> {
    const uri = toWorkspaceUri(path);
    try {
      const entries = await vscode.workspace.fs.readDirectory(uri);
      return entries.map(([name, type]) => ({ name, kind: kindOf(type) }));
    } catch (error) {
      const relative = vscode.workspace.asRelativePath(uri);
      throw isFileNotFound(error)
        ? new PatchbayError('not_found', `${relative} does not exist.`, { cause: error })
        : new PatchbayError('not_directory', `${relative} could not be listed.`, { cause: error });
    }
  }

  onDidChange(listener: (path: string | undefined) => void): Disposable {
    this.watch();
    return this.didChange.event(listener);
  }

  dispose(): void {
    this.store.dispose();
  }

  /** Watching begins with the first listener, so that activation does not pay for it. */
  private watch(): void {
    if (this.isWatching) {
      return;
    }
    this.isWatching = true;
    const announce = (uri: vscode.Uri): void => {
      const path = fromWorkspaceUri(uri);
      if (path !== undefined) {
        this.didChange.fire(path);
      }
    };
    const watcher = this.store.add(vscode.workspace.createFileSystemWatcher('**/*'));
    for (const listen of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete]) {
      this.store.add(listen(announce));
    }
    this.store.add(
      vscode.workspace.onDidChangeTextDocument((event) => {
        if (event.contentChanges.length > 0) {
          announce(event.document.uri);
        }
      }),
    );
    this.store.add(vscode.workspace.onDidSaveTextDocument((document) => announce(document.uri)));
    this.store.add(vscode.workspace.onDidCloseTextDocument((document) => announce(document.uri)));
    this.store.add(
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.didChange.fire(undefined)),
    );
  }

  private async isReadOnly(path: string, uri: vscode.Uri, stat: vscode.FileStat): Promise<boolean> {
    return (
      stat.permissions === vscode.FilePermission.Readonly ||
      isReadOnlySystem(uri) ||
      (uri.scheme === 'file' && (await this.options.isWriteProtected?.(path)) === true)
    );
  }
}

/** The editor knows this of the file systems that were registered; of one that it has not loaded yet it knows nothing. */
function isReadOnlySystem(uri: vscode.Uri): boolean {
  return vscode.workspace.fs.isWritableFileSystem(uri.scheme) === false;
}

/** Asked only of text that may be misread: it costs a second look. */
async function misreadMark(
  uri: vscode.Uri,
  text: string,
  bytes?: Uint8Array,
): Promise<{ readonly isMisread?: true }> {
  return hasReplaced(text) &&
    (await isMisread(uri, bytes ?? (await vscode.workspace.fs.readFile(uri))))
    ? { isMisread: true }
    : {};
}

async function readDisk(
  uri: vscode.Uri,
  encoding: string | undefined,
): Promise<{ readonly text: string; readonly bytes: Uint8Array }> {
  const stat = await statOf(uri);
  if (stat === undefined) {
    throw new PatchbayError('not_found', `${vscode.workspace.asRelativePath(uri)} does not exist.`);
  }
  refuseUnreadable(uri, stat);
  const bytes = await vscode.workspace.fs.readFile(uri);
  return { bytes, text: await decodeFile(uri, bytes, encoding) };
}

/** One `WorkspaceEdit`: undo takes the file away again. Missing folders are made. */
async function createFile(
  uri: vscode.Uri,
  text: string,
  expectedText: string | undefined,
  checkPlace: PlaceCheck | undefined,
): Promise<WriteOutcome> {
  if (expectedText !== undefined) {
    throw stale(uri, 'is gone by now');
  }
  const edit = new vscode.WorkspaceEdit();
  const contents = await vscode.workspace.encode(text, { uri });
  edit.createFile(uri, { overwrite: false, contents });
  await checkPlace?.();
  // The editor says no also when it stumbles after the edit: what is there tells.
  if (!(await vscode.workspace.applyEdit(edit)) && !(await hasBytes(uri, contents))) {
    throw (await statOf(uri)) === undefined
      ? new PatchbayError(
          'read_only',
          `${vscode.workspace.asRelativePath(uri)} could not be created. Check that its folder can be written to.`,
        )
      : stale(uri, 'exists by now');
  }
  return { isSaved: true };
}

async function hasBytes(uri: vscode.Uri, bytes: Uint8Array): Promise<boolean> {
  const stat = await statOf(uri);
  return stat?.size === bytes.length && isSameBytes(await vscode.workspace.fs.readFile(uri), bytes);
}

function refuseUnreadable(uri: vscode.Uri, stat: vscode.FileStat): void {
  const relative = vscode.workspace.asRelativePath(uri);
  if ((stat.type & vscode.FileType.Directory) !== 0) {
    throw new PatchbayError('is_directory', `${relative} is a folder.`);
  }
  if (stat.size > maxFileBytes) {
    throw new PatchbayError(
      'too_large',
      `${relative} is larger than 50 MB; it is not read or changed here.`,
    );
  }
}

function refuseNotebook(uri: vscode.Uri): void {
  if (
    vscode.workspace.notebookDocuments.some(
      (notebook) => notebook.uri.toString() === uri.toString(),
    )
  ) {
    throw new PatchbayError(
      'not_text',
      `${vscode.workspace.asRelativePath(uri)} is open as a notebook; its text cannot be changed here.`,
    );
  }
}

function nulCharacters(uri: vscode.Uri): PatchbayError {
  return new PatchbayError(
    'not_text',
    `The new text of ${vscode.workspace.asRelativePath(uri)} has NUL characters; nothing was written.`,
  );
}

function readOnly(uri: vscode.Uri): PatchbayError {
  return new PatchbayError(
    'read_only',
    `${vscode.workspace.asRelativePath(uri)} is read-only; nothing was written. Make it writable, then try again.`,
  );
}

function stale(uri: vscode.Uri, what: string): PatchbayError {
  return new PatchbayError(
    'stale',
    `${vscode.workspace.asRelativePath(uri)} ${what}; nothing was written.`,
  );
}

async function statOf(uri: vscode.Uri): Promise<vscode.FileStat | undefined> {
  try {
    return await vscode.workspace.fs.stat(uri);
  } catch (error) {
    if (isFileNotFound(error)) {
      return undefined;
    }
    throw error;
  }
}

function kindOf(type: vscode.FileType): FileStat['kind'] {
  if ((type & vscode.FileType.Directory) !== 0) {
    return 'directory';
  }
  return (type & vscode.FileType.File) !== 0 ? 'file' : 'other';
}
