import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { openInEncoding } from '../../../src/host/encodingOffer';
import { fittingEncodings } from '../../../src/host/encodings';
import {
  closeEditors,
  createHostStage,
  openFile,
  setGlobal,
  stateOf,
  typeAt,
  workspaceFolder,
  type HostStage,
} from '../hostStage';

/** "grün", "weiß" in Windows 1252. */
const latin = Buffer.from('gr\xfcn\nb\nwei\xdf\n', 'latin1');

describe('a file in another encoding', () => {
  let folder: string;
  let file: string;
  let misread: string[];
  let stage: HostStage;

  beforeEach(async () => {
    await setGlobal('files.autoSave', 'off');
    folder = mkdtempSync(path.join(workspaceFolder(), 'encodings-'));
    file = path.join(folder, 'latin.txt');
    writeFileSync(file, latin);
    misread = [];
    stage = createHostStage({ onMisread: (name) => misread.push(name) });
  });

  afterEach(async () => {
    stage.dispose();
    await closeEditors();
    rmSync(folder, { recursive: true, force: true });
  });

  const edit = (search: string, replace: string) =>
    stage.run('edit_file', { path: file, edits: [{ search, replace }] });

  it('[R225] is refused before anybody is asked, with an offer to the user, and edited exactly once it is open in its own', async () => {
    const { buffer: _closed, ...before } = stateOf(file);
    const refused = await edit('b', 'blau, grün');
    assert.ok(!refused.ok);
    assert.match(refused.error, /not in the encoding.*Nothing was changed/);
    assert.deepEqual(misread, [file]);
    assert.deepEqual(stage.edits.list(), [], 'no review of a text that is not there');
    const { buffer: _read, ...after } = stateOf(file);
    assert.deepEqual(after, before);

    const uri = vscode.Uri.file(file);
    const fitting = await fittingEncodings(uri, latin);
    assert.deepEqual(fitting[0], {
      id: 'windows1252',
      name: 'Western (Windows 1252)',
      sample: 'grün',
    });
    assert.ok(!fitting.some(({ id }) => id === 'utf8'));
    await openInEncoding(uri, 'windows1252');
    assert.equal(vscode.window.activeTextEditor?.document.encoding, 'windows1252');

    const result = edit('b', 'blau, grün');
    const [waiting] = await stage.waiting(1);
    assert.equal(waiting?.baseText, 'grün\nb\nweiß\n');
    stage.edits.decide(waiting.id, 'all', 'approve');
    assert.equal((await result).ok, true);
    assert.deepEqual(
      readFileSync(file),
      Buffer.from('gr\xfcn\nblau, gr\xfcn\nwei\xdf\n', 'latin1'),
    );
    assert.deepEqual(misread, [file]);
  });

  it('[R225] is not moved by writing its misread text anew', async () => {
    const newPath = path.join(folder, 'moved.txt');
    const patch = `*** Begin Patch\n*** Update File: ${file}\n*** Move to: ${newPath}\n@@\n-b\n+c\n*** End Patch`;
    const result = await stage.run('apply_patch', { patch });
    assert.ok(!result.ok);
    assert.deepEqual(misread, [file]);
    assert.deepEqual(readFileSync(file), latin);
    assert.equal(await stage.files.stat(newPath), undefined);
  });

  it('[R225] with unsaved text is refused, and not opened anew over what was typed', async () => {
    const editor = await openFile(file);
    await typeAt(editor, 1, 'mine');
    const before = stateOf(file);
    assert.equal((await edit('mine', 'yours')).ok, false);
    assert.deepEqual(misread, [file]);
    await assert.rejects(
      openInEncoding(editor.document.uri, 'windows1252'),
      /unsaved changes.*nothing was changed/,
    );
    assert.deepEqual(stateOf(file), before);
  });

  it('[R225] is none when the character for a misread one stands in the file itself', async () => {
    writeFileSync(file, 'a \uFFFD\nb\n');
    const result = edit('b', 'c');
    const [waiting] = await stage.waiting(1);
    stage.edits.decide(waiting?.id ?? '', 'all', 'approve');
    assert.equal((await result).ok, true);
    assert.equal(readFileSync(file, 'utf8'), 'a \uFFFD\nc\n');
    assert.deepEqual(misread, []);
  });
});
