import * as vscode from 'vscode';

const start: vscode.MessageItem = { title: 'Start' };
/** First, because the editor gives the focus to the first button: Enter alone starts nothing. */
const stay: vscode.MessageItem = { title: 'Do Not Start', isCloseAffordance: true };

/** A question that must be answered before something is started; anything but a clear yes is a no. */
export async function askToStart(question: {
  readonly message: string;
  readonly detail: string;
}): Promise<boolean> {
  const { message, detail } = question;
  const picked = await vscode.window.showWarningMessage(
    message,
    { modal: true, detail },
    stay,
    start,
  );
  return picked === start;
}
