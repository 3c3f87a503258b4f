import type * as vscode from 'vscode';
import type { PatchbayApi } from './api';
import type { Composition } from './composition';
import { openFrontDoor } from './host/frontDoor';

let composition: Promise<Composition> | undefined;

/** Opens the front door; the application behind it is built by the first call (see composition.ts). */
export function activate(context: vscode.ExtensionContext): PatchbayApi {
  const load = (): Promise<Composition> => {
    composition ??= import('./composition').then(({ compose }) => compose(context));
    return composition;
  };
  context.subscriptions.push(openFrontDoor(load));
  return {
    registerBridge: async (bridge) => (await load()).api.registerBridge(bridge),
    registerTool: async (tool) => (await load()).api.registerTool(tool),
    registerPostWriteHook: async (hook) => (await load()).api.registerPostWriteHook(hook),
  };
}

/** Ends turns, children and open questions, and writes what is not yet on disk; within the editor's deadline. */
export async function deactivate(): Promise<void> {
  const ending = composition;
  composition = undefined;
  await (await ending)?.dispose();
}
