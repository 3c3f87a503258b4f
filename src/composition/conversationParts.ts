import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { createAgentConsent } from '../host/agentConsent';
import { imageProblem } from '../host/sessionParts';
import { askToStart } from '../host/startQuestion';
import { ShownSession } from '../host/stateStore';
import { createTurnGuard } from '../host/turnGuard';
import { createLedgerFiles } from '../node/ledgerFiles';
import { realFolder } from '../node/realFolder';
import { SessionFiles } from '../node/sessionFiles';
import { errorMessage, PatchbayError } from '../base/patchbayError';
import { ShownFile } from '../node/shownFile';
import { sharedStorage } from '../node/windowStorage';
import type { ModelRef } from '../runtime/contract';
import { CostLedger, ledgerCodec } from '../session/costLedger';
import type { ContextServices } from '../session/sessionContext';
import { SessionManager } from '../session/sessionManager';
import { createSessionStore } from '../session/sessionStore';
import { isPluginToolName } from '../tools/plugins/pluginNames';
import { buildSystemPrompt, formatInstructions, readInstructions } from '../tools/systemPrompt';
import { messagesInUse } from '../transcript/compactionView';
import { TokenFactors } from '../transcript/tokenFactors';
import { createWindow } from '../transcript/window';
import type { GateParts } from './gateParts';
import type { Ground } from './ground';
import type { RuntimeParts } from './runtimeParts';
import type { ToolParts } from './toolParts';
import type { WorkspaceParts } from './workspaceParts';

/** The conversations, what is kept of them, and what they cost. */
export interface ConversationParts {
  readonly sessionFiles: SessionFiles;
  readonly window: ReturnType<typeof createWindow>;
  readonly ledger: CostLedger;
  /** Whether this runtime can be asked to summarise. */
  readonly takesCompact: (model: ModelRef) => boolean;
  readonly sessionCwd: (model: ModelRef) => string | undefined;
  readonly sessions: SessionManager;
  /** The conversation of the window before is shown again, or is not. */
  readonly restored: Promise<boolean>;
}

export interface ConversationPartsOptions {
  readonly ground: Ground;
  readonly workspace: WorkspaceParts;
  readonly gate: GateParts;
  readonly tools: ToolParts;
  readonly runtimes: RuntimeParts;
  /** The tools of servers, as far as a turn needs them; problems to be told. */
  readonly prepareServers: (signal: AbortSignal) => Promise<readonly string[]>;
}

const tokenFactorsKey = 'tokenFactors';

export function createConversationParts(options: ConversationPartsOptions): ConversationParts {
  const { ground, workspace, gate, tools, runtimes, prepareServers } = options;
  const { context, clock, isTrusted, learnSecret, log, settings } = ground;
  const { shownSecrets, storageFolder, store, userState, warn } = ground;
  const { files, labelFor, probe } = workspace;
  const { edits, permissions, repositoryRules } = gate;
  const { changes, detached, orchestrator, outputs } = tools;
  const { bridgeOf, broker, nameOf, setup, vault } = runtimes;
  // Each session has a lock: the windows of a workspace see the same ones.
  const sharedFolder = sharedStorage(storageFolder);
  const sessionFolder = join(sharedFolder, 'sessions');
  const sessionFiles = store.add(new SessionFiles(sessionFolder, { clock }));
  const window = createWindow();
  const ledger = new CostLedger({
    store: createLedgerFiles({
      folder: join(context.globalStorageUri.fsPath, 'ledger'),
      host: randomBytes(6).toString('hex'),
      codec: ledgerCodec,
      nowMs: () => clock.nowMs(),
    }),
    onFirstFailure: (message) => {
      log.error(message);
      warn(message);
    },
  });
  const factors = new TokenFactors(context.globalState.get(tokenFactorsKey));
  const contextServices: ContextServices = {
    factors,
    onDidLearn: () => void userState.set(tokenFactorsKey, factors.toJSON()),
    ledger,
    partRules: {
      isMcpTool: isPluginToolName,
      isFileReader: (toolName) => toolName === 'read_file',
    },
    nowMs: () => clock.nowMs(),
  };
  const takesCompact = (model: ModelRef): boolean => {
    const compaction = bridgeOf(model)?.compaction;
    return (
      compaction === 'always' ||
      (compaction === 'listed' && setup.hasAgentCommand(model.runtime?.adapter, 'compact'))
    );
  };
  const sessionCwd = (model: ModelRef): string | undefined => {
    const folder = files.roots().folders[0]?.path;
    return folder === undefined || model.runtime === undefined ? folder : realFolder(folder);
  };
  const sessions: SessionManager = store.add(
    new SessionManager({
      store: createSessionStore({
        storage: sessionFiles,
        clock,
        ...shownSecrets,
        logger: log,
        onDidFail: warn,
        onNotice: (_sessionId, text) => warn(text),
        claimPatienceMs: 6000,
      }),
      defaults: () => ({ modelId: setup.defaultModelId(), mode: settings.values.permissionMode }),
      forget: (sessionId) => detached.forgetSession(sessionId),
      session: {
        exchange: (model, turn, options) => broker.exchange(model, turn, options),
        orchestrator,
        steer: (sessionId, text) => broker.steer(sessionId, text),
        queueDelivery: () => settings.values.queueDelivery,
        imageProblem: (model) => imageProblem(setup.untaken(model)),
        watchChanges: async ({ model, sessionId, turnId, asker, signal }) => {
          // Also one that asks for everything: its commands change files, too.
          return model.runtime === undefined
            ? undefined
            : changes.follower.beginTurn({ sessionId, turnId, asker, signal });
        },
        findModel: (modelId) => setup.find(modelId),
        guard: createTurnGuard({
          setup,
          vault,
          isTrusted,
          hasFolder: () => files.roots().folders.length > 0,
          agentConsent: createAgentConsent({
            state: userState,
            minimum: () => settings.values.minimumGateCoverage,
            bridgeOf,
            findingOf: (adapter) => setup.agent(adapter),
            ask: askToStart,
            notify: (text) => void vscode.window.showInformationMessage(`Patchbay: ${text}`),
          }),
        }),
        // Only a turn that works with our tools needs them.
        prepare: async (model, signal) =>
          model.api === 'playground' ||
          (model.runtime !== undefined && model.toolSource !== 'patchbay')
            ? []
            : prepareServers(signal),
        keyFor: async (model) => {
          const provider = setup.keyProviderOf(model);
          const found = provider === undefined ? undefined : await vault.find(provider.id);
          if (found !== undefined) {
            learnSecret(found.key);
          }
          return found?.key;
        },
        systemPrompt: async (model, mode) => {
          // A change of the rules that no watcher told of counts from the next turn at the latest.
          await repositoryRules.readAll();
          const instructions =
            model.api === 'playground' ? [] : await readInstructions(files, probe);
          const own = settings.values.customInstructions;
          const text =
            model.runtime === undefined
              ? buildSystemPrompt({
                  roots: files.roots(),
                  mode,
                  tools: orchestrator.permittedTools(mode),
                  nowMs: clock.nowMs(),
                  instructions,
                })
              : formatInstructions(instructions);
          return {
            text: [text, own].filter((part) => part !== '').join('\n\n'),
            files: instructions.map((file) => file.label),
            instructions: formatInstructions(instructions),
          };
        },
        // Agents see real paths, and compare them; a folder behind a link would be another one to them.
        cwd: (model) => sessionCwd(model),
        turnOptions: (model) => ({
          extraFolders: files
            .roots()
            .folders.slice(1)
            .map(({ path }) => path),
          onAgentInfo: (info) => {
            if (model.runtime !== undefined) {
              setup.noteAgentInfo(model.runtime.adapter, model.id, info);
            }
          },
          startTimeoutMs: settings.values.startTimeoutMs,
          ...(settings.values.idleTimeoutMs === undefined
            ? {}
            : { idleTimeoutMs: settings.values.idleTimeoutMs }),
          ...(settings.values.reasoning === undefined
            ? {}
            : { reasoning: settings.values.reasoning }),
        }),
        window: (messages) => window(messagesInUse(messages)).messages,
        context: contextServices,
        takesCompact,
        runtimeName: nameOf,
        relativize: labelFor,
        secrets: shownSecrets,
        nowMs: () => clock.nowMs(),
        withdraw: (sessionId) => {
          permissions.withdrawSession(sessionId);
          edits.detachSession(sessionId);
          void changes.follower.endTurn(sessionId);
        },
        takeNotes: (sessionId) => detached.takeNotes(sessionId),
        whenNoted: (sessionId, signal) => detached.whenNoted(sessionId, signal),
      },
    }),
  );
  const shown = new ShownSession(new ShownFile(sharedFolder), (error) =>
    log.warn(`Which session is shown next was not kept: ${errorMessage(error)}`),
  );
  const restored = shown
    .last()
    .then((last) => (last === undefined ? false : sessions.restore(last)));
  restored.catch((error: unknown) => {
    log.warn(`The last session could not be read: ${String(error)}`);
    if (PatchbayError.is(error, 'newer_session')) {
      warn(error.message);
    }
  });
  store.add(
    sessions.onDidRemove((sessionId) => {
      changes.forgetSession(sessionId);
      orchestrator.endSession(sessionId);
      broker
        .closeSession(sessionId)
        .catch((error: unknown) => log.warn(`An agent did not end: ${String(error)}`));
      outputs
        .removeSession(sessionId)
        .catch((error: unknown) => log.warn(`outputs of ${sessionId}: ${String(error)}`));
    }),
  );
  store.add(sessions.onDidSwitch((session) => shown.note(session.id)));
  store.add(sessions.onDidChange(({ snapshot }) => shown.noteChange(snapshot.id)));
  store.add(
    sessions.onDidSignal(({ session, signal }) => {
      if (signal.kind === 'prompt' && session === sessions.current) {
        shown.note(session.id);
      }
    }),
  );
  return { sessionFiles, window, ledger, takesCompact, sessionCwd, sessions, restored };
}
