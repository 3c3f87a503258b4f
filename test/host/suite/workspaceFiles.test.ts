import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { PatchbayError } from '../../../src/base/patchbayError';
import { computeHunks } from '../../../src/edits/hunks';
import { discardChanges } from '../../../src/host/documentWrite';
import { EditorWorkspaceFiles } from '../../../src/host/workspaceFiles';

const utf8Mark = Buffer.from([0xef, 0xbb, 0xbf]);

describe('workspace files', () => {
  let folder: string;
  let files: EditorWorkspaceFiles;
  let protectedPath: string | undefined;

  beforeEach(async () => {
    const root = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    assert.ok(root);
    await vscode.workspace
      .getConfiguration('files')
      .update('autoSave', 'off', vscode.ConfigurationTarget.Global);
    folder = mkdtempSync(path.join(root, 'files-'));
    protectedPath = undefined;
    files = new EditorWorkspaceFiles({
      home: '/home/nobody',
      platform: 'posix',
      hunks: computeHunks,
      isWriteProtected: (file) => Promise.resolve(file === protectedPath),
    });
  });

  afterEach(async () => {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    files.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const put = (name: string, content: string | Uint8Array): string => {
    const file = path.join(folder, name);
    writeFileSync(file, content);
    return file;
  };
  const open = async (file: string): Promise<vscode.TextEditor> =>
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(file));
  const refusal = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work;
    } catch (error) {
      assert.ok(PatchbayError.is(error), String(error));
      return error.code;
    }
    return 'nothing was refused';
  };

  it('reads an open dirty document from the editor and not from the disk', async () => {
    const file = put('a.txt', 'one\n');
    const editor = await open(file);
    await editor.edit((edit) => edit.insert(new vscode.Position(1, 0), 'two\n'));
    assert.deepEqual(await files.readText(file), {
      text: 'one\ntwo\n',
      isDirty: true,
      isOpen: true,
    });
    assert.equal(readFileSync(file, 'utf8'), 'one\n');
  });

  for (const [what, makesTheFirst] of [
    ['made all the same', true],
    ['did not make', false],
  ] as const) {
    it(`writes once and exactly when the editor refuses an edit that it ${what}`, async () => {
      const file = put('refused.txt', 'a\nb\n');
      const { workspace } = vscode;
      const real = workspace.applyEdit;
      let calls = 0;
      Object.defineProperty(workspace, 'applyEdit', {
        configurable: true,
        value: async (edit: vscode.WorkspaceEdit) => {
          calls += 1;
          const isMade = calls > 1 || makesTheFirst ? await real.call(workspace, edit) : false;
          return calls > 1 && isMade;
        },
      });
      try {
        const outcome = await files.writeText(file, 'a\nB\n', 'a\nb\n');
        assert.equal(outcome.isSaved, true);
      } finally {
        Object.defineProperty(workspace, 'applyEdit', { configurable: true, value: real });
      }
      assert.equal(readFileSync(file, 'utf8'), 'a\nB\n');
      assert.equal(calls, makesTheFirst ? 1 : 2);
    });
  }

  /** The editor's answers to edits, in the place of its own. */
  const answering = async (
    answer: (edit: vscode.WorkspaceEdit, real: () => Thenable<boolean>) => Promise<boolean>,
    work: () => Promise<void>,
  ): Promise<void> => {
    const { workspace } = vscode;
    const real = workspace.applyEdit;
    Object.defineProperty(workspace, 'applyEdit', {
      configurable: true,
      value: (edit: vscode.WorkspaceEdit) => answer(edit, () => real.call(workspace, edit)),
    });
    try {
      await work();
    } finally {
      Object.defineProperty(workspace, 'applyEdit', { configurable: true, value: real });
    }
  };

  it('[R166] saves the edit of a clean document that the editor refuses and makes a moment later', async () => {
    const file = put('late.txt', 'a\nb\n');
    const { document } = await open(file);
    let made: Thenable<boolean> | undefined;
    await answering(
      async (_edit, real) => {
        await made;
        made ??= real();
        return false;
      },
      async () => {
        const outcome = await files.writeText(file, 'a\nB\n', 'a\nb\n');
        assert.equal(outcome.isSaved, true);
      },
    );
    assert.equal(readFileSync(file, 'utf8'), 'a\nB\n');
    assert.equal(document.getText(), 'a\nB\n');
    assert.equal(document.isDirty, false);
  });

  it('[R166] does not save unsaved words of the user with an edit that the editor refuses and makes', async () => {
    const file = put('unsaved.txt', 'a\nb\n');
    const { document } = await open(file);
    const typed = new vscode.WorkspaceEdit();
    typed.insert(document.uri, new vscode.Position(2, 0), 'mine\n');
    assert.equal(await vscode.workspace.applyEdit(typed), true);
    let made: Thenable<boolean> | undefined;
    await answering(
      async (_edit, real) => {
        await made;
        made ??= real();
        return false;
      },
      async () => {
        const outcome = await files.writeText(file, 'a\nB\nmine\n', 'a\nb\nmine\n');
        assert.equal(outcome.isSaved, false);
      },
    );
    assert.equal(document.getText(), 'a\nB\nmine\n');
    assert.equal(readFileSync(file, 'utf8'), 'a\nb\n');
  });

  it('counts a file as created or deleted when the editor refuses it and does it all the same', async () => {
    const file = path.join(folder, 'made.txt');
    await answering(
      async (_edit, real) => {
        await real();
        return false;
      },
      async () => {
        assert.equal((await files.writeText(file, 'x\n', undefined)).isSaved, true);
        assert.equal(readFileSync(file, 'utf8'), 'x\n');
        await files.deleteFile(file, 'x\n');
      },
    );
    assert.equal(await files.stat(file), undefined);
  });

  for (const [what, before, after] of [
    ['LF', 'a\nb\nc\n', 'a\nB\nc\n'],
    ['CRLF', 'a\r\nb\r\nc\r\n', 'a\r\nB\r\nc\r\n'],
    ['no final newline', 'a\nb', 'a\nb\nc'],
    ['an empty file', '', 'x\n'],
    ['line endings that change as a whole', 'a\nb\n', 'a\r\nb\r\n'],
    ['mixed line endings', 'a\r\nb\nc\r\n', 'a\r\nB\nc\r\n'],
    ['emoji and tabs', '\t👍\n\tb\n', '\t👎\n\tb\n'],
  ] as const) {
    it(`[R166][R225] writes exactly the approved bytes: ${what}`, async () => {
      const file = put('b.txt', before);
      const { text } = await files.readText(file);
      assert.equal(text, before);
      const outcome = await files.writeText(file, after, text);
      assert.equal(outcome.isSaved, true);
      assert.equal(outcome.savedText, undefined);
      assert.equal(readFileSync(file, 'utf8'), after);
    });

    it(`[R166][R225] writes exactly the approved bytes of a file that is open: ${what}`, async () => {
      const file = put('c.txt', before);
      await open(file);
      const { text } = await files.readText(file);
      assert.equal(text, before);
      await files.writeText(file, after, text);
      assert.equal(readFileSync(file, 'utf8'), after);
      assert.equal(vscode.window.activeTextEditor?.document.isDirty, false);
    });
  }

  it('[R225] keeps a byte order mark that the text does not have', async () => {
    const file = put('bom.txt', Buffer.concat([utf8Mark, Buffer.from('a\nb\n')]));
    const { text } = await files.readText(file);
    assert.equal(text, 'a\nb\n');
    await files.writeText(file, 'a\nc\n', text);
    assert.deepEqual(readFileSync(file), Buffer.concat([utf8Mark, Buffer.from('a\nc\n')]));
  });

  it('[R225] keeps UTF-16', async () => {
    const encode = (value: string): Buffer =>
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(value, 'utf16le')]);
    const file = put('wide.txt', encode('a\nß\n'));
    const { text } = await files.readText(file);
    assert.equal(text, 'a\nß\n');
    await files.writeText(file, 'a\nü\n', text);
    assert.deepEqual(readFileSync(file), encode('a\nü\n'));
  });

  it('[R225] refuses a file that does not survive decoding and encoding, and leaves its bytes', async () => {
    const bytes = Buffer.from([0x61, 0xe4, 0x0a, 0x62, 0x0a]); // Latin 1, opened as UTF-8
    const file = put('latin.txt', bytes);
    const { text } = await files.readText(file);
    assert.equal(await refusal(files.writeText(file, text.replace('b', 'c'), text)), 'encoding');
    assert.deepEqual(readFileSync(file), bytes);
  });

  it('[R225] writes several hunks as one undo step and leaves the cursor where it was', async () => {
    const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`);
    const before = `${lines.join('\n')}\n`;
    const file = put('undo.txt', before);
    const editor = await open(file);
    editor.selection = new vscode.Selection(20, 3, 20, 5);
    const after = before.replace('line 2\n', 'line two\n').replace('line 30\n', '');
    await files.writeText(file, after, before);
    assert.equal(readFileSync(file, 'utf8'), after);
    assert.deepEqual([editor.selection.start.line, editor.selection.start.character], [20, 3]);
    await vscode.commands.executeCommand('undo');
    assert.equal(editor.document.getText(), before);
  });

  it('[R225] changes a dirty document without saving it', async () => {
    const file = put('dirty.txt', 'a\nb\n');
    const editor = await open(file);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'mine\n'));
    const { text } = await files.readText(file);
    assert.deepEqual(await files.writeText(file, text.replace('b', 'B'), text), { isSaved: false });
    assert.equal(readFileSync(file, 'utf8'), 'a\nb\n');
    assert.equal(editor.document.getText(), 'mine\na\nB\n');
    assert.equal(editor.document.isDirty, true);
  });

  it('[R166] refuses what was decided on another text', async () => {
    const file = put('stale.txt', 'a\n');
    assert.equal(await refusal(files.writeText(file, 'b\n', 'other\n')), 'stale');
    assert.equal(readFileSync(file, 'utf8'), 'a\n');
  });

  it('[R166] refuses when the disk changed behind a clean buffer, and leaves the buffer clean', async () => {
    const file = put('behind.txt', 'a\n');
    const editor = await open(file);
    writeFileSync(file, 'from elsewhere\n');
    assert.equal(await refusal(files.writeText(file, 'b\n', 'a\n')), 'stale');
    assert.equal(readFileSync(file, 'utf8'), 'from elsewhere\n');
    assert.equal(editor.document.isDirty, false);
  });

  it('[R166][R228] reads what a command wrote before the editor has, and writes one undo step upon that', async () => {
    const file = put('command.txt', 'a\nb\n');
    const editor = await open(file);
    writeFileSync(file, 'a\nb\nby a command\n');
    assert.equal(editor.document.getText(), 'a\nb\n');
    assert.deepEqual(await files.readText(file), {
      text: 'a\nb\nby a command\n',
      isDirty: false,
      isOpen: true,
    });
    const outcome = await files.writeText(file, 'A\nb\nby a command\n', 'a\nb\nby a command\n');
    assert.deepEqual(outcome, { isSaved: true });
    assert.equal(readFileSync(file, 'utf8'), 'A\nb\nby a command\n');
    assert.equal(editor.document.isDirty, false);
    await vscode.commands.executeCommand('undo');
    assert.equal(editor.document.getText(), 'a\nb\nby a command\n');
  });

  it('[R166] keeps unsaved text as the truth when the disk changes behind it', async () => {
    const file = put('both.txt', 'a\n');
    const editor = await open(file);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'mine\n'));
    writeFileSync(file, 'from elsewhere\n');
    const { text, isDirty } = await files.readText(file);
    assert.deepEqual({ text, isDirty }, { text: 'mine\na\n', isDirty: true });
  });

  for (const [what, change] of [
    ['written', async (file: string) => await files.writeText(file, 'A\nnew\n', 'a\nnew\n')],
    [
      'moved',
      async (file: string) => await files.moveText(file, `${file}.moved`, 'A\nnew\n', 'a\nnew\n'),
    ],
  ] as const) {
    it(`[R166] is ${what} with exact bytes where the editor is never told of the change on disk`, async () => {
      const configuration = vscode.workspace.getConfiguration('files');
      const global = vscode.ConfigurationTarget.Global;
      await configuration.update('watcherExclude', { '**/unwatched/**': true }, global);
      try {
        mkdirSync(path.join(folder, 'unwatched'));
        const file = put(path.join('unwatched', 'a.txt'), 'a\n');
        const editor = await open(file);
        writeFileSync(file, 'a\nnew\n');
        assert.equal((await files.readText(file)).text, 'a\nnew\n');
        const outcome = await change(file);
        assert.equal(outcome.isSaved, true);
        const place = what === 'moved' ? `${file}.moved` : file;
        assert.equal(readFileSync(place, 'utf8'), 'A\nnew\n');
        assert.equal((await files.readText(place)).text, 'A\nnew\n');
        assert.equal(editor.document.isDirty, false);
      } finally {
        await configuration.update('watcherExclude', undefined, global);
      }
    });
  }

  it('[R225] refuses mixed line endings while the document is dirty', async () => {
    const file = put('mixed.txt', 'a\r\nb\n');
    const editor = await open(file);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'mine'));
    const { text } = await files.readText(file);
    assert.equal(await refusal(files.writeText(file, 'x', text)), 'mixed_line_endings');
    assert.equal(readFileSync(file, 'utf8'), 'a\r\nb\n');
  });

  it('says that undo does not take back a file with mixed line endings', async () => {
    const file = put('note.txt', 'a\r\nb\n');
    const outcome = await files.writeText(file, 'a\r\nc\n', 'a\r\nb\n');
    assert.match(outcome.note ?? '', /undo/i);
  });

  it('reports what saving changed further', async () => {
    const configuration = vscode.workspace.getConfiguration('files');
    await configuration.update('trimTrailingWhitespace', true, vscode.ConfigurationTarget.Global);
    try {
      const file = put('trim.txt', 'a\nb\n');
      const outcome = await files.writeText(file, 'a\nb  \n', 'a\nb\n');
      assert.deepEqual(outcome, { isSaved: true, savedText: 'a\nb\n' });
    } finally {
      await configuration.update(
        'trimTrailingWhitespace',
        undefined,
        vscode.ConfigurationTarget.Global,
      );
    }
  });

  it('creates a file with its folders, and refuses one that exists by now', async () => {
    const file = path.join(folder, 'new', 'deep', 'made.txt');
    assert.deepEqual(await files.writeText(file, 'x\r\ny\n', undefined), { isSaved: true });
    assert.equal(readFileSync(file, 'utf8'), 'x\r\ny\n');
    assert.equal(await refusal(files.writeText(file, 'z', undefined)), 'stale');
  });

  it('deletes what was decided on and refuses another text', async () => {
    const file = put('gone.txt', 'a\n');
    assert.equal(await refusal(files.deleteFile(file, 'other\n')), 'stale');
    await files.deleteFile(file, 'a\n');
    assert.equal(await files.stat(file), undefined);
    assert.equal(await refusal(files.readText(file)), 'not_found');
  });

  it('refuses binary content, folders, large and read-only files in words of their own', async () => {
    const binary = put('x.bin', Buffer.from([0, 1, 2, 0, 255, 3, 0, 9]));
    assert.equal(await refusal(files.readText(binary)), 'not_text');
    assert.equal(await refusal(files.readText(folder)), 'is_directory');
    const large = put('large.txt', '');
    truncateSync(large, 51 * 1024 * 1024);
    assert.equal(await refusal(files.readText(large)), 'too_large');
    protectedPath = put('locked.txt', 'a\n');
    const mtime = statSync(protectedPath).mtimeMs;
    assert.equal(await refusal(files.writeText(protectedPath, 'b\n', 'a\n')), 'read_only');
    assert.equal(statSync(protectedPath).mtimeMs, mtime);
    assert.equal(await refusal(files.writeText(put('t.txt', 'a\n'), 'a\0b', 'a\n')), 'not_text');
  });

  it('[R226] sets a document back to the disk when its unsaved text is discarded', async () => {
    const file = put('dirty.txt', Buffer.concat([utf8Mark, Buffer.from('a\r\n😀\r\n')]));
    const editor = await open(file);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'typed'));
    assert.equal(editor.document.isDirty, true);
    const before = readFileSync(file);
    assert.equal(await discardChanges(file), true);
    assert.equal(editor.document.isDirty, false);
    assert.equal(editor.document.getText(), 'a\r\n😀\r\n');
    assert.deepEqual(readFileSync(file), before);
  });

  it('lists a folder', async () => {
    put('f.txt', '');
    mkdirSync(path.join(folder, 'sub'));
    assert.deepEqual(
      [...(await files.list(folder))].sort((a, b) => a.name.localeCompare(b.name)),
      [
        { name: 'f.txt', kind: 'file' },
        { name: 'sub', kind: 'directory' },
      ],
    );
  });

  it('announces a change of the buffer and of the disk', async () => {
    const file = put('watched.txt', 'a\n');
    const seen = new Set<string | undefined>();
    const changed = new Promise<void>((resolve) => {
      files.onDidChange((changedPath) => {
        seen.add(changedPath);
        if (changedPath === file) {
          resolve();
        }
      });
    });
    const editor = await open(file);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'x'));
    await changed;
    assert.ok(seen.has(file));
  });
});
