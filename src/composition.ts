import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { delay, systemClock, withDeadline } from './base/clock';
import { DisposableStore, type Disposable } from './base/disposable';
import { stripEscapes } from './base/escapeSequences';
import { isArrayOf, isString, stringField } from './base/guard';
import { createSecretFilter, type SecretFilter } from './base/secretFilter';
import { computeHunks } from './edits/hunks';
import { AuditLog } from './gate/audit';
import { auditChain } from './gate/auditChain';
import { parseAuditFiles } from './gate/auditRecords';
import { verifyAuditFile } from './gate/auditVerify';
import { resolveEffects } from './gate/effect';
import { toPastCalls } from './gate/pastCalls';
import { displayPath } from './gate/paths';
import { PendingPermissions } from './gate/pendingPermissions';
import { RuleBook } from './gate/ruleBook';
import { RunLimits } from './gate/runLimits';
import { createCommandAnalyzer } from './gate/shell/analyzeCommand';
import { unparsed } from './gate/shell/unparsed';
import { fromWorkspaceRules, toWorkspaceRules } from './gate/storedRules';
import { makeVisibleName } from './gate/visible';
import { addEndpoint } from './host/addEndpoint';
import { createAgentConsent } from './host/agentConsent';
import { createAppCommands } from './host/appCommands';
import { AuditView } from './host/auditView';
import { ChatView } from './host/chatView';
import { changeCommands } from './host/changes/changeCommands';
import { ChangesView } from './host/changes/changesView';
import { TurnRestore } from './host/changes/turnRestore';
import { openTextOf, SaveFollower } from './host/changes/saveFollower';
import { createCommandRun } from './host/commands';
import type { Application } from './host/frontDoor';
import { CustomAgents } from './host/customAgents';
import { CostView } from './host/costView';
import { DoctorView } from './host/doctorView';
import { EncodingOffer } from './host/encodingOffer';
import { EditorDiagnostics } from './host/diagnostics';
import { discardChanges } from './host/documentWrite';
import { createEditorModels } from './host/editorModels';
import { probeEndpoint } from './host/endpoints';
import { createKeyCommands } from './host/keys';
import { McpCenter } from './host/mcpCenter';
import { PromptNotifications } from './host/notifications';
import { OutputLog } from './host/outputLog';
import { createPanelActions } from './host/panelActions';
import { FileMentions } from './host/fileMentions';
import { PanelController } from './host/panelController';
import { QuestionEditor } from './host/questionEditor';
import { RepositoryRuleFiles } from './host/repositoryRules';
import { reviewCommands } from './host/review/reviewCommands';
import { ReviewController } from './host/review/reviewController';
import { treeCommands } from './host/review/treeCommands';
import { RuleCommands } from './host/ruleCommands';
import { exportToFile } from './host/sessionExport';
import {
  createHandoverLine,
  imageProblem,
  renderSession,
  sessionMatches,
} from './host/sessionParts';
import { SessionNotifications } from './host/sessionNotifications';
import { askToStart } from './host/startQuestion';
import { createSecrets } from './host/secrets';
import { Settings } from './host/settings';
import { Setup } from './host/setup';
import { ShownSession, StateStore, StoredDraft } from './host/stateStore';
import { StatusBar } from './host/statusBar';
import { signInWithTerminal } from './host/terminalLogin';
import { createTurnGuard, runtimeNameOf } from './host/turnGuard';
import { EditorWorkspaceFiles } from './host/workspaceFiles';
import { createWorkspaceProbe } from './host/workspaceProbe';
import { isOnDisk, openDocument, toWorkspaceUri } from './host/workspaceUri';
import { addWriteHooks } from './host/writeHooks';
import { createAgentProbe } from './node/agentProbe';
import { auditHostName, createAuditFile } from './node/auditFile';
import { listAuditFiles, readAuditLines, readAuditRecords } from './node/auditFolder';
import { createChanges } from './changes';
import { childEnvironment, passedVariables } from './node/childEnvironment';
import { createChildProcessTransport } from './node/childProcessTransport';
import { commandShellKind, createCommandRunner } from './node/commandRunner';
import { createDifft } from './node/difft';
import { DiskFiles } from './node/diskFiles';
import { createExecutableLookup } from './node/executables';
import { fetchJson } from './node/fetchJson';
import { createLedgerFiles } from './node/ledgerFiles';
import { createLoginShellPath } from './node/loginShell';
import { McpHubProcess } from './node/mcpHubProcess';
import { createNodeVersion } from './node/nodeVersion';
import { diskPathProbe } from './node/pathProbe';
import { realFolder } from './node/realFolder';
import { diskProgramFiles } from './node/programFile';
import { createWorkspaceSearch, editorRipgrepPaths } from './node/search';
import { PendingFiles } from './node/pendingFiles';
import { OutputFiles } from './node/outputFiles';
import { SessionFiles } from './node/sessionFiles';
import { createShellParserThread } from './node/shellParserThread';
import { sharedStorage } from './node/windowStorage';
import type { AgentEntry } from './runtime/agentCatalog';
import { RuntimeBroker } from './runtime/broker';
import type { Bridge, ModelRef } from './runtime/contract';
import { CredentialVault } from './runtime/credentials';
import type { DiscoveryPorts } from './runtime/discovery';
import { doctorReports, doctorText } from './runtime/doctor';
import { createEditorModelsProvider } from './runtime/network/editorModels';
import { createNetworkLoaders } from './runtime/network/networkLoaders';
import { createNetworkStream } from './runtime/network/networkStream';
import { createPlayground } from './runtime/playground';
import { withPrice } from './runtime/prices';
import { defaultRetryPolicy } from './runtime/retry';
import { createShippedBridges } from './runtime/shippedBridges';
import { CostLedger, ledgerCodec } from './session/costLedger';
import { DetachedEdits } from './session/detachedEdits';
import { PendingEdits } from './session/pendingEdits';
import type { ContextServices } from './session/sessionContext';
import { SessionManager } from './session/sessionManager';
import { createSessionStore } from './session/sessionStore';
import { createAsker } from './tools/asker';
import { createBuiltinTools } from './tools/builtin/builtinTools';
import { Orchestrator } from './tools/orchestrator';
import { OutputStore } from './tools/outputStore';
import { createDiagnosticsHook, PostWriteHooks, type PostWriteHook } from './tools/postWriteHooks';
import type { Tool } from './tools/contract';
import { ToolRegistry } from './tools/registry';
import { ResultCache } from './tools/resultCache';
import { isPluginToolName } from './tools/plugins/pluginNames';
import { buildSystemPrompt, formatInstructions, readInstructions } from './tools/systemPrompt';
import { messagesInUse } from './transcript/compactionView';
import { estimateTextTokens } from './transcript/tokenEstimate';
import { TokenFactors } from './transcript/tokenFactors';
import { budgetForWindow, createWindow } from './transcript/window';

export interface Composition extends Application {
  readonly api: Registrations;
  dispose(): Promise<void>;
}

/** What other extensions may add; see api.ts. */
export interface Registrations {
  registerBridge(bridge: Bridge): Disposable;
  registerTool(tool: Tool): Disposable;
  registerPostWriteHook(hook: PostWriteHook): Disposable;
}

/** How much of the audit log a rule is tried on. */
const simulatedBytes = 4 * 1024 * 1024;

/** Every object of the extension, by hand, from the ground up. */
export function compose(context: vscode.ExtensionContext): Composition {
  const store = new DisposableStore();
  const clock = systemClock;
  const home = homedir();
  const platform =
    process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'posix';
  const isTrusted = (): boolean => vscode.workspace.isTrusted;

  // What is known to be secret; keys join when they are found.
  const secretValues = new Set<string>();
  /** For what goes on to a model: paths stay as they are, they are used again. */
  let secretFilter = createSecretFilter(secretValues);
  let shownFilter = createSecretFilter(secretValues, { homeDirectory: home });
  const redact = (text: string): string => shownFilter.redact(text);
  const shownSecrets: SecretFilter = {
    redact,
    secretAt: (text, from, what) => shownFilter.secretAt(text, from, what),
  };
  const learnSecret = (value: string): void => {
    if (!secretValues.has(value)) {
      secretValues.add(value);
      secretFilter = createSecretFilter(secretValues);
      shownFilter = createSecretFilter(secretValues, { homeDirectory: home });
    }
  };
  const log = store.add(new OutputLog(redact));
  const state = new StateStore(context.workspaceState);
  const userState = new StateStore(context.globalState);
  const settings = store.add(new Settings());

  // Processes: all of them under the supervisor, all looked up by absolute result.
  const supervisor = {
    supervisorPath: context.asAbsolutePath('dist/supervisor.js'),
    execPath: process.execPath,
  };
  const inheritedEnv = process.env;
  const loginShellPath = createLoginShellPath({
    ...supervisor,
    inheritedEnv,
    homeDirectory: home,
    platform: process.platform,
  });
  const trustedShellPath = async (): Promise<string | undefined> =>
    isTrusted() ? loginShellPath() : undefined;
  const nodeVersion = createNodeVersion({
    ...supervisor,
    inheritedEnv,
    platform: process.platform,
  });
  const lookup = createExecutableLookup({
    files: diskProgramFiles,
    platform: process.platform,
    homeDirectory: home,
    path: inheritedEnv.PATH ?? '',
    ...(inheritedEnv.APPDATA === undefined ? {} : { appData: inheritedEnv.APPDATA }),
    ...(inheritedEnv.LOCALAPPDATA === undefined ? {} : { localAppData: inheritedEnv.LOCALAPPDATA }),
    workspaceFolders: () => files.roots().folders.map((folder) => folder.path),
    loginShellPath: trustedShellPath,
    nodeVersion: async (node) => (isTrusted() ? nodeVersion(node) : undefined),
  });

  // The gate.
  const disk = new DiskFiles({ folders: [], home, platform });
  const files = store.add(
    new EditorWorkspaceFiles({
      home,
      platform,
      hunks: computeHunks,
      isWriteProtected: async (path) => (await disk.stat(path))?.isReadOnly === true,
    }),
  );
  const probe = createWorkspaceProbe(diskPathProbe);
  const labelFor = (path: string): string => displayPath(path, files.roots());
  const permissions = store.add(new PendingPermissions(clock));
  const edits = store.add(new PendingEdits({ clock, labelFor }));
  const storage = context.storageUri ?? context.globalStorageUri;
  // One chain of files for this host alone; the viewer reads those of all.
  const auditFolder = join(context.globalStorageUri.fsPath, 'audit');
  const auditFile = createAuditFile({
    folder: auditFolder,
    host: auditHostName(clock.nowMs(), randomBytes(4).toString('hex')),
    redact,
    chain: auditChain,
    nowMs: () => clock.nowMs(),
  });
  const audit = new AuditLog({
    sink: auditFile,
    clock,
    redact,
    isStrict: () => settings.values.isAuditStrict,
    onFirstFailure: (message) => {
      log.error(message);
      void vscode.window.showWarningMessage(`Patchbay: ${message}`);
    },
  });

  // The tools.
  const asker = createAsker(permissions);
  const outputs = new OutputStore({
    shelf: new OutputFiles({
      folder: join(storage.fsPath, 'sessions', 'outputs'),
      redact: (text) => secretFilter.redact(text),
    }),
    resultOf: async (sessionId, callId) => sessions.find(sessionId)?.detail(callId, 'output'),
  });
  const registry = new ToolRegistry();
  const runner = createCommandRunner({
    ...supervisor,
    isTrusted,
    inheritedEnv,
    searchPath: trustedShellPath,
    redact: (text) => secretFilter.redact(text),
  });
  const search = createWorkspaceSearch({
    rgPaths: editorRipgrepPaths(vscode.env.appRoot, process.platform, process.arch),
    lookup,
    isTrusted,
    inheritedEnv,
  });
  for (const tool of createBuiltinTools({
    files,
    probe,
    search,
    runner,
    asker,
    outputs,
  })) {
    registry.register(tool);
  }
  const hooks = new PostWriteHooks(clock, log);
  hooks.add(createDiagnosticsHook(new EditorDiagnostics(clock)));
  const isFormatting = (): boolean => settings.values.isFormattedAfterEdit;
  addWriteHooks(hooks, { files, isFormatting, isTrusted, logger: log });
  const repositoryRules = store.add(
    new RepositoryRuleFiles(
      (problem) => void vscode.window.showWarningMessage(`Patchbay: ${problem}`),
    ),
  );
  const workspaceRulesKey = 'workspaceRules';
  const rules = store.add(
    new RuleBook({
      userRules: () => settings.values.rules,
      repositoryRules: (folder) => repositoryRules.rules(folder),
      store: {
        load: () => toWorkspaceRules(context.globalState.get(workspaceRulesKey)),
        save: (all) => userState.set(workspaceRulesKey, fromWorkspaceRules(all)),
      },
      nowMs: () => clock.nowMs(),
    }),
  );
  // What changes without approval, and the way back to before a turn.
  const changes = store.add(
    createChanges({
      folder: storage.fsPath,
      join: (...parts) => join(...parts),
      files,
      search,
      labelFor,
      audit,
      clock,
      logger: log,
      onNotice: (text) => void vscode.window.showWarningMessage(`Patchbay: ${text}`),
      openText: openTextOf,
      isOnDisk,
    }),
  );
  store.add(new SaveFollower(changes.follower, (path) => changes.unreviewed.refresh(path)));
  const shellParser = store.add(
    createShellParserThread({
      workerPath: context.asAbsolutePath('dist/shellParserWorker.js'),
      unparsed,
    }),
  );
  const analyzeCommand = createCommandAnalyzer({
    parse: shellParser.parse,
    prepare: shellParser.ready,
    clock,
    ...commandShellKind(process.platform, inheritedEnv),
  });
  const orchestrator = new Orchestrator({
    registry,
    files,
    probe,
    rules,
    limits: new RunLimits(() => settings.values.limits),
    analyze: analyzeCommand,
    permissions,
    reviewer: edits,
    deferred: {
      isOn: () => settings.values.isReviewNonBlocking,
      propose: (proposal) => edits.propose(proposal),
      pendingFile: (sessionId, path) => edits.pendingFile(sessionId, path),
    },
    asker,
    audit,
    cache: store.add(new ResultCache({ files })),
    outputs,
    hooks,
    clock,
    logger: log,
    toolTimeoutMs: () => settings.values.toolTimeoutMs,
    isTrusted,
    structuralDiff: createDifft({ supervisor, lookup, isTrusted, inheritedEnv }),
    readDisk: async (path) =>
      !isOnDisk(path) || (await disk.stat(path)) === undefined
        ? undefined
        : (await disk.readText(path)).text,
    saveDocument: async (path) => {
      const document = openDocument(toWorkspaceUri(path));
      return document === undefined || (await document.save());
    },
    discardChanges,
    onMisread: new EncodingOffer(log).offer,
    ...changes.services,
  });

  // Edits outlive their agents: kept in files of this workspace's storage until they are decided and written.
  const detached = store.add(
    new DetachedEdits({
      edits,
      storage: store.add(
        new PendingFiles(join(storage.fsPath, 'pending'), { clock, patienceMs: 6000 }),
      ),
      apply: (proposal, verdict) => orchestrator.applyLate(proposal, verdict),
      readText: async (path) =>
        (await files.stat(path)) === undefined ? undefined : (await files.readText(path)).text,
      clock,
      logger: log,
      onNotice: (text) => void vscode.window.showWarningMessage(`Patchbay: ${text}`),
    }),
  );
  const areEditsRestored = detached.restore();

  // MCP servers: their tools are ours, run in a process of their own.
  const mcpHub = new McpHubProcess({
    ...supervisor,
    hubPath: context.asAbsolutePath('dist/mcpHub.js'),
    inheritedEnv,
    redact,
    onNotice: (text) => log.warn(text),
  });
  const mcp = store.add(
    new McpCenter({
      hub: mcpHub,
      state: userState,
      secrets: createSecrets(context.secrets),
      settings,
      registry,
      isTrusted,
      askToStart,
      estimateTokens: estimateTextTokens,
      clock,
      log,
      lookup,
      environment: (searchPath, env) =>
        childEnvironment({
          inherited: inheritedEnv,
          layers: [searchPath === '' ? undefined : { PATH: searchPath }, env],
          isWindows: process.platform === 'win32',
        }),
      roots: () => files.roots(),
      env: (name) => inheritedEnv[name],
      learnSecret,
    }),
  );

  // Models, agents, keys.
  const editorModels = createEditorModels();
  const discovery: DiscoveryPorts = {
    lookup,
    isTrusted,
    binaryPath: (adapter) => settings.values.agents[adapter]?.binaryPath,
    runProbe: createAgentProbe({
      ...supervisor,
      lookup,
      inheritedEnv,
      passVariables: (adapter) => setup.directory.find(adapter)?.passVariables ?? [],
      ownEnv: (adapter) => settings.values.agents[adapter]?.env,
    }),
  };
  const setup: Setup = store.add(
    new Setup({ settings, discovery, fetchJson, editorModels: () => editorModels.list(), log }),
  );
  const vault = new CredentialVault({
    secrets: createSecrets(context.secrets),
    providers: () => setup.keyProviders(),
    environment: (name) => inheritedEnv[name],
  });
  setup.useVault(vault);
  const keys = createKeyCommands({
    vault,
    providers: () => setup.keyProviders(),
    onDidChange: () => void setup.refreshKeys(),
  });

  // Where a turn is produced.
  const broker = new RuntimeBroker({
    clock,
    logger: log,
    framework: createNetworkStream({
      clock,
      retry: defaultRetryPolicy,
      load: createNetworkLoaders((input, init) => fetch(input, init), {
        editor: () => Promise.resolve(createEditorModelsProvider(editorModels)),
        playground: () => Promise.resolve(createPlayground(clock)),
      }),
    }),
    transport: createChildProcessTransport({
      ...supervisor,
      lookup,
      isTrusted,
      redact,
      inheritedEnv,
      toolServerPath: context.asAbsolutePath('dist/toolServer.js'),
      passVariables: (adapter) => setup.directory.find(adapter)?.passVariables ?? [],
      installHint: (adapter) => setup.directory.find(adapter)?.installHint,
      homeDirectory: home,
      mayRunFolderCode: async ({ adapter, files: codeFiles, digest }) => {
        const key = 'folderCodeConsents';
        const consent = `${adapter}|${digest}`;
        const given = userState.get(key, isArrayOf(isString)) ?? [];
        if (given.includes(consent)) {
          return true;
        }
        const name = setup.directory.find(adapter)?.displayName ?? adapter;
        const isAgreed = await askToStart({
          message: `This folder holds code that ${name} runs by itself when it starts. Start it?`,
          detail: `${codeFiles.slice(0, 12).map(makeVisibleName).join('\n')}${codeFiles.length > 12 ? `\n… and ${codeFiles.length - 12} more files` : ''}\n\nIt runs without any question. Asked again when one of these files changes.`,
        });
        if (isAgreed) {
          await userState.set(key, [...given.slice(-50), consent]);
        }
        return isAgreed;
      },
      mayRunFromWorkspace: (path) =>
        askToStart({
          message: `The agent was found inside this workspace: ${makeVisibleName(path)}. Start it?`,
          detail: 'A program in a repository can be anything. Start it only if you know it.',
        }),
    }),
    resumeStore: (sessionId) => sessions.resumeStore(sessionId),
    completeUsage: (model, usage) => withPrice(usage, settings.values.prices[model.id]),
    agentVersion: ({ adapter }) => setup.agent(adapter)?.version,
  });
  const shippedBridges = createShippedBridges({
    piGatePath: context.asAbsolutePath('media/pi-gate.mjs'),
  });
  shippedBridges.forEach((bridge) => broker.register(bridge));
  const customAgents = store.add(
    new CustomAgents({ dialects: shippedBridges, register: (bridge) => broker.register(bridge) }),
  );
  customAgents.update(settings.values.customAgents);
  store.add(settings.onDidChange(({ values }) => customAgents.update(values.customAgents)));
  setup.useBridges(broker);
  const bridgeOf = (model: ModelRef): Bridge | undefined =>
    broker.bridges().find((bridge) => bridge.adapter === model.runtime?.adapter);

  // Conversations.
  // Each session has a lock: the windows of a workspace see the same ones.
  const sessionFolder = join(sharedStorage(storage.fsPath), 'sessions');
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
      void vscode.window.showWarningMessage(`Patchbay: ${message}`);
    },
  });
  const tokenFactorsKey = 'tokenFactors';
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
  const nameOf = runtimeNameOf(() => broker.bridges());
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
        onDidFail: (message) => void vscode.window.showWarningMessage(`Patchbay: ${message}`),
        onNotice: (_sessionId, text) => void vscode.window.showWarningMessage(`Patchbay: ${text}`),
        claimPatienceMs: 6000,
      }),
      defaults: () => ({ modelId: setup.defaultModelId(), mode: settings.values.permissionMode }),
      forget: (sessionId) => detached.forgetSession(sessionId),
      session: {
        exchange: (model, turn, options) => broker.exchange(model, turn, options),
        orchestrator,
        steer: (sessionId, text) => broker.steer(sessionId, text),
        queueDelivery: () => settings.values.queueDelivery,
        imageProblem: (model) => imageProblem(model, bridgeOf(model)),
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
            : mcp.prepareTurn(signal),
        keyFor: async (model) => {
          const provider = setup.catalog.keyProviderOf(model.id);
          const found = provider === undefined ? undefined : await vault.find(provider);
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
              setup.noteAgentInfo(model.runtime.adapter, info);
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
  const shown = new ShownSession(state, clock);
  const { last } = shown;
  const restored = last === undefined ? Promise.resolve(false) : sessions.restore(last);
  restored.catch((error: unknown) =>
    log.warn(`The last session could not be read: ${String(error)}`),
  );
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

  // What the user sees.
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
        probeEndpoint: (params, signal) =>
          probeEndpoint({ ...params, fetch: (...args) => fetch(...args), clock, signal }),
        addEndpoint: async (params) => {
          const result = await addEndpoint(params, { settings, vault });
          await setup.refreshKeys();
          return result;
        },
      }),
    }),
  );
  const draft = store.add(new StoredDraft(state, clock));
  const view = store.add(
    new ChatView({ extensionUri: context.extensionUri, source: panel, draft, clock, redact, log }),
  );
  const questionEditor = store.add(new QuestionEditor(permissions));
  const ruleCommands = store.add(
    new RuleCommands({
      rules,
      folders: () => files.roots().folders.map(({ path }) => path),
      currentSessionId: () => sessions.current.id,
      pastCalls: async () => {
        const { records } = await readAuditRecords(auditFolder, {
          maxBytes: simulatedBytes,
          parse: parseAuditFiles,
        });
        return await toPastCalls(records, {
          home,
          resolveCommand: async (command, cwd) => {
            const [effect] = await resolveEffects([{ kind: 'command', command, cwd }], {
              roots: files.roots(),
              probe,
              analyze: analyzeCommand,
            });
            return effect;
          },
        });
      },
      saveUserRule: (entry) => settings.addRule(entry),
    }),
  );
  const auditView = store.add(
    new AuditView(
      {
        folder: auditFolder,
        read: (maxBytes) => readAuditRecords(auditFolder, { maxBytes, parse: parseAuditFiles }),
        list: async () => (await listAuditFiles(auditFolder)).map(({ name }) => name),
        verify: (name) =>
          verifyAuditFile(
            name,
            (other) => readAuditLines(join(auditFolder, other)),
            () => delay(clock, 0),
          ),
        failureCount: () => audit.failureCount,
      },
      clock,
      home,
    ),
  );
  const doctor = store.add(
    new DoctorView(async () => {
      await setup.refresh();
      const reports = doctorReports({
        directory: setup.directory,
        findings: setup.findings,
        bridges: broker.bridges(),
        passedVariables: (patterns) => passedVariables(inheritedEnv, patterns),
        lastFailure: (adapter) => broker.lastFailure(adapter),
      });
      return redact(
        doctorText(reports, [
          `Patchbay ${String(stringField(context.extension.packageJSON, 'version'))} in ${vscode.env.appName} ${vscode.version}`,
          `${process.platform} ${process.arch}, Node ${process.versions.node}`,
          `least gate coverage wanted: ${settings.values.minimumGateCoverage}`,
          await changes.usageText(),
        ]),
      );
    }),
  );
  const cost = store.add(
    new CostView({
      ledger,
      sessions: () => sessions.list(),
      runtimeName: (runtime) => setup.directory.find(runtime)?.displayName ?? runtime,
      nowMs: () => clock.nowMs(),
    }),
  );
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
  const run = createCommandRun(
    {
      ...createAppCommands({
        view,
        sessions,
        permissions,
        setup,
        keys,
        mcp,
        auditView,
        questionEditor,
        rules: ruleCommands,
        doctor,
        cost,
        exportSession,
        log,
      }),
      ...reviewCommands(edits, review),
      ...treeCommands({
        edits,
        review,
        changes: changes.unreviewed,
        openChange: (changeId, hunkId) => void changesView.open(changeId, hunkId),
      }),
      ...changeCommands(changes.unreviewed, changesView, turnRestore),
    },
    log,
    () => log.show(),
  );
  reportSettings(settings, log);
  store.add(settings.onDidChange(() => reportSettings(settings, log)));
  // Nothing is looked for before somebody looks.
  store.add(view.onDidChangeVisibility((isVisible) => void (isVisible && !hasLooked && look())));
  let hasLooked = false;
  const look = async (): Promise<void> => {
    hasLooked = true;
    await restored.catch(() => undefined);
    const { id, modelId } = sessions.current;
    await setup.refresh();
    const { current } = sessions;
    // A choice that was made in the meantime stays.
    if (current.isEmpty && current.id === id && current.modelId === modelId) {
      sessions.current.setModel(setup.defaultModelId());
    }
  };

  return {
    view,
    proposals: review.proposals,
    editTree: review.tree,
    run,
    api: {
      registerBridge: (bridge) => broker.register(bridge),
      registerTool: (tool) => registry.register(tool),
      registerPostWriteHook: (hook) => hooks.add(hook),
    },
    dispose: async () => {
      sessions.all().forEach((session) => session.interrupt());
      await Promise.allSettled([orchestrator.shutdown(), broker.closeAll(), mcpHub.close()]);
      await Promise.allSettled(sessions.all().map((session) => session.whenIdle()));
      await Promise.allSettled([sessions.flush(), detached.flush()]);
      await withDeadline(clock, ledger.flush(), 500).catch(() => undefined);
      await changes.flush();
      // The last outcomes are written by now; a file that does not close is read as that of a killed host.
      await withDeadline(clock, auditFile.close(), 500).catch(() => undefined);
      store.dispose();
    },
  };
}

/** Says once what of the settings has no effect, and why. */
function reportSettings(settings: Settings, log: OutputLog): void {
  for (const problem of settings.problems) {
    log.warn(problem);
  }
  void settings.findIgnored().then((ignored) => {
    if (ignored.length > 0) {
      log.warn(
        `Set in this workspace, where it has no effect (set it in your user settings): ${ignored.join(', ')}`,
      );
    }
  });
}
