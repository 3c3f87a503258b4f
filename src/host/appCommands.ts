import * as vscode from 'vscode';
import type { PendingPermissions } from '../gate/pendingPermissions';
import { playgroundModelId } from '../runtime/modelCatalog';
import type { SessionManager } from '../session/sessionManager';
import { compactCommand } from '../session/compactionTurn';
import type { AuditView } from './auditView';
import type { ChatView } from './chatView';
import type { ChangeCommandId, CommandId, ReviewCommandId, TreeCommandId } from './commandIds';
import type { CommandHandler } from './commands';
import type { CostView } from './costView';
import type { DoctorView } from './doctorView';
import type { KeyCommands } from './keys';
import type { OutputLog } from './outputLog';
import type { QuestionEditor } from './questionEditor';
import type { RuleCommands } from './ruleCommands';
import { selectionForComposer } from './selection';
import type { SelectionIntent } from './selectionText';
import type { Setup } from './setup';

export interface AppCommandDeps {
  readonly view: ChatView;
  readonly sessions: SessionManager;
  readonly permissions: PendingPermissions;
  readonly setup: Setup;
  readonly keys: KeyCommands;
  readonly mcp: { show(): Promise<void> };
  readonly auditView: AuditView;
  readonly questionEditor: QuestionEditor;
  readonly rules: RuleCommands;
  readonly doctor: DoctorView;
  readonly cost: CostView;
  readonly exportSession: (sessionId: string) => Promise<void>;
  readonly log: OutputLog;
}

const playgroundOpening = 'Show me around.';

/** The commands about the conversation; those that decide on edits are the review's. */
export function createAppCommands(deps: AppCommandDeps): {
  readonly [
    Id in Exclude<CommandId, ReviewCommandId | TreeCommandId | ChangeCommandId>
  ]: CommandHandler;
} {
  const { view, sessions, permissions, setup, keys, mcp, auditView, doctor, cost, log } = deps;
  const { questionEditor, rules } = deps;
  const showAnd = async (what: 'models' | 'endpoint' | 'history'): Promise<void> => {
    await view.show();
    view.request('view/show', { what });
  };
  const withSelection = async (intent: SelectionIntent): Promise<void> => {
    const text = selectionForComposer(intent);
    if (text === undefined) {
      void vscode.window.showInformationMessage('Open a file and select something first.');
      return;
    }
    await view.show();
    if (intent === 'add') {
      view.request('composer/insert', { text });
      return;
    }
    const { accepted, problem } = sessions.submit(text);
    if (!accepted) {
      view.request('composer/insert', { text });
      void vscode.window.showInformationMessage(problem ?? 'The message was not sent.');
    }
  };
  return {
    'patchbay.openChat': async () => {
      await view.show();
      view.request('composer/focus', {});
    },
    'patchbay.newSession': async () => {
      sessions.create();
      await view.show();
      view.request('composer/focus', {});
    },
    'patchbay.renameSession': async () => {
      const { id } = sessions.current;
      const title = await vscode.window.showInputBox({
        title: 'Rename Session',
        value: sessions.current.live().title,
        validateInput: (value) => (value.trim() === '' ? 'A session needs a title.' : undefined),
      });
      if (title !== undefined && !(await sessions.rename(id, title))) {
        throw new Error('The session could not be renamed: another window has it.');
      }
    },
    'patchbay.removeSession': async () => {
      const { id, isEmpty } = sessions.current;
      if (isEmpty) {
        void vscode.window.showInformationMessage('There is nothing in this session to delete.');
        return;
      }
      const { title } = sessions.current.live();
      const remove = 'Delete';
      const choice = await vscode.window.showWarningMessage(
        `Delete the session “${title}” for good?`,
        { modal: true, detail: 'Its conversation and all its branches are deleted from the disk.' },
        remove,
      );
      if (choice === remove) {
        await sessions.remove(id);
      }
    },
    'patchbay.exportSession': () => deps.exportSession(sessions.current.id),
    'patchbay.forkSession': async () => {
      if (!(await sessions.forkWhole())) {
        void vscode.window.showInformationMessage('There is nothing in this session to fork yet.');
      }
      await view.show();
    },
    'patchbay.openHistory': () => showAnd('history'),
    'patchbay.chooseModel': () => showAnd('models'),
    'patchbay.addEndpoint': () => showAnd('endpoint'),
    'patchbay.stop': () => sessions.current.stop(),
    'patchbay.addSelection': () => withSelection('add'),
    'patchbay.explainSelection': () => withSelection('explain'),
    'patchbay.fixSelection': () => withSelection('fix'),
    'patchbay.refresh': () => setup.refresh(),
    'patchbay.setKey': () => keys.setKey(),
    'patchbay.removeKey': () => keys.removeKey(),
    'patchbay.manageMcp': () => mcp.show(),
    'patchbay.startPlayground': async () => {
      const session = sessions.create();
      session.setModel(playgroundModelId);
      await view.show();
      session.submit(playgroundOpening);
    },
    'patchbay.answerPrompt': async () => {
      const [question] = permissions.list();
      if (question !== undefined && question.sessionId !== sessions.current.id) {
        await sessions.open(question.sessionId);
      }
      await view.show();
    },
    'patchbay.openQuestion': async (questionId) => {
      if (!(await questionEditor.show(questionId))) {
        void vscode.window.showInformationMessage('Nothing is asked at the moment.');
      }
    },
    'patchbay.allowQuestion': (questionId) =>
      questionEditor.answer(questionId, () => ({ kind: 'allowOnce' })),
    'patchbay.allowQuestionForSession': (questionId) =>
      questionEditor.answer(questionId, ({ offers: [offer] = [] }) =>
        offer === undefined
          ? { kind: 'allowOnce' }
          : { kind: 'allowAlways', offerId: offer.id, scope: 'session' },
      ),
    'patchbay.denyQuestion': (questionId) =>
      questionEditor.answer(questionId, () => ({ kind: 'deny' })),
    'patchbay.denyQuestionWithReason': async (questionId) => {
      const reason = await vscode.window.showInputBox({
        title: 'Deny, say why',
        prompt: 'Your words go to the agent.',
        ignoreFocusOut: true,
      });
      if (reason !== undefined) {
        questionEditor.answer(questionId, () => ({ kind: 'deny', reason }));
      }
    },
    'patchbay.manageRules': () => rules.manage(),
    'patchbay.tryRule': () => rules.tryNew(),
    'patchbay.showAudit': () => auditView.show(),
    'patchbay.filterAudit': () => auditView.chooseFilter(),
    'patchbay.exportAudit': () => auditView.export(),
    'patchbay.verifyAudit': () => auditView.verify(),
    'patchbay.compact': () => {
      const { accepted, problem } = sessions.submit(compactCommand);
      if (!accepted) {
        void vscode.window.showInformationMessage(problem ?? 'Nothing was summarised.');
      }
    },
    'patchbay.showCost': () => cost.show(),
    'patchbay.showLog': () => log.show(),
    'patchbay.doctor': () => doctor.show(),
    'patchbay.openSettings': async () => {
      await vscode.commands.executeCommand(
        'workbench.action.openSettings',
        '@ext:patchbay.patchbay',
      );
    },
  };
}
