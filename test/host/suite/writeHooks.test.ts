import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { systemClock } from '../../../src/base/clock';
import { silentLogger } from '../../../src/base/logger';
import { computeHunks } from '../../../src/edits/hunks';
import type { ToolResult } from '../../../src/events/toolCall';
import { EditorDiagnostics } from '../../../src/host/diagnostics';
import { EditorWorkspaceFiles } from '../../../src/host/workspaceFiles';
import { addWriteHooks } from '../../../src/host/writeHooks';
import { createDiagnosticsHook, PostWriteHooks } from '../../../src/tools/postWriteHooks';
import {
  closeEditors,
  createHostStage,
  setGlobal,
  until,
  workspaceFolder,
  type HostStage,
} from '../hostStage';

/** The part of the built-in Git extension's interface that the test uses. */
interface Repository {
  readonly state: { readonly workingTreeChanges: readonly { readonly uri: vscode.Uri }[] };
}
interface GitExtension {
  getAPI(version: 1): { openRepository(root: vscode.Uri): Promise<Repository | null> };
}

describe('after an approved edit', () => {
  let folder: string;
  let file: string;
  let stage: HostStage;
  let isFormatting: boolean;
  let disposables: { dispose(): unknown }[];

  beforeEach(async () => {
    await setGlobal('files.autoSave', 'off');
    await setGlobal('editor.formatOnSave', false);
    folder = mkdtempSync(path.join(workspaceFolder(), 'hooks-'));
    file = path.join(folder, 'a.patchbayhooks');
    writeFileSync(file, 'one\ntwo\nthree\nfour\nfive\n');
    isFormatting = false;
    disposables = [];
    const hooks = new PostWriteHooks(systemClock, silentLogger);
    hooks.add(createDiagnosticsHook(new EditorDiagnostics(systemClock)));
    const files = new EditorWorkspaceFiles({
      home: '/home/nobody',
      platform: 'posix',
      hunks: computeHunks,
    });
    disposables.push(files);
    addWriteHooks(hooks, {
      files,
      isFormatting: () => isFormatting,
      isTrusted: () => true,
      logger: silentLogger,
    });
    stage = createHostStage({ hooks });
  });

  afterEach(async () => {
    stage.dispose();
    disposables.forEach((one) => void one.dispose());
    await closeEditors();
    await setGlobal('editor.formatOnSave', undefined);
    rmSync(folder, { recursive: true, force: true });
  });

  const approve = async (search: string, replace: string): Promise<ToolResult> => {
    const call = stage.run('edit_file', { path: file, edits: [{ search, replace }] });
    const [edit] = await stage.waiting(1);
    assert.equal(stage.edits.decide(edit?.id ?? '', 'all', 'approve'), true);
    return await call;
  };
  const outputOf = (result: ToolResult): string => {
    assert.ok(result.ok, JSON.stringify(result));
    return result.output;
  };
  /** Ends each line with a semicolon. */
  const semicolons = (document: vscode.TextDocument, range?: vscode.Range): vscode.TextEdit[] =>
    Array.from({ length: document.lineCount }, (_, index) => document.lineAt(index))
      .filter(
        ({ text, range: line }) =>
          text !== '' && !text.endsWith(';') && (range?.contains(line) ?? true),
      )
      .map(({ range: line }) => vscode.TextEdit.insert(line.end, ';'));

  it('[R159] only the lines that it wrote are formatted where the formatter can do that, and the agent is told', async () => {
    isFormatting = true;
    disposables.push(
      vscode.languages.registerDocumentRangeFormattingEditProvider(
        { pattern: '**/*.patchbayhooks' },
        { provideDocumentRangeFormattingEdits: semicolons },
      ),
    );
    const output = outputOf(await approve('three', 'THREE'));
    assert.equal(readFileSync(file, 'utf8'), 'one\ntwo\nTHREE;\nfour\nfive\n');
    assert.match(output, /The formatter changed the file further:\n[^]*-THREE\n\+THREE;/);
  });

  it('[R159] the file is formatted as a whole where the formatter knows no parts, and the agent is told', async () => {
    isFormatting = true;
    disposables.push(
      vscode.languages.registerDocumentFormattingEditProvider(
        { pattern: '**/*.patchbayhooks' },
        { provideDocumentFormattingEdits: (document) => semicolons(document) },
      ),
    );
    const output = outputOf(await approve('three', 'THREE'));
    assert.equal(readFileSync(file, 'utf8'), 'one;\ntwo;\nTHREE;\nfour;\nfive;\n');
    assert.match(output, /The formatter changed the file further:\n[^]*\+THREE;/);
  });

  it('[R159][R160] what saving makes of it (format on save) is told with its difference', async () => {
    await setGlobal('editor.formatOnSave', true);
    disposables.push(
      vscode.languages.registerDocumentFormattingEditProvider(
        { pattern: '**/*.patchbayhooks' },
        { provideDocumentFormattingEdits: (document) => semicolons(document) },
      ),
    );
    const output = outputOf(await approve('three', 'THREE'));
    assert.equal(readFileSync(file, 'utf8'), 'one;\ntwo;\nTHREE;\nfour;\nfive;\n');
    assert.match(output, /Saving changed the file further[^]*-THREE\n[^]*\+THREE;/);
  });

  it('[R236] the problems that it brought are told, and those that were there are not', async () => {
    const problems = vscode.languages.createDiagnosticCollection('patchbay-test');
    const look = (document: vscode.TextDocument): void => {
      if (document.uri.fsPath === file) {
        const found = Array.from({ length: document.lineCount }, (_, index) =>
          document.lineAt(index),
        )
          .filter(({ text }) => /bad|two/.test(text))
          .map(({ range, text }) => new vscode.Diagnostic(range, `no ${text} here`));
        problems.set(document.uri, found);
      }
    };
    disposables.push(
      problems,
      vscode.workspace.onDidOpenTextDocument(look),
      vscode.workspace.onDidChangeTextDocument(({ document }) => look(document)),
    );
    await vscode.window.showTextDocument(vscode.Uri.file(file));
    await until(
      () => vscode.languages.getDiagnostics(vscode.Uri.file(file)).length === 1,
      'a problem',
    );
    // The old one moves by a line.
    const output = outputOf(await approve('one', 'one\nbad'));
    assert.match(output, /New problems since this edit:\nline 2: error: no bad here/);
    assert.doesNotMatch(output, /no two here/);
  });

  it('[R159] the repository of the file is looked at again', async function () {
    const git = vscode.extensions.getExtension<GitExtension>('vscode.git');
    if (git === undefined) {
      this.skip();
    }
    const run = (...args: readonly string[]): void =>
      void execFileSync(
        'git',
        ['-c', 'user.name=t', '-c', 'user.email=t@example.invalid', ...args],
        {
          cwd: folder,
        },
      );
    run('init', '-q');
    run('add', '.');
    run('commit', '-q', '-m', 'start');
    await setGlobal('git.autorefresh', false); // only somebody who asks makes it look
    const api = (await git.activate()).getAPI(1);
    const repository = await api.openRepository(vscode.Uri.file(folder));
    assert.ok(repository);
    assert.equal(repository.state.workingTreeChanges.length, 0);
    outputOf(await approve('three', 'THREE'));
    const seen = (): readonly string[] =>
      repository.state.workingTreeChanges.map(({ uri }) => uri.fsPath);
    await until(() => seen().length === 1, 'git has seen the change');
    assert.deepEqual(seen(), [file]);
    await setGlobal('git.autorefresh', undefined);
  });
});
