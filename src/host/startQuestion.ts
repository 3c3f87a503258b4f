import * as vscode from 'vscode';

/** A question that must be answered before something is done. */
export interface FirstQuestion {
  readonly message: string;
  readonly detail: string;
}

/** Anything but a clear yes is a no. */
export async function askToStart(question: FirstQuestion): Promise<boolean> {
  return await askFirst({ ...question, yes: 'Start', no: 'Do Not Start' });
}

/** The same with other words on the buttons. */
export async function askFirst(
  question: FirstQuestion & { readonly yes: string; readonly no: string },
): Promise<boolean> {
  const { message, detail } = question;
  const yes: vscode.MessageItem = { title: question.yes };
  // First, because the editor gives the focus to the first button: Enter alone does nothing.
  const no: vscode.MessageItem = { title: question.no, isCloseAffordance: true };
  const picked = await vscode.window.showWarningMessage(message, { modal: true, detail }, no, yes);
  return picked === yes;
}
