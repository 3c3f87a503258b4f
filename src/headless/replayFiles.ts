import { Emitter } from '../base/emitter';
import { PatchbayError } from '../base/patchbayError';
import type { PathEntry, PathProbe, WorkspaceRoots } from '../gate/contract';
import type {
  DirectoryEntry,
  FileStat,
  TextFile,
  WorkspaceFiles,
  WriteOutcome,
} from '../tools/contract';

/**
 * The workspace of a recording: what the recording tells of its files, in memory. Nothing of the disk is read, and what
 * is written stays here.
 */
export class ReplayFiles implements WorkspaceFiles, PathProbe {
  private readonly texts = new Map<string, string>();
  private readonly didChange = new Emitter<string | undefined>();

  readonly onDidChange = this.didChange.event;

  constructor(private readonly workspace: WorkspaceRoots) {}

  roots(): WorkspaceRoots {
    return this.workspace;
  }

  /** Undefined: there is no such file. */
  set(path: string, text: string | undefined): void {
    if (text === undefined) {
      this.texts.delete(path);
    } else {
      this.texts.set(path, text);
    }
    this.didChange.fire(path);
  }

  /** The text as the disk would have it. */
  text(path: string): string | undefined {
    return this.texts.get(path);
  }

  stat(path: string): Promise<FileStat | undefined> {
    const text = this.texts.get(path);
    if (text === undefined && !this.isFolder(path)) {
      return Promise.resolve(undefined);
    }
    return Promise.resolve({
      kind: text === undefined ? 'directory' : 'file',
      sizeBytes: new TextEncoder().encode(text ?? '').length,
      mtimeMs: 0,
      isReadOnly: false,
    });
  }

  readText(path: string): Promise<TextFile> {
    const text = this.texts.get(path);
    return text === undefined
      ? Promise.reject(
          new PatchbayError('not_found', `${path}: the recording does not tell its content.`),
        )
      : Promise.resolve({ text, isDirty: false, isOpen: false });
  }

  writeText(path: string, text: string, expectedText: string | undefined): Promise<WriteOutcome> {
    if (this.texts.get(path) !== expectedText) {
      return Promise.reject(new PatchbayError('stale', `${path} has changed.`));
    }
    this.set(path, text);
    return Promise.resolve({ isSaved: true });
  }

  deleteFile(path: string): Promise<void> {
    this.set(path, undefined);
    return Promise.resolve();
  }

  list(path: string): Promise<readonly DirectoryEntry[]> {
    const below = `${path}/`;
    const names = new Map<string, DirectoryEntry['kind']>();
    for (const file of this.texts.keys()) {
      const [name = '', rest] = file.startsWith(below) ? file.slice(below.length).split('/') : [];
      if (name !== '') {
        names.set(name, rest === undefined ? 'file' : 'directory');
      }
    }
    return Promise.resolve([...names].map(([name, kind]) => ({ name, kind })));
  }

  realPath(path: string): Promise<string | undefined> {
    return Promise.resolve(this.texts.has(path) || this.isFolder(path) ? path : undefined);
  }

  readLink(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }

  async entriesOf(path: string): Promise<readonly PathEntry[]> {
    const entries = this.isFolder(path) ? await this.list(path) : [];
    return entries.map(({ name, kind }) => ({ name, isFolder: kind === 'directory' }));
  }

  private isFolder(path: string): boolean {
    const below = path === '/' ? path : `${path}/`;
    return [
      ...this.workspace.folders.map((folder) => folder.path),
      this.workspace.home,
      ...this.texts.keys(),
    ].some((known) => known === path || known.startsWith(below));
  }
}
