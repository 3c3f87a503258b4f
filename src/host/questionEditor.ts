import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { isString } from '../base/guard';
import type { PermissionQuestion, QuestionAnswer } from '../gate/contract';
import type { PendingPermissions } from '../gate/pendingPermissions';
import type { CommandId } from './commandIds';
import { questionText } from './questionText';

const scheme = 'patchbay-question';
const askingContext = 'patchbay.asking';

/**
 * Open questions in the editor: each as a read-only document with the answers as lenses above it, for what is too long
 * for a card. The same question as everywhere; when it is answered or withdrawn its tab closes.
 */
export class QuestionEditor
  implements vscode.TextDocumentContentProvider, vscode.CodeLensProvider, Disposable
{
  private readonly store = new DisposableStore();
  private readonly didChangeLenses = this.store.add(new vscode.EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.didChangeLenses.event;

  constructor(private readonly permissions: PendingPermissions) {
    this.store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
    this.store.add(vscode.languages.registerCodeLensProvider({ scheme }, this));
    this.store.add(permissions.onDidChange((questions) => this.follow(questions)));
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const question = this.find(uri.query);
    return question === undefined
      ? 'This question was answered or withdrawn.\n'
      : questionText(question);
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const question = this.find(document.uri.query);
    if (question === undefined || question.questions !== undefined) {
      return [];
    }
    const top = new vscode.Range(0, 0, 0, 0);
    const lens = (title: string, command: CommandId): vscode.CodeLens =>
      new vscode.CodeLens(top, { title, command, arguments: [question.id] });
    return [
      lens('$(check) Allow Once', 'patchbay.allowQuestion'),
      ...(question.offers === undefined
        ? []
        : [lens('Allow for This Session', 'patchbay.allowQuestionForSession')]),
      lens('$(close) Deny', 'patchbay.denyQuestion'),
      lens('Deny, Say Why', 'patchbay.denyQuestionWithReason'),
    ];
  }

  /** Shows the question of this id, else the oldest one. False when nothing is asked. */
  async show(questionId: unknown): Promise<boolean> {
    const question =
      (isString(questionId) ? this.find(questionId) : undefined) ?? this.permissions.list()[0];
    if (question === undefined) {
      return false;
    }
    const document = await vscode.workspace.openTextDocument(toUri(question));
    await vscode.window.showTextDocument(document, { preview: true });
    return true;
  }

  /** Answers the question of a lens, or the one whose document has the focus: only what is in view can be answered. */
  answer(questionId: unknown, answer: (question: PermissionQuestion) => QuestionAnswer): void {
    const shown = vscode.window.activeTextEditor?.document.uri;
    const id = isString(questionId)
      ? questionId
      : shown?.scheme === scheme
        ? shown.query
        : undefined;
    const question = id === undefined ? undefined : this.find(id);
    if (
      question === undefined ||
      !this.permissions.answer(question.id, question.digest, answer(question))
    ) {
      void vscode.window.showInformationMessage(
        'No question is open here: it was answered or withdrawn already.',
      );
    }
  }

  dispose(): void {
    this.store.dispose();
  }

  private find(id: string): PermissionQuestion | undefined {
    return this.permissions.list().find((question) => question.id === id);
  }

  private follow(questions: readonly PermissionQuestion[]): void {
    void vscode.commands.executeCommand('setContext', askingContext, questions.length > 0);
    this.didChangeLenses.fire();
    const open = new Set(questions.map(({ id }) => id));
    const stale = vscode.window.tabGroups.all
      .flatMap(({ tabs }) => tabs)
      .filter(
        ({ input }) =>
          input instanceof vscode.TabInputText &&
          input.uri.scheme === scheme &&
          !open.has(input.uri.query),
      );
    if (stale.length > 0) {
      void vscode.window.tabGroups.close(stale);
    }
  }
}

function toUri({ id }: PermissionQuestion): vscode.Uri {
  return vscode.Uri.from({ scheme, path: '/Patchbay question', query: id });
}
