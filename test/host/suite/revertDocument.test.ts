import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { discardChanges } from '../../../src/host/documentWrite';
import { ProposalSave } from '../../../src/host/review/proposalSave';
import { closeEditors, openFile, setGlobal, typeAt, until, workspaceFolder } from '../hostStage';

const revert = 'workbench.action.files.revert';

describe('a document that is set back', () => {
  let folder: string;

  beforeEach(async () => {
    await setGlobal('files.autoSave', 'off');
    folder = mkdtempSync(path.join(workspaceFolder(), 'revert-'));
  });

  afterEach(async () => {
    await setGlobal('editor.formatOnSave', undefined);
    await closeEditors();
    rmSync(folder, { recursive: true, force: true });
  });

  const typedIn = async (name: string): Promise<vscode.TextDocument> => {
    const file = path.join(folder, name);
    writeFileSync(file, `${name}\n`);
    const editor = await openFile(file);
    await typeAt(editor, 0, ' typed');
    await until(() => editor.document.isDirty, 'unsaved');
    return editor.document;
  };

  /** What the user does in the moment between our look and the editor's command. */
  const inThatMoment = async (
    act: () => Promise<void>,
    work: () => Promise<void>,
  ): Promise<number> => {
    const real = vscode.commands.executeCommand;
    let count = 0;
    Object.defineProperty(vscode.commands, 'executeCommand', {
      configurable: true,
      value: async (command: string, ...args: unknown[]) => {
        if (command === revert) {
          count += 1;
          await act();
        }
        return await real.call(vscode.commands, command, ...args);
      },
    });
    try {
      await work();
    } finally {
      Object.defineProperty(vscode.commands, 'executeCommand', { configurable: true, value: real });
    }
    return count;
  };

  it('[R224][R226] loses nothing of another file when the user goes there in that very moment', async () => {
    const mine = await typedIn('mine.txt');
    const own = await typedIn('own.txt');
    let count = 0;
    let isDone = false;
    count = await inThatMoment(
      async () => {
        if (count === 0) {
          count = 1;
          const editor = await vscode.window.showTextDocument(mine);
          await typeAt(editor, 0, ', and more');
        }
      },
      async () => {
        isDone = await discardChanges(own.uri.fsPath);
      },
    );
    assert.ok(count > 1, 'it was tried once more');
    assert.equal(mine.getText(), 'mine.txt typed, and more\n');
    assert.equal(mine.isDirty, true);
    assert.equal(readFileSync(mine.uri.fsPath, 'utf8'), 'mine.txt\n');
    assert.equal(isDone, true);
    assert.equal(own.getText(), 'own.txt\n');
  });

  it('[R224] brings back what is typed into the document itself in that very moment', async () => {
    const own = await typedIn('own.txt');
    let isTyped = false;
    await inThatMoment(
      async () => {
        if (!isTyped) {
          isTyped = true;
          await typeAt(await vscode.window.showTextDocument(own), 0, ', and more');
        }
      },
      async () => {
        assert.equal(await discardChanges(own.uri.fsPath), false);
      },
    );
    assert.equal(own.getText(), 'own.txt typed, and more\n');
    assert.equal(own.isDirty, true);
  });

  it('[R224] is made clean by a save where that changes nothing, whatever editor is the active one', async () => {
    const own = await typedIn('own.txt');
    const mine = await typedIn('mine.txt');
    const count = await inThatMoment(
      () => Promise.resolve(),
      async () => new ProposalSave().makeClean(own),
    );
    assert.equal(count, 0);
    assert.deepEqual([own.getText(), own.isDirty], ['own.txt typed\n', false]);
    assert.deepEqual([mine.getText(), mine.isDirty], ['mine.txt typed\n', true]);
  });

  it('[R224] is left as it is where a save would format it and something else is unsaved', async () => {
    await setGlobal('editor.formatOnSave', true);
    const mine = await typedIn('mine.txt');
    const own = await typedIn('own.txt');
    const count = await inThatMoment(
      () => Promise.resolve(),
      async () => new ProposalSave().makeClean(own),
    );
    assert.equal(count, 0);
    assert.deepEqual([own.isDirty, mine.isDirty], [true, true]);
    assert.equal(readFileSync(own.uri.fsPath, 'utf8'), 'own.txt\n');
  });
});
