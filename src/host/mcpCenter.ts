import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Clock } from '../base/clock';
import { errorMessage } from '../base/patchbayError';
import type { SecretPort } from '../runtime/credentials';
import type { Tool } from '../tools/contract';
import type { McpHub } from '../tools/plugins/contract';
import { PluginMemory, type KeptState } from '../tools/plugins/pluginMemory';
import { PluginServers } from '../tools/plugins/pluginServers';
import { prepareStart, type PreparePorts } from '../tools/plugins/prepareStart';
import { readServers } from '../tools/plugins/serverConfig';
import { McpDocuments } from './mcpDocuments';
import { McpFiles, type FileServers } from './mcpFiles';
import { McpManage, type McpManageDeps } from './mcpManage';
import { McpValues } from './mcpValues';
import type { OutputLog } from './outputLog';
import type { ParsedSettings } from './settingsValues';

export interface McpCenterDeps
  extends Omit<PreparePorts, 'input' | 'secret'>, Pick<McpManageDeps, 'askToStart'> {
  readonly hub: McpHub;
  /** Of this machine's user, not of the folder. */
  readonly state: KeptState;
  readonly secrets: SecretPort;
  readonly settings: {
    readonly values: ParsedSettings['values'];
    onDidChange(listener: (parsed: ParsedSettings) => void): Disposable;
  };
  readonly registry: { register(tool: Tool): Disposable };
  readonly isTrusted: () => boolean;
  readonly estimateTokens: (text: string) => number;
  readonly clock: Clock;
  readonly log: OutputLog;
}

/** The MCP servers of this window: their configuration, the servers, and the user's hand on them. */
export class McpCenter implements Disposable {
  private readonly store = new DisposableStore();
  private readonly servers: PluginServers;
  private readonly files: McpFiles;
  private readonly manage: McpManage;
  private found: FileServers = { places: [], problems: [] };
  private reported = '';

  constructor(private readonly deps: McpCenterDeps) {
    const values = new McpValues(deps.secrets);
    const ports: PreparePorts = {
      ...deps,
      input: (server, id) => values.input(server, id),
      secret: (name) => values.secret(name),
    };
    this.servers = this.store.add(
      new PluginServers({
        ...deps,
        memory: new PluginMemory(deps.state),
        prepare: (server) => prepareStart(server, ports),
      }),
    );
    this.manage = new McpManage({
      servers: this.servers,
      values,
      documents: this.store.add(new McpDocuments()),
      log: deps.log,
      askToStart: deps.askToStart,
    });
    this.files = this.store.add(new McpFiles());
    this.store.add(
      this.files.onDidChange((found) => {
        this.found = found;
        this.configure();
      }),
    );
    this.store.add(deps.settings.onDidChange(() => this.configure()));
    this.store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => this.configure()));
    this.configure();
    this.files.watch();
  }

  /** See `PluginServers.prepareTurn`. */
  async prepareTurn(signal: AbortSignal): Promise<readonly string[]> {
    await this.files.whenRead();
    return this.servers.prepareTurn(signal);
  }

  async show(): Promise<void> {
    await this.files.whenRead();
    await this.manage.show();
  }

  dispose(): void {
    this.store.dispose();
  }

  private configure(): void {
    const { settings, log } = this.deps;
    const entries = settings.values.mcpServers;
    const list = readServers([
      { source: { kind: 'user' }, entries, inputs: [] },
      ...this.found.places,
    ]);
    const problems = [
      ...this.found.problems,
      // Those of the settings are reported with the settings.
      ...list.broken.flatMap(({ name, source, problem }) =>
        source.kind === 'user' ? [] : [`MCP server ${name}: ${problem}`],
      ),
    ];
    if (problems.join('\n') !== this.reported) {
      this.reported = problems.join('\n');
      problems.forEach((problem) => log.warn(problem));
    }
    this.servers.update(list);
    this.servers
      .waitingForApproval()
      .then((waiting) => this.manage.tellWaiting(waiting))
      .catch((error: unknown) => log.warn(`MCP servers: ${errorMessage(error)}`));
  }
}
