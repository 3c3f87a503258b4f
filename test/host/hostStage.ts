import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { systemClock } from '../../src/base/clock';
import { DisposableStore } from '../../src/base/disposable';
import { silentLogger } from '../../src/base/logger';
import { computeHunks } from '../../src/edits/hunks';
import { ReviewController } from '../../src/host/review/reviewController';
import { EditorWorkspaceFiles } from '../../src/host/workspaceFiles';
import { diskPathProbe } from '../../src/node/pathProbe';
import { PendingEdits } from '../../src/session/pendingEdits';
import type { PendingEdit } from '../../src/session/contract';
import type { WorkspaceSearch } from '../../src/tools/contract';
import type { OrchestratorServices } from '../../src/tools/services';
import { createBench } from '../fakes/orchestratorBench';

/** The real gate, pending set, review and writer over the files and buffers of the real editor. */
export function createHostStage(
  services: Partial<OrchestratorServices> = {},
  search?: WorkspaceSearch,
) {
  const store = new DisposableStore();
  const files = store.add(
    new EditorWorkspaceFiles({ home: '/home/nobody', platform: 'posix', hunks: computeHunks }),
  );
  const edits = store.add(
    new PendingEdits({ clock: systemClock, labelFor: (name) => path.basename(name) }),
  );
  const review = store.add(
    new ReviewController({
      edits,
      files,
      clock: systemClock,
      log: silentLogger,
      opensByItself: () => false,
      sessionTitle: () => undefined,
      ready: Promise.resolve(),
    }),
  );
  const bench = createBench({
    services: { files, reviewer: edits, probe: diskPathProbe, ...services },
    ...(search === undefined ? {} : { search }),
  });
  /** The edits that wait, as soon as there are so many. */
  const waiting = async (count: number): Promise<readonly PendingEdit[]> => {
    await until(() => edits.listOpen().length === count, `${count} edits wait`);
    return edits.listOpen();
  };
  return { ...bench, files, edits, review, waiting, dispose: () => store.dispose() };
}

export type HostStage = ReturnType<typeof createHostStage>;

export async function until(check: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !check(); waited += 10) {
    assert.ok(waited < 8000, `never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function workspaceFolder(): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  assert.ok(folder);
  return folder;
}

/** All that a denied edit must leave as it was; `buffer` is undefined where no document is open. */
export function stateOf(file: string) {
  const { ino, mtimeMs, size, mode } = statSync(file);
  const document = vscode.workspace.textDocuments.find(({ uri }) => uri.fsPath === file);
  return {
    sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
    ino,
    mtimeMs,
    size,
    mode,
    buffer:
      document === undefined
        ? undefined
        : {
            text: document.getText(),
            isDirty: document.isDirty,
            eol: document.eol,
            version: document.version,
            encoding: document.encoding,
          },
  };
}

export async function openFile(file: string): Promise<vscode.TextEditor> {
  return await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(file));
}

/** As a person types: by the keyboard's own command, at the end of a line. */
export async function typeAt(editor: vscode.TextEditor, line: number, text: string): Promise<void> {
  const { end } = editor.document.lineAt(line).range;
  editor.selection = new vscode.Selection(end, end);
  await vscode.commands.executeCommand('cursorEnd'); // moving the cursor ends an undo step, as with the keyboard
  const { version } = editor.document;
  await vscode.commands.executeCommand('type', { text });
  await until(() => editor.document.version > version, 'the typed text is there');
}

export async function undoOnce(editor: vscode.TextEditor): Promise<void> {
  await vscode.window.showTextDocument(editor.document, { viewColumn: editor.viewColumn });
  await vscode.commands.executeCommand('undo');
}

export async function closeEditors(): Promise<void> {
  while (vscode.window.tabGroups.all.some(({ tabs }) => tabs.length > 0)) {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  }
}

export async function setGlobal(section: string, value: unknown): Promise<void> {
  await vscode.workspace
    .getConfiguration()
    .update(section, value, vscode.ConfigurationTarget.Global);
}
