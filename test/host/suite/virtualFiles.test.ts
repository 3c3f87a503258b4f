import assert from 'node:assert/strict';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import type { ToolResult } from '../../../src/events/toolCall';
import { virtualWalk } from '../../../src/host/virtualWalk';
import { createWorkspaceProbe } from '../../../src/host/workspaceProbe';
import { isOnDisk, toWorkspaceUri } from '../../../src/host/workspaceUri';
import { diskPathProbe } from '../../../src/node/pathProbe';
import { createWorkspaceSearch } from '../../../src/node/search';
import {
  closeEditors,
  createHostStage,
  setGlobal,
  typeAt,
  undoOnce,
  until,
  type HostStage,
} from '../hostStage';

/** What a remote or virtual file system is to the editor: bytes behind an address. */
class MemoryFileSystem implements vscode.FileSystemProvider {
  private readonly didChange = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.didChange.event;
  readonly files = new Map<string, { bytes: Uint8Array; mtime: number }>();
  private readonly folders = new Set(['/', '/work']);
  private ticks = 1000;

  put(name: string, text: string): void {
    for (let at = path.posix.dirname(name); at !== '/'; at = path.posix.dirname(at)) {
      this.folders.add(at);
    }
    this.files.set(name, { bytes: Buffer.from(text), mtime: (this.ticks += 1) });
  }

  text(name: string): string | undefined {
    const file = this.files.get(name);
    return file === undefined ? undefined : Buffer.from(file.bytes).toString('utf8');
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  stat(uri: vscode.Uri): vscode.FileStat {
    if (this.folders.has(uri.path)) {
      return { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 };
    }
    const { bytes, mtime } = this.find(uri);
    return { type: vscode.FileType.File, ctime: 0, mtime, size: bytes.length };
  }

  readDirectory(uri: vscode.Uri): [string, vscode.FileType][] {
    const below = (name: string): boolean => path.posix.dirname(name) === uri.path;
    return [
      ...[...this.files.keys()]
        .filter(below)
        .map((name): [string, vscode.FileType] => [
          path.posix.basename(name),
          vscode.FileType.File,
        ]),
      ...[...this.folders]
        .filter((name) => name !== '/' && below(name))
        .map((name): [string, vscode.FileType] => [
          path.posix.basename(name),
          vscode.FileType.Directory,
        ]),
    ];
  }

  createDirectory(uri: vscode.Uri): void {
    this.folders.add(uri.path);
  }

  readFile(uri: vscode.Uri): Uint8Array {
    return this.find(uri).bytes;
  }

  writeFile(uri: vscode.Uri, bytes: Uint8Array): void {
    const type = this.files.has(uri.path)
      ? vscode.FileChangeType.Changed
      : vscode.FileChangeType.Created;
    this.files.set(uri.path, { bytes, mtime: (this.ticks += 1) });
    this.didChange.fire([{ type, uri }]);
  }

  delete(uri: vscode.Uri): void {
    this.find(uri);
    this.files.delete(uri.path);
    this.didChange.fire([{ type: vscode.FileChangeType.Deleted, uri }]);
  }

  rename(from: vscode.Uri, to: vscode.Uri): void {
    this.files.set(to.path, this.find(from));
    this.files.delete(from.path);
    this.didChange.fire([
      { type: vscode.FileChangeType.Deleted, uri: from },
      { type: vscode.FileChangeType.Created, uri: to },
    ]);
  }

  private find(uri: vscode.Uri): { bytes: Uint8Array; mtime: number } {
    const file = this.files.get(uri.path);
    if (file === undefined) {
      throw vscode.FileSystemError.FileNotFound(uri);
    }
    return file;
  }
}

describe('files of another file system', () => {
  let system: MemoryFileSystem;
  let registration: vscode.Disposable;
  let stage: HostStage;
  let number = 0;

  /** The folder of the test in the place of the window's own: to add one would start the extension host anew. */
  const openFolder = (isReadonly: boolean): void => {
    const scheme = `patchbaymemory${(number += 1)}`;
    system = new MemoryFileSystem();
    registration = vscode.workspace.registerFileSystemProvider(scheme, system, { isReadonly });
    const uri = vscode.Uri.from({ scheme, authority: 'far+away', path: '/work' });
    Object.defineProperty(vscode.workspace, 'workspaceFolders', {
      configurable: true,
      get: () => [{ uri, name: 'far', index: 0 }],
    });
    const search = createWorkspaceSearch({
      rgPaths: [],
      isTrusted: () => true,
      inheritedEnv: process.env,
      virtual: { isOnDisk, files: virtualWalk },
    });
    stage = createHostStage({ probe: createWorkspaceProbe(diskPathProbe) }, search);
  };
  const real = Object.getOwnPropertyDescriptor(vscode.workspace, 'workspaceFolders');

  beforeEach(async () => {
    await setGlobal('files.autoSave', 'off');
  });

  afterEach(async () => {
    stage.dispose();
    await closeEditors();
    if (real !== undefined) {
      Object.defineProperty(vscode.workspace, 'workspaceFolders', real);
    }
    registration.dispose();
  });

  const decide = async (
    call: Promise<ToolResult>,
    decision: 'approve' | 'deny' = 'approve',
  ): Promise<ToolResult> => {
    const [edit] = await stage.waiting(1);
    assert.equal(stage.edits.decide(edit?.id ?? '', 'all', decision), true);
    return await call;
  };
  const edit = (search: string, replace: string) =>
    stage.run('edit_file', { path: '/work/a.txt', edits: [{ search, replace }] });

  it('[R166][R225] are edited byte by byte through their buffers, and a denial leaves them', async () => {
    openFolder(false);
    const before = '\ufeffone\r\ntwo\r\n';
    system.put('/work/a.txt', before);
    const untouched = system.files.get('/work/a.txt');
    assert.equal(isOnDisk('/work/a.txt'), false);
    assert.equal((await decide(edit('two', 'TWO'), 'deny')).ok, false);
    assert.equal(system.files.get('/work/a.txt'), untouched);

    const result = await decide(edit('two', 'TWO'));
    assert.equal(result.ok, true, JSON.stringify(result));
    assert.equal(system.text('/work/a.txt'), '\ufeffone\r\nTWO\r\n');
    const uri = toWorkspaceUri('/work/a.txt');
    assert.equal(uri.authority, 'far+away');
    await undoOnce(await vscode.window.showTextDocument(uri));
    const document = await vscode.workspace.openTextDocument(uri);
    assert.equal(document.getText(), 'one\r\ntwo\r\n');
    await document.save();
    assert.equal(system.text('/work/a.txt'), before);
  });

  it('[R166] show what waits above its lines, and keep unsaved text', async () => {
    openFolder(false);
    system.put('/work/a.txt', 'one\ntwo\n');
    const uri = toWorkspaceUri('/work/a.txt');
    const editor = await vscode.window.showTextDocument(uri);
    await typeAt(editor, 0, ' of mine');
    const call = edit('two', 'TWO');
    const [waiting] = await stage.waiting(1);
    assert.equal(waiting?.baseText, 'one of mine\ntwo\n');
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      uri,
    );
    assert.ok(lenses.some(({ command }) => command?.command === 'patchbay.approveHunk'));
    assert.equal((await decide(call)).ok, true);
    assert.equal(editor.document.getText(), 'one of mine\nTWO\n');
    assert.equal(editor.document.isDirty, true);
    assert.equal(system.text('/work/a.txt'), 'one\ntwo\n');
  });

  it('are found and searched without what is ignored or hidden by a setting', async () => {
    openFolder(false);
    system.put('/work/.gitignore', '*.log\n');
    system.put('/work/a.txt', 'one\ntwo\n');
    system.put('/work/src/deep/b.txt', 'zero\r\nand two\r\n');
    system.put('/work/x.log', 'two\n');
    system.put('/work/shut/c.txt', 'two\n');
    system.put('/work/src/shut/d.txt', 'only at the top\n');
    await setGlobal('search.exclude', { shut: true });
    try {
      const found = await stage.run('find_files', { pattern: '**/*.txt' });
      assert.equal(found.output, 'a.txt\nsrc/deep/b.txt\nsrc/shut/d.txt');
      const lines = await stage.run('search_text', { pattern: 'two' });
      assert.equal(lines.output, 'a.txt:2: two\nsrc/deep/b.txt:2: and two');
    } finally {
      await setGlobal('search.exclude', undefined);
    }
  });

  it('[R231] are created with their folders, deleted, and moved in one undo step', async () => {
    openFolder(false);
    const made = await decide(stage.run('write_file', { path: '/work/new/b.txt', content: 'b\n' }));
    assert.equal(made.ok, true, JSON.stringify(made));
    assert.equal(system.text('/work/new/b.txt'), 'b\n');
    const moved = await decide(
      stage.run('rename_file', { path: '/work/new/b.txt', newPath: '/work/c.txt' }),
    );
    assert.equal(moved.ok, true, JSON.stringify(moved));
    assert.deepEqual([...system.files.keys()], ['/work/c.txt']);
    await undoOnce(await vscode.window.showTextDocument(toWorkspaceUri('/work/c.txt')));
    await until(() => system.files.has('/work/new/b.txt'), 'the move is taken back');
    const gone = await decide(stage.run('delete_file', { path: '/work/new/b.txt' }));
    assert.equal(gone.ok, true, JSON.stringify(gone));
    assert.deepEqual([...system.files.keys()], []);
  });

  it('[R231] that cannot be written are refused in a sentence, and nobody is asked', async () => {
    openFolder(true);
    system.put('/work/a.txt', 'one\ntwo\n');
    const result = await edit('two', 'TWO');
    assert.ok(!result.ok);
    assert.match(result.error, /a\.txt is read-only; nothing was changed/);
    assert.deepEqual(stage.edits.list(), []);
    assert.equal(system.text('/work/a.txt'), 'one\ntwo\n');
  });
});
