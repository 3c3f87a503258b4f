import * as vscode from 'vscode';

const messageMs = 5000;

/** A short answer in the status bar to something the user has just done. */
export function say(text: string): void {
  vscode.window.setStatusBarMessage(text, messageMs);
}

/** Asks for words to a denial. Undefined: the user went back, nothing is decided; '' without words. */
export async function askReason(title: string, asker: string): Promise<string | undefined> {
  const words = await vscode.window.showInputBox({
    title,
    prompt: `Tell ${asker} what to do instead (optional). Escape goes back without deciding.`,
    placeHolder: 'Why not, or what instead',
  });
  return words?.trim();
}
