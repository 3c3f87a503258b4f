import * as vscode from 'vscode';
import type { ChatView } from '../host/chatView';
import { PromptNotifications } from '../host/notifications';
import { SessionNotifications } from '../host/sessionNotifications';
import { StatusBar } from '../host/statusBar';
import type { Parts } from './parts';

/** What asks for the user's attention outside the chat: the status bar and notifications. */
export function attendToUser(parts: Parts, view: ChatView): void {
  const { store } = parts.ground;
  const { edits, permissions } = parts.gate;
  const { nameOf, setup } = parts.runtimes;
  const { sessions } = parts.conversations;
  const statusBar = store.add(new StatusBar());
  const showStatus = (): void => {
    const open = edits.listOpen();
    const model = setup.find(sessions.current.modelId);
    statusBar.show({
      runtimeName: model === undefined ? 'Patchbay' : nameOf(model),
      modelName: model?.name ?? '',
      mode: sessions.current.mode,
      isBusy: sessions.current.isBusy,
      promptCount: permissions.list().length,
      pendingHunks: open.reduce(
        (sum, edit) =>
          sum + edit.hunks.filter(({ decision }) => decision.kind === 'pending').length,
        0,
      ),
      pendingFiles: new Set(open.map((edit) => edit.path)).size,
    });
  };
  for (const event of [
    permissions.onDidChange,
    edits.onDidChange,
    setup.onDidChange,
    sessions.onDidSwitch,
  ]) {
    store.add(event(showStatus));
  }
  let shownStatus = '';
  store.add(
    sessions.onDidChange(({ snapshot }) => {
      const { isBusy } = sessions.current;
      const key = `${snapshot.modelId} ${snapshot.mode} ${isBusy}`;
      if (key !== shownStatus) {
        shownStatus = key;
        showStatus();
        void vscode.commands.executeCommand('setContext', 'patchbay.busy', isBusy);
      }
    }),
  );
  showStatus();
  const showSession = async (sessionId: string): Promise<void> => {
    await sessions.open(sessionId);
    await view.show();
  };
  store.add(
    new PromptNotifications({
      questions: () => permissions.list(),
      onDidChangeQuestions: permissions.onDidChange,
      isViewVisible: () => view.isVisible,
      onDidChangeVisibility: view.onDidChangeVisibility,
      answer: (id, digest, answer) => permissions.answer(id, digest, answer),
      showChat: ({ sessionId }) => void showSession(sessionId),
    }),
  );
  store.add(
    new SessionNotifications({
      onDidSignal: sessions.onDidSignal,
      // While the chat is hidden, questions have notifications of their own, with their answers.
      waiting: () =>
        [...(view.isVisible ? permissions.list() : []), ...edits.listOpen()].map(
          ({ sessionId }) => sessionId,
        ),
      onDidChangeWaiting: [permissions.onDidChange, edits.onDidChange, sessions.onDidSwitch],
      isSeen: (sessionId) => sessionId === sessions.current.id && view.isVisible,
      titleOf: (sessionId) => sessions.find(sessionId)?.live().title ?? '',
      open: showSession,
    }),
  );
}
