import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { systemClock } from '../../../src/base/clock';
import { silentLogger } from '../../../src/base/logger';
import { createChanges, type Changes } from '../../../src/changes';
import { computeHunks } from '../../../src/edits/hunks';
import { originWords } from '../../../src/edits/changeOrigin';
import { AuditLog } from '../../../src/gate/audit';
import type { AuditRecord } from '../../../src/gate/contract';
import { SaveFollower, unsavedTextOf } from '../../../src/host/changes/saveFollower';
import { EditorWorkspaceFiles } from '../../../src/host/workspaceFiles';

const lines = (...texts: readonly string[]): string => `${texts.join('\n')}\n`;
const start = lines('one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten');

describe('changes that nobody approved', () => {
  let folder: string;
  let storage: string;
  let file: string;
  let changes: Changes;
  let records: AuditRecord[];
  let notices: string[];
  let disposables: { dispose(): void }[];

  beforeEach(async () => {
    const root = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    assert.ok(root);
    const settings = vscode.workspace.getConfiguration();
    for (const [name, value] of [
      ['files.autoSave', 'off'],
      ['editor.formatOnSave', true],
      ['files.trimTrailingWhitespace', false],
      ['files.insertFinalNewline', false],
    ] as const) {
      await settings.update(name, value, vscode.ConfigurationTarget.Global);
    }
    folder = mkdtempSync(path.join(root, 'changes-'));
    storage = mkdtempSync(path.join(path.dirname(root), 'changes-storage-'));
    file = path.join(folder, 'numbers.patchbaytest');
    writeFileSync(file, start);
    records = [];
    notices = [];
    const files = new EditorWorkspaceFiles({
      home: '/home/nobody',
      platform: 'posix',
      hunks: computeHunks,
    });
    changes = createChanges({
      folder: storage,
      join: (...parts) => path.join(...parts),
      files,
      search: {
        // Only this test's file is the workspace: the others belong to other tests.
        findFiles: ({ folder: inFolder }) =>
          Promise.resolve({ paths: [path.relative(inFolder, file)], isTruncated: false }),
      },
      labelFor: (name) => path.basename(name),
      audit: new AuditLog({
        sink: { write: (record) => Promise.resolve(void records.push(record)) },
        clock: systemClock,
        redact: (text) => text,
        onFirstFailure: (text) => notices.push(text),
      }),
      clock: systemClock,
      logger: silentLogger,
      onNotice: (text) => notices.push(text),
      unsavedText: unsavedTextOf,
    });
    disposables = [
      changes,
      files,
      new SaveFollower(changes.follower, (name) => changes.unreviewed.refresh(name)),
      // What a formatter does: the second line in capitals.
      vscode.languages.registerDocumentFormattingEditProvider(
        { pattern: '**/*.patchbaytest' },
        {
          provideDocumentFormattingEdits: (document) => {
            const { range, text } = document.lineAt(1);
            return text === text.toUpperCase()
              ? []
              : [vscode.TextEdit.replace(range, text.toUpperCase())];
          },
        },
      ),
    ];
  });

  afterEach(async () => {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await changes.flush();
    assert.deepEqual(notices, []);
    disposables.forEach((one) => one.dispose());
    rmSync(folder, { recursive: true, force: true });
    rmSync(storage, { recursive: true, force: true });
    await vscode.workspace
      .getConfiguration()
      .update('editor.formatOnSave', undefined, vscode.ConfigurationTarget.Global);
  });

  const turn = { sessionId: 's', turnId: 't' };
  const onDisk = (): string => readFileSync(file, 'utf8');
  const until = async (check: () => boolean, what: string): Promise<void> => {
    for (let waited = 0; !check(); waited += 20) {
      assert.ok(waited < 8000, `never: ${what}; ${JSON.stringify(rows())}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const rows = (): readonly (readonly string[])[] =>
    changes.unreviewed
      .list()
      .flatMap(({ hunks }) =>
        hunks.map(({ hunk, origin }) => [originWords(origin), hunk.oldText, hunk.newText]),
      );
  const open = async (): Promise<vscode.TextEditor> =>
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(file));
  /** As a person types: by the keyboard's own command. */
  const type = async (editor: vscode.TextEditor, line: number, text: string): Promise<void> => {
    const end = editor.document.lineAt(line).range.end;
    editor.selection = new vscode.Selection(end, end);
    const before = editor.document.version;
    await vscode.commands.executeCommand('type', { text });
    await until(() => editor.document.version > before, 'the typed text is there');
  };
  const runCommand = async (callId: string, what: string, run: () => void): Promise<void> => {
    await changes.services.aroundCall?.(
      { ...turn, callId, what, asker: 'Model', signal: new AbortController().signal },
      () => {
        run();
        return Promise.resolve();
      },
    );
  };
  const approve = async (from: string, to: string): Promise<void> => {
    const document = await vscode.workspace.openTextDocument(file);
    const text = document.getText().replace(from, to);
    await changes.services.aroundWrite?.(
      { ...turn, callId: 'edit', path: file, text },
      async () => {
        const edit = new vscode.WorkspaceEdit();
        const at = document.getText().indexOf(from);
        edit.replace(
          document.uri,
          new vscode.Range(document.positionAt(at), document.positionAt(at + from.length)),
          to,
        );
        assert.ok(await vscode.workspace.applyEdit(edit));
        assert.ok(await document.save());
        return { isSaved: true, savedText: document.getText() };
      },
    );
  };

  it('[R233] are told apart from the user’s typing, an approved edit and a formatter on save, in any order', async () => {
    const editor = await open();
    // A command, while the file is open and clean: the editor takes it anew.
    await runCommand('call-1', 'npm test', () =>
      writeFileSync(file, onDisk().replace('nine', 'NINE by command')),
    );
    await until(
      () => editor.document.getText().includes('NINE'),
      'the editor has the command’s line',
    );
    assert.deepEqual(rows(), [['during "npm test"', 'nine\n', 'NINE by command\n']]);

    // The user types beside it and saves, and the formatter joins in.
    await type(editor, 4, ' typed');
    assert.equal(rows().length, 1, 'what is typed waits for nobody');
    await vscode.commands.executeCommand('workbench.action.files.save');
    await until(() => rows().length === 2, 'the formatter’s line is told');
    assert.deepEqual(rows(), [
      ['on save', 'two\n', 'TWO\n'],
      ['during "npm test"', 'nine\n', 'NINE by command\n'],
    ]);

    // An approved edit of ours between them.
    await approve('seven', 'SEVEN approved');
    assert.equal(rows().length, 2);

    // The user types into the very line of the command, and undoes what the command made.
    await type(editor, 8, '!');
    await changes.unreviewed.undo({
      kind: 'origin',
      sessionId: 's',
      origin: { kind: 'during', callId: 'call-1', what: 'npm test' },
    });
    const expected = lines(
      'one',
      'TWO',
      'three',
      'four',
      'five typed',
      'six',
      'SEVEN approved',
      'eight',
      'nine!',
      'ten',
    );
    assert.equal(editor.document.getText(), expected);
    await vscode.commands.executeCommand('workbench.action.files.save');
    await until(() => onDisk() === expected, 'saved');
    await until(() => rows().length === 1, 'only the formatter’s line is left');
    assert.deepEqual(rows(), [['on save', 'two\n', 'TWO\n']]);
    assert.deepEqual(
      records.map(({ kind, tool }) => [kind, tool]),
      [
        ['decision', 'user_undo'],
        ['outcome', 'user_undo'],
      ],
    );
    assert.equal(changes.unreviewed.keep({ kind: 'all' }), true);
    await changes.follower.endTurn('s');

    // Back to before the turn, byte for byte, whoever wrote since.
    const plan = await changes.checkpoints.plan(['t']);
    assert.deepEqual(
      plan.map(({ kind, path: name }) => [kind, name]),
      [['change', file]],
    );
    await changes.checkpoints.restore('s', plan);
    assert.equal(onDisk(), start);
    await until(() => editor.document.getText() === start, 'the editor has the restored file');
    await changes.checkpoints.restore('s', (await changes.checkpoints.planUndo('s')) ?? []);
    assert.equal(onDisk(), expected);
  });

  it('[R234] are undone in an open, clean file as one step that the editor can undo, and saved', async () => {
    await vscode.workspace
      .getConfiguration()
      .update('editor.formatOnSave', false, vscode.ConfigurationTarget.Global);
    const editor = await open();
    await runCommand('call-1', 'make', () =>
      writeFileSync(file, onDisk().replace('one', 'ONE').replace('ten', 'TEN')),
    );
    await until(
      () => editor.document.getText().includes('TEN'),
      'the editor has the command’s lines',
    );
    const [change] = changes.unreviewed.list();
    assert.ok(change);
    const [first] = change.hunks;
    assert.deepEqual(
      await changes.unreviewed.undo({
        kind: 'hunks',
        changeId: change.id,
        hunkIds: [first?.hunk.id ?? ''],
      }),
      { undone: 1, problems: [] },
    );
    assert.equal(onDisk(), start.replace('ten', 'TEN'));
    assert.equal(editor.document.isDirty, false);
    await vscode.commands.executeCommand('undo');
    assert.ok(editor.document.getText().startsWith('ONE\n'));
    assert.equal(realpathSync(file), realpathSync(editor.document.uri.fsPath));
  });

  it('[R233][R234] come from the disk while the editor still shows the old text, and the old text never comes back', async () => {
    const settings = vscode.workspace.getConfiguration();
    const { Global } = vscode.ConfigurationTarget;
    await settings.update('editor.formatOnSave', false, Global);
    await settings.update('files.watcherExclude', { '**/changes-*/**': true }, Global);
    try {
      const editor = await open();
      await runCommand('call-1', 'make', () =>
        writeFileSync(
          file,
          onDisk().replace('one', 'ONE').replace('five', 'FIVE').replace('ten', 'TEN'),
        ),
      );
      assert.equal(editor.document.getText(), start, 'nobody told the editor');
      assert.deepEqual(rows(), [
        ['during "make"', 'one\n', 'ONE\n'],
        ['during "make"', 'five\n', 'FIVE\n'],
        ['during "make"', 'ten\n', 'TEN\n'],
      ]);
      const hunks = (nth: number) => {
        const [change] = changes.unreviewed.list();
        const hunkIds = [change?.hunks[nth]?.hunk.id ?? ''];
        return { kind: 'hunks', changeId: change?.id ?? '', hunkIds } as const;
      };
      assert.equal(changes.unreviewed.keep(hunks(0)), true);
      assert.deepEqual(await changes.unreviewed.undo(hunks(0)), { undone: 1, problems: [] });
      const expected = start.replace('one', 'ONE').replace('ten', 'TEN');
      assert.equal(onDisk(), expected);
      assert.deepEqual(rows(), [['during "make"', 'ten\n', 'TEN\n']]);
      assert.equal(editor.document.isDirty, false);
    } finally {
      await settings.update('files.watcherExclude', undefined, Global);
    }
  });

  it('[R233] are not what was written by hand elsewhere between two turns, once the editor has read it', async () => {
    const editor = await open();
    await runCommand('call-1', 'make', () => writeFileSync(file, onDisk().replace('ten', 'TEN')));
    await changes.follower.endTurn('s');
    await until(() => editor.document.getText().includes('TEN'), 'the editor has it');
    writeFileSync(file, `by hand\n${onDisk()}`);
    await until(() => editor.document.getText().startsWith('by hand'), 'the editor has that, too');
    const line = (): number | undefined => changes.unreviewed.list()[0]?.hunks[0]?.hunk.newStart;
    await until(() => line() === 11, 'the hunk has moved');
    assert.deepEqual(rows(), [['during "make"', 'ten\n', 'TEN\n']]);
  });

  it('[R234] and [R233] of a format on the save of an approved edit are the formatter’s, the edit is not', async () => {
    await open();
    await approve('seven', 'SEVEN approved');
    await until(() => onDisk().includes('TWO'), 'the formatter ran');
    assert.deepEqual(rows(), [['on save', 'two\n', 'TWO\n']]);
  });
});
