import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import { commandIds, type CommandId } from './commandIds';

/** What comes in depends on the caller (menu, lens, key, palette): every handler checks it. */
export type CommandHandler = (...args: readonly unknown[]) => void | Promise<void>;

/** One handler for each command of the manifest: a missing one does not compile. */
export type CommandTable = { readonly [Id in CommandId]: CommandHandler };

/** Registers every command. A failing one is shown with a way to the log; it never throws into the editor. */
export function registerCommands(
  table: CommandTable,
  log: Logger,
  showLog: () => void,
): Disposable {
  const store = new DisposableStore();
  for (const id of commandIds) {
    store.add(
      vscode.commands.registerCommand(id, async (...args: readonly unknown[]) => {
        try {
          await table[id](...args);
        } catch (error) {
          log.error(`${id} failed: ${errorMessage(error)}`);
          void offerLog(errorMessage(error), showLog);
        }
      }),
    );
  }
  return store;
}

async function offerLog(message: string, showLog: () => void): Promise<void> {
  const choice = await vscode.window.showErrorMessage(`Patchbay: ${message}`, 'Show log');
  if (choice === 'Show log') {
    showLog();
  }
}
