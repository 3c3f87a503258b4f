import type * as vscode from 'vscode';
import { withDeadline } from './base/clock';
import type { Disposable } from './base/disposable';
import { attendToUser } from './composition/attention';
import { createCommands } from './composition/commands';
import { createConversationParts } from './composition/conversationParts';
import { createGateParts } from './composition/gateParts';
import { createGround, type Ground } from './composition/ground';
import { createPanelParts } from './composition/panelParts';
import { createRuntimeParts } from './composition/runtimeParts';
import { createServerParts } from './composition/serverParts';
import { createToolParts } from './composition/toolParts';
import { createWorkspaceParts } from './composition/workspaceParts';
import type { Application } from './host/frontDoor';
import type { Bridge } from './runtime/contract';
import type { SessionManager } from './session/sessionManager';
import type { Tool } from './tools/contract';
import type { PostWriteHook } from './tools/postWriteHooks';

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

/** Every object of the extension, by hand, from the ground up. */
export function compose(context: vscode.ExtensionContext): Composition {
  const ground = createGround(context);
  const { clock, settings, store } = ground;
  const workspace = createWorkspaceParts(ground);
  const gate = createGateParts(ground, workspace);
  const tools = createToolParts({
    ground,
    workspace,
    gate,
    resultOf: async (sessionId, callId) => sessions.find(sessionId)?.detail(callId, 'output'),
  });
  const servers = createServerParts(ground, workspace, tools.registry);
  const runtimes = createRuntimeParts({
    ground,
    lookup: workspace.lookup,
    resumeStore: (sessionId) => sessions.resumeStore(sessionId),
  });
  const conversations = createConversationParts({
    ground,
    workspace,
    gate,
    tools,
    runtimes,
    prepareServers: (signal) => servers.mcp.prepareTurn(signal),
  });
  const sessions: SessionManager = conversations.sessions;
  const parts = { ground, workspace, gate, tools, servers, runtimes, conversations };
  const panel = createPanelParts(parts);
  const { review, view } = panel;
  attendToUser(parts, view);
  const run = createCommands(parts, panel);
  reportSettings(ground);
  store.add(settings.onDidChange(() => reportSettings(ground)));
  // Nothing is looked for before somebody looks.
  store.add(view.onDidChangeVisibility((isVisible) => void (isVisible && !hasLooked && look())));
  let hasLooked = false;
  const look = async (): Promise<void> => {
    hasLooked = true;
    await conversations.restored.catch(() => undefined);
    const { id, modelId } = sessions.current;
    const { setup } = runtimes;
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
      registerBridge: (bridge) => runtimes.broker.register(bridge),
      registerTool: (tool) => tools.registry.register(tool),
      registerPostWriteHook: (hook) => tools.hooks.add(hook),
    },
    dispose: async () => {
      sessions.all().forEach((session) => session.interrupt());
      await Promise.allSettled([
        tools.orchestrator.shutdown(),
        runtimes.broker.closeAll(),
        servers.mcpHub.close(),
      ]);
      await Promise.allSettled(sessions.all().map((session) => session.whenIdle()));
      await Promise.allSettled([sessions.flush(), tools.detached.flush()]);
      await withDeadline(clock, conversations.ledger.flush(), 500).catch(() => undefined);
      await tools.changes.flush();
      // The last outcomes are written by now; a file that does not close is read as that of a killed host.
      await withDeadline(clock, gate.auditFile.close(), 500).catch(() => undefined);
      store.dispose();
    },
  };
}

/** Says once what of the settings has no effect, and why. */
function reportSettings({ log, settings }: Ground): void {
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
