import * as vscode from 'vscode';
import { systemClock, withDeadline } from '../base/clock';
import { isSameButEndings } from './textEdits';

/** The editor hears of a change on disk within a second; where nothing is watched it hears of it when its window is next in front. */
const reloadMs = 3000;

/**
 * A document without unsaved text that is not what the disk has: a program wrote the file, and the editor has not read
 * it anew yet. The disk is what the file is then, and the buffer must not be built upon.
 */
export function isBehindDisk(document: vscode.TextDocument, diskText: string): boolean {
  return !document.isDirty && !isSameButEndings(document.getText(), diskText);
}

/** Waits for the document to change from `version`, be it by reading its file anew; false when it stays as it is. */
export async function waitForReload(
  document: vscode.TextDocument,
  version: number,
): Promise<boolean> {
  let listening: vscode.Disposable | undefined;
  const changed = new Promise<void>((resolve) => {
    listening = vscode.Disposable.from(
      vscode.workspace.onDidChangeTextDocument((event) => {
        if (event.document === document) {
          resolve();
        }
      }),
      vscode.workspace.onDidCloseTextDocument((closed) => {
        if (closed === document) {
          resolve();
        }
      }),
    );
    if (document.isClosed || document.version !== version) {
      resolve();
    }
  });
  try {
    return (await withDeadline(systemClock, changed, reloadMs)).kind === 'value';
  } finally {
    listening?.dispose();
  }
}
