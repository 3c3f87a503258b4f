import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { CommandId } from './commandIds';
import { runtimeText, waitingText, type StatusBarState } from './statusText';

const openChat: CommandId = 'patchbay.openChat';
const answerPrompt: CommandId = 'patchbay.answerPrompt';

/** Two items: who works in which mode, and, only while something waits, what waits for the user. */
export class StatusBar implements Disposable {
  private readonly store = new DisposableStore();
  private readonly runtime = this.store.add(
    vscode.window.createStatusBarItem('patchbay.runtime', vscode.StatusBarAlignment.Left, 10),
  );
  private readonly waiting = this.store.add(
    vscode.window.createStatusBarItem('patchbay.waiting', vscode.StatusBarAlignment.Left, 9),
  );

  constructor() {
    this.runtime.name = 'Patchbay';
    this.runtime.command = openChat;
    this.waiting.name = 'Patchbay: waiting for you';
    this.waiting.command = answerPrompt;
    this.waiting.backgroundColor = new vscode.ThemeColor('statusBarItem.warningBackground');
  }

  show(state: StatusBarState): void {
    const runtime = runtimeText(state);
    this.runtime.text = runtime.text;
    this.runtime.tooltip = `${runtime.spoken}\nClick to open the chat`;
    this.runtime.accessibilityInformation = { label: runtime.spoken, role: 'button' };
    this.runtime.show();
    const waiting = waitingText(state);
    if (waiting === undefined) {
      this.waiting.hide();
      return;
    }
    this.waiting.text = waiting.text;
    this.waiting.tooltip = `${waiting.spoken}\nClick to answer`;
    this.waiting.accessibilityInformation = { label: waiting.spoken, role: 'alert' };
    this.waiting.show();
  }

  dispose(): void {
    this.store.dispose();
  }
}
