import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import type { ToolResult } from '../../../src/events/toolCall';
import {
  closeEditors,
  createHostStage,
  openFile,
  setGlobal,
  typeAt,
  undoOnce,
  until,
  workspaceFolder,
  type HostStage,
} from '../hostStage';

const mark = Buffer.from([0xef, 0xbb, 0xbf]);

describe('a file that moves', () => {
  let folder: string;
  let from: string;
  let to: string;
  let stage: HostStage;

  beforeEach(async () => {
    await setGlobal('files.autoSave', 'off');
    folder = mkdtempSync(path.join(workspaceFolder(), 'moves-'));
    from = path.join(folder, 'old.sh');
    to = path.join(folder, 'deep', 'new.sh');
    stage = createHostStage();
  });

  afterEach(async () => {
    stage.dispose();
    await closeEditors();
    rmSync(folder, { recursive: true, force: true });
  });

  const approve = async (call: Promise<ToolResult>): Promise<void> => {
    const [edit] = await stage.waiting(1);
    assert.equal(stage.edits.decide(edit?.id ?? '', 'all', 'approve'), true);
    const result = await call;
    assert.equal(result.ok, true, JSON.stringify(result));
  };
  const rename = () => stage.run('rename_file', { path: from, newPath: to });
  const renameWith = (before: string, after: string) =>
    stage.run('apply_patch', {
      patch: `*** Begin Patch\n*** Update File: ${from}\n*** Move to: ${to}\n@@\n-${before}\n+${after}\n*** End Patch`,
    });

  for (const [what, bytes] of [
    ['CRLF and a byte order mark', Buffer.concat([mark, Buffer.from('one\r\ntwo\r\n')])],
    ['mixed line endings', Buffer.from('one\r\ntwo\nthree')],
    ['UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('one\nzwö\n', 'utf16le')])],
  ] as const) {
    for (const isOpen of [false, true]) {
      it(`[R231] keeps its bytes, mode and inode, and one undo takes it back (${isOpen ? 'open' : 'closed'}): ${what}`, async () => {
        writeFileSync(from, bytes);
        chmodSync(from, 0o755);
        const before = statSync(from);
        if (isOpen) {
          await openFile(from);
        }
        await approve(rename());
        assert.equal(existsSync(from), false);
        assert.deepEqual(readFileSync(to), bytes);
        const after = statSync(to);
        assert.deepEqual(
          [after.ino, after.mode, after.mtimeMs],
          [before.ino, before.mode, before.mtimeMs],
        );

        const editor = await openFile(to);
        assert.equal(editor.document.isDirty, false);
        await undoOnce(editor);
        await until(() => existsSync(from) && !existsSync(to), 'it is back');
        assert.deepEqual(readFileSync(from), bytes);
        assert.equal(statSync(from).ino, before.ino);
      });
    }
  }

  it('[R225][R231] and changes on the way is one undo step: the old place and the old text', async () => {
    const bytes = Buffer.concat([mark, Buffer.from('one\r\ntwo\r\n')]);
    writeFileSync(from, bytes);
    chmodSync(from, 0o755);
    await approve(renameWith('two', 'TWO'));
    assert.equal(existsSync(from), false);
    assert.deepEqual(readFileSync(to), Buffer.concat([mark, Buffer.from('one\r\nTWO\r\n')]));
    assert.equal(statSync(to).mode & 0o777, 0o755);

    await undoOnce(await openFile(to));
    await until(() => existsSync(from) && !existsSync(to), 'it is back');
    const document = await vscode.workspace.openTextDocument(from);
    assert.equal(document.getText(), 'one\r\ntwo\r\n');
    assert.equal(await document.save(), true);
    assert.deepEqual(readFileSync(from), bytes);
  });

  it('[R225][R231] with mixed line endings and a change has exactly the approved bytes, and one undo takes it back', async () => {
    writeFileSync(from, 'one\r\ntwo\nthree\n');
    const call = renameWith('two', 'TWO');
    const [proposal] = await stage.waiting(1);
    await approve(call);
    assert.equal(readFileSync(to, 'utf8'), proposal?.proposedText);
    assert.match(readFileSync(to, 'utf8'), /^one\r\nTWO\r?\nthree\n$/);
    assert.equal(existsSync(from), false);
    await undoOnce(await openFile(to));
    await until(() => existsSync(from) && !existsSync(to), 'it is back');
    assert.equal(readFileSync(from, 'utf8'), 'one\r\ntwo\nthree\n');
  });

  it('[R225][R231] with unsaved text takes it along, unsaved', async () => {
    writeFileSync(from, 'one\ntwo\n');
    await typeAt(await openFile(from), 0, ' of mine');
    await approve(renameWith('two', 'TWO'));
    assert.equal(existsSync(from), false);
    assert.equal(readFileSync(to, 'utf8'), 'one\ntwo\n');
    const document = await vscode.workspace.openTextDocument(to);
    assert.equal(document.getText(), 'one of mine\nTWO\n');
    assert.equal(document.isDirty, true);
  });

  it('[R231] stays when its new place is taken by then, or its text is another one', async () => {
    writeFileSync(from, 'one\n');
    const taken = rename();
    const [edit] = await stage.waiting(1);
    writeFileSync(path.join(folder, 'other'), '');
    await vscode.workspace.fs.createDirectory(vscode.Uri.file(path.dirname(to)));
    writeFileSync(to, 'mine\n');
    stage.edits.decide(edit?.id ?? '', 'all', 'approve');
    for (const again of stage.edits.listOpen()) {
      stage.edits.decide(again.id, 'all', 'deny');
    }
    assert.equal((await taken).ok, false);
    assert.equal(readFileSync(from, 'utf8'), 'one\n');
    assert.equal(readFileSync(to, 'utf8'), 'mine\n');
  });
});
