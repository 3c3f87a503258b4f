import { join } from 'node:path';
import * as vscode from 'vscode';
import { stripEscapes } from '../base/escapeSequences';
import { addEndpoint } from '../host/addEndpoint';
import { ChangesView } from '../host/changes/changesView';
import { TurnRestore } from '../host/changes/turnRestore';
import { ChatView } from '../host/chatView';
import { DraftPictures } from '../host/draftPictures';
import { createEndpointConsent } from '../host/endpointConsent';
import { probeEndpoint } from '../host/endpoints';
import { FileMentions } from '../host/fileMentions';
import { createPanelActions } from '../host/panelActions';
import { PanelController } from '../host/panelController';
import { ReviewController } from '../host/review/reviewController';
import { exportToFile } from '../host/sessionExport';
import { createHandoverLine, renderSession, sessionMatches } from '../host/sessionParts';
import { askFirst } from '../host/startQuestion';
import { StoredDraft } from '../host/stateStore';
import { signInWithTerminal } from '../host/terminalLogin';
import { DraftFiles } from '../node/draftFiles';
import type { AgentEntry } from '../runtime/agentCatalog';
import { budgetForWindow } from '../transcript/window';
import type { Parts } from './parts';

/** The chat, the review in the editor, and the ways from one to the other. */
export interface PanelParts {
  readonly review: ReviewController;
  readonly changesView: ChangesView;
  readonly turnRestore: TurnRestore;
  readonly exportSession: (sessionId: string) => Promise<void>;
  readonly view: ChatView;
}

export function createPanelParts(parts: Parts): PanelParts {
  const { context, clock, home, log, redact, settings, state } = parts.ground;
  const { storageFolder, store } = parts.ground;
  const { files, labelFor, search } = parts.workspace;
  const { audit, edits, permissions } = parts.gate;
  const { areEditsRestored, changes } = parts.tools;
  const { bridgeOf, keys, nameOf, setup, vault } = parts.runtimes;
  const { sessionCwd, sessionFiles, sessions, takesCompact, window } = parts.conversations;
  const review = store.add(
    new ReviewController({
      edits,
      files,
      clock,
      log,
      changes: changes.unreviewed,
      opensByItself: () => settings.values.openReviewAutomatically,
      sessionTitle: (sessionId) => sessions.find(sessionId)?.live().title,
      ready: areEditsRestored,
    }),
  );
  const changesView = store.add(new ChangesView(changes.unreviewed, log));
  void changes.unreviewed.restore();
  const turnRestore = new TurnRestore({
    checkpoints: changes.checkpoints,
    sessions,
    audit,
    clock,
    labelFor,
    accept: (path) => changes.acceptFromDisk(path),
    insertPrompt: (text) => view.request('composer/insert', { text }),
  });
  const exportSession = (sessionId: string): Promise<void> =>
    exportToFile(
      {
        render: (id, format) =>
          renderSession(sessionFiles, id, format, { redact, plain: stripEscapes }),
        titleOf: async (id) =>
          sessions.find(id)?.live().title ??
          (await sessions.list()).find((summary) => summary.id === id)?.title ??
          '',
      },
      sessionId,
    );
  /** Asked at every change of the status: the answer of a conversation that has not changed is the same. */
  const handoverLine = createHandoverLine({
    resumes: (sessionId) => sessions.resumeStore(sessionId),
    cwd: (model) => sessionCwd(model),
    window: (messages, model) => window(messages, budgetForWindow(model.contextWindowTokens)),
    runtimeName: nameOf,
  });
  const agentOf = (adapter: string | undefined): AgentEntry | undefined =>
    setup.directory.find(adapter ?? setup.find(sessions.current.modelId)?.runtime?.adapter ?? '');
  const mentions = new FileMentions({
    folders: () => {
      const { folders } = files.roots();
      return folders.map(({ path, name }) => (folders.length === 1 ? { path } : { path, name }));
    },
    listFiles: (options) => search.findFiles(options),
    clock,
  });
  const endpoints = createEndpointConsent({
    ask: askFirst,
    present: () => settings.values.endpoints,
    probe: (params, signal) =>
      probeEndpoint({ ...params, fetch: (...args) => fetch(...args), clock, signal }),
    add: async (params) => {
      const result = await addEndpoint(params, { settings, vault });
      await setup.refreshKeys();
      return result;
    },
  });
  const panel: PanelController = store.add(
    new PanelController({
      sessions,
      questions: permissions,
      edits,
      beforeDecision: () => review.takeTyping(),
      changes: changes.unreviewed,
      setup,
      log,
      findModel: (modelId) => setup.find(modelId),
      runtimeName: nameOf,
      redactShown: redact,
      bridgeOf,
      choices: {
        effort: () => settings.values.reasoning,
        chooseEffort: (effort) => settings.saveEffort(effort),
        untaken: (model) => {
          const { extraFolders, ...others } = setup.untaken(model);
          const isAsked = extraFolders !== undefined && files.roots().folders.length > 1;
          return isAsked ? { ...others, extraFolders } : others;
        },
      },
      takesCompact,
      search: ({ query }, signal) => sessionMatches(sessionFiles, query, signal),
      handover: (session, model) => handoverLine(session, model),
      actions: createPanelActions({
        log,
        insertPrompt: (text) => view.request('composer/insert', { text }),
        exportSession,
        openReview: (editId, hunkId) => void review.openReview(editId, hunkId),
        openChange: (changeId, hunkId) => void changesView.open(changeId, hunkId),
        undoChanges: (selection) => void changesView.undo(selection),
        restoreTurn: (turnId) => void turnRestore.choose(turnId),
        setKey: (target) =>
          keys.setKey(target ?? setup.catalog.keyProviderOf(sessions.current.modelId)),
        signIn: async (target) => {
          const agent = agentOf(target);
          const binary = agent === undefined ? undefined : setup.agent(agent.adapter)?.path;
          if (agent === undefined || binary === undefined) {
            throw new Error(
              'The agent was not found. Install it or set its path in the settings first.',
            );
          }
          if (agent.loginCommand === undefined) {
            throw new Error(
              `${agent.displayName} has no command to sign in. Sign in with the agent itself.`,
            );
          }
          const args = agent.loginCommand.split(' ').slice(1);
          await signInWithTerminal({ agentName: agent.displayName, binary, args, home });
          await setup.refresh();
        },
        install: async (target) => {
          const agent = agentOf(target);
          if (agent?.installUrl !== undefined) {
            await vscode.env.openExternal(vscode.Uri.parse(agent.installUrl, true));
          }
        },
        openSettings: async () => {
          await vscode.commands.executeCommand(
            'workbench.action.openSettings',
            `@ext:${context.extension.id}`,
          );
        },
        findFiles: (query) => mentions.find(query),
        probeEndpoint: endpoints['endpoint/probe'],
        addEndpoint: endpoints['endpoint/add'],
      }),
    }),
  );
  const draft = store.add(new StoredDraft(state, clock));
  const view = store.add(
    new ChatView({
      extensionUri: context.extensionUri,
      source: panel,
      draft,
      pictures: new DraftPictures(
        context.storageUri === undefined
          ? undefined
          : new DraftFiles(join(storageFolder, 'draft-pictures')),
        log,
      ),
      clock,
      redact,
      log,
    }),
  );
  return { review, changesView, turnRestore, exportSession, view };
}
