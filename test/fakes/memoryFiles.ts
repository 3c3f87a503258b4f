import { Emitter } from '../../src/base/emitter';
import { PatchbayError } from '../../src/base/patchbayError';
import type { PathEntry, PathProbe, WorkspaceRoots } from '../../src/gate/contract';
import type {
  DirectoryEntry,
  FileStat,
  PlaceCheck,
  TextFile,
  WorkspaceFiles,
  WriteOutcome,
} from '../../src/tools/contract';

interface MemoryFile {
  text: string;
  mtimeMs: number;
  isReadOnly: boolean;
  isText: boolean;
  /** An open document; its text when it is dirty. */
  isOpen: boolean;
  dirtyText: string | undefined;
}

export interface MemoryFilesOptions {
  readonly folders?: WorkspaceRoots['folders'];
  readonly home?: string;
  readonly platform?: WorkspaceRoots['platform'];
  readonly files?: Readonly<Record<string, string>>;
  /** Link path -> raw target, relative or absolute. */
  readonly links?: Readonly<Record<string, string>>;
}

/**
 * A POSIX file tree in memory, with links, open documents and unsaved text: the port of the tools and the probe of the
 * gate over the same state. Folders exist where files are.
 */
export class MemoryFiles implements WorkspaceFiles, PathProbe {
  private readonly tree = new Map<string, MemoryFile>();
  private readonly links = new Map<string, string>();
  private readonly didChange = new Emitter<string | undefined>();
  private readonly readOnlySystems = new Set<string>();
  private ticks = 1000;
  folders: WorkspaceRoots['folders'];
  readonly home: string;
  readonly platform: WorkspaceRoots['platform'];
  /** Called before each write, with what is to be written; may change the tree, wait or throw. */
  beforeWrite: (path: string, text: string) => void | Promise<void> = () => undefined;
  /** Called when a text is read. */
  onRead: (path: string) => void | Promise<void> = () => undefined;
  /** What saving makes of a text. */
  onSave: (text: string) => string = (text) => text;
  readonly writes: { readonly path: string; readonly text: string }[] = [];

  constructor(options: MemoryFilesOptions = {}) {
    this.folders = options.folders ?? [{ name: 'app', path: '/w/app' }];
    this.home = options.home ?? '/home/user';
    this.platform = options.platform ?? 'posix';
    for (const [path, text] of Object.entries(options.files ?? {})) {
      this.put(path, text);
    }
    for (const [path, target] of Object.entries(options.links ?? {})) {
      this.link(path, target);
    }
  }

  /** Changes a file as another program would. */
  put(path: string, text: string): void {
    const known = this.tree.get(path);
    this.ticks += 1;
    this.tree.set(path, {
      text,
      mtimeMs: this.ticks,
      isReadOnly: known?.isReadOnly ?? false,
      isText: true,
      isOpen: known?.isOpen ?? false,
      dirtyText: known?.dirtyText,
    });
    this.didChange.fire(path);
  }

  /** Changes a file without anybody being told. */
  putSilently(path: string, text: string): void {
    const known = this.mustHave(path);
    this.ticks += 1;
    known.text = text;
    known.mtimeMs = this.ticks;
  }

  remove(path: string): void {
    this.tree.delete(path);
    this.didChange.fire(path);
  }

  link(path: string, target: string): void {
    this.links.set(path, target);
  }

  /** The user types into an open document without saving. */
  type(path: string, text: string): void {
    const file = this.mustHave(path);
    file.isOpen = true;
    file.dirtyText = text;
    this.didChange.fire(path);
  }

  save(path: string): Promise<boolean> {
    const file = this.mustHave(path);
    if (file.dirtyText !== undefined) {
      const text = file.dirtyText;
      file.dirtyText = undefined;
      this.put(path, text);
    }
    return Promise.resolve(true);
  }

  setReadOnly(path: string): void {
    this.mustHave(path).isReadOnly = true;
  }

  /** The file system of this folder takes no writes. */
  setReadOnlySystem(folder: string): void {
    this.readOnlySystems.add(folder);
  }

  isInReadOnlySystem(path: string): boolean {
    return [...this.readOnlySystems].some((folder) => path.startsWith(`${folder}/`));
  }

  setBinary(path: string): void {
    this.mustHave(path).isText = false;
  }

  /** The bytes on disk, as text. */
  disk(path: string): string | undefined {
    return this.tree.get(path)?.text;
  }

  dirtyText(path: string): string | undefined {
    return this.tree.get(path)?.dirtyText;
  }

  snapshot(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.tree].map(([path, file]) => [path, file.text]));
  }

  roots(): WorkspaceRoots {
    return { folders: this.folders, home: this.home, platform: this.platform };
  }

  async stat(path: string): Promise<FileStat | undefined> {
    const target = await this.realPath(path);
    const file = target === undefined ? undefined : this.tree.get(target);
    if (file !== undefined) {
      return {
        kind: 'file',
        sizeBytes: file.text.length,
        mtimeMs: file.mtimeMs,
        isReadOnly: file.isReadOnly,
      };
    }
    return target === undefined
      ? undefined
      : { kind: 'directory', sizeBytes: 0, mtimeMs: 0, isReadOnly: false };
  }

  async readText(path: string): Promise<TextFile> {
    await this.onRead(path);
    const target = await this.realPath(path);
    if (target === undefined) {
      throw new PatchbayError('not_found', `${path} does not exist.`);
    }
    const file = this.tree.get(target);
    if (file === undefined) {
      throw new PatchbayError('is_directory', `${path} is a folder.`);
    }
    if (!file.isText) {
      throw new PatchbayError('not_text', `${path} is not a text file.`);
    }
    return {
      text: file.dirtyText ?? file.text,
      isDirty: file.dirtyText !== undefined,
      isOpen: file.isOpen,
    };
  }

  async writeText(
    path: string,
    text: string,
    expectedText: string | undefined,
    checkPlace?: PlaceCheck,
  ): Promise<WriteOutcome> {
    await this.beforeWrite(path, text);
    await checkPlace?.();
    const target = (await this.realPath(path)) ?? path;
    const file = this.tree.get(target);
    if ((file?.dirtyText ?? file?.text) !== expectedText) {
      throw new PatchbayError('stale', `${path} changed meanwhile.`);
    }
    if (file?.isReadOnly === true) {
      throw new PatchbayError('read_only', `${path} is read-only.`);
    }
    this.writes.push({ path, text });
    if (file?.dirtyText !== undefined) {
      this.type(target, text);
      return { isSaved: false };
    }
    const savedText = this.onSave(text);
    this.put(target, savedText);
    return savedText === text ? { isSaved: true } : { isSaved: true, savedText };
  }

  async deleteFile(path: string, expectedText: string, checkPlace?: PlaceCheck): Promise<void> {
    await this.beforeWrite(path, '');
    await checkPlace?.();
    if ((await this.readText(path)).text !== expectedText) {
      throw new PatchbayError('stale', `${path} changed meanwhile.`);
    }
    this.remove(path);
  }

  async list(path: string): Promise<readonly DirectoryEntry[]> {
    const target = await this.realPath(path);
    if (target === undefined) {
      throw new PatchbayError('not_found', `${path} does not exist.`);
    }
    const entries = new Map<string, DirectoryEntry['kind']>();
    for (const known of [...this.tree.keys(), ...this.links.keys()]) {
      if (known.startsWith(`${target}/`)) {
        const [name = '', ...rest] = known.slice(target.length + 1).split('/');
        entries.set(
          name,
          rest.length > 0 ? 'directory' : (entries.get(name) ?? (await this.kindOf(known))),
        );
      }
    }
    return [...entries].map(([name, kind]) => ({ name, kind }));
  }

  onDidChange(listener: (path: string | undefined) => void): { dispose(): void } {
    return this.didChange.event(listener);
  }

  announce(path: string | undefined): void {
    this.didChange.fire(path);
  }

  readLink(path: string): Promise<string | undefined> {
    const cut = path.lastIndexOf('/');
    const folder = this.follow(path.slice(0, cut) || '/', 0);
    return Promise.resolve(
      folder === undefined ? undefined : this.links.get(join(folder, path.slice(cut + 1))),
    );
  }

  async entriesOf(path: string): Promise<readonly PathEntry[]> {
    const target = await this.realPath(path);
    const entries = target === undefined || this.tree.has(target) ? [] : await this.list(target);
    return entries.map(({ name, kind }) => ({ name, isFolder: kind === 'directory' }));
  }

  realPath(path: string): Promise<string | undefined> {
    const target = this.follow(path, 0);
    return Promise.resolve(target !== undefined && this.exists(target) ? target : undefined);
  }

  private follow(path: string, depth: number): string | undefined {
    if (depth > 40) {
      return undefined;
    }
    let walked = '/';
    const names = path.split('/').filter((name) => name !== '' && name !== '.');
    for (const [index, name] of names.entries()) {
      if (name === '..') {
        walked = walked.slice(0, walked.lastIndexOf('/')) || '/';
        continue;
      }
      const next = join(walked, name);
      const link = this.links.get(next);
      if (link !== undefined) {
        const goal = link.startsWith('/') ? link : join(walked, link);
        return this.follow([goal, ...names.slice(index + 1)].join('/'), depth + 1);
      }
      walked = next;
    }
    return walked;
  }

  private exists(path: string): boolean {
    return (
      path === '/' ||
      this.tree.has(path) ||
      this.folders.some((folder) => folder.path === path || folder.path.startsWith(`${path}/`)) ||
      [...this.tree.keys(), ...this.links.keys()].some((known) => known.startsWith(`${path}/`))
    );
  }

  private async kindOf(path: string): Promise<DirectoryEntry['kind']> {
    const stat = await this.stat(path);
    return stat?.kind ?? 'other';
  }

  private mustHave(path: string): MemoryFile {
    const file = this.tree.get(path);
    if (file === undefined) {
      throw new Error(`no file ${path}`);
    }
    return file;
  }
}

function join(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}
