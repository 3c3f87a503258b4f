import * as vscode from 'vscode';
import { makeVisible, makeVisibleName } from '../gate/visible';
import type { ConfiguredServer } from '../tools/plugins/contract';
import { describeDefinition, describeTools } from '../tools/plugins/describe';
import type { PluginServers } from '../tools/plugins/pluginServers';
import { describeSource } from '../tools/plugins/serverConfig';
import { waitingTools, type ServerView } from '../tools/plugins/serverView';
import type { McpDocuments } from './mcpDocuments';
import type { McpValues } from './mcpValues';
import { actionsFor, actionWords, count, serverRow, type ServerAction } from './mcpWords';

export interface McpManageDeps {
  readonly servers: PluginServers;
  readonly values: McpValues;
  readonly documents: McpDocuments;
  readonly log: { info(message: string): void; show(): void };
  /** The modal question before something is started; false for no and for anything unclear. */
  readonly askToStart: (question: {
    readonly message: string;
    readonly detail: string;
  }) => Promise<boolean>;
}

/** The user's hand on the MCP servers, in the editor's own pickers and dialogs. */
export class McpManage {
  constructor(private readonly deps: McpManageDeps) {}

  /** The list of servers, then what can be done with the chosen one. */
  async show(): Promise<void> {
    const { servers, broken } = this.deps.servers.views();
    const picked = await vscode.window.showQuickPick(
      [
        ...servers.map((view) => ({ ...serverRow(view), open: () => this.showServer(view) })),
        ...broken.map(({ name, source, problem }) => ({
          label: `$(error) ${makeVisibleName(name)}`,
          description: `cannot be used · ${makeVisibleName(describeSource(source))}`,
          detail: makeVisibleName(problem),
          open: () => openSource(source),
        })),
        {
          label: '$(gear) Open Settings for MCP Servers',
          description: 'patchbay.mcpServers',
          detail: 'A workspace can define servers in .vscode/mcp.json or .mcp.json.',
          open: () => openSource({ kind: 'user' }),
        },
      ],
      { title: 'MCP Servers', placeHolder: 'Choose a server', matchOnDescription: true },
    );
    await picked?.open();
  }

  /** Says once that servers of the workspace wait. */
  async tellWaiting(waiting: readonly ConfiguredServer[]): Promise<void> {
    const [first] = waiting;
    if (first === undefined) {
      return;
    }
    const review = 'Review';
    const names = waiting.map(({ name }) => `"${makeVisibleName(name)}"`);
    const picked = await vscode.window.showInformationMessage(
      waiting.length === 1
        ? `This folder defines an MCP server, ${names.join('')}. It is not started before you approve it.`
        : `This folder defines MCP servers: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}. None is started before you approve it.`,
      review,
    );
    if (picked === review) {
      await this.show();
    }
  }

  private async showServer(view: ServerView): Promise<void> {
    const { server } = view;
    const hasValues = this.deps.values.askable(server).length > 0;
    const picked = await vscode.window.showQuickPick(
      actionsFor(view, hasValues).map((action) => ({ label: actionWords[action], action })),
      {
        title: `MCP server ${makeVisibleName(server.name)}`,
        placeHolder: serverRow(view).description,
      },
    );
    if (picked !== undefined) {
      await this.act(picked.action, view);
    }
  }

  private async act(action: ServerAction, view: ServerView): Promise<void> {
    const { servers, values, log, documents } = this.deps;
    const { key, name } = view.server;
    switch (action) {
      case 'approve':
        return this.approve(view.server);
      case 'values':
        return (await values.ask(view.server)) ? this.start(view.server) : undefined;
      case 'review':
        return this.review(key);
      case 'start':
      case 'restart':
        return this.start(view.server);
      case 'stop':
        return servers.stop(key);
      case 'tools':
        return this.chooseTools(view);
      case 'definition':
        return documents.show(`MCP server ${name}`, definitionText(view));
      case 'enable':
      case 'disable':
        return servers.setEnabled(key, action === 'enable');
      case 'withdraw':
        return servers.withdraw(key);
      case 'log': {
        const text = view.state.kind === 'failed' ? view.state.message : await servers.log(key);
        log.info(
          `MCP server ${name}, the end of its error output:\n${text === '' ? '(empty)' : text}`,
        );
        log.show();
      }
    }
  }

  /** The modal question with the whole definition; a yes is about exactly this. */
  private async approve(server: ConfiguredServer): Promise<void> {
    const name = makeVisibleName(server.name);
    const isAgreed = await this.deps.askToStart({
      message: `Start the MCP server "${name}" that this workspace defines?`,
      detail: `${describeDefinition(server)}\n\n${server.transport.kind === 'stdio' ? 'It is a program: it can do whatever you can.' : 'What models tell it leaves this machine.'} Rules of yours for a server named "${name}" count for it. You are asked again when its definition changes.`,
    });
    if (isAgreed) {
      await this.deps.servers.approve(server.key, server.definitionHash);
      if (this.needsValues(server) && !(await this.deps.values.ask(server))) {
        return;
      }
      await this.start(server);
    }
  }

  private needsValues(server: ConfiguredServer): boolean {
    return this.deps.values.askable(server).length > 0;
  }

  private async start({ key, name }: ConfiguredServer): Promise<void> {
    const shownName = makeVisibleName(name);
    await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: `Starting the MCP server "${shownName}"`,
      },
      () => this.deps.servers.restart(key),
    );
    const view = this.deps.servers.view(key);
    switch (view?.state.kind) {
      case 'running':
        if (waitingTools(view).length > 0) {
          await this.review(key);
        } else {
          void vscode.window.showInformationMessage(
            `The MCP server "${shownName}" runs. ${count(view.tools.length, 'tool')}, offered from your next message on.`,
          );
        }
        return;
      case 'needsValues':
        throw new Error(
          `The MCP server "${shownName}" was not started: there is no value for ${view.state.missing.join(', ')}. A variable has to be set before the editor starts.`,
        );
      case 'failed':
        throw new Error(`The MCP server "${shownName}" did not start. ${view.state.message}`);
      case 'needsApproval':
        throw new Error(
          `The definition of the MCP server "${shownName}" changed while you were asked, so it was not started. Look at it again.`,
        );
      case undefined:
      default:
        return;
    }
  }

  /** What is new or changed, beside what was accepted; the yes is about what is shown, whatever comes meanwhile. */
  private async review(key: string): Promise<void> {
    const view = this.deps.servers.view(key);
    const waiting = view === undefined ? [] : waitingTools(view);
    if (view === undefined || waiting.length === 0) {
      return;
    }
    const { server } = view;
    const name = makeVisibleName(server.name);
    const now = waiting.map(({ standing, tokens }) => ({
      ...standing.tool,
      note: standing.kind === 'changed' ? 'changed' : 'new',
      tokens,
    }));
    const before = waiting.flatMap(({ standing }) =>
      standing.kind === 'changed' ? [standing.accepted] : [],
    );
    await this.deps.documents.compare(
      `Tools of ${name}`,
      describeTools(server.id, before),
      describeTools(server.id, now),
    );
    const hashes = waiting.flatMap(({ standing }) =>
      standing.kind === 'unusable' ? [] : [standing.hash],
    );
    const tokens = waiting.reduce((sum, tool) => sum + tool.tokens, 0);
    const picked = await vscode.window.showQuickPick(
      [
        { label: leaveOut, detail: 'They are not offered to models; calls of them are refused.' },
        {
          label: acceptShown,
          detail: `${waiting.map(({ standing }) => makeVisibleName(standing.tool.name)).join(', ')}: about ${tokens.toLocaleString('en')} tokens in every request.`,
        },
      ],
      {
        title: `${count(waiting.length, 'tool')} of "${name}", new or changed`,
        placeHolder: 'The texts come from the server. Read them before you accept.',
        ignoreFocusOut: true,
      },
    );
    if (picked?.label === acceptShown) {
      await this.deps.servers.accept(key, new Set(hashes));
      void vscode.window.showInformationMessage(
        `${count(waiting.length, 'tool')} of "${name}" accepted; offered from your next message on.`,
      );
    }
  }

  private async chooseTools(view: ServerView): Promise<void> {
    const { servers } = this.deps;
    const accepted = view.tools.filter(({ standing }) => standing.kind === 'accepted');
    const picked = await vscode.window.showQuickPick(
      accepted.map(({ standing, isOn, tokens }) => ({
        label: makeVisibleName(standing.tool.name),
        description: `about ${tokens.toLocaleString('en')} tokens`,
        detail: makeVisible(standing.tool.description).replace(/\s+/g, ' ').slice(0, 300),
        picked: isOn,
        tool: standing.tool.name,
      })),
      {
        title: `Tools of "${makeVisibleName(view.server.name)}"`,
        canPickMany: true,
        placeHolder: 'What is ticked is offered to models',
      },
    );
    if (picked !== undefined) {
      const on = new Set(picked.map(({ tool }) => tool));
      for (const { standing, isOn } of accepted) {
        const { name } = standing.tool;
        if (on.has(name) !== isOn) {
          await servers.setToolOn(view.server.key, name, on.has(name));
        }
      }
    }
  }
}

const acceptShown = '$(check) Accept as Shown';
const leaveOut = '$(circle-slash) Leave Out for Now';

function definitionText(view: ServerView): string {
  const tools = view.tools.map(({ standing, isOn, tokens }) => ({
    ...standing.tool,
    note: `${standing.kind}${isOn ? '' : ', switched off'}${standing.kind === 'unusable' ? `: ${standing.problem}` : ''}`,
    tokens,
  }));
  return `${describeDefinition(view.server)}\n\n${tools.length === 0 ? 'Its tools are seen when it runs.' : describeTools(view.server.id, tools)}`;
}

async function openSource(source: ConfiguredServer['source']): Promise<void> {
  if (source.kind === 'workspace') {
    await vscode.window.showTextDocument(vscode.Uri.file(source.file));
    return;
  }
  await vscode.commands.executeCommand('workbench.action.openSettings', 'patchbay.mcpServers');
}
