import assert from 'node:assert/strict';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import type { ToolResult } from '../../../src/events/toolCall';
import { openFrontDoor, proposalScheme } from '../../../src/host/frontDoor';
import { reviewCommands } from '../../../src/host/review/reviewCommands';
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
  /** What was asked to be changed, in its order. */
  readonly asked: string[] = [];

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
    this.asked.push(`write ${uri.path}`);
    const type = this.files.has(uri.path)
      ? vscode.FileChangeType.Changed
      : vscode.FileChangeType.Created;
    this.files.set(uri.path, { bytes, mtime: (this.ticks += 1) });
    this.didChange.fire([{ type, uri }]);
  }

  delete(uri: vscode.Uri): void {
    this.asked.push(`delete ${uri.path}`);
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

  describe('in the diff of the review', () => {
    let door: { dispose(): void } | undefined;

    /** The editor's way to the proposals and commands of the stage, as the extension opens it. */
    const openDoor = (): void => {
      const { edits, review } = stage;
      const handlers = new Map<string, (...args: readonly unknown[]) => unknown>(
        Object.entries(reviewCommands(edits, review)),
      );
      door = openFrontDoor(() =>
        Promise.resolve({
          view: { resolveWebviewView: () => undefined },
          proposals: review.proposals,
          editTree: review.tree,
          run: async (command, args) => {
            await handlers.get(command)?.(...args);
          },
        }),
      );
    };

    afterEach(() => door?.dispose());

    /** Opens the review of the one edit that waits, and gives both sides. */
    const openReview = async (): Promise<{
      readonly left: vscode.TextDocument;
      readonly right: vscode.TextDocument;
    }> => {
      const [waiting] = await stage.waiting(1);
      assert.equal(stage.review.openReview(waiting?.id), true);
      const shown = (): vscode.TabInputTextDiff | undefined => {
        const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
        return input instanceof vscode.TabInputTextDiff ? input : undefined;
      };
      await until(() => shown() !== undefined, 'the diff is shown');
      const { original, modified } = shown() ?? assert.fail();
      assert.equal(modified.scheme, proposalScheme);
      return {
        left: await vscode.workspace.openTextDocument(original),
        right: await vscode.workspace.openTextDocument(modified),
      };
    };
    /** Clicks this word in the row above the nth hunk. */
    const click = async (right: vscode.TextDocument, word: string, nth: number): Promise<void> => {
      const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
        'vscode.executeCodeLensProvider',
        right.uri,
      );
      const { command } =
        lenses
          .filter((lens) => lens.command?.title.endsWith(word) === true)
          .sort((a, b) => a.range.start.line - b.range.start.line)[nth] ?? assert.fail();
      await vscode.commands.executeCommand(
        command?.command ?? '',
        ...((command?.arguments ?? []) as readonly unknown[]),
      );
    };
    const isReviewClosed = (): boolean =>
      vscode.window.tabGroups.all.every(({ tabs }) =>
        tabs.every(({ input }) => !(input instanceof vscode.TabInputTextDiff)),
      );

    it('[R166][R221] get the approved hunk alone, by one write of their own file system', async () => {
      openFolder(false);
      openDoor();
      const before = '\ufeffone\r\ntwo\r\nthree\r\nfour\r\nfive\r\n';
      system.put('/work/a.txt', before);
      const call = stage.run('edit_file', {
        path: '/work/a.txt',
        edits: [
          { search: 'one', replace: 'ONE' },
          { search: 'five', replace: 'FIVE' },
        ],
      });
      const { left, right } = await openReview();
      assert.equal(left.uri.toString(), toWorkspaceUri('/work/a.txt').toString());
      assert.equal(left.getText(), 'one\r\ntwo\r\nthree\r\nfour\r\nfive\r\n');
      assert.equal(right.getText(), 'ONE\r\ntwo\r\nthree\r\nfour\r\nFIVE\r\n');
      await click(right, 'Approve', 0);
      assert.deepEqual(system.asked, [], 'nothing before the last decision');
      await click(right, 'Deny', 0); // the first hunk is decided, and has none any more
      const result = await call;
      assert.ok(result.ok, JSON.stringify(result));
      assert.match(result.output, /denied/i);
      assert.equal(system.text('/work/a.txt'), before.replace('one', 'ONE'));
      assert.deepEqual(system.asked, ['write /work/a.txt']);
      await until(isReviewClosed, 'the review is closed');
    });

    it('[R227] get what the user made of the proposal', async () => {
      openFolder(false);
      openDoor();
      system.put('/work/a.txt', 'one\ntwo\n');
      const call = edit('two', 'TWO');
      const { right } = await openReview();
      const typed = new vscode.WorkspaceEdit();
      typed.insert(right.uri, new vscode.Position(1, 3), ' of mine');
      assert.ok(await vscode.workspace.applyEdit(typed));
      const id = stage.edits.listOpen()[0]?.id ?? '';
      await until(
        () => stage.edits.get(id)?.proposedText === 'one\nTWO of mine\n',
        'what was typed is part of the proposal',
      );
      assert.deepEqual(system.asked, []);
      await click(right, 'Approve', 0);
      const result = await call;
      assert.ok(result.ok, JSON.stringify(result));
      assert.equal(system.text('/work/a.txt'), 'one\nTWO of mine\n');
    });

    it('[R231] are made, with nothing on the left, and taken away, with nothing on the right', async () => {
      openFolder(false);
      openDoor();
      const making = stage.run('write_file', { path: '/work/new/b.txt', content: 'b\n' });
      const made = await openReview();
      assert.deepEqual([made.left.getText(), made.right.getText()], ['', 'b\n']);
      assert.equal(system.files.has('/work/new/b.txt'), false);
      await click(made.right, 'Approve', 0);
      assert.ok((await making).ok);
      assert.equal(system.text('/work/new/b.txt'), 'b\n');
      await until(isReviewClosed, 'the review is closed');

      for (const word of ['Deny', 'Approve']) {
        const removing = stage.run('delete_file', { path: '/work/new/b.txt' });
        const gone = await openReview();
        assert.deepEqual([gone.left.getText(), gone.right.getText()], ['b\n', '']);
        await click(gone.right, word, 0);
        assert.equal((await removing).ok, word === 'Approve');
        assert.equal(system.files.has('/work/new/b.txt'), word === 'Deny');
        await until(isReviewClosed, 'the review is closed');
      }
      assert.deepEqual(system.asked, ['write /work/new/b.txt', 'delete /work/new/b.txt']);
    });
  });

  it('[R231] that cannot be written are refused in a sentence, and nobody is asked', async () => {
    openFolder(true);
    system.put('/work/a.txt', 'one\ntwo\n');
    const result = await edit('two', 'TWO');
    assert.ok(!result.ok);
    assert.match(result.error, /a\.txt is in a folder whose file system is read-only; nothing was/);
    for (const [name, args] of [
      ['write_file', { path: '/work/new.txt', content: 'x\n' }],
      ['delete_file', { path: '/work/a.txt' }],
      ['rename_file', { path: '/work/a.txt', newPath: '/work/b.txt' }],
    ] as const) {
      const refused = await Promise.race([
        stage.run(name, args),
        stage.waiting(1).then(() => assert.fail(`${name} is asked about`)),
      ]);
      assert.ok(!refused.ok);
      assert.match(refused.error, /file system is read-only; nothing was changed/, name);
    }
    assert.deepEqual(stage.edits.list(), []);
    assert.deepEqual(system.asked, []);
    assert.equal(system.text('/work/a.txt'), 'one\ntwo\n');
  });
});
