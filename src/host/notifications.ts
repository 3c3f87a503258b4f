import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Event } from '../base/emitter';
import type { PermissionQuestion, QuestionAnswer } from '../gate/contract';
import { promptMessage } from './promptMessage';

export interface PromptNotificationsOptions {
  readonly questions: () => readonly PermissionQuestion[];
  readonly onDidChangeQuestions: Event<unknown>;
  readonly isViewVisible: () => boolean;
  readonly onDidChangeVisibility: Event<unknown>;
  /** False when the question is answered or withdrawn already. */
  readonly answer: (id: string, digest: string, answer: QuestionAnswer) => boolean;
  /** Shows the conversation that the question is of. */
  readonly showChat: (question: PermissionQuestion) => void;
}

/**
 * Questions as notifications while the chat is hidden: the same question, the first answer wins. The editor has no way
 * to take a notification back, so one that is answered elsewhere stays until it is closed, and then decides nothing.
 */
export class PromptNotifications implements Disposable {
  private readonly store = new DisposableStore();
  private readonly shown = new Set<string>();

  constructor(private readonly options: PromptNotificationsOptions) {
    this.store.add(options.onDidChangeQuestions(() => this.follow()));
    this.store.add(options.onDidChangeVisibility(() => this.follow()));
    this.follow();
  }

  dispose(): void {
    this.store.dispose();
  }

  private follow(): void {
    const questions = this.options.questions();
    const open = new Set(questions.map(({ id }) => id));
    for (const id of this.shown) {
      if (!open.has(id)) {
        this.shown.delete(id);
      }
    }
    if (this.options.isViewVisible()) {
      return;
    }
    for (const question of questions) {
      if (!this.shown.has(question.id)) {
        this.shown.add(question.id);
        void this.show(question);
      }
    }
  }

  private async show(question: PermissionQuestion): Promise<void> {
    const { text, canAllow } = promptMessage(question);
    const choices = [...(canAllow ? ['Allow once'] : []), 'Deny', 'Show'];
    const choice = await vscode.window.showWarningMessage(text, ...choices);
    if (choice === 'Show') {
      this.options.showChat(question);
    } else if (choice !== undefined) {
      // Closing the notification is no answer: the question stays open in the chat.
      this.answer(question, choice === 'Allow once' ? { kind: 'allowOnce' } : { kind: 'deny' });
    }
  }

  private answer(question: PermissionQuestion, answer: QuestionAnswer): void {
    if (!this.options.answer(question.id, question.digest, answer)) {
      void vscode.window.setStatusBarMessage(
        'Patchbay: that question was answered or withdrawn already.',
        5000,
      );
    }
  }
}
