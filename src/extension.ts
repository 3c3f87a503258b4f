import type * as vscode from 'vscode';
import type { PatchbayApi } from './api';
import type { Application } from './composition';

let application: Promise<Application> | undefined;

/** Builds the application. Everything lies behind one dynamic import, so that the entry itself stays small. */
export async function activate(context: vscode.ExtensionContext): Promise<PatchbayApi> {
  application = import('./composition').then(({ compose }) => compose(context));
  return (await application).api;
}

/** Ends turns, children and open questions, and writes what is not yet on disk; within the editor's deadline. */
export async function deactivate(): Promise<void> {
  const ending = application;
  application = undefined;
  await (await ending)?.dispose();
}
