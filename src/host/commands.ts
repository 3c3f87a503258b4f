import * as vscode from 'vscode';
import type { Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import type { CommandId } from './commandIds';

/** What comes in depends on the caller (menu, lens, key, palette): every handler checks it. */
export type CommandHandler = (...args: readonly unknown[]) => void | Promise<void>;

/** One handler for each command of the manifest: a missing one does not compile. */
export type CommandTable = { readonly [Id in CommandId]: CommandHandler };

/** Makes the runner of every command. A failing one is shown with a way to the log; it never throws into the editor. */
export function createCommandRun(
  table: CommandTable,
  log: Logger,
  showLog: () => void,
): (id: CommandId, args: readonly unknown[]) => Promise<void> {
  return async (id, args) => {
    try {
      await table[id](...args);
    } catch (error) {
      log.error(`${id} failed: ${errorMessage(error)}`);
      void offerLog(errorMessage(error), showLog);
    }
  };
}

async function offerLog(message: string, showLog: () => void): Promise<void> {
  const choice = await vscode.window.showErrorMessage(`Patchbay: ${message}`, 'Show log');
  if (choice === 'Show log') {
    showLog();
  }
}
